package store

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"

	"neardup/shingle"
)

// A memoryEntries holds the entries of the newest documents in memory. The zero value is empty
// and ready.
type memoryEntries struct {
	before DocNum // of the documents that it holds; they follow on it
	blocks blockTables
	tables [tables]memoryTable
	count  int
	buffer []entry

	removed map[DocNum]bool // documents whose entries are no longer seen
}

// entryBytes is what an entry takes in a memoryEntries: its posting, its slot, and what slices
// that grow leave unused.
const entryBytes = 28

// add adds the entries of a document. Documents come in order.
func (m *memoryEntries) add(n DocNum, d *Document) {
	if m.count == 0 {
		m.before = n - 1
	}
	m.buffer = appendEntries(m.buffer[:0], n, d)
	for _, e := range m.buffer {
		if e.table < blocks {
			m.blocks.add(e.table, d.Fingerprint, n)
			continue
		}
		m.tables[e.table].add(e.value, uint32(n-m.before))
	}
	m.count += len(m.buffer)
}

// scan is that of databaseEntries.
func (m *memoryEntries) scan(table byte, value uint64, f func(entry) bool) {
	m.tables[table].scan(value, func(num uint32) bool {
		e := m.entry(table, value, num)
		return m.removed[e.num] || f(e)
	})
}

// first returns the earliest document with an entry, 0 if there is none.
func (m *memoryEntries) first(table byte, value uint64) (n DocNum) {
	m.tables[table].scan(value, func(num uint32) bool {
		if e := m.entry(table, value, num); !m.removed[e.num] {
			n = e.num
		}
		return n == 0
	})
	return n
}

// near is that of databaseEntries.
func (m *memoryEntries) near(table byte, block uint16, rest uint64, distance int, f func(n DocNum, distance int)) {
	m.blocks.bucket(table, block).near(rest, distance, func(n DocNum, d int) {
		if !m.removed[n] {
			f(n, d)
		}
	})
}

// holds reports whether an entry stands in the sieve.
func (m *memoryEntries) holds(e entry) (found bool) {
	if m.removed[e.num] {
		return false
	}
	if e.table < blocks {
		block, rest := cut(e.table, shingle.Fingerprint(e.value))
		m.blocks.bucket(e.table, block).near(rest, 0, func(n DocNum, _ int) { found = found || n == e.num })
		return found
	}
	m.tables[e.table].scan(e.value, func(num uint32) bool {
		found = m.entry(e.table, e.value, num) == e
		return !found
	})
	return found
}

// bucket returns a bucket without what was removed.
func (m *memoryEntries) bucket(table byte, block uint16) bucket {
	b := m.blocks.bucket(table, block)
	if len(m.removed) == 0 {
		return b
	}
	var kept bucket
	for i := range b.len() {
		if rest, n := b.at(i); !m.removed[n] {
			kept = kept.append(rest, n)
		}
	}
	return kept
}

// remove hides the entries of a document.
func (m *memoryEntries) remove(n DocNum) {
	if m.removed == nil {
		m.removed = map[DocNum]bool{}
	}
	m.removed[n] = true
}

// empty makes m hold nothing. Tables keep their room unless half of it was not needed.
func (m *memoryEntries) empty() {
	old := m.tables
	*m = memoryEntries{buffer: m.buffer}
	for i, t := range old {
		if 2*len(t.postings) > cap(t.postings) {
			clear(t.slots)
			m.tables[i] = memoryTable{slots: t.slots, postings: t.postings[:0]}
		}
	}
}

func (m *memoryEntries) entry(table byte, value uint64, num uint32) entry {
	return entry{table, value, m.before + DocNum(num)}
}

// sorted returns the entries of a table in the order of their keys.
func (m *memoryEntries) sorted(table byte) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for _, p := range m.tables[table].sorted() {
			e := m.entry(table, p.value, p.num)
			if !m.removed[e.num] && !yield(e) {
				return
			}
		}
	}
}

