package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"neardup/dedup"
	"neardup/internal/charset"
	"neardup/internal/durable"
	"neardup/internal/record"
)

type pageFlags struct {
	dedup.SectionOptions
	inputFormat      string
	format           string
	fix              bool
	out              string
	html             string
	force            bool
	maxRecordBytes   byteSize
	invalid          string
	failOnDuplicates bool
	quiet            bool
}

func newPage(s *streams) *cobra.Command {
	var f pageFlags
	c := &cobra.Command{
		Use:   "page INPUT...",
		Short: "Report sections that a page repeats",
		Long: `Report sections that a page repeats, text or HTML: runs of two paragraphs and
more, or one long paragraph. Case, width, punctuation variants, markup and how lines are broken
make no difference, and neither do small changes: letters changed, or one paragraph in five
changed, inserted or missing, as long as 0.8 of the characters of either are in the other. A text
pasted several times in a row is a section too. Shorter repeats are natural, and so are short lines
that are no prose and come again behind other text, such as refrains, menus and code; --all shows
them.

One page is shown with its sections marked; of several, and of archives (WARC, WET and ARC,
where pages are named by their addresses), those with repeats are listed, the worst first.
--html FILE writes a picture of them to look at in a browser.

With --fix -o OUT the page is written without the later occurrences, and every other byte as
it was. What is in the page only once stays: what is inserted into a later occurrence, and a
sentence that is changed by more than a little. Of HTML whole elements go where a section is all
their content, and no element is left with one of its tags. A directory, and more than one page,
become the directory OUT with the same names inside, which appears when it is complete. All that
nothing is taken out of is copied: pages without repeats, pages that could not be read, other
files, hidden files, symbolic links.

In a directory a file is a page if its name says so, or if it begins like HTML or an archive. Other
files, such as images and scripts, are skipped, and so are hidden files and symbolic links.

Exit status is 0 when done, 3 if some pages could not be read as text, 20 if there are
repeated sections and --fail-on-duplicates was given, 1 if it failed, and 64 for wrong usage.`,
		Example: `  neardup page article.html
  neardup page --html report.html --fail-on-duplicates public/
  neardup page --format json crawl.warc.gz
  neardup page --fix -o fixed.html article.html
  neardup page --fix -o fixed/ public/`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runPage(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.inputFormat, "input-format", "", "read every input as `NAME`: text, html, warc or arc (default: by name and content)")
	fs.StringVar(&f.format, "format", "text", "how to report: text, or json, an object a page")
	fs.IntVar(&f.MinCharacters, "min-characters", dedup.DefaultMinCharacters, "characters that a run of paragraphs must have")
	fs.BoolVar(&f.All, "all", false, "report the shorter repeats too")
	fs.BoolVar(&f.fix, "fix", false, "write the pages without their repeats to OUT")
	fs.StringVarP(&f.out, "output", "o", "", "`OUT` of --fix, a directory for more than one page; - for standard output")
	fs.StringVar(&f.html, "html", "", "write a picture of the pages with repeats to `FILE`")
	fs.BoolVar(&f.force, "force", false, "replace OUT and FILE if they exist")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print errors only, besides the report")
	f.maxRecordBytes = record.DefaultMaxBytes
	fs.Var(&f.maxRecordBytes, "max-record-bytes", "refuse pages longer than `SIZE`")
	addInvalid(fs, &f.invalid)
	fs.BoolVar(&f.failOnDuplicates, "fail-on-duplicates", false, "exit with 20 if a page has repeated sections")
	return c
}

func (f *pageFlags) check(args []string) error {
	if _, err := replaces(f.invalid); err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		return usagef("no input; name files, directories, or - for standard input")
	case f.format != "text" && f.format != "json":
		return usagef("--format %q is not one of text, json", f.format)
	case f.fix && f.out == "" || !f.fix && f.out != "":
		return usagef("--fix and -o OUT go together")
	case f.fix && f.html != "":
		return usagef("--fix and --html don't go together")
	case f.html == record.Stdin:
		return usagef("--html is written to a file, not to standard output")
	case f.MinCharacters < 1:
		return usagef("--min-characters %d is less than 1", f.MinCharacters)
	}
	return nil
}

