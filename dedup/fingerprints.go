package dedup

import (
	"context"
	"io"

	"neardup/shingle"
)

type fingerprintRow struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	Shingles    int    `json:"shingles"`
}

// Fingerprints writes the fingerprint of every record, in input order. Its summary counts
// all that could be read as kept.
func Fingerprints(ctx context.Context, p shingle.Params, o RowOptions) (summary Summary, err error) {
	err = o.forEach(ctx, p, &summary, fingerprint, func(it *item, out io.Writer) error {
		summary.Kept++
		return encodeRow(out, fingerprintRow{it.rec.ID, it.fingerprint.String(), it.shingles})
	}, nil)
	return summary, err
}

// fingerprint is the part of an analysis that [Fingerprints] needs.
func fingerprint(d *shingle.Digester, it *item) (a analysis) {
	a.fingerprint, a.shingles = d.Fingerprint(it.rec.Text)
	return a
}
