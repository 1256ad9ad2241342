package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/internal/fault"
	"neardup/internal/testkit"
	"neardup/shingle"
)

// A moment is what a disk held when the power went, and what had been acknowledged.
type moment struct {
	disk  *vfs.MemFS
	acked [3]int // numbers up to acked[0] were added, up to acked[1] removed; acked[2] is the checkpoint
	next  [3]int // what was under way
	at    string
}

// atEveryWrite runs work on a disk in memory and takes pictures of it before every stride-th
// of some operations, with part of what was not synced; more tells that others came after.
func atEveryWrite(disk *vfs.MemFS, r *rand.Rand, stride, from, to int, work func(state *moment)) (moments []moment, more bool) {
	var mu sync.Mutex
	var quiet sync.RWMutex // a picture is taken while nothing is under way: MemFS.Link would wait for itself
	var state moment
	seen := 0
	fault.Hook = func(op fault.Op, path string, do func() error) error {
		if op != fault.Read {
			mu.Lock()
			seen++
			more = more || seen >= to
			if seen >= from && seen < to && seen%stride == 0 {
				for _, unsynced := range []int{0, 50, 100} {
					if stride > 1 && r.IntN(3) > 0 {
						continue
					}
					m := state
					quiet.Lock()
					m.disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: r})
					quiet.Unlock()
					m.at = fmt.Sprintf("before operation %d, %s %s, with %d %% of what was not synced", seen, op, path, unsynced)
					moments = append(moments, m)
				}
			}
			mu.Unlock()
		}
		quiet.RLock()
		defer quiet.RUnlock()
		return do()
	}
	defer func() { fault.Hook = nil }()
	work(&state)
	return moments, more
}

// openSmall opens an index with so little memory that some commits move sieves too, and saves
// its filter when it closes.
func openSmall(disk vfs.FS) (*Index, error) {
	return Open(testDir, &Options{fs: disk, Memory: 40 << 10, savedFrom: 1, OnFailure: func(err error) { panic(err) }})
}

// work adds documents, removes some of them, moves sieves and closes, batch by batch, and now
// and then opens the index again.
func work(t *testing.T, disk vfs.FS, from, batches int) func(state *moment) {
	open := func() *Index {
		ix, err := openSmall(disk)
		if err != nil {
			t.Fatal(err)
		}
		return ix
	}
	return func(state *moment) {
		ix := open()
		moved := 0 // commits that moved sieves
		for b := from; b < from+batches; b++ {
			for i := range 10 {
				if _, err := ix.Add(fingerprinted(10*b+i, shingle.Fingerprint(10*b+i)<<20)); err != nil {
					t.Fatal(err)
				}
			}
			state.next = [3]int{10 * (b + 1), state.acked[1], b + 1}
			sieved := ix.sieved
			if err := ix.Commit(Checkpoint{"run", fmt.Append(nil, b+1)}); err != nil {
				t.Fatal(err)
			}
			if ix.sieved != sieved {
				moved++
			}
			state.acked = state.next
			if b%5 == 3 {
				state.next[1] = 10*b - 5
				if _, err := ix.Remove(context.Background(), func(n DocNum, _ *Document) bool { return int(n) <= 10*b-5 }); err != nil {
					t.Fatal(err)
				}
				state.acked = state.next
			}
			if b%4 == 2 {
				if err := ix.writeSieves(ix.last); err != nil {
					t.Fatal(err)
				}
			}
			if b%8 == 5 {
				if err := ix.Close(); err != nil {
					t.Fatal(err)
				}
				ix = open()
			}
		}
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		if moved == 0 {
			t.Error("no commit moved sieves")
		}
	}
}

// check opens an index after the power went and holds it against what was acknowledged.
func (m *moment) check(t *testing.T) {
	t.Helper()
	ix, err := openSmall(m.disk)
	if err != nil {
		t.Fatalf("%s: %v", m.at, err)
	}
	var found []DocNum
	near := map[DocNum]shingle.Fingerprint{} // of some documents
	if err := ix.DocumentsAfter(0, func(n DocNum, d *Document) error {
		if found = append(found, n); n%8 == 0 {
			near[n] = d.Fingerprint
		}
		return nil
	}); err != nil {
		t.Fatalf("%s: %v", m.at, err)
	}
	for n, f := range near {
		if got, err := ix.Near(f, 0); err != nil || !slices.Equal(got, []Candidate{{n, 0}}) {
			t.Fatalf("%s: document %d is not found: %v, %v", m.at, n, got, err)
		}
	}
	first, last := DocNum(0), DocNum(0)
	if len(found) > 0 {
		first, last = found[0], found[len(found)-1]
	}
	data, err := ix.Checkpoint("run")
	if err != nil {
		t.Fatalf("%s: %v", m.at, err)
	}
	run := 0
	_, _ = fmt.Sscan(string(data), &run)
	is := [3]int{int(last), max(0, int(first)-1), run}
	whole := len(found) == is[0]-is[1]
	if !whole || is != m.acked && is != m.next {
		t.Fatalf("%s: %d documents, %d to %d, checkpoint %d; acknowledged were %v, under way %v", m.at, len(found), first, last, run, m.acked, m.next)
	}
	if report, err := ix.Verify(context.Background(), true, nil); err != nil || !report.OK() {
		t.Fatalf("%s: verify: %+v, %v", m.at, report, err)
	}
	if err := ix.Close(); err != nil {
		t.Fatalf("%s: %v", m.at, err)
	}
}

