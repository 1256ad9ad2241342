package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/internal/fault"
	"neardup/shingle"
)

// readAhead reads what searches for the sketches, and for random documents, look at first.
func readAhead(ix *Index, sketches []shingle.Sketch) {
	a := ix.Ahead()
	defer a.Close()
	for i := range 200 {
		a.Twin(fmt.Sprint("doc-", i), TextHash{byte(i), 9})
	}
	a.Read(sketches)
}

// TestReadAhead reads ahead while documents are added and removed: no answer changes, what was removed is
// not held, what is read stands in the index, and a closed index is left alone.
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
				readAhead(ix, sketches)
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
		var added []*Document
		for i := range 100 {
			added = append(added, randomDocument(r, i, now))
		}
		whileReading(func() {
			for _, d := range added {
				n, err := ix.Add(d)
				if err != nil {
					t.Fatal(err)
				}
				now[n] = d
			}
			if err := ix.Commit(); err != nil {
				t.Fatal(err)
			}
			ix.mu.Lock()
			defer ix.mu.Unlock()
			if err := ix.writeSieves(ix.last); err != nil {
				t.Fatal(err)
			}
			// Hints, and a filter that rules nothing out.
			if err := errors.Join(ix.written.fillHints(1<<20), ix.written.fill(64)); err != nil {
				t.Fatal(err)
			}
		})
		for _, d := range added {
			sketches = append(sketches, d.Sketch)
		}
		whole := round < 3 // to compare takes seconds under the race detector
		if whole {
			now.compare(t, ix)
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
		if whole {
			now.compare(t, ix)
		}
	}
	if err := ix.written.fillHints(1 << 20); err != nil {
		t.Fatal(err)
	}
	ix.cache, ix.written.answers = documentCache{bound: 1000}, answers{}
	readAhead(ix, sketches)
	if len(ix.cache.young) == 0 || len(ix.written.answers.young) == 0 {
		t.Errorf("%d documents and %d answers were read", len(ix.cache.young), len(ix.written.answers.young))
	}
	for n := range ix.cache.young {
		if now[n] == nil {
			t.Errorf("document %d was removed and is in memory", n)
		}
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	readAhead(ix, sketches)
}

// TestTwin finds documents with a text, in memory and in the database.
func TestTwin(t *testing.T) {
	ix := open(t, vfs.NewMem())
	first, second := fingerprinted(1, 1), fingerprinted(2, 2)
	first.ID, second.ID = "first", "second"
	copied := &Document{ID: "copy", OwnID: true, Text: first.Text, Verdict: Verdict{Kind: 1, Of: 1, Resemblance: 1}}
	for _, d := range []*Document{first, second, copied} {
		if _, err := ix.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	compare := func() {
		t.Helper()
		a := ix.Ahead()
		defer a.Close()
		for _, c := range []struct {
			id   string
			text TextHash
			want DocNum
		}{
			{"", first.Text, 1},
			{"new", first.Text, 1},
			{"second", first.Text, 1},
			{"second", second.Text, 2},
			{"copy", first.Text, 3}, // the same record
			{"copy", second.Text, 2},
			{"copy", TextHash{200}, 0},
			{"", TextHash{200}, 0},
		} {
			if n := a.Twin(c.id, c.text); n != c.want {
				t.Errorf("Twin(%q, %x) = %d, want %d", c.id, c.text[:2], n, c.want)
			}
		}
	}
	compare()
	if err := ix.Commit(); err != nil {
		t.Fatal(err)
	}
	compare()
	if err := errors.Join(ix.writeSieves(ix.last), ix.written.fill(64)); err != nil {
		t.Fatal(err)
	}
	compare()
	if err := ix.written.fillHints(1 << 20); err != nil {
		t.Fatal(err)
	}
	compare()
	if err := ix.Close(); err != nil {
		t.Error(err)
	}
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
	reader.Go(func() { readAhead(ix, []shingle.Sketch{fingerprinted(0, 0).Sketch}) })
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
