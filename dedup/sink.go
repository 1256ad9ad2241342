package dedup

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"neardup/internal/codec"
	"neardup/internal/durable"
	"neardup/internal/record"
)

// An output is something a job writes.
type output interface {
	Sync() error    // makes what was written durable
	state() partial // what it is taken up by again, after Sync
	Commit() error  // completes the output and gives it its name
	Abandon() error // leaves it to be resumed
	Remove() error  // removes it, unless it was committed
}

// A sink takes the records that are kept, as they stand in their source.
type sink interface {
	output
	write(raw *record.Raw) error
	end() error // completes the content
}

// A fileSink writes records one after the other.
type fileSink struct {
	packer
	repair []byte // what ends a record whose source ended before it did
	broken bool   // the last record was one
}

func (s *fileSink) write(raw *record.Raw) error {
	w := raw.Source.Encoded(&s.packer)
	if s.broken {
		if _, err := w.Write(s.repair); err != nil {
			return err
		}
	}
	if _, err := raw.WriteTo(w); err != nil {
		return err
	}
	if _, err := w.Write(raw.End); err != nil {
		return err
	}
	s.broken = len(raw.End) == 0 && len(s.repair) > 0
	if s.broken && s.alone {
		s.broken = false
		if _, err := w.Write(s.repair); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.endRecord()
}

func (s *fileSink) state() partial {
	p := s.packer.state()
	p.Broken = s.broken
	return p
}

// newFileSink opens an output for records like those of a source.
func newFileSink(path string, like *record.Source, c codec.Codec, o *CleanOptions, resumed *partial) (*fileSink, error) {
	var preamble bytes.Buffer
	if _, err := like.Encoded(&preamble).Write(like.Preamble); err != nil {
		return nil, err
	}
	s := &fileSink{packer: packer{path: path, codec: c, preamble: preamble.Bytes(), force: o.Force}}
	switch like.Format {
	case record.WARC:
		s.alone, s.repair = true, []byte("\r\n\r\n")
	case record.ARC:
		s.alone, s.repair = true, []byte("\n")
	case record.Text, record.HTML:
	default:
		s.repair = []byte("\n")
	}
	if path == record.Stdin {
		s.stream = bufio.NewWriterSize(o.Stdout, 64<<10)
	} else {
		s.splitSize = o.SplitSize
	}
	if resumed != nil {
		s.broken = resumed.Broken
	}
	return s, s.open(resumed)
}

// A treeSink writes a directory: for every input a file, under the name that it has relative
// to the input that was named. Texts that are dropped are left out.
type treeSink struct {
	o     *CleanOptions
	temp  string
	names map[*record.Source]string
	next  int  // number of the first source that was not begun
	file  sink // of the source before that, if it is not a text

	unsynced []string // texts
}

func (s *treeSink) write(raw *record.Raw) error {
	if s.file != nil && raw.Source == s.o.Input.Sources[s.next-1] {
		return s.file.write(raw)
	}
	at := slices.Index(s.o.Input.Sources[s.next:], raw.Source) + s.next
	if raw.Source.Format.Whole() {
		if err := s.turn(at + 1); err != nil {
			return err
		}
		return s.writeText(raw)
	}
	if err := s.turn(at); err != nil {
		return err
	}
	if err := s.begin(at, nil); err != nil {
		return err
	}
	return s.file.write(raw)
}

const maxUnsynced = 4096

// turn completes the files of the sources before at.
func (s *treeSink) turn(at int) error {
	for {
		if s.file != nil {
			if err := s.file.Commit(); err != nil {
				return err
			}
			s.file = nil
		}
		if s.next >= at {
			return nil
		}
		if s.o.Input.Sources[s.next].Format.Whole() {
			s.next++
		} else if err := s.begin(s.next, nil); err != nil {
			return err
		}
	}
}

// begin opens the file of a source that holds records. It has its name from the beginning, and
// what an earlier process left under it is cut back: only the directory appears when it is complete.
func (s *treeSink) begin(at int, resumed *partial) (err error) {
	source := s.o.Input.Sources[at]
	path, err := s.path(source)
	if err != nil {
		return err
	}
	sub := *s.o
	sub.Force, sub.SplitSize, sub.Out = true, 0, path
	sub.Input.Sources = s.o.Input.Sources[at : at+1]
	s.next = at + 1
	if source.Format == record.Parquet {
		if resumed == nil {
			resumed = &partial{Temp: filepath.Join(s.temp, notesDir, strconv.Itoa(at))}
		}
		if err := os.MkdirAll(filepath.Dir(resumed.Temp), 0o777); err != nil {
			return err
		}
		p, err := newParquetSink(&sub, resumed)
		if err == nil {
			p.keepNotes = true
			s.file = p
		}
		return err
	}
	if resumed == nil {
		resumed = &partial{Temp: path}
	}
	f, err := newFileSink(path, source, codecOf(s.names[source]), &sub, resumed)
	if err == nil {
		s.file = f
	}
	return err
}

// notesDir holds the notes of Parquet files until all is complete: a run that is taken up again
// may need those of a file that was done. No input has such a name.
const notesDir = ".notes"

func (s *treeSink) path(source *record.Source) (string, error) {
	path := filepath.Join(s.temp, s.names[source])
	return path, os.MkdirAll(filepath.Dir(path), 0o777)
}

// writeText writes a text. After a resume the same ones are written again.
func (s *treeSink) writeText(raw *record.Raw) (err error) {
	path, err := s.path(raw.Source)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if s.unsynced = append(s.unsynced, path); len(s.unsynced) == maxUnsynced {
		defer func() {
			err = errors.Join(err, durable.SyncFiles(s.unsynced))
			s.unsynced = s.unsynced[:0]
		}()
	}
	out := &fileSink{packer: packer{codec: codecOf(s.names[raw.Source]), stream: bufio.NewWriterSize(f, 32<<10)}}
	if err := out.open(nil); err != nil {
		return err
	}
	if err := out.write(raw); err != nil {
		return err
	}
	return out.Commit()
}

func (s *treeSink) state() partial {
	p := partial{Temp: s.temp, Next: s.next}
	if s.file != nil {
		file := s.file.state()
		p.File = &file
	}
	return p
}

func (s *treeSink) Sync() error {
	if err := durable.SyncFiles(s.unsynced); err != nil {
		return err
	}
	s.unsynced = s.unsynced[:0]
	if s.file != nil {
		return s.file.Sync()
	}
	return nil
}

func (s *treeSink) end() error { return s.turn(len(s.o.Input.Sources)) }

func (s *treeSink) Commit() error {
	if err := errors.Join(s.end(), s.Sync()); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(s.temp, notesDir)); err != nil {
		return err
	}
	return durable.Rename(s.temp, s.o.Out)
}

