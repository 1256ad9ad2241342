package dedup

import (
	"io"

	"neardup/internal/record"
)

// ChangedPages is an output for pages that were changed: a file for one page, else a new
// directory in which each has the name that it has in the input that was named. It appears
// when it is complete. A nil *ChangedPages is one that nobody asked for.
type ChangedPages struct{ out sink }

// ChangePages begins an output for pages of sources, which were found in inputs. out is a file
// or a directory; "-" is stdout. With force a file is replaced.
func ChangePages(inputs []string, sources []*record.Source, out string, stdout io.Writer, force bool) (*ChangedPages, error) {
	o := &CleanOptions{Input: Input{Sources: sources}, Inputs: inputs, Out: out, Stdout: stdout, Force: force}
	if err := o.checkOut(); err != nil {
		return nil, err
	}
	s, err := newSink(o, nil)
	return &ChangedPages{s}, err
}

// Write writes the bytes of a page. Pages must come in the order of their sources.
func (c *ChangedPages) Write(source *record.Source, page []byte) error {
	return c.Copy(&record.Raw{Source: source, Bytes: page, Length: int64(len(page))})
}

// Copy writes a page as it stands in its source.
func (c *ChangedPages) Copy(raw *record.Raw) error { return c.out.write(raw) }

// Commit completes the output and gives it its name.
func (c *ChangedPages) Commit() error {
	if err := c.out.end(); err != nil {
		return err
	}
	return c.out.Commit()
}

// Remove removes the output, unless it was committed.
func (c *ChangedPages) Remove() error {
	if c == nil {
		return nil
	}
	return c.out.Remove()
}
