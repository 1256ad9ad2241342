package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"neardup/internal/codec"
)

// A Raw is one record as it stands in its source.
type Raw struct {
	Source *Source
	Number int64  // of the record in its source, from 1, blank and rejected ones counted
	Line   int64  // on which it begins, from 1; the number where there are no lines
	Offset int64  // at which it begins, in bytes of the decompressed content
	Length int64  // in bytes, without End; of a rejected one too
	Bytes  []byte // nil if it was not held
	End    []byte // what ends it, such as a line feed; empty at the end of a source
	Reject *Reject

	// More counts the empty lines that follow a blank one and were read with it.
	More int64

	// Other tells that it is no document, such as a request in a WARC file: it is not judged,
	// and stands in the output as it stood.
	Other bool

	row  *row     // of Parquet, instead of bytes
	copy *os.File // its bytes, if they are too many to be held and can't be read again
}

// Blank reports a record with nothing but white space. A text is never blank.
func (r *Raw) Blank() bool {
	switch r.Source.Format {
	case CSV, TSV:
		if r.Source.table.comma == '\t' { // where tabs stand between fields
			return r.Reject == nil && len(bytes.Trim(r.Bytes, " \r")) == 0
		}
		return r.Reject == nil && len(bytes.TrimSpace(r.Bytes)) == 0
	case JSONL, Lines:
		return r.Reject == nil && len(bytes.TrimSpace(r.Bytes)) == 0
	}
	return false
}

// WriteTo writes the bytes of the record, without what ends it.
func (r *Raw) WriteTo(w io.Writer) (int64, error) {
	switch {
	case r.Bytes != nil || r.Length == 0:
		n, err := w.Write(r.Bytes)
		return int64(n), err
	case r.copy != nil:
		return io.Copy(w, io.NewSectionReader(r.copy, 0, r.Length))
	case r.Source.Again():
		return io.Copy(w, io.NewSectionReader(r.Source, r.Offset, r.Length))
	}
	return 0, fmt.Errorf("%s: byte %d: the record was not held", r.Source.Name, r.Offset)
}

// Release lets go of what a record holds besides memory.
func (r *Raw) Release() {
	if r.copy != nil {
		closeTemp(r.copy)
		r.copy = nil
	}
}

// A Position is where a Reader stands. The zero value is the start.
type Position struct {
	Offset int64 `json:"offset"`          // bytes of the decompressed content
	Number int64 `json:"number"`          // records read
	Line   int64 `json:"line"`            // lines read
	Ended  bool  `json:"ended,omitempty"` // at a fault behind which nothing can be read
}

// DefaultMaxBytes is the default limit on the length of a record.
const DefaultMaxBytes = 16 << 20

// ReadOptions bound what is read.
type ReadOptions struct {
	MaxBytes   int64  // of a record; a longer one is a reject. Zero means DefaultMaxBytes
	MaxDecoded int64  // of the decompressed content; what follows is one reject. Zero means no limit
	Fields     Fields // that will be decoded, so that other columns need not be read

	// CopyLong copies records that are too long to be held to the temporary directory, if they
	// can't be read again.
	CopyLong bool
}

// A Reader cuts a source into raw records. It is not safe for concurrent use.
type Reader struct {
	source *Source
	opts   ReadOptions
	body   *body
	in     *input
	pos    Position
	wasted int64 // bytes that were read in vain and put back
	rows   *rowReader
}

// Reader returns a reader of s that begins at a position where another reader of it stood. It
// must be closed.
func (s *Source) Reader(from Position, opts ReadOptions) (*Reader, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	r := &Reader{source: s, opts: opts, pos: from}
	if from.Ended || s.Format == Parquet {
		return r, nil
	}
	var err error
	if r.body, err = s.body(from.Offset); err != nil {
		return nil, err
	}
	var in io.Reader = r.body
	if opts.MaxDecoded > 0 {
		in = &limited{in, opts.MaxDecoded - from.Offset, opts.MaxDecoded}
	}
	r.in = newInput(in)
	if from.Offset == 0 && len(s.Preamble) > 0 {
		r.in.skip(len(r.in.peek(len(s.Preamble))))
		r.pos.Offset = int64(len(s.Preamble))
		r.pos.Line = int64(bytes.Count(s.Preamble, []byte("\n")))
	}
	return r, nil
}

// Close ends the reader.
func (r *Reader) Close() error {
	var errs []error
	if r.rows != nil {
		errs = append(errs, r.rows.close())
	}
	if r.body != nil {
		errs = append(errs, r.body.Close())
	}
	return errors.Join(errs...)
}

// Position returns where the next record begins.
func (r *Reader) Position() Position { return r.pos }

// Consumed returns how many bytes of the source were read, as they stand there.
func (r *Reader) Consumed() int64 {
	if r.body != nil && r.body.decoder != nil {
		return r.body.decoder.Consumed()
	}
	return r.pos.Offset
}

