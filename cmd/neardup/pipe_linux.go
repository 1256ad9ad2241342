package main

import (
	"os"
	"syscall"
)

// widenPipe makes a pipe hold hundreds of records, where Linux gives it room for dozens: then who
// writes it and who reads it seldom wait for each other. What is no pipe stays as it is.
func widenPipe(f *os.File) {
	const setSize, bytes = 1031, 512 << 10 // F_SETPIPE_SZ; a process may ask for 1 MiB
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, setSize, bytes) })
	}
}
