package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"neardup/dedup"
	"neardup/internal/durable"
	"neardup/internal/record"
)

type pageFlags struct {
	dedup.SectionOptions
	format           string
	fix              bool
	out              string
	force            bool
	maxRecordBytes   byteSize
	failOnDuplicates bool
	quiet            bool
}

func newPage(s *streams) *cobra.Command {
	var f pageFlags
	c := &cobra.Command{
		Use:   "page INPUT...",
		Short: "Report sections that stand twice in a page",
		Long: `Report sections that stand twice or more in a page: runs of two paragraphs and more, or one
long paragraph. Case, width, punctuation variants and blank lines make no difference. A
paragraph is a line so far: a repeat whose lines are broken elsewhere is not found.
Shorter repeats, such as refrains and captions, are natural; --all shows them.

With --fix -o OUT the page is written without the later occurrences, and every other byte as
it was.

Exit status is 0 when done, 3 if some pages could not be read as text, 20 if there are
repeated sections and --fail-on-duplicates was given, 1 if it failed, and 64 for wrong usage.`,
		Example: `  neardup page article.txt
  neardup page --format json article.txt
  neardup page --fix -o fixed.txt article.txt`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runPage(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.format, "format", "text", "how to report: text, or json, an object a page")
	fs.IntVar(&f.MinCharacters, "min-characters", dedup.DefaultMinCharacters, "characters that a run of paragraphs must have")
	fs.BoolVar(&f.All, "all", false, "report the shorter repeats too")
	fs.BoolVar(&f.fix, "fix", false, "write the page without its repeats to OUT")
	fs.StringVarP(&f.out, "output", "o", "", "`OUT` of --fix; - for standard output")
	fs.BoolVar(&f.force, "force", false, "replace OUT if it exists")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print errors only, besides the report")
	f.maxRecordBytes = record.DefaultMaxBytes
	fs.Var(&f.maxRecordBytes, "max-record-bytes", "refuse pages longer than `SIZE`")
	fs.BoolVar(&f.failOnDuplicates, "fail-on-duplicates", false, "exit with 20 if a page has repeated sections")
	return c
}

func (s *streams) runPage(ctx context.Context, args []string, f pageFlags) error {
	switch {
	case len(args) == 0:
		return usagef("no input; name files, directories, or - for standard input")
	case f.format != "text" && f.format != "json":
		return usagef("--format %q is not one of text, json", f.format)
	case f.fix && f.out == "" || !f.fix && f.out != "":
		return usagef("--fix and -o OUT go together")
	case f.MinCharacters < 1:
		return usagef("--min-characters %d is less than 1", f.MinCharacters)
	}
	sources, err := record.Find(args, record.FindOptions{Default: record.Text, Stdin: s.in})
	if err != nil {
		return err
	}
	defer record.CloseAll(sources)
	if err := refuseSame(sources, f.out); err != nil {
		return err
	}
	if f.fix && len(sources) != 1 {
		return usagef("--fix takes one page at a time, not %d", len(sources))
	}
	outcome := pageOutcome{}
	for _, source := range sources {
		if source.Format != record.Text {
			return usagef("%s holds records; page reads texts", source.Name)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.page(source, f, &outcome); err != nil {
			return err
		}
	}
	switch {
	case f.failOnDuplicates && outcome.repeated:
		return errDuplicates
	case outcome.rejected:
		return errRejects
	}
	return nil
}

type pageOutcome struct{ repeated, rejected bool }

func (s *streams) page(source *record.Source, f pageFlags, outcome *pageOutcome) error {
	text, err := readPage(source, int64(f.maxRecordBytes))
	var reject *record.Reject
	if errors.As(err, &reject) && !f.fix {
		outcome.rejected = true
		fmt.Fprintf(s.err, "neardup: rejected: %v\n", reject)
		return nil
	}
	if err != nil {
		return err
	}
	p := dedup.Sections(text, &f.SectionOptions)
	outcome.repeated = outcome.repeated || len(p.Sections) > 0
	switch {
	case f.fix && f.out == record.Stdin:
		_, err := io.WriteString(s.out, p.WithoutRepeats(text))
		return err
	case f.fix:
		if err := durable.WriteFile(f.out, []byte(p.WithoutRepeats(text)), f.force); err != nil {
			return err
		}
		if f.quiet {
			return nil
		}
		fmt.Fprintf(s.err, "neardup: %s: removed %d of %d characters\n", source.Name, p.RepeatedCharacters, p.Characters)
		return nil
	case f.format == "json":
		return json.NewEncoder(s.out).Encode(struct {
			Source string `json:"source"`
			dedup.Page
		}{source.Name, p})
	}
	return s.printPage(source.Name, text, p)
}

func readPage(source *record.Source, maxBytes int64) (string, error) {
	r, err := source.Reader(record.Position{}, record.ReadOptions{MaxBytes: maxBytes})
	if err != nil {
		return "", err
	}
	defer r.Close()
	raw, err := r.Next()
	if err != nil {
		return "", err
	}
	rec, reject := record.NewDecoder(record.DecodeOptions{}).Decode(raw)
	if reject != nil {
		return "", reject
	}
	return rec.Text, nil
}

func (s *streams) printPage(name, text string, p dedup.Page) error {
	w := terminal(s.out)
	if len(p.Sections) == 0 {
		w.printf("%s: no repeated sections\n", name)
		return w.err
	}
	w.printf("%s: %s of %s characters are repeats, %d%%\n", w.bold(name), grouped(p.RepeatedCharacters), grouped(p.Characters), 100*p.RepeatedCharacters/max(1, p.Characters))
	for i, section := range p.Sections {
		w.printf("\n  %s  %s, %s, %s\n", w.bold(fmt.Sprintf("section %d", i+1)),
			plural(section.Paragraphs, "paragraph"), plural(section.Characters, "character"), plural(len(section.Occurrences), "occurrence"))
		for j, o := range section.Occurrences {
			mark := "again"
			if j == 0 {
				mark = "first"
			}
			head := fmt.Sprintf("    %s  lines %d-%d  ", mark, o.Line, o.EndLine)
			w.printf("%s%s\n", head, w.dim(excerpt(text[o.Start:o.End], w.width-len(head))))
		}
	}
	w.printf("\n")
	return w.err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a number with a comma before every three digits.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A printer writes for people: in colour if someone looks and does not mind.
type printer struct {
	io.Writer
	colour bool
	width  int
	err    error
}

func terminal(w io.Writer) *printer {
	p := &printer{Writer: w, width: 100}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns >= 40 {
		p.width = columns
	}
	return p
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p, format, args...)
	}
}

func (p *printer) bold(s string) string { return p.style("1", s) }
func (p *printer) dim(s string) string  { return p.style("2", s) }

func (p *printer) style(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
