package dedup

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"neardup/internal/record"
	"neardup/shingle"
)

// FingerprintOptions say what [Fingerprints] writes.
type FingerprintOptions struct {
	Params  shingle.Params
	Input   Input
	Output  io.Writer // rows, JSON lines
	Rejects string    // file of rows on what can't be judged; empty for none
	Force   bool      // replace files that exist
}

type fingerprintRow struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	Shingles    int    `json:"shingles"`
}

// Fingerprints writes the fingerprint of every record, in input order. Its summary counts
// all that could be read as kept.
func Fingerprints(ctx context.Context, o FingerprintOptions) (summary Summary, err error) {
	start := time.Now()
	defer func() { summary.finish(start) }()
	rejects, err := openRows(o.Rejects, o.Force, -1)
	if err != nil {
		return summary, err
	}
	out := bufio.NewWriter(o.Output)
	o.Input.OnReject = func(r *record.Reject) error { return rejects.write(r) }
	t := &tally{in: &o.Input, summary: &summary}
	err = o.Input.run(ctx, position{}, o.Params, func(it *item) error {
		judge, err := t.admit(it)
		if err != nil || !judge {
			return err
		}
		summary.Kept++
		return encodeRow(out, fingerprintRow{it.rec.ID, it.fingerprint.String(), it.shingles})
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return summary, errors.Join(err, rejects.Remove())
	}
	return summary, rejects.Commit()
}
