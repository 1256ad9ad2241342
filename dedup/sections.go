package dedup

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"neardup/internal/markup"
	"neardup/shingle"
)

// SectionOptions say which repeated runs of a page count as sections. Nil means the defaults.
type SectionOptions struct {
	// MinCharacters is the number of code points that a run of two and more paragraphs
	// must have. Zero means DefaultMinCharacters.
	MinCharacters int

	// All includes the shorter repeats, which are natural: refrains, captions, rules.
	All bool

	// HTML says that the text is the source of an HTML page. Its paragraphs are its blocks.
	HTML bool

	equalOnly bool // what is near counts and does not go
	align     bool // the text is two texts, and what is natural in one counts between them
}

// The defaults.
const (
	DefaultMinCharacters = 40
	loneCharacters       = 100 // that a single paragraph must have
)

// A Page is a page and its repeated sections.
type Page struct {
	Characters         int       `json:"characters"`          // of HTML, without markup
	RepeatedCharacters int       `json:"repeated_characters"` // what goes if all later occurrences go
	Sections           []Section `json:"sections"`

	html   *markup.Page // nil for text
	found  *sectionFinder
	ranges [][]span        // of the occurrences of the sections
	gone   []shingle.Range // of the text, of HTML without markup: what goes, in order
}

// A Section is a maximal run of paragraphs that stands in a page twice or more.
type Section struct {
	Kind        Kind         `json:"kind"`
	Resemblance float64      `json:"resemblance"` // to the first occurrence, the least of all
	Paragraphs  int          `json:"paragraphs"`  // of the occurrence that has most
	Characters  int          `json:"characters"`  // code points of the first occurrence
	Occurrences []Occurrence `json:"occurrences"`
}

// An Occurrence is a half-open range of bytes of the page, on character boundaries, and the
// lines, counted from 1, on which it begins and ends. Of HTML it holds the whole elements of
// which it is all the content.
type Occurrence struct {
	Start   int  `json:"start"`
	End     int  `json:"end"`
	Line    int  `json:"line"`
	EndLine int  `json:"end_line"`
	Hidden  bool `json:"hidden,omitempty"` // on some screens or on all; of HTML only
}

// Sections finds the repeated sections of a page: runs of paragraphs that are equal after
// normalisation, or near: resemblance 0.8 paragraph by paragraph, one paragraph in five
// changed, inserted or missing, and 0.8 of the characters of either occurrence in the other. How
// lines are broken makes no difference: a run counts if it is one of whole paragraphs in one
// place. Of overlapping runs the longest is taken first; a text that comes several times in a row
// is one section with as many occurrences. Runs of short lines that are no prose are natural, but
// not directly behind each other. Sections are in the order of their second occurrences, and
// occurrences in the order of the page; no two later occurrences of any sections overlap. It takes
// time n log n and memory linear in the length of the text, which must be less than 2 GiB.
func Sections(text string, opts *SectionOptions) Page {
	var o SectionOptions
	if opts != nil {
		o = *opts
	}
	if o.MinCharacters <= 0 {
		o.MinCharacters = DefaultMinCharacters
	}
	var p Page
	visible, listings := text, fences
	if o.HTML {
		p.html = markup.Parse(text)
		visible = p.html.Text
		listings = func(string) []shingle.Range { return preformatted(p.html) }
	}
	p.Characters = utf8.RuneCountInString(strings.TrimSuffix(visible, htmlEnd(p.html)))
	f := newSectionFinder(visible, o, listings(visible))
	f.claimAll()
	f.fill(&p)
	p.found = f
	numberLines(text, p.Sections)
	return p
}

// htmlEnd is the line end behind the last block of a page, which is none of its characters.
func htmlEnd(p *markup.Page) string {
	if p != nil {
		return "\n"
	}
	return ""
}

// fill puts what was claimed into a page.
func (f *sectionFinder) fill(p *Page) {
	p.Sections = []Section{}
	for first, later := range f.claims {
		slices.SortFunc(later, func(a, b claim) int { return cmp.Compare(a.from, b.from) })
		ranges := append(make([]span, 0, len(later)+1), first)
		for _, c := range later {
			ranges = append(ranges, c.span)
		}
		p.ranges = append(p.ranges, ranges)
	}
	slices.SortFunc(p.ranges, func(a, b []span) int { return cmp.Compare(a[1].from, b[1].from) })
	p.gone = f.gone()
	f.claims, f.repeats, f.state, f.compared = nil, repeats{}, nil, nil // a page can have millions
	for _, ranges := range p.ranges {
		first := ranges[0]
		s := Section{Kind: Exact, Resemblance: 1, Characters: f.count(first), Occurrences: make([]Occurrence, 0, len(ranges))}
		for i, o := range ranges {
			s.Paragraphs = max(s.Paragraphs, f.paragraphs(o))
			s.Occurrences = append(s.Occurrences, f.occurrence(p.html, o))
			if i == 0 || first.to-first.from == 1 && f.same(first, o) {
				continue
			}
			if a, b := f.at(first), f.at(o); shingle.Normalize(a) != shingle.Normalize(b) {
				s.Kind = Near
				s.Resemblance = min(s.Resemblance, round(f.params.Resemblance(a, b)))
			}
		}
		p.Sections = append(p.Sections, s)
	}
	for _, r := range p.gone {
		p.RepeatedCharacters += utf8.RuneCountInString(f.text[r.Start:r.End])
	}
}

