package dedup

import (
	"neardup/shingle"
	"neardup/store"
)

// An ahead analyses the texts of a batch, and reads what the judgement of them looks at first.
type ahead struct {
	d     *Deduper
	index *store.Ahead
}

// lookAhead is for every batch of a pipeline. Of a text that the index has it leaves most of the
// analysis off.
func (d *Deduper) lookAhead() (analyser, func([]*item)) {
	a := &ahead{d, d.index.Ahead()}
	return a.analyse, a.read
}

func (a *ahead) analyse(d *shingle.Digester, it *item) analysis {
	var hash store.TextHash
	partial := false
	g := d.DigestUnless(it.rec.Text, func(normal []byte) bool {
		hash = textHash(normal)
		if len(normal) > 0 && a.d.opts.counts(Exact) {
			id := ""
			if it.rec.OwnID && a.d.replays == nil {
				id = it.rec.ID
			}
			partial = a.index.Twin(id, hash) != 0
		}
		return partial
	})
	site := siteHash(it.host)
	if partial {
		return analysis{text: it.rec.Text, site: site, hash: hash, characters: g.Characters, partial: true}
	}
	return a.d.boilerplate.analysis(g, hash, it.rec.Text, site, a.d.needed())
}

func (a *ahead) read(items []*item) {
	defer a.index.Close()
	if !a.d.opts.counts(Near) {
		items = nil
	}
	sketches := make([]shingle.Sketch, 0, len(items))
	for _, it := range items {
		if !it.blank && it.reject == nil && !it.partial && !it.short {
			sketches = append(sketches, it.sketch)
		}
	}
	a.index.Read(sketches)
}
