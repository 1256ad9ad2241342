package dedup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"neardup/shingle"
)

// A KeepPolicy says which document of a cluster is kept. The zero value is KeepFirst. Any word
// that is none of the constants names a field that holds a number: the document with the highest
// is kept, and one without a number only if all others are without. Ties go to the earlier.
type KeepPolicy string

// The policies.
const (
	KeepFirst   KeepPolicy = "first"   // in the order of the input
	KeepLongest KeepPolicy = "longest" // with most code points after normalisation
	KeepNewest  KeepPolicy = "newest"  // with the latest date, those without one last
)

// ranks reports whether documents are judged in another order than that of the input.
func (k KeepPolicy) ranks() bool { return k != "" && k != KeepFirst }

// field returns the field by which documents are ranked, or "".
func (k KeepPolicy) field() string {
	switch k {
	case "", KeepFirst, KeepLongest, KeepNewest:
		return ""
	}
	return string(k)
}

// ErrKeepIndex reports a policy that needs all documents before it can judge the first, together
// with an index that remembers documents.
var ErrKeepIndex = errors.New("with an index the first document can be kept, and no other")

// ErrNoRank reports that no document has a number in the field by which they should be ranked.
var ErrNoRank = errors.New("no record has a number there")

// A ranked document waits to be judged.
type ranked struct {
	doc  Document // without its text
	rank float64
}

// judgeRanked judges the whole input in the order of the policy, and returns what does with the
// records of a second pass what was said of them.
func (c *cleaner) judgeRanked(ctx context.Context) (func(*item) error, error) {
	docs, err := c.rank(ctx)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(docs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(docs[b].rank, docs[a].rank) })
	duplicates := map[int]judgement{}
	for chunk := range slices.Chunk(order, commitItems) {
		if err := c.judgeChunk(ctx, docs, chunk, duplicates); err != nil {
			return nil, err
		}
	}
	c.o.Input.texts = nil // what must be kept was kept in the first pass
	next := 0
	return func(it *item) error {
		if next == len(docs) {
			return fmt.Errorf("%s was changed while it was read", it.raw.Source.Name)
		}
		j := duplicates[next]
		next++
		return c.act(it, j)
	}, nil
}

// rank reads the input once.
func (c *cleaner) rank(ctx context.Context) ([]ranked, error) {
	in := c.o.Input // a copy: rejects are listed in the second pass
	in.OnReject, in.Progress = nil, nil
	measure := func(d *shingle.Digester, it *item) (a analysis) {
		if c.o.Keep == KeepLongest {
			a.characters = d.Characters(it.rec.Text)
		}
		return a
	}
	var docs []ranked
	ranks := false
	t := &tally{in: &in, summary: new(Summary)}
	err := in.run(ctx, position{}, c.d.opts.Params, measure, func(it *item) error {
		judged, err := t.admit(it)
		if err != nil || !judged {
			return err
		}
		r := ranked{doc: it.document(), rank: math.Inf(-1)}
		r.doc.Text = ""
		switch {
		case c.o.Keep == KeepLongest:
			r.rank = float64(it.characters)
		case c.o.Keep == KeepNewest && !it.rec.Date.IsZero():
			r.rank = float64(it.rec.Date.UnixMilli())
		case c.o.Keep != KeepNewest && it.rec.Rank != nil:
			r.rank = *it.rec.Rank
		}
		ranks = ranks || !math.IsInf(r.rank, -1)
		docs = append(docs, r)
		return nil
	})
	if err == nil && !ranks && len(docs) > 0 && c.o.Keep.field() != "" {
		err = fmt.Errorf("%w: field %q", ErrNoRank, c.o.Keep.field())
	}
	return docs, err
}

// judgeChunk judges the documents of the numbers in chunk, in that order.
func (c *cleaner) judgeChunk(ctx context.Context, docs []ranked, chunk []int, duplicates map[int]judgement) error {
	analyses := make([]analysis, len(chunk))
	for i, n := range chunk {
		text, ok, err := c.texts.text(docs[n].doc.location)
		if err == nil && !ok {
			err = fmt.Errorf("the text of %s is gone", docs[n].doc.ID)
		}
		if err != nil {
			return err
		}
		analyses[i].text = text
	}
	var workers sync.WaitGroup
	threads := c.o.Input.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	for first := range threads {
		workers.Go(func() {
			d := c.d.opts.Params.NewDigester()
			for i := first; i < len(chunk) && ctx.Err() == nil; i += threads {
				analyses[i] = c.d.boilerplate.analyse(d, analyses[i].text, siteHash(docs[chunk[i]].doc.Site))
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, n := range chunk {
		doc := docs[n].doc
		doc.Text = analyses[i].text
		j, err := c.d.stageLocked(doc, analyses[i])
		if err != nil {
			return err
		}
		if j.Duplicate() {
			duplicates[n] = j
		}
	}
	return c.d.index.Commit()
}
