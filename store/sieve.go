package store

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// A sieve finds the entries of a table whose value begins with the same prefix.
type sieve interface {
	// scan calls f for every entry of the table that shares the prefix of value, until f
	// returns false.
	scan(table byte, value uint64, f func(entry) bool) error
}

// entries returns the sieve entries of a document.
func entries(n DocNum, d *Document) []entry {
	var es []entry
	if d.OwnID {
		es = append(es, entry{tableID, idValue(d.ID), n})
	}
	if d.ByText {
		es = append(es, entry{tableText, textValue(d.Text), n})
	}
	if d.ByShingles {
		for t := range byte(blocks) {
			es = append(es, entry{t, rotate(d.Fingerprint, t), n})
		}
		for i, key := range d.Sketch.Bands() {
			es = append(es, entry{tableBand + byte(i), key, n})
		}
	}
	return es
}

func textValue(h TextHash) uint64 { return binary.BigEndian.Uint64(h[:]) }

// A memorySieve holds entries in memory. The zero value is empty and ready.
type memorySieve struct {
	tables [tables]map[uint64][]posting
	count  int
}

type posting struct {
	value uint64
	num   DocNum
}

// entryBytes is what an entry takes in a memorySieve, about: its posting, its share of a
// slice that doubles, and of the map.
const entryBytes = 64

func (m *memorySieve) addAll(es []entry) {
	for _, e := range es {
		if m.tables[e.table] == nil {
			m.tables[e.table] = map[uint64][]posting{}
		}
		p := prefix(e.table, e.value)
		m.tables[e.table][p] = append(m.tables[e.table][p], posting{e.value, e.num})
		m.count++
	}
}

func (m *memorySieve) scan(table byte, value uint64, f func(entry) bool) error {
	for _, p := range m.tables[table][prefix(table, value)] {
		if !f(entry{table, p.value, p.num}) {
			break
		}
	}
	return nil
}

// sortedKeys returns the keys of all entries in ascending order.
func (m *memorySieve) sortedKeys() [][]byte {
	keys := make([][]byte, 0, m.count)
	space := make([]byte, 0, m.count*sieveKey)
	for table, postings := range m.tables {
		for _, ps := range postings {
			for _, p := range ps {
				start := len(space)
				space = entry{byte(table), p.value, p.num}.appendKey(space)
				keys = append(keys, space[start:])
			}
		}
	}
	slices.SortFunc(keys, slices.Compare)
	return keys
}

// A tableSieve reads entries from the database, through one iterator that lives until
// entries are written.
type tableSieve struct {
	db   *pebble.DB
	iter *pebble.Iterator
	key  []byte
}

func (s *tableSieve) scan(table byte, value uint64, f func(entry) bool) error {
	if s.iter == nil {
		it, err := s.db.NewIter(&pebble.IterOptions{
			LowerBound:   []byte{kindSieve},
			UpperBound:   []byte{kindSieve + 1},
			UseL6Filters: true,
		})
		if err != nil {
			return readError(err)
		}
		s.iter = it
	}
	s.key = appendPrefix(s.key[:0], table, value)
	for s.iter.SeekPrefixGE(s.key); s.iter.Valid(); s.iter.Next() {
		e, ok := parseEntry(s.iter.Key())
		if !ok {
			return &DamageError{Path: "sieve", Detail: "a key does not parse"}
		}
		if !f(e) {
			break
		}
	}
	return readError(s.iter.Error())
}

func (s *tableSieve) close() error {
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
