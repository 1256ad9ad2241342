package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// removeBatch is the number of documents that are removed in one synced batch.
const removeBatch = 1000

// Remove removes the documents for which match holds, out of every sieve and with their texts,
// and returns how many went. With a document go those that were dropped in its favour: what
// was said of them is no longer true, and their texts are new again. match is called once
// for every document, in order, while the index is locked.
//
// Documents go in batches, each of which is durable before the next begins; what is removed
// when Remove ends early stays removed. Numbers are never given out again.
func (ix *Index) Remove(ctx context.Context, match func(DocNum, *Document) bool) (removed int64, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err := ix.change(); err != nil {
		return 0, err
	}
	r := remover{ix: ix, batch: ix.db.NewBatch()}
	err = ix.removable(match, func(n DocNum, d *Document) error {
		if err := r.remove(n, d); err != nil || len(r.nums) < removeBatch {
			return err
		}
		if err := r.commit(); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err == nil {
		err = r.commit()
	}
	return r.removed, err
}

// Removable calls each for every document that Remove would remove, in order, while the index is
// locked, and changes nothing.
func (ix *Index) Removable(ctx context.Context, match func(DocNum, *Document) bool, each func(DocNum, *Document) error) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return ix.err
	}
	return ix.removable(match, func(n DocNum, d *Document) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return each(n, d)
	})
}

// removable calls each for the documents for which match holds, and for those that were dropped in
// favour of one of them.
func (ix *Index) removable(match func(DocNum, *Document) bool, each func(DocNum, *Document) error) error {
	var kept bitmap
	return ix.documentsAfter(0, func(n DocNum, d *Document) error {
		orphan := !d.Representative && d.Verdict.Of != 0 && !kept.holds(d.Verdict.Of)
		if matches := match(n, d); !matches && !orphan {
			kept.add(n)
			return nil
		}
		return each(n, d)
	})
}

// change makes the index ready for a change of what it holds already.
func (ix *Index) change() error {
	switch {
	case ix.err != nil:
		return ix.err
	case ix.opts.ReadOnly:
		return ErrReadOnly
	}
	if err := ix.room(); err != nil {
		return err
	}
	if len(ix.pending) == 0 {
		return nil
	}
	b, err := ix.apply(nil)
	if err == nil {
		err = ix.synced(b)
	}
	if err != nil {
		return ix.fail(err)
	}
	return nil
}

// A remover removes documents in batches.
type remover struct {
	ix      *Index
	batch   *pebble.Batch
	nums    []DocNum // of the batch
	removed int64
	entries []entry
	key     []byte
}

func (r *remover) remove(n DocNum, d *Document) error {
	r.nums = append(r.nums, n)
	if err := r.batch.Delete(documentKey(n), nil); err != nil {
		return err
	}
	if d.Stored {
		if err := r.batch.Delete(textKey(n), nil); err != nil {
			return err
		}
	}
	r.entries = appendEntries(r.entries[:0], n, d)
	for _, e := range r.entries {
		if e.table < blocks {
			block, rest := cut(e.table, d.Fingerprint)
			if err := r.batch.Merge(bucketKey(e.table, block), bucket(nil).append(rest, n|removedMark), nil); err != nil {
				return err
			}
			continue
		}
		r.ix.written.hints.removeEntry(e)
		r.key = e.appendKey(r.key[:0])
		if err := r.batch.Delete(r.key, nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *remover) commit() error {
	if len(r.nums) == 0 {
		return r.batch.Close()
	}
	ix := r.ix
	ix.count -= int64(len(r.nums))
	err := setNumber(r.batch, metaDocuments, uint64(ix.count))
	if err == nil {
		err = setNumber(r.batch, metaLast, uint64(ix.last))
	}
	if err == nil {
		err = ix.begin(r.batch)
	}
	if err == nil {
		err = ix.synced(r.batch)
	}
	if err == nil {
		err = ix.written.close() // its view is of before
	}
	if err != nil {
		return ix.fail(err)
	}
	for _, n := range r.nums {
		ix.newest.remove(n)
		ix.cache.remove(n)
	}
	r.removed += int64(len(r.nums))
	r.nums, r.batch = r.nums[:0], ix.db.NewBatch()
	return nil
}

// Rebuild makes the sieves anew from the documents. If it is interrupted the next open goes
// on with it.
func (ix *Index) Rebuild(ctx context.Context) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err := ix.change(); err != nil {
		return err
	}
	count := int64(0)
	// First, so that a document that does not parse is found while the sieves still stand.
	if err := ix.documentsAfter(0, func(DocNum, *Document) error { count++; return ctx.Err() }); err != nil {
		return err
	}
	if err := ix.rebuild(ctx, count); err != nil {
		return ix.fail(err)
	}
	return nil
}

func (ix *Index) rebuild(ctx context.Context, count int64) error {
	b := ix.db.NewBatch()
	err := b.DeleteRange([]byte{kindSieve}, []byte{kindSieve + 1}, nil)
	for name, n := range map[string]uint64{metaSieved: 0, metaDocuments: uint64(count), metaLast: uint64(ix.last)} {
		if err == nil {
			err = setNumber(b, name, n)
		}
	}
	if err == nil {
		err = ix.begin(b)
	}
	if err == nil {
		err = ix.synced(b)
	}
	if err != nil {
		return err
	}
	if err := ix.written.close(); err != nil {
		return err
	}
	ix.count, ix.sieved = count, 0
	ix.written, ix.newest = databaseEntries{db: ix.db}, memoryEntries{}
	if err := ix.sieve(ctx); err != nil {
		return err
	}
	return ix.writeSieves(ix.last)
}

// Compact gives the room of what was removed back to the disk at once. Otherwise that
// happens bit by bit.
func (ix *Index) Compact(ctx context.Context) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err := ix.change(); err != nil {
		return err
	}
	if err := errors.Join(ix.writeSieves(ix.last), ix.written.close()); err != nil {
		return ix.fail(err)
	}
	if err := ix.db.Compact(ctx, []byte{0}, []byte{0xff}, true); err != nil {
		return fmt.Errorf("compact index %s: %w", ix.dir, ioError(err))
	}
	return nil
}

// A bitmap is a set of documents. The zero value is empty.
type bitmap []uint64

func (b *bitmap) add(n DocNum) {
	for word := int(n / 64); word >= len(*b); {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b bitmap) holds(n DocNum) bool {
	return n/64 < DocNum(len(b)) && b[n/64]>>(n%64)&1 != 0
}
