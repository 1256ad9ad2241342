package store

import (
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/shingle"
)

// TestReadAhead reads ahead while documents are removed, and while the index is closed: what was
// removed is not held, and what is read stands in the index.
func TestReadAhead(t *testing.T) {
	r := newRand(t)
	ix := open(t, vfs.NewMem())
	ix.cache.bound = 10 // there is always something to read
	now := model{}
	var sketches []shingle.Sketch
	whileReading := func(do func()) {
		began, stop := make(chan struct{}, 1), make(chan struct{})
		var reader sync.WaitGroup
		reader.Go(func() {
			for {
				ix.ReadAhead(sketches)
				select {
				case began <- struct{}{}:
				default:
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		<-began
		do()
		close(stop)
		reader.Wait()
	}
	for round := range 15 {
		for i := range 100 {
			d := randomDocument(r, i, now)
			n, err := ix.Add(d)
			if err != nil {
				t.Fatal(err)
			}
			now[n] = d
			sketches = append(sketches, d.Sketch)
		}
		if err := ix.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := ix.writeSieves(ix.last); err != nil {
			t.Fatal(err)
		}
		if err := ix.written.fillHints(1 << 20); err != nil {
			t.Fatal(err)
		}
		match := func(n DocNum, _ *Document) bool { return n%8 == DocNum(round%8) }
		now.remove(match)
		whileReading(func() {
			if _, err := ix.Remove(t.Context(), match); err != nil {
				t.Fatal(err)
			}
		})
		for n := DocNum(1); n <= ix.Last(); n++ {
			if held, err := ix.Holds(n); err != nil || held != (now[n] != nil) {
				t.Fatalf("document %d is held: %t, %v, want %t", n, held, err, !held)
			}
		}
	}
	if err := ix.written.fillHints(1 << 20); err != nil {
		t.Fatal(err)
	}
	ix.cache = documentCache{bound: 1000}
	ix.ReadAhead(sketches)
	if len(ix.cache.young) == 0 {
		t.Error("nothing was read")
	}
	for n := range ix.cache.young {
		if now[n] == nil {
			t.Errorf("document %d was removed and is in memory", n)
		}
	}
	ix.cache = documentCache{bound: 10}
	whileReading(func() {
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
