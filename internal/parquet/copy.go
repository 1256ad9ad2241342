package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/cespare/xxhash/v2"
)

// Pages that are written hold that much, unless they are copied: in bytes before compression, in rows,
// and in bytes if a row alone is longer than a page.
const (
	pageBytes    = 1 << 20
	pageRows     = 20_000
	maxPageBytes = maxPage / 4
)

// mergedPage is how long a page must be to be copied where chunks are merged, in bytes: shorter ones are
// made one.
const mergedPage = 64 << 10

// A chunkWriter writes a column chunk.
type chunkWriter struct {
	w       *Writer
	leaf    *Leaf
	codec   codec
	merging bool // of several chunks, which can't share a dictionary
	page    *pageWriter

	values, nulls            int64
	nullsKnown               bool
	uncompressed, compressed int64 // bytes, with headers
	dictionaryAt, dataAt     int64 // places in the file, 0 if there is none
	pages                    []pageCount
	sums                     []pageSum
	changed                  bool // values are missing that the chunk had which it was made from
}

// A pageCount is how many pages of a kind there are.
type pageCount struct {
	kind     int
	encoding encoding
	count    int64
}

// A pageSum is a checksum of a page as it was read: of its bytes, or of its values and levels if it was
// encoded again.
type pageSum struct {
	sum    uint64
	values bool
}

// copy writes those rows of a chunk.
func (cw *chunkWriter) copy(f *File, group int, rows *Rows) error {
	p := f.pages(group, cw.leaf.index)
	total := f.Groups[group].Rows
	found, row := int64(0), int64(0) // kept ones; those that began in the pages before
	for row <= rows.last || cw.leaf.MaxRep > 0 && row == rows.last+1 {
		err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if rows.count == total && !cw.merging {
			if err := cw.copyPage(p); err != nil {
				return err
			}
			continue
		}
		from, to, whole, err := p.rows(row)
		if err != nil {
			return err
		}
		switch n := rows.in(from, to); {
		case n == 0:
		case n == to-from && whole && (!cw.merging || p.page.uncompressed >= mergedPage && !p.page.encoding.isDictionary()):
			err = cw.copyPage(p)
		default:
			err = cw.filter(p, rows, row)
		}
		if err != nil {
			return err
		}
		found += rows.in(row, to)
		row = to
	}
	if found != rows.count && rows.count != total {
		return faultf("the column %q has less values than row group %d has rows", cw.leaf.Name(), group+1)
	}
	cw.changed = cw.changed || cw.merging || rows.count != total
	return nil
}

// rows returns the rows of which the present page has values, from the first up to, but without, the
// last, if so many began before it, and whether all of the page could be told.
func (p *pages) rows(before int64) (from, to int64, whole bool, err error) {
	if h := &p.page.header; p.c.leaf.MaxRep == 0 {
		return before, before + int64(h.values), true, nil
	} else if h.kind == dataPageV2 {
		return before, before + int64(h.rows), true, nil
	}
	v, err := p.open()
	if err != nil {
		return 0, 0, false, err
	}
	from, to = before, before
	for i := range v.left {
		rep, err := v.rep.next()
		if err != nil {
			return from, to, false, nil // the rows before that may be read
		}
		if rep == 0 {
			to++
		} else if i == 0 {
			from = max(0, before-1)
		}
	}
	return from, to, true, nil
}

// dictionary writes the dictionary that the pages refer to.
func (cw *chunkWriter) dictionary(p *pages) error {
	if p.dict == nil || cw.merging || cw.dictionaryAt > 0 {
		return nil
	}
	cw.dictionaryAt = cw.w.n
	cw.count(dictionaryPage, p.dict.encoding)
	return cw.copyBytes(p, p.dict)
}

// copyPage writes the present page as it stands.
func (cw *chunkWriter) copyPage(p *pages) error {
	err := cw.dictionary(p)
	if err == nil {
		err = cw.flush()
	}
	if err != nil {
		return err
	}
	h := &p.page.header
	cw.nullsKnown = cw.nullsKnown && cw.leaf.MaxDef == 0
	cw.began(h.kind, h.encoding, h.values)
	return cw.copyBytes(p, &p.page)
}

