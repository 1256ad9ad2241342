package charset

import "bytes"

// Unread returns the name of the encoding that b is in if it is one that is not read, or "": UTF-32,
// with a mark or without, and those of ISO 2022 that have no decoder.
func Unread(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")) && len(b)%4 == 0:
		return "utf-32le"
	case bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		return "utf-32be"
	case bytes.IndexByte(b, 0x1b) >= 0 && bytes.IndexByte(b, 0x0e) >= 0: // which shifts to what was named
		for sequence, name := range map[string]string{"\x1b$)C": "iso-2022-kr", "\x1b$)A": "iso-2022-cn", "\x1b$)G": "iso-2022-cn", "\x1b$*H": "iso-2022-cn"} {
			if bytes.Contains(b, []byte(sequence)) && countASCII(b) == len(b) {
				return name
			}
		}
	}
	return wideZeros(b)
}

// wideZeros recognises UTF-32 by its zeros: no character needs the first of its bytes, and nearly
// none the second.
func wideZeros(b []byte) string {
	head := b[:min(len(b), sampleBytes)&^3]
	var zeros [4]int
	for i, c := range head {
		if c == 0 {
			zeros[i%4]++
		}
	}
	switch n := len(head) / 4; {
	case n < 2:
	case zeros[0] == n && zeros[1] >= n-n/10 && zeros[3] == 0:
		return "utf-32be"
	case zeros[3] == n && zeros[2] >= n-n/10 && zeros[0] == 0:
		return "utf-32le"
	}
	return ""
}