func (s *treeSink) Abandon() error {
	if s.file != nil {
		return s.file.Abandon()
	}
	return nil
}

func (s *treeSink) Remove() error {
	var err error
	if s.file != nil {
		err = s.file.Remove()
	}
	return errors.Join(err, os.RemoveAll(s.temp))
}

// A nullSink is the output of a dry run.
type nullSink struct{}

func (nullSink) write(*record.Raw) error { return nil }
func (nullSink) end() error              { return nil }
func (nullSink) Sync() error             { return nil }
func (nullSink) state() partial          { return partial{} }
func (nullSink) Commit() error           { return nil }
func (nullSink) Abandon() error          { return nil }
func (nullSink) Remove() error           { return nil }

// newSink opens the output of a clean. resumed is what there is of it, nil to begin.
func newSink(o *CleanOptions, resumed *partial) (sink, error) {
	switch {
	case o.DryRun:
		return nullSink{}, nil
	case o.isTree():
		return newTreeSink(o, resumed)
	case o.Input.Sources[0].Format == record.Parquet:
		return newParquetSink(o, resumed)
	}
	return newFileSink(o.Out, o.Input.Sources[0], o.codec(), o, resumed)
}

// codec returns how a file Out is compressed.
func (o *CleanOptions) codec() codec.Codec {
	if o.Compress != nil {
		return *o.Compress
	}
	return codecOf(o.Out)
}

func codecOf(name string) codec.Codec {
	c, _ := codec.OfName(name)
	return c
}

// isTree reports whether the output is a directory: if there is more than one text, or if the
// input is a directory and the name of the output is not that of a file.
func (o *CleanOptions) isTree() bool {
	if len(o.Inputs) == 1 && len(o.Input.Sources) == 1 && !isDir(o.Inputs[0]) {
		return false
	}
	whole := slices.ContainsFunc(o.Input.Sources, func(s *record.Source) bool { return s.Format.Whole() })
	return whole || o.Out != record.Stdin && slices.ContainsFunc(o.Inputs, isDir) && record.FormatOfName(o.Out) == ""
}

