package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
)

// A job is a run whose outputs must be the same however often it fails and is begun again.
type job struct {
	name    string
	args    []string
	outputs []string
}

var jobs = []job{
	{"clean", cleanArgs("--index", "ix", "-j", "1"), outputs},
	{"filter", []string{
		"filter", "in.jsonl", "-o", "out.jsonl", "--rejects", "rejects.jsonl", "--tag", "--index", "ix", "--max-bad-rate", "1",
		"--store-text", "-j", "1", "-q", "--force",
	}, []string{"out.jsonl", "rejects.jsonl"}},
}

// smallCorpus has records enough for several commits, and short ones, so that a run is fast.
func smallCorpus(seed uint64) []byte { return mixedCorpus(seed, 5000, 60) }

// mixedCorpus has so many short records and then articles.
func mixedCorpus(seed uint64, short, articles int) []byte {
	w := testkit.NewWriter(seed)
	var b bytes.Buffer
	for i := range short {
		switch {
		case i%97 == 0:
			fmt.Fprintf(&b, "{bad %d\n", i)
		case i%3 == 0:
			fmt.Fprintf(&b, "{\"id\":\"%d\",\"text\":\"text %d\"}\n", i, w.IntN(500))
		default:
			fmt.Fprintf(&b, "{\"text\":\"text %d\"}\n", w.IntN(2000))
		}
	}
	b.Write(w.Corpus(articles))
	return b.Bytes()
}

// A befallen is a fault that a job is done under. The zero value is none.
type befallen struct {
	kind   string
	at     int // number of the operation, of those that count
	seed   uint64
	counts string // regular expression for "operation path"
}

// run does a job in a directory under a fault, and tells where the fault befell it, if it did.
func (j job) run(t *testing.T, dir string, b befallen) (code int, stderr, fired string) {
	t.Helper()
	c := exec.Command("neardup", j.args...)
	c.Dir = dir
	var out bytes.Buffer
	c.Stderr = &out
	note := filepath.Join(t.TempDir(), "fired")
	if b.kind != "" {
		c.Env = environment(b.kind, b.at, b.seed, b.counts, note)
	}
	code = exitCode(t, c.Run())
	data, _ := os.ReadFile(note)
	return code, out.String(), string(data)
}

// reference does a job without a fault and returns its outputs.
func (j job) reference(t *testing.T, corpus []byte) []string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
	if code, stderr, _ := j.run(t, dir, befallen{}); code != exitRejects {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return j.read(t, dir)
}

func (j job) read(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for _, name := range j.outputs {
		all = append(all, readFile(t, filepath.Join(dir, name)))
	}
	return all
}

// finish does a job that a fault ended, without one, and compares the outputs.
func (j job) finish(t *testing.T, dir string, want []string) {
	t.Helper()
	if code, stderr, _ := j.run(t, dir, befallen{}); code != exitRejects {
		t.Fatalf("it is not taken up again: exit code %d: %s", code, stderr)
	}
	if !slices.Equal(j.read(t, dir), want) {
		t.Fatal("the outputs are not those of a run that was let be")
	}
	left, err := filepath.Glob(filepath.Join(dir, "[^s]*.partial")) // a summary is not taken up again
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	verify(t, dir, "ix")
}

// verify holds everything in an index against everything else.
func verify(t *testing.T, dir, index string) {
	t.Helper()
	c := exec.Command("neardup", "index", "verify", "--read-data", "-q", index)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("verify: %v: %s", err, out)
	}
}

