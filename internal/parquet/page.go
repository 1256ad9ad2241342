package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Kinds of pages.
const (
	dataPage       = 0
	indexPage      = 1
	dictionaryPage = 2
	dataPageV2     = 3
)

// Numbers of fields of page headers.
const (
	headerType         = 1
	headerUncompressed = 2
	headerCompressed   = 3
	headerCRC          = 4
	headerData         = 5
	headerDictionary   = 7
	headerDataV2       = 8
)

// A header is that of a page.
type header struct {
	kind         int
	uncompressed int // bytes of the page, decompressed,
	compressed   int // and as it stands in the file, without the header
	crc          uint32
	hasCRC       bool
	values       int // nulls included
	encoding     encoding
	repEncoding  encoding
	defEncoding  encoding

	// Of the second version, where levels stand before what is compressed.
	rows      int
	repLength int
	defLength int
	packed    bool
}

func (h *header) isData() bool { return h.kind == dataPage || h.kind == dataPageV2 }

// parseHeader parses the header that b begins with. ok is false if there is none.
func parseHeader(b []byte) (h header, length int, ok bool) {
	s, length, err := parseStruct(b)
	if err != nil {
		return h, 0, false
	}
	all := true
	small := func(s structure, id int16) int {
		v, ok := s.small(id)
		all = all && ok && v >= 0
		return v
	}
	h.kind, h.uncompressed, h.compressed = small(s, headerType), small(s, headerUncompressed), small(s, headerCompressed)
	if crc, ok := s.integer(headerCRC); ok {
		h.crc, h.hasCRC = uint32(crc), true
	}
	switch h.kind {
	case dataPage:
		d, _ := s.structure(headerData)
		h.values, h.encoding, h.defEncoding, h.repEncoding = small(d, 1), encoding(small(d, 2)), encoding(small(d, 3)), encoding(small(d, 4))
	case dictionaryPage:
		d, _ := s.structure(headerDictionary)
		h.values, h.encoding = small(d, 1), encoding(small(d, 2))
	case dataPageV2:
		d, _ := s.structure(headerDataV2)
		h.values, h.rows, h.encoding, h.defLength, h.repLength = small(d, 1), small(d, 3), encoding(small(d, 4)), small(d, 5), small(d, 6)
		h.repEncoding, h.defEncoding = rle, rle
		is, said := d.boolean(7)
		h.packed = is || !said
		if levels := h.defLength + h.repLength; levels > h.compressed || levels > h.uncompressed {
			return h, 0, false
		}
	}
	return h, length, all
}

// pages walks the pages of a column chunk. It is not safe for concurrent use.
type pages struct {
	f      *File
	c      *chunk
	at     int64 // of what follows
	left   int64 // values in what follows
	page   page  // the present one
	dict   *page // as it stands, nil if there is none
	values *dictionary
	raw    []byte // buffer of the page as it stands in the file,
	plain  []byte // and decompressed, if it is compressed
	begun  bool
	window int64 // how long a header may be at most, in bytes
}

// A page is one of a column chunk.
type page struct {
	header
	at     int64 // of the header
	length int   // of the header
	row    int64 // the first that begins in it, or behind it, counted from 0 in the row group
}

// end returns where the page ends in the file.
func (p *page) end() int64 { return p.at + int64(p.length) + int64(p.compressed) }

// maxHeader is the most that a page header may have, in bytes: statistics in it can be long. Those
// that are looked for where they need not be are short.
const (
	maxHeader    = 16 << 20
	soughtHeader = 1 << 10
)

func (f *File) pages(group, leaf int) *pages {
	c := &f.Groups[group].chunks[leaf]
	return &pages{f: f, c: c, at: c.start, left: c.values, window: maxHeader}
}

// fault says of an error where it is.
func (p *pages) fault(err error) error {
	if IsFault(err) {
		return faultf("the column %q in row group %d, page at byte %d: %v", p.c.leaf.Name(), p.c.group+1, p.page.at, err)
	}
	return err
}

