package dedup

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"

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
	Out      int64        `json:"out"`     // bytes of each output
	Removed  int64        `json:"removed"`
	Rejects  int64        `json:"rejects"`
	Summary  Summary      `json:"summary"`
	Replayed numberSet    `json:"replayed"` // documents of earlier runs that came again
	Done     bool         `json:"done"`     // the whole input was judged
}

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

// resumable reads the checkpoint of an interrupted run with the same output, nil if there is
// none, and refuses one of another run by name.
func resumable(ix *store.Index, name, settings string, inputs []inputStamp) (*checkpoint, error) {
	data, err := ix.Checkpoint(name)
	if err != nil || data == nil {
		return nil, err
	}
	var c checkpoint
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, &store.DamageError{Path: "checkpoint " + name, Detail: "does not parse", Err: err}
	}
	if c.Settings != settings {
		return nil, fmt.Errorf("%w: its settings were %s and are %s", ErrChanged, c.Settings, settings)
	}
	if len(c.Inputs) != len(inputs) {
		return nil, fmt.Errorf("%w: it had %d inputs and has %d", ErrChanged, len(c.Inputs), len(inputs))
	}
	for i, was := range c.Inputs {
		switch is := inputs[i]; {
		case was.Name != is.Name:
			return nil, fmt.Errorf("%w: input %d was %s and is %s", ErrChanged, i+1, was.Name, is.Name)
		case was.Size != is.Size:
			return nil, fmt.Errorf("%w: %s had %d bytes and has %d", ErrChanged, is.Name, was.Size, is.Size)
		case was != is:
			return nil, fmt.Errorf("%w: the content of %s was changed", ErrChanged, is.Name)
		}
	}
	return &c, nil
}
