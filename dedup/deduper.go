package dedup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"neardup/shingle"
	"neardup/store"
)

// Options say how documents are compared. Nil means the defaults. Thresholds are inclusive, and exact as
// decimals of up to six digits: with 0.85, 17 shingles of 20 are enough.
type Options struct {
	Params shingle.Params // of shingles and fingerprints

	// MinResemblance is the resemblance from which documents are near duplicates, above 0
	// to 1. Zero means DefaultMinResemblance.
	MinResemblance float64

	// MinContainment is the share of an article that stands in another text from which it is
	// syndicated, above 0 to 1. Zero means DefaultMinContainment.
	MinContainment float64

	// MaxDistance is the Hamming distance within which fingerprints are searched, 0 to
	// store.MaxDistance. Nil means DefaultMaxDistance.
	MaxDistance *int

	// Kinds are those that count as duplicates. Nil means all.
	Kinds []Kind

	// Memory bounds the caches and buffers, in bytes. Zero means DefaultMemory.
	Memory int64

	// TempDir holds the index if none is named. Empty means the system's.
	TempDir string

	// MustExist refuses to make a new index.
	MustExist bool

	// ReadOnly, AnyParams and OnFailure are those of store.Options.
	ReadOnly  bool
	AnyParams bool
	OnFailure func(error)

	// StoreText keeps the texts of representatives in the index, compressed: later runs then
	// compare with them and not with sketches.
	StoreText bool
}

// The defaults.
const (
	DefaultMinResemblance = 0.8
	DefaultMinContainment = 0.8
	DefaultMaxDistance    = 3
	DefaultMemory         = 512 << 20
)

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.MinResemblance == 0 {
		c.MinResemblance = DefaultMinResemblance
	}
	if c.MinContainment == 0 {
		c.MinContainment = DefaultMinContainment
	}
	if c.MaxDistance == nil {
		k := DefaultMaxDistance
		c.MaxDistance = &k
	}
	if c.Kinds == nil {
		c.Kinds = []Kind{Exact, Near, Syndicated}
	}
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	return c
}

func (o *Options) validate() error {
	var errs []error
	if !(o.MinResemblance > 0 && o.MinResemblance <= 1) {
		errs = append(errs, fmt.Errorf("minimum resemblance %v is not above 0 and at most 1", o.MinResemblance))
	}
	if !(o.MinContainment > 0 && o.MinContainment <= 1) {
		errs = append(errs, fmt.Errorf("minimum containment %v is not above 0 and at most 1", o.MinContainment))
	}
	if *o.MaxDistance < 0 || *o.MaxDistance > store.MaxDistance {
		errs = append(errs, fmt.Errorf("maximum distance %d is not in 0 to %d", *o.MaxDistance, store.MaxDistance))
	}
	return errors.Join(errs...)
}

func (o *Options) counts(k Kind) bool { return slices.Contains(o.Kinds, k) }

// A Document is what a Deduper judges.
type Document struct {
	ID   string    // names it in verdicts
	Text string    // UTF-8
	Site string    // host of its address, or empty
	Date time.Time // zero if there is none

	// MadeID tells that the id did not come with the document. Such an id is for reports;
	// a document that brings its own is recognised when it comes again.
	MadeID bool

	location store.Location
}

// A Deduper judges documents against those that were added to its index. It is safe for
// concurrent use.
type Deduper struct {
	opts    Options
	index   *store.Index
	tempDir string // removed on Close, if not empty

	mu       sync.Mutex
	texts    textSource
	sets     setCache
	wanted   frequency
	finder   shingle.Finder // of the document at hand
	looked   map[store.DocNum]bool
	next     []store.DocNum // that are looked at next, by
	briefs   []store.Brief  // these
	overflow int64          // searches cut short

	surveyed    bool            // what is boilerplate was found in the input,
	boilerplate *boilerplate    // and is this
	counted     map[string]bool // sites of which enough documents are counted
	limits      searchLimits
	replays     func(store.DocNum) bool // whether that record may be the same again; nil: it may
}

// A textSource gives the texts of documents of the run in progress.
type textSource interface {
	text(store.Location) (text string, ok bool, err error)
}

