package charset

import (
	"fmt"

	"golang.org/x/text/encoding/unicode"
)

// In decodes b in an encoding that is known, by a name or label of the WHATWG standard. The
// error is an *[Error] if b is not valid in it.
func In(b []byte, label string, o Options) (*Text, error) {
	e, name := find(label)
	if e == nil {
		return nil, fmt.Errorf("the encoding %q is not known", label)
	}
	return decode(b, 0, e, name, o)
}

// Repair decodes b as UTF-8 in which each sequence that is not valid is U+FFFD.
func Repair(b []byte) *Text {
	t, _ := decode(b, 0, unicode.UTF8, "utf-8", Options{Replace: true}) // which fails never
	return t
}
