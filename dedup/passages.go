package dedup

import (
	"slices"
	"strings"

	"neardup/internal/markup"
)

// A Passage is a paragraph of a page, or the part of one that belongs to the same occurrences:
// what a picture of the page is made of.
type Passage struct {
	Text    string // of HTML, without markup
	Line    int    // on which it begins, from 1
	Rest    bool   // it is not the beginning of its paragraph
	Hidden  bool   // on some screens or on all
	Marks   []Mark // the occurrences that it belongs to, later ones first
	Changed bool   // it belongs to a later occurrence and does not stand so in the first
}

// A Mark names an occurrence of a section of a page, both counted from 0.
type Mark struct{ Section, Occurrence int }

// Passages returns all passages of the page, which Sections found in text, in order.
func (p Page) Passages(text string) []Passage {
	f := p.found
	if f == nil {
		return nil
	}
	marks, firsts := p.marks(), p.firsts()
	var out []Passage
	line, done := 1, 0
	for from := 0; from < len(f.segments); {
		to := from + 1
		for to < len(f.segments) && !f.segments[to].real && slices.Equal(marks[to], marks[from]) {
			to++
		}
		start, end := int(f.segments[from].start), int(f.segments[to-1].end)
		passage := Passage{Text: f.text[start:end], Rest: !f.segments[from].real, Marks: marks[from]}
		at := start
		if p.html != nil {
			r := markup.Range{Start: start, End: end}
			at, passage.Hidden = p.html.Source(r).Start, p.html.Hidden(r)
		}
		line += strings.Count(text[done:max(done, at)], "\n")
		done = max(done, at)
		passage.Line = line
		if len(passage.Marks) > 0 && passage.Marks[0].Occurrence > 0 {
			first := firsts[passage.Marks[0].Section]
			passage.Changed = slices.ContainsFunc(f.symbols[from:to], func(symbol int32) bool { return !first[symbol] })
		}
		out = append(out, passage)
		from = to
	}
	return out
}

// marks returns the marks of every segment, later occurrences first.
func (p Page) marks() [][]Mark {
	marks := make([][]Mark, len(p.found.segments))
	for _, first := range []bool{false, true} {
		for s, ranges := range p.ranges {
			for o, r := range ranges {
				if (o == 0) == first {
					for i := r.from; i < r.to; i++ {
						marks[i] = append(marks[i], Mark{s, o})
					}
				}
			}
		}
	}
	return marks
}

// firsts returns for every section the symbols of its first occurrence.
func (p Page) firsts() []map[int32]bool {
	sets := make([]map[int32]bool, len(p.ranges))
	for s, ranges := range p.ranges {
		sets[s] = map[int32]bool{}
		for _, symbol := range p.found.symbols[ranges[0].from:ranges[0].to] {
			sets[s][symbol] = true
		}
	}
	return sets
}