// A memoryTable is a hash table whose every slot names a ring of values, in the order in
// which they were added, with the documents that have them.
type memoryTable struct {
	slots    []uint32 // one more than the number of the last posting of the ring, 0 for none
	postings []posting
	shared   [][]uint32 // the documents of values that several have, in the order in which they were added
}

type posting struct {
	value uint64
	num   uint32 // of the only document, counted from the sieve's first, or of a list among those shared, and then marked so
	next  uint32 // number of the next posting of the ring; the first comes after the last
}

const sharedMark = 1 << 31

const firstSlots = 64

func (t *memoryTable) add(value uint64, num uint32) {
	switch p := t.find(value); {
	case p == nil:
	case p.num&sharedMark == 0:
		t.shared = append(t.shared, []uint32{p.num, num})
		p.num = uint32(len(t.shared)-1) | sharedMark
		return
	default:
		list := &t.shared[p.num&^sharedMark]
		*list = append(*list, num)
		return
	}
	t.postings = append(t.postings, posting{value: value, num: num})
	if len(t.postings) <= len(t.slots) {
		t.link(uint32(len(t.postings) - 1))
		return
	}
	t.slots = make([]uint32, max(firstSlots, 2*len(t.slots)))
	for i := range t.postings {
		t.link(uint32(i))
	}
}

// link puts a posting at the end of its ring.
func (t *memoryTable) link(n uint32) {
	slot := t.slot(t.postings[n].value)
	if *slot == 0 {
		t.postings[n].next = n
	} else {
		last := &t.postings[*slot-1]
		t.postings[n].next, last.next = last.next, n
	}
	*slot = n + 1
}

func (t *memoryTable) slot(value uint64) *uint32 {
	const factor = 0x9e3779b97f4a7c15
	return &t.slots[value*factor>>(64-bits.TrailingZeros(uint(len(t.slots))))]
}

// find returns the posting of a value, nil if there is none. It is good until one is added.
func (t *memoryTable) find(value uint64) *posting {
	if len(t.slots) == 0 {
		return nil
	}
	last := *t.slot(value)
	if last == 0 {
		return nil
	}
	for n := t.postings[last-1].next; ; n = t.postings[n].next {
		if p := &t.postings[n]; p.value == value {
			return p
		}
		if n == last-1 {
			return nil
		}
	}
}

// scan calls f for the documents with the value, until f returns false.
func (t *memoryTable) scan(value uint64, f func(num uint32) bool) {
	if p := t.find(value); p != nil {
		t.each(p, f)
	}
}

// each calls f for the documents of a posting, until f returns false.
func (t *memoryTable) each(p *posting, f func(num uint32) bool) {
	if p.num&sharedMark == 0 {
		f(p.num)
		return
	}
	for _, num := range t.shared[p.num&^sharedMark] {
		if !f(num) {
			return
		}
	}
}

// sorted returns postings of one document each, by value and number. They are dealt out by the upper bits of
// their value, which are those of a hash, or as good: what is left to sort is short.
func (t *memoryTable) sorted() []posting {
	const shift = 64 - 14
	starts := make([]int, 1<<(64-shift)+1)
	for i := range t.postings {
		p := &t.postings[i]
		documents := 1
		if p.num&sharedMark != 0 {
			documents = len(t.shared[p.num&^sharedMark])
		}
		starts[p.value>>shift+1] += documents
	}
	for i := range starts[1:] {
		starts[i+1] += starts[i]
	}
	dealt, next := make([]posting, starts[len(starts)-1]), slices.Clone(starts)
	for i := range t.postings {
		p := &t.postings[i]
		at := &next[p.value>>shift]
		t.each(p, func(num uint32) bool {
			dealt[*at] = posting{value: p.value, num: num}
			*at++
			return true
		})
	}
	for i, start := range starts[1:] {
		slices.SortFunc(dealt[starts[i]:start], func(a, b posting) int {
			return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.num, b.num))
		})
	}
	return dealt
}
