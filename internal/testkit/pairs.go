package testkit

// A Threshold is a share as users write it, and as a fraction.
type Threshold struct {
	Share       float64
	Part, Whole int
}

// Thresholds are those at which pairs are tested.
var Thresholds = []Threshold{{.5, 1, 2}, {.7, 7, 10}, {.8, 4, 5}, {.85, 17, 20}, {.9, 9, 10}, {.95, 19, 20}, {1, 1, 1}}

// A Pair is two texts of which it is known how many shingles they have.
type Pair struct {
	A, B       string
	Common     int
	LenA, LenB int  // with those in common
	Reaches    bool // the threshold
}

// Size is the number of shingles that the texts have together.
func (p *Pair) Size() int { return p.LenA + p.LenB - p.Common }

// Resembling returns pairs with every number of shingles up to most that can be compared: at a
// resemblance of exactly the threshold, where one text may be a part of the other or neither is,
// and one shingle below and above it. In the short tier numbers are left out at which no pair is
// exactly there.
func (w Writer) Resembling(t Threshold, most int) (ps []Pair) {
	for n := leastShingles; n <= most; n++ {
		for k := range t.around(n) {
			if k < leastShingles {
				continue
			}
			a := k + (n-k)/2
			ps = append(ps, w.pair(k, a, n-a+k, t.reaches(k, n)))
			switch {
			case k*t.Whole != n*t.Part || k == n:
			case n%2 == 0:
				ps = append(ps, w.pair(k, n, k, true))
			default:
				ps = append(ps, w.pair(k, k, n, true))
			}
		}
	}
	return ps
}

// Contained returns pairs of a text and a shorter one, of every number of shingles up to most,
// that stands in it to a share of exactly the threshold, and one shingle less and more.
func (w Writer) Contained(t Threshold, most int) (ps []Pair) {
	for n := leastShingles; n <= most; n++ {
		for k := range t.around(n) {
			if k >= leastShingles {
				ps = append(ps, w.pair(k, n+(n-k)+n/7+3, n, t.reaches(k, n)))
			}
		}
	}
	return ps
}

func (t Threshold) reaches(part, whole int) bool { return part*t.Whole >= whole*t.Part }

// around passes on the least part of n that reaches the threshold, and those beside it.
func (t Threshold) around(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		k := (n*t.Part + t.Whole - 1) / t.Whole
		if n*t.Part%t.Whole != 0 && Tier() == "short" {
			return
		}
		for i := max(k-1, 0); i <= min(k+1, n); i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// leastShingles is the number of shingles from which texts of ideographs are not short, and a
// paragraph is known to the index: so none is missed by chance.
const leastShingles = 27

// ideographs is how many there are from U+4E00 on, all of which normalise to themselves.
const ideographs = 20902

// pair makes texts with so many shingles of three ideographs. No ideograph comes twice, so that all
// shingles differ; a line end between ideographs is nothing.
func (w Writer) pair(common, a, b int, reaches bool) Pair {
	pool := make([]rune, ideographs)
	for i := range pool {
		pool[i] = rune(0x4e00 + i)
	}
	drawn := 0
	draw := func(n int) string {
		for range n {
			j := drawn + w.IntN(ideographs-drawn)
			pool[drawn], pool[j] = pool[j], pool[drawn]
			drawn++
		}
		return string(pool[drawn-n : drawn])
	}
	shared := draw(common + 2)
	p := Pair{A: shared + "\n" + draw(a-common), B: shared + "\n" + draw(b-common), Common: common, LenA: a, LenB: b, Reaches: reaches}
	if p.A == p.B { // the same shingles, of a text that begins again where it ends
		circle := []rune(shared)[:common]
		p.A, p.B = string(circle)+string(circle[:2]), string(circle)+string(circle[:3])
	}
	return p
}
