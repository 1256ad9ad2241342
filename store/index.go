package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/shingle"
)

// Options say how an index is opened. Nil means the defaults.
type Options struct {
	// Params must be those that the index was made with.
	Params shingle.Params

	// Memory bounds what the index holds in memory, in bytes: caches, write buffers and
	// the sieve entries of the newest documents. The default is 256 MiB.
	Memory int64

	// MustExist refuses to make a new index.
	MustExist bool

	// ReadOnly opens an index that exists and writes nothing to it, not even the notes that
	// follow from an unclean stop. It is locked all the same.
	ReadOnly bool

	// AnyParams opens an index whatever parameters it was made with; Params are then those.
	AnyParams bool

	// Temporary is for an index that nobody opens again: nothing is synced or sealed.
	Temporary bool

	// OnFailure is called, from any goroutine, when the storage fails: a write, a sync or a
	// change of a name, or a table that fails its checksum. The database cannot return these
	// in every case, see doc/reliability.md. It must not return; the default writes the error
	// to standard error and ends the process with status 1.
	OnFailure func(error)

	fs        vfs.FS // nil for the operating system's; tests set others
	minFree   uint64 // 0 for the constant
	savedFrom DocNum // 0 for the constant
}

const defaultMemory = 256 << 20

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Memory <= 0 {
		c.Memory = defaultMemory
	}
	if c.OnFailure == nil {
		c.OnFailure = endProcess
	}
	if c.fs == nil {
		c.fs = vfs.Default
	}
	if c.savedFrom == 0 {
		c.savedFrom = savedFrom
	}
	if c.minFree == 0 {
		c.minFree = minFree
	}
	return c
}

// An Index holds documents and finds candidates among them. It is safe for concurrent use;
// a Batch is not. One process can have an index open at a time.
type Index struct {
	dir    string
	opts   Options
	budget budget
	disk   *diskFS
	db     *pebble.DB
	lock   *pebble.Lock

	reading sync.RWMutex // read-locked while the database is read without mu

	mu      sync.Mutex
	err     error                // why the index can't go on
	full    bool                 // the disk has no room for more
	last    DocNum               // the last number given out
	count   int64                // committed documents
	sieved  DocNum               // sieve entries up to here are in the database
	pending map[DocNum]*Document // added, not yet committed
	texts   map[DocNum][]byte    // of pending documents, compressed
	newest  memoryEntries        // entries of the documents after sieved
	written databaseEntries      // entries in the database
	cache   documentCache        // of what was read last
	briefs  briefCache

	unhinted   int64      // searches that hints would have answered
	batchSize  int        // bytes of the last batch
	found      []weighted // scratch of Similar and Sharing
	prefetched prefetched
}

// Open opens the index in directory dir and makes it if there is none. Errors wrap
// [ErrNotExist], [ErrNotIndex], [ErrLocked], [ErrParamsMismatch], [ErrFormatTooNew],
// [ErrFormatTooOld], [ErrDamaged] or [ErrDiskFull].
func Open(dir string, opts *Options) (*Index, error) {
	o := opts.withDefaults()
	ix := &Index{
		dir: dir, opts: o, budget: budgetOf(o.Memory), disk: &diskFS{FS: o.fs, onFailure: o.OnFailure},
		pending: map[DocNum]*Document{}, texts: map[DocNum][]byte{},
	}
	ix.cache.bound = int(ix.budget.documents / documentBytes)
	ix.briefs.bound = int(ix.budget.briefs / briefBytes)
	if err := ix.open(); err != nil {
		if ix.lock != nil {
			err = errors.Join(err, ix.lock.Close())
		}
		return nil, fmt.Errorf("open index %s: %w", dir, err)
	}
	return ix, nil
}

