package dedup

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// ParagraphOptions say what [RepeatedParagraphs] reports.
type ParagraphOptions struct {
	Options
	RowOptions
}

// paragraphRow is a paragraph that stands in several documents.
type paragraphRow struct {
	Text        string `json:"text"` // as it stands in the first
	Documents   int64  `json:"documents"`
	Occurrences int64  `json:"occurrences"`
	Kind        Kind   `json:"kind"`
	First       string `json:"first"` // id of the document
}

// RepeatedParagraphs writes a row for every paragraph of 24 shingles and more that stands in
// several documents, exact or near, most documents first. Near ones are found with a
// probability that is their resemblance. Its summary counts all that could be read as kept.
func RepeatedParagraphs(ctx context.Context, o ParagraphOptions) (summary Summary, err error) {
	o.Options = o.withDefaults()
	if err := o.validate(); err != nil {
		return summary, err
	}
	r := newParagraphScan(&o.Options, o.Memory/8, o.Input.useTexts(scanRun, o.TempDir))
	digest := func(d *shingle.Digester, it *item) analysis {
		return analysis{trimming: longEnough(d.Digest(it.rec.Text))}
	}
	err = o.forEach(ctx, o.Params, &summary, digest, func(it *item, _ io.Writer) error {
		summary.Kept++
		return r.add(it)
	}, func(out io.Writer) error {
		for row, err := range r.repeated(ctx) {
			if err == nil {
				err = encodeRow(out, row)
			}
			if err != nil {
				return err
			}
		}
		summary.Overflow = r.overflow
		return nil
	})
	return summary, errors.Join(err, r.texts.Remove(), r.close())
}

// longEnough returns the paragraphs of a text that are known to an index.
func longEnough(g *shingle.Digest) *trimming {
	t := &trimming{}
	for _, p := range g.Paragraphs {
		if _, n := g.ParagraphKey(p); n >= minParagraph {
			m := mark{paragraphHash(g.Normal[p.Normal.Start:p.Normal.End]), p.Range}
			t.parts = append(t.parts, part{mark: m, least: g.ParagraphLeast(p), fingerprint: g.ParagraphFingerprint(p)})
		}
	}
	return t
}

// A paragraphScan finds repeated paragraphs.
type paragraphScan struct {
	o        *Options
	texts    *runTexts
	rows     *sorter // of all paragraphs
	found    *sorter // of those in several documents
	row      []byte
	repeats  int64 // paragraphs found
	overflow int64
}

// newParagraphScan returns one whose sorters take thrice the memory.
func newParagraphScan(o *Options, memory int64, texts *runTexts) *paragraphScan {
	return &paragraphScan{o: o, texts: texts, rows: newSorter(o.TempDir, 2*memory), found: newSorter(o.TempDir, memory)}
}

func (r *paragraphScan) close() error { return errors.Join(r.rows.close(), r.found.close()) }

// An occurring is where a paragraph stands.
type occurring struct {
	ordinal     int64 // of the document
	at          shingle.Range
	fingerprint shingle.Fingerprint // of the paragraph
	location    store.Location
	id          string
}

// add adds the paragraphs of a document: equal ones come together, in the order of the input,
// and similar ones with the same least hash.
func (r *paragraphScan) add(it *item) error {
	for _, p := range it.trimming.parts {
		b := binary.BigEndian.AppendUint64(r.row[:0], p.least)
		b = binary.BigEndian.AppendUint64(b, p.hash)
		b = appendOccurring(b, &occurring{it.ordinal, p.Range, p.fingerprint, it.location, it.rec.ID})
		r.row = b
		if err := r.rows.add(b); err != nil {
			return err
		}
	}
	return nil
}

func appendOccurring(b []byte, o *occurring) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(o.ordinal))
	b = binary.BigEndian.AppendUint32(b, uint32(o.at.Start))
	b = binary.BigEndian.AppendUint32(b, uint32(o.at.End))
	b = binary.BigEndian.AppendUint32(b, o.location.Source)
	b = binary.BigEndian.AppendUint64(b, uint64(o.location.Offset))
	b = binary.BigEndian.AppendUint64(b, uint64(o.location.Length))
	b = binary.BigEndian.AppendUint64(b, uint64(o.fingerprint))
	return append(b, o.id...)
}

func parseOccurring(b []byte) occurring {
	return occurring{
		ordinal:  int64(binary.BigEndian.Uint64(b)),
		at:       shingle.Range{Start: int(binary.BigEndian.Uint32(b[8:])), End: int(binary.BigEndian.Uint32(b[12:]))},
		location: store.Location{Run: scanRun, Source: binary.BigEndian.Uint32(b[16:]), Offset: int64(binary.BigEndian.Uint64(b[20:])), Length: int64(binary.BigEndian.Uint64(b[28:]))},
		id:       string(b[44:]),

		fingerprint: shingle.Fingerprint(binary.BigEndian.Uint64(b[36:])),
	}
}

