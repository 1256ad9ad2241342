package record

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"neardup/internal/charset"
	"neardup/internal/markup"
)

// text returns the text of a text or a page, whose bytes begin at an offset of the source.
// contentType is what came with them, if anything.
func (d *Decoder) text(raw *Raw, b []byte, offset int64, page bool, contentType string) (string, *Reject) {
	t, err := charset.Decode(b, charset.Options{ContentType: contentType, Page: page, Replace: d.replace})
	if err != nil {
		return "", undecodable(raw, b, offset, err)
	}
	if !page {
		return t.String, nil
	}
	if d.mainText {
		if text, ok := mainText(t.String); ok {
			return text, nil
		}
	}
	return markup.Parse(t.String).Text, nil
}

// undecodable rejects bytes that are no text.
func undecodable(raw *Raw, b []byte, offset int64, err error) *Reject {
	reject := &Reject{raw.Source.Name, raw.Line, offset, Undecodable, err.Error(), nil}
	var at *charset.Error
	if errors.As(err, &at) {
		reject.Offset += int64(at.Offset)
		if raw.Source.Format != WARC && raw.Source.Format != ARC {
			reject.Line += int64(bytes.Count(b[:at.Offset], []byte("\n")))
		}
		if at.Encoding == "utf-8" && !at.Unread {
			reject.Reason = InvalidUTF8
		}
	}
	return reject
}

// findEncoding finds out how a source of lines is encoded, from its first bytes. One invalid
// line does not make it anything else than UTF-8: most must be.
func (s *Source) findEncoding() error {
	head, err := s.head(func(head []byte) bool {
		return len(head) >= 64<<10 || utf8.Valid(head) && bytes.IndexByte(head, '\n') >= 0
	})
	if err != nil {
		return err
	}
	if s.unread = charset.Unread(head); s.unread != "" {
		return nil
	}
	if utf8.Valid(head) {
		s.findSevenBits(head)
		return nil
	}
	valid := 0
	var invalid [][]byte
	for line := range bytes.Lines(head) {
		switch {
		case !utf8.Valid(line):
			invalid = append(invalid, line)
		case bytes.IndexFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0:
			valid++
		}
	}
	if !bytes.HasSuffix(head, []byte("\n")) && len(invalid) > 1 {
		invalid = invalid[:len(invalid)-1] // it may be cut inside of a character
	}
	if len(invalid) <= valid {
		return nil
	}
	t, err := charset.Decode(bytes.Join(invalid, nil), charset.Options{})
	if err == nil && !strings.HasPrefix(t.Encoding, "utf-") {
		s.Encoding = t.Encoding
	}
	return nil
}

// findSevenBits finds an encoding all of whose bytes are ASCII. Those of quotation marks and commas
// may be halves of characters, so tables are not read in it; JSON is never in one.
func (s *Source) findSevenBits(head []byte) {
	if s.Format == JSONL {
		return
	}
	if end := bytes.LastIndexByte(head, '\n'); end >= 0 {
		head = head[:end]
	}
	switch name := charset.SevenBits(head); {
	case s.Format == Lines:
		s.Encoding = name
	default:
		s.unread = name
	}
}

// decodeLegacy decodes a record of lines that are not in UTF-8.
func (d *Decoder) decodeLegacy(raw *Raw) (Record, *Reject) {
	t, err := charset.In(raw.Bytes, raw.Source.Encoding, charset.Options{Replace: d.replace})
	if err != nil {
		return Record{}, undecodable(raw, raw.Bytes, raw.Offset, err)
	}
	as := *raw
	as.Bytes = []byte(t.String)
	rec, reject := d.decodeLine(&as)
	if reject != nil {
		reject.Offset = raw.Offset + int64(t.Raw(int(reject.Offset - raw.Offset))[0])
	}
	return rec, reject
}

// decodeRepaired decodes a record of lines in UTF-8 of which some are not valid.
func (d *Decoder) decodeRepaired(raw *Raw) (Record, *Reject) {
	t := charset.Repair(raw.Bytes)
	as := *raw
	as.Bytes = []byte(t.String)
	rec, reject := d.decodeLine(&as)
	if reject != nil {
		reject.Offset = raw.Offset + int64(t.Raw(int(reject.Offset - raw.Offset))[0])
	}
	return rec, reject
}
