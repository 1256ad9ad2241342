package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Add adds a document and returns its number. It is found from now on, by this process, and
// becomes durable with the next [Index.Commit]. d must not be changed afterwards.
func (ix *Index) Add(d *Document) (DocNum, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.add(d)
}

func (ix *Index) add(d *Document) (DocNum, error) {
	switch {
	case ix.err != nil:
		return 0, ix.err
	case ix.opts.ReadOnly:
		return 0, ErrReadOnly
	}
	ix.last++
	ix.pending[ix.last] = d
	ix.newest.add(ix.last, d)
	return ix.last, nil
}

// A Checkpoint is bytes of the caller's that become durable together with documents.
type Checkpoint struct {
	Name string
	Data []byte // nil removes the checkpoint
}

// Commit makes everything added so far and the checkpoints durable, all or nothing: once it
// returns nil they survive a killed process and a lost power supply. If it returns an error
// the Index has failed: every later call returns [ErrFailed], and nothing committed before
// is lost. After [ErrDiskFull] it can still be closed. A temporary index is not synced.
func (ix *Index) Commit(checkpoints ...Checkpoint) error {
	wait, err := ix.Begin(checkpoints...)
	if err != nil {
		return err
	}
	return wait()
}

// Begin does what Commit does but wait for the disk: what was added is durable once wait
// returns nil. Batches become durable in order, and more may be added and begun meanwhile.
func (ix *Index) Begin(checkpoints ...Checkpoint) (wait func() error, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return nil, ix.err
	}
	if err := ix.room(); err != nil {
		return nil, fmt.Errorf("commit to index %s: %w", ix.dir, err)
	}
	b, err := ix.apply(checkpoints)
	if err == nil && !ix.sievesFit() {
		// The entries must not be durable before their documents are.
		if err = ix.synced(b); err == nil {
			b, err = nil, ix.writeSieves(ix.last)
		}
	}
	if err != nil {
		return nil, ix.fail(err)
	}
	return func() error {
		if err := ix.synced(b); err != nil {
			ix.mu.Lock()
			defer ix.mu.Unlock()
			return ix.fail(err)
		}
		return nil
	}, nil
}

func (ix *Index) fail(err error) error {
	ix.err = ErrFailed
	return fmt.Errorf("commit to index %s: %w", ix.dir, err)
}

// apply hands a batch of what is pending to the database, which has it from then on.
func (ix *Index) apply(checkpoints []Checkpoint) (*pebble.Batch, error) {
	b := ix.db.NewBatchWithSize(ix.batchSize)
	nums := make([]DocNum, 0, len(ix.pending))
	for n := range ix.pending {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	var value []byte
	for _, n := range nums {
		value = appendDocument(value[:0], ix.pending[n])
		if err := b.Set(documentKey(n), value, nil); err != nil {
			return nil, err
		}
		if text, ok := ix.texts[n]; ok {
			if err := b.Set(textKey(n), text, nil); err != nil {
				return nil, err
			}
		}
	}
	if len(nums) > 0 {
		ix.count += int64(len(nums))
		if err := setNumber(b, metaDocuments, uint64(ix.count)); err != nil {
			return nil, err
		}
	}
	for _, c := range checkpoints {
		key := checkpointKey(c.Name)
		var err error
		if c.Data == nil {
			err = b.Delete(key, nil)
		} else {
			err = b.Set(key, c.Data, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	ix.batchSize = b.Len() // the next is about as large
	if err := ix.begin(b); err != nil {
		return nil, err
	}
	clear(ix.pending)
	clear(ix.texts)
	return b, nil
}

func setNumber(b *pebble.Batch, name string, n uint64) error {
	return b.Set(metaKey(name), binary.BigEndian.AppendUint64(nil, n), nil)
}

func (ix *Index) begin(b *pebble.Batch) error {
	if ix.opts.Temporary {
		return ioError(ix.db.Apply(b, pebble.NoSync))
	}
	return ioError(ix.db.ApplyNoSyncWait(b, pebble.Sync))
}

// synced waits until a batch that was begun is durable. Nil is.
func (ix *Index) synced(b *pebble.Batch) error {
	if b == nil {
		return nil
	}
	if !ix.opts.Temporary {
		if err := b.SyncWait(); err != nil {
			return ioError(err)
		}
	}
	return ioError(b.Close())
}

// sievesFit reports whether the entries of the newest documents may stay in memory.
func (ix *Index) sievesFit() bool {
	return int64(ix.newest.count)*entryBytes <= ix.budget.newest
}

// writeSieves moves the entries of the newest documents, up to one of them, into the
// database: sorted files, taken in as it is, and then the note of how far it reaches. A crash
// between the two does no harm: the entries are then held in memory as well, and written
// again later.
func (ix *Index) writeSieves(through DocNum) error {
	if ix.newest.count > 0 {
		if err := ix.fillFilters(); err != nil {
			return err
		}
		if err := ix.ingestNewest(); err != nil {
			return err
		}
	}
	b := ix.db.NewBatch()
	if err := setNumber(b, metaSieved, uint64(through)); err != nil {
		return err
	}
	if err := ix.begin(b); err != nil {
		return err
	}
	if err := ix.synced(b); err != nil {
		return err
	}
	ix.newest.empty()
	ix.sieved = through
	return ix.written.close()
}

// ingestNewest writes a file for every table.
func (ix *Index) ingestNewest() error {
	var paths []string
	for table := range byte(tables) {
		w := tableWriter{ix: ix, path: ix.path(fmt.Sprintf("%s/ingest-%d.tmp", dbName, table))}
		write := ix.writeEntries
		if table < blocks {
			write = ix.writeBuckets
		}
		if err := errors.Join(write(&w, table), w.close()); err != nil {
			return ioError(err)
		}
		if w.file != nil {
			paths = append(paths, w.path)
		}
	}
	if err := ix.db.Ingest(context.Background(), paths); err != nil {
		return ioError(err)
	}
	ix.written.blocks.add(&ix.newest.blocks)
	return nil
}

// writeEntries writes the newest entries of a table.
func (ix *Index) writeEntries(w *tableWriter, table byte) error {
	var key []byte
	for e := range ix.newest.sorted(table) {
		ix.written.filter.note(table, e.value)
		ix.written.hints.addEntry(e)
		key = e.appendKey(key[:0])
		if err := w.open(); err != nil {
			return err
		}
		if err := w.file.Set(key, nil); err != nil {
			return err
		}
	}
	return nil
}

// writeBuckets writes the newest fingerprints.
func (ix *Index) writeBuckets(w *tableWriter, table byte) error {
	for block := range buckets {
		b := ix.newest.bucket(table, uint16(block))
		if len(b) == 0 {
			continue
		}
		if err := w.open(); err != nil {
			return err
		}
		if err := w.file.Merge(bucketKey(table, uint16(block)), b); err != nil {
			return err
		}
	}
	return nil
}

// A tableWriter writes a file for the database to take in. There is none until it is opened.
type tableWriter struct {
	ix   *Index
	path string
	file *sstable.Writer
}

func (w *tableWriter) open() error {
	if w.file != nil {
		return nil
	}
	f, err := w.ix.disk.Create(w.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	o := w.ix.pebbleOptions(true)
	o.EnsureDefaults()
	w.file = sstable.NewWriter(objstorageprovider.NewFileWritable(f), o.MakeWriterOptions(6, w.ix.db.TableFormat()))
	return nil
}

func (w *tableWriter) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}
