package parquet

import (
	"encoding/binary"
	"math"
)

// Footers and page headers are structs of Thrift in its compact protocol:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
//
// A struct is read as a list of fields with the bytes of their values. So a field that is not
// known here is copied as it is, and one that is missing is not taken for one that is zero.

// Kinds of values of the protocol.
const (
	kindTrue   = 1
	kindFalse  = 2
	kindByte   = 3
	kindInt16  = 4
	kindInt32  = 5
	kindInt64  = 6
	kindDouble = 7
	kindBinary = 8
	kindList   = 9
	kindSet    = 10
	kindMap    = 11
	kindStruct = 12
)

// A field is one of a struct. raw is its value as it is encoded, without the header.
type field struct {
	id   int16
	kind byte
	raw  []byte
}

// A structure is a struct as it was read. Its bytes are those that it was parsed from.
type structure []field

var errThrift = faultf("it is not encoded as it must be")

// maxDepth bounds how deep values are nested, which is five in Parquet.
const maxDepth = 32

// parseStruct parses the struct that b begins with, and returns its length in bytes.
func parseStruct(b []byte) (structure, int, error) {
	var s structure
	n, err := eachField(b, maxDepth, func(f field) { s = append(s, f) })
	return s, n, err
}

func eachField(b []byte, depth int, f func(field)) (int, error) {
	at, id := 0, int16(0)
	for {
		if at == len(b) || depth == 0 {
			return 0, errThrift
		}
		head := b[at]
		at++
		if head == 0 {
			return at, nil
		}
		if delta := int16(head >> 4); delta != 0 {
			id += delta
		} else {
			v, n := binary.Varint(b[at:])
			if n <= 0 || v != int64(int16(v)) {
				return 0, errThrift
			}
			at += n
			id = int16(v)
		}
		kind := head & 15
		n := 0
		if kind != kindTrue && kind != kindFalse {
			var err error
			if n, err = valueLength(b[at:], kind, depth-1); err != nil {
				return 0, err
			}
		}
		if f != nil {
			f(field{id, kind, b[at : at+n : at+n]})
		}
		at += n
	}
}

// valueLength returns the length of the value that b begins with. A boolean is one of a list.
func valueLength(b []byte, kind byte, depth int) (int, error) {
	n := 0
	switch kind {
	case kindTrue, kindFalse, kindByte:
		n = 1
	case kindInt16, kindInt32, kindInt64:
		if _, n = binary.Varint(b); n <= 0 {
			return 0, errThrift
		}
	case kindDouble:
		n = 8
	case kindBinary:
		length, head := binary.Uvarint(b)
		if head <= 0 || length > uint64(len(b)-head) {
			return 0, errThrift
		}
		n = head + int(length)
	case kindList, kindSet:
		return eachElement(b, depth, nil)
	case kindMap:
		size, head := binary.Uvarint(b)
		if head <= 0 || size > uint64(len(b)) || size > 0 && head == len(b) {
			return 0, errThrift
		}
		if n = head; size == 0 {
			return n, nil
		}
		kinds := [2]byte{b[n] >> 4, b[n] & 15}
		n++
		for range size {
			for _, k := range kinds {
				length, err := valueLength(b[n:], k, depth-1)
				if err != nil {
					return 0, err
				}
				n += length
			}
		}
	case kindStruct:
		return eachField(b, depth, nil)
	default:
		return 0, errThrift
	}
	if n > len(b) {
		return 0, errThrift
	}
	return n, nil
}

// eachElement calls f with the elements of the list that b begins with, and returns its length in bytes.
func eachElement(b []byte, depth int, f func(kind byte, raw []byte)) (int, error) {
	if len(b) == 0 || depth <= 0 {
		return 0, errThrift
	}
	size, kind, at := uint64(b[0]>>4), b[0]&15, 1
	if size == 15 {
		n := 0
		if size, n = binary.Uvarint(b[1:]); n <= 0 || size > uint64(len(b)) { // an element has a byte at least
			return 0, errThrift
		}
		at += n
	}
	for range size {
		n, err := valueLength(b[at:], kind, depth-1)
		if err != nil {
			return 0, err
		}
		if f != nil {
			f(kind, b[at:at+n:at+n])
		}
		at += n
	}
	return at, nil
}