// next goes to the next data page. The error is io.EOF behind the last one. Nothing is read but
// its header.
func (p *pages) next() error {
	if !p.begun {
		p.begun = true
		if err := p.c.codec.supported(); err != nil {
			return faultf("the column %q: %v", p.c.leaf.Name(), err)
		}
		if err := p.begin(); err != nil {
			return err
		}
	}
	for p.left > 0 {
		err := p.read(p.at)
		if err != nil {
			return p.fault(err)
		}
		p.at = p.page.end()
		switch {
		case p.page.isData():
			p.left -= int64(p.page.values)
			if p.page.values > 0 {
				return nil
			}
		case p.page.kind == dictionaryPage:
			if p.dict != nil {
				return p.fault(faultf("it is a second dictionary"))
			}
			dict := p.page
			p.dict = &dict
		}
	}
	return io.EOF
}

// read reads the header at a place, and looks whether it can be that of a page of the chunk.
func (p *pages) read(at int64) error {
	row := p.page.row
	p.page = page{at: at, row: row}
	for window := int64(1 << 10); ; window *= 8 {
		b := sized(p.raw, int(max(0, min(window, p.c.limit-at, maxPage))))
		p.raw = b
		if err := p.f.readAt(b, at); err != nil {
			return err
		}
		h, length, ok := parseHeader(b)
		if !ok && window < min(p.c.limit-at, p.window) {
			continue
		}
		p.page.header, p.page.length = h, length
		switch {
		case !ok:
			return faultf("there is no header of a page")
		case p.page.end() > p.c.limit:
			return faultf("its header is wrong: it has %d bytes", h.compressed)
		case h.isData() && int64(h.values) > p.left:
			return faultf("its header is wrong: it has %d values, and %d are left", h.values, p.left)
		case h.kind == dataPageV2 && (h.rows > h.values || p.c.leaf.MaxRep == 0 && h.rows != h.values):
			return faultf("its header is wrong: it has %d rows of %d values", h.rows, h.values)
		case h.uncompressed > maxPage:
			return faultf("it holds %d bytes, the limit is %d", h.uncompressed, maxPage)
		case h.kind > dataPageV2:
			return faultf("it is of kind %d, which is not known", h.kind)
		}
		return nil
	}
}

// search is how far from where it is said to be the first page is looked for, in bytes.
const search = 4 << 10

// begin finds the first page. Some writers have its offset be somewhat beside it: then it is where pages
// follow each other that have as many values as the column. A sound header at the offset is believed, unless
// it is among the bytes of the column before and there are such pages behind those.
func (p *pages) begin() error {
	if p.left > 0 && p.c.start < p.c.before && p.follow(p.c.before) {
		return nil
	}
	first := p.read(p.c.start)
	if first == nil || !IsFault(first) || p.left == 0 {
		return nil
	}
	from, to := max(min(p.c.before, p.c.start), p.c.start-search), min(p.c.limit, p.c.start+search)
	b := make([]byte, max(0, min(p.c.limit, to+soughtHeader)-from))
	if err := p.f.readAt(b, from); err != nil {
		return err
	}
	found := func(at int64) bool {
		if at-from >= int64(len(b)) { // the column is said to begin behind its end
			return false
		}
		h, _, ok := parseHeader(b[at-from:])
		return ok && h.kind <= dataPageV2 && p.follow(at)
	}
	for at := p.c.start + 1; at < to; at++ {
		if found(at) {
			return nil
		}
	}
	for at := p.c.start - 1; at >= from; at-- {
		if found(at) {
			return nil
		}
	}
	p.page.at = p.c.start
	return p.fault(first)
}

// follow has the pages begin at a place, if pages follow each other there that have as many values as the column.
func (p *pages) follow(at int64) bool {
	q := &pages{f: p.f, c: p.c, at: at, left: p.left, begun: true, window: soughtHeader}
	for {
		err := q.next()
		if errors.Is(err, io.EOF) {
			p.at = at
			return true
		}
		if err != nil {
			return false
		}
	}
}

// bytes returns the page as it stands in the file, behind its header, good until the next call.
func (p *pages) bytes(pg *page) ([]byte, error) {
	b := sized(p.raw, pg.compressed)
	p.raw = b
	if err := p.f.readAt(b, pg.at+int64(pg.length)); err != nil {
		return nil, err
	}
	if pg.hasCRC && crc32.ChecksumIEEE(b) != pg.crc {
		return nil, faultf("its checksum is wrong")
	}
	return b, nil
}

// open decompresses the present page, a data page, and returns a reader of its values, which is
// good until the next call.
func (p *pages) open() (*values, error) {
	if p.page.encoding.isDictionary() && p.values == nil && p.dict != nil {
		if err := p.openDictionary(); err != nil {
			return nil, err
		}
	}
	v, err := p.openData()
	if err != nil {
		return nil, p.fault(err)
	}
	return v, nil
}

