package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"neardup/internal/codec"
)

// A Format says how a source is cut into records.
type Format string

// The formats.
const (
	JSONL   Format = "jsonl"   // a JSON object a line
	Lines   Format = "lines"   // a text a line
	CSV     Format = "csv"     // a row a record, below a header row
	TSV     Format = "tsv"     // the same, with tabs
	Parquet Format = "parquet" // a row a record
	WARC    Format = "warc"    // responses, resources and conversions, WET too
	ARC     Format = "arc"     // what came before WARC
	Text    Format = "text"    // the whole source is one text
	HTML    Format = "html"    // the whole source is one page
)

var formats = []struct {
	format Format
	names  []string // the first is said to users
}{
	{JSONL, []string{"jsonl", "ndjson"}},
	{Lines, []string{"lines"}},
	{CSV, []string{"csv"}},
	{TSV, []string{"tsv"}},
	{Parquet, []string{"parquet"}},
	{WARC, []string{"warc", "wet"}},
	{ARC, []string{"arc"}},
	{Text, []string{"text", "txt", "md", "markdown"}},
	{HTML, []string{"html", "htm", "xhtml"}},
}

// FormatNames lists the formats for users.
func FormatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.names[0])
	}
	return strings.Join(names, ", ")
}

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	for _, f := range formats {
		if slices.Contains(f.names, name) {
			return f.format, nil
		}
	}
	return "", fmt.Errorf("input format %q is not one of %s", name, FormatNames())
}

// FormatOfName returns the format that the extension of a name stands for, before that of a
// compression, or none.
func FormatOfName(name string) Format {
	_, name = codec.OfName(name)
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	if f, err := ParseFormat(ext); err == nil && ext != "lines" {
		return f
	}
	return ""
}

// Whole reports whether a source of that format is one record.
func (f Format) Whole() bool { return f == Text || f == HTML }

var bom = []byte("\ufeff")

// detect finds out the codec, the format, and what stands before the first record.
func (s *Source) detect(opts FindOptions) error {
	named, _ := codec.OfName(s.Name)
	raw, _, err := s.peek(1)
	if err == nil && codec.MayBegin(raw) {
		raw, _, err = s.peek(6)
	}
	if err != nil {
		return err
	}
	s.Codec = codec.OfContent(raw, named)
	if s.Codec != codec.None {
		head, err := s.head(func(head []byte) bool { return len(head) >= 4 })
		if err != nil {
			return err
		}
		inner := codec.OfContent(head, codec.None)
		if inner != codec.None && inner != codec.Bzip2 { // which begins like words do
			s.nested = "it is compressed twice"
		}
	}
	s.Format = opts.Format
	if s.Format == "" {
		s.Format = FormatOfName(s.Name)
	}
	if s.Format == "" || s.Format.ofLines() {
		if err := s.findUTF16(); err != nil {
			return err
		}
	}
	if s.Format == "" {
		head, err := s.head(func(head []byte) bool {
			head = bytes.TrimLeft(head, " \t\r\n")
			return len(head) >= 16 && bytes.IndexByte(head, '\n') >= 0 || bytes.HasPrefix(head, []byte("{"))
		})
		if err != nil {
			return err
		}
		s.Format = formatOfContent(head, opts.Fields.Text)
		if opts.Pages && !s.Format.HoldsPages() {
			s.Format = Text
		}
		if s.Format == Text && !opts.Pages {
			head, err := s.head(func(head []byte) bool { return len(head) >= 262 })
			if err != nil {
				return err
			}
			if len(head) >= 262 && string(head[257:262]) == "ustar" {
				s.nested = "it is a tar archive"
			}
		}
	}
	if !s.Format.ofLines() || opts.Pages {
		s.utf16 = nil // of whole texts the decoder takes care
		return nil
	}
	if s.utf16 == nil {
		if err := s.findEncoding(); err != nil {
			return err
		}
	}
	if s.Format == CSV || s.Format == TSV {
		return errors.Join(s.readHeader(opts.Fields.Text), s.CheckFields(opts.Fields))
	}
	head, err := s.head(func(head []byte) bool { return len(head) >= len(bom) || len(head) > 0 && head[0] != bom[0] })
	if bytes.HasPrefix(head, bom) {
		s.Preamble = bom
	}
	return err
}

// ofLines reports whether records of the format are lines, or rows that are lines if nothing
// is quoted.
func (f Format) ofLines() bool { return f == JSONL || f == Lines || f == CSV || f == TSV }

func (s *Source) findUTF16() error {
	head, err := s.head(func(head []byte) bool {
		return len(head) >= 16 || len(head) >= 2 && head[0] < 0xfe && head[0] != 0 && head[1] != 0
	})
	if err == nil {
		s.utf16 = utf16Order(head)
	}
	return err
}

// formatOfContent takes what is nothing else for text: what is no text will be rejected.
func formatOfContent(head []byte, text []string) Format {
	head = bytes.TrimPrefix(head, bom)
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	lower := bytes.ToLower(trimmed[:min(len(trimmed), 16)])
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return Parquet
	case bytes.HasPrefix(head, []byte("WARC/")):
		return WARC
	case bytes.HasPrefix(head, []byte("filedesc://")):
		return ARC
	case bytes.HasPrefix(trimmed, []byte("{")), bytes.HasPrefix(trimmed, []byte("[")) && bytes.HasPrefix(bytes.TrimLeft(trimmed[1:], " \t\r\n"), []byte("{")):
		return JSONL // an array of records is a reject that says so, and no text
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return HTML
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	for _, table := range []struct {
		Format
		comma byte
	}{{CSV, ','}, {TSV, '\t'}, {CSV, ';'}} {
		names, ok := splitRow(bytes.TrimSuffix(line, []byte("\r")), table.comma)
		if ok && len(names) > 1 && slices.ContainsFunc(text, func(name string) bool { return slices.Contains(names, name) }) {
			return table.Format
		}
	}
	return Text
}

// maxHead is the most that is looked at to find out what a source is.
const maxHead = 1 << 20

// peek returns the first bytes as they stand in the source, n at least if there are so many,
// and leaves them to be read.
func (s *Source) peek(n int) (head []byte, all bool, err error) {
	n = min(n, maxHead)
	if s.stream == nil {
		head = make([]byte, n)
		n, err = s.files.readAt(s.Name, head, 0)
		head = head[:n]
	} else {
		head, err = s.stream.Peek(n)
		if err == nil {
			head, err = s.stream.Peek(s.stream.Buffered())
		}
	}
	if errors.Is(err, io.EOF) {
		return head, true, nil
	}
	return head, false, err
}

// head returns the first bytes of the content, more until there is enough or no more is
// looked at.
func (s *Source) head(enough func([]byte) bool) ([]byte, error) {
	for n := 1; ; n *= 4 {
		if s.stream == nil || s.Codec != codec.None || s.utf16 != nil {
			n = max(n, 16<<10)
		}
		raw, all, err := s.peek(n)
		if err != nil {
			return nil, err
		}
		head := raw
		if s.Codec != codec.None {
			head = beginning(raw, s.Codec)
		}
		if s.utf16 != nil {
			head, _ = fromUTF16(nil, head, s.utf16, false)
		}
		if all || n >= maxHead || enough(head) {
			return head, nil
		}
	}
}

// beginning decompresses what can be had of the beginning of a stream.
func beginning(raw []byte, c codec.Codec) []byte {
	r := codec.NewReader(bytes.NewReader(raw), c, nil)
	defer r.Close()
	head, _ := io.ReadAll(io.LimitReader(r, maxHead)) // a fault is told when the source is read
	return head
}
