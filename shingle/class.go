package shingle

import (
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A class is what normalisation and shingling need to know of one code point: the single
// character that it normalises to in the low 21 bits, and flags above.
type class uint32

const (
	slow      class = 1 << (21 + iota) // normalises to several characters or with its neighbours
	ignorable                          // dropped
	space                              // white space
	joining                            // may compose with the character before it
	letter                             // a letter or digit
	unspaced                           // of a script that writes no spaces between words
	dense                              // of a script whose characters count three in a shingle
)

func (c class) char() rune { return rune(c & (1<<21 - 1)) }

// weight returns what the character counts in a shingle under the rule by script.
func (c class) weight() int {
	if c&dense != 0 {
		return denseWeight
	}
	return 1
}

const pageSize = 256

// classes holds the class of every code point. A page is filled when its first character
// is met, by asking [newClass] for each of its code points; filling it twice is harmless.
type classes struct {
	pages [(unicode.MaxRune + 1) / pageSize]atomic.Pointer[[pageSize]class]
	fold  func(rune) rune // is asked last
}

var (
	plainClasses   = &classes{fold: foldPunctuation}
	foldHanClasses = &classes{fold: func(r rune) rune { return foldHan(foldPunctuation(r)) }}
)

func (t *classes) of(r rune) class {
	if page := t.pages[uint32(r)/pageSize].Load(); page != nil {
		return page[uint32(r)%pageSize]
	}
	return t.fill(r)
}

// fill fills the page of a character and returns its class.
func (t *classes) fill(r rune) class {
	page := new([pageSize]class)
	for i := range page {
		page[i] = newClass(r/pageSize*pageSize+rune(i), t.fold)
	}
	t.pages[r/pageSize].Store(page)
	return page[r%pageSize]
}

func newClass(r rune, fold func(rune) rune) class {
	switch {
	case isIgnorable(r):
		return ignorable
	case isSpace(r):
		return space
	case !utf8.ValidRune(r):
		return class(utf8.RuneError)
	}
	single := r
	if !isPlain(r) {
		s := compose(string(r))
		first, size := utf8.DecodeRuneInString(s)
		if size != len(s) {
			c := class(r) | slow
			if isJoining(r) || isJoining(first) {
				c |= joining
			}
			return c
		}
		single = first
	}
	if isSpace(single) {
		return space
	}
	single = fold(single)
	c := class(single) | flags(single)
	if isJoining(r) || isJoining(single) {
		c |= slow | joining
	}
	return c
}

// isPlain reports a character of a large script that normalises to itself. It only saves
// the time of composing it.
func isPlain(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Yi) && norm.NFKC.IsNormalString(string(r))
}

func flags(r rune) class {
	var c class
	if unicode.In(r, unicode.L, unicode.N) {
		c |= letter
	}
	if unicode.In(r, unspacedScripts...) || r == '々' || r == 'ー' {
		c |= unspaced
	}
	if unicode.In(r, denseScripts...) || r == '々' || r == 'ー' {
		c |= dense
	}
	return c
}

var (
	unspacedScripts = []*unicode.RangeTable{
		unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Yi,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
	}
	denseScripts = []*unicode.RangeTable{
		unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	}
)

// isJoining reports whether r may compose with, or be reordered before, its predecessor.
func isJoining(r rune) bool {
	return !norm.NFKC.PropertiesString(string(r)).BoundaryBefore()
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Z) }

// isIgnorable reports characters that take no room: format and control characters that are
// not white space, variation selectors, joiners and fillers.
func isIgnorable(r rune) bool {
	switch {
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF: // variation selectors
		return true
	case r == 0x034F, r >= 0x180B && r <= 0x180F: // grapheme joiner, Mongolian selectors
		return true
	case r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0: // Hangul fillers
		return true
	case r == 0x17B4, r == 0x17B5: // Khmer inherent vowels
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf) && !unicode.IsSpace(r)
}

// foldPunctuation maps a punctuation mark, after NFKC, onto its ASCII counterpart. No
// result composes with a combining mark, so folding keeps the text normalised; that is why
// title and guillemet brackets become quotation marks and not < and >.
func foldPunctuation(r rune) rune {
	switch r {
	case '。', '｡', '．', '۔', '։', '።':
		return '.'
	case '、', '､', '，', '،', '፣', '︐', '︑':
		return ','
	case '؛', '፤':
		return ';'
	case '؟', '⸮':
		return '?'
	case '“', '”', '„', '‟', '«', '»', '「', '」', '『', '』', '《', '》', '〈', '〉', '〝', '〞', '〟', '″', '＂':
		return '"'
	case '‘', '’', '‚', '‛', '‹', '›', '′', '`', 'ʼ', '＇':
		return '\''
	case '‐', '‑', '‒', '–', '—', '―', '−', '─', '━', '﹘', '－', '⁃':
		return '-'
	case '【', '〔', '〖', '〘', '〚':
		return '['
	case '】', '〕', '〗', '〙', '〛':
		return ']'
	case '・', '•', '‧', '∙', '⋅', '●', '▪', '◦':
		return '·'
	case '〜', '～', '∼':
		return '~'
	}
	return r
}
