package shingle

import (
	"math"
	"math/rand/v2"
	"testing"

	"neardup/internal/testkit"
)

// randomSets returns two sets of random hashes with so many in common.
func randomSets(r *rand.Rand, common, a, b int) (Set, Set) {
	var x, y []uint64
	for range common {
		h := r.Uint64()
		x, y = append(x, h), append(y, h)
	}
	for len(x) < a {
		x = append(x, r.Uint64())
	}
	for len(y) < b {
		y = append(y, r.Uint64())
	}
	r.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
	return Set{x}, Set{y}
}

func TestBinsAgainstReference(t *testing.T) {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 1000 {
		a, b := make([]uint16, SketchBins), make([]uint16, SketchBins)
		for i := range a {
			a[i] = []uint16{0, 1, 0x7fff, 0x8000, 0xffff, uint16(r.Uint32())}[r.IntN(6)]
			b[i] = []uint16{a[i], 0, 1, 0x7fff, 0x8000, 0xffff, uint16(r.Uint32())}[r.IntN(7)]
		}
		wantEqual, wantUsed, wantGreater := 0, 0, 0
		for i := range a {
			switch {
			case a[i] == 0 && b[i] == 0:
			case a[i] == b[i]:
				wantEqual++
				wantUsed++
			default:
				wantUsed++
			}
			if a[i] > b[i] {
				wantGreater++
			}
		}
		equal, used := agreeing(a, b)
		if n := greater(a, b); equal != wantEqual || used != wantUsed || n != wantGreater {
			t.Fatalf("%d of %d equal, %d greater; want %d of %d, %d", equal, used, n, wantEqual, wantUsed, wantGreater)
		}
	}
}

// TestMayShare: what is there is never ruled out, what is far from it always.
func TestMayShare(t *testing.T) {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	far, ruled, briefly := 0, 0, 0
	for range testkit.Scale(2000, 10000, 200000) {
		a := 1 + r.IntN(3000)
		b := 1 + r.IntN(6000)
		common := r.IntN(min(a, b) + 1)
		x, y := randomSets(r, common, a, b)
		k, l := x.Sketch(), y.Sketch()
		for _, pair := range [][2]Sketch{{k, l}, {l, k}} {
			if r, ok := pair[0].MayShare(pair[1], common); !ok || r != k.Resemblance(l) {
				t.Errorf("sets of %d and %d share %d: %v, resemblance %v of %v", a, b, common, ok, r, k.Resemblance(l))
			}
		}
		p, q := k.Brief(), l.Brief()
		if p.Len() != a || !p.MayShare(&q, common) || !q.MayShare(&p, common) {
			t.Errorf("sets of %d and %d share %d, and their briefs rule that out", a, b, common)
		}
		if more := common + min(a, b)/2; more <= min(a, b) && min(a, b) > 300 && a+b < 10*min(a, b) {
			far++
			if _, ok := k.MayShare(l, more); !ok {
				ruled++
			}
			if !p.MayShare(&q, more) {
				briefly++
			}
		}
	}
	t.Logf("of %d pairs that share far less %d are ruled out, %d of them by briefs", far, ruled, briefly)
	if ruled < far*9/10 || briefly < far/4 {
		t.Errorf("of %d pairs that share far less %d are ruled out, and %d by briefs", far, ruled, briefly)
	}
}

// TestExactSketches: sketches that hold their sets tell what the sets do, to the last digit.
func TestExactSketches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	for size := 1; size <= SketchBins; size++ {
		for _, common := range []int{size, size * 4 / 5, r.IntN(size + 1)} {
			x, y := randomSets(r, common, size, common+r.IntN(SketchBins-common+1))
			k, l := x.Sketch(), y.Sketch()
			resemblance, xInY, yInX := Compare(x, y)
			if k.Resemblance(l) != resemblance || k.Containment(l) != xInY || l.Containment(k) != yInX {
				t.Errorf("sets of %d and %d with %d in common: %v, %v, %v; want %v, %v, %v", x.Len(), y.Len(), common,
					k.Resemblance(l), k.Containment(l), l.Containment(k), resemblance, xInY, yInX)
			}
		}
	}
}

// TestBelow: what is ruled out is less likely than said, at any share and of any number of bins.
func TestBelow(t *testing.T) {
	for _, trials := range []int{32, 64, briefBins, 256, SketchBins} {
		for _, share := range []float64{.1, .3, .5, .7, .8, .9, .95, .98, .99, .995, .999} {
			logGamma := func(n int) float64 { x, _ := math.Lgamma(float64(n + 1)); return x }
			p := 0.0
			for part := range trials + 1 {
				if below(part, trials, share) {
					p += math.Exp(logGamma(trials) - logGamma(part) - logGamma(trials-part) +
						float64(part)*math.Log(share) + float64(trials-part)*math.Log1p(-share))
				}
			}
			if p > 1./3e6 {
				t.Errorf("of %d bins at %v one in %.0f is ruled out", trials, share, 1/p)
			}
		}
	}
	if below(100, 100, 1) || below(0, 0, 1) {
		t.Error("equal sets are ruled out")
	}
}

func TestFinder(t *testing.T) {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	var f Finder
	if _, _, _, ok := f.Compare(Set{[]uint64{1}}, 1); ok {
		t.Error("the zero value holds something")
	}
	for range 200 {
		a, b := r.IntN(2000), r.IntN(2000)
		if r.IntN(20) == 0 {
			a = smallMost + r.IntN(10)
		}
		common := r.IntN(min(a, b) + 1)
		x, y := randomSets(r, common, a, b)
		f.Hold(x)
		wantR, wantA, wantB := Compare(x, y)
		least := r.IntN(common + 2)
		resemblance, inOther, otherIn, ok := f.Compare(y, least)
		switch {
		case ok != (common >= least):
			t.Errorf("%d shared, least %d: %v", common, least, ok)
		case ok && (resemblance != wantR || inOther != wantA || otherIn != wantB):
			t.Errorf("Compare = %v, %v, %v; want %v, %v, %v", resemblance, inOther, otherIn, wantR, wantA, wantB)
		}
	}
}
