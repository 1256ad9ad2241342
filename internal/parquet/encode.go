package parquet

import (
	"encoding/binary"
	"math/bits"
)

// A valueWriter encodes values as a valueReader reads them.
type valueWriter interface {
	add(value []byte)
	size() int // in bytes, about
	end() []byte
}

// newValueWriter returns a writer of an encoding that newValueReader reads, but for dictionary
// indices, which a hybridWriter writes.
func newValueWriter(l *Leaf, e encoding) valueWriter {
	switch e {
	case rle:
		return &rleBooleanWriter{hybridWriter{width: 1}}
	case deltaBinaryPacked:
		return &integerWriter{width: l.width()}
	case deltaLengthByteArray:
		return &lengthWriter{}
	case deltaByteArray:
		return &stringWriter{}
	case byteStreamSplit:
		return &splitWriter{width: l.width()}
	}
	switch l.Type {
	case Boolean:
		return &bitWriter{}
	case ByteArray:
		return &bytesWriter{}
	}
	return &fixedWriter{}
}

type fixedWriter struct{ b []byte }

func (w *fixedWriter) add(v []byte) { w.b = append(w.b, v...) }
func (w *fixedWriter) size() int    { return len(w.b) }
func (w *fixedWriter) end() []byte  { return w.b }

type bytesWriter struct{ b []byte }

func (w *bytesWriter) add(v []byte) {
	w.b = append(binary.LittleEndian.AppendUint32(w.b, uint32(len(v))), v...)
}
func (w *bytesWriter) size() int   { return len(w.b) }
func (w *bytesWriter) end() []byte { return w.b }

type bitWriter struct {
	b    []byte
	bits int
}

func (w *bitWriter) add(v []byte) {
	if w.bits%8 == 0 {
		w.b = append(w.b, 0)
	}
	w.b[len(w.b)-1] |= v[0] << (w.bits % 8)
	w.bits++
}
func (w *bitWriter) size() int   { return len(w.b) }
func (w *bitWriter) end() []byte { return w.b }

type rleBooleanWriter struct{ hybridWriter }

func (w *rleBooleanWriter) add(v []byte) { w.hybridWriter.add(uint32(v[0])) }

func (w *rleBooleanWriter) end() []byte {
	b := w.hybridWriter.end()
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// Sizes of what a deltaWriter writes, those of other writers.
const (
	deltaBlock = 128
	deltaMini  = 32
)

// A deltaWriter writes DELTA_BINARY_PACKED. Deltas are taken in 64 bits, or in 32 if narrow, so that
// none has more bits than its type.
type deltaWriter struct {
	narrow bool
	first  int64
	last   int64
	count  int
	deltas []int64
	out    []byte
}

func (w *deltaWriter) add(v int64) {
	if w.count == 0 {
		w.first = v
	} else {
		d := v - w.last
		if w.narrow {
			d = int64(int32(d))
		}
		if w.deltas = append(w.deltas, d); len(w.deltas) == deltaBlock {
			w.block()
		}
	}
	w.last = v
	w.count++
}

func (w *deltaWriter) block() {
	least := w.deltas[0]
	for _, d := range w.deltas {
		least = min(least, d)
	}
	w.out = binary.AppendVarint(w.out, least)
	widths := len(w.out)
	w.out = append(w.out, 0, 0, 0, 0)
	for i := 0; i*deltaMini < len(w.deltas); i++ {
		mini := w.deltas[i*deltaMini : min(len(w.deltas), (i+1)*deltaMini)]
		all := uint64(0)
		for _, d := range mini {
			all |= w.above(least, d)
		}
		width := uint(bits.Len64(all))
		w.out[widths+i] = byte(width)
		at := len(w.out) * 8
		w.out = append(w.out, make([]byte, deltaMini/8*width)...)
		for _, d := range mini {
			v := w.above(least, d)
			for left := width; left > 0; {
				n := min(left, uint(8-at%8))
				w.out[at/8] |= byte(v&(1<<n-1)) << (at % 8)
				v >>= n
				at += int(n)
				left -= n
			}
		}
	}
	w.deltas = w.deltas[:0]
}

func (w *deltaWriter) above(least, d int64) uint64 {
	if w.narrow {
		return uint64(uint32(d - least))
	}
	return uint64(d - least)
}

func (w *deltaWriter) size() int { return len(w.out) + 8*len(w.deltas) + 32 }

func (w *deltaWriter) end() []byte {
	if len(w.deltas) > 0 {
		w.block()
	}
	b := binary.AppendUvarint(nil, deltaBlock)
	b = binary.AppendUvarint(b, deltaBlock/deltaMini)
	b = binary.AppendUvarint(b, uint64(w.count))
	return append(binary.AppendVarint(b, w.first), w.out...)
}

type integerWriter struct {
	d     deltaWriter
	width int
}

func (w *integerWriter) add(v []byte) {
	if w.width == 4 {
		w.d.narrow = true
		w.d.add(int64(int32(binary.LittleEndian.Uint32(v))))
	} else {
		w.d.add(int64(binary.LittleEndian.Uint64(v)))
	}
}
func (w *integerWriter) size() int   { return w.d.size() }
func (w *integerWriter) end() []byte { return w.d.end() }

type lengthWriter struct {
	lengths deltaWriter
	b       []byte
}

func (w *lengthWriter) add(v []byte) {
	w.lengths.narrow = true
	w.lengths.add(int64(len(v)))
	w.b = append(w.b, v...)
}
func (w *lengthWriter) size() int   { return w.lengths.size() + len(w.b) }
func (w *lengthWriter) end() []byte { return append(w.lengths.end(), w.b...) }

type stringWriter struct {
	prefixes deltaWriter
	suffixes lengthWriter
	last     []byte
}

func (w *stringWriter) add(v []byte) {
	n := 0
	for n < len(v) && n < len(w.last) && v[n] == w.last[n] {
		n++
	}
	w.prefixes.narrow = true
	w.prefixes.add(int64(n))
	w.suffixes.add(v[n:])
	w.last = append(w.last[:n], v[n:]...)
}
func (w *stringWriter) size() int   { return w.prefixes.size() + w.suffixes.size() }
func (w *stringWriter) end() []byte { return append(w.prefixes.end(), w.suffixes.end()...) }

type splitWriter struct {
	b     []byte
	width int
}

func (w *splitWriter) add(v []byte) { w.b = append(w.b, v...) }
func (w *splitWriter) size() int    { return len(w.b) }

func (w *splitWriter) end() []byte {
	out := make([]byte, len(w.b))
	count := len(w.b) / w.width
	for i := range count {
		for k := range w.width {
			out[k*count+i] = w.b[i*w.width+k]
		}
	}
	return out
}
