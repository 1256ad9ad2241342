package shingle

import (
	"slices"
	"unicode/utf8"

	"github.com/mfonda/simhash"
)

// A Set is the set of distinct shingles of a text, as hashes in ascending order.
// The zero value is the empty set. A Set is immutable.
type Set struct {
	hashes []uint64
}

// Set returns the shingles of text, which is normalised first.
func (p Params) Set(text string) Set { return p.SetOfNormal(AppendNormal(nil, text)) }

// SetOfNormal returns the shingles of a text that is normalised already. normal is not kept.
func (p Params) SetOfNormal(normal []byte) Set {
	hashes := p.appendHashes(make([]uint64, 0, len(normal)), normal)
	slices.Sort(hashes)
	return Set{slices.Compact(hashes)}
}

// appendHashes appends the hash of every shingle of normal, in order, repeats included.
func (p Params) appendHashes(dst []uint64, normal []byte) []uint64 {
	target := p.target()
	weight, end := 0, 0
	for start := 0; start < len(normal); {
		for weight < target {
			if end == len(normal) {
				return dst
			}
			r, size := utf8.DecodeRune(normal[end:])
			weight += p.weight(r)
			end += size
		}
		dst = append(dst, hash(normal[start:end]))
		r, size := utf8.DecodeRune(normal[start:])
		weight -= p.weight(r)
		start += size
	}
	return dst
}

// Len returns the number of distinct shingles.
func (s Set) Len() int { return len(s.hashes) }

// Short reports whether the set is below MinShingles.
func (s Set) Short() bool { return len(s.hashes) < MinShingles }

// Features returns the shingles of text for the functions of github.com/mfonda/simhash:
// one feature of weight 1 for every distinct shingle.
func (p Params) Features(text string) []simhash.Feature {
	s := p.Set(text)
	features := make([]simhash.Feature, len(s.hashes))
	for i, h := range s.hashes {
		features[i] = feature(h)
	}
	return features
}

type feature uint64

func (f feature) Sum() uint64 { return uint64(f) }
func (f feature) Weight() int { return 1 }

// common returns the number of shingles that a and b share.
func common(a, b Set) int {
	n, j := 0, 0
	for _, h := range a.hashes {
		for j < len(b.hashes) && b.hashes[j] < h {
			j++
		}
		if j < len(b.hashes) && b.hashes[j] == h {
			n++
		}
	}
	return n
}

// Resemblance returns the Jaccard coefficient of a and b: the shingles that they share over
// the shingles of both, 0 to 1. It is 0 if both are empty.
func Resemblance(a, b Set) float64 {
	n := common(a, b)
	return ratio(n, a.Len()+b.Len()-n)
}

// Containment returns the share of part's shingles that stand in whole, 0 to 1.
// It is 0 if part is empty.
func Containment(part, whole Set) float64 {
	return ratio(common(part, whole), part.Len())
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
