package parquet

import (
	"errors"
	"io"
)

// A ColumnReader reads the values of a column in one row group, of which each row has one or none. It
// is not safe for concurrent use.
type ColumnReader struct {
	pages  *pages
	values *values
	fault  error
}

// Column returns a reader of a column. Its MaxRep must be 0.
func (f *File) Column(group int, l *Leaf) *ColumnReader {
	return &ColumnReader{pages: f.pages(group, l.index)}
}

// Next returns the value of the next row: its bytes as they stand in PLAIN, but for a length, and
// false for a null. They are good until the next call. There must be another row. A fault of a page
// is one of all rows that follow.
func (r *ColumnReader) Next() ([]byte, bool, error) {
	for r.fault == nil && (r.values == nil || r.values.left == 0) {
		if r.fault = r.pages.next(); errors.Is(r.fault, io.EOF) {
			r.fault = faultf("the column %q has less values than row group %d has rows", r.pages.c.leaf.Name(), r.pages.c.group+1)
		}
		if r.fault == nil {
			r.values, r.fault = r.pages.open()
		}
	}
	if r.fault != nil {
		return nil, false, r.fault
	}
	v, err := r.values.next()
	if err != nil {
		r.fault = r.pages.fault(err)
		return nil, false, r.fault
	}
	return v.bytes, int(v.def) == r.pages.c.leaf.MaxDef, nil
}

// Skip passes over rows.
func (r *ColumnReader) Skip(rows int64) error {
	for rows > 0 {
		if r.values == nil || r.values.left == 0 {
			if r.fault = r.pages.next(); r.fault != nil {
				return r.fault
			}
			if n := int64(r.pages.page.values); n <= rows {
				rows -= n
				continue
			}
			if r.values, r.fault = r.pages.open(); r.fault != nil {
				return r.fault
			}
		}
		if _, _, err := r.Next(); err != nil {
			return err
		}
		rows--
	}
	return nil
}

// Check reads all columns of a row group, and returns how many of its first rows can be copied, and
// if that is not all of them, why not more. Any error that is not a [Fault] is one of the disk.
func (f *File) Check(group int) (int64, error) {
	rows := f.Groups[group].Rows
	var first error
	for leaf := range f.Leaves {
		n, err := f.checkColumn(group, leaf, rows)
		if err != nil && !IsFault(err) {
			return 0, err
		}
		if err != nil && n < rows {
			rows, first = n, err
		}
	}
	return rows, first
}

// checkColumn counts the rows before the first fault of a column.
func (f *File) checkColumn(group, leaf int, most int64) (int64, error) {
	p := f.pages(group, leaf)
	begun := int64(0) // rows
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return whole(p, begun), err
		}
		v, err := p.open()
		if err != nil {
			return whole(p, begun), err
		}
		before := begun
		for v.left > 0 {
			x, err := v.next()
			if x.rep == 0 && err == nil {
				begun++
			} else if err == nil && begun == 0 {
				err = faultf("its first row has no beginning")
			}
			if err != nil {
				return whole(p, begun), p.fault(err)
			}
		}
		if h := &p.page.header; h.kind == dataPageV2 && begun-before != int64(h.rows) {
			return before, p.fault(faultf("its header is wrong: it has %d rows, and not %d", begun-before, h.rows))
		}
		if begun > f.Groups[group].Rows {
			return 0, p.fault(faultf("it has more rows than the row group"))
		}
		if begun > most {
			return begun, nil
		}
	}
	if begun < f.Groups[group].Rows {
		return begun, faultf("the column %q has less values than row group %d has rows", p.c.leaf.Name(), group+1)
	}
	return begun, nil
}

// whole returns how many of the rows that were begun are known to be whole.
func whole(p *pages, begun int64) int64 {
	if p.c.leaf.MaxRep > 0 {
		return max(0, begun-1)
	}
	return begun
}
