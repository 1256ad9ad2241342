package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"neardup/internal/testkit"
)

// fromStdin returns the source that content makes on standard input.
func fromStdin(t *testing.T, content string, f Format) *Source {
	t.Helper()
	sources, err := Find([]string{Stdin}, FindOptions{Format: f, Stdin: strings.NewReader(content), Spool: true, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { CloseAll(sources) })
	return sources[0]
}

func readAll(t *testing.T, s *Source, maxBytes int64) []*Raw {
	t.Helper()
	r, err := s.Reader(Position{}, ReadOptions{MaxBytes: maxBytes})
	if err != nil {
		t.Fatal(err)
	}
	var raws []*Raw
	for {
		raw, err := r.Next()
		if errors.Is(err, io.EOF) {
			return raws
		}
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, raw)
	}
}

var plainFields = Fields{Text: []string{"text"}, ID: "id", URL: "url", Date: "date"}

func TestLines(t *testing.T) {
	const content = "\ufeffone\r\n\n  \ntoo long, too long\nlast"
	raws := readAll(t, fromStdin(t, content, Lines), 6)
	want := []struct {
		offset, length int64
		text, end      string
		blank, reject  bool
	}{
		{3, 3, "one", "\r\n", false, false},
		{8, 0, "", "\n", true, false},
		{9, 2, "  ", "\n", true, false},
		{12, 18, "", "\n", false, true},
		{31, 4, "last", "", false, false},
	}
	if len(raws) != len(want) {
		t.Fatalf("%d records, want %d", len(raws), len(want))
	}
	for i, w := range want {
		r := raws[i]
		if r.Offset != w.offset || r.Length != w.length || string(r.Bytes) != w.text || string(r.End) != w.end ||
			r.Blank() != w.blank || (r.Reject != nil) != w.reject || r.Number != int64(i+1) {
			t.Errorf("record %d is %+v, want %+v", i+1, r, w)
		}
		if !w.reject && content[r.Offset:r.Offset+r.Length] != string(r.Bytes) {
			t.Errorf("record %d is not where it says", i+1)
		}
	}
}

// TestEmptyLines counts what is read at once like what is read line by line.
func TestEmptyLines(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for _, format := range []Format{Lines, JSONL, CSV} {
		for range testkit.Scale(2, 10, 50) {
			var content strings.Builder
			if format == CSV {
				content.WriteString("text\n")
			}
			for content.Len() < 3*inputBytes {
				switch random.IntN(4) {
				case 0:
					content.WriteString(strings.Repeat("\n", random.IntN(inputBytes)))
				case 1:
					content.WriteString(strings.Repeat("\r\n", random.IntN(5000)))
				case 2:
					content.WriteString(strings.Repeat(" \r\n\n", random.IntN(50)))
				case 3:
					content.WriteString("\"text\"\r\n\r")
				}
			}
			all := content.String()
			number := int64(0)
			for _, raw := range readAll(t, fromStdin(t, all, format), 0) {
				if number++; raw.Number != number {
					t.Fatalf("%s: record %d has the number %d", format, number, raw.Number)
				}
				number += raw.More
				before := all[:raw.Offset]
				if format != CSV && random.IntN(50) == 0 && raw.Line != int64(strings.Count(before, "\n"))+1 {
					t.Fatalf("%s: the record at %d is said to be on line %d", format, raw.Offset, raw.Line)
				}
				if !strings.HasPrefix(all[raw.Offset:], string(raw.Bytes)+string(raw.End)) {
					t.Fatalf("%s: the record at %d is not there", format, raw.Offset)
				}
			}
			want := int64(strings.Count(strings.TrimSuffix(all, "\n")+"\n", "\n"))
			if format == CSV {
				want--
			}
			if number != want {
				t.Fatalf("%s: %d records, want %d", format, number, want)
			}
		}
	}
}

