package dedup

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"neardup/shingle"
)

// A goneFinder finds what goes of a text if the later occurrences of its sections go. No sentence
// goes of which nothing is left:
//
//   - What is equal to its part of the first occurrence goes, but for lines that are no lines of
//     it: they are parts of longer ones there, or put together of several. Of text, whose lines are
//     broken anywhere, only short ones stay.
//   - Of what is near to it, those sentences go to which one of it is near.
//   - What is inserted stays.
//   - A sentence that is in part outside of an occurrence stays, unless that part says the same.
type goneFinder struct {
	*sectionFinder
	out []shingle.Range

	// A paragraph can hold many occurrences, so what was found out about the last one is kept.
	paragraph span
	sentences []shingle.Range
	last      span // that around returned
	lastJoins bool // it is several paragraphs
}

// maxSentence is the most characters of a sentence. What is longer has no full stops, and a line of
// it can be lost in what two of them differ in.
const maxSentence = 500

// gone returns what goes of the text if the later occurrences go, in order.
func (f *sectionFinder) gone() []shingle.Range {
	type occurrence struct {
		first span
		claim claim
	}
	var later []occurrence
	for first, claims := range f.claims {
		for _, c := range claims {
			later = append(later, occurrence{first, c})
		}
	}
	slices.SortFunc(later, func(a, b occurrence) int { return int(a.claim.from - b.claim.from) })
	g := goneFinder{sectionFinder: f}
	for _, o := range later {
		done := len(g.out)
		for _, u := range f.units(o.first, o.claim) {
			g.unit(u, done)
		}
	}
	return g.out
}

// A unit is a part of a later occurrence and what it repeats, from a place at which paragraphs
// begin in both to the next one: paragraphs, or several if lines are broken elsewhere.
type unit struct {
	first, later span
	near         bool // not all is equal
}

// units cuts a later occurrence into units.
func (f *sectionFinder) units(first span, c claim) (out []unit) {
	u := unit{span{first.from, first.from}, span{c.from, c.from}, false}
	cut := func() {
		if u.later.from < u.later.to && f.begins(u.first.to) && f.begins(u.later.to) {
			out = append(out, u)
			u = unit{span{u.first.to, u.first.to}, span{u.later.to, u.later.to}, false}
		}
	}
	for _, b := range c.blocks {
		cut()
		if b.first.from > u.first.to || b.later.from > u.later.to {
			open := u.first.from < u.first.to || u.later.from < u.later.to
			u.first.to, u.later.to, u.near = b.first.from, b.later.from, true
			if !open && f.begins(u.first.to) && f.begins(u.later.to) { // paragraphs that have no partner
				u = unit{span{u.first.to, u.first.to}, span{u.later.to, u.later.to}, false}
			}
		}
		if b.near {
			u.first.to, u.later.to, u.near = b.first.to, b.later.to, true
			continue
		}
		for i := range b.first.to - b.first.from {
			cut()
			u.first.to, u.later.to = b.first.from+i+1, b.later.from+i+1
		}
	}
	if u.later.from < u.later.to {
		out = append(out, u)
	}
	return out
}

// unit adds what goes of a unit. Out has n ranges that are of other occurrences.
func (g *goneFinder) unit(u unit, n int) {
	if u.first.from == u.first.to {
		return
	}
	first, later := g.around(u.first), g.around(u.later)
	switch {
	case u.near:
		// What it is near to may not stay, or not be near to what stays.
		if !g.opts.equalOnly && !slices.Contains(g.state[first.from:first.to], repeated) {
			g.near(u, first, later, n)
		}
	case first == u.first && later == u.later && g.paragraphs(first) == 1 && g.paragraphs(later) == 1:
		g.add(g.bytes(later), n)
	default:
		g.equalParts(u, first, later, n)
	}
}

