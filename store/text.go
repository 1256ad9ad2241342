package store

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Texts are kept apart from the records of their documents, so that those who read records
// do not read texts: 't' number, and the text as a Zstandard frame.

// maxStoredText bounds what a damaged text can decompress to.
const maxStoredText = 1 << 30

var (
	encoders = sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // of options that are not allowed
		}
		return e
	}}
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxStoredText))
		if err != nil {
			panic(err)
		}
		return d
	})
)

func compress(text string) []byte {
	e := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(e)
	return e.EncodeAll([]byte(text), nil)
}

// AddText adds a document like [Index.Add], and its text.
func (ix *Index) AddText(d *Document, text string) (DocNum, error) {
	compressed := compress(text)
	d.Stored = true
	ix.mu.Lock()
	defer ix.mu.Unlock()
	n, err := ix.add(d)
	if err == nil {
		ix.texts[n] = compressed
	}
	return n, err
}

// StoredText returns the text that was added with document n. d is that document; ok tells
// whether there is a text.
func (ix *Index) StoredText(n DocNum, d *Document) (text string, ok bool, err error) {
	if !d.Stored {
		return "", false, nil
	}
	ix.mu.Lock()
	compressed := ix.texts[n]
	if compressed == nil {
		compressed, err = ix.get(textKey(n))
	}
	ix.mu.Unlock()
	if err != nil {
		return "", false, err
	}
	text, err = decompress(n, compressed)
	return text, err == nil, err
}

func decompress(n DocNum, compressed []byte) (string, error) {
	text, err := decoder().DecodeAll(compressed, nil)
	if err == nil && len(compressed) == 0 {
		err = fmt.Errorf("it is not there")
	}
	if err != nil {
		return "", &DamageError{Path: fmt.Sprintf("text of document %d", n), Detail: "does not decompress", Err: err}
	}
	return string(text), nil
}

func textKey(n DocNum) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindText}, uint64(n))
}
