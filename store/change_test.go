package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// A model is an index in its plainest form.
type model map[DocNum]*Document

// randomDocument is one that shares text, id, fingerprint, sketch and paragraphs with others.
func randomDocument(r *rand.Rand, i int, m model) *Document {
	d := fingerprinted(i, shingle.Fingerprint(r.Uint64N(50)*0x9e3779b97f4a7c15))
	d.ID = fmt.Sprint("doc-", r.IntN(200))
	d.Text = TextHash{byte(r.IntN(100)), 9}
	d.Sketch = shingle.DefaultParams().Set(fmt.Sprintf("the text of document %d", r.IntN(50))).Sketch()
	d.Paragraphs = []Paragraph{{Key: r.Uint64N(30), Shingles: 20}, {Key: 30 + r.Uint64N(30), Shingles: 30}}
	d.Representative = true
	d.Date = int64(i)
	if r.IntN(3) == 0 { // dropped in favour of one that was not
		for of, kept := range m {
			if kept.Representative {
				*d = Document{ID: d.ID, OwnID: true, Text: d.Text, Verdict: Verdict{Kind: 1, Of: of, Resemblance: 1}}
				break
			}
		}
	}
	return d
}

// remove takes out what matches and what was dropped in favour of that.
func (m model) remove(match func(DocNum, *Document) bool) (removed int64) {
	for n, d := range m {
		if match(n, d) {
			delete(m, n)
			removed++
		}
	}
	for n, d := range m {
		if of := d.Verdict.Of; !d.Representative && of != 0 && m[of] == nil {
			delete(m, n)
			removed++
		}
	}
	return removed
}

