package shingle

import (
	"math/bits"
	"slices"
	"sync"
)

// A table tells distinct hashes apart: open addressing with linear probing, at most a third
// full, so that nearly every search ends where it begins. The zero value is empty and ready.
type table struct {
	slots []uint32 // a number in a list of hashes plus one, 0 for a free slot
	shift int      // of a hash, to the slot where its search begins
}

// reset empties the table and makes room for n hashes.
func (t *table) reset(n int) {
	size := 1 << bits.Len(uint(3*n))
	if cap(t.slots) < size {
		t.slots = make([]uint32, size)
	} else {
		t.slots = t.slots[:size]
		clear(t.slots)
	}
	t.shift = 64 - bits.TrailingZeros(uint(size))
}

// sortFrom is the number of hashes from which they are sorted to find the distinct ones: a
// table for so many would take more memory than they do.
const sortFrom = 1 << 20

// distinct returns each of hashes once, in the order in which they come first, or ascending
// if they are very many. The result lies in list if that has room.
func (t *table) distinct(list, hashes []uint64) []uint64 {
	if len(hashes) >= sortFrom {
		list = grow(list, len(hashes))
		copy(list, hashes)
		slices.Sort(list)
		return slices.Compact(list)
	}
	t.reset(len(hashes))
	list = grow(list, len(hashes))
	slots, shift := t.slots, t.shift&63
	mask := uint64(len(slots) - 1)
	n := 0
search:
	for _, h := range hashes {
		at := h >> shift & mask
		for slots[at] != 0 {
			if list[slots[at]-1] == h {
				continue search
			}
			at = (at + 1) & mask
		}
		list[n] = h
		n++
		slots[at] = uint32(n)
	}
	return list[:n]
}

// common returns how many of the distinct hashes b are among the distinct hashes a.
func (t *table) common(a, b []uint64) int {
	t.reset(len(a))
	slots, shift := t.slots, t.shift&63
	mask := uint64(len(slots) - 1)
	for i, h := range a {
		at := h >> shift & mask
		for slots[at] != 0 {
			at = (at + 1) & mask
		}
		slots[at] = uint32(i) + 1
	}
	n := 0
	for _, h := range b {
		for at := h >> shift & mask; slots[at] != 0; at = (at + 1) & mask {
			if a[slots[at]-1] == h {
				n++
				break
			}
		}
	}
	return n
}

var tables = sync.Pool{New: func() any { return new(table) }}
