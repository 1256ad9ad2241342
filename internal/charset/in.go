package charset

import "fmt"

// In decodes b in an encoding that is known, by a name or label of the WHATWG standard. The
// error is an *[Error] if b is not valid in it.
func In(b []byte, label string) (*Text, error) {
	e, name := find(label)
	if e == nil {
		return nil, fmt.Errorf("the encoding %q is not known", label)
	}
	return decode(b, 0, e, name)
}
