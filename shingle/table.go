package shingle

import (
	"math/bits"
	"slices"
	"sync"
)

// A table tells distinct hashes apart: open addressing with linear probing, at most a quarter
// full, so that nearly every search ends where it begins. The zero value is empty and ready.
type table struct {
	small []uint16 // slots for texts of ordinary length, which then stay in the nearest cache
	large []uint32
}

// smallMost is the number of hashes for which small slots serve.
const smallMost = 1 << 14

// sortFrom is the number of hashes from which they are sorted to find the distinct ones: a
// table for so many would take more memory than they do.
const sortFrom = 1 << 20

// distinct returns each of hashes once, in the order in which they come first, or ascending
// if they are very many. The result lies in list if that has room.
func (t *table) distinct(list, hashes []uint64) []uint64 {
	list = grow(list, len(hashes))
	switch {
	case len(hashes) <= smallMost:
		t.small = emptySlots(t.small, len(hashes))
		return distinct(t.small, list, hashes)
	case len(hashes) < sortFrom:
		t.large = emptySlots(t.large, len(hashes))
		return distinct(t.large, list, hashes)
	}
	copy(list, hashes)
	slices.Sort(list)
	return slices.Compact(list)
}

// emptySlots returns free slots for n hashes, a power of two. It reuses the memory of slots.
func emptySlots[S uint16 | uint32](slots []S, n int) []S {
	size := 1 << bits.Len(uint(4*n))
	if cap(slots) < size {
		return make([]S, size)
	}
	slots = slots[:size]
	clear(slots)
	return slots
}

// distinct writes each of hashes once into list, and returns the part that it filled. A slot
// holds a number in hashes plus one, or 0 if it is free. Where a text repeats itself it does so
// for many shingles: those that follow on one that is known are held against those that followed
// on it before.
func distinct[S uint16 | uint32](slots []S, list, hashes []uint64) []uint64 {
	shift, mask := searchFrom(len(slots))
	n := 0
search:
	for i := 0; i < len(hashes); i++ {
		h := hashes[i]
		at := h >> (shift & 63) & mask
		for slots[at] != 0 {
			if before := int(slots[at]); hashes[before-1] == h {
				for i+1 < len(hashes) && hashes[i+1] == hashes[before] {
					i++
					before++
				}
				continue search
			}
			at = (at + 1) & mask
		}
		list[n] = h
		n++
		slots[at] = S(i + 1)
	}
	return list[:n]
}

// searchFrom tells where the search for a hash begins among that many slots.
func searchFrom(slots int) (shift int, mask uint64) {
	return 64 - bits.TrailingZeros(uint(slots)), uint64(slots - 1)
}

// hold fills the table with distinct hashes.
func (t *table) hold(set []uint64) {
	if len(set) <= smallMost {
		t.small = emptySlots(t.small, len(set))
		hold(t.small, set)
		return
	}
	t.large = emptySlots(t.large, len(set))
	hold(t.large, set)
}

func hold[S uint16 | uint32](slots []S, set []uint64) {
	shift, mask := searchFrom(len(slots))
	for i, h := range set {
		at := h >> (shift & 63) & mask
		for slots[at] != 0 {
			at = (at + 1) & mask
		}
		slots[at] = S(i + 1)
	}
}

// common returns how many of others are among the distinct hashes that the table holds. If
// they are fewer than least it may return any number below least.
func (t *table) common(set, others []uint64, least int) int {
	if len(set) <= smallMost {
		return commonOf(t.small, set, others, least)
	}
	return commonOf(t.large, set, others, least)
}

// lookUps is the number of hashes that are looked up between two glances at least.
const lookUps = 64

func commonOf[S uint16 | uint32](slots []S, set, others []uint64, least int) (n int) {
	shift, mask := searchFrom(len(slots))
	for len(others) > 0 && n+len(others) >= least {
		part := others[:min(lookUps, len(others))]
		others = others[len(part):]
		for _, h := range part {
			for at := h >> (shift & 63) & mask; slots[at] != 0; at = (at + 1) & mask {
				if set[slots[at]-1] == h {
					n++
					break
				}
			}
		}
	}
	return n
}

var tables = sync.Pool{New: func() any { return new(table) }}
