package store

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestHintsHold adds documents in order, more than fit, and removes some: a hint names the earliest
// document with the key, or nothing.
func TestHintsHold(t *testing.T) {
	r := newRand(t)
	for range 50 {
		h := newHints(int64(64 << r.IntN(5)))
		holders := map[uint64][]DocNum{}
		key := func() uint64 { return r.Uint64N(1+r.Uint64N(200)) * 0x9e3779b97f4a7c15 }
		check := func(key uint64) bool {
			t.Helper()
			n := h.find(key)
			if want := holders[key]; n != 0 && (len(want) == 0 || n != want[0]) {
				t.Fatalf("the earliest with key %x is %d, want %v", key, n, want)
			}
			return n != 0
		}
		known, asked := 0, 0
		for n := DocNum(1); n <= 300; n++ {
			k := key()
			h.add(k, n)
			holders[k] = append(holders[k], n)
			if r.IntN(4) == 0 {
				k := key()
				if held := holders[k]; len(held) > 0 {
					i := r.IntN(len(held))
					h.remove(k, held[i])
					holders[k] = append(held[:i:i], held[i+1:]...)
				}
			}
			for k := range holders {
				asked++
				if check(k) {
					known++
				}
			}
			check(key())
		}
		if known < asked/100 {
			t.Errorf("%d of %d are known: the test shows little", known, asked)
		}
	}
	for table := range byte(tables) {
		if table > 0 && hintKey(table, 7) == hintKey(table-1, 7) {
			t.Errorf("tables %d and %d share hints", table-1, table)
		}
	}
	var none hints
	none.add(1, 1)
	none.remove(1, 1)
	if n := none.find(1); n != 0 {
		t.Errorf("hints that were not made name %d", n)
	}
}

// TestHintsOfAnIndex asks often enough for hints to be made, in an index that grows and shrinks.
func TestHintsOfAnIndex(t *testing.T) {
	r := newRand(t)
	ix := open(t, vfs.NewMem())
	defer ix.Close()
	now := model{}
	for round := range 6 {
		for i := range 300 {
			d := randomDocument(r, i, now)
			n, err := ix.Add(d)
			if err != nil {
				t.Fatal(err)
			}
			now[n] = d
		}
		if err := ix.Commit(); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			if err := ix.writeSieves(ix.last); err != nil {
				t.Fatal(err)
			}
		}
		now.compare(t, ix)
		match := func(n DocNum, _ *Document) bool { return n%5 == DocNum(round%5) }
		now.remove(match)
		if _, err := ix.Remove(t.Context(), match); err != nil {
			t.Fatal(err)
		}
		now.compare(t, ix)
	}
	if ix.written.hints.buckets == nil {
		t.Error("no hints were made")
	}
}

// TestSavedHints closes an index and opens it again, with as much memory and with more.
func TestSavedHints(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ix")
	var docs []*Document
	for _, c := range []struct {
		name   string
		memory int64
		taken  bool
	}{{"new", 16 << 10, false}, {"as it was", 16 << 10, true}, {"more memory", 1 << 20, false}, {"few of many", 1 << 20, false}} {
		ix, err := Open(dir, &Options{Memory: c.memory, savedFrom: 1})
		if err != nil {
			t.Fatal(err)
		}
		if taken := ix.written.hints.buckets != nil; taken != c.taken {
			t.Errorf("%s: hints were taken: %t", c.name, taken)
		}
		for range 100 {
			docs = append(docs, fingerprinted(len(docs)-len(docs)%5/4, 0)) // every fifth like the one before
			if _, err := ix.Add(docs[len(docs)-1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(ix.Commit(), ix.writeSieves(ix.last)); err != nil {
			t.Fatal(err)
		}
		earliest := map[[2]uint64]DocNum{}
		for i, d := range slices.Backward(docs) {
			for band, key := range d.Sketch.Bands() {
				earliest[[2]uint64{uint64(band), key}] = DocNum(i + 1)
			}
		}
		for i, d := range docs {
			if _, err := ix.Document(DocNum(i + 1)); err != nil {
				t.Fatal(err)
			}
			keys, others := d.Sketch.Bands(), docs[(i*7+1)%len(docs)].Sketch.Bands()
			keys[i%QuickBands], keys[QuickBands] = others[i%QuickBands], others[QuickBands]
			for band, key := range keys {
				want := earliest[[2]uint64{uint64(band), key}]
				if n, err := ix.First(band, keys); err != nil || n != want {
					t.Fatalf("%s: the earliest with key %x of band %d is %d, %v, want %d", c.name, key, band, n, err, want)
				}
			}
		}
		if ix.written.hints.buckets == nil {
			t.Errorf("%s: no hints were made", c.name)
		}
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
