//go:build unix

package dedup

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// maxRSS returns the largest resident set of the process so far, in bytes.
func maxRSS() int64 {
	// Linux hands the figure of getrusage on from the process that started this one.
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(after, &kib); err == nil {
				return kib << 10
			}
		}
	}
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
