package shingle

import (
	"slices"

	"github.com/mfonda/simhash"
)

// A Set is the set of distinct shingles of a text, as hashes in no particular order. The zero value is the empty set. A Set is immutable.
type Set struct {
	hashes []uint64
}

// Set returns the shingles of text, which is normalised first.
func (p Params) Set(text string) Set {
	var s Set
	p.lend(func(d *Digester) { s = d.shingles(text).Set.Clone() })
	return s
}

// Clone returns a copy of s with memory of its own.
func (s Set) Clone() Set { return Set{slices.Clone(s.hashes)} }

// Len returns the number of distinct shingles.
func (s Set) Len() int { return len(s.hashes) }

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
	if a.Len() > b.Len() {
		a, b = b, a
	}
	t := tables.Get().(*table)
	defer tables.Put(t)
	t.hold(a.hashes)
	return t.common(a.hashes, b.hashes, 0)
}

// A Finder finds the shingles of one set in many others. The zero value holds the empty set. It
// is safe for concurrent use but for [Finder.Hold].
type Finder struct {
	set   Set
	table table
}

// Hold makes s the set of which shingles are found. It reuses memory.
func (f *Finder) Hold(s Set) {
	f.set = s
	f.table.hold(s.hashes)
}

// Compare is [Compare] of the set and other. It ends early and is not ok if they share fewer
// than least shingles.
func (f *Finder) Compare(other Set, least int) (resemblance, inOther, otherIn float64, ok bool) {
	n := 0
	if f.set.Len() > 0 {
		n = f.table.common(f.set.hashes, other.hashes, least)
	}
	if n < least {
		return 0, 0, 0, false
	}
	resemblance, inOther, otherIn = shares(n, f.set.Len(), other.Len())
	return resemblance, inOther, otherIn, true
}

// Resemblance returns the Jaccard coefficient of a and b: the shingles that they share over
// the shingles of both, 0 to 1. It is 0 if both are empty.
func Resemblance(a, b Set) float64 {
	n := common(a, b)
	return ratio(n, a.Len()+b.Len()-n)
}

// Resemblance returns [Resemblance] of the shingles of two texts, and keeps neither.
func (p Params) Resemblance(a, b string) (r float64) {
	p.lend(func(x *Digester) {
		p.lend(func(y *Digester) { r = Resemblance(x.shingles(a).Set, y.shingles(b).Set) })
	})
	return r
}

// Containment returns the share of part's shingles that stand in whole, 0 to 1.
// It is 0 if part is empty.
func Containment(part, whole Set) float64 {
	return ratio(common(part, whole), part.Len())
}

// Compare returns [Resemblance] of a and b, [Containment] of a in b and of b in a, at the cost
// of one of them.
func Compare(a, b Set) (resemblance, aInB, bInA float64) {
	return shares(common(a, b), a.Len(), b.Len())
}

// shares returns what [Compare] does of sets of a and b shingles with so many in common.
func shares(common, a, b int) (resemblance, aInB, bInA float64) {
	return ratio(common, a+b-common), ratio(common, a), ratio(common, b)
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
