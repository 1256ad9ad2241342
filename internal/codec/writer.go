package codec

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A Compressor makes members or frames, which stand for themselves: a stream is any number of
// them. It is not safe for concurrent use.
type Compressor struct {
	codec Codec
	gzip  *gzip.Writer
	zstd  *zstd.Encoder
}

// NewCompressor returns a compressor of a writable codec.
func NewCompressor(c Codec) (*Compressor, error) {
	p := &Compressor{codec: c}
	var err error
	switch c {
	case Gzip:
		p.gzip = gzip.NewWriter(io.Discard)
	case Zstd:
		p.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	}
	return p, err
}

// NewFastCompressor returns a compressor for what is read again soon, by [Expand].
func NewFastCompressor() (*Compressor, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true))
	return &Compressor{codec: Zstd, zstd: z}, err
}

var expander = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
})

// Expand decompresses a Zstd frame that was made here.
func Expand(frame []byte) ([]byte, error) {
	z, err := expander()
	if err != nil {
		return nil, err
	}
	return z.DecodeAll(frame, nil)
}

// Compress returns b as one member or frame.
func (p *Compressor) Compress(b []byte) []byte {
	switch p.codec {
	case Gzip:
		var out bytes.Buffer
		w := p.Writer(&out)
		_, _ = w.Write(b) // a Buffer does not fail
		_ = w.Close()
		return out.Bytes()
	case Zstd:
		return p.zstd.EncodeAll(b, nil)
	}
	return bytes.Clone(b)
}

// Writer returns a writer of one member or frame, complete when it is closed. One at a time
// can be in use.
func (p *Compressor) Writer(w io.Writer) io.WriteCloser {
	switch p.codec {
	case Gzip:
		p.gzip.Reset(w)
		return p.gzip
	case Zstd:
		p.zstd.Reset(w)
		return p.zstd
	}
	return plain{w}
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }
