// Package fault is where tests make file operations fail, or end the process between two of
// them. In the program it does nothing.
package fault

// An Op is an operation on a file of an index or of an output.
type Op string

// The operations.
const (
	Create  Op = "create"
	Read    Op = "read"
	Write   Op = "write"
	Sync    Op = "sync"
	Cut     Op = "cut" // back to a length
	Rename  Op = "rename"
	Link    Op = "link"
	Remove  Op = "remove"
	SyncDir Op = "syncdir"
)

// Hook is called in place of every operation, from any goroutine, with what does it; path is
// the file, or its new name. It is set before the first operation or never.
var Hook func(op Op, path string, do func() error) error

// Do does an operation.
func Do(op Op, path string, do func() error) error {
	if Hook == nil {
		return do()
	}
	return Hook(op, path, do)
}
