package dedup

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// families are versions of articles, more and less edited, and parts of them. All have a
// paragraph in common, so that none is missed by chance.
func families(w testkit.Writer, n int) (pages []page) {
	for range n {
		base := w.Article(5)
		for range 2 + w.IntN(6) {
			ps := slices.Clone(base)
			for range w.IntN(8) {
				r := []rune(ps[1+w.IntN(4)])
				at := w.IntN(len(r) - 20)
				for j := range 1 + w.IntN(20) {
					r[at+j] = 'q'
				}
				for k, p := range ps[1:] {
					if len([]rune(p)) == len(r) && w.IntN(2) == 0 {
						ps[1+k] = string(r)
					}
				}
				ps[1+w.IntN(4)] = string(r)
			}
			switch w.IntN(6) {
			case 0:
				ps = ps[:1+w.IntN(4)]
			case 1:
				ps = append(ps, w.Article(3)...)
			case 2:
				ps = slices.Clone(base)
				ps[0] = strings.ToUpper(ps[0])
			}
			pages = append(pages, page{Text: strings.Join(ps, "\n")})
		}
	}
	w.Shuffle(len(pages), func(i, j int) { pages[i], pages[j] = pages[j], pages[i] })
	for i := range pages {
		pages[i].ID = fmt.Sprint(i)
	}
	return pages
}

// TestThresholdsAgainstWalks compares what a scan tells of thresholds with a walk for each, which
// looks at every pair of texts.
func TestThresholdsAgainstWalks(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	pages := families(testkit.NewWriter(seed), testkit.Scale(40, 80, 200))
	path := pageFile(t, pages)
	p := shingle.DefaultParams()
	normal, sets, digester := make([]string, len(pages)), make([]shingle.Set, len(pages)), p.NewDigester()
	short := make([]bool, len(pages))
	for i, x := range pages {
		normal[i], sets[i], short[i] = p.Normalize(x.Text), p.Set(x.Text), digester.Digest(x.Text).Short
	}
	type pair struct{ r, a, b float64 } // containment of the later in the earlier, and of that in it
	pairs := map[[2]int]pair{}
	for i := range pages {
		for j := range i {
			if !short[i] && !short[j] {
				r, a, b := shingle.Compare(sets[i], sets[j])
				pairs[[2]int{i, j}] = pair{r, a, b}
			}
		}
	}

	ts := DefaultThresholds()
	var out bytes.Buffer
	s, err := Scan(t.Context(), ScanOptions{
		Options: Options{TempDir: t.TempDir()}, RowOptions: RowOptions{Input: inputOf(t, path), Output: &out}, Thresholds: ts,
	})
	if err != nil || s.Overflow != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	differs := false
	for n, got := range ts {
		want := Threshold{MinResemblance: got.MinResemblance}
		next := 2.0
		if n+1 < len(ts) {
			next = ts[n+1].MinResemblance
		}
		var kept []int
		var border []Borderline
		firsts := map[string]bool{}
		for i := range pages {
			best, kind := pair{}, Unique
			of := -1
			for _, j := range kept {
				if normal[i] == normal[j] {
					kind, best, of = Exact, pair{1, 1, 1}, j
					break
				}
				x := pairs[[2]int{i, j}]
				k := Unique
				switch {
				case x.r >= want.MinResemblance:
					k = Near
				case x.a >= DefaultMinContainment:
					k = Syndicated
				}
				if k != Unique && x.r > best.r {
					kind, best, of = k, x, j
				}
			}
			switch kind {
			case Unique:
				kept = append(kept, i)
				want.Kept++
			case Exact:
				want.Exact++
			case Near:
				want.Near++
				if best.r < next && !firsts[normal[i]] {
					border = append(border, Borderline{pairRow: pairRow{A: pages[of].ID, B: pages[i].ID, Resemblance: round(best.r)}})
				}
			case Syndicated:
				want.Syndicated++
			}
			firsts[normal[i]] = true
		}
		want.Dropped = int64(len(pages)) - want.Kept
		slices.SortStableFunc(border, func(a, b Borderline) int {
			if a.Resemblance < b.Resemblance {
				return -1
			}
			return 1
		})
		border = border[:min(len(border), maxBorderline)]
		if got.Kept != want.Kept || got.Dropped != want.Dropped || got.Exact != want.Exact || got.Near != want.Near || got.Syndicated != want.Syndicated {
			t.Errorf("%+v, counted %+v", got, want)
		}
		if !slices.EqualFunc(got.Borderline, border, func(a, b Borderline) bool {
			return a.A == b.A && a.B == b.B && a.Resemblance == b.Resemblance && a.Differ != nil
		}) {
			t.Errorf("at %v the border are %+v, counted %+v", got.MinResemblance, got.Borderline, border)
		}
		differs = differs || got.Near != ts[0].Near
		if got.MinResemblance == DefaultMinResemblance && (got.Exact != s.Exact || got.Near != s.Near || got.Syndicated != s.Syndicated) {
			t.Errorf("%+v, and in the summary %+v", got, s)
		}

		// The rows are those without thresholds, and a scan at the threshold says the same.
		var alone bytes.Buffer
		again, err := Scan(t.Context(), ScanOptions{
			Options:    Options{TempDir: t.TempDir(), MinResemblance: got.MinResemblance},
			RowOptions: RowOptions{Input: inputOf(t, path), Output: &alone},
		})
		if err != nil || again.Exact != got.Exact || again.Near != got.Near || again.Syndicated != got.Syndicated {
			t.Errorf("%+v, alone %+v, %v", got, again, err)
		}
		if got.MinResemblance == DefaultMinResemblance && !bytes.Equal(alone.Bytes(), out.Bytes()) {
			t.Error("thresholds change the rows")
		}
	}
	if !differs {
		t.Error("all thresholds say the same")
	}
}

func TestThresholdsMustBeInOrder(t *testing.T) {
	for _, rs := range [][]float64{{0}, {-1}, {1.1}, {0.8, 0.7}, {0.8, 0.8}} {
		var ts []Threshold
		for _, r := range rs {
			ts = append(ts, Threshold{MinResemblance: r})
		}
		if _, err := Scan(t.Context(), ScanOptions{Thresholds: ts}); err == nil {
			t.Errorf("%v is no error", rs)
		}
	}
}
