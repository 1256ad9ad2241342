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
	p.WithDigest(text, func(g *Digest) { f, n = g.Fingerprint, g.Set.Len() })
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

// addAll adds the hashes, sixty-four at a time through a tree of carry-save adders (the
// Harley-Seal method; Muła, Kurz and Lemire, "Faster population counts", 2018).
func (c *counters) addAll(hashes []uint64) {
	for ; len(hashes) >= 64; hashes = hashes[64:] {
		var carries [8]uint64
		for i := range carries {
			carries[i] = c.add8((*[8]uint64)(hashes[8*i:]))
		}
		for p, n := 3, 4; n > 0; p, n = p+1, n/2 {
			for i := range n {
				c[p], carries[i] = add3(c[p], carries[2*i], carries[2*i+1])
			}
		}
		c.ripple(6, carries[0])
	}
	for ; len(hashes) >= 8; hashes = hashes[8:] {
		c.ripple(3, c.add8((*[8]uint64)(hashes)))
	}
	for _, h := range hashes {
		c.ripple(0, h)
	}
}

// add8 adds eight hashes to the planes below 3 and returns the carry into plane 3.
func (c *counters) add8(h *[8]uint64) uint64 {
	ones, twos := c[0], c[1]
	var a, b, first, second, eight uint64
	ones, a = add3(ones, h[0], h[1])
	ones, b = add3(ones, h[2], h[3])
	twos, first = add3(twos, a, b)
	ones, a = add3(ones, h[4], h[5])
	ones, b = add3(ones, h[6], h[7])
	twos, second = add3(twos, a, b)
	c[0], c[1] = ones, twos
	c[2], eight = add3(c[2], first, second)
	return eight
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
