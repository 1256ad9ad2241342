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
  neardup scan corpus.jsonl                       report duplicates, remove nothing
  neardup page article.txt                        report sections that stand twice in a page
  neardup compare a.txt b.txt                     explain what two documents have in common
  neardup filter --index seen.idx                 pass on what is new of a stream

An INPUT is a file, a directory or - for standard input: JSON lines, or plain text files.
Data goes to standard output, everything else to standard error.`
