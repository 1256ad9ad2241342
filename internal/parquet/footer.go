package parquet

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A File is an open Parquet file. It may be used by several goroutines at once.
type File struct {
	Leaves  []*Leaf
	Columns []string // names of the columns of rows, which may have parts
	Groups  []*Group
	Size    int64 // in bytes

	in       io.ReaderAt
	meta     structure // FileMetaData
	elements []structure
}

// A Group is a row group.
type Group struct {
	Rows   int64
	Bytes  int64 // of its pages as they stand in the file
	Offset int64 // of the first

	chunks  []chunk
	sorting *field
	ordinal bool // it has its number in the footer
}

// A chunk is a column of a row group.
type chunk struct {
	leaf       *Leaf
	group      int // from 0
	codec      codec
	values     int64 // nulls included
	start, end int64 // where its pages are said to begin and end
	limit      int64 // where they end at the latest
	before     int64 // where what stands before them ends
	meta       []byte
}

// Numbers of fields of the footer.
const (
	fileVersion   = 1
	fileSchema    = 2
	fileRows      = 3
	fileGroups    = 4
	fileKeyValues = 5
	fileCreatedBy = 6
	fileOrders    = 7
	fileEncrypted = 8

	groupColumns         = 1
	groupTotalSize       = 2
	groupRows            = 3
	groupSorting         = 4
	groupFileOffset      = 5
	groupTotalCompressed = 6
	groupOrdinal         = 7

	chunkPath          = 1
	chunkFileOffset    = 2
	chunkMeta          = 3
	chunkCrypto        = 8
	chunkEncryptedMeta = 9

	metaType             = 1
	metaEncodings        = 2
	metaPath             = 3
	metaCodec            = 4
	metaValues           = 5
	metaUncompressed     = 6
	metaCompressed       = 7
	metaKeyValues        = 8
	metaDataOffset       = 9
	metaDictionaryOffset = 11
	metaStatistics       = 12
	metaEncodingStats    = 13
	metaSizeStatistics   = 16
	metaGeoStatistics    = 17
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE" // of a file whose footer is encrypted
)

// maxPage is the most that a page may hold, in bytes, and the most that a footer may have.
const maxPage = 256 << 20

// Open reads the footer of a file. in is used as long as the File is.
func Open(in io.ReaderAt, size int64) (*File, error) {
	f := &File{in: in, Size: size}
	tail := make([]byte, 8)
	if size < int64(len(magic)+len(tail)) {
		return nil, ErrNoFooter
	}
	if err := f.readAt(tail, size-8); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	switch {
	case string(tail[4:]) == magicEncrypted:
		return nil, faultf("it is encrypted, which is not supported")
	case string(tail[4:]) != magic || length > size-8:
		return nil, ErrNoFooter
	case length > maxPage:
		return nil, faultf("its footer has %d bytes, the limit is %d", length, maxPage)
	}
	footer := make([]byte, length)
	if err := f.readAt(footer, size-8-length); err != nil {
		return nil, err
	}
	if err := f.parse(footer); err != nil {
		return nil, err
	}
	return f, f.agrees(size - 8 - length)
}

// readAt fills b. That a file became shorter is a fault of its content.
func (f *File) readAt(b []byte, at int64) error {
	n, err := f.in.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return faultf("it ends at byte %d", at+int64(n))
	}
	return err
}

