package record

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"neardup/internal/codec"
	"neardup/internal/testkit"
)

// fromFile returns the source that a file makes.
func fromFile(t *testing.T, name string, content []byte) *Source {
	t.Helper()
	return inDir(t, t.TempDir(), name, content)
}

func inDir(t *testing.T, dir, name string, content []byte) *Source {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	sources, err := Find([]string{path}, FindOptions{Fields: plainFields, TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { CloseAll(sources) })
	return sources[0]
}

// An outcome is what is read of a source.
type outcome struct {
	texts   []string
	rejects []*Reject
	blank   int
	other   int
}

func read(t *testing.T, s *Source, opts ReadOptions) outcome {
	t.Helper()
	opts.Fields = plainFields
	r, err := s.Reader(Position{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var o outcome
	d := NewDecoder(DecodeOptions{Fields: plainFields})
	for n := int64(1); ; n++ {
		raw, err := r.Next()
		if errors.Is(err, io.EOF) {
			return o
		}
		if err != nil {
			t.Fatal(err)
		}
		if raw.Number != n || r.Position().Number != n+raw.More {
			t.Errorf("record %d has the number %d, and the next begins at %+v", n, raw.Number, r.Position())
		}
		n += raw.More
		rec, reject := d.Decode(raw)
		switch {
		case raw.Blank():
			o.blank += 1 + int(raw.More)
		case reject != nil:
			o.rejects = append(o.rejects, reject)
		case raw.Other:
			o.other++
		default:
			o.texts = append(o.texts, rec.Text)
		}
		raw.Release()
	}
}

func compress(t *testing.T, c codec.Codec, content []byte) []byte {
	t.Helper()
	p, err := codec.NewCompressor(c)
	if err != nil {
		t.Fatal(err)
	}
	return p.Compress(content)
}

// TestCutAnywhere cuts a file at every byte: every record before the cut is read, and that
// something is missing is told, unless the cut is at the end of a record.
func TestCutAnywhere(t *testing.T) {
	docs := testkit.NewWriter(7).Documents(3)
	for i := range docs {
		docs[i].Text = docs[i].Text[:40]
		docs[i].Text = strings.ToValidUTF8(docs[i].Text, "")
	}
	lines, wet := testkit.JSONL(docs), strings.Join(testkit.WET(docs), "")
	for name, content := range map[string][]byte{
		"in.jsonl": lines, "in.jsonl.gz": compress(t, codec.Gzip, lines), "in.jsonl.zst": compress(t, codec.Zstd, lines),
		"in.warc": []byte(wet), "in.warc.gz": compress(t, codec.Gzip, []byte(wet)), "in.csv": testkit.Table(docs, ','),
	} {
		t.Run(name, func(t *testing.T) {
			whole := read(t, fromFile(t, name, content), ReadOptions{})
			if len(whole.texts) != len(docs) || len(whole.rejects) > 0 {
				t.Fatalf("of the whole: %d texts, %v", len(whole.texts), whole.rejects)
			}
			c, stem := codec.OfName(name)
			dir := t.TempDir()
			for n := range content {
				got := read(t, inDir(t, dir, name, content[:n]), ReadOptions{})
				if len(got.texts) > len(docs) || !slices.Equal(got.texts, whole.texts[:len(got.texts)]) && stem != "in.csv" {
					t.Fatalf("cut at %d: other texts", n)
				}
				if stem != name {
					if len(got.rejects) != 1 || got.rejects[0].Reason != Truncated {
						t.Errorf("cut at %d: %v", n, got.rejects)
					}
					r := codec.NewReader(bytes.NewReader(content[:n]), c, nil)
					there, _ := io.ReadAll(r)
					r.Close()
					if complete := completeIn(there, stem); len(got.texts) < complete {
						t.Errorf("cut at %d: %d texts of %d that are complete", n, len(got.texts), complete)
					}
					continue
				}
				complete := completeIn(content[:n], stem)
				if len(got.texts) < complete || len(got.texts) == complete && len(got.rejects) == 0 && !endsRecord(content[:n], stem) {
					t.Errorf("cut at %d: %d texts of %d that are complete, rejects %v", n, len(got.texts), complete, got.rejects)
				}
				for _, r := range got.rejects {
					if r.Offset > int64(n) || r.Detail == "" || r.Source == "" {
						t.Errorf("cut at %d: reject %+v", n, r)
					}
				}
			}
		})
	}
}

// completeIn counts the documents that are all there.
func completeIn(content []byte, name string) int {
	switch name {
	case "in.warc":
		return max(0, bytes.Count(content, []byte("\r\n\r\nWARC/"))-bytes.Count(content, []byte("warcinfo")))
	case "in.csv":
		rows, _ := csv.NewReader(bytes.NewReader(content[:bytes.LastIndexByte(content, '\n')+1])).ReadAll()
		return max(0, len(rows)-1)
	}
	return bytes.Count(content, []byte("\n"))
}

// endsRecord reports whether nothing can tell that something is missing.
func endsRecord(content []byte, name string) bool {
	switch name {
	case "in.warc":
		return len(bytes.TrimRight(content, "\r\n")) == 0 || bytes.HasSuffix(content, []byte("\r\n")) || bytes.HasSuffix(content, []byte("\r"))
	case "in.csv":
		row := content[bytes.LastIndexByte(content, '\n')+1:]
		return len(row) == 0 || bytes.Count(content, []byte("\n")) == 0
	}
	return len(content) == 0 || content[len(content)-1] == '\n'
}

// TestTruncatedParquet has one reject for a file without a footer.
func TestTruncatedParquet(t *testing.T) {
	content := parquetTexts(t, "one", "two", "three")
	whole := read(t, fromFile(t, "in.parquet", content), ReadOptions{})
	if !slices.Equal(whole.texts, []string{"one", "two", "three"}) || len(whole.rejects) > 0 {
		t.Fatalf("the whole: %+v", whole)
	}
	dir := t.TempDir()
	for n := range content {
		got := read(t, inDir(t, dir, "in.parquet", content[:n]), ReadOptions{})
		if len(got.texts) != 0 || len(got.rejects) != 1 || got.rejects[0].Reason != Truncated {
			t.Errorf("cut at %d: %+v", n, got)
		}
	}
}

// TestDamagedParquet flips bits: every row is a text or a reject, and nothing panics. Damage
// inside of a text is not seen, since pages need not have checksums.
func TestDamagedParquet(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	texts := strings.Split(strings.Repeat("a text, and again a text;", 200), ";")
	content := parquetTexts(t, texts...)
	damaged := 0
	dir := t.TempDir()
	for range testkit.Scale(200, 2000, 20000) {
		b := bytes.Clone(content)
		b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		got := read(t, inDir(t, dir, "in.parquet", b), ReadOptions{})
		if len(got.rejects) > 0 {
			damaged++
		}
	}
	t.Logf("%d were seen", damaged)
}

// TestDamagedParquetIsCopied flips bits of pages, also in columns that nobody asks for, and of the
// footer: the rows that are no rejects can be copied, and no page takes more than its size.
func TestDamagedParquetIsCopied(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	type row struct {
		Text string   `parquet:"text"`
		Tags []string `parquet:"tags,list"`
		N    int64    `parquet:"n,delta"`
		Day  string   `parquet:"day,dict,zstd"`
		Note string   `parquet:"note,lz4"`
		Kind string   `parquet:"kind,dict,snappy"`
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out, parquet.MaxRowsPerRowGroup(60), parquet.PageBufferSize(300))
	for i := range int64(150) {
		if _, err := w.Write([]row{{fmt.Sprintf("text %d", i), []string{"a", "b"}[:i%3%2+i%2], i * i, fmt.Sprint(i % 7), "a note, and a note", "kind"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	footer := out.Bytes()[out.Len()-8:]
	pages := out.Len() - 8 - int(footer[0]) - int(footer[1])<<8
	for range testkit.Scale(100, 800, 20000) {
		b := bytes.Clone(out.Bytes())
		at := random.IntN(pages)
		if random.IntN(2) == 0 {
			at = pages + random.IntN(len(b)-pages)
		}
		b[at] ^= 1 << random.IntN(8)
		s := inDir(t, dir, "in.parquet", b)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := s.Reader(Position{}, ReadOptions{Fields: plainFields, CopyLong: true})
		if err != nil {
			t.Fatal(err)
		}
		var numbers []int64
		for raw := range rest(t, r) {
			if raw.Reject == nil {
				numbers = append(numbers, raw.Number)
			}
		}
		if len(numbers) == 0 {
			continue
		}
		r.Close()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
			t.Errorf("byte %d of %d: %d bytes were taken", at, len(b), took)
		}
		var copied bytes.Buffer
		p, err := NewParquetWriter([]*Source{s}, 0, func() (io.Writer, error) { return &copied, nil })
		if err != nil {
			t.Fatal(err)
		}
		kept := len(numbers)
		numbers = append(numbers, 0)
		next := func() (n int64, err error) { n, numbers = numbers[0], numbers[1:]; return n, nil }
		if err := errors.Join(p.Copy(s, next), p.Close()); err != nil {
			t.Errorf("byte %d of %d: %d rows of 150 are no rejects: %v", at, len(b), kept, err)
		}
	}
}

// rest yields what is left of a reader, and closes it.
func rest(t *testing.T, r *Reader) iter.Seq[*Raw] {
	return func(yield func(*Raw) bool) {
		defer r.Close()
		for {
			raw, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !yield(raw) {
				return
			}
		}
	}
}

// TestLimitBelowHeader has records of archives whose header alone is over the limit.
func TestLimitBelowHeader(t *testing.T) {
	docs := testkit.NewWriter(1).Documents(3)
	content := strings.Join(testkit.WARC(docs), "")
	for limit := int64(1); limit < 400; limit++ {
		got := read(t, fromFile(t, "in.warc", []byte(content)), ReadOptions{MaxBytes: limit})
		if len(got.rejects) != len(docs) || got.rejects[0].Reason != TooLong || got.other != 1+len(docs) {
			t.Fatalf("limit %d: %+v", limit, got)
		}
	}
}

type textRow struct {
	ID   *int64  `parquet:"id"`
	Text *string `parquet:"text,zstd"`
	URL  string  `parquet:"url"`
}

func parquetTexts(t *testing.T, texts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[textRow](&out, parquet.MaxRowsPerRowGroup(100))
	for i, text := range texts {
		id := int64(i)
		row := textRow{ID: &id, Text: &text}
		if text == "null" {
			row = textRow{}
		}
		if _, err := w.Write([]textRow{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestParquetRows(t *testing.T) {
	s := fromFile(t, "in.parquet", parquetTexts(t, "one", "null", "bad \xff", "", "a long text"))
	got := read(t, s, ReadOptions{MaxBytes: 9})
	if !slices.Equal(got.texts, []string{"one", ""}) {
		t.Errorf("texts %q", got.texts)
	}
	var reasons []string
	for _, r := range got.rejects {
		reasons = append(reasons, fmt.Sprint(r.Line, " ", r.Reason))
	}
	if want := []string{"2 no_text", "3 invalid_utf8", "5 too_long"}; !slices.Equal(reasons, want) {
		t.Errorf("rejects %q, want %q", reasons, want)
	}
}

func TestTables(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		texts   []string
		rejects []string // line, offset, reason
	}{
		"plain":              {"id,text\n1,one\n2,two", []string{"one", "two"}, nil},
		"quoted":             {"text,id\n\"a \"\"b\"\"\r\nc, d\",1\r\n\"\",2\r\n", []string{"a \"b\"\r\nc, d", ""}, nil},
		"byte order mark":    {"\ufeff\"text\",id\nx,1\n", []string{"x"}, nil},
		"blank lines":        {"text,id\n\nx,1\n \n", []string{"x"}, nil},
		"marks inside":       {"text,id\na \"b\" c,1\n", []string{"a \"b\" c"}, nil},
		"too few":            {"text,id\nx\ny,2\n", []string{"y"}, []string{"2 8 wrong_fields"}},
		"too many":           {"text,id\nx,1,\ny,2\n", []string{"y"}, []string{"2 8 wrong_fields"}},
		"stray mark":         {"text,id\n\"x,1\ny,2\nz,3\n", []string{"y", "z"}, []string{"2 8 bad_quotes"}},
		"text behind a mark": {"text,id\n\"x\"y,1\nz,3\n", []string{"z"}, []string{"2 8 bad_quotes"}},
		"two stray marks":    {"text,id\n\"x,1\n\"y,2\nz,3\n", []string{"z"}, []string{"2 8 bad_quotes", "3 13 bad_quotes"}},
		"not UTF-8":          {"text,id\nfine,1\nb\xff,2\nüü,3\n", []string{"fine", "üü"}, []string{"3 16 invalid_utf8"}},
		"no text column":     {"body,id\nx,1\n", nil, []string{"2 8 no_text"}},
		"only a header":      {"text,id\n", nil, nil},
		"empty":              {"", nil, nil},
		"cut in a quote":     {"text,id\nx,1\n\"y", []string{"x"}, []string{"3 12 bad_quotes"}},
	} {
		got := read(t, fromFile(t, "in.csv", []byte(c.content)), ReadOptions{})
		var rejects []string
		for _, r := range got.rejects {
			rejects = append(rejects, fmt.Sprint(r.Line, " ", r.Offset, " ", r.Reason))
		}
		if !slices.Equal(got.texts, c.texts) || !slices.Equal(rejects, c.rejects) {
			t.Errorf("%s: texts %q, rejects %q, want %q, %q", name, got.texts, rejects, c.texts, c.rejects)
		}
	}
}

// FuzzTable holds what is read of a table against its bytes: put together again they are the
// same, and where the standard reader has no complaint the fields are the same.
func FuzzTable(f *testing.F) {
	for _, s := range []string{"text,id\n1,2\n", "text\n\"a\"\"b\nc\"\nx", "text,id\n\"x,1\ny,2\n\n\"\"\"\",3\r\n", "\ufefftext\r\n\"\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		sources, err := Find([]string{Stdin}, FindOptions{Format: CSV, Stdin: bytes.NewReader(content), Spool: true, TempDir: t.TempDir()})
		if err != nil {
			return
		}
		defer CloseAll(sources)
		s := sources[0]
		if s.utf16 != nil {
			return
		}
		at := int64(len(s.Preamble))
		whole := bytes.Clone(s.Preamble)
		var rows [][]string
		clean := true
		for _, raw := range readAll(t, s, DefaultMaxBytes) {
			if raw.Offset != at || raw.Length != int64(len(raw.Bytes)) {
				t.Fatalf("a row at %d, want %d", raw.Offset, at)
			}
			whole = withRow(whole, raw, content)
			at = int64(len(whole))
			fields, ok := splitRow(raw.Bytes, ',')
			clean = clean && ok && raw.Reject == nil
			if len(raw.Bytes) > 0 {
				rows = append(rows, fields)
			}
		}
		if !bytes.Equal(whole, content) {
			t.Fatalf("%q became %q", content, whole)
		}
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, s.Preamble)))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil || !clean || bytes.ContainsRune(content, '\r') {
			return
		}
		if len(want) != len(rows) || len(want) > 0 && !slices.EqualFunc(rows, want, slices.Equal[[]string]) {
			t.Fatalf("%q: rows %q, want %q", content, rows, want)
		}
	})
}

// withRow appends a row, and the empty lines that were read with it.
func withRow(whole []byte, raw *Raw, content []byte) []byte {
	whole = append(append(whole, raw.Bytes...), raw.End...)
	for range raw.More {
		end, _ := lineEnd(content[len(whole):])
		whole = append(whole, content[len(whole):len(whole)+end]...)
	}
	return whole
}

// TestReadersGoOn begins a reader wherever another stood, and has it read the same.
func TestReadersGoOn(t *testing.T) {
	docs := testkit.NewWriter(3).Documents(9)
	lines, table := testkit.JSONL(docs), testkit.Table(docs, ',')
	stray := bytes.Replace(table, []byte("\n"), []byte("\n\"stray,1\n\n"), 1)
	warc := []byte(strings.Join(testkit.WARC(docs), ""))
	texts := make([]string, 250)
	for i := range texts {
		texts[i] = fmt.Sprint("text ", i)
	}
	for name, content := range map[string][]byte{
		"in.jsonl": lines, "in.jsonl.gz": compress(t, codec.Gzip, lines), "in.csv": stray, "in.csv.zst": compress(t, codec.Zstd, stray),
		"in.warc": bytes.Replace(warc, []byte("Content-Length: "), []byte("Content-Length: 9"), 3), "in.warc.gz": compress(t, codec.Gzip, warc)[:3000],
		"u16.jsonl": inUTF16("\ufeff"+string(lines), utf16Order([]byte("\xfe\xff"))), "in.parquet": parquetTexts(t, texts...),
		"cut.parquet": parquetTexts(t, texts...)[:1000],
	} {
		s := fromFile(t, name, content)
		type step struct {
			at  Position
			raw *Raw
		}
		var steps []step
		opts := ReadOptions{Fields: plainFields, MaxBytes: 6000}
		r, err := s.Reader(Position{}, opts)
		if err != nil {
			t.Fatal(err)
		}
		for {
			at := r.Position()
			raw, err := r.Next()
			if errors.Is(err, io.EOF) {
				steps = append(steps, step{at, nil})
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			steps = append(steps, step{at, raw})
		}
		r.Close()
		d := NewDecoder(DecodeOptions{Fields: plainFields})
		for i, want := range steps {
			r, err := s.Reader(want.at, opts)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := r.Next()
			r.Close()
			switch {
			case want.raw == nil:
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: behind the last record: %+v, %v", name, raw, err)
				}
			case err != nil:
				t.Errorf("%s: record %d: %v", name, i+1, err)
			default:
				was, wasReject := d.Decode(want.raw)
				is, isReject := d.Decode(raw)
				if !bytes.Equal(raw.Bytes, want.raw.Bytes) || raw.Number != want.raw.Number || raw.Line != want.raw.Line || raw.Offset != want.raw.Offset ||
					was != is || fmt.Sprint(wasReject) != fmt.Sprint(isReject) {
					t.Errorf("%s: record %d: %+v, %v, want %+v, %v", name, i+1, raw, isReject, want.raw, wasReject)
				}
			}
		}
		if len(steps) < 9 && name != "in.warc.gz" && name != "cut.parquet" {
			t.Errorf("%s: %d records", name, len(steps)-1)
		}
	}
}

// listed is a group that is said to be a list.
type listed struct{ parquet.Group }

func (listed) Type() parquet.Type { return parquet.List(parquet.String()).Type() }

// TestOldParquet copies lists of two levels.
func TestOldParquet(t *testing.T) {
	schema := parquet.NewSchema("old", parquet.Group{"text": parquet.Optional(parquet.Encoded(parquet.String(), &parquet.Plain)), "tags": listed{parquet.Group{"element": parquet.Repeated(parquet.String())}}})
	var out bytes.Buffer
	w := parquet.NewWriter(&out, schema)
	row := parquet.Row{parquet.ValueOf("tag").Level(0, 1, 0), parquet.ValueOf("again").Level(1, 1, 0), parquet.ValueOf("a text").Level(0, 1, 1)}
	if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s := fromFile(t, "in.parquet", out.Bytes())
	if got := read(t, s, ReadOptions{CopyLong: true}); !slices.Equal(got.texts, []string{"a text"}) {
		t.Fatalf("%+v", got)
	}
	var copied bytes.Buffer
	p, err := NewParquetWriter([]*Source{s}, 0, func() (io.Writer, error) { return &copied, nil })
	if err != nil {
		t.Fatal(err)
	}
	numbers := []int64{1, 0}
	next := func() (n int64, err error) { n, numbers = numbers[0], numbers[1:]; return n, nil }
	if err := errors.Join(p.Copy(s, next), p.Close()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, fromFile(t, "out.parquet", copied.Bytes()), ReadOptions{CopyLong: true}); !slices.Equal(got.texts, []string{"a text"}) {
		t.Errorf("%+v", got)
	}
}
