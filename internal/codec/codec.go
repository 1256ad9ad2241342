// Package codec reads and writes compressed streams.
//
// Reading takes what is there: streams of several members or frames, padding, and all that
// stands before a fault. Decompression runs ahead on a goroutine of its own.
package codec

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// A Codec is a way to compress. The zero value is none.
type Codec string

// The codecs.
const (
	None  Codec = ""
	Gzip  Codec = "gz"
	Zstd  Codec = "zst"
	Bzip2 Codec = "bz2" // read only
	Xz    Codec = "xz"  // read only
)

var magics = []struct {
	codec  Codec
	header string
}{
	{Gzip, "\x1f\x8b\x08"},
	{Zstd, "\x28\xb5\x2f\xfd"},
	{Bzip2, "BZh"},
	{Xz, "\xfd7zXZ\x00"},
}

// Parse reads the name of a codec.
func Parse(name string) (Codec, error) {
	switch name {
	case "none":
		return None, nil
	case "gz", "gzip":
		return Gzip, nil
	case "zst", "zstd":
		return Zstd, nil
	}
	return None, fmt.Errorf("compression %q is not one of none, gz, zst", name)
}

// OfName returns the codec that the extension of a name stands for, and the name without it.
func OfName(name string) (Codec, string) {
	ext := filepath.Ext(name)
	for _, m := range magics {
		if strings.EqualFold(ext, m.codec.Ext()) {
			return m.codec, name[:len(name)-len(ext)]
		}
	}
	return None, name
}

// OfContent returns the codec of what begins with head. Content that ends within the first
// bytes of the codec that its name stands for is taken for a stream that was cut.
func OfContent(head []byte, named Codec) Codec {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.header)) {
			return m.codec
		}
		if m.codec == named && bytes.HasPrefix([]byte(m.header), head) {
			return named
		}
	}
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte("\x2a\x4d\x18")) {
		return Zstd // a frame to be skipped stands first
	}
	return None
}

// Ext returns the extension of files, with its dot.
func (c Codec) Ext() string {
	if c == None {
		return ""
	}
	return "." + string(c)
}

// Writable reports whether streams can be written.
func (c Codec) Writable() bool { return c == None || c == Gzip || c == Zstd }

// MayBegin reports whether what begins with that byte can be of a codec.
func MayBegin(head []byte) bool {
	if len(head) == 0 {
		return false
	}
	for _, m := range magics {
		if head[0] == m.header[0] {
			return true
		}
	}
	return head[0]&0xf0 == 0x50
}