func (p *pages) openDictionary() error {
	wrong := func(err error) error {
		if IsFault(err) {
			return faultf("the column %q in row group %d, dictionary at byte %d: %v", p.c.leaf.Name(), p.c.group+1, p.dict.at, err)
		}
		return err
	}
	b, err := p.bytes(p.dict)
	if err != nil {
		return wrong(err)
	}
	if e := p.dict.encoding; e != plain && e != plainDictionary {
		return wrong(faultf("its encoding is %s", e))
	}
	if b, err = p.expand(p.c.codec, b, p.dict.uncompressed); err != nil {
		return wrong(err)
	}
	if p.values, err = newDictionary(p.c.leaf, b, p.dict.values); err != nil {
		return wrong(err)
	}
	return nil
}

// expand decompresses b. What is not compressed is not copied.
func (p *pages) expand(c codec, b []byte, length int) ([]byte, error) {
	if c == uncompressed {
		return c.expand(nil, b, length)
	}
	out, err := c.expand(p.plain, b, length)
	if err == nil {
		p.plain = out
	}
	return out, err
}

func (p *pages) openData() (*values, error) {
	b, err := p.bytes(&p.page)
	if err != nil {
		return nil, err
	}
	h, leaf := &p.page.header, p.c.leaf
	v := &values{leaf: leaf, left: h.values}
	if h.kind == dataPageV2 {
		levels := h.repLength + h.defLength
		v.rep = hybrid{b: b[:h.repLength], width: bitsFor(leaf.MaxRep)}
		v.def = hybrid{b: b[h.repLength:levels], width: bitsFor(leaf.MaxDef)}
		c := p.c.codec
		if !h.packed {
			c = uncompressed
		}
		b, err = p.expand(c, b[levels:], h.uncompressed-levels)
	} else {
		if b, err = p.expand(p.c.codec, b, h.uncompressed); err == nil {
			v.rep, b, err = levels(b, h.repEncoding, leaf.MaxRep, h.values)
		}
		if err == nil {
			v.def, b, err = levels(b, h.defEncoding, leaf.MaxDef, h.values)
		}
	}
	if err != nil {
		return nil, err
	}
	v.values, err = newValueReader(leaf, h.encoding, b, p.values)
	v.index, _ = v.values.(*indexReader)
	return v, err
}

// levels returns a reader of the levels that b, a page of the first version, begins with, and what
// follows them.
func levels(b []byte, e encoding, highest, count int) (hybrid, []byte, error) {
	if highest == 0 {
		return hybrid{}, b, nil
	}
	width := bitsFor(highest)
	switch e {
	case rle:
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return hybrid{}, nil, errShort
		}
		end := 4 + int(binary.LittleEndian.Uint32(b))
		return hybrid{b: b[4:end], width: width}, b[end:], nil
	case bitPackedLevels:
		size := (count*int(width) + 7) / 8
		if size > len(b) {
			return hybrid{}, nil, errShort
		}
		return bitPacked(b[:size], width, count), b[size:], nil
	}
	return hybrid{}, nil, faultf("its levels are encoded as %s, which is not supported", e)
}

// values reads the values of a page with their levels.
type values struct {
	leaf     *Leaf
	left     int
	rep, def hybrid
	values   valueReader
	index    *indexReader // the same, if they are indices of a dictionary
}

// A value is one of a column, or a null or an empty list in its place.
type value struct {
	rep, def uint8  // levels: at which depth it is repeated, and down to which it is there
	bytes    []byte // nil unless def is that of the leaf
}

var errLevel = faultf("a level is higher than the schema has them")

// next returns the next value of the page. There must be one.
func (v *values) next() (value, error) {
	var x value
	v.left--
	if v.leaf.MaxRep > 0 {
		n, err := v.rep.next()
		if err != nil {
			return x, err
		}
		if n > uint32(v.leaf.MaxRep) {
			return x, errLevel
		}
		x.rep = uint8(n)
	}
	if v.leaf.MaxDef > 0 {
		n, err := v.def.next()
		if err != nil {
			return x, err
		}
		if n > uint32(v.leaf.MaxDef) {
			return x, errLevel
		}
		x.def = uint8(n)
	}
	if int(x.def) < v.leaf.MaxDef {
		return x, nil
	}
	var err error
	x.bytes, err = v.values.next()
	return x, err
}
