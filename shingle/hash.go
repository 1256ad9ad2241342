package shingle

import (
	"encoding/binary"
	"math/bits"
)

// The constants are the first hexadecimal digits of the fractional parts of the golden
// ratio, pi and e, made odd: nothing up the sleeve.
const (
	hashFirst  = 0x9e3779b97f4a7c15
	hashLast   = 0x243f6a8885a308d3
	hashFinish = 0xb7e151628aed2a6b
)

// hash returns the 64-bit hash of a shingle's UTF-8 bytes. As long as more than 16 are left,
// 8 are read, as a little-endian word, and mixed in; then the first 8 and the last 8 of the
// rest make a word each, which may overlap, and the two are multiplied with each other. Fewer
// than 8 bytes are filled up with zeros and make both words. One more multiplication makes
// every byte reach every bit. The hash is the same on all machines and never seeded.
func hash(b []byte) uint64 {
	h := uint64(len(b))
	for ; len(b) > 16; b = b[8:] {
		h = multiply(h^binary.LittleEndian.Uint64(b)^hashFirst, hashLast)
	}
	if len(b) < 8 {
		var word [8]byte
		copy(word[:], b)
		b = word[:]
	}
	return hashWords(h, binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:]))
}

// hashSlack is the number of bytes that hashAt may read behind the end of a shingle.
const hashSlack = 8

// hashAt is hash of b[start:end], where b goes on for hashSlack bytes.
func hashAt(b []byte, start, end int) uint64 {
	if n := end - start; n <= 16 {
		return hashShort(b[start:], n)
	}
	return hash(b[start:end])
}

// hashShort is hash of the first n bytes of b, up to 16, where b goes on for hashSlack bytes.
func hashShort(b []byte, n int) uint64 {
	w := &words[n&31]
	first := binary.LittleEndian.Uint64(b) & w.mask
	return hashWords(uint64(n), first, binary.LittleEndian.Uint64(b[w.last:])&w.mask)
}

// words are where the last word of so many bytes begins, and what of both words belongs to them.
var words = func() (table [32]struct {
	mask uint64
	last int
},
) {
	for n := range table {
		table[n].mask = 1<<(8*n) - 1
		table[n].last = max(0, n-8)
	}
	return table
}()

// hashWords is hash of 8 to 16 bytes, given their number and their first and last 8.
func hashWords(n, first, last uint64) uint64 {
	return multiply(multiply(first^hashFirst^n, last^hashLast), hashFinish)
}

// multiply returns the exclusive or of the halves of the 128-bit product.
func multiply(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}
