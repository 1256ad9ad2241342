package dedup

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"neardup/shingle"
	"neardup/store"
)

// DefaultBoilerplate is the share of the documents of its site in which a paragraph stands
// that is boilerplate. minBoilerplate is the least number of documents.
const (
	DefaultBoilerplate = 0.3
	minBoilerplate     = 5
)

// A boilerplate knows the paragraphs that stand in many documents of their site. A site is the
// host of the address; all documents without one are a site too. Nil knows none.
type boilerplate struct {
	known    map[uint64]int32 // paragraphs of sites, and the number of their example plus one
	examples []example
}

// An example is where a paragraph stands that is boilerplate.
type example struct {
	ordinal int64 // of the record in the input
	id      string
	shingle.Range
}

// countedDocuments is how many documents of a site count in what an index has seen of it: the
// earliest.
const countedDocuments = 256

// frame notes in an analysis which paragraphs of a document are boilerplate, by what the index
// has seen of its site: among its earliest documents and the one at hand. In an input that was
// surveyed it is known already.
func (d *Deduper) frame(site string, a *analysis) error {
	if d.surveyed || a.short || len(a.paragraphs) == 0 || !d.opts.counts(Syndicated) {
		return nil
	}
	documents, err := d.countedOf(site)
	if err != nil {
		return err
	}
	least := max(minBoilerplate, shingle.LeastPart(documents+1, DefaultBoilerplate))
	if documents+1 < least {
		return nil
	}
	found := map[uint64]bool{}
	ps := slices.Clone(a.paragraphs) // which were noted when the text was analysed
	for i, p := range ps {
		n, err := d.index.CountedWith(site, p.Key, least-1)
		if err != nil {
			return err
		}
		if n+1 >= least {
			found[p.Key] = true
			ps[i].Frame = true
		}
	}
	if len(found) == 0 {
		return nil
	}
	is := keyFrame(found)
	d.opts.Params.WithDigest(a.text, func(g *shingle.Digest) {
		if found := is(g); found != nil {
			a.is, a.paragraphs, a.sets = is, ps, nil
			a.article = articleLen(g, without(g, found))
		}
	})
	return nil
}

// counts reports whether a document that is added counts in what the index has seen of its
// site.
func (d *Deduper) counts(site string, byShingles bool) (bool, error) {
	if !byShingles || d.surveyed && d.tempDir != "" {
		return false, nil
	}
	n, err := d.countedOf(site)
	return n < countedDocuments, err
}

// countedOf returns how many documents of a site count.
func (d *Deduper) countedOf(site string) (int, error) {
	if d.counted[site] {
		return countedDocuments, nil
	}
	n, err := d.index.Counted(site, countedDocuments)
	if n == countedDocuments {
		if d.counted == nil || len(d.counted) >= maxCounted {
			d.counted = map[string]bool{}
		}
		d.counted[site] = true
	}
	return n, err
}

const maxCounted = 1 << 16 // sites that are remembered to have enough

// frameOf returns the framing of a document of the index: what is boilerplate in the input, or
// what was noted when the document was added.
func (d *Deduper) frameOf(doc *store.Document) framing {
	if d.surveyed {
		if d.boilerplate == nil {
			return nil
		}
		site := siteHash(doc.Site)
		return func(g *shingle.Digest) []bool { return d.boilerplate.of(g, site) }
	}
	var keys map[uint64]bool
	for _, p := range doc.Paragraphs {
		if p.Frame {
			if keys == nil {
				keys = map[uint64]bool{}
			}
			keys[p.Key] = true
		}
	}
	if keys == nil {
		return nil
	}
	return keyFrame(keys)
}

// keyFrame is the framing of paragraphs with the keys.
func keyFrame(keys map[uint64]bool) framing {
	return func(g *shingle.Digest) (is []bool) {
		n := 0
		for i, p := range g.Paragraphs {
			if key, shingles := g.ParagraphKey(p); shingles >= minParagraph && keys[key] {
				if is == nil {
					is = make([]bool, len(g.Paragraphs))
				}
				is[i] = true
				n++
			}
		}
		if n == len(g.Paragraphs) {
			return nil
		}
		return is
	}
}

func siteHash(site string) uint64 { return xxhash.Sum64String(site) }

// paragraphHash identifies a paragraph by its normalised text. It is never 0.
func paragraphHash(normal []byte) uint64 { return max(xxhash.Sum64(normal), 1) }

// onSite joins a paragraph and its site.
func onSite(site, paragraph uint64) uint64 {
	hi, lo := bits.Mul64(site^0x9e3779b97f4a7c15, paragraph|1<<63)
	return hi ^ lo ^ paragraph
}

// of returns which paragraphs of a digest of a document of a site are boilerplate, nil if none
// or all are: then they are left where they are.
func (b *boilerplate) of(g *shingle.Digest, site uint64) (is []bool) {
	if b == nil || len(b.known) == 0 {
		return nil
	}
	n := 0
	for i, p := range g.Paragraphs {
		if _, ok := b.known[onSite(site, paragraphHash(g.Normal[p.Normal.Start:p.Normal.End]))]; ok {
			if is == nil {
				is = make([]bool, len(g.Paragraphs))
			}
			is[i] = true
			n++
		}
	}
	if n == len(g.Paragraphs) {
		return nil
	}
	return is
}

