package shingle

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// A Sketch is what an index keeps of a set to verify matches when the text is not at hand.
// Sets of up to SketchBins shingles are kept whole, as the upper halves of their hashes;
// larger ones as a one-permutation MinHash of SketchBins bins (Li, Owen and Zhang, "One
// permutation hashing", NIPS 2012). The zero value is the sketch of the empty set.
type Sketch struct {
	size int      // distinct shingles of the set
	set  []uint32 // the upper halves of the hashes, if size <= SketchBins
	bins []uint16 // the complement of the least value of each bin, 0 for an empty bin, otherwise
}

// SketchBins is the number of bins of a sketch. The standard error of a resemblance r
// estimated from it is the square root of r(1-r)/SketchBins: 0.018 at 0.8.
const SketchBins = 512

const binBits = 9 // the upper bits of a hash name its bin, the 16 after them are its value

// Sketch returns the sketch of s.
func (s Set) Sketch() Sketch {
	var k Sketch
	k.take(s)
	return k
}

// take makes k the sketch of s. It reuses the memory of k.
func (k *Sketch) take(s Set) {
	k.size = s.Len()
	k.set, k.bins = k.set[:0], k.bins[:0]
	if !k.Exact() {
		k.bins = appendBins(k.bins, s.hashes)
		return
	}
	k.set = slices.Grow(k.set, k.size)
	for _, h := range s.hashes {
		k.set = append(k.set, uint32(h>>32))
	}
}

// appendBins appends the bins of a set.
func appendBins(bins []uint16, hashes []uint64) []uint16 {
	first := len(bins)
	bins = slices.Grow(bins, SketchBins)[:first+SketchBins]
	b := (*[SketchBins]uint16)(bins[first:])
	clear(b[:])
	for _, h := range hashes {
		bin(b, uint32(h>>32))
	}
	return bins
}

// bin puts the upper half of a hash into its bin.
func bin(bins *[SketchBins]uint16, half uint32) {
	b := &bins[half>>(32-binBits)]
	*b = max(*b, ^uint16(half>>(32-binBits-16)))
}

// Clone returns a copy of k with memory of its own.
func (k Sketch) Clone() Sketch {
	k.set, k.bins = slices.Clone(k.set), slices.Clone(k.bins)
	if len(k.set) == 0 {
		k.set = nil
	}
	if len(k.bins) == 0 {
		k.bins = nil
	}
	return k
}

// Len returns the number of distinct shingles of the sketched set.
func (k Sketch) Len() int { return k.size }

// Exact reports whether k holds its whole set, so that a comparison with another exact
// sketch has no sampling error.
func (k Sketch) Exact() bool { return k.size <= SketchBins }

// Resemblance estimates the resemblance of the sketched sets. It has no sampling error if
// both are [Sketch.Exact].
func (k Sketch) Resemblance(other Sketch) float64 {
	if k.Exact() && other.Exact() {
		n := commonHalves(k.set, other.set)
		return ratio(n, k.size+other.size-n)
	}
	var x, y [SketchBins]uint16
	return ratio(agreeing(k.binned(&x), other.binned(&y)))
}

// Containment estimates the share of k's shingles that stand in whole's set, from the
// resemblance and the sizes of both. It has no sampling error if both are [Sketch.Exact].
func (k Sketch) Containment(whole Sketch) float64 {
	if k.Exact() && whole.Exact() {
		return ratio(commonHalves(k.set, whole.set), k.size)
	}
	if k.size == 0 {
		return 0
	}
	r := k.Resemblance(whole)
	shared := r / (1 + r) * float64(k.size+whole.size)
	return min(1, shared/float64(k.size))
}

// binned returns the bins of k, in scratch, which is clear, if it has none.
func (k Sketch) binned(scratch *[SketchBins]uint16) []uint16 {
	if !k.Exact() {
		return k.bins
	}
	for _, half := range k.set {
		bin(scratch, half)
	}
	return scratch[:]
}

// Bands is the number of band keys of a sketch.
const Bands = 12

