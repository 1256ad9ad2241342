package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"neardup/dedup"
	"neardup/internal/record"
)

type compareCommandFlags struct {
	inputFlags
	compareFlags

	in               []string
	format           string
	failOnDuplicates bool
}

func newCompare(s *streams) *cobra.Command {
	var f compareCommandFlags
	c := &cobra.Command{
		Use:   "compare A B",
		Short: "Explain what two documents have in common",
		Long: `Explain what two documents have in common: fingerprints and their distance, resemblance, how
much of each is in the other, what neardup would call them, and the passages that they share,
side by side. A and B are text files or pages, or with --in the ids of two records.

Boilerplate is what many documents of a site have. Two documents alone have none, so the whole
text is the article here.

Exit status is 0 when done, 20 if the documents are copies and --fail-on-duplicates was given,
1 if it failed, and 64 for wrong usage.`,
		Example: `  neardup compare article.txt copy.txt
  neardup compare --in corpus.jsonl doc-17 doc-94
  neardup compare --in corpus.jsonl --format json doc-17 doc-94`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runCompare(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringArrayVar(&f.in, "in", nil, "A and B are ids of records in `INPUT`; repeat for several")
	fs.StringVar(&f.format, "format", "text", "how to report: text, for people, or json")
	fs.BoolVar(&f.failOnDuplicates, "fail-on-duplicates", false, "exit with 20 if the documents are copies")
	f.inputFlags.add(fs)
	f.compareFlags.add(fs)
	return c
}

func (s *streams) runCompare(ctx context.Context, args []string, f compareCommandFlags) error {
	if f.format != "text" && f.format != "json" {
		return usagef("--format %q is not one of text, json", f.format)
	}
	if len(args) != 2 {
		return usagef("compare takes two documents, not %d", len(args))
	}
	opts, err := s.options(f.compareFlags, resourceFlags{memory: dedup.DefaultMemory})
	if err != nil {
		return err
	}
	docs, err := s.twoDocuments(ctx, args, f)
	if err != nil {
		return err
	}
	c, err := dedup.Compare(docs[0], docs[1], &opts)
	if err != nil {
		return err
	}
	if f.format == "json" {
		err = json.NewEncoder(s.out).Encode(c)
	} else {
		err = terminal(s.out).comparison(c, docs[0].Text, docs[1].Text)
	}
	if err == nil && f.failOnDuplicates && c.Kind != dedup.Unique {
		return errDuplicates
	}
	return err
}

func (s *streams) twoDocuments(ctx context.Context, args []string, f compareCommandFlags) ([]dedup.Document, error) {
	if len(f.in) > 0 {
		in, err := s.input(f.in, f.inputFlags, resourceFlags{}, false)
		if err != nil {
			return nil, err
		}
		defer record.CloseAll(in.Sources)
		return dedup.FindRecords(ctx, in, args)
	}
	replace, err := replaces(f.invalid)
	if err != nil {
		return nil, err
	}
	sources, err := record.Find(args, record.FindOptions{Pages: true, Stdin: s.in})
	if err != nil {
		return nil, err
	}
	defer record.CloseAll(sources)
	if len(sources) != 2 {
		return nil, usagef("%s are not two files", strings.Join(args, " and "))
	}
	docs := make([]dedup.Document, 2)
	for i, source := range sources {
		if !source.Format.Whole() {
			return nil, usagef("%s holds records; name two of them with --in %s A B", source.Name, source.Name)
		}
		text, err := readText(source, int64(f.maxRecordBytes), replace)
		if err != nil {
			return nil, err
		}
		docs[i] = dedup.Document{ID: source.Name, Text: text}
	}
	return docs, nil
}

func readText(source *record.Source, maxBytes int64, replace bool) (string, error) {
	r, err := source.Reader(record.Position{}, record.ReadOptions{MaxBytes: maxBytes})
	if err != nil {
		return "", err
	}
	defer r.Close()
	raw, err := r.Next()
	if err != nil {
		return "", err
	}
	rec, reject := record.NewDecoder(record.DecodeOptions{Replace: replace}).Decode(raw)
	if reject != nil {
		return "", reject
	}
	return rec.Text, nil
}

var kindWords = map[dedup.Kind]string{
	dedup.Unique:     "no copies of each other",
	dedup.Exact:      "exact: equal after normalisation",
	dedup.Near:       "near duplicates",
	dedup.Syndicated: "syndicated: one stands in the other",
}

// comparison prints a comparison: the figures, and then both texts in two columns, what they
// share beside each other.
func (w *printer) comparison(c dedup.Comparison, a, b string) error {
	verdict := kindWords[c.Kind]
	if c.Short && c.Kind == dedup.Unique {
		verdict += "; one is so short that only equality would count"
	}
	w.printf("%s\n\n", w.bold(verdict))
	w.printf("  resemblance  %.1f%%, Hamming distance %d of 64\n", 100*c.Resemblance, c.Distance)
	w.printf("  A  %5.1f%% of it stands in B  fingerprint %s  %s  %s\n", 100*c.ContainmentA, c.FingerprintA, plural(c.ShinglesA, "shingle"), c.A)
	w.printf("  B  %5.1f%% of it stands in A  fingerprint %s  %s  %s\n", 100*c.ContainmentB, c.FingerprintB, plural(c.ShinglesB, "shingle"), c.B)
	if len(c.Spans) == 0 {
		w.printf("\n  no paragraph of one resembles one of the other\n")
		return w.err
	}
	column := max(10, (w.width-len("    =  "))/2)
	for _, span := range c.Spans {
		left, right := a[span.StartA:span.EndA], b[span.StartB:span.EndB]
		mark := map[dedup.Kind]string{dedup.Exact: "=", dedup.Near: "~"}[span.Kind]
		w.printf("\n")
		head := fmt.Sprintf("A %s", lines(a, span.StartA, span.EndA))
		w.printf("%s   %s\n", w.dim(padded(head, column)), w.dim("B "+lines(b, span.StartB, span.EndB)))
		w.beside(wrapped(left, column), wrapped(right, column), column, mark)
	}
	return w.err
}

// beside prints two columns.
func (w *printer) beside(left, right []string, column int, mark string) {
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		cell := padded(l, column)
		if mark == "~" && l != r {
			cell, r = w.style("33", cell), w.style("33", r)
		}
		w.printf("%s\n", strings.TrimRight(cell+" "+mark+" "+r, " "))
	}
}

// lines names the lines in which a range of a text lies, counted from 1.
func lines(text string, start, end int) string {
	first := 1 + strings.Count(text[:start], "\n")
	last := first + strings.Count(text[start:end], "\n")
	if first == last {
		return fmt.Sprintf("line %d", first)
	}
	return fmt.Sprintf("lines %d-%d", first, last)
}