func (s *streams) runPage(ctx context.Context, args []string, f pageFlags) error {
	if err := f.check(args); err != nil {
		return err
	}
	o := record.FindOptions{Pages: true, Stdin: s.in}
	if f.inputFormat != "" {
		var err error
		if o.Format, err = record.ParseFormat(f.inputFormat); err != nil || !o.Format.HoldsPages() {
			return usagef("--input-format %q is not one of text, html, warc, arc", f.inputFormat)
		}
	}
	sources, err := record.Find(args, o)
	if err != nil {
		return err
	}
	defer record.CloseAll(sources)
	run := pageRun{streams: s, flags: f, single: len(sources) == 1 && sources[0].Format.Whole()}
	if err := run.begin(args, sources); err != nil {
		return err
	}
	debug.SetMemoryLimit(dedup.DefaultMemory / 10 * 9)
	for _, source := range sources {
		if err := run.source(ctx, source); err != nil {
			return errors.Join(err, run.fixed.Remove())
		}
	}
	if err := run.finish(ctx); err != nil {
		return errors.Join(err, run.fixed.Remove())
	}
	switch {
	case f.failOnDuplicates && run.repeated > 0:
		return errDuplicates
	case run.rejected > 0:
		return errRejects
	}
	return nil
}

// A pageRun is what comes of the pages of one command.
type pageRun struct {
	*streams
	flags  pageFlags
	single bool                // there is one page
	fixed  *dedup.ChangedPages // nil if they are only looked at

	pages, repeated, rejected      int
	others                         int // files of directories that are no pages
	characters, repeatedCharacters int
	worst                          []pageRow // not many more than maxRows of them
	pictures                       []picture // of the worst pages, if asked for
}

// A pageRow is a line of the summary of many pages.
type pageRow struct {
	source                         string
	characters, repeated, sections int
}

func (r pageRow) percent() int { return 100 * r.repeated / max(1, r.characters) }

// worse orders pages by the share of repeats in them, ties by their number of characters.
func worse(a, b pageRow) int {
	return cmp.Or(
		cmp.Compare(b.repeated*max(1, a.characters), a.repeated*max(1, b.characters)),
		cmp.Compare(b.repeated, a.repeated),
		cmp.Compare(a.source, b.source),
	)
}

// maxRows is how many pages the summary lists: more than anyone reads.
const maxRows = 1000

// begin refuses what can't be meant, and begins the outputs.
func (r *pageRun) begin(args []string, sources []*record.Source) error {
	f := &r.flags
	for _, source := range sources {
		switch {
		case !source.Format.HoldsPages():
			return usagef("%s holds records; page reads texts, pages and archives of pages", source.Name)
		case f.fix && !source.Format.Whole():
			return usagef("%s is an archive; --fix writes texts and pages", source.Name)
		}
	}
	if err := refuseSame(sources, f.out, f.html); err != nil {
		return err
	}
	if f.html != "" {
		if _, err := durable.Check(f.html, f.force); err != nil {
			return err
		}
	}
	if !f.fix {
		return nil
	}
	if err := refuseInside(args, f.out); err != nil {
		return err
	}
	var err error
	r.fixed, err = dedup.ChangePages(args, sources, f.out, r.out, f.force)
	return err
}

// source goes through the pages of a source.
func (r *pageRun) source(ctx context.Context, source *record.Source) (err error) {
	if source.Other {
		r.others++
		return nil
	}
	maxBytes := int64(r.flags.maxRecordBytes)
	in, err := source.Reader(record.Position{}, record.ReadOptions{MaxBytes: maxBytes})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	d := record.NewDecoder(record.DecodeOptions{MaxBytes: maxBytes, Replace: r.flags.invalid == "replace"})
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		page, reject := d.DecodePage(raw)
		switch {
		case reject != nil:
			err = r.reject(source, reject)
		case raw.Other:
		case r.fixed != nil:
			err = r.fix(raw, page)
		default:
			err = r.page(page)
		}
		if err != nil {
			return err
		}
	}
}

// reject tells of a page that can't be read. If it was to be written, and can't be left as it is, that
// is a failure.
func (r *pageRun) reject(source *record.Source, reject *record.Reject) error {
	if r.fixed != nil && !r.fixed.Keeps(source) {
		return reject
	}
	r.rejected++
	fmt.Fprintf(r.err, "neardup: rejected: %s\n", oneLine(reject))
	return nil
}

