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
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"neardup/internal/testkit"
	"neardup/store"
)

// A stream is a running filter that is spoken to.
type stream struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err *bytes.Buffer
}

func startFilter(t *testing.T, dir string, args ...string) *stream {
	t.Helper()
	return startFilterUnder(t, nil, dir, args...)
}

func startFilterUnder(t *testing.T, environment []string, dir string, args ...string) *stream {
	t.Helper()
	s := &stream{Cmd: exec.Command("neardup", append([]string{"filter", "-q"}, args...)...), err: &bytes.Buffer{}}
	s.Dir, s.Stderr, s.Env = dir, s.err, environment
	var err error
	var out io.ReadCloser
	if s.in, err = s.StdinPipe(); err == nil {
		out, err = s.StdoutPipe()
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReader(out)
	return s
}

// withIDs returns records that all bring an id of their own.
func withIDs(seed uint64, n int) []string {
	w := testkit.NewWriter(seed)
	var lines []string
	for i := range n {
		text := strings.Join(w.Article(1+w.IntN(3)), "\n")
		if i > 0 && w.IntN(2) == 0 {
			var earlier struct{ Text string }
			if err := json.Unmarshal([]byte(lines[w.IntN(i)]), &earlier); err != nil {
				panic(err)
			}
			text = earlier.Text + strings.Repeat(" and more", w.IntN(2))
		}
		line, err := json.Marshal(map[string]string{"id": fmt.Sprint("doc-", i), "text": strings.ToValidUTF8(text, "")})
		if err != nil {
			panic(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// TestFilterAnswersAtOnce sends a record only when the one before was answered.
func TestFilterAnswersAtOnce(t *testing.T) {
	s := startFilter(t, t.TempDir(), "--index", "ix", "--tag", "--flush", "1h")
	for i, line := range withIDs(newSeed(t), testkit.Scale(50, 200, 1000)) {
		if _, err := fmt.Fprintln(s.in, line); err != nil {
			t.Fatal(err)
		}
		answer, err := s.out.ReadString('\n')
		if err != nil || !strings.HasPrefix(answer, strings.TrimSuffix(line, "}")) {
			t.Fatalf("record %d: %q, %v", i, answer, err)
		}
	}
	// Half a record is waited for.
	if _, err := io.WriteString(s.in, `{"id":"last",`); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if _, err := io.WriteString(s.in, "\"text\":\"x\"}"); err != nil {
		t.Fatal(err)
	}
	s.in.Close()
	if rest, err := io.ReadAll(s.out); err != nil || !strings.HasPrefix(string(rest), `{"id":"last","text":"x","neardup":`) {
		t.Errorf("the last record: %q, %v", rest, err)
	}
	if code := exitCode(t, s.Wait()); code != exitDone {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// TestFilterAnswersWhatIsDurable has a disk that hangs when a verdict is to be written or synced:
// it must not be answered.
func TestFilterAnswersWhatIsDurable(t *testing.T) {
	lines := withIDs(newSeed(t), 20)
	for _, next := range []string{`write .*\.log`, `sync .*\.log`} {
		for at := 4; at <= 6; at++ {
			note := filepath.Join(t.TempDir(), "fired")
			s := startFilterUnder(t, environment("hang", at, 0, next, note), t.TempDir(), "--index", "ix", "--tag")
			answers := make(chan string, len(lines))
			go func() {
				for {
					line, err := s.out.ReadString('\n')
					if err != nil {
						return
					}
					answers <- line
				}
			}()
			sent := 0
			for ; !exists(note) && sent < len(lines); sent++ {
				if _, err := fmt.Fprintln(s.in, lines[sent]); err != nil {
					t.Fatal(err)
				}
				for sent == len(answers) && !exists(note) {
					time.Sleep(time.Millisecond)
				}
			}
			time.Sleep(20 * time.Millisecond)
			if !exists(note) || sent < 2 {
				t.Errorf("%s, %d: it hangs after %d records", next, at, sent)
			} else if len(answers) >= sent {
				t.Errorf("%s, %d: %d records were sent and %d answered", next, at, sent, len(answers))
			}
			if err := s.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = s.Wait()
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestFilterKilled kills filters at random moments. What was answered must be in the index,
// and be answered the same way when everything is sent again; and a summary tells of no more
// than the index holds.
func TestFilterKilled(t *testing.T) {
	seed := newSeed(t)
	r := rand.New(rand.NewPCG(seed, 5))
	lines := withIDs(seed, testkit.Scale(1000, 2500, 5000))
	input := strings.Join(lines, "\n") + "\n"
	reference := exec.Command("neardup", "filter", "-q", "--tag")
	reference.Stdin = strings.NewReader(input)
	start := time.Now()
	want, err := reference.Output()
	if err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	kills, lost := 0, 0
	for kills < testkit.Scale(5, 20, 300) {
		dir := t.TempDir()
		answered := map[string]string{} // by id
		for attempt := 0; ; attempt++ {
			s := startFilter(t, dir, "--index", "ix", "--tag", "--summary", "summary.json", "--summary-every", "1ms", "--force")
			go func() {
				_, _ = io.WriteString(s.in, input)
				s.in.Close()
			}()
			timer := time.AfterFunc(time.Duration(r.Int64N(int64(whole)*3/2*int64(attempt+1))), func() { _ = s.Process.Kill() })
			var got bytes.Buffer
			for {
				line, err := s.out.ReadString('\n')
				if err != nil {
					break // half a line was not answered
				}
				got.WriteString(line)
				var v struct {
					ID      string          `json:"id"`
					Neardup json.RawMessage `json:"neardup"`
				}
				if err := json.Unmarshal([]byte(line), &v); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				if before, ok := answered[v.ID]; ok && before != string(v.Neardup) {
					t.Fatalf("%s: first %s, then %s", v.ID, before, v.Neardup)
				}
				answered[v.ID] = string(v.Neardup)
			}
			code := exitCode(t, s.Wait())
			timer.Stop()
			if code == exitDone {
				if !bytes.Equal(got.Bytes(), want) {
					t.Fatal("the answers are not those of a filter that was let be")
				}
				break
			}
			if code != -1 {
				t.Fatalf("exit code %d: %s", code, s.err)
			}
			kills++
			documents := stats(t, dir)
			if documents < int64(len(answered)) {
				lost += len(answered) - int(documents)
			}
			if data, err := os.ReadFile(filepath.Join(dir, "summary.json")); err == nil {
				var told struct{ Read int64 }
				if err := json.Unmarshal(data, &told); err != nil || told.Read > documents {
					t.Fatalf("a summary of %d records, and %d are in the index: %v", told.Read, documents, err)
				}
			}
		}
		verify(t, dir, "ix")
	}
	if lost > 0 {
		t.Errorf("%d answered records are lost", lost)
	}
	t.Logf("%d kills", kills)
}

// stats returns the number of documents in the index ix, 0 if there is none yet.
func stats(t *testing.T, dir string) int64 {
	t.Helper()
	c := exec.Command("neardup", "index", "stats", "--format", "json", "ix")
	c.Dir = dir
	out, err := c.Output()
	if err != nil {
		if code := exitCode(t, err); code == exitNoIndex {
			return 0
		}
		t.Fatalf("%v", err)
	}
	var s store.Stats
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	return s.Documents
}

// TestFilterTerminated ends filters under load by signals.
func TestFilterTerminated(t *testing.T) {
	seed := newSeed(t)
	lines := withIDs(seed, 200)
	r := rand.New(rand.NewPCG(seed, 6))
	for trial := range testkit.Scale(2, 8, 100) {
		dir := t.TempDir()
		signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[trial%2]
		s := startFilter(t, dir, "--index", "ix")
		go func() {
			for i := 0; ; i++ {
				line := strings.Replace(lines[i%len(lines)], "doc-", fmt.Sprint(i, "-"), 1)
				if _, err := fmt.Fprintln(s.in, line); err != nil {
					return
				}
			}
		}()
		answered := make(chan int64)
		go func() {
			n := int64(0)
			for {
				if _, err := s.out.ReadString('\n'); err != nil {
					answered <- n
					return
				}
				n++
			}
		}()
		for {
			if _, err := os.Stat(filepath.Join(dir, "ix", "NEARDUP")); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
		start := time.Now()
		if err := s.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		n := <-answered
		if code := exitCode(t, s.Wait()); code != exitInterrupted+int(signal) {
			t.Errorf("exit code %d: %s", code, s.err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %v to end", took)
		}
		if _, err := os.Stat(filepath.Join(dir, "ix", "SEAL")); err != nil {
			t.Errorf("the index was not closed: %v", err)
		}
		if documents := stats(t, dir); documents < n {
			t.Errorf("%d records were passed on, the index holds %d", n, documents)
		}
		verify(t, dir, "ix")
	}
}

// TestFilterReaderStops has a reader that stays and does not read: a signal must end it all
// the same, and one that goes away must end it quietly.
func TestFilterReaderStops(t *testing.T) {
	dir := t.TempDir()
	s := startFilter(t, dir, "--index", "ix", "--tag")
	go func() {
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(s.in, "{\"text\":\"%s %d\"}\n", strings.Repeat("long ", 1000), i); err != nil {
				return
			}
		}
	}()
	time.Sleep(300 * time.Millisecond) // until all pipes are full
	start := time.Now()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, s.Wait()); code != exitInterrupted+int(syscall.SIGTERM) || time.Since(start) > 3*time.Second {
		t.Errorf("exit code %d after %v: %s", code, time.Since(start), s.err)
	}
	verify(t, dir, "ix")

	c := exec.Command("sh", "-c", `yes '{"text":"x"}' | neardup filter --tag --index ix 2>stderr | head -n 1`)
	c.Dir = dir
	out, err := c.Output()
	if err != nil || bytes.Count(out, []byte("\n")) != 1 {
		t.Errorf("output %q, %v", out, err)
	}
	if got := readFile(t, filepath.Join(dir, "stderr")); got != "" {
		t.Errorf("standard error: %s", got)
	}
	for range 200 { // until the filter has closed its index
		if _, err := os.Stat(filepath.Join(dir, "ix", "SEAL")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	verify(t, dir, "ix")
}

// TestOneWriter has many filters open one index at a time. One gets it; when it is killed
// the next one does.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	n := testkit.Scale(20, 50, 50)
	var mu sync.Mutex
	var winners []*stream
	var wait sync.WaitGroup
	for range n {
		s := startFilter(t, dir, "--index", "ix", "--tag")
		wait.Go(func() {
			_, _ = fmt.Fprintln(s.in, `{"id":"a","text":"x"}`)
			if _, err := s.out.ReadString('\n'); err == nil {
				mu.Lock()
				defer mu.Unlock()
				winners = append(winners, s)
				return
			}
			var exit *exec.ExitError
			if err := s.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitLocked || !strings.Contains(s.err.String(), "ix: store: index is in use") {
				t.Errorf("%v: %s", err, s.err)
			}
		})
	}
	wait.Wait()
	if len(winners) != 1 {
		t.Fatalf("%d of %d opened the index", len(winners), n)
	}
	for _, args := range [][]string{{"index", "verify", "ix"}, {"index", "rm", "ix", "a"}, {"filter", "--frozen", "--index", "ix"}} {
		start := time.Now()
		if code, stderr := neardup(t, dir, args...); code != exitLocked || time.Since(start) > time.Second*time.Duration(memoryFactor) {
			t.Errorf("%v: exit code %d after %v: %s", args, code, time.Since(start), stderr)
		}
	}
	if err := winners[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = winners[0].Wait()
	verify(t, dir, "ix")
}

// TestFilterCopies looks at an index through its copy while the filter holds it.
func TestFilterCopies(t *testing.T) {
	dir := t.TempDir()
	s := startFilter(t, dir, "--index", "ix", "--copy", "copies/now", "--copy-every", "20ms", "--tag")
	last := ""
	for i := range 30 {
		if _, err := fmt.Fprintf(s.in, "{\"id\":\"doc-%d\",\"text\":\"text %d\"}\n", i, i); err != nil {
			t.Fatal(err)
		}
		if _, err := s.out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	holds := func(n int) {
		t.Helper()
		for range 500 {
			c := exec.Command("neardup", "index", "list", "copies/now")
			c.Dir = dir
			if out, err := c.Output(); err == nil { // it may just be replaced
				last = string(out)
			}
			if strings.Count(last, "\n") == n {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if strings.Count(last, "\n") != n || !strings.HasPrefix(last, "doc-0\ndoc-1\n") {
			t.Errorf("the copy holds %q", last)
		}
	}
	holds(30)
	// While someone looks at a copy it stays, and the filter goes on.
	var looking *store.Index
	for looking == nil {
		looking, _ = store.Open(filepath.Join(dir, "copies/now"), &store.Options{ReadOnly: true})
	}
	time.Sleep(200 * time.Millisecond)
	if _, err := fmt.Fprintln(s.in, `{"id":"doc-30","text":"text 30"}`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := looking.Close(); err != nil {
		t.Fatal(err)
	}
	holds(31)
	s.in.Close()
	if code := exitCode(t, s.Wait()); code != exitDone {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	if names, err := os.ReadDir(filepath.Join(dir, "copies")); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// TestFullDisk fills a small file system, makes room and goes on.
func TestFullDisk(t *testing.T) {
	if testkit.Tier() == "short" {
		t.Skip("needs a file system of its own")
	}
	seed := newSeed(t)
	corpus := testkit.NewWriter(seed).Corpus(8000)
	outside := t.TempDir()
	writeFile(t, filepath.Join(outside, "in.jsonl"), corpus)
	dir := filepath.Join(outside, "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be made: %s", out)
	}
	defer func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}()
	args := []string{"clean", "../in.jsonl", "-o", "out.jsonl", "--removed", "removed.jsonl", "--index", "ix", "--max-bad-rate", "1", "-q"}
	ballast := filepath.Join(dir, "ballast")
	writeFile(t, ballast, make([]byte, 24<<20))
	code, stderr := neardup(t, dir, args...)
	if code != exitDiskFull || !strings.HasPrefix(stderr, "neardup: error: ") || strings.Count(stderr, "\n") != 2 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=2g", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code, stderr := neardup(t, dir, args...); code != exitRejects {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	verify(t, dir, "ix")
	if code, stderr := neardup(t, dir, "clean", "../in.jsonl", "-o", "want.jsonl", "--removed", "want-removed.jsonl", "--max-bad-rate", "1", "-q"); code != exitRejects {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, name := range []string{"out.jsonl", "removed.jsonl"} {
		if readFile(t, filepath.Join(dir, name)) != readFile(t, filepath.Join(dir, strings.Replace("want-"+name, "want-out", "want", 1))) {
			t.Errorf("%s is not what a run with room writes", name)
		}
	}
}

// TestFilterFrozen checks that judging changes no byte of the index.
func TestFilterFrozen(t *testing.T) {
	dir := t.TempDir()
	lines := withIDs(newSeed(t), 300)
	writeFile(t, filepath.Join(dir, "a.jsonl"), []byte(strings.Join(lines[:200], "\n")))
	writeFile(t, filepath.Join(dir, "b.jsonl"), []byte(strings.Join(lines, "\n")))
	if code, stderr := neardup(t, dir, "filter", "a.jsonl", "-o", "out", "--index", "ix"); code != exitDone {
		t.Fatal(stderr)
	}
	tree := func() (all []string) {
		names, _ := filepath.Glob(filepath.Join(dir, "ix", "*"))
		more, _ := filepath.Glob(filepath.Join(dir, "ix", "db", "*"))
		for _, name := range slices.Concat(names, more) {
			if info, err := os.Stat(name); err == nil && !info.IsDir() {
				all = append(all, name+": "+readFile(t, name))
			}
		}
		return all
	}
	before := tree()
	for range 2 {
		c := exec.Command("neardup", "filter", "-q", "--frozen", "--index", "ix", "b.jsonl")
		c.Dir = dir
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if slices.Contains(lines[:200], strings.TrimSuffix(line, "\n")) {
				t.Fatalf("a record of the index is passed on: %s", line)
			}
		}
		if len(out) == 0 {
			t.Fatal("nothing is passed on")
		}
	}
	if !slices.Equal(tree(), before) {
		t.Error("the index was changed")
	}
}
