package store

import (
	"errors"
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// QuickBands are the bands of a sketch, the first of them, of which [Index.First] knows most answers
// without asking the database, once it has been asked often.
const QuickBands = 4

// hints name the earliest document of a key of the quick bands. A hint that stands holds: one is never
// replaced, and where there was no room for one there is none for a later document with the same
// key. What they do not know the database does. The zero value knows nothing and takes nothing.
type hints struct {
	buckets []hintBucket // a power of two, in the order of the keys
}

// A hintBucket has the low 24 bits of keys, and below them 40 bits of the number of the document. The
// first that is zero is free.
type hintBucket [8]uint64

const (
	hintNumBits = 40
	hintRemoved = 1<<hintNumBits - 1 // the document is gone, and another may be the earliest
)

// newHints returns hints of at most so many bytes.
func newHints(bytes int64) hints {
	n := max(bytes/64, 1)
	return hints{make([]hintBucket, 1<<(bits.Len64(uint64(n))-1))}
}

// hintBytes is what hints of an index with so much memory take.
func hintBytes(memory int64) int64 { return memory / 8 }

// worthSaving reports whether hints fill a quarter of their room.
func (h *hints) worthSaving() bool {
	used := 0
	for i := range h.buckets {
		for _, slot := range h.buckets[i] {
			if slot != 0 {
				used++
			}
		}
	}
	return used > 0 && used >= 2*len(h.buckets)
}

func (h *hints) bucket(key uint64) *hintBucket {
	return &h.buckets[key>>(64-bits.TrailingZeros(uint(len(h.buckets))))]
}

// slot returns the slot of a key, or the one that is free for it, nil if there is none.
func (b *hintBucket) slot(key uint64) *uint64 {
	for i := range b {
		if b[i] == 0 || b[i]>>hintNumBits == key&(1<<(64-hintNumBits)-1) {
			return &b[i]
		}
	}
	return nil
}

// add adds a document. Those with the same key come in order.
func (h *hints) add(key uint64, n DocNum) {
	if h.buckets == nil || n >= hintRemoved {
		return
	}
	if slot := h.bucket(key).slot(key); slot != nil && *slot == 0 {
		*slot = key<<hintNumBits | uint64(n)
	}
}

// find returns the earliest document with the key, 0 if that is not known.
func (h *hints) find(key uint64) DocNum {
	if h.buckets == nil {
		return 0
	}
	if slot := h.bucket(key).slot(key); slot != nil && *slot&hintRemoved != hintRemoved {
		return DocNum(*slot & hintRemoved)
	}
	return 0
}

// remove forgets a document.
func (h *hints) remove(key uint64, n DocNum) {
	if h.find(key) == n {
		*h.bucket(key).slot(key) |= hintRemoved
	}
}

// hintKey tells the same key of two bands apart.
func hintKey(band int, key uint64) uint64 { return key ^ uint64(band)<<(62-hintNumBits) }

// hint returns the earliest document with a key of a quick band, 0 if it does not know. Hints are
// made when they were missed as often as it takes to make them.
func (ix *Index) hint(band int, key uint64) (DocNum, error) {
	const missesPerDocument = 1. / 100
	if band >= QuickBands || ix.sieved == 0 {
		return 0, nil
	}
	if ix.written.hints.buckets == nil {
		ix.unhinted++
		if float64(ix.unhinted) < float64(ix.sieved)*missesPerDocument {
			return 0, nil
		}
		if err := ix.written.fillHints(hintBytes(ix.opts.Memory)); err != nil {
			return 0, err
		}
	}
	return ix.written.hints.find(hintKey(band, key)), nil
}

// fillHints makes the hints, of so many bytes, from what the database holds.
func (s *tableSieve) fillHints(bytes int64) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte{kindSieve, tableBand},
		UpperBound: []byte{kindSieve, tableBand + QuickBands},
	})
	if err != nil {
		return readError(err)
	}
	defer func() { err = errors.Join(err, readError(it.Close())) }()
	filled := newHints(bytes)
	for it.First(); it.Valid(); it.Next() {
		e, ok := parseEntry(it.Key())
		if !ok {
			return &DamageError{Path: "sieve", Detail: "a key does not parse"}
		}
		filled.addEntry(e)
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	s.hints = filled
	return nil
}

func (h *hints) addEntry(e entry) {
	if band := int(e.table) - tableBand; band >= 0 && band < QuickBands {
		h.add(hintKey(band, e.value), e.num)
	}
}

func (h *hints) removeEntry(e entry) {
	if band := int(e.table) - tableBand; band >= 0 && band < QuickBands {
		h.remove(hintKey(band, e.value), e.num)
	}
}
