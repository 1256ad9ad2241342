package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// A Report is what [Index.Verify] found.
type Report struct {
	Documents int64
	Entries   int64 // of the sieves
	Texts     int64
	Orphans   int64 // records of what was dropped in favour of a document that is gone; harmless

	// Faults are what is not as it must be, at most maxFaults of them.
	Faults []string
}

const maxFaults = 1000

// OK reports that nothing is wrong.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

func (r *Report) faultf(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Verify reads the whole index and holds documents, sieves, texts and counters against each
// other. With readData it also checks every checksum of every table and decompresses the
// texts; check, if it is not nil, is called with each of them. The error is that of a read
// that failed, and wraps [ErrDamaged] if a checksum did.
//
// The sieves are compared by sums of hashes over some thousand parts, so that memory does not
// grow with the index; parts that differ are read again to name what is wrong.
func (ix *Index) Verify(ctx context.Context, readData bool, check func(DocNum, *Document, string) error) (*Report, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return nil, ix.err
	}
	v := verifier{ix: ix, report: &Report{}, check: check, readData: readData}
	if err := v.run(ctx); err != nil {
		return v.report, fmt.Errorf("verify index %s: %w", ix.dir, err)
	}
	return v.report, nil
}

type verifier struct {
	ix       *Index
	report   *Report
	check    func(DocNum, *Document, string) error
	readData bool

	present  bitmap // documents
	stored   bitmap // documents whose text is stored
	found    bitmap // texts
	sums     [verifyParts]uint64
	suspects map[uint64]bool
	balance  map[entry]int // entries of suspect parts: documents that ask for it, less those found
}

const (
	verifyParts = 1 << 14
	maxSuspects = 64 // parts that are read again
)

func (v *verifier) run(ctx context.Context) error {
	if v.readData {
		if err := v.readTables(ctx); err != nil {
			return err
		}
	}
	err := v.documents(ctx, func(n DocNum, d *Document) {
		v.report.Documents++
		v.present.add(n)
		if d.Stored {
			v.stored.add(n)
		}
		if n > v.ix.last {
			v.report.faultf("document %d: the highest number is %d", n, v.ix.last)
		}
		if of := d.Verdict.Of; of >= n {
			v.report.faultf("document %d: it was judged against document %d, which came later", n, of)
		} else if of != 0 && !v.present.holds(of) {
			v.report.Orphans++
		}
		v.sum(n, d)
	})
	if err != nil {
		return err
	}
	if v.report.Documents != v.ix.count {
		v.report.faultf("there are %d documents, and %d were counted", v.report.Documents, v.ix.count)
	}
	if err := v.entries(ctx, func(e entry) {
		v.report.Entries++
		v.sums[part(e)] -= hashEntry(e)
	}); err != nil {
		return err
	}
	if err := v.texts(ctx); err != nil {
		return err
	}
	return v.explain(ctx)
}

// sum adds the entries of a document that must be in the database.
func (v *verifier) sum(n DocNum, d *Document) {
	if n > v.ix.sieved {
		return
	}
	for _, e := range appendEntries(nil, n, d) {
		v.sums[part(e)] += hashEntry(e)
	}
}

func hashEntry(e entry) uint64 {
	var key [entryKeyLen]byte
	return xxhash.Sum64(e.appendKey(key[:0]))
}

func part(e entry) uint64 { return hashEntry(e) % verifyParts }

// documents calls f for the documents that parse.
func (v *verifier) documents(ctx context.Context, f func(DocNum, *Document)) error {
	return v.each(ctx, kindDocument, func(key, value []byte) error {
		if len(key) != 9 {
			v.report.faultf("key %x is not the key of a document", key)
			return nil
		}
		n := DocNum(binary.BigEndian.Uint64(key[1:]))
		d, err := parseDocument(value)
		if err != nil {
			v.report.faultf("document %d: %v", n, err)
			return nil
		}
		f(n, d)
		return nil
	})
}

// entries calls f for the sieve entries in the database that documents up to sieved account
// for, and compares the others with those in memory, which are made from the documents.
func (v *verifier) entries(ctx context.Context, f func(entry)) error {
	see := func(e entry) {
		if e.num <= v.ix.sieved {
			f(e)
		} else if !v.ix.newest.holds(e) {
			v.report.faultf("%s: no document asks for it", e)
		}
	}
	return v.each(ctx, kindSieve, func(key, value []byte) error {
		if e, ok := parseEntry(key); ok {
			see(e)
			return nil
		}
		table, block, ok := parseBucketKey(key)
		b := bucket(value)
		if !ok || len(b)%bucketEntry != 0 || !b.isSettled() {
			v.report.faultf("key %x is not an entry of a sieve", key)
			return nil
		}
		for i := range b.len() {
			rest, n := b.at(i)
			see(entry{table, uint64(join(table, block, rest)), n})
		}
		return nil
	})
}