// A paragraphGroup is a paragraph with all its occurrences: equal ones, and near ones once they
// have joined.
type paragraphGroup struct {
	first       occurring
	documents   int64
	occurrences int64
	near        bool
	ordinals    []int64      // of the documents, as far as they are noted
	set         *shingle.Set // once it is needed
}

// Bounds on what is held of paragraphs with the same key. What passes them is counted as
// overflow: there near paragraphs are not joined, or documents with several of them count
// several times.
const (
	maxVariants = 256
	maxOrdinals = 1 << 20
)

// farParagraphs is the distance of the fingerprints beyond which paragraphs with the same key
// are not compared: of two with resemblance 0.8 it is 10 or so, of unrelated ones 32.
const farParagraphs = 22

// group joins equal paragraphs, and then near ones with the same key.
func (r *paragraphScan) group(ctx context.Context) error {
	var groups []*paragraphGroup // of a key
	key, hash, last, noted := uint64(0), uint64(0), int64(-1), 0
	for row, err := range r.rows.all() {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		k, h := binary.BigEndian.Uint64(row), binary.BigEndian.Uint64(row[8:])
		if k != key || len(groups) == maxVariants && h != hash {
			if k == key {
				r.overflow++
			}
			if err := r.join(groups); err != nil {
				return err
			}
			groups, noted = nil, 0
		}
		if len(groups) == 0 || h != hash {
			groups = append(groups, &paragraphGroup{first: parseOccurring(row[16:])})
			last = -1
		}
		key, hash = k, h
		g := groups[len(groups)-1]
		g.occurrences++
		if ordinal := int64(binary.BigEndian.Uint64(row[16:])); ordinal != last {
			last = ordinal
			g.documents++
			if noted < maxOrdinals {
				g.ordinals = append(g.ordinals, ordinal)
				noted++
			}
		}
	}
	return r.join(groups)
}

// join joins near paragraphs to the earliest that they resemble, and passes on those that
// stand in several documents.
func (r *paragraphScan) join(groups []*paragraphGroup) error {
	slices.SortFunc(groups, func(a, b *paragraphGroup) int { return int(a.first.ordinal - b.first.ordinal) })
	var stars []*paragraphGroup
search:
	for _, g := range groups {
		if len(groups) > 1 {
			for _, s := range stars {
				if g.first.fingerprint.Distance(s.first.fingerprint) > farParagraphs {
					continue
				}
				if err := errors.Join(r.fill(g), r.fill(s)); err != nil {
					return err
				}
				if shingle.Resemblance(*g.set, *s.set) >= r.o.MinResemblance {
					r.overflow += s.take(g)
					continue search
				}
			}
		}
		stars = append(stars, g)
	}
	for _, s := range stars {
		if s.documents < 2 {
			continue
		}
		b := binary.BigEndian.AppendUint64(r.row[:0], ^uint64(s.documents))
		b = appendOccurring(b, &s.first)
		b = binary.BigEndian.AppendUint64(b, uint64(s.occurrences))
		kind := Exact
		if s.near {
			kind = Near
		}
		r.row = append(b, byte(kind))
		r.repeats++
		if err := r.found.add(r.row); err != nil {
			return err
		}
	}
	return nil
}

// take joins a near paragraph. It returns 1 if the documents with both may be counted twice.
func (s *paragraphGroup) take(g *paragraphGroup) int64 {
	s.near = true
	s.occurrences += g.occurrences
	if int64(len(s.ordinals)) < s.documents || int64(len(g.ordinals)) < g.documents {
		s.documents += g.documents
		return 1
	}
	s.ordinals = append(s.ordinals, g.ordinals...)
	slices.Sort(s.ordinals)
	s.ordinals = slices.Compact(s.ordinals)
	s.documents = int64(len(s.ordinals))
	return 0
}

// fill reads the shingles of a paragraph.
func (r *paragraphScan) fill(g *paragraphGroup) error {
	if g.set != nil {
		return nil
	}
	text, err := r.text(&g.first)
	set := r.o.Params.Set(text)
	g.set = &set
	return err
}

func (r *paragraphScan) text(o *occurring) (string, error) {
	text, err := r.texts.again(o.location)
	if err != nil {
		return "", err
	}
	return text[o.at.Start:o.at.End], nil
}

// repeated yields what was found, most documents first, ties to the earlier.
func (r *paragraphScan) repeated(ctx context.Context) iter.Seq2[paragraphRow, error] {
	return func(yield func(paragraphRow, error) bool) {
		err := r.texts.flush()
		if err == nil {
			err = r.group(ctx)
		}
		if err != nil {
			yield(paragraphRow{}, err)
			return
		}
		for row, err := range r.found.all() {
			if err != nil {
				yield(paragraphRow{}, err)
				return
			}
			n := len(row) - 9
			o := parseOccurring(row[8:n])
			text, err := r.text(&o)
			if !yield(paragraphRow{
				Text: text, Documents: int64(^binary.BigEndian.Uint64(row)), Occurrences: int64(binary.BigEndian.Uint64(row[n:])),
				Kind: Kind(row[n+8]), First: o.id,
			}, err) || err != nil {
				return
			}
		}
	}
}
