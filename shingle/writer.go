package shingle

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A writer appends normalised characters under the rule for white space. As long as all are
// ASCII it notes nothing of them; from the first that is not on it notes where each begins.
type writer struct {
	dst      []byte
	start    int    // where the text begins in dst
	pending  bool   // white space was read that is not yet decided on
	unspaced bool   // the last letter or digit belongs to a script without spaces
	chars    []char // empty for ASCII; closed by the end of the text
	lines    []line // that hold something
}

// A line is a line of the text and what was written of it, white space around it included.
type line struct{ text, normal Range }

func (w *writer) reset() {
	*w = writer{dst: w.dst[:0], chars: w.chars[:0], lines: w.lines[:0]}
}

// endLine notes the line that ends at a place of the text.
func (w *writer) endLine(end int) {
	var l line
	if n := len(w.lines); n > 0 {
		l = w.lines[n-1]
	}
	l = line{Range{l.text.End, end}, Range{l.normal.End, len(w.dst) - w.start}}
	if n := len(w.lines); n > 0 && w.lines[n-1].normal.Start == w.lines[n-1].normal.End {
		w.lines = w.lines[:n-1] // nothing was written of it
	}
	w.lines = append(w.lines, l)
}

func (w *writer) ascii() bool { return len(w.chars) == 0 }

// writeText writes a whole text.
func (w *writer) writeText(text string) {
	w.dst = slices.Grow(w.dst, len(text)+hashSlack)
	for i := 0; i < len(text); {
		if n := w.writeASCII(text[i:]); n > 0 {
			i += n
			continue
		}
		if n := w.writeHan(text[i:]); n > 0 {
			i += n
			continue
		}
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		c := classify(r)
		if c&slow == 0 {
			w.write(c)
			i += size
			if c&space != 0 && isLineEnd(r) {
				w.endLine(i)
			}
			continue
		}
		end := i + size
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if classify(r)&(slow|ignorable) == 0 {
				break
			}
			end += size
		}
		w.writeSlow(text[i:end])
		i = end
	}
	w.endLine(len(text))
	if !w.ascii() {
		w.chars = append(w.chars, newChar(len(w.dst)-w.start, 0))
	}
	w.dst = append(w.dst, make([]byte, hashSlack)...)[:len(w.dst)]
}

func (w *writer) write(c class) {
	switch {
	case c&ignorable != 0:
		return
	case c&space != 0:
		w.pending = len(w.dst) > w.start
		return
	}
	// A character that would combine with what stands before the space keeps its space.
	if w.pending && (c&joining != 0 || !w.unspaced && c&unspaced == 0) {
		w.put(class(' '))
	}
	w.pending = false
	w.put(c)
	if c&letter != 0 {
		w.unspaced = c&unspaced != 0
	}
}

// put appends a character.
func (w *writer) put(c class) {
	r := c.char()
	if !w.ascii() {
		w.chars = append(w.chars, newChar(len(w.dst)-w.start, c))
	} else if r >= utf8.RuneSelf {
		for i := range len(w.dst) - w.start {
			w.chars = append(w.chars, newChar(i, 0))
		}
		w.chars = append(w.chars, newChar(len(w.dst)-w.start, c))
	}
	if r < utf8.RuneSelf {
		w.dst = append(w.dst, byte(r))
	} else {
		w.dst = utf8.AppendRune(w.dst, r)
	}
}

// writeSlow writes a run of characters that normalise to several, or together with the
// characters before them.
func (w *writer) writeSlow(run string) {
	first, _ := utf8.DecodeRuneInString(run)
	if !w.pending && classify(first)&joining != 0 {
		if i := norm.NFKC.LastBoundary(w.dst[w.start:]); i >= 0 {
			run = string(w.dst[w.start+i:]) + run
			w.dst = w.dst[:w.start+i]
			for len(w.chars) > 0 && w.chars[len(w.chars)-1].offset() >= i {
				w.chars = w.chars[:len(w.chars)-1]
			}
		}
	}
	for _, r := range compose(run) {
		w.write(classify(r))
	}
}

// Constants of eight bytes each, for arithmetic on eight characters at once.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// writeASCII writes as many characters from the front of text as it can, eight at a time:
// those that are ASCII and only need their case folded. It returns how many it took.
func (w *writer) writeASCII(text string) int {
	if w.unspaced {
		return 0
	}
	done := 0
	for ; len(text)-done >= 8; done += 8 {
		x := load8(text[done:])
		spaces := ^((x ^ ' '*ones) + 0x7f*ones) & highs
		backtick := x ^ '`'*ones
		special := x&highs | // not ASCII
			(x-' '*ones)&^x&highs | // below space
			(x+ones)&highs | // DEL
			(backtick-ones)&^backtick&highs |
			spaces&(spaces<<8) // two spaces
		if special != 0 || w.pending && spaces&0x80 != 0 || len(w.dst) == w.start && spaces&0x80 != 0 {
			break
		}
		if w.pending {
			w.pending = false
			w.put(class(' '))
		}
		upper := (x + (0x80-'A')*ones) &^ (x + (0x80-'Z'-1)*ones) & highs
		w.dst = binary.LittleEndian.AppendUint64(w.dst, x|upper>>2)
		n := 8
		if spaces>>63 != 0 {
			w.pending = true
			n = 7
			w.dst = w.dst[:len(w.dst)-1]
		}
		if !w.ascii() {
			for i := len(w.dst) - n; i < len(w.dst); i++ {
				w.chars = append(w.chars, newChar(i-w.start, 0))
			}
		}
	}
	return done
}

func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// The unified ideographs of the basic plane normalise to themselves.
const firstHan, lastHan = 0x4e00, 0x9fff

// writeHan writes as many unified ideographs as stand at the front of text, and returns how
// many bytes they take.
func (w *writer) writeHan(text string) int {
	done := 0
	for ; len(text)-done >= 3; done += 3 {
		a, b, c := text[done], text[done+1], text[done+2]
		if a&0xf0 != 0xe0 || b&0xc0 != 0x80 || c&0xc0 != 0x80 {
			break
		}
		r := uint32(a&0xf)<<12 | uint32(b&0x3f)<<6 | uint32(c&0x3f)
		if r-firstHan > lastHan-firstHan {
			break
		}
		if w.ascii() {
			w.pending = false
			w.put(class(r) | dense)
			continue
		}
		w.chars = append(w.chars, char(len(w.dst)-w.start)<<1|1)
		w.dst = append(w.dst, a, b, c)
	}
	if done > 0 {
		w.pending, w.unspaced = false, true
	}
	return done
}
