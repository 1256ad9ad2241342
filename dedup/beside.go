package dedup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"neardup/shingle"
)

// A Stretch is what stands beside each other of two texts: a run of paragraphs that both have,
// or what one has instead of the other.
type Stretch struct {
	Kind Kind    // Exact or Near if it stands in both, Unique otherwise
	A, B []Piece // excerpts; empty where there is nothing
}

// A Piece is a part of an excerpt.
type Piece struct {
	Text    string
	Same    bool // it stands on the other side too
	Omitted int  // characters that are left out here, instead of a text
}

const (
	maxBeside    = 32 << 10 // bytes of a text that are compared for an excerpt
	maxStretches = 12
	maxExcerpts  = 6 << 10 // bytes of all stretches, from which on there are no more
	maxShown     = 40      // of one side of a stretch
	leastOmitted = 40      // characters that are worth leaving out
	diffCells    = 1e6     // bound on the work for what differs
)

// beside lays two texts beside each other, in the order of a, in excerpts: of what both have
// the ends, of what differs more. more tells that there is more than was looked at.
func beside(p shingle.Params, a, b string, minimum float64) (out []Stretch, more bool) {
	a, moreA := beginning(a, maxBeside)
	b, moreB := beginning(b, maxBeside)
	more = moreA || moreB
	found := spans(p, a, b, minimum)
	before := gapsBefore(found, len(b))
	at, shown := 0, 0
	add := func(s Stretch) {
		for _, p := range slices.Concat(s.A, s.B) {
			shown += len(p.Text)
		}
		out = append(out, s)
	}
	for i := 0; i <= len(found); i++ {
		if len(out) >= maxStretches || shown > maxExcerpts {
			return out, true
		}
		last := i == len(found)
		s := Span{Start: len(a), End: len(a), KeptStart: len(b), KeptEnd: len(b)}
		if !last {
			s = found[i]
		}
		gap := Stretch{}
		gap.A, gap.B = diff(p, strings.TrimSpace(a[at:max(at, s.Start)]), strings.TrimSpace(b[before[i]:s.KeptStart]))
		at = max(at, s.End)
		if len(gap.A)+len(gap.B) > 0 {
			add(gap)
		}
		if last {
			break
		}
		here, there := a[s.Start:s.End], b[s.KeptStart:s.KeptEnd]
		both := Stretch{Kind: Near}
		if p.Normalize(here) == p.Normalize(there) {
			both = Stretch{Exact, shorten([]Piece{{Text: here, Same: true}}), shorten([]Piece{{Text: there, Same: true}})}
		} else {
			both.A, both.B = diff(p, here, there)
		}
		add(both)
	}
	return out, more
}

// gapsBefore returns for every span, and for the end, where in b what precedes it and belongs to
// no span begins.
func gapsBefore(found []Span, end int) []int {
	order := make([]int, len(found))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return found[x].KeptStart - found[y].KeptStart })
	gaps := make([]int, len(found)+1)
	at := 0
	for _, i := range order {
		gaps[i] = min(at, found[i].KeptStart)
		at = max(at, found[i].KeptEnd)
	}
	gaps[len(found)] = min(at, end)
	return gaps
}

// beginning returns the first bytes of a text, whole characters, and whether there are more.
func beginning(text string, bytes int) (string, bool) {
	if len(text) <= bytes {
		return text, false
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes], true
}

// diff marks what two texts have in common, word by word, in scripts without spaces character by
// character: a longest common subsequence.
func diff(p shingle.Params, a, b string) (as, bs []Piece) {
	x, y := words(p, a), words(p, b)
	first := 0
	for first < min(len(x), len(y)) && x[first].normal == y[first].normal {
		first++
	}
	last := 0
	for last < min(len(x), len(y))-first && x[len(x)-1-last].normal == y[len(y)-1-last].normal {
		last++
	}
	sameX, sameY := make([]bool, len(x)), make([]bool, len(y))
	for i := range first {
		sameX[i], sameY[i] = true, true
	}
	for i := range last {
		sameX[len(x)-1-i], sameY[len(y)-1-i] = true, true
	}
	commonWords(x[first:len(x)-last], y[first:len(y)-last], sameX[first:], sameY[first:])
	return pieces(a, b, x, y, sameX, sameY)
}

