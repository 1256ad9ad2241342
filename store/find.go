package store

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"

	"neardup/shingle"
)

// MaxDistance is the largest distance that [Index.Near] searches completely: two
// fingerprints within distance 7 have a 16-bit block in which they differ by one bit at most.
const MaxDistance = 7

// A Candidate is a document with a near fingerprint, not yet verified.
type Candidate struct {
	Num      DocNum
	Distance int // Hamming distance, 0 to 64
}

func idValue(id string) uint64 { return xxhash.Sum64String(id) }

// ByID returns the documents that came with the id, in the order in which they were added.
func (ix *Index) ByID(id string) ([]DocNum, error) {
	return ix.find(tableID, idValue(id), func(d *Document) bool { return d.OwnID && d.ID == id })
}

// ByText returns the documents with the text, of those that stand in that sieve, in the
// order in which they were added.
func (ix *Index) ByText(h TextHash) ([]DocNum, error) {
	return ix.find(tableText, textValue(h), func(d *Document) bool { return d.Text == h })
}

// find returns the documents with an entry of that value for which match holds.
func (ix *Index) find(table byte, value uint64, match func(*Document) bool) ([]DocNum, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	var nums []DocNum
	err := ix.scan(table, value, func(e entry) bool {
		nums = append(nums, e.num)
		return true
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(nums)
	nums = slices.Compact(nums)
	matching := nums[:0]
	for _, n := range nums {
		d, err := ix.document(n)
		if err != nil {
			return nil, err
		}
		if match(d) {
			matching = append(matching, n)
		}
	}
	return matching, nil
}

// Near returns every document in the fingerprint sieve whose fingerprint lies within
// distance k of f, in the order in which they were added. k is 0 to MaxDistance.
//
// The fingerprint is cut into four blocks of 16 bits, each a table (Manku, Jain and Das
// Sarma, "Detecting near-duplicates for web crawling", WWW 2007, section 3). Up to k = 3 two
// fingerprints agree in a whole block: 4 searches. Up to 7 they differ in some block by at
// most one bit (Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index
// hashing", CVPR 2012): 68 searches.
func (ix *Index) Near(f shingle.Fingerprint, k int) ([]Candidate, error) {
	if k < 0 || k > MaxDistance {
		return nil, fmt.Errorf("store: distance %d is not in 0 to %d", k, MaxDistance)
	}
	radius := k / blocks
	ix.mu.Lock()
	defer ix.mu.Unlock()
	var found []Candidate
	for table := range byte(blocks) {
		value := rotate(f, table)
		visit := func(e entry) bool {
			g := unrotate(e.value, table)
			if d := f.Distance(g); d <= k && firstTable(f^g, radius) == table {
				found = append(found, Candidate{e.num, d})
			}
			return true
		}
		if err := ix.scan(table, value, visit); err != nil {
			return nil, err
		}
		if radius == 0 {
			continue
		}
		for bit := 48; bit < 64; bit++ {
			if err := ix.scan(table, value^1<<bit, visit); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int { return cmp.Compare(a.Num, b.Num) })
	return slices.Compact(found), nil
}

// Similar returns documents of which a sketch shares band keys with k, those that share most
// first, ties to the earlier, at most limit of them; cut tells that there were more.
func (ix *Index) Similar(k shingle.Sketch, limit int) (nums []DocNum, cut bool, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	shared := map[DocNum]int{}
	for i, key := range k.Bands() {
		read, last := 0, DocNum(0)
		err := ix.scan(tableBand+byte(i), key, func(e entry) bool {
			if e.num <= last {
				return true // it stands in both sieves
			}
			if read++; read > limit {
				return false
			}
			last = e.num
			shared[e.num]++
			return true
		})
		if err != nil {
			return nil, false, err
		}
		cut = cut || read > limit
	}
	for n := range shared {
		nums = append(nums, n)
	}
	slices.SortFunc(nums, func(a, b DocNum) int {
		return cmp.Or(shared[b]-shared[a], cmp.Compare(a, b))
	})
	if len(nums) > limit {
		nums, cut = nums[:limit], true
	}
	return nums, cut, nil
}

// firstTable returns the first table in which fingerprints that differ by diff meet, so that
// a pair that meets in several is reported once.
func firstTable(diff shingle.Fingerprint, radius int) byte {
	for table := range byte(blocks) {
		if bits.OnesCount16(uint16(rotate(diff, table)>>48)) <= radius {
			return table
		}
	}
	return blocks
}

// scan reads both sieves, the older entries first, until f returns false. An entry can stand
// in both after a crash.
func (ix *Index) scan(table byte, value uint64, f func(entry) bool) error {
	if ix.err != nil {
		return ix.err
	}
	more := true
	visit := func(e entry) bool {
		more = f(e)
		return more
	}
	for _, s := range []sieve{&ix.written, &ix.newest} {
		if err := s.scan(table, value, visit); err != nil || !more {
			return err
		}
	}
	return nil
}
