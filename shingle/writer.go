package shingle

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A writer appends normalised characters under the rule for white space.
type writer struct {
	classes  *classes
	dst      []byte
	start    int    // where the text begins in dst
	trailing int    // bytes of characters behind their first byte
	uneven   bool   // a character may weigh another number than it has bytes
	dense    bool   // a character may be dense
	pending  bool   // white space was read that is not yet decided on
	unspaced bool   // the last letter or digit belongs to a script without spaces
	lines    []line // that hold something
}

// A line is a line of the text and what was written of it, white space around it included.
type line struct {
	text, normal Range
	characters   int // of the normalised text before the end of the line
}

func (w *writer) reset(c *classes) {
	*w = writer{classes: c, dst: w.dst[:0], lines: w.lines[:0]}
}

// written returns the number of bytes written.
func (w *writer) written() int { return len(w.dst) - w.start }

// characters returns the number of characters written.
func (w *writer) characters() int { return w.written() - w.trailing }

// ascii reports whether all that was written is ASCII.
func (w *writer) ascii() bool { return w.trailing == 0 }

// endLine notes the line that ends at a place of the text.
func (w *writer) endLine(end int) {
	var l line
	if n := len(w.lines); n > 0 {
		l = w.lines[n-1]
	}
	if l.normal.Start == l.normal.End && len(w.lines) > 0 {
		w.lines = w.lines[:len(w.lines)-1] // nothing was written of it
	}
	w.lines = append(w.lines, line{Range{l.text.End, end}, Range{l.normal.End, w.written()}, w.characters()})
}

// writeText writes a whole text.
func (w *writer) writeText(text string) {
	w.dst = slices.Grow(w.dst, len(text)+8)
	for i := 0; i < len(text); {
		if n := w.writeASCII(text[i:]); n > 0 {
			i += n
			continue
		}
		if n := w.writeNarrow(text[i:]); n > 0 {
			i += n
			continue
		}
		if n := w.writeWide(text[i:]); n > 0 {
			i += n
			continue
		}
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		c := w.classes.of(r)
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
			if w.classes.of(r)&(slow|ignorable) == 0 {
				break
			}
			end += size
		}
		w.writeSlow(text[i:end])
		i = end
	}
	w.endLine(len(text))
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
	if r < utf8.RuneSelf {
		w.dst = append(w.dst, byte(r))
		return
	}
	w.dst = utf8.AppendRune(w.dst, r)
	size := utf8.RuneLen(r)
	w.trailing += size - 1
	w.uneven = w.uneven || c.weight() != size
	w.dense = w.dense || c&dense != 0
}

// writeSlow writes a run of characters that normalise to several, or together with the
// characters before them.
func (w *writer) writeSlow(run string) {
	first, _ := utf8.DecodeRuneInString(run)
	if !w.pending && w.classes.of(first)&joining != 0 {
		if i := norm.NFKC.LastBoundary(w.dst[w.start:]); i >= 0 {
			again := w.dst[w.start+i:]
			w.trailing -= len(again) - utf8.RuneCount(again)
			run = string(again) + run
			w.dst = w.dst[:w.start+i]
		}
	}
	for _, r := range compose(run) {
		w.write(w.classes.of(r))
	}
}

// Constants of eight bytes each, for arithmetic on eight characters at once.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// writeASCII writes as many characters from the front of text as it can, up to eight at a
// time: those that are ASCII and only need their case folded. It returns how many it took.
func (w *writer) writeASCII(text string) int {
	if w.unspaced {
		return 0
	}
	done := 0
	for len(text)-done >= 8 {
		x := load8(text[done:])
		spaces := ^((x ^ ' '*ones) + 0x7f*ones) & highs
		backtick := x ^ '`'*ones
		special := x&highs | // not ASCII
			(x-' '*ones)&^x&highs | // below space
			(x+ones)&highs | // DEL
			(backtick-ones)&^backtick&highs |
			spaces&(spaces<<8) // two spaces
		if w.pending || w.written() == 0 {
			special |= spaces & 0x80
		}
		n := 8
		if special != 0 {
			if n = bits.TrailingZeros64(special) / 8; n == 0 {
				break
			}
		}
		if w.pending {
			w.pending = false
			w.dst = append(w.dst, ' ')
		}
		upper := (x + (0x80-'A')*ones) &^ (x + (0x80-'Z'-1)*ones) & highs
		w.dst = binary.LittleEndian.AppendUint64(w.dst, x|upper>>2)
		end := len(w.dst) - 8 + n
		if w.dst[end-1] == ' ' {
			w.pending = true
			end--
		}
		w.dst = w.dst[:end]
		done += n
		if n < 8 {
			break
		}
	}
	return done
}

