package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// formatVersion is the on-disk format of Pebble, pinned: it goes up when it is raised here
// and never down again. It is one whose log detects flipped bits.
const formatVersion = pebble.FormatValueSeparation

const writeBuffers = 3 // at a time

func (ix *Index) pebbleOptions(mustExist bool) *pebble.Options {
	o := &pebble.Options{
		FS:                          ix.disk,
		Lock:                        ix.lock,
		Comparer:                    comparer(),
		Merger:                      merger,
		FormatMajorVersion:          formatVersion,
		CacheSize:                   ix.budget.cache(),
		MemTableSize:                uint64(ix.budget.writeBuffer),
		MemTableStopWritesThreshold: writeBuffers,
		MaxOpenFiles:                ix.budget.tables,
		LBaseMaxBytes:               ix.opts.Memory,
		ErrorIfNotExists:            mustExist,
		DisableWAL:                  ix.opts.Temporary,
		Logger:                      logger{ix.disk},
		ReadOnly:                    ix.opts.ReadOnly,
		EventListener: &pebble.EventListener{
			BackgroundError: func(err error) { ix.opts.OnFailure(ix.disk.noted(ioError(err))) },
			DataCorruption: func(info pebble.DataCorruptionInfo) {
				ix.opts.OnFailure(&DamageError{Path: info.Path, Detail: "fails its checksum", Err: info.Details})
			},
		},
	}
	o.Experimental.SpanPolicyFunc = kindsApart
	// Tables of documents stay as they were flushed, so a write buffer is flushed as one.
	o.TargetFileSizes = [...]int64{64 << 20, 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20, 128 << 20}
	// Four tables may lie above each other in the first level before they are merged into the next, instead of two:
	// merging is what grows with the index (doc/performance.md).
	o.L0CompactionThreshold = 8
	// No filters of Pebble's: one is read as a whole, and megabytes long. See filter.go.
	for i := range o.Levels {
		o.Levels[i].BlockSize = 4 << 10
		if ix.opts.Temporary {
			o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		}
	}
	return o
}

// kindsApart ends tables of the database where a kind of keys ends. New documents have the highest keys of their
// kind, and come with keys of other kinds that were there before: a table with both would overlap
// others, and be merged with them instead of moved.
func kindsApart(first []byte) (pebble.SpanPolicy, []byte, error) {
	return pebble.SpanPolicy{}, []byte{first[0] + 1}, nil
}

// openPebble turns a panic of Open, which some failing writes cause, into an error.
func openPebble(dir string, o *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
			if e, ok := p.(error); ok {
				err = e
			}
		}
	}()
	return pebble.Open(dir, o)
}

// A logger keeps Pebble quiet, and passes on what it calls fatal: Pebble ends the process
// after a failed write of its log or manifest, since it cannot go on.
type logger struct{ disk *diskFS }

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}

func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, a := range args {
		if e, ok := a.(error); ok {
			err = ioError(e)
			break
		}
	}
	l.disk.onFailure(l.disk.noted(err))
	select {} // Pebble relies on Fatalf not to return, and holds locks that a panic would break
}

func endProcess(err error) {
	fmt.Fprintln(os.Stderr, "store: fatal:", err)
	os.Exit(1)
}

func lockError(err error) error {
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) || isSameProcessLock(err) {
		return ErrLocked
	}
	return ioError(err)
}

// isSameProcessLock recognises the lock of this process by its words: it has no other mark.
func isSameProcessLock(err error) bool {
	return err != nil && strings.Contains(err.Error(), "lock held by current process")
}

// openError says what it means that an index which exists does not open: unless the system
// is to blame, it is damaged.
func openError(err error, fresh bool) error {
	err = ioError(err)
	if fresh || errors.Is(err, ErrDiskFull) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	return &DamageError{Path: dbName, Detail: "does not open", Err: err}
}

func readError(err error) error {
	if err == nil || errors.Is(err, ErrDamaged) {
		return err
	}
	if pebble.IsCorruptionError(err) {
		return &DamageError{Path: dbName, Detail: "a read failed its checksum", Err: err}
	}
	return err
}

func ioError(err error) error {
	if err != nil && isFull(err) {
		return fmt.Errorf("%w: %v", ErrDiskFull, err)
	}
	return readError(err)
}
