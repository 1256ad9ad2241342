package dedup

// A run is count places from start that repeat those from first, which lies before.
type run struct{ start, first, count int32 }

// repeats are the repeats in a sequence.
type repeats struct {
	// For every place: the length of the longest repeat of something that begins earlier, and
	// the first place at which that begins, which it may overlap.
	length, first []int32
}

// maximal returns for every place at which a longest repeat begins that repeat, as a run. Those
// that are only the rest of the one before them are left out.
func (r repeats) maximal() []run {
	var runs []run
	for i, n := range r.length {
		if n > 0 && (i == 0 || n > r.length[i-1]-1) {
			runs = append(runs, run{int32(i), r.first[i], n})
		}
	}
	return runs
}

// earliest returns a run of the same content that begins as early as is known.
func (r repeats) earliest(m run) run {
	for r.length[m.first] >= m.count {
		m.first = r.first[m.first]
	}
	return m
}

// findRepeats finds the repeats in s, whose symbols are 0 to symbols-1, in linear time.
//
// The suffixes that begin with the same content are an interval of the suffix array. Of those
// that meet in an interval all but the earliest have found their longest repeat there; the
// earliest goes on to the interval around it.
func findRepeats(s []int32, symbols int) repeats {
	sa := suffixArray(s, symbols)
	common := commonPrefixes(s, sa)
	type interval struct{ common, earliest, number int32 }
	var open []interval
	var earliest []int32 // of all closed and open intervals
	length, first := make([]int32, len(s)), make([]int32, len(s))
	for i := range sa {
		after := int32(0) // what the next suffix has in common with this one
		if i+1 < len(sa) {
			after = common[i+1]
		}
		left := sa[i]
		for len(open) > 0 && open[len(open)-1].common >= after {
			top := &open[len(open)-1]
			later := max(left, top.earliest)
			left = min(left, top.earliest)
			length[later], first[later] = top.common, top.number
			top.earliest, earliest[top.number] = left, left
			if top.common == after {
				break
			}
			open = open[:len(open)-1]
		}
		if after > 0 && (len(open) == 0 || open[len(open)-1].common < after) {
			open = append(open, interval{after, left, int32(len(earliest))})
			earliest = append(earliest, left)
		}
	}
	for i := range first {
		if length[i] > 0 {
			first[i] = earliest[first[i]]
		}
	}
	return repeats{length, first}
}

// commonPrefixes returns for every suffix but the first how many symbols it has in common with
// the one before it in the array (Kasai et al., "Linear-time longest-common-prefix computation
// in suffix arrays", 2001).
func commonPrefixes(s, sa []int32) []int32 {
	rank := make([]int32, len(s))
	for i, p := range sa {
		rank[p] = int32(i)
	}
	common := make([]int32, len(s))
	n := 0
	for i := range s {
		if rank[i] == 0 {
			n = 0
			continue
		}
		j := int(sa[rank[i]-1])
		for i+n < len(s) && j+n < len(s) && s[i+n] == s[j+n] {
			n++
		}
		common[rank[i]] = int32(n)
		n = max(0, n-1)
	}
	return common
}

// suffixArray sorts the suffixes of s, whose symbols are 0 to symbols-1, by induced sorting
// (Nong, Zhang and Chan, "Linear suffix array construction by almost pure induced sorting",
// 2009).
func suffixArray(s []int32, symbols int) []int32 {
	sa := make([]int32, len(s))
	if len(s) == 0 {
		return sa
	}
	x := newInducer(s, symbols, sa)
	var starts []int32 // of the leftmost small suffixes, in the order of s
	number := make([]int32, len(s))
	for i := 1; i < len(s); i++ {
		if x.leftmost(i) {
			number[i] = int32(len(starts))
			starts = append(starts, int32(i))
		}
	}
	x.induce(starts)
	if len(starts) < 2 {
		return sa
	}
	sorted := make([]int32, 0, len(starts))
	for _, p := range sa {
		if x.leftmost(int(p)) {
			sorted = append(sorted, p)
		}
	}
	names := make([]int32, len(starts))
	name := int32(0)
	for i, p := range sorted {
		if i > 0 && !x.samePiece(sorted[i-1], p, starts, number) {
			name++
		}
		names[number[p]] = name
	}
	if int(name)+1 < len(sorted) {
		for i, p := range suffixArray(names, int(name)+1) {
			sorted[i] = starts[p]
		}
	}
	x.induce(sorted)
	return sa
}

// An inducer sorts all suffixes from some that are sorted.
type inducer struct {
	s, sa []int32
	small []bool  // the suffix is less than the one after it
	heads []int32 // where the suffixes of a symbol begin in the array
	at    []int32
}

func newInducer(s []int32, symbols int, sa []int32) *inducer {
	x := &inducer{s, sa, make([]bool, len(s)), make([]int32, symbols+1), make([]int32, symbols+1)}
	for i := len(s) - 2; i >= 0; i-- {
		x.small[i] = s[i] < s[i+1] || s[i] == s[i+1] && x.small[i+1]
	}
	for _, c := range s {
		x.heads[c+1]++
	}
	for c := range symbols {
		x.heads[c+1] += x.heads[c]
	}
	return x
}

// leftmost reports whether the suffix at i is small and the one before it is not.
func (x *inducer) leftmost(i int) bool { return i > 0 && x.small[i] && !x.small[i-1] }

// samePiece compares two pieces of s, each from one leftmost small suffix up to the next.
func (x *inducer) samePiece(p, q int32, starts, number []int32) bool {
	end := func(p int32) int32 {
		if n := number[p] + 1; int(n) < len(starts) {
			return starts[n]
		}
		return int32(len(x.s))
	}
	n := end(p) - p
	if end(q)-q != n || int(max(p, q)+n) >= len(x.s) {
		return false
	}
	for i := range n + 1 {
		if x.s[p+i] != x.s[q+i] {
			return false
		}
	}
	return true
}

// induce fills the array from leftmost small suffixes in their order.
func (x *inducer) induce(sorted []int32) {
	for i := range x.sa {
		x.sa[i] = -1
	}
	copy(x.at, x.heads[1:]) // the ends of the symbols
	for i := len(sorted) - 1; i >= 0; i-- {
		c := x.s[sorted[i]]
		x.at[c]--
		x.sa[x.at[c]] = sorted[i]
	}
	copy(x.at, x.heads)
	put := func(p int32) {
		if p >= 0 && !x.small[p] {
			c := x.s[p]
			x.sa[x.at[c]] = p
			x.at[c]++
		}
	}
	put(int32(len(x.s) - 1))
	for i := range x.sa {
		if x.sa[i] >= 0 {
			put(x.sa[i] - 1)
		}
	}
	copy(x.at, x.heads[1:])
	for i := len(x.sa) - 1; i >= 0; i-- {
		if p := x.sa[i] - 1; p >= 0 && x.small[p] {
			c := x.s[p]
			x.at[c]--
			x.sa[x.at[c]] = p
		}
	}
}
