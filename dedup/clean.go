package dedup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"neardup/internal/codec"
	"neardup/internal/durable"
	"neardup/internal/record"
	"neardup/shingle"
	"neardup/store"
)

// CleanOptions say what [Clean] does.
type CleanOptions struct {
	Options // how documents are compared
	Input   Input

	Inputs []string // as the user named them, for the names of the output
	Index  string   // directory of a persistent index; empty for a temporary one
	Out    string   // file, or directory; "-" is Stdout
	Stdout io.Writer

	Trim TrimOptions // what goes of the records that are kept

	Compress  *codec.Codec // of the output; nil means as the name of Out says, or that of the input
	SplitSize int64        // of a part of the output, from which the next begins; zero means one part

	Keep        KeepPolicy // which document of a cluster is kept
	Against     Input      // documents in whose favour others are dropped, and that are never written
	MaxDropRate *float64   // of the records that can be judged; if more would go nothing is written. Nil means no limit

	Removed string // file of rows on what was removed; empty for none
	Rejects string // file of rows on what can't be judged; empty for none
	Force   bool   // replace files that exist
	DryRun  bool   // write no Out, and leave the index alone
}

// removedRow is a line of the file of removed documents.
type removedRow struct {
	ID                string  `json:"id"`
	Kept              string  `json:"kept"`
	Kind              Kind    `json:"kind"`
	Distance          int     `json:"distance"`
	Resemblance       float64 `json:"resemblance"`
	Containment       float64 `json:"containment"`
	ContainmentOfKept float64 `json:"containment_of_kept"`
	Spans             []Span  `json:"spans"` // null if the kept text is not at hand
}

// commitItems is the number of records after which outputs and index are made durable.
const commitItems = 2000

// Clean writes the input without its duplicate documents, and accounts for every record in
// the summary. It reads the input twice, to know what is boilerplate before it judges, and once
// more if Keep or MaxDropRate want everything to be judged before the first record is written.
//
// With a persistent index a run that was interrupted, or killed, is taken up where it stood
// when it is started again, and writes the same bytes as one that was not. For that the
// outputs are synced first, then the documents and the place in the input are committed to
// the index in one batch, and a resumed run cuts the outputs back to that place.
func Clean(ctx context.Context, o CleanOptions) (Summary, error) {
	return (&cleaner{o: o}).clean(ctx)
}

