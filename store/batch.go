package store

import (
	"context"
	"encoding/binary"
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
	if ix.err != nil {
		return 0, ix.err
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
// is lost. A temporary index is not synced.
func (ix *Index) Commit(checkpoints ...Checkpoint) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil {
		return ix.err
	}
	if err := ix.commit(checkpoints); err != nil {
		ix.err = ErrFailed
		return fmt.Errorf("commit to index %s: %w", ix.dir, err)
	}
	if int64(ix.newest.count)*entryBytes > ix.opts.Memory*3/8 {
		if err := ix.writeSieves(); err != nil {
			ix.err = ErrFailed
			return fmt.Errorf("write sieves of index %s: %w", ix.dir, err)
		}
	}
	return nil
}

func (ix *Index) commit(checkpoints []Checkpoint) error {
	b := ix.db.NewBatch()
	defer b.Close()
	nums := make([]DocNum, 0, len(ix.pending))
	for n := range ix.pending {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	var value []byte
	for _, n := range nums {
		value = appendDocument(value[:0], ix.pending[n])
		if err := b.Set(documentKey(n), value, nil); err != nil {
			return err
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
			return err
		}
	}
	if err := ix.db.Apply(b, ix.durability()); err != nil {
		return ioError(err)
	}
	clear(ix.pending)
	return nil
}

func (ix *Index) durability() *pebble.WriteOptions {
	if ix.opts.Temporary {
		return pebble.NoSync
	}
	return pebble.Sync
}

// writeSieves moves the entries of the newest documents into the database: sorted files,
// taken in as it is, and then the note of how far it reaches. A crash between the two does
// no harm: the entries are then held in memory as well, and written again later.
func (ix *Index) writeSieves() error {
	if ix.newest.count > 0 {
		if err := ix.fillFilter(); err != nil {
			return err
		}
		if err := ix.ingestNewest(); err != nil {
			return err
		}
	}
	sieved := binary.BigEndian.AppendUint64(nil, uint64(ix.last))
	if err := ix.db.Set(metaKey(metaSieved), sieved, ix.durability()); err != nil {
		return ioError(err)
	}
	ix.newest = memorySieve{}
	ix.sieved = ix.last
	return ix.written.close()
}

// ingestNewest writes a file for every table: the filter of a file is read as a whole, and
// must fit into the cache beside others.
func (ix *Index) ingestNewest() error {
	var paths []string
	for table := range byte(tables) {
		path := ix.path(fmt.Sprintf("%s/ingest-%d.tmp", dbName, table))
		n, err := ix.writeTable(path, table)
		if err != nil {
			return ioError(err)
		}
		if n > 0 {
			paths = append(paths, path)
		}
	}
	return ioError(ix.db.Ingest(context.Background(), paths))
}

// writeTable writes the newest entries of a table into a file and returns their number.
func (ix *Index) writeTable(path string, table byte) (n int, err error) {
	var w *sstable.Writer
	var key []byte
	for e := range ix.newest.sorted(table) {
		if w == nil {
			f, err := ix.opts.fs.Create(path, vfs.WriteCategoryUnspecified)
			if err != nil {
				return 0, err
			}
			o := ix.pebbleOptions(true)
			o.EnsureDefaults()
			w = sstable.NewWriter(objstorageprovider.NewFileWritable(f), o.MakeWriterOptions(6, ix.db.TableFormat()))
		}
		ix.written.filter.add(table, prefix(table, e.value))
		key = e.appendKey(key[:0])
		if err := w.Set(key, nil); err != nil {
			_ = w.Close()
			return 0, err
		}
		n++
	}
	if w == nil {
		return 0, nil
	}
	return n, w.Close()
}
