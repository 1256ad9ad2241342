package parquet

import (
	"bytes"
	"strings"
	"time"
)

// A Type is how values are stored, by its number in the specification.
type Type int

// The types.
const (
	Boolean Type = iota
	Int32
	Int64
	Int96
	Float
	Double
	ByteArray
	FixedLenByteArray
)

// width returns the bytes of a value, 0 if it says itself how long it is. A boolean has a byte in
// memory, and a bit in a file.
func (l *Leaf) width() int {
	switch l.Type {
	case Boolean:
		return 1
	case Int32, Float:
		return 4
	case Int64, Double:
		return 8
	case Int96:
		return 12
	case FixedLenByteArray:
		return l.length
	}
	return 0
}

// A Leaf is a column with values: a leaf of the schema.
type Leaf struct {
	Path   []string
	Type   Type
	MaxDef int // the definition level of a value that is there
	MaxRep int // 0 if no row has more than one value

	// Unit is that of a date or timestamp, of which the value is a number since 1970; else 0.
	Unit time.Duration

	length  int  // of a FixedLenByteArray, in bytes
	unknown bool // it is annotated to hold nothing but nulls, and its type means nothing
	index   int  // in the file
}

// Name returns the path with dots.
func (l *Leaf) Name() string { return strings.Join(l.Path, ".") }

// Numbers of fields of a SchemaElement.
const (
	elementType       = 1
	elementLength     = 2
	elementRepetition = 3
	elementName       = 4
	elementChildren   = 5
	elementConverted  = 6
	elementScale      = 7
	elementPrecision  = 8
	elementLogical    = 10
)

// Annotations: numbers of ConvertedType, and of the fields of the union LogicalType.
const (
	convertedDate            = 6
	convertedTimestampMillis = 9
	convertedTimestampMicros = 10

	logicalDate      = 6
	logicalTimestamp = 8
	logicalUnknown   = 11
)

// Bounds on schemas. Levels are held in bytes.
const (
	maxLevel   = 255
	maxColumns = 1 << 20
	maxNames   = 1 << 22 // in the paths of all columns
)

// A schemaReader walks the schema elements, which are a tree in depth-first order.
type schemaReader struct {
	elements []structure
	at       int
	leaves   []*Leaf
	top      []string
	names    int // in the paths of the leaves
}

func (r *schemaReader) read(path []string, def, rep int) error {
	if r.at == len(r.elements) || len(path) > maxLevel {
		return faultf("its footer is wrong: the schema is no tree")
	}
	e := r.elements[r.at]
	root := r.at == 0
	r.at++
	name, ok := e.binary(elementName)
	if !root {
		if !ok {
			return faultf("its footer is wrong: a column has no name")
		}
		path = append(path[:len(path):len(path)], string(name))
		if len(path) == 1 {
			r.top = append(r.top, path[0])
		}
		repetition, _ := e.small(elementRepetition)
		switch repetition {
		case 0:
		case 1:
			def++
		case 2:
			def, rep = def+1, rep+1
		default:
			return faultf("its footer is wrong about the column %q: repetition %d", strings.Join(path, "."), repetition)
		}
	}
	kind, isLeaf := e.small(elementType)
	children, isGroup := e.small(elementChildren)
	if root || isGroup && (children > 0 || !isLeaf) {
		for range children {
			if err := r.read(path, def, rep); err != nil {
				return err
			}
		}
		return nil
	}
	l := &Leaf{Path: path, Type: Type(kind), MaxDef: def, MaxRep: rep, index: len(r.leaves)}
	l.length, _ = e.small(elementLength)
	if !isLeaf || kind < 0 || l.Type > FixedLenByteArray || def > maxLevel || len(r.leaves) == maxColumns || r.names > maxNames ||
		l.Type == FixedLenByteArray && (l.length < 0 || l.length > maxPage) {
		return faultf("its footer is wrong about the column %q, or it is of a type that is not known", l.Name())
	}
	l.annotate(e)
	r.names += len(path)
	r.leaves = append(r.leaves, l)
	return nil
}

func (l *Leaf) annotate(e structure) {
	converted, _ := e.small(elementConverted)
	logical, _ := e.structure(elementLogical)
	switch {
	case logical.find(logicalUnknown) != nil:
		l.unknown = true
	case logical.find(logicalDate) != nil || logical == nil && converted == convertedDate:
		l.Unit = 24 * time.Hour
	case logical.find(logicalTimestamp) != nil:
		t, _ := logical.structure(logicalTimestamp)
		unit, _ := t.structure(2)
		for id, u := range map[int16]time.Duration{1: time.Millisecond, 2: time.Microsecond, 3: time.Nanosecond} {
			if unit.find(id) != nil {
				l.Unit = u
			}
		}
	case logical == nil && converted == convertedTimestampMillis:
		l.Unit = time.Millisecond
	case logical == nil && converted == convertedTimestampMicros:
		l.Unit = time.Microsecond
	}
	if l.Type != Int64 && l.Type != Int32 {
		l.Unit = 0
	}
}

// SameSchema reports whether rows of f and g can stand in one file: they have the same columns in the
// same order, of the same types and meanings. The name of the whole, and the numbers that some
// writers give to columns, may differ.
func SameSchema(f, g *File) bool {
	if len(f.elements) != len(g.elements) {
		return false
	}
	for i, a := range f.elements {
		b := g.elements[i]
		ids := []int16{elementType, elementLength, elementRepetition, elementName, elementChildren, elementConverted, elementScale, elementPrecision}
		if i == 0 {
			ids = []int16{elementChildren}
		} else if x, y := a.find(elementLogical), b.find(elementLogical); x != nil && y != nil { // what older readers go by may be missing
			ids = []int16{elementType, elementLength, elementRepetition, elementName, elementChildren, elementLogical}
		}
		for _, id := range ids {
			x, y := a.find(id), b.find(id)
			if (x == nil) != (y == nil) || x != nil && !bytes.Equal(x.raw, y.raw) {
				return false
			}
		}
	}
	return true
}
