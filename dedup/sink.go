package dedup

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"neardup/internal/durable"
	"neardup/internal/record"
)

// An output is something a job writes: a *durable.File, or what behaves like one.
type output interface {
	Temp() string   // its name until it is complete
	Size() int64    // bytes written, to cut it back to on resume
	Sync() error    // makes what was written durable
	Commit() error  // completes the output and gives it its name
	Abandon() error // leaves it to be resumed
	Remove() error  // removes it, unless it was committed
}

// A sink takes the records that are kept, as they stand in their source.
type sink interface {
	output
	write(raw *record.Raw) error
}

// A lineSink writes records of lines to one file or stream.
type lineSink struct {
	*durable.File               // nil for a stream
	stream        *bufio.Writer // nil for a file
	w             io.Writer     // one of the two

	first  *record.Source // whose byte order mark, if any, begins the output
	begun  bool
	broken bool // the last record had no line ending
}

func (s *lineSink) write(raw *record.Raw) error {
	if !s.begun {
		s.begun = true
		if s.first.HasBOM() {
			if _, err := io.WriteString(s.w, "\ufeff"); err != nil {
				return err
			}
		}
	}
	if s.broken {
		if _, err := s.w.Write([]byte{'\n'}); err != nil {
			return err
		}
	}
	s.broken = len(raw.End) == 0
	if err := copyRaw(s.w, raw); err != nil {
		return err
	}
	_, err := s.w.Write(raw.End)
	return err
}

func (s *lineSink) Sync() error {
	if s.stream != nil {
		return s.stream.Flush()
	}
	return s.File.Sync()
}

func (s *lineSink) Commit() error {
	if s.stream != nil {
		return s.stream.Flush()
	}
	return s.File.Commit()
}

// copyRaw writes the bytes of a record; of one that was too long to be held, from its source.
func copyRaw(w io.Writer, raw *record.Raw) error {
	if raw.Bytes != nil || raw.Length == 0 {
		_, err := w.Write(raw.Bytes)
		return err
	}
	_, err := io.Copy(w, io.NewSectionReader(raw.Source, raw.Offset, raw.Length))
	return err
}

// A treeSink writes texts as files of a directory, under the names that they have relative
// to their input. After a resume the same texts are written again under the same names.
type treeSink struct {
	dir   string
	temp  string
	names map[*record.Source]string
}

func (s *treeSink) write(raw *record.Raw) error {
	path := filepath.Join(s.temp, s.names[raw.Source])
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := durable.Create(path, true)
	if err != nil {
		return err
	}
	if err := copyRaw(f, raw); err != nil {
		return errors.Join(err, f.Remove())
	}
	return f.Commit()
}

func (s *treeSink) Temp() string   { return s.temp }
func (s *treeSink) Size() int64    { return 0 }
func (s *treeSink) Sync() error    { return nil } // every file was synced
func (s *treeSink) Commit() error  { return durable.Rename(s.temp, s.dir) }
func (s *treeSink) Abandon() error { return nil }
func (s *treeSink) Remove() error  { return os.RemoveAll(s.temp) }

// A nullSink is the output of a dry run.
type nullSink struct{ *durable.File }

func (nullSink) write(*record.Raw) error { return nil }

// newSink opens the output of a clean. resumed is what there is of it,
// nil to begin.
func newSink(o *CleanOptions, resumed *partial) (sink, error) {
	texts, err := allTexts(o.Input.Sources)
	switch {
	case err != nil:
		return nil, err
	case o.DryRun:
		return nullSink{}, nil
	case texts && !(len(o.Inputs) == 1 && len(o.Input.Sources) == 1 && !isDir(o.Inputs[0])):
		return newTreeSink(o, resumed)
	case o.Out == record.Stdin:
		w := bufio.NewWriter(o.Stdout)
		return &lineSink{stream: w, w: w, first: o.Input.Sources[0]}, nil
	}
	var f *durable.File
	s := &lineSink{first: o.Input.Sources[0]}
	if resumed != nil {
		f, err = durable.Resume(o.Out, resumed.Temp, resumed.Size)
		if err == nil && resumed.Size > 0 {
			s.begun = true
			s.broken, err = lacksLineEnd(resumed.Temp, resumed.Size)
		}
	} else {
		f, err = durable.Create(o.Out, o.Force)
	}
	if err != nil {
		return nil, err
	}
	s.w, s.File = f, f
	return s, nil
}

func lacksLineEnd(path string, size int64) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	last := make([]byte, 1)
	_, err = f.ReadAt(last, size-1)
	return last[0] != '\n', err
}

// allTexts reports whether the sources are whole texts; all or none must be.
func allTexts(sources []*record.Source) (bool, error) {
	texts := 0
	for _, s := range sources {
		if s.Format.Whole() {
			texts++
		}
	}
	if texts > 0 && texts < len(sources) {
		return false, errors.New("the inputs are texts and files of records; clean writes one kind at a time")
	}
	return texts > 0, nil
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
	if o.Out == record.Stdin {
		return nil, errors.New("texts are written as files of a directory, not to standard output")
	}
	if _, err := os.Lstat(o.Out); err == nil {
		return nil, fmt.Errorf("%s is there already; texts are written to a new directory", o.Out)
	}
	names, err := relativeNames(o.Inputs, o.Input.Sources)
	if err != nil {
		return nil, err
	}
	s := &treeSink{dir: o.Out, temp: durable.PartialName(o.Out), names: names}
	if resumed != nil {
		s.temp = resumed.Temp
	}
	return s, os.MkdirAll(s.temp, 0o777)
}

// relativeNames gives each source the name of its file in the output: below a directory that
// was named its path from there, and the last element of the path of a file.
func relativeNames(inputs []string, sources []*record.Source) (map[*record.Source]string, error) {
	names := map[*record.Source]string{}
	taken := map[string]string{}
	for _, s := range sources {
		name := filepath.Base(s.Name)
		for _, input := range inputs {
			rel, err := filepath.Rel(input, s.Name)
			if err == nil && rel != "." && !strings.HasPrefix(rel, "..") {
				name = rel
				break
			}
		}
		if name == record.Stdin {
			name = "stdin.txt"
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

func (r rows) write(row any) error { return encodeRow(r, row) }

func encodeRow(w io.Writer, row any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(row)
}