// TestPowerLossAtEveryWrite opens what the disk held at every operation of a run.
func TestPowerLossAtEveryWrite(t *testing.T) {
	r := newRand(t)
	stride, n := testkit.Scale(12, 3, 1), 0
	for from, more := r.IntN(stride), true; more; from += window {
		disk := vfs.NewCrashableMem()
		var moments []moment
		moments, more = atEveryWrite(disk, r, stride, from, from+window*stride, work(t, disk, 0, 30))
		from += window * (stride - 1)
		for _, m := range moments {
			m.check(t)
		}
		n += len(moments)
	}
	t.Logf("%d moments", n)
	if n < testkit.Scale(20, 100, 1000) {
		t.Errorf("only %d moments: the operations are no longer seen", n)
	}
}

// window is the number of operations of which pictures are held at a time.
const window = 50

// TestPowerLossWhileMade is the same for an index that is being made.
func TestPowerLossWhileMade(t *testing.T) {
	disk := vfs.NewCrashableMem()
	moments, _ := atEveryWrite(disk, newRand(t), 1, 0, 1<<30, func(*moment) {
		if err := open(t, disk).Close(); err != nil {
			t.Fatal(err)
		}
	})
	for _, m := range moments {
		m.check(t)
	}
	t.Logf("%d moments", len(moments))
	if len(moments) < 100 {
		t.Errorf("only %d moments: the operations are no longer seen", len(moments))
	}
}

// TestPowerLossTwice loses the power again while the index recovers from having lost it.
func TestPowerLossTwice(t *testing.T) {
	r := newRand(t)
	disk := vfs.NewCrashableMem()
	moments, _ := atEveryWrite(disk, r, testkit.Scale(80, 40, 10), 0, 1<<30, work(t, disk, 0, 20))
	n := 0
	for _, m := range moments {
		again, _ := atEveryWrite(m.disk, r, testkit.Scale(20, 10, 5), 0, 1<<30, func(state *moment) {
			state.acked, state.next = m.acked, m.next
			ix := open(t, m.disk)
			if err := ix.Close(); err != nil {
				t.Fatal(err)
			}
		})
		for _, second := range again {
			second.at = m.at + ", and " + second.at
			second.check(t)
			n++
		}
	}
	t.Logf("%d pairs", n)
}

// damaged opens the index in dir and reads everything, and returns what it says, and the
// documents. A database that is damaged calls for the end of the process, from any
// goroutine; then what it has open stays open.
func damaged(dir string) (docs []string, err error) {
	failed := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var ix *Index
		ix, err = Open(dir, &Options{Memory: 4 << 20, OnFailure: func(err error) {
			select {
			case failed <- err:
			default:
			}
			select {}
		}})
		if err != nil {
			return
		}
		report, e := ix.Verify(context.Background(), true, nil)
		if err = e; err == nil && !report.OK() {
			err = errors.New(report.Faults[0])
		}
		if err == nil {
			err = ix.DocumentsAfter(0, func(n DocNum, d *Document) error {
				docs = append(docs, fmt.Sprintf("%d %+v", n, d))
				return nil
			})
		}
		_ = ix.Close()
	}()
	select {
	case <-done:
		return docs, err
	case err := <-failed:
		return nil, err
	}
}

