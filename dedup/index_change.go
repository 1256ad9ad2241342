package dedup

import (
	"context"
	"time"

	"neardup/store"
)

// dateOf returns the date of a document in seconds since 1970. If it has none that is the present,
// and undated.
func dateOf(doc Document) (date int64, undated bool) {
	if doc.Date.IsZero() {
		return time.Now().Unix(), true
	}
	return doc.Date.Unix(), false
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

// ExpireOptions say what [Deduper.Expire] removes.
type ExpireOptions struct {
	Before  time.Time // documents with a date before it
	Undated bool      // and those without one that were added before it
}

// Expired says what [Deduper.Expire] came to.
type Expired struct {
	Removed int64 // documents
	Undated int64 // documents that were left since they have no date
}

// Expire removes the documents with a date before a time, and those that were dropped in their
// favour. A document without a date stays, unless the options say otherwise; one that was dropped
// has none and goes with the one that it repeats. What it removed is durable when it returns, also
// if it ends early.
func (d *Deduper) Expire(ctx context.Context, o ExpireOptions) (e Expired, err error) {
	e.Removed, err = d.remove(ctx, func(doc *store.Document) bool { return e.expires(&o, doc) })
	return e, err
}

// Expiring calls each with the ids of the documents that [Deduper.Expire] would remove, in the
// order in which they were added, and changes nothing. The Deduper must not be used by each.
func (d *Deduper) Expiring(ctx context.Context, o ExpireOptions, each func(id string) error) (e Expired, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.index.Removable(ctx, func(_ store.DocNum, doc *store.Document) bool { return e.expires(&o, doc) },
		func(_ store.DocNum, doc *store.Document) error {
			e.Removed++
			return each(doc.ID)
		})
	return e, err
}

// expires reports whether a document goes, and counts it if it stays for want of a date.
func (e *Expired) expires(o *ExpireOptions, doc *store.Document) bool {
	switch {
	case !doc.ByText && !doc.ByShingles:
		return false // no date is kept of it
	case doc.Undated && !o.Undated:
		e.Undated++
		return false
	}
	return doc.Date < o.Before.Unix()
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
