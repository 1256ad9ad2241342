package record

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"neardup/internal/codec"
)

// A tableCase is a table and what is read of it.
type tableCase struct {
	content string
	texts   []string
	rejects []string // line, offset, reason
}

func (c tableCase) check(t *testing.T, name string, opts ReadOptions) {
	t.Helper()
	got := read(t, fromFile(t, name, []byte(c.content)), opts)
	var rejects []string
	for _, r := range got.rejects {
		rejects = append(rejects, fmt.Sprint(r.Line, " ", r.Offset, " ", r.Reason))
	}
	if !slices.Equal(got.texts, c.texts) || !slices.Equal(rejects, c.rejects) {
		t.Errorf("texts %.300q, rejects %.300q, want %.300q, %.300q", got.texts, rejects, c.texts, c.rejects)
	}
}

// TestTabs reads tables with tabs, in which quotation marks are characters or quote fields.
func TestTabs(t *testing.T) {
	for name, c := range map[string]tableCase{
		"plain":                    {"id\ttext\n1\tone\n2\ttwo", []string{"one", "two"}, nil},
		"open mark":                {"id\ttext\n1\t\"one\n2\ttwo\n3\tthree\n", []string{"\"one", "two", "three"}, nil},
		"open mark, closed later":  {"id\ttext\n1\t\"one\n2\ttwo\n3\tthree\"\n4\tfour\n", []string{"\"one", "two", "three\"", "four"}, nil},
		"closed in the next line":  {"id\ttext\n1\t\"one\n2\ttwo\"\n3\tthree\n", []string{"\"one", "two\"", "three"}, nil},
		"in three columns":         {"id\ttext\tn\n1\t\"one\t1\n2\ttwo\"\t2\n", []string{"\"one", "two\""}, nil},
		"inch":                     {"id\ttext\n1\t12\" disk\n2\t\"\n3\t5\"\n", []string{"12\" disk", "\"", "5\""}, nil},
		"text behind a quotation":  {"id\ttext\n1\t\"one\" and\n2\t\"\"two\"\n3\t\"three\"\n", []string{"\"one\" and", "\"\"two\"", "\"three\""}, nil},
		"backslashes":              {"id\ttext\n1\ta\\tb\\nc\\\n2\t\\N\n", []string{"a\\tb\\nc\\", "\\N"}, nil},
		"carriage returns":         {"id\ttext\r\n1\t\"one\r\n2\ttwo\r\n", []string{"\"one", "two"}, nil},
		"line break in a field":    {"id\ttext\n1\t\"one\nmore \"\"of\"\" it\"\n2\ttwo\n3\t\"three\"\n", []string{"one\nmore \"of\" it", "two", "three"}, nil},
		"in the first column":      {"text\tid\n\"one\nmore\"\t1\ntwo\t2\n", []string{"one\nmore", "two"}, nil},
		"in the middle":            {"id\ttext\tn\n1\t\"one\n\nmore\"\t1\n2\ttwo\t2\n", []string{"one\n\nmore", "two"}, nil},
		"tab in a field":           {"id\ttext\n1\t\"one\tmore\"\n2\ttwo\n", []string{"one\tmore", "two"}, nil},
		"quoted, one row too long": {"id\ttext\n1\t\"one\nmore\"\n2\ttwo\t\n3\t\"three\nmore\"\n", []string{"one\nmore", "three\nmore"}, []string{"4 21 wrong_fields"}},
		"quoted, a stray mark":     {"id\ttext\n1\t\"one\nmore\"\n2\t\"two\" more\n3\t\"three\nmore\"\n", []string{"one\nmore", "three\nmore"}, []string{"4 21 bad_quotes"}},
		"header quoted":            {"\"id\"\t\"text\"\n\"1\"\t\"one \"\"more\"\"\"\n2\ttwo\n", []string{"one \"more\"", "two"}, nil},
		"header quoted, open mark": {"\"id\"\t\"text\"\n1\t\"one\n2\ttwo\n3\tthree\"\n", []string{"\"one", "two", "three\""}, nil},
		"header quoted, escapes":   {"\"id\"\t\"text\"\n\"1\"\t\"one \\\"more\\\" of\"\n", []string{"\"one \\\"more\\\" of\""}, nil},
		"one column":               {"text\n\"one\ntwo\"\nthree\n", []string{"\"one", "two\"", "three"}, nil},
		"one column, quoted":       {"\"text\"\n\"one\ntwo\"\nthree\n", []string{"one\ntwo", "three"}, nil},
		"mark in the header":       {"id\ttext\t\"n\n1\tone\t1\n", []string{"one"}, nil},
		"too few and open":         {"id\ttext\n1\t\"one\nmore\n2\ttwo\"\n", []string{"\"one", "two\""}, []string{"3 15 wrong_fields"}},
		"byte order mark":          {"\ufefftext\tid\n\"one\t1\n", []string{"\"one"}, nil},
		"blank lines":              {"text\tid\n\none\t1\n\t\n \n", []string{"one", ""}, nil},
		"only a header":            {"text\tid\n", nil, nil},
		"empty":                    {"", nil, nil},
		"null":                     {"id\ttext\n1\ta\x00b\n", []string{"a\x00b"}, nil},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, "in.tsv", ReadOptions{}) })
	}
}

