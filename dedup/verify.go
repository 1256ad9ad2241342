package dedup

import (
	"cmp"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// A verifier holds candidates against one document.
type verifier struct {
	d       *Deduper
	a       *analysis
	brief   shingle.Brief
	all     bool           // matches are wanted and not only the best
	seen    []store.DocNum // candidates that were found quickly
	held    bool           // the finder holds the shingles of the document
	matches []match
	best    float64 // resemblance of the best match in whose favour the document may be dropped
}

// quickly looks for a near duplicate that no other representative can beat. Representatives
// resemble each other by less than the threshold m, and 1 minus the resemblance is a metric
// (Charikar, STOC 2002): from (1+m)/2 on no other can resemble the document as much.
func (v *verifier) quickly() (found bool, err error) {
	enough := (1 + v.d.opts.MinResemblance) / 2
	keys := v.a.sketch.Bands()
	for band := range store.QuickBands {
		if band == 1 { // of most copies the first band is enough
			v.prefetch()
		}
		n, err := v.d.index.First(band, keys)
		if err != nil {
			return false, err
		}
		if n == 0 || v.d.looked[n] {
			continue
		}
		b, err := v.d.index.Brief(n)
		if err != nil {
			return false, err
		}
		c, err := v.look(n, &b)
		if c.doc == nil || err != nil {
			if err != nil {
				return false, err
			}
			continue
		}
		v.seen = append(v.seen, n)
		if ok, err := v.verify(c); !ok || err != nil {
			if err != nil {
				return false, err
			}
			continue
		}
		last := len(v.matches) - 1
		if m := v.matches[last]; m.kind == Near && m.grounds() && m.Resemblance >= enough {
			v.matches = v.matches[last:]
			return true, nil
		}
	}
	return false, nil
}

// prefetch prepares for the searches in all sieves.
func (v *verifier) prefetch() {
	v.d.index.Prefetch(v.a.sketch.Bands(), v.a.fingerprint, v.a.paragraphs)
}

// verifyAll verifies candidates, the most promising first, until too many were none; cut tells
// that there were more. If the best is enough, those that can't be it are left out.
func (v *verifier) verifyAll(candidates []candidate) (cut bool, err error) {
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.resemblance, a.resemblance), cmp.Compare(a.num, b.num))
	})
	misses := 0
	for _, c := range candidates {
		if v.best > 0 {
			if _, may := v.a.sketch.MayShare(c.doc.Sketch, shingle.LeastCommon(v.a.shingles, c.doc.Sketch.Len(), v.best)); !may {
				continue
			}
		}
		if misses == v.d.limits.misses {
			return true, nil
		}
		ok, err := v.verify(c)
		if err != nil {
			return false, err
		}
		if !ok && v.best == 0 {
			misses++
		}
	}
	return false, nil
}

// verify adds the candidate to the matches if it is one, and one that is wanted.
func (v *verifier) verify(c candidate) (ok bool, err error) {
	m := match{num: c.num, id: c.doc.ID, representative: c.doc.Representative}
	if ok, err = v.measure(&m, c.doc); !ok || err != nil {
		return false, err
	}
	o := &v.d.opts
	if m.kind, m.fuller = o.kindOf(&m, o.MinResemblance); m.kind == Unique {
		return false, nil
	}
	v.matches = append(v.matches, m)
	if !v.all && m.grounds() {
		v.best = max(v.best, m.Resemblance)
	}
	return true, nil
}

// kindOf tells what two texts that are not equal are, by what was measured of them, and whether
// the document is the fuller one.
func (o *Options) kindOf(m *match, minResemblance float64) (k Kind, fuller bool) {
	switch {
	case o.counts(Near) && m.Resemblance >= minResemblance:
		return Near, false
	case o.counts(Syndicated) && max(m.article, m.articleOf) >= o.MinContainment:
		return Syndicated, m.article < o.MinContainment
	}
	return Unique, false
}

// measure holds the document against one of the index: on the shingles of both texts if the
// text is at hand, and otherwise on sketches. It is not ok if they share too few shingles for a
// match that is wanted.
func (v *verifier) measure(m *match, doc *store.Document) (ok bool, err error) {
	a := v.a
	m.Distance = a.fingerprint.Distance(doc.Fingerprint)
	other, exact, err := v.d.documentSets(m.num, doc)
	if err != nil {
		return false, err
	}
	sets := &textSets{}
	if exact || a.is != nil {
		sets = v.textSets()
	}
	if exact {
		least := v.least(doc.Sketch.Len(), doc.Article)
		if v.best > 0 {
			least = max(least, shingle.LeastCommon(a.shingles, doc.Sketch.Len(), v.best))
		}
		m.Resemblance, m.Containment, m.ContainmentOf, ok = v.d.finder.Compare(other.text, least)
		if !ok {
			return false, nil
		}
	} else {
		m.Resemblance = a.sketch.Resemblance(doc.Sketch)
		m.Containment = a.sketch.Containment(doc.Sketch)
		m.ContainmentOf = doc.Sketch.Containment(a.sketch)
		m.Estimated = !a.sketch.Exact() || !doc.Sketch.Exact()
	}
	m.article, m.articleOf = m.Containment, m.ContainmentOf
	if sets.framed && exact {
		m.article = shingle.Containment(sets.article, other.text)
	} else if sets.framed {
		m.article = sets.article.Sketch().Containment(doc.Sketch)
	}
	if exact && other.framed {
		m.articleOf = shingle.Containment(other.article, sets.text)
	}
	return true, nil
}

// textSets returns the shingles of the document, and makes them those that are found.
func (v *verifier) textSets() *textSets {
	if v.a.sets == nil {
		v.a.sets = v.d.setsOf(v.a.text, v.a.is)
	}
	if !v.held {
		v.held = true
		v.d.finder.Hold(v.a.sets.text)
	}
	return v.a.sets
}
