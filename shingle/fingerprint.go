package shingle

import (
	"fmt"
	"math/bits"
	"strconv"
)

// A Fingerprint is the 64-bit SimHash of a shingle set. Every value is legal, 0 included.
type Fingerprint uint64

// Fingerprint returns the fingerprint of text and the number of distinct shingles that it
// was made from. The error is [ErrTooShort] if there is none; the fingerprint is then 0 and
// must not be indexed. That of a short text, see
// [Digest.Short], means little.
func (p Params) Fingerprint(text string) (Fingerprint, int, error) {
	var f Fingerprint
	n := 0
	p.withDigest(text, func(g *Digest) { f, n = g.Fingerprint, g.Set.Len() })
	if n == 0 {
		return 0, 0, ErrTooShort
	}
	return f, n, nil
}

// Fingerprint returns the SimHash of s, and 0 for the empty set.
func (s Set) Fingerprint() Fingerprint {
	if len(s.hashes) == 0 {
		return 0
	}
	var c counters
	c.addAll(s.hashes)
	return Fingerprint(c.atLeast(uint64(len(s.hashes)+1) / 2))
}

// Distance returns the Hamming distance between f and g: the number of bits, 0 to 64, in
// which they differ.
func (f Fingerprint) Distance(g Fingerprint) int { return bits.OnesCount64(uint64(f ^ g)) }

// String returns f as 16 hexadecimal digits.
func (f Fingerprint) String() string { return fmt.Sprintf("%016x", uint64(f)) }

// ParseFingerprint reads what [Fingerprint.String] writes.
func ParseFingerprint(s string) (Fingerprint, error) {
	f, err := strconv.ParseUint(s, 16, 64)
	if err != nil || len(s) != 16 {
		return 0, fmt.Errorf("fingerprint %q is not 16 hexadecimal digits", s)
	}
	return Fingerprint(f), nil
}

// counters are 64 counters, bit-sliced: bit i of plane p is bit p of counter i. Adding a
// hash adds its bit i to counter i, for all 64 at once.
type counters [48]uint64

// addAll adds the hashes, sixteen at a time through a tree of carry-save adders (the
// Harley-Seal method; Muła, Kurz and Lemire, "Faster population counts", 2018).
func (c *counters) addAll(hashes []uint64) {
	for ; len(hashes) >= 16; hashes = hashes[16:] {
		h := (*[16]uint64)(hashes)
		var fours, eights [2]uint64
		var carry uint64
		for half := range 2 {
			g := h[8*half : 8*half+8]
			var a, b uint64
			c[0], a = add3(c[0], g[0], g[1])
			c[0], b = add3(c[0], g[2], g[3])
			c[1], fours[0] = add3(c[1], a, b)
			c[0], a = add3(c[0], g[4], g[5])
			c[0], b = add3(c[0], g[6], g[7])
			c[1], fours[1] = add3(c[1], a, b)
			c[2], eights[half] = add3(c[2], fours[0], fours[1])
		}
		c[3], carry = add3(c[3], eights[0], eights[1])
		c.ripple(4, carry)
	}
	for _, h := range hashes {
		c.ripple(0, h)
	}
}

// ripple adds carry to the counters from plane p up.
func (c *counters) ripple(p int, carry uint64) {
	for ; carry != 0; p++ {
		c[p], carry = c[p]^carry, c[p]&carry
	}
}

// add3 adds three bits in each of 64 lanes.
func add3(x, y, z uint64) (sum, carry uint64) {
	u := x ^ y
	return u ^ z, x&y | u&z
}

// atLeast returns the lanes whose counter is at least n.
func (c *counters) atLeast(n uint64) uint64 {
	var above uint64
	equal := ^uint64(0)
	for p := len(c) - 1; p >= 0; p-- {
		if n>>p&1 == 1 {
			equal &= c[p]
		} else {
			above |= equal & c[p]
			equal &^= c[p]
		}
	}
	return above | equal
}
