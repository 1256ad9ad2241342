package dedup

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
	"strings"

	"neardup/store"
)

// An Overview is what a person looks at of a scan: counts of all of it, and of the largest
// clusters and the most frequent paragraphs excerpts. Its size has a bound, whatever was read.
type Overview struct {
	Bytes     int64                 // of all texts that were judged
	GoneBytes [Syndicated + 1]int64 // of those that would go, by kind

	// Resemblance counts what would go by its resemblance to its representative, in steps of a
	// 50th; the last has those that are equal.
	Resemblance [ResemblanceSteps]struct{ Near, Syndicated int64 }

	Sizes    []ClusterSizes
	Clusters []Cluster // largest first, ties to the earlier

	// Paragraphs are those that stand in several of the documents that stay, most documents
	// first, and Repeated is how many there are.
	Paragraphs []RepeatedParagraph
	Repeated   int64
}

// ResemblanceSteps is the number of steps from 0 to 1.
const ResemblanceSteps = 50

// ClusterSizes counts the clusters of From to To documents.
type ClusterSizes struct{ From, To, Clusters, Documents int64 }

// A Cluster is a representative and what would go in its favour.
type Cluster struct {
	ID         string // of the representative
	Characters int    // of its normalised text
	Beginning  string // of its text

	Documents               int64 // with the representative
	Exact, Near, Syndicated int64 // those that would go

	Members []Member // of those some: of each kind those with the least resemblance or containment
	Equal   []string // ids of some that are equal to it

	num store.DocNum
}

// A Member is a document of a cluster, laid beside the representative.
type Member struct {
	ID        string
	Kind      Kind
	Evidence            // the other document is the representative
	Stretches []Stretch // A is the representative
	More      bool      // than the stretches show
	location  store.Location
}

// A RepeatedParagraph stands in several documents.
type RepeatedParagraph struct {
	Text                   string // its beginning, as it stands in the first
	More                   bool   // it goes on
	Documents, Occurrences int64
	Kind                   Kind
	First                  string // id of the document
}

// Bounds of an overview.
const (
	maxClusters      = 100
	maxMembers       = 3 // of each kind
	maxEqual         = 12
	maxTopParagraphs = 100
	beginningBytes   = 600
	maxShownID       = 200
)

// An overviewer gathers an overview while documents are judged. What would go is sorted by its
// representative, so that no counts of clusters are held.
type overviewer struct {
	*Overview
	d          *Deduper
	opts       Options
	texts      *runTexts
	members    *sorter
	paragraphs *paragraphScan
	row        []byte
}

func newOverviewer(o *Overview, d *Deduper, texts *runTexts) *overviewer {
	*o = Overview{}
	v := &overviewer{Overview: o, d: d, opts: d.opts, texts: texts}
	v.members = newSorter(v.opts.TempDir, v.opts.Memory/16)
	v.paragraphs = newParagraphScan(&v.opts, v.opts.Memory/32, texts)
	return v
}

func (v *overviewer) close() error {
	if v == nil {
		return nil
	}
	return errors.Join(v.members.close(), v.paragraphs.close())
}

// add takes in a document and what was said of it.
func (v *overviewer) add(it *item, j judgement) error {
	size := int64(len(it.rec.Text))
	v.Bytes += size
	if !j.Duplicate() {
		return v.paragraphs.add(it)
	}
	v.GoneBytes[j.Kind] += size
	step := &v.Resemblance[resemblanceStep(j.Resemblance)]
	switch j.Kind {
	case Near:
		step.Near++
	case Syndicated:
		step.Syndicated++
	}
	least := j.Resemblance
	if j.Kind == Syndicated {
		least = j.Containment
	}
	b := binary.BigEndian.AppendUint64(v.row[:0], uint64(j.of))
	b = append(b, byte(j.Kind))
	for _, share := range []float64{least, j.Resemblance, j.Containment, j.ContainmentOf} {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(share)) // of shares in their order
	}
	b = binary.BigEndian.AppendUint64(b, uint64(it.ordinal))
	b = append(b, byte(j.Distance))
	b = binary.BigEndian.AppendUint32(b, it.location.Source)
	b = binary.BigEndian.AppendUint64(b, uint64(it.location.Offset))
	b = binary.BigEndian.AppendUint64(b, uint64(it.location.Length))
	v.row = append(b, shownID(it.rec.ID)...)
	return v.members.add(v.row)
}

