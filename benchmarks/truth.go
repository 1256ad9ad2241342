package main

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"neardup/shingle"
)

// A Pair is two documents by their numbers, the lower first.
type Pair struct{ A, B int }

// A shingleSet is the shingles of a document as keys in ascending order. The upper 16 bits of a
// key are the frequency of the shingle in the corpus, so rare shingles come first.
type shingleSet []uint64

// exactJoin returns all pairs with a resemblance of at least threshold, with the resemblance.
// By prefix filtering (Chaudhuri, Ganti and Kaushik, "A primitive operator for similarity
// joins in data cleaning", ICDE 2006): two sets that resemble each other so much share one
// of the first |x|-⌈t|x|⌉+1 shingles of both in any order of all shingles; the rarest first leaves
// the fewest candidates. Every pair is decided by shingle.Resemblance.
func exactJoin(docs []Document, p shingle.Params, threshold float64) map[Pair]float64 {
	sets := shingleSets(docs, p)
	order := make([]int, len(sets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(sets[a]), len(sets[b])) })

	index := map[uint64][]int32{} // the documents in whose prefix a shingle stands, shortest first
	prefix := func(s shingleSet) shingleSet {
		return s[:len(s)-int(math.Ceil(threshold*float64(len(s))-1e-9))+1]
	}
	var candidates []Pair
	seen := make([]int32, len(sets)) // the last document, from 1, of which each was a candidate
	for _, x := range order {
		if len(sets[x]) == 0 {
			continue
		}
		least := int(math.Ceil(threshold*float64(len(sets[x])) - 1e-9))
		for _, key := range prefix(sets[x]) {
			if key>>48 == 1 {
				continue // stands in no other document
			}
			postings := index[key]
			first, _ := slices.BinarySearchFunc(postings, least, func(y int32, n int) int { return cmp.Compare(len(sets[y]), n) })
			for _, y := range postings[first:] {
				if seen[y] == int32(x+1) {
					continue
				}
				seen[y] = int32(x + 1)
				if overlap(sets[x], sets[y]) >= threshold-0.001 { // keys are cut hashes: leave a margin
					candidates = append(candidates, Pair{min(x, int(y)), max(x, int(y))})
				}
			}
			index[key] = append(postings, int32(x))
		}
	}
	found := map[Pair]float64{}
	var mu sync.Mutex
	slices.SortFunc(candidates, func(a, b Pair) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	parallel(len(candidates), func(worker func(func(i int))) {
		set, of := shingle.Set{}, -1
		worker(func(i int) {
			c := candidates[i]
			if of != c.A {
				set, of = p.Set(docs[c.A].Text), c.A
			}
			if r := shingle.Resemblance(set, p.Set(docs[c.B].Text)); r >= threshold {
				mu.Lock()
				found[c] = r
				mu.Unlock()
			}
		})
	})
	return found
}

// shingleSets returns the keys of all documents.
func shingleSets(docs []Document, p shingle.Params) []shingleSet {
	sets := make([]shingleSet, len(docs))
	parallel(len(docs), func(worker func(func(i int))) {
		worker(func(i int) {
			features := p.Features(docs[i].Text)
			set := make(shingleSet, len(features))
			for j, f := range features {
				set[j] = f.Sum()
			}
			sets[i] = set
		})
	})
	// A frequency may be too high, by shingles that share a counter: the order is as good.
	const counters = 1 << 26
	frequency := make([]uint16, counters)
	for _, set := range sets {
		for _, h := range set {
			if c := &frequency[h%counters]; *c < math.MaxUint16 {
				*c++
			}
		}
	}
	parallel(len(sets), func(worker func(func(i int))) {
		worker(func(i int) {
			for j, h := range sets[i] {
				sets[i][j] = uint64(frequency[h%counters])<<48 | h>>16
			}
			slices.Sort(sets[i])
		})
	})
	return sets
}

// overlap returns the resemblance of two sets of keys.
func overlap(a, b shingleSet) float64 {
	common := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			common, i, j = common+1, i+1, j+1
		}
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

// parallel calls body on all cores with a function that gives it its share of the numbers
// below n, in runs of neighbours.
func parallel(n int, body func(worker func(do func(i int)))) {
	var wg sync.WaitGroup
	var next atomic.Int64
	workers := runtime.GOMAXPROCS(0)
	run := max(1, n/(32*workers))
	for range workers {
		wg.Go(func() {
			body(func(do func(i int)) {
				for {
					begin := int(next.Add(int64(run))) - run
					if begin >= n {
						return
					}
					for i := begin; i < min(n, begin+run); i++ {
						do(i)
					}
				}
			})
		})
	}
	wg.Wait()
}
