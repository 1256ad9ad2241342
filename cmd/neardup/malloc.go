//go:build cgo && linux

package main

/*
#include <malloc.h>

// The database allocates blocks and write buffers in C, from any thread. By default glibc has an arena
// for each, and what lies free in one is lost to the others: more than 100 MiB in minutes. glibc settles
// the number of arenas when the second thread allocates, which is before Go calls anything of ours.
__attribute__((constructor)) static void keepTogether(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}
*/
import "C"