func (s structure) find(id int16) *field {
	for i := range s {
		if s[i].id == id {
			return &s[i]
		}
	}
	return nil
}

// integer returns an integer, and whether it is there.
func (s structure) integer(id int16) (int64, bool) {
	f := s.find(id)
	switch {
	case f == nil:
	case f.kind == kindByte:
		return int64(int8(f.raw[0])), true
	case f.kind >= kindInt16 && f.kind <= kindInt64:
		v, _ := binary.Varint(f.raw)
		return v, true
	}
	return 0, false
}

// small returns an integer that must fit 32 bits.
func (s structure) small(id int16) (int, bool) {
	v, ok := s.integer(id)
	return int(v), ok && v == int64(int32(v))
}

func (s structure) boolean(id int16) (v, ok bool) {
	f := s.find(id)
	if f == nil || f.kind != kindTrue && f.kind != kindFalse {
		return false, false
	}
	return f.kind == kindTrue, true
}

func (s structure) binary(id int16) ([]byte, bool) {
	f := s.find(id)
	if f == nil || f.kind != kindBinary {
		return nil, false
	}
	_, n := binary.Uvarint(f.raw)
	return f.raw[n:], true
}

func (s structure) structure(id int16) (structure, bool) {
	f := s.find(id)
	if f == nil || f.kind != kindStruct {
		return nil, false
	}
	inner, _, err := parseStruct(f.raw)
	return inner, err == nil
}

// list returns the elements of a list as they are encoded, if they are of that kind.
func (s structure) list(id int16, kind byte) ([][]byte, bool) {
	f := s.find(id)
	if f == nil || f.kind != kindList {
		return nil, false
	}
	var elements [][]byte
	ok := true
	_, err := eachElement(f.raw, maxDepth, func(k byte, raw []byte) {
		ok = ok && k == kind
		elements = append(elements, raw)
	})
	return elements, ok && err == nil
}

// A structWriter writes a struct, fields by ascending numbers.
type structWriter struct {
	b    []byte
	last int16
}

func (w *structWriter) field(id int16, kind byte, raw []byte) {
	if delta := id - w.last; delta > 0 && delta < 16 {
		w.b = append(w.b, byte(delta)<<4|kind)
	} else {
		w.b = binary.AppendVarint(append(w.b, kind), int64(id))
	}
	w.b = append(w.b, raw...)
	w.last = id
}

func (w *structWriter) copy(s structure, ids ...int16) {
	for _, id := range ids {
		if f := s.find(id); f != nil {
			w.field(f.id, f.kind, f.raw)
		}
	}
}

func (w *structWriter) int16(id int16, v int64) {
	w.field(id, kindInt16, binary.AppendVarint(nil, v))
}

func (w *structWriter) int32(id int16, v int64) {
	w.field(id, kindInt32, binary.AppendVarint(nil, v))
}

func (w *structWriter) int64(id int16, v int64) {
	w.field(id, kindInt64, binary.AppendVarint(nil, v))
}

func (w *structWriter) boolean(id int16, v bool) {
	kind := byte(kindFalse)
	if v {
		kind = kindTrue
	}
	w.field(id, kind, nil)
}

func (w *structWriter) list(id int16, kind byte, elements [][]byte) {
	head := []byte{byte(len(elements))<<4 | kind}
	if len(elements) >= 15 {
		head = binary.AppendUvarint([]byte{0xf0 | kind}, uint64(len(elements)))
	}
	w.field(id, kindList, head)
	for _, e := range elements {
		w.b = append(w.b, e...)
	}
}

// end completes the struct and returns its bytes.
func (w *structWriter) end() []byte { return append(w.b, 0) }

// fitsInt32 reports whether a number of bytes or values can stand in a page header.
func fitsInt32(n int) bool { return n <= math.MaxInt32 }