// sweep does a job under a fault at the first operation, the second, and so on with a stride,
// until none befalls it. It returns where it did.
func (j job) sweep(t *testing.T, kind string, stride int, seed uint64, check func(t *testing.T, dir, fired string, code int, stderr string)) []string {
	t.Helper()
	corpus := smallCorpus(seed)
	var steps []string
	for at := 1 + int(seed%uint64(stride)); ; at += stride {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
		code, stderr, fired := j.run(t, dir, befallen{kind, at, seed, ""})
		if fired == "" {
			if code != exitRejects {
				t.Fatalf("without a fault, exit code %d: %s", code, stderr)
			}
			break
		}
		steps = append(steps, fired)
		t.Run(fmt.Sprintf("%d %s", at, fired), func(t *testing.T) { check(t, dir, fired, code, stderr) })
		_ = os.RemoveAll(dir)
		if t.Failed() {
			break
		}
	}
	t.Logf("%s, %s: %d places", j.name, kind, len(steps))
	if least := 100 / stride; len(steps) < least && kind != "unreadable" {
		t.Errorf("only %d places, want %d: the operations are no longer seen", len(steps), least)
	}
	return steps
}

// steps are the moments of a run at which it is killed, as the operations that come next; so
// many of them come before, when the index is made.
var steps = []struct {
	name, next string
	before     int
}{
	{"judged", "write .*\\.partial", 0},
	{"output written", "sync .*\\.partial", 0},
	{"output synced", "write .*\\.log", 2},
	{"committed, not synced", "sync .*\\.log", 2},
	{"judged to the end", "rename out", 0},
	{"output named", "syncdir \\.$", 1},
	{"sieves written", "link .*\\.sst", 0},
	{"sieves taken in", "sync .*MANIFEST", 2},
	{"closed", "create .*SEAL", 0},
	{"seal written", "rename .*SEAL", 0},
}

// TestKilledAtEveryStep ends runs at the first, second and third time of every step.
func TestKilledAtEveryStep(t *testing.T) {
	seed := newSeed(t)
	corpus := smallCorpus(seed)
	for _, j := range jobs {
		want := j.reference(t, corpus)
		for i, step := range steps {
			for at := 1; at <= 3; at++ {
				if testkit.Tier() == "short" && (at+i+int(seed%3))%3 != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s %d", j.name, step.name, at), func(t *testing.T) {
					dir := t.TempDir()
					writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
					code, stderr, fired := j.run(t, dir, befallen{"kill", step.before + at, seed, step.next})
					switch {
					case fired == "" && at == 1:
						t.Fatal("it never came to that")
					case fired == "":
						return
					case code != -1:
						t.Fatalf("exit code %d: %s", code, stderr)
					}
					j.finish(t, dir, want)
				})
			}
		}
	}
}

// TestKilledAnywhere ends runs before any operation on a file of the index or an output.
func TestKilledAnywhere(t *testing.T) {
	seed := newSeed(t)
	for _, j := range jobs {
		want := j.reference(t, smallCorpus(seed))
		j.sweep(t, "kill", testkit.Scale(67, 23, 1), seed, func(t *testing.T, dir, _ string, code int, _ string) {
			if code != -1 {
				t.Fatalf("exit code %d", code)
			}
			j.finish(t, dir, want)
		})
	}
}

// TestPowerLoss ends runs before any operation, and takes from the outputs what was not synced.
func TestPowerLoss(t *testing.T) {
	seed := newSeed(t)
	for _, j := range jobs {
		want := j.reference(t, smallCorpus(seed))
		j.sweep(t, "power", testkit.Scale(67, 23, 1), seed, func(t *testing.T, dir, _ string, code int, _ string) {
			if code != -1 {
				t.Fatalf("exit code %d", code)
			}
			j.finish(t, dir, want)
		})
	}
}

// TestFailingDisk makes operations fail, once or from then on: the run must end with the code
// for it and one message, and be taken up again when the disk is well.
func TestFailingDisk(t *testing.T) {
	seed := newSeed(t)
	for i, j := range jobs {
		if testkit.Tier() == "short" && i != int(seed%2) {
			continue
		}
		want := j.reference(t, smallCorpus(seed))
		for _, kind := range []string{"full", "stays-full", "broken", "stays-broken", "unreadable"} {
			j.sweep(t, kind, testkit.Scale(97, 53, 1), seed, func(t *testing.T, dir, fired string, code int, stderr string) {
				told(t, kind, fired, code, stderr)
				j.finish(t, dir, want)
			})
		}
	}
}

