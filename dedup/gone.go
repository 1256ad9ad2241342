package dedup

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"neardup/shingle"
)

// A goneFinder finds what goes of a text if the later occurrences of its sections go. No sentence
// goes of which nothing is left:
//
//   - What is equal to its part of the first occurrence goes, but for lines that are no lines of
//     it: they are parts of longer ones there, or put together of several. Of text, whose lines are
//     broken anywhere, only short ones stay in which no sentence ends.
//   - Of what is near to it, those sentences go to which one of it is near.
//   - What is inserted stays.
//   - A sentence that is in part outside of an occurrence stays, unless that part says the same.
type goneFinder struct {
	*sectionFinder
	out []shingle.Range

	// A paragraph can hold many occurrences, so what is found out about it is kept.
	starts    []int32                   // segments that begin a paragraph
	sentences map[int32][]shingle.Range // of paragraphs, by their first segments
	going     []int32                   // how many segments before one go, once it was asked for
	budget    int                       // bytes of sentences that are still compared as a whole
}

// maxSentence is the most characters of a sentence. What is longer has no full stops, and a line of
// it can be lost in what two of them differ in.
const maxSentence = 500

// gone returns what goes of the text if the later occurrences go, in order.
func (f *sectionFinder) gone() []shingle.Range {
	type occurrence struct {
		first span
		claim *claim
	}
	n := 0
	for _, claims := range f.claims {
		n += len(claims)
	}
	if n == 0 {
		return nil
	}
	later := make([]occurrence, 0, n)
	for first, claims := range f.claims {
		for i := range claims {
			later = append(later, occurrence{first, &claims[i]})
		}
	}
	slices.SortFunc(later, func(a, b occurrence) int { return int(a.claim.from - b.claim.from) })
	g := goneFinder{sectionFinder: f, out: make([]shingle.Range, 0, n), sentences: map[int32][]shingle.Range{}, budget: 4*len(f.text) + 1<<20}
	for i, s := range f.segments {
		if s.real {
			g.starts = append(g.starts, int32(i))
		}
	}
	for _, o := range later {
		done := len(g.out)
		for _, u := range f.units(o.first, *o.claim) {
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
	for _, b := range c.matches(first) {
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
		if !g.opts.equalOnly && !g.anyRepeated(first) {
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
	if g.holdsListing(later) {
		return // it stays whole
	}
	there, here := g.sentencesOf(u.first), g.sentencesOf(u.later)
	if g.countStarts(first) != g.countStarts(later) { // lines are broken elsewhere
		there = append(there, g.joined(there)...)
		here = g.unwrapped(later, here)
	}
	at := g.bytes(u.later)
	held := g.newSentenceSet(there)
	for _, s := range here {
		if at.Start <= s.Start && s.End <= at.End && utf8.RuneCountInString(g.text[s.Start:s.End]) <= maxSentence && held.holds(s, at) {
			g.add(s, n)
		}
	}
}

// joined returns the sentences that some in a row are as one line.
func (g *goneFinder) joined(some []shingle.Range) []shingle.Range {
	return sentences(g.text, shingle.Range{Start: some[0].Start, End: some[len(some)-1].End})
}

// unwrapped returns the sentences of paragraphs whose lines are broken by accident, if there are
// several. Some are those that they have.
func (g *goneFinder) unwrapped(paragraphs span, some []shingle.Range) []shingle.Range {
	if g.countStarts(paragraphs) == 1 {
		return some
	}
	return sentences(g.text, unwrapped(g.text, g.lines(paragraphs), true)...)
}

// holdsListing reports whether a paragraph has several lines.
func (g *goneFinder) holdsListing(s span) bool {
	if l := g.bytes(s); g.countStarts(s) == 1 && !isListing(g.text[l.Start:l.End]) {
		return false
	}
	return slices.ContainsFunc(g.lines(s), func(l shingle.Range) bool {
		return strings.ContainsFunc(g.text[l.Start:l.End], isLineEnd)
	})
}

// equalParts adds what goes of a unit that is equal to parts of paragraphs or to several ones.
func (g *goneFinder) equalParts(u unit, first, later span, n int) {
	of, at := g.bytes(u.first), g.bytes(u.later)
	if text := g.text[at.Start:at.End]; !g.opts.HTML && first == u.first && later == u.later && (endsSentence(text) || shingle.Letters(text) >= proseLetters) {
		g.add(at, n) // only lines are broken elsewhere
		return
	}
	sameLine := first == u.first && g.paragraphs(first) == 1
	here := g.sentencesOf(u.later)
	if !sameLine {
		here = g.unwrapped(later, here)
	}
	var held *sentenceSet
	for _, s := range here {
		if s.End <= at.Start || s.Start >= at.End {
			continue
		}
		in := shingle.Range{Start: max(s.Start, at.Start), End: min(s.End, at.End)}
		goes := false
		switch {
		case !hasLetter(g.text[s.Start:in.Start]) && !hasLetter(g.text[in.End:s.End]):
			goes = sameLine || !g.opts.HTML && shingle.Letters(g.text[s.Start:s.End]) >= proseLetters
			if !goes {
				if held == nil {
					there := g.sentencesOf(u.first)
					for _, s := range g.joined(there) {
						if !g.opts.HTML && endsSentence(g.text[s.Start:s.End]) {
							there = append(there, s)
						}
					}
					held = g.newSentenceSet(there)
				}
				goes = held.holds(s, at)
			}
		case s.Start <= of.Start && of.End <= s.End:
			goes = true
		default:
			goes = g.restSays(s, in)
		}
		if goes {
			g.add(in, n)
		}
	}
}

// restSays reports whether a sentence says the same without a part of it. On a page where long
// sentences have many such parts it says no in the end.
func (g *goneFinder) restSays(s, part shingle.Range) bool {
	g.budget -= s.End - s.Start
	if g.budget < 0 {
		return false
	}
	rest := g.text[s.Start:part.Start] + g.text[part.End:s.End]
	return g.params.Resemblance(rest, g.text[s.Start:s.End]) >= DefaultMinResemblance
}

// A sentenceSet is sentences, in the order of the text, that others are looked for in.
type sentenceSet struct {
	*goneFinder
	sentences []shingle.Range
	equal     map[uint64]bool // what they are after normalisation
	sets      []shingle.Set   // nil until it is asked for
}

func (g *goneFinder) newSentenceSet(sentences []shingle.Range) *sentenceSet {
	slices.SortFunc(sentences, func(a, b shingle.Range) int { return cmp.Compare(a.Start, b.Start) })
	h := &sentenceSet{g, sentences, make(map[uint64]bool, len(sentences)), make([]shingle.Set, len(sentences))}
	for _, s := range sentences {
		h.equal[h.key(s)] = true
	}
	return h
}

func (h *sentenceSet) key(s shingle.Range) uint64 {
	return xxhash.Sum64(shingle.AppendNormal(nil, h.text[s.Start:s.End]))
}

// maxApart is by how many sentences one may be further ahead or behind than where it is looked for.
const maxApart = 64

// holds reports whether a sentence of a range is equal to one of those, or near to one that is about as
// far in them as it is in the range.
func (h *sentenceSet) holds(s, in shingle.Range) bool {
	if h.equal[h.key(s)] {
		return true
	}
	set := h.params.Set(h.text[s.Start:s.End])
	middle := int(int64(len(h.sentences)) * int64(s.Start-in.Start) / int64(max(1, in.End-in.Start)))
	for i := max(0, middle-maxApart); i < min(len(h.sentences), middle+maxApart); i++ {
		other := h.sentences[i]
		if n, m := s.End-s.Start, other.End-other.Start; m > 4*n || n > 4*m {
			continue
		}
		if h.sets[i].Len() == 0 {
			h.sets[i] = h.params.Set(h.text[other.Start:other.End])
		}
		if shingle.Resemblance(set, h.sets[i]) >= DefaultMinResemblance {
			return true
		}
	}
	return false
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

// startsTo counts the paragraphs that begin before a segment.
func (g *goneFinder) startsTo(i int32) int {
	n, _ := slices.BinarySearch(g.starts, i)
	return n
}

func (g *goneFinder) countStarts(s span) int { return g.startsTo(s.to) - g.startsTo(s.from) }

// around returns the paragraphs that a range is in.
func (g *goneFinder) around(s span) span {
	s.from = g.starts[g.startsTo(s.from+1)-1]
	if i := g.startsTo(s.to); i < len(g.starts) {
		s.to = g.starts[i]
	} else {
		s.to = int32(len(g.segments))
	}
	return s
}

// anyRepeated reports whether a segment of a range goes with a later occurrence.
func (g *goneFinder) anyRepeated(s span) bool {
	if g.going == nil {
		g.going = make([]int32, len(g.state)+1)
		for i, c := range g.state {
			g.going[i+1] = g.going[i]
			if c == repeated {
				g.going[i+1]++
			}
		}
	}
	return g.going[s.from] < g.going[s.to]
}

// lines returns the paragraphs that a range is in.
func (g *goneFinder) lines(s span) (out []shingle.Range) {
	for from := s.from; from < s.to; {
		p := g.around(span{from, from + 1})
		out = append(out, g.bytes(p))
		from = p.to
	}
	return out
}

// sentencesOf returns the sentences, by paragraphs, of which a range has a part.
func (g *goneFinder) sentencesOf(s span) (out []shingle.Range) {
	r := g.bytes(s)
	for from := s.from; from < s.to; {
		p := g.around(span{from, from + 1})
		all, ok := g.sentences[p.from]
		if !ok {
			all = sentences(g.text, g.bytes(p))
			g.sentences[p.from] = all
		}
		i, _ := slices.BinarySearchFunc(all, r.Start, func(s shingle.Range, at int) int { return cmp.Compare(s.End, at+1) })
		for ; i < len(all) && all[i].Start < r.End; i++ {
			out = append(out, all[i])
		}
		from = p.to
	}
	return out
}

// bytes returns the range of the text that a range of segments is.
func (f *sectionFinder) bytes(s span) shingle.Range {
	return shingle.Range{Start: int(f.segments[s.from].start), End: int(f.segments[s.to-1].end)}
}
