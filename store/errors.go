package store

import (
	"errors"
	"fmt"
)

// Errors when an index is opened.
var (
	ErrNotExist       = errors.New("store: no index there")
	ErrNotIndex       = errors.New("store: not an index")
	ErrLocked         = errors.New("store: index is in use by another process")
	ErrParamsMismatch = errors.New("store: index was made with other parameters")
	ErrFormatTooNew   = errors.New("store: index has a newer format than this program knows")
	ErrFormatTooOld   = errors.New("store: index has an older format than this program reads")
)

// Errors at any time. After ErrFailed, or one that wraps ErrDamaged or ErrDiskFull, the
// Index is no longer usable; what was committed before is not lost.
var (
	ErrDamaged  = errors.New("store: index is damaged")
	ErrDiskFull = errors.New("store: no space left on disk")
	ErrFailed   = errors.New("store: index failed earlier")
	ErrReadOnly = errors.New("store: index was opened to be read")
)

// A ParamsError tells which parameters met. It wraps ErrParamsMismatch.
type ParamsError struct{ Stored, Asked string }

func (e *ParamsError) Error() string {
	return fmt.Sprintf("index was made with parameters %s, asked for %s", e.Stored, e.Asked)
}

func (e *ParamsError) Unwrap() error { return ErrParamsMismatch }

// A DamageError tells what is damaged, and how. It wraps ErrDamaged.
type DamageError struct {
	Path   string // the file or key, as far as it is known
	Detail string
	Err    error // the cause, or nil
}

func (e *DamageError) Error() string {
	s := "index is damaged: " + e.Path + ": " + e.Detail
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *DamageError) Unwrap() error { return ErrDamaged }
