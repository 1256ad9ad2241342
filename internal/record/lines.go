package record

import (
	"errors"
	"io"
)

// Line endings, which must not be changed.
var (
	lineFeed      = []byte("\n")
	returnAndFeed = []byte("\r\n")
)

// line reads a line, which ends with a line feed or at the end of the source.
func (r *Reader) line(raw *Raw) error {
	h := r.hold(raw, 2) // a line ending does not count
	var last byte       // the byte before the line feed
	for {
		part, ended, err := r.in.line()
		if errors.Is(err, io.EOF) && raw.Length > 0 {
			r.pos.Line++
			if raw.Length > r.opts.MaxBytes {
				raw.Reject = r.tooLong(raw)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if n := len(part); ended && n > 1 {
			last = part[n-2]
		} else if !ended {
			last = part[n-1]
		}
		if err := h.add(part); err != nil {
			return err
		}
		if ended {
			r.endLine(raw, last)
			return nil
		}
	}
}

// endLine takes the line ending off a line and rejects it if it is too long.
func (r *Reader) endLine(raw *Raw, last byte) {
	r.pos.Line++
	raw.End = lineFeed
	if last == '\r' && raw.Length > 1 {
		raw.End = returnAndFeed
	}
	raw.Length -= int64(len(raw.End))
	if raw.Bytes != nil {
		raw.Bytes = raw.Bytes[:raw.Length:raw.Length]
	}
	if raw.Length > r.opts.MaxBytes {
		raw.Reject = r.tooLong(raw)
	}
}

// whole reads the source as one record.
func (r *Reader) whole(raw *Raw) error {
	if r.pos.Number > 0 {
		return io.EOF
	}
	raw.Bytes = []byte{}
	h := r.hold(raw, 0)
	for {
		part, err := r.in.some(inputBytes)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := h.add(part); err != nil {
			return err
		}
	}
	if raw.Length > r.opts.MaxBytes {
		raw.Reject = r.tooLong(raw)
	}
	return nil
}
