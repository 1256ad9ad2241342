package record

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The functions of this file find their way in JSON that is known to be valid.

// members calls f for every member of the object at start, with the range of its value.
func members(b []byte, start int, f func(key []byte, from, to int)) {
	for i := skipSpace(b, start+1); b[i] != '}'; {
		keyEnd := skipString(b, i)
		from := skipSpace(b, skipSpace(b, keyEnd)+1) // past the colon
		to := skipValue(b, from)
		key := b[i+1 : keyEnd-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			key = []byte(unquote(b[i:keyEnd]))
		}
		f(key, from, to)
		i = skipSpace(b, to)
		if b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
}

func skipSpace(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n' {
		i++
	}
	return i
}

// skipString returns the end of the string that begins at i.
func skipString(b []byte, i int) int {
	for i++; ; {
		i += bytes.IndexByte(b[i:], '"')
		backslashes := 0
		for b[i-1-backslashes] == '\\' {
			backslashes++
		}
		i++
		if backslashes%2 == 0 {
			return i
		}
	}
}

// skipValue returns the end of the value that begins at i.
func skipValue(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		default:
			for i < len(b) && bytes.IndexByte([]byte(" \t\r\n,]}"), b[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

// unquote returns what a JSON string stands for. A surrogate without its other half becomes
// U+FFFD.
func unquote(quoted []byte) string {
	s := quoted[1 : len(quoted)-1]
	i := bytes.IndexByte(s, '\\')
	if i < 0 {
		return string(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	for ; i >= 0; i = bytes.IndexByte(s, '\\') {
		out.Write(s[:i])
		var r rune
		r, s = unescape(s[i:])
		out.WriteRune(r)
	}
	out.Write(s)
	return out.String()
}

// unescape decodes the escape sequence at the front of s and returns what follows it.
func unescape(s []byte) (rune, []byte) {
	switch c := s[1]; c {
	case 'b':
		return '\b', s[2:]
	case 'f':
		return '\f', s[2:]
	case 'n':
		return '\n', s[2:]
	case 'r':
		return '\r', s[2:]
	case 't':
		return '\t', s[2:]
	case 'u':
		r := hex4(s[2:])
		s = s[6:]
		if utf16.IsSurrogate(r) {
			if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
				if both := utf16.DecodeRune(r, hex4(s[2:])); both != utf8.RuneError {
					return both, s[6:]
				}
			}
			return utf8.RuneError, s
		}
		return r, s
	default:
		return rune(c), s[2:]
	}
}

func hex4(s []byte) rune {
	n, _ := strconv.ParseUint(string(s[:4]), 16, 16)
	return rune(n)
}
