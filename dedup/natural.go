package dedup

import "neardup/shingle"

// Lines that are no prose come again in texts for good reasons: a refrain, the opening hours of
// every branch, the body of a function, the commands of a manual. What they have in common is
// that they are short, and that most of them do not end a sentence. So a run of such lines is
// natural until it is long.

const (
	proseLetters    = 100 // of a paragraph, or of several sentences, that is no natural repeat
	sentenceLetters = 60  // of a line that ends a sentence and counts as prose among others that do not
	naturalFactor   = 20  // times --min-characters: the letters from which short lines are no natural repeat
)

// natural reports whether a range is a run of short lines that pages repeat for good reasons: it has
// less than 800 letters, less than 100 of them in paragraphs and sentences of prose, and a line
// that ends no sentence. Where a line comes directly behind itself, it is none.
func (f *sectionFinder) natural(s span) bool {
	text := f.at(s)
	if f.opts.align || shingle.Letters(text) >= naturalFactor*f.opts.MinCharacters {
		return false
	}
	for i := s.from + 1; i < s.to; i++ {
		if f.symbols[i] == f.symbols[i-1] && f.size(i, i+1) >= f.opts.MinCharacters {
			return false
		}
	}
	lines := unwrapped(text, shingle.Paragraphs(text), false)
	prose, ended := 0, len(lines) > 1
	for _, r := range lines {
		line := text[r.Start:r.End]
		n, ends := shingle.Letters(line), endsSentence(line)
		if n >= proseLetters || n >= sentenceLetters && ends {
			prose += n
		}
		ended = ended && ends
	}
	return prose < proseLetters && !ended
}

func isLineEnd(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}
