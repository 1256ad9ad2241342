package dedup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"neardup/internal/fault"
	"neardup/internal/record"
	"neardup/internal/testkit"
	"neardup/shingle"
	"neardup/store"
)

func FuzzTag(f *testing.F) {
	for _, object := range []string{`{"a":1}`, `{"text":"}","x":{"y":"}"} } `, "{\"text\":\"\\u007d\"\t}\n"} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		var before map[string]any
		if err := json.Unmarshal(object, &before); err != nil || len(before) == 0 {
			return
		}
		tagged := tag(object, Verdict{Kind: Near, Of: "a\"<}", Evidence: Evidence{Distance: 3, Resemblance: .91}})
		var after map[string]any
		if err := json.Unmarshal(tagged, &after); err != nil {
			t.Fatalf("%s: %v", tagged, err)
		}
		want := map[string]any{"kind": "near", "of": "a\"<}", "distance": 3.0, "resemblance": .91}
		if !reflect.DeepEqual(after["neardup"], want) {
			t.Fatalf("%s: %v", tagged, after["neardup"])
		}
		before["neardup"] = want
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("%s became %s", object, tagged)
		}
		at := bytes.Index(tagged, []byte(`,"neardup":`))
		end := len(object) - at
		if string(tagged[:at])+string(tagged[len(tagged)-end:]) != string(object) {
			t.Fatalf("%s became %s: other bytes changed", object, tagged)
		}
	})
}

// documents returns some that repeat each other, with dates.
func documents(seed uint64, n int) []Document {
	w := testkit.NewWriter(seed)
	docs := make([]Document, n)
	for i := range docs {
		text := strings.Join(w.Article(2+w.IntN(4)), "\n\n")
		if i > 0 && w.IntN(2) == 0 {
			text = docs[w.IntN(i)].Text + strings.Repeat(" Added.", w.IntN(2))
		}
		docs[i] = Document{
			ID: fmt.Sprint("doc-", i), Text: strings.ToValidUTF8(text, ""),
			Date: time.Date(2026, 1, 1+w.IntN(100), 0, 0, 0, 0, time.UTC),
		}
	}
	return docs
}

