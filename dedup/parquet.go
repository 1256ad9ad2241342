package dedup

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"neardup/internal/durable"
	"neardup/internal/record"
)

// A parquetSink notes which rows are kept, since a Parquet file can't be taken up again in the
// middle, and copies them at the end.
type parquetSink struct {
	o         *CleanOptions
	at        int  // number of the source of the last row
	keepNotes bool // after Commit

	notes *durable.File // for each kept row the number of its source and its own, as uvarints
}

func newParquetSink(o *CleanOptions, resumed *partial) (*parquetSink, error) {
	if o.Out == record.Stdin {
		return nil, errors.New("a file of Parquet is not written to standard output")
	}
	temp, size := durable.PartialName(o.Out), int64(0)
	if resumed != nil {
		temp, size = resumed.Temp, resumed.Size
	}
	notes, err := durable.Resume(o.Out, temp, size)
	return &parquetSink{o: o, notes: notes}, err
}

func (s *parquetSink) write(raw *record.Raw) error {
	if raw.Reject != nil && (raw.Reject.Reason == record.Corrupt || raw.Reject.Reason == record.Truncated) {
		return nil // there is nothing to copy
	}
	for s.o.Input.Sources[s.at] != raw.Source {
		s.at = (s.at + 1) % len(s.o.Input.Sources)
	}
	note := binary.AppendUvarint(nil, uint64(s.at))
	_, err := s.notes.Write(binary.AppendUvarint(note, uint64(raw.Number)))
	return err
}

func (s *parquetSink) end() error     { return nil }
func (s *parquetSink) Sync() error    { return s.notes.Sync() }
func (s *parquetSink) state() partial { return partial{Temp: s.notes.Temp(), Size: s.notes.Size()} }
func (s *parquetSink) Abandon() error { return s.notes.Abandon() }
func (s *parquetSink) Remove() error  { return s.notes.Remove() }

// Commit copies the rows that were noted. If no source can be opened there is no schema, and
// so no output.
func (s *parquetSink) Commit() error {
	if err := s.notes.Sync(); err != nil {
		return err
	}
	f, err := os.Open(s.notes.Temp())
	if err != nil {
		return err
	}
	defer f.Close()
	p := &parts{o: s.o, temp: s.notes.Temp()}
	if err := p.write(&notes{in: bufio.NewReader(f)}); err != nil {
		return errors.Join(err, p.remove())
	}
	if err := p.commit(); err != nil {
		return err
	}
	if s.keepNotes {
		return s.notes.Abandon()
	}
	return s.notes.Remove()
}

// copiesAtEnd reports whether the output is written when all is judged.
func (o *CleanOptions) copiesAtEnd() bool {
	return !o.DryRun && !o.isTree() && o.Input.Sources[0].Format == record.Parquet
}

// settleParquet completes an output of which all rows were noted.
func settleParquet(o *CleanOptions, p *partial) error {
	if _, err := os.Stat(p.Temp); errors.Is(err, os.ErrNotExist) {
		return nil // it is what is removed last
	}
	s, err := newParquetSink(o, p)
	if err != nil {
		return err
	}
	return s.Commit()
}

// notes reads what was noted.
type notes struct {
	in     *bufio.Reader
	source int // -1 at the end
	number int64
}

func (n *notes) next() error {
	source, err := binary.ReadUvarint(n.in)
	if errors.Is(err, io.EOF) {
		n.source = -1
		return nil
	}
	if err != nil {
		return err
	}
	number, err := binary.ReadUvarint(n.in)
	n.source, n.number = int(source), int64(number)
	return err
}

// parts are the files of an output of Parquet.
type parts struct {
	o     *CleanOptions
	temp  string // what the names of the unfinished ones are made of, the same after a kill
	files []*durable.File
}

func (p *parts) write(n *notes) error {
	w, err := record.NewParquetWriter(p.o.Input.Sources, p.o.SplitSize, p.next)
	if err != nil || w == nil {
		return err
	}
	if err := n.next(); err != nil {
		return err
	}
	for n.source >= 0 {
		source := n.source
		begun := false
		err := w.Copy(p.o.Input.Sources[source], func() (int64, error) {
			if begun {
				if err := n.next(); err != nil {
					return 0, err
				}
			}
			begun = true
			if n.source != source {
				return 0, nil
			}
			return n.number, nil
		})
		if err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	for i := range p.files {
		if err := p.verify(w, i); err != nil {
			return err
		}
	}
	return nil
}

// verify holds a file against what was read to write it, before it gets its name.
func (p *parts) verify(w *record.ParquetWriter, i int) error {
	if err := p.files[i].Flush(); err != nil {
		return err
	}
	f, err := os.Open(p.files[i].Temp())
	if err != nil {
		return err
	}
	defer f.Close()
	if err := w.Verify(i, f); err != nil {
		return fmt.Errorf("%s: %w", p.o.Out, err)
	}
	return nil
}

// next opens the file of the next part.
func (p *parts) next() (io.Writer, error) {
	path := p.o.Out
	if p.o.SplitSize > 0 {
		path = partName(path, len(p.files)+1)
	}
	f, err := durable.Resume(path, partName(p.temp, len(p.files)+1), 0)
	if err == nil {
		p.files = append(p.files, f)
	}
	return f, err
}

func (p *parts) commit() error {
	for _, f := range p.files {
		if err := f.Commit(); err != nil {
			return err
		}
	}
	if p.o.SplitSize > 0 {
		return removeParts(p.o.Out, len(p.files))
	}
	return nil
}

func (p *parts) remove() error {
	var errs []error
	for _, f := range p.files {
		errs = append(errs, f.Remove())
	}
	return errors.Join(errs...)
}
