package dedup

import (
	"cmp"
	"math"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// searchLimits bound a search. One that they cut short is counted as overflow.
type searchLimits struct {
	share  int // documents with the same part of a sketch: the earliest
	misses int // documents that are looked at in vain
}

var (
	oneMatch = searchLimits{share: 128, misses: 64}
	allPairs = searchLimits{share: 4096, misses: 1024}
	articles = searchLimits{share: 64, misses: 32} // by paragraph: what more have is boilerplate
)

// manyLooked is a number of documents for which a map is not used again: it would take long to
// clear.
const manyLooked = 1 << 12

// A candidate is a document that, by its sketch, may match the one at hand.
type candidate struct {
	num         store.DocNum
	doc         *store.Document
	resemblance float64 // estimated
}

// near returns the near duplicates of a and the documents that share an article with it, in
// the order in which they were added: all of them, or at least the representative with the
// highest resemblance of those in whose favour a may be dropped.
func (d *Deduper) near(a *analysis, all bool) ([]match, error) {
	if a.short || !d.opts.counts(Near) && !d.opts.counts(Syndicated) {
		return nil, nil
	}
	if d.looked == nil || len(d.looked) > manyLooked {
		d.looked = map[store.DocNum]bool{}
	}
	clear(d.looked)
	v := verifier{d: d, a: a, all: all, brief: a.sketch.Brief()}
	defer func() { d.wanted.note(v.held) }()
	if all {
		v.prefetch()
	} else if found, err := v.quickly(); found || err != nil {
		return v.matches, err
	}
	candidates, cut, err := v.candidates()
	if err != nil {
		return nil, err
	}
	missed, err := v.verifyAll(candidates)
	if err != nil {
		return nil, err
	}
	if cut || missed {
		d.overflow++
	}
	slices.SortFunc(v.matches, func(a, b match) int { return cmp.Compare(a.num, b.num) })
	return v.matches, nil
}

// candidates returns the documents that the sieves find and that sketches do not rule out. cut
// tells that there may be more.
func (v *verifier) candidates() (found []candidate, cut bool, err error) {
	d := v.d
	byFingerprint, err := d.index.Near(v.a.fingerprint, *d.opts.MaxDistance, v.seen...)
	if err != nil {
		return nil, false, err
	}
	nums := make([]store.DocNum, len(byFingerprint))
	for i, c := range byFingerprint {
		nums[i] = c.Num
	}
	if found, _, err = v.lookAt(found, nums, math.MaxInt); err != nil {
		return nil, false, err
	}
	bySketch, cutSketch, err := d.index.Similar(v.a.sketch, d.limits.share, v.seen...)
	if err != nil {
		return nil, false, err
	}
	found, cut, err = v.lookAt(found, bySketch, d.limits.misses)
	if cut = cut || cutSketch; err != nil || !d.opts.counts(Syndicated) {
		return found, cut, err
	}
	byParagraph, cutParagraph, err := d.index.Sharing(v.a.paragraphs, articles.share, v.seen...)
	if err != nil {
		return nil, false, err
	}
	found, missed, err := v.lookAt(found, byParagraph, articles.misses)
	return found, cut || cutParagraph || missed, err
}

// lookAt appends the candidates among documents that were not looked at before, until so many
// were none; cut tells that there were more.
func (v *verifier) lookAt(found []candidate, nums []store.DocNum, maxMisses int) (_ []candidate, cut bool, err error) {
	misses := 0
	for {
		next := v.d.next[:0] // as many as are looked at in any case
		for len(nums) > 0 && len(next) < min(briefsAtOnce, max(maxMisses-misses, 1)) {
			if n := nums[0]; !v.d.looked[n] {
				next = append(next, n)
			}
			nums = nums[1:]
		}
		if len(next) == 0 || misses == maxMisses {
			return found, len(next) > 0, nil
		}
		briefs, err := v.d.index.Briefs(v.d.briefs[:0], next)
		if err != nil {
			return nil, false, err
		}
		v.d.next, v.d.briefs = next, briefs
		for i, n := range next {
			c, err := v.look(n, &briefs[i])
			if err != nil {
				return nil, false, err
			}
			if c.doc == nil {
				misses++
				continue
			}
			found = append(found, c)
		}
	}
}

// briefsAtOnce is a number of briefs that are asked for side by side.
const briefsAtOnce = 16

// look returns the document as a candidate, or none if its sketch rules out that it matches.
func (v *verifier) look(n store.DocNum, b *store.Brief) (c candidate, err error) {
	v.d.looked[n] = true
	if !v.brief.MayShare(&b.Brief, v.least(b.Len(), b.Article)) {
		return candidate{}, nil
	}
	doc, err := v.d.index.Document(n)
	if err != nil || doc.Text == v.a.hash {
		return candidate{}, err
	}
	resemblance, may := v.a.sketch.MayShare(doc.Sketch, v.least(doc.Sketch.Len(), doc.Article))
	if !may {
		return candidate{}, nil
	}
	return candidate{n, doc, resemblance}, nil
}

// least returns the least number of shingles that a match of so many, and so many in its
// article, shares with the document.
func (v *verifier) least(shingles, article int) int {
	o := &v.d.opts
	least := math.MaxInt
	if o.counts(Near) {
		least = shingle.LeastCommon(v.a.shingles, shingles, o.MinResemblance)
	}
	if o.counts(Syndicated) {
		smaller := min(v.a.article, article)
		if smaller == 0 { // of one that is short or nothing but boilerplate
			smaller = max(v.a.article, article)
		}
		if smaller > 0 {
			least = min(least, shingle.LeastPart(smaller, o.MinContainment))
		}
	}
	return least
}
