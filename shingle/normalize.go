package shingle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Normalize returns the normal form of text under the default parameters; see
// [Params.Normalize].
func Normalize(text string) string { return DefaultParams().Normalize(text) }

// Normalize returns the form of text that shingles are cut from:
//
//   - compatibility composition (NFKC) and full case folding, so that width, ligature and
//     case variants are equal;
//   - the quotation marks, dashes, stops and commas of all scripts folded onto the ASCII
//     ones, never dropped: C is not C++;
//   - characters that take no room (zero-width, soft hyphen, variation selectors, control
//     characters) dropped;
//   - white space squeezed to one space, dropped at both ends, and dropped where the last
//     letter or digit before it or the character right after it belongs to a script that
//     writes no spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar). So a Chinese
//     text wrapped at any width has one normal form;
//   - if [Params.FoldHan] says so, simplified and traditional ideographs folded onto one.
//
// Bytes that are not UTF-8 count as U+FFFD. Normalize is idempotent.
func (p Params) Normalize(text string) string {
	return string(p.appendNormal(nil, text))
}

// AppendNormal appends the normal form of text under the default parameters to dst and
// returns the extended buffer. What dst holds already is left alone and has no influence on
// the result.
func AppendNormal(dst []byte, text string) []byte {
	return DefaultParams().appendNormal(dst, text)
}

func (p Params) appendNormal(dst []byte, text string) []byte {
	w := writer{classes: p.classes(), dst: dst, start: len(dst)}
	w.writeText(text)
	return w.dst
}

// compose applies NFKC and case folding and drops ignorable characters until nothing
// changes any more: folding can undo a composition, and a dropped character can make two
// others neighbours.
func compose(s string) string {
	for {
		kept := make([]byte, 0, len(s))
		for _, r := range s {
			if !isIgnorable(r) {
				kept = utf8.AppendRune(kept, r)
			}
		}
		t := foldCase(norm.NFKC.String(string(kept)))
		if t == s {
			return t
		}
		s = t
	}
}

// foldCase is full case folding. The Cherokee letters are folded onto the capitals apart
// from the rest: x/text v0.43 swaps their cases, so that folding twice is not folding once.
func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToUpper(r)
		}
		return r
	}, cases.Fold().String(s))
}

// Letters returns the length of text in letters: the characters of its normal form, spaces and
// digits too, of which those of Han, kana, Hangul, Bopomofo and Yi count three. White space at
// its ends does not count.
func Letters(text string) int {
	n := 0
	for _, r := range Normalize(text) {
		n += plainClasses.of(r).weight()
	}
	return n
}
