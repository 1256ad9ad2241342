package store

import (
	"bytes"
	"encoding/binary"

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
//	            's' table(1) pair(4) value(8) number(8) for the tables of fingerprints
//	text        't' number(8)                     value: the text, a Zstandard frame
//
//	meta name   value
//	sieved      number(8): the last document whose sieve entries are in the database
//	documents   number(8): how many there are
//	last        number(8): the highest that was given out, written when documents are removed
//
//	table       value                                       prefix of a search
//	0 to 9      fingerprint                                 's' table pair: two of its five blocks
//	10          first 8 bytes of the hash of the text       all but the number
//	11          64-bit hash of the id                       all but the number
//	12 to 23    band keys of the sketch, see shingle.Bands  all but the number
//	24          keys of the paragraphs                      all but the number
//	25          sites, and keys of paragraphs on them       all but the number
//
// A search in a sieve reads the keys that share a prefix; see [split].
const (
	kindMeta       = 'm'
	kindCheckpoint = 'c'
	kindDocument   = 'd'
	kindSieve      = 's'
	kindText       = 't'

	metaSieved    = "sieved"
	metaDocuments = "documents"
	metaLast      = "last"

	tablePair = 0 // the first of the pairs of blocks
	tableText = tablePair + pairs
	tableID   = tableText + 1
	tableBand = tableID + 1 // the first of shingle.Bands
	tablePara = tableBand + shingle.Bands
	tableSite = tablePara + 1
	tables    = tableSite + 1

	pairPrefix  = 6  // bytes: kind, table, pair of blocks
	wholePrefix = 10 // bytes: kind, table, value
	maxEntryKey = 22 // bytes: kind, table, pair of blocks, value, number
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
	if e.table < pairs {
		dst = binary.BigEndian.AppendUint32(dst, uint32(prefix(e.table, e.value)))
	}
	dst = binary.BigEndian.AppendUint64(dst, e.value)
	return binary.BigEndian.AppendUint64(dst, uint64(e.num))
}

func parseEntry(key []byte) (entry, bool) {
	n := split(key)
	if n < pairPrefix || key[0] != kindSieve || key[1] >= tables {
		return entry{}, false
	}
	table := key[1]
	if table < pairs {
		key, n = key[pairPrefix-2:], wholePrefix
	}
	if len(key) != n+8 {
		return entry{}, false
	}
	return entry{table: table, value: binary.BigEndian.Uint64(key[2:]), num: DocNum(binary.BigEndian.Uint64(key[n:]))}, true
}

// prefix returns the part of a value by which its table is searched.
func prefix(table byte, value uint64) uint64 {
	if table < pairs {
		return pairOf(table, shingle.Fingerprint(value))
	}
	return value
}

func appendPrefix(dst []byte, table byte, value uint64) []byte {
	key := entry{table: table, value: value}.appendKey(dst)
	return key[:len(dst)+split(key[len(dst):])]
}

// split returns the length of the prefix that the filters of the database know of.
func split(key []byte) int {
	if len(key) < 2 || key[0] != kindSieve {
		return len(key)
	}
	if key[1] < pairs {
		return min(len(key), pairPrefix)
	}
	return min(len(key), wholePrefix)
}

// comparer orders keys by their bytes. Its name is stored with the database: a change of
// split needs another name.
func comparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "neardup.sieve.v2"
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