// checkOut refuses an output that can't hold the records of the input.
func (o *CleanOptions) checkOut() error {
	tree := o.isTree()
	switch {
	case tree && o.Out == record.Stdin:
		return errors.New("texts are written as files of a directory, not to standard output")
	case tree && o.SplitSize > 0:
		return errors.New("an output that is a directory is not split")
	case tree && record.FormatOfName(o.Out) != "":
		return fmt.Errorf("the output is a directory, and %s is named like a file", o.Out)
	case tree:
		if _, err := os.Lstat(o.Out); err == nil {
			return fmt.Errorf("%s is there already; a directory is written as a new one", o.Out)
		}
		return nil
	case !o.codec().Writable():
		return fmt.Errorf("%s: %s is read and not written; use .gz or .zst", o.Out, o.codec())
	}
	first := o.Input.Sources[0]
	for _, s := range o.Input.Sources[1:] {
		if s.Format != first.Format {
			return fmt.Errorf("%s is %s and %s is %s: they can't be written to one file", first.Name, first.Format, s.Name, s.Format)
		}
		if s.Charset() != first.Charset() {
			return fmt.Errorf("%s is in %s and %s in %s: they can't be written to one file", first.Name, first.Charset(), s.Name, s.Charset())
		}
		if s.Format == record.Parquet {
			continue
		}
		if !slices.Equal(s.Columns(), first.Columns()) {
			return fmt.Errorf("%s has the columns %q and %s has %q: they can't be written to one file", first.Name, first.Columns(), s.Name, s.Columns())
		}
		if s.Rows() != first.Rows() {
			return fmt.Errorf("%s has %s and %s has %s: they can't be written to one file", first.Name, first.Rows(), s.Name, s.Rows())
		}
	}
	f := record.FormatOfName(o.Out)
	if f == record.Text && first.Format == record.Lines || f == record.TSV && first.Tabs() {
		f = first.Format
	}
	if f != "" && f != first.Format && !(f.Whole() && first.Format.Whole()) {
		return fmt.Errorf("%s is named like %s, and the records are written as %s, as they were read", o.Out, f, first.Format)
	}
	if first.Format == record.Parquet {
		if o.codec() != codec.None || o.Out == record.Stdin {
			return errors.New("a file of Parquet is not compressed as a whole, and not written to standard output")
		}
		if err := record.SameSchema(o.Input.Sources); err != nil {
			return err
		}
	}
	if o.SplitSize > 0 && o.Out == record.Stdin {
		return errors.New("standard output is not split")
	}
	if o.SplitSize > 0 {
		return checkParts(o.Out, o.Force)
	}
	if o.Out == record.Stdin {
		return nil
	}
	_, err := durable.Check(o.Out, o.Force)
	return err
}

func isDevice(path string) bool {
	device, _ := durable.Check(path, true)
	return device
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func newTreeSink(o *CleanOptions, resumed *partial) (sink, error) {
	names, err := relativeNames(o.Input.Sources, o.Compress)
	if err != nil {
		return nil, err
	}
	s := &treeSink{o: o, temp: durable.PartialName(o.Out), names: names}
	if resumed != nil {
		s.temp, s.next = resumed.Temp, resumed.Next
	}
	if err := os.MkdirAll(s.temp, 0o777); err != nil {
		return nil, err
	}
	if resumed != nil && resumed.File != nil {
		return s, s.begin(s.next-1, resumed.File)
	}
	return s, nil
}

// relativeNames gives each source the name of its file in the output: below a directory that
// was named its path from there, and the last element of the path of a file. The compression
// is that of the source, or as asked.
func relativeNames(sources []*record.Source, compress *codec.Codec) (map[*record.Source]string, error) {
	names := map[*record.Source]string{}
	taken := map[string]string{}
	for _, s := range sources {
		name := filepath.Base(s.Name)
		if rel, err := filepath.Rel(s.Input, s.Name); err == nil && rel != "." {
			name = rel
		}
		if name == record.Stdin {
			name = "stdin." + string(s.Format)
		}
		c, stem := codec.OfName(name)
		switch {
		case s.Format == record.Parquet:
			name = stem
		case compress != nil:
			name = stem + compress.Ext()
		case !c.Writable():
			name = stem + codec.Zstd.Ext()
		}
		if other, ok := taken[name]; ok {
			return nil, fmt.Errorf("%s and %s would both be written as %s", other, s.Name, name)
		}
		taken[name], names[s] = s.Name, name
	}
	return names, nil
}

// rows writes JSON lines to a file, or nowhere if there is none.
type rows struct{ *durable.File }

// openRows opens a file of rows; no path means none. resumed is as for newSink.
func openRows(path string, force bool, resumed *partial) (rows, error) {
	if path == "" {
		return rows{}, nil
	}
	if resumed != nil {
		f, err := durable.Resume(path, resumed.Temp, resumed.Size)
		return rows{f}, err
	}
	f, err := durable.Create(path, force)
	return rows{f}, err
}

func (r rows) state() partial { return partial{Temp: r.Temp(), Size: r.Size()} }

func (r rows) write(row any) error { return encodeRow(r, row) }

func encodeRow(w io.Writer, row any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(row)
}
