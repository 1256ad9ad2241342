package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// A codec is how pages of a column chunk are compressed, by its number in the specification.
type codec int

const (
	uncompressed codec = iota
	snappyCodec
	gzipCodec
	lzo
	brotliCodec
	lz4Hadoop // LZ4 in blocks that the specification does not describe, deprecated
	zstdCodec
	lz4Raw
)

var codecNames = []string{"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"}

func (c codec) String() string {
	if c < 0 || int(c) >= len(codecNames) {
		return fmt.Sprintf("codec %d", int(c))
	}
	return codecNames[c]
}

// supported returns the fault of a codec that can't be read or written.
func (c codec) supported() error {
	if c < 0 || int(c) >= len(codecNames) || c == lzo {
		return faultf("it is compressed with %s, which is not supported", c)
	}
	return nil
}

var errExpands = faultf("what it expands to is not as long as it says")

// Nothing expands further: Snappy copies 64 bytes with 3, LZ4 255 with one.
const (
	snappyRatio = 32
	lz4Ratio    = 256
)

// growth is what is taken of memory for a page on its word, in bytes a compressed one: more when it is there.
const growth = 64

// expand decompresses src, which must become length bytes, no less and no more. The result is in
// buf if it fits.
func (c codec) expand(buf, src []byte, length int) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // of a library, for what is damaged
			out, err = nil, faultf("it can't be decompressed: %v", p)
		}
	}()
	if length == 0 {
		return buf[:0], nil // what nothing is compressed to, some writers leave out
	}
	switch c {
	case uncompressed:
		if len(src) != length {
			return nil, errExpands
		}
		return src, nil
	case snappyCodec:
		n, err := snappy.DecodedLen(src)
		if err != nil || n != length || length > snappyRatio*len(src) {
			return nil, errExpands
		}
		out, err = snappy.Decode(sized(buf, length), src)
		if err != nil {
			return nil, faultf("it can't be decompressed: %v", err)
		}
		return out, nil
	case lz4Raw:
		return expandLZ4(buf, src, length)
	case lz4Hadoop:
		if out, err := expandHadoop(buf, src, length); err == nil {
			return out, nil
		}
		return expandLZ4(buf, src, length) // as the C++ library wrote for a while
	case zstdCodec:
		return expandZstd(buf, src, length)
	case gzipCodec:
		z, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return nil, faultf("it can't be decompressed: %v", err)
		}
		return expandStream(buf, z, src, length)
	case brotliCodec:
		return expandStream(buf, brotli.NewReader(bytes.NewReader(src)), src, length)
	}
	return nil, c.supported()
}

// sized returns buf with that length, or another that has it.
func sized(buf []byte, length int) []byte {
	if cap(buf) < length {
		return make([]byte, length)
	}
	return buf[:length]
}

func expandLZ4(buf, src []byte, length int) ([]byte, error) {
	if length > lz4Ratio*len(src) {
		return nil, errExpands
	}
	out := sized(buf, length)
	n, err := lz4.UncompressBlock(src, out)
	if err != nil {
		return nil, faultf("it is no LZ4 block")
	}
	if n != length {
		return nil, errExpands
	}
	return out, nil
}

// expandHadoop reads blocks as Hadoop writes them: the length of what is in the block, then pieces
// that make it up, each its compressed length and an LZ4 block. Lengths have four bytes, the highest first.
func expandHadoop(buf, src []byte, length int) ([]byte, error) {
	if length > lz4Ratio*len(src) {
		return nil, errExpands
	}
	out, at := sized(buf, length), 0
	for len(src) >= 4 {
		block := int(binary.BigEndian.Uint32(src))
		src = src[4:]
		if block > length-at {
			return nil, errExpands
		}
		for end := at + block; at < end; {
			if len(src) < 4 {
				return nil, errExpands
			}
			size := int(binary.BigEndian.Uint32(src))
			if src = src[4:]; size > len(src) {
				return nil, errExpands
			}
			n, err := lz4.UncompressBlock(src[:size], out[at:end])
			if err != nil || n <= 0 {
				return nil, errExpands
			}
			at, src = at+n, src[size:]
		}
	}
	if at != length || len(src) > 0 {
		return nil, errExpands
	}
	return out, nil
}

// hadoopBlock is what a block of Hadoop's holds, in bytes: less than its buffers.
const hadoopBlock = 128 << 10

var zstdReaders = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecoderMaxWindow(maxPage))
	if err != nil {
		panic(err)
	}
	return z
}}

func expandZstd(buf, src []byte, length int) ([]byte, error) {
	z := zstdReaders.Get().(*zstd.Decoder)
	defer zstdReaders.Put(z)
	var h zstd.Header
	if err := h.Decode(src); err != nil {
		return nil, faultf("it can't be decompressed: %v", err)
	}
	if h.HasFCS && h.FrameContentSize > uint64(length) {
		return nil, errExpands
	}
	if h.HasFCS && h.FrameContentSize == uint64(length) && (cap(buf) >= length || length <= growth*len(src)) {
		out, err := z.DecodeAll(src, sized(buf, length)[:0])
		if err != nil {
			return nil, faultf("it can't be decompressed: %v", err)
		}
		if len(out) != length {
			return nil, errExpands
		}
		return out, nil
	}
	if err := z.Reset(bytes.NewReader(src)); err != nil {
		return nil, faultf("it can't be decompressed: %v", err)
	}
	out, err := expandStream(buf, z, src, length)
	return out, errors.Join(err, z.Reset(nil))
}

// expandStream reads a stream that must have length bytes, and takes memory as they come.
func expandStream(buf []byte, in io.Reader, src []byte, length int) ([]byte, error) {
	out := buf[:0]
	if room := min(length, growth*len(src)); cap(out) < room {
		out = make([]byte, 0, room)
	}
	for len(out) < length {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := in.Read(out[len(out):min(cap(out), length)])
		out = out[:len(out)+n]
		if err != nil && !(errors.Is(err, io.EOF) && len(out) == length) {
			if errors.Is(err, io.EOF) {
				return nil, errExpands
			}
			return nil, faultf("it can't be decompressed: %v", err)
		}
	}
	var more [1]byte
	for {
		switch n, err := in.Read(more[:]); {
		case n > 0:
			return nil, errExpands
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, faultf("it can't be decompressed: %v", err)
		}
	}
}

var zstdWriters = sync.Pool{New: func() any {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return z
}}

// compress returns src compressed.
func (c codec) compress(src []byte) ([]byte, error) {
	var out bytes.Buffer
	var w io.WriteCloser
	switch c {
	case uncompressed:
		return src, nil
	case snappyCodec:
		return snappy.Encode(nil, src), nil
	case zstdCodec:
		z := zstdWriters.Get().(*zstd.Encoder)
		defer zstdWriters.Put(z)
		return z.EncodeAll(src, nil), nil
	case lz4Raw:
		b := make([]byte, lz4.CompressBlockBound(len(src)))
		n, err := lz4.CompressBlock(src, b, nil)
		return b[:n], err
	case lz4Hadoop:
		var b []byte
		for len(src) > 0 {
			block := src[:min(len(src), hadoopBlock)]
			packed, err := lz4Raw.compress(block)
			if err != nil {
				return nil, err
			}
			b = binary.BigEndian.AppendUint32(b, uint32(len(block)))
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(packed))), packed...)
			src = src[len(block):]
		}
		return b, nil
	case gzipCodec:
		w = gzip.NewWriter(&out)
	case brotliCodec:
		w = brotli.NewWriter(&out)
	default:
		return nil, c.supported()
	}
	_, err := w.Write(src)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}
