// Benchmarks measures neardup beside other tools: the same documents, one run, and every
// answer held against exact truth. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"neardup/shingle"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks: error:", err)
		os.Exit(1)
	}
}

// A bench is a run of all benchmarks: what is asked for, and what they share.
type bench struct {
	ctx       context.Context
	cache     string // folder of what can be used again
	temp      string // folder of what can't
	program   string // neardup
	start     time.Time
	quick     bool
	generated bool
	scale     int
	commit    string
}

func run(ctx context.Context) error {
	b := &bench{ctx: ctx, start: time.Now()}
	peer := flag.String("peer", "", "be the process of a `PEER`: read a corpus, write pairs")
	out := flag.String("o", "RESULTS.md", "write the results to `FILE`, and the plots to the folder plots beside it")
	report := flag.String("measure", "", "run the command of the arguments and write what it took to `FILE`")
	flag.StringVar(&b.cache, "cache", "", "`FOLDER` for packages and corpora, kept for the next run (default: in the user's cache)")
	flag.BoolVar(&b.quick, "quick", false, "two minutes: generated text, small corpora")
	flag.BoolVar(&b.generated, "generated", false, "generated text, nothing is downloaded")
	flag.IntVar(&b.scale, "scale", 0, "only index up to so `MANY` generated documents, and query them; writes GROWTH.md, with which the results then end")
	encodings := flag.String("encodings", "", "only read pages of `PACKAGES` of Debian written again in other encodings")
	models := flag.String("models", "", "only count the models by which encodings are told, and write them to `FILE`")
	flag.Parse()
	switch {
	case *peer != "":
		return runPeer(*peer, flag.Arg(0), os.Stdout)
	case *report != "":
		return measured(*report, flag.Args())
	}
	if b.cache == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		b.cache = filepath.Join(cache, "neardup-benchmarks")
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return err
	}
	if *models != "" {
		return writeModels(filepath.Join(b.cache, "packages"), *models, b.log)
	}
	temp, err := os.MkdirTemp(b.cache, "run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b.temp = temp
	if *encodings != "" {
		return b.encodings(*encodings)
	}
	if b.program, err = buildNeardup(temp); err != nil {
		return err
	}
	b.commit = commit()
	if b.scale > 0 {
		rows, err := b.growth()
		if err != nil {
			return err
		}
		return b.writeGrowthPage(*out, rows)
	}
	r := &results{commit: b.commit}
	if err := b.all(r); err != nil {
		return err
	}
	r.seconds = time.Since(b.start).Seconds()
	return errors.Join(r.write(*out), r.check())
}

func (b *bench) log(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "benchmarks: %4.0f s: %s\n", time.Since(b.start).Seconds(), fmt.Sprintf(format, args...))
}

// all runs every benchmark.
func (b *bench) all(r *results) error {
	docs, name, err := b.corpus()
	if err != nil {
		return err
	}
	part, sizes := 10_000, []int{10_000, 30_000, 100_000}
	if b.quick {
		part, sizes = 1_000, []int{1_000, 3_000}
	}
	r.describe(name, docs)
	b.log("exact truth of %d documents", part)
	truth := exactJoin(docs[:part], fiveCharacters, threshold)
	r.part, r.truth = part, len(truth)
	for _, n := range sizes {
		c, err := b.compare(docs[:n], truth, n == part)
		if err != nil {
			return err
		}
		r.sizes = append(r.sizes, c)
	}
	b.log("recall by resemblance")
	if r.recall, err = b.recallByResemblance(docs[:part]); err != nil {
		return err
	}
	b.log("recall by edit")
	if r.edits, err = b.recallByEdit(docs[:sizes[len(sizes)-1]]); err != nil {
		return err
	}
	return nil
}