func (ix *Index) open() error {
	fresh, err := ix.identify()
	if err != nil {
		return err
	}
	dbDir := ix.path(dbName)
	if fresh {
		if err := ix.makeDirectories(dbDir); err != nil {
			return err
		}
	}
	ix.lock, err = pebble.LockDirectory(dbDir, ix.disk)
	switch {
	case !fresh && errors.Is(err, fs.ErrNotExist):
		return &DamageError{Path: dbName, Detail: "missing"}
	case err != nil:
		return lockError(err)
	}
	if !fresh {
		if err := ix.breakSeal(); err != nil {
			return err
		}
	}
	if ix.db, err = openPebble(dbDir, ix.pebbleOptions(!fresh)); err != nil {
		return openError(ix.disk.noted(err), fresh)
	}
	if err := ix.disk.arm(); err != nil {
		return err
	}
	if err := ix.load(); err != nil {
		return errors.Join(err, ix.closeDatabase())
	}
	if fresh {
		if err := ix.establish(); err != nil {
			return errors.Join(err, ix.closeDatabase())
		}
	}
	return nil
}

// establish makes a new database an index. Pebble makes the first log before it raises the format,
// as one in which damage is not found; so another is begun.
func (ix *Index) establish() error {
	if ix.last > 0 {
		return &DamageError{Path: identityName, Detail: "missing, and there are documents"}
	}
	if !ix.opts.Temporary {
		if err := ix.db.Flush(); err != nil {
			return ioError(err)
		}
	}
	return ix.writeIdentity()
}

func (ix *Index) makeDirectories(dbDir string) error {
	if err := ix.disk.MkdirAll(dbDir, 0o755); err != nil {
		return ioError(err)
	}
	return errors.Join(ix.syncDir(ix.dir), ix.syncDir(ix.disk.PathDir(ix.dir)))
}

// load reads the counters and makes the sieve entries of the newest documents again.
func (ix *Index) load() error {
	ix.written.db = ix.db
	counters := map[string]uint64{metaSieved: 0, metaLast: 0, metaDocuments: 0}
	for name := range counters {
		value, err := ix.get(metaKey(name))
		if err != nil {
			return err
		}
		switch len(value) {
		case 0:
		case 8:
			counters[name] = binary.BigEndian.Uint64(value)
		default:
			return &DamageError{Path: "meta " + name, Detail: "not a number"}
		}
	}
	ix.sieved = DocNum(counters[metaSieved])
	ix.count = int64(counters[metaDocuments])
	ix.last = max(ix.sieved, DocNum(counters[metaLast]))
	return ix.sieve(context.Background())
}

// sieve makes the entries of the documents after sieved and writes them in bulk as often as
// they fill the memory that they may take.
func (ix *Index) sieve(ctx context.Context) error {
	return ix.documentsAfter(ix.sieved, func(n DocNum, d *Document) error {
		ix.newest.add(n, d)
		ix.last = max(ix.last, n)
		if ix.sievesFit() || ix.opts.ReadOnly {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return ix.writeSieves(n)
	})
}

// DocumentsAfter calls f for every committed document with a number above n, in order.
func (ix *Index) DocumentsAfter(n DocNum, f func(DocNum, *Document) error) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return ix.err
	}
	return ix.documentsAfter(n, f)
}

func (ix *Index) documentsAfter(n DocNum, f func(DocNum, *Document) error) (err error) {
	it, err := ix.db.NewIter(&pebble.IterOptions{
		LowerBound: documentKey(n + 1),
		UpperBound: []byte{kindDocument + 1},
	})
	if err != nil {
		return readError(err)
	}
	defer func() { err = errors.Join(err, readError(it.Close())) }()
	for it.First(); it.Valid(); it.Next() {
		if len(it.Key()) != 9 {
			return &DamageError{Path: fmt.Sprintf("key %x", it.Key()), Detail: "not the key of a document"}
		}
		num := DocNum(binary.BigEndian.Uint64(it.Key()[1:]))
		d, err := parseDocument(it.Value())
		if err != nil {
			return &DamageError{Path: fmt.Sprintf("document %d", num), Detail: err.Error()}
		}
		if err := f(num, d); err != nil {
			return err
		}
	}
	return nil
}

// Last returns the highest number that was given to a document, committed or not, removed or
// not; 0 if there is none.
func (ix *Index) Last() DocNum {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.last
}

