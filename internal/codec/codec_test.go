package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
)

var content = []byte(strings.Repeat("a line of text, 一行文字\n", 3000) + "the last")

// compressed returns content as one stream of a codec; those that are read only come from the
// program of the same purpose, if there is one.
func compressed(t *testing.T, c Codec, content []byte) []byte {
	t.Helper()
	if c.Writable() {
		p, err := NewCompressor(c)
		if err != nil {
			t.Fatal(err)
		}
		return p.Compress(content)
	}
	name := map[Codec]string{Bzip2: "bzip2", Xz: "xz"}[c]
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(path, "-c")
	cmd.Stdin = bytes.NewReader(content)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readAll(t *testing.T, b []byte, c Codec) ([]byte, error) {
	t.Helper()
	r := NewReader(bytes.NewReader(b), c, nil)
	defer r.Close()
	return io.ReadAll(r)
}

func eachCodec(t *testing.T, f func(t *testing.T, c Codec)) {
	for _, c := range []Codec{Gzip, Zstd, Bzip2, Xz} {
		t.Run(string(c), func(t *testing.T) { f(t, c) })
	}
}

func TestRead(t *testing.T) {
	eachCodec(t, func(t *testing.T, c Codec) {
		one := compressed(t, c, content)
		if OfContent(one, None) != c {
			t.Error("not recognised by its content")
		}
		empty := compressed(t, c, nil)
		for times, b := range map[int][]byte{
			1: one, 2: bytes.Join([][]byte{one, one}, nil), 3: bytes.Join([][]byte{empty, one, empty, one, one, empty}, nil),
		} {
			got, err := readAll(t, b, c)
			if want := bytes.Repeat(content, times); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d times: %d bytes, %v, want %d", times, len(got), err, len(want))
			}
		}
	})
}

// TestCut cuts a stream at every byte: what comes is a beginning, and the cut is told.
func TestCut(t *testing.T) {
	short := content[len(content)-700:]
	eachCodec(t, func(t *testing.T, c Codec) {
		whole := compressed(t, c, short)
		for n := range whole {
			got, err := readAll(t, whole[:n], c)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || !corrupt.Truncated() {
				t.Errorf("cut at %d of %d: %v", n, len(whole), err)
			} else if corrupt.Offset > int64(n) {
				t.Errorf("cut at %d: the fault is at %d", n, corrupt.Offset)
			}
			if !bytes.HasPrefix(short, got) {
				t.Errorf("cut at %d gives something else", n)
			}
			if checksum := map[Codec]int{Gzip: 8, Zstd: 4}[c]; n >= len(whole)-checksum && len(got) < len(short) {
				t.Errorf("cut in the checksum at %d of %d: %d bytes of %d", n, len(whole), len(got), len(short))
			}
		}
	})
}

// TestDamage changes bytes of a stream: either it is told, or the content is as it was.
func TestDamage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	eachCodec(t, func(t *testing.T, c Codec) {
		whole := compressed(t, c, content[:20000])
		for range 300 {
			b := bytes.Clone(whole)
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
			got, err := readAll(t, b, c)
			if err == nil && !bytes.Equal(got, content[:20000]) {
				t.Error("damage passes in silence")
			}
		}
	})
}

// TestWrongChecksum has all of the content before the fault.
func TestWrongChecksum(t *testing.T) {
	for _, c := range []Codec{Gzip, Zstd} {
		b := compressed(t, c, bytes.Repeat(content, 30)) // several blocks
		b[len(b)-5+len(c)/3] ^= 1
		got, err := readAll(t, b, c)
		if !errors.As(err, new(*CorruptError)) || !bytes.Equal(got, bytes.Repeat(content, 30)) {
			t.Errorf("%s: %d bytes, %v", c, len(got), err)
		}
	}
}

func TestGzipTail(t *testing.T) {
	one := compressed(t, Gzip, content)
	for tail, fault := range map[string]bool{
		strings.Repeat("\x00", 512): false, "\x00": false, "GARBAGE": true, "\x1f": true, "\x1f\x8b": true, "\x1f\x8b\x08": true, "\x00\x00x": true, "\x1f\x8c\x08 ": true,
	} {
		got, err := readAll(t, append(bytes.Clone(one), tail...), Gzip)
		if (err != nil) != fault || !bytes.Equal(got, content) {
			t.Errorf("%q after the last member: %d bytes, %v", tail, len(got), err)
		}
	}
}

func TestSourceError(t *testing.T) {
	for _, c := range []Codec{Gzip, Zstd} {
		whole := compressed(t, c, content)
		broken := errors.New("the disk is on fire")
		r := NewReader(io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), iotest.ErrReader(broken)), c, nil)
		_, err := io.ReadAll(r)
		if err != broken { //nolint:errorlint // it must come as it is
			t.Errorf("%s: %v", c, err)
		}
		r.Close()
	}
}

func TestClose(t *testing.T) {
	r := NewReader(bytes.NewReader(compressed(t, Gzip, bytes.Repeat(content, 100))), Gzip, nil)
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"a.jsonl.gz": "gz a.jsonl", "b.ZST": "zst b", "c.warc": " c.warc", "d.tar.xz": "xz d.tar", "e.bz2": "bz2 e"} {
		c, stem := OfName(name)
		if got := fmt.Sprint(c, " ", stem); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for head, want := range map[string]Codec{"\x1f": Gzip, "": Gzip, "{": None, "\x1f\x8b\x08\x00": Gzip, "BZh9": Bzip2, "\x28\xb5\x2f\xfd": Zstd, "\x51\x2a\x4d\x18": Zstd} {
		if got := OfContent([]byte(head), Gzip); got != want {
			t.Errorf("%q: %s, want %s", head, got, want)
		}
	}
}