// bandBins is the number of minima that make a band key. A pair at resemblance r shares one
// of its keys with probability 1-(1-r^bandBins)^Bands: 0.998 at 0.8, 0.9999 at 0.85, 0.54
// at 0.5, 0.019 at 0.2.
const bandBins = 4

// coarseBins is the number of bins from which band keys are made: the bins of the sketch, so
// many at a time, since a small set leaves most of them empty.
const coarseBins = 64

// Bands returns keys of which similar sets share some (Indyk and Motwani, "Approximate
// nearest neighbors", STOC 1998; Broder, 1997). A key is made of the minima of bandBins
// coarse bins; an empty bin borrows the minimum of another one (Shrivastava, "Optimal
// densification for fast and accurate minwise hashing", ICML 2017). The empty set has keys
// too, which mean nothing.
func (k Sketch) Bands() [Bands]uint64 {
	const fine = SketchBins / coarseBins
	var minima [coarseBins]uint64 // 0 for an empty bin
	var scratch [SketchBins]uint16
	bins := k.binned(&scratch)
	for coarse := range minima {
		for i, v := range bins[coarse*fine:][:fine] {
			if v != 0 {
				minima[coarse] = uint64(i)<<16 | uint64(v)
				break
			}
		}
	}
	var keys [Bands]uint64
	for band := range keys {
		h := uint64(hashFirst)
		for i := range bandBins {
			h = multiply(h^borrowed(&minima, band*bandBins+i), hashLast)
		}
		keys[band] = h ^ h>>32
	}
	return keys
}

// borrowed returns the minimum of a bin, or of the first bin that is not empty in an order
// that depends on nothing but the number of the bin.
func borrowed(minima *[coarseBins]uint64, bin int) uint64 {
	at := bin
	for try := uint64(1); minima[at] == 0 && try < 1000; try++ {
		at = int(multiply(uint64(bin)<<32^try^hashFirst, hashLast) % coarseBins)
	}
	return minima[at]
}

// commonHalves returns how many of b stand in a, of sets of up to SketchBins.
func commonHalves(a, b []uint32) int {
	const size = 4 * SketchBins
	var slots [size]uint32 // open addressing; 0 is a free slot, and never put in
	for _, h := range a {
		at := h >> (32 - 11)
		for slots[at] != 0 && slots[at] != h {
			at = (at + 1) % size
		}
		slots[at] = h
	}
	n := 0
	for _, h := range b {
		for at := h >> (32 - 11); slots[at] != 0; at = (at + 1) % size {
			if slots[at] == h {
				n++
				break
			}
		}
	}
	if slices.Contains(a, 0) && slices.Contains(b, 0) {
		n++
	}
	return n
}

// Append appends the sketch to dst: the size as a uvarint, then its set in 4 or its bins in
// 2 bytes each, little-endian.
func (k Sketch) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(k.size))
	for _, h := range k.set {
		dst = binary.LittleEndian.AppendUint32(dst, h)
	}
	for _, b := range k.bins {
		dst = binary.LittleEndian.AppendUint16(dst, b)
	}
	return dst
}

// ErrSketch reports bytes that are not those of a sketch.
var ErrSketch = errors.New("shingle: not a sketch")

// UnmarshalBinary reads what [Sketch.Append] writes. data is not kept.
func (k *Sketch) UnmarshalBinary(data []byte) error {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > math.MaxInt32 {
		return ErrSketch
	}
	data = data[n:]
	*k = Sketch{size: int(size)}
	switch {
	case size == 0 && len(data) == 0:
	case size <= SketchBins && len(data) == 4*int(size):
		k.set = make([]uint32, size)
		for i := range k.set {
			k.set[i] = binary.LittleEndian.Uint32(data[4*i:])
		}
	case size > SketchBins && len(data) == 2*SketchBins:
		k.bins = make([]uint16, SketchBins)
		for i := range k.bins {
			k.bins[i] = binary.LittleEndian.Uint16(data[2*i:])
		}
	default:
		return ErrSketch
	}
	return nil
}
