package dedup

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"

	"neardup/internal/durable"
	"neardup/internal/record"
	"neardup/store"
)

// A checkpoint is where a clean into a named index stands. It is committed together with the
// documents that were judged up to it, after the outputs were synced.
type checkpoint struct {
	Run      uint64       `json:"run"`
	Settings string       `json:"settings"` // what the result depends on, besides the input
	Inputs   []inputStamp `json:"inputs"`
	Before   store.DocNum `json:"before"` // the last document before the run
	At       position     `json:"at"`
	Earlier  int64        `json:"earlier"` // bytes of the sources before the one at hand
	Out      partial      `json:"out"`
	Removed  partial      `json:"removed"`
	Rejects  partial      `json:"rejects"`
	Texts    partial      `json:"texts"` // texts that can't be read again
	Summary  Summary      `json:"summary"`
	Replayed numberSet    `json:"replayed"` // documents of earlier runs that came again
	Stage    stage        `json:"stage"`
	Alarm    alarm        `json:"alarm"`

	// Whole tells that all is judged before the first record is written. Such a run is not
	// taken up: what it has added is removed, and it begins again.
	Whole bool `json:"whole,omitempty"`
}

// A partial is an output in the making: its present name, and its size when it was synced.
type partial struct {
	Temp   string  `json:"temp"`
	Size   int64   `json:"size"`
	Parts  []int64 `json:"parts,omitempty"`  // sizes of the complete parts, of an output that is split
	Tail   []byte  `json:"tail,omitempty"`   // what follows, and was not compressed yet
	Within bool    `json:"within,omitempty"` // the size is inside of a record
	Broken bool    `json:"broken,omitempty"` // the last record lacks its ending

	// Of a directory:
	Next int      `json:"next,omitempty"` // the first source that was not begun
	File *partial `json:"file,omitempty"` // of the source before
}

// A stage is how far a run is.
type stage int

const (
	judging stage = iota
	judged        // the whole input was judged and the outputs were synced
	named         // the outputs have their names
)

// An inputStamp recognises an input that was changed.
type inputStamp struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Head uint32 `json:"head"` // CRC-32C of the first stampBytes
	Tail uint32 `json:"tail"` // and of the last
}

const stampBytes = 64 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func stamp(s *record.Source) (inputStamp, error) {
	st := inputStamp{Name: s.Name, Size: s.Size}
	if s.Size < 0 {
		return st, nil
	}
	b := make([]byte, min(stampBytes, s.Size))
	for _, part := range []struct {
		at  int64
		sum *uint32
	}{{0, &st.Head}, {s.Size - int64(len(b)), &st.Tail}} {
		if _, err := s.ReadAt(b, part.at); err != nil && !errors.Is(err, io.EOF) {
			return st, fmt.Errorf("%s: %w", s.Name, err)
		}
		*part.sum = crc32.Checksum(b, castagnoli)
	}
	return st, nil
}

func stamps(sources []*record.Source) ([]inputStamp, error) {
	all := make([]inputStamp, len(sources))
	for i, s := range sources {
		var err error
		if all[i], err = stamp(s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ErrChanged reports that an interrupted run can't be taken up again, since its input or
// settings are not the same.
var ErrChanged = errors.New("an interrupted run can't be resumed")

// checkpointName names the checkpoint of the run that writes to out.
func checkpointName(out string) (string, error) {
	abs, err := filepath.Abs(out)
	return "clean " + abs, err
}

// readCheckpoint returns the checkpoint of that name, nil if there is none.
func readCheckpoint(ix *store.Index, name string) (*checkpoint, error) {
	data, err := ix.Checkpoint(name)
	if err != nil || data == nil {
		return nil, err
	}
	c := &checkpoint{}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, &store.DamageError{Path: "checkpoint " + name, Detail: "does not parse", Err: err}
	}
	return c, nil
}

// compare tells by name what is not as it was. The error wraps ErrChanged.
func (c *checkpoint) compare(settings string, inputs []inputStamp) error {
	if c.Settings != settings {
		return fmt.Errorf("%w: its settings were %s and are %s", ErrChanged, c.Settings, settings)
	}
	if len(c.Inputs) != len(inputs) {
		return fmt.Errorf("%w: it had %d inputs and has %d", ErrChanged, len(c.Inputs), len(inputs))
	}
	for i, was := range c.Inputs {
		switch is := inputs[i]; {
		case was.Name != is.Name:
			return fmt.Errorf("%w: input %d was %s and is %s", ErrChanged, i+1, was.Name, is.Name)
		case was.Size != is.Size:
			return fmt.Errorf("%w: %s had %d bytes and has %d", ErrChanged, is.Name, was.Size, is.Size)
		case was != is:
			return fmt.Errorf("%w: the content of %s was changed", ErrChanged, is.Name)
		}
	}
	return nil
}

// removeOutputs removes what is left of the partial outputs.
func (c *checkpoint) removeOutputs() error {
	var err error
	for _, p := range []partial{c.Out, c.Removed, c.Rejects, c.Texts} {
		if p.Temp == "" {
			continue
		}
		err = errors.Join(err, os.RemoveAll(p.Temp))
		for _, part := range partsOf(p.Temp) {
			err = errors.Join(err, os.Remove(part))
		}
	}
	return err
}

// An outputFile is an output that was written whole.
type outputFile struct {
	path, temp string
	size       int64 // -1 if it is not known
}

// outputFiles returns those of a run that was judged whole.
func (c *checkpoint) outputFiles(o *CleanOptions) []outputFile {
	var files []outputFile
	switch {
	case o.copiesAtEnd():
		path := o.Out
		if o.SplitSize > 0 {
			path = partName(path, 1)
		}
		files = []outputFile{{path, c.Out.Temp, -1}}
	case o.SplitSize > 0:
		for i, size := range append(slices.Clone(c.Out.Parts), c.Out.Size) {
			files = append(files, outputFile{partName(o.Out, i+1), partName(c.Out.Temp, i+1), size})
		}
	default:
		files = []outputFile{{o.Out, c.Out.Temp, c.Out.Size}}
	}
	for path, p := range map[string]partial{o.Removed: c.Removed, o.Rejects: c.Rejects} {
		if path != "" {
			files = append(files, outputFile{path, p.Temp, p.Size})
		}
	}
	return files
}

// inPlace reports whether the output stands under its name.
func (f outputFile) inPlace() bool {
	info, err := os.Stat(f.path)
	return err == nil && (info.IsDir() || f.size < 0 || info.Size() == f.size)
}

// settle gives a complete output its name, if it does not have it yet.
func (f outputFile) settle() error {
	_, err := os.Lstat(f.temp)
	switch {
	case err == nil:
		return durable.Rename(f.temp, f.path)
	case f.inPlace():
		return nil
	}
	return &durable.BehindError{Path: f.path, Had: f.size}
}
