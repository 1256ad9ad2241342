package dedup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"neardup/internal/record"
	"neardup/shingle"
)

// TrimOptions say what goes of the records that are kept.
type TrimOptions struct {
	// Sections are the later occurrences of repeated sections of a record, as [Sections]
	// finds them.
	Sections bool

	// Paragraphs of 100 characters and more go that stand in an earlier record that is kept,
	// exact or near.
	Paragraphs bool

	// Boilerplate is the share of the documents of its site in which a paragraph stands that
	// goes as boilerplate, above 0 to 1. Zero means that none goes.
	Boilerplate float64
}

func (o *TrimOptions) any() bool { return o.Sections || o.Paragraphs || o.Boilerplate > 0 }

// share is that of boilerplate, whether it goes or only belongs to no article.
func (o *TrimOptions) share() float64 {
	if o.Boilerplate > 0 {
		return o.Boilerplate
	}
	return DefaultBoilerplate
}

// check refuses sources of which nothing can be taken out.
func (o *TrimOptions) check(sources []*record.Source) error {
	if o.Boilerplate < 0 || o.Boilerplate > 1 {
		return fmt.Errorf("boilerplate share %v is not above 0 and at most 1", o.Boilerplate)
	}
	for _, s := range sources {
		if o.any() && !s.Splices() {
			return fmt.Errorf("%s: nothing can be taken out of records of %s in %s and leave the rest byte for byte", s.Name, s.Format, s.Charset())
		}
	}
	return nil
}

const longParagraph = 100 // characters of a paragraph that goes for standing in an earlier record

// A trimming is what may go of a record.
type trimming struct {
	lines   []shingle.Range // its paragraphs
	frame   []mark          // those that are boilerplate
	parts   []part          // those that may stand elsewhere
	repeats []repeat
}

// A part is a paragraph that may stand elsewhere.
type part struct {
	mark
	keys [3]uint64 // equal paragraphs share all, similar ones at least one as a rule
	set  shingle.Set

	least       uint64 // see shingle.Digest.ParagraphLeast
	fingerprint shingle.Fingerprint
}

// A repeat is a later occurrence of a section.
type repeat struct {
	at, first shingle.Range
}

// find finds what may go of a text of a site.
func (o *TrimOptions) find(d *shingle.Digester, text string, site uint64, b *boilerplate) *trimming {
	t := &trimming{}
	if o.Sections {
		if page := Sections(text, nil); len(page.Sections) > 0 {
			_, removed := RemoveRepeats(text, nil)
			t.repeats = pairRepeats(page, removed)
		}
	}
	if !o.Paragraphs && o.Boilerplate == 0 {
		return t
	}
	var g *shingle.Digest
	if o.Paragraphs {
		g = d.Digest(text)
	} else {
		g = d.Lines(text)
	}
	var is []bool
	if o.Boilerplate > 0 {
		is = b.of(g, site)
	}
	t.lines = make([]shingle.Range, len(g.Paragraphs))
	for i, p := range g.Paragraphs {
		t.lines[i] = p.Range
		m := mark{paragraphHash(g.Normal[p.Normal.Start:p.Normal.End]), p.Range}
		switch {
		case is != nil && is[i]:
			t.frame = append(t.frame, m)
		case o.Paragraphs && utf8.RuneCountInString(text[p.Start:p.End]) >= longParagraph:
			t.parts = append(t.parts, part{mark: m, keys: g.ParagraphKeys(p), set: g.ParagraphSet(p)})
		}
	}
	return t
}

// pairRepeats returns what is removed of a page, with what it repeats as far as that was found
// at once: what only comes together when something else goes has no first occurrence.
func pairRepeats(p Page, removed []shingle.Range) (rs []repeat) {
	var found []repeat
	for _, s := range p.Sections {
		first := shingle.Range{Start: s.Occurrences[0].Start, End: s.Occurrences[0].End}
		for _, o := range s.Occurrences[1:] {
			found = append(found, repeat{shingle.Range{Start: o.Start, End: o.End}, first})
		}
	}
	slices.SortFunc(found, func(a, b repeat) int { return a.at.Start - b.at.Start })
	for _, r := range removed {
		for _, f := range found {
			if f.at.End <= r.Start || f.at.Start >= r.End {
				continue
			}
			if r.Start < f.at.Start {
				rs = append(rs, repeat{at: shingle.Range{Start: r.Start, End: f.at.Start}})
			}
			end := min(r.End, f.at.End)
			rs = append(rs, repeat{shingle.Range{Start: max(r.Start, f.at.Start), End: end}, f.first})
			r.Start = end
		}
		if r.Start < r.End {
			rs = append(rs, repeat{at: r})
		}
	}
	return rs
}

// A trimmer takes parts out of the records that are kept.
type trimmer struct {
	c       *cleaner
	decoder *record.Decoder
	elses   *paragraphIndex // nil unless paragraphs go
}

func (c *cleaner) newTrimmer() (*trimmer, error) {
	t := &trimmer{c: c, decoder: c.o.Input.decoder()}
	if !c.o.Trim.Paragraphs {
		return t, nil
	}
	var err error
	t.elses, err = newParagraphIndex(c)
	return t, err
}

