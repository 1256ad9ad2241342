package dedup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"

	"neardup/internal/codec"
	"neardup/internal/record"
	"neardup/shingle"
	"neardup/store"
)

// An Input says what a job reads, and how.
type Input struct {
	Sources        []*record.Source
	Fields         record.Fields
	MaxRecordBytes int64   // zero means record.DefaultMaxBytes
	MaxDecoded     int64   // bytes of a source when it is decompressed, zero means no limit
	MainText       bool    // of pages only what is no navigation, menu or footer
	Replace        bool    // what is not valid in its encoding is compared as U+FFFD, and no reject
	MaxBadRate     float64 // of rejects among records, looked at after badRateAfter records
	OnBad          OnBad
	Threads        int // zero means one for each core

	// OnReject is called for every reject, in input order. It may be nil.
	OnReject func(*record.Reject) error

	// idle makes the pipeline hand on what is there rather than wait for more, and is called
	// before it waits. It may be nil.
	idle func() error

	// ahead, if it is not nil, is asked for every batch for what analyses it, and what is called
	// with its items before they are consumed.
	ahead func() (analyser, func([]*item))

	// Progress is called now and then with the bytes and records read so far, the bytes as they
	// stand in the sources. It may be nil.
	Progress func(bytes, records int64)

	items    iter.Seq2[*item, error] // instead of what the sources hold; each has a location
	texts    *runTexts               // keeps texts that can't be read again, if anyone needs them
	copyLong bool                    // the bytes of every record must be at hand
}

func (in *Input) decoder() *record.Decoder {
	return record.NewDecoder(record.DecodeOptions{Fields: in.Fields, MaxBytes: in.MaxRecordBytes, MainText: in.MainText, Replace: in.Replace})
}

