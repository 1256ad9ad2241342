package record

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"neardup/internal/codec"
	"neardup/internal/testkit"
)

// BenchmarkParser is the parser alone, over lines that are in memory, with the check that they
// are UTF-8, which it leaves to its caller: what there is to reach.
func BenchmarkParser(b *testing.B) {
	lines := strings.SplitAfter(string(testkit.JSONL(testkit.NewWriter(1).Documents(2000))), "\n")
	total := 0
	for _, line := range lines {
		total += len(line)
	}
	b.SetBytes(int64(total))
	var p fastjson.Parser
	for b.Loop() {
		for _, line := range lines[:len(lines)-1] {
			v, err := p.Parse(line)
			if err != nil || !utf8.ValidString(line) {
				b.Fatal(err)
			}
			if len(string(v.GetStringBytes("text"))) == 0 || len(v.GetStringBytes("id")) == 0 {
				b.Fatal("no text")
			}
		}
	}
}

// BenchmarkRead is framing and decoding, on one core, from a file.
func BenchmarkRead(b *testing.B) {
	docs := testkit.NewWriter(1).Documents(2000)
	lines := testkit.JSONL(docs)
	warc := strings.Join(testkit.WARC(docs), "")
	gz, err := codec.NewCompressor(codec.Gzip)
	if err != nil {
		b.Fatal(err)
	}
	zst, err := codec.NewCompressor(codec.Zstd)
	if err != nil {
		b.Fatal(err)
	}
	for _, in := range []struct {
		name    string
		content []byte
		decoded int
	}{
		{"in.jsonl", lines, len(lines)},
		{"in.jsonl.gz", gz.Compress(lines), len(lines)},
		{"in.jsonl.zst", zst.Compress(lines), len(lines)},
		{"in.csv", testkit.Table(docs, ','), len(lines)},
		{"in.wet", []byte(strings.Join(testkit.WET(docs), "")), len(lines)},
		{"in.warc", []byte(warc), len(warc)},
	} {
		b.Run(in.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), in.name)
			if err := os.WriteFile(path, in.content, 0o644); err != nil {
				b.Fatal(err)
			}
			sources, err := Find([]string{path}, FindOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer CloseAll(sources)
			d := NewDecoder(DecodeOptions{Fields: plainFields})
			b.SetBytes(int64(in.decoded))
			for b.Loop() {
				r, err := sources[0].Reader(Position{}, ReadOptions{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					raw, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if _, reject := d.Decode(raw); err != nil || reject != nil {
						b.Fatal(err, reject)
					}
				}
				r.Close()
			}
		})
	}
}
