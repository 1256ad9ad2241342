package store

import (
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A filter of many documents takes seconds to make, so a clean close saves it, and the seal
// knows its checksum. Who opens the index to write takes the file away: it stands for the
// database as it was closed. A file that is not the one of the seal is as good as none. It is
// folded to the size that its entries need, and serves for a filter of any size, unless it is
// crowded and there is memory for a better one.
//
// Hints are saved behind it once they fill a quarter of their room: before, they are made faster. They
// serve for as much room as they had.
//
//	8 bytes   number of lines of the filter
//	          lines of 64 bytes
//	          buckets of hints, 64 bytes each
//
// All numbers are of 64 bits, little-endian.
const filterName = "FILTER"

// savedFrom is the number of documents from which a filter is saved.
const savedFrom = 50_000

// saveFilter returns the checksum, or none if nothing was worth to be saved, or there is little
// room.
func (ix *Index) saveFilter() (checksum string, err error) {
	if ix.written.filter.lines == nil || ix.sieved < ix.opts.savedFrom {
		return "", nil
	}
	lines := ix.written.filter.folded().lines
	hints := ix.written.hints.buckets
	if !ix.written.hints.worthSaving() {
		hints = nil
	}
	if !ix.hasRoom(uint64(len(lines)+len(hints)) * 64) {
		return "", nil
	}
	err = ix.writeWhole(filterName, func(f vfs.File) error {
		w := numberWriter{file: f, sum: crc32.New(castagnoli)}
		w.write(uint64(len(lines)))
		for i := range lines {
			w.write(lines[i][:]...)
		}
		for i := range hints {
			w.write(hints[i][:]...)
		}
		w.flush()
		checksum = hex(w.sum.Sum32())
		return w.err
	})
	return checksum, err
}

// A numberWriter writes numbers in large pieces, and sums them up.
type numberWriter struct {
	file io.Writer
	sum  hash.Hash32
	b    []byte
	err  error
}

func (w *numberWriter) write(numbers ...uint64) {
	for _, n := range numbers {
		w.b = binary.LittleEndian.AppendUint64(w.b, n)
	}
	if len(w.b) >= 1<<20 {
		w.flush()
	}
}

func (w *numberWriter) flush() {
	_, _ = w.sum.Write(w.b)
	if w.err == nil {
		_, w.err = w.file.Write(w.b)
	}
	w.b = w.b[:0]
}

// takeFilter loads the filter with that checksum if it was saved and fits, and takes the file
// away before anything is written.
func (ix *Index) takeFilter(checksum string) error {
	path := ix.path(filterName)
	data, err := readFile(ix.disk, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return ioError(err)
	}
	if len(data) >= 8 && hex(crc32.Checksum(data, castagnoli)) == checksum {
		ix.takeSaved(data)
	}
	if ix.opts.ReadOnly {
		return nil
	}
	return ioError(ix.disk.Remove(path))
}

// takeSaved takes what was saved and fits.
func (ix *Index) takeSaved(data []byte) {
	n, data := binary.LittleEndian.Uint64(data), data[8:]
	if n == 0 || n > uint64(len(data)/64) {
		return
	}
	saved := newFilter(int64(n) * 64)
	for i := range saved.lines {
		data = readNumbers(saved.lines[i][:], data)
	}
	ix.written.filter = saved.resized(ix.budget.filter)
	if h := newHints(ix.budget.hints); len(data) == len(h.buckets)*64 {
		for i := range h.buckets {
			data = readNumbers(h.buckets[i][:], data)
		}
		ix.written.hints = h
	}
}

// readNumbers fills numbers from data, and returns the rest.
func readNumbers(numbers []uint64, data []byte) []byte {
	for i := range numbers {
		numbers[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return data[8*len(numbers):]
}
