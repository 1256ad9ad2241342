package dedup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"neardup/internal/codec"
	"neardup/internal/durable"
)

// A packer writes an output of records: compressed in members or frames, in parts if asked,
// to files that appear when all is complete, or to a stream. What it writes depends on the
// records alone and not on when it is synced.
type packer struct {
	path      string
	codec     codec.Codec
	preamble  []byte // what every part begins with
	splitSize int64  // of a part, from which the next begins; 0 for one part
	force     bool
	alone     bool // a record is a member or frame of its own

	stream *bufio.Writer // instead of files
	temp   string
	file   *durable.File // the present part
	parts  []int64       // sizes of the complete ones
	empty  bool          // nothing was written to the present part
	atEnd  bool          // of a record stands what was written to it

	pending    []byte // the frame in the making
	queue      []chan frame
	compressor *codec.Compressor
	idle       sync.Pool      // of compressors
	long       io.WriteCloser // of a record too long for a frame that stands for itself
}

// A frame is compressed; recordEnds tells that a record ends with it.
type frame struct {
	bytes      []byte
	recordEnds bool
	err        error
}

const (
	frameBytes    = 1 << 20 // from which a frame ends with the record
	maxFrameBytes = 8 << 20 // from which it ends in any case
	framesAtOnce  = 4       // compressed side by side
)

// open begins the output, or takes it up where it stood.
func (p *packer) open(resumed *partial) (err error) {
	if p.compressor, err = codec.NewCompressor(p.codec); err != nil {
		return err
	}
	if p.stream != nil {
		p.empty = true
		return p.begin()
	}
	size := int64(0)
	if resumed != nil {
		p.temp, p.parts, size = resumed.Temp, slices.Clone(resumed.Parts), resumed.Size
		p.pending, p.atEnd = slices.Clone(resumed.Tail), !resumed.Within
	} else if p.splitSize > 0 {
		p.temp = durable.PartialName(p.path)
		if err := checkParts(p.path, p.force); err != nil {
			return err
		}
	}
	return p.openPart(size)
}

func (p *packer) openPart(size int64) (err error) {
	path, temp := p.path, p.temp
	if p.splitSize > 0 {
		path, temp = partName(path, len(p.parts)+1), partName(temp, len(p.parts)+1)
	}
	if temp == "" {
		p.file, err = durable.Create(path, p.force)
	} else {
		p.file, err = durable.Resume(path, temp, size)
	}
	if err != nil {
		return err
	}
	if p.splitSize == 0 {
		p.temp = p.file.Temp()
	}
	p.empty = size == 0
	if size > 0 {
		return nil
	}
	return p.begin()
}

// begin writes what every part begins with.
func (p *packer) begin() error {
	p.atEnd = true
	if len(p.preamble) == 0 {
		return nil
	}
	return p.emit(frame{p.compressor.Compress(p.preamble), true, nil})
}

func (p *packer) out() io.Writer {
	if p.stream != nil {
		return p.stream
	}
	return p.file
}

// Write appends bytes of a record.
func (p *packer) Write(b []byte) (int, error) {
	switch {
	case p.codec == codec.None:
		return len(b), p.emit(frame{b, false, nil})
	case p.long != nil:
		return p.long.Write(b)
	}
	p.pending = append(p.pending, b...)
	if len(p.pending) < maxFrameBytes {
		return len(b), nil
	}
	if p.alone {
		return len(b), p.stretch()
	}
	return len(b), p.cut(false)
}

// endRecord ends a record.
func (p *packer) endRecord() error {
	switch {
	case p.codec == codec.None:
		p.atEnd = true
		return nil
	case p.long != nil:
		err := p.long.Close()
		p.long, p.atEnd = nil, true
		return err
	case p.alone || len(p.pending) >= frameBytes:
		return p.cut(true)
	}
	return nil
}

// stretch goes on with a record that is too long to be compressed in memory.
func (p *packer) stretch() error {
	if err := p.drain(0); err != nil {
		return err
	}
	if err := p.turn(); err != nil {
		return err
	}
	p.empty, p.atEnd = false, false
	p.long = p.compressor.Writer(p.out())
	_, err := p.long.Write(p.pending)
	p.pending = nil
	return err
}

