package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"neardup/internal/fault"
)

// A fault is what befalls a neardup process that a test starts, told by its environment:
//
//	NEARDUP_FAULT  kind, number of the operation that it befalls, seed, and a regular
//	               expression for the operations that count: "kill 12 0 sync .*log"
//	NEARDUP_FIRED  a file that says where it happened, empty if it did not: "kill sync ix/db/000002.log"
//
// The kinds: kill ends the process before the operation; full and broken make it fail as a
// full and as a broken disk do, stays-full and stays-broken all that follow too; unreadable
// makes a read fail, and is counted among reads alone; hang is an operation that never comes
// to its end; power ends the process and takes from the outputs what was not synced.
const (
	faultVariable = "NEARDUP_FAULT"
	firedVariable = "NEARDUP_FIRED"
)

// underFault is main in a process that a fault may befall.
func underFault() {
	if spec := os.Getenv(faultVariable); spec != "" {
		f := &faults{fired: os.Getenv(firedVariable), outputs: map[string]*outputState{}}
		parts := strings.SplitN(spec, " ", 4)
		if _, err := fmt.Sscan(spec, &f.kind, &f.at, &f.seed); err != nil {
			panic(err)
		}
		f.counts = regexp.MustCompile(parts[3])
		fault.Hook = f.do
	}
	main()
}

type faults struct {
	kind  string
	at    int
	seed  uint64
	fired string

	counts *regexp.Regexp

	mu      sync.Mutex
	seen    int
	outputs map[string]*outputState // by their names in the making
}

var failures = map[string]error{
	"full": syscall.ENOSPC, "stays-full": syscall.ENOSPC,
	"broken": syscall.EIO, "stays-broken": syscall.EIO, "unreadable": syscall.EIO,
}

func (f *faults) do(op fault.Op, path string, do func() error) error {
	if (op == fault.Read) != (f.kind == "unreadable") {
		return do()
	}
	f.mu.Lock()
	counts := f.counts.MatchString(string(op) + " " + path)
	if counts {
		f.seen++
	}
	due := counts && f.seen == f.at || f.seen > f.at && strings.HasPrefix(f.kind, "stays-")
	if due {
		if err := os.WriteFile(f.fired, fmt.Appendf(nil, "%s %s %s", f.kind, op, path), 0o644); err != nil {
			panic(err)
		}
	}
	if err := failures[f.kind]; err != nil {
		f.mu.Unlock()
		if due && (op != fault.Remove || errors.Is(err, syscall.EIO)) { // there is always room to remove
			return &os.PathError{Op: string(op), Path: path, Err: err}
		}
		return do()
	}
	if due {
		switch f.kind {
		case "hang":
			f.mu.Unlock()
			select {}
		case "power":
			f.losePower()
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	if f.kind != "power" || strings.Contains(path, "ix/") {
		f.mu.Unlock()
		return do()
	}
	defer f.mu.Unlock()
	return f.watch(op, path, do)
}

// An outputState is what a disk knows of an output.
type outputState struct {
	named  bool  // its name is on disk,
	synced int64 // and so many bytes
	to     string
	moved  bool // it has its last name, but the disk does not know yet
}

// watch does an operation on an output and notes what is durable then.
func (f *faults) watch(op fault.Op, path string, do func() error) error {
	if op == fault.Rename {
		names, _ := filepath.Glob(path + ".*.partial")
		if err := do(); err != nil {
			return err
		}
		for _, name := range names {
			if s := f.outputs[abs(name)]; s != nil {
				s.to, s.moved = abs(path), true
			}
		}
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	s := f.outputs[abs(path)]
	switch op {
	case fault.Create:
		f.outputs[abs(path)] = &outputState{}
	case fault.Cut:
		if info, err := os.Stat(path); err == nil && s == nil { // of an earlier run
			f.outputs[abs(path)] = &outputState{named: true, synced: info.Size()}
		}
	case fault.Sync:
		if info, err := os.Stat(path); err == nil && s != nil {
			s.synced = info.Size()
		}
	case fault.SyncDir:
		for name, s := range f.outputs {
			if filepath.Dir(name) == abs(path) {
				s.named, s.moved = true, false
			}
		}
	}
	return nil
}

// losePower takes from the outputs what is not on disk, or some of it.
func (f *faults) losePower() {
	r := rand.New(rand.NewPCG(f.seed, uint64(f.at)))
	for name, s := range f.outputs {
		at := name
		if s.moved {
			if r.IntN(2) == 0 {
				at = s.to // the disk may know
			} else if err := os.Rename(s.to, name); err != nil {
				panic(err)
			}
		}
		info, err := os.Stat(at)
		switch {
		case err != nil: // removed, or named long since
		case !s.named && r.IntN(3) > 0:
			_ = os.Remove(at)
		default:
			if lost := info.Size() - s.synced; lost > 0 {
				_ = os.Truncate(at, s.synced+r.Int64N(lost+1)*int64(r.IntN(2)))
			}
		}
	}
}

func abs(path string) string {
	a, err := filepath.Abs(path)
	if err != nil {
		panic(err)
	}
	return a
}

// environment returns the variables that make a fault befall a process.
func environment(kind string, at int, seed uint64, counts, fired string) []string {
	return append(os.Environ(), faultVariable+"="+fmt.Sprintf("%s %d %d %s", kind, at, seed, counts), firedVariable+"="+fired)
}
