package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"neardup/internal/charset"
)

// A table is what the header row says.
type table struct {
	comma   byte // what separates fields
	plain   bool // a quotation mark is a character like any other
	columns []string
}

// Columns returns the names of the columns of a table.
func (s *Source) Columns() []string { return s.table.columns }

// Tabs reports whether tabs stand between the fields of a table.
func (s *Source) Tabs() bool { return s.table.comma == '\t' }

// Rows says how the rows of a table are written, for messages: rows that are written otherwise can't stand
// below them.
func (s *Source) Rows() string {
	switch {
	case s.table.comma == 0:
		return "no fields"
	case s.table.plain:
		return "fields between tabs, in which marks are not quotes"
	}
	return fmt.Sprintf("fields that are quoted, and separated by %q", s.table.comma)
}

// A ColumnsError reports that several columns of a table have the name of a field that is asked for:
// any of them could be meant.
type ColumnsError struct {
	Name    string
	Numbers []int // of the columns, from 1
}

func (e *ColumnsError) Error() string {
	numbers := make([]string, len(e.Numbers))
	for i, n := range e.Numbers {
		numbers[i] = strconv.Itoa(n)
	}
	return fmt.Sprintf("several columns have the name %q: columns %s", e.Name, strings.Join(numbers, " and "))
}

// CheckFields refuses a table in which a field that is asked for is several columns.
func (s *Source) CheckFields(f Fields) error {
	for _, field := range fieldsOf(f) {
		e := &ColumnsError{Name: field.name()}
		for i, name := range s.table.columns {
			if name == e.Name {
				e.Numbers = append(e.Numbers, i+1)
			}
		}
		if len(e.Numbers) > 1 {
			return e
		}
	}
	return nil
}

// separators are what may stand between the fields of a table in CSV. If the name says nothing else, the first
// counts with which the header row has a field for the text: spreadsheets write semicolons where
// numbers have a comma.
var separators = []byte{',', ';', '\t'}

// readHeader finds out how fields are separated and whether they are quoted, and takes the header
// row for the preamble.
func (s *Source) readHeader(text []string) error {
	head, err := s.head(func(head []byte) bool {
		if s.Format == TSV && len(head) < sampleBytes {
			return false
		}
		return !slices.ContainsFunc(separators, func(comma byte) bool { _, closed := rowEnd(head, comma); return !closed })
	})
	if err != nil {
		return err
	}
	t := &s.table
	t.comma = separators[0]
	if FormatOfName(s.Name) == TSV || s.Format == TSV {
		t.comma = '\t'
		t.plain = s.Format == TSV && !quotedFields(head[:min(len(head), sampleBytes)], t.comma)
	} else if i := slices.IndexFunc(separators, func(comma byte) bool { return s.headerHas(head, comma, text) }); i >= 0 {
		t.comma = separators[i]
	}
	end, closed := rowEnd(head, t.comma)
	if t.plain {
		end, closed = lineEnd(head)
	}
	if !closed && len(head) >= maxHead {
		return fmt.Errorf("the header row has no end in the first %d bytes", maxHead)
	}
	s.Preamble = head[:end:end]
	row := s.headerText(s.Preamble)
	names, ok := splitRow(row, t.comma)
	if t.plain {
		if n := bytes.Count(row, []byte{t.comma}) + 1; !ok || len(names) != n { // names may be quoted all the same
			names, ok = t.split(row)
		}
	}
	switch {
	case len(row) == 0:
		return nil
	case !ok:
		return errors.New("the quotation marks of the header row don't match")
	case bytes.IndexByte(bytes.ReplaceAll(row, returnAndFeed, nil), '\r') >= 0:
		return errors.New("there is a carriage return in the header row: lines must end with a line feed")
	}
	t.columns = names
	return nil
}

// headerText returns a header row without its line ending.
func (s *Source) headerText(row []byte) []byte {
	row = bytes.TrimPrefix(row, bom)
	if s.Encoding != "" {
		if t, err := charset.In(row, s.Encoding, charset.Options{}); err == nil {
			row = []byte(t.String)
		}
	}
	return withoutEnd(row)
}

// headerHas reports whether the row that b begins with has one of the fields.
func (s *Source) headerHas(b []byte, comma byte, fields []string) bool {
	end, _ := rowEnd(b, comma)
	names, ok := splitRow(s.headerText(b[:end]), comma)
	return ok && slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(names, f) })
}

func withoutEnd(row []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
}

// split returns the fields of a row without its line ending.
func (t *table) split(row []byte) (fields []string, ok bool) {
	if t.plain {
		return strings.Split(string(row), string(t.comma)), true
	}
	return splitRow(row, t.comma)
}

// rowEnd returns the end of the row that b begins with, and whether it was seen.
func rowEnd(b []byte, comma byte) (end int, closed bool) {
	q := quotes{comma: comma, fieldStart: true}
	for i, c := range b {
		if q.next(c); q.ended {
			return i + 1, true
		}
	}
	return len(b), false
}

// quotes follows the quotation marks of a row, byte by byte. A field is quoted if it begins
// with one; inside, two stand for one.
type quotes struct {
	comma      byte
	fieldStart bool
	inside     bool
	closing    bool // after a mark inside, which closes unless another follows
	ended      bool // the row ended with this byte
	bad        bool // something else than the end of the field follows a closing mark
}

// part takes what stands in one line.
func (q *quotes) part(part []byte) {
	if !q.closing && bytes.IndexByte(part, '"') < 0 {
		if !q.inside {
			q.ended = part[len(part)-1] == '\n'
			q.fieldStart = part[len(part)-1] == q.comma
		}
		return
	}
	for _, c := range part {
		q.next(c)
	}
}

