package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"neardup/dedup"
)

type scanFlags struct {
	inputFlags
	resourceFlags
	compareFlags

	upTo             string
	clusters         bool
	allPairs         bool
	paragraphs       bool
	failOnDuplicates bool
}

func newScan(s *streams) *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan INPUT...",
		Short: "Report duplicates and remove nothing",
		Long: `Report duplicates and remove nothing.

Each line on standard output is a verified pair of documents. Of a group of equal texts each
is paired with the first. With --clusters there is a line for each record instead, with the
representative of its cluster: a star, in which every member matches the representative
directly. With --paragraphs there is a line for each paragraph that stands in several documents.

Exit status is 0 when done, 3 when done and some records were rejected, 20 if there are
duplicates and --fail-on-duplicates was given, 1 if it failed, and 64 for wrong usage.`,
		Example: `  neardup scan corpus.jsonl > pairs.jsonl
  neardup scan --clusters corpus.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runScan(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.upTo, "up-to", "syndicated", "report duplicates up to this kind: exact, near, syndicated; to stop at near is much faster where pages share templates")
	fs.BoolVar(&f.clusters, "clusters", false, "report each record and its cluster")
	fs.BoolVar(&f.allPairs, "all-pairs", false, "report every pair of a group of equal texts")
	fs.BoolVar(&f.paragraphs, "paragraphs", false, "report each paragraph that stands in several documents, most documents first")
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
	last := slices.Index(allKinds, f.upTo)
	if last < 0 {
		return usagef("--up-to %s is not one of exact, near, syndicated", f.upTo)
	}
	if opts.Kinds, err = parseKinds("--up-to", allKinds[:last+1]); err != nil {
		return err
	}
	if f.paragraphs && (f.clusters || f.allPairs || f.failOnDuplicates) {
		return usagef("--paragraphs reports no pairs and no clusters")
	}
	summary, err := s.job(args, f.inputFlags, f.resourceFlags, true, nil, func(in dedup.Input) (dedup.Summary, error) {
		report := dedup.ReportOptions{Input: in, Output: s.out, Rejects: f.rejects, Force: f.force}
		if f.paragraphs {
			return dedup.RepeatedParagraphs(ctx, dedup.ParagraphOptions{Options: opts, ReportOptions: report})
		}
		return dedup.Scan(ctx, dedup.ScanOptions{
			Options:       opts,
			ReportOptions: report,
			Clusters:      f.clusters,
			AllPairs:      f.allPairs,
		})
	})
	if err != nil {
		return err
	}
	summary.Params = f.compareFlags.params()
	summary.Params["up_to"] = f.upTo
	return s.finish(summary, f.resourceFlags, f.failOnDuplicates)
}
