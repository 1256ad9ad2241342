// Package durable writes files that appear under their final name only when they are
// complete.
//
// A file is written beside its place, under a name of its own that ends in .partial. Commit
// syncs it, renames it and syncs the directory. A partial file that was synced can be taken up
// again by another process, cut back to the length that it is known to have been good for.
package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"neardup/internal/fault"
)

// PartialSuffix is what an unfinished file has after its name.
const PartialSuffix = ".partial"

// ErrExists reports that a file stands where one would be written.
var ErrExists = errors.New("file exists")

// A BehindError reports a partial file that is shorter than it is known to have been.
type BehindError struct {
	Path      string
	Have, Had int64 // bytes
}

func (e *BehindError) Error() string {
	return fmt.Sprintf("%s has %d bytes and had %d", e.Path, e.Have, e.Had)
}

// A File is a file in the making. A nil *File is one that nobody asked for: its methods do
// nothing. It is not safe for concurrent use.
type File struct {
	path string
	temp string // the partial file; empty for a device or pipe, written in place
	file *os.File
	buf  *bufio.Writer
	size int64

	named bool // the directory was synced since the partial file is there
}

// Create begins a file. If one stands there already, or a link, it is replaced at Commit if
// force is set, and otherwise the error wraps [ErrExists]. A device or pipe is written in place.
func Create(path string, force bool) (*File, error) {
	device, err := Check(path, force)
	if err != nil {
		return nil, err
	}
	if device {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return newFile(path, "", f, 0), nil
	}
	for {
		temp := PartialName(path)
		f, err := create(temp, modeOf(path))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return newFile(path, temp, f, 0), nil
	}
}

func create(temp string, mode fs.FileMode) (f *os.File, err error) {
	err = fault.Do(fault.Create, temp, func() (err error) {
		f, err = os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	return f, err
}

// Check reports what Create would say of path, and whether it is a device or pipe.
func Check(path string, force bool) (device bool, err error) {
	if info, err := os.Stat(path); err == nil {
		if info.IsDir() {
			return false, fmt.Errorf("%s is a directory", path)
		}
		if !info.Mode().IsRegular() {
			return true, nil
		}
	}
	_, err = os.Lstat(path)
	if err == nil && !force {
		return false, fmt.Errorf("%s: %w", path, ErrExists)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return false, err
}

// modeOf returns the mode that a file written to path gets: that of the one it replaces.
func modeOf(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o666
}

// PartialName returns a name beside path that nothing is likely to have.
func PartialName(path string) string {
	return fmt.Sprintf("%s.%08x%s", filepath.Clean(path), rand.Uint32(), PartialSuffix)
}

// Resume takes up the partial file temp of path, whose first size bytes are good, and cuts off
// the rest. If nothing is good of it, it need not be there. The error is a *[BehindError] if
// it is shorter.
func Resume(path, temp string, size int64) (*File, error) {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if size > 0 {
			return nil, &BehindError{temp, 0, size}
		}
		f, err = create(temp, modeOf(path))
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = &BehindError{temp, info.Size(), size}
	}
	if err == nil {
		err = fault.Do(fault.Cut, temp, func() error { return f.Truncate(size) })
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newFile(path, temp, f, size), nil
}

func newFile(path, temp string, f *os.File, size int64) *File {
	return &File{path: path, temp: temp, file: f, buf: bufio.NewWriterSize(watched{f}, 256<<10), size: size, named: size > 0}
}

// watched is a file whose writes tests can make fail.
type watched struct{ *os.File }

func (w watched) Write(p []byte) (n int, err error) {
	err = fault.Do(fault.Write, w.Name(), func() (err error) { n, err = w.File.Write(p); return err })
	return n, err
}

// Temp returns the name of the partial file, to be given to Resume.
func (f *File) Temp() string {
	if f == nil {
		return ""
	}
	return f.temp
}

// Write appends p.
func (f *File) Write(p []byte) (int, error) {
	if f == nil {
		return len(p), nil
	}
	n, err := f.buf.Write(p)
	f.size += int64(n)
	return n, err
}

// Size returns the number of bytes written, buffered ones included.
func (f *File) Size() int64 {
	if f == nil {
		return 0
	}
	return f.size
}

// Flush makes what was written readable by others.
func (f *File) Flush() error {
	if f == nil {
		return nil
	}
	return f.buf.Flush()
}

// Sync makes what was written durable, and the name of the partial file.
func (f *File) Sync() error {
	if f == nil {
		return nil
	}
	if err := f.buf.Flush(); err != nil {
		return err
	}
	if f.temp == "" {
		return nil
	}
	if err := fault.Do(fault.Sync, f.temp, f.file.Sync); err != nil || f.named {
		return err
	}
	f.named = true
	return SyncDir(filepath.Dir(f.temp))
}

// Commit completes the file and gives it its name.
func (f *File) Commit() error {
	if f == nil {
		return nil
	}
	err := f.Sync()
	if err = errors.Join(err, f.file.Close()); err != nil || f.temp == "" {
		return err
	}
	return Rename(f.temp, f.path)
}

// Rename gives a complete, synced partial file or directory its name.
func Rename(temp, path string) error {
	if err := fault.Do(fault.Rename, path, func() error { return os.Rename(temp, path) }); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Abandon closes the file and leaves it as it is, to be taken up again by Resume.
func (f *File) Abandon() error {
	if f == nil {
		return nil
	}
	return errors.Join(f.buf.Flush(), f.file.Close())
}

// Remove closes the file and removes it, unless it was committed.
func (f *File) Remove() error {
	if f == nil {
		return nil
	}
	err := f.file.Close()
	if f.temp == "" || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return errors.Join(err, os.Remove(f.temp))
}

// WriteFile writes data as a complete file.
func WriteFile(path string, data []byte, force bool) error {
	f, err := Create(path, force)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Remove())
	}
	return f.Commit()
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(fault.Do(fault.SyncDir, dir, d.Sync), d.Close())
}

// SyncFiles makes files durable that were written and closed, and their names. The disk gets
// them side by side: one at a time, small files would take a turn of the disk each.
func SyncFiles(paths []string) error {
	dirs := map[string]bool{}
	for _, path := range paths {
		dirs[filepath.Dir(path)] = true
	}
	return errors.Join(eachAtOnce(slices.Values(paths), syncFile), eachAtOnce(maps.Keys(dirs), SyncDir))
}

const syncsAtOnce = 32

func eachAtOnce(paths iter.Seq[string], f func(string) error) error {
	next, errs := make(chan string), make(chan error, syncsAtOnce)
	for range syncsAtOnce {
		go func() {
			var err error
			for path := range next {
				err = errors.Join(err, f(path))
			}
			errs <- err
		}()
	}
	for path := range paths {
		next <- path
	}
	close(next)
	var all error
	for range syncsAtOnce {
		all = errors.Join(all, <-errs)
	}
	return all
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
