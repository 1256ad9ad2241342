package shingle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

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
//     text wrapped at any width has one normal form.
//
// Bytes that are not UTF-8 count as U+FFFD. Normalize is idempotent.
func Normalize(text string) string {
	return string(AppendNormal(nil, text))
}

// AppendNormal appends the normalised text to dst and returns the extended buffer.
// What dst holds already is left alone and has no influence on the result.
func AppendNormal(dst []byte, text string) []byte {
	w := writer{dst: dst, start: len(dst)}
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		c := classify(r)
		if c&slow == 0 {
			w.write(c)
			i += size
			continue
		}
		end := i + size
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if classify(r)&(slow|ignorable) == 0 {
				break
			}
			end += size
		}
		w.writeSlow(text[i:end])
		i = end
	}
	return w.dst
}

// A writer appends characters under the rule for white space.
type writer struct {
	dst      []byte
	start    int  // where the text begins in dst
	pending  bool // white space was read that is not yet decided on
	unspaced bool // the last letter or digit belongs to a script without spaces
}

func (w *writer) write(c class) {
	switch {
	case c&ignorable != 0:
		return
	case c&space != 0:
		w.pending = len(w.dst) > w.start
		return
	}
	if w.pending {
		w.pending = false
		// A character that would combine with what stands before the space keeps its space.
		if c&joining != 0 || !w.unspaced && c&unspaced == 0 {
			w.dst = append(w.dst, ' ')
		}
	}
	if r := c.char(); r < utf8.RuneSelf {
		w.dst = append(w.dst, byte(r))
	} else {
		w.dst = utf8.AppendRune(w.dst, r)
	}
	if c&letter != 0 {
		w.unspaced = c&unspaced != 0
	}
}

// writeSlow writes a run of characters that normalise to several, or together with the
// characters before them.
func (w *writer) writeSlow(run string) {
	if !w.pending && !norm.NFKC.PropertiesString(run).BoundaryBefore() {
		if i := norm.NFKC.LastBoundary(w.dst[w.start:]); i >= 0 {
			run = string(w.dst[w.start+i:]) + run
			w.dst = w.dst[:w.start+i]
		}
	}
	for _, r := range compose(run) {
		w.write(classify(r))
	}
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
