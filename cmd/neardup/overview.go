package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"neardup/dedup"
	"neardup/internal/durable"
)

var overviewTemplate = design("overview.html")

// maxOverview bounds the file of --report: of what is too much for it fewer clusters are opened.
const maxOverview = 4 << 20

// A share is a part of what was read, as a bar and in words.
type share struct {
	Name, Means string
	Hue         int // -1 for none
	Count       int
	Percent     string
	Flex        string
	Bytes       string
}

// A step is a column of the histogram.
type step struct {
	From                         string
	Near, Syndicated             int
	NearHeight, SyndicatedHeight string // in percent of the tallest
	Label                        string // below it, where there is one
	Threshold                    bool   // what is near begins here
}

// overview is what the page of --report shows.
type overview struct {
	Title                          string
	Drop                           string // the option of clean that does the same, if it needs one
	MinResemblance, MinContainment string
	Warnings                       []string

	Read, Dropped, Exact   int
	Gone, GoneBytes, Bytes string // what would go, and the bytes of all
	Shares                 []share

	Steps   []step
	Tallest int
	Uneven  bool // not all copies are equal

	ClusterCount int
	Sizes        []sizeRow
	Clusters     []clusterView

	Thresholds []thresholdView

	Repeated   int
	Paragraphs []paragraphView
}

type sizeRow struct {
	Label               string
	Clusters, Documents int
	Width               string
}

type clusterView struct {
	dedup.Cluster
	Members   []memberView
	Number    int
	Documents int
	Percent   string
	Shares    []share
	Open      bool
	Reasons   string
	MoreEqual int // members that are equal and are not shown
	Hidden    int // others that are not
}

type memberView struct {
	dedup.Member
	Hue     int
	Figures string
}

type paragraphView struct {
	dedup.RepeatedParagraph
	Documents, Occurrences int
}

// A thresholdView is what another threshold would do.
type thresholdView struct {
	dedup.Threshold
	Name, Next string // the threshold and the one above
	Now        bool
	Dropped    int
	Percent    string
	Shares     []share
	Stays      string // as a part of a bar
}

// writeOverview writes the file of --report.
func writeOverview(args []string, f scanFlags, s dedup.Summary, view *dedup.Overview, ts []dedup.Threshold) error {
	page := newOverview(args, f, s, view)
	page.explain(ts, s, f.minResemblance)
	var out bytes.Buffer
	for {
		out.Reset()
		if err := overviewTemplate.Execute(&out, page); err != nil {
			return err
		}
		if out.Len() <= maxOverview || len(page.Clusters)+len(page.Paragraphs) == 0 {
			break
		}
		page.Clusters = page.Clusters[:len(page.Clusters)/2]
		page.Paragraphs = page.Paragraphs[:len(page.Paragraphs)/2]
	}
	return durable.WriteFile(f.report, out.Bytes(), f.force)
}

// The hues of the kinds.
var kindHues = map[dedup.Kind]int{dedup.Exact: 0, dedup.Near: 4, dedup.Syndicated: 2}

func newOverview(args []string, f scanFlags, s dedup.Summary, view *dedup.Overview) *overview {
	gone := int64(0)
	for _, n := range view.GoneBytes {
		gone += n
	}
	o := &overview{
		Title: strings.Join(args[:min(len(args), 3)], ", "),
		Read:  int(s.Read), Dropped: int(s.Dropped), Exact: int(s.Exact),
		ClusterCount: int(s.Clusters), Repeated: int(view.Repeated),
		Gone: percent(s.Dropped, s.Read), GoneBytes: megabytes(gone), Bytes: megabytes(view.Bytes),
		MinResemblance: fmt.Sprint(f.minResemblance), MinContainment: fmt.Sprint(f.minContainment),
	}
	if i := slices.Index(kindNames(), f.upTo) + 1; i > 0 && i < len(allKinds) {
		o.Drop = " --drop " + strings.Join(kindNames()[:i], ",")
	}
	if more := len(args) - 3; more > 0 {
		o.Title += fmt.Sprintf(" and %d more", more)
	}
	add := func(name, means string, hue int, n, size int64) {
		if n > 0 {
			b := ""
			if size > 0 {
				b = megabytes(size)
			}
			o.Shares = append(o.Shares, share{name, means, hue, int(n), percent(n, s.Read), flex(n, s.Read), b})
		}
	}
	add("exact", "equal but for case, width, punctuation and white space", kindHues[dedup.Exact], s.Exact, view.GoneBytes[dedup.Exact])
	add("near", "resemblance "+o.MinResemblance+" or more", kindHues[dedup.Near], s.Near, view.GoneBytes[dedup.Near])
	add("syndicated", "its article stands in a document that stays", kindHues[dedup.Syndicated], s.Syndicated, view.GoneBytes[dedup.Syndicated])
	add("rejected", "can't be judged", 5, s.Rejected, 0)
	add("blank", "empty lines", 1, s.Blank, 0)
	add("stay", "one of every cluster, and all that resembles nothing", -1, s.Kept, view.Bytes-gone)
	o.histogram(view, f.minResemblance)
	for _, size := range view.Sizes {
		label := fmt.Sprintf("%s to %s", grouped(int(size.From)), grouped(int(size.To)))
		if size.From == size.To {
			label = grouped(int(size.From))
		}
		o.Sizes = append(o.Sizes, sizeRow{label, int(size.Clusters), int(size.Documents - size.Clusters), flex(size.Documents-size.Clusters, s.Dropped)})
	}
	for i, c := range view.Clusters {
		x := clusterView{Cluster: c, Number: i + 1, Documents: int(c.Documents), Percent: percent(c.Documents, s.Read), Open: i == 0}
		x.Shares = kindShares(c.Exact, c.Near, c.Syndicated, c.Documents-1)
		for _, m := range c.Members {
			x.Members = append(x.Members, memberView{m, kindHues[m.Kind], fmt.Sprintf(
				"resemblance %.2f; %s of it stands in the one that stays, and %s of that in it",
				m.Resemblance, percent(int64(1e6*m.Containment), 1e6), percent(int64(1e6*m.ContainmentOf), 1e6))})
		}
		x.Reasons = reasons(c)
		x.MoreEqual = int(c.Exact) - len(c.Equal)
		x.Hidden = int(c.Near+c.Syndicated) - len(c.Members)
		o.Clusters = append(o.Clusters, x)
	}
	for _, p := range view.Paragraphs {
		o.Paragraphs = append(o.Paragraphs, paragraphView{p, int(p.Documents), int(p.Occurrences)})
	}
	o.Warnings = s.Warnings
	if s.Overflow > 0 {
		o.Warnings = append(slices.Clip(s.Warnings), "There were more candidates than were looked at, "+plural(int(s.Overflow), "time")+": more may be copies than are counted here.")
	}
	return o
}

