package dedup

import (
	"cmp"
	"math"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// A judgement is a verdict with the numbers that the index knows the documents by.
type judgement struct {
	Verdict
	num store.DocNum // of the document, 0 if it was not added
	of  store.DocNum // of the document that it duplicates, 0 if there is none

	article float64 // see match
	against bool    // that document belongs to the reference set
}

// judge compares a document with the representatives of the index. It notes in the analysis
// what is boilerplate.
func (d *Deduper) judge(doc Document, a *analysis) (judgement, error) {
	same, conflict, err := d.seen(doc, *a)
	if err != nil {
		return judgement{}, err
	}
	if same != 0 {
		return d.replay(same)
	}
	j := judgement{Verdict: Verdict{IDConflict: conflict}}
	if err := d.frame(doc.Site, a); err != nil {
		return j, err
	}
	m, err := d.best(*a)
	if err == nil {
		j.take(m)
	}
	return j, err
}

// take makes a match the ground of the judgement; the zero match makes it unique.
func (j *judgement) take(m match) {
	j.Kind, j.Of, j.Evidence, j.of, j.article = m.kind, m.id, m.Evidence, m.num, m.article
}

// seen looks for the same record, with the same id of its own and the same text; conflict
// tells that only other texts have the id.
func (d *Deduper) seen(doc Document, a analysis) (same store.DocNum, conflict bool, err error) {
	if doc.MadeID {
		return 0, false, nil
	}
	nums, err := d.index.ByID(doc.ID)
	if err != nil {
		return 0, false, err
	}
	conflict = len(nums) > 0
	for _, n := range nums {
		earlier, err := d.index.Document(n)
		if err != nil {
			return 0, false, err
		}
		if earlier.Text != a.hash {
			continue
		}
		conflict = false
		if stands, err := d.stands(earlier); err != nil {
			return 0, false, err
		} else if !stands {
			continue
		}
		if d.replays == nil || d.replays(n) {
			return n, false, nil
		}
	}
	return 0, conflict, nil
}

// replay tells what was said of document n.
func (d *Deduper) replay(n store.DocNum) (judgement, error) {
	earlier, err := d.index.Document(n)
	if err != nil {
		return judgement{}, err
	}
	v := earlier.Verdict
	j := judgement{num: n, of: v.Of, Verdict: Verdict{
		Kind:     Kind(v.Kind),
		Evidence: Evidence{Distance: v.Distance, Resemblance: v.Resemblance, Containment: v.Containment, ContainmentOf: v.ContainmentOf},
		Replayed: true,
	}}
	if held, err := d.index.Holds(v.Of); err != nil {
		return judgement{}, err
	} else if held {
		of, err := d.index.Document(v.Of)
		if err != nil {
			return judgement{}, err
		}
		j.Of = of.ID
	}
	return j, nil
}

// A match is a verified pair. The zero value is none.
type match struct {
	num            store.DocNum
	id             string
	kind           Kind
	representative bool
	fuller         bool // the document holds the other's article and more
	Evidence

	article   float64 // share of the article's shingles that stand in the other
	articleOf float64 // share of the other's article's shingles that stand in the document
}

var equalEvidence = Evidence{Resemblance: 1, Containment: 1, ContainmentOf: 1}

// best returns the representative that a matches with the highest resemblance, ties to the
// earlier.
func (d *Deduper) best(a analysis) (match, error) {
	equal, err := d.equal(a)
	if err != nil {
		return match{}, err
	}
	for _, m := range equal {
		if m.representative {
			return m, nil
		}
	}
	near, err := d.near(a, (1+d.opts.MinResemblance)/2)
	if m := highest(near); m.num != 0 || err != nil {
		return m, err
	}
	return fullest(near), nil
}

// fullest returns the representative of which the document holds most, the first of several.
func fullest(ms []match) match {
	var best match
	for _, m := range ms {
		if m.representative && m.fuller && m.articleOf > best.articleOf {
			best = m
			best.kind = Contains
		}
	}
	return best
}

// highest returns the representative with the highest resemblance in whose favour the document
// may be dropped, the first of several.
func highest(ms []match) match {
	var best match
	for _, m := range ms {
		if m.representative && !m.fuller && m.Resemblance > best.Resemblance {
			best = m
		}
	}
	return best
}

// equal returns the documents of the sieve by text that have the text of a, in the order in
// which they were added.
func (d *Deduper) equal(a analysis) ([]match, error) {
	if a.empty() || !d.opts.counts(Exact) {
		return nil, nil
	}
	return d.withText(a.hash, Exact, equalEvidence)
}

func (d *Deduper) withText(h store.TextHash, k Kind, e Evidence) ([]match, error) {
	nums, err := d.index.ByText(h)
	if err != nil {
		return nil, err
	}
	ms := make([]match, len(nums))
	for i, n := range nums {
		doc, err := d.index.Document(n)
		if err != nil {
			return nil, err
		}
		ms[i] = match{num: n, id: doc.ID, kind: k, representative: doc.Representative, Evidence: e}
	}
	return ms, nil
}

// searchLimits bound the search by sketch. A search that they cut short is counted as overflow.
type searchLimits struct {
	share  int // documents with the same part of a sketch: the earliest
	misses int // documents that are looked at in vain
}

var (
	oneMatch = searchLimits{share: 256, misses: 128}
	allPairs = searchLimits{share: 4096, misses: 1024}
	articles = searchLimits{share: 64, misses: 32} // by paragraph: what more have is boilerplate
)

// quickBands are the parts of a sketch by which a document is looked for first. Of 4 texts
// with resemblance 0.9 share one with probability 0.99.
const quickBands = 4

// quickly looks for a representative with a resemblance of enough at least. Representatives
// resemble each other by less than the threshold m, and 1 minus the resemblance is a metric
// (Charikar, STOC 2002): from (1+m)/2 on no other can resemble the document as much.
func (v *verifier) quickly(enough float64) (found bool, err error) {
	for band, key := range v.a.sketch.Bands() {
		if band == quickBands {
			break
		}
		n, err := v.d.index.First(band, key)
		if err != nil {
			return false, err
		}
		if n == 0 || v.looked[n] {
			continue
		}
		if err := v.look(n); err != nil {
			return false, err
		}
		if i := len(v.matches) - 1; i >= 0 {
			if m := v.matches[i]; m.kind == Near && m.representative && m.Resemblance >= enough {
				v.matches = v.matches[i:]
				return true, nil
			}
		}
	}
	return false, nil
}

// near returns the near duplicates of a and the documents that share an article with it, in
// the order in which they were added; or of representatives only one, if it resembles a by
// enough that no other can more.
func (d *Deduper) near(a analysis, enough float64) ([]match, error) {
	if a.short || !d.opts.counts(Near) && !d.opts.counts(Syndicated) {
		return nil, nil
	}
	v := verifier{d: d, a: a, looked: map[store.DocNum]bool{}}
	if found, err := v.quickly(enough); found || err != nil {
		return v.matches, err
	}
	byFingerprint, err := d.index.Near(a.fingerprint, *d.opts.MaxDistance)
	if err != nil {
		return nil, err
	}
	for _, c := range byFingerprint {
		if err := v.look(c.Num); err != nil {
			return nil, err
		}
	}
	bySketch, cutSketch, err := d.index.Similar(a.sketch, d.limits.share)
	if err != nil {
		return nil, err
	}
	missed, err := v.lookAt(bySketch, d.limits.misses)
	if err != nil {
		return nil, err
	}
	cut := cutSketch || missed
	if d.opts.counts(Syndicated) {
		byParagraph, cutParagraph, err := d.index.Sharing(a.paragraphs, articles.share)
		if err != nil {
			return nil, err
		}
		if missed, err = v.lookAt(byParagraph, articles.misses); err != nil {
			return nil, err
		}
		cut = cut || cutParagraph || missed
	}
	if cut {
		d.overflow++
	}
	slices.SortFunc(v.matches, func(a, b match) int { return cmp.Compare(a.num, b.num) })
	return v.matches, nil
}

// A verifier holds candidates against one document.
type verifier struct {
	d       *Deduper
	a       analysis
	looked  map[store.DocNum]bool
	sets    *textSets // of the document, once they are needed
	matches []match
}

// lookAt looks at candidates until so many were none; cut tells that there were more.
func (v *verifier) lookAt(nums []store.DocNum, maxMisses int) (cut bool, err error) {
	misses := 0
	for _, n := range nums {
		if v.looked[n] {
			continue
		}
		if misses == maxMisses {
			return true, nil
		}
		before := len(v.matches)
		if err := v.look(n); err != nil {
			return false, err
		}
		if len(v.matches) == before {
			misses++
		}
	}
	return false, nil
}

// look adds the candidate to the matches if it is one.
func (v *verifier) look(n store.DocNum) error {
	v.looked[n] = true
	doc, err := v.d.index.Document(n)
	if err != nil {
		return err
	}
	o := &v.d.opts
	similar := o.counts(Near) && plausible(v.a.sketch, doc.Sketch, o.MinResemblance)
	sharing := o.counts(Syndicated) && plausiblyContained(v.a.sketch, doc.Sketch, v.a.article, doc.Article, o.MinContainment)
	if doc.Text == v.a.hash || !similar && !sharing {
		return nil
	}
	m := match{num: n, id: doc.ID, representative: doc.Representative}
	if err := v.verify(&m, doc); err != nil {
		return err
	}
	switch {
	case o.counts(Near) && m.Resemblance >= o.MinResemblance:
		m.kind = Near
	case o.counts(Syndicated) && max(m.article, m.articleOf) >= o.MinContainment:
		m.kind = Syndicated
		m.fuller = m.article < o.MinContainment
	default:
		return nil
	}
	v.matches = append(v.matches, m)
	return nil
}

// textSets returns the shingles of the document.
func (v *verifier) textSets() textSets {
	if v.sets == nil {
		s := v.d.setsOf(v.a.text, v.a.is)
		v.sets = &s
	}
	return *v.sets
}

// plausible reports whether sets with those sketches may have the resemblance: it rules out
// what lies more than five standard errors below, or differs too much in size.
func plausible(a, b shingle.Sketch, resemblance float64) bool {
	small, large := min(a.Len(), b.Len()), max(a.Len(), b.Len())
	if float64(small) < resemblance*float64(large) {
		return false
	}
	slack := 0.0
	if !a.Exact() || !b.Exact() {
		slack = 5 * math.Sqrt(resemblance*(1-resemblance)/shingle.SketchBins)
	}
	return a.Resemblance(b) >= resemblance-slack
}

// plausiblyContained reports whether one of the articles in sets with those sketches may stand
// in the other set to that share: it rules out what lies more than five standard errors
// below. An article with no shingles is none.
func plausiblyContained(a, b shingle.Sketch, articleA, articleB int, containment float64) bool {
	small, both := min(articleA, articleB), a.Len()+b.Len()
	if small == 0 {
		small = max(articleA, articleB)
	}
	if small == 0 {
		return false
	}
	r := a.Resemblance(b)
	if a.Exact() && b.Exact() {
		return r/(1+r)*float64(both) >= containment*float64(small)
	}
	// The resemblance of the sets if the smaller article stands in the other to just that share.
	shared := containment * float64(small)
	least := shared / (float64(both) - shared)
	return r >= least-5*math.Sqrt(least*(1-least)/shingle.SketchBins)
}

// verify measures the document against one of the index: on the shingles of both texts if
// the text is at hand, and otherwise on sketches.
func (v *verifier) verify(m *match, doc *store.Document) error {
	a := &v.a
	m.Distance = a.fingerprint.Distance(doc.Fingerprint)
	other, ok, err := v.d.documentSets(m.num, doc)
	if err != nil {
		return err
	}
	var sets textSets
	if ok || a.is != nil {
		sets = v.textSets()
	}
	switch {
	case ok:
		m.Resemblance, m.Containment, m.ContainmentOf = shingle.Compare(sets.text, other.text)
	default:
		m.Resemblance = a.sketch.Resemblance(doc.Sketch)
		m.Containment = a.sketch.Containment(doc.Sketch)
		m.ContainmentOf = doc.Sketch.Containment(a.sketch)
		m.Estimated = !a.sketch.Exact() || !doc.Sketch.Exact()
	}
	m.article, m.articleOf = m.Containment, m.ContainmentOf
	if sets.framed && ok {
		m.article = shingle.Containment(sets.article, other.text)
	} else if sets.framed {
		m.article = sets.article.Sketch().Containment(doc.Sketch)
	}
	if ok && other.framed {
		m.articleOf = shingle.Containment(other.article, sets.text)
	}
	return nil
}

// stage judges a document and adds it to the index. It becomes durable with the next commit.
func (d *Deduper) stage(doc Document, a analysis) (judgement, error) {
	j, err := d.judge(doc, &a)
	if err != nil || j.num != 0 {
		return j, err
	}
	return d.add(doc, a, j, !j.Duplicate(), !j.Duplicate())
}

// add puts a document into the index with what was said of it, and into the sieves that are
// named.
func (d *Deduper) add(doc Document, a analysis, j judgement, byText, byShingles bool) (judgement, error) {
	var err error
	s := &store.Document{
		ID: doc.ID, OwnID: !doc.MadeID, Text: a.hash,
		ByText:         byText && !a.empty(),
		ByShingles:     byShingles && !a.short,
		Representative: !j.Duplicate(),
		Verdict: store.Verdict{
			Kind: byte(j.Kind), Of: j.of, Distance: j.Distance,
			Resemblance: j.Resemblance, Containment: j.Containment, ContainmentOf: j.ContainmentOf,
		},
	}
	if s.ByText || s.ByShingles {
		s.Fingerprint = a.fingerprint
		s.Sketch = a.sketch
		s.Characters = a.characters
		s.Article = a.article
		s.Site = doc.Site
		s.Location = doc.location
		s.Paragraphs = a.paragraphs
		if s.Counted, err = d.counts(doc.Site, byShingles && !a.short); err != nil {
			return j, err
		}
		s.Date = d.dateOf(doc)
	}
	if d.opts.StoreText && (s.ByText || s.ByShingles) {
		j.num, err = d.index.AddText(s, doc.Text)
	} else {
		j.num, err = d.index.Add(s)
	}
	return j, err
}