func (cw *chunkWriter) copyBytes(p *pages, pg *page) error {
	b := sized(p.raw, pg.length+pg.compressed)
	p.raw = b
	if err := p.f.readAt(b, pg.at); err != nil {
		return err
	}
	if pg.hasCRC && crc32.ChecksumIEEE(b[pg.length:]) != pg.crc {
		return p.fault(faultf("its checksum is wrong"))
	}
	return cw.write(b, pg.length+pg.uncompressed, pageSum{sum: xxhash.Sum64(b)})
}

func (cw *chunkWriter) write(b []byte, expanded int, sum pageSum) error {
	cw.sums = append(cw.sums, sum)
	cw.compressed += int64(len(b))
	cw.uncompressed += int64(expanded)
	return cw.w.write(b)
}

// began notes that a data page is written next.
func (cw *chunkWriter) began(kind int, e encoding, values int) {
	if cw.dataAt == 0 {
		cw.dataAt = cw.w.n
	}
	cw.values += int64(values)
	cw.count(kind, e)
}

func (cw *chunkWriter) count(kind int, e encoding) {
	for i := range cw.pages {
		if c := &cw.pages[i]; c.kind == kind && c.encoding == e {
			c.count++
			return
		}
	}
	cw.pages = append(cw.pages, pageCount{kind, e, 1})
}

// filter writes those values of the present page whose rows are kept. row is how many began before it.
func (cw *chunkWriter) filter(p *pages, rows *Rows, row int64) error {
	if err := cw.dictionary(p); err != nil {
		return err
	}
	v, err := p.open()
	if err != nil {
		return err
	}
	if err := cw.turn(p, v); err != nil {
		return err
	}
	row--
	for v.left > 0 {
		if cw.leaf.MaxRep == 0 && row == rows.last {
			return nil // what follows need not be sound
		}
		x, err := v.next()
		if err != nil {
			return p.fault(err)
		}
		if x.rep == 0 {
			row++
		}
		if row > rows.last {
			return nil
		}
		if row < 0 || !rows.has(row) {
			continue
		}
		if cw.page.full(x.rep == 0) {
			if err := cw.flush(); err != nil {
				return err
			}
			if err := cw.turn(p, v); err != nil {
				return err
			}
		}
		index := uint32(0)
		if v.index != nil {
			index = uint32(v.index.index)
		}
		cw.page.add(x, index)
	}
	return nil
}

// turn has a page be there to which values of the present one of p can be added.
func (cw *chunkWriter) turn(p *pages, v *values) error {
	h := &p.page.header
	like := pageLike{kind: h.kind, encoding: h.encoding, crc: h.hasCRC}
	if cw.merging && h.encoding.isDictionary() {
		like.encoding = plain
	}
	if cw.page != nil && cw.page.pageLike == like {
		return nil
	}
	if err := cw.flush(); err != nil {
		return err
	}
	w := &pageWriter{pageLike: like, leaf: cw.leaf, sum: newSumming(cw.leaf)}
	w.rep.width, w.def.width = bitsFor(cw.leaf.MaxRep), bitsFor(cw.leaf.MaxDef)
	if like.encoding.isDictionary() {
		w.indices = &hybridWriter{width: max(1, bitsFor(max(0, v.index.dict.count-1)))}
	} else {
		w.encoded = newValueWriter(cw.leaf, like.encoding)
	}
	cw.page = w
	return nil
}

// flush writes the page in the making, if there is one.
func (cw *chunkWriter) flush() error {
	w := cw.page
	cw.page = nil
	if w == nil || w.values == 0 {
		return nil
	}
	b, expanded, err := w.end(cw.codec)
	if err != nil {
		return err
	}
	cw.changed = true
	cw.nulls += int64(w.nulls)
	cw.began(w.kind, w.encoding, w.values)
	return cw.write(b, expanded, pageSum{w.sum.end(), true})
}

// What a page has in common with the ones whose values it takes.
type pageLike struct {
	kind     int
	encoding encoding
	crc      bool
}

// A pageWriter encodes a data page.
type pageWriter struct {
	pageLike
	leaf                *Leaf
	rep, def            hybridWriter
	encoded             valueWriter
	indices             *hybridWriter // instead, of a dictionary
	values, nulls, rows int
	sum                 *summing
}

