package charset

import (
	"bytes"
	"math"
)

const hz = "hz-gb-2312"

// SevenBits returns the name of an encoding in which bytes that are all ASCII stand for other
// characters, or "".
func SevenBits(b []byte) string {
	if t := sevenBits(b); t != nil {
		return t.Encoding
	}
	return ""
}

// sevenBits decodes bytes that are all ASCII and stand for other characters: with the escape
// sequences of ISO-2022-JP, or between the marks of HZ. It returns nil if they are none.
func sevenBits(b []byte) *Text {
	name := ""
	switch {
	case bytes.Contains(b, []byte("\x1b$B")), bytes.Contains(b, []byte("\x1b$@")):
		name = "iso-2022-jp"
	case bytes.Contains(b, []byte("~{")) && bytes.Contains(b, []byte("~}")):
		name = hz
	}
	if name == "" || countASCII(b) < len(b) {
		return nil
	}
	t, err := decode(b, 0, lookup(name), name, Options{})
	if err != nil || countASCII([]byte(t.String)) == len(t.String) {
		return nil
	}
	if name == hz { // the marks may be in code too
		if _, per := models()["zh"].characterCost([]rune(t.String), math.MaxFloat32); per > plausibleAlone {
			return nil
		}
	}
	return t
}
