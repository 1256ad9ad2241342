package dedup

import (
	"context"
	"errors"
	"io"
	"slices"

	"neardup/store"
)

// ScanOptions say what [Scan] reports.
type ScanOptions struct {
	Options
	RowOptions

	Clusters bool // a row a record, instead of a row a pair
	AllPairs bool // every verified pair, instead of one row for each of a group of equal texts

	Overview   *Overview   // filled in, unless it is nil
	Thresholds []Threshold // filled in, in the order of their resemblance
}

// pairRow is a verified pair, a before b in the input.
type pairRow struct {
	A            string  `json:"a"`
	B            string  `json:"b"`
	Kind         Kind    `json:"kind"`
	Distance     int     `json:"distance"`
	Resemblance  float64 `json:"resemblance"`
	ContainmentA float64 `json:"containment_a"` // of a in b
	ContainmentB float64 `json:"containment_b"` // of b in a
}

// clusterRow is a record and the cluster that it belongs to.
type clusterRow struct {
	ID             string  `json:"id"`
	Cluster        string  `json:"cluster"` // id of the representative
	Representative bool    `json:"representative"`
	Kind           Kind    `json:"kind"`
	Resemblance    float64 `json:"resemblance"` // to the representative
}

// Scan reports duplicates and removes nothing. Its summary counts what Clean would drop.
func Scan(ctx context.Context, o ScanOptions) (summary Summary, err error) {
	if err := checkThresholds(o.Thresholds); err != nil {
		return summary, err
	}
	d, err := Open("", &o.Options)
	if err != nil {
		return summary, err
	}
	d.replays = func(store.DocNum) bool { return false }
	d.limits = allPairs
	if err := d.learn(ctx, o.Input); err != nil {
		return summary, errors.Join(err, d.Close())
	}
	texts := o.Input.useTexts(scanRun, o.TempDir)
	d.texts = texts
	s := &scanner{o: o, d: d, summary: &summary, minResemblance: d.opts.MinResemblance, levels: newLevels(o.Thresholds)}
	analyse := analyser(d.analyse)
	if o.Overview != nil {
		s.view = newOverviewer(o.Overview, d, texts)
		analyse = d.analyseParagraphs
	}
	if len(o.Thresholds) > 0 {
		d.opts.MinResemblance = min(d.opts.MinResemblance, o.Thresholds[0].MinResemblance)
	}
	last := func(io.Writer) error { return s.finish(ctx) }
	err = o.forEach(ctx, d.opts.Params, &summary, analyse, s.scan, last)
	summary.Overflow = d.overflow
	return summary, errors.Join(err, s.view.close(), texts.Remove(), d.Close())
}

const scanRun = 1 // the index is temporary: one run is all that it sees

type scanner struct {
	o        ScanOptions
	d        *Deduper
	summary  *Summary
	view     *overviewer // nil if none is wanted
	levels   []*level
	clusters numberSet
	added    int

	minResemblance float64 // of the rows; there may be a level below
}

func (s *scanner) scan(it *item, out io.Writer) error {
	d := s.d
	d.mu.Lock()
	defer d.mu.Unlock()
	doc := it.document()
	_, conflict, err := d.seen(doc, it.analysis)
	if err != nil {
		return err
	}
	equal, found, err := s.matches(&it.analysis)
	if err != nil {
		return err
	}
	near, err := s.all(d.opts.at(found, s.minResemblance, nil))
	if err != nil {
		return err
	}
	j := judgement{Verdict: Verdict{IDConflict: conflict}}
	if m := highest(equal); m.num != 0 {
		j.take(m)
	} else {
		j.take(highest(near))
	}
	s.summary.count(j.Verdict)
	if j.Duplicate() && s.clusters.add(j.of) {
		s.summary.Clusters++
	}
	if err := s.report(out, doc, j, equal, near); err != nil {
		return err
	}
	if s.view != nil {
		if err := s.view.add(it, j); err != nil {
			return err
		}
	}
	// In the search by shingles the first of equal texts stands for all.
	first := len(equal) == 0
	added, err := d.add(doc, it.analysis, j, first || s.o.AllPairs, first)
	if err != nil {
		return err
	}
	for _, l := range s.levels {
		v, m := l.judge(&d.opts, equal, found)
		if !v.Duplicate() {
			l.kept.add(added.num)
		} else if first {
			l.border(borderPair{m, doc.ID, it.ordinal, it.location})
		}
	}
	if !first && (s.view == nil || j.Kind == Exact) {
		s.o.Input.texts.forget(it)
	}
	if s.added++; s.added%commitItems == 0 {
		return d.index.Commit()
	}
	return nil
}

// finish fills in what was wanted besides rows.
func (s *scanner) finish(ctx context.Context) error {
	if err := s.o.Input.texts.flush(); err != nil {
		return err
	}
	for _, l := range s.levels {
		if err := l.finish(s.d, s.o.Input.texts); err != nil {
			return err
		}
	}
	if s.view == nil {
		return nil
	}
	if err := s.view.finish(ctx); err != nil {
		return err
	}
	for _, c := range s.view.Clusters {
		if judged := s.summary.Kept + s.summary.Dropped; alarming(c.Documents, judged) {
			s.summary.Warnings = append(s.summary.Warnings, clusterWarning(c.ID, c.Documents, judged))
		}
	}
	return nil
}

// matches returns the documents with an equal text, and the first of each near one. The latter
// are left out if nobody needs them.
func (s *scanner) matches(a *analysis) (equal, near []match, err error) {
	if equal, err = s.d.equal(a); err != nil {
		return nil, nil, err
	}
	if !s.o.AllPairs && highest(equal).num != 0 && s.keptByAll(equal) {
		return equal, nil, nil
	}
	near, err = s.d.near(a, true)
	return equal, near, err
}

// keptByAll reports whether at every threshold one of those is a representative.
func (s *scanner) keptByAll(equal []match) bool {
	return !slices.ContainsFunc(s.levels, func(l *level) bool {
		return !slices.ContainsFunc(equal, func(m match) bool { return l.kept.has(m.num) })
	})
}

// all returns near matches with the copies of each, if they are to be reported.
func (s *scanner) all(firsts []match) (near []match, err error) {
	if !s.o.AllPairs {
		return firsts, nil
	}
	for _, m := range firsts {
		doc, err := s.d.index.Document(m.num)
		if err != nil {
			return nil, err
		}
		group, err := s.d.withText(doc.Text, m.kind, m.Evidence)
		if err != nil {
			return nil, err
		}
		near = append(near, group...)
	}
	return near, nil
}

func (s *scanner) report(out io.Writer, doc Document, j judgement, equal, near []match) error {
	if s.o.Clusters {
		row := clusterRow{ID: doc.ID, Cluster: doc.ID, Representative: true, Resemblance: 1}
		if j.Duplicate() {
			row = clusterRow{doc.ID, j.Of, false, j.Kind, round(j.Resemblance)}
		}
		return encodeRow(out, row)
	}
	pairs := slices.Concat(equal, near)
	if len(equal) > 0 && !s.o.AllPairs {
		pairs = equal[:1] // which has the other rows
	}
	slices.SortFunc(pairs, func(a, b match) int { return int(a.num) - int(b.num) })
	for _, m := range pairs {
		err := encodeRow(out, pairRow{
			m.id, doc.ID, m.kind, m.Distance, round(m.Resemblance), round(m.ContainmentOf), round(m.Containment),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
