package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"neardup/dedup"
	"neardup/internal/testkit"
	"neardup/store"
)

// neardup runs the command in a directory and returns its exit code and standard error.
func neardup(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	c := exec.Command("neardup", args...)
	c.Dir = dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	return exitCode(t, c.Run()), stderr.String()
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func readSummary(t *testing.T, path string) dedup.Summary {
	t.Helper()
	var s dedup.Summary
	if err := json.Unmarshal([]byte(readFile(t, path)), &s); err != nil {
		t.Fatal(err)
	}
	if s.Read != s.Kept+s.Dropped+s.Rejected+s.Blank || s.Dropped != s.Exact+s.Near+s.Syndicated {
		t.Fatalf("the summary does not add up: %+v", s)
	}
	return s
}

func newSeed(t *testing.T) uint64 {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	return seed
}

var outputs = []string{"out.jsonl", "removed.jsonl", "rejects.jsonl"}

func cleanArgs(more ...string) []string {
	return append([]string{
		"clean", "in.jsonl", "-o", outputs[0], "--removed", outputs[1], "--rejects", outputs[2],
		"--max-bad-rate", "1", "--summary", "summary.json", "--force", "-q",
	}, more...)
}

// TestSameForAnyThreads runs the same input on different numbers of threads, with a
// temporary index and with one that is kept.
func TestSameForAnyThreads(t *testing.T) {
	corpus := testkit.NewWriter(newSeed(t)).Corpus(testkit.Scale(3000, 6000, 100000))
	var want []string
	var summary dedup.Summary
	for i, more := range [][]string{{"-j", "1"}, {"-j", "2"}, {"-j", "8"}, {"-j", "2", "--index", "ix"}, {"-j", "2", "--memory", "64MiB"}} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
		if code, stderr := neardup(t, dir, cleanArgs(more...)...); code != exitRejects {
			t.Fatalf("%v: exit code %d: %s", more, code, stderr)
		}
		s := readSummary(t, filepath.Join(dir, "summary.json"))
		var got []string
		for _, name := range outputs {
			got = append(got, readFile(t, filepath.Join(dir, name)))
		}
		if i == 0 {
			want, summary = got, s
			checkClean(t, string(corpus), got[0], got[1], s)
			continue
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v gives other bytes than one thread", more)
		}
		if s.Kept != summary.Kept || s.Exact != summary.Exact || s.Near != summary.Near || s.Clusters != summary.Clusters {
			t.Errorf("%v: summary %+v, want %+v", more, s, summary)
		}
	}
}

