package dedup

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"neardup/internal/record"
	"neardup/shingle"
)

// rereadable reports whether the input can be read more than once.
func (in *Input) rereadable() bool {
	return !slices.ContainsFunc(in.Sources, func(s *record.Source) bool { return s.Once() })
}

// survey reads the input before it is judged, counts the paragraphs of sites, unless the census
// is nil, and calls each for every record that can be judged. What can't be is left for the
// next time, unless the survey is strict.
func (in Input) survey(ctx context.Context, p shingle.Params, c *census, k KeepPolicy, strict bool, each func(it *item) error) error {
	in.OnReject, in.idle, in.copyLong = nil, nil, false
	var summary Summary
	t := &tally{in: &in, summary: &summary}
	analyse := func(d *shingle.Digester, it *item) (a analysis) {
		a.site = siteHash(it.host)
		if c != nil {
			a.marks = c.marks(d, it.rec.Text, a.site, it.draw())
		}
		if k == KeepLongest {
			a.characters = d.Characters(it.rec.Text)
		}
		return a
	}
	return in.run(ctx, position{}, p, analyse, func(it *item) error {
		judge, err := t.admit(it)
		if err != nil && strict {
			return err
		}
		if !judge {
			return nil
		}
		if c != nil {
			if err := c.add(it.marks, it.analysis.site, it.draw(), it.ordinal, it.rec.ID); err != nil {
				return err
			}
		}
		if each == nil {
			return nil
		}
		return each(it)
	})
}

// draw is a hash by which samples of records are drawn.
func (it *item) draw() uint64 {
	b := binary.BigEndian.AppendUint64(nil, uint64(it.source))
	return xxhash.Sum64(binary.BigEndian.AppendUint64(b, uint64(it.raw.Number)))
}

// learn finds what is boilerplate in the input. An input that can be read only once has none
// that is known.
func (d *Deduper) learn(ctx context.Context, in Input) error {
	if !d.opts.counts(Syndicated) || !in.rereadable() {
		return nil
	}
	in.texts = nil
	c := newCensus(DefaultBoilerplate, &d.opts)
	defer c.rows.close()
	if err := in.survey(ctx, d.opts.Params, c, KeepFirst, false, nil); err != nil {
		return err
	}
	return d.use(c)
}

// use takes over the result of a census.
func (d *Deduper) use(c *census) error {
	b, cut, err := c.result()
	if err != nil {
		return err
	}
	d.overflow += cut
	d.surveyed = true
	if len(b.known) > 0 {
		d.boilerplate = b
	}
	return nil
}
