package dedup

import (
	"container/heap"
	"slices"
	"strings"
	"unicode/utf8"

	"neardup/shingle"
)

// SectionOptions say which repeated runs of a page count as sections. Nil means the defaults.
type SectionOptions struct {
	// MinCharacters is the number of code points that a run of two and more paragraphs
	// must have. Zero means DefaultMinCharacters.
	MinCharacters int

	// All includes the shorter repeats, which are natural: refrains, captions, rules.
	All bool
}

// The defaults.
const (
	DefaultMinCharacters = 40
	loneCharacters       = 100 // that a single paragraph must have
)

// A Page is a page and its repeated sections.
type Page struct {
	Characters         int       `json:"characters"`
	RepeatedCharacters int       `json:"repeated_characters"` // of all later occurrences
	Sections           []Section `json:"sections"`
}

// A Section is a maximal run of paragraphs that stands in a page twice or more.
type Section struct {
	Kind        Kind         `json:"kind"`
	Resemblance float64      `json:"resemblance"`
	Paragraphs  int          `json:"paragraphs"`
	Characters  int          `json:"characters"` // code points of the first occurrence
	Occurrences []Occurrence `json:"occurrences"`
}

// An Occurrence is a half-open range of bytes of the page, on character boundaries, and the
// lines, counted from 1, on which it begins and ends.
type Occurrence struct {
	Start   int `json:"start"`
	End     int `json:"end"`
	Line    int `json:"line"`
	EndLine int `json:"end_line"`
}

// Sections finds the repeated sections of a page: runs of paragraphs that are equal after
// normalisation. Of overlapping runs the longest is taken first; a block that stands several
// times in a row is one section with as many occurrences. Sections are in the order of their
// second occurrences, and occurrences in the order of the page; no two later occurrences of
// any sections overlap.
func Sections(text string, opts *SectionOptions) Page {
	var o SectionOptions
	if opts != nil {
		o = *opts
	}
	if o.MinCharacters <= 0 {
		o.MinCharacters = DefaultMinCharacters
	}
	f := sectionFinder{opts: o, text: text, paragraphs: shingle.Paragraphs(text)}
	f.measure()
	f.claimAll()
	return f.page()
}

type sectionFinder struct {
	opts       SectionOptions
	text       string
	paragraphs []shingle.Range
	symbols    []int // equal for equal paragraphs
	characters []int // code points of the paragraphs before, a running sum

	claimed []bool // the paragraph belongs to a later occurrence
	claims  map[repeat][]int
}

// A repeat is content: so many paragraphs, as they stand first at a paragraph of the page.
type repeat struct{ first, count int }

// measure numbers the paragraphs by content.
func (f *sectionFinder) measure() {
	numbers := map[string]int{}
	f.characters = make([]int, 1, len(f.paragraphs)+1)
	for _, r := range f.paragraphs {
		p := f.text[r.Start:r.End]
		normal := shingle.Normalize(p)
		n, ok := numbers[normal]
		if !ok {
			n = len(numbers)
			numbers[normal] = n
		}
		f.symbols = append(f.symbols, n)
		f.characters = append(f.characters, f.characters[len(f.characters)-1]+utf8.RuneCountInString(p))
	}
	f.claimed = make([]bool, len(f.paragraphs))
	f.claims = map[repeat][]int{}
}

// qualifies reports whether a repeated run counts as a section.
func (f *sectionFinder) qualifies(start, count int) bool {
	if f.opts.All {
		return count > 0
	}
	n := f.characters[start+count] - f.characters[start]
	return count >= 2 && n >= f.opts.MinCharacters || count == 1 && n >= loneCharacters
}

// claimAll claims the runs that repeat an earlier one, those with most characters first.
func (f *sectionFinder) claimAll() {
	queue := &runQueue{characters: f.characters}
	for _, m := range maximalRepeats(f.symbols) {
		heap.Push(queue, m)
	}
	for queue.Len() > 0 {
		m := heap.Pop(queue).(run)
		for _, part := range f.unclaimed(m) {
			if part == m {
				f.claim(m)
			} else {
				heap.Push(queue, part)
			}
		}
	}
}