// Next returns the next record. The error is io.EOF at the end. The bytes are the caller's.
//
// A fault of the content behind which nothing can be read, such as the end of a compressed
// stream before its time, is the last record, and a reject.
func (r *Reader) Next() (*Raw, error) {
	if r.pos.Ended {
		return nil, io.EOF
	}
	raw := &Raw{Source: r.source, Number: r.pos.Number + 1, Line: r.pos.Line + 1, Offset: r.pos.Offset}
	if r.source.nested != "" || r.source.unread != "" {
		raw.Reject = r.reject(raw, Nested, r.source.nested+"; what is inside is not opened")
		if r.source.unread != "" {
			raw.Reject = r.reject(raw, Undecodable, "the text is in "+r.source.unread+", which is not read")
		}
		r.pos.Number++
		r.pos.Ended = true
		return raw, nil
	}
	if r.source.Format == Parquet {
		return r.nextRow()
	}
	err := r.frame(raw)
	if err == nil {
		r.pos.Number++
		if raw.Blank() {
			r.more(raw)
		}
		return raw, nil
	}
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	reason := faultOf(err)
	if reason == "" {
		raw.Release()
		return nil, fmt.Errorf("%s: byte %d: %w", r.source.Name, r.pos.Offset, err)
	}
	raw.Reject = r.reject(raw, reason, err.Error())
	raw.End = nil
	r.pos.Number++
	r.pos.Ended = true
	return raw, nil
}

// more reads the empty lines that are there already.
func (r *Reader) more(raw *Raw) {
	lines, length := r.in.emptyLines()
	raw.More = lines
	r.pos.Number += lines
	r.pos.Line += lines
	r.pos.Offset += length
}

// frame reads a record into raw. The error is io.EOF if there is none; with any other, raw
// has what was read of it.
func (r *Reader) frame(raw *Raw) error {
	switch r.source.Format {
	case Text, HTML:
		return r.whole(raw)
	case CSV, TSV:
		if !r.source.table.plain {
			return r.csvRow(raw)
		}
	case WARC, ARC:
		return r.archived(raw, archives[r.source.Format])
	}
	return r.line(raw)
}

// faultOf returns the reason of a fault of the content, and nothing for other errors.
func faultOf(err error) Reason {
	var corrupt *codec.CorruptError
	var limit *limitError
	switch {
	case errors.As(err, &corrupt) && corrupt.Truncated():
		return Truncated
	case errors.As(err, &corrupt):
		return Corrupt
	case errors.As(err, &limit):
		return OverLimit
	}
	return ""
}

func (r *Reader) reject(raw *Raw, reason Reason, detail string) *Reject {
	return &Reject{raw.Source.Name, raw.Line, raw.Offset, reason, detail, nil}
}

func (r *Reader) tooLong(raw *Raw) *Reject {
	return r.reject(raw, TooLong, fmt.Sprintf("%d bytes, the limit is %d", raw.Length, r.opts.MaxBytes))
}

// A limited reader fails where a limit is passed.
type limited struct {
	in   io.Reader
	left int64
	max  int64
}

type limitError struct{ max int64 }

func (e *limitError) Error() string {
	return fmt.Sprintf("the content goes on behind the limit of %d bytes", e.max)
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		if n, err := l.in.Read(make([]byte, 1)); n == 0 && err != nil {
			return 0, err
		}
		return 0, &limitError{l.max}
	}
	n, err := l.in.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// unread puts back what was read in vain, unless that was more already than what was read to
// some purpose by far: the time stays linear.
func (r *Reader) unread(b []byte) bool {
	if r.wasted += int64(len(b)); r.wasted > 64<<20+4*r.pos.Offset {
		return false
	}
	r.in.unread(b)
	r.pos.Offset -= int64(len(b))
	return true
}

// rewind goes back to where what was read in vain begins, in a file that can be read again there.
func (r *Reader) rewind(to int64) (bool, error) {
	if r.source.stream != nil || !r.source.Again() {
		return false, nil
	}
	if r.wasted += r.pos.Offset - to; r.wasted > 64<<20+4*to {
		return false, nil
	}
	again, err := r.source.Reader(Position{Offset: to}, r.opts)
	if err != nil {
		return false, err
	}
	err = r.body.Close()
	r.body, r.in, r.pos.Offset = again.body, again.in, to
	return true, err
}

// A held is the beginning of a record that is read in parts: all of it up to a limit, and then
// nothing, or a copy in a file.
type held struct {
	r     *Reader
	raw   *Raw
	limit int64
}

func (r *Reader) hold(raw *Raw, slack int64) *held { return &held{r, raw, r.opts.MaxBytes + slack} }

// add appends a part to the record.
func (h *held) add(part []byte) error {
	raw := h.raw
	h.r.pos.Offset += int64(len(part))
	before := raw.Length
	raw.Length += int64(len(part))
	if raw.Length <= h.limit {
		raw.Bytes = append(raw.Bytes, part...)
		return nil
	}
	if before <= h.limit {
		was := raw.Bytes
		raw.Bytes = nil
		if !h.r.opts.CopyLong || h.r.source.Again() {
			return nil
		}
		f, err := tempFile(h.r.source.tempDir, "neardup-record-*")
		if err != nil {
			return err
		}
		raw.copy = f
		if _, err := f.Write(was); err != nil {
			return err
		}
	}
	if raw.copy != nil {
		_, err := raw.copy.Write(part)
		return err
	}
	return nil
}
