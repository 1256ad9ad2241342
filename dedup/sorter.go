package dedup

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// A sorter puts any number of rows, which are bytes, into order. What does not fit into its
// memory it writes to a temporary file as runs in order, and merges them.
type sorter struct {
	dir    string
	memory int
	rows   []byte
	ends   []int // of the rows held
	file   *os.File
	runs   []int64 // where they end in the file
}

func newSorter(dir string, memory int64) *sorter {
	return &sorter{dir: dir, memory: int(max(memory, 1<<16))}
}

// rowBytes is what a row takes besides its bytes: its end, and its place while it is sorted.
const rowBytes = 24

func (s *sorter) add(row []byte) error {
	if len(s.rows)+len(s.ends)*rowBytes > s.memory {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.rows = append(s.rows, row...)
	s.ends = append(s.ends, len(s.rows))
	return nil
}

// sorted returns the rows held in order.
func (s *sorter) sorted() [][]byte {
	rows := make([][]byte, len(s.ends))
	start := 0
	for i, end := range s.ends {
		rows[i], start = s.rows[start:end:end], end
	}
	slices.SortFunc(rows, bytes.Compare)
	return rows
}

func (s *sorter) spill() error {
	end := int64(0)
	if s.file == nil {
		var err error
		if s.file, err = os.CreateTemp(s.dir, "neardup-sort-*"); err != nil {
			return err
		}
	} else {
		end = s.runs[len(s.runs)-1]
	}
	w := bufio.NewWriterSize(s.file, 1<<20)
	var length []byte
	for _, row := range s.sorted() {
		length = binary.AppendUvarint(length[:0], uint64(len(row)))
		w.Write(length) // errors are those of Flush
		w.Write(row)
		end += int64(len(length) + len(row))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("%s: %w", s.file.Name(), err)
	}
	s.runs = append(s.runs, end)
	s.rows, s.ends = s.rows[:0], s.ends[:0]
	return nil
}

// all yields the rows in order. A row is good until the next. No row may be added any more.
func (s *sorter) all() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if s.file == nil {
			for _, row := range s.sorted() {
				if !yield(row, nil) {
					return
				}
			}
			return
		}
		if err := s.merge(func(row []byte) bool { return yield(row, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func (s *sorter) merge(yield func([]byte) bool) error {
	if err := s.spill(); err != nil {
		return err
	}
	s.rows, s.ends = nil, nil
	var queue runReaders
	start := int64(0)
	buffer := min(max(s.memory/len(s.runs), 4<<10), 1<<20)
	for _, end := range s.runs {
		r := &runReader{in: bufio.NewReaderSize(io.NewSectionReader(s.file, start, end-start), buffer)}
		start = end
		if ok, err := r.next(); err != nil {
			return err
		} else if ok {
			queue = append(queue, r)
		}
	}
	heap.Init(&queue)
	for len(queue) > 0 {
		if !yield(queue[0].row) {
			return nil
		}
		ok, err := queue[0].next()
		switch {
		case err != nil:
			return err
		case ok:
			heap.Fix(&queue, 0)
		default:
			heap.Pop(&queue)
		}
	}
	return nil
}

// close removes the file. A sorter that is nil has none.
func (s *sorter) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// A runReader reads a run, row by row.
type runReader struct {
	in  *bufio.Reader
	row []byte
}

func (r *runReader) next() (bool, error) {
	n, err := binary.ReadUvarint(r.in)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.row = slices.Grow(r.row[:0], int(n))[:n]
	_, err = io.ReadFull(r.in, r.row)
	return err == nil, err
}

// runReaders gives the reader with the least row first.
type runReaders []*runReader

func (q runReaders) Len() int           { return len(q) }
func (q runReaders) Less(i, j int) bool { return bytes.Compare(q[i].row, q[j].row) < 0 }
func (q runReaders) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *runReaders) Push(r any)        { *q = append(*q, r.(*runReader)) }
func (q *runReaders) Pop() any {
	last := len(*q) - 1
	r := (*q)[last]
	*q = (*q)[:last]
	return r
}
