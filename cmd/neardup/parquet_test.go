package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	library "github.com/parquet-go/parquet-go"

	"neardup/internal/parquet"
)

// columnOf reads a column of a file.
func columnOf(t *testing.T, path, name string) (values []string) {
	t.Helper()
	content := readFile(t, path)
	f, err := parquet.Open(strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := f.Lookup(name)
	if err != nil || l == nil {
		t.Fatal(name, l, err)
	}
	for g := range f.Groups {
		r := f.Column(g, l)
		for range f.Groups[g].Rows {
			v, _, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, string(v))
		}
	}
	return values
}

// writeRows writes a Parquet file of strings, and of booleans that are all true, in RLE.
func writeRows(t *testing.T, path string, group library.Group, rows int, value func(row int, column string) library.Value) {
	t.Helper()
	var out bytes.Buffer
	schema := library.NewSchema("rows", group)
	w := library.NewWriter(&out, schema)
	for i := range rows {
		var row library.Row
		for n, c := range schema.Columns() {
			row = append(row, value(i, c[0]).Level(0, 0, n))
		}
		if _, err := w.WriteRows([]library.Row{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, out.Bytes())
}

// TestParquetBooleans keeps 16 that are true, in RLE, true, and so when some of them go.
func TestParquetBooleans(t *testing.T) {
	dir := t.TempDir()
	group := library.Group{"text": library.String(), "done": library.Encoded(library.Leaf(library.BooleanType), &library.RLE)}
	for kept, twins := range map[int]bool{16: false, 8: true} {
		writeRows(t, filepath.Join(dir, "in.parquet"), group, 16, func(row int, column string) library.Value {
			if column == "done" {
				return library.BooleanValue(true)
			}
			if twins {
				row /= 2
			}
			return library.ByteArrayValue(fmt.Appendf(nil, "the text with the number %d", row*7919))
		})
		if code, stderr := neardup(t, dir, "clean", "in.parquet", "-o", "out.parquet", "--drop", "exact", "--rejects", "rejects.jsonl", "--force", "-q"); code != exitDone {
			t.Fatalf("exit code %d: %s", code, stderr+readFile(t, filepath.Join(dir, "rejects.jsonl")))
		}
		if got, want := strings.Join(columnOf(t, filepath.Join(dir, "out.parquet"), "done"), ""), strings.Repeat("\x01", kept); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestParquetLZ4 reads and writes LZ4_RAW that hardly compresses, and that does very well.
func TestParquetLZ4(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(newSeed(t), 1))
	for _, length := range []int{9, 300, 30_000} {
		var want []string
		text := library.Compressed(library.Encoded(library.String(), &library.Plain), &library.Lz4Raw)
		writeRows(t, filepath.Join(dir, "in.parquet"), library.Group{"text": text}, 60, func(int, string) library.Value {
			b := make([]byte, length)
			for i := range b {
				b[i] = 'a' + byte(r.IntN(26))
				if length > 1000 && i > 20 {
					b[i] = b[i-20]
				}
			}
			want = append(want, string(b))
			return library.ByteArrayValue(b)
		})
		if code, stderr := neardup(t, dir, "clean", "in.parquet", "-o", "out.parquet", "--drop", "exact", "--rejects", "rejects.jsonl", "--force", "-q"); code != exitDone {
			t.Fatalf("exit code %d: %s", code, stderr+readFile(t, filepath.Join(dir, "rejects.jsonl")))
		}
		if got := columnOf(t, filepath.Join(dir, "out.parquet"), "text"); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("length %d: %d texts are not the %d that were read", length, len(got), len(want))
		}
	}
}

// TestParquetTwoOfOneName refuses two columns of the name that is asked for, and copies them else.
func TestParquetTwoOfOneName(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.parquet")
	writeRows(t, in, library.Group{"text": library.String(), "twin": library.String(), "twix": library.String()}, 3, func(row int, column string) library.Value {
		return library.ByteArrayValue(fmt.Appendf(nil, "%s %d", column, row))
	})
	content := readFile(t, in)
	footer := strings.LastIndex(content, "rows") // the name of the schema
	writeFile(t, in, []byte(content[:footer]+strings.ReplaceAll(content[footer:], "twix", "twin")))
	if code, stderr := neardup(t, dir, "clean", "in.parquet", "-o", "out.parquet", "--rejects", "rejects.jsonl", "--force", "-q"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr+readFile(t, filepath.Join(dir, "rejects.jsonl")))
	}
	if got := columnOf(t, filepath.Join(dir, "out.parquet"), "text"); strings.Join(got, ",") != "text 0,text 1,text 2" {
		t.Errorf("%q", got)
	}
	out := readFile(t, filepath.Join(dir, "out.parquet"))
	if f, err := parquet.Open(strings.NewReader(out), int64(len(out))); err != nil || len(f.Leaves) != 3 || !strings.Contains(out, "twix 2") {
		t.Errorf("%v", err)
	}
	code, stderr := neardup(t, dir, "clean", "in.parquet", "-o", "other.parquet", "--text-field", "twin", "-q")
	if _, err := os.Stat(filepath.Join(dir, "other.parquet")); code != exitFailed || err == nil || !strings.Contains(stderr, `in.parquet: two columns have the name "twin"`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestManyParquetFiles makes one row group of many files.
func TestManyParquetFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		writeRows(t, filepath.Join(dir, "in", fmt.Sprintf("%03d.parquet", i)), library.Group{"text": library.String()}, 1, func(int, string) library.Value {
			return library.ByteArrayValue(fmt.Appendf(nil, "the text with the number %d", i*7919))
		})
	}
	if code, stderr := neardup(t, dir, "clean", "in", "-o", "out.parquet", "-q"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr+readFile(t, filepath.Join(dir, "rejects.jsonl")))
	}
	out := readFile(t, filepath.Join(dir, "out.parquet"))
	f, err := parquet.Open(strings.NewReader(out), int64(len(out)))
	if err != nil || len(f.Groups) != 1 || f.Groups[0].Rows != 50 {
		t.Errorf("%d row groups, %v", len(f.Groups), err)
	}
}
