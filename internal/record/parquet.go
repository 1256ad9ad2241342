package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"neardup/internal/charset"
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
	leaf  parquet.LeafColumn
	found bool
	text  func(parquet.Value) string // nil if it holds nothing that can be written as text
	pages parquet.Pages
	page  parquet.Page
	read  parquet.ValueReader
}

// A parquetFile is an open Parquet file.
type parquetFile struct {
	*parquet.File
	file   *os.File
	copy   bool
	fenced fenced
	leaves []parquet.LeafColumn
}

// openParquet opens the source. Faults of the content are a *parquetError.
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
		err = f.open(size)
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

// A parquetError is a fault of the content.
type parquetError struct{ err error }

func (e *parquetError) Error() string { return e.err.Error() }

const parquetMagic = "PAR1"

var errNoFooter = errors.New("it has no footer, which stands at the end of a whole file")

func (f *parquetFile) open(size int64) (err error) {
	tail := make([]byte, 8)
	if _, err := f.file.ReadAt(tail, max(0, size-8)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	footer := int64(tail[0]) | int64(tail[1])<<8 | int64(tail[2])<<16 | int64(tail[3])<<24
	if !bytes.Equal(tail[4:], []byte(parquetMagic)) || footer > size {
		return &parquetError{errNoFooter}
	}
	defer catch(&err)
	f.fenced.in = io.NewSectionReader(f.file, 0, size) // an offset that is wrong is no fault of the disk
	f.File, err = parquet.OpenFile(&f.fenced, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	for _, path := range f.Schema().Columns() {
		leaf, _ := f.Schema().Lookup(path...)
		f.leaves = append(f.leaves, leaf)
	}
	return f.agrees()
}

// catch turns a panic of the library, and its errors, into faults of the content.
func catch(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it can't be read: %v", p)
	}
	var disk syscall.Errno
	if *err != nil && !errors.As(*err, &disk) {
		*err = &parquetError{*err}
	}
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
		}
		if err == nil {
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
			return nil, err
		}
	}
	raw.Offset = rows.offset()
	if rows.fault == nil && rows.at >= rows.whole {
		rows.fault = rows.torn
	}
	if rows.fault == nil {
		rows.fault = rows.read(raw.row)
	}
	if fault := (*parquetError)(nil); errors.As(rows.fault, &fault) {
		raw.Reject = r.reject(raw, Corrupt, fault.Error())
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
	var fault *parquetError
	reason := Corrupt
	if !errors.As(err, &fault) {
		if reason = faultOf(err); reason == "" {
			return nil, err
		}
	} else if fault.err == errNoFooter { //nolint:errorlint // nothing wraps it
		reason = Truncated
	}
	raw.Offset = max(0, r.source.Size)
	raw.Reject = r.reject(raw, reason, err.Error())
	r.pos.Number++
	r.pos.Ended = true
	return raw, nil
}

func newRowReader(source *Source, f *parquetFile, fields []field) (rows *rowReader, err error) {
	defer catch(&err)
	rows = &rowReader{file: f}
	source.table.columns = nil
	for _, top := range f.Root().Columns() {
		source.table.columns = append(source.table.columns, top.Name())
	}
	for _, field := range fields {
		c := column{}
		c.leaf, c.found = f.Schema().Lookup(field.path...)
		if !c.found {
			c.leaf, c.found = f.Schema().Lookup(field.name())
		}
		if c.found && c.leaf.MaxRepetitionLevel == 0 {
			c.text = textOf(c.leaf.Node.Type())
		}
		rows.columns = append(rows.columns, c)
	}
	return rows, nil
}

// textOf returns what writes values of a column as text, nil if they are not of that kind.
func textOf(t parquet.Type) func(parquet.Value) string {
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.TimestampType:
			if l.Unit.Value != nil {
				return func(v parquet.Value) string { return timestamp(v.Int64(), l.Unit.Value.Duration()) }
			}
		case *format.DateType:
			return func(v parquet.Value) string { return timestamp(int64(v.Int32()), 24*time.Hour) }
		}
	}
	switch t.Kind() {
	case parquet.ByteArray:
		return func(v parquet.Value) string { return string(v.ByteArray()) }
	case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
		return func(v parquet.Value) string { return v.String() }
	}
	return nil
}

