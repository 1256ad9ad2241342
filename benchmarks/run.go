package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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
	Pairs     int           // found
	Hits      map[Pair]bool // those of them that are known to be true
	Some      []Pair        // of them, drawn at random, to tell how many are true
	random    *rand.Rand
}

// someOf is how many pairs of a run are looked at for its precision; its standard error is then
// 0.0004 at 0.99.
const someOf = 50_000

// found counts a pair of two documents.
func (r *Run) found(truth map[Pair]float64, a, b int) {
	p := Pair{min(a, b), max(a, b)}
	r.Pairs++
	if truth[p] > 0 {
		r.Hits[p] = true
	}
	if len(r.Some) < someOf {
		r.Some = append(r.Some, p)
	} else if i := r.random.IntN(r.Pairs); i < someOf {
		r.Some[i] = p
	}
}

// usage is what the system says that a process took.
type usage struct {
	CPU    time.Duration
	Memory int64
}

// measured is the process between this one and what is measured. A new process inherits the
// peak memory of the one that starts it, so that must be small.
func measured(report string, command []string) error {
	c := exec.Command(command[0], command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		return err
	}
	u := usage{c.ProcessState.UserTime() + c.ProcessState.SystemTime(), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10}
	data, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return os.WriteFile(report, data, 0o644)
}

// process runs a command through a process of this program that measures it, and reads its
// standard output.
func (b *bench) process(in io.Reader, read func(io.Reader) error, command ...string) (r Run, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	report := filepath.Join(b.temp, "usage.json")
	c := exec.CommandContext(b.ctx, self, append([]string{"-measure", report}, command...)...)
	c.Stdin = in
	var messages bytes.Buffer
	c.Stderr = &messages
	out, err := c.StdoutPipe()
	if err != nil {
		return r, err
	}
	start := time.Now()
	if err := c.Start(); err != nil {
		return r, err
	}
	readErr := read(bufio.NewReaderSize(out, 1<<20))
	if err := c.Wait(); err != nil {
		return r, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, messages.Bytes())
	}
	if readErr != nil {
		return r, fmt.Errorf("%s: %w", strings.Join(command, " "), readErr)
	}
	r.Wall = time.Since(start)
	data, err := os.ReadFile(report)
	if err != nil {
		return r, err
	}
	var u usage
	err = json.Unmarshal(data, &u)
	r.CPU, r.Memory = u.CPU, u.Memory
	return r, err
}

// leastOf lets jobs take turns, and returns of each the run that took the least CPU time: others on the
// machine only ever add to it, and for minutes on end.
func (b *bench) leastOf(turns int, jobs []func() (Run, error)) ([]Run, error) {
	least := make([]Run, len(jobs))
	for turn := range turns {
		for i, job := range jobs {
			r, err := job()
			if err != nil {
				return nil, err
			}
			b.log("turn %d of %d: %s, %.2f s of CPU time", turn+1, turns, r.Tool, r.CPU.Seconds())
			if turn == 0 || r.CPU < least[i].CPU {
				least[i] = r
			}
		}
	}
	return least, nil
}

// buildNeardup builds the program from the module that this one replaces it with.
func buildNeardup(folder string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "neardup").Output()
	if err != nil {
		return "", fmt.Errorf("go list, which needs this folder or one below: %w", err)
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
	pairsTool = "neardup scan --up-to near"
	cleanTool = "neardup clean --index"
	nearTool  = "neardup clean --index --drop exact,near"
)

// A sample is a corpus in a file, and what is true of it.
type sample struct {
	path   string
	number map[string]int // of each id, its line from 0
	truth  map[Pair]float64
}

func (b *bench) sample(docs []Document, truth map[Pair]float64) (sample, error) {
	s := sample{filepath.Join(b.temp, "sample.jsonl"), make(map[string]int, len(docs)), truth}
	for i, d := range docs {
		s.number[d.ID] = i
	}
	return s, writeCorpus(s.path, docs)
}