// told checks what a run says that a disk has failed.
func told(t *testing.T, kind, fired string, code int, stderr string) {
	t.Helper()
	full := strings.Contains(kind, "full")
	switch {
	case code == exitRejects && (strings.Contains(fired, "read") || strings.Contains(fired, "remove")):
		// It was read again, or is removed later.
	case full && code != exitDiskFull, !full && code != exitFailed && code != exitDamaged:
		t.Fatalf("exit code %d: %s", code, stderr)
	case !strings.HasPrefix(stderr, "neardup: error: ") || strings.Count(stderr, "neardup: error: ") != 1 || strings.Count(stderr, "\n") > 2:
		t.Fatalf("it says %q", stderr)
	}
}

// TestFailingAtEveryStep makes the first operation of every step fail, once.
func TestFailingAtEveryStep(t *testing.T) {
	seed := newSeed(t)
	corpus := smallCorpus(seed)
	for n, j := range jobs {
		if testkit.Tier() == "short" && n != int(seed%2) {
			continue
		}
		want := j.reference(t, corpus)
		for i, step := range steps {
			for k, kind := range []string{"full", "broken"} {
				if testkit.Tier() != "long" && k != (i+int(seed/2))%2 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s %s", j.name, step.name, kind), func(t *testing.T) {
					dir := t.TempDir()
					writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
					code, stderr, fired := j.run(t, dir, befallen{kind, step.before + 1, seed, step.next})
					if fired == "" {
						t.Fatal("it never came to that")
					}
					told(t, kind, fired, code, stderr)
					j.finish(t, dir, want)
				})
			}
		}
	}
}

// TestDamagedTable flips a bit in a table of a closed index: whoever reads it ends with the
// code for damage and one message, and whoever does not says what is true.
func TestDamagedTable(t *testing.T) {
	seed := newSeed(t)
	dir := t.TempDir()
	corpus := smallCorpus(seed)
	writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
	if code, stderr, _ := jobs[1].run(t, dir, befallen{}); code != exitRejects {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	commands := [][]string{
		{"index", "verify", "--read-data", "-q", "ix"},
		{"index", "export", "ix"},
		{"filter", "in.jsonl", "--frozen", "--tag", "--index", "ix", "--max-bad-rate", "1", "-q"},
	}
	do := func(args []string) (code int, stdout, stderr string) {
		c := exec.Command("neardup", args...)
		c.Dir = dir
		var o, e bytes.Buffer
		c.Stdout, c.Stderr = &o, &e
		code = exitCode(t, c.Run())
		return code, o.String(), e.String()
	}
	var want []string
	for _, args := range commands {
		_, stdout, _ := do(args)
		want = append(want, stdout)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "ix", "db", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables %v, %v", tables, err)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	found := 0
	for range testkit.Scale(4, 10, 200) {
		table := tables[r.IntN(len(tables))]
		whole := []byte(readFile(t, table))
		broken := bytes.Clone(whole)
		at := r.IntN(len(broken))
		broken[at] ^= 1 << r.IntN(8)
		writeFile(t, table, broken)
		for i, args := range commands {
			switch code, stdout, stderr := do(args); {
			case code == exitDamaged && strings.HasPrefix(stderr, "neardup: error: ") && strings.Count(stderr, "\n") == 2:
				found++
			case code == exitDamaged || code != exitDone && code != exitRejects || stdout != want[i]:
				t.Errorf("byte %d of %s, %v: exit code %d: %s", at, filepath.Base(table), args, code, stderr)
			}
		}
		writeFile(t, table, whole)
	}
	t.Logf("%d times found", found)
	if found == 0 {
		t.Error("no flip was found")
	}
}
