//go:build cgo

package store

// OutsideHeap returns how many bytes an index with so much memory takes where Go's collector does not
// see them: with cgo the database allocates its cache and its write buffers in C.
func OutsideHeap(memory int64) int64 { return cacheBytes(memory) + memTables*memTableBytes(memory) }
