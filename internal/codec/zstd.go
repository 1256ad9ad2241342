package codec

import (
	"bufio"
	"errors"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
)

// frames reads Zstandard frames. If the checksum of a frame is wrong or cut off, the decoder
// returns its last block by another read after the error.
type frames struct {
	io.ReadCloser
	err error
}

func newFrames(in *bufio.Reader) (io.ReadCloser, error) {
	z, err := zstd.NewReader(&mender{in: in}, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &frames{ReadCloser: z.IOReadCloser()}, nil
}

func (f *frames) Read(p []byte) (int, error) {
	if f.err == nil {
		n, err := f.ReadCloser.Read(p)
		if n > 0 || err == nil || errors.Is(err, io.EOF) {
			return n, err
		}
		f.err = err
	}
	if n, _ := f.ReadCloser.Read(p); n > 0 {
		return n, nil
	}
	return 0, f.err
}

// A mender passes a Zstandard stream on to the decoder, which gives the content of a block only
// when it has all of it. A raw block holds its content as it is: one that was cut is made a block
// of what is there, so that this is not lost.
type mender struct {
	in      *bufio.Reader // holds a raw block
	left    int64         // to be passed on as it is
	inFrame bool
	sum     int64 // the length of the checksum behind the frame
	ended   bool  // with a block that was cut
}

// Blocks of a frame.
const (
	blockHeader = 3
	rawBlock    = 0 // the types
	runBlock    = 1 // one byte, repeated
	maxRawBlock = 128 << 10
)

func (m *mender) Read(p []byte) (int, error) {
	if m.left == 0 {
		if m.ended {
			return 0, io.EOF
		}
		m.left = m.next()
	}
	n, err := m.in.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, err
}

// next returns the length of the header, frame to be skipped or block that comes next. What is
// none of them is the decoder's to explain.
func (m *mender) next() int64 {
	if !m.inFrame {
		var h zstd.Header
		head, _ := m.in.Peek(zstd.HeaderMaxSize)
		if h.Decode(head) != nil {
			return math.MaxInt64
		}
		m.inFrame, m.sum = !h.Skippable, 0
		if h.HasCheckSum {
			m.sum = 4
		}
		return int64(h.HeaderSize) + int64(h.SkippableSize)
	}
	head, _ := m.in.Peek(blockHeader)
	if len(head) < blockHeader {
		return math.MaxInt64
	}
	header := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	last, kind, size := header&1 == 1, header>>1&3, header>>3
	switch {
	case kind == runBlock:
		size = 1
	case kind == rawBlock && size <= maxRawBlock:
		block, err := m.in.Peek(blockHeader + size)
		if there := len(block) - blockHeader; there < size && errors.Is(err, io.EOF) {
			block[0], block[1], block[2] = byte(there<<3), byte(there>>5), byte(there>>13) // and not the last one
			m.ended = true
			return int64(len(block))
		}
	}
	length := int64(blockHeader + size)
	if last {
		m.inFrame = false
		length += m.sum
	}
	return length
}
