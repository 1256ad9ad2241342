package dedup

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"neardup/internal/record"
	"neardup/internal/testkit"
	"neardup/shingle"
	"neardup/store"
)

// TestKeepLongest holds the output against a walk of our own: the documents in the order of their
// lengths, each added to an index, and those that are no duplicates written in input order.
func TestKeepLongest(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	input := testkit.NewWriter(seed).Corpus(testkit.Scale(300, 1500, 5000))
	path := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(path, input, 0o644); err != nil {
		t.Fatal(err)
	}

	type doc struct {
		line []byte
		text string
		size int
		kept bool
	}
	var docs []*doc
	for line := range bytes.Lines(input) {
		var r struct{ Text *string }
		if err := json.Unmarshal(line, &r); err == nil && r.Text != nil {
			docs = append(docs, &doc{line: line, text: *r.Text, size: len([]rune(shingle.Normalize(*r.Text)))})
		}
	}
	order := slices.Clone(docs)
	slices.SortStableFunc(order, func(a, b *doc) int { return cmp.Compare(b.size, a.size) })
	d := newDeduper(t, nil)
	texts := make(textList, len(order))
	d.texts = texts
	for i, x := range order {
		texts[i] = x.text
		v := add(t, d, Document{Text: x.text, MadeID: true, location: store.Location{Run: 1, Offset: int64(i)}})
		x.kept = !v.Duplicate()
	}
	var want bytes.Buffer
	for _, x := range docs {
		if x.kept {
			want.Write(x.line)
		}
	}

	for _, threads := range []int{1, 3} {
		sources, err := record.Find([]string{path}, record.FindOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		s, err := Clean(context.Background(), CleanOptions{
			Input: Input{Sources: sources, Fields: record.Fields{Text: []string{"text"}, ID: "id"}, Threads: threads, MaxBadRate: 1},
			Out:   record.Stdin, Stdout: &out, Keep: KeepLongest,
		})
		record.CloseAll(sources)
		if err != nil {
			t.Fatal(err)
		}
		if s.Read != s.Kept+s.Dropped+s.Rejected+s.Blank || s.Kept+s.Dropped != int64(len(docs)) || s.Dropped == 0 {
			t.Errorf("%+v, of %d documents", s, len(docs))
		}
		if out.String() != want.String() {
			t.Errorf("%d threads: the output is not that of the walk: %d bytes, want %d", threads, out.Len(), want.Len())
		}
	}
}
