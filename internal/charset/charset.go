// Package charset turns bytes of any encoding into UTF-8 text, or says where they are none.
// What it returns is never mojibake in silence: an encoding counts only if every byte is valid
// in it, and an undeclared one only if the text then looks like a language that is written in
// it.
package charset

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// An Error reports bytes that are no text: the first byte that is not valid.
type Error struct {
	Encoding string // in which the byte is not valid
	Offset   int    // of the byte
	Byte     byte
}

func (e *Error) Error() string {
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

// Decode decodes b. contentType is the header that came with it, or empty. In order: a byte
// order mark; UTF-8 if b is valid as such; what the header or, in HTML, a meta element
// declares; what the bytes look like. A declared encoding in which b is not valid, or in which
// it looks like nothing while it looks like text in another, is not believed. The error is an
// *[Error]. A byte order mark of UTF-8 is kept; b must not be changed while the Text is used.
func Decode(b []byte, contentType string) (*Text, error) {
	if e, name, n := byteOrder(b); e != nil {
		return decode(b, n, e, name)
	}
	label := declared(b, contentType)
	if escaped(b) && countASCII(b) == len(b) {
		label = "iso-2022-jp"
	}
	if utf8.Valid(b) && !believedOverUTF8(b, label) {
		return &Text{String: string(b), Encoding: "utf-8", raw: b}, nil
	}
	var tries []candidate
	if e, name := find(label); e != nil && e != encoding.Replacement && !strings.HasPrefix(name, "utf-") {
		c := candidate{name: name, encoding: e}
		switch fits := looks(b, name, e); {
		case fits && !singleByte(e):
			tries = append(tries, c)
		case fits: // any bytes are valid in it
			if tries = guess(b); len(tries) == 0 || tries[0].bytes == 1 {
				tries = slices.Insert(tries, 0, c)
			}
		default: // what looks like text is better
			tries = append(guess(b), c)
		}
	} else {
		tries = guess(b)
	}
	var first error
	for _, c := range tries {
		t, err := decode(b, 0, c.encoding, c.name)
		if err == nil {
			return t, nil
		}
		if first == nil {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	at := invalidUTF8(b)
	return nil, &Error{"utf-8", at, b[at]}
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

func decode(b []byte, bom int, e encoding.Encoding, name string) (*Text, error) {
	if name == "utf-8" {
		if at := invalidUTF8(b); at < len(b) {
			return nil, &Error{name, at, b[at]}
		}
		return &Text{String: string(b), Encoding: name, raw: b}, nil
	}
	out, err := e.NewDecoder().Bytes(b[bom:])
	t := &Text{String: string(out), Encoding: name, raw: b, bom: bom, decoder: e}
	at := strings.IndexFunc(t.String, isGarbage)
	if err != nil {
		at = max(at, 0)
	}
	if at >= 0 {
		offset := min(t.Raw(at)[0], len(b)-1)
		return nil, &Error{name, offset, b[offset]}
	}
	return t, nil
}

// isGarbage reports what decoders make of bytes that are not valid: a replacement character,
// or a control character of the upper half, which no text in a legacy encoding holds.
func isGarbage(r rune) bool {
	return r == utf8.RuneError || r >= 0x80 && r < 0xa0 && r != '\u0085'
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
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

// escaped reports the escape sequences of ISO-2022-JP, with which it switches to Japanese.
func escaped(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@"))
}

// believedOverUTF8 reports whether a declaration counts though the bytes are valid UTF-8: a
// few characters can be so by accident, and escape sequences are plain ASCII.
func believedOverUTF8(b []byte, label string) bool {
	_, name := find(label)
	if name == "iso-2022-jp" {
		return escaped(b)
	}
	return strings.HasPrefix(name, "gb") && len(b)-countASCII(b) < 12 && countASCII(b) < len(b) && looks(b, name, lookup(name))
}

// singleByte reports an encoding of one byte a character: any bytes are valid in it.
func singleByte(e encoding.Encoding) bool {
	_, ok := e.(*charmap.Charmap)
	return ok
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

// declaredWithin is how far into a page a declaration is looked for.
const declaredWithin = 16 << 10

// declared returns the label that a header or a meta element gives, or "".
func declared(b []byte, contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		return params["charset"]
	}
	head := b[:min(len(b), declaredWithin)]
	if !bytes.ContainsRune(head, '<') {
		return ""
	}
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			if name, more := z.TagName(); string(name) == "meta" {
				if label := metaCharset(z, more); label != "" {
					return label
				}
			}
		}
	}
}

func metaCharset(z *html.Tokenizer, more bool) string {
	var label, content string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "charset":
			label = string(value)
		case "content":
			content = string(value)
		}
	}
	if label != "" {
		return strings.TrimSpace(label)
	}
	_, after, found := strings.Cut(strings.ToLower(content), "charset")
	after, equals := strings.CutPrefix(strings.TrimSpace(after), "=")
	if !found || !equals {
		return ""
	}
	after = strings.Trim(strings.TrimSpace(after), `"'`)
	if i := strings.IndexAny(after, ";\"' \t\r\n"); i >= 0 {
		after = after[:i]
	}
	return after
}
