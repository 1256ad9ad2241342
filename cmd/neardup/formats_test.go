package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"neardup/internal/testkit"
)

// parquetDocument has a column that is not asked for, and a list.
type parquetDocument struct {
	ID   string   `parquet:"id"`
	Tags []string `parquet:"tags,list"`
	Text *string  `parquet:"text,zstd"`
	URL  string   `parquet:"url,dict"`
	Date string   `parquet:"date"`
}

func parquetOf(t *testing.T, docs []testkit.Document, rowGroup int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[parquetDocument](&out, parquet.MaxRowsPerRowGroup(rowGroup), parquet.KeyValueMetadata("made by", "a test"))
	for _, d := range docs {
		if _, err := w.Write([]parquetDocument{{d.ID, []string{"a", d.ID}, &d.Text, d.URL, d.Date}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&out)
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func zstandard(t *testing.T, content string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(content), nil)
}

// inFormats writes documents in every format, and returns the names of the inputs.
func inFormats(t *testing.T, dir string, docs []testkit.Document) []string {
	t.Helper()
	warc, wet := testkit.WARC(docs), testkit.WET(docs)
	plain := map[string]string{
		"in.jsonl": string(testkit.JSONL(docs)), "in.csv": string(testkit.Table(docs, ',')), "in.tsv": string(testkit.Table(docs, '\t')),
		"in.warc": strings.Join(warc, ""), "in.wet": strings.Join(wet, ""),
	}
	var names []string
	add := func(name string, content []byte) {
		writeFile(t, filepath.Join(dir, name), content)
		names = append(names, name)
	}
	for name, content := range plain {
		add(name, []byte(content))
		add(name+".zst", zstandard(t, content))
		switch name {
		case "in.warc":
			add(name+".gz", gzipped(t, warc...))
		case "in.wet":
			add(name+".gz", gzipped(t, wet...))
		default:
			add(name+".gz", gzipped(t, content[:len(content)/2], content[len(content)/2:]))
		}
	}
	add("in.parquet", parquetOf(t, docs, int64(len(docs)/3+1)))
	add("packed.parquet.gz", gzipped(t, string(parquetOf(t, docs, 100))))
	slices.Sort(names)

	if err := os.Mkdir(filepath.Join(dir, "texts"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i, d := range docs {
		writeFile(t, filepath.Join(dir, textName(i)), []byte(d.Text))
	}
	return append(names, "texts")
}

func textName(i int) string { return fmt.Sprintf("texts/%06d.txt", i) }

// TestSameVerdictsInAnyFormat cleans the same documents in every format. What is removed is
// the same, and what is kept opens with another reader.
func TestSameVerdictsInAnyFormat(t *testing.T) {
	docs := testkit.NewWriter(newSeed(t)).Documents(testkit.Scale(200, 1000, 10000))
	dir := t.TempDir()
	var want []string
	var kept []testkit.Document
	for _, in := range append([]string{"in.jsonl"}, inFormats(t, dir, docs)...) {
		out := "out-" + strings.TrimSuffix(in, ".parquet.gz")
		if strings.HasSuffix(in, ".parquet.gz") {
			out += ".parquet"
		}
		code, stderr := neardup(t, dir, "clean", in, "-o", out, "--removed", "removed.jsonl", "--rejects", "rejects.jsonl", "--summary", "summary.json", "--force", "-q")
		if code != exitDone {
			t.Fatalf("%s: exit code %d: %s", in, code, stderr)
		}
		s := readSummary(t, filepath.Join(dir, "summary.json"))
		if s.Read != int64(len(docs)) {
			t.Errorf("%s: %d documents were read, want %d", in, s.Read, len(docs))
		}
		got := verdicts(t, filepath.Join(dir, "removed.jsonl"), docs)
		if want == nil {
			want = got
			kept = slices.DeleteFunc(slices.Clone(docs), func(d testkit.Document) bool {
				return slices.ContainsFunc(want, func(v string) bool { return strings.HasPrefix(v, d.ID+" ") })
			})
			if len(want) < len(docs)/6 {
				t.Fatalf("%d of %d documents were removed", len(want), len(docs))
			}
		} else if !slices.Equal(got, want) {
			t.Errorf("%s: other verdicts: %d are removed, want %d", in, len(got), len(want))
		}
		checkKept(t, filepath.Join(dir, out), kept, docs)
		if out != "out-in.jsonl" {
			os.RemoveAll(filepath.Join(dir, out))
		}
	}
}

// verdicts returns what was removed and why. Texts have the names of their files for ids.
func verdicts(t *testing.T, path string, docs []testkit.Document) []string {
	t.Helper()
	ids := map[string]string{}
	for i, d := range docs {
		ids[textName(i)] = d.ID
		ids[d.ID] = d.ID
	}
	var out []string
	for line := range strings.Lines(readFile(t, path)) {
		var row struct{ ID, Kept, Kind string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(ids[row.ID], " ", ids[row.Kept], " ", row.Kind))
	}
	return out
}

// unpacked returns what a file holds, decompressed by the program for its format.
func unpacked(t *testing.T, path string) string {
	t.Helper()
	program := map[string]string{".gz": "gzip", ".zst": "zstd"}[filepath.Ext(path)]
	if program == "" {
		return readFile(t, path)
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
	out, err := exec.Command(program, "-d", "-c", path).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", program, path, err)
	}
	return string(out)
}

// checkKept reads an output and holds it against the documents that were to be kept.
func checkKept(t *testing.T, path string, kept, all []testkit.Document) {
	t.Helper()
	name := filepath.Base(path)
	switch {
	case name == "out-texts":
		for i, d := range all {
			content, err := os.ReadFile(filepath.Join(path, filepath.Base(textName(i))))
			if is := slices.Contains(kept, d); is != (err == nil) || is && string(content) != d.Text {
				t.Fatalf("%s: text %d: kept %v, %v", name, i, is, err)
			}
		}
		return
	case strings.Contains(name, "parquet"):
		rows, err := parquet.ReadFile[parquetDocument](path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(rows) != len(kept) {
			t.Fatalf("%s: %d rows, want %d", name, len(rows), len(kept))
		}
		for i, d := range kept {
			if r := rows[i]; r.ID != d.ID || *r.Text != d.Text || !slices.Equal(r.Tags, []string{"a", d.ID}) || r.URL != d.URL {
				t.Fatalf("%s: row %d is %+v", name, i, r)
			}
		}
		checkSchema(t, path)
		return
	}
	var want string
	switch {
	case strings.Contains(name, "jsonl"):
		want = string(testkit.JSONL(kept))
	case strings.Contains(name, "csv"):
		want = string(testkit.Table(kept, ','))
		rows, err := csv.NewReader(strings.NewReader(unpacked(t, path))).ReadAll()
		if err != nil || len(rows) != len(kept)+1 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	case strings.Contains(name, "tsv"):
		want = string(testkit.Table(kept, '\t'))
	case strings.Contains(name, "warc"):
		// The requests of what is removed stay: they are no documents.
		records := testkit.WARC(all)
		for i, record := range records {
			if i == 0 || i%2 == 1 || slices.Contains(kept, all[i/2-1]) {
				want += record
			}
		}
	default:
		want = strings.Join(testkit.WET(kept), "")
	}
	if got := unpacked(t, path); got != want {
		t.Errorf("%s: other bytes: %d, want %d", name, len(got), len(want))
	}
}

// checkSchema holds the schema, the encodings and the metadata of an output against the input's.
func checkSchema(t *testing.T, path string) {
	t.Helper()
	describe := func(content []byte) string {
		f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		s := f.Schema().String()
		for _, c := range f.Metadata().RowGroups[0].Columns {
			s += fmt.Sprintln(c.MetaData.PathInSchema, c.MetaData.Codec)
		}
		value, _ := f.Lookup("made by")
		return s + value
	}
	got, want := describe([]byte(readFile(t, path))), describe(parquetOf(t, []testkit.Document{{Text: "x"}}, 1))
	if got != want {
		t.Errorf("%s: schema\n%s\nwant\n%s", path, got, want)
	}
}

// TestArchiveMembers has every record of a compressed WARC file be a member of its own, as
// readers that look up records by their offsets need.
func TestArchiveMembers(t *testing.T) {
	docs := testkit.NewWriter(newSeed(t)).Documents(20)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in.warc"), []byte(strings.Join(testkit.WARC(docs), "")))
	if code, stderr := neardup(t, dir, "clean", "in.warc", "-o", "out.warc.gz", "-q", "--summary", "summary.json"); code != exitDone {
		t.Fatal(stderr)
	}
	in := bytes.NewReader([]byte(readFile(t, filepath.Join(dir, "out.warc.gz"))))
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	members := 0
	for {
		z.Multistream(false)
		content, err := io.ReadAll(z)
		if err != nil || strings.Count(string(content), "WARC/1.0\r\n") != 1 || !strings.HasSuffix(string(content), "\r\n\r\n") {
			t.Fatalf("member %d is %q, %v", members, content, err)
		}
		members++
		if err := z.Reset(in); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if s := readSummary(t, filepath.Join(dir, "summary.json")); int64(members) != s.Kept+s.Other || s.Kept == 0 {
		t.Errorf("%d members of %d documents and %d other records", members, s.Kept, s.Other)
	}
}

// killedUntilDone runs a command again and again, killed at random moments, until it is done. It
// is given more time each time, so that it ends on a machine that became slower too.
func killedUntilDone(t *testing.T, r *rand.Rand, dir string, within time.Duration, args []string) (kills int) {
	t.Helper()
	for range 200 {
		c := exec.Command("neardup", args...)
		c.Dir = dir
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		end := func() { _ = c.Process.Kill() }
		if r.IntN(3) == 0 {
			end = func() { _ = c.Process.Signal(syscall.SIGTERM) }
		}
		timer := time.AfterFunc(time.Duration(r.Int64N(int64(within)*int64(8+kills)/8+1)), end)
		code := exitCode(t, c.Wait())
		timer.Stop()
		switch code {
		case exitDone:
			return kills
		case -1, exitInterrupted + int(syscall.SIGTERM):
			kills++
		default:
			t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
		}
	}
	t.Fatal("the run does not get ahead")
	return 0
}

// TestKilledRunsResumeInAnyFormat is TestKilledRunResumes for what is compressed, split, copied
// at the end, or a directory.
func TestKilledRunsResumeInAnyFormat(t *testing.T) {
	seed := newSeed(t)
	r := rand.New(rand.NewPCG(seed, 3))
	docs := testkit.NewWriter(seed).Documents(testkit.Scale(3000, 5000, 50000))
	inputs := t.TempDir()
	lines := string(testkit.JSONL(docs))
	for name, content := range map[string][]byte{
		"in.jsonl": []byte(lines), "in.jsonl.gz": gzipped(t, lines), "in.csv.zst": zstandard(t, string(testkit.Table(docs, ','))),
		"in.warc.gz": gzipped(t, testkit.WARC(docs)...), "in.parquet": parquetOf(t, docs, 700),
		"dir/a.jsonl.gz": gzipped(t, string(testkit.JSONL(docs[:len(docs)/3]))), "dir/b/empty.jsonl": nil, "dir/b/in.wet": []byte(strings.Join(testkit.WET(docs[len(docs)/3:]), "")),
		"dir/many.csv": testkit.Table(docs[:9], ','), "dir/many.csv.gz": gzipped(t, string(testkit.Table(docs[len(docs)/2:], ','))), "dir/more.parquet": parquetOf(t, docs[len(docs)/2:], 100),
		"dir/c.txt": []byte(docs[0].Text), "dir/d.txt": []byte("another text"), "dir/in.parquet": parquetOf(t, docs[:len(docs)/2], 100),
	} {
		path := filepath.Join(inputs, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, content)
	}
	cases := [][]string{
		{"in.jsonl.gz", "out.jsonl.gz"},
		{"in.csv.zst", "out.csv", "--split-size", "300KiB"},
		{"in.parquet", "out.parquet"},
		{"dir", "out"},
		{"in.jsonl", "out.jsonl.zst", "--split-size", "1MiB"},
		{"in.warc.gz", "out.warc.gz"},
		{"in.parquet", "out.parquet", "--split-size", "100KiB"},
	}
	n := testkit.Scale(2, 4, len(cases))
	first := r.IntN(len(cases))
	for i := range n {
		c := cases[(first+i)%len(cases)]
		args := append([]string{"clean", filepath.Join(inputs, c[0]), "-o"}, c[1:]...)
		args = append(args, "--removed", "removed.jsonl", "--index", "ix", "-q", "-j", "2")
		reference := t.TempDir()
		start := time.Now()
		if code, stderr := neardup(t, reference, args...); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		whole := time.Since(start)
		want := tree(t, reference)
		kills := 0
		for range testkit.Scale(1, 1, 20) {
			dir := t.TempDir()
			kills += killedUntilDone(t, r, dir, whole, args)
			got := tree(t, dir)
			for name, content := range want {
				if got[name] != content {
					t.Errorf("%v: %s is not what a run that was let be writes: %d bytes, want %d", args, name, len(got[name]), len(content))
				}
				delete(got, name)
			}
			for name := range got {
				t.Errorf("%v: %s is left behind", args, name)
			}
		}
		t.Logf("%v: %d files, %d kills", c, len(want), kills)
	}
}

// tree returns the files of a directory, without those of the index.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case rel == "ix":
			return filepath.SkipDir
		case d.Type().IsRegular():
			files[rel] = readFile(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestBombs reads what is small and becomes large, between two good lines.
func TestBombs(t *testing.T) {
	const first, last = "{\"id\":\"1\",\"text\":\"first\"}\n", "{\"id\":\"3\",\"text\":\"last\"}\n"
	long := testkit.Scale(100, 128, 1024) << 20
	for name, open := range map[string]func(io.Writer) io.WriteCloser{
		"in.jsonl.gz": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"in.jsonl.zst": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithWindowSize(128<<20))
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	} {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		w := open(f)
		block := bytes.Repeat([]byte("a"), 1<<20)
		_, err = io.WriteString(w, first+`{"id":"2","text":"`)
		for range long >> 20 {
			_, e := w.Write(block)
			err = errors.Join(err, e)
		}
		_, e := io.WriteString(w, "\"}\n"+last)
		if err := errors.Join(err, e, w.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		check := func(rejected, kept string, more ...string) {
			t.Helper()
			args := append([]string{"clean", name, "-o", "out.jsonl", "--rejects", "rejects.jsonl", "--summary", "summary.json", "--force", "-q", "--temp-dir", "."}, more...)
			if code, stderr := neardup(t, dir, args...); code != exitRejects {
				t.Fatalf("%s: exit code %d: %s", name, code, stderr)
			}
			if s := readSummary(t, filepath.Join(dir, "summary.json")); s.Rejected != 1 || s.MaxRSSBytes > 512<<20*memoryFactor {
				t.Errorf("%s %v: %+v", name, more, s)
			}
			if got := readFile(t, filepath.Join(dir, "rejects.jsonl")); !strings.Contains(got, rejected) {
				t.Errorf("%s %v: rejects %s", name, more, got)
			}
			if kept != "" && readFile(t, filepath.Join(dir, "out.jsonl")) != kept {
				t.Errorf("%s %v: the neighbours are not kept", name, more)
			}
		}
		check(`"line":2,"offset":26,"reason":"too_long"`, first+last)
		check(`"line":2,"offset":26,"reason":"over_limit"`, first, "--max-decoded-bytes", "1MiB")
		check(`"reason":"too_long"`, "", "--on-bad", "keep")
		if info, err := os.Stat(filepath.Join(dir, "out.jsonl")); err != nil || info.Size() != int64(len(first+last)+long+len(`{"id":"2","text":""}`)+1) {
			t.Errorf("%s: with --on-bad keep the bytes do not pass through: %v", name, err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "neardup-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestManyFiles reads more files than a process may have open.
func TestManyFiles(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	const n = 300
	for i := range n {
		line := fmt.Sprintf("{\"id\":\"%d\",\"text\":\"the text with the number %d\"}\n", i, i)
		if i%2 == 0 {
			writeFile(t, filepath.Join(dir, "in", fmt.Sprint(i, ".jsonl")), []byte(line))
		} else {
			writeFile(t, filepath.Join(dir, "in", fmt.Sprint(i, ".jsonl.gz")), gzipped(t, line))
		}
	}
	c := exec.Command("sh", "-c", "ulimit -n 80 && exec neardup clean in -o out.jsonl -q --summary summary.json")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s := readSummary(t, filepath.Join(dir, "summary.json")); s.Kept != n {
		t.Errorf("%+v", s)
	}
}

// TestData cleans every file below the directory that NEARDUP_DATA names, if any, one by one:
// whatever they hold, every record is accounted for, in bounded memory and time.
func TestData(t *testing.T) {
	data := os.Getenv("NEARDUP_DATA")
	if data == "" {
		t.Skip("NEARDUP_DATA names no directory")
	}
	dir := t.TempDir()
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		start := time.Now()
		code, stderr := neardup(t, dir, "clean", path, "-o", "out"+strings.TrimSuffix(filepath.Ext(path), ".bz2"), "--rejects", "rejects.jsonl", "--summary", "summary.json",
			"--max-bad-rate", "1", "--on-bad", "keep", "--compress", "none", "--force", "-q")
		if code != exitDone && code != exitRejects {
			t.Errorf("%s: exit code %d: %s", path, code, stderr)
			return nil
		}
		s := readSummary(t, filepath.Join(dir, "summary.json"))
		rejects := strings.Count(readFile(t, filepath.Join(dir, "rejects.jsonl")), "\n")
		if int(s.Rejected) != rejects || (s.Rejected > 0) != (code == exitRejects) {
			t.Errorf("%s: exit code %d, %d rejects are listed of %d", path, code, rejects, s.Rejected)
		}
		if s.MaxRSSBytes > 512<<20*memoryFactor || time.Since(start) > time.Minute {
			t.Errorf("%s: %d MiB, %v", path, s.MaxRSSBytes>>20, time.Since(start))
		}
		t.Logf("%s: exit code %d, read %d = kept %d + dropped %d + rejected %d + blank %d, other %d", d.Name(), code, s.Read, s.Kept, s.Dropped, s.Rejected, s.Blank, s.Other)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