// sealed makes an index of so many documents, closes it, and returns its directory and
// documents.
func sealed(t *testing.T, documents int) (dir string, docs []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ix")
	ix, err := Open(dir, &Options{Memory: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range documents {
		d := fingerprinted(i, shingle.Fingerprint(i)<<30)
		if _, err := ix.AddText(d, fmt.Sprint("the text of document ", i)); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			if err := ix.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(ix.Commit(), ix.Close()); err != nil {
		t.Fatal(err)
	}
	docs, err = damaged(dir)
	if err != nil || len(docs) != documents {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	return dir, docs
}

// TestFlippedBits flips one bit in a closed index, in every kind of file: that is found, or
// does no harm.
func TestFlippedBits(t *testing.T) {
	r := newRand(t)
	dir, want := sealed(t, 300)
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "LOCK" {
			files = append(files, path[len(dir)+1:])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found, harmless := 0, 0
	for _, name := range files {
		for range testkit.Scale(2, 8, 40) { // each may leave files open
			broken := filepath.Join(t.TempDir(), "ix")
			if err := os.CopyFS(broken, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(broken, name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(data) == 0 {
				break
			}
			at := r.IntN(len(data))
			data[at] ^= 1 << r.IntN(8)
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			docs, err := damaged(broken)
			switch {
			case err != nil:
				found++
			case slices.Equal(docs, want):
				harmless++
				if strings.HasSuffix(name, tableSuffix) || strings.Contains(name, "MANIFEST") {
					t.Logf("%s, byte %d of %d: harmless", name, at, len(data))
				}
			default:
				t.Errorf("%s, byte %d: %d documents, and nobody says so", name, at, len(docs))
			}
		}
	}
	t.Logf("%d files, %d flips found, %d harmless", len(files), found, harmless)
	if found < len(files) {
		t.Errorf("only %d flips were found", found)
	}
}

// TestFlippedBitsOfLog flips one bit in the log of an index that was not closed. Damage before
// the last block of the log is found, but for one bit of each batch; behind that it may look like
// what the process was about to write when it died. Then the documents from there on are gone,
// and no others.
func TestFlippedBitsOfLog(t *testing.T) {
	r := newRand(t)
	dir := filepath.Join(t.TempDir(), "ix")
	ix, err := Open(dir, &Options{Memory: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		if _, err := ix.Add(fingerprinted(i, shingle.Fingerprint(i)<<30)); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			if err := ix.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	died := filepath.Join(t.TempDir(), "died")
	if err := errors.Join(os.CopyFS(died, os.DirFS(dir)), ix.Close()); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "ix")
	if err := os.CopyFS(whole, os.DirFS(died)); err != nil {
		t.Fatal(err)
	}
	want, err := damaged(whole)
	if err != nil || len(want) != 600 {
		t.Fatalf("%d documents, %v", len(want), err)
	}
	logs, err := filepath.Glob(filepath.Join(died, dbName, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	logName := filepath.Base(slices.Max(logs))
	log, err := os.ReadFile(filepath.Join(died, dbName, logName))
	if err != nil {
		t.Fatal(err)
	}
	const block = 32 << 10
	sure := (len(log) - 1) / block * block
	if sure < block {
		t.Fatalf("a log of %d bytes shows little", len(log))
	}
	found, lost := 0, 0
	for range testkit.Scale(20, 60, 1000) {
		broken := filepath.Join(t.TempDir(), "ix")
		flipped := slices.Clone(log)
		at := r.IntN(len(log))
		flipped[at] ^= 1 << r.IntN(8)
		if err := errors.Join(os.CopyFS(broken, os.DirFS(died)), os.WriteFile(filepath.Join(broken, dbName, logName), flipped, 0o644)); err != nil {
			t.Fatal(err)
		}
		docs, err := damaged(broken)
		switch {
		case errors.Is(err, ErrDamaged):
			found++
		case err != nil:
			t.Errorf("byte %d of %d: %v", at, len(log), err)
		case at < sure && !slices.Equal(docs, want) && !endsLog(log, flipped, at):
			t.Errorf("byte %d of %d: %d documents, and nobody says so", at, len(log), len(docs))
		case len(docs) > len(want) || !slices.Equal(docs, want[:len(docs)]):
			t.Errorf("byte %d of %d: documents are gone that stand before others", at, len(log))
		case len(docs) < len(want):
			lost++
		}
	}
	t.Logf("a log of %d bytes: %d flips found, %d at its end lost documents", len(log), found, lost)
	if found == 0 {
		t.Error("no flip was found")
	}
}

// endsLog reports whether a flipped bit makes a chunk look like the end of its log, which has the
// next log's number. The number comes after the kind of the chunk.
func endsLog(log, flipped []byte, at int) bool {
	const firstKind, lastKind = 9, 12
	return at > 0 && log[at-1] >= firstKind && log[at-1] <= lastKind && flipped[at] == log[at]+1
}

// TestOlderFiles puts older copies in the place of files of a closed index.
func TestOlderFiles(t *testing.T) {
	dir, _ := sealed(t, 100)
	older := filepath.Join(t.TempDir(), "older")
	if err := os.CopyFS(older, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	ix, err := Open(dir, &Options{Memory: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := ix.Add(fingerprinted(1000+i, shingle.Fingerprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(ix.Commit(), ix.Close()); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(filepath.Join(older, dbName))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, name := range names {
		old, err := os.ReadFile(filepath.Join(older, dbName, name.Name()))
		now, err2 := os.ReadFile(filepath.Join(dir, dbName, name.Name()))
		if err != nil || name.Name() == "LOCK" || err2 == nil && slices.Equal(old, now) {
			continue
		}
		broken := filepath.Join(t.TempDir(), "ix")
		if err := errors.Join(os.CopyFS(broken, os.DirFS(dir)), os.WriteFile(filepath.Join(broken, dbName, name.Name()), old, 0o644)); err != nil {
			t.Fatal(err)
		}
		tried++
		if _, err := damaged(broken); !errors.Is(err, ErrDamaged) {
			t.Errorf("an older %s: %v", name.Name(), err)
		}
	}
	if tried == 0 {
		t.Error("no file is another than before")
	}
}

// TestNoRoom has a disk with less room than a batch may take.
func TestNoRoom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ix")
	ix, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Add(fingerprinted(1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := ix.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Add(fingerprinted(2, 2)); err != nil {
		t.Fatal(err)
	}
	ix.opts.minFree = 1 << 62
	if err := ix.Commit(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("Commit = %v", err)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	if ix, err = Open(dir, &Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	if n := ix.Last(); n != 1 {
		t.Errorf("Last() = %d", n)
	}
}