// checkClean checks that the output is a subsequence of the input's lines, that every
// removed record names one that is kept, and that the summary counts them.
func checkClean(t *testing.T, in, out, removed string, s dedup.Summary) {
	t.Helper()
	lines := strings.SplitAfter(in, "\n")
	kept := map[string]bool{}
	for i, line := range strings.SplitAfter(out, "\n") {
		if line == "" {
			continue
		}
		at := slices.Index(lines, line)
		if at < 0 {
			t.Fatalf("line %d of the output is not in the input, or out of order: %.80s", i+1, line)
		}
		lines = lines[at+1:]
		var r struct{ ID string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		kept[r.ID] = true
	}
	if got := strings.Count(out, "\n"); int64(got) != s.Kept {
		t.Errorf("%d records are kept, the summary says %d", got, s.Kept)
	}
	rows := int64(0)
	for row := range strings.Lines(removed) {
		var r struct {
			ID, Kept, Kind string
			Resemblance    float64
			Spans          []dedup.Span
		}
		if err := json.Unmarshal([]byte(row), &r); err != nil {
			t.Fatal(err)
		}
		rows++
		if !strings.HasPrefix(r.Kept, "in.jsonl:") && !kept[r.Kept] {
			t.Errorf("%s was removed in favour of %s, which was not kept", r.ID, r.Kept)
		}
		if r.Resemblance < dedup.DefaultMinResemblance || len(r.Spans) == 0 {
			t.Errorf("%s was removed without ground: %s", r.ID, row)
		}
	}
	if rows != s.Dropped || s.Dropped == 0 || s.Near == 0 || s.Exact == 0 {
		t.Errorf("%d rows, summary %+v", rows, s)
	}
}

// TestKilledRunResumes ends a run into a named index again and again, at random moments, by a
// kill or a signal that it may answer, and starts it again until it comes to its end: the
// outputs must be those of a run that was let be.
func TestKilledRunResumes(t *testing.T) { killAndResume(t, testkit.Scale(3, 20, 300), 200) }

// TestKilledRankedRunBeginsAgain is the same for a run that judges everything before it writes.
func TestKilledRankedRunBeginsAgain(t *testing.T) {
	killAndResume(t, testkit.Scale(1, 8, 200), 3, "--keep", "longest")
}

// killAndResume kills so many runs, each at most so often that it gets to its end.
func killAndResume(t *testing.T, kills, attempts int, more ...string) {
	args := cleanArgs(append([]string{"--index", "ix"}, more...)...)
	seed := newSeed(t)
	r := rand.New(rand.NewPCG(seed, 2))
	corpus := mixedCorpus(seed, 10000, testkit.Scale(2000, 2000, 5000))
	reference := t.TempDir()
	writeFile(t, filepath.Join(reference, "in.jsonl"), corpus)
	start := time.Now()
	if code, stderr := neardup(t, reference, args...); code != exitRejects {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	whole := time.Since(start)
	want := readSummary(t, filepath.Join(reference, "summary.json"))

	killed, interrupted := 0, 0
	var slowest time.Duration
	for trial := 0; killed < kills && !t.Failed(); trial++ {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
		for attempt := 0; ; attempt++ {
			c := exec.Command("neardup", args...)
			c.Dir = dir
			var stderr bytes.Buffer
			c.Stderr = &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			// The machine may become slower; and a run that begins again does not get ahead.
			after := time.Duration(r.Int64N(int64(whole)*int64(8+attempt)/8 + 1))
			if attempt >= attempts {
				after = time.Hour
			}
			signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT}[r.IntN(4)]
			begun := time.Now()
			timer := time.AfterFunc(after, func() { _ = c.Process.Signal(signal) })
			code := exitCode(t, c.Wait())
			timer.Stop()
			if code == exitRejects {
				break
			}
			switch {
			case code == -1: // also if it did not listen to signals yet
				killed++
			case code == exitInterrupted+int(signal):
				interrupted++
			default:
				t.Fatalf("trial %d, attempt %d: exit code %d after %v: %s", trial, attempt, code, signal, &stderr)
			}
			slowest = max(slowest, time.Since(begun)-after)
			if attempt > 200 {
				t.Fatal("the run does not get ahead")
			}
		}
		for _, name := range outputs {
			if readFile(t, filepath.Join(dir, name)) != readFile(t, filepath.Join(reference, name)) {
				t.Errorf("trial %d: %s is not what a run that was let be writes", trial, name)
			}
		}
		got := readSummary(t, filepath.Join(dir, "summary.json"))
		if got.Read != want.Read || got.Kept != want.Kept || got.Clusters != want.Clusters || got.BytesRead != want.BytesRead {
			t.Errorf("trial %d: summary %+v, want %+v", trial, got, want)
		}
		left, err := filepath.Glob(filepath.Join(dir, "[^s]*.partial")) // a summary is not taken up again
		if err != nil || len(left) > 0 {
			t.Errorf("trial %d: left behind: %v", trial, left)
		}
	}
	t.Logf("%d kills, %d interrupts, at most %v to end", killed, interrupted, slowest)
	if slowest > 5*time.Second*time.Duration(memoryFactor) { // 2 s on a machine with nothing else to do
		t.Errorf("it took %v to end", slowest)
	}
}

// partialOut returns the name of the unfinished output in a directory.
func partialOut(dir string) string {
	names, _ := filepath.Glob(filepath.Join(dir, "out.jsonl.*.partial"))
	return strings.Join(names, " ")
}

// interruptedRun returns a directory in which a run was ended by SIGTERM when it had written
// some of its output. A run that is through before the signal comes is tried again.
func interruptedRun(t *testing.T, corpus []byte) string {
	t.Helper()
	for range 10 {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
		c := exec.Command("neardup", cleanArgs("--index", "ix", "-j", "1")...)
		c.Dir = dir
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			if info, err := os.Stat(partialOut(dir)); err == nil && info.Size() > 1<<20 {
				break
			}
			if _, err := os.Stat(filepath.Join(dir, outputs[0])); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		switch code := exitCode(t, c.Wait()); code {
		case exitInterrupted + int(syscall.SIGTERM):
			return dir
		case exitRejects:
		default:
			t.Fatalf("exit code %d after SIGTERM", code)
		}
	}
	t.Fatal("every run ended before it was interrupted")
	return ""
}

// TestOlderIndex puts an older copy of the index beside outputs that are further. A run that
// was not complete is taken up from there; one whose outputs have their names is refused.
func TestOlderIndex(t *testing.T) {
	seed := newSeed(t)
	corpus := smallCorpus(seed)
	for _, j := range jobs {
		want := j.reference(t, corpus)
		dir, older := t.TempDir(), filepath.Join(t.TempDir(), "ix")
		ix := filepath.Join(dir, "ix")
		restore := func() {
			if err := errors.Join(os.RemoveAll(ix), os.CopyFS(ix, os.DirFS(older))); err != nil {
				t.Fatal(err)
			}
		}
		writeFile(t, filepath.Join(dir, "in.jsonl"), corpus)
		for i, at := range []struct {
			next string
			n    int
		}{{`sync .*\.partial`, len(j.outputs) + 1}, {`rename out`, 1}} {
			if _, stderr, fired := j.run(t, dir, befallen{"kill", at.n, seed, at.next}); fired == "" {
				t.Fatalf("it never came to that: %s", stderr)
			}
			if i == 0 {
				if err := os.CopyFS(older, os.DirFS(ix)); err != nil {
					t.Fatal(err)
				}
			}
		}
		restore()
		j.finish(t, dir, want)
		restore()
		if code, stderr, _ := j.run(t, dir, befallen{}); code != exitDamaged {
			t.Errorf("%s: exit code %d: %s", j.name, code, stderr)
		}
		if !slices.Equal(j.read(t, dir), want) {
			t.Errorf("%s: the outputs were changed", j.name)
		}
	}
}

// TestResumeRefusals changes what an interrupted run depends on.
func TestResumeRefusals(t *testing.T) {
	corpus := testkit.NewWriter(newSeed(t)).Corpus(8000)
	interrupted := interruptedRun(t, corpus)
	partial := partialOut(interrupted)
	if _, err := os.Stat(filepath.Join(interrupted, "out.jsonl")); err == nil {
		t.Fatal("an output has its name before it is complete")
	}

	tests := []struct {
		name   string
		change func(dir string)
		args   []string
		code   int
		says   string
	}{
		{"input grew", func(dir string) { writeFile(t, filepath.Join(dir, "in.jsonl"), append(corpus, '\n')) }, nil, exitFailed, "in.jsonl had"},
		{"input edited", func(dir string) {
			edited := bytes.Clone(corpus)
			edited[9] ^= 1
			writeFile(t, filepath.Join(dir, "in.jsonl"), edited)
		}, nil, exitFailed, "the content of in.jsonl was changed"},
		{"other settings", func(string) {}, []string{"--min-resemblance", "0.9"}, exitFailed, "settings"},
		{"output cut", func(dir string) {
			if err := os.Truncate(partialOut(dir), 100); err != nil {
				t.Fatal(err)
			}
		}, nil, exitDamaged, ".partial has 100 bytes"},
		{"output gone", func(dir string) {
			if err := os.Remove(partialOut(dir)); err != nil {
				t.Fatal(err)
			}
		}, nil, exitDamaged, ".partial has 0 bytes"},
		{"nothing", func(string) {}, nil, exitRejects, ""},
		{"output torn", func(dir string) {
			f, err := os.OpenFile(partialOut(dir), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteString(`{"id":"torn`)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		}, nil, exitRejects, ""},
	}
	before := readFile(t, partial)
	var finished string
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(interrupted)); err != nil {
				t.Fatal(err)
			}
			// The checkpoint names the output by its absolute path: put the copy in its place.
			aside := interrupted + ".aside"
			if err := errors.Join(os.Rename(interrupted, aside), os.Rename(dir, interrupted)); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := errors.Join(os.RemoveAll(interrupted), os.Rename(aside, interrupted)); err != nil {
					t.Fatal(err)
				}
			}()
			tt.change(interrupted)
			code, stderr := neardup(t, interrupted, cleanArgs(append(tt.args, "--index", "ix")...)...)
			if code != tt.code || !strings.Contains(stderr, tt.says) {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, stderr)
			}
			if code != exitRejects {
				return
			}
			out := readFile(t, filepath.Join(interrupted, "out.jsonl"))
			if finished == "" {
				finished = out
			}
			if out != finished || !strings.HasPrefix(out, before[:1000]) {
				t.Error("the resumed output differs")
			}
		})
	}
}

