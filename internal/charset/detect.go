package charset

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

const (
	upperInside  = 6   // what a capital costs that follows a small letter
	asciiLetter  = 2.8 // what a letter of ASCII costs where all are the same
	asciiWeight  = 0.1 // of words that are all ASCII, which may be English too
	alienScript  = 18  // what another script than Latin costs where nearly all letters are ASCII
	invalid      = 24  // what a byte costs that is not valid
	scriptChange = 2   // what a letter of ASCII costs beside a Chinese character

	// A reading counts if a pair costs no more than plausible on average, or a Chinese character
	// no more than plausibleAlone, and if it costs less
	// by clear than any other that gives other text. Against a declaration it must
	// cost less by overwhelming, in all and for each of at least evidence bytes.
	plausible        = 5
	plausibleAlone   = 10
	clear            = 5
	overwhelming     = 40
	overwhelmingEach = 2.5
	evidence         = 5
	usual            = 3 // what a pair costs in text as it is anywhere
	alienEvidence    = 4 // letters beside another that it takes if it is not Latin
)

// A reading is what bytes are in an encoding.
type reading struct {
	name    string
	cost    float32 // of all that is counted
	per     float32 // of a pair with a character outside of ASCII, or of such a character
	high    float32 // bytes outside of ASCII
	letters float32 // those that are letters beside another
	same    string  // what its characters are, to tell readings that differ
	lang    string
}

func (r reading) plausible() bool {
	if !models()[r.lang].latin && r.letters < alienEvidence {
		return false
	}
	if models()[r.lang].pairs {
		return r.per <= plausible
	}
	return r.per <= plausibleAlone
}

// usual reports what need not be compared with others.
func (r reading) usual() bool {
	if models()[r.lang].pairs {
		return r.per <= usual
	}
	return r.per <= plausibleAlone
}

// readings returns how likely b is in every encoding, the likeliest first.
func readings(b []byte) []reading {
	c := survey(b)
	var out []reading
	best := float32(math.Inf(1))
	for _, f := range families {
		r := f.read(&c, best+2*(overwhelming+overwhelmingEach*c.high))
		best = min(best, r.cost)
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b reading) int {
		switch {
		case a.cost < b.cost:
			return -1
		case a.cost > b.cost:
			return 1
		}
		return 0
	})
	return out
}

// read makes a reading, which need not be complete if it costs more than enough.
func (f *family) read(c *count, enough float32) reading {
	r := reading{name: f.name, cost: -1, high: c.high, letters: c.high - 2, same: f.name}
	english, _ := models()["en"].pairCost(c.plain, codePages()["windows-1252"].class["en"])
	if p := codePages()[f.name]; p != nil {
		r.letters = p.letters(c.pairs)
		r.same = p.text(c.used)
		base := p.baseCost(c.pairs)
		for _, l := range f.languages {
			cost, per := models()[l].pairCost(c.pairs, p.class[l])
			plain, _ := models()[l].pairCost(c.plain, p.class[l])
			if cost += base + asciiWeight*min(plain, english); r.cost < 0 || cost < r.cost {
				r.cost, r.per, r.lang = cost, per, l
			}
		}
	} else {
		text := wide(c.part, lookup(f.name))
		for _, l := range f.languages {
			cost, per := models()[l].characterCost(text, enough)
			if cost += asciiWeight * english; r.cost < 0 || cost < r.cost {
				r.cost, r.per, r.lang = cost, per, l
			}
		}
	}
	r.cost += f.rare
	if !models()[r.lang].latin {
		r.cost += c.alien
	}
	return r
}

// guess returns the encoding in which b is text, or "".
func guess(b []byte) string {
	if isBinary(b) {
		return ""
	}
	all := readings(b)
	if !all[0].plausible() {
		return ""
	}
	for _, r := range all[1:] {
		if r.same != all[0].same {
			if r.cost-all[0].cost < clear {
				return ""
			}
			break
		}
	}
	return all[0].name
}

// isBinary reports whether more than one byte in a hundred is a control character that no text needs.
func isBinary(b []byte) bool {
	head := b[:min(len(b), sampleBytes)]
	n := 0
	for _, c := range head {
		if c < ' ' && (c < '\t' || c > '\r') {
			n++
		}
	}
	return 100*n > len(head)
}

// contradicted returns the encoding in which b is text although another is declared, or "".
func contradicted(b []byte, name string) string {
	if name == "gbk" {
		name = "gb18030"
	}
	i := slices.IndexFunc(families, func(f family) bool { return f.name == name })
	if i < 0 {
		return ""
	}
	c := survey(b)
	if r := families[i].read(&c, math.MaxFloat32); r.usual() {
		return ""
	}
	all := readings(b)
	at := slices.IndexFunc(all, func(r reading) bool { return r.name == name })
	gap := all[at].cost - all[0].cost
	if !all[0].plausible() || all[0].high < evidence || gap < overwhelming || gap < overwhelmingEach*all[0].high {
		return ""
	}
	return all[0].name
}

// pairCost is the cost of all pairs, and the mean of those with a byte outside of ASCII.
func (m *model) pairCost(pairs []pairing, class *[256]uint8) (cost, per float32) {
	var high, n float32
	for _, p := range pairs {
		c := m.cost[int(class[p.a])*m.n+int(class[p.b])]
		if class[p.b] == 1 && !m.latin {
			c += asciiLetter
		}
		cost += p.n * c
		if (p.a >= utf8.RuneSelf || p.b >= utf8.RuneSelf) && class[p.a]+class[p.b] > 0 {
			high, n = high+p.n*c, n+p.n
		}
	}
	return cost, high / max(1, n)
}

// characterCost is the cost of words with characters outside of ASCII, and the mean of the characters outside of ASCII. It
// stops at a cost from which no more is asked.
func (m *model) characterCost(text []rune, enough float32) (cost, per float32) {
	n := float32(0)
	letters, wide := 0, false
	end := func() {
		if wide {
			cost += asciiLetter * float32(letters)
		}
		letters, wide = 0, false
	}
	before := ' '
	inTag := false
	for _, r := range text {
		if cost > enough {
			break
		}
		switch {
		case r == '<' || r == '>':
			end()
			inTag = r == '<'
		case inTag && r < utf8.RuneSelf:
		case r >= utf8.RuneSelf:
			wide, inTag = true, false
			n++
			c := float32(unusual)
			if isGarbage(r) || unicode.Is(unicode.Co, r) {
				c = invalid
			} else if i, ok := m.class[r]; ok {
				c = m.cost[i]
			}
			cost, per = cost+c, per+c
			if folded(before) != ' ' && before < utf8.RuneSelf {
				cost += scriptChange
			}
		case folded(r) == ' ':
			end()
		default:
			letters++
			if before >= utf8.RuneSelf {
				cost += scriptChange
			}
		}
		before = r
	}
	end()
	return cost, per / n
}

// wide decodes a part of a text in an encoding of several bytes a character. Its last may be cut.
func wide(part []byte, e encoding.Encoding) []rune {
	out, _ := e.NewDecoder().Bytes(part)
	text := []rune(string(out))
	if n := len(text); len(part) == sampleBytes && n > 2 {
		return text[:n-2]
	}
	return text
}
