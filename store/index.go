package store

import (
	"encoding/binary"
	"errors"
	"fmt"
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

	// Temporary is for an index that nobody opens again: nothing is synced or sealed.
	Temporary bool

	// OnFailure is called, from any goroutine, when the database can't go on: after a failed
	// write of its log it cannot return an error, see doc/reliability.md. It must not return;
	// the default writes the error to standard error and ends the process with status 1.
	OnFailure func(error)

	fs vfs.FS // nil for the operating system's; tests set others
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
	return c
}

// An Index holds documents and finds candidates among them. It is safe for concurrent use;
// a Batch is not. One process can have an index open at a time.
type Index struct {
	dir  string
	opts Options
	db   *pebble.DB
	lock *pebble.Lock

	mu      sync.Mutex
	err     error                // why the index can't go on
	last    DocNum               // the last number given out
	sieved  DocNum               // sieve entries up to here are in the database
	pending map[DocNum]*Document // added, not yet committed
	newest  memorySieve          // entries of the documents after sieved
	written tableSieve           // entries in the database
	cache   documentCache        // of what was read last
	found   []DocNum             // scratch of Similar
}

// Open opens the index in directory dir and makes it if there is none. Errors wrap
// [ErrNotExist], [ErrNotIndex], [ErrLocked], [ErrParamsMismatch], [ErrFormatTooNew],
// [ErrDamaged] or [ErrDiskFull].
func Open(dir string, opts *Options) (*Index, error) {
	o := opts.withDefaults()
	ix := &Index{dir: dir, opts: o, pending: map[DocNum]*Document{}}
	ix.cache.bound = int(o.Memory / 16 / documentBytes)
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
	if err := ix.opts.fs.MkdirAll(dbDir, 0o755); err != nil {
		return ioError(err)
	}
	if err := errors.Join(ix.syncDir(ix.dir), ix.syncDir(ix.opts.fs.PathDir(ix.dir))); err != nil {
		return err
	}
	ix.lock, err = pebble.LockDirectory(dbDir, ix.opts.fs)
	if err != nil {
		return lockError(err)
	}
	if !fresh {
		if err := ix.breakSeal(); err != nil {
			return err
		}
	}
	if ix.db, err = openPebble(dbDir, ix.pebbleOptions(!fresh)); err != nil {
		return openError(err, fresh)
	}
	if err := ix.load(); err != nil {
		return errors.Join(err, ix.closeDatabase())
	}
	if fresh {
		if err := ix.writeIdentity(); err != nil {
			return errors.Join(err, ix.closeDatabase())
		}
	}
	return nil
}

// load reads the counters and makes the sieve entries of the newest documents again.
func (ix *Index) load() error {
	value, err := ix.get(metaKey(metaSieved))
	if err != nil {
		return err
	}
	switch len(value) {
	case 0:
	case 8:
		ix.sieved = DocNum(binary.BigEndian.Uint64(value))
	default:
		return &DamageError{Path: "meta " + metaSieved, Detail: "not a number"}
	}
	ix.written.db = ix.db
	ix.last = ix.sieved
	return ix.documentsAfter(ix.sieved, func(n DocNum, d *Document) error {
		ix.newest.add(n, d)
		ix.last = n
		return nil
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

// Last returns the number of the last document, committed or not, 0 if there is none.
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
	if d := ix.pending[n]; d != nil {
		return d, nil
	}
	if d := ix.cache.find(n); d != nil {
		return d, nil
	}
	value, err := ix.get(documentKey(n))
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, &DamageError{Path: fmt.Sprintf("document %d", n), Detail: "a sieve names it and it is not there"}
	}
	d, err := parseDocument(value)
	if err != nil {
		return nil, &DamageError{Path: fmt.Sprintf("document %d", n), Detail: err.Error()}
	}
	ix.cache.put(n, d)
	return d, nil
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

// Close makes the index ready to be opened fast and seals it. The Index must not be used
// afterwards. What was added and not committed is gone.
func (ix *Index) Close() error {
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
	if !ix.opts.Temporary {
		if len(ix.pending) == 0 {
			err = ix.writeSieves()
		}
		err = errors.Join(err, ioError(ix.db.Flush()))
	}
	err = errors.Join(err, ix.closeDatabase())
	if err == nil && !ix.opts.Temporary {
		err = ix.seal()
	}
	return err
}

func (ix *Index) closeDatabase() error {
	return errors.Join(ix.written.close(), ioError(ix.db.Close()))
}

func (ix *Index) path(name string) string { return ix.opts.fs.PathJoin(ix.dir, name) }
