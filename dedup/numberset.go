package dedup

import "neardup/store"

// A numberSet is a set of documents of an index, a bit for each. The zero value is empty.
type numberSet []uint64

// add puts n into the set and reports whether it is new there.
func (s *numberSet) add(n store.DocNum) bool {
	if word := int(n / 64); word >= len(*s) {
		*s = append(*s, make([]uint64, word+1-len(*s))...)
	}
	word, bit := &(*s)[n/64], uint64(1)<<(n%64)
	added := *word&bit == 0
	*word |= bit
	return added
}

func (s *numberSet) has(n store.DocNum) bool {
	return int(n/64) < len(*s) && (*s)[n/64]&(1<<(n%64)) != 0
}
