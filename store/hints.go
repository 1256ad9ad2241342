package store

import (
	"math/bits"
	"slices"

	"neardup/shingle"
)

// QuickBands are the bands of a sketch, the first of them, of which [Index.First] knows most answers
// without asking the database, once it would have asked often. Texts with resemblance 0.9 share one of 4
// with probability 0.99.
const QuickBands = 4

// hints name the earliest document of a text, and of a key of the quick bands. A hint that stands holds: one is never
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
	return hints{inHugePages(make([]hintBucket, 1<<(bits.Len64(uint64(n))-1)))}
}

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

// hinted are the tables of which there are hints, from and to.
var hinted = [][2]byte{{tableText, tableText + 1}, {tableBand, tableBand + QuickBands}}

// hintKey tells the same value of two tables apart.
func hintKey(table byte, value uint64) uint64 { return value ^ uint64(table)<<(59-hintNumBits) }

// hint returns the earliest document with a value of a table of which there are hints, 0 if it does not
// know. Hints are made once the database was asked, for want of them, as often as it takes to make them.
func (ix *Index) hint(table byte, value uint64) (DocNum, error) {
	const askedPerDocument = 1. / 100
	w := &ix.written
	if ix.err != nil || ix.sieved == 0 {
		return 0, ix.err
	}
	if w.hints.buckets == nil {
		if w.filter.mayHold(table, value) {
			ix.unhinted++
		}
		if float64(ix.unhinted) < float64(ix.sieved)*askedPerDocument {
			return 0, nil
		}
		if err := w.fillHints(ix.budget.hints); err != nil {
			return 0, err
		}
	}
	return w.hints.find(hintKey(table, value)), nil
}

// hintOfAnother returns the document that is hinted at for another band, if it is at hand and is the only
// one in the database with that key of this band.
func (ix *Index) hintOfAnother(band int, keys [shingle.Bands]uint64) DocNum {
	if !ix.written.alone(tableBand+byte(band), keys[band]) {
		return 0
	}
	for other := range QuickBands {
		n := ix.written.hints.find(hintKey(tableBand+byte(other), keys[other]))
		if d := ix.cache.find(n); n != 0 && d != nil && d.Sketch.Bands()[band] == keys[band] {
			return n
		}
	}
	return 0
}

// fillHints makes the hints, of so many bytes, from what the database holds.
func (s *databaseEntries) fillHints(bytes int64) error {
	filled := newHints(bytes)
	for _, tables := range hinted {
		if err := s.each(tables[0], tables[1], func(e entry) { filled.addEntry(e) }); err != nil {
			return err
		}
	}
	s.hints = filled
	return nil
}

func (h *hints) addEntry(e entry) {
	if isHinted(e.table) {
		h.add(hintKey(e.table, e.value), e.num)
	}
}

func (h *hints) removeEntry(e entry) {
	if isHinted(e.table) {
		h.remove(hintKey(e.table, e.value), e.num)
	}
}

func isHinted(table byte) bool {
	return slices.ContainsFunc(hinted, func(t [2]byte) bool { return t[0] <= table && table < t[1] })
}
