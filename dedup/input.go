package dedup

import (
	"io"

	"neardup/internal/record"
)

// Fields name the fields of a structured record.
type Fields = record.Fields

// DefaultMaxBadRate is the share of rejects among records from which on a job of the commands stops.
const DefaultMaxBadRate = 0.01

// Files returns an input of files of any format, told by name and content, and of all files in
// directories, in the order of their names. Its fields are those that the commands read. It must be closed
// when the job is done, also if that failed. A file that can't be read is an error.
func Files(paths ...string) (Input, error) {
	return openInput(paths, record.FindOptions{})
}

// Stream returns an input of JSON lines that come one after another, perhaps without an end. It is read
// once: where a job must read again it returns [ErrReadOnce], or knows no boilerplate. Its fields are
// those that the commands read. It must be closed, which does not close r.
func Stream(r io.Reader) (Input, error) {
	return openInput([]string{record.Stdin}, record.FindOptions{Stdin: r, Format: record.JSONL})
}

func openInput(names []string, o record.FindOptions) (Input, error) {
	in := Input{Fields: record.DefaultFields(), MaxBadRate: DefaultMaxBadRate, OnBad: SkipBad}
	o.Fields = in.Fields
	var err error
	in.Sources, err = record.Find(names, o)
	return in, err
}

// Close closes the sources of the input.
func (in *Input) Close() { record.CloseAll(in.Sources) }