func TestInterruptCleansUp(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := t.TempDir()
		temp := t.TempDir()
		c := exec.Command("neardup", "clean", "-", "-o", "out.jsonl", "--temp-dir", temp)
		c.Dir = dir
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write([]byte("{\"text\":\"x\"}\n")); err != nil {
			t.Fatal(err)
		}
		for { // until the index is made
			if names, _ := filepath.Glob(filepath.Join(temp, "neardup-*", "db", "*")); len(names) > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if code := exitCode(t, c.Wait()); code != exitInterrupted+int(signal) || time.Since(start) > 10*time.Second {
			t.Errorf("%v: exit code %d after %v", signal, code, time.Since(start))
		}
		in.Close()
		for _, d := range []string{dir, temp} {
			if left, _ := os.ReadDir(d); len(left) > 0 {
				t.Errorf("%v: left behind: %v", signal, left)
			}
		}
	}
}

// TestSecondInterrupt interrupts a run that the disk keeps from ending. An interrupt from the
// keyboard would not do: a shell may have its children ignore it.
func TestSecondInterrupt(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in.jsonl"), smallCorpus(newSeed(t)))
	note := filepath.Join(t.TempDir(), "fired")
	c := exec.Command("neardup", jobs[0].args...)
	c.Dir, c.Env = dir, environment("hang", 4, 0, `sync .*\.log`, note)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for !exists(note) {
		time.Sleep(time.Millisecond)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for i := range 50 { // one that comes at once after another counts as the same
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
			if i == 0 || !ok || status.Signal() != syscall.SIGTERM {
				t.Errorf("it ended with %v after %d interrupts", err, i+1)
			}
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
	t.Error("the second interrupt does not end it")
	_ = c.Process.Kill()
	<-ended
}

// TestErrorsEndLongRuns has errors that come while much of the input is still to be read.
func TestErrorsEndLongRuns(t *testing.T) {
	dir := t.TempDir()
	corpus := testkit.NewWriter(1).Corpus(4000)
	writeFile(t, filepath.Join(dir, "in.jsonl"), append([]byte("{bad\n"), corpus...))
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"clean", "in.jsonl", "-o", "/dev/full", "--max-bad-rate", "1"}, exitDiskFull},
		{[]string{"scan", "--clusters", "in.jsonl", "--rejects", "/dev/full", "--max-bad-rate", "1"}, exitDiskFull},
		{[]string{"clean", "in.jsonl", "-o", "x", "--on-bad", "fail"}, exitFailed},
		{[]string{"fingerprint", "in.jsonl", "--text-field", "body"}, exitFailed},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		c := exec.CommandContext(ctx, "neardup", tt.args...)
		c.Dir = dir
		if code := exitCode(t, c.Run()); code != tt.code {
			t.Errorf("%v: exit code %d, want %d", tt.args, code, tt.code)
		}
		cancel()
	}
}

