package dedup

import (
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// A paragraphIndex knows the long paragraphs of the records that were kept, but for those that
// were taken out.
type paragraphIndex struct {
	d     *Deduper
	texts *runTexts
	cache map[store.DocNum][]part // of the documents that were compared last
	old   map[store.DocNum][]part
	held  int // shingles in cache
	bound int
}

const (
	elsewhereShare  = 64 // documents with the same key that are known: the earliest
	elsewhereMisses = 16 // of them that are looked at in vain
)

// newParagraphIndex returns an index beside that of a cleaner, a third as large.
func newParagraphIndex(c *cleaner) (*paragraphIndex, error) {
	o := c.d.opts
	o.Memory /= 4
	o.StoreText, o.MustExist, o.ReadOnly = false, false, false
	d, err := Open("", &o)
	if err != nil {
		return nil, err
	}
	if c.o.Input.texts == nil { // they were kept where the copy does not know it
		c.o.Input.useTexts(c.state.Run, o.TempDir)
	}
	return &paragraphIndex{d: d, texts: c.o.Input.texts, bound: int(o.Memory / 4 / setBytes)}, nil
}

func (x *paragraphIndex) close() error { return x.d.Close() }

// add adds a record with those of its paragraphs that stay.
func (x *paragraphIndex) add(it *item, ps []part) error {
	if len(ps) == 0 {
		return nil
	}
	doc := &store.Document{ID: it.rec.ID, ByParagraphs: true, Location: it.location}
	for _, p := range ps {
		for _, key := range p.keys {
			doc.Paragraphs = append(doc.Paragraphs, store.Paragraph{Key: key, Shingles: p.set.Len()})
		}
	}
	n, err := x.d.index.Add(doc)
	if err == nil && n%commitItems == 0 {
		err = x.d.index.Commit()
	}
	return err
}

// A place is where a paragraph stands too.
type place struct {
	id string
	shingle.Range
	distance                           int
	resemblance, contained, containing float64
}

// find returns where a paragraph stands in an earlier record: an equal one, or the one that it
// resembles most; nil if nowhere.
func (x *paragraphIndex) find(p part) (*place, error) {
	var keys []store.Paragraph
	for _, key := range p.keys {
		keys = append(keys, store.Paragraph{Key: key, Shingles: 1})
	}
	nums, _, err := x.d.index.Sharing(keys, elsewhereShare)
	if err != nil {
		return nil, err
	}
	var best *place
	misses := 0
	for _, n := range nums {
		doc, err := x.d.index.Document(n)
		if err != nil {
			return nil, err
		}
		others, err := x.parts(n, doc)
		if err != nil {
			return nil, err
		}
		hit := false
		for _, q := range others {
			if q.hash == p.hash {
				return &place{doc.ID, q.Range, 0, 1, 1, 1}, nil
			}
			if !slices.ContainsFunc(q.keys[:], func(key uint64) bool { return slices.Contains(p.keys[:], key) }) {
				continue
			}
			r, contained, containing := shingle.Compare(p.set, q.set)
			if r < x.d.opts.MinResemblance {
				continue
			}
			hit = true
			if best == nil || r > best.resemblance {
				best = &place{doc.ID, q.Range, p.set.Fingerprint().Distance(q.set.Fingerprint()), r, contained, containing}
			}
		}
		if !hit {
			if misses++; misses == elsewhereMisses {
				break
			}
		}
	}
	return best, nil
}

// parts returns the paragraphs of a record that stayed.
func (x *paragraphIndex) parts(n store.DocNum, doc *store.Document) ([]part, error) {
	if ps, ok := x.cache[n]; ok {
		return ps, nil
	}
	ps, ok := x.old[n]
	if !ok {
		text, err := x.texts.again(doc.Location)
		if err != nil {
			return nil, err
		}
		stay := map[uint64]bool{}
		for _, p := range doc.Paragraphs {
			stay[p.Key] = true
		}
		o := TrimOptions{Paragraphs: true}
		for _, p := range o.find(x.d.opts.Params.NewDigester(), text, 0, nil).parts {
			if stay[p.keys[0]] && stay[p.keys[1]] && stay[p.keys[2]] {
				ps = append(ps, p)
			}
		}
	}
	if x.cache == nil || x.held > x.bound {
		x.old, x.cache, x.held = x.cache, map[store.DocNum][]part{}, 0
	}
	x.cache[n] = ps
	for _, p := range ps {
		x.held += p.set.Len()
	}
	return ps, nil
}
