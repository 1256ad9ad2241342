package record

import (
	"bytes"
	"strings"
)

// An ARC record has a header of one line: address, IP address, date, type, length. The first
// record's address is the name of the file.
type arc struct{}

const arcFields = 5

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
	fields := strings.Fields(string(header))
	b := block{payload: payload}
	if len(fields) < arcFields || strings.HasPrefix(fields[0], "filedesc:") {
		return b, false
	}
	b.url, b.date, b.charset = fields[0], fields[2], fields[3]
	b.media = mediaType(b.charset)
	if b.media == "no-type" {
		b.media = ""
	}
	if bytes.HasPrefix(payload, []byte("HTTP/")) {
		b.openHTTP()
	}
	return b, isDocument(b.media)
}