// at returns the text of a range of segments.
func (f *sectionFinder) at(s span) string {
	return f.text[f.segments[s.from].start:f.segments[s.to-1].end]
}

func (f *sectionFinder) count(s span) int { return utf8.RuneCountInString(f.at(s)) }

func (f *sectionFinder) occurrence(html *markup.Page, s span) Occurrence {
	start, end := int(f.segments[s.from].start), int(f.segments[s.to-1].end)
	if html == nil {
		return Occurrence{Start: start, End: end}
	}
	r := markup.Range{Start: start, End: end}
	whole := html.Whole(html.Source(r))
	return Occurrence{Start: whole.Start, End: whole.End, Hidden: html.Hidden(r)}
}

// numberLines fills in the lines of all occurrences.
func numberLines(text string, sections []Section) {
	if len(sections) == 0 {
		return
	}
	ends := make([]int32, 0, strings.Count(text, "\n")) // of the lines
	for i := 0; ; i++ {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		i += n
		ends = append(ends, int32(i))
	}
	line := func(at int) int {
		n, _ := slices.BinarySearch(ends, int32(at))
		return n + 1
	}
	for i := range sections {
		for j := range sections[i].Occurrences {
			o := &sections[i].Occurrences[j]
			o.Line, o.EndLine = line(o.Start), line(o.End)
		}
	}
}

// Cuts returns what goes of the page if the later occurrences go, in order: they themselves, but
// for what the first has nothing like, and of HTML for tags of elements that also hold something
// else.
func (p Page) Cuts() []shingle.Range {
	if p.html == nil {
		return p.gone
	}
	var cuts []shingle.Range
	for _, r := range p.gone {
		for _, c := range p.html.Cuts(p.html.Whole(p.html.Source(markup.Range(r)))) {
			cuts = append(cuts, shingle.Range(c))
		}
	}
	return cuts
}

// RemoveRepeats returns a page without the later occurrences of its repeated sections, and what
// was taken out: ranges of text, in order. What is left has no equal sections: where short
// repeats come together when something between them goes, they go too.
func RemoveRepeats(text string, opts *SectionOptions) (string, []shingle.Range) {
	var o SectionOptions
	if opts != nil {
		o = *opts
	}
	var removed []shingle.Range
	for range maxRounds {
		cuts := Sections(text, &o).Cuts()
		if len(cuts) == 0 {
			break
		}
		text = textWithout(text, cuts)
		removed = merge(removed, cuts)
		o.equalOnly = true // what is near to what went may not be near to what is left
	}
	return text, removed
}

// maxRounds bounds how often repeats may come together. Each round goes over the whole page,
// and real ones need one or two.
const maxRounds = 16

func textWithout(text string, cuts []shingle.Range) string {
	var out strings.Builder
	done := 0
	for _, c := range cuts {
		out.WriteString(text[done:c.Start])
		done = c.End
	}
	out.WriteString(text[done:])
	return out.String()
}

// merge adds to ranges that were removed from a text others that were removed from what was
// left of it.
func merge(removed, cuts []shingle.Range) []shingle.Range {
	var out []shingle.Range
	add := func(r shingle.Range) {
		if n := len(out); n > 0 && out[n-1].End >= r.Start {
			out[n-1].End = max(out[n-1].End, r.End)
		} else if r.Start < r.End {
			out = append(out, r)
		}
	}
	gone := 0 // bytes removed before
	for _, c := range cuts {
		for len(removed) > 0 && removed[0].Start-gone <= c.Start {
			add(removed[0])
			gone += removed[0].End - removed[0].Start
			removed = removed[1:]
		}
		start := c.Start + gone
		for len(removed) > 0 && removed[0].Start-gone < c.End {
			gone += removed[0].End - removed[0].Start
			removed = removed[1:]
		}
		add(shingle.Range{Start: start, End: c.End + gone})
	}
	for _, r := range removed {
		add(r)
	}
	return out
}
