package dedup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"

	"neardup/internal/record"
	"neardup/shingle"
	"neardup/store"
)

// An Input says what a job reads, and how.
type Input struct {
	Sources        []*record.Source
	Fields         record.Fields
	MaxRecordBytes int64   // zero means record.DefaultMaxBytes
	MaxBadRate     float64 // of rejects among records, looked at after badRateAfter records
	OnBad          OnBad
	Threads        int // zero means one for each core

	// OnReject is called for every reject, in input order. It may be nil.
	OnReject func(*record.Reject) error

	// idle makes the pipeline hand on what is there rather than wait for more, and is called
	// before it waits. It may be nil.
	idle func() error

	// Progress is called now and then with the bytes and records read so far. It may be nil.
	Progress func(bytes, records int64)
}

// OnBad says what happens to a record that can't be judged.
type OnBad string

// What can happen to a record that can't be judged. It is counted and listed in any case.
const (
	SkipBad OnBad = "skip" // it is left out of the output
	KeepBad OnBad = "keep" // its bytes pass through
	FailBad OnBad = "fail" // the job stops
)

const badRateAfter = 1000

// ErrBadRate reports that more of the input was rejected than allowed.
var ErrBadRate = errors.New("too many records can't be judged")

// An item is a record on its way through the pipeline.
type item struct {
	raw    *record.Raw
	source int             // number of its source
	after  record.Position // behind it
	blank  bool

	// Set by the workers, unless it is blank.
	rec    record.Record
	reject *record.Reject
	analysis
}

func (it *item) document(run uint64) Document {
	return Document{
		ID: it.rec.ID, MadeID: !it.rec.OwnID, Text: it.rec.Text, Date: it.rec.Date, Site: site(it.rec.URL),
		location: store.Location{Run: run, Source: uint32(it.source), Offset: it.raw.Offset, Length: it.raw.Length},
	}
}

// A batch is a run of items in input order; done is closed when the workers are through.
type batch struct {
	items []*item
	bytes int64
	done  chan struct{}
}

// largeText is the length in bytes from which texts are analysed one at a time, by a digester
// that is let go afterwards: it takes about twenty times the memory of the text.
const largeText = 1 << 20

const (
	batchItems = 128
	batchBytes = 1 << 20
)

// position is where a job stands in its input.
type position struct {
	Source int             `json:"source"`
	At     record.Position `json:"at"`
}

// An analyser computes what a job needs to know of a text.
type analyser func(*shingle.Digester, string) analysis

// run reads the input from a position, decodes and analyses records on all threads, and
// calls consume for each in input order.
func (in *Input) run(ctx context.Context, from position, p shingle.Params, analyse analyser, consume func(*item) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	threads := in.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	ordered := make(chan *batch, threads+1)
	work := make(chan *batch, threads+1)

	var workers sync.WaitGroup
	var large sync.Mutex
	decoder := record.NewDecoder(in.Fields)
	for range threads {
		workers.Go(func() {
			digester := p.NewDigester()
			for b := range receive(ctx, work) {
				for _, it := range b.items {
					if it.blank {
						continue
					}
					if it.rec, it.reject = decoder.Decode(it.raw); it.reject != nil {
						continue
					}
					if len(it.rec.Text) < largeText {
						it.analysis = analyse(digester, it.rec.Text)
						continue
					}
					large.Lock()
					it.analysis = analyse(p.NewDigester(), it.rec.Text)
					large.Unlock()
				}
				close(b.done)
			}
		})
	}
	defer workers.Wait()
	defer cancel(nil) // first: it ends the workers
	// The reader is not waited for: it may stand in a read of a pipe that never ends.
	go func() {
		defer close(ordered)
		defer close(work)
		if err := in.read(ctx, from, func(b *batch) bool {
			return send(ctx, ordered, b) && send(ctx, work, b)
		}); err != nil {
			cancel(err)
		}
	}()

	for {
		b, err := await(ctx, in.idle, ordered)
		if err == nil && b != nil {
			_, err = await(ctx, in.idle, b.done)
		}
		if err != nil || b == nil {
			return err
		}
		for _, it := range b.items {
			if err := consume(it); err != nil {
				return err
			}
		}
	}
}

