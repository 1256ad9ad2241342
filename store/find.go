package store

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"neardup/shingle"
)

// A Candidate is a document with a near fingerprint, not yet verified.
type Candidate struct {
	Num      DocNum
	Distance int // Hamming distance, 0 to 64
}

func idValue(id string) uint64 { return xxhash.Sum64String(id) }

// ByID returns the documents that came with the id, in the order in which they were added.
func (ix *Index) ByID(id string) ([]DocNum, error) {
	return ix.find(tableID, idValue(id), func(d *Document) bool { return d.OwnID && d.ID == id })
}

// ByText returns the documents with the text, of those that stand in that sieve, in the
// order in which they were added.
func (ix *Index) ByText(h TextHash) ([]DocNum, error) {
	return ix.find(tableText, textValue(h), func(d *Document) bool { return d.Text == h })
}

// find returns the documents with an entry of that value for which match holds.
func (ix *Index) find(table byte, value uint64, match func(*Document) bool) ([]DocNum, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	var nums []DocNum
	var earliest DocNum // and then perhaps the only one
	var err error
	if isHinted(table) {
		earliest, err = ix.hint(table, value)
	}
	if err == nil {
		err = ix.scanBeside(earliest, table, value, func(e entry) bool {
			nums = append(nums, e.num)
			return true
		})
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(nums)
	nums = slices.Compact(nums)
	matching := nums[:0]
	for _, n := range nums {
		d, err := ix.document(n)
		if err != nil {
			return nil, err
		}
		if match(d) {
			matching = append(matching, n)
		}
	}
	return matching, nil
}

// Near returns every document in the fingerprint sieve whose fingerprint lies within
// distance k of f, in the order in which they were added. k is 0 to MaxDistance. It looks into 4
// buckets up to 3, and 68 up to 7. Documents that the caller has seen save a look at what they alone
// account for.
func (ix *Index) Near(f shingle.Fingerprint, k int, seen ...DocNum) ([]Candidate, error) {
	if k < 0 || k > MaxDistance {
		return nil, fmt.Errorf("store: distance %d is not in 0 to %d", k, MaxDistance)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	var found []Candidate
	known := ix.known(seen)
	for table := range byte(blocks) {
		block, rest := cut(table, f)
		if err := ix.near(table, block, rest, k, known, func(n DocNum, distance int) {
			found = append(found, Candidate{n, distance})
		}); err != nil {
			return nil, err
		}
		for bit := 0; k >= blocks && bit < blockBits; bit++ {
			if err := ix.near(table, block^1<<bit, rest, k-1, known, func(n DocNum, distance int) {
				found = append(found, Candidate{n, distance + 1})
			}); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int { return cmp.Compare(a.Num, b.Num) })
	return slices.Compact(found), nil
}

// near reads a bucket in memory and in the database. An entry can stand in both after a crash.
func (ix *Index) near(table byte, block uint16, rest uint64, distance int, known []known, f func(n DocNum, distance int)) error {
	if err := ix.ready(); err != nil {
		return err
	}
	alone := false
	if len(known) > 0 {
		var bucket bucket // of what is known
		for _, k := range known {
			if b, r := cut(table, k.doc.Fingerprint); k.doc.ByShingles && b == block {
				bucket = bucket.append(r, k.num)
			}
		}
		alone = len(bucket) > 0 && ix.written.blocks.matches(table, block, rest, distance) == bucket.matches(rest, distance)
		if alone {
			bucket.near(rest, distance, f)
		}
	}
	if ix.sieved > 0 && !alone {
		if err := ix.written.near(table, block, rest, distance, f); err != nil {
			return err
		}
	}
	ix.newest.near(table, block, rest, distance, f)
	return nil
}

// A known document is one whose entries are in the database, and which is at hand.
type known struct {
	num DocNum
	doc *Document
}

func (ix *Index) known(seen []DocNum) []known {
	var ks []known
	for _, n := range seen {
		if d := ix.cache.find(n); d != nil && n <= ix.sieved {
			ks = append(ks, known{n, d})
		}
	}
	return ks
}

// Similar returns documents of which a sketch shares band keys with k, those that share most
// first, ties to the earlier. Of a key that more than limit documents have it knows the
// earliest; cut tells that there was one. Documents that the caller has seen save searches for what
// they alone account for.
func (ix *Index) Similar(k shingle.Sketch, limit int, seen ...DocNum) (nums []DocNum, cut bool, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	found := ix.found[:0] // of every band in order
	known := ix.known(seen)
	bands := make([][shingle.Bands]uint64, len(known))
	for i, k := range known {
		bands[i] = k.doc.Sketch.Bands()
	}
	for i, key := range k.Bands() {
		first, holder := len(found), DocNum(0)
		for j, k := range known {
			if k.doc.ByShingles && bands[j][i] == key {
				holder = k.num
			}
		}
		err := ix.scanBeside(holder, tableBand+byte(i), key, func(e entry) bool {
			if len(found) > first && e.num <= found[len(found)-1].num() {
				return true // it stands in both
			}
			if len(found)-first == limit {
				cut = true
				return false
			}
			found = append(found, weigh(e.num, 1))
			return true
		})
		if err != nil {
			return nil, false, err
		}
	}
	ix.found = found
	return heaviest(found), cut, nil
}

// First returns the earliest document whose sketch has that key of a band, 0 if there is none. The keys
// are those of all bands.
func (ix *Index) First(band int, keys [shingle.Bands]uint64) (n DocNum, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if band < QuickBands {
		if n, err = ix.hint(tableBand+byte(band), keys[band]); n != 0 || err != nil {
			return n, err
		}
		if n = ix.hintOfAnother(band, keys); n != 0 {
			return n, nil
		}
	}
	err = ix.scan(tableBand+byte(band), keys[band], func(e entry) bool {
		n = e.num
		return false
	})
	return n, err
}

// Sharing returns documents that have paragraphs of the keys, those whose shared paragraphs
// are longest in all first, ties to the earlier. Of a paragraph that more than limit documents
// have it knows the earliest; cut tells that there was one. Documents that the caller has seen save
// searches for what they alone account for.
func (ix *Index) Sharing(paragraphs []Paragraph, limit int, seen ...DocNum) (nums []DocNum, cut bool, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	found := ix.found[:0]
	known := ix.known(seen)
	for _, p := range paragraphs {
		if p.Frame {
			continue
		}
		read, last, holder := 0, DocNum(0), DocNum(0)
		for _, k := range known {
			if k.doc.findableBy(p.Key) {
				holder = k.num
			}
		}
		err := ix.scanBeside(holder, tablePara, p.Key, func(e entry) bool {
			if e.num <= last {
				return true // it stands in both
			}
			if read == limit {
				cut = true
				return false
			}
			read, last = read+1, e.num
			found = append(found, weigh(e.num, p.Shingles))
			return true
		})
		if err != nil {
			return nil, false, err
		}
	}
	ix.found = found
	return heaviest(found), cut, nil
}

// Counted returns how many of the counted documents are of a site, up to limit.
func (ix *Index) Counted(site string, limit int) (int, error) {
	return ix.frequency(idValue(site), limit)
}

// CountedWith returns how many of the counted documents of a site have a paragraph with the key,
// up to limit.
func (ix *Index) CountedWith(site string, key uint64, limit int) (int, error) {
	return ix.frequency(onSite(idValue(site), key), limit)
}

func (ix *Index) frequency(value uint64, limit int) (n int, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	last := DocNum(0)
	err = ix.scan(tableSite, value, func(e entry) bool {
		if e.num > last { // otherwise it stands in both
			n, last = n+1, e.num
		}
		return n < limit
	})
	return n, err
}

// A weighted is the number of a document that was found, in its upper 40 bits, and below it how
// much that weighs.
type weighted uint64

const weightBits = 24

func weigh(n DocNum, weight int) weighted {
	return weighted(n)<<weightBits | weighted(min(weight, 1<<weightBits-1))
}

func (w weighted) num() DocNum { return DocNum(w >> weightBits) }
func (w weighted) weight() int { return int(w & (1<<weightBits - 1)) }

// heaviest returns the distinct numbers, those first that weigh most in all, ties to the
// smaller. It changes found.
func heaviest(found []weighted) []DocNum {
	slices.Sort(found)
	distinct := found[:0]
	for _, w := range found {
		if last := len(distinct) - 1; last >= 0 && distinct[last].num() == w.num() {
			distinct[last] = weigh(w.num(), distinct[last].weight()+w.weight())
			continue
		}
		distinct = append(distinct, w)
	}
	const numBits = 64 - weightBits
	for i, w := range distinct { // lightness above, number below
		distinct[i] = weighted(1<<weightBits-1-w.weight())<<numBits | weighted(w.num())
	}
	slices.Sort(distinct)
	nums := make([]DocNum, len(distinct))
	for i, w := range distinct {
		nums[i] = DocNum(w & (1<<numBits - 1))
	}
	return nums
}

// scan reads the database and then memory, the older entries first, until f returns false. An entry can stand
// in both after a crash.
func (ix *Index) scan(table byte, value uint64, f func(entry) bool) error {
	if err := ix.ready(); err != nil {
		return err
	}
	if ix.sieved > 0 {
		if more, err := ix.written.scan(table, value, f); err != nil || !more {
			return err
		}
	}
	ix.newest.scan(table, value, f)
	return nil
}

// scanBeside is scan where a document is known to have the entry, if it is not 0: the database is
// not asked when it has no other.
func (ix *Index) scanBeside(holder DocNum, table byte, value uint64, f func(entry) bool) error {
	if holder == 0 || ix.err != nil || !ix.written.alone(table, value) {
		return ix.scan(table, value, f)
	}
	if !f(entry{table, value, holder}) {
		return nil
	}
	ix.newest.scan(table, value, f)
	return nil
}

// ready prepares for a search.
func (ix *Index) ready() error {
	if ix.err != nil || ix.sieved == 0 {
		return ix.err
	}
	return ix.fillFilters()
}

// fillFilters makes the filters of the entries in the database when they are first needed.
func (ix *Index) fillFilters() error {
	if !ix.written.blocks.made {
		if err := ix.written.fillBlocks(ix.budget.fingerprints); err != nil {
			return err
		}
	}
	if ix.written.filter.lines != nil {
		return nil
	}
	return ix.written.fill(ix.budget.filter)
}
