package dedup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"neardup/internal/durable"
	"neardup/internal/record"
	"neardup/store"
)

// FilterOptions say what [Filter] does.
type FilterOptions struct {
	Options // how documents are compared
	Input   Input

	Index  string // directory of a persistent index; empty for a temporary one
	Out    string // file; "-" is Stdout
	Stdout io.Writer

	Rejects string // file of rows on what can't be judged; empty for none
	Force   bool   // replace files that exist

	Tag    bool // write every record, with what is said of it
	Invert bool // write the duplicates and not the new records
	Frozen bool // judge against what the index holds, and add nothing

	// Flush bounds how long a verdict waits for others to share its write to disk with.
	// Zero means DefaultFlush.
	Flush time.Duration

	// OnSummary is called every SummaryEvery with what is durable and written so far, and may
	// be nil; Copies is a directory in which a copy of the index is kept, made anew every
	// CopyEvery, or empty.
	OnSummary    func(Summary) error
	SummaryEvery time.Duration
	Copies       string
	CopyEvery    time.Duration
}

// DefaultFlush is long enough for a batch of thousands and not noticed by people.
const DefaultFlush = 50 * time.Millisecond

// A group of verdicts shares a commit.
const (
	groupItems = 2000
	groupBytes = 8 << 20
)

// Filter writes the records that are new, of a stream that may never end: a record is judged
// against all that came before, in this run and in earlier ones with the index, and written
// once that verdict is durable. A record that brings an id of its own and is seen again is
// judged as the first time, so that a stream can be sent again after a failure.
//
// From files to a file it goes on where it stood after it was interrupted or killed, like
// [Clean].
func Filter(ctx context.Context, o FilterOptions) (Summary, error) {
	for _, s := range o.Input.Sources {
		if s.Format != record.JSONL && (s.Format != record.Lines || o.Tag) {
			return Summary{}, fmt.Errorf("%s: filter reads JSON lines, or lines without tags; this is %s", s.Name, s.Format)
		}
	}
	if o.Frozen {
		o.ReadOnly = o.Index != ""
		o.MustExist = true
	}
	if o.Flush <= 0 {
		o.Flush = DefaultFlush
	}
	if o.Out != record.Stdin && !isDevice(o.Out) {
		return filterFiles(ctx, o)
	}
	f := &filter{o: o, start: time.Now()}
	f.written.Store(&Summary{})
	err := f.open()
	if err == nil {
		err = f.run(ctx)
	}
	err = errors.Join(err, f.close(err))
	return f.progress(), err
}

// filterFiles is Filter to a file: the same run as Clean, with what Filter writes.
func filterFiles(ctx context.Context, o FilterOptions) (Summary, error) {
	c := &cleaner{filter: &o, o: CleanOptions{
		Options: o.Options, Input: o.Input, Index: o.Index, Out: o.Out, Rejects: o.Rejects, Force: o.Force,
	}}
	return c.clean(ctx)
}

// judge judges a record, and adds it unless nothing is to be added.
func (o *FilterOptions) judge(d *Deduper, it *item) (judgement, error) {
	doc := it.document()
	doc.location = store.Location{} // it is not read again
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.Frozen {
		return d.judge(doc, &it.analysis)
	}
	return d.stage(doc, it.analysis)
}

// replays tells which records may be the same as an earlier one: all, but if the index is
// frozen none is part of it.
func (o *FilterOptions) replays() func(store.DocNum) bool {
	if o.Frozen {
		return func(store.DocNum) bool { return false }
	}
	return nil
}

// passes returns the record as it is written, nil if it is not.
func (o *FilterOptions) passes(raw *record.Raw, v Verdict) *record.Raw {
	switch {
	case o.Tag:
		tagged := *raw
		tagged.Bytes = tag(raw.Bytes, v)
		return &tagged
	case v.Duplicate() == o.Invert:
		return raw
	}
	return nil
}

// tagRow is what is said of a record inside it. All but the kind is null for a unique one.
type tagRow struct {
	Kind        Kind     `json:"kind"`
	Of          *string  `json:"of"`
	Distance    *int     `json:"distance"`
	Resemblance *float64 `json:"resemblance"`
}

// tag returns a JSON object with one more member, before its last brace; every other byte
// stays. Of members with the same name readers take the last.
func tag(object []byte, v Verdict) []byte {
	t := tagRow{Kind: v.Kind}
	if v.Kind != Unique {
		resemblance := round(v.Resemblance)
		t.Of, t.Distance, t.Resemblance = &v.Of, &v.Distance, &resemblance
	}
	var member bytes.Buffer
	member.WriteString(`,"neardup":`)
	_ = encodeRow(&member, t) // to memory, and it has no value that can't be encoded
	at := bytes.LastIndexByte(object, '}')
	return slices.Concat(object[:at], bytes.TrimSuffix(member.Bytes(), []byte("\n")), object[at:])
}

// A filter is a run of Filter that writes to a stream. Verdicts are collected in groups. A
// group ends when there is nothing more to judge at the moment, and when it is old or large;
// then its documents go to the database, and a second goroutine waits until they are durable
// and writes the records, while the next group is judged.
type filter struct {
	o       FilterOptions
	start   time.Time
	d       *Deduper
	out     *bufio.Writer
	device  *durable.File // that out writes to, nil for Stdout
	rejects rows

	judged   Summary // what the records of the group and of all before it came to
	clusters numberSet
	group    *group
	groups   chan *group

	written atomic.Pointer[Summary] // what the records that were written came to
	broken  bool                    // the last of them had no line ending
}