func (v *verifier) texts(ctx context.Context) error {
	err := v.each(ctx, kindText, func(key, value []byte) error {
		if len(key) != 9 {
			v.report.faultf("key %x is not the key of a text", key)
			return nil
		}
		n := DocNum(binary.BigEndian.Uint64(key[1:]))
		v.report.Texts++
		if !v.stored.holds(n) {
			v.report.faultf("text %d: no document has it", n)
			return nil
		}
		v.found.add(n)
		if !v.readData {
			return nil
		}
		text, err := decompress(n, value)
		if err == nil && v.check != nil {
			var d *Document
			if d, err = v.ix.document(n); err == nil {
				err = v.check(n, d, text)
			}
		}
		if err != nil {
			v.report.faultf("text %d: %v", n, err)
		}
		return nil
	})
	for word := range v.stored {
		missing := v.stored[word]
		if word < len(v.found) {
			missing &^= v.found[word]
		}
		for ; missing != 0; missing &= missing - 1 {
			v.report.faultf("document %d: its text is not there", word*64+bits.TrailingZeros64(missing))
		}
	}
	return err
}

// each calls f for the keys of a kind.
func (v *verifier) each(ctx context.Context, kind byte, f func(key, value []byte) error) (err error) {
	it, err := v.ix.db.NewIter(&pebble.IterOptions{LowerBound: []byte{kind}, UpperBound: []byte{kind + 1}})
	if err != nil {
		return readError(err)
	}
	defer func() { err = errors.Join(err, readError(it.Close())) }()
	for it.First(); it.Valid(); it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// explain names the entries that are missing or stand there without a document.
func (v *verifier) explain(ctx context.Context) error {
	v.suspects, v.balance = map[uint64]bool{}, map[entry]int{}
	for i, sum := range v.sums {
		if sum != 0 && len(v.suspects) < maxSuspects {
			v.suspects[uint64(i)] = true
		}
	}
	if len(v.suspects) == 0 {
		return nil
	}
	faults := len(v.report.Faults)
	count := func(e entry, n int) {
		if v.suspects[part(e)] {
			if v.balance[e] += n; v.balance[e] == 0 {
				delete(v.balance, e)
			}
		}
	}
	err := v.documents(ctx, func(n DocNum, d *Document) {
		if n > v.ix.sieved {
			return
		}
		for _, e := range appendEntries(nil, n, d) {
			count(e, 1)
		}
	})
	if err == nil {
		err = v.entries(ctx, func(e entry) { count(e, -1) })
	}
	v.report.Faults = v.report.Faults[:faults] // they were named before
	differ := slices.SortedFunc(maps.Keys(v.balance), func(a, b entry) int {
		return strings.Compare(string(a.appendKey(nil)), string(b.appendKey(nil)))
	})
	for _, e := range differ {
		if v.balance[e] > 0 {
			v.report.faultf("%s: missing", e)
		} else {
			v.report.faultf("%s: no document asks for it", e)
		}
	}
	return err
}

func (e entry) String() string {
	return fmt.Sprintf("sieve %d, entry %016x of document %d", e.table, e.value, e.num)
}

// readTables checks every checksum of every table that is in use.
func (v *verifier) readTables(ctx context.Context) error {
	live, err := v.tables()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(live)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := v.readTable(ctx, v.ix.path(dbName+"/"+name))
		if errors.Is(err, fs.ErrNotExist) {
			if now, err := v.tables(); err != nil {
				return err
			} else if !now[name] {
				continue // it was compacted away meanwhile
			}
		}
		if err != nil {
			v.report.faultf("%s/%s: %v", dbName, name, err)
		}
	}
	return nil
}

// tables returns the names of the tables that are in use.
func (v *verifier) tables() (map[string]bool, error) {
	levels, err := v.ix.db.SSTables()
	if err != nil {
		return nil, readError(err)
	}
	names := map[string]bool{}
	for _, level := range levels {
		for _, table := range level {
			names[table.BackingSSTNum.String()+tableSuffix] = true
		}
	}
	return names, nil
}

func (v *verifier) readTable(ctx context.Context, path string) error {
	f, err := v.ix.disk.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	o := v.ix.pebbleOptions(true)
	o.EnsureDefaults()
	r, err := sstable.NewReader(ctx, readable, o.MakeReaderOptions())
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}

// Stats are figures of an index.
type Stats struct {
	Format    int    `json:"format"`
	Params    string `json:"params"`
	Documents int64  `json:"documents"`
	Last      DocNum `json:"last"` // the highest number that was given out
	Bytes     int64  `json:"bytes"`
}

// Stats returns figures of what is committed, without reading the documents.
func (ix *Index) Stats() (Stats, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	s := Stats{FormatVersion, ix.opts.Params.ID(), ix.count, ix.last, 0}
	if ix.err != nil {
		return s, ix.err
	}
	dir := ix.path(dbName)
	names, err := ix.disk.List(dir)
	if err != nil {
		return s, ioError(err)
	}
	for _, name := range names {
		if info, err := ix.disk.Stat(ix.disk.PathJoin(dir, name)); err == nil { // it may just have gone
			s.Bytes += info.Size()
		}
	}
	return s, nil
}

// Copy makes a copy of what is committed in a directory that does not exist: an index of its
// own, that can be opened while this one is in use. Its tables are hard links to those of
// this one where the file system can.
func (ix *Index) Copy(dir string) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return ix.err
	}
	to := &Index{dir: dir, opts: ix.opts, disk: ix.disk}
	if err := ix.disk.MkdirAll(ix.disk.PathDir(dir), 0o755); err != nil {
		return ioError(err)
	}
	if err := ix.db.Checkpoint(to.path(dbName), pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("copy index %s: %w", ix.dir, ioError(err))
	}
	return to.writeIdentity()
}
