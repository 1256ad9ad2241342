package dedup

import (
	"fmt"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// TestExactThresholds: a threshold counts what is exactly there, at every number of shingles, and
// nothing below it; by shingles, and by sketches that are exact.
func TestExactThresholds(t *testing.T) {
	w := testkit.NewWriter(1)
	p := shingle.DefaultParams()
	for _, threshold := range testkit.Thresholds {
		for _, test := range []struct {
			name  string
			pairs []testkit.Pair
			opts  Options
			kind  Kind
		}{
			{"resemblance", w.Resembling(threshold, 2000), Options{MinResemblance: threshold.Share, MinContainment: 1}, Near},
			{"resemblance alone", w.Resembling(threshold, 2000), Options{MinResemblance: threshold.Share, Kinds: []Kind{Exact, Near}}, Near},
			{"containment", w.Contained(threshold, 2000), Options{MinResemblance: 1, MinContainment: threshold.Share}, Syndicated},
		} {
			if test.opts.Kinds != nil && threshold.Share < .85 {
				continue // where no paragraph helps some are not found by their sketches
			}
			for _, x := range test.pairs {
				r, a, b := shingle.Compare(p.Set(x.A), p.Set(x.B))
				if r != float64(x.Common)/float64(x.Size()) || a != float64(x.Common)/float64(x.LenA) || b != float64(x.Common)/float64(x.LenB) {
					t.Fatalf("the test has texts with other shingles than %d, %d and %d in common", x.LenA, x.LenB, x.Common)
				}
			}
			for _, stored := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %v, texts stored %v", test.name, threshold.Share, stored), func(t *testing.T) {
					test.opts.StoreText, test.opts.TempDir = stored, t.TempDir()
					d := newDeduper(t, &test.opts)
					checkPairs(t, d, test.pairs, test.kind)
				})
			}
		}
	}
}

// checkPairs adds pairs, and expects of the second text of those that reach a threshold the kind.
func checkPairs(t *testing.T, d *Deduper, pairs []testkit.Pair, kind Kind) {
	t.Helper()
	docs := make([]Document, 0, 2*len(pairs))
	var used []testkit.Pair
	for i, x := range pairs {
		if d.opts.StoreText || max(x.LenA, x.LenB) <= shingle.SketchBins {
			used = append(used, x)
			docs = append(docs, Document{ID: fmt.Sprint(i, "a"), Text: x.A}, Document{ID: fmt.Sprint(i, "b"), Text: x.B})
		}
	}
	verdicts, err := d.AddAll(docs)
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i, x := range used {
		v := verdicts[2*i+1]
		if (v.Kind == kind) == x.Reaches && (v.Kind != kind || v.Of == docs[2*i].ID) && verdicts[2*i].Kind == Unique {
			continue
		}
		if wrong++; wrong <= 3 {
			t.Errorf("sets of %d and %d with %d in common: %+v", x.LenA, x.LenB, x.Common, v)
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d pairs are wrong", wrong, len(used))
	}
}

// TestOver: a share of exactly the limit is not over it.
func TestOver(t *testing.T) {
	if over(0, 0, 0) || over(0, 0, 1) {
		t.Error("nothing is over a share of nothing")
	}
	for whole := int64(1); whole <= 2000; whole++ {
		for part := range whole + 1 {
			if percent := part * 100 / whole; over(part, whole, float64(percent)/100) != (part*100 > percent*whole) {
				t.Errorf("%d of %d are over %d percent", part, whole, percent)
			}
		}
	}
}

// TestResemblanceStep: a pair is in the column that begins at its resemblance.
func TestResemblanceStep(t *testing.T) {
	for whole := 1; whole <= 500; whole++ {
		for part := range whole + 1 {
			if got, want := resemblanceStep(float64(part)/float64(whole)), min(part*ResemblanceSteps/whole, ResemblanceSteps-1); got != want {
				t.Errorf("%d of %d are in step %d, want %d", part, whole, got, want)
			}
		}
	}
}
