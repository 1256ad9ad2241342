//go:build cgo && linux

package main

/*
#include <malloc.h>

// The database allocates blocks and write buffers in C, from any thread. By default glibc has an arena
// for each, and what lies free in one is lost to the others: more than 100 MiB in minutes. It holds
// for good what it says when the second thread begins.
__attribute__((constructor)) static void keepTogether(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}
*/
import "C"