func (r *pageRun) page(page record.Page) error {
	o := r.flags.SectionOptions
	o.HTML = page.HTML
	text := page.Text.String
	p := dedup.Sections(text, &o)
	r.count(p)
	if len(p.Sections) > 0 {
		row := pageRow{page.Name, p.Characters, p.RepeatedCharacters, len(p.Sections)}
		if r.worst = append(r.worst, row); len(r.worst) >= 2*maxRows {
			r.sortWorst()
		}
		if r.flags.html != "" {
			r.draw(row, text, p)
		}
	}
	switch {
	case r.flags.format == "json":
		e := json.NewEncoder(r.out)
		e.SetEscapeHTML(false) // names are addresses
		return e.Encode(struct {
			Source string `json:"source"`
			dedup.Page
		}{page.Name, p})
	case r.single:
		return r.printPage(page.Name, text, p)
	}
	return nil
}

func (r *pageRun) count(p dedup.Page) {
	r.pages++
	r.characters += p.Characters
	r.repeatedCharacters += p.RepeatedCharacters
	if len(p.Sections) > 0 {
		r.repeated++
	}
}

// sortWorst sorts the worst pages and forgets those that the summary will not list.
func (r *pageRun) sortWorst() {
	slices.SortFunc(r.worst, worse)
	r.worst = r.worst[:min(len(r.worst), maxRows)]
}

// fix writes a page without its repeats, in the encoding that it has.
func (r *pageRun) fix(raw *record.Raw, page record.Page) error {
	o := r.flags.SectionOptions
	o.HTML = page.HTML
	p := dedup.Sections(page.Text.String, &o)
	r.count(p)
	if len(p.Sections) == 0 {
		return r.fixed.Copy(raw)
	}
	left, cuts := dedup.RemoveRepeats(page.Text.String, &o)
	ranges := make([]charset.Range, len(cuts))
	for i, c := range cuts {
		ranges[i] = charset.Range(c)
	}
	out, err := page.Text.Without(ranges)
	if err != nil {
		return r.reject(raw.Source, &record.Reject{Source: page.Name, Line: raw.Line, Offset: raw.Offset, Reason: record.Undecodable, Detail: err.Error()})
	}
	if err := r.fixed.Write(raw.Source, out); err != nil || r.flags.quiet {
		return err
	}
	after := dedup.Sections(left, &o)
	fmt.Fprintf(r.err, "neardup: %s: removed %d of %d characters\n", strings.Map(visible, page.Name), p.Characters-after.Characters, p.Characters)
	for i, section := range p.Sections {
		if section.Occurrences[0].Hidden && !section.Occurrences[1].Hidden {
			fmt.Fprintf(r.err, "neardup: hint: what is left of section %d is hidden on some screens\n", i+1)
		}
	}
	return nil
}

// finish completes the outputs, and prints the summary of many pages.
func (r *pageRun) finish(ctx context.Context) error {
	if r.fixed != nil {
		if err := r.fixed.Commit(ctx); err != nil || r.single && r.rejected == 0 || r.flags.quiet {
			return err
		}
		var copied []string
		if r.rejected > 0 {
			copied = append(copied, plural(r.rejected, "page")+" that could not be read")
		}
		if r.others > 0 {
			copied = append(copied, plural(r.others, "file")+" of other kinds")
		}
		left := ""
		if len(copied) > 0 {
			left = "; copied unchanged: " + strings.Join(copied, ", ")
		}
		_, err := fmt.Fprintf(r.err, "neardup: %s of %s had repeated sections%s\n", grouped(r.repeated), plural(r.pages, "page"), left)
		return err
	}
	if r.others > 0 && !r.flags.quiet {
		fmt.Fprintf(r.err, "neardup: %s in directories are no pages by name or content; name one to have it looked at\n", plural(r.others, "file"))
	}
	if r.flags.html != "" {
		if err := r.writePictures(); err != nil {
			return err
		}
	}
	if r.single || r.flags.format == "json" {
		return nil
	}
	w := terminal(r.out)
	r.sortWorst()
	if len(r.worst) > 0 {
		w.printf("%s\n", w.dim(" share     repeats  sections  page"))
	}
	for _, row := range r.worst {
		w.printf("%5d%%  %10s  %8s  %s\n", row.percent(), grouped(row.repeated), grouped(row.sections), strings.Map(visible, row.source))
	}
	if more := r.repeated - len(r.worst); more > 0 {
		w.printf("%s\n", w.dim("… "+plural(more, "page")+" more"))
	}
	w.printf("%s of %s have repeated sections; %s of %s are repeats, %d%%\n",
		grouped(r.repeated), plural(r.pages, "page"), grouped(r.repeatedCharacters), plural(r.characters, "character"), 100*r.repeatedCharacters/max(1, r.characters))
	return w.err
}

