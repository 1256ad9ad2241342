// Package charset turns bytes of any encoding into UTF-8 text, or says where they are none. What it
// returns should never be mojibake in silence: a declaration counts unless the bytes contradict
// it, and an undeclared encoding only if the text in it is clearly one of a language that is written in it.
package charset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	letter "unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// An Error reports bytes that are no text: the first byte that is not valid, or the first of an
// encoding that is not read.
type Error struct {
	Encoding string // in which the byte is not valid
	Offset   int    // of the byte
	Byte     byte
	Unread   bool // the encoding is not read
}

func (e *Error) Error() string {
	if e.Unread {
		return fmt.Sprintf("the text is in %s, which is not read", e.Encoding)
	}
	return fmt.Sprintf("byte 0x%02x at %d is not valid in %s, and no other encoding fits", e.Byte, e.Offset, e.Encoding)
}

// A Range is a half-open range of bytes of a text.
type Range struct{ Start, End int }

// A Text is decoded text and where its characters came from.
type Text struct {
	String   string
	Encoding string // the name in the WHATWG standard, such as utf-8 or gb18030

	raw     []byte
	bom     int               // bytes of raw before those that were decoded
	decoder encoding.Encoding // nil for UTF-8: offsets are those of raw
}

// Options say how bytes are decoded.
type Options struct {
	ContentType string // the header that came with them, or empty

	// Page tells that they are HTML: if at most one character in a hundred is not valid, each such
	// sequence becomes U+FFFD, as in browsers.
	Page bool

	// Replace makes U+FFFD of all that is not valid.
	Replace bool
}

// Decode decodes b. In order: a byte order mark; UTF-8 if b is valid as such; what the header, an
// XML declaration or a meta element declares, unless b contradicts it; what b looks like. The
// error is an *[Error]. A byte order mark of UTF-8 is kept; b must not be changed while the Text
// is used.
func Decode(b []byte, o Options) (*Text, error) {
	if name := Unread(b); name != "" {
		return nil, &Error{name, 0, b[0], true}
	}
	if e, name, n := byteOrder(b); e != nil {
		return decode(b, n, e, name, o)
	}
	if t := sevenBits(b); t != nil {
		return t, nil
	}
	valid, label := utf8.Valid(b), ""
	if !valid || hasFew(b) {
		label = declared(b, o.ContentType)
	}
	if valid && !believedOverUTF8(b, label) {
		return &Text{String: string(b), Encoding: "utf-8", raw: b}, nil
	}
	name := choose(b, label)
	return decode(b, 0, lookup(name), name, o)
}

// choose returns the encoding of b, which has no byte order mark and is not simply UTF-8.
func choose(b []byte, label string) string {
	e, name := find(label)
	if e == nil || e == encoding.Replacement || strings.HasPrefix(name, "utf-") {
		if mostlyUTF8(b) {
			return "utf-8"
		}
		return cmp.Or(guess(b), "utf-8")
	}
	other := ""
	switch {
	case valid(b, name):
		other = contradicted(b, name)
	case mostlyUTF8(b):
		return "utf-8"
	default:
		other = guess(b)
	}
	if other == "" || !valid(b, other) {
		return name
	}
	return other
}

func valid(b []byte, name string) bool {
	_, err := decode(b, 0, lookup(name), name, Options{})
	return err == nil
}

// Raw returns the offsets in the undecoded bytes of offsets in String, which must be in
// ascending order and on character boundaries.
func (t *Text) Raw(offsets ...int) []int {
	out := slices.Clone(offsets)
	if t.decoder == nil {
		return out
	}
	d := t.decoder.NewDecoder()
	buf := make([]byte, 4096)
	at, src := 0, t.bom
	for i, want := range offsets {
		for at < want {
			nDst, nSrc, err := d.Transform(buf[:min(len(buf), want-at)], t.raw[src:], true)
			at, src = at+nDst, src+nSrc
			if nDst == 0 && nSrc == 0 || err != nil && !errors.Is(err, transform.ErrShortDst) {
				break
			}
		}
		out[i] = src
	}
	return out
}

// Without returns the undecoded bytes without those that ranges of String, in order, come from.
// The error tells that what is left would be read otherwise, as in an encoding that switches
// between states.
func (t *Text) Without(cuts []Range) ([]byte, error) {
	var offsets []int
	for _, c := range cuts {
		offsets = append(offsets, c.Start, c.End)
	}
	var out []byte
	done := 0
	for raw := t.Raw(offsets...); len(raw) > 0; raw = raw[2:] {
		out = append(out, t.raw[done:raw[0]]...)
		done = raw[1]
	}
	out = append(out, t.raw[done:]...)
	if t.decoder == nil {
		return out, nil
	}
	var want strings.Builder
	done = 0
	for _, c := range cuts {
		want.WriteString(t.String[done:c.Start])
		done = c.End
	}
	want.WriteString(t.String[done:])
	if got, err := t.decoder.NewDecoder().Bytes(out[t.bom:]); err != nil || string(got) != want.String() {
		return nil, fmt.Errorf("the parts of a text in %s can't be put together again", t.Encoding)
	}
	return out, nil
}