// kindShares are parts of a bar.
func kindShares(exact, near, syndicated, of int64) (out []share) {
	for _, k := range []struct {
		kind dedup.Kind
		n    int64
	}{{dedup.Exact, exact}, {dedup.Near, near}, {dedup.Syndicated, syndicated}} {
		if k.n > 0 {
			out = append(out, share{Name: k.kind.String(), Hue: kindHues[k.kind], Count: int(k.n), Flex: flex(k.n, of)})
		}
	}
	return out
}

// explain shows what other thresholds would do.
func (o *overview) explain(ts []dedup.Threshold, s dedup.Summary, minResemblance float64) {
	for i, t := range ts {
		x := thresholdView{
			Threshold: t, Name: resemblance(t.MinResemblance), Now: t.MinResemblance == minResemblance,
			Dropped: int(t.Dropped), Percent: percent(t.Dropped, s.Read),
			Shares: kindShares(t.Exact, t.Near, t.Syndicated, s.Read), Stays: flex(s.Read-t.Dropped, s.Read),
		}
		if i+1 < len(ts) {
			x.Next = resemblance(ts[i+1].MinResemblance)
		}
		o.Thresholds = append(o.Thresholds, x)
	}
}

// reasons says why the members of a cluster would go.
func reasons(c dedup.Cluster) string {
	var parts []string
	for _, k := range []struct {
		n    int64
		what string
	}{{c.Exact, "equal to it"}, {c.Near, "near it"}, {c.Syndicated, "whose article stands in it"}} {
		if k.n > 0 {
			parts = append(parts, grouped(int(k.n))+" "+k.what)
		}
	}
	return strings.Join(parts, ", ") + " would go"
}

// histogram makes the columns from the lowest that has something, or the threshold, on.
func (o *overview) histogram(view *dedup.Overview, threshold float64) {
	const n = dedup.ResemblanceSteps
	first := n
	tallest := int64(1)
	for i, c := range view.Resemblance {
		if c.Near+c.Syndicated > 0 {
			first = min(first, i)
		}
		o.Uneven = o.Uneven || c.Near+c.Syndicated > 0
		tallest = max(tallest, c.Near+c.Syndicated)
	}
	o.Tallest = int(tallest)
	border := int(threshold*n + .5)
	first = max(0, min(first, border-1)) / 5 * 5 // with room to the left of the border
	for i := first; i < n; i++ {
		c := view.Resemblance[i]
		s := step{
			From: fmt.Sprintf("%.2f", float64(i)/n), Near: int(c.Near), Syndicated: int(c.Syndicated),
			NearHeight: flex(c.Near, tallest), SyndicatedHeight: flex(c.Syndicated, tallest), Threshold: i == border,
		}
		if i%5 == 0 {
			s.Label = fmt.Sprintf("%.1f", float64(i)/n)
		}
		o.Steps = append(o.Steps, s)
	}
}

// percent writes a share so that a small one is not nothing.
func percent(n, of int64) string {
	p := 100 * float64(n) / float64(max(1, of))
	switch {
	case n == 0:
		return "0%"
	case p < .01:
		return "<0.01%"
	case p < 1:
		return fmt.Sprintf("%.2g%%", p)
	case n < of && p > 99.4:
		return fmt.Sprintf("%.3g%%", min(p, 99.9))
	}
	return fmt.Sprintf("%.0f%%", p)
}

func flex(n, of int64) string { return fmt.Sprintf("%.3f", 100*float64(n)/float64(max(1, of))) }

func megabytes(n int64) string {
	switch {
	case n < 1e3:
		return plural(int(n), "byte")
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1e8:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n < 1e10:
		return fmt.Sprintf("%s MB", grouped(int(n/1e6)))
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// Largest returns the cluster that stands first, nil if there is none.
func (o *overview) Largest() *clusterView {
	if len(o.Clusters) == 0 {
		return nil
	}
	return &o.Clusters[0]
}
