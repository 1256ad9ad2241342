package codec

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// A rawStream is a stream whose content stands in it as it is.
type rawStream struct {
	bytes, content []byte
	ends           []int // of what is needed to have each byte of the content
}

func (s *rawStream) add(other ...byte) { s.bytes = append(s.bytes, other...) }

// frame begins a frame without a checksum and with a window of 128 KiB.
func (s *rawStream) frame() { s.add(0x28, 0xb5, 0x2f, 0xfd, 0, 7<<3) }

func (s *rawStream) header(kind, size, last int) {
	h := size<<3 | kind<<1 | last
	s.add(byte(h), byte(h>>8), byte(h>>16))
}

func (s *rawStream) raw(content []byte, last int) {
	s.header(rawBlock, len(content), last)
	s.here(content)
}

func (s *rawStream) here(content []byte) {
	s.content = append(s.content, content...)
	for _, c := range content {
		s.add(c)
		s.ends = append(s.ends, len(s.bytes))
	}
}

func (s *rawStream) run(c byte, times, last int) {
	s.header(runBlock, times, last)
	s.add(c)
	s.content = append(s.content, bytes.Repeat([]byte{c}, times)...)
	s.ends = append(s.ends, slices.Repeat([]int{len(s.bytes)}, times)...)
}

// written adds a frame or member in which content stands as it is, so many bytes to a block.
func (s *rawStream) written(t *testing.T, frame, content []byte, block int) {
	t.Helper()
	for part := range slices.Chunk(content, block) {
		at := bytes.Index(frame, part)
		if at < 0 {
			t.Fatal("a block is not raw")
		}
		s.add(frame[:at]...)
		s.here(part)
		frame = frame[at+len(part):]
	}
	s.add(frame...)
}

// TestCutRaw has every byte of a raw block that was cut, in streams of several frames, and of a
// stored one of gzip.
func TestCutRaw(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	noise := make([]byte, 600<<10)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}

	var small rawStream
	small.frame()
	small.raw([]byte("the first line\nand the second\n"), 0)
	small.run('-', 1000, 0)
	small.raw(nil, 0)
	small.raw([]byte("\nthe last of this frame\n"), 1)
	small.add(0x53, 0x2a, 0x4d, 0x18, 9, 0, 0, 0) // to be skipped
	small.add([]byte("not text\n")...)
	small.written(t, compressed(t, Zstd, noise[:300]), noise[:300], maxRawBlock)
	small.frame()
	small.run('=', 70, 1)
	small.frame()
	small.raw([]byte("the end"), 1)

	var large, stored rawStream
	large.written(t, compressed(t, Zstd, noise), noise, maxRawBlock)
	large.written(t, compressed(t, Zstd, noise[:200<<10]), noise[:200<<10], maxRawBlock)
	var member bytes.Buffer
	w, err := gzip.NewWriterLevel(&member, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(noise[:300])
	_ = w.Close()
	stored.written(t, member.Bytes(), noise[:300], 300)

	for name, s := range map[string]rawStream{"small": small, "large": large, "stored": stored} {
		c := OfContent(s.bytes, None)
		if got, err := readAll(t, s.bytes, c); err != nil || !bytes.Equal(got, s.content) {
			t.Fatalf("%s: %d bytes of %d, %v", name, len(got), len(s.content), err)
		}
		for n := 1; n < len(s.bytes); n++ {
			if name == "large" {
				n += random.IntN(60 << 10)
			}
			n = min(n, len(s.bytes)-1)
			got, err := readAll(t, s.bytes[:n], c)
			var corrupt *CorruptError
			if whole := err == nil; !whole && (!errors.As(err, &corrupt) || !corrupt.Truncated() || corrupt.Offset != int64(n)) {
				t.Errorf("%s cut at %d: %v", name, n, err)
			}
			if there, _ := slices.BinarySearch(s.ends, n+1); !bytes.Equal(got, s.content[:there]) {
				t.Errorf("%s cut at %d: %d bytes of %d", name, n, len(got), there)
			}
		}
	}
}
