package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

// maxHeader bounds the header of an archived record.
const maxHeader = 256 << 10

// archive is how the records of an archive are told apart.
type archive interface {
	begins(head []byte) bool             // whether a record can begin so
	headerEnds(line []byte) bool         // whether the header ends with that line
	length(header []byte) (string, bool) // of the block below the header; whether it is said
	ends() [][]byte                      // what stands after a block, the usual first
	about(record []byte) (about block, document bool)
}

// A block is what an archived record says of itself.
type block struct {
	id, url, date string
	media         string // type of the payload, "" if unknown
	charset       string // media type with its parameters, for the charset
	payload       []byte
	http          textproto.MIMEHeader // of the payload, if it came with one
}

var archives = map[Format]archive{WARC: warc{}, ARC: arc{}}

// archived reads a header, a block of the length that it states, and what ends the block. If
// they don't hold together the record is a reject, up to where the next can begin.
func (r *Reader) archived(raw *Raw, a archive) error {
	raw.Line = raw.Number
	for { // stray line breaks between records
		b := r.in.peek(1)
		if len(b) == 0 || b[0] != '\n' && b[0] != '\r' {
			break
		}
		r.in.skip(1)
		r.pos.Offset++
	}
	raw.Offset = r.pos.Offset
	h := r.hold(raw, 0)
	h.limit = max(h.limit, maxHeader) // which says what a record is that is too long
	if head := r.in.peek(64); len(head) > 0 && !a.begins(head) {
		return r.badRecord(raw, h, a, "no record begins here", nil)
	}
	reason, err := r.archiveHeader(raw, h, a)
	if err != nil {
		return r.cutRecord(raw, err)
	}
	head := raw.Bytes
	header := raw.Bytes[:len(raw.Bytes):len(raw.Bytes)]
	var length int64
	if reason == "" {
		length, reason = blockLength(a, head)
	}
	if reason != "" {
		return r.badRecord(raw, h, a, reason, header)
	}
	for left := length; left > 0; {
		part, err := r.in.some(left)
		if errors.Is(err, io.EOF) {
			err := r.badRecord(raw, h, a, fmt.Sprintf("%d bytes are missing at the end of the file", left), header)
			raw.Reject.Reason = Truncated
			return err
		}
		if err != nil {
			return err
		}
		if raw.Length <= maxHeader { // enough to tell whether a long record is a document
			head = append(head[:len(head):len(head)], part...)
		}
		if err := h.add(part); err != nil {
			return err
		}
		left -= int64(len(part))
	}
	if raw.Length > r.opts.MaxBytes {
		if _, document := a.about(head); document {
			raw.Reject = r.tooLong(raw)
		}
		raw.Other = raw.Reject == nil
	}
	return r.archiveEnd(raw, h, a, header)
}

// archiveHeader reads the lines of a header.
func (r *Reader) archiveHeader(raw *Raw, h *held, a archive) (reason string, err error) {
	for start := int64(0); ; {
		part, ended, err := r.in.line()
		if err != nil {
			return "", err
		}
		if err := h.add(part); err != nil {
			return "", err
		}
		switch {
		case raw.Length > maxHeader:
			return fmt.Sprintf("its header is longer than %d bytes", maxHeader), nil
		case ended && a.headerEnds(raw.Bytes[start:]):
			return "", nil
		case ended:
			start = raw.Length
		}
	}
}

// cutRecord rejects a record of which the header is not all there.
func (r *Reader) cutRecord(raw *Raw, err error) error {
	if !errors.Is(err, io.EOF) || raw.Length == 0 {
		return err
	}
	raw.Reject = r.reject(raw, Truncated, "the file ends in the header of this record")
	return nil
}

// archiveEnd reads what stands between a block and the next record.
func (r *Reader) archiveEnd(raw *Raw, h *held, a archive, header []byte) error {
	next := r.in.peek(64)
	for _, end := range a.ends() {
		if bytes.HasPrefix(next, end) {
			raw.End = bytes.Clone(end)
			r.in.skip(len(end))
			r.pos.Offset += int64(len(end))
			return nil
		}
	}
	if len(next) == 0 || a.begins(next) || len(bytes.Trim(next, "\r\n")) == 0 {
		return nil
	}
	return r.badRecord(raw, h, a, "its length is wrong: something else than a record follows it", header)
}

