package charset

import (
	"slices"
	"unicode/utf8"
)

const sampleBytes = 16 << 10 // of a text, enough to tell its encoding

// A pairing is how often a byte follows another. Bytes of ASCII that are no letters are spaces.
type pairing struct {
	a, b byte
	n    float32
}

// A count is what was counted in bytes, of which the readings are made.
type count struct {
	part  []byte // the first bytes outside of ASCII and what follows them
	pairs []pairing
	used  [256]bool // of all bytes
	high  float32   // bytes of pairs outside of ASCII
	alien float32   // what another script than Latin costs
}

// survey counts the pairs of bytes in words of b, without markup.
func survey(b []byte) (c count) {
	from := slices.IndexFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
	if from < 0 {
		return c
	}
	from = max(0, from-sampleBytes/4)
	c.part = b[from:min(len(b), from+sampleBytes)]
	for _, x := range b {
		c.used[x] = true
	}
	counts := make([]float32, 1<<16)
	var seen []int
	word := make([]byte, 1, 64)
	word[0] = ' '
	high := false
	end := func() {
		if len(word) > 1 {
			weight := float32(asciiWeight)
			if high {
				weight = 1
			}
			word = append(word, ' ')
			for i, c := range word[1:] {
				pair := int(word[i])<<8 | int(c)
				if counts[pair] == 0 {
					seen = append(seen, pair)
				}
				counts[pair] += weight
			}
		}
		word, high = word[:1], false
	}
	inTag := false
	for _, c := range c.part {
		switch {
		case c == '<':
			end()
			inTag = true
		case c == '>':
			end()
			inTag = false
		case c >= utf8.RuneSelf:
			inTag = false
			high = true
			word = append(word, c)
		case inTag:
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			word = append(word, c)
		default:
			end()
		}
	}
	end()
	for _, pair := range seen {
		c.pairs = append(c.pairs, pairing{byte(pair >> 8), byte(pair), counts[pair]})
	}
	letters := float32(0)
	for _, p := range c.pairs {
		switch {
		case p.b >= utf8.RuneSelf:
			c.high += p.n
		case p.b != ' ':
			letters += p.n
		}
	}
	if letters > 2*c.high { // most of them count little
		c.alien = alienScript
	}
	return c
}
