package store

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// appendEntries appends the sieve entries of a document.
func appendEntries(es []entry, n DocNum, d *Document) []entry {
	if d.OwnID {
		es = append(es, entry{tableID, idValue(d.ID), n})
	}
	if d.ByText {
		es = append(es, entry{tableText, textValue(d.Text), n})
	}
	if d.ByShingles {
		for table := range byte(blocks) {
			es = append(es, entry{table, uint64(d.Fingerprint), n})
		}
		for i, key := range d.Sketch.Bands() {
			es = append(es, entry{tableBand + byte(i), key, n})
		}
	}
	if d.ByShingles || d.ByParagraphs {
		for _, p := range d.Paragraphs {
			if !p.Frame {
				es = append(es, entry{tablePara, p.Key, n})
			}
		}
	}
	if d.Counted {
		site := idValue(d.Site)
		es = append(es, entry{tableSite, site, n})
		for _, p := range d.Paragraphs {
			es = append(es, entry{tableSite, onSite(site, p.Key), n})
		}
	}
	return es
}

// onSite joins a site and a paragraph.
func onSite(site, paragraph uint64) uint64 {
	const factor = 0x9e3779b97f4a7c15
	return (site^factor)*(paragraph|1) ^ bits.RotateLeft64(paragraph, 32)
}

func textValue(h TextHash) uint64 { return binary.BigEndian.Uint64(h[:]) }

// A databaseEntries reads entries from the database, through one iterator that lives until
// entries are written.
type databaseEntries struct {
	db     *pebble.DB
	iter   *pebble.Iterator
	filter filter      // of all values, once it was needed
	blocks blockFilter // of all fingerprints, once it was needed
	hints  hints       // of the quick bands, once they were needed often
	key    []byte

	answers answers // to what was asked ahead
	version int     // how often entries were written or removed
}

// scan calls f for every entry of the table, which is none of a block, that has the value, until f returns
// false, and reports whether it never did.
func (s *databaseEntries) scan(table byte, value uint64, f func(entry) bool) (more bool, err error) {
	if !s.filter.mayHold(table, value) {
		return true, nil
	}
	if r, ok := s.answers.find(table, value); ok {
		for _, n := range r.nums[:r.count] {
			if !f(entry{table, value, n}) {
				return false, nil
			}
		}
		return true, nil
	}
	if err := s.open(); err != nil {
		return false, err
	}
	s.key = appendPrefix(s.key[:0], table, value)
	for s.iter.SeekPrefixGE(s.key); s.iter.Valid(); s.iter.Next() {
		e, ok := parseEntry(s.iter.Key())
		if !ok {
			return false, &DamageError{Path: "sieve", Detail: "a key does not parse"}
		}
		if !f(e) {
			return false, nil
		}
	}
	return true, readError(s.iter.Error())
}

// mustAsk reports whether memory does not tell if the database has a value.
func (s *databaseEntries) mustAsk(table byte, value uint64) bool {
	if s.filter.lines == nil || !s.filter.mayHold(table, value) {
		return false
	}
	_, ok := s.answers.find(table, value)
	return !ok
}

// alone reports whether an entry that is there is certainly the only one with its value.
func (s *databaseEntries) alone(table byte, value uint64) bool {
	return s.filter.lines != nil && !s.filter.mayHold(table|repeated, value)
}

// near calls f for the fingerprints of a bucket whose rest differs in at most so many bits.
func (s *databaseEntries) near(table byte, block uint16, rest uint64, distance int, f func(n DocNum, distance int)) error {
	if s.blocks.matches(table, block, rest, distance) == 0 {
		return nil
	}
	value, closer, err := s.db.Get(bucketKey(table, block))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return readError(err)
	}
	bucket(value).near(rest, distance, f)
	return closer.Close()
}

func (s *databaseEntries) open() error {
	if s.iter != nil {
		return nil
	}
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte{kindSieve, blocks},
		UpperBound: []byte{kindSieve + 1},
	})
	s.iter = it
	return readError(err)
}

// fill makes the filter, of so many bytes, and adds what the database holds.
func (s *databaseEntries) fill(bytes int64) error {
	filter := newFilter(bytes)
	err := s.each(blocks, tables, func(e entry) { filter.note(e.table, e.value) })
	if err == nil {
		s.filter = filter
	}
	return err
}

// each calls f for the entries of tables, from one to before another, in the order of their keys.
func (s *databaseEntries) each(from, to byte, f func(entry)) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte{kindSieve, from},
		UpperBound: []byte{kindSieve, to},
	})
	if err != nil {
		return readError(err)
	}
	defer func() { err = errors.Join(err, readError(it.Close())) }()
	for it.First(); it.Valid(); it.Next() {
		e, ok := parseEntry(it.Key())
		if !ok {
			return &DamageError{Path: "sieve", Detail: "a key does not parse"}
		}
		f(e)
	}
	return readError(it.Error())
}

// fillBlocks makes the filter of the fingerprints, of so many bytes at most.
func (s *databaseEntries) fillBlocks(bytes int64) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte{kindSieve},
		UpperBound: []byte{kindSieve, blocks},
	})
	if err != nil {
		return readError(err)
	}
	defer func() { err = errors.Join(err, readError(it.Close())) }()
	s.blocks = blockFilter{made: true, bound: bytes, known: blocks}
	for it.First(); it.Valid(); it.Next() {
		table, block, ok := parseBucketKey(it.Key())
		if !ok {
			return &DamageError{Path: "sieve", Detail: "a key does not parse"}
		}
		if table >= s.blocks.known {
			break
		}
		s.blocks.tables[table].grow(int(block), it.Value())
		s.blocks.giveUp(0)
	}
	s.blocks.end()
	return readError(it.Error())
}

// close ends the view of the database as it was.
func (s *databaseEntries) close() error {
	s.version++
	s.answers = answers{}
	if s.iter == nil {
		return nil
	}
	err := s.iter.Close()
	s.iter = nil
	if errors.Is(err, pebble.ErrClosed) {
		return nil
	}
	return readError(err)
}
