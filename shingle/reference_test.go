package shingle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mfonda/simhash"
	"golang.org/x/text/unicode/norm"
)

// This file says once more, slowly and plainly, what the package computes. The tests hold
// the package against it.

func referenceNormalize(p Params, text string) string {
	text = string([]rune(text))
	for {
		next := referencePass(p, text)
		if next == text {
			// NFKC puts a joiner into runs of more than 30 combining marks.
			return strings.ReplaceAll(text, "\u034f", "")
		}
		text = next
	}
}

func referencePass(p Params, text string) string {
	text = strings.Map(func(r rune) rune {
		if isIgnorable(r) {
			return -1
		}
		return r
	}, text)
	text = foldCase(norm.NFKC.String(text))
	text = strings.Map(foldPunctuation, text)
	if p.FoldHan {
		for _, class := range referenceVariants(text) {
			first, _ := utf8.DecodeRuneInString(class)
			text = strings.Map(func(r rune) rune {
				if strings.ContainsRune(class, r) {
					return first
				}
				return r
			}, text)
		}
	}

	isUnspaced := func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
			unicode.Yi, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) || r == 'ー'
	}
	fields := strings.FieldsFunc(text, isSpace)
	var out strings.Builder
	afterUnspaced := false
	for i, field := range fields {
		first, _ := utf8.DecodeRuneInString(field)
		if i > 0 && (isJoining(first) || !afterUnspaced && !isUnspaced(first)) {
			out.WriteByte(' ')
		}
		out.WriteString(field)
		for _, r := range field {
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				afterUnspaced = isUnspaced(r)
			}
		}
	}
	return out.String()
}

// referenceVariants returns the classes of variants of which text has characters.
func referenceVariants(text string) (classes []string) {
	for _, r := range text {
		if !unicode.Is(unicode.Han, r) {
			continue
		}
		if at := strings.IndexRune(hanVariants, r); at >= 0 {
			from := strings.LastIndexByte(hanVariants[:at], ' ') + 1
			classes = append(classes, hanVariants[from:at+strings.IndexByte(hanVariants[at:], ' ')])
		}
	}
	return classes
}

func referenceShingles(p Params, normal string) map[string]bool {
	set := map[string]bool{}
	runes := []rune(normal)
	for start := range runes {
		total := 0
		for end := start; end < len(runes); end++ {
			weight := 1
			if p.Size == 0 && (unicode.In(runes[end], unicode.Han, unicode.Hiragana, unicode.Katakana,
				unicode.Hangul, unicode.Bopomofo, unicode.Yi) || runes[end] == 'ー') {
				weight = 3
			}
			total += weight
			if p.Size == 0 && total >= 8 || p.Size > 0 && total == p.Size {
				set[string(runes[start:end+1])] = true
				break
			}
		}
	}
	return set
}

func referenceFingerprint(p Params, text string) Fingerprint {
	var features []simhash.Feature
	for s := range referenceShingles(p, referenceNormalize(p, text)) {
		features = append(features, feature(hash([]byte(s))))
	}
	if len(features) == 0 {
		return 0
	}
	return Fingerprint(simhash.Fingerprint(simhash.Vectorize(features)))
}
