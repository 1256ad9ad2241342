package store

import (
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
