package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Format says how a source is cut into records.
type Format string

// The formats.
const (
	JSONL Format = "jsonl" // a JSON object a line
	Lines Format = "lines" // a text a line
	Text  Format = "text"  // the whole source is one text
	HTML  Format = "html"  // the whole source is one page
)

// Whole reports whether a source of the format is one record.
func (f Format) Whole() bool { return f == Text || f == HTML }

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case JSONL, Lines, Text, HTML:
		return f, nil
	case "ndjson":
		return JSONL, nil
	case "txt", "md":
		return Text, nil
	case "htm":
		return HTML, nil
	}
	return "", fmt.Errorf("input format %q is not one of jsonl, lines, text, html", name)
}

var formatOf = map[string]Format{".jsonl": JSONL, ".ndjson": JSONL, ".txt": Text, ".text": Text, ".md": Text, ".html": HTML, ".htm": HTML}

// notYet are formats that neardup will read one day; guessing at them would do harm.
var notYet = []string{
	".csv", ".tsv", ".parquet", ".warc", ".wet", ".arc", ".gz", ".zst", ".bz2", ".xz",
}

// Stdin is the name of standard input.
const Stdin = "-"

// A Source is one input: a regular file, or a stream that can be read once.
type Source struct {
	Name   string // as given, or under the directory given
	Format Format
	Size   int64 // bytes, -1 if not known: a stream

	file   *os.File      // nil for standard input
	stream *bufio.Reader // nil for a regular file
	spool  *os.File      // a copy of what was read of the stream, if asked for
}

// FindOptions say how inputs are read.
type FindOptions struct {
	Format  Format    // of every input; empty means by name and content
	Default Format    // of inputs whose name does not tell; empty means by content
	Stdin   io.Reader // what "-" reads
	Spool   string    // directory for a copy of what is read of a stream; empty means no copy
}

// Find opens the inputs in order, directories walked in name order. The sources must be
// closed with [CloseAll]. An input that can't be read is an error before anything is read.
func Find(inputs []string, opts FindOptions) (sources []*Source, err error) {
	defer func() {
		if err != nil {
			CloseAll(sources)
			sources = nil
		}
	}()
	for _, input := range inputs {
		if input == Stdin {
			s, err := openStream(opts)
			if err != nil {
				return sources, err
			}
			sources = append(sources, s)
			continue
		}
		names, err := walk(input)
		if err != nil {
			return sources, err
		}
		for _, name := range names {
			s, err := openFile(name, opts)
			if err != nil {
				return sources, err
			}
			sources = append(sources, s)
		}
	}
	return sources, nil
}

// CloseAll closes the sources and removes their copies.
func CloseAll(sources []*Source) {
	for _, s := range sources {
		s.close()
	}
}

func (s *Source) close() {
	if s.file != nil {
		s.file.Close()
	}
	if s.spool != nil {
		s.spool.Close()
		os.Remove(s.spool.Name())
	}
}

// walk returns the file at path, or those under it in name order; hidden ones and symbolic
// links below a directory are passed over.
func walk(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var names []string
	root := path + string(filepath.Separator) // the directory also if path is a link to it
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case d.Type().IsRegular():
			names = append(names, filepath.Clean(name))
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: no files in this directory", path)
	}
	return names, err
}

func openFile(name string, opts FindOptions) (*Source, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s := &Source{Name: name, Format: opts.Format, Size: -1, file: f}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		s.Size = info.Size()
	} else {
		s.stream = bufio.NewReader(f)
	}
	return s.prepare(opts)
}

func openStream(opts FindOptions) (*Source, error) {
	s := &Source{Name: Stdin, Format: opts.Format, Size: -1, stream: bufio.NewReader(opts.Stdin)}
	return s.prepare(opts)
}

func (s *Source) prepare(opts FindOptions) (*Source, error) {
	var err error
	if s.Format == "" {
		s.Format, err = s.detect(opts.Default)
	}
	if err == nil && s.stream != nil && opts.Spool != "" {
		s.spool, err = os.CreateTemp(opts.Spool, "neardup-input-*")
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return s, nil
}

func (s *Source) detect(byDefault Format) (Format, error) {
	ext := strings.ToLower(filepath.Ext(s.Name))
	if f, ok := formatOf[ext]; ok {
		return f, nil
	}
	if slices.Contains(notYet, ext) {
		return "", fmt.Errorf("%s files are not read yet", ext)
	}
	if byDefault != "" {
		return byDefault, nil
	}
	head, err := s.head()
	if err != nil {
		return "", err
	}
	return formatOfContent(head), nil
}

// headBytes are what a format is recognised by.
const headBytes = 4096

// head returns some of the first bytes and leaves them to be read.
func (s *Source) head() ([]byte, error) {
	if s.stream != nil {
		if _, err := s.stream.Peek(1); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return s.stream.Peek(s.stream.Buffered())
	}
	head := make([]byte, headBytes)
	n, err := s.file.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

// ReadAt reads bytes that a Reader of s has read before; of a stream only if it was opened
// with a copy.
func (s *Source) ReadAt(b []byte, offset int64) (int, error) {
	switch {
	case s.spool != nil:
		return s.spool.ReadAt(b, offset)
	case s.stream == nil:
		return s.file.ReadAt(b, offset)
	}
	return 0, errors.ErrUnsupported
}

// bytesFrom returns what follows offset.
func (s *Source) bytesFrom(offset int64) (io.Reader, error) {
	if s.stream == nil {
		return io.NewSectionReader(s.file, offset, math.MaxInt64-offset), nil
	}
	if offset > 0 {
		return nil, fmt.Errorf("%s: %w: a stream is read from its start", s.Name, errors.ErrUnsupported)
	}
	if s.spool != nil {
		return io.TeeReader(s.stream, s.spool), nil
	}
	return s.stream, nil
}

// formatOfContent takes what is no JSON for text: what is neither will be rejected.
func formatOfContent(head []byte) Format {
	head = bytes.TrimPrefix(head, bom)
	if trimmed := bytes.TrimLeft(head, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return JSONL
	}
	return Text
}
