package store

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"neardup/shingle"
)

// ReadAhead brings the documents into memory that a search for each of the sketches looks at first, as far
// as hints name them. It changes no answer, and is for other goroutines than the one that asks: they
// wait for the disk instead. What can't be read is left for who asks for it.
func (ix *Index) ReadAhead(sketches []shingle.Sketch) {
	ix.reading.RLock() // the database stays open
	defer ix.reading.RUnlock()
	nums, removals := ix.wanted(sketches)
	if len(nums) == 0 {
		return
	}
	docs, err := readDocuments(ix.db, nums)
	if err != nil {
		return
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.removals != removals {
		return
	}
	for i, n := range nums {
		if docs[i] != nil && ix.cache.find(n) == nil {
			ix.cache.put(n, docs[i])
		}
	}
}

// readDocuments reads documents in the order of their numbers, with one iterator, and leaves out what
// does not parse.
func readDocuments(db *pebble.DB, nums []DocNum) (docs []*Document, err error) {
	it, err := db.NewIter(&pebble.IterOptions{
		LowerBound: documentKey(nums[0]),
		UpperBound: documentKey(nums[len(nums)-1] + 1),
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	docs = make([]*Document, len(nums))
	key := documentKey(0)
	for i, n := range nums {
		binary.BigEndian.PutUint64(key[1:], uint64(n))
		if it.SeekPrefixGE(key) {
			docs[i], _ = parseDocument(it.Value())
		}
	}
	return docs, nil
}

// wanted returns the documents to read, none twice, and how often documents were removed until now.
func (ix *Index) wanted(sketches []shingle.Sketch) (nums []DocNum, removals int) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.err != nil || ix.written.hints.buckets == nil {
		return nil, 0
	}
	for _, s := range sketches {
		for band, key := range s.Bands() {
			if band == QuickBands {
				break
			}
			n := ix.written.hints.find(hintKey(tableBand+byte(band), key))
			if n == 0 {
				continue
			}
			if ix.cache.find(n) == nil {
				nums = append(nums, n)
			}
			break // most often it is the one
		}
	}
	slices.Sort(nums)
	return slices.Compact(nums), ix.removals
}
