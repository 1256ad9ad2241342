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
	part  []byte    // the first bytes outside of ASCII and what follows them
	pairs []pairing // in words with a byte outside of ASCII
	plain []pairing // in other words
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
	var counts [2][]float32
	var seen [2][]int
	for i := range counts {
		counts[i] = make([]float32, 1<<16)
	}
	word := make([]byte, 1, 64)
	word[0] = ' '
	high := false
	end := func() {
		if len(word) > 1 {
			to := 1
			if high {
				to = 0
			}
			word = append(word, ' ')
			for i, c := range word[1:] {
				pair := int(word[i])<<8 | int(c)
				if counts[to][pair] == 0 {
					seen[to] = append(seen[to], pair)
				}
				counts[to][pair]++
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
	for i, to := range []*[]pairing{&c.pairs, &c.plain} {
		for _, pair := range seen[i] {
			*to = append(*to, pairing{byte(pair >> 8), byte(pair), counts[i][pair]})
		}
	}
	letters := float32(0)
	for _, p := range c.pairs {
		if p.b >= utf8.RuneSelf {
			c.high += p.n
		} else if p.b != ' ' {
			letters += p.n
		}
	}
	for _, p := range c.plain {
		if p.b != ' ' {
			letters += p.n * asciiWeight
		}
	}
	if letters > 2*c.high { // most of them count little
		c.alien = alienScript
	}
	return c
}