// near adds what goes of a unit that is near to paragraphs.
func (g *goneFinder) near(u unit, first, later span, n int) {
	there, lines := g.lines(first), g.lines(later)
	for _, l := range lines {
		if strings.ContainsFunc(g.text[l.Start:l.End], isLineEnd) {
			return // a listing stays whole
		}
	}
	if len(there) != len(lines) { // lines are broken elsewhere
		there = append(there, g.bytes(first))
		lines = unwrapped(g.text, lines, true)
	}
	sets := g.sets(sentences(g.text, there...))
	at := g.bytes(u.later)
	for _, s := range sentences(g.text, lines...) {
		if at.Start <= s.Start && s.End <= at.End && utf8.RuneCountInString(g.text[s.Start:s.End]) <= maxSentence && g.hold(sets, g.text[s.Start:s.End]) {
			g.add(s, n)
		}
	}
}

// equalParts adds what goes of a unit that is equal to parts of paragraphs or to several ones.
func (g *goneFinder) equalParts(u unit, first, later span, n int) {
	if later != g.paragraph {
		g.paragraph, g.sentences = later, sentences(g.text, g.lines(later)...)
	}
	of, at := g.bytes(u.first), g.bytes(u.later)
	sameLine := first == u.first && g.paragraphs(first) == 1
	i, _ := slices.BinarySearchFunc(g.sentences, at.Start, func(s shingle.Range, at int) int { return cmp.Compare(s.End, at+1) })
	for ; i < len(g.sentences) && g.sentences[i].Start < at.End; i++ {
		s := g.sentences[i]
		in := shingle.Range{Start: max(s.Start, at.Start), End: min(s.End, at.End)}
		before, sentence, after := g.text[s.Start:in.Start], g.text[s.Start:s.End], g.text[in.End:s.End]
		goes := false
		switch {
		case !hasLetter(before) && !hasLetter(after):
			goes = sameLine || !g.opts.HTML && shingle.Letters(sentence) >= proseLetters || g.hold(g.sets(sentences(g.text, g.lines(first)...)), sentence)
		case s.Start <= of.Start && of.End <= s.End:
			goes = true
		default:
			goes = g.params.Resemblance(before+after, sentence) >= DefaultMinResemblance
		}
		if goes {
			g.add(in, n)
		}
	}
}

// sets returns the shingles of ranges of the text.
func (g *goneFinder) sets(rs []shingle.Range) (sets []shingle.Set) {
	for _, r := range rs {
		sets = append(sets, g.params.Set(g.text[r.Start:r.End]))
	}
	return sets
}

// hold reports whether a text is near to one of those with the sets.
func (g *goneFinder) hold(sets []shingle.Set, text string) bool {
	set := g.params.Set(text)
	return slices.ContainsFunc(sets, func(s shingle.Set) bool { return shingle.Resemblance(set, s) >= DefaultMinResemblance })
}

// add adds what goes. Within an occurrence the white space between goes too. Out has n ranges
// that are of other occurrences.
func (g *goneFinder) add(r shingle.Range, n int) {
	if last := len(g.out) - 1; last >= n && strings.TrimSpace(g.text[g.out[last].End:r.Start]) == "" {
		g.out[last].End = r.End
		return
	}
	g.out = append(g.out, r)
}

// around returns the paragraphs that a range is in.
func (g *goneFinder) around(s span) span {
	if s.from < g.last.from || s.to > g.last.to || g.lastJoins {
		g.last = g.sectionFinder.around(s)
		g.lastJoins = slices.ContainsFunc(g.segments[g.last.from+1:g.last.to], func(x segment) bool { return x.real })
	}
	return g.last
}

// lines returns the paragraphs of a range.
func (f *sectionFinder) lines(s span) (out []shingle.Range) {
	for s.from < s.to {
		p := f.around(span{s.from, s.from + 1})
		out = append(out, f.bytes(p))
		s.from = p.to
	}
	return out
}

// bytes returns the range of the text that a range of segments is.
func (f *sectionFinder) bytes(s span) shingle.Range {
	return shingle.Range{Start: int(f.segments[s.from].start), End: int(f.segments[s.to-1].end)}
}