func TestIndexInUse(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in.jsonl"), []byte("{\"text\":\"x\"}\n"))
	ix, err := store.Open(filepath.Join(dir, "ix"), nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	code, stderr := neardup(t, dir, cleanArgs("--index", "ix")...)
	if code != exitLocked || !strings.Contains(stderr, "in use") || time.Since(start) > 5*time.Second {
		t.Errorf("exit code %d after %v: %s", code, time.Since(start), stderr)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	if code, stderr := neardup(t, dir, cleanArgs("--index", "ix")...); code != exitDone {
		t.Errorf("after it was closed: exit code %d: %s", code, stderr)
	}
}

// memoryFactor is how much more memory the test binary may take than the program.
var memoryFactor int64 = 1

// TestLongLine puts a line of 100 MiB between two others.
func TestLongLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const first, last = "{\"id\":\"1\",\"text\":\"first\"}\n", "{\"id\":\"3\",\"text\":\"last\"}\n"
	block := bytes.Repeat([]byte("long "), 1<<20/5)
	_, err = f.WriteString(first + `{"id":"2","text":"`)
	for range 100 {
		_, e := f.Write(block)
		err = errors.Join(err, e)
	}
	_, e := f.WriteString("\"}\n" + last)
	if err := errors.Join(err, e, f.Close()); err != nil {
		t.Fatal(err)
	}
	if code, stderr := neardup(t, dir, cleanArgs()...); code != exitRejects {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	s := readSummary(t, filepath.Join(dir, "summary.json"))
	if s.Read != 3 || s.Rejected != 1 || s.MaxRSSBytes > 256<<20*memoryFactor {
		t.Errorf("summary %+v", s)
	}
	if got := readFile(t, filepath.Join(dir, "out.jsonl")); got != first+last {
		t.Errorf("the neighbours came out as %q", got)
	}
	if got := readFile(t, filepath.Join(dir, "rejects.jsonl")); !strings.Contains(got, `"line":2,"offset":26,"reason":"too_long"`) {
		t.Errorf("rejects: %s", got)
	}
	if code, _ := neardup(t, dir, cleanArgs("--on-bad", "keep")...); code != exitRejects {
		t.Fatalf("exit code %d", code)
	}
	if readFile(t, filepath.Join(dir, "out.jsonl")) != readFile(t, path) {
		t.Error("with --on-bad keep the bytes do not pass through")
	}
}

func TestReaderGoesAway(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in.jsonl"), testkit.NewWriter(1).Corpus(3000))
	c := exec.Command("sh", "-c", "neardup fingerprint in.jsonl -q --max-bad-rate 1 2>stderr | head -n 1")
	c.Dir = dir
	if out, err := c.Output(); err != nil || bytes.Count(out, []byte("\n")) != 1 {
		t.Errorf("output %q, %v", out, err)
	}
	if got := readFile(t, filepath.Join(dir, "stderr")); got != "" {
		t.Errorf("standard error: %s", got)
	}
}
