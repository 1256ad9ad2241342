package dedup

import (
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
	m, err := d.equalRepresentative(a)
	if m.num == 0 && err == nil {
		d.complete(a)
		if err = d.frame(doc.Site, a); err == nil {
			m, err = d.bestUnequal(a)
		}
	}
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
func (d *Deduper) best(a *analysis) (match, error) {
	if m, err := d.equalRepresentative(a); m.num != 0 || err != nil {
		return m, err
	}
	return d.bestUnequal(a)
}

// equalRepresentative returns the earliest representative with the text of a.
func (d *Deduper) equalRepresentative(a *analysis) (match, error) {
	equal, err := d.equal(a)
	if err != nil {
		return match{}, err
	}
	for _, m := range equal {
		if m.representative {
			return m, nil
		}
	}
	return match{}, nil
}

// bestUnequal is best for a text that no representative has.
func (d *Deduper) bestUnequal(a *analysis) (match, error) {
	near, err := d.near(a, false)
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
		if m.grounds() && m.Resemblance > best.Resemblance {
			best = m
		}
	}
	return best
}

// grounds reports whether the document may be dropped in favour of the other.
func (m *match) grounds() bool { return m.representative && !m.fuller }

// equal returns the documents of the sieve by text that have the text of a, in the order in
// which they were added.
func (d *Deduper) equal(a *analysis) ([]match, error) {
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
		s.Date, s.Undated = dateOf(doc)
	}
	if d.opts.StoreText && (s.ByText || s.ByShingles) {
		j.num, err = d.index.AddText(s, doc.Text)
	} else {
		j.num, err = d.index.Add(s)
	}
	// Of a text that can't be had again shingles are not held: a verdict would depend on whether
	// they still are.
	again := d.opts.StoreText || d.texts != nil && doc.location.Run != 0
	if a.sets != nil && s.ByShingles && again {
		d.sets.put(j.num, a.sets)
	}
	return j, err
}