func (in *Input) readOptions() record.ReadOptions {
	return record.ReadOptions{MaxBytes: in.MaxRecordBytes, MaxDecoded: in.MaxDecoded, Fields: in.Fields, CopyLong: in.copyLong}
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

// A BadRateError reports that more of the input was rejected than allowed.
type BadRateError struct {
	Rejected, Read int64
	NoText         *record.Reject // the first for which that was the reason, nil if there is none
}

func (e *BadRateError) Error() string {
	s := fmt.Sprintf("too many records can't be judged: %d of %d", e.Rejected, e.Read)
	if e.NoText != nil {
		s += "; " + e.NoText.Error()
	}
	return s
}

// An item is a record on its way through the pipeline.
type item struct {
	raw    *record.Raw     // nil if it was read before
	source int             // number of its source
	after  record.Position // behind it
	read   int64           // bytes of its source read until then, as they stand there
	blank  bool

	// Set by the workers, unless it is blank.
	rec    record.Record
	reject *record.Reject
	host   string // of its address
	packed []byte // the text, if it must be kept
	analysis

	location store.Location // of the text
	ordinal  int64          // number in the input
}

func (it *item) document() Document {
	return Document{
		ID: it.rec.ID, MadeID: !it.rec.OwnID, Text: it.rec.Text, Date: it.rec.Date, Site: it.host,
		location: it.location,
	}
}

// place says where the text can be read again, and keeps it if it must.
func (it *item) place(t *runTexts) (err error) {
	switch {
	case t == nil || it.blank || it.reject != nil || it.raw == nil || it.raw.Other:
	case it.packed != nil:
		it.location, err = t.keep(it.packed)
		it.packed = nil
	default:
		it.location = store.Location{Run: t.run, Source: uint32(it.source), Offset: it.raw.Offset, Length: it.raw.Length}
	}
	return err
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
type analyser func(*shingle.Digester, *item) analysis

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
	decoder := in.decoder()
	for range threads {
		workers.Go(func() {
			digester := p.NewDigester()
			packer, err := codec.NewFastCompressor()
			if err != nil {
				cancel(err)
				return
			}
			for b := range receive(ctx, work) {
				analyse, done := analyse, func([]*item) {}
				if in.ahead != nil {
					analyse, done = in.ahead()
				}
				for _, it := range b.items {
					if err = in.decode(decoder, it); err != nil {
						break
					}
					if it.blank || it.reject != nil || it.raw != nil && it.raw.Other {
						continue
					}
					if it.raw != nil && in.texts != nil && !it.raw.Source.Again() {
						it.packed = packer.Compress([]byte(it.rec.Text))
					}
					if len(it.rec.Text) < largeText {
						it.analysis = analyse(digester, it)
						continue
					}
					large.Lock()
					it.analysis = analyse(p.NewDigester(), it)
					large.Unlock()
				}
				done(b.items)
				if err != nil {
					cancel(err)
					return
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
		for i, it := range b.items {
			err := it.place(in.texts)
			if err == nil {
				err = consume(it)
			}
			if it.raw != nil {
				it.raw.Release()
			}
			b.items[i] = nil
			if err != nil {
				return err
			}
		}
	}
}

// decode reads the record of an item, or its text again.
func (in *Input) decode(d *record.Decoder, it *item) (err error) {
	switch {
	case it.blank:
	case it.raw == nil:
		it.rec.Text, err = in.texts.again(it.location)
	default:
		it.rec, it.reject = d.Decode(it.raw)
		it.host = site(it.rec.URL)
	}
	return err
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
	if in.items != nil {
		return in.readItems(emit)
	}
	b := &batch{done: make(chan struct{})}
	flush := func() bool {
		full := b
		b = &batch{done: make(chan struct{})}
		return emit(full)
	}
	for i := from.Source; i < len(in.Sources); i++ {
		start := record.Position{}
		if i == from.Source {
			start = from.At
		}
		more, err := in.readSource(ctx, i, start, func(it *item, ready bool) bool {
			b.items = append(b.items, it)
			b.bytes += it.raw.Length
			wait := len(b.items) < batchItems && b.bytes < batchBytes && (in.idle == nil || ready)
			return wait || flush()
		})
		if err != nil || !more {
			return err
		}
	}
	flush()
	return nil
}

// readItems cuts the items into batches until emit returns false.
func (in *Input) readItems(emit func(*batch) bool) error {
	b := &batch{done: make(chan struct{})}
	for it, err := range in.items {
		if err != nil {
			return err
		}
		b.items = append(b.items, it)
		b.bytes += it.location.Length
		if len(b.items) == batchItems || b.bytes >= batchBytes {
			if !emit(b) {
				return nil
			}
			b = &batch{done: make(chan struct{})}
		}
	}
	emit(b)
	return nil
}

// readSource emits the records of a source, with whether the next is there already, and reports
// whether more are wanted.
func (in *Input) readSource(ctx context.Context, i int, from record.Position, emit func(it *item, ready bool) bool) (more bool, err error) {
	r, err := in.Sources[i].Reader(from, in.readOptions())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for ctx.Err() == nil {
		raw, err := r.Next()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if !emit(&item{raw: raw, source: i, after: r.Position(), read: r.Consumed(), blank: raw.Blank()}, r.Ready()) {
			raw.Release()
			return false, nil
		}
	}
	return false, nil
}

// A tally is the part of every job that is the same: it counts what is read and rejected,
// and holds the limits.
type tally struct {
	in        *Input
	summary   *Summary
	at        position
	noText    *record.Reject // the first record without text
	beforeNow int64          // bytes of the sources before the present one
	read      int64          // of the sources before the present one, as they stand there
	readNow   int64          // and of the present one
}

// admit counts an item and reports whether it is to be judged.
func (t *tally) admit(it *item) (bool, error) {
	s := t.summary
	if it.source != t.at.Source {
		t.beforeNow += t.at.At.Offset
		t.read += t.readNow
	}
	t.at, t.readNow = position{it.source, it.after}, it.read
	s.BytesRead = t.beforeNow + it.after.Offset
	if t.in.Progress != nil && s.Read%256 == 0 {
		t.in.Progress(t.read+it.read, s.Read)
	}
	if it.raw.Other {
		s.Other++
		return false, nil
	}
	s.Read += 1 + it.raw.More
	it.ordinal = s.Read
	switch {
	case it.blank:
		s.Blank += 1 + it.raw.More
		return false, nil
	case it.reject == nil:
		s.countDate(it)
		return true, t.checkBadRate()
	}
	s.Rejected++
	if s.FirstReject == nil {
		s.FirstReject = it.reject
	}
	if t.noText == nil && it.reject.Reason == record.NoText {
		t.noText = it.reject
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
	if s.Read < badRateAfter || !over(s.Rejected, s.Read, t.in.MaxBadRate) {
		return nil
	}
	return &BadRateError{s.Rejected, s.Read, t.noText}
}