func (s *streams) printPage(name, text string, p dedup.Page) error {
	w := terminal(s.out)
	name = strings.Map(visible, name)
	if len(p.Sections) == 0 {
		w.printf("%s: no repeated sections\n", name)
		return w.err
	}
	w.printf("%s: %s of %s characters are repeats, %d%%\n", w.bold(name), grouped(p.RepeatedCharacters), grouped(p.Characters), 100*p.RepeatedCharacters/max(1, p.Characters))
	for i, section := range p.Sections {
		kind := ""
		if section.Kind == dedup.Near {
			kind = fmt.Sprintf(", near: resemblance %.2f", section.Resemblance)
		}
		w.printf("\n  %s  %s, %s, %s%s\n", w.hue(i, fmt.Sprintf("section %d", i+1)),
			plural(section.Paragraphs, "paragraph"), plural(section.Characters, "character"), plural(len(section.Occurrences), "occurrence"), kind)
		for j, o := range section.Occurrences {
			w.printf("    %s\n", occurrenceLine(j, o))
		}
	}
	w.printf("\n")
	w.passages(p.Passages(text))
	w.printf("\n")
	return w.err
}

func occurrenceLine(number int, o dedup.Occurrence) string {
	mark, hidden := "again", ""
	if number == 0 {
		mark = "first"
	}
	if o.Hidden {
		hidden = ", hidden on some screens"
	}
	if o.Line == o.EndLine {
		return fmt.Sprintf("%s  line %d%s", mark, o.Line, hidden)
	}
	return fmt.Sprintf("%s  lines %d-%d%s", mark, o.Line, o.EndLine, hidden)
}

// maxAlike is how many passages in a row of the same kind are shown before the middle ones are
// left out.
const maxAlike = 5

// passages prints a page, a passage a line, with the sections that it belongs to.
func (p *printer) passages(all []dedup.Passage) {
	digits := 1
	if len(all) > 0 {
		digits = len(fmt.Sprint(all[len(all)-1].Line))
	}
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && slices.Equal(all[to].Marks, all[from].Marks) {
			to++
		}
		for i := from; i < to; i++ {
			if to-from > maxAlike && i == from+2 {
				left := to - from - 3
				p.printf("%*s %s\n", digits+11, "", p.dim("… "+plural(left, "paragraph")+" more"))
				i += left
			}
			p.passage(all[i], digits, i == from)
		}
		from = to
	}
}

func (p *printer) passage(x dedup.Passage, digits int, head bool) {
	label, bar := "", " "
	if len(x.Marks) > 0 {
		m := x.Marks[0]
		bar = "┃"
		if x.Changed {
			bar = "┇"
		}
		bar = p.hue(m.Section, bar)
		if head {
			word := "first"
			if m.Occurrence > 0 {
				word = "again"
			}
			label = fmt.Sprintf("%d %s", m.Section+1, word)
		}
	}
	text := excerpt(x.Text, p.width-digits-12)
	if len(x.Marks) > 0 && x.Marks[0].Occurrence > 0 {
		text = p.dim(text)
	}
	p.printf("%9s %s %s %s\n", label, p.dim(fmt.Sprintf("%*d", digits, x.Line)), bar, text)
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
	f, ok := isTerminal(w)
	if !ok {
		return p
	}
	p.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns >= 40 {
		p.width = columns
	}
	return p
}

// isTerminal returns the terminal that w writes to, if it is one.
func isTerminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p, format, args...)
	}
}

func (p *printer) bold(s string) string { return p.style("1", s) }
func (p *printer) dim(s string) string  { return p.style("2", s) }

// hue colours what belongs to a section.
func (p *printer) hue(section int, s string) string {
	return p.style([]string{"1;36", "1;33", "1;35", "1;32", "1;34", "1;31"}[section%6], s)
}

func (p *printer) style(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
