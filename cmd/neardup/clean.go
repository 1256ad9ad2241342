package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"neardup/dedup"
	"neardup/internal/codec"
	"neardup/internal/record"
)

type cleanFlags struct {
	inputFlags
	resourceFlags
	compareFlags

	out     string
	removed string
	index   string
	keep    string
	drop    []string
	dryRun  bool
	text    bool
	against []string

	maxDropRate float64
	trim        dedup.TrimOptions

	compress  string
	splitSize byteSize
}

func newClean(s *streams) *cobra.Command {
	var f cleanFlags
	c := &cobra.Command{
		Use:   "clean INPUT... -o OUT",
		Short: "Write the corpus without its duplicate documents",
		Long: `Write the corpus without its duplicate documents.

Of every group of copies one record is kept. Kept records are written in input order and as they
were read: JSON lines, rows of CSV and records of WARC byte for byte, Parquet with all its columns.

OUT is compressed if its name ends in .gz or .zst. A directory becomes the directory OUT with the
same names inside, or one file if OUT is named like one (all.jsonl); several texts or pages become
a directory always. OUT appears under its name when it is complete. A file that exists is replaced
with --force, a directory never.

With --index DIR documents are remembered, and later runs drop what earlier runs have seen.
A run that was interrupted or killed continues when the same command is given again, and writes
the bytes that it would have written. It begins again if it reads or writes a pipe, or with
--keep, --max-drop-rate or --paragraphs.

Exit status is 0 when done, 3 when done and some records were rejected, 1 if it failed, 11 if
the index is in use, 12 if it was made with other parameters, 13 if it is damaged, 14 if the
disk is full, 64 for wrong usage, and 130 or 143 if it was interrupted.`,
		Example: `  neardup clean crawl.jsonl -o cleaned.jsonl --removed removed.jsonl
  neardup clean monday/ tuesday/ -o cleaned/ --index seen.idx`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runClean(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringVarP(&f.out, "output", "o", "", "write the cleaned corpus to `OUT`; - for standard output")
	fs.StringVar(&f.removed, "removed", "", "list the removed documents, and why, in `FILE`")
	fs.StringVar(&f.index, "index", "", "remember documents in the index in `DIR`")
	fs.BoolVar(&f.text, "store-text", false, "keep the texts of kept documents in the index, compressed")
	fs.StringVar(&f.keep, "keep", "first", "which document of a cluster is kept: first, longest, newest, or a `FIELD` with a number, the highest first")
	fs.StringSliceVar(&f.drop, "drop", kindNames(), "`KINDS` of duplicates to drop")
	fs.StringArrayVar(&f.against, "against", nil, "drop also what `INPUT` has, and never write it; repeat for several")
	fs.Float64Var(&f.maxDropRate, "max-drop-rate", 1, "write nothing if more than this share of the records would be dropped")
	fs.BoolVar(&f.trim.Sections, "sections", false, "take out of kept records the later occurrences of sections that they repeat")
	fs.BoolVar(&f.trim.Paragraphs, "paragraphs", false, "take out of kept records paragraphs of 100 characters and more that an earlier record has, exact or near")
	fs.Float64Var(&f.trim.Boilerplate, "boilerplate", 0, "take out of kept records paragraphs that this `SHARE` of the documents of their site have, and five at least (try 0.3)")
	fs.BoolVar(&f.dryRun, "dry-run", false, "write everything but OUT, and leave the index alone")
	fs.StringVar(&f.compress, "compress", "auto", "compress OUT: none, gz, zst, or auto, as its name says")
	fs.Var(&f.splitSize, "split-size", "begin another file, OUT with a number, after `SIZE` (default: one file)")
	f.inputFlags.add(fs)
	f.compareFlags.add(fs)
	f.resourceFlags.add(fs)
	return c
}

func (s *streams) runClean(ctx context.Context, args []string, f cleanFlags) error {
	if f.out == "" && !f.dryRun {
		return usagef("no output; pass -o OUT, or --dry-run")
	}
	keep := dedup.KeepPolicy(f.keep)
	if f.keep == "" {
		return usagef("--keep names no policy: first, longest, newest or a field that holds a number")
	}
	kinds, err := parseKinds("--drop", f.drop)
	if err != nil {
		return err
	}
	if f.removed == record.Stdin {
		return usagef("--removed is written to a file, not to standard output")
	}
	if err := refuseInside(args, f.out); err != nil {
		return err
	}
	var compress *codec.Codec
	if f.compress != "auto" {
		c, err := codec.Parse(f.compress)
		if err != nil {
			return usageError{fmt.Errorf("--compress: %w, auto", err)}
		}
		compress = &c
	}
	opts, err := s.options(f.compareFlags, f.resourceFlags)
	if err != nil {
		return err
	}
	opts.Kinds, opts.StoreText = kinds, f.text
	if !(f.maxDropRate >= 0 && f.maxDropRate <= 1) {
		return usagef("--max-drop-rate %v is not in 0 to 1", f.maxDropRate)
	}
	if !(f.trim.Boilerplate >= 0 && f.trim.Boilerplate <= 1) {
		return usagef("--boilerplate %v is not above 0 and at most 1", f.trim.Boilerplate)
	}
	var most *float64
	if f.maxDropRate < 1 {
		most = &f.maxDropRate
	}
	var against dedup.Input
	if len(f.against) > 0 {
		if slices.Contains(f.against, record.Stdin) && slices.Contains(args, record.Stdin) {
			return usagef("standard input is named twice")
		}
		against, err = s.input(f.against, f.inputFlags, f.resourceFlags, true)
		if err != nil {
			return err
		}
		defer record.CloseAll(against.Sources)
		if err := refuseSame(against.Sources, f.out, f.removed, f.rejects, f.resourceFlags.summary); err != nil {
			return err
		}
	}
	summary, err := s.job(args, f.inputFlags, f.resourceFlags, true, []string{f.out, f.removed}, func(in dedup.Input) (dedup.Summary, error) {
		return dedup.Clean(ctx, dedup.CleanOptions{
			Options: opts, Input: in, Inputs: args, Index: f.index, Out: f.out, Stdout: s.out,
			Compress: compress, SplitSize: int64(f.splitSize),
			Trim: f.trim, Keep: keep, Against: against, MaxDropRate: most, Removed: f.removed, Rejects: f.rejects, Force: f.force, DryRun: f.dryRun,
		})
	})
	if err != nil {
		return err
	}
	summary.Params = f.compareFlags.params()
	summary.Params["keep"], summary.Params["drop"] = f.keep, f.drop
	dates := ""
	switch {
	case keep == dedup.KeepNewest:
		dates = newestUsesDates
	case f.index != "" && !f.dryRun:
		dates = expireUsesDates
	}
	return s.finish(summary, f.resourceFlags, false, dates)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// params are what a summary tells of the settings.
func (f *compareFlags) params() map[string]any {
	p := f.shingleFlags.params()
	p["min_resemblance"], p["min_containment"], p["max_distance"] = f.minResemblance, f.minContainment, f.maxDistance
	return p
}