func decode(b []byte, bom int, e encoding.Encoding, name string, o Options) (*Text, error) {
	if name == "utf-8" {
		e = unicode.UTF8
		if utf8.Valid(b) {
			return &Text{String: string(b), Encoding: name, raw: b}, nil
		}
	}
	out, err := e.NewDecoder().Bytes(b[bom:])
	t := &Text{String: string(out), Encoding: name, raw: b, bom: bom, decoder: e}
	at := strings.IndexFunc(t.String, t.isBad)
	if at < 0 && err == nil || err == nil && (o.Replace || o.Page && t.mostlyGood()) {
		return t, nil
	}
	offset := min(t.Raw(max(at, 0))[0], len(b)-1)
	return nil, &Error{name, offset, b[offset], false}
}

// isBad reports what a decoder makes of bytes that are not valid.
func (t *Text) isBad(r rune) bool {
	if t.Encoding == "utf-8" || strings.HasPrefix(t.Encoding, "utf-16") {
		return r == utf8.RuneError
	}
	return isGarbage(r)
}

// mostlyGood reports whether at most one character in a hundred is not valid.
func (t *Text) mostlyGood() bool {
	all, bad := 0, 0
	for _, r := range t.String {
		if all++; t.isBad(r) {
			bad++
		}
	}
	return 100*bad <= all
}

// mostlyUTF8 reports whether b has characters of several bytes in UTF-8, ten for each sequence
// that is not valid, which no other encoding does by accident.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good++
		}
		i += size
	}
	return good > 0 && good >= 10*bad
}

// isGarbage reports what decoders make of bytes that are not valid: a replacement character,
// or a control character of the upper half, which no text in a legacy encoding holds.
func isGarbage(r rune) bool {
	return r == utf8.RuneError || r >= 0x80 && r < 0xa0 && r != '\u0085'
}

func byteOrder(b []byte) (encoding.Encoding, string, int) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return unicode.UTF8, "utf-8", 0
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be", 2
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le", 2
	}
	return withoutMark(b)
}

// withoutMark recognises UTF-16 that has no byte order mark by the zero bytes of its ASCII
// characters, which all stand on one side.
func withoutMark(b []byte) (encoding.Encoding, string, int) {
	var zeros [2]int
	for i, c := range b[:min(len(b), sampleBytes)] {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch n := min(len(b), sampleBytes); {
	case len(b)%2 != 0 || zeros[0]+zeros[1] < 3+n/20: // a few are no evidence
	case zeros[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le", 0
	case zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be", 0
	}
	return nil, "", 0
}

// believedOverUTF8 reports whether a declaration counts though the bytes are valid UTF-8: a
// few characters can be so by accident, and then are seldom any that languages use.
func believedOverUTF8(b []byte, label string) bool {
	e, name := find(label)
	if e == nil || !hasFew(b) || strings.HasPrefix(name, "utf-") || e == encoding.Replacement {
		return false
	}
	for _, r := range string(b) {
		if r >= utf8.RuneSelf && !known(r) {
			return true
		}
	}
	t, err := decode(b, 0, e, name, Options{})
	return err == nil && len([]rune(t.String)) < len(b) && apart(string(b)) && !strings.ContainsFunc(t.String, func(r rune) bool { return r >= utf8.RuneSelf && !known(r) })
}

// apart reports whether all characters outside of ASCII are letters, and none stands in a word with
// letters of ASCII.
func apart(s string) bool {
	before := ' '
	for _, r := range s {
		switch {
		case r >= utf8.RuneSelf && !letter.IsLetter(r),
			(r >= utf8.RuneSelf) != (before >= utf8.RuneSelf) && letter.IsLetter(r) && letter.IsLetter(before):
			return false
		}
		before = r
	}
	return true
}

// hasFew reports whether b has bytes outside of ASCII, and at most a dozen.
func hasFew(b []byte) bool {
	n := 0
	for len(b) > 0 {
		if len(b) >= 8 && binary.LittleEndian.Uint64(b)&0x8080808080808080 == 0 {
			b = b[8:]
			continue
		}
		if b[0] >= utf8.RuneSelf {
			if n++; n > 12 {
				return false
			}
		}
		b = b[1:]
	}
	return n > 0
}

func countASCII(b []byte) int {
	n := 0
	for _, c := range b {
		if c < utf8.RuneSelf {
			n++
		}
	}
	return n
}

func lookup(name string) encoding.Encoding {
	e, _ := find(name)
	return e
}

// find returns the encoding that a label stands for and its name, or nil.
func find(label string) (encoding.Encoding, string) {
	if strings.EqualFold(strings.TrimSpace(label), hz) {
		return simplifiedchinese.HZGB2312, hz
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return nil, ""
	}
	name, err := htmlindex.Name(e)
	if err != nil {
		return nil, ""
	}
	return e, name
}
