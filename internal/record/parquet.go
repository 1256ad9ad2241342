package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"neardup/internal/charset"
	"neardup/internal/parquet"
)

// A row is what is read of a record of a Parquet file: the columns that are asked for, in the
// order of the fields. A null has no value. The whole row is read again when it is written.
type row struct {
	values []*string
}

// A rowReader reads columns of a Parquet file side by side, one row group after the other.
type rowReader struct {
	file    *parquetFile
	columns []column
	group   int   // the next one
	base    int64 // rows in the groups before the present one
	rows    int64 // in the present one
	at      int64 // of them read
	fault   error // why the others of the present one can't be read

	copied bool  // rows will be copied whole
	whole  int64 // rows of the present one that can be,
	torn   error // and why the others can't
}

// A column is one that is asked for.
type column struct {
	leaf   *parquet.Leaf       // nil if there is none
	text   func([]byte) string // nil if it holds nothing that can be written as text
	reader *parquet.ColumnReader
}

// A parquetFile is an open Parquet file.
type parquetFile struct {
	*parquet.File
	file *os.File
	copy bool
}

// openParquet opens the source. Faults of the content are a [parquet.Fault].
func (s *Source) openParquet() (*parquetFile, error) {
	f := &parquetFile{}
	size := s.Size
	var err error
	if s.stream == nil && s.Codec == "" {
		f.file, err = os.Open(s.Name)
	} else {
		f.copy = true
		f.file, size, err = s.whole()
	}
	if err == nil {
		f.File, err = parquet.Open(f.file, size)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// whole copies the content of the source to a file.
func (s *Source) whole() (*os.File, int64, error) {
	b, err := s.body(0)
	if err != nil {
		return nil, 0, err
	}
	defer b.Close()
	f, err := tempFile(s.tempDir, "neardup-input-*")
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(f, b)
	return f, n, err
}

func (f *parquetFile) close() error {
	if f.file == nil {
		return nil
	}
	if f.copy {
		return closeTemp(f.file)
	}
	return f.file.Close()
}

// nextRow returns the next row. A file that can't be opened is one reject; in a row group that
// can't be read on, each row that is left is one.
func (r *Reader) nextRow() (*Raw, error) {
	raw := &Raw{Source: r.source, Number: r.pos.Number + 1, Line: r.pos.Number + 1, row: &row{}}
	if r.rows == nil {
		file, err := r.source.openParquet()
		if err == nil {
			r.rows, err = newRowReader(r.source, file, fieldsOf(r.opts.Fields))
		}
		if err == nil {
			r.rows.copied = r.opts.CopyLong
			err = r.rows.skip(r.pos.Number)
		}
		if err != nil {
			return r.parquetFault(raw, err)
		}
	}
	rows := r.rows
	for rows.at == rows.rows {
		err := rows.nextGroup()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.source.Name, err)
		}
	}
	raw.Offset = rows.offset()
	if rows.fault == nil && rows.at >= rows.whole {
		rows.fault = rows.torn
	}
	if rows.fault == nil {
		rows.fault = rows.read(raw.row)
	}
	if parquet.IsFault(rows.fault) {
		raw.Reject = r.reject(raw, Corrupt, rows.fault.Error())
	} else if rows.fault != nil {
		return nil, fmt.Errorf("%s: row %d: %w", r.source.Name, raw.Number, rows.fault)
	}
	rows.at++
	r.pos.Number++
	r.pos.Offset = rows.offset()
	for _, v := range raw.row.values {
		if v != nil {
			raw.Length += int64(len(*v))
		}
	}
	if raw.Length > r.opts.MaxBytes {
		raw.Reject, raw.row = r.tooLong(raw), &row{}
	}
	return raw, nil
}

func (r *Reader) parquetFault(raw *Raw, err error) (*Raw, error) {
	reason := Corrupt
	switch {
	case errors.Is(err, parquet.ErrNoFooter):
		reason = Truncated
	case !parquet.IsFault(err):
		if reason = faultOf(err); reason == "" {
			return nil, err
		}
	}
	raw.Offset = max(0, r.source.Size)
	raw.Reject = r.reject(raw, reason, err.Error())
	r.pos.Number++
	r.pos.Ended = true
	return raw, nil
}

