package charset

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A codePage is an encoding of one byte a character, with the class of each byte in the models of
// its languages.
type codePage struct {
	runes [256]rune
	class map[string]*[256]uint8
}

var codePages = sync.OnceValue(func() map[string]*codePage {
	all := map[string]*codePage{}
	for _, f := range families {
		c, ok := lookup(f.name).(*charmap.Charmap)
		if !ok {
			continue
		}
		p := &codePage{class: map[string]*[256]uint8{}}
		for i := range p.runes {
			p.runes[i] = c.DecodeByte(byte(i))
		}
		for _, l := range f.languages {
			p.class[l] = new([256]uint8)
			for i, r := range p.runes {
				p.class[l][i] = uint8(models()[l].classOf(r))
			}
		}
		all[f.name] = p
	}
	return all
})

// text returns the characters of the bytes outside of ASCII that are used.
func (p *codePage) text(used [256]bool) string {
	var text []rune
	for i := utf8.RuneSelf; i < 256; i++ {
		if used[i] {
			text = append(text, p.runes[i])
		}
	}
	return string(text)
}

// letters counts the bytes outside of ASCII that follow another, both letters, or marks that stand on
// some. Fewer than four different ones are no text, and neither are letters that stand alone.
func (p *codePage) letters(pairs []pairing) (n float32) {
	letter := func(c byte) bool {
		return c >= utf8.RuneSelf && (unicode.IsLetter(p.runes[c]) || unicode.Is(unicode.Mn, p.runes[c]))
	}
	var seen [256]bool
	different := 0
	for _, x := range pairs {
		if !letter(x.b) {
			continue
		}
		if letter(x.a) {
			n += x.n
		}
		if !seen[x.b] {
			seen[x.b] = true
			different++
		}
	}
	if different < 4 {
		return 0
	}
	return n
}

// baseCost is what a reading costs in any language: capitals inside words, and bytes that are
// not valid.
func (p *codePage) baseCost(pairs []pairing) (cost float32) {
	for _, x := range pairs {
		if x.a < utf8.RuneSelf && x.b < utf8.RuneSelf {
			continue
		}
		a, b := p.runes[x.a], p.runes[x.b]
		switch {
		case x.b >= utf8.RuneSelf && isGarbage(b):
			cost += invalid * x.n
		case unicode.IsLower(a) && unicode.IsUpper(b):
			cost += upperInside * x.n
		}
	}
	return cost
}