// Open opens the index in directory dir, and makes it if there is none. If dir is empty the
// index is temporary and removed by Close. Errors are those of [store.Open], and of wrong
// options.
func Open(dir string, opts *Options) (*Deduper, error) {
	d := &Deduper{opts: opts.withDefaults(), limits: oneMatch}
	if err := d.opts.validate(); err != nil {
		return nil, err
	}
	o := store.Options{
		Params:    d.opts.Params,
		Memory:    indexMemory(d.opts.Memory),
		MustExist: d.opts.MustExist,
		ReadOnly:  d.opts.ReadOnly,
		AnyParams: d.opts.AnyParams,
		OnFailure: d.opts.OnFailure,
	}
	if dir == "" {
		temp, err := os.MkdirTemp(d.opts.TempDir, "neardup-*")
		if err != nil {
			return nil, err
		}
		dir, d.tempDir, o.Temporary, o.MustExist, o.ReadOnly = temp, temp, true, false, false
	}
	var err error
	if d.index, err = store.Open(dir, &o); err != nil {
		return nil, errors.Join(err, d.removeTemp())
	}
	d.opts.Params = d.index.Params()
	d.sets.bound = int(d.opts.Memory / 16 / setBytes)
	return d, nil
}

// indexMemory is what the index may take of all memory.
func indexMemory(memory int64) int64 { return memory / 8 * 5 }

// OutsideHeap returns how much of the memory of [Options] is not in Go's heap.
func OutsideHeap(memory int64) int64 { return store.OutsideHeap(indexMemory(memory)) }

// Close closes the index. What was staged and not committed is gone.
func (d *Deduper) Close() error {
	return errors.Join(d.index.Close(), d.removeTemp())
}

func (d *Deduper) removeTemp() error {
	if d.tempDir == "" {
		return nil
	}
	return os.RemoveAll(d.tempDir)
}

// Check judges doc and changes nothing.
func (d *Deduper) Check(doc Document) (Verdict, error) {
	a := analyse(d.opts.Params.NewDigester(), doc.Text, siteHash(doc.Site))
	d.mu.Lock()
	defer d.mu.Unlock()
	j, err := d.judge(doc, &a)
	return j.Verdict, err
}

// Add judges doc and adds it: unless it is a duplicate, later ones are judged against it.
// Once Add returns, what it said is durable. Calls of several goroutines at a time share the
// wait for the disk.
func (d *Deduper) Add(doc Document) (Verdict, error) {
	vs, err := d.AddAll([]Document{doc})
	if err != nil {
		return Verdict{}, err
	}
	return vs[0], nil
}

// AddAll adds documents in order, like Add, and makes them durable together, which is many
// times as fast.
func (d *Deduper) AddAll(docs []Document) ([]Verdict, error) {
	digester := d.opts.Params.NewDigester()
	analyses := make([]analysis, len(docs))
	for i, doc := range docs {
		analyses[i] = analyse(digester, doc.Text, siteHash(doc.Site))
	}
	verdicts, wait, err := d.begin(docs, analyses)
	if err != nil {
		return nil, err
	}
	return verdicts, wait()
}

func (d *Deduper) analyse(g *shingle.Digester, it *item) analysis {
	return d.boilerplate.analyse(g, it.rec.Text, siteHash(it.host), d.needed())
}

// complete computes what was left off of an analysis.
func (d *Deduper) complete(a *analysis) {
	if !a.partial {
		return
	}
	d.opts.Params.WithDigest(a.text, func(g *shingle.Digest) {
		*a = d.boilerplate.analysis(g, a.hash, a.text, a.site, d.needed())
	})
}

// needed leaves out paragraphs of documents that are never looked for by them: by this run, or by
// a later one with the index.
func (d *Deduper) needed() need {
	return need{sets: d.wanted.often(), paragraphs: d.tempDir == "" || d.opts.counts(Syndicated)}
}

// analyseParagraphs looks for the paragraphs that may stand elsewhere too.
func (d *Deduper) analyseParagraphs(g *shingle.Digester, it *item) analysis {
	digest := g.Digest(it.rec.Text)
	a := d.boilerplate.analysis(digest, textHash(digest.Normal), it.rec.Text, siteHash(it.host), d.needed())
	a.trimming = longEnough(digest)
	return a
}

func (d *Deduper) begin(docs []Document, analyses []analysis) ([]Verdict, func() error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	verdicts := make([]Verdict, len(docs))
	for i, doc := range docs {
		j, err := d.stage(doc, analyses[i])
		if err != nil {
			return nil, nil, err
		}
		verdicts[i] = j.Verdict
	}
	wait, err := d.index.Begin()
	return verdicts, wait, err
}
