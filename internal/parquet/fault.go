package parquet

import (
	"errors"
	"fmt"
)

// A Fault is what is wrong with the content of a file, or what is not supported of it. Any other
// error of this package is one of the disk.
type Fault struct{ text string }

func (f *Fault) Error() string { return f.text }

func faultf(format string, args ...any) error { return &Fault{fmt.Sprintf(format, args...)} }

// IsFault reports whether err is a [Fault].
func IsFault(err error) bool {
	var f *Fault
	return errors.As(err, &f)
}

// ErrNoFooter is the fault of a file that does not end as a Parquet file does.
var ErrNoFooter error = &Fault{"it has no footer, which stands at the end of a whole file"}

// errShort is the fault of a page that ends before its last value.
var errShort = faultf("it ends before its last value")