// corpus returns the documents that all benchmarks are made of, and their origin.
func (b *bench) corpus() ([]Document, string, error) {
	name, want := "Debian", 112_000
	if b.generated || b.quick {
		name = "generated"
	}
	if b.quick {
		want = 4_000
	}
	path := filepath.Join(b.cache, fmt.Sprintf("%s-%d.jsonl", name, want))
	if docs, err := readCorpus(path); err == nil {
		return docs, name, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, "", err
	}
	var docs []Document
	if name == "Debian" {
		b.log("downloading packages of Debian and reading their pages")
		var err error
		if docs, err = debianDocuments(filepath.Join(b.cache, "packages"), b.log); err != nil {
			b.log("no packages: %v", err)
		}
	}
	if short := want*9/10 - len(docs); short > 0 {
		b.log("generating %d documents", short)
		docs = append(docs, generated(1, short)...)
	}
	docs = withCopies(docs, 1)
	return docs, name, writeCorpus(path, docs)
}

// A comparison is the same documents given to every tool.
type comparison struct {
	documents, bytes int
	truth            map[Pair]float64 // of the first documents
	copies           []Pair           // the injected copies that resemble their source
	made             int              // all injected copies
	runs             []Run
	scores           []score // of the runs
}

// A score is how the pairs of a run compare with the truth.
type score struct {
	recall    float64 // of the true pairs among the first documents
	precision float64 // of some of its pairs
	copies    float64 // share of the injected copies
}

// compare runs neardup and the peers over documents, and if they are few also the tools that
// compare each with each.
func (b *bench) compare(docs []Document, truth map[Pair]float64, few bool) (c comparison, err error) {
	c.documents, c.truth = len(docs), truth
	known := maps.Clone(truth)
	s, err := b.sample(docs, known)
	if err != nil {
		return c, err
	}
	for i, d := range docs {
		c.bytes += len(d.Text)
		if d.Source == "" {
			continue
		}
		c.made++
		source := s.number[d.Source]
		p := Pair{min(source, i), max(source, i)}
		if r := resemblance(docs, p); r >= threshold {
			c.copies, known[p] = append(c.copies, p), r
		}
	}
	jobs := []func() (Run, error){
		func() (Run, error) { return b.scan(pairsTool, s, "--shingle-size", "5", "--up-to", "near") },
		func() (Run, error) { return b.clean(cleanTool, s, "--shingle-size", "5") },
		func() (Run, error) { return b.clean(nearTool, s, "--shingle-size", "5", "--drop", "exact,near") },
	}
	for _, p := range peers {
		jobs = append(jobs, func() (Run, error) { return b.peer(p.name, s) })
	}
	b.log("%d documents", len(docs))
	turns := 2
	if few {
		turns = 3
		// Of 100,000 documents that share templates it finds 10 million pairs.
		jobs = slices.Insert(jobs, 1, func() (Run, error) { return b.scan(scanTool, s, "--shingle-size", "5") })
	}
	runs, err := b.leastOf(turns, jobs)
	if err != nil {
		return c, err
	}
	add := func(run Run) {
		score := c.score(run, docs)
		b.log("%d documents: %s, %.2f s of CPU time, %d MiB, %d pairs, recall %.4f, precision %.4f",
			len(docs), run.Tool, run.CPU.Seconds(), run.Memory>>20, run.Pairs, score.recall, score.precision)
		run.Hits, run.Some = nil, nil
		c.runs, c.scores = append(c.runs, run), append(c.scores, score)
	}
	for _, run := range runs {
		add(run)
	}
	if !few {
		return c, nil
	}
	for _, t := range fileTools {
		run, err := b.fileTool(t, docs, s)
		if err != nil {
			b.log("%s left out: %v", t.name, err)
			continue
		}
		add(run)
	}
	return c, nil
}

func resemblance(docs []Document, p Pair) float64 {
	return shingle.Resemblance(fiveCharacters.Set(docs[p.A].Text), fiveCharacters.Set(docs[p.B].Text))
}

func (c *comparison) score(r Run, docs []Document) score {
	hits, copies := 0, 0
	for p := range c.truth {
		hits += int(float(r.Hits[p]))
	}
	for _, p := range c.copies {
		copies += int(float(r.Hits[p]))
	}
	var right atomic.Int64
	parallel(len(r.Some), func(worker func(do func(i int))) {
		worker(func(i int) {
			if resemblance(docs, r.Some[i]) >= threshold {
				right.Add(1)
			}
		})
	})
	return score{share(hits, len(c.truth)), share(int(right.Load()), len(r.Some)), share(copies, len(c.copies))}
}
