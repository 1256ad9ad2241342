package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
)

// An encoding is how values stand in a page, by its number in the specification.
type encoding int

const (
	plain                encoding = 0
	plainDictionary      encoding = 2 // of a data page: rleDictionary; of a dictionary: plain
	rle                  encoding = 3 // of levels, and of booleans
	bitPackedLevels      encoding = 4
	deltaBinaryPacked    encoding = 5
	deltaLengthByteArray encoding = 6
	deltaByteArray       encoding = 7
	rleDictionary        encoding = 8
	byteStreamSplit      encoding = 9
)

var encodingNames = map[encoding]string{
	plain: "PLAIN", plainDictionary: "PLAIN_DICTIONARY", rle: "RLE", bitPackedLevels: "BIT_PACKED", deltaBinaryPacked: "DELTA_BINARY_PACKED",
	deltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY", deltaByteArray: "DELTA_BYTE_ARRAY", rleDictionary: "RLE_DICTIONARY", byteStreamSplit: "BYTE_STREAM_SPLIT",
}

func (e encoding) String() string {
	if name, ok := encodingNames[e]; ok {
		return name
	}
	return fmt.Sprintf("encoding %d", int(e))
}

func (e encoding) isDictionary() bool { return e == plainDictionary || e == rleDictionary }

// A valueReader reads the values of a page one after the other, without the nulls. A value is its
// bytes as in PLAIN, without a length; a boolean is a byte, 0 or 1. It is good until the next call.
type valueReader interface {
	next() ([]byte, error)
}

// newValueReader returns a reader of the values in b, which holds so many at most. b must stay.
func newValueReader(l *Leaf, e encoding, b []byte, dict *dictionary) (valueReader, error) {
	width := l.width()
	switch {
	case e == plain && l.Type == Boolean:
		return &plainBooleans{b: b}, nil
	case e == plain && l.Type == ByteArray:
		return &plainBytes{b: b}, nil
	case e == plain:
		return &plainFixed{b: b, width: width}, nil
	case e.isDictionary():
		if dict == nil {
			dict = &dictionary{} // where all are null it may be missing
		}
		r := &indexReader{dict: dict}
		if len(b) > 0 {
			if b[0] > 32 {
				return nil, faultf("its dictionary indices have %d bits", b[0])
			}
			r.indices = hybrid{b: b[1:], width: uint(b[0])}
		}
		return r, nil
	case e == rle && l.Type == Boolean:
		if len(b) == 0 {
			return &rleBooleans{}, nil
		}
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, errShort
		}
		return &rleBooleans{bits: hybrid{b: b[4 : 4+binary.LittleEndian.Uint32(b)], width: 1}}, nil
	case e == deltaBinaryPacked && (l.Type == Int32 || l.Type == Int64):
		d, err := newDeltaReader(b)
		return &deltaIntegers{d: d, width: width}, err
	case e == deltaLengthByteArray && l.Type == ByteArray:
		return newDeltaLengths(b)
	case e == deltaByteArray && (l.Type == ByteArray || l.Type == FixedLenByteArray):
		return newDeltaStrings(b, width)
	case e == byteStreamSplit && width > 1 || e == byteStreamSplit && l.Type == FixedLenByteArray && width == 1:
		if len(b)%width != 0 {
			return nil, errShort
		}
		return &splitStreams{b: b, value: make([]byte, width), count: len(b) / width}, nil
	}
	return nil, faultf("its encoding %s is not supported for its type", e)
}

type plainFixed struct {
	b     []byte
	width int
}

func (r *plainFixed) next() ([]byte, error) {
	if len(r.b) < r.width {
		return nil, errShort
	}
	v := r.b[:r.width]
	r.b = r.b[r.width:]
	return v, nil
}

type plainBytes struct{ b []byte }

func (r *plainBytes) next() ([]byte, error) {
	if len(r.b) < 4 {
		return nil, errShort
	}
	end := 4 + uint64(binary.LittleEndian.Uint32(r.b))
	if end > uint64(len(r.b)) {
		return nil, errShort
	}
	v := r.b[4:end]
	r.b = r.b[end:]
	return v, nil
}

var booleans = [2][]byte{{0}, {1}}

type plainBooleans struct {
	b  []byte
	at int // in bits
}