func (f *File) parse(footer []byte) error {
	var err error
	if f.meta, _, err = parseStruct(footer); err != nil {
		return faultf("its footer is wrong: %v", err)
	}
	if f.meta.find(fileEncrypted) != nil {
		return faultf("it is encrypted, which is not supported")
	}
	elements, ok := f.meta.list(fileSchema, kindStruct)
	if !ok || len(elements) == 0 {
		return faultf("its footer is wrong: it has no schema")
	}
	for _, raw := range elements {
		e, _, err := parseStruct(raw)
		if err != nil {
			return faultf("its footer is wrong: %v", err)
		}
		f.elements = append(f.elements, e)
	}
	r := &schemaReader{elements: f.elements}
	if err := r.read(nil, 0, 0); err != nil {
		return err
	}
	if r.at != len(r.elements) {
		return faultf("its footer is wrong: the schema is no tree")
	}
	f.Leaves, f.Columns = r.leaves, r.top
	groups, _ := f.meta.list(fileGroups, kindStruct)
	if rows, ok := f.meta.integer(fileRows); !ok || rows != 0 && len(groups) == 0 {
		return faultf("its footer is wrong: %d rows, and no row groups", rows)
	}
	for i, raw := range groups {
		if err := f.addGroup(i, raw); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) addGroup(i int, raw []byte) error {
	s, _, err := parseStruct(raw)
	if err != nil {
		return faultf("its footer is wrong: %v", err)
	}
	g := &Group{sorting: s.find(groupSorting)}
	rows, ok := s.integer(groupRows)
	columns, _ := s.list(groupColumns, kindStruct)
	if !ok || rows < 0 || len(columns) != len(f.Leaves) {
		return faultf("its footer is wrong about row group %d: %d rows, %d columns of %d", i+1, rows, len(columns), len(f.Leaves))
	}
	g.Rows = rows
	_, g.ordinal = s.integer(groupOrdinal)
	for n, raw := range columns {
		c, err := f.newChunk(i, f.Leaves[n], raw)
		if err != nil {
			return err
		}
		g.chunks = append(g.chunks, c)
		g.Bytes += c.end - c.start
		if n == 0 || c.start < g.Offset {
			g.Offset = c.start
		}
	}
	f.Groups = append(f.Groups, g)
	return nil
}

func (f *File) newChunk(group int, leaf *Leaf, raw []byte) (chunk, error) {
	c := chunk{leaf: leaf, group: group}
	wrong := func(what string) (chunk, error) {
		return c, faultf("its footer is wrong about the column %q of row group %d: %s", leaf.Name(), group+1, what)
	}
	s, _, err := parseStruct(raw)
	if err != nil {
		return wrong(err.Error())
	}
	if s.find(chunkCrypto) != nil || s.find(chunkEncryptedMeta) != nil {
		return c, faultf("the column %q is encrypted, which is not supported", leaf.Name())
	}
	if path, ok := s.binary(chunkPath); ok {
		return c, faultf("the column %q stands in another file, %q, which is not supported", leaf.Name(), path)
	}
	inner := s.find(chunkMeta)
	if inner == nil || inner.kind != kindStruct {
		return wrong("it has no metadata")
	}
	m, _, err := parseStruct(inner.raw)
	if err != nil {
		return wrong(err.Error())
	}
	c.meta = inner.raw
	kind, hasType := m.small(metaType)
	codecNumber, hasCodec := m.small(metaCodec)
	values, hasValues := m.integer(metaValues)
	size, hasSize := m.integer(metaCompressed)
	start, hasStart := m.integer(metaDataOffset)
	if !hasType || !hasCodec || !hasValues || !hasSize || !hasStart {
		return wrong("something is missing")
	}
	// Some writers leave the dictionary's place out, or say 0, and have the data begin with it.
	if d, ok := m.integer(metaDictionaryOffset); ok && d > 0 && (d < start || start < int64(len(magic))) {
		start = d
	}
	c.codec, c.values, c.start, c.end = codec(codecNumber), values, start, start+size
	switch {
	case Type(kind) != leaf.Type && !leaf.unknown:
		return wrong("another type than in the schema")
	case values < 0:
		return wrong("its number of values")
	case start < 0 || size < 0 || c.end < start || c.end > f.Size:
		return wrong("where it stands")
	}
	return c, nil
}

// straddle is how far into what stands before it a column may be said to begin, in bytes: some
// writers have its offset be somewhat before its first page.
const straddle = 1 << 10

// agrees refuses a footer that does not agree with itself, and bounds where pages are looked for.
func (f *File) agrees(footer int64) error {
	var chunks []*chunk
	for i, g := range f.Groups {
		for n := range g.chunks {
			c := &g.chunks[n]
			if c.leaf.MaxRep == 0 && c.values != g.Rows {
				return faultf("its footer is wrong about the column %q of row group %d: %d values in %d rows", c.leaf.Name(), i+1, c.values, g.Rows)
			}
			if c.values > 0 {
				chunks = append(chunks, c)
			} else {
				c.limit = footer
			}
		}
	}
	slices.SortFunc(chunks, func(a, b *chunk) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	before := int64(len(magic))
	for i, c := range chunks {
		c.before, c.limit = before, footer
		if i+1 < len(chunks) {
			next := chunks[i+1]
			if next.start < c.end && (next.start < c.end-straddle || next.start == c.start) {
				return faultf("its footer is wrong: two columns stand at byte %d", next.start)
			}
			c.limit = max(next.start, c.end)
		}
		before = c.end
	}
	return nil
}

// Lookup returns the column with that path, or with the name that its parts make with dots, nil if
// there is none. Of two columns of one name neither can be asked for: that is an error, and no
// Fault, as the file is sound.
func (f *File) Lookup(path ...string) (*Leaf, error) {
	for _, p := range [][]string{path, {strings.Join(path, ".")}} {
		var found *Leaf
		for _, l := range f.Leaves {
			if !slices.Equal(l.Path, p) {
				continue
			}
			if found != nil {
				return nil, fmt.Errorf("two columns have the name %q, which is asked for", l.Name())
			}
			found = l
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, nil
}
