package dedup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"neardup/internal/record"
	"neardup/shingle"
)

// A Comparison is what two documents have in common. The zero value compares nothing.
type Comparison struct {
	A            string  `json:"a"` // ids
	B            string  `json:"b"`
	Kind         Kind    `json:"kind"` // Unique if neither is a copy of the other
	Distance     int     `json:"distance"`
	Resemblance  float64 `json:"resemblance"`
	ContainmentA float64 `json:"containment_a"` // of a in b
	ContainmentB float64 `json:"containment_b"` // of b in a
	FingerprintA string  `json:"fingerprint_a"` // as [shingle.Fingerprint.String] writes it
	FingerprintB string  `json:"fingerprint_b"`
	ShinglesA    int     `json:"shingles_a"`
	ShinglesB    int     `json:"shingles_b"`

	// Short tells that one of the texts is too short for anything but equality to mean
	// something; see [shingle.Digest].
	Short bool `json:"short"`

	Spans []SharedSpan `json:"spans"` // what stands in both, in the order of a; never nil
}

// A SharedSpan is a range of a's text and the range of b's that it matches, in bytes,
// half-open.
type SharedSpan struct {
	StartA int  `json:"a_start"`
	EndA   int  `json:"a_end"`
	StartB int  `json:"b_start"`
	EndB   int  `json:"b_end"`
	Kind   Kind `json:"kind"` // Exact if equal after normalisation, else Near
}

// Compare compares two documents with each other, and with no others: it knows of no
// boilerplate. Wrong options are its only errors.
func Compare(a, b Document, opts *Options) (Comparison, error) {
	o := opts.withDefaults()
	if err := o.validate(); err != nil {
		return Comparison{}, err
	}
	d := o.Params.NewDigester()
	x, y := analyse(d, a.Text, 0), analyse(d, b.Text, 0)
	c := Comparison{
		A: a.ID, B: b.ID, FingerprintA: x.fingerprint.String(), FingerprintB: y.fingerprint.String(),
		ShinglesA: x.shingles, ShinglesB: y.shingles, Short: x.short || y.short,
		Distance: x.fingerprint.Distance(y.fingerprint), Spans: []SharedSpan{},
	}
	c.Resemblance, c.ContainmentA, c.ContainmentB = shingle.Compare(o.Params.Set(a.Text), o.Params.Set(b.Text))
	r := c.Resemblance
	contained := max(c.ContainmentA, c.ContainmentB)
	c.Resemblance, c.ContainmentA, c.ContainmentB = round(r), round(c.ContainmentA), round(c.ContainmentB)
	switch {
	case x.empty() || y.empty():
	case x.hash == y.hash:
		c.Kind = Exact
		c.Distance, c.Resemblance, c.ContainmentA, c.ContainmentB = 0, 1, 1, 1
	case c.Short:
	case r >= o.MinResemblance:
		c.Kind = Near
	case contained >= o.MinContainment:
		c.Kind = Syndicated
	}
	for _, s := range spans(o.Params, a.Text, b.Text, o.MinResemblance) {
		kind := Near
		if o.Params.Normalize(a.Text[s.Start:s.End]) == o.Params.Normalize(b.Text[s.KeptStart:s.KeptEnd]) {
			kind = Exact
		}
		c.Spans = append(c.Spans, SharedSpan{s.Start, s.End, s.KeptStart, s.KeptEnd, kind})
	}
	return c, nil
}

// FindRecords returns the records with the ids, in the order of ids, and reads no further than
// it must. Of several records with the same id it returns the first.
func FindRecords(ctx context.Context, in Input, ids []string) ([]Document, error) {
	found := make([]Document, len(ids))
	missing := len(ids)
	errFound := errors.New("all were found")
	none := func(*shingle.Digester, *item) analysis { return analysis{} }
	err := in.run(ctx, position{}, shingle.DefaultParams(), none, func(it *item) error {
		if it.blank || it.reject != nil {
			return nil
		}
		for i, id := range ids {
			if found[i].Text == "" && found[i].ID == "" && it.rec.ID == id {
				found[i] = it.document()
				missing--
			}
		}
		if missing == 0 {
			return errFound
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return nil, err
	}
	for i, id := range ids {
		if found[i].ID == "" {
			return nil, fmt.Errorf("%w: %q in %s", ErrNoRecord, id, sourceNames(in.Sources))
		}
	}
	return found, nil
}

// ErrNoRecord reports an id that no record has.
var ErrNoRecord = errors.New("no record with that id")

func sourceNames(sources []*record.Source) string {
	names := make([]string, 0, len(sources))
	for _, s := range sources {
		names = append(names, s.Name)
	}
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	return fmt.Sprint(slices.Compact(names))
}
