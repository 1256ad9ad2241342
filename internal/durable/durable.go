// Package durable writes files that appear under their final name only when they are
// complete.
//
// A file is written beside its place as NAME.partial. Commit syncs it, renames it and syncs
// the directory. A partial file that was synced can be taken up again by another process,
// cut back to the length that it is known to have been good for.
package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	path   string
	direct bool // the path is a device or pipe: written in place
	file   *os.File
	buf    *bufio.Writer
	size   int64
}

// Create begins a file. If one stands there already it is replaced at Commit if force is
// set, and otherwise the error wraps [ErrExists]. A device or pipe is written in place.
func Create(path string, force bool) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory", path)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return newFile(path, f, 0, true), nil
	case err == nil && !force:
		return nil, fmt.Errorf("%s: %w", path, ErrExists)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	f, err := os.Create(path + PartialSuffix)
	if err != nil {
		return nil, err
	}
	return newFile(path, f, 0, false), nil
}

// Resume takes up a partial file whose first size bytes are good and cuts off the rest.
// The error is a *[BehindError] if it is shorter.
func Resume(path string, size int64) (*File, error) {
	partial := path + PartialSuffix
	f, err := os.OpenFile(partial, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &BehindError{partial, 0, size}
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = &BehindError{partial, info.Size(), size}
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newFile(path, f, size, false), nil
}

func newFile(path string, f *os.File, size int64, direct bool) *File {
	return &File{path: path, direct: direct, file: f, buf: bufio.NewWriterSize(f, 256<<10), size: size}
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

// Sync makes what was written durable.
func (f *File) Sync() error {
	if f == nil {
		return nil
	}
	if err := f.buf.Flush(); err != nil {
		return err
	}
	if f.direct {
		return nil
	}
	return f.file.Sync()
}

// Commit completes the file and gives it its name.
func (f *File) Commit() error {
	if f == nil {
		return nil
	}
	err := f.Sync()
	if err = errors.Join(err, f.file.Close()); err != nil || f.direct {
		return err
	}
	return Rename(f.path)
}

// Rename gives a complete, synced partial file its name.
func Rename(path string) error {
	if err := os.Rename(path+PartialSuffix, path); err != nil {
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
	if f.direct || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return errors.Join(err, os.Remove(f.path+PartialSuffix))
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
	return errors.Join(d.Sync(), d.Close())
}