func (t *trimmer) close() error {
	if t == nil || t.elses == nil {
		return nil
	}
	return t.elses.close()
}

// trim returns a record without what goes of it, and lists that.
func (t *trimmer) trim(it *item) (*record.Raw, error) {
	c, text, found := t.c, it.rec.Text, it.trimming
	var rows []removedRow
	var cuts []shingle.Range
	gone := map[int]bool{} // where paragraphs begin that go
	site := siteHash(it.host)
	for _, m := range found.frame {
		gone[m.Start] = true
		e := c.d.boilerplate.example(site, m.hash, it.ordinal)
		rows = append(rows, partRow(it, e.id, Boilerplate, m.Range, e.Range))
	}
	for _, r := range found.repeats {
		cuts = append(cuts, r.at)
		row := partRow(it, it.rec.ID, InSection, r.at, r.first)
		if r.first.Start == r.first.End {
			row.Spans = nil
		} else {
			t.measure(&row, text[r.at.Start:r.at.End], text[r.first.Start:r.first.End])
		}
		rows = append(rows, row)
	}
	var kept []part
	if t.elses != nil {
		for _, p := range found.parts {
			e, err := t.elses.find(p)
			if err != nil {
				return nil, err
			}
			if e == nil {
				kept = append(kept, p)
				continue
			}
			gone[p.Start] = true
			row := partRow(it, e.id, InParagraph, p.Range, e.Range)
			row.Distance, row.Resemblance, row.Containment, row.ContainmentOfKept = e.distance, round(e.resemblance), round(e.contained), round(e.containing)
			rows = append(rows, row)
		}
	}
	cuts = mergeRanges(append(cuts, paragraphCuts(found.lines, gone)...))
	if len(cuts) == 0 || strings.TrimSpace(textWithout(text, cuts)) == "" {
		rows, cuts, kept = nil, nil, found.parts // it keeps what it has
	}
	if t.elses != nil {
		if err := t.elses.add(it, kept); err != nil {
			return nil, err
		}
	}
	if len(cuts) == 0 {
		return it.raw, nil
	}
	for _, row := range rows {
		c.state.Summary.countPart(row.Kind)
		if c.removed.File != nil {
			if err := c.removed.write(row); err != nil {
				return nil, err
			}
		}
	}
	trimmed := *it.raw
	in := make([]record.Cut, len(cuts))
	for i, r := range cuts {
		in[i] = record.Cut(r)
	}
	var err error
	trimmed.Bytes, err = t.decoder.Splice(it.raw, &it.rec, in)
	return &trimmed, err
}

// partRow lists a part of a record that goes since it stands at another place too.
func partRow(it *item, kept string, k Kind, at, there shingle.Range) removedRow {
	return removedRow{
		ID: it.rec.ID, Kept: kept, Kind: k, Resemblance: 1, Containment: 1, ContainmentOfKept: 1,
		Spans: []Span{{at.Start, at.End, there.Start, there.End}},
	}
}

// measure fills in what two parts of texts have in common, unless they are equal.
func (t *trimmer) measure(row *removedRow, a, b string) {
	if shingle.Normalize(a) == shingle.Normalize(b) {
		return
	}
	p := t.c.d.opts.Params
	x, y := p.Set(a), p.Set(b)
	row.Distance = x.Fingerprint().Distance(y.Fingerprint())
	r, c, k := shingle.Compare(x, y)
	row.Resemblance, row.Containment, row.ContainmentOfKept = round(r), round(c), round(k)
	if r >= t.c.d.opts.MinResemblance {
		return
	}
	at := row.Spans[0] // of a section that is near paragraph by paragraph
	row.Spans = []Span{}
	for _, s := range spans(p, a, b, t.c.d.opts.MinResemblance) {
		row.Spans = append(row.Spans, Span{at.Start + s.Start, at.Start + s.End, at.KeptStart + s.KeptStart, at.KeptStart + s.KeptEnd})
	}
}

// paragraphCuts returns what goes if paragraphs go: they, and the white space before them, or
// behind them at the beginning of the text.
func paragraphCuts(lines []shingle.Range, gone map[int]bool) (cuts []shingle.Range) {
	for i := 0; i < len(lines); i++ {
		if !gone[lines[i].Start] {
			continue
		}
		first := i
		for i+1 < len(lines) && gone[lines[i+1].Start] {
			i++
		}
		c := shingle.Range{Start: lines[first].Start, End: lines[i].End}
		switch {
		case first > 0:
			c.Start = lines[first-1].End
		case i+1 < len(lines):
			c.End = lines[i+1].Start
		}
		cuts = append(cuts, c)
	}
	return cuts
}

// mergeRanges puts ranges into order and joins those that touch.
func mergeRanges(rs []shingle.Range) (out []shingle.Range) {
	slices.SortFunc(rs, func(a, b shingle.Range) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	for _, r := range rs {
		if n := len(out); n > 0 && out[n-1].End >= r.Start {
			out[n-1].End = max(out[n-1].End, r.End)
		} else if r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}
