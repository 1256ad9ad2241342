package parquet

import (
	"encoding/binary"
	"math/bits"
)

// A hybrid reads numbers that are encoded as a mixture of runs and of packed bits, RLE in the
// specification: levels, dictionary indices and booleans.
//
//	run:    (count << 1) as a varint | value, in as many whole bytes as its bits need
//	packed: (groups << 1 | 1) as a varint | groups of 8 values, the first in the lowest bits
type hybrid struct {
	b      []byte
	width  uint   // bits of a number, 0 to 32
	run    int    // what is left of a run,
	value  uint32 // of this number
	packed int    // numbers left in packed bits,
	bits   []byte // which are these,
	at     int    // and the next bit
	msb    bool   // bits are packed the highest first, as in BIT_PACKED
}

// bitPacked returns a reader of numbers in the deprecated encoding BIT_PACKED.
func bitPacked(b []byte, width uint, count int) hybrid {
	return hybrid{bits: b, width: width, packed: count, msb: true}
}

func (h *hybrid) next() (uint32, error) {
	for {
		if h.run > 0 {
			h.run--
			return h.value, nil
		}
		if h.packed > 0 {
			h.packed--
			return h.unpack(), nil
		}
		if err := h.turn(); err != nil {
			return 0, err
		}
	}
}

func (h *hybrid) unpack() uint32 {
	at := h.at
	h.at += int(h.width)
	if h.msb {
		v := uint32(0)
		for i := at; i < h.at; i++ {
			v = v<<1 | uint32(h.bits[i/8]>>(7-i%8)&1)
		}
		return v
	}
	if h.width == 1 {
		return uint32(h.bits[at/8]>>(at%8)) & 1
	}
	var v uint64
	if first := at / 8; first+8 <= len(h.bits) {
		v = binary.LittleEndian.Uint64(h.bits[first:])
	} else {
		for i, b := range h.bits[first:] {
			v |= uint64(b) << (8 * i)
		}
	}
	return uint32(v >> (at % 8) & (1<<h.width - 1))
}

// turn begins the next run.
func (h *hybrid) turn() error {
	head, n := binary.Uvarint(h.b)
	if n <= 0 || head>>1 > 1<<31 {
		return errShort
	}
	h.b = h.b[n:]
	count := int(head >> 1)
	if head&1 == 0 {
		size := int(h.width+7) / 8
		if size > len(h.b) {
			return errShort
		}
		h.run, h.value = count, 0
		for i, b := range h.b[:size] {
			h.value |= uint32(b) << (8 * i)
		}
		h.b = h.b[size:]
		return nil
	}
	size := count * int(h.width)
	h.packed, h.at = count*8, 0
	if size > len(h.b) { // the last group need not be whole
		size = len(h.b)
		h.packed = size * 8 / int(h.width)
	}
	h.bits, h.b = h.b[:size], h.b[size:]
	return nil
}

// A hybridWriter writes what a hybrid reads.
type hybridWriter struct {
	width uint
	out   []byte
	value uint32
	count int       // of the value that comes last, those in pending counted
	eight [8]uint32 // numbers that are not written yet,
	some  int       // so many
	open  int       // where the header of the packed groups is that can take another, -1 if there is none
	began bool
}

// maxGroups keeps the header of packed groups within a byte.
const maxGroups = 63

func (w *hybridWriter) add(v uint32) {
	if !w.began {
		w.began, w.open = true, -1
	}
	if v == w.value && w.count > 0 {
		if w.count++; w.count > 8 {
			return // the eight that came first are in pending
		}
	} else {
		if w.count >= 8 {
			w.endRun()
		}
		w.value, w.count = v, 1
	}
	w.eight[w.some] = v
	if w.some++; w.some < 8 {
		return
	}
	if w.count >= 8 {
		w.some, w.open = 0, -1 // a run
		return
	}
	w.pack()
	w.count = 0 // what is packed is in no run
}

func (w *hybridWriter) endRun() {
	w.out = binary.AppendUvarint(w.out, uint64(w.count)<<1)
	for i := range (w.width + 7) / 8 {
		w.out = append(w.out, byte(w.value>>(8*i)))
	}
	w.count, w.some = 0, 0
}

// pack writes eight numbers.
func (w *hybridWriter) pack() {
	if w.open < 0 || w.out[w.open] == maxGroups<<1|1 {
		w.open = len(w.out)
		w.out = append(w.out, 1)
	}
	w.out[w.open] += 2
	var acc uint64
	n := uint(0)
	for _, v := range w.eight {
		acc |= uint64(v) << n
		for n += w.width; n >= 8; n -= 8 {
			w.out = append(w.out, byte(acc))
			acc >>= 8
		}
	}
	w.some = 0
}

// size returns about how many bytes were written.
func (w *hybridWriter) size() int { return len(w.out) + 16 }

// end writes what is left, and returns all.
func (w *hybridWriter) end() []byte {
	switch {
	case w.some == 0 && w.count >= 8:
		w.endRun()
	case w.some > 0:
		clear(w.eight[w.some:])
		w.pack()
	}
	return w.out
}

// bitsFor returns how many bits the numbers up to v need.
func bitsFor(v int) uint { return uint(bits.Len(uint(v))) }
