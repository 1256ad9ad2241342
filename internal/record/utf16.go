package record

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// UTF-16 is turned into UTF-8 while it is read, and back where it is written. Half of a
// surrogate pair becomes the three bytes that UTF-8 would have for it if it had any, and a last
// odd byte two that never stand in UTF-8: neither is valid, and both can be turned back.

const oddByte = 0xf8

// A byteOrder is that of UTF-16.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// utf16Order returns the byte order of text in UTF-16, nil if it is none: by its byte order mark,
// or by the zeros of its ASCII characters, which nearly all stand on one side.
func utf16Order(head []byte) byteOrder {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")):
		return nil // UTF-32
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return binary.BigEndian
	}
	head = head[:min(len(head), 512)&^1]
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch { // a character may have one for its other byte
	case zeros[0]+zeros[1] <= len(head)/8:
	case zeros[1] >= 8*zeros[0]:
		return binary.LittleEndian
	case zeros[0] >= 8*zeros[1]:
		return binary.BigEndian
	}
	return nil
}

// A utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	in    io.Reader
	order byteOrder
	buf   []byte
	raw   []byte // unread, of buf
	out   []byte
	err   error
}

func newUTF16Reader(in io.Reader, order byteOrder) *utf16Reader {
	return &utf16Reader{in: in, order: order, buf: make([]byte, 64<<10)}
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n := copy(r.buf, r.raw)
		m, err := r.in.Read(r.buf[n:])
		r.err = err
		r.out, r.raw = fromUTF16(r.out[:0], r.buf[:n+m], r.order, err != nil)
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fromUTF16 appends raw as UTF-8 and returns what is left of it: the beginning of a character,
// unless this is the end.
func fromUTF16(out, raw []byte, order byteOrder, end bool) (text, rest []byte) {
	for len(raw) >= 2 {
		r := rune(order.Uint16(raw))
		size := 2
		if utf16.IsSurrogate(r) {
			if len(raw) < 4 && !end {
				break
			}
			both := rune(utf8.RuneError)
			if len(raw) >= 4 {
				both = utf16.DecodeRune(r, rune(order.Uint16(raw[2:])))
			}
			if both == utf8.RuneError {
				out = append(out, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
				raw = raw[2:]
				continue
			}
			r, size = both, 4
		}
		out = utf8.AppendRune(out, r)
		raw = raw[size:]
	}
	if end && len(raw) == 1 {
		return append(out, oddByte|raw[0]>>6, 0x80|raw[0]&0x3f), nil
	}
	return out, raw
}

// A utf16Writer writes what a utf16Reader read.
type utf16Writer struct {
	out   io.Writer
	order byteOrder
	part  []byte // of a character
}

func (w *utf16Writer) Write(p []byte) (int, error) {
	text := p
	if len(w.part) > 0 {
		text = append(w.part, p...)
	}
	out, rest := toUTF16(text, w.order, false)
	w.part = bytes.Clone(rest)
	_, err := w.out.Write(out)
	return len(p), err
}

func (w *utf16Writer) Close() error {
	out, _ := toUTF16(w.part, w.order, true)
	_, err := w.out.Write(out)
	return err
}

// toUTF16 returns text as UTF-16 and what is left of it: the beginning of a character, unless
// this is the end.
func toUTF16(text []byte, order byteOrder, end bool) (out, rest []byte) {
	out = make([]byte, 0, 2*len(text))
	for len(text) > 0 {
		if !end && len(text) < utf8.UTFMax && (!utf8.FullRune(text) || text[0] == 0xed || text[0]&^3 == oddByte) {
			return out, text
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case r != utf8.RuneError || size > 1:
			for _, u := range utf16.AppendRune(nil, r) {
				out = order.AppendUint16(out, u)
			}
		case len(text) >= 3 && text[0] == 0xed:
			out = order.AppendUint16(out, 0xd000|uint16(text[1]&0x3f)<<6|uint16(text[2]&0x3f))
			size = 3
		case len(text) >= 2 && text[0]&^3 == oddByte:
			out = append(out, text[0]<<6|text[1]&0x3f)
			size = 2
		}
		text = text[size:]
	}
	return out, nil
}
