package store

import (
	"encoding/binary"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/shingle"
)

// TestCacheHoldsBlocks writes more than all write buffers hold, which take their room from the
// cache, and reads documents: what was read must stay in the cache all the same.
func TestCacheHoldsBlocks(t *testing.T) {
	const memory = 16 << 20
	ix, err := Open(testDir, &Options{Memory: memory, fs: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	r := newRand(t)
	const documents = 20_000
	for n := range documents {
		if _, err := ix.Add(fingerprinted(n, shingle.Fingerprint(r.Uint64()))); err != nil {
			t.Fatal(err)
		}
		if n%100 == 99 {
			if err := ix.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range documents {
		if _, err := ix.Document(DocNum(1 + r.IntN(documents))); err != nil {
			t.Fatal(err)
		}
	}
	if held := ix.db.Metrics().BlockCache.Size; held < memory/16 {
		t.Errorf("the cache holds %d bytes", held)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDocumentsAreNotMerged adds documents that stand in no sieve, in many batches with a checkpoint: the
// tables that hold them must not be read and written again, and a write buffer be one of them.
func TestDocumentsAreNotMerged(t *testing.T) {
	ix, err := Open(testDir, &Options{fs: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	r := newRand(t)
	for range 7500 {
		var id []byte // takes its room in a record, since it can't be compressed
		for len(id) < 20_000 {
			id = binary.LittleEndian.AppendUint64(id, r.Uint64())
		}
		if _, err := ix.Add(&Document{ID: string(id)}); err != nil {
			t.Fatal(err)
		}
		if ix.Last()%10 == 0 {
			if err := ix.Commit(Checkpoint{Name: "run", Data: id[:10]}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var written, merged uint64
	var tables int64
	for _, m := range ix.db.Metrics().Levels {
		tables += m.TablesCount
		written += m.TableBytesFlushed
		merged += m.TableBytesCompacted
	}
	if merged > written/4 {
		t.Errorf("of %d bytes that were written %d were merged", written, merged)
	}
	if most := int64(written)/ix.budget.writeBuffer*3/2 + 1; tables > most {
		t.Errorf("%d bytes are in %d tables, want at most %d", written, tables, most)
	}
	t.Logf("of %d bytes that were written %d were merged; there are %d tables", written, merged, tables)
}