// resemblanceStep returns the last step that begins at a resemblance or below it.
func resemblanceStep(r float64) int {
	n := int(r * ResemblanceSteps)
	if float64(n+1)/ResemblanceSteps <= r { // 0.58 times 50 is less than 29
		n++
	}
	return min(n, ResemblanceSteps-1)
}

func parseMember(b []byte) (store.DocNum, Member) {
	share := func(at int) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b[at:])) }
	return store.DocNum(binary.BigEndian.Uint64(b)), Member{
		Kind:     Kind(b[8]),
		Evidence: Evidence{Resemblance: share(17), Containment: share(25), ContainmentOf: share(33), Distance: int(b[49])},
		location: store.Location{
			Run: scanRun, Source: binary.BigEndian.Uint32(b[50:]),
			Offset: int64(binary.BigEndian.Uint64(b[54:])), Length: int64(binary.BigEndian.Uint64(b[62:])),
		},
		ID: string(b[70:]),
	}
}

// shownID is the beginning of an id that is very long.
func shownID(id string) string {
	if short, more := beginning(id, maxShownID); more {
		return strings.Clone(short) + "…"
	}
	return id
}

// finish finds the largest clusters and the most frequent paragraphs.
func (v *overviewer) finish(ctx context.Context) error {
	if err := v.cluster(ctx); err != nil {
		return err
	}
	for i := range v.Clusters {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := v.show(&v.Clusters[i]); err != nil {
			return err
		}
	}
	for row, err := range v.paragraphs.repeated(ctx) {
		if err != nil {
			return err
		}
		text, more := beginning(row.Text, beginningBytes)
		v.Paragraphs = append(v.Paragraphs, RepeatedParagraph{
			strings.Clone(text), more, row.Documents, row.Occurrences, row.Kind, shownID(row.First),
		})
		if len(v.Paragraphs) == maxTopParagraphs {
			break
		}
	}
	v.Repeated = v.paragraphs.repeats
	v.d.overflow += v.paragraphs.overflow
	return nil
}

// cluster counts the members of every cluster and holds on to the largest.
func (v *overviewer) cluster(ctx context.Context) error {
	var c Cluster
	var sizes [64]ClusterSizes // by the bits of the size less one
	end := func() {
		if c.num == 0 {
			return
		}
		s := &sizes[bits.Len64(uint64(c.Documents-1))]
		s.Clusters++
		s.Documents += c.Documents
		if v.Clusters = append(v.Clusters, c); len(v.Clusters) >= 2*maxClusters {
			v.largest()
		}
	}
	for row, err := range v.members.all() {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		num, m := parseMember(row)
		if num != c.num {
			end()
			c = Cluster{num: num, Documents: 1}
		}
		c.Documents++
		switch m.Kind {
		case Exact:
			c.Exact++
			if len(c.Equal) < maxEqual {
				c.Equal = append(c.Equal, m.ID)
			}
			continue
		case Near:
			c.Near++
		case Syndicated:
			c.Syndicated++
		}
		c.take(m)
	}
	end()
	v.largest()
	for i, s := range sizes {
		if s.Clusters > 0 {
			s.From, s.To = 1<<(i-1)+1, 1<<i
			v.Sizes = append(v.Sizes, s)
		}
	}
	return nil
}

// take adds a member if it is among the first of its kind, and no copy of another one: that has
// as a rule the same figures.
func (c *Cluster) take(m Member) {
	n := 0
	for _, o := range c.Members {
		if o.Evidence == m.Evidence {
			return
		}
		if o.Kind == m.Kind {
			n++
		}
	}
	if n < maxMembers {
		c.Members = append(c.Members, m)
	}
}

// largest lets go of all but the largest clusters.
func (v *overviewer) largest() {
	slices.SortFunc(v.Clusters, func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.num, b.num))
	})
	clear(v.Clusters[min(len(v.Clusters), maxClusters):])
	v.Clusters = v.Clusters[:min(len(v.Clusters), maxClusters)]
}

// show reads the texts of a cluster and makes excerpts.
func (v *overviewer) show(c *Cluster) error {
	doc, err := v.d.index.Document(c.num)
	if err != nil {
		return err
	}
	text, err := v.texts.again(doc.Location)
	if err != nil {
		return err
	}
	start, _ := beginning(text, beginningBytes)
	c.ID, c.Characters, c.Beginning = shownID(doc.ID), doc.Characters, strings.Clone(start)
	for i := range c.Members {
		m := &c.Members[i]
		copied, err := v.texts.again(m.location)
		if err != nil {
			return err
		}
		m.Stretches, m.More = beside(v.opts.Params, text, copied, v.opts.MinResemblance)
	}
	return nil
}