// pairRow counts a row of neardup's that says exact or near: what is syndicated is contained in
// the other, no more.
func (s sample) pairRow(r *Run, v *fastjson.Value, a, b string) error {
	if kind := string(v.GetStringBytes("kind")); kind != "exact" && kind != "near" {
		return nil
	}
	m, okA := s.number[string(v.GetStringBytes(a))]
	n, okB := s.number[string(v.GetStringBytes(b))]
	if !okA || !okB {
		return fmt.Errorf("a pair of unknown documents: %s", v)
	}
	r.found(s.truth, m, n)
	return nil
}

// run measures a command that reads a sample, and counts the pairs that it tells.
func (b *bench) run(tool string, s sample, read func(r *Run, out io.Reader) error, command ...string) (Run, error) {
	r := Run{Tool: tool, Documents: len(s.number), Hits: map[Pair]bool{}, random: rand.New(rand.NewPCG(6, 6))}
	took, err := b.process(nil, func(out io.Reader) error { return read(&r, out) }, command...)
	r.CPU, r.Wall, r.Memory = took.CPU, took.Wall, took.Memory
	return r, err
}

// scan runs neardup scan.
func (b *bench) scan(tool string, s sample, args ...string) (Run, error) {
	command := append([]string{b.program, "scan", "-q", "--all-pairs", "--temp-dir", b.temp, s.path}, args...)
	return b.run(tool, s, func(r *Run, out io.Reader) error {
		return rows(out, func(v *fastjson.Value) error { return s.pairRow(r, v, "a", "b") })
	}, command...)
}

// clean runs neardup clean into an index that did not exist.
func (b *bench) clean(tool string, s sample, args ...string) (Run, error) {
	index, removed := filepath.Join(b.temp, "index"), filepath.Join(b.temp, "removed.jsonl")
	if err := os.RemoveAll(index); err != nil {
		return Run{}, err
	}
	command := append([]string{
		b.program, "clean", "-q", "--force", "-o", filepath.Join(b.temp, "cleaned.jsonl"), "--removed", removed, "--index", index, s.path,
	}, args...)
	r, err := b.run(tool, s, func(*Run, io.Reader) error { return nil }, command...)
	if err != nil {
		return r, err
	}
	f, err := os.Open(removed)
	if err != nil {
		return r, err
	}
	defer f.Close()
	return r, rows(f, func(v *fastjson.Value) error { return s.pairRow(&r, v, "id", "kept") })
}

// peer runs a peer in a process of its own: this program again.
func (b *bench) peer(name string, s sample) (Run, error) {
	self, err := os.Executable()
	if err != nil {
		return Run{}, err
	}
	return b.run(name, s, func(r *Run, out io.Reader) error {
		return pairLines(out, func(line string) (a, b string, ok bool) { return strings.Cut(line, " ") }, r, s)
	}, self, "-peer", name, s.path)
}

// pairLines counts the lines that pair takes for a pair of numbers of documents.
func pairLines(out io.Reader, pair func(line string) (a, b string, ok bool), r *Run, s sample) error {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		a, b, ok := pair(lines.Text())
		if !ok {
			continue
		}
		m, errA := strconv.Atoi(a)
		n, errB := strconv.Atoi(b)
		if err := errors.Join(errA, errB); err != nil {
			return fmt.Errorf("%q is no pair: %w", lines.Text(), err)
		}
		r.found(s.truth, m, n)
	}
	return lines.Err()
}

// A fileTool is a program that compares the files of a folder with each other.
type fileTool struct {
	name, program string
	what          string
	args          func(folder string) []string
	pair          func(line string) (a, b string, ok bool) // paths of files named by numbers
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

// fileTool writes every document to a file and runs a tool on the folder.
func (b *bench) fileTool(t fileTool, docs []Document, s sample) (Run, error) {
	folder := filepath.Join(b.temp, t.name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Run{}, err
	}
	for i, d := range docs {
		if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(i)), []byte(d.Text), 0o644); err != nil {
			return Run{}, err
		}
	}
	return b.run(t.name, s, func(r *Run, out io.Reader) error {
		return pairLines(out, func(line string) (first, second string, ok bool) {
			first, second, ok = t.pair(line)
			return filepath.Base(first), filepath.Base(second), ok
		}, r, s)
	}, append([]string{t.program}, t.args(folder)...)...)
}
