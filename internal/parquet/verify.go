package parquet

import (
	"errors"
	"io"

	"github.com/cespare/xxhash/v2"
)

// Verify reads the file that was written, and holds every column against what was read to write it:
// pages that were copied by their bytes, and those that were encoded again by their values.
// An error names the column that differs.
func (w *Writer) Verify(in io.ReaderAt) error {
	f, err := Open(in, w.n)
	if err != nil {
		return faultf("what was written can't be read: %v", err)
	}
	if len(f.Groups) != len(w.sums) {
		return faultf("what was written has %d row groups, and not %d", len(f.Groups), len(w.sums))
	}
	for group := range f.Groups {
		for leaf, l := range f.Leaves {
			if err := f.verify(group, leaf, w.sums[group][leaf]); err != nil {
				return faultf("what was written to the column %q in row group %d is not what was read: %v", l.Name(), group+1, err)
			}
		}
	}
	return nil
}

var errDiffers = faultf("its checksum differs")

func (f *File) verify(group, leaf int, sums []pageSum) error {
	p := f.pages(group, leaf)
	next := func(pg *page) error {
		if len(sums) == 0 {
			return faultf("it has more pages")
		}
		sum, err := p.sum(pg, sums[0].values)
		if err == nil && sum != sums[0].sum {
			err = errDiffers
		}
		sums = sums[1:]
		return err
	}
	dictionary := false
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && p.dict != nil && !dictionary {
			dictionary = true
			err = next(p.dict)
		}
		if err == nil {
			err = next(&p.page)
		}
		if err != nil {
			return err
		}
	}
	if len(sums) > 0 {
		return faultf("it has less pages")
	}
	return nil
}

// sum returns the checksum of a page, of its values or of its bytes.
func (p *pages) sum(pg *page, ofValues bool) (uint64, error) {
	if !ofValues {
		b := sized(p.raw, pg.length+pg.compressed)
		p.raw = b
		if err := p.f.readAt(b, pg.at); err != nil {
			return 0, err
		}
		return xxhash.Sum64(b), nil
	}
	v, err := p.open()
	if err != nil {
		return 0, err
	}
	s := newSumming(p.c.leaf)
	for v.left > 0 {
		x, err := v.next()
		if err != nil {
			return 0, p.fault(err)
		}
		s.add(x)
	}
	return s.end(), nil
}