// TestTabsOfSample tells what is quoted by the same sample, however the table is compressed, and reads on
// as it began.
func TestTabsOfSample(t *testing.T) {
	plain := "id\ttext\n" + strings.Repeat("1\tone of many rows\n", 20000)
	for name, c := range map[string]struct {
		content string
		texts   int
		rejects int
	}{
		"quoted in the sample":     {"id\ttext\n0\t\"one\nmore\"\n" + strings.Repeat("1\tone of many rows\n", 20000) + "2\t\"two\nmore\"\n", 20002, 0},
		"quoted behind the sample": {plain + "2\t\"two\nmore\"\n3\tthree\n", 20002, 1},
		"mark behind the sample":   {plain + "2\t\"two\n3\tthree\n", 20002, 0},
		"a row over the sample":    {"id\ttext\n0\t\"one\nmore\"\n1\t\"" + strings.Repeat("more\n", 100000) + "\"\n", 2, 0},
	} {
		for _, comp := range []codec.Codec{codec.None, codec.Gzip, codec.Zstd} {
			content := []byte(c.content)
			if comp != codec.None {
				content = compress(t, comp, content)
			}
			got := read(t, fromFile(t, "in.tsv", content), ReadOptions{})
			if len(got.texts) != c.texts || len(got.rejects) != c.rejects {
				t.Errorf("%s, %s: %d texts, %d rejects", name, comp, len(got.texts), len(got.rejects))
			}
		}
	}
}

// TestSeparators reads what spreadsheets write under the name of CSV.
func TestSeparators(t *testing.T) {
	for name, c := range map[string]tableCase{
		"semicolons":             {"id;text;n\n1;\"one;\n\"\"more\"\", it is\";1,5\n2;two, too;2\n", []string{"one;\n\"more\", it is", "two, too"}, nil},
		"quoted header":          {"\"id\";\"text\"\r\n\"1\";\"one\"\r\n", []string{"one"}, nil},
		"byte order mark":        {"\ufefftext;id\none;1\n", []string{"one"}, nil},
		"tabs":                   {"id\ttext\n1\t\"one\nmore\"\n\t\n", []string{"one\nmore", ""}, nil},
		"a semicolon in a field": {"id,text\n1;2,one; and more\n", []string{"one; and more"}, nil},
		"in a name":              {"id;x,text\n1;2,one\n", []string{"one"}, nil},
		"no field for the text":  {"id;body\n1;one\n", nil, []string{"2 8 no_text"}},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, "in.csv", ReadOptions{}) })
	}
}

// TestSwallowedRows has a stray mark before more rows than a row may have bytes.
func TestSwallowedRows(t *testing.T) {
	rows := strings.Repeat("1,one\n", 1000)
	for name, c := range map[string]tableCase{
		"in the middle": {"id,text\n1,\"one\n" + rows, slices.Repeat([]string{"one"}, 1000), []string{"2 8 bad_quotes"}},
		"a long row":    {"id,text\n1,\"one\n" + strings.Repeat("more\n", 1000) + "\"\n2,two\n", []string{"two"}, []string{"2 8 too_long"}},
		"one column":    {"text\n\"one\n" + strings.Repeat("more\n", 1000) + "\"\ntwo\n", []string{"two"}, []string{"2 5 too_long"}},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, "in.csv", ReadOptions{MaxBytes: 500}) })
	}
}

// FuzzTabs puts what is read of a table with tabs together again; where marks are characters
// a row is a line.
func FuzzTabs(f *testing.F) {
	for _, s := range []string{"id\ttext\n1\t\"x\n2\ty\"\n", "text\tid\n\"x\ny\"\t1\r\n\n\"\t2", "\ufeff\"text\"\t\"id\"\n\"\"\"\"\t\"\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		sources, err := Find([]string{Stdin}, FindOptions{Format: TSV, Stdin: bytes.NewReader(content), Spool: true, TempDir: t.TempDir()})
		if err != nil {
			return
		}
		defer CloseAll(sources)
		s := sources[0]
		if s.utf16 != nil {
			return
		}
		whole := bytes.Clone(s.Preamble)
		for _, raw := range readAll(t, s, DefaultMaxBytes) {
			if raw.Offset != int64(len(whole)) || s.table.plain && (raw.Reject != nil || bytes.Contains(raw.Bytes, lineFeed)) {
				t.Fatalf("%q: a row at %d, want %d: %q, %v", content, raw.Offset, len(whole), raw.Bytes, raw.Reject)
			}
			whole = withRow(whole, raw, content)
		}
		if !bytes.Equal(whole, content) {
			t.Fatalf("%q became %q", content, whole)
		}
	})
}

// TestHeaderInParts tells a table by its header row, whatever parts a stream comes in.
func TestHeaderInParts(t *testing.T) {
	for content, want := range map[string]Format{"identifier,language,text\n1,en,one\n": CSV, "identifier\tlanguage\ttext": TSV, "identifier;language;text\n": CSV, "identifier and language\n": Text} {
		sources, err := Find([]string{Stdin}, FindOptions{Fields: plainFields, Stdin: iotest.OneByteReader(strings.NewReader(content)), TempDir: t.TempDir()})
		if err != nil || sources[0].Format != want {
			t.Fatalf("%q: %s, %v", content, sources[0].Format, err)
		}
		CloseAll(sources)
	}
}