// A group are records that become durable together.
type group struct {
	began   time.Time
	items   int
	bytes   int64
	rejects bool
	passing []*record.Raw
	wait    func() error
	summary Summary // up to here
}

// drainTime is how long a filter that is stopped waits for a reader that does not read.
const drainTime = time.Second

func (f *filter) open() error {
	var err error
	if f.d, err = Open(f.o.Index, &f.o.Options); err != nil {
		return err
	}
	f.d.replays = f.o.replays()
	out := f.o.Stdout
	if f.o.Out != record.Stdin {
		if f.device, err = durable.Create(f.o.Out, f.o.Force); err != nil {
			return err
		}
		out = f.device
	}
	f.out = bufio.NewWriterSize(out, 256<<10)
	f.rejects, err = openRows(f.o.Rejects, f.o.Force, nil)
	return err
}

func (f *filter) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f.group, f.groups = &group{}, make(chan *group, 1)
	written := make(chan error, 1)
	go func() {
		err := f.write()
		if err != nil {
			cancel(err)
		}
		written <- err
	}()
	t := &tally{in: &f.o.Input, summary: &f.judged}
	t.in.OnReject = func(r *record.Reject) error {
		f.group.rejects = true
		return f.rejects.write(r)
	}
	t.in.idle = func() error { return f.handOn(ctx) }
	t.in.ahead = f.d.lookAhead
	err := t.in.run(ctx, position{}, f.d.opts.Params, f.d.analyse, func(it *item) error {
		judge, err := t.admit(it)
		if err != nil {
			return err
		}
		return f.take(ctx, it, judge)
	})
	// What was judged is written, also if the run is to end.
	drain, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer stop()
	if err == nil {
		drain = ctx
	}
	if e := f.handOn(drain); err == nil {
		err = e
	}
	close(f.groups)
	select {
	case e := <-written:
		if e != nil {
			err = e // it is why the rest ended
		}
	case <-drain.Done():
		if err == nil {
			err = context.Cause(drain)
		}
	}
	return err
}

// take adds an item to the group.
func (f *filter) take(ctx context.Context, it *item, judge bool) error {
	g := f.group
	if g.items == 0 {
		g.began = time.Now()
	}
	g.items++
	g.bytes += int64(len(it.raw.Bytes))
	switch {
	case judge:
		j, err := f.o.judge(f.d, it)
		if err != nil {
			return err
		}
		f.judged.count(j.Verdict)
		f.judged.Overflow = f.d.overflow
		if j.Duplicate() && f.clusters.add(j.of) {
			f.judged.Clusters++
		}
		if raw := f.o.passes(it.raw, j.Verdict); raw != nil {
			g.passing = append(g.passing, raw)
		}
	case it.reject != nil && f.o.Input.OnBad == KeepBad && it.raw.Bytes != nil:
		g.passing = append(g.passing, it.raw)
	}
	if g.items < groupItems && g.bytes < groupBytes && time.Since(g.began) < f.o.Flush {
		return nil
	}
	return f.handOn(ctx)
}

// handOn begins the commit of the group and passes it on to be written.
func (f *filter) handOn(ctx context.Context) error {
	g := f.group
	if g.items == 0 {
		return nil
	}
	f.group = &group{}
	if g.rejects {
		if err := f.rejects.Sync(); err != nil {
			return err
		}
	}
	g.wait = func() error { return nil }
	if !f.o.Frozen {
		var err error
		if g.wait, err = f.d.index.Begin(); err != nil {
			return err
		}
	}
	g.summary = f.judged
	select {
	case f.groups <- g:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// write writes groups until there are no more, and now and then what it has come to.
func (f *filter) write() error {
	summaries, stop := ticks(f.o.SummaryEvery, f.o.OnSummary != nil)
	defer stop()
	copies, stop := ticks(f.o.CopyEvery, f.o.Copies != "")
	defer stop()
	for {
		var err error
		select {
		case g, ok := <-f.groups:
			if !ok {
				return nil
			}
			err = f.writeGroup(g)
		case <-summaries:
			err = f.o.OnSummary(f.progress())
		case <-copies:
			if err = f.d.Copy(f.o.Copies); errors.Is(err, store.ErrLocked) {
				err = nil // someone looks at it: it is replaced the next time
			}
		}
		if err != nil {
			return err
		}
	}
}

// ticks returns a channel that tells when so much time has gone, if that is wanted.
func ticks(every time.Duration, wanted bool) (<-chan time.Time, func()) {
	if !wanted || every <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(every)
	return t.C, t.Stop
}

func (f *filter) writeGroup(g *group) error {
	if err := g.wait(); err != nil {
		return err
	}
	for _, raw := range g.passing {
		if f.broken {
			if err := f.out.WriteByte('\n'); err != nil {
				return err
			}
		}
		f.broken = len(raw.End) == 0
		if _, err := f.out.Write(raw.Bytes); err != nil {
			return err
		}
		if _, err := f.out.Write(raw.End); err != nil {
			return err
		}
	}
	if err := f.out.Flush(); err != nil {
		return err
	}
	if err := f.device.Sync(); err != nil {
		return err
	}
	f.written.Store(&g.summary)
	return nil
}

// progress returns what the records that were written came to.
func (f *filter) progress() Summary {
	s := *f.written.Load()
	s.finish(f.start)
	return s
}

func (f *filter) close(failed error) error {
	var err error
	if f.d != nil {
		err = f.d.Close()
	}
	if failed != nil && f.written.Load().Rejected == 0 {
		return errors.Join(err, f.rejects.Remove())
	}
	return errors.Join(err, f.rejects.Commit(), f.device.Commit())
}