// Document returns document n. It must have been added; the caller must not change it.
func (ix *Index) Document(n DocNum) (*Document, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.document(n)
}

func (ix *Index) document(n DocNum) (*Document, error) {
	if d := ix.inMemory(n); d != nil {
		return d, nil
	}
	if ix.err != nil {
		return nil, ix.err
	}
	d, err := readDocument(ix.db, n)
	if err != nil {
		return nil, err
	}
	ix.cache.put(n, d)
	return d, nil
}

// inMemory returns document n if that takes no look into the database, nil if it does.
func (ix *Index) inMemory(n DocNum) *Document {
	if d := ix.pending[n]; d != nil {
		return d
	}
	return ix.cache.find(n)
}

func readDocument(db *pebble.DB, n DocNum) (*Document, error) {
	damage := func(detail string) error {
		return &DamageError{Path: fmt.Sprintf("document %d", n), Detail: detail}
	}
	value, closer, err := db.Get(documentKey(n))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, damage("a sieve names it and it is not there")
	}
	if err != nil {
		return nil, readError(err)
	}
	d, err := parseDocument(value)
	if err != nil {
		err = damage(err.Error())
	}
	return d, errors.Join(err, closer.Close())
}

// Brief returns the brief of document n, of most without a look at the document.
func (ix *Index) Brief(n DocNum) (Brief, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.brief(n)
}

// Briefs appends the briefs of documents to dst. They are loaded one beside the other: none depends on another.
func (ix *Index) Briefs(dst []Brief, nums []DocNum) ([]Brief, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, n := range nums {
		b, err := ix.brief(n)
		if err != nil {
			return nil, err
		}
		dst = append(dst, b)
	}
	return dst, nil
}

func (ix *Index) brief(n DocNum) (Brief, error) {
	if b := ix.briefs.find(n); b != nil {
		return *b, nil
	}
	d, err := ix.document(n)
	if err != nil {
		return Brief{}, err
	}
	return ix.briefs.put(n, d), nil
}

// Holds reports whether document n is there: it was added and not removed.
func (ix *Index) Holds(n DocNum) (bool, error) {
	if n == 0 {
		return false, nil
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.inMemory(n) != nil {
		return true, nil
	}
	value, err := ix.get(documentKey(n))
	return value != nil, err
}

// Checkpoint returns the bytes that were committed under name, nil if there are none.
func (ix *Index) Checkpoint(name string) ([]byte, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.get(checkpointKey(name))
}

// get returns a copy of the value of key, nil if there is none.
func (ix *Index) get(key []byte) ([]byte, error) {
	if ix.err != nil {
		return nil, ix.err
	}
	value, closer, err := ix.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(err)
	}
	c := append(make([]byte, 0, len(value)), value...)
	return c, closer.Close()
}

// Params returns the parameters that the index was made with.
func (ix *Index) Params() shingle.Params { return ix.opts.Params }

// Close makes the index ready to be opened fast and seals it. The Index must not be used
// afterwards. What was added and not committed is gone.
func (ix *Index) Close() error {
	ix.reading.Lock()
	defer ix.reading.Unlock()
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return ix.err
	}
	ix.err = ErrFailed
	err := ix.finish()
	if err != nil {
		err = fmt.Errorf("close index %s: %w", ix.dir, err)
	}
	return errors.Join(err, ix.lock.Close())
}

func (ix *Index) finish() error {
	var err error
	writes := !ix.opts.Temporary && !ix.opts.ReadOnly
	if writes && !ix.full {
		if len(ix.pending) == 0 {
			err = ix.writeSieves(ix.last)
		}
		err = errors.Join(err, ioError(ix.db.Flush()))
	}
	err = errors.Join(err, ix.closeDatabase())
	if err != nil || !writes {
		return err
	}
	filter, err := ix.saveFilter()
	if err != nil {
		return err
	}
	return ix.seal(filter)
}

func (ix *Index) closeDatabase() error {
	return errors.Join(ix.written.close(), ioError(ix.db.Close()))
}

func (ix *Index) path(name string) string { return ix.disk.PathJoin(ix.dir, name) }
