package dedup

import (
	"sync/atomic"

	"neardup/shingle"
	"neardup/store"
)

// textSets are the shingles of a text, and of its article if that is not the whole text. The
// article of a text of which little but boilerplate remains is empty.
type textSets struct {
	text, article shingle.Set
	framed        bool
}

func (s *textSets) len() int { return s.text.Len() + s.article.Len() }

// setsOf returns the shingles of a text that is framed so.
func (d *Deduper) setsOf(text string, f framing) (s *textSets) {
	if f == nil {
		return &textSets{text: d.opts.Params.Set(text)}
	}
	d.opts.Params.WithDigest(text, func(g *shingle.Digest) { s = setsOf(g, f(g)) })
	return s
}

// setsOf returns the shingles of a text some of whose paragraphs are boilerplate.
func setsOf(g *shingle.Digest, is []bool) *textSets {
	s := &textSets{text: g.Set.Clone(), framed: is != nil}
	if s.framed {
		if article := without(g, is); articleLen(g, article) > 0 {
			s.article = article
		}
	}
	return s
}

// documentSets returns the shingles of a document whose text is at hand.
func (d *Deduper) documentSets(n store.DocNum, doc *store.Document) (*textSets, bool, error) {
	if sets := d.sets.find(n); sets != nil {
		return sets, true, nil
	}
	text, ok, err := d.textOf(n, doc)
	if err != nil || !ok {
		return nil, false, err
	}
	sets := d.setsOf(text, d.frameOf(doc))
	d.sets.put(n, sets)
	return sets, true, nil
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
	young, old map[store.DocNum]*textSets
	held       int // shingles in young
	bound      int // shingles that a generation may hold
}

const setBytes = 8 // a shingle in a set

func (c *setCache) find(n store.DocNum) *textSets {
	if sets := c.young[n]; sets != nil {
		return sets
	}
	sets := c.old[n]
	if sets != nil {
		c.put(n, sets)
	}
	return sets
}

func (c *setCache) put(n store.DocNum, sets *textSets) {
	if c.young == nil || c.held > c.bound {
		c.old, c.young, c.held = c.young, map[store.DocNum]*textSets{}, 0
	}
	c.young[n] = sets
	c.held += sets.len()
}

// A frequency tells whether something happened often of late. It is noted by one goroutine and
// read by any.
type frequency struct{ per4096 atomic.Int32 }

func (f *frequency) note(happened bool) {
	x := f.per4096.Load()
	x -= x >> 6
	if happened {
		x += 4096 >> 6
	}
	f.per4096.Store(x)
}

// often reports whether it happened one time in four.
func (f *frequency) often() bool { return f.per4096.Load() > 4096/4 }
