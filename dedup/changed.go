package dedup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"neardup/internal/record"
)

// ChangedPages is an output for pages that were changed: a file for one page, else a new
// directory in which each has the name that it has in the input that was named. It appears
// when it is complete. A nil *ChangedPages is one that nobody asked for.
type ChangedPages struct {
	out     sink
	tree    *treeSink // nil if it is a file
	entries []entry   // of the directory, when nothing is changed
	changed map[string]bool
}

// ChangePages begins an output for pages of sources, which were found in inputs. out is a file
// or a directory; "-" is stdout. With force a file is replaced.
func ChangePages(inputs []string, sources []*record.Source, out string, stdout io.Writer, force bool) (*ChangedPages, error) {
	o := &CleanOptions{Input: Input{Sources: sources}, Inputs: inputs, Out: out, Stdout: stdout, Force: force}
	if err := o.checkOut(); err != nil {
		return nil, err
	}
	c := &ChangedPages{changed: map[string]bool{}}
	var err error
	if o.isTree() {
		if c.entries, err = entriesOf(inputs); err != nil {
			return nil, err
		}
	}
	if c.out, err = newSink(o, nil); err != nil {
		return nil, err
	}
	c.tree, _ = c.out.(*treeSink)
	return c, nil
}

// Write writes the bytes of a page. Pages must come in the order of their sources.
func (c *ChangedPages) Write(source *record.Source, page []byte) error {
	c.changed[source.Name] = true
	return c.out.write(&record.Raw{Source: source, Bytes: page, Length: int64(len(page))})
}

// Copy writes a page as it stands in its source.
func (c *ChangedPages) Copy(raw *record.Raw) error {
	if c.Keeps(raw.Source) {
		return nil
	}
	return c.out.write(raw)
}

// Keeps reports whether a source of which nothing is written will be in the output all the same, as
// it is: a file will, if the output is a directory.
func (c *ChangedPages) Keeps(source *record.Source) bool { return c.tree != nil && source.Size >= 0 }

// Commit completes the output and gives it its name.
func (c *ChangedPages) Commit(ctx context.Context) error {
	if err := c.out.end(); err != nil {
		return err
	}
	for _, e := range c.entries {
		if c.changed[e.path] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.tree.copy(e); err != nil {
			return err
		}
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

// An entry is a file, a directory or a symbolic link in an input, and its name in the output.
type entry struct {
	path, name string
	mode       fs.FileMode
}

// entriesOf lists the files that are inputs, and all that is in directories, hidden or not.
func entriesOf(inputs []string) (entries []entry, err error) {
	taken := map[string]string{}
	add := func(e entry) error {
		switch other, ok := taken[e.name]; {
		case ok && !e.mode.IsDir():
			return fmt.Errorf("%s and %s would both be written as %s", other, e.path, e.name)
		case !e.mode.IsDir() && !e.mode.IsRegular() && e.mode.Type() != fs.ModeSymlink:
			return fmt.Errorf("%s is no file, directory or link, and can't be copied", e.path)
		}
		taken[e.name] = e.path
		entries = append(entries, e)
		return nil
	}
	for _, input := range inputs {
		if input == record.Stdin {
			continue
		}
		info, err := os.Stat(input)
		switch {
		case err != nil:
		case info.Mode().IsRegular():
			err = add(entry{input, filepath.Base(input), info.Mode()})
		case info.IsDir():
			root := input + string(filepath.Separator) // the directory also if input is a link to it
			err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
				if err != nil || path == root {
					return err
				}
				info, err := d.Info()
				if err != nil {
					return err
				}
				name, err := filepath.Rel(root, path)
				return errors.Join(err, add(entry{filepath.Clean(path), name, info.Mode()}))
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// copy writes what stands in an input as it is there.
func (s *treeSink) copy(e entry) error {
	path := filepath.Join(s.temp, e.name)
	switch e.mode.Type() {
	case fs.ModeDir:
		return os.MkdirAll(path, 0o777)
	case fs.ModeSymlink:
		to, err := os.Readlink(e.path)
		if err != nil {
			return err
		}
		return os.Symlink(to, path)
	}
	in, err := os.Open(e.path)
	if err != nil {
		return err
	}
	defer in.Close()
	const ownerWrites = 0o200 // what is to be synced must be open for writing
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, e.mode.Perm()|ownerWrites)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if s.unsynced = append(s.unsynced, path); len(s.unsynced) >= maxUnsynced {
		return s.Sync()
	}
	return nil
}
