package record

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// An ARC record has a header of one line: address, IP address, date, type, length. In version 2
// of the format five more fields stand before the length: the status, a checksum, a location, an offset
// and the name of a file. The first record's address is the name of the file.
type arc struct{}

const arcFields = 5

// arcHeader finds the fields of a header by the IP address and the date beside it: addresses were
// written as they stood in the page, with their spaces, and so were parameters of the type.
var arcHeader = regexp.MustCompile(`^(.+) (?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*) ([0-9]{12}(?:[0-9]{2})?) ([^ ;]+(?: *; *[^ ;]+)*;?) (?:.+ )?-?[0-9]+\s*$`)

func (arc) begins(head []byte) bool {
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if bytes.HasPrefix(line, []byte("filedesc://")) {
		return true
	}
	scheme, _, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(scheme) == 0 || len(scheme) > 10 || bytes.ContainsAny(scheme, " <\"/.,") {
		return false
	}
	return !whole || len(bytes.Fields(line)) >= arcFields
}

func (arc) headerEnds([]byte) bool { return true }

func (arc) length(header []byte) (string, bool) {
	fields := strings.Fields(string(header))
	if len(fields) < arcFields {
		return "", false
	}
	return fields[len(fields)-1], true
}

func (arc) ends() [][]byte { return [][]byte{[]byte("\n"), []byte("\r\n")} }

func (arc) about(record []byte) (block, bool) {
	header, payload, _ := bytes.Cut(record, []byte("\n"))
	b := block{payload: payload}
	if bytes.HasPrefix(header, []byte("filedesc:")) {
		return b, false
	}
	if m := arcHeader.FindStringSubmatch(string(header)); m != nil {
		b.url, b.date, b.charset = m[1], arcDate(m[2]), m[3]
	} else if fields := strings.Fields(string(header)); len(fields) >= arcFields {
		b.url, b.date, b.charset = fields[0], arcDate(fields[2]), fields[3]
	} else {
		return b, false
	}
	b.media = mediaType(b.charset)
	if b.media == "no-type" {
		b.media = ""
	}
	if bytes.HasPrefix(payload, []byte("HTTP/")) {
		b.openHTTP()
	}
	return b, isDocument(b.media)
}

// arcDate writes a date of digits, with or without seconds, as other dates are written.
func arcDate(digits string) string {
	if len(digits) == 12 {
		digits += "00"
	}
	t, err := time.Parse("20060102150405", digits)
	if err != nil {
		return digits
	}
	return t.Format(time.RFC3339)
}
