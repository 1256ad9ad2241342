package store

import (
	"slices"

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
	docs := make([]*Document, len(nums))
	for i, n := range nums {
		docs[i], _ = readDocument(ix.db, n)
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
