package store

import (
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"neardup/shingle"
)

// An Ahead brings into memory what the searches for documents will ask the database for. It changes no
// answer, and is for other goroutines than the one that asks: they wait for the disk
// instead. What can't be read is left for who asks for it. It is not safe for concurrent use, and
// keeps the index open until it is closed.
type Ahead struct {
	ix      *Index
	iter    *pebble.Iterator // nil until it is needed
	version int              // of the entries that it reads
	answers []answer
	wanted  map[DocNum]*Document // nil if it was not read yet
}

// Ahead returns what searches ahead for a few documents.
func (ix *Index) Ahead() *Ahead {
	ix.reading.RLock() // the database stays open
	return &Ahead{ix: ix, wanted: map[DocNum]*Document{}}
}

// Close lets the index go.
func (a *Ahead) Close() {
	if a.iter != nil {
		_ = a.iter.Close() // what it could not read is not known, and that is all
	}
	a.ix.reading.RUnlock()
}

// Twin returns a document that has the text, 0 if none is known: one with the id, if that is not
// empty, or one of the sieve by text. It may be gone by the time that it is asked for.
func (a *Ahead) Twin(id string, h TextHash) DocNum {
	m := a.look(id, h)
	if m.askID {
		m.same = a.search(tableID, idValue(id))
	}
	if m.same != 0 && m.document == nil {
		m.document = a.document(m.same)
	}
	if m.document != nil && m.document.Text == h {
		a.wanted[m.same] = m.document
		a.want(m.document.Verdict.Of)
		return m.same
	}
	if m.askText {
		m.twin = a.search(tableText, textValue(h))
	}
	a.want(m.twin)
	return m.twin
}

// A glance is what memory tells of an id and a text, and for which the database is to be asked.
type glance struct {
	same     DocNum    // with the id
	document *Document // that one, if it is at hand
	askID    bool
	twin     DocNum // with the text
	askText  bool
}

func (a *Ahead) look(id string, h TextHash) (m glance) {
	ix := a.ix
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil || !a.open() {
		return m
	}
	if id != "" {
		m.same = ix.newest.first(tableID, idValue(id))
		m.document = ix.inMemory(m.same)
		m.askID = m.same == 0 && ix.written.mustAsk(tableID, idValue(id))
	}
	if m.twin = ix.written.hints.find(hintKey(tableText, textValue(h))); m.twin == 0 {
		m.twin = ix.newest.first(tableText, textValue(h))
	}
	m.askText = m.twin == 0 && ix.written.mustAsk(tableText, textValue(h))
	return m
}

// Read reads the twins that were found, and what searches for the sketches look at first.
func (a *Ahead) Read(sketches []shingle.Sketch) {
	for _, bands := range a.plan(sketches) {
		for _, e := range bands {
			if n := a.search(e.table, e.value); n != 0 {
				a.want(n)
				break // most often it is the one
			}
		}
	}
	for _, n := range a.missing() {
		a.wanted[n] = a.document(n)
	}
	ix := a.ix
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if a.version != ix.written.version {
		return
	}
	for _, r := range a.answers {
		ix.written.answers.put(r)
	}
	for n, d := range a.wanted {
		if d != nil && ix.inMemory(n) == nil {
			ix.cache.put(n, d)
		}
	}
}

// plan returns, of each sketch that memory knows no document for, what is to be searched for in order.
func (a *Ahead) plan(sketches []shingle.Sketch) (searches [][]entry) {
	ix := a.ix
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil || ix.written.filter.lines == nil && ix.written.hints.buckets == nil || !a.open() {
		return nil
	}
	for _, s := range sketches {
		var bands []entry
		for band, key := range s.Bands() {
			if band == QuickBands {
				break
			}
			table := tableBand + byte(band)
			if n := ix.written.hints.find(hintKey(table, key)); n != 0 {
				a.want(n)
				bands = nil
				break
			}
			if ix.written.mustAsk(table, key) {
				bands = append(bands, entry{table: table, value: key})
			}
		}
		searches = append(searches, bands)
	}
	return searches
}

// want notes a document to be read.
func (a *Ahead) want(n DocNum) {
	if _, ok := a.wanted[n]; !ok && n != 0 {
		a.wanted[n] = nil
	}
}

// missing returns the documents to read that are not in memory, in the order in which they lie on disk.
func (a *Ahead) missing() (nums []DocNum) {
	ix := a.ix
	ix.mu.Lock()
	for n, d := range a.wanted {
		if d == nil && ix.inMemory(n) == nil {
			nums = append(nums, n)
		}
	}
	ix.mu.Unlock()
	slices.Sort(nums)
	return nums
}

// open makes the iterator, of what the index holds now, and reports whether there is one.
func (a *Ahead) open() bool {
	if a.iter != nil {
		return true
	}
	it, err := a.ix.db.NewIter(nil)
	if err != nil {
		return false
	}
	a.iter, a.version = it, a.ix.written.version
	return true
}

// search finds the documents with an entry, and returns the first of them.
func (a *Ahead) search(table byte, value uint64) DocNum {
	r := answer{table: table, value: value}
	var key [prefixLen]byte
	for a.iter.SeekPrefixGE(appendPrefix(key[:0], table, value)); a.iter.Valid(); a.iter.Next() {
		e, ok := parseEntry(a.iter.Key())
		if !ok || r.count == len(r.nums) {
			return r.nums[0]
		}
		r.nums[r.count] = e.num
		r.count++
	}
	if a.iter.Error() == nil {
		a.answers = append(a.answers, r)
	}
	return r.nums[0]
}

// document reads a document, nil if it is not there or does not parse.
func (a *Ahead) document(n DocNum) *Document {
	if a.iter == nil || !a.iter.SeekPrefixGE(documentKey(n)) {
		return nil
	}
	d, _ := parseDocument(a.iter.Value())
	return d
}

// An answer are all the documents that the database has in a table with a value.
type answer struct {
	table byte
	value uint64
	nums  [4]DocNum
	count int
}

// answers hold what the database was asked last, until entries are written: two generations, of which
// the older is forgotten when the younger is full.
type answers struct {
	young, old map[entry]answer
}

const answersHeld = 1 << 12 // of a generation

func (as *answers) put(r answer) {
	if as.young == nil || len(as.young) >= answersHeld {
		as.old, as.young = as.young, make(map[entry]answer, answersHeld)
	}
	as.young[entry{table: r.table, value: r.value}] = r
}

func (as *answers) find(table byte, value uint64) (answer, bool) {
	key := entry{table: table, value: value}
	if r, ok := as.young[key]; ok {
		return r, true
	}
	r, ok := as.old[key]
	return r, ok
}
