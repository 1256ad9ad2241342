package codec

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// A CorruptError reports a compressed stream that can't be read further.
type CorruptError struct {
	Codec  Codec
	Offset int64 // about where, in bytes of the compressed stream
	Err    error
}

func (e *CorruptError) Error() string {
	what := e.Err.Error()
	switch {
	case e.Truncated():
		what = "it ends too early"
	case errors.Is(e.Err, zstd.ErrWindowSizeExceeded), errors.Is(e.Err, xz.ErrMemlimit):
		what = fmt.Sprintf("its window is larger than %d MiB", maxWindow>>20)
	}
	return fmt.Sprintf("%s stream, compressed byte %d: %s", e.Codec, e.Offset, what)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// Truncated reports whether the stream was sound up to where it ends.
func (e *CorruptError) Truncated() bool {
	return errors.Is(e.Err, io.ErrUnexpectedEOF) || errors.Is(e.Err, xz.ErrBuf)
}

// A sourceError is an error of the reader beneath, and no fault of its content.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// maxWindow is the most memory that a stream may ask for. It is what the zstd program allows.
const maxWindow = 128 << 20

// Blocks read ahead, and their size.
const (
	aheadBlocks = 3
	blockBytes  = 256 << 10
)

// readBytes is how much of a stream is read at once.
const readBytes = maxRawBlock + 64<<10

// A Reader reads what a stream holds. It is not safe for concurrent use.
type Reader struct {
	counted *counter
	blocks  chan block
	free    chan []byte
	stop    chan struct{}
	now     block
	rest    []byte // of now
}

type block struct {
	bytes []byte
	err   error // after the bytes
}

// NewReader reads a compressed stream. Errors of its content are a *[CorruptError], those of
// r come as they are. It must be closed; after that, when nothing reads r any more, done is
// called, unless it is nil.
func NewReader(r io.Reader, c Codec, done func()) *Reader {
	d := &Reader{counted: &counter{in: r}, blocks: make(chan block, aheadBlocks), free: make(chan []byte, aheadBlocks+2), stop: make(chan struct{})}
	go func() {
		if done != nil {
			defer done()
		}
		d.decode(c)
	}()
	return d
}

// Consumed returns how many compressed bytes were taken from the stream, also ahead of what
// was read. It may be called at any time.
func (d *Reader) Consumed() int64 { return d.counted.n.Load() }

// Close ends the goroutine that reads ahead, when it next has something to say.
func (d *Reader) Close() error {
	close(d.stop)
	return nil
}

func (d *Reader) Read(p []byte) (int, error) {
	for len(d.rest) == 0 {
		if d.now.err != nil {
			return 0, d.now.err
		}
		if d.now.bytes != nil {
			d.free <- d.now.bytes
		}
		d.now = <-d.blocks
		d.rest = d.now.bytes
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// decode fills blocks until the end, or until nobody wants more.
func (d *Reader) decode(c Codec) {
	in := bufio.NewReaderSize(d.counted, readBytes)
	out, err := open(in, c)
	if out != nil {
		defer out.Close()
	}
	for {
		var b block
		select {
		case b.bytes = <-d.free:
		default:
			b.bytes = make([]byte, blockBytes)
		}
		b.bytes = b.bytes[:blockBytes]
		n := 0
		for err == nil && n < len(b.bytes) {
			var m int
			m, err = out.Read(b.bytes[n:])
			n += m
		}
		b.bytes = b.bytes[:n]
		b.err = d.explain(c, err, int64(in.Buffered()))
		select {
		case d.blocks <- b:
		case <-d.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

func (d *Reader) explain(c Codec, err error, unread int64) error {
	var source sourceError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case errors.As(err, &source):
		return source.error
	}
	return &CorruptError{c, d.counted.n.Load() - unread, err}
}

func open(in *bufio.Reader, c Codec) (io.ReadCloser, error) {
	if _, err := in.Peek(1); errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF // not even a header
	}
	switch c {
	case Gzip:
		return &members{in: in}, nil
	case Zstd:
		return newFrames(in)
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(in)), nil
	case Xz:
		z, err := xz.NewReader(in, maxWindow)
		return io.NopCloser(z), err
	}
	return io.NopCloser(in), nil
}

func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// members reads the members of a gzip stream, and zeros after them, which some writers leave.
type members struct {
	in   *bufio.Reader
	z    *gzip.Reader
	open bool
}

var errTrailing = errors.New("what follows the last member is not gzip")

func (m *members) Read(p []byte) (int, error) {
	for {
		if !m.open {
			if err := m.next(); err != nil {
				return 0, err
			}
		}
		n, err := m.z.Read(p)
		if errors.Is(err, io.EOF) {
			m.open, err = false, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next opens the next member. The error is io.EOF if there is none.
func (m *members) next() error {
	if m.z == nil {
		z, err := gzip.NewReader(m.in)
		if err != nil {
			return cut(err)
		}
		m.z = z
	} else {
		first := byte(0)
		for first == 0 {
			var err error
			if first, err = m.in.ReadByte(); err != nil {
				return err
			}
		}
		if err := m.in.UnreadByte(); err != nil {
			return err
		}
		if first != 0x1f {
			return errTrailing
		}
		if err := m.z.Reset(m.in); err != nil {
			if errors.Is(err, gzip.ErrHeader) {
				err = errTrailing
			}
			return cut(err)
		}
	}
	m.z.Multistream(false)
	m.open = true
	return nil
}

func (m *members) Close() error { return nil }

// A counter counts what is read and marks errors as those of the source.
type counter struct {
	in io.Reader
	n  atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n.Add(int64(n))
	if err != nil && err != io.EOF { //nolint:errorlint // what a Reader returns at its end
		err = sourceError{err}
	}
	return n, err
}
