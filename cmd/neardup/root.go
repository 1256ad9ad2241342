package main

import (
	"github.com/spf13/cobra"
)

func newRoot(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "neardup",
		Short:         "Find near-duplicate texts, in any script, and remove or report them",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newClean(s), newScan(s), newPage(s), newCompare(s), newFilter(s), newIndex(s), newFingerprint(s), newVersion(s))
	usageErrors(root)
	return root
}

// usageErrors makes wrong arguments of a command usage errors.
func usageErrors(c *cobra.Command) {
	args := c.Args
	c.Args = func(cmd *cobra.Command, a []string) error {
		if args == nil {
			args = cobra.ArbitraryArgs
		}
		if err := args(cmd, a); err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, sub := range c.Commands() {
		usageErrors(sub)
	}
}

const rootHelp = `neardup finds texts that are copies of each other, also after small edits, and says why.

  neardup clean corpus.jsonl -o cleaned.jsonl     write the corpus without its duplicates
  neardup filter --index seen.idx                 pass on what is new of a stream
  neardup scan corpus.jsonl                       report duplicates, remove nothing
  neardup page article.txt                        report sections that a page repeats
  neardup compare a.txt b.txt                     explain what two documents have in common
  neardup fingerprint corpus.jsonl                write a fingerprint of every record
  neardup index stats seen.idx                    look into what was remembered

An INPUT is a file, a directory or - for standard input: JSON lines, CSV, TSV, Parquet, WARC,
WET, ARC, HTML or text, also behind gzip, zstd, bzip2 or xz. Of a record the fields "text", "id",
"url" and "date" are read; --text-field and its like name others. Data goes to standard output,
everything else to standard error.

A shingle is a run of 8 letters, or of 3 Chinese, Japanese or Korean characters. The resemblance
of two texts is the share of their shingles that both have. Two texts are exact duplicates if
they are equal but for width, case, punctuation sets and white space, near ones if their
resemblance is 0.8 or more, and syndicated if 0.8 of the shingles of one's article are in the
other. The article is the text without boilerplate, paragraphs that many documents of a site have.`