func (c *cleaner) clean(ctx context.Context) (Summary, error) {
	start := time.Now()
	if len(c.o.Input.Sources) == 0 {
		return c.state.Summary, errors.New("there is no input")
	}
	if err := c.o.Trim.check(c.o.Input.Sources); err != nil {
		return c.state.Summary, err
	}
	c.o.Input.Fields.Rank = c.o.Keep.field()
	for _, s := range c.o.Input.Sources {
		if err := s.CheckFields(c.o.Input.Fields); err != nil {
			return c.state.Summary, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	err := c.open()
	if err == nil {
		err = c.prepare(ctx)
	}
	if err == nil {
		err = c.run(ctx)
	}
	err = errors.Join(err, c.close(err))
	c.state.Summary.finish(start)
	return c.state.Summary, err
}

// A cleaner is one run of Clean.
type cleaner struct {
	o        CleanOptions
	filter   *FilterOptions // of a filter that writes to a file, nil for Clean
	d        *Deduper
	name     string // of the checkpoint
	index    string // directory of the index, empty for a temporary one
	resume   bool   // the run can be taken up again
	begun    bool   // a checkpoint of the run stands in the index,
	judged   bool   // and some records were judged up to it
	state    checkpoint
	clusters numberSet

	reference *reference // nil if there is none
	trimmer   *trimmer   // nil if nothing goes of records
	verdicts  *verdicts  // on all records, nil if each is judged when it is written

	out     sink
	removed rows
	rejects rows
	texts   *runTexts
}

func (c *cleaner) open() error {
	c.index = c.o.Index
	if c.o.DryRun && c.index != "" {
		if _, err := os.Stat(c.index); errors.Is(err, os.ErrNotExist) {
			c.index = ""
		}
	}
	var err error
	if c.d, err = Open(c.index, &c.o.Options); err != nil {
		return err
	}
	c.resume = c.index != "" && !c.o.DryRun && !c.o.ReadOnly && c.o.Out != record.Stdin &&
		!slices.ContainsFunc(c.o.Input.Sources, func(s *record.Source) bool { return s.Size < 0 }) &&
		!slices.ContainsFunc([]string{c.o.Out, c.o.Removed, c.o.Rejects}, isDevice)
	c.state.Run = rand.Uint64() | 1
	c.state.Before = c.d.index.Last()
	c.state.Whole = c.o.judgesFirst() || c.o.Trim.Paragraphs
	resumed, err := c.findCheckpoint()
	if err != nil {
		return err
	}
	if resumed != nil {
		c.state, c.begun, c.judged = *resumed, true, resumed.Summary.Read > 0
		c.d.overflow = c.state.Summary.Overflow
		if err := c.recountClusters(); err != nil {
			return err
		}
	}
	if c.filter != nil {
		c.d.replays = c.filter.replays()
	} else {
		c.d.replays = c.replays
	}
	c.texts = c.o.Input.useTexts(c.state.Run, c.o.TempDir)
	c.d.texts = c.texts
	c.o.Input.copyLong = !c.o.DryRun
	if c.state.Stage != judging {
		return nil
	}
	if resumed == nil && !c.o.DryRun {
		if err := c.o.checkOut(); err != nil {
			return err
		}
	}
	if resumed == nil && c.resume {
		if err := c.nameOutputs(); err != nil {
			return err
		}
	}
	return c.openOutputs(c.begun)
}

// ErrReadOnce reports an input that would have to be read more than once and can't be.
var ErrReadOnce = errors.New("this input can be read only once")

// prepare reads the input, and the reference set, before it is cleaned: to know what is
// boilerplate and, if all is judged before the first record is written, to judge it.
func (c *cleaner) prepare(ctx context.Context) error {
	if c.filter != nil || c.state.Stage != judging {
		return nil
	}
	census := c.census()
	var q *queue
	switch {
	case (c.o.judgesFirst() || c.o.Trim.Boilerplate > 0) && !c.o.Input.rereadable():
		return ErrReadOnce
	case c.o.judgesFirst():
		q = &queue{keep: c.o.Keep, rows: newSorter(c.o.TempDir, c.d.opts.Memory/16)}
		defer q.rows.close()
	}
	if err := c.survey(ctx, census, q); err != nil {
		return err
	}
	if len(c.o.Against.Sources) > 0 {
		var err error
		if c.reference, err = readReference(ctx, c.o.Against, c.d); err != nil {
			return err
		}
	}
	if q == nil {
		return nil
	}
	var err error
	c.verdicts, err = c.judgeAll(ctx, q)
	c.o.Input.texts = nil // what must be kept was kept
	return err
}

// census returns what counts paragraphs, nil if nobody wants to know.
func (c *cleaner) census() *census {
	trims := c.o.Trim.Boilerplate > 0
	if !trims && !c.d.opts.counts(Syndicated) || !c.o.Input.rereadable() || !c.o.Against.rereadable() {
		return nil
	}
	n := newCensus(c.o.Trim.share(), &c.d.opts)
	n.examples = trims && c.o.Removed != ""
	return n
}

func (c *cleaner) survey(ctx context.Context, census *census, q *queue) error {
	if census != nil {
		defer census.rows.close()
	}
	if census != nil && len(c.o.Against.Sources) > 0 {
		if err := c.o.Against.survey(ctx, c.d.opts.Params, census, KeepFirst, false, nil); err != nil {
			return err
		}
	}
	in := c.o.Input
	var each func(*item) error
	if q != nil {
		each = q.add
	} else {
		in.texts = nil
	}
	if census != nil || q != nil {
		if err := in.survey(ctx, c.d.opts.Params, census, c.o.Keep, q != nil, each); err != nil {
			return err
		}
	}
	if census == nil {
		return nil
	}
	return c.d.use(census)
}

// decide judges a document, by the reference set too, and adds it to the index unless that has
// it.
func (c *cleaner) decide(doc Document, a analysis) (judgement, error) {
	d := c.d
	d.mu.Lock()
	defer d.mu.Unlock()
	j, err := d.judge(doc, &a)
	if err != nil || j.num != 0 {
		return j, err
	}
	if c.reference != nil {
		r, err := c.reference.judge(a)
		if err != nil {
			return j, err
		}
		if r.Duplicate() && (!j.Duplicate() || r.Resemblance >= j.Resemblance) {
			r.IDConflict = j.IDConflict
			return r, nil
		}
	}
	return d.add(doc, a, j, !j.Duplicate(), !j.Duplicate())
}

// nameOutputs commits the names of the partial outputs before they are made, so that a run
// that is killed at any moment finds them again.
func (c *cleaner) nameOutputs() error {
	if c.texts.needed() {
		c.state.Texts.Temp = durable.PartialName(c.o.Out + ".texts")
	}
	for path, p := range map[string]*partial{c.o.Out: &c.state.Out, c.o.Removed: &c.state.Removed, c.o.Rejects: &c.state.Rejects} {
		if path != "" {
			p.Temp = durable.PartialName(path)
		}
	}
	for _, path := range []string{c.o.Removed, c.o.Rejects} {
		if path == "" {
			continue
		}
		if _, err := durable.Check(path, c.o.Force); err != nil {
			return err
		}
	}
	c.begun = true
	return c.commitState()
}

func (c *cleaner) findCheckpoint() (*checkpoint, error) {
	if !c.resume {
		return nil, nil
	}
	var err error
	if c.name, err = checkpointName(c.o.Out); err != nil {
		return nil, err
	}
	if c.state.Inputs, err = stamps(c.o.Input.Sources); err != nil {
		return nil, err
	}
	c.state.Settings = c.settings()
	found, err := readCheckpoint(c.d.index, c.name)
	if err != nil || found == nil {
		return nil, err
	}
	if found.Whole && found.Stage == judging {
		return nil, errors.Join(c.rollBack(found.Run), found.removeOutputs())
	}
	err = found.compare(c.state.Settings, c.state.Inputs)
	if found.Stage == named && (err != nil || !allInPlace(found.outputFiles(&c.o))) {
		return nil, nil // of a run that came to its end, and is not this one
	}
	if err != nil && found.Summary.Read == 0 {
		return nil, found.removeOutputs() // of a run that came to nothing
	}
	return found, err
}

func allInPlace(files []outputFile) bool {
	return !slices.ContainsFunc(files, func(f outputFile) bool { return !f.inPlace() })
}

// settings names what the outputs depend on besides the inputs.
func (c *cleaner) settings() string {
	o := &c.o
	onBad := o.Input.OnBad
	if onBad == FailBad {
		onBad = SkipBad // up to where it fails it is the same
	}
	job := "clean"
	if c.filter != nil {
		job = fmt.Sprintf("filter, tag %v, invert %v", c.filter.Tag, c.filter.Invert)
	}
	return job + fmt.Sprintf(", %s, resemblance %v, containment %v, distance %d, kinds %v, fields %q, record bytes %d, on bad %s, removed %q, rejects %q, decoded bytes %d, main text %v, compress %v, split %d",
		c.d.opts.Params.ID(), c.d.opts.MinResemblance, c.d.opts.MinContainment, *c.d.opts.MaxDistance, c.d.opts.Kinds,
		o.Input.Fields, o.Input.MaxRecordBytes, onBad, o.Removed, o.Rejects,
		o.Input.MaxDecoded, o.Input.MainText, o.codec(), o.SplitSize) + o.more()
}

// more names the rest of the settings.
func (o *CleanOptions) more() string {
	s := ""
	if o.Input.Replace {
		s += ", invalid replace"
	}
	if o.Keep.ranks() {
		s += fmt.Sprintf(", keep %s", o.Keep)
	}
	if len(o.Against.Sources) > 0 {
		s += fmt.Sprintf(", against %q", sourceNames(o.Against.Sources))
	}
	if o.Trim.any() {
		s += fmt.Sprintf(", trim %+v", o.Trim)
	}
	if o.MaxDropRate != nil {
		s += fmt.Sprintf(", drop rate %v", *o.MaxDropRate)
	}
	return s
}

// replays lets a record be the same as one of an earlier run, once each. So a second run into
// the index says what the first said, and within a run a record that comes twice is a copy.
func (c *cleaner) replays(n store.DocNum) bool {
	return n <= c.state.Before && c.state.Replayed.add(n)
}

func (c *cleaner) openOutputs(resumed bool) error {
	at := func(p *partial) *partial {
		if resumed {
			return p
		}
		return nil
	}
	var err error
	if c.out, err = newSink(&c.o, at(&c.state.Out)); err != nil {
		return err
	}
	if c.removed, err = openRows(c.o.Removed, c.o.Force, at(&c.state.Removed)); err != nil {
		return err
	}
	if c.rejects, err = openRows(c.o.Rejects, c.o.Force, at(&c.state.Rejects)); err != nil {
		return err
	}
	return c.texts.resume(c.o.Out, &c.state.Texts)
}

func (c *cleaner) recountClusters() error {
	return c.d.index.DocumentsAfter(c.state.Before, func(_ store.DocNum, d *store.Document) error {
		if !d.Representative && d.Verdict.Of != 0 {
			c.clusters.add(d.Verdict.Of)
		}
		return nil
	})
}

func (c *cleaner) run(ctx context.Context) error {
	if c.state.Stage != judging {
		return c.complete()
	}
	analyse, err := c.analyser()
	if err != nil {
		return err
	}
	t := &tally{in: &c.o.Input, summary: &c.state.Summary, at: c.state.At, beforeNow: c.state.Earlier}
	t.in.OnReject = func(r *record.Reject) error { return c.rejects.write(r) }
	uncommitted := 0
	err = t.in.run(ctx, c.state.At, c.d.opts.Params, analyse, func(it *item) error {
		judged, err := t.admit(it)
		if err != nil {
			return err
		}
		if judged {
			err = c.judge(it)
		} else if it.raw.Other || it.reject != nil && t.in.OnBad == KeepBad {
			err = c.out.write(it.raw)
		}
		if uncommitted++; err == nil && uncommitted >= commitItems {
			uncommitted = 0
			err = c.commit(t)
		}
		return err
	})
	if err == nil {
		err = c.out.end()
	}
	if err == nil && c.filter == nil {
		c.state.Summary.Warnings, err = c.warnings()
	}
	if err == nil {
		c.state.Stage = judged
	}
	if err == nil || ctx.Err() != nil {
		err = errors.Join(c.commit(t), err)
	}
	if err != nil {
		return err
	}
	return c.complete()
}

// analyser returns what computes all that is to be known of a record when it is written.
func (c *cleaner) analyser() (analyser, error) {
	analyse := c.d.analyse
	if c.verdicts != nil {
		analyse = func(*shingle.Digester, *item) (a analysis) { return a }
	}
	if !c.o.Trim.any() {
		if c.filter != nil {
			c.o.Input.ahead = c.d.lookAhead
		}
		return analyse, nil
	}
	var err error
	c.trimmer, err = c.newTrimmer()
	return func(d *shingle.Digester, it *item) analysis {
		a := analyse(d, it)
		a.trimming = c.o.Trim.find(d, it.rec.Text, siteHash(it.host), c.d.boilerplate)
		return a
	}, err
}

func (c *cleaner) judge(it *item) error {
	var j judgement
	var err error
	switch {
	case c.filter != nil:
		j, err = c.filter.judge(c.d, it)
	case c.verdicts != nil:
		j, err = c.verdicts.of(it.ordinal)
	default:
		j, err = c.decide(it.document(), it.analysis)
	}
	if err != nil {
		return err
	}
	c.state.Summary.count(j.Verdict)
	c.state.Alarm.count(it, j)
	c.state.Summary.Overflow = c.d.overflow
	if j.Duplicate() && c.o.Input.texts != nil {
		c.o.Input.texts.forget(it)
	}
	clusters := &c.clusters
	if j.against {
		clusters = &c.reference.clusters
	}
	if j.Duplicate() && clusters.add(j.of) {
		c.state.Summary.Clusters++
	}
	switch {
	case c.filter != nil:
		if raw := c.filter.passes(it.raw, j.Verdict); raw != nil {
			return c.out.write(raw)
		}
		return nil
	case !j.Duplicate() && c.trimmer != nil:
		raw, err := c.trimmer.trim(it)
		if err != nil {
			return err
		}
		return c.out.write(raw)
	case !j.Duplicate():
		return c.out.write(it.raw)
	case c.removed.File == nil:
		return nil
	}
	return c.explain(it, j)
}

func (c *cleaner) explain(it *item, j judgement) error {
	row := removedRow{
		ID: it.rec.ID, Kept: j.Of, Kind: j.Kind, Distance: j.Distance,
		Resemblance: round(j.Resemblance), Containment: round(j.Containment), ContainmentOfKept: round(j.ContainmentOf),
	}
	d := c.d
	if j.against {
		d = c.reference.d
	}
	doc, err := d.index.Document(j.of)
	if err != nil {
		return err
	}
	kept, ok, err := d.textOf(j.of, doc)
	if err != nil {
		return err
	}
	if ok {
		row.Spans = matchedSpans(c.d.opts, j.Kind, it.rec.Text, kept)
	}
	return c.removed.write(row)
}

func matchedSpans(o Options, k Kind, text, kept string) []Span {
	if k == Exact {
		return []Span{{0, len(text), 0, len(kept)}}
	}
	s := spans(o.Params, text, kept, o.MinResemblance)
	if s == nil {
		s = []Span{}
	}
	return s
}

// round cuts a share to six digits, so that rows can be read.
func round(x float64) float64 {
	return float64(int64(x*1e6+.5)) / 1e6
}

// commit makes durable what was judged so far: the outputs first, then the documents and the
// place in the input in one batch.
func (c *cleaner) commit(t *tally) error {
	switch {
	case c.index == "":
		return c.d.index.Commit()
	case c.o.DryRun, c.o.ReadOnly:
		return nil // its documents are forgotten when the index closes
	case c.state.Whole && c.state.Stage == judging:
		return nil // it is begun again if it does not come to its end
	}
	for _, o := range c.outputs() {
		if err := o.Sync(); err != nil {
			return err
		}
	}
	if !c.resume {
		return c.d.index.Commit()
	}
	s := &c.state
	s.At, s.Earlier = t.at, t.beforeNow
	s.Out, s.Removed, s.Rejects, s.Texts = c.out.state(), c.removed.state(), c.rejects.state(), c.texts.state()
	c.judged = true
	return c.commitState()
}

func (c *cleaner) outputs() []output {
	if c.out == nil {
		return nil
	}
	return []output{c.out, c.removed, c.rejects, c.texts}
}

// complete gives the outputs their names. A run that was killed while it did so finds that
// nothing is left to judge, and goes on with the names.
func (c *cleaner) complete() error {
	if c.state.Stage == named {
		return nil
	}
	if c.out == nil { // everything was judged before
		if err := c.settle(); err != nil {
			return err
		}
	} else {
		for _, o := range c.outputs() {
			if err := o.Commit(); err != nil {
				return err
			}
		}
	}
	if !c.resume {
		return nil
	}
	c.state.Stage = named
	return c.commitState()
}

// settle gives outputs that were judged whole by an earlier process their names.
func (c *cleaner) settle() error {
	if t := c.state.Texts.Temp; t != "" {
		if err := os.Remove(t); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	files := c.state.outputFiles(&c.o)
	if c.o.isTree() {
		if err := os.RemoveAll(filepath.Join(c.state.Out.Temp, notesDir)); err != nil {
			return err
		}
	}
	if c.o.copiesAtEnd() {
		files = files[1:]
		if err := settleParquet(&c.o, &c.state.Out); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.settle(); err != nil {
			return err
		}
	}
	if c.o.SplitSize > 0 && !c.o.copiesAtEnd() {
		return removeParts(c.o.Out, len(c.state.Out.Parts)+1)
	}
	return nil
}

func (c *cleaner) commitState() error {
	data, err := json.Marshal(&c.state)
	if err != nil {
		return err
	}
	return c.d.index.Commit(store.Checkpoint{Name: c.name, Data: data})
}

// close releases what is open. After a failure the outputs stay if the run can be resumed.
func (c *cleaner) close(failed error) error {
	var err error
	for _, o := range c.outputs() {
		switch {
		case failed == nil:
		case c.judged:
			err = errors.Join(err, ignoreClosed(o.Abandon()))
		default:
			err = errors.Join(err, o.Remove())
		}
	}
	if c.reference != nil {
		err = errors.Join(err, c.reference.close())
	}
	if c.verdicts != nil {
		err = errors.Join(err, c.verdicts.close())
	}
	err = errors.Join(err, c.trimmer.close())
	if t := c.o.Input.texts; t != nil && t != c.texts {
		err = errors.Join(err, t.Remove())
	}
	if c.d != nil {
		if failed != nil && c.state.Whole && c.state.Stage == judging {
			err = errors.Join(err, c.rollBack(c.state.Run))
		}
		err = errors.Join(err, c.d.Close())
	}
	return err
}

// rollBack removes what a run has added to the index that judges all before it writes, and did
// not come to its end. Documents that it dropped in favour of those of earlier runs stay: it
// will say the same of them.
func (c *cleaner) rollBack(run uint64) error {
	if c.index == "" || c.o.DryRun {
		return nil
	}
	_, err := c.d.index.Remove(context.Background(), func(_ store.DocNum, d *store.Document) bool { return d.Location.Run == run })
	if errors.Is(err, store.ErrFailed) {
		return nil // the failure was told; the next run goes on with it
	}
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// SameFile reports whether two paths name one file, which may not exist yet.
func SameFile(a, b string) bool {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(ia, ib)
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}
