package shingle

import (
	"encoding/binary"
	"math/bits"
)

// The constants are the first hexadecimal digits of the fractional parts of the golden
// ratio, pi and e, made odd: nothing up the sleeve.
const (
	hashSeed   = 0x9e3779b97f4a7c15
	hashFold   = 0x243f6a8885a308d3
	hashFinish = 0xb7e151628aed2a6b
)

// hash returns the 64-bit hash of a shingle's UTF-8 bytes. They are read as little-endian
// 64-bit words, the last one filled up with zeros; each word is mixed in by a 64 by 64 to
// 128-bit multiplication whose halves are combined by exclusive or, so that every byte
// reaches every bit. The hash is the same on all machines and never seeded.
func hash(b []byte) uint64 {
	h := hashSeed * uint64(len(b))
	for ; len(b) > 8; b = b[8:] {
		h = fold(h ^ binary.LittleEndian.Uint64(b))
	}
	return finish(fold(h ^ lastWord(b)))
}

func fold(x uint64) uint64 {
	hi, lo := bits.Mul64(x, hashFold)
	return hi ^ lo
}

// lastWord reads up to 8 bytes.
func lastWord(b []byte) uint64 {
	if len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	var w uint64
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	return w
}

func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= hashFinish
	return h ^ h>>29
}

// hash8 is hash of 8 bytes, read as one word.
func hash8(word uint64) uint64 {
	const seed = hashSeed * 8 & (1<<64 - 1)
	return finish(fold(seed ^ word))
}

// hashSlack is the number of bytes that hashAt may read behind the end of a shingle.
const hashSlack = 8

// hashAt is hash of b[start:end], where b goes on for hashSlack bytes.
func hashAt(b []byte, start, end int) uint64 {
	n := end - start
	if n <= 8 || n > 16 {
		return hash(b[start:end])
	}
	w := b[start : start+16 : end+hashSlack]
	unused := uint(8*(16-n)) & 63
	last := binary.LittleEndian.Uint64(w[8:]) << unused >> unused
	h := fold(hashSeed*uint64(n) ^ binary.LittleEndian.Uint64(w))
	return finish(fold(h ^ last))
}
