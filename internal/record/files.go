package record

import (
	"os"
	"sync"
)

// openFiles holds the files open that were read last, since there may be more of them than a
// process can have open.
type openFiles struct {
	mu    sync.Mutex
	files map[string]*os.File
}

const maxOpenFiles = 16

func (o *openFiles) readAt(name string, b []byte, offset int64) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, ok := o.files[name]
	if !ok {
		var err error
		if f, err = os.Open(name); err != nil {
			return 0, err
		}
		if len(o.files) >= maxOpenFiles {
			o.drop()
		}
		if o.files == nil {
			o.files = map[string]*os.File{}
		}
		o.files[name] = f
	}
	return f.ReadAt(b, offset)
}

func (o *openFiles) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drop()
}

func (o *openFiles) drop() {
	for name, f := range o.files {
		f.Close()
		delete(o.files, name)
	}
}

// tempFile returns a new file that has no name any more where a file can do without, so that
// nothing is left of it if the process is killed.
func tempFile(dir, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err == nil {
		os.Remove(f.Name())
	}
	return f, err
}

// closeTemp closes a temporary file, and removes it if it still has its name.
func closeTemp(f *os.File) error {
	err := f.Close()
	os.Remove(f.Name())
	return err
}
