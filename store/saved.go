package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A filter of many documents takes seconds to make, so a clean close saves it, and the seal
// knows its checksum. Who opens the index to write takes the file away: it stands for the
// database as it was closed. A file that is not the one of the seal is as good as none. It is
// folded to the size that its entries need, and serves for a filter of any size, unless it is
// crowded and there is memory for a better one.
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
	if !ix.hasRoom(uint64(len(lines)) * 64) {
		return "", nil
	}
	err = ix.writeWhole(filterName, func(f vfs.File) error {
		sum := crc32.New(castagnoli)
		var b []byte
		for i := range lines {
			for _, word := range lines[i] {
				b = binary.LittleEndian.AppendUint64(b, word)
			}
			if len(b) < 1<<20 && i < len(lines)-1 {
				continue
			}
			_, _ = sum.Write(b)
			if _, err := f.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
		checksum = hex(sum.Sum32())
		return nil
	})
	return checksum, err
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
	if len(data) >= 64 && hex(crc32.Checksum(data, castagnoli)) == checksum {
		saved := newFilter(int64(len(data)))
		for i := range saved.lines {
			for j := range saved.lines[i] {
				saved.lines[i][j] = binary.LittleEndian.Uint64(data[64*i+8*j:])
			}
		}
		f := newFilter(ix.opts.Memory / 4)
		if len(saved.lines) >= len(f.lines) || saved.set() <= len(saved.lines)*64 {
			f.addAll(saved)
			ix.written.filter = f
		}
	}
	if ix.opts.ReadOnly {
		return nil
	}
	return ioError(ix.disk.Remove(path))
}
