package store

import (
	"cmp"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// merger joins the parts of a bucket that were written one after another. Since a number is given
// out once, a mark that a document was removed holds whether it comes before the entry or after
// it; and an entry that comes twice, after a crash, is one. An empty bucket stays, of which there
// are 262,144: the database (v2.1.7) ends in a panic when a merger lets a key go that was set.
var merger = &pebble.Merger{
	Name: "neardup.bucket.v1",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		m := &bucketMerger{}
		return m, m.MergeNewer(value)
	},
}

type bucketMerger struct{ parts bucket }

func (m *bucketMerger) MergeNewer(value []byte) error {
	if len(value)%bucketEntry != 0 {
		return &DamageError{Path: "sieve", Detail: "a bucket is cut"}
	}
	m.parts = append(m.parts, value...)
	return nil
}

func (m *bucketMerger) MergeOlder(value []byte) error { return m.MergeNewer(value) }

func (m *bucketMerger) Finish(includesBase bool) ([]byte, io.Closer, error) {
	return m.parts.settled(includesBase), nil, nil
}

// settled returns the bucket in the order of the numbers, without what was removed. The marks stay
// unless there is nothing older.
func (b bucket) settled(includesBase bool) bucket {
	if b.isSettled() {
		return b
	}
	type numbered struct {
		n    DocNum // the mark is its highest bit
		rest uint64
	}
	entries := make([]numbered, b.len())
	for i := range entries {
		rest, n := b.at(i)
		entries[i] = numbered{n, rest}
	}
	slices.SortFunc(entries, func(x, y numbered) int { // of a document the mark comes first
		return cmp.Or(cmp.Compare(x.n&^removedMark, y.n&^removedMark), cmp.Compare(y.n, x.n))
	})
	settled := make(bucket, 0, len(b))
	last := DocNum(0)
	for _, e := range entries {
		n := e.n &^ removedMark
		if n == last {
			continue
		}
		last = n
		if n == e.n || !includesBase {
			settled = settled.append(e.rest, e.n)
		}
	}
	return settled
}

// isSettled reports whether nothing in the bucket is out of order or a mark.
func (b bucket) isSettled() bool {
	last := DocNum(0)
	for i := range b.len() {
		_, n := b.at(i)
		if n <= last || n&removedMark != 0 {
			return false
		}
		last = n
	}
	return true
}
