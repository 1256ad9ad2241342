package dedup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"neardup/shingle"
)

// sentences returns the sentences of paragraphs, without white space at their ends. Behind an
// abbreviation one may end too early, which does no harm where sentences are looked up one by one.
func sentences(text string, paragraphs ...shingle.Range) (out []shingle.Range) {
	for _, p := range paragraphs {
		start, ended, wide := p.Start, false, false
		add := func(end int) {
			s := text[start:end]
			left := strings.TrimLeftFunc(s, unicode.IsSpace)
			if trimmed := strings.TrimRightFunc(left, unicode.IsSpace); trimmed != "" {
				at := start + len(s) - len(left)
				out = append(out, shingle.Range{Start: at, End: at + len(trimmed)})
			}
			start, ended = end, false
		}
		for i, r := range text[p.Start:p.End] {
			switch {
			case isFullStop(r):
				ended, wide = true, r > unicode.MaxLatin1 && r != '…' // no white space follows
			case ended && isCloser(r):
			case ended && (wide || unicode.IsSpace(r)):
				add(p.Start + i)
			default:
				ended = false
			}
		}
		add(p.End)
	}
	return out
}

// isFullStop reports a mark that ends a sentence.
func isFullStop(r rune) bool { return strings.ContainsRune(".!?…。！？｡．؟۔।॥።។", r) }

// isCloser reports a mark that belongs to the sentence before it.
func isCloser(r rune) bool {
	return r == '"' || r == '\'' || unicode.In(r, unicode.Pe, unicode.Pf)
}

// endsSentence reports whether a text ends where a sentence does.
func endsSentence(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(text, func(r rune) bool { return unicode.IsSpace(r) || isCloser(r) }))
	return isFullStop(r)
}

// minWrapped is the least width, in letters, at which texts are wrapped.
const minWrapped = 50

// unwrapped joins lines to the paragraphs that they are of, if those were wrapped: a line goes on in
// the next one where the next word would have made it longer than any other line is, and, unless
// that is known to be so, no sense ends there: it ends with a letter, and no capital follows.
func unwrapped(text string, lines []shingle.Range, known bool) (out []shingle.Range) {
	width, widest := 0, shingle.Range{}
	for _, l := range lines {
		if n := utf8.RuneCountInString(text[l.Start:l.End]); n > width {
			width, widest = n, l
		}
	}
	if !known && shingle.Letters(text[widest.Start:widest.End]) < minWrapped {
		return lines
	}
	goesOn := false
	for i, l := range lines {
		if goesOn {
			out[len(out)-1].End = l.End
		} else {
			out = append(out, l)
		}
		if i+1 == len(lines) {
			break
		}
		next := text[lines[i+1].Start:lines[i+1].End]
		first, size := utf8.DecodeRuneInString(next)
		word, _, _ := strings.Cut(next, " ")
		if unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana) { // a line can end anywhere
			word = next[:size]
		}
		goesOn = utf8.RuneCountInString(text[l.Start:l.End])+1+utf8.RuneCountInString(word) > width
		if !known && goesOn {
			last, _ := utf8.DecodeLastRuneInString(text[l.Start:l.End])
			goesOn = (unicode.IsLetter(last) || unicode.IsNumber(last)) && !unicode.IsUpper(first)
		}
	}
	return out
}