func newRowReader(source *Source, f *parquetFile, fields []field) (*rowReader, error) {
	rows := &rowReader{file: f}
	source.table.columns = f.Columns
	for _, field := range fields {
		leaf, err := f.Lookup(field.path...)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", source.Name, err), f.close())
		}
		c := column{leaf: leaf}
		if leaf != nil && leaf.MaxRep == 0 {
			c.text = textOf(leaf)
		}
		rows.columns = append(rows.columns, c)
	}
	return rows, nil
}

// textOf returns what writes values of a column as text, nil if they are not of that kind.
func textOf(l *parquet.Leaf) func([]byte) string {
	switch l.Type {
	case parquet.ByteArray:
		return func(v []byte) string { return string(v) }
	case parquet.Int32:
		return func(v []byte) string { return number(int64(int32(binary.LittleEndian.Uint32(v))), l.Unit) }
	case parquet.Int64:
		return func(v []byte) string { return number(int64(binary.LittleEndian.Uint64(v)), l.Unit) }
	case parquet.Float:
		return func(v []byte) string {
			return strconv.FormatFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(v))), 'g', -1, 32)
		}
	case parquet.Double:
		return func(v []byte) string {
			return strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(v)), 'g', -1, 64)
		}
	}
	return nil
}

// number writes a number, or the time that is so many units after 1970.
func number(n int64, unit time.Duration) string {
	if unit == 0 {
		return strconv.FormatInt(n, 10)
	}
	if unit > time.Second {
		n, unit = n*int64(unit/time.Second), time.Second
	}
	per := int64(time.Second / unit)
	return time.Unix(n/per, n%per*int64(unit)).UTC().Format(time.RFC3339Nano)
}

// offset returns where the present row about stands in the file: what can be known is where
// its row group begins and ends.
func (rows *rowReader) offset() int64 {
	if rows.group == 0 {
		return 0
	}
	g := rows.file.Groups[rows.group-1]
	if rows.rows == 0 {
		return g.Offset
	}
	return g.Offset + int64(float64(g.Bytes)*float64(rows.at)/float64(rows.rows))
}

// nextGroup opens the columns of the next row group. A fault is that of the group.
func (rows *rowReader) nextGroup() error {
	if rows.group == len(rows.file.Groups) {
		return io.EOF
	}
	g := rows.file.Groups[rows.group]
	rows.base += rows.rows
	rows.at, rows.rows, rows.fault = 0, g.Rows, nil
	for i := range rows.columns {
		if c := &rows.columns[i]; c.text != nil {
			c.reader = rows.file.Column(rows.group, c.leaf)
		}
	}
	rows.whole, rows.torn = rows.rows, nil
	if rows.copied {
		rows.whole, rows.torn = rows.file.Check(rows.group)
	}
	rows.group++
	if rows.torn != nil && !parquet.IsFault(rows.torn) {
		return rows.torn
	}
	return nil
}

// skip passes over the first n rows.
func (rows *rowReader) skip(n int64) error {
	for n > rows.base+rows.rows {
		if err := rows.nextGroup(); err != nil {
			return err
		}
	}
	if rows.at = n - rows.base; rows.at > 0 && rows.at < rows.rows {
		for i := range rows.columns {
			if c := &rows.columns[i]; c.reader != nil && rows.fault == nil {
				rows.fault = c.reader.Skip(rows.at)
			}
		}
	}
	return nil
}

// read reads a row.
func (rows *rowReader) read(to *row) error {
	to.values = make([]*string, len(rows.columns))
	for i := range rows.columns {
		c := &rows.columns[i]
		if c.text == nil {
			continue
		}
		v, ok, err := c.reader.Next()
		if err != nil {
			return err
		}
		if ok {
			s := c.text(v)
			to.values[i] = &s
		}
	}
	return nil
}

func (rows *rowReader) close() error { return rows.file.close() }

// decodeColumns decodes a row of a Parquet file.
func (d *Decoder) decodeColumns(raw *Raw) (Record, *Reject) {
	values := raw.row.values
	for i, f := range d.fields {
		if v := raw.row.values[i]; v != nil {
			at := invalidAt([]byte(*v))
			switch {
			case f.use != useText || at == len(*v):
			case d.replace:
				values = slices.Clone(values)
				values[i] = &charset.Repair([]byte(*v)).String
			default:
				return Record{}, &Reject{raw.Source.Name, raw.Line, raw.Offset, InvalidUTF8, fmt.Sprintf("byte 0x%02x at %d of the field %q", (*v)[at], at, f.name()), nil}
			}
		}
	}
	rec := d.fromValues(raw, values)
	if rec == nil {
		return d.noText(raw, raw.Source.table.columns)
	}
	return *rec, nil
}
