package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// ErrTooLong reports content that is longer than allowed when it is decompressed.
var ErrTooLong = errors.New("it is too long when decompressed")

// DecodeBody decompresses the body of an HTTP message, whose Content-Encoding is name. A body
// that was cut gives what there is of it.
func DecodeBody(body []byte, name string, limit int64) ([]byte, error) {
	in := bytes.NewReader(body)
	var r io.Reader
	var err error
	switch name {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(in)
	case "deflate": // with a zlib header by the standard, without one in some servers
		if r, err = zlib.NewReader(in); err != nil {
			r, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)); err == nil {
			defer z.Close()
			r = z
		}
	case "br":
		r = brotli.NewReader(in)
	default:
		return nil, fmt.Errorf("the encoding %q is not known", name)
	}
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case int64(len(plain)) > limit:
		return nil, ErrTooLong
	case err != nil && len(plain) == 0:
		return nil, err
	}
	return plain, nil
}
