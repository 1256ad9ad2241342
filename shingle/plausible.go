package shingle

import (
	"math"
	"math/bits"
)

// slack is how many standard errors an estimate may lie below a share for the share to be
// plausible. Of a share near 1 the misses are few, and their number is far from normally
// distributed: skew more are plausible then (Cornish and Fisher, 1938). One estimate in three
// million lies lower.
const (
	slack = 5
	skew  = (slack*slack - 1) / 6
)

// MayShare reports whether the sketched sets may have so many shingles in common: it rules out
// what would be less likely than slack standard errors. Of exact sketches it knows. If they may,
// resemblance is [Sketch.Resemblance].
func (k Sketch) MayShare(other Sketch, shingles int) (resemblance float64, ok bool) {
	small, large := k, other
	if small.size > large.size {
		small, large = large, small
	}
	if shingles > small.size {
		return 0, false
	}
	if large.Exact() {
		n := commonHalves(small.set, large.set)
		return ratio(n, small.size+large.size-n), n >= shingles
	}
	least := ratio(shingles, small.size+large.size-shingles)
	var scratch [SketchBins]uint16
	a, b := small.binned(&scratch), large.bins
	const first = SketchBins / 4 // tell for most pairs
	equal, used := agreeing(a[:first], b[:first])
	if below(equal, used, least) {
		return 0, false
	}
	e, u := agreeing(a[first:], b[first:])
	if equal, used = equal+e, used+u; below(equal, used, least) {
		return 0, false
	}
	// A minimum of the smaller set that is less than that of the other is not in the other, one
	// that is equal is: of sets with different sizes that tells more than the resemblance.
	return ratio(equal, used), !below(equal, equal+greater(a, b), ratio(shingles, small.size))
}

// below reports whether a part of a number of trials lies implausibly far below a share.
func below(part, trials int, share float64) bool {
	n := float64(trials)
	return float64(part) < share*n-slack*math.Sqrt(share*(1-share)*n)-skew*max(0, 2*share-1)
}

// agreeing returns in how many bins a and b have the same minimum, of those that are not empty
// in both.
func agreeing(a, b []uint16) (equal, used int) {
	for i := 0; i+4 <= len(a) && i+4 <= len(b); i += 4 {
		x, y := load16s(a[i:]), load16s(b[i:])
		filled := nonZero(x | y)
		equal += bits.OnesCount64(filled &^ nonZero(x^y))
		used += bits.OnesCount64(filled)
	}
	return equal, used
}

// greater returns in how many bins a holds a greater number than b.
func greater(a, b []uint16) (n int) {
	for i := 0; i+4 <= len(a) && i+4 <= len(b); i += 4 {
		x, y := load16s(a[i:]), load16s(b[i:])
		least := (y&^x | ^(y^x)&((y|upper)-x&^upper)) & upper // where y >= x
		n += 4 - bits.OnesCount64(least)
	}
	return n
}

// upper has the uppermost bit of each of four numbers.
const upper = 0x8000800080008000

// load16s reads four numbers into one word.
func load16s(b []uint16) uint64 {
	_ = b[3]
	return uint64(b[0]) | uint64(b[1])<<16 | uint64(b[2])<<32 | uint64(b[3])<<48
}

// nonZero returns a word that has the uppermost bit of each of four numbers that is not zero.
func nonZero(x uint64) uint64 { return (x&^upper + ^uint64(upper) | x) & upper }
