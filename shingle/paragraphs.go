package shingle

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Range is a half-open range of bytes [Start, End) of a text, on character boundaries.
type Range struct{ Start, End int }

// Paragraphs returns the paragraphs of text in order: its lines without white space at
// their ends, blank ones left out. Lines end at LF, CR, NEL and the Unicode line and
// paragraph separators.
func Paragraphs(text string) []Range {
	var ps []Range
	for start := 0; start < len(text); {
		end, next := len(text), len(text)
		if i := strings.IndexFunc(text[start:], isLineEnd); i >= 0 {
			_, size := utf8.DecodeRuneInString(text[start+i:])
			end, next = start+i, start+i+size
		}
		if r := trim(text, Range{start, end}); r.Start < r.End {
			ps = append(ps, r)
		}
		start = next
	}
	return ps
}

// trim takes white space off the ends of a range, and a byte order mark.
func trim(text string, r Range) Range {
	left := strings.TrimLeftFunc(text[r.Start:r.End], func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	start := r.End - len(left)
	return Range{start, start + len(strings.TrimRightFunc(left, unicode.IsSpace))}
}

func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}
