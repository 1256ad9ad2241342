package shingle

import "slices"

// An Index finds, among a modest number of sets, those that can resemble a given one: the
// paragraphs of one document, say. It must be made by [NewIndex] and is not safe for
// concurrent use.
type Index struct {
	postings map[uint64][]int
}

// maxPostings is how many sets a shingle may stand in before it is passed over: it then
// tells little, and would make the index quadratic.
const maxPostings = 32

// NewIndex returns an empty index.
func NewIndex() *Index { return &Index{map[uint64][]int{}} }

// Add adds a set under a number of the caller's.
func (x *Index) Add(n int, s Set) {
	for _, h := range s.hashes {
		if len(x.postings[h]) <= maxPostings {
			x.postings[h] = append(x.postings[h], n)
		}
	}
}

// Candidates returns the numbers of the sets that share a shingle with s that few others
// have, those that share most first, at most 8 of them.
func (x *Index) Candidates(s Set) []int {
	shared := map[int]int{}
	for _, h := range s.hashes {
		if ns := x.postings[h]; len(ns) <= maxPostings {
			for _, n := range ns {
				shared[n]++
			}
		}
	}
	ns := make([]int, 0, len(shared))
	for n := range shared {
		ns = append(ns, n)
	}
	slices.SortFunc(ns, func(a, b int) int {
		if shared[a] != shared[b] {
			return shared[b] - shared[a]
		}
		return a - b
	})
	return ns[:min(len(ns), 8)]
}
