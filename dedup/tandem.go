package dedup

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"neardup/shingle"
)

// A tandem repeat is a text that comes several times in a row, within one line: there is no break
// by which the copies could be told apart, so they are looked for letter by letter.

// minTandem is the least length, in characters without white space, of a text whose copies in a
// row are looked for. Only those that count as a lone paragraph become sections.
const minTandem = 40

// maxTandemBits is the logarithm of how many windows are remembered at most.
const maxTandemBits = 16

// A tandemFinder finds tandem repeats in paragraphs.
type tandemFinder struct {
	last  []int32 // by window: the number behind its last character, from base
	shift int     // of a hash, to its place in last
	base  int32   // characters of the paragraphs before

	hashes  []uint32 // of the characters of the paragraph that are no white space
	offsets []int32  // in the text at which they begin
}

// newTandemFinder returns one for paragraphs of up to that many bytes.
func newTandemFinder(bytes int) *tandemFinder {
	n := min(max(bits.Len(uint(bytes)), 8), maxTandemBits)
	return &tandemFinder{last: make([]int32, 1<<n), shift: 64 - n}
}

// breaks appends the offsets at which copies in a row begin and end in a paragraph.
func (t *tandemFinder) breaks(out []int32, text string, p shingle.Range) []int32 {
	if p.End-p.Start < 2*minTandem || strings.ContainsFunc(text[p.Start:p.End], isLineEnd) {
		return out
	}
	t.read(text, p)
	n := int32(len(t.hashes))
	var w window
	var tried struct{ distance, to int32 }
	for i := int32(0); i < n; i++ {
		w.add(uint64(t.hashes[i]))
		if !w.full() {
			continue
		}
		slot := &t.last[w.hash*rollBase>>t.shift]
		distance := t.base + i + 1 - *slot
		*slot = t.base + i + 1
		if distance < minTandem || distance > i || distance == tried.distance && i < tried.to || t.hashes[i] != t.hashes[i-distance] {
			continue
		}
		from, to := t.period(i, distance)
		tried.distance, tried.to = distance, to
		if to-from < 2*distance {
			continue
		}
		if behind, ok := t.rotation(text, from, (to-from)%distance); ok {
			for at := from + behind; at <= to && at < n; at += distance {
				out = append(out, t.offsets[at])
			}
		}
		w, i = window{}, to-1
	}
	t.base += n
	return out
}

// read takes in the characters of a paragraph.
func (t *tandemFinder) read(text string, p shingle.Range) {
	n := utf8.RuneCountInString(text[p.Start:p.End])
	t.hashes, t.offsets = slices.Grow(t.hashes[:0], n), slices.Grow(t.offsets[:0], n)
	for i, r := range text[p.Start:p.End] {
		if h := characters.hash(r); h != 0 {
			t.hashes = append(t.hashes, uint32(h>>32))
			t.offsets = append(t.offsets, int32(p.Start+i))
		}
	}
}

// period returns the longest range around a character in which every character is equal to the
// one a distance before, with that distance in front of it.
func (t *tandemFinder) period(i, distance int32) (from, to int32) {
	from, to = i, i+1
	for from > distance && t.hashes[from-1] == t.hashes[from-1-distance] {
		from--
	}
	for int(to) < len(t.hashes) && t.hashes[to] == t.hashes[to-distance] {
		to++
	}
	return from - distance, to
}

// rotation returns where the first copy begins, counted from a character and at most slack behind
// it: where a line or a sentence begins. If there is none, the copies are parts of sentences, as
// in a row of a table that differs from the next one in little.
func (t *tandemFinder) rotation(text string, from, slack int32) (int32, bool) {
	if from == 0 {
		return 0, true
	}
	for i := range slack + 1 {
		before := strings.TrimRightFunc(text[:t.offsets[from+i]], unicode.IsSpace)
		if before == "" || endsSentence(before) {
			return i, true
		}
	}
	return 0, false
}