// full reports whether a value should begin another page. atRow tells that it begins a row.
func (w *pageWriter) full(atRow bool) bool {
	size := w.rep.size() + w.def.size()
	if w.indices != nil {
		size += w.indices.size()
	} else {
		size += w.encoded.size()
	}
	return atRow && (size >= pageBytes || w.rows >= pageRows) || w.kind == dataPage && size >= maxPageBytes
}

func (w *pageWriter) add(x value, index uint32) {
	w.values++
	if x.rep == 0 {
		w.rows++
	}
	if w.rep.width > 0 {
		w.rep.add(uint32(x.rep))
	}
	if w.def.width > 0 {
		w.def.add(uint32(x.def))
	}
	w.sum.add(x)
	switch {
	case int(x.def) < w.leaf.MaxDef:
		w.nulls++
	case w.indices != nil:
		w.indices.add(index)
	default:
		w.encoded.add(x.bytes)
	}
}

// A summing is a checksum of values in the making.
type summing struct {
	leaf *Leaf
	d    *xxhash.Digest
	b    []byte // what is not in it yet
}

func newSumming(l *Leaf) *summing { return &summing{leaf: l, d: xxhash.New()} }

// add adds levels, and the length and bytes of a value that is there.
func (s *summing) add(x value) {
	s.b = append(s.b, x.rep, x.def)
	if int(x.def) == s.leaf.MaxDef {
		s.b = append(binary.LittleEndian.AppendUint32(s.b, uint32(len(x.bytes))), x.bytes...)
	}
	if len(s.b) >= 4<<10 {
		s.d.Write(s.b)
		s.b = s.b[:0]
	}
}

func (s *summing) end() uint64 {
	s.d.Write(s.b)
	return s.d.Sum64()
}

// end returns the page with its header, and how long it is decompressed.
func (w *pageWriter) end(c codec) ([]byte, int, error) {
	var body []byte
	if w.indices != nil {
		body = append([]byte{byte(w.indices.width)}, w.indices.end()...)
	} else {
		body = w.encoded.end()
	}
	var rep, def []byte
	if w.rep.width > 0 {
		rep = w.rep.end()
	}
	if w.def.width > 0 {
		def = w.def.end()
	}
	levels := len(rep) + len(def)
	var err error
	packed := c != uncompressed
	if w.kind == dataPageV2 {
		packed = packed && len(body) > 0 // what nothing is compressed to, some readers refuse
		expanded := levels + len(body)
		if packed {
			if body, err = c.compress(body); err != nil {
				return nil, 0, err
			}
		}
		return w.page(append(append(rep, def...), body...), expanded, func(d *structWriter) {
			d.int32(1, int64(w.values))
			d.int32(2, int64(w.nulls))
			d.int32(3, int64(w.rows))
			d.int32(4, int64(w.encoding))
			d.int32(5, int64(len(def)))
			d.int32(6, int64(len(rep)))
			d.boolean(7, packed)
		})
	}
	var b []byte
	for _, l := range [][]byte{rep, def} {
		if l != nil {
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(l))), l...)
		}
	}
	b = append(b, body...)
	expanded := len(b)
	if packed {
		if b, err = c.compress(b); err != nil {
			return nil, 0, err
		}
	}
	return w.page(b, expanded, func(d *structWriter) {
		d.int32(1, int64(w.values))
		d.int32(2, int64(w.encoding))
		d.int32(3, int64(rle))
		d.int32(4, int64(rle))
	})
}

// page puts a header before what stands in a page.
func (w *pageWriter) page(b []byte, expanded int, data func(*structWriter)) ([]byte, int, error) {
	if !fitsInt32(len(b)) || expanded > maxPage {
		return nil, 0, faultf("a page of the column %q would hold %d bytes", w.leaf.Name(), expanded)
	}
	var h, d structWriter
	data(&d)
	h.int32(headerType, int64(w.kind))
	h.int32(headerUncompressed, int64(expanded))
	h.int32(headerCompressed, int64(len(b)))
	if w.crc {
		h.int32(headerCRC, int64(int32(crc32.ChecksumIEEE(b))))
	}
	id := int16(headerData)
	if w.kind == dataPageV2 {
		id = headerDataV2
	}
	h.field(id, kindStruct, d.end())
	head := h.end()
	return append(head, b...), len(head) + expanded, nil
}
