package dedup

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"neardup/internal/codec"
	"neardup/internal/durable"
	"neardup/internal/record"
	"neardup/store"
)

// runTexts gives the texts of the documents of the run in progress: those of sources that can
// be read again from there, others from a file in which they are kept, compressed.
type runTexts struct {
	run     uint64
	sources []*record.Source
	decoder *record.Decoder

	tempDir string
	file    *durable.File // nil until there is something to keep
	read    *os.File
	pending []byte // what is not in the file yet
	size    int64  // of the file, and pending
	last    int64  // length of the last text
}

// useTexts has the texts of the input kept, as far as they can't be read again.
func (in *Input) useTexts(run uint64, tempDir string) *runTexts {
	in.texts = &runTexts{run: run, sources: in.Sources, decoder: in.decoder(), tempDir: tempDir}
	return in.texts
}

// keptSource is the number of the source of texts that are kept.
const keptSource = math.MaxUint32

const keepBytes = 1 << 20

// needed reports whether there are texts that can't be read again.
func (t *runTexts) needed() bool {
	return slices.ContainsFunc(t.sources, func(s *record.Source) bool { return !s.Again() })
}

// resume takes up the file of a run that can be taken up again.
func (t *runTexts) resume(path string, p *partial) error {
	if p.Temp == "" {
		return nil
	}
	f, err := durable.Resume(path, p.Temp, p.Size)
	if err != nil {
		return err
	}
	return t.use(f, p.Size)
}

func (t *runTexts) use(f *durable.File, size int64) (err error) {
	t.file, t.size = f, size
	t.read, err = os.Open(f.Temp())
	return err
}

// keep keeps a compressed text, and returns where.
func (t *runTexts) keep(packed []byte) (store.Location, error) {
	if t.file == nil {
		f, err := os.CreateTemp(t.tempDir, "neardup-texts-*")
		if err != nil {
			return store.Location{}, err
		}
		name := f.Name()
		if err := f.Close(); err != nil {
			return store.Location{}, err
		}
		d, err := durable.Resume(name, name, 0)
		if err == nil {
			err = t.use(d, 0)
		}
		if err != nil {
			return store.Location{}, err
		}
	}
	if len(t.pending) > keepBytes {
		if err := t.flush(); err != nil {
			return store.Location{}, err
		}
	}
	l := store.Location{Run: t.run, Source: keptSource, Offset: t.size, Length: int64(len(packed))}
	t.pending = append(t.pending, packed...)
	t.size += l.Length
	t.last = l.Length
	return l, nil
}

// forget lets go of the text of an item, if it is the last that was kept.
func (t *runTexts) forget(it *item) {
	if l := it.location; l.Source != keptSource || l.Offset+l.Length != t.size {
		return
	}
	t.pending = t.pending[:int64(len(t.pending))-t.last]
	t.size -= t.last
	t.last = 0
}

func (t *runTexts) flush() error {
	if t.file == nil {
		return nil
	}
	_, err := t.file.Write(t.pending)
	t.pending, t.last = t.pending[:0], 0
	return errors.Join(err, t.file.Flush())
}

// Sync makes durable what is kept.
func (t *runTexts) Sync() error {
	if t.file == nil {
		return nil
	}
	return errors.Join(t.flush(), t.file.Sync())
}

func (t *runTexts) state() partial { return partial{Temp: t.file.Temp(), Size: t.file.Size()} }

func (t *runTexts) Abandon() error {
	if t.file == nil {
		return nil
	}
	return errors.Join(t.read.Close(), t.file.Abandon())
}

// Remove removes the file.
func (t *runTexts) Remove() error {
	if t.file == nil {
		return nil
	}
	err := errors.Join(t.read.Close(), t.file.Remove())
	t.file = nil
	return err
}

// Commit removes the file: nobody needs it after the run.
func (t *runTexts) Commit() error { return t.Remove() }

// again returns a text that was placed in this run.
func (t *runTexts) again(l store.Location) (string, error) {
	text, ok, err := t.text(l)
	if err == nil && !ok {
		err = fmt.Errorf("a text of source %d at byte %d is gone", l.Source, l.Offset)
	}
	return text, err
}

func (t *runTexts) text(l store.Location) (string, bool, error) {
	switch {
	case l.Run != t.run:
		return "", false, nil
	case l.Source == keptSource:
		text, err := t.kept(l)
		return text, err == nil, err
	case int(l.Source) >= len(t.sources):
		return "", false, nil
	}
	source := t.sources[l.Source]
	b := make([]byte, l.Length)
	if _, err := source.ReadAt(b, l.Offset); err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("%s: byte %d: read again: %w", source.Name, l.Offset, err)
	}
	rec, reject := t.decoder.Decode(&record.Raw{Source: source, Offset: l.Offset, Length: l.Length, Bytes: b})
	if reject != nil {
		return "", false, fmt.Errorf("%s was changed while it was read: %w", source.Name, reject)
	}
	return rec.Text, true, nil
}

func (t *runTexts) kept(l store.Location) (string, error) {
	b := make([]byte, l.Length)
	if start := t.size - int64(len(t.pending)); l.Offset >= start {
		if l.Offset+l.Length > t.size {
			return "", fmt.Errorf("%s: byte %d: no text is kept there", t.file.Temp(), l.Offset)
		}
		copy(b, t.pending[l.Offset-start:])
	} else if _, err := t.read.ReadAt(b, l.Offset); err != nil {
		return "", err
	}
	text, err := codec.Expand(b)
	if err != nil {
		return "", fmt.Errorf("%s: byte %d: %w", t.file.Temp(), l.Offset, err)
	}
	return string(text), nil
}
