package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"neardup/dedup"
)

// TestMain makes the test binary the neardup command when it is called by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"neardup": underFault})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Setup: func(e *testscript.Env) error {
			e.Setenv("ESC", "\x1b")
			return nil
		},
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"conserved": conserved,
			"unhex":     unhex,
			"nothing":   nothing,
		},
	})
}

// exits runs a command and expects an exit code: exits 3 neardup clean ...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// conserved checks that a summary accounts for every record: conserved FILE read=3 kept=2 ...
func conserved(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	var s dedup.Summary
	ts.Check(json.Unmarshal(data, &s))
	if s.Read != s.Kept+s.Dropped+s.Rejected+s.Blank || s.Dropped != s.Exact+s.Near+s.Syndicated {
		ts.Fatalf("the summary does not add up: %s", data)
	}
	var fields map[string]any
	ts.Check(json.Unmarshal(data, &fields))
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		if got, ok := fields[name].(float64); !ok || strconv.FormatFloat(got, 'f', -1, 64) != value {
			ts.Fatalf("%s is %v, want %s", name, fields[name], value)
		}
	}
}

// nothing checks that no file matches a pattern: nothing *.partial
func nothing(ts *testscript.TestScript, _ bool, args []string) {
	matches, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(matches) > 0 {
		ts.Fatalf("there are %v", matches)
	}
}

// unhex replaces \xNN in files by the byte.
func unhex(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		var out []byte
		rest := ts.ReadFile(name)
		for {
			before, after, ok := strings.Cut(rest, `\x`)
			out = append(out, before...)
			if !ok {
				break
			}
			b, err := hex.DecodeString(after[:2])
			ts.Check(err)
			out = append(out, b...)
			rest = after[2:]
		}
		ts.Check(os.WriteFile(ts.MkAbs(name), out, 0o644))
	}
}