func (r *plainBooleans) next() ([]byte, error) {
	if r.at/8 == len(r.b) {
		return nil, errShort
	}
	v := r.b[r.at/8] >> (r.at % 8) & 1
	r.at++
	return booleans[v], nil
}

// rleBooleans are booleans in RLE: the length of the encoded data in four bytes, in either version
// of a page, and a hybrid of one bit.
type rleBooleans struct{ bits hybrid }

func (r *rleBooleans) next() ([]byte, error) {
	v, err := r.bits.next()
	if err == nil && v > 1 && v != 0xff { // which is how parquet-go writes a run of true
		err = faultf("a boolean is %d", v)
	}
	return booleans[v&1], err
}

// A dictionary holds the values of a column chunk that data pages refer to.
type dictionary struct {
	width int      // of a value, 0 if ends says where each ends
	data  []byte   // what the values are
	ends  []uint32 // of them in data
	count int
}

// newDictionary reads a dictionary page with so many values. It keeps none of b.
func newDictionary(l *Leaf, b []byte, count int) (*dictionary, error) {
	d := &dictionary{width: l.width()}
	r, err := newValueReader(l, plain, b, nil)
	if err != nil {
		return nil, err
	}
	variable := l.Type == ByteArray
	for range count {
		v, err := r.next()
		if err != nil {
			return nil, err
		}
		if d.count++; d.width == 0 && !variable && d.count > len(b)+1 {
			break // values without bytes, of which one is as good as many
		}
		d.data = append(d.data, v...)
		if variable {
			d.ends = append(d.ends, uint32(len(d.data)))
		}
	}
	d.count = count
	return d, nil
}

func (d *dictionary) at(i int) []byte {
	if d.ends == nil {
		return d.data[i*d.width : (i+1)*d.width]
	}
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.data[start:d.ends[i]]
}

type indexReader struct {
	dict    *dictionary
	indices hybrid
	index   int // of the last value
}

func (r *indexReader) next() ([]byte, error) {
	v, err := r.indices.next()
	if err != nil {
		return nil, err
	}
	if r.index = int(v); r.index >= r.dict.count {
		return nil, faultf("a value is number %d of a dictionary that has %d", r.index, r.dict.count)
	}
	return r.dict.at(r.index), nil
}

// A deltaReader reads integers in DELTA_BINARY_PACKED:
//
//	values in a block, miniblocks in a block, values | first value, zigzag
//	block:  least delta, zigzag | bits of a delta, a byte a miniblock | miniblocks of packed deltas
//
// Sums wrap around, so that integers of 32 and 64 bits are read alike.
type deltaReader struct {
	b      []byte // what follows
	size   int    // values in a miniblock
	minis  int    // in a block
	left   int    // values
	first  bool   // value is the first one, not returned yet
	value  int64
	least  int64
	widths []byte // of the miniblocks of this block that follow
	bits   []byte // of this miniblock
	width  uint
	at     int // in bits
	in     int // values left in this miniblock
}

func newDeltaReader(b []byte) (*deltaReader, error) {
	r := &deltaReader{}
	if len(b) == 0 {
		return r, nil
	}
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxInt32 {
			return nil, errShort
		}
		head[i], b = v, b[n:]
	}
	first, n := binary.Varint(b)
	if n <= 0 || head[0] == 0 || head[1] == 0 || head[0]%head[1] != 0 || head[0]/head[1]%8 != 0 {
		return nil, faultf("its deltas come in blocks of %d and %d", head[0], head[1])
	}
	r.b, r.minis, r.size = b[n:], int(head[1]), int(head[0]/head[1])
	r.left, r.value, r.first = int(head[2]), first, true
	return r, nil
}

func (r *deltaReader) next() (int64, error) {
	if r.left == 0 {
		return 0, errShort
	}
	r.left--
	if r.first {
		r.first = false
		return r.value, nil
	}
	if r.in == 0 {
		if err := r.turn(); err != nil {
			return 0, err
		}
	}
	r.in--
	r.value += r.least + int64(r.unpack())
	return r.value, nil
}