// TestFramingKeepsEveryByte puts the records together again, for lines of every length
// around the limit and the size of the buffer.
func TestFramingKeepsEveryByte(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", ""} {
		for _, n := range []int{0, 1, 9, 10, 11, 12, 13, 1 << 20, 1<<20 + 1, 3 << 20} {
			content := "first\n" + strings.Repeat("x", n) + end
			if end != "" {
				content += "next"
			}
			for _, limit := range []int64{10, 4 << 20} {
				s := fromStdin(t, content, Lines)
				at := int64(0)
				for _, r := range readAll(t, s, limit) {
					if r.Offset != at {
						t.Fatalf("n=%d end=%q: a record begins at %d, want %d", n, end, r.Offset, at)
					}
					if (r.Reject != nil) != (r.Length > limit) {
						t.Errorf("n=%d end=%q: length %d, limit %d, reject %v", n, end, r.Length, limit, r.Reject)
					}
					b := make([]byte, r.Length)
					if _, err := s.ReadAt(b, r.Offset); err != nil && !errors.Is(err, io.EOF) {
						t.Fatal(err)
					}
					if string(b) != content[at:at+r.Length] || r.Reject == nil && !bytes.Equal(b, r.Bytes) {
						t.Errorf("n=%d end=%q: record at %d has other bytes", n, end, at)
					}
					at += r.Length + int64(len(r.End))
				}
				if at != int64(len(content)) {
					t.Errorf("n=%d end=%q: records end at %d of %d", n, end, at, len(content))
				}
			}
		}
	}
}

func TestReaderGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(path, []byte("{}\n\n{\"a\":1}\nx"), 0o644); err != nil {
		t.Fatal(err)
	}
	sources, err := Find([]string{path}, FindOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer CloseAll(sources)
	all := readAll(t, sources[0], 100)
	for i := range all {
		r, err := sources[0].Reader(Position{}, ReadOptions{MaxBytes: 100})
		if err != nil {
			t.Fatal(err)
		}
		for range i {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		again, err := sources[0].Reader(r.Position(), ReadOptions{MaxBytes: 100})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := again.Next()
		if err != nil || raw.Offset != all[i].Offset || raw.Number != all[i].Number || !bytes.Equal(raw.Bytes, all[i].Bytes) {
			t.Errorf("after %d records: %+v, %v, want %+v", i, raw, err, all[i])
		}
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, line string
		fields     Fields
		want       Record
		reason     Reason
		offset     int64
	}{
		{name: "plain", line: `{"id":"a","text":"hello"}`, want: Record{ID: "a", OwnID: true, Text: "hello"}},
		{name: "no id", line: `{"text":"hello"}`, want: Record{ID: "-:1", Text: "hello"}},
		{name: "null id", line: `{"id":null,"text":"hello"}`, want: Record{ID: "-:1", Text: "hello"}},
		{name: "number id", line: `{"id":12e3,"text":"x"}`, want: Record{ID: "12e3", OwnID: true, Text: "x"}},
		{name: "escapes", line: `{"text":"a\n\"\\\/\u4e2d\ud83d\ude00\ud800x\udc00"}`, want: Record{ID: "-:1", Text: "a\n\"\\/中😀\ufffdx\ufffd"}},
		{name: "escaped key", line: `{"te\u0078t":"x"}`, want: Record{ID: "-:1", Text: "x"}},
		{name: "empty", line: `{"text":""}`, want: Record{ID: "-:1"}},
		{name: "spaces", line: " { \"x\" : [ 1 , {\"text\":\"no\"} ] ,\t\"text\" : \"yes\" } ", want: Record{ID: "-:1", Text: "yes"}},
		{name: "nested", line: `{"meta":{"id":"n"},"doc":{"body":"inner"}}`, fields: Fields{Text: []string{"doc.body"}, ID: "meta.id"}, want: Record{ID: "n", OwnID: true, Text: "inner"}},
		{name: "several", line: `{"body":"b","title":"t"}`, fields: Fields{Text: []string{"title", "lead", "body"}}, want: Record{ID: "-:1", Text: "t\n\nb"}},
		{name: "null beside text", line: `{"title":null,"body":"b"}`, fields: Fields{Text: []string{"title", "body"}}, want: Record{ID: "-:1", Text: "b"}},
		{name: "u2028", line: "{\"text\":\"a\u2028b\"}", want: Record{ID: "-:1", Text: "a\u2028b"}},
		{name: "big numbers", line: `{"text":"x","n":1e999999,"m":123456789012345678901234567890}`, want: Record{ID: "-:1", Text: "x"}},
		{name: "not JSON", line: `{"text":"x"`, reason: NotJSON, offset: 10},
		{name: "two values", line: `{"text":"x"}{"text":"y"}`, reason: NotJSON, offset: 12},
		{name: "control character", line: "{\"text\":\"a\tb\"}", reason: NotJSON, offset: 10},
		{name: "control character before an escape", line: "{\"text\":\"a\x01b\\n\"}", reason: NotJSON, offset: 10},
		{name: "single quotes", line: `{'text':'x'}`, reason: NotJSON, offset: 1},
		{name: "trailing comma", line: `{"text":"x",}`, reason: NotJSON, offset: 12},
		{name: "NaN", line: `{"text":"x","n":NaN}`, reason: NotJSON, offset: 16},
		{name: "comment", line: `# no`, reason: NotJSON},
		{name: "array", line: `[1]`, reason: NotObject},
		{name: "string", line: ` "x"`, reason: NotObject, offset: 1},
		{name: "no text", line: `{"TEXT":"x"}`, reason: NoText},
		{name: "null text", line: `{"text":null}`, reason: NoText},
		{name: "number text", line: `{"text":5}`, reason: TextNotString, offset: 8},
		{name: "list text", line: `{"text":["x"]}`, reason: TextNotString, offset: 8},
		{name: "object text", line: `{"text":{"text":"x"}}`, reason: TextNotString, offset: 8},
		{name: "twice", line: `{"text":"x","text":"y"}`, reason: DuplicateKey, offset: 19},
		{name: "not UTF-8", line: "{\"text\":\"x\xff\"}", reason: InvalidUTF8, offset: 10},
		{name: "overlong", line: "{\"text\":\"\xc0\xaf\"}", reason: InvalidUTF8, offset: 9},
		{name: "surrogate", line: "{\"text\":\"\xed\xa0\x80\"}", reason: InvalidUTF8, offset: 9},
		{name: "deep", line: `{"text":"x","n":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}", reason: TooDeep},
		{name: "many but not deep", line: `{"text":"[[[","n":[` + strings.Repeat("[],", 20000) + "[]]}", want: Record{ID: "-:1", Text: "[[["}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields := tt.fields
			if fields.Text == nil {
				fields = plainFields
			}
			raws := readAll(t, fromStdin(t, tt.line, JSONL), DefaultMaxBytes)
			got, reject := NewDecoder(DecodeOptions{Fields: fields}).Decode(raws[0])
			if tt.reason == "" {
				if reject != nil || got != tt.want {
					t.Errorf("got %+v, %v\nwant %+v", got, reject, tt.want)
				}
				return
			}
			if reject == nil || reject.Reason != tt.reason || reject.Offset != tt.offset || reject.Detail == "" {
				t.Errorf("got %+v, %v\nwant a reject: %s at %d", got, reject, tt.reason, tt.offset)
			}
		})
	}
}

func TestMissingTextNamesTheFields(t *testing.T) {
	raws := readAll(t, fromStdin(t, `{"id":"1","body":"x"}`, JSONL), 100)
	_, reject := NewDecoder(DecodeOptions{Fields: plainFields}).Decode(raws[0])
	if reject == nil || !strings.Contains(reject.Detail, `"body"`) || !strings.Contains(reject.Detail, `"text"`) {
		t.Errorf("reject %v does not name the fields", reject)
	}
}

func TestText(t *testing.T) {
	content := "\ufeffa\nb\n"
	raws := readAll(t, fromStdin(t, content, Text), 100)
	if len(raws) != 1 {
		t.Fatalf("%d records", len(raws))
	}
	rec, reject := NewDecoder(DecodeOptions{Fields: Fields{}}).Decode(raws[0])
	if reject != nil || rec.Text != content || rec.ID != Stdin || rec.OwnID {
		t.Errorf("got %+v, %v", rec, reject)
	}
	raws = readAll(t, fromStdin(t, "one\ntw\xff", Text), 100)
	if _, reject := NewDecoder(DecodeOptions{Fields: Fields{}}).Decode(raws[0]); reject == nil || reject.Line != 2 || reject.Offset != 6 {
		t.Errorf("reject %+v, want line 2, byte 6", reject)
	}
	raws = readAll(t, fromStdin(t, strings.Repeat("x", 101), Text), 100)
	if len(raws) != 1 || raws[0].Reject == nil || raws[0].Length != 101 {
		t.Errorf("a text over the limit: %+v", raws[0])
	}
	if raws := readAll(t, fromStdin(t, "", Text), 100); len(raws) != 1 || raws[0].Blank() {
		t.Errorf("an empty text is %d records", len(raws))
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"b.jsonl": "{}", "a/z.txt": "x", "a/b.md": "x", "unknown": ` {"text":"x"}`, "plain": "just text", "binary": "a\xff",
		".hidden": "x", ".git/config": "x",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	sources, err := Find([]string{dir}, FindOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer CloseAll(sources)
	var got []string
	for _, s := range sources {
		rel, _ := filepath.Rel(dir, s.Name)
		got = append(got, rel+" "+string(s.Format))
	}
	want := []string{"a/b.md text", "a/z.txt text", "b.jsonl jsonl", "binary text", "plain text", "unknown jsonl"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	linked, err := Find([]string{link}, FindOptions{})
	if err != nil || len(linked) != len(sources) {
		t.Errorf("through a link: %d sources, %v", len(linked), err)
	}
	CloseAll(linked)
	if _, err := Find([]string{t.TempDir()}, FindOptions{}); err == nil {
		t.Error("an empty directory is accepted")
	}
	if _, err := Find([]string{filepath.Join(dir, "none")}, FindOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing input: %v", err)
	}
}

// FuzzDecode holds the decoder to encoding/json: it accepts the same lines, but for the
// rules of its own, and reads the same text.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		`{"text":"a"}`, `{"text":"\ud83d\ude00\ud800"}`, `{"id":1,"text":"x","o":{"text":[1,2,{"a":null}]}}`, "{\"text\":\"a\x01\\n\"}",
		`{"text":"x","text":"y"}`, `[]`, `{"text":5}`, `{"a":"\\","text":"\\\""}`, `{"":{"text":""},"text":"z"}`, " {} ", "nul", `{"a":-0.5e+9}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		raw := &Raw{Source: &Source{Name: "s", Format: JSONL}, Number: 1, Line: 1, Bytes: line}
		if raw.Blank() {
			return
		}
		rec, reject := NewDecoder(DecodeOptions{Fields: Fields{Text: []string{"text"}}}).Decode(raw)
		if reject != nil && (reject.Offset < 0 || reject.Offset > int64(len(line))) {
			t.Fatalf("%q is rejected at %d", line, reject.Offset)
		}
		if !utf8.Valid(line) {
			if reject == nil || reject.Reason != InvalidUTF8 {
				t.Fatalf("%q is not UTF-8: %v", line, reject)
			}
			return
		}
		var object map[string]json.RawMessage
		err := json.Unmarshal(line, &object)
		if valid := json.Valid(line); valid != (reject == nil || reject.Reason != NotJSON && reject.Reason != TooDeep) {
			t.Fatalf("%q: valid %v, rejected as %v", line, valid, reject)
		}
		if err != nil || reject != nil {
			return
		}
		var text string
		if err := json.Unmarshal(object["text"], &text); err != nil || text != rec.Text {
			t.Fatalf("%q: read as %q, want %q, %v", line, rec.Text, text, err)
		}
	})
}

func ExampleDecoder_Decode() {
	sources, err := Find([]string{Stdin}, FindOptions{Stdin: strings.NewReader("{\"id\":\"a\",\"text\":\"你好\"}\n{\"id\":\"b\"}\n")})
	if err != nil {
		panic(err)
	}
	defer CloseAll(sources)
	r, err := sources[0].Reader(Position{}, ReadOptions{MaxBytes: DefaultMaxBytes})
	if err != nil {
		panic(err)
	}
	d := NewDecoder(DecodeOptions{Fields: Fields{Text: []string{"text"}, ID: "id"}})
	for {
		raw, err := r.Next()
		if err != nil {
			break
		}
		rec, reject := d.Decode(raw)
		fmt.Println(rec.ID, rec.Text, reject)
	}
	// Output:
	// a 你好 <nil>
	//   -:2: byte 27: no_text: no text in "text"; the fields are ["id"]
}
