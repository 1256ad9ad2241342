package dedup

import (
	"context"
	"errors"
	"fmt"
)

// A reference is a set of documents in whose favour others are dropped.
type reference struct {
	d        *Deduper
	texts    *runTexts
	clusters numberSet
	rejected int64
}

// readReference reads a reference set. It has the memory of the deduper that it is for once
// more by half, and what that knows of boilerplate.
func readReference(ctx context.Context, in Input, of *Deduper) (*reference, error) {
	o := of.opts
	o.Memory /= 2
	o.StoreText, o.MustExist, o.ReadOnly = false, false, false
	d, err := Open("", &o)
	if err != nil {
		return nil, err
	}
	d.boilerplate, d.surveyed = of.boilerplate, of.surveyed
	r := &reference{d: d, texts: in.useTexts(referenceRun, o.TempDir)}
	d.texts = r.texts
	var s Summary
	t := &tally{in: &in, summary: &s}
	err = in.run(ctx, position{}, o.Params, d.analyse, func(it *item) error {
		judge, err := t.admit(it)
		if err != nil || !judge {
			return err
		}
		return r.add(it)
	})
	r.rejected = s.Rejected
	if err == nil {
		err = d.index.Commit()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reference set: %w", err), r.close())
	}
	return r, nil
}

const referenceRun = 1 // the index is temporary

// add adds a document, unless another has its text.
func (r *reference) add(it *item) error {
	if equal, err := r.d.index.ByText(it.hash); err != nil || len(equal) > 0 {
		return err
	}
	j, err := r.d.add(it.document(), it.analysis, judgement{}, true, true)
	if err == nil && j.num%commitItems == 0 {
		err = r.d.index.Commit()
	}
	return err
}

// judge compares a document with the set.
func (r *reference) judge(a analysis) (j judgement, err error) {
	m, err := r.d.best(&a)
	j.take(m)
	j.against = true
	return j, err
}

func (r *reference) close() error { return errors.Join(r.texts.Remove(), r.d.Close()) }
