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
//	meta        'a' name                          value: see below
//	checkpoint  'c' name                          value: the caller's bytes
//	document    'd' number(8)                     value: the record, see record.go
//	bucket      's' table(1) block(2)             value: fingerprints, see [bucket]; merged
//	sieve       's' table(1) value(8) number(8)   value: empty
//	text        't' number(8)                     value: the text, a Zstandard frame
//
//	meta name   value
//	sieved      number(8): the last document whose sieve entries are in the database
//	documents   number(8): how many there are
//	last        number(8): the highest that was given out, written when documents are removed
//
//	table       value
//	0 to 3      fingerprint, by the block that the table is of: in buckets
//	4           first 8 bytes of the hash of the text
//	5           64-bit hash of the id
//	6 to 17     band keys of the sketch, see shingle.Bands
//	18          keys of the paragraphs
//	19          sites, and keys of paragraphs on them
//
// What many batches write, meta and checkpoints, sorts before the documents, so that new documents come after
// all that was there: see kindsApart.
//
// A search in a sieve reads the bucket, or the keys that share all but the number; see [split].
const (
	kindMeta       = 'a'
	kindCheckpoint = 'c'
	kindDocument   = 'd'
	kindSieve      = 's'
	kindText       = 't'

	metaSieved    = "sieved"
	metaDocuments = "documents"
	metaLast      = "last"

	tableText = blocks // tables before it are of blocks
	tableID   = tableText + 1
	tableBand = tableID + 1 // the first of shingle.Bands
	tablePara = tableBand + shingle.Bands
	tableSite = tablePara + 1
	tables    = tableSite + 1

	bucketKeyLen = 4  // bytes: kind, table, block
	prefixLen    = 10 // bytes: kind, table, value
	entryKeyLen  = 18 // bytes: kind, table, value, number
)

// A DocNum numbers the documents of an index from 1 in the order in which they were added.
// Zero is no document.
type DocNum uint64

func metaKey(name string) []byte       { return append([]byte{kindMeta}, name...) }
func checkpointKey(name string) []byte { return append([]byte{kindCheckpoint}, name...) }

func documentKey(n DocNum) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindDocument}, uint64(n))
}

func bucketKey(table byte, block uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{kindSieve, table}, block)
}

// parseBucketKey returns the table and the block of a key of the sieves.
func parseBucketKey(key []byte) (table byte, block uint16, ok bool) {
	if len(key) != bucketKeyLen || key[1] >= blocks {
		return 0, 0, false
	}
	return key[1], binary.BigEndian.Uint16(key[2:]), true
}

// An entry is what one document has in one table. In the tables of blocks its value is the
// fingerprint; in the others it is a key.
type entry struct {
	table byte
	value uint64
	num   DocNum
}

func (e entry) appendKey(dst []byte) []byte {
	dst = appendPrefix(dst, e.table, e.value)
	return binary.BigEndian.AppendUint64(dst, uint64(e.num))
}

func parseEntry(key []byte) (entry, bool) {
	if len(key) != entryKeyLen || key[0] != kindSieve || key[1] < blocks || key[1] >= tables {
		return entry{}, false
	}
	return entry{key[1], binary.BigEndian.Uint64(key[2:]), DocNum(binary.BigEndian.Uint64(key[prefixLen:]))}, true
}

func appendPrefix(dst []byte, table byte, value uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, kindSieve, table), value)
}

// split returns the length of the prefix by which a key is searched.
func split(key []byte) int {
	if len(key) < 2 || key[0] != kindSieve || key[1] < blocks {
		return len(key)
	}
	return min(len(key), prefixLen)
}

// comparer orders keys by their bytes. Its name is stored with the database: a change of
// split needs another name.
func comparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "neardup.sieve.v3"
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
