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

// Hook is called before every operation, from any goroutine; the operation fails with the
// error that it returns. Path is the file, or its new name. It is set before the first
// operation or never.
var Hook func(op Op, path string) error

// Before calls the hook.
func Before(op Op, path string) error {
	if Hook == nil {
		return nil
	}
	return Hook(op, path)
}
