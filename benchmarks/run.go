package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/valyala/fastjson"
)

// A Run is what a process took and found.
type Run struct {
	Tool      string
	Documents int
	CPU, Wall time.Duration // CPU: user and system
	Memory    int64         // peak resident bytes
	Pairs     map[Pair]bool // as resembling at least the threshold
}

// runProcess runs a command and reads its standard output.
func runProcess(c *exec.Cmd, read func(io.Reader) error) (Run, error) {
	var messages bytes.Buffer
	c.Stderr = &messages
	out, err := c.StdoutPipe()
	if err != nil {
		return Run{}, err
	}
	start := time.Now()
	if err := c.Start(); err != nil {
		return Run{}, err
	}
	readErr := read(bufio.NewReaderSize(out, 1<<20))
	if err := c.Wait(); err != nil {
		return Run{}, fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, lastLine(messages.Bytes()))
	}
	if readErr != nil {
		return Run{}, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), readErr)
	}
	return Run{
		Wall:   time.Since(start),
		CPU:    c.ProcessState.UserTime() + c.ProcessState.SystemTime(),
		Memory: c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10,
	}, nil
}

// leastOf repeats a run and returns the one that took the least CPU time: others on the machine
// only ever add to it.
func leastOf(times int, run func() (Run, error)) (least Run, err error) {
	for i := range times {
		r, err := run()
		if err != nil {
			return Run{}, err
		}
		if i == 0 || r.CPU < least.CPU {
			least = r
		}
	}
	return least, nil
}

// buildNeardup builds the program from the module that this one replaces it with.
func buildNeardup(folder string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "neardup").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	program := filepath.Join(folder, "neardup")
	c := exec.Command("go", "build", "-o", program, "./cmd/neardup")
	c.Dir = strings.TrimSpace(string(root))
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return program, nil
}

// rows calls f with every line of JSON.
func rows(r io.Reader, f func(v *fastjson.Value) error) error {
	var p fastjson.Parser
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		v, err := p.ParseBytes(lines.Bytes())
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return lines.Err()
}

const (
	scanTool  = "neardup scan"
	cleanTool = "neardup clean --index"
)

// A pairSet collects pairs that neardup names by ids.
type pairSet struct {
	number map[string]int
	pairs  map[Pair]bool
}

// add adds a pair if it is said to be exact or near: what is syndicated is contained, no more.
func (s pairSet) add(v *fastjson.Value, a, b string) error {
	if kind := string(v.GetStringBytes("kind")); kind != "exact" && kind != "near" {
		return nil
	}
	m, okA := s.number[string(v.GetStringBytes(a))]
	n, okB := s.number[string(v.GetStringBytes(b))]
	if !okA || !okB {
		return fmt.Errorf("a pair of unknown documents: %s", v)
	}
	s.pairs[Pair{min(m, n), max(m, n)}] = true
	return nil
}

// scan runs neardup scan over a corpus and collects its pairs.
func (b *bench) scan(corpus string, number map[string]int, args ...string) (Run, error) {
	s := pairSet{number, map[Pair]bool{}}
	c := exec.CommandContext(b.ctx, b.program, append([]string{"scan", "-q", "--all-pairs", "--temp-dir", b.temp, corpus}, args...)...)
	r, err := runProcess(c, func(out io.Reader) error {
		return rows(out, func(v *fastjson.Value) error { return s.add(v, "a", "b") })
	})
	r.Tool, r.Pairs, r.Documents = scanTool, s.pairs, len(number)
	return r, err
}

