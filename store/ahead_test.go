package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/internal/fault"
	"neardup/shingle"
)

// TestReadAhead reads ahead while documents are removed: what was removed is not held, what is read
// stands in the index, and a closed index is left alone.
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
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	ix.ReadAhead(sketches)
}

// TestCloseWaitsForReadAhead closes an index while the disk hangs in a read.
func TestCloseWaitsForReadAhead(t *testing.T) {
	disk := vfs.NewMem()
	ix := open(t, disk)
	for n := range 200 { // to open an index reads the last of them
		if _, err := ix.Add(fingerprinted(n, shingle.Fingerprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(ix.Commit(), ix.Close()); err != nil {
		t.Fatal(err)
	}
	reads, goOn := make(chan struct{}), make(chan struct{})
	var hangs atomic.Bool // the next read does
	fault.Hook = func(op fault.Op, path string, do func() error) error {
		if op == fault.Read && hangs.Swap(false) {
			close(reads)
			<-goOn
		}
		return do()
	}
	defer func() { fault.Hook = nil }()
	ix = open(t, disk)
	if err := ix.written.fillHints(1 << 20); err != nil {
		t.Fatal(err)
	}
	for !ix.db.Metrics().Table.InitialStatsCollectionComplete { // until then the database reads tables of its own accord
		time.Sleep(time.Millisecond)
	}
	hangs.Store(true)
	var reader sync.WaitGroup
	reader.Go(func() { ix.ReadAhead([]shingle.Sketch{fingerprinted(0, 0).Sketch}) })
	<-reads
	closed := make(chan error, 1)
	go func() { closed <- ix.Close() }()
	select {
	case err := <-closed:
		t.Errorf("Close returned while a document was read: %v", err)
		closed <- err
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	reader.Wait()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
