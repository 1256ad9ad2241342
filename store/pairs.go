package store

import (
	"math/bits"

	"neardup/shingle"
)

// A fingerprint is cut into five blocks, four of 13 bits and one of 12. Every pair of blocks
// is a table (Manku, Jain and Das Sarma, "Detecting near-duplicates for web crawling", WWW
// 2007, section 3): up to distance 3 two fingerprints agree in two whole blocks. Further away
// the pairs nearby are searched as well (Norouzi, Punjani and Fleet, "Fast search in Hamming
// space with multi-index hashing", CVPR 2012): up to 4 two fingerprints differ in some two
// blocks by one bit at most, and up to 7 in each of some two blocks by one bit at most.
const (
	blocks    = 5
	blockBits = 13
	pairs     = blocks * (blocks - 1) / 2
)

// MaxDistance is the largest distance that [Index.Near] searches completely.
const MaxDistance = 7

// pairBlocks are the two blocks of every table.
var pairBlocks = func() (p [pairs][2]int) {
	n := 0
	for i := range blocks {
		for j := range i {
			p[n] = [2]int{j, i}
			n++
		}
	}
	return p
}()

func block(f shingle.Fingerprint, i int) uint64 {
	return uint64(f) >> (i * blockBits) & (1<<blockBits - 1)
}

// pairOf returns the two blocks of a table.
func pairOf(table byte, f shingle.Fingerprint) uint64 {
	b := pairBlocks[table]
	return block(f, b[0])<<blockBits | block(f, b[1])
}

// meet reports whether fingerprints within distance k that differ by diff are found in a
// table: in each of its blocks at most one bit differs, up to distance 4 in one block only,
// up to 3 none.
func meet(table byte, diff shingle.Fingerprint, k int) bool {
	b := pairBlocks[table]
	n, m := bits.OnesCount64(block(diff, b[0])), bits.OnesCount64(block(diff, b[1]))
	switch {
	case k <= 3:
		return n+m == 0
	case k == 4:
		return n+m <= 1
	}
	return n <= 1 && m <= 1
}

// firstTable returns the first table in which fingerprints within distance k that differ by
// diff meet, so that a pair that meets in several is reported once.
func firstTable(diff shingle.Fingerprint, k int) byte {
	for table := range byte(pairs) {
		if meet(table, diff, k) {
			return table
		}
	}
	return pairs
}

// neighbours calls f for every fingerprint to search for in a table.
func neighbours(table byte, g shingle.Fingerprint, k int, f func(shingle.Fingerprint) error) error {
	if err := f(g); err != nil || k <= 3 {
		return err
	}
	first, second := blockMask(pairBlocks[table][0]), blockMask(pairBlocks[table][1])
	for a := first | second; a != 0; a &= a - 1 {
		one := g ^ a&-a
		if err := f(one); err != nil {
			return err
		}
		if k == 4 || a&-a&first == 0 {
			continue
		}
		for b := second; b != 0; b &= b - 1 {
			if err := f(one ^ b&-b); err != nil {
				return err
			}
		}
	}
	return nil
}

func blockMask(i int) shingle.Fingerprint { return (1<<blockBits - 1) << (i * blockBits) }
