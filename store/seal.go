package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"
)

// A seal records the files of a cleanly closed database. Pebble checks its tables when it
// reads them, but can open without complaint after its manifest or log was damaged or a
// file was lost, with fewer documents than before. The seal finds that out.
type seal struct {
	Files  []sealFile `json:"files"`
	Filter string     `json:"filter,omitempty"` // CRC-32C of the file FILTER
}

type sealFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	CRC  string `json:"crc32c,omitempty"` // of every file but tables, which have their own
}

const tableSuffix = ".sst" // of the tables of the database, which have checksums of their own

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func hex(checksum uint32) string { return fmt.Sprintf("%08x", checksum) }

// census lists the files of the database as a seal does.
func (ix *Index) census() ([]sealFile, error) {
	dir := ix.path(dbName)
	names, err := ix.disk.List(dir)
	if err != nil {
		return nil, ioError(err)
	}
	slices.Sort(names)
	var files []sealFile
	for _, name := range names {
		if name == "LOCK" {
			continue
		}
		path := ix.disk.PathJoin(dir, name)
		info, err := ix.disk.Stat(path)
		if err != nil {
			return nil, ioError(err)
		}
		f := sealFile{Name: name, Size: info.Size()}
		if !strings.HasSuffix(name, tableSuffix) {
			data, err := readFile(ix.disk, path)
			if err != nil {
				return nil, ioError(err)
			}
			f.CRC = hex(crc32.Checksum(data, castagnoli))
		}
		files = append(files, f)
	}
	return files, nil
}

// seal lists the files once it is durable which of them are gone: otherwise one that Pebble
// removed could be there again after a power loss, and the seal not know it.
func (ix *Index) seal(filter string) error {
	if err := ix.syncDir(ix.path(dbName)); err != nil {
		return err
	}
	files, err := ix.census()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(seal{files, filter}, "", " ")
	if err != nil {
		return err
	}
	return ix.writeDurably(sealName, append(data, '\n'))
}

// breakSeal compares the seal, if there is one, with the files, and removes it before the
// first write. An index that was not closed has none; Pebble then recovers from its log.
func (ix *Index) breakSeal() error {
	path := ix.path(sealName)
	data, err := readFile(ix.disk, path)
	if errors.Is(err, fs.ErrNotExist) {
		return ix.takeFilter("")
	}
	if err != nil {
		return ioError(err)
	}
	var s seal
	if err := json.Unmarshal(data, &s); err != nil {
		return &DamageError{Path: path, Detail: "does not parse", Err: err}
	}
	files, err := ix.census()
	if err != nil {
		return err
	}
	if err := compareCensus(s.Files, files); err != nil {
		return err
	}
	if err := ix.takeFilter(s.Filter); err != nil {
		return err
	}
	if ix.opts.ReadOnly {
		return nil
	}
	if err := ix.disk.Remove(path); err != nil {
		return ioError(err)
	}
	return ix.syncDir(ix.dir)
}

func compareCensus(sealed, found []sealFile) error {
	byName := map[string]sealFile{}
	for _, f := range found {
		byName[f.Name] = f
	}
	for _, want := range sealed {
		got, ok := byName[want.Name]
		path := dbName + "/" + want.Name
		switch {
		case !ok:
			return &DamageError{Path: path, Detail: "missing"}
		case got.Size != want.Size:
			return &DamageError{Path: path, Detail: fmt.Sprintf("has %d bytes and was closed with %d", got.Size, want.Size)}
		case got.CRC != want.CRC:
			return &DamageError{Path: path, Detail: "was changed after the index was closed"}
		}
		delete(byName, want.Name)
	}
	for name := range byName {
		return &DamageError{Path: dbName + "/" + name, Detail: "was not there when the index was closed"}
	}
	return nil
}