// await returns what comes through c next, the zero value if it is closed. It calls idle, if
// that is not nil, before it waits.
func await[T any](ctx context.Context, idle func() error, c <-chan T) (v T, err error) {
	if idle != nil {
		select {
		case v = <-c:
			return v, context.Cause(ctx)
		default:
			if err := idle(); err != nil {
				return v, err
			}
		}
	}
	select {
	case v = <-c:
	case <-ctx.Done():
	}
	return v, context.Cause(ctx)
}

// receive yields what comes through c until it is closed or the context ends.
func receive(ctx context.Context, c <-chan *batch) iter.Seq[*batch] {
	return func(yield func(*batch) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case b, ok := <-c:
				if !ok || !yield(b) {
					return
				}
			}
		}
	}
}

func send(ctx context.Context, c chan<- *batch, b *batch) bool {
	select {
	case c <- b:
		return true
	case <-ctx.Done():
		return false
	}
}

// read cuts the sources into batches until emit returns false.
func (in *Input) read(ctx context.Context, from position, emit func(*batch) bool) error {
	maxBytes := in.MaxRecordBytes
	if maxBytes <= 0 {
		maxBytes = record.DefaultMaxBytes
	}
	b := &batch{done: make(chan struct{})}
	for i := from.Source; i < len(in.Sources); i++ {
		start := record.Position{}
		if i == from.Source {
			start = from.At
		}
		r, err := in.Sources[i].Reader(start, maxBytes)
		if err != nil {
			return err
		}
		for ctx.Err() == nil {
			raw, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			b.items = append(b.items, &item{raw: raw, source: i, after: r.Position(), blank: raw.Blank()})
			b.bytes += int64(len(raw.Bytes))
			if len(b.items) == batchItems || b.bytes >= batchBytes || in.idle != nil && !r.Ready() {
				if !emit(b) {
					return nil
				}
				b = &batch{done: make(chan struct{})}
			}
		}
	}
	emit(b)
	return nil
}

// A tally is the part of every job that is the same: it counts what is read and rejected,
// and holds the limits.
type tally struct {
	in        *Input
	summary   *Summary
	at        position
	noText    string // detail of the first record without text
	beforeNow int64  // bytes of the sources before the present one
}

// admit counts an item and reports whether it is to be judged.
func (t *tally) admit(it *item) (bool, error) {
	s := t.summary
	s.Read++
	if it.source != t.at.Source {
		t.beforeNow += t.at.At.Offset
	}
	t.at = position{it.source, it.after}
	s.BytesRead = t.beforeNow + it.after.Offset
	if t.in.Progress != nil && s.Read%256 == 0 {
		t.in.Progress(s.BytesRead, s.Read)
	}
	switch {
	case it.blank:
		s.Blank++
		return false, nil
	case it.reject == nil:
		return true, t.checkBadRate()
	}
	s.Rejected++
	if t.noText == "" && it.reject.Reason == record.NoText {
		t.noText = it.reject.Detail
	}
	if t.in.OnReject != nil {
		if err := t.in.OnReject(it.reject); err != nil {
			return false, err
		}
	}
	if t.in.OnBad == FailBad {
		return false, it.reject
	}
	return false, t.checkBadRate()
}

func (t *tally) checkBadRate() error {
	s := t.summary
	if s.Read < badRateAfter || float64(s.Rejected) <= t.in.MaxBadRate*float64(s.Read) {
		return nil
	}
	err := fmt.Errorf("%w: %d of %d", ErrBadRate, s.Rejected, s.Read)
	if t.noText != "" {
		err = fmt.Errorf("%w; %s", err, t.noText)
	}
	return err
}

// runTexts gives the texts of the records of the run in progress, by reading them again.
type runTexts struct {
	run     uint64
	sources []*record.Source
	decoder *record.Decoder
}

func (t *runTexts) text(l store.Location) (string, bool, error) {
	if l.Run != t.run || int(l.Source) >= len(t.sources) {
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