// badRecord rejects a record up to the line behind its header on which the next can begin.
func (r *Reader) badRecord(raw *Raw, h *held, a archive, reason string, header []byte) error {
	raw.Reject = r.reject(raw, BadRecord, reason)
	var back bool
	var err error
	if raw.Bytes != nil {
		back = r.unread(raw.Bytes[len(header):])
	} else {
		back, err = r.rewind(raw.Offset + int64(len(header)))
	}
	if err != nil {
		return err
	}
	if back {
		raw.Bytes, raw.Length = header, int64(len(header))
	}
	for ended := len(header) > 0; ; {
		if ended && a.begins(r.in.peek(64)) {
			return nil
		}
		var part []byte
		var err error
		part, ended, err = r.in.line()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.add(part); err != nil {
			return err
		}
	}
}

// blockLength returns the length that a header states, or what is wrong with it.
func blockLength(a archive, header []byte) (int64, string) {
	value, ok := a.length(header)
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case !ok:
		return 0, "its header states no length"
	case err != nil || n < 0:
		return 0, fmt.Sprintf("its length is %q", value)
	}
	return n, ""
}

type warc struct{}

func (warc) begins(head []byte) bool {
	return bytes.HasPrefix(head, []byte("WARC/0.")) || bytes.HasPrefix(head, []byte("WARC/1."))
}

func (warc) headerEnds(line []byte) bool { return len(bytes.TrimRight(line, "\r\n")) == 0 }

func (warc) length(header []byte) (string, bool) {
	value := parseHeader(header).Get("Content-Length")
	return value, value != ""
}

func (warc) ends() [][]byte { return [][]byte{[]byte("\r\n\r\n"), []byte("\n\n"), []byte("\r\n\n")} }

func (warc) about(record []byte) (block, bool) {
	header, payload := splitHeader(record)
	h := parseHeader(header)
	b := block{
		id: h.Get("WARC-Record-ID"), url: strings.Trim(h.Get("WARC-Target-URI"), "<>"), date: h.Get("WARC-Date"),
		charset: h.Get("Content-Type"), payload: payload,
	}
	b.media = mediaType(b.charset)
	switch strings.ToLower(h.Get("WARC-Type")) {
	case "response":
		if b.media == "application/http" || b.media == "" {
			b.openHTTP()
		}
	case "resource", "conversion":
	default:
		return b, false
	}
	return b, isDocument(b.media)
}

// openHTTP takes the header of an HTTP response off the payload.
func (b *block) openHTTP() {
	header, payload := splitHeader(b.payload)
	b.http, b.payload = parseHeader(header), payload
	b.charset = b.http.Get("Content-Type")
	b.media = mediaType(b.charset)
}

// parseHeader reads the fields below the first line of a header. A line that is none is
// passed over.
func parseHeader(header []byte) textproto.MIMEHeader {
	fields := textproto.MIMEHeader{}
	_, rest, _ := bytes.Cut(header, []byte("\n"))
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok {
			fields.Add(string(bytes.TrimSpace(name)), string(bytes.TrimSpace(value)))
		}
	}
	return fields
}

// splitHeader cuts a header, and the empty line below it, off what follows.
func splitHeader(b []byte) (header, rest []byte) {
	for at := 0; at < len(b); {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			break
		}
		line := b[at : at+n+1]
		at += n + 1
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return b[:at], b[at:]
		}
	}
	return b, nil
}

// open returns what a record of an archive holds, with its body decoded. What is no document is
// marked so.
func (d *Decoder) open(raw *Raw) (block, *Reject) {
	b, document := archives[raw.Source.Format].about(raw.Bytes)
	if b.http != nil && document {
		body, err := decodeBody(b.http, b.payload, d.maxBytes)
		if err != nil {
			return b, &Reject{raw.Source.Name, raw.Line, raw.Offset, Undecodable, err.Error(), nil}
		}
		b.payload = body
	}
	raw.Other = !document || b.media == "" && !looksLikeText(b.payload)
	return b, nil
}

// decodeArchived decodes a record of an archive.
func (d *Decoder) decodeArchived(raw *Raw) (Record, *Reject) {
	b, reject := d.open(raw)
	if reject != nil || raw.Other {
		return Record{}, reject
	}
	rec := Record{ID: b.id, OwnID: b.id != "", URL: b.url}
	rec.setDate(b.date)
	if !rec.OwnID {
		rec.ID = madeID(raw)
	}
	rec.Text, reject = d.text(raw, b.payload, raw.Offset, isPage(b.media, b.payload), b.charset)
	return rec, reject
}
