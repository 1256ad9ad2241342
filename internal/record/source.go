package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"neardup/internal/codec"
)

// Stdin is the name of standard input.
const Stdin = "-"

// A Source is one input: a regular file, or a stream that can be read once.
type Source struct {
	Name   string // as given, or under the directory given
	Input  string // as given
	Format Format
	Codec  codec.Codec // of its bytes
	Size   int64       // in bytes as they stand there, -1 if not known: a stream

	// Encoding names that of a source of lines which is not UTF-8 and has ASCII for a part, such
	// as gb18030. It is empty for UTF-16, which is read as UTF-8.
	Encoding string

	// Other tells that it was found in a directory where pages were looked for, and neither its name
	// nor its content says that it is one: an image, a script, a table.
	Other bool

	// Preamble is what begins the source and is no part of a record: a byte order mark, the
	// header row of a table.
	Preamble []byte

	table   table
	utf16   byteOrder // nil if it is none
	nested  string    // why what is inside is not opened
	unread  string    // the encoding of a source of lines, if it is one that is not read
	files   *openFiles
	tempDir string
	stream  *bufio.Reader // nil for a regular file
	closer  io.Closer     // of a stream that was opened here
	spool   *os.File      // a copy of what was read of the stream, if asked for
	done    bool          // the stream was read to its end
}

// FindOptions say how inputs are read.
type FindOptions struct {
	Format  Format    // of every input; empty means by name and content
	Pages   bool      // inputs whose name does not tell are pages or archives of pages, no other records
	Fields  Fields    // that will be asked for: what begins with a row that has one for the text is a table
	Stdin   io.Reader // what "-" reads
	Spool   bool      // keep a copy of what is read of a stream, so that it can be read again
	TempDir string    // for copies; empty means the system's
}

// Find finds the inputs in order, directories walked in name order. The sources must be
// closed with [CloseAll]. An input that can't be read is an error before anything is read.
func Find(inputs []string, opts FindOptions) (sources []*Source, err error) {
	defer func() {
		if err != nil {
			CloseAll(sources)
			sources = nil
		}
	}()
	files := &openFiles{}
	for _, input := range inputs {
		if input == Stdin {
			s := &Source{Name: Stdin, Size: -1, stream: bufio.NewReaderSize(opts.Stdin, maxHead)}
			sources = append(sources, s)
			if err := s.prepare(opts); err != nil {
				return sources, err
			}
			continue
		}
		names, err := walk(input)
		if err != nil {
			return sources, err
		}
		for _, name := range names {
			s, err := newFile(name, files)
			if err != nil {
				return sources, err
			}
			s.Input = input
			sources = append(sources, s)
			if err := s.prepare(opts); err != nil {
				return sources, err
			}
			if opts.Pages && opts.Format == "" && name != filepath.Clean(input) {
				s.setOther()
			}
		}
	}
	return sources, nil
}

// setOther marks a file of a directory that is no page. It is read as a whole then.
func (s *Source) setOther() {
	if s.Format == Text && FormatOfName(s.Name) == "" || !s.Format.HoldsPages() {
		s.Other, s.Format, s.Preamble, s.Encoding, s.utf16 = true, Text, nil, "", nil
	}
}

// CloseAll closes the sources and removes their copies.
func CloseAll(sources []*Source) {
	for _, s := range sources {
		if s.files != nil {
			s.files.close()
		}
		if s.closer != nil {
			s.closer.Close()
		}
		if s.spool != nil {
			closeTemp(s.spool)
		}
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

func newFile(name string, files *openFiles) (*Source, error) {
	s := &Source{Name: name, Size: -1}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		s.Size, s.files = info.Size(), files
		return s, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s.stream, s.closer = bufio.NewReaderSize(f, maxHead), f
	return s, nil
}

// prepare finds out what the source is by its first bytes.
func (s *Source) prepare(opts FindOptions) error {
	s.tempDir = opts.TempDir
	err := s.detect(opts)
	if err == nil && s.stream != nil && opts.Spool {
		s.spool, err = tempFile(s.tempDir, "neardup-input-*")
	}
	var path *fs.PathError // which has the name
	if err != nil && !errors.As(err, &path) {
		err = fmt.Errorf("%s: %w", s.Name, err)
	}
	return err
}

// Again reports whether the bytes of a record can be read again by where it stands.
func (s *Source) Again() bool {
	return s.Codec == codec.None && s.utf16 == nil && s.Format != Parquet && (s.stream == nil || s.spool != nil)
}

// Once reports a stream of which no copy is kept: it can be read once.
func (s *Source) Once() bool { return s.stream != nil && s.spool == nil }

// ReadAt reads bytes as they stand in the source, of a stream those that were read before.
func (s *Source) ReadAt(b []byte, offset int64) (int, error) {
	switch {
	case s.spool != nil:
		return s.spool.ReadAt(b, offset)
	case s.stream == nil:
		return s.files.readAt(s.Name, b, offset)
	}
	return 0, errors.ErrUnsupported
}

// A body is what a source holds, decompressed, from some place on.
type body struct {
	io.Reader
	decoder *codec.Reader // nil if it is not compressed
	file    *os.File      // nil for a stream
}

func (b *body) Close() error {
	var errs []error
	if b.decoder != nil {
		errs = append(errs, b.decoder.Close())
	}
	if b.file != nil && b.decoder == nil {
		errs = append(errs, b.file.Close())
	}
	return errors.Join(errs...)
}

// body opens the source at an offset of its decompressed content.
func (s *Source) body(offset int64) (*body, error) {
	b := &body{}
	var in io.Reader
	switch {
	case s.stream != nil && s.done && s.spool != nil:
		in = io.NewSectionReader(s.spool, 0, math.MaxInt64)
	case s.stream != nil:
		if offset > 0 || s.done {
			return nil, fmt.Errorf("%s: %w: a stream is read once, from its start", s.Name, errors.ErrUnsupported)
		}
		s.done = true
		in = s.stream
		if s.spool != nil {
			in = io.TeeReader(s.stream, s.spool)
		}
	default:
		f, err := os.Open(s.Name)
		if err != nil {
			return nil, err
		}
		b.file, in = f, f
	}
	if s.Codec == codec.None && s.utf16 == nil {
		if seeker, ok := in.(io.Seeker); ok && offset > 0 {
			if _, err := seeker.Seek(offset, io.SeekStart); err != nil {
				return nil, errors.Join(err, b.Close())
			}
		}
		b.Reader = in
		return b, nil
	}
	b.Reader = in
	if s.Codec != codec.None {
		done := func() {}
		if b.file != nil {
			done = func() { b.file.Close() }
		}
		b.decoder = codec.NewReader(in, s.Codec, done)
		b.Reader = b.decoder
	}
	if s.utf16 != nil {
		b.Reader = newUTF16Reader(b.Reader, s.utf16)
	}
	if _, err := io.CopyN(io.Discard, b, offset); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: decoded byte %d is not there any more: %w", s.Name, offset, err), b.Close())
	}
	return b, nil
}

// Encoded returns a writer that turns what was read of the source into what stands there. It
// must be closed.
func (s *Source) Encoded(w io.Writer) io.WriteCloser {
	if s.utf16 != nil {
		return &utf16Writer{out: w, order: s.utf16}
	}
	return asIs{w}
}

type asIs struct{ io.Writer }

func (asIs) Close() error { return nil }

// Charset names the encoding of the source, for messages.
func (s *Source) Charset() string {
	switch {
	case s.utf16 != nil:
		return "utf-16"
	case s.Encoding != "":
		return s.Encoding
	}
	return "utf-8"
}
