package dedup

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"neardup/shingle"
)

// A segment is a part of a page that is compared as a whole: a paragraph, or, where the same
// content stands elsewhere with its lines broken elsewhere, a part of one. So a text has the
// same segments however its lines are broken.
type segment struct {
	start, end int32
	real       bool // begins where a paragraph begins
}

// windowCharacters is how many characters on one side of a break between paragraphs make the
// place known. Fewer would split paragraphs at common phrases.
const windowCharacters = 16

// maxKnownBreaks is how many breaks are looked for elsewhere: more than pages have that people
// read, and few enough for their hashes to stay near.
const maxKnownBreaks = 1 << 18

// segments cuts a text at its paragraphs, wherever the characters before or behind are those
// before or behind a break between paragraphs, and between the copies of a tandem repeat.
func segments(text string, paragraphs []shingle.Range) []segment {
	if len(paragraphs) == 0 {
		return nil
	}
	known := paragraphs[:min(len(paragraphs), maxKnownBreaks)]
	before, behind := newHashSet(len(known)), newHashSet(len(known))
	next := 0
	var due []int // breaks whose characters behind are not complete yet, as counts
	roll(text, func(w *window, start int) {
		for next < len(known) && start >= known[next].Start {
			if w.full() && !w.periodic() {
				before.add(w.hash)
			}
			due = append(due, w.count+windowCharacters)
			next++
		}
		for len(due) > 0 && due[0] <= w.count {
			if due[0] == w.count && !w.periodic() {
				behind.add(w.hash)
			}
			due = due[1:]
		}
	})
	var breaks []int32 // offsets of the characters behind, in no order
	var starts [windowCharacters]int
	roll(text, func(w *window, start int) {
		if w.full() {
			if before.has(w.hash) {
				breaks = append(breaks, int32(start))
			}
			if behind.has(w.hash) {
				breaks = append(breaks, int32(starts[w.count%windowCharacters]))
			}
		}
		starts[w.count%windowCharacters] = start
	})
	longest := 0
	for _, p := range paragraphs {
		longest = max(longest, p.End-p.Start)
	}
	t := newTandemFinder(longest)
	for _, p := range paragraphs {
		breaks = t.breaks(breaks, text, p)
	}
	slices.Sort(breaks)
	return cut(text, paragraphs, slices.Compact(breaks))
}

func cut(text string, paragraphs []shingle.Range, breaks []int32) []segment {
	out := make([]segment, 0, len(paragraphs)+len(breaks)/4)
	for _, p := range paragraphs {
		s := segment{int32(p.Start), int32(p.End), true}
		for len(breaks) > 0 && breaks[0] < int32(p.End) {
			b := breaks[0]
			breaks = breaks[1:]
			if b <= s.start {
				continue
			}
			end := s.start + int32(len(strings.TrimRightFunc(text[s.start:b], unicode.IsSpace)))
			if end > s.start {
				out = append(out, segment{s.start, end, s.real})
				s.real = false
			}
			s.start = b
		}
		out = append(out, s)
	}
	return out
}

// A window holds the last characters of a text that are not white space and do not vanish when
// normalised.
type window struct {
	hash  uint64
	last  [windowCharacters]uint64 // their hashes, the one of number n at n%windowCharacters
	count int                      // of all such characters so far
}

func (w *window) full() bool { return w.count >= windowCharacters }

func (w *window) add(v uint64) {
	slot := &w.last[w.count%windowCharacters]
	w.hash = w.hash*rollBase + v - *slot*rollOut
	*slot = v
	w.count++
}

// periodic reports whether a few characters stand in the window over and over. A place in a
// row of dashes is not known by what is around it.
func (w *window) periodic() bool {
	for period := 1; period <= windowCharacters/2; period++ {
		i := period
		for i < windowCharacters && w.last[(w.count+i)%windowCharacters] == w.last[(w.count+i-period)%windowCharacters] {
			i++
		}
		if i == windowCharacters {
			return true
		}
	}
	return false
}

// roll moves a window over a text, and calls f before every character that is added to it, with
// its offset, and at the end.
func roll(text string, f func(w *window, start int)) {
	var w window
	for i, r := range text {
		if v := characters.hash(r); v != 0 {
			f(&w, i)
			w.add(v)
		}
	}
	f(&w, len(text))
}

const rollBase = 0x9e3779b97f4a7c15

var rollOut = func() uint64 {
	p := uint64(1)
	for range windowCharacters {
		p *= rollBase
	}
	return p
}()

// characters are the hashes of characters by what they normalise to, worked out when asked
// for. Those that normalise to nothing have 0.
var characters characterHashes

type (
	characterPage   [256]uint64
	characterHashes struct {
		pages [(unicode.MaxRune + 1) >> 8]atomic.Pointer[characterPage]
	}
)

func (c *characterHashes) hash(r rune) uint64 {
	p := c.pages[r>>8].Load()
	if p == nil {
		p = newCharacterPage(r &^ 0xff)
		c.pages[r>>8].Store(p)
	}
	return p[r&0xff]
}

func newCharacterPage(first rune) *characterPage {
	p := new(characterPage)
	var buf []byte
	for i := range p {
		r := first + rune(i)
		if unicode.IsSpace(r) || !utf8.ValidRune(r) {
			continue
		}
		buf = shingle.AppendNormal(buf[:0], string(r))
		if len(buf) > 0 {
			p[i] = xxhash.Sum64(buf) | 1
		}
	}
	return p
}

// A hashSet is a set of hashes that may take one in billions for a member that is none.
type hashSet struct {
	slots []uint32
	mask  uint32
}

func newHashSet(n int) *hashSet {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return &hashSet{make([]uint32, size), uint32(size - 1)}
}

// slot returns where h is, or the free slot where it would be.
func (s *hashSet) slot(h uint64) (at, tag uint32) {
	h ^= h >> 32
	h *= 0xff51afd7ed558ccd
	tag = uint32(h>>8) | 1
	at = uint32(h>>32) & s.mask
	for s.slots[at] != 0 && s.slots[at] != tag {
		at = (at + 1) & s.mask
	}
	return at, tag
}

func (s *hashSet) add(h uint64) {
	at, tag := s.slot(h)
	s.slots[at] = tag
}

func (s *hashSet) has(h uint64) bool {
	at, _ := s.slot(h)
	return s.slots[at] != 0
}

// numberSegments gives equal numbers to segments that are equal after normalisation, in the
// order in which they stand first.
func numberSegments(text string, ss []segment) (symbols []int32, distinct int) {
	numbers := make(map[uint64]int32, min(len(ss), 1<<16))
	symbols = make([]int32, len(ss))
	var buf []byte
	for i, s := range ss {
		buf = shingle.AppendNormal(buf[:0], text[s.start:s.end])
		h := xxhash.Sum64(buf)
		n, ok := numbers[h]
		if !ok {
			n = int32(len(numbers))
			numbers[h] = n
		}
		symbols[i] = n
	}
	return symbols, len(numbers)
}
