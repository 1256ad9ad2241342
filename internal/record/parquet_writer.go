package record

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	codecs "github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// A ParquetWriter writes rows of sources of one schema, which it keeps, with its columns'
// encodings and compression, and the metadata of the first.
type ParquetWriter struct {
	//lint:ignore SA1019 the other writer refuses lists of two levels, though it need not write any but rows
	w         *parquet.Writer
	out       *counter
	options   []parquet.WriterOption
	schema    *parquet.Schema
	pending   int64 // bytes of the rows of the row group in the making, about
	splitSize int64
	next      func() (io.Writer, error)
}

// groupBytes is the size of the rows in a row group that is written.
const groupBytes = 64 << 20

// NewParquetWriter returns a writer of rows of those sources that can be opened, nil if there
// is none. It asks for a file at the beginning, and for another when it has written splitSize
// bytes, unless that is zero.
func NewParquetWriter(sources []*Source, splitSize int64, next func() (io.Writer, error)) (*ParquetWriter, error) {
	p := &ParquetWriter{splitSize: splitSize, next: next}
	for _, s := range sources {
		f, err := s.openParquet()
		var fault *parquetError
		if errors.As(err, &fault) || faultOf(err) != "" {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer f.close()
		p.schema = parquet.NewSchema(f.Schema().Name(), writable{f.Root()})
		p.options = []parquet.WriterOption{p.schema}
		for _, kv := range f.Metadata().KeyValueMetadata {
			p.options = append(p.options, parquet.KeyValueMetadata(kv.Key, kv.Value))
		}
		return p, p.begin()
	}
	return nil, nil
}

// A writable is a field of a schema without the encoding or compression that can't be written. What
// a file lists are the encodings of all its pages, levels and all, and not all of them are the values'.
type writable struct{ parquet.Field }

func (w writable) Fields() []parquet.Field {
	var fields []parquet.Field
	for _, f := range w.Field.Fields() {
		fields = append(fields, writable{f})
	}
	return fields
}

func (w writable) Encoding() (e encoding.Encoding) {
	e = w.Field.Encoding()
	switch {
	case e == nil:
		return nil
	case e.Encoding() == format.RLE: // of levels
		return &parquet.Plain
	}
	defer func() {
		if recover() != nil { // the library's way to say that the type does not have it
			e = &parquet.Plain
		}
	}()
	parquet.Encoded(parquet.Leaf(w.Type()), e)
	return e
}

func (w writable) Compression() codecs.Codec {
	c := w.Field.Compression()
	if c == nil {
		return nil
	}
	if _, err := c.Encode(nil, nil); err != nil {
		return nil
	}
	return c
}

// SameSchema refuses Parquet files that can't be written to one, since their schemas differ.
// Those that can't be opened are passed over.
func SameSchema(sources []*Source) error {
	var first *parquet.Schema
	for _, s := range sources {
		if s.stream != nil {
			continue // there is only one, and it can be read once
		}
		f, err := s.openParquet()
		if err != nil {
			continue
		}
		schema := f.Schema()
		if err := f.close(); err != nil {
			return err
		}
		if first == nil {
			first = schema
		} else if !parquet.EqualNodes(first, schema) {
			return fmt.Errorf("%s has another schema than %s: they can't be written to one file", s.Name, sources[0].Name)
		}
	}
	return nil
}

func (p *ParquetWriter) begin() error {
	w, err := p.next()
	if err != nil {
		return err
	}
	p.out = &counter{w: w}
	p.w = parquet.NewWriter(p.out, p.options...)
	return nil
}

// turn completes a row group, and begins another file if the present one is full.
func (p *ParquetWriter) turn() error {
	p.pending = 0
	if err := p.w.Flush(); err != nil {
		return err
	}
	if p.splitSize == 0 || p.out.n < p.splitSize {
		return nil
	}
	err := p.w.Close()
	p.w = nil
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Copy writes those rows of s whose numbers, from 1 and ascending, next returns, until it
// returns 0.
func (p *ParquetWriter) Copy(s *Source, next func() (int64, error)) (err error) {
	f, err := s.openParquet()
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	defer f.close()
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", s.Name, err)
		}
	}()
	defer catch(&err)
	if !parquet.EqualNodes(f.Schema(), p.schema) {
		return errors.New("its schema is another one than that of the first file")
	}
	want, err := next()
	if err != nil {
		return err
	}
	base := int64(0)
	for i, g := range f.RowGroups() {
		if want == 0 {
			break
		}
		if want > base+g.NumRows() {
			base += g.NumRows()
			continue
		}
		if err := f.fence(i, f.leaves); err != nil {
			return err
		}
		if want, err = p.copyGroup(g, base, want, next); err != nil {
			return err
		}
		base += g.NumRows()
	}
	if want != 0 {
		return fmt.Errorf("there is no row %d any more", want)
	}
	return nil
}

func (p *ParquetWriter) copyGroup(g parquet.RowGroup, base, want int64, next func() (int64, error)) (int64, error) {
	at := want - 1
	err := eachRow(g, at-base, func(row parquet.Row) (bool, error) {
		if at++; at != want {
			return true, nil
		}
		err := p.write(row)
		if err == nil {
			want, err = next()
		}
		return want != 0 && want <= base+g.NumRows(), err
	})
	return want, err
}

// eachRow calls f for the rows of a row group from one on, counted from 0, until it returns false.
// All rows before a fault come, though they are read many at once.
func eachRow(g parquet.RowGroup, from int64, f func(parquet.Row) (bool, error)) error {
	rows := g.Rows()
	defer func() { rows.Close() }()
	buf := make([]parquet.Row, 64)
	again := from > 0
	for from < g.NumRows() {
		if again {
			if err := rows.SeekToRow(from); err != nil {
				return err
			}
			again = false
		}
		n, err := readRows(rows, buf)
		if err != nil && len(buf) > 1 {
			rows.Close()
			rows, buf, again = g.Rows(), buf[:1], true
			continue
		}
		if err == nil && n == 0 {
			err = &parquetError{errors.New("a row group has less rows than it says")}
		}
		if err != nil {
			return err
		}
		for _, row := range buf[:n] {
			if !complete(row, len(g.ColumnChunks())) {
				return &parquetError{errors.New("a column has less values than its row group has rows")}
			}
			if more, err := f(row); err != nil || !more {
				return err
			}
		}
		from += int64(n)
	}
	return nil
}

// complete reports whether a row has values of every column, in order.
func complete(row parquet.Row, columns int) bool {
	at := -1
	for _, v := range row {
		if v.Column() > at+1 {
			return false
		}
		at = v.Column()
	}
	return at == columns-1
}

func readRows(rows parquet.Rows, buf []parquet.Row) (n int, err error) {
	defer catch(&err)
	n, err = rows.ReadRows(buf)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (p *ParquetWriter) write(row parquet.Row) error {
	if p.w == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	for _, v := range row {
		p.pending += 8
		if v.Kind() == parquet.ByteArray {
			p.pending += int64(len(v.ByteArray()))
		}
	}
	if _, err := p.w.WriteRows([]parquet.Row{row}); err != nil {
		return err
	}
	if p.pending < groupBytes && (p.splitSize == 0 || p.pending < p.splitSize) {
		return nil
	}
	return p.turn()
}

// Close completes the file.
func (p *ParquetWriter) Close() error {
	if p.w == nil {
		return nil
	}
	return p.w.Close()
}
