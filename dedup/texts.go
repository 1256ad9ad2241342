package dedup

import (
	"neardup/shingle"
	"neardup/store"
)

// setOf returns the shingles of a document whose text is at hand.
func (d *Deduper) setOf(n store.DocNum, doc *store.Document) (shingle.Set, bool, error) {
	if set, ok := d.sets.find(n); ok {
		return set, true, nil
	}
	text, ok, err := d.textOf(n, doc)
	if err != nil || !ok {
		return shingle.Set{}, false, err
	}
	set := d.opts.Params.Set(text)
	d.sets.put(n, set)
	return set, true, nil
}

// textOf returns the text of document n: one of the run in progress from its input, one of an
// earlier run if it is stored.
func (d *Deduper) textOf(n store.DocNum, doc *store.Document) (string, bool, error) {
	if d.texts != nil && doc.Location.Run != 0 {
		if text, ok, err := d.texts.text(doc.Location); ok || err != nil {
			return text, ok, err
		}
	}
	return d.index.StoredText(n, doc)
}

// A setCache holds the shingle sets of the documents that were compared last: two
// generations, of which the older is forgotten when the younger is full.
type setCache struct {
	young, old map[store.DocNum]shingle.Set
	held       int // shingles in young
	bound      int // shingles that a generation may hold
}

const setBytes = 8 // a shingle in a set

func (c *setCache) find(n store.DocNum) (shingle.Set, bool) {
	if set, ok := c.young[n]; ok {
		return set, true
	}
	set, ok := c.old[n]
	if ok {
		c.put(n, set)
	}
	return set, ok
}

func (c *setCache) put(n store.DocNum, set shingle.Set) {
	if c.young == nil || c.held > c.bound {
		c.old, c.young, c.held = c.young, map[store.DocNum]shingle.Set{}, 0
	}
	c.young[n] = set
	c.held += set.Len()
}
