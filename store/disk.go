package store

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/internal/fault"
)

// A diskFS is the file system that the database writes to. Pebble does not return every
// failed write: of its log it makes a fatal error, a flush that finds the disk full it tries
// again at once, for ever, and in some places a failure is a panic under a lock that nothing
// recovers from. So a failed write, sync or change of a name goes to onFailure, which does
// not return, before Pebble hears of it. While the index opens it is only noted, since Open
// can return it.
type diskFS struct {
	vfs.FS
	onFailure func(error)

	mu    sync.Mutex
	armed bool
	first error
}

// arm makes later failures go to onFailure, and returns the first one so far.
func (d *diskFS) arm() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = true
	return d.first
}

// noted returns the first failure, or err if there was none.
func (d *diskFS) noted(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first != nil {
		return d.first
	}
	return err
}

// watch runs an operation that must not fail.
func (d *diskFS) watch(op fault.Op, path string, do func() error) error {
	err := fault.Do(op, path, do)
	if err == nil || op == fault.Remove && errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = ioError(err)
	d.mu.Lock()
	if d.first == nil {
		d.first = err
	}
	armed := d.armed
	d.mu.Unlock()
	if armed {
		d.onFailure(err)
	}
	return err
}

func (d *diskFS) watchFile(op fault.Op, path string, open func() (vfs.File, error)) (vfs.File, error) {
	var f vfs.File
	err := d.watch(op, path, func() (err error) { f, err = open(); return err })
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d, path}, nil
}

// Create makes a file. One that is a marker names another, and Pebble syncs the directory
// once for both: after a power loss it could name a file that is not there. So what stands in
// the directory is made durable first.
func (d *diskFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasPrefix(d.PathBase(name), "marker.") {
		if err := d.syncDir(d.PathDir(name)); err != nil {
			return nil, err
		}
	}
	return d.watchFile(fault.Create, name, func() (vfs.File, error) { return d.FS.Create(name, c) })
}

func (d *diskFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return d.watchFile(fault.Create, name, func() (vfs.File, error) { return d.FS.OpenReadWrite(name, c, opts...) })
}

func (d *diskFS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.watchFile(fault.Create, name, func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, c) })
}

func (d *diskFS) Link(old, name string) error {
	return d.watch(fault.Link, name, func() error { return d.FS.Link(old, name) })
}

func (d *diskFS) Rename(old, name string) error {
	return d.watch(fault.Rename, name, func() error { return d.FS.Rename(old, name) })
}

func (d *diskFS) Remove(name string) error {
	return d.watch(fault.Remove, name, func() error { return d.FS.Remove(name) })
}

// Open and OpenDir find no file often enough; only what is done with one is watched.
func (d *diskFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.Open(name, opts...)
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d, name}, nil
}

func (d *diskFS) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &diskDir{f, d, name}, nil
}

func (d *diskFS) syncDir(dir string) error {
	f, err := d.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d *diskFS) Unwrap() vfs.FS { return d.FS }

// A diskFile is a file of a diskFS.
type diskFile struct {
	vfs.File
	fs   *diskFS
	name string
}

func (f *diskFile) Write(p []byte) (n int, err error) {
	err = f.fs.watch(fault.Write, f.name, func() (err error) { n, err = f.File.Write(p); return err })
	return n, err
}

func (f *diskFile) WriteAt(p []byte, at int64) (n int, err error) {
	err = f.fs.watch(fault.Write, f.name, func() (err error) { n, err = f.File.WriteAt(p, at); return err })
	return n, err
}

func (f *diskFile) Sync() error { return f.fs.watch(fault.Sync, f.name, f.File.Sync) }

func (f *diskFile) SyncData() error { return f.fs.watch(fault.Sync, f.name, f.File.SyncData) }

func (f *diskFile) SyncTo(length int64) (full bool, err error) {
	err = f.fs.watch(fault.Sync, f.name, func() (err error) { full, err = f.File.SyncTo(length); return err })
	return full, err
}

func (f *diskFile) Read(p []byte) (n int, err error) {
	err = fault.Do(fault.Read, f.name, func() (err error) { n, err = f.File.Read(p); return err })
	return n, err
}

func (f *diskFile) ReadAt(p []byte, at int64) (n int, err error) {
	if fault.Hook == nil {
		return f.File.ReadAt(p, at) // there are many
	}
	err = fault.Do(fault.Read, f.name, func() (err error) { n, err = f.File.ReadAt(p, at); return err })
	return n, err
}

// A diskDir is a directory of a diskFS, opened to be synced.
type diskDir struct {
	vfs.File
	fs   *diskFS
	name string
}

func (d *diskDir) Sync() error { return d.fs.watch(fault.SyncDir, d.name, d.File.Sync) }

// minFree is the room on disk below which nothing more is committed: what is in memory then
// can still be written, and the index closed.
const minFree = 32 << 20

// room reports whether the disk has room for another batch.
func (ix *Index) room() error {
	if !ix.hasRoom(0) {
		ix.full = true
		return ErrDiskFull
	}
	return nil
}

// hasRoom reports whether so many bytes more leave minFree. A file system that does not tell has
// room.
func (ix *Index) hasRoom(bytes uint64) bool {
	usage, err := ix.disk.GetDiskUsage(ix.dir)
	return err != nil || usage.AvailBytes >= ix.opts.minFree+bytes
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || vfs.IsNoSpaceError(err)
}