// cut compresses what is pending, beside what follows.
func (p *packer) cut(recordEnds bool) error {
	done := make(chan frame, 1)
	b := p.pending
	p.pending = nil
	go func() {
		c, ok := p.idle.Get().(*codec.Compressor)
		if !ok {
			var err error
			if c, err = codec.NewCompressor(p.codec); err != nil {
				done <- frame{err: err}
				return
			}
		}
		done <- frame{c.Compress(b), recordEnds, nil}
		p.idle.Put(c)
	}()
	p.queue = append(p.queue, done)
	return p.drain(framesAtOnce)
}

// drain writes frames until no more than so many are left in the making.
func (p *packer) drain(left int) error {
	for len(p.queue) > left {
		f := <-p.queue[0]
		p.queue = p.queue[1:]
		if err := p.emit(f); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) emit(f frame) error {
	if f.err != nil {
		return f.err
	}
	if err := p.turn(); err != nil {
		return err
	}
	p.empty, p.atEnd = false, f.recordEnds
	_, err := p.out().Write(f.bytes)
	return err
}

// turn begins another part if the present one is full.
func (p *packer) turn() error {
	if p.splitSize == 0 || p.stream != nil || !p.atEnd || p.empty || p.file.Size() < max(p.splitSize, int64(len(p.preamble))+1) {
		return nil
	}
	if err := p.endPart(); err != nil {
		return err
	}
	return p.openPart(0)
}

func (p *packer) endPart() error {
	p.parts = append(p.parts, p.file.Size())
	return errors.Join(p.file.Sync(), p.file.Abandon())
}

// end completes the content of the output.
func (p *packer) end() error {
	if len(p.pending) > 0 {
		if err := p.cut(true); err != nil {
			return err
		}
	}
	if err := p.drain(0); err != nil {
		return err
	}
	if p.empty && p.codec != codec.None { // nothing is no stream
		return p.emit(frame{p.compressor.Compress(nil), true, nil})
	}
	return nil
}

func (p *packer) Sync() error {
	if err := p.drain(0); err != nil {
		return err
	}
	if p.stream != nil {
		return p.stream.Flush()
	}
	return p.file.Sync()
}

func (p *packer) state() partial {
	if p.stream != nil {
		return partial{}
	}
	return partial{Temp: p.temp, Size: p.file.Size(), Parts: p.parts, Tail: p.pending, Within: !p.atEnd}
}

func (p *packer) Commit() error {
	if err := p.end(); err != nil {
		return err
	}
	if p.stream != nil {
		return p.stream.Flush()
	}
	if p.splitSize == 0 {
		return p.file.Commit()
	}
	if err := p.endPart(); err != nil {
		return err
	}
	for i := range p.parts {
		if err := durable.Rename(partName(p.temp, i+1), partName(p.path, i+1)); err != nil {
			return err
		}
	}
	return removeParts(p.path, len(p.parts))
}

func (p *packer) Abandon() error {
	if p.stream != nil {
		return nil
	}
	return p.file.Abandon()
}

func (p *packer) Remove() error {
	if p.stream != nil {
		return nil
	}
	err := p.file.Remove()
	for i := range p.parts {
		if e := os.Remove(partName(p.temp, i+1)); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// partName puts the number of a part before the extensions of a name.
func partName(path string, n int) string {
	dir, base := filepath.Split(path)
	stem, ext := base, ""
	if i := strings.IndexByte(base[min(1, len(base)):], '.'); i >= 0 {
		stem, ext = base[:i+1], base[i+1:]
	}
	return dir + fmt.Sprintf("%s-%05d%s", stem, n, ext)
}

// partsOf returns the files that look like parts of an output, in order of their numbers.
func partsOf(path string) []string {
	names, err := filepath.Glob(strings.Replace(globQuoted(partName(path, 0)), "-00000", "-[0-9][0-9][0-9][0-9][0-9]", 1))
	if err != nil {
		return nil
	}
	return names
}

func globQuoted(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

func checkParts(path string, force bool) error {
	if names := partsOf(path); len(names) > 0 && !force {
		return fmt.Errorf("%s: %w", names[0], durable.ErrExists)
	}
	return nil
}

// removeParts removes the parts of an earlier output that had more of them.
func removeParts(path string, n int) error {
	var errs []error
	for _, name := range partsOf(path) {
		if name > partName(path, n) {
			errs = append(errs, os.Remove(name))
		}
	}
	return errors.Join(errs...)
}