// clean runs neardup clean over a corpus, into an index that did not exist, and collects the
// pairs of dropped and kept documents.
func (b *bench) clean(corpus string, number map[string]int, args ...string) (Run, error) {
	index, removed := filepath.Join(b.temp, "index"), filepath.Join(b.temp, "removed.jsonl")
	if err := os.RemoveAll(index); err != nil {
		return Run{}, err
	}
	s := pairSet{number, map[Pair]bool{}}
	c := exec.CommandContext(b.ctx, b.program, append([]string{
		"clean", "-q", "--force", "-o", filepath.Join(b.temp, "cleaned.jsonl"), "--removed", removed, "--index", index, corpus,
	}, args...)...)
	r, err := runProcess(c, func(io.Reader) error { return nil })
	if err != nil {
		return r, err
	}
	f, err := os.Open(removed)
	if err != nil {
		return r, err
	}
	defer f.Close()
	err = rows(f, func(v *fastjson.Value) error { return s.add(v, "id", "kept") })
	r.Tool, r.Pairs, r.Documents = cleanTool, s.pairs, len(number)
	return r, err
}

// runPeerProcess runs a peer in a process of its own: this program again.
func (b *bench) runPeerProcess(name, corpus string, documents int) (Run, error) {
	self, err := os.Executable()
	if err != nil {
		return Run{}, err
	}
	pairs := map[Pair]bool{}
	r, err := runProcess(exec.CommandContext(b.ctx, self, "-peer", name, corpus), func(out io.Reader) error {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p, err := pairOf(strings.Cut(lines.Text(), " "))
			if err != nil {
				return err
			}
			pairs[p] = true
		}
		return lines.Err()
	})
	r.Tool, r.Pairs, r.Documents = name, pairs, documents
	return r, err
}

// pairOf reads two numbers.
func pairOf(a, b string, ok bool) (Pair, error) {
	m, errA := strconv.Atoi(a)
	n, errB := strconv.Atoi(b)
	if err := errors.Join(errA, errB); !ok || err != nil {
		return Pair{}, fmt.Errorf("%q and %q are no pair: %w", a, b, err)
	}
	return Pair{min(m, n), max(m, n)}, nil
}

// A fileTool is a program that compares the files of a folder with each other.
type fileTool struct {
	name, program string
	what          string
	args          func(folder string) []string
	pair          func(line string) (a, b string, ok bool) // paths
}

// fileTools are Debian's. Both compare each file with each, so they get few.
var fileTools = []fileTool{
	{
		name: "tlsh", program: "tlsh_unittest", what: "Debian's tlsh-tools, each file with each, distance up to 40",
		args: func(folder string) []string { return []string{"-xref", "-r", folder, "-T", "40"} },
		pair: func(line string) (a, b string, ok bool) {
			f := strings.Split(line, "\t")
			if len(f) < 3 {
				return "", "", false
			}
			return f[0], f[1], true
		},
	},
	{
		name: "ssdeep", program: "ssdeep", what: "Debian's ssdeep, each file with each, score from 60",
		args: func(folder string) []string { return []string{"-s", "-r", "-l", "-d", "-c", "-t", "60", folder} },
		pair: func(line string) (a, b string, ok bool) {
			f := strings.Split(line, ",")
			if len(f) < 3 {
				return "", "", false
			}
			return strings.Trim(f[0], `"`), strings.Trim(f[1], `"`), true
		},
	},
}

// runFileTool writes every document to a file and runs the tool on the folder.
func (b *bench) runFileTool(t fileTool, docs []Document) (Run, error) {
	folder := filepath.Join(b.temp, t.name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Run{}, err
	}
	for i, d := range docs {
		if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(i)), []byte(d.Text), 0o644); err != nil {
			return Run{}, err
		}
	}
	pairs := map[Pair]bool{}
	r, err := runProcess(exec.CommandContext(b.ctx, t.program, t.args(folder)...), func(out io.Reader) error {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			first, second, ok := t.pair(lines.Text())
			if !ok {
				continue
			}
			p, err := pairOf(filepath.Base(first), filepath.Base(second), true)
			if err != nil {
				return err
			}
			pairs[p] = true
		}
		return lines.Err()
	})
	r.Tool, r.Pairs, r.Documents = t.name, pairs, len(docs)
	return r, err
}