func (q *quotes) next(c byte) {
	if q.closing {
		q.closing = false
		switch c {
		case '"':
			return
		case q.comma, '\n', '\r':
			q.inside = false
		default:
			q.bad = true
			q.inside = false
		}
	}
	switch {
	case q.inside:
		q.closing = c == '"'
	case c == '"' && q.fieldStart:
		q.inside = true
	case c == '\n':
		q.ended = true
	}
	q.fieldStart = !q.inside && c == q.comma
}

// csvRow reads a row, whose quoted fields may hold line feeds. If its marks don't match its
// first line is a reject, and the next row begins behind that.
func (r *Reader) csvRow(raw *Raw) error {
	h := r.hold(raw, 2)
	q := quotes{comma: r.source.table.comma, fieldStart: true}
	firstLine, lines := int64(0), int64(0) // the length of the first, the number of all
	var last byte
	for {
		part, ended, err := r.in.line()
		atEnd := errors.Is(err, io.EOF)
		switch {
		case atEnd && raw.Length == 0, err != nil && !atEnd:
			return err
		case atEnd && q.inside && !q.closing, atEnd && q.bad:
			r.badQuotes(raw, firstLine, lines+1)
			return nil
		case atEnd:
			r.pos.Line += lines + 1
			if raw.Length > r.opts.MaxBytes {
				raw.Reject = r.tooLong(raw)
			}
			return nil
		}
		if r.swallows(raw, &q, firstLine, lines, len(part)) {
			r.in.unread(part)
			r.badQuotes(raw, firstLine, lines)
			return nil
		}
		q.part(part)
		if n := len(part); ended && n > 1 {
			last = part[n-2]
		} else if !ended {
			last = part[n-1]
		}
		if err := h.add(part); err != nil {
			return err
		}
		if !ended {
			continue
		}
		if lines++; lines == 1 {
			firstLine = raw.Length
		}
		switch {
		case q.bad:
			r.badQuotes(raw, firstLine, lines)
			return nil
		case q.ended:
			r.pos.Line += lines - 1
			r.endLine(raw, last)
			return nil
		}
	}
}

// swallows reports that a row would become too long with the next part, and that lines which are rows by
// themselves are in the field that has no end: its mark is a stray one.
func (r *Reader) swallows(raw *Raw, q *quotes, firstLine, lines int64, next int) bool {
	if lines == 0 || !q.inside || raw.Bytes == nil || raw.Length+int64(next) <= r.opts.MaxBytes+2 {
		return false
	}
	t := r.source.table
	_, rows := plainRows(raw.Bytes[firstLine:], t.comma, len(t.columns))
	return rows > 1 && len(t.columns) > 1
}

// badQuotes rejects the first line of a row and puts back the others. What is too long to be
// held is rejected whole.
func (r *Reader) badQuotes(raw *Raw, firstLine, lines int64) {
	raw.Reject = r.reject(raw, BadQuotes, "the quotation marks of this row don't match")
	if raw.Bytes != nil && firstLine > 0 && r.unread(raw.Bytes[firstLine:]) {
		raw.Length = firstLine
		raw.Bytes = raw.Bytes[:firstLine:firstLine]
		r.endLine(raw, lastBut(raw.Bytes))
		return
	}
	r.pos.Line += lines
	if lines > 1 {
		raw.Reject.Detail += fmt.Sprintf("; %d lines and %d bytes are lost", lines, raw.Length)
	}
}

func lastBut(line []byte) byte {
	if len(line) < 2 {
		return 0
	}
	return line[len(line)-2]
}

// splitRow returns the fields of a row without its line ending.
func splitRow(row []byte, comma byte) (fields []string, ok bool) {
	for {
		if len(row) > 0 && row[0] == '"' {
			var field strings.Builder
			row = row[1:]
			for {
				i := bytes.IndexByte(row, '"')
				if i < 0 {
					return nil, false
				}
				field.Write(row[:i])
				row = row[i+1:]
				if len(row) == 0 || row[0] != '"' {
					break
				}
				field.WriteByte('"')
				row = row[1:]
			}
			if len(row) > 0 && row[0] != comma {
				return nil, false
			}
			fields = append(fields, field.String())
		} else {
			i := bytes.IndexByte(row, comma)
			if i < 0 {
				i = len(row)
			}
			fields = append(fields, string(row[:i]))
			row = row[i:]
		}
		if len(row) == 0 {
			return fields, true
		}
		row = row[1:]
	}
}

// decodeRow decodes a row of a table.
func (d *Decoder) decodeRow(raw *Raw) (Record, *Reject) {
	reject := func(reason Reason, detail string) (Record, *Reject) {
		return Record{}, &Reject{raw.Source.Name, raw.Line, raw.Offset, reason, detail, nil}
	}
	t := raw.Source.table
	fields, ok := t.split(raw.Bytes)
	switch {
	case !ok:
		return reject(BadQuotes, "the quotation marks of this row don't match")
	case len(fields) != len(t.columns):
		detail := fmt.Sprintf("%d fields, the header row has %d", len(fields), len(t.columns))
		if t.plain && bytes.IndexByte(raw.Bytes, '"') >= 0 {
			detail += "; quotation marks are read as characters like any other (--input-format csv reads them as in CSV)"
		}
		return reject(WrongFields, detail)
	}
	values := make([]*string, len(d.fields))
	for i, f := range d.fields {
		if at := slices.Index(t.columns, f.name()); at >= 0 {
			values[i] = &fields[at]
		}
	}
	rec := d.fromValues(raw, values)
	if rec == nil {
		return d.noText(raw, t.columns)
	}
	return *rec, nil
}
