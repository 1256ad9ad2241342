package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A Raw is one record as it stands in its source.
type Raw struct {
	Source *Source
	Number int64  // of the record in its source, from 1, blank and rejected ones counted
	Line   int64  // on which it begins, from 1
	Offset int64  // at which it begins, in bytes
	Length int64  // in bytes, without End; of a rejected one too
	Bytes  []byte // nil if it was rejected when it was framed
	End    []byte // the line ending, empty at the end of a source
	Reject *Reject
}

// Blank reports a line with nothing but white space. A text is never blank.
func (r *Raw) Blank() bool {
	return !r.Source.Format.Whole() && r.Reject == nil && len(bytes.TrimSpace(r.Bytes)) == 0
}

// A Position is where a Reader stands. The zero value is the start.
type Position struct {
	Offset int64 `json:"offset"` // bytes
	Number int64 `json:"number"` // records read
}

// DefaultMaxBytes is the default limit on the length of a record.
const DefaultMaxBytes = 16 << 20

// A Reader cuts a source into raw records. It is not safe for concurrent use.
type Reader struct {
	source   *Source
	in       *bufio.Reader
	pos      Position
	maxBytes int64
	atStart  bool
	whole    bool // a text was read
}

var bom = []byte("\ufeff")

// Reader returns a reader of s that begins at a position where another reader of it stood.
// A record of more than maxBytes is a reject, and its bytes are not held.
func (s *Source) Reader(from Position, maxBytes int64) (*Reader, error) {
	in, err := s.bytesFrom(from.Offset)
	if err != nil {
		return nil, err
	}
	return &Reader{source: s, in: bufio.NewReaderSize(in, 1<<20), pos: from, maxBytes: maxBytes, atStart: from.Offset == 0}, nil
}

// Position returns where the next record begins.
func (r *Reader) Position() Position { return r.pos }

// HasBOM reports whether the source begins with a byte order mark. It is no part of the
// first record of a source of lines.
func (s *Source) HasBOM() bool {
	head, err := s.head()
	return err == nil && bytes.HasPrefix(head, bom)
}

// Next returns the next record. The error is io.EOF at the end. The bytes are the caller's.
func (r *Reader) Next() (*Raw, error) {
	if r.source.Format.Whole() {
		return r.text()
	}
	if r.atStart {
		r.atStart = false
		if head, _ := r.in.Peek(len(bom)); bytes.Equal(head, bom) {
			n, _ := r.in.Discard(len(bom))
			r.pos.Offset += int64(n)
		}
	}
	return r.line()
}

func (r *Reader) line() (*Raw, error) {
	raw := &Raw{Source: r.source, Number: r.pos.Number + 1, Line: r.pos.Number + 1, Offset: r.pos.Offset}
	var kept []byte
	var last byte // the byte before the line feed, of a line too long to be kept
	for {
		part, err := r.in.ReadSlice('\n')
		ended := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: byte %d: %w", r.source.Name, r.pos.Offset, err)
		}
		if errors.Is(err, io.EOF) && len(part) == 0 && raw.Length == 0 {
			return nil, io.EOF
		}
		r.pos.Offset += int64(len(part))
		raw.Length += int64(len(part))
		if raw.Length <= r.maxBytes+2 { // a line ending does not count
			kept = append(kept, part...)
		} else if kept = nil; len(part) > 1 {
			last = part[len(part)-2]
		}
		if ended || errors.Is(err, io.EOF) {
			r.finish(raw, kept, ended, last)
			return raw, nil
		}
	}
}

// finish takes the line ending off and rejects a line that is too long.
func (r *Reader) finish(raw *Raw, kept []byte, ended bool, last byte) {
	r.pos.Number++
	if n := len(kept); n > 1 {
		last = kept[n-2]
	}
	if ended {
		raw.End = []byte("\n")
		if last == '\r' && raw.Length > 1 {
			raw.End = []byte("\r\n")
		}
	}
	raw.Length -= int64(len(raw.End))
	if raw.Length > r.maxBytes {
		raw.Reject = r.tooLong(raw)
		return
	}
	raw.Bytes = kept[:raw.Length:raw.Length]
}

func (r *Reader) text() (*Raw, error) {
	if r.whole || r.pos.Number > 0 {
		return nil, io.EOF
	}
	r.whole = true
	raw := &Raw{Source: r.source, Number: 1, Line: 1}
	b, err := io.ReadAll(io.LimitReader(r.in, r.maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.source.Name, err)
	}
	raw.Bytes, raw.Length = b, int64(len(b))
	if raw.Length > r.maxBytes {
		rest, err := io.Copy(io.Discard, r.in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.source.Name, err)
		}
		raw.Length += rest
		raw.Bytes = nil
		raw.Reject = r.tooLong(raw)
	}
	r.pos = Position{Offset: raw.Length, Number: 1}
	return raw, nil
}

func (r *Reader) tooLong(raw *Raw) *Reject {
	return &Reject{raw.Source.Name, raw.Line, raw.Offset, TooLong, fmt.Sprintf("%d bytes, the limit is %d", raw.Length, r.maxBytes)}
}
