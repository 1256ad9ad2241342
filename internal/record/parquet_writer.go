package record

import (
	"errors"
	"fmt"
	"io"

	"neardup/internal/parquet"
)

// A ParquetWriter writes rows of sources of one schema, which it keeps, with the metadata of the
// first. See [parquet.Writer] for what stays as it was.
type ParquetWriter struct {
	w         *parquet.Writer // nil before another file
	like      *parquet.File
	splitSize int64
	next      func() (io.Writer, error)
	written   []*parquet.Writer
}

// NewParquetWriter returns a writer of rows of those sources that can be opened, nil if there
// is none. It asks for a file at the beginning, and for another when it has written splitSize
// bytes, unless that is zero.
func NewParquetWriter(sources []*Source, splitSize int64, next func() (io.Writer, error)) (*ParquetWriter, error) {
	p := &ParquetWriter{splitSize: splitSize, next: next}
	for _, s := range sources {
		f, err := s.openParquet()
		if parquet.IsFault(err) || faultOf(err) != "" {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.like = f.File
		return p, errors.Join(f.close(), p.begin())
	}
	return nil, nil
}

// SameSchema refuses Parquet files that can't be written to one, since their schemas differ.
// Those that can't be opened are passed over.
func SameSchema(sources []*Source) error {
	var first *parquet.File
	var name string
	for _, s := range sources {
		if s.stream != nil {
			continue // there is only one, and it can be read once
		}
		f, err := s.openParquet()
		if err != nil {
			continue
		}
		if err := f.close(); err != nil {
			return err
		}
		if first == nil {
			first, name = f.File, s.Name
		} else if !parquet.SameSchema(first, f.File) {
			return fmt.Errorf("%s has another schema than %s: they can't be written to one file", s.Name, name)
		}
	}
	return nil
}

func (p *ParquetWriter) begin() error {
	out, err := p.next()
	if err != nil {
		return err
	}
	if p.w, err = parquet.NewWriter(out, p.like); err == nil {
		p.written = append(p.written, p.w)
	}
	return err
}

// Copy writes those rows of s whose numbers, from 1 and ascending, next returns, until it
// returns 0.
func (p *ParquetWriter) Copy(s *Source, next func() (int64, error)) error {
	f, err := s.openParquet()
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	defer f.close()
	if err := p.copy(f.File, next); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

func (p *ParquetWriter) copy(f *parquet.File, next func() (int64, error)) error {
	if !parquet.SameSchema(p.like, f) {
		return errors.New("its schema is another one than that of the first file")
	}
	want, err := next()
	base := int64(0)
	for i, g := range f.Groups {
		most := p.rowsPerGroup(g)
		rows := &parquet.Rows{}
		for err == nil && want != 0 && want <= base+g.Rows {
			if rows.Add(want - base - 1); rows.Count() == most {
				if err := p.append(f, i, rows); err != nil {
					return err
				}
				rows = &parquet.Rows{}
			}
			want, err = next()
		}
		if err == nil {
			err = p.append(f, i, rows)
		}
		if err != nil {
			return err
		}
		base += g.Rows
	}
	if err == nil && want != 0 {
		err = fmt.Errorf("there is no row %d any more", want)
	}
	return err
}

// rowsPerGroup returns how many rows of a row group are written as one, so that a file can end where
// it should.
func (p *ParquetWriter) rowsPerGroup(g *parquet.Group) int64 {
	if p.splitSize == 0 || g.Bytes <= p.splitSize {
		return g.Rows
	}
	return max(1, int64(float64(g.Rows)*float64(p.splitSize)/float64(g.Bytes)))
}

// append writes rows of a row group, to another file if the present one is full.
func (p *ParquetWriter) append(f *parquet.File, group int, rows *parquet.Rows) error {
	if rows.Count() == 0 {
		return nil
	}
	if p.w == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	if err := p.w.Append(f, group, rows); err != nil {
		return err
	}
	if p.splitSize == 0 || p.w.Size() < p.splitSize {
		return nil
	}
	err := p.w.Close()
	p.w = nil
	return err
}

// Close completes the file.
func (p *ParquetWriter) Close() error {
	if p.w == nil {
		return nil
	}
	return p.w.Close()
}

// Verify reads the file with that number, from 0, and holds it against what was read to write it.
func (p *ParquetWriter) Verify(file int, in io.ReaderAt) error { return p.written[file].Verify(in) }