// unclaimed returns the parts of a run that are not claimed.
func (f *sectionFinder) unclaimed(m run) []run {
	var parts []run
	for i := 0; i < m.count; i++ {
		if f.claimed[m.start+i] {
			continue
		}
		n := 1
		for i+n < m.count && !f.claimed[m.start+i+n] {
			n++
		}
		parts = append(parts, run{m.start + i, m.first + i, n})
		i += n
	}
	return parts
}

// claim takes a run, block by block if it overlaps what it repeats.
func (f *sectionFinder) claim(m run) {
	block := min(m.count, m.start-m.first)
	for m.count > 0 {
		n := min(block, m.count)
		if f.qualifies(m.start, n) {
			content := repeat{m.first, n}
			f.claims[content] = append(f.claims[content], m.start)
			for i := range n {
				f.claimed[m.start+i] = true
			}
		}
		m.start, m.count = m.start+n, m.count-n
	}
}

func (f *sectionFinder) page() Page {
	p := Page{Characters: utf8.RuneCountInString(f.text), Sections: []Section{}}
	for content, later := range f.claims {
		slices.Sort(later)
		s := Section{Kind: Exact, Resemblance: 1, Paragraphs: content.count}
		for _, start := range append([]int{content.first}, later...) {
			s.Occurrences = append(s.Occurrences, f.occurrence(start, content.count))
		}
		s.Characters = f.count(s.Occurrences[0])
		for _, o := range s.Occurrences[1:] {
			p.RepeatedCharacters += f.count(o)
		}
		p.Sections = append(p.Sections, s)
	}
	slices.SortFunc(p.Sections, func(a, b Section) int { return a.Occurrences[1].Start - b.Occurrences[1].Start })
	f.numberLines(p.Sections)
	return p
}

func (f *sectionFinder) occurrence(start, count int) Occurrence {
	return Occurrence{Start: f.paragraphs[start].Start, End: f.paragraphs[start+count-1].End}
}

func (f *sectionFinder) count(o Occurrence) int { return utf8.RuneCountInString(f.text[o.Start:o.End]) }

// numberLines fills in the lines of all occurrences in one pass over the text.
func (f *sectionFinder) numberLines(sections []Section) {
	type place struct {
		at   int
		line *int
	}
	var places []place
	for i := range sections {
		for j := range sections[i].Occurrences {
			o := &sections[i].Occurrences[j]
			places = append(places, place{o.Start, &o.Line}, place{o.End, &o.EndLine})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return a.at - b.at })
	line, done := 1, 0
	for _, p := range places {
		line += strings.Count(f.text[done:p.at], "\n")
		done = p.at
		*p.line = line
	}
}

// WithoutRepeats returns text without the later occurrences of the sections of its page.
func (p Page) WithoutRepeats(text string) string {
	var cuts []Occurrence
	for _, s := range p.Sections {
		cuts = append(cuts, s.Occurrences[1:]...)
	}
	slices.SortFunc(cuts, func(a, b Occurrence) int { return a.Start - b.Start })
	var out strings.Builder
	done := 0
	for _, c := range cuts {
		out.WriteString(text[done:c.Start])
		done = c.End
	}
	out.WriteString(text[done:])
	return out.String()
}

// A run is count paragraphs from start that repeat those from first, which lies before.
type run struct{ start, first, count int }

// A runQueue gives the run with most characters first, ties to the one further ahead.
type runQueue struct {
	characters []int
	runs       []run
}

func (q *runQueue) size(r run) int { return q.characters[r.start+r.count] - q.characters[r.start] }

func (q *runQueue) Len() int { return len(q.runs) }
func (q *runQueue) Less(i, j int) bool {
	a, b := q.runs[i], q.runs[j]
	if sa, sb := q.size(a), q.size(b); sa != sb {
		return sa > sb
	}
	return a.start < b.start
}
func (q *runQueue) Swap(i, j int) { q.runs[i], q.runs[j] = q.runs[j], q.runs[i] }
func (q *runQueue) Push(r any)    { q.runs = append(q.runs, r.(run)) }
func (q *runQueue) Pop() any {
	r := q.runs[len(q.runs)-1]
	q.runs = q.runs[:len(q.runs)-1]
	return r
}
