package dedup

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"neardup/internal/record"
	"neardup/shingle"
)

// RowOptions are those of the jobs that write rows and change nothing.
type RowOptions struct {
	Input   Input
	Output  io.Writer // rows, JSON lines
	Rejects string    // file of rows on what can't be judged; empty for none
	Force   bool      // replace files that exist
}

// forEach reads the input and calls each for every record that can be judged, in input order,
// and then last.
func (o *RowOptions) forEach(ctx context.Context, p shingle.Params, summary *Summary, analyse analyser, each func(*item, io.Writer) error, last func(io.Writer) error) error {
	start := time.Now()
	defer func() { summary.finish(start) }()
	rejects, err := openRows(o.Rejects, o.Force, nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(o.Output)
	o.Input.OnReject = func(r *record.Reject) error { return rejects.write(r) }
	t := &tally{in: &o.Input, summary: summary}
	err = o.Input.run(ctx, position{}, p, analyse, func(it *item) error {
		judge, err := t.admit(it)
		if err != nil || !judge {
			return err
		}
		return each(it, out)
	})
	if err == nil && last != nil {
		err = last(out)
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		return errors.Join(err, rejects.Remove())
	}
	return rejects.Commit()
}