func (r *deltaReader) unpack() uint64 {
	if r.width == 0 {
		return 0
	}
	at := r.at
	r.at += int(r.width)
	first, shift := at/8, uint(at%8)
	var v uint64
	if first+8 <= len(r.bits) {
		v = binary.LittleEndian.Uint64(r.bits[first:]) >> shift
	} else {
		for i, b := range r.bits[first:] {
			v |= uint64(b) << (8 * i)
		}
		v >>= shift
	}
	if shift+r.width > 64 {
		v |= uint64(r.bits[first+8]) << (64 - shift)
	}
	if r.width == 64 {
		return v
	}
	return v & (1<<r.width - 1)
}

// turn begins the next miniblock.
func (r *deltaReader) turn() error {
	if len(r.widths) == 0 {
		least, n := binary.Varint(r.b)
		if n <= 0 || len(r.b)-n < r.minis {
			return errShort
		}
		r.least, r.widths, r.b = least, r.b[n:n+r.minis], r.b[n+r.minis:]
	}
	r.width, r.widths = uint(r.widths[0]), r.widths[1:]
	if r.width > 64 {
		return faultf("its deltas have %d bits", r.width)
	}
	size := r.size / 8 * int(r.width)
	r.in, r.at = r.size, 0
	if size > len(r.b) { // some writers don't fill the last one
		if size = len(r.b); size*8/int(r.width) < min(r.in, r.left+1) {
			return errShort
		}
	}
	r.bits, r.b = r.b[:size], r.b[size:]
	return nil
}

// rest passes over the values and returns the bytes that follow.
func (r *deltaReader) rest() ([]byte, error) {
	skip := *r
	if skip.first {
		skip.left, skip.first = max(0, skip.left-1), false
	}
	for skip.left > 0 {
		skip.left--
		if err := skip.turn(); err != nil {
			return nil, err
		}
		skip.left = max(0, skip.left+1-skip.size)
	}
	return skip.b, nil
}

type deltaIntegers struct {
	d     *deltaReader
	width int
	value [8]byte
}

func (r *deltaIntegers) next() ([]byte, error) {
	v, err := r.d.next()
	binary.LittleEndian.PutUint64(r.value[:], uint64(v))
	return r.value[:r.width], err
}

// deltaLengths reads DELTA_LENGTH_BYTE_ARRAY: all lengths, then the bytes of all values.
type deltaLengths struct {
	lengths *deltaReader
	b       []byte
}

func newDeltaLengths(b []byte) (*deltaLengths, error) {
	d, err := newDeltaReader(b)
	if err != nil {
		return nil, err
	}
	rest, err := d.rest()
	return &deltaLengths{d, rest}, err
}

func (r *deltaLengths) next() ([]byte, error) {
	n, err := r.lengths.next()
	if err != nil {
		return nil, err
	}
	n = int64(int32(n))
	if n < 0 || n > int64(len(r.b)) {
		return nil, errShort
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v, nil
}

// deltaStrings reads DELTA_BYTE_ARRAY: of each value how many of the bytes before it are those of the one
// before, and the others.
type deltaStrings struct {
	prefixes *deltaReader
	suffixes *deltaLengths
	value    []byte
	width    int // 0 if values have any length
}

func newDeltaStrings(b []byte, width int) (*deltaStrings, error) {
	d, err := newDeltaReader(b)
	if err != nil {
		return nil, err
	}
	rest, err := d.rest()
	if err != nil {
		return nil, err
	}
	s, err := newDeltaLengths(rest)
	return &deltaStrings{prefixes: d, suffixes: s, width: width}, err
}

func (r *deltaStrings) next() ([]byte, error) {
	n, err := r.prefixes.next()
	if err != nil {
		return nil, err
	}
	suffix, err := r.suffixes.next()
	if err != nil {
		return nil, err
	}
	n = int64(int32(n))
	if n < 0 || n > int64(len(r.value)) {
		return nil, faultf("a value shares %d bytes with one of %d", n, len(r.value))
	}
	r.value = append(r.value[:n], suffix...)
	if r.width > 0 && len(r.value) != r.width {
		return nil, faultf("a value has %d bytes, and those of its type %d", len(r.value), r.width)
	}
	return r.value, nil
}

// splitStreams reads BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on.
type splitStreams struct {
	b     []byte
	value []byte
	at    int
	count int
}

func (r *splitStreams) next() ([]byte, error) {
	if r.at == r.count {
		return nil, errShort
	}
	for i := range r.value {
		r.value[i] = r.b[i*r.count+r.at]
	}
	r.at++
	return r.value, nil
}
