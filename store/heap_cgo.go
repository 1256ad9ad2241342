//go:build cgo

package store

// OutsideHeap returns how many bytes an index with so much memory takes where Go's collector does not
// see them: with cgo the database allocates its cache and its write buffers in C, and C's allocator
// keeps most of as much again unused between them.
func OutsideHeap(memory int64) int64 { return budgetOf(memory).cache() / 4 * 7 }
