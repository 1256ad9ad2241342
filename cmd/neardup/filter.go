package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"neardup/dedup"
	"neardup/internal/durable"
	"neardup/internal/record"
)

type filterFlags struct {
	inputFlags
	resourceFlags
	compareFlags

	out          string
	index        string
	tag          bool
	invert       bool
	frozen       bool
	storeText    bool
	flush        time.Duration
	summaryEvery time.Duration
	copies       string
	copyEvery    time.Duration
}

func newFilter(s *streams) *cobra.Command {
	var f filterFlags
	c := &cobra.Command{
		Use:   "filter [INPUT...]",
		Short: "Pass on the records of a stream that are new",
		Long: `Pass on the records of a stream that are new.

Reads JSON lines, or lines with --input-format lines, from standard input or the inputs. Writes
each record that repeats nothing that came before: in the stream or, with --index DIR, in earlier
runs. A record is written once its verdict is on disk. A record that comes again with the same id
and text is judged as the first time: after a failure send again what was not answered.

A verdict is written as soon as there is nothing more to read. In a steady stream records share
their write to disk, and wait for others --flush at most.

From files to a file, with --index and -o OUT, a run that was interrupted or killed continues when
the same command is given again, and writes the bytes that it would have written.

Texts are compared by sketches, unless --store-text keeps them: exact up to 512 shingles, and an
estimate beyond.

While it runs no other process can open the index. --summary FILE, written anew every
--summary-every, tells how far it is. --copy DIR, made anew every --copy-every, is a copy of the
index that others can open.

Exit status is 0 when done, 3 when done and some records were rejected, 1 if it failed, 10 if
--frozen has no index, 11 if the index is in use, 12 if it was made with other parameters, 13
if it is damaged, 14 if the disk is full, 64 for wrong usage, 130 or 143 if it was
interrupted, and 141 if the reader of its output went away.`,
		Example: `  crawler | neardup filter --index seen.idx | loader
  neardup filter --frozen --index benchmark.idx < train.jsonl > decontaminated.jsonl
  neardup filter --tag < feed.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runFilter(cmd.Context(), args, f) },
	}
	fs := c.Flags()
	fs.StringVarP(&f.out, "output", "o", record.Stdin, "write to the file `OUT`; - for standard output")
	fs.StringVar(&f.index, "index", "", "remember documents in the index in `DIR`")
	fs.BoolVar(&f.tag, "tag", false, "write every record, with its verdict in the field \"neardup\"")
	fs.BoolVar(&f.invert, "invert", false, "write the duplicates, not the new records")
	fs.BoolVar(&f.frozen, "frozen", false, "judge against what the index holds, and add nothing to it")
	fs.BoolVar(&f.storeText, "store-text", false, "keep the texts of new documents in the index, compressed")
	fs.DurationVar(&f.flush, "flush", dedup.DefaultFlush, "let verdicts wait for others at most this long")
	fs.DurationVar(&f.summaryEvery, "summary-every", 10*time.Second, "write the summary this often while running")
	fs.StringVar(&f.copies, "copy", "", "keep a copy of the index in `DIR`, to be looked at")
	fs.DurationVar(&f.copyEvery, "copy-every", time.Hour, "make the copy this often")
	f.inputFlags.add(fs)
	f.compareFlags.add(fs)
	f.resourceFlags.add(fs)
	return c
}

func (s *streams) runFilter(ctx context.Context, args []string, f filterFlags) error {
	switch {
	case f.tag && f.invert:
		return usagef("--tag writes every record, --invert only some; pass one of them")
	case f.frozen && f.index == "":
		return usagef("--frozen judges against an index; name it with --index")
	case f.frozen && f.storeText:
		return usagef("--frozen adds nothing to the index, --store-text does; pass one of them")
	case f.storeText && f.index == "":
		return usagef("--store-text keeps texts in an index; name it with --index")
	case f.flush <= 0 || f.summaryEvery <= 0 || f.copyEvery <= 0:
		return usagef("--flush, --summary-every and --copy-every are longer than no time")
	case f.copies != "" && f.out != record.Stdin:
		return usagef("--copy is for a filter that writes to standard output")
	}
	if len(args) == 0 {
		args = []string{record.Stdin}
	}
	if f.format == "" && slices.Contains(args, record.Stdin) {
		f.format = string(record.JSONL) // nothing to guess by before the first record comes
	}
	if f.summary != "" {
		if _, err := durable.Check(f.summary, f.force); err != nil {
			return err
		}
	}
	opts, err := s.options(f.compareFlags, f.resourceFlags)
	if err != nil {
		return err
	}
	opts.StoreText = f.storeText
	params := f.compareFlags.params()
	force := f.force
	summary, err := s.job(args, f.inputFlags, f.resourceFlags, false, []string{f.out}, func(in dedup.Input) (dedup.Summary, error) {
		o := dedup.FilterOptions{
			Options: opts, Input: in, Index: f.index, Out: f.out, Stdout: s.out, Rejects: f.rejects, Force: f.force,
			Tag: f.tag, Invert: f.invert, Frozen: f.frozen, Flush: f.flush,
			SummaryEvery: f.summaryEvery, Copies: f.copies, CopyEvery: f.copyEvery,
		}
		if f.summary != "" {
			o.OnSummary = func(sum dedup.Summary) error {
				sum.Params = params
				err := writeSummary(f.summary, sum, force)
				force = true // what stands there now is ours
				return err
			}
		}
		return dedup.Filter(ctx, o)
	})
	if err != nil {
		return err
	}
	summary.Params = params
	f.force = force
	dates := ""
	if f.index != "" && !f.frozen {
		dates = expireUsesDates
	}
	return s.finish(summary, f.resourceFlags, false, dates)
}

// writeSummary writes a summary as a complete file.
func writeSummary(path string, summary dedup.Summary, force bool) error {
	data, err := json.MarshalIndent(summary, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(path, append(data, '\n'), force)
}
