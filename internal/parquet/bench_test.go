package parquet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	library "github.com/parquet-go/parquet-go"
)

// BenchmarkCopy copies a file of texts with and without some rows, and verifies what was written.
func BenchmarkCopy(b *testing.B) {
	type row struct {
		ID   int64    `parquet:"id,delta"`
		Text string   `parquet:"text,zstd"`
		Site string   `parquet:"site,dict,snappy"`
		Tags []string `parquet:"tags,list,dict"`
	}
	r := rand.New(rand.NewPCG(1, 1))
	var content bytes.Buffer
	w := library.NewGenericWriter[row](&content, library.DataPageVersion(1))
	for i := range int64(30_000) {
		text := ""
		for range 30 {
			text += fmt.Sprintf("%x ", r.Uint32N(5000)*77777)
		}
		if _, err := w.Write([]row{{i * i, text, fmt.Sprint("site ", i%50), []string{"a", "b", "c"}[:i%4]}}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	f := open(b, content.Bytes())
	b.Run("check", func(b *testing.B) {
		b.SetBytes(int64(content.Len()))
		for b.Loop() {
			if _, err := f.Check(0); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, keep := range map[string]func(int64) bool{"all": func(int64) bool { return true }, "most": func(i int64) bool { return i%10 != 3 }} {
		rows := &Rows{}
		for i := range f.Groups[0].Rows {
			if keep(i) {
				rows.Add(i)
			}
		}
		write := func(out io.Writer) *Writer {
			w, err := NewWriter(out, f)
			if err == nil {
				err = w.Append(f, 0, rows)
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				b.Fatal(err)
			}
			return w
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(content.Len()))
			for b.Loop() {
				write(io.Discard)
			}
		})
		b.Run(name+"/verify", func(b *testing.B) {
			var out bytes.Buffer
			w := write(&out)
			b.SetBytes(int64(out.Len()))
			for b.Loop() {
				if err := w.Verify(bytes.NewReader(out.Bytes())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
