package dedup

import (
	"cmp"
	"fmt"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// A Threshold tells what would go if texts were near duplicates from a resemblance on.
type Threshold struct {
	MinResemblance float64 `json:"min_resemblance"`
	Kept           int64   `json:"kept"`
	Dropped        int64   `json:"dropped"`
	Exact          int64   `json:"exact"`
	Near           int64   `json:"near"`
	Syndicated     int64   `json:"syndicated"`

	// Borderline are up to three pairs by which a document goes here and would not at the next
	// threshold, least resemblance first. It is never nil once a scan has filled it in.
	Borderline []Borderline `json:"borderline"`
}

// A Borderline is a pair of documents and the first place where they differ; A is kept.
type Borderline struct {
	pairRow
	Differ *Stretch `json:"-"` // nil if that is far behind their beginnings
}

const maxBorderline = 3

// DefaultThresholds returns 0.7, 0.75 and so on to 0.95. Of pairs with resemblance 0.7 about one
// in 27 is not found, of those with 0.75 one in 95; see [shingle.Sketch.Bands].
func DefaultThresholds() []Threshold {
	var ts []Threshold
	for percent := 70; percent <= 95; percent += 5 {
		ts = append(ts, Threshold{MinResemblance: float64(percent) / 100})
	}
	return ts
}

// checkThresholds reports what is wrong with thresholds to fill in.
func checkThresholds(ts []Threshold) error {
	last := 0.0
	for _, t := range ts {
		if !(t.MinResemblance > last && t.MinResemblance <= 1) {
			return fmt.Errorf("thresholds %v and %v are not above 0, at most 1 and in order", last, t.MinResemblance)
		}
		last = t.MinResemblance
	}
	return nil
}

// A level walks the clusters that there are at a threshold.
type level struct {
	*Threshold
	next    float64   // the threshold above
	kept    numberSet // the representatives
	pairs   []borderPair
	summary Summary
}

type borderPair struct {
	match                   // the representative
	id       string         // of the document,
	ordinal  int64          // its number in the input
	location store.Location // and its text
}

func newLevels(ts []Threshold) []*level {
	ls := make([]*level, len(ts))
	for i := range ts {
		ls[i] = &level{Threshold: &ts[i], next: 2}
		if i > 0 {
			ls[i-1].next = ts[i].MinResemblance
		}
	}
	return ls
}

// at returns what of matches that were found at a lower threshold are matches at this one, with
// the representatives that kept names.
func (o *Options) at(ms []match, minimum float64, kept *numberSet) (out []match) {
	for _, m := range ms {
		if m.kind != Exact {
			if m.kind, m.fuller = o.kindOf(&m, minimum); m.kind == Unique {
				continue
			}
		}
		if kept != nil {
			m.representative = kept.has(m.num)
		}
		out = append(out, m)
	}
	return out
}

// judge says what becomes of a document.
func (l *level) judge(o *Options, equal, near []match) (v Verdict, m match) {
	if m = highest(o.at(equal, l.MinResemblance, &l.kept)); m.num == 0 {
		m = highest(o.at(near, l.MinResemblance, &l.kept))
	}
	v.Kind = m.kind
	l.summary.count(v)
	return v, m
}

// border notes a pair if it is among those at the border.
func (l *level) border(p borderPair) {
	if p.kind != Near || p.Resemblance >= l.next {
		return
	}
	order := func(a, b borderPair) int {
		return cmp.Or(cmp.Compare(a.Resemblance, b.Resemblance), cmp.Compare(a.ordinal, b.ordinal))
	}
	i, _ := slices.BinarySearchFunc(l.pairs, p, order)
	l.pairs = slices.Insert(l.pairs, i, p)
	l.pairs = l.pairs[:min(len(l.pairs), maxBorderline)]
}

// finish fills in the threshold.
func (l *level) finish(d *Deduper, texts *runTexts) error {
	s, t := &l.summary, l.Threshold
	t.Kept, t.Dropped, t.Exact, t.Near, t.Syndicated = s.Kept, s.Dropped, s.Exact, s.Near, s.Syndicated
	t.Borderline = []Borderline{}
	for _, p := range l.pairs {
		doc, err := d.index.Document(p.num)
		if err != nil {
			return err
		}
		a, err := texts.again(doc.Location)
		if err != nil {
			return err
		}
		b, err := texts.again(p.location)
		if err != nil {
			return err
		}
		t.Borderline = append(t.Borderline, Borderline{
			pairRow{p.match.id, p.id, Near, p.Distance, round(p.Resemblance), round(p.ContainmentOf), round(p.Containment)},
			differ(d.opts.Params, a, b, t.MinResemblance),
		})
	}
	return nil
}

// differ returns the first stretch in which texts differ.
func differ(p shingle.Params, a, b string, minimum float64) *Stretch {
	stretches, _ := beside(p, a, b, minimum)
	for _, s := range stretches {
		if s.Kind != Exact {
			return &s
		}
	}
	return nil
}