// commonWords marks a longest common subsequence, unless that is too much work.
func commonWords(x, y []word, sameX, sameY []bool) {
	if len(x)*len(y) == 0 || len(x)*len(y) > diffCells {
		return
	}
	width := len(y) + 1
	longest := make([]int32, (len(x)+1)*width) // of the words from there on
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i].normal == y[j].normal {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i].normal == y[j].normal:
			sameX[i], sameY[j] = true, true
			i, j = i+1, j+1
		case longest[(i+1)*width+j] >= longest[i*width+j+1]:
			i++
		default:
			j++
		}
	}
}

// A word is a run of letters and digits, or a single other character.
type word struct {
	end    int // in the text
	normal string
}

func words(p shingle.Params, text string) (ws []word) {
	in := false
	for i, r := range text {
		part := (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)) &&
			!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
		end := i + utf8.RuneLen(r)
		if in && part {
			ws[len(ws)-1].end = end
		} else {
			ws = append(ws, word{end: end})
		}
		in = part
	}
	start := 0
	for i := range ws {
		ws[i].normal = p.Normalize(text[start:ws[i].end])
		start = ws[i].end
	}
	return ws
}

// pieces joins words to pieces: what is the same on both sides, and between what is not. Of what two
// changes have between them that is the same, what has no letter and no digit belongs to them.
func pieces(a, b string, x, y []word, sameX, sameY []bool) (as, bs []Piece) {
	type pair struct {
		a, b string
		same bool
	}
	var pairs []pair
	atA, atB := 0, 0
	for i, j := 0, 0; i < len(x) || j < len(y); {
		first := i < len(x) && j < len(y) && sameX[i] && sameY[j]
		for ; i < len(x) && j < len(y) && first && sameX[i] && sameY[j]; i++ {
			j++
		}
		for ; i < len(x) && !first && !sameX[i]; i++ {
		}
		for ; j < len(y) && !first && !sameY[j]; j++ {
		}
		p := pair{same: first}
		if i > 0 {
			p.a, atA = a[atA:x[i-1].end], x[i-1].end
		}
		if j > 0 {
			p.b, atB = b[atB:y[j-1].end], y[j-1].end
		}
		if n := len(pairs); n > 1 && !p.same && !strings.ContainsFunc(pairs[n-1].a, wordly) {
			pairs[n-2].a += pairs[n-1].a + p.a
			pairs[n-2].b += pairs[n-1].b + p.b
			pairs = pairs[:n-1]
			continue
		}
		pairs = append(pairs, p)
	}
	for _, p := range pairs {
		if p.a != "" {
			as = append(as, Piece{Text: p.a, Same: p.same})
		}
		if p.b != "" {
			bs = append(bs, Piece{Text: p.b, Same: p.same})
		}
	}
	return shorten(as), shorten(bs)
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// shorten leaves out the middle of long pieces, and of many pieces the last.
func shorten(ps []Piece) (out []Piece) {
	for i, p := range ps {
		if len(out) >= maxShown {
			rest := 0
			for _, p := range ps[i:] {
				rest += utf8.RuneCountInString(p.Text)
			}
			return append(out, Piece{Omitted: rest})
		}
		head, tail := 240, 80
		if p.Same && len(ps) > 1 {
			head, tail = 60, 60
		}
		n := utf8.RuneCountInString(p.Text)
		if n < head+tail+leastOmitted {
			out = append(out, Piece{Text: p.Text, Same: p.Same})
			continue
		}
		first, last := firstRunes(p.Text, head), lastRunes(p.Text, tail)
		out = append(out,
			Piece{Text: first, Same: p.Same},
			Piece{Omitted: n - utf8.RuneCountInString(first) - utf8.RuneCountInString(last), Same: p.Same},
			Piece{Text: last, Same: p.Same})
	}
	return out
}

// firstRunes returns the first n characters, or some less so that no word is cut. It is a copy: an
// excerpt doesn't hold on to its text.
func firstRunes(s string, n int) string {
	end := len(s)
	for i := range s {
		if n--; n < 0 {
			end = i
			break
		}
	}
	if space := strings.LastIndexFunc(s[:end], unicode.IsSpace); space > end-maxWord {
		end = space
	}
	return strings.Clone(s[:end])
}

func lastRunes(s string, n int) string {
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	if space := strings.IndexFunc(s[i:], unicode.IsSpace); space >= 0 && space < maxWord {
		i += space
	}
	return strings.Clone(strings.TrimLeftFunc(s[i:], unicode.IsSpace))
}

const maxWord = 24 // bytes of a word that is left out rather than cut