func timestamp(n int64, unit time.Duration) string {
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
	g := rows.file.Metadata().RowGroups[rows.group-1]
	start := g.FileOffset
	if start == 0 && len(g.Columns) > 0 {
		start = g.Columns[0].MetaData.DataPageOffset
		if d := g.Columns[0].MetaData.DictionaryPageOffset; d > 0 {
			start = min(start, d)
		}
	}
	size := g.TotalCompressedSize
	if size == 0 {
		for _, c := range g.Columns {
			size += c.MetaData.TotalCompressedSize
		}
	}
	if rows.rows == 0 {
		return start
	}
	return start + int64(float64(size)*float64(rows.at)/float64(rows.rows))
}

// nextGroup opens the columns of the next row group. A fault is that of the group.
func (rows *rowReader) nextGroup() error {
	rows.closePages()
	groups := rows.file.RowGroups()
	if rows.group == len(groups) {
		return io.EOF
	}
	g := groups[rows.group]
	rows.base += rows.rows
	rows.group++
	rows.at, rows.rows, rows.fault = 0, g.NumRows(), nil
	if rows.fault = rows.fence(); rows.fault == nil {
		rows.fault = rows.openPages(g, 0)
	}
	rows.whole, rows.torn = rows.rows, nil
	if rows.copied {
		rows.readAhead(g)
	}
	return nil
}

// fence looks at the columns of the present row group that will be read.
func (rows *rowReader) fence() (err error) {
	defer catch(&err)
	leaves := rows.file.leaves
	if !rows.copied {
		leaves = nil
		for _, c := range rows.columns {
			if c.text != nil {
				leaves = append(leaves, c.leaf)
			}
		}
	}
	return rows.file.fence(rows.group-1, leaves)
}

// readAhead reads the rows of a row group as they will be copied.
func (rows *rowReader) readAhead(g parquet.RowGroup) {
	defer catch(&rows.torn)
	rows.whole = 0
	rows.torn = eachRow(g, 0, func(parquet.Row) (bool, error) {
		rows.whole++
		return true, nil
	})
}

func (rows *rowReader) openPages(g parquet.RowGroup, at int64) (err error) {
	defer catch(&err)
	chunks := g.ColumnChunks()
	for i := range rows.columns {
		c := &rows.columns[i]
		if c.text == nil {
			continue
		}
		c.pages = chunks[c.leaf.ColumnIndex].Pages()
		if at > 0 {
			if err := c.pages.SeekToRow(at); err != nil {
				return err
			}
		}
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
		rows.closePages()
		rows.fault = rows.openPages(rows.file.RowGroups()[rows.group-1], rows.at)
	}
	return nil
}

// read reads a row.
func (rows *rowReader) read(to *row) (err error) {
	defer catch(&err)
	to.values = make([]*string, len(rows.columns))
	for i := range rows.columns {
		c := &rows.columns[i]
		if c.text == nil {
			continue
		}
		v, err := c.next()
		if err != nil {
			return err
		}
		if !v.IsNull() {
			s := strings.Clone(c.text(v))
			to.values[i] = &s
		}
	}
	return nil
}

func (c *column) next() (parquet.Value, error) {
	var v [1]parquet.Value
	for {
		if c.read != nil {
			n, err := c.read.ReadValues(v[:])
			if n == 1 {
				return v[0], nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return v[0], err
			}
			parquet.Release(c.page)
			c.read, c.page = nil, nil
		}
		page, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return v[0], errors.New("a column has less values than its row group has rows")
		}
		if err != nil {
			return v[0], err
		}
		c.page, c.read = page, page.Values()
	}
}

func (rows *rowReader) closePages() {
	for i := range rows.columns {
		c := &rows.columns[i]
		if c.page != nil {
			parquet.Release(c.page)
		}
		if c.pages != nil {
			c.pages.Close()
		}
		c.pages, c.page, c.read = nil, nil, nil
	}
}

func (rows *rowReader) close() error {
	rows.closePages()
	return rows.file.close()
}

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
