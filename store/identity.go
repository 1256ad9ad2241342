package store

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/shingle"
)

const (
	identityName = "NEARDUP"
	sealName     = "SEAL"
	dbName       = "db"
	tempSuffix   = ".tmp"
)

// FormatVersion is the version of everything that the package writes. It is increased by
// every change that another version of the program would misread, and no other is read.
//
//	1  the first
//	2  fingerprints in tables of pairs of blocks
//	3  keys of paragraphs of four minima
//	4  fingerprints in buckets
//	5  meta sorts before documents
const FormatVersion = 5

type identity struct {
	Format int    `json:"format"`
	Params string `json:"params"`
}

// identify reads what kind of index the directory holds. fresh tells that there is none yet:
// no directory, an empty one, or what is left of one whose making was interrupted, which
// cannot hold a document.
func (ix *Index) identify() (fresh bool, err error) {
	names, err := ix.disk.List(ix.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if ix.mustExist() {
			return false, ErrNotExist
		}
		return true, nil
	case err != nil:
		if info, e := ix.disk.Stat(ix.dir); e == nil && !info.IsDir() {
			return false, ErrNotIndex
		}
		return false, ioError(err)
	}
	if !slices.Contains(names, identityName) {
		for _, name := range names {
			if name != dbName && name != identityName+tempSuffix {
				return false, ErrNotIndex
			}
		}
		if ix.mustExist() {
			return false, ErrNotExist
		}
		return true, nil
	}
	return false, ix.checkIdentity()
}

func (ix *Index) mustExist() bool { return ix.opts.MustExist || ix.opts.ReadOnly }

func (ix *Index) checkIdentity() error {
	path := ix.path(identityName)
	data, err := readFile(ix.disk, path)
	if err != nil {
		return ioError(err)
	}
	var id identity
	if err := json.Unmarshal(data, &id); err != nil || id.Format < 1 {
		return &DamageError{Path: path, Detail: "not the description of an index", Err: err}
	}
	switch {
	case id.Format > FormatVersion:
		return ErrFormatTooNew
	case id.Format < FormatVersion:
		return ErrFormatTooOld
	}
	if ix.opts.AnyParams {
		ix.opts.Params, _ = shingle.ParseID(id.Params)
	}
	if asked := ix.opts.Params.ID(); id.Params != asked {
		return &ParamsError{Stored: id.Params, Asked: asked}
	}
	return nil
}

func (ix *Index) writeIdentity() error {
	data, err := json.Marshal(identity{FormatVersion, ix.opts.Params.ID()})
	if err != nil {
		return err
	}
	return ix.writeDurably(identityName, append(data, '\n'))
}

func (ix *Index) writeDurably(name string, data []byte) error {
	return ix.writeWhole(name, func(f vfs.File) error {
		_, err := f.Write(data)
		return err
	})
}

// writeWhole writes a file of the index directory so that it is whole or not there.
func (ix *Index) writeWhole(name string, write func(vfs.File) error) error {
	fs, temp := ix.disk, ix.path(name+tempSuffix)
	f, err := fs.Create(temp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return ioError(err)
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = fs.Remove(temp) // for its room
		return ioError(err)
	}
	if err := fs.Rename(temp, ix.path(name)); err != nil {
		return ioError(err)
	}
	return ix.syncDir(ix.dir)
}

func (ix *Index) syncDir(dir string) error {
	if dir == "" {
		dir = "."
	}
	return ioError(ix.disk.syncDir(dir))
}

func readFile(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	data := make([]byte, info.Size())
	_, err = io.ReadFull(f, data)
	return data, errors.Join(err, f.Close())
}
