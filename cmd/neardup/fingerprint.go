package main

import (
	"context"

	"github.com/spf13/cobra"

	"neardup/dedup"
)

type fingerprintFlags struct {
	inputFlags
	resourceFlags
	shingleFlags
}

func newFingerprint(s *streams) *cobra.Command {
	var f fingerprintFlags
	c := &cobra.Command{
		Use:   "fingerprint INPUT...",
		Short: "Write the fingerprint of every record",
		Long: `Write the fingerprint of every record, a line each, in input order.

A fingerprint is the 64-bit SimHash of the record's distinct shingles, as 16 hexadecimal
digits. A text shorter than one shingle has none: its fingerprint is zero.

Exit status is 0 when done, 3 when done and some records were rejected, 1 if it failed, and
64 for wrong usage.`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.runFingerprint(cmd.Context(), args, f) },
	}
	f.shingleFlags.add(c.Flags())
	f.inputFlags.add(c.Flags())
	f.resourceFlags.add(c.Flags())
	return c
}

func (s *streams) runFingerprint(ctx context.Context, args []string, f fingerprintFlags) error {
	p, err := f.shingleFlags.parse()
	if err != nil {
		return err
	}
	summary, err := s.job(args, f.inputFlags, f.resourceFlags, false, nil, func(in dedup.Input) (dedup.Summary, error) {
		return dedup.Fingerprints(ctx, p, dedup.RowOptions{Input: in, Output: s.out, Rejects: f.rejects, Force: f.force})
	})
	if err != nil {
		return err
	}
	summary.Params = f.shingleFlags.params()
	return s.finish(summary, f.resourceFlags, false, "")
}
