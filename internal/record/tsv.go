package record

import (
	"bytes"
	"slices"
	"strings"
)

// In text/tab-separated-values a field runs from tab to tab and a record is a line: a quotation mark is
// a character like any other, and so is a backslash (IANA, 1993). Spreadsheets and some libraries quote
// fields as in CSV, which then may hold tabs and line feeds. Nothing in a file says which it is.

// sampleBytes is how much of a table is looked at to tell. It can be had of the first MiB of any
// compressed file, so that the answer does not depend on compression.
const sampleBytes = 256 << 10

// quotedFields tells by its beginning whether the fields of a table are quoted as in CSV: if fewer lines
// are lost when it is read so; or as few, and the names in the header row are quoted.
func quotedFields(b []byte, comma byte) bool {
	cut := len(b) == sampleBytes // so the last line may be, and the last row
	if cut {
		b = b[:bytes.LastIndexByte(b, '\n')+1]
	}
	end, closed := rowEnd(b, comma)
	header := withoutEnd(bytes.TrimPrefix(b[:end], bom))
	names, ok := splitRow(header, comma)
	if !closed || !ok {
		return false
	}
	quoted, plain := linesLostQuoted(b[end:], comma, len(names), cut), linesLostPlain(b, comma)
	if quoted == plain {
		return !slices.Equal(names, strings.Split(string(header), string(comma)))
	}
	return quoted < plain
}

// linesLostPlain counts the lines that have another number of fields than the first, if nothing is
// quoted.
func linesLostPlain(b []byte, comma byte) int {
	end, _ := lineEnd(b)
	fields := bytes.Count(b[:end], []byte{comma}) + 1
	lines, rows := plainRows(b[end:], comma, fields)
	return lines - rows
}

// linesLostQuoted counts the lines of rows that can't be read, if fields are quoted. A row of several
// lines that are rows by themselves is not one row: something else than a quoted field begins with a
// mark, and its lines are lost to it.
func linesLostQuoted(b []byte, comma byte, fields int, cut bool) (lost int) {
	for len(b) > 0 {
		q := quotes{comma: comma, fieldStart: true}
		end := 0
		for end < len(b) && !q.ended {
			q.next(b[end])
			end++
		}
		lines, rows := plainRows(b[:end], comma, fields)
		row, ok := splitRow(withoutEnd(b[:end]), comma)
		switch {
		case lines == 0: // blank
		case lines > 1 && rows > 1 && fields > 1:
			lost += rows
		case cut && !q.ended:
		case !ok:
			end, _ = lineEnd(b)
			lost++
		case len(row) != fields:
			lost += lines
		}
		b = b[end:]
	}
	return lost
}

// plainRows counts the lines that are not blank, and those of them with so many fields if nothing is
// quoted.
func plainRows(b []byte, comma byte, fields int) (lines, rows int) {
	for line := range bytes.Lines(b) {
		n := bytes.Count(line, []byte{comma}) + 1
		if n == 1 && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lines++
		if n == fields {
			rows++
		}
	}
	return lines, rows
}

// lineEnd returns the end of the line that b begins with, and whether it was seen.
func lineEnd(b []byte) (end int, closed bool) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(b), false
}
