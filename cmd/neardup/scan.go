package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"neardup/dedup"
	"neardup/internal/durable"
	"neardup/internal/record"
)

type scanFlags struct {
	inputFlags
	resourceFlags
	compareFlags

	upTo             string
	clusters         bool
	allPairs         bool
	paragraphs       bool
	report           string
	explain          bool
	format           string
	failOnDuplicates bool
}

func newScan(s *streams) *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan INPUT...",
		Short: "Report duplicates and remove nothing",
		Long: `Report duplicates and remove nothing.

Each line on standard output is a pair of documents, verified on both texts. Of a group of equal
texts each is paired with the first. With --clusters there is a line for each record instead, with
the representative of its cluster: the record that would be kept, which every member matches
directly. With --paragraphs there is a line for each paragraph that several documents have.

--report FILE.html writes a page to look at: how much would be dropped and why, the largest clusters
with what would be dropped beside what would be kept, and repeated paragraphs. It needs no network.
Lines are not printed to a terminal then.

--explain-threshold tells, from one pass, how many documents would be dropped at a --min-resemblance
of 0.7, 0.75 and so on to 0.95, and shows three pairs at each that are not near at the next. Pairs
are found with probability 0.96 at 0.7, 0.99 at 0.75 and 0.998 at 0.8.

Exit status is 0 when done, 3 when done and some records were rejected, 20 if there are
duplicates and --fail-on-duplicates was given, 1 if it failed, and 64 for wrong usage.`,
		Example: `  neardup scan corpus.jsonl > pairs.jsonl
  neardup scan --clusters corpus.jsonl
  neardup scan --report report.html corpus.jsonl
  neardup scan --explain-threshold corpus.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runScan(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.upTo, "up-to", "syndicated", "report duplicates up to this kind: exact, near, syndicated; to stop at near is much faster where pages share templates")
	fs.BoolVar(&f.clusters, "clusters", false, "report each record and its cluster")
	fs.BoolVar(&f.allPairs, "all-pairs", false, "report every pair of a group of equal texts")
	fs.BoolVar(&f.paragraphs, "paragraphs", false, "report each paragraph that several documents have, most documents first")
	fs.StringVar(&f.report, "report", "", "write a page to look at in a browser to `FILE`")
	fs.BoolVar(&f.explain, "explain-threshold", false, "report what other resemblances than --min-resemblance would do, instead of pairs")
	fs.StringVar(&f.format, "format", "", "how --explain-threshold reports: text, for people, or json")
	fs.BoolVar(&f.failOnDuplicates, "fail-on-duplicates", false, "exit with 20 if there are duplicates")
	f.inputFlags.add(fs)
	f.compareFlags.add(fs)
	f.resourceFlags.add(fs)
	return c
}

func (s *streams) runScan(ctx context.Context, args []string, f scanFlags) error {
	opts, err := s.options(f.compareFlags, f.resourceFlags)
	if err != nil {
		return err
	}
	last, err := parseKinds("--up-to", []string{f.upTo})
	if err != nil {
		return err
	}
	opts.Kinds = allKinds[:slices.Index(allKinds, last[0])+1]
	if f.paragraphs && (f.clusters || f.allPairs || f.failOnDuplicates) {
		return usagef("--paragraphs reports no pairs and no clusters")
	}
	switch {
	case f.format != "" && f.format != "text" && f.format != "json":
		return usagef("--format %q is not one of text, json", f.format)
	case f.format != "" && !f.explain:
		return usagef("--format is for --explain-threshold; all else is JSON lines")
	case f.explain && (f.clusters || f.allPairs || f.paragraphs):
		return usagef("--explain-threshold reports no pairs, clusters or paragraphs")
	}
	var view *dedup.Overview
	var levels []dedup.Threshold
	out := s.out
	if f.explain {
		levels, out = thresholds(f.minResemblance), io.Discard
	}
	if f.report != "" {
		switch {
		case f.paragraphs:
			return usagef("--report shows paragraphs too; leave out --paragraphs")
		case f.report == record.Stdin:
			return usagef("--report is written to a file, not to standard output")
		}
		if _, err := durable.Check(f.report, f.force); err != nil {
			return err
		}
		view = &dedup.Overview{}
		if _, ok := isTerminal(s.out); ok {
			out = io.Discard
		}
	}
	summary, err := s.job(args, f.inputFlags, f.resourceFlags, true, []string{f.report}, func(in dedup.Input) (dedup.Summary, error) {
		report := dedup.RowOptions{Input: in, Output: out, Rejects: f.rejects, Force: f.force}
		if f.paragraphs {
			return dedup.RepeatedParagraphs(ctx, dedup.ParagraphOptions{Options: opts, RowOptions: report})
		}
		return dedup.Scan(ctx, dedup.ScanOptions{
			Options:    opts,
			RowOptions: report,
			Clusters:   f.clusters,
			AllPairs:   f.allPairs,
			Overview:   view,
			Thresholds: levels,
		})
	})
	if err != nil {
		return err
	}
	summary.Params = f.compareFlags.params()
	summary.Params["up_to"] = f.upTo
	if f.explain {
		if err := printThresholds(s.out, f.format, levels, summary, f.minResemblance); err != nil {
			return err
		}
	}
	if view != nil {
		if err := writeOverview(args, f, summary, view, levels); err != nil {
			return err
		}
	}
	return s.finish(summary, f.resourceFlags, f.failOnDuplicates, "")
}
