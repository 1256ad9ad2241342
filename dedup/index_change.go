package dedup

import (
	"context"
	"time"

	"neardup/store"
)

// dateOf returns the date that a document expires by, in seconds since 1970: its own or, in
// an index that is kept, the present.
func (d *Deduper) dateOf(doc Document) int64 {
	switch {
	case !doc.Date.IsZero():
		return doc.Date.Unix()
	case d.tempDir == "":
		return time.Now().Unix()
	}
	return 0
}

// stands reports whether what was said of a document still holds. A document that was dropped
// in favour of one that was removed since is judged afresh.
func (d *Deduper) stands(doc *store.Document) (bool, error) {
	if doc.Representative || doc.Verdict.Of == 0 {
		return true, nil
	}
	return d.index.Holds(doc.Verdict.Of)
}

// Remove removes the documents with those ids, of their own or made, and with them those that
// were dropped in their favour: their texts are new again. It returns how many documents went
// and which ids it did not find. What it removed is durable when it returns, also if it ends
// early.
func (d *Deduper) Remove(ctx context.Context, ids ...string) (removed int64, missing []string, err error) {
	found := make(map[string]bool, len(ids))
	for _, id := range ids {
		found[id] = false
	}
	removed, err = d.remove(ctx, func(doc *store.Document) bool {
		_, wanted := found[doc.ID]
		if wanted {
			found[doc.ID] = true
		}
		return wanted
	})
	for _, id := range ids {
		if !found[id] {
			missing = append(missing, id)
			found[id] = true // once
		}
	}
	return removed, missing, err
}

// Expire removes the documents with a date before t, and those that were dropped in their
// favour. The date of a document without one is when it was added. A document that was
// dropped has no date and goes with the one that it repeats.
func (d *Deduper) Expire(ctx context.Context, t time.Time) (removed int64, err error) {
	return d.remove(ctx, func(doc *store.Document) bool {
		dated := doc.ByText || doc.ByShingles
		return dated && doc.Date < t.Unix()
	})
}

func (d *Deduper) remove(ctx context.Context, match func(*store.Document) bool) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.index.Remove(ctx, func(_ store.DocNum, doc *store.Document) bool { return match(doc) })
}

// Rebuild makes the sieves of the index anew from its documents.
func (d *Deduper) Rebuild(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.index.Rebuild(ctx)
}

// Compact gives the room of removed documents back to the disk.
func (d *Deduper) Compact(ctx context.Context) error { return d.index.Compact(ctx) }
