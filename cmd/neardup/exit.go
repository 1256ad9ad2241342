package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"neardup/dedup"
	"neardup/internal/durable"
	"neardup/internal/record"
	"neardup/shingle"
	"neardup/store"
)

// The exit codes. 2 is left to a Go panic.
const (
	exitDone        = 0
	exitFailed      = 1
	exitRejects     = 3
	exitNoIndex     = 10
	exitLocked      = 11
	exitParams      = 12
	exitDamaged     = 13
	exitDiskFull    = 14
	exitDuplicates  = 20
	exitUsage       = 64
	exitInterrupted = 128 // and the number of the signal
)

// The outcomes of a run that did what it was asked for and has something to tell.
var (
	errRejects    = errors.New("some records were rejected")
	errDuplicates = errors.New("duplicates were found")
)

// A usageError is a command line that can't be meant.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// report prints what went wrong, and a hint, and returns the exit code.
func (s *streams) report(err error, signalled os.Signal) int {
	code, hint := explain(err, signalled)
	switch {
	case err == nil || errors.Is(err, errRejects) || errors.Is(err, errDuplicates):
		return code
	case errors.Is(err, syscall.EPIPE):
		return code // the reader of our output has what it wanted
	case signalled != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(s.err, "neardup: interrupted\n")
	default:
		fmt.Fprintf(s.err, "neardup: error: %s\n", oneLine(err))
	}
	if hint != "" {
		fmt.Fprintf(s.err, "neardup: hint: %s\n", hint)
	}
	return code
}

func explain(err error, signalled os.Signal) (code int, hint string) {
	var usage usageError
	var params *store.ParamsError
	var behind *durable.BehindError
	var badRate *dedup.BadRateError
	var columns *record.ColumnsError
	var dropRate *dedup.DropRateError
	switch {
	case err == nil:
		return exitDone, ""
	case errors.Is(err, errDuplicates):
		return exitDuplicates, ""
	case errors.Is(err, errRejects):
		return exitRejects, ""
	case errors.As(err, &usage):
		return exitUsage, "see neardup help"
	case errors.Is(err, dedup.ErrNoRank):
		return exitFailed, "--keep takes first, longest, newest, or a field that holds a number"
	case errors.Is(err, dedup.ErrNoDate):
		return exitFailed, "--date-field names the field that holds the date, like 2026-01-31 or 2026-01-31T12:00:00Z"
	case errors.As(err, &dropRate):
		return exitFailed, "look at what would go with --dry-run and --removed, without --max-drop-rate"
	case signalled != nil && errors.Is(err, context.Canceled):
		n, _ := signalled.(syscall.Signal)
		return exitInterrupted + int(n), "with --index the same command goes on where it stopped"
	case errors.Is(err, syscall.EPIPE):
		return exitInterrupted + int(syscall.SIGPIPE), ""
	case errors.Is(err, store.ErrNotExist):
		return exitNoIndex, "check the path of the index"
	case errors.Is(err, store.ErrLocked):
		return exitLocked, "wait for the other process, or use another --index"
	case errors.As(err, &params):
		return exitParams, paramsHint(params)
	case errors.Is(err, store.ErrFormatTooOld), errors.Is(err, store.ErrFormatTooNew):
		return exitParams, anotherVersion
	case errors.Is(err, store.ErrDamaged):
		return exitDamaged, "try neardup index verify and rebuild; or restore the index from a copy, or make a new one from its sources"
	case errors.As(err, &behind):
		return exitDamaged, "an output was cut or removed after it was written; use another -o and --index"
	case errors.Is(err, store.ErrDiskFull), errors.Is(err, syscall.ENOSPC):
		return exitDiskFull, "make room, and run the same command again"
	case errors.Is(err, durable.ErrExists):
		return exitFailed, "pass --force to replace it"
	case errors.Is(err, dedup.ErrChanged):
		return exitFailed, "run the first command again to finish it, or use another -o and --index"
	case errors.As(err, &columns):
		return exitFailed, "rename all but one; a field that is not needed can be left out, as with --date-field ''"
	case errors.As(err, &badRate):
		return exitFailed, badRateHint(badRate)
	case errors.Is(err, fs.ErrNotExist):
		return exitFailed, "check the path"
	}
	return exitFailed, ""
}

func badRateHint(e *dedup.BadRateError) string {
	if e.NoText == nil || len(e.NoText.Fields) == 0 {
		return "--rejects FILE lists them; --max-bad-rate 1 goes on whatever comes"
	}
	fields := e.NoText.Fields
	return fmt.Sprintf("the fields are %s: name the one that holds the text with --text-field", strings.Join(fields, ", "))
}

const anotherVersion = "it was made by another version of neardup; use another --index"

func paramsHint(e *store.ParamsError) string {
	stored, err := shingle.ParseID(e.Stored)
	if err != nil {
		return anotherVersion
	}
	flags := "--shingle-size " + stored.String()
	if asked, _ := shingle.ParseID(e.Asked); stored.FoldHan || asked.FoldHan {
		flags += fmt.Sprintf(" --fold-han=%t", stored.FoldHan)
	}
	return fmt.Sprintf("pass %s, or use another --index", flags)
}

// oneLine writes an error that may be several joined ones on one line. What a name in it might
// tell a terminal is left out.
func oneLine(err error) string {
	return strings.Map(visible, strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " "))
}