// writeNarrow writes as many characters from the front of text as it can of those that take one
// or two bytes and normalise to one that does, until eight are ASCII. It returns how many bytes
// of text they take.
func (w *writer) writeNarrow(text string) int {
	w.dst = slices.Grow(w.dst, len(text)+2)
	dst, at, done := w.dst[:cap(w.dst)], len(w.dst), 0
	trailing := 0
	for len(text)-done >= 2 {
		r, size := rune(text[done]), 1
		if r >= utf8.RuneSelf {
			if r&^0x1f != 0xc0 || text[done+1]&0xc0 != 0x80 {
				break
			}
			r, size = r&0x1f<<6|rune(text[done+1]&0x3f), 2
			if r < utf8.RuneSelf {
				break
			}
		} else if r == '\n' || r == '\r' || !w.unspaced && len(text)-done >= 8 && load8(text[done:])&highs == 0 {
			break
		}
		c := w.classes.of(r)
		to := c.char()
		if c&slow != 0 || to >= 0x800 || c&space != 0 && isLineEnd(r) {
			break
		}
		done += size
		switch {
		case c&ignorable != 0:
			continue
		case c&space != 0:
			w.pending = at > w.start
			continue
		}
		if w.pending && (c&joining != 0 || !w.unspaced && c&unspaced == 0) {
			dst[at] = ' '
			at++
		}
		w.pending = false
		if c&letter != 0 {
			w.unspaced = c&unspaced != 0
		}
		if to < utf8.RuneSelf {
			dst[at] = byte(to)
			at++
			continue
		}
		w.dense = w.dense || c&dense != 0
		dst[at], dst[at+1] = byte(0xc0|to>>6), byte(0x80|to&0x3f)
		at += 2
		trailing++
	}
	w.uneven = w.uneven || trailing > 0
	w.trailing += trailing
	w.dst = dst[:at]
	return done
}

func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// writeWide writes as many characters from the front of text as it can of those that take
// three bytes and normalise to one of three bytes or to ASCII, and returns how many bytes of
// text they take.
func (w *writer) writeWide(text string) int {
	if w.pending {
		return 0
	}
	w.dst = slices.Grow(w.dst, len(text)+4)
	dst, at, done := w.dst[:cap(w.dst)], len(w.dst), 0
	unspacedBefore := w.unspaced
	folded := w.classes == foldHanClasses
	for ; len(text)-done >= 4; done += 3 {
		b := load4(text[done:])
		if b&0xc0c0f0 != 0x8080e0 {
			break
		}
		if folded || !isHan(b) {
			r := rune(b&0xf<<12 | b>>8&0x3f<<6 | b>>16&0x3f)
			c := w.classes.of(r)
			if r < 0x800 || utf16.IsSurrogate(r) || c&(slow|ignorable|space) != 0 {
				break
			}
			if c&letter != 0 {
				unspacedBefore = c&unspaced != 0
			}
			to := c.char()
			if to < utf8.RuneSelf {
				dst[at] = byte(to)
				at++
				continue
			}
			if to != r {
				if utf8.RuneLen(to) != 3 {
					break
				}
				b = encode3(to)
			}
			w.uneven = w.uneven || c&dense == 0
			w.dense = w.dense || c&dense != 0
		} else {
			unspacedBefore = true
			w.dense = true
		}
		binary.LittleEndian.PutUint32(dst[at:], b)
		at += 3
	}
	w.unspaced = unspacedBefore
	w.trailing += at - len(w.dst) - done/3
	w.dst = w.dst[:at]
	return done
}

func load4(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func encode3(r rune) uint32 {
	return 0x8080e0 | uint32(r>>12|r>>6&0x3f<<8|r&0x3f<<16)
}

// isHan reports whether a character of three bytes, the first one lowest, is a unified
// ideograph of the basic plane. Those normalise to themselves unless they are folded.
func isHan(b uint32) bool {
	const first, last = 0xe4b880, 0xe9bfbf // U+4E00 and U+9FFF in UTF-8
	return bits.ReverseBytes32(b)>>8-first <= last-first
}
