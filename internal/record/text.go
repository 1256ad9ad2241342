package record

import "strings"

// text decodes the bytes of a text or a page, which stand in raw. contentType is what came
// with them, if anything.
func (d *Decoder) text(raw *Raw, b []byte, page bool, contentType string) (string, *Reject) {
	if at := invalidAt(b); at < len(b) {
		return "", invalidUTF8(raw)
	}
	return strings.TrimPrefix(string(b), ""), nil
}
