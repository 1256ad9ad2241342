package parquet

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// A Writer writes a file of rows of other files, which have one schema.
//
// A row group stays one. But files of up to a mebibyte are gathered in row groups of their own,
// so that many of them don't make as many row groups.
type Writer struct {
	out    io.Writer
	n      int64 // bytes written
	like   *File // whose schema and metadata it has
	groups [][]byte
	rows   int64
	sums   [][][]pageSum // by row group and column

	held      []part // what is not written yet, of small files that are in memory
	heldBytes int64
	small     *File // the last of them,
	loaded    *File // and in memory
}

// A part is what is copied of a row group.
type part struct {
	f     *File
	group int
	rows  *Rows
}

// Bounds on what is gathered: the size of a file, of all of them, and their rows.
const (
	smallFile  = 1 << 20
	heldBytes  = 16 << 20
	gatherRows = 1 << 20
)

// NewWriter returns a writer of a file that has the schema and the metadata of like.
func NewWriter(out io.Writer, like *File) (*Writer, error) {
	w := &Writer{out: out, like: like}
	return w, w.write([]byte(magic))
}

func (w *Writer) write(b []byte) error {
	n, err := w.out.Write(b)
	w.n += int64(n)
	return err
}

// Size returns how many bytes were written, or will be when about as many are held back.
func (w *Writer) Size() int64 {
	n := w.n
	for _, p := range w.held {
		g := p.f.Groups[p.group]
		n += int64(float64(g.Bytes) * float64(p.rows.count) / float64(g.Rows))
	}
	return n
}

// Append writes those rows of a row group. rows is kept. f must have the schema of the writer.
func (w *Writer) Append(f *File, group int, rows *Rows) error {
	if rows.count == 0 {
		return nil
	}
	if f.Size > smallFile {
		if err := w.Flush(); err != nil {
			return err
		}
		return w.group(part{f, group, rows})
	}
	if w.small != f {
		content := make([]byte, f.Size)
		if err := f.readAt(content, 0); err != nil {
			return err
		}
		loaded := *f
		loaded.in = bytes.NewReader(content)
		w.small, w.loaded = f, &loaded
		w.heldBytes += f.Size
	}
	w.held = append(w.held, part{w.loaded, group, rows})
	if w.heldBytes < heldBytes {
		return nil
	}
	return w.Flush()
}

// Flush writes what is held back. Row groups of one file stay as they are.
func (w *Writer) Flush() error {
	held := w.held
	w.held, w.heldBytes, w.small, w.loaded = nil, 0, nil, nil
	if len(held) > 0 && held[0].f == held[len(held)-1].f {
		for _, p := range held {
			if err := w.group(p); err != nil {
				return err
			}
		}
		return nil
	}
	for len(held) > 0 {
		n, rows := 1, held[0].rows.count
		for n < len(held) && rows < gatherRows && sameCodecs(held[0], held[n]) {
			rows += held[n].rows.count
			n++
		}
		if err := w.group(held[:n]...); err != nil {
			return err
		}
		held = held[n:]
	}
	return nil
}

func sameCodecs(a, b part) bool {
	return slices.EqualFunc(a.f.Groups[a.group].chunks, b.f.Groups[b.group].chunks, func(x, y chunk) bool { return x.codec == y.codec })
}

