package record

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library trusts the footer, takes all the memory that a page says it needs, and never ends
// with LZ4 that is damaged. So all this is looked at before it sees it.

// maxPage is the most that a page may hold.
const maxPage = 256 << 20

// standsAt returns where the pages of a column in a row group begin and end.
func standsAt(c *format.ColumnMetaData) (start, end int64) {
	start = c.DataPageOffset
	if c.DictionaryPageOffset != 0 {
		start = c.DictionaryPageOffset
	}
	return start, start + c.TotalCompressedSize
}

// agrees refuses a footer that does not agree with itself or with the file.
func (f *parquetFile) agrees() error {
	type chunk struct{ start, end int64 }
	var chunks []chunk
	for i, g := range f.Metadata().RowGroups {
		for _, leaf := range f.leaves {
			c := &g.Columns[leaf.ColumnIndex].MetaData
			start, end := standsAt(c)
			chunks = append(chunks, chunk{start, end})
			kind := leaf.Node.Type().Kind() // negative if all are null
			if kind >= 0 && parquet.Kind(c.Type) != kind || leaf.MaxRepetitionLevel == 0 && c.NumValues != g.NumRows ||
				start < 0 || end < start || end > f.Size() {
				return fmt.Errorf("its footer is wrong about the column %q of row group %d", strings.Join(leaf.Path, "."), i+1)
			}
		}
	}
	slices.SortFunc(chunks, func(a, b chunk) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	for i := 1; i < len(chunks); i++ {
		if chunks[i].start < chunks[i-1].end {
			return fmt.Errorf("its footer is wrong: two columns stand at byte %d", chunks[i].start)
		}
	}
	return nil
}

// A fenced is a file without what must not be read.
type fenced struct {
	in    io.ReaderAt
	holes []hole
}

type hole struct {
	start, end int64
	fault      error
}

func (f *fenced) ReadAt(b []byte, at int64) (int, error) {
	for _, h := range f.holes {
		switch {
		case at >= h.end || at+int64(len(b)) <= h.start:
		case at >= h.start:
			return 0, h.fault
		default:
			n, err := f.ReadAt(b[:h.start-at], at)
			if err == nil {
				err = h.fault
			}
			return n, err
		}
	}
	return f.in.ReadAt(b, at)
}

// fence keeps from being read what follows the last sound page of those columns in a row group.
func (f *parquetFile) fence(group int, leaves []parquet.LeafColumn) error {
	groups := f.Metadata().RowGroups
	for _, leaf := range leaves {
		c := &groups[group].Columns[leaf.ColumnIndex].MetaData
		at, fault := f.soundPages(c)
		if first := groups[0].Columns[leaf.ColumnIndex].MetaData.Codec; c.Codec != first { // which the library takes for that of all
			at, _ = standsAt(c)
			fault = fmt.Errorf("a column is compressed with %s, and in the first row group with %s", c.Codec, first)
		}
		if disk := syscall.Errno(0); errors.As(fault, &disk) {
			return fault
		}
		if fault != nil {
			_, end := standsAt(c)
			f.fenced.holes = append(f.fenced.holes, hole{at, end, fault})
		}
	}
	return nil
}

// soundPages returns where the sound pages of a column in a row group end, and what is wrong with
// the page there.
func (f *parquetFile) soundPages(c *format.ColumnMetaData) (at int64, fault error) {
	at, end := standsAt(c)
	begun := false // with the page that is said to be the first with values
	for values := int64(0); values < c.NumValues; {
		h, length, err := f.pageHeader(at, end)
		if err != nil {
			return at, err
		}
		begun = begun || at == c.DataPageOffset
		content := at + length
		size, more, plain := int64(h.CompressedPageSize), int64(0), int64(0)
		packed := c.Codec != format.Uncompressed
		switch v2 := h.DataPageHeaderV2; {
		case h.DataPageHeader.Valid:
			more = int64(h.DataPageHeader.V.NumValues)
		case v2.Valid:
			more = int64(v2.V.NumValues)
			plain = int64(v2.V.RepetitionLevelsByteLength) + int64(v2.V.DefinitionLevelsByteLength)
			packed = packed && (!v2.V.IsCompressed.Valid || v2.V.IsCompressed.V)
		}
		switch {
		case size < 0 || size > end-content || h.UncompressedPageSize < 0 || more < 0 || more > c.NumValues-values || plain < 0 || plain > size || more > 0 && !begun:
			return at, fmt.Errorf("the header of the page at byte %d is wrong", at)
		case h.UncompressedPageSize > maxPage:
			return at, fmt.Errorf("the page at byte %d holds %d bytes, the limit is %d", at, h.UncompressedPageSize, maxPage)
		case packed:
			err := expands(io.NewSectionReader(f.file, content+plain, size-plain), c.Codec, int64(h.UncompressedPageSize)-plain)
			if err != nil {
				return at, fmt.Errorf("the page at byte %d: %w", at, err)
			}
		}
		at = content + size
		values += more
	}
	return at, nil
}

var compact thrift.CompactProtocol

// pageHeader reads the header of a page, and returns its length.
func (f *parquetFile) pageHeader(at, end int64) (*format.PageHeader, int64, error) {
	for window := int64(1 << 10); ; window *= 8 {
		b := make([]byte, max(0, min(window, end-at)))
		n, err := f.file.ReadAt(b, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
		r := compact.NewReaderFromBytes(b[:n])
		h := &format.PageHeader{}
		if err = thrift.NewDecoder(r).Decode(h); err == nil {
			return h, int64(r.BytesRead()), nil
		}
		if window >= end-at || window > maxPage {
			return nil, 0, fmt.Errorf("there is no page at byte %d: %w", at, err)
		}
	}
}

var (
	errExpands = errors.New("what it expands to is not as long as it says")
	errLZ4     = errors.New("it is no LZ4 block")
)

// expands looks whether what is compressed says of itself that it is that long, and no longer.
func expands(in *io.SectionReader, codec format.CompressionCodec, length int64) error {
	head := make([]byte, zstd.HeaderMaxSize)
	n, _ := in.ReadAt(head, 0)
	head = head[:n]
	switch codec {
	case format.Snappy:
		if says, n := binary.Uvarint(head); n <= 0 || says > uint64(length) {
			return errExpands
		}
	case format.Zstd:
		var h zstd.Header
		if h.Decode(head) == nil && h.HasFCS && h.FrameContentSize > uint64(length) {
			return errExpands
		}
	case format.Lz4Raw:
		block := make([]byte, in.Size())
		if _, err := in.ReadAt(block, 0); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		switch says, ok := lz4Length(block); {
		case !ok:
			return errLZ4
		case says > length:
			return errExpands
		}
	}
	return nil
}

// lz4Length returns the length of what an LZ4 block expands to.
func lz4Length(b []byte) (length int64, ok bool) {
	long := func(nibble int64) int64 { // a length that goes on behind its nibble
		for more := byte(0xff); nibble >= 15 && more == 0xff && len(b) > 0; b = b[1:] {
			more = b[0]
			nibble += int64(more)
		}
		return nibble
	}
	for len(b) > 0 {
		token := int64(b[0])
		b = b[1:]
		literals := long(token >> 4)
		if literals > int64(len(b)) {
			return 0, false
		}
		b = b[literals:]
		length += literals
		if len(b) == 0 {
			return length, token&15 == 0 // there is no match behind the last literals
		}
		if len(b) < 2 {
			return 0, false
		}
		distance := int64(binary.LittleEndian.Uint16(b))
		b = b[2:]
		if distance == 0 || distance > length {
			return 0, false
		}
		length += long(token&15) + 4
	}
	return length, length == 0
}
