package shingle

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A Brief is a part of a sketch, of a size that many are held in memory: enough to rule most
// pairs out. The zero value is of the empty set.
type Brief struct {
	size uint32
	bins [briefBins]uint8 // lower bytes of the first bins of the sketch; 0 counts as empty
}

const briefBins = SketchBins / 4

// Brief returns the brief of k.
func (k Sketch) Brief() Brief {
	b := Brief{size: uint32(min(k.size, math.MaxUint32))}
	var scratch [SketchBins]uint16
	for i, v := range k.binned(&scratch)[:briefBins] {
		b.bins[i] = uint8(v)
	}
	return b
}

// Len returns the number of distinct shingles of the set.
func (b *Brief) Len() int { return int(b.size) }

// MayShare is [Sketch.MayShare] with less to go by: it rules out less.
func (b *Brief) MayShare(other *Brief, shingles int) bool {
	if shingles > min(b.Len(), other.Len()) {
		return false
	}
	equal, used := 0, 0
	for i := 0; i < briefBins; i += 8 {
		x, y := binary.LittleEndian.Uint64(b.bins[i:]), binary.LittleEndian.Uint64(other.bins[i:])
		filled := nonZeroBytes(x | y)
		equal += bits.OnesCount64(filled &^ nonZeroBytes(x^y))
		used += bits.OnesCount64(filled)
	}
	return !below(equal, used, ratio(shingles, b.Len()+other.Len()-shingles))
}

// nonZeroBytes returns a word that has the uppermost bit of each of eight numbers that is not
// zero.
func nonZeroBytes(x uint64) uint64 {
	const upper = 0x8080808080808080
	return (x&^upper + ^uint64(upper) | x) & upper
}