// group writes a row group.
func (w *Writer) group(parts ...part) error {
	f, from := parts[0].f, parts[0].f.Groups[parts[0].group]
	start, rows := w.n, int64(0)
	for _, p := range parts {
		rows += p.rows.count
	}
	var columns [][]byte
	var sums [][]pageSum
	var compressed, uncompressed int64
	for i := range from.chunks {
		c := &from.chunks[i]
		cw := &chunkWriter{w: w, leaf: c.leaf, codec: c.codec, merging: len(parts) > 1, nullsKnown: true}
		for _, p := range parts {
			if err := cw.copy(p.f, p.group, p.rows); err != nil {
				return err
			}
		}
		if err := cw.flush(); err != nil {
			return err
		}
		meta, err := cw.meta(c.meta, bytes.Equal(f.createdBy(), w.like.createdBy()))
		if err != nil {
			return err
		}
		var column structWriter
		column.int64(chunkFileOffset, 0)
		column.field(chunkMeta, kindStruct, meta)
		columns, sums = append(columns, column.end()), append(sums, cw.sums)
		compressed += cw.compressed
		uncompressed += cw.uncompressed
	}
	var g structWriter
	g.list(groupColumns, kindStruct, columns)
	g.int64(groupTotalSize, uncompressed)
	g.int64(groupRows, rows)
	if s := from.sorting; s != nil && len(parts) == 1 {
		g.field(s.id, s.kind, s.raw)
	}
	g.int64(groupFileOffset, start)
	g.int64(groupTotalCompressed, compressed)
	if number := len(w.groups); from.ordinal && number <= math.MaxInt16 {
		g.int16(groupOrdinal, int64(number))
	}
	w.groups, w.sums = append(w.groups, g.end()), append(w.sums, sums)
	w.rows += rows
	return nil
}

// createdBy returns the name of the program that wrote the file. Readers know by it of which
// programs statistics can't be believed.
func (f *File) createdBy() []byte {
	name, _ := f.meta.binary(fileCreatedBy)
	return name
}

// meta returns the metadata of the chunk, made of that of the first it was made from. What it says of the values is only
// true if none is missing.
func (cw *chunkWriter) meta(from []byte, sameProgram bool) ([]byte, error) {
	m, _, err := parseStruct(from)
	if err != nil {
		return nil, err
	}
	var w structWriter
	w.copy(m, metaType)
	var encodings, stats [][]byte
	known := map[encoding]bool{}
	add := func(e encoding) {
		if !known[e] {
			known[e] = true
			encodings = append(encodings, binary.AppendVarint(nil, int64(e)))
		}
	}
	for _, p := range cw.pages {
		add(p.encoding)
		var s structWriter
		s.int32(1, int64(p.kind))
		s.int32(2, int64(p.encoding))
		s.int32(3, p.count)
		stats = append(stats, s.end())
	}
	if cw.leaf.MaxDef > 0 || cw.leaf.MaxRep > 0 {
		add(rle)
	}
	if cw.changed {
		w.list(metaEncodings, kindInt32, encodings)
	} else {
		w.copy(m, metaEncodings)
	}
	w.copy(m, metaPath, metaCodec)
	w.int64(metaValues, cw.values)
	w.int64(metaUncompressed, cw.uncompressed)
	w.int64(metaCompressed, cw.compressed)
	w.copy(m, metaKeyValues)
	w.int64(metaDataOffset, cw.dataAt)
	if cw.dictionaryAt > 0 {
		w.int64(metaDictionaryOffset, cw.dictionaryAt)
	}
	switch {
	case !cw.changed && sameProgram:
		w.copy(m, metaStatistics)
	case cw.leaf.MaxRep == 0 && cw.nullsKnown:
		var s structWriter
		s.int64(3, cw.nulls)
		w.field(metaStatistics, kindStruct, s.end())
	}
	w.list(metaEncodingStats, kindStruct, stats)
	if !cw.changed {
		w.copy(m, metaSizeStatistics, metaGeoStatistics)
	}
	return w.end(), nil
}

// Close writes what is held back, and the footer.
func (w *Writer) Close() error {
	if err := w.Flush(); err != nil {
		return err
	}
	m := w.like.meta
	var f structWriter
	f.copy(m, fileVersion, fileSchema)
	f.int64(fileRows, w.rows)
	f.list(fileGroups, kindStruct, w.groups)
	f.copy(m, fileKeyValues, fileCreatedBy, fileOrders)
	footer := f.end()
	if !fitsInt32(len(footer)) {
		return faultf("a footer of %d bytes is too long", len(footer))
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return w.write(append(footer, magic...))
}