// compare holds an index against the model.
func (m model) compare(t *testing.T, ix *Index) {
	t.Helper()
	var nums []DocNum
	for n := range m {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	var found []DocNum
	if err := ix.DocumentsAfter(0, func(n DocNum, d *Document) error {
		found = append(found, n)
		if m[n] == nil || d.ID != m[n].ID {
			t.Errorf("document %d is %+v, want %+v", n, d, m[n])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(found, nums) {
		t.Fatalf("documents %v, want %v", found, nums)
	}
	for n := DocNum(1); n <= ix.Last(); n++ {
		if held, err := ix.Holds(n); err != nil || held != (m[n] != nil) {
			t.Fatalf("document %d is held: %t, %v, want %t", n, held, err, !held)
		}
	}
	with := func(is func(d *Document) bool) (ns []DocNum) {
		for _, n := range nums {
			if is(m[n]) {
				ns = append(ns, n)
			}
		}
		return ns
	}
	earliest := map[string]DocNum{} // by band and key
	for _, n := range slices.Backward(nums) {
		if m[n].ByShingles {
			for band, key := range m[n].Sketch.Bands() {
				earliest[fmt.Sprint(band, key)] = n
			}
		}
	}
	for i := range 200 {
		id, text, f := fmt.Sprint("doc-", i), TextHash{byte(i), 9}, shingle.Fingerprint(uint64(i)*0x9e3779b97f4a7c15)
		if got, err := ix.ByID(id); err != nil || !slices.Equal(got, with(func(d *Document) bool { return d.OwnID && d.ID == id })) {
			t.Fatalf("ByID(%s) = %v, %v", id, got, err)
		}
		if got, err := ix.ByText(text); err != nil || !slices.Equal(got, with(func(d *Document) bool { return d.ByText && d.Text == text })) {
			t.Fatalf("ByText(%v) = %v, %v", text, got, err)
		}
		var got []DocNum
		near, err := ix.Near(f, 0)
		for _, c := range near {
			got = append(got, c.Num)
		}
		if err != nil || !slices.Equal(got, with(func(d *Document) bool { return d.ByShingles && d.Fingerprint == f })) {
			t.Fatalf("Near(%v) = %v, %v", f, got, err)
		}
		k := shingle.DefaultParams().Set(fmt.Sprintf("the text of document %d", i)).Sketch()
		for band, key := range k.Bands() {
			if n, err := ix.First(band, k.Bands()); err != nil || n != earliest[fmt.Sprint(band, key)] {
				t.Fatalf("First(%d, %x) = %d, %v, want %d", band, key, n, err, earliest[fmt.Sprint(band, key)])
			}
		}
		seen := nums[:0:0] // with documents that were seen before everything is found too
		for range min(len(nums), i%4) {
			n := nums[(i*7+len(seen)*13)%len(nums)]
			if _, err := ix.Document(n); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, n)
		}
		if again, err := ix.Near(f, 0, seen...); err != nil || !slices.Equal(again, near) {
			t.Fatalf("Near(%v) beside %v = %v, want %v, %v", f, seen, again, near, err)
		}
		got, _, err = ix.Similar(k, 10000)
		if again, _, err := ix.Similar(k, 10000, seen...); err != nil || !slices.Equal(again, got) {
			t.Fatalf("Similar beside %v = %v, want %v, %v", seen, again, got, err)
		}
		slices.Sort(got)
		for _, n := range with(func(d *Document) bool { return d.ByShingles && d.Sketch.Resemblance(k) == 1 }) {
			if _, ok := slices.BinarySearch(got, n); !ok || err != nil {
				t.Fatalf("Similar does not find document %d: %v, %v", n, got, err)
			}
		}
		for _, n := range got {
			if m[n] == nil {
				t.Fatalf("Similar finds document %d, which is not there", n)
			}
		}
		key := uint64(i)
		got, _, err = ix.Sharing([]Paragraph{{Key: key, Shingles: 1}}, 10000)
		if again, _, err := ix.Sharing([]Paragraph{{Key: key, Shingles: 1}}, 10000, seen...); err != nil || !slices.Equal(again, got) {
			t.Fatalf("Sharing(%d) beside %v = %v, want %v, %v", key, seen, again, got, err)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, with(func(d *Document) bool {
			return slices.ContainsFunc(d.Paragraphs, func(p Paragraph) bool { return p.Key == key })
		})) {
			t.Fatalf("Sharing(%d) = %v, %v", key, got, err)
		}
	}
	report, err := ix.Verify(context.Background(), true, nil)
	if err != nil || !report.OK() || report.Documents != int64(len(nums)) || report.Orphans != 0 {
		t.Fatalf("verify: %+v, %v, want %d documents", report, err, len(nums))
	}
}

// TestAgainstModel adds and removes, commits, crashes, reopens and rebuilds at random.
func TestAgainstModel(t *testing.T) {
	r := newRand(t)
	for range testkit.Scale(3, 10, 200) {
		mem := vfs.NewCrashableMem()
		ix := open(t, mem)
		durable, now := model{}, model{}
		texts := map[DocNum]string{}
		var given DocNum // the last number that is durably given out, to a document that may be gone
		commit := func() { durable, given = model{}, ix.Last(); maps.Copy(durable, now) }
		for i := range 300 {
			switch op := r.IntN(40); {
			case op < 30:
				d := randomDocument(r, i, now)
				var n DocNum
				var err error
				if r.IntN(2) == 0 && d.Representative {
					text := strings.Repeat(fmt.Sprint("text ", i), r.IntN(50))
					n, err = ix.AddText(d, text)
					texts[n] = text
				} else {
					n, err = ix.Add(d)
				}
				if err != nil {
					t.Fatal(err)
				}
				if n <= given {
					t.Fatalf("number %d was given out before, %d is the last", n, given)
				}
				now[n] = d
			case op < 33:
				wait, err := ix.Begin()
				if err == nil {
					err = wait()
				}
				if err != nil {
					t.Fatal(err)
				}
				commit()
			case op < 35:
				match := func(n DocNum, d *Document) bool { return d.Date%7 == int64(i%7) || n%11 == DocNum(i%11) }
				want := now.remove(match)
				got, err := ix.Remove(context.Background(), match)
				if err != nil || got != want {
					t.Fatalf("removed %d, want %d: %v", got, want, err)
				}
				commit()
			case op < 36:
				if err := errors.Join(ix.Commit(), ix.Rebuild(context.Background())); err != nil {
					t.Fatal(err)
				}
				commit()
			case op < 37:
				if err := errors.Join(ix.Commit(), ix.writeSieves(ix.last)); err != nil {
					t.Fatal(err)
				}
				commit()
			case op < 38:
				if err := ix.Compact(context.Background()); err != nil {
					t.Fatal(err)
				}
				commit()
			default:
				if r.IntN(2) == 0 {
					if err := ix.Close(); err != nil {
						t.Fatal(err)
					}
				} else {
					mem = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
				}
				ix = open(t, mem)
				var found []DocNum
				_ = ix.DocumentsAfter(0, func(n DocNum, _ *Document) error { found = append(found, n); return nil })
				now = model{} // what was not acknowledged may or may not be there after a crash
				maps.Copy(now, durable)
				if len(found) < len(durable) {
					t.Fatalf("%d documents are there, %d were acknowledged", len(found), len(durable))
				}
				if len(found) > len(durable) {
					if _, err := ix.Remove(context.Background(), func(n DocNum, _ *Document) bool { return durable[n] == nil }); err != nil {
						t.Fatal(err)
					}
					given = ix.Last()
				}
			}
		}
		if err := ix.Commit(); err != nil {
			t.Fatal(err)
		}
		now.compare(t, ix)
		for n, d := range now {
			if text, ok, err := ix.StoredText(n, d); err != nil || ok != d.Stored || ok && text != texts[n] {
				t.Errorf("text of %d: %q, %v, %v", n, text, ok, err)
			}
		}
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		// A copy holds the same, and can be read only.
		ix = open(t, mem)
		if err := ix.Copy("copies/of"); err != nil {
			t.Fatal(err)
		}
		c, err := Open("copies/of", &Options{fs: mem, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		now.compare(t, c)
		if _, err := c.Remove(context.Background(), func(DocNum, *Document) bool { return true }); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Remove from an index that is read = %v", err)
		}
		if err := errors.Join(c.Close(), ix.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNumbersAreNotGivenOutAgain removes the newest documents before the process dies.
func TestNumbersAreNotGivenOutAgain(t *testing.T) {
	mem := vfs.NewCrashableMem()
	ix := open(t, mem)
	for i := range 3 {
		if _, err := ix.Add(fingerprinted(i, shingle.Fingerprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := ix.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Remove(context.Background(), func(n DocNum, _ *Document) bool { return n > 1 }); err != nil {
		t.Fatal(err)
	}
	ix = open(t, mem.CrashClone(vfs.CrashCloneCfg{}))
	defer ix.Close()
	if n, err := ix.Add(fingerprinted(3, 3)); n != 4 || err != nil {
		t.Errorf("the next number is %d, %v", n, err)
	}
}

// TestVerifyFindsFaults plants one fault at a time under the index, of every kind.
func TestVerifyFindsFaults(t *testing.T) {
	r := newRand(t)
	mem := vfs.NewMem()
	ix := open(t, mem)
	defer ix.Close()
	now := model{}
	for i := range 400 {
		d := randomDocument(r, i, now)
		n, err := ix.AddText(d, fmt.Sprint("text ", i))
		if err != nil {
			t.Fatal(err)
		}
		now[n] = d
	}
	if err := errors.Join(ix.Commit(), ix.writeSieves(ix.last)); err != nil {
		t.Fatal(err)
	}
	keys := map[byte][][]byte{}
	for _, key := range databaseKeys(t, ix) {
		keys[key[0]] = append(keys[key[0]], key)
	}
	pick := func(kind byte) []byte { return keys[kind][r.IntN(len(keys[kind]))] }
	pickSieve := func(ofBlock bool) []byte {
		for {
			if key := pick(kindSieve); (key[1] < blocks) == ofBlock {
				return key
			}
		}
	}
	pickEntry := func() []byte { return pickSieve(false) }
	change := func(change func(b bucket) bucket) error {
		key := pickSieve(true)
		b, err := ix.get(key)
		if err != nil {
			return err
		}
		return ix.db.Set(key, change(b), nil)
	}
	faults := []struct {
		name    string
		rebuilt bool // Rebuild mends it
		plant   func() error
	}{
		{"entry missing", true, func() error { return ix.db.Delete(pick(kindSieve), nil) }},
		{"entry of a document that is none", true, func() error {
			key := slices.Clone(pickEntry())
			key[len(key)-7] ^= 1
			return ix.db.Set(key, nil, nil)
		}},
		{"entry with another value", true, func() error {
			key := slices.Clone(pickEntry())
			key[len(key)-12] ^= 1
			return ix.db.Set(key, nil, nil)
		}},
		{"entry of a table that is none", true, func() error {
			return ix.db.Set([]byte{kindSieve, 200, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1}, nil, nil)
		}},
		{"entry cut", true, func() error { key := pickEntry(); return ix.db.Set(key[:len(key)-3], nil, nil) }},
		{"fingerprint missing from a bucket", true, func() error {
			return change(func(b bucket) bucket { return b[:len(b)-bucketEntry] })
		}},
		{"fingerprint of a document that is none", true, func() error {
			return change(func(b bucket) bucket { return b.append(7, 9999) })
		}},
		{"fingerprint changed in a bucket", true, func() error {
			return change(func(b bucket) bucket { b[r.IntN(6)] ^= 1; return b })
		}},
		{"number changed in a bucket", true, func() error {
			return change(func(b bucket) bucket { b[6+r.IntN(6)] ^= 1; return b })
		}},
		{"bucket in disorder", true, func() error {
			return change(func(b bucket) bucket { return append(b, b[:bucketEntry]...) })
		}},
		{"bucket cut", true, func() error { return change(func(b bucket) bucket { return b[:len(b)-1] }) }},
		{"bucket of a table that is none", true, func() error { return ix.db.Set([]byte{kindSieve, blocks, 1, 2}, []byte{}, nil) }},
		{"counted wrong", true, func() error {
			return ix.db.Set(metaKey(metaDocuments), binary.BigEndian.AppendUint64(nil, 7), nil)
		}},
		{"document missing", false, func() error { return ix.db.Delete(pick(kindDocument), nil) }},
		{"document garbled", false, func() error { return ix.db.Set(pick(kindDocument), []byte{255, 1}, nil) }},
		{"fingerprint changed", false, func() error {
			for {
				key := pick(kindDocument)
				n := DocNum(binary.BigEndian.Uint64(key[1:]))
				if d := *now[n]; d.ByShingles {
					d.Fingerprint ^= 1 << r.IntN(64)
					return ix.db.Set(key, appendDocument(nil, &d), nil)
				}
			}
		}},
		{"key of no document", false, func() error { return ix.db.Set([]byte{kindDocument, 0}, nil, nil) }},
		{"text missing", false, func() error { return ix.db.Delete(pick(kindText), nil) }},
		{"text garbled", false, func() error { return ix.db.Set(pick(kindText), []byte("garbage"), nil) }},
		{"text of no document", false, func() error { return ix.db.Set(textKey(9999), compress("x"), nil) }},
	}
	save := func() {
		for n, d := range now {
			if err := errors.Join(ix.db.Set(documentKey(n), appendDocument(nil, d), nil), ix.db.Set(textKey(n), compress(fmt.Sprint("text ", n-1)), nil)); err != nil {
				t.Fatal(err)
			}
		}
		bad := [][]byte{{kindDocument, 0}, textKey(9999)}
		for _, key := range bad {
			if err := ix.db.Delete(key, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	reopen := func() {
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		ix = open(t, mem)
	}
	for range testkit.Scale(2, 8, 16) {
		for _, f := range faults {
			if err := f.plant(); err != nil {
				t.Fatal(err)
			}
			reopen()
			report, err := ix.Verify(context.Background(), true, nil)
			if err != nil || report.OK() {
				t.Fatalf("%s: verify finds nothing: %+v, %v", f.name, report, err)
			}
			if !f.rebuilt {
				save()
				reopen()
			}
			if err := ix.Rebuild(context.Background()); err != nil {
				t.Fatalf("%s: rebuild: %v", f.name, err)
			}
			report, err = ix.Verify(context.Background(), true, nil)
			if err != nil || !report.OK() {
				t.Fatalf("%s: after rebuild: %+v, %v", f.name, report, err)
			}
		}
	}
	now.compare(t, ix)
	if err := ix.db.Set(pick(kindDocument), []byte{255, 1}, nil); err != nil {
		t.Fatal(err)
	}
	if err := ix.Rebuild(context.Background()); !errors.Is(err, ErrDamaged) {
		t.Errorf("rebuild from a garbled document = %v", err)
	}
	if _, err := ix.ByText(TextHash{1, 9}); err != nil {
		t.Errorf("a refused rebuild leaves the sieves unusable: %v", err)
	}
	save()
}

// TestRebuildGoesOn stops a rebuild in the middle.
func TestRebuildGoesOn(t *testing.T) {
	mem := vfs.NewCrashableMem()
	o := &Options{fs: mem, Memory: 2 << 20}
	ix, err := Open(testDir, o)
	if err != nil {
		t.Fatal(err)
	}
	now := model{}
	r := newRand(t)
	for i := range 3000 {
		d := randomDocument(r, i, model{})
		n, err := ix.Add(d)
		if err != nil {
			t.Fatal(err)
		}
		now[n] = d
	}
	if err := ix.Commit(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := ix.db.NewBatch()
	if err := errors.Join(b.DeleteRange([]byte{kindSieve}, []byte{kindSieve + 1}, nil), setNumber(b, metaSieved, 0), ix.db.Apply(b, pebble.Sync)); err != nil {
		t.Fatal(err)
	}
	cancel()
	ix.newest, ix.sieved = memoryEntries{}, 0
	if err := ix.sieve(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("a rebuild that is stopped = %v", err)
	}
	ix, err = Open(testDir, &Options{fs: mem.CrashClone(vfs.CrashCloneCfg{}), Memory: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	if ix.sieved == 0 {
		t.Error("the sieves were not written when they filled the memory")
	}
	now.compare(t, ix)
}

// TestLongUse opens an index again and again, adds documents, removes the oldest ones and
// closes it: neither its files nor what the process holds must grow. How many files there are from one time to
// the next depends on which of Pebble's merges were done in time, so a copy is merged as a whole now and then, and
// held to a narrow bound.
func TestLongUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ix")
	const live, each = 1000, 100
	const settled, every = 2 * live / each, 10
	cycles := testkit.Scale(40, 60, 2000)
	open := func(dir string) *Index {
		ix, err := Open(dir, &Options{Memory: 4 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return ix
	}
	var files, sizes, mergedFiles, mergedSizes, keys, goroutines []int
	for cycle := range cycles {
		ix := open(dir)
		for i := range each {
			i += cycle * each
			f := shingle.Fingerprint(i%live) * 0x9e3779b97f4a7c15 // buckets stay when they are empty
			if _, err := ix.AddText(fingerprinted(i, f), fmt.Sprint("the text of ", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := ix.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := ix.Remove(context.Background(), func(n DocNum, _ *Document) bool { return n+live <= ix.last }); err != nil {
			t.Fatal(err)
		}
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		n, size := databaseFiles(t, dir)
		files, sizes = append(files, n), append(sizes, size)
		goroutines = append(goroutines, runtime.NumGoroutine())
		if cycle < settled || cycle%every != 0 {
			continue
		}
		merged := filepath.Join(t.TempDir(), "merged")
		if err := os.CopyFS(merged, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		ix = open(merged)
		if err := ix.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, len(databaseKeys(t, ix)))
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		n, size = databaseFiles(t, merged)
		mergedFiles, mergedSizes = append(mergedFiles, n), append(mergedSizes, size)
	}
	for _, c := range []struct {
		name    string
		samples []int
		first   int // the samples that the later ones are held to
		growth  float64
		more    float64
	}{
		{"files", files, settled, 1, 0},
		{"bytes", sizes, settled, 1.2, 0},
		{"files when merged", mergedFiles, 1, 1, 0},
		{"bytes when merged", mergedSizes, 1, 1.05, 0},
		{"keys", keys, 1, 1, 0},
		{"goroutines", goroutines, settled, 1.05, 2},
	} {
		early, late := slices.Max(c.samples[:c.first]), slices.Max(c.samples[c.first:])
		t.Logf("%s: %d at first, %d later", c.name, early, late)
		if float64(late) > c.growth*float64(early)+c.more {
			t.Errorf("%s grow: %v", c.name, c.samples)
		}
	}
}

func databaseKeys(t *testing.T, ix *Index) (keys [][]byte) {
	t.Helper()
	it, err := ix.db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for it.First(); it.Valid(); it.Next() {
		keys = append(keys, slices.Clone(it.Key()))
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// databaseFiles counts the files of an index's database and their bytes.
func databaseFiles(t *testing.T, dir string) (files, size int) {
	t.Helper()
	names, err := os.ReadDir(filepath.Join(dir, dbName))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := name.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += int(info.Size())
	}
	return len(names), size
}
