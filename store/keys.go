package store

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/cockroachdb/pebble/v2"

	"neardup/shingle"
)

// Keys begin with one byte that tells their kind. Numbers are big-endian, so that keys sort
// by them.
//
//	kind        bytes
//	meta        'm' name                          value: see below
//	checkpoint  'c' name                          value: the caller's bytes
//	document    'd' number(8)                     value: the record, see record.go
//	sieve       's' table(1) value(8) number(8)   value: empty
//
//	meta name   value
//	sieved      number(8): the last document whose sieve entries are in the database
//
//	table       value                                          prefix of a search
//	0, 1, 2, 3  fingerprint rotated left by 16*table bits      's' table and 2 bytes: one block
//	4           first 8 bytes of the hash of the text          all but the number
//	5           64-bit hash of the id                          all but the number
//	6 to 21     band keys of the sketch, see shingle.Bands     all but the number
//
// A search in a sieve reads the keys that share a prefix; see [split].
const (
	kindMeta       = 'm'
	kindCheckpoint = 'c'
	kindDocument   = 'd'
	kindSieve      = 's'

	metaSieved = "sieved"

	blocks    = 4 // tables 0 to 3: the 16-bit blocks of a fingerprint
	tableText = 4
	tableID   = 5
	tableBand = 6 // the first of shingle.Bands
	tables    = tableBand + shingle.Bands

	blockPrefix = 4  // bytes: kind, table, 16-bit block
	wholePrefix = 10 // bytes: kind, table, value
	sieveKey    = 18 // bytes: kind, table, value, number
)

// A DocNum numbers the documents of an index from 1 in the order in which they were added.
// Zero is no document.
type DocNum uint64

func metaKey(name string) []byte       { return append([]byte{kindMeta}, name...) }
func checkpointKey(name string) []byte { return append([]byte{kindCheckpoint}, name...) }

func documentKey(n DocNum) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindDocument}, uint64(n))
}

// An entry is one key of a sieve.
type entry struct {
	table byte
	value uint64
	num   DocNum
}

func (e entry) appendKey(dst []byte) []byte {
	dst = append(dst, kindSieve, e.table)
	dst = binary.BigEndian.AppendUint64(dst, e.value)
	return binary.BigEndian.AppendUint64(dst, uint64(e.num))
}

func parseEntry(key []byte) (entry, bool) {
	if len(key) != sieveKey || key[0] != kindSieve || key[1] >= tables {
		return entry{}, false
	}
	return entry{key[1], binary.BigEndian.Uint64(key[2:]), DocNum(binary.BigEndian.Uint64(key[10:]))}, true
}

// prefix returns the part of a value by which its table is searched, in the upper bits.
func prefix(table byte, value uint64) uint64 {
	if table < blocks {
		return value >> 48
	}
	return value
}

func appendPrefix(dst []byte, table byte, value uint64) []byte {
	dst = append(dst, kindSieve, table)
	dst = binary.BigEndian.AppendUint64(dst, value)
	return dst[:len(dst)-wholePrefix+split(dst)]
}

// split returns the length of the prefix that the filters of the database know of.
func split(key []byte) int {
	if len(key) < 2 || key[0] != kindSieve {
		return len(key)
	}
	if key[1] < blocks {
		return min(len(key), blockPrefix)
	}
	return min(len(key), wholePrefix)
}

// comparer orders keys by their bytes. Its name is stored with the database: a change of
// split needs another name.
func comparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "neardup.sieve.v1"
	c.Split = split
	c.ImmediateSuccessor = func(dst, a []byte) []byte {
		next := bytes.Clone(a)
		full := len(a) > 1 && a[0] == kindSieve && len(a) == split(append(bytes.Clone(a), 0))
		if !full {
			return append(append(dst, next...), 0)
		}
		for i := len(next) - 1; i >= 0; i-- {
			if next[i]++; next[i] != 0 {
				break
			}
			next = next[:i]
		}
		return append(dst, next...)
	}
	return &c
}

// rotate returns the value of fingerprint f in a table: block number table comes first.
func rotate(f shingle.Fingerprint, table byte) uint64 {
	return bits.RotateLeft64(uint64(f), 16*int(table))
}

func unrotate(value uint64, table byte) shingle.Fingerprint {
	return shingle.Fingerprint(bits.RotateLeft64(value, -16*int(table)))
}
