// Package markup reads the text of HTML pages, and knows where in the source it stands.
//
// It is no parser of documents: it takes tags as they come, needs no tree, and so reads any
// input in time and memory linear in its length. What browsers agree on is kept: optional end
// tags, raw text, character references, collapsed white space.
package markup

import (
	"slices"
	"sort"
	"strings"
)

// A Range is a half-open range of bytes, of a page's Text or of its source.
type Range struct{ Start, End int }

// A Page is the text of an HTML page. It is immutable.
type Page struct {
	// Text is what a reader sees, and what is hidden from some: a line for every block and
	// after every br, white space collapsed as browsers do. Scripts, styles, the title,
	// drawings and form controls are no text.
	Text string

	// Listings are the ranges of Text that stand in pre elements, in order: lines that were
	// broken by hand.
	Listings []Range

	pieces []piece // of Text, in order
	media  []int32 // offsets in the source of pictures and the like
	tags   []tag   // in order; every start tag of an element that can have content has a partner
	hidden []Range // of Text
}

// A piece of the text and where it comes from. Between pieces stand line feeds that the
// source does not have.
type piece struct {
	text, source    int32
	length, written int32 // of the text, of the source; if they are equal, byte stands for byte
}

// A tag, or the place at which an element ends without one: then start and end are equal.
type tag struct {
	start, end int32
	partner    int32 // the other tag of the element; -1 for an end tag alone
	outer      bool  // of html, head or body, which no section takes with it
}

// Source returns the range of the source that a range of Text, which must not be empty, comes
// from: from the beginning of its first character to the end of its last.
func (p *Page) Source(r Range) Range {
	first := p.pieces[p.pieceAt(r.Start)]
	last := p.pieces[p.pieceAt(r.End-1)]
	var out Range
	out.Start = int(first.source)
	if first.length == first.written {
		out.Start += min(r.Start-int(first.text), int(first.length))
	}
	out.End = int(last.source + last.written)
	if last.length == last.written {
		out.End = int(last.source) + min(r.End-int(last.text), int(last.length))
	}
	return out
}

// pieceAt returns the last piece that begins at or before an offset of Text.
func (p *Page) pieceAt(at int) int {
	return max(0, sort.Search(len(p.pieces), func(i int) bool { return int(p.pieces[i].text) > at })-1)
}

// Hidden reports whether a range of Text is hidden, all of it, from some or all readers: by an
// attribute, a style of the page, or a class that shows it on some screens only.
func (p *Page) Hidden(r Range) bool {
	i := sort.Search(len(p.hidden), func(i int) bool { return p.hidden[i].End >= r.End })
	return i < len(p.hidden) && p.hidden[i].Start <= r.Start
}

// Whole widens a range of the source to the elements of which it is all the content, so that
// they go with it. White space, comments and line breaks at its ends are no content; a picture
// is.
func (p *Page) Whole(r Range) Range {
	i := p.tagBefore(r.Start)
	j := p.tagFrom(r.End)
	for {
		left := i >= 0 && !p.tags[i].outer && p.empty(int(p.tags[i].end), r.Start)
		right := j < len(p.tags) && !p.tags[j].outer && p.empty(r.End, int(p.tags[j].start))
		switch {
		case left && int(p.tags[i].partner) > i && int(p.tags[i].partner) < j:
			r.Start = int(p.tags[i].start)
			i--
		case right && p.tags[j].partner >= 0 && int(p.tags[j].partner) > i && int(p.tags[j].partner) < j:
			r.End = int(p.tags[j].end)
			j++
		default:
			i, j = p.outside(i, -1), p.outside(j, 1)
			if i < 0 || j == len(p.tags) || p.tags[i].outer || int(p.tags[i].partner) != j ||
				!p.empty(int(p.tags[i].end), r.Start) || !p.empty(r.End, int(p.tags[j].start)) {
				return r
			}
			r = Range{int(p.tags[i].start), int(p.tags[j].end)}
			i, j = i-1, j+1
		}
	}
}

// outside returns the next tag from i in the direction of step that is not of an element
// without content.
func (p *Page) outside(i, step int) int {
	for i >= 0 && i < len(p.tags) && int(p.tags[i].partner) == i {
		i += step
	}
	return i
}

// tagBefore returns the last tag that ends at or before an offset of the source.
func (p *Page) tagBefore(at int) int {
	return sort.Search(len(p.tags), func(i int) bool { return int(p.tags[i].end) > at }) - 1
}

// tagFrom returns the first tag that begins at or after an offset of the source.
func (p *Page) tagFrom(at int) int {
	return sort.Search(len(p.tags), func(i int) bool { return int(p.tags[i].start) >= at })
}

// empty reports whether a range of the source holds no content.
func (p *Page) empty(from, to int) bool {
	if from >= to {
		return true
	}
	i := sort.Search(len(p.pieces), func(i int) bool { return int(p.pieces[i].source+p.pieces[i].written) > from })
	if i < len(p.pieces) && int(p.pieces[i].source) < to {
		return false
	}
	j, _ := slices.BinarySearch(p.media, int32(from))
	return j == len(p.media) || int(p.media[j]) >= to
}

// Cuts returns what of a range of the source can go so that every element keeps both of its
// tags or none: the range without those tags whose partners are outside of it.
func (p *Page) Cuts(r Range) []Range {
	first, last := p.tagFrom(r.Start), p.tagFrom(r.End)
	var cuts []Range
	at := r.Start
	for i := first; i < last; i++ {
		t := p.tags[i]
		if partner := int(t.partner); partner < 0 || partner >= first && partner < last || t.start == t.end {
			continue
		}
		if at < int(t.start) {
			cuts = append(cuts, Range{at, int(t.start)})
		}
		at = int(t.end)
	}
	if at < r.End {
		cuts = append(cuts, Range{at, r.End})
	}
	return cuts
}

// isSpace reports white space of HTML, which collapses.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// hiddenClass reports whether a class is one by which the usual style sheets hide an element,
// or show it on some screens only.
func hiddenClass(class string) bool {
	switch class {
	case "hidden", "hide", "invisible", "d-none", "sr-only", "visually-hidden", "is-hidden", "screen-reader-text":
		return true
	}
	screen, shown := false, false
	for _, word := range strings.FieldsFunc(class, func(r rune) bool { return r == '-' || r == '_' || r == ':' }) {
		switch word {
		case "mobile", "desktop", "tablet", "phone", "handheld", "pc", "wap", "xs", "sm", "md", "lg", "xl", "small", "medium", "large":
			screen = true
		case "only", "hide", "hidden", "show", "visible", "none":
			shown = true
		}
	}
	return screen && shown
}
