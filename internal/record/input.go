package record

import (
	"bytes"
	"io"
)

// An input is a buffered reader to which bytes can be put back.
type input struct {
	in         io.Reader
	buf        []byte
	start, end int   // of what is unread
	err        error // of in, after what is unread
}

// The buffer begins small, since many inputs are, and grows to inputBytes.
const (
	smallInput = 32 << 10
	inputBytes = 1 << 20
)

func newInput(in io.Reader) *input { return &input{in: in, buf: make([]byte, smallInput)} }

// fill reads more, if there is room.
func (i *input) fill() {
	buf := i.buf
	switch full := i.end == len(buf); {
	case len(buf) > inputBytes && i.start == i.end: // what was put back is read
		buf = make([]byte, inputBytes)
	case len(buf) < inputBytes && full:
		buf = make([]byte, min(4*len(buf), inputBytes))
	case !full && i.start < i.end:
		buf = nil
	}
	if buf != nil {
		i.end = copy(buf, i.buf[i.start:i.end])
		i.start, i.buf = 0, buf
	}
	n := 0
	for tries := 0; n == 0 && i.err == nil && i.end < len(i.buf) && tries < 100; tries++ {
		n, i.err = i.in.Read(i.buf[i.end:])
		i.end += n
	}
	if n == 0 && i.err == nil && i.end < len(i.buf) {
		i.err = io.ErrNoProgress
	}
}

// peek returns the next n bytes, fewer if there are no more or the buffer ends.
func (i *input) peek(n int) []byte {
	n = min(n, inputBytes)
	for i.end-i.start < n && i.err == nil {
		i.fill()
	}
	return i.buf[i.start:min(i.start+n, i.end)]
}

// skip passes over n bytes that were peeked.
func (i *input) skip(n int) { i.start += n }

// line returns what there is up to a line feed, or of a longer line a part. The bytes are
// good until the next call. The error is that of the reader, when nothing is left.
func (i *input) line() (part []byte, ended bool, err error) {
	seen := 0
	for {
		if n := bytes.IndexByte(i.buf[i.start+seen:i.end], '\n'); n >= 0 {
			part = i.buf[i.start : i.start+seen+n+1]
			i.start += len(part)
			return part, true, nil
		}
		seen = i.end - i.start
		if seen >= inputBytes || i.err != nil {
			part = i.buf[i.start:i.end]
			i.start = i.end
			if len(part) == 0 {
				return nil, false, i.err
			}
			return part, false, nil
		}
		i.fill()
	}
}

// emptyLines passes over the empty lines that are in the buffer.
func (i *input) emptyLines() (lines, length int64) {
	b := i.buf[i.start:i.end]
	at := 0
	for at < len(b) {
		switch {
		case b[at] == '\n':
			at++
		case b[at] == '\r' && at+1 < len(b) && b[at+1] == '\n':
			at += 2
		default:
			i.start += at
			return lines, int64(at)
		}
		lines++
	}
	i.start += at
	return lines, int64(at)
}

// some returns up to n bytes, at least one unless there is an error.
func (i *input) some(n int64) ([]byte, error) {
	if i.start == i.end {
		if i.err != nil {
			return nil, i.err
		}
		i.fill()
	}
	part := i.buf[i.start : int64(i.start)+min(n, int64(i.end-i.start))]
	i.start += len(part)
	if len(part) == 0 {
		return nil, i.err
	}
	return part, nil
}

// unread puts bytes back before what is unread.
func (i *input) unread(b []byte) {
	if len(b) <= i.start {
		i.start -= len(b)
		copy(i.buf[i.start:], b)
		return
	}
	i.buf = append(bytes.Clone(b), i.buf[i.start:i.end]...)
	i.start, i.end = 0, len(i.buf)
}
