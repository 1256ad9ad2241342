package shingle

import (
	"math"
	"math/rand/v2"
	"testing"

	"neardup/internal/testkit"
)

// TestLeast compares with integers: every threshold of two digits and every number of shingles up
// to 2,000, and random ones of up to six digits and two billion.
func TestLeast(t *testing.T) {
	check := func(n, part, whole int) {
		t.Helper()
		threshold := float64(part) / float64(whole)
		if got, want := LeastPart(n, threshold), (n*part+whole-1)/whole; got != want {
			t.Errorf("LeastPart(%d, %v) = %d, want %d", n, threshold, got, want)
		}
		// c of n-c are part of whole or more if c*(whole+part) is n*part or more.
		if got, want := LeastCommon(n/3, n-n/3, threshold), (n*part+whole+part-1)/(whole+part); got != want {
			t.Errorf("LeastCommon(%d, %d, %v) = %d, want %d", n/3, n-n/3, threshold, got, want)
		}
	}
	for n := 2; n <= 4000; n++ {
		for part := range 100 {
			check(n, part+1, 100)
		}
	}
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	for range testkit.Scale(200_000, 1_000_000, 20_000_000) {
		whole := int(math.Pow10(1 + r.IntN(6)))
		check(2+r.IntN(1<<(1+r.IntN(31))), 1+r.IntN(whole), whole)
	}
}

// TestLeastOfEmpty: an empty set has nothing in common with any.
func TestLeastOfEmpty(t *testing.T) {
	for _, threshold := range []float64{1e-9, .5, 1} {
		if n := LeastPart(0, threshold); n < 1 {
			t.Errorf("LeastPart(0, %v) = %d", threshold, n)
		}
		if n := LeastCommon(0, 0, threshold); n < 1 {
			t.Errorf("LeastCommon(0, 0, %v) = %d", threshold, n)
		}
	}
}

// TestThresholdsAreExact: pairs of every size that are exactly at a threshold are ruled out by nothing
// that is looked at first; and by shingles, and by sketches that hold them all, what is below is
// told from what is not.
func TestThresholdsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	var f Finder
	for _, threshold := range testkit.Thresholds {
		wrong := 0
		for n := 1; n <= 2000; n++ {
			if n*threshold.Part%threshold.Whole != 0 && testkit.Tier() == "short" {
				continue
			}
			k := (n*threshold.Part + threshold.Whole - 1) / threshold.Whole
			for _, own := range []int{0, (n - k) / 2, n - k} { // of the first set
				for _, common := range []int{k - 1, k, k + 1} {
					a := common + own
					b := n - own
					if common < 0 || common > min(a, b) {
						continue
					}
					reaches := common*threshold.Whole >= (a+b-common)*threshold.Part
					x, y := randomSets(r, common, a, b)
					sketch, other := x.Sketch(), y.Sketch()
					brief, otherBrief := sketch.Brief(), other.Brief()
					least := LeastCommon(a, b, threshold.Share)
					_, may := sketch.MayShare(other, least)
					exact := sketch.Exact() && other.Exact()
					f.Hold(x)
					resemblance, _, _, ok := f.Compare(y, least)
					switch {
					case ok != reaches || ok && resemblance < threshold.Share,
						(Resemblance(x, y) >= threshold.Share) != reaches,
						reaches && !(may && brief.MayShare(&otherBrief, least)),
						exact && (may != reaches || (sketch.Resemblance(other) >= threshold.Share) != reaches):
						if wrong++; wrong <= 3 {
							t.Errorf("%v: sets of %d and %d with %d in common are wrong", threshold.Share, a, b, common)
						}
					}
					inside := common*threshold.Whole >= b*threshold.Part
					leastPart := LeastPart(b, threshold.Share)
					_, may = other.MayShare(sketch, leastPart)
					switch {
					case (common >= leastPart) != inside, (Containment(y, x) >= threshold.Share) != inside,
						inside && !(may && otherBrief.MayShare(&brief, leastPart)),
						exact && (may != inside || (other.Containment(sketch) >= threshold.Share) != inside):
						if wrong++; wrong <= 3 {
							t.Errorf("%v: a set of %d with %d in one of %d is wrong", threshold.Share, b, common, a)
						}
					}
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%v: %d are wrong", threshold.Share, wrong)
		}
	}
}
