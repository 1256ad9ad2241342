package parquet

import "math/bits"

// Rows is a set of rows of a row group, by their numbers from 0. The zero value is empty.
type Rows struct {
	words []uint64
	count int64
	last  int64
}

// Add adds a row. Rows must be added in order.
func (r *Rows) Add(row int64) {
	for int64(len(r.words)) <= row/64 {
		r.words = append(r.words, 0)
	}
	r.words[row/64] |= 1 << (row % 64)
	r.count++
	r.last = row
}

// Count returns how many rows there are.
func (r *Rows) Count() int64 { return r.count }

func (r *Rows) has(row int64) bool {
	return row <= r.last && r.words[row/64]>>(row%64)&1 == 1
}

// in counts the rows from one number up to, but without, another.
func (r *Rows) in(from, to int64) int64 {
	n := 0
	to = min(to, 64*int64(len(r.words)))
	for from < to {
		word := r.words[from/64] >> (from % 64)
		if width := min(to-from, 64-from%64); width < 64 {
			word &= 1<<width - 1
		}
		n += bits.OnesCount64(word)
		from += 64 - from%64
	}
	return int64(n)
}
