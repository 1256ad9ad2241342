//go:build unix

package store

import "syscall"

// openFilesLimit is how many files the process may have open.
func openFilesLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the usual one
	}
	return uint64(limit.Cur)
}