// TestRemovedIsAsNeverAdded removes and expires documents and holds the verdicts after it, and
// the room on disk, against those of an index that never had them.
func TestRemovedIsAsNeverAdded(t *testing.T) {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 9))
	docs := documents(seed, testkit.Scale(400, 2000, 20000))
	probes := documents(seed+1, 200)
	for i := range probes {
		probes[i].ID = fmt.Sprint("probe-", i)
		if i%2 == 0 {
			probes[i].Text = docs[r.IntN(len(docs))].Text + " Probed."
		}
	}
	dir := filepath.Join(t.TempDir(), "ix")
	d, err := Open(dir, &Options{StoreText: seed%2 == 0, Memory: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := d.AddAll(docs)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range len(docs) / 4 {
		ids = append(ids, docs[r.IntN(len(docs))].ID)
	}
	if seed%3 == 0 { // out of the sieves on disk
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if d, err = Open(dir, &Options{StoreText: seed%2 == 0, Memory: 32 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	removed, missing, err := d.Remove(t.Context(), append(ids, "nobody")...)
	if err != nil || !slices.Equal(missing, []string{"nobody"}) {
		t.Fatalf("removed %d, missing %v, %v", removed, missing, err)
	}
	limit := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
	var expiring []string
	would, err := d.Expiring(t.Context(), ExpireOptions{Before: limit}, func(id string) error {
		expiring = append(expiring, id)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before, err := d.Stats()
	if err != nil {
		t.Fatal(err)
	}
	did, err := d.Expire(t.Context(), ExpireOptions{Before: limit})
	if err != nil {
		t.Fatal(err)
	}
	expired := did.Removed
	if would != did || len(expiring) != int(expired) || before.Documents != int64(len(docs))-removed {
		t.Errorf("%+v would expire, and did: %+v; %d ids, of %d documents", would, did, len(expiring), before.Documents)
	}
	byID := map[string]int{}
	for i, doc := range docs {
		byID[doc.ID] = i
	}
	gone := func(i int) bool { return slices.Contains(ids, docs[i].ID) || docs[i].Date.Before(limit) }
	freshDir := filepath.Join(t.TempDir(), "ix")
	fresh, err := Open(freshDir, &Options{StoreText: seed%2 == 0, Memory: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	var left []Document
	for i, doc := range docs {
		v := verdicts[i]
		stays := !slices.Contains(ids, doc.ID) && !gone(i)
		if v.Duplicate() {
			stays = !slices.Contains(ids, doc.ID) && !gone(byID[v.Of])
		}
		if !stays {
			continue
		}
		want++
		left = append(left, doc)
	}
	if _, err := fresh.AddAll(left); err != nil {
		t.Fatal(err)
	}
	stats, err := d.Stats()
	if err != nil || stats.Documents != int64(want) || removed+expired != int64(len(docs)-want) {
		t.Fatalf("%d documents are left, want %d; %d were removed and %d expired: %v", stats.Documents, want, removed, expired, err)
	}
	report, err := d.Verify(t.Context(), true)
	if err != nil || !report.OK() || report.Orphans > 0 {
		t.Fatalf("verify: %+v, %v", report, err)
	}
	for _, p := range probes {
		got, err := d.Check(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fresh.Check(p)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: %+v, and %+v in an index that never had what was removed", p.ID, got, want)
		}
	}
	if err := errors.Join(d.Close(), fresh.Close()); err != nil {
		t.Fatal(err)
	}
	used, afresh := compacted(t, dir), compacted(t, freshDir)
	t.Logf("%d bytes, %d afresh", used, afresh)
	if float64(used) > 1.3*float64(afresh) {
		t.Errorf("it takes %d bytes after %d documents were removed, and %d afresh", used, removed+expired, afresh)
	}
	if d, err = Open(dir, nil); err != nil {
		t.Fatal(err)
	}
	// What is gone is new again.
	for _, doc := range docs {
		if i := byID[doc.ID]; slices.Contains(ids, doc.ID) || !verdicts[i].Duplicate() && gone(i) {
			if v := add(t, d, doc); v.Replayed {
				t.Fatalf("%s is still known", doc.ID)
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// compacted compacts an index and returns its size.
func compacted(t *testing.T, dir string) int64 {
	t.Helper()
	var size int64
	for _, o := range []Options{{}, {ReadOnly: true}} {
		d, err := Open(dir, &o)
		if err != nil {
			t.Fatal(err)
		}
		if !o.ReadOnly {
			err = d.Compact(t.Context())
		}
		stats, e := d.Stats()
		size = stats.Bytes
		if err := errors.Join(err, e, d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return size
}

// TestStoredTextsDecide holds verdicts against stored texts against those on the texts
// themselves.
func TestStoredTextsDecide(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ix")
	docs := documents(testkit.Seed(), 60)
	d, err := Open(dir, &Options{StoreText: true})
	if err != nil {
		t.Fatal(err)
	}
	first, err := d.AddAll(docs)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(dir, nil); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for i, doc := range docs {
		doc.ID += "-again"
		doc.Text += " And so on."
		v, err := d.Check(doc)
		if err != nil || v.Estimated {
			t.Fatalf("%+v, %v", v, err)
		}
		if !v.Duplicate() && len(doc.Text) > 1000 {
			t.Errorf("%s: %+v, was %+v", doc.ID, v, first[i])
		}
	}
}

// TestHeldShinglesDecideNothing holds that a text which can't be had again is compared by its sketch,
// also if its shingles were at hand when it was added: that depends on the threads.
func TestHeldShinglesDecideNothing(t *testing.T) {
	text := strings.Join(testkit.NewWriter(testkit.Seed()).Article(20), "\n")
	var verdicts [2]Verdict
	for i, often := range []int32{0, 4096} {
		d, err := Open("", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		d.wanted.per4096.Store(often)
		it := &item{rec: record.Record{ID: "a", Text: text}}
		it.analysis = d.analyse(d.opts.Params.NewDigester(), it)
		if held := it.sets != nil; held != (often > 0) || it.shingles <= shingle.SketchBins {
			t.Fatalf("%d shingles, held %v", it.shingles, held)
		}
		o := FilterOptions{}
		if _, err := o.judge(d, it); err != nil {
			t.Fatal(err)
		}
		if verdicts[i], err = d.Check(Document{ID: "b", Text: text + " And so on."}); err != nil {
			t.Fatal(err)
		}
	}
	if verdicts[0] != verdicts[1] || !verdicts[0].Estimated || !verdicts[0].Duplicate() {
		t.Errorf("%+v if shingles are not held, %+v if they are", verdicts[0], verdicts[1])
	}
}

// TestManyAtOnce adds from several goroutines; every text must be new exactly once.
func TestManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ix")
	d, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	const workers, texts = 8, 60
	var mu sync.Mutex
	unique := map[int]int{}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := range texts {
				v, err := d.Add(Document{ID: fmt.Sprint(w, "-", i), Text: fmt.Sprint("text number ", i)})
				if err != nil {
					t.Error(err)
					return
				}
				if !v.Duplicate() {
					mu.Lock()
					unique[i]++
					mu.Unlock()
				}
				if i%20 == 0 {
					if _, err := d.Stats(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	for i := range texts {
		if unique[i] != 1 {
			t.Errorf("text %d is new %d times", i, unique[i])
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(dir, &Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if s, err := d.Stats(); err != nil || s.Documents != workers*texts {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := d.Add(Document{ID: "x", Text: "x"}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Add to an index that is read = %v", err)
	}
}

// TestAddIsDurable lets the disk hang when what was added is to be synced: Add must wait.
func TestAddIsDurable(t *testing.T) {
	var hang sync.Mutex
	fault.Hook = func(op fault.Op, path string, do func() error) error {
		if op == fault.Sync && strings.HasSuffix(path, ".log") {
			hang.Lock()
			defer hang.Unlock()
		}
		return do()
	}
	defer func() { fault.Hook = nil }()
	d, err := Open(filepath.Join(t.TempDir(), "ix"), nil)
	if err != nil {
		t.Fatal(err)
	}
	hang.Lock()
	added := make(chan error, 1)
	go func() { _, err := d.Add(Document{ID: "a", Text: "some text"}); added <- err }()
	select {
	case err := <-added:
		t.Error("it has returned before the disk has it")
		added <- err
	case <-time.After(50 * time.Millisecond):
	}
	hang.Unlock()
	if err := errors.Join(<-added, d.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestOrphanIsJudgedAfresh has a record whose representative was removed while its own stayed.
func TestOrphanIsJudgedAfresh(t *testing.T) {
	d := newDeduper(t, nil)
	add(t, d, Document{ID: "a", Text: article})
	if v := add(t, d, Document{ID: "b", Text: article}); v.Of != "a" {
		t.Fatalf("%+v", v)
	}
	if _, _, err := d.Remove(context.Background(), "a"); err != nil {
		t.Fatal(err)
	}
	if v := add(t, d, Document{ID: "b", Text: article}); v.Duplicate() || v.Replayed {
		t.Errorf("%+v", v)
	}
	if v := add(t, d, Document{ID: "b", Text: article}); v.Duplicate() || !v.Replayed {
		t.Errorf("again: %+v", v)
	}
}