// example returns a document other than the record in which the paragraph stands too.
func (b *boilerplate) example(site, paragraph uint64, other int64) (e example) {
	n := b.known[onSite(site, paragraph)]
	if n == 0 {
		return e
	}
	if e = b.examples[n-1]; e.ordinal == other {
		e = b.examples[n]
	}
	return e
}

// A census counts the paragraphs of sites. Of a site with more than censusDocuments documents
// it counts a sample of half as many at least.
type census struct {
	share    float64
	examples bool // of what is boilerplate are wanted
	bound    int  // on what is known of boilerplate

	documents [1 << 16]atomic.Uint32 // of the sites with the same lower bits
	rows      *sorter                // see begin
	row       []byte
}

const censusDocuments = 4096

func newCensus(share float64, o *Options) *census {
	return &census{
		share: share, rows: newSorter(o.TempDir, o.Memory/8), bound: int(o.Memory / 8 / knownBytes),
	}
}

const knownBytes = 24 // what a paragraph takes in boilerplate.known

// level returns of how many documents of a site one is counted, as a power of two.
func (c *census) level(site uint64) int {
	return bits.Len32(c.documents[site%uint64(len(c.documents))].Load() / censusDocuments)
}

// A mark is a paragraph of a document that is counted.
type mark struct {
	hash uint64
	shingle.Range
}

// marks returns the paragraphs of a document, each once, nil if it is not in the sample. draw
// is any hash that is its own. It may be called by all threads.
func (c *census) marks(d *shingle.Digester, text string, site, draw uint64) []mark {
	if bits.TrailingZeros64(draw) < c.level(site) {
		return nil
	}
	g := d.Lines(text)
	marks := make([]mark, len(g.Paragraphs))
	for i, p := range g.Paragraphs {
		marks[i] = mark{paragraphHash(g.Normal[p.Normal.Start:p.Normal.End]), p.Range}
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.hash, b.hash), a.Start-b.Start) })
	return slices.CompactFunc(marks, func(a, b mark) bool { return a.hash == b.hash })
}

// add counts a document. Documents come in the order of the input.
func (c *census) add(marks []mark, site, draw uint64, ordinal int64, id string) error {
	level := c.level(site)
	c.documents[site%uint64(len(c.documents))].Add(1)
	drawn := bits.TrailingZeros64(draw)
	if drawn < level {
		return nil
	}
	if err := c.rows.add(c.begin(site, 0, drawn)); err != nil {
		return err
	}
	for _, m := range marks {
		row := c.begin(site, m.hash, drawn)
		if c.examples {
			row = binary.BigEndian.AppendUint64(row, uint64(ordinal))
			row = binary.BigEndian.AppendUint32(row, uint32(m.Start))
			row = binary.BigEndian.AppendUint32(row, uint32(m.End))
			row = append(row, id...)
		}
		if err := c.rows.add(row); err != nil {
			return err
		}
		c.row = row
	}
	return nil
}

// begin begins a row: a site, a paragraph or 0 for the document itself, and the level up to
// which it is in the sample. An example follows.
func (c *census) begin(site, paragraph uint64, drawn int) []byte {
	b := binary.BigEndian.AppendUint64(c.row[:0], site)
	return append(binary.BigEndian.AppendUint64(b, paragraph), byte(drawn))
}

// result returns the paragraphs that are boilerplate; cut tells how many more there are than
// memory holds.
func (c *census) result() (b *boilerplate, cut int64, err error) {
	b = &boilerplate{known: map[uint64]int32{}}
	site, paragraph := uint64(0), uint64(0)
	level, documents, count := 0, 0, 0
	var first, second example
	end := func() {
		switch {
		case paragraph == 0:
			documents = count
		case count < minBoilerplate || count < shingle.LeastPart(documents, c.share):
		case len(b.known) >= c.bound:
			cut++
		default:
			n := int32(0)
			if c.examples {
				b.examples = append(b.examples, first, second)
				n = int32(len(b.examples) - 1)
			}
			b.known[onSite(site, paragraph)] = n
		}
	}
	for row, err := range c.rows.all() {
		if err != nil {
			return nil, 0, err
		}
		s, p := binary.BigEndian.Uint64(row), binary.BigEndian.Uint64(row[8:])
		if s != site || p != paragraph {
			end()
			if s != site {
				level = c.level(s)
			}
			site, paragraph, count = s, p, 0
			first, second = example{}, example{}
		}
		if int(row[16]) < level {
			continue
		}
		count++
		if c.examples && p != 0 {
			switch e := parseExample(row[17:]); {
			case count == 1 || e.ordinal < first.ordinal:
				first, second = e, first
			case count == 2 || e.ordinal < second.ordinal:
				second = e
			}
		}
	}
	end()
	return b, cut, nil
}

func parseExample(row []byte) example {
	return example{
		ordinal: int64(binary.BigEndian.Uint64(row)), id: string(row[16:]),
		Range: shingle.Range{Start: int(binary.BigEndian.Uint32(row[8:])), End: int(binary.BigEndian.Uint32(row[12:]))},
	}
}
