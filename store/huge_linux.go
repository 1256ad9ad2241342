package store

import (
	"syscall"
	"unsafe"
)

// inHugePages asks for huge pages behind a table that is looked into at random.
func inHugePages[T any](table []T) []T {
	const advice = 14 // MADV_HUGEPAGE
	const page = 2 << 20
	if len(table) == 0 {
		return table
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(&table[0])), uintptr(len(table))*unsafe.Sizeof(table[0]))
	skip := -uintptr(unsafe.Pointer(&b[0])) % page
	if n := uintptr(len(b)); n > skip+page {
		_ = syscall.Madvise(b[skip:skip+(n-skip)/page*page], advice)
	}
	return table
}
