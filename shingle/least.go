package shingle

import "math"

// Thresholds are inclusive and exact: 236 of 295 shingles are 0.8 of them, and 17 of 20 are 0.85.
//
// A share is a quotient of two numbers that is rounded to the nearest float64, and a threshold is
// a decimal that was rounded in the same way. So two that are equal stay equal, and none that is
// less becomes greater. Nor do two that differ become equal: a share of n and a decimal of d digits
// lie 1/(n*10^d) apart at least, and no two numbers up to 1 that are more than 2^-53 apart are
// rounded to the same. That is so with up to six digits and nine billion shingles. So whether a
// share reaches a threshold is told by >=.
//
// A product of a threshold and a number of shingles tells less: 0.8/1.8*531 is more than 236. The
// number of shingles from which a threshold is reached is that of LeastPart or LeastCommon.

// LeastPart returns the least number that is a share of whole of threshold or more, for a
// threshold above 0 to 1.
func LeastPart(whole int, threshold float64) int {
	return least(threshold*float64(whole), func(part int) bool { return ratio(part, whole) >= threshold })
}

// LeastCommon returns the least number of shingles that sets of a and b shingles have in common
// if their resemblance is threshold or more, for a threshold above 0 to 1. It is more than one of
// them has if there are no such sets.
func LeastCommon(a, b int, threshold float64) int {
	return least(threshold/(1+threshold)*float64(a+b), func(common int) bool { return ratio(common, a+b-common) >= threshold })
}

// least returns the least number that is enough, which is about x.
func least(x float64, enough func(int) bool) int {
	n := int(math.Ceil(x))
	switch {
	case n > 0 && enough(n-1):
		return n - 1
	case enough(n):
		return n
	}
	return n + 1
}
