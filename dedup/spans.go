package dedup

import (
	"slices"

	"neardup/shingle"
)

// A Span is a range of a document's text and the range of the kept text that it matches, in
// bytes, half-open.
type Span struct {
	Start     int `json:"start"`
	End       int `json:"end"`
	KeptStart int `json:"kept_start"`
	KeptEnd   int `json:"kept_end"`
}

// spans returns what of text stands in kept, in the order of text: runs of paragraphs that
// are equal after normalisation, and single ones whose resemblance is at least minimum. The
// two ranges of a span are equal or near in the same sense.
func spans(p shingle.Params, text, kept string, minimum float64) []Span {
	a, b := newParagraphs(p, text), newParagraphs(p, kept)
	partner := a.align(b, minimum)
	var out []Span
	for i := 0; i < len(a); i++ {
		j := partner[i].index
		if j < 0 {
			continue
		}
		s := Span{a[i].Start, a[i].End, b[j].Start, b[j].End}
		if partner[i].exact {
			for i+1 < len(a) && partner[i+1].exact && partner[i+1].index == j+1 {
				i, j = i+1, j+1
				s.End, s.KeptEnd = a[i].End, b[j].End
			}
		}
		out = append(out, s)
	}
	if 2*covered(out) >= len(text) {
		return out
	}
	// The lines may be broken elsewhere.
	if across := spansAcross(p, text, kept, minimum); covered(across) > covered(out) {
		out = across
	}
	if len(out) == 0 && len(a) > 0 && len(b) > 0 && p.Resemblance(text, kept) >= minimum {
		out = []Span{{a[0].Start, a[len(a)-1].End, b[0].Start, b[len(b)-1].End}}
	}
	return out
}

func covered(ss []Span) (bytes int) {
	for _, s := range ss {
		bytes += s.End - s.Start
	}
	return bytes
}

// spansAcross finds what the texts share as the repeated sections of both together, whatever
// the breaks of their lines.
func spansAcross(p shingle.Params, text, kept string, minimum float64) (out []Span) {
	const between = "\n\n"
	shift := len(text) + len(between)
	for _, s := range Sections(text+between+kept, &SectionOptions{align: true}).Sections {
		var here, there []Occurrence
		for _, o := range s.Occurrences {
			if o.End <= len(text) {
				here = append(here, o)
			} else if o.Start >= shift {
				there = append(there, o)
			}
		}
		for i := range min(len(here), len(there)) {
			span := Span{here[i].Start, here[i].End, there[i].Start - shift, there[i].End - shift}
			a, b := text[span.Start:span.End], kept[span.KeptStart:span.KeptEnd]
			if shingle.Normalize(a) == shingle.Normalize(b) || p.Resemblance(a, b) >= minimum {
				out = append(out, span)
			}
		}
	}
	slices.SortFunc(out, func(a, b Span) int { return a.Start - b.Start })
	end := 0
	return slices.DeleteFunc(out, func(s Span) bool {
		if s.Start < end {
			return true
		}
		end = s.End
		return false
	})
}

type paragraph struct {
	shingle.Range
	normal string
	set    shingle.Set
}

type paragraphs []paragraph

func newParagraphs(p shingle.Params, text string) paragraphs {
	ranges := shingle.Paragraphs(text)
	ps := make(paragraphs, len(ranges))
	for i, r := range ranges {
		part := text[r.Start:r.End]
		ps[i] = paragraph{r, p.Normalize(part), p.Set(part)}
	}
	return ps
}

// A partner is the paragraph of the other text that a paragraph is matched with.
type partner struct {
	index int // -1 for none
	exact bool
}

// align gives every paragraph of a at most one of b, and every one of b to at most one of a:
// first equal ones, by preference the one after the last match, then near ones.
func (a paragraphs) align(b paragraphs, minimum float64) []partner {
	free := map[string][]int{}
	for j, q := range b {
		free[q.normal] = append(free[q.normal], j)
	}
	taken := make([]bool, len(b))
	result := make([]partner, len(a))
	next := 0
	for i, p := range a {
		result[i].index = -1
		for k, j := range free[p.normal] {
			if j >= next || k == len(free[p.normal])-1 {
				result[i] = partner{j, true}
				free[p.normal] = append(free[p.normal][:k:k], free[p.normal][k+1:]...)
				taken[j], next = true, j+1
				break
			}
		}
	}
	a.alignNear(b, minimum, taken, result)
	return result
}

// alignNear matches what is left over, by the shingles that few paragraphs share.
func (a paragraphs) alignNear(b paragraphs, minimum float64, taken []bool, result []partner) {
	index := shingle.NewIndex()
	for j, q := range b {
		if !taken[j] {
			index.Add(j, q.set)
		}
	}
	for i, p := range a {
		if result[i].index >= 0 {
			continue
		}
		best := minimum
		for _, j := range index.Candidates(p.set) {
			if taken[j] {
				continue
			}
			if r := shingle.Resemblance(p.set, b[j].set); r >= best && (r > best || result[i].index < 0) {
				best, result[i] = r, partner{j, false}
			}
		}
		if j := result[i].index; j >= 0 {
			taken[j] = true
		}
	}
}
