// Benchmarks measures neardup beside other tools: the same documents, one run, and every
// answer held against exact truth. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
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
}

func run(ctx context.Context) error {
	b := &bench{ctx: ctx, start: time.Now()}
	peer := flag.String("peer", "", "be the process of a `PEER`: read a corpus, write pairs")
	out := flag.String("o", "RESULTS.md", "write the results to `FILE`, and the plots to the folder plots beside it")
	report := flag.String("measure", "", "run the command of the arguments and write what it took to `FILE`")
	flag.StringVar(&b.cache, "cache", "", "`FOLDER` for packages and corpora, kept for the next run (default: in the user's cache)")
	flag.BoolVar(&b.quick, "quick", false, "two minutes: generated text, small corpora")
	flag.BoolVar(&b.generated, "generated", false, "generated text, nothing is downloaded")
	flag.IntVar(&b.scale, "scale", 0, "also index up to so `MANY` generated documents, and query them")
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
	temp, err := os.MkdirTemp(b.cache, "run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b.temp = temp
	if b.program, err = buildNeardup(temp); err != nil {
		return err
	}
	r := &results{}
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
	sizes, repeat := []int{10_000, 30_000, 100_000}, 3
	if b.quick {
		sizes, repeat = []int{1_000, 3_000}, 1
	}
	r.describe(name, docs)
	for i, n := range sizes {
		s, err := b.compare(docs[:n], repeat, i == 0)
		if err != nil {
			return err
		}
		r.sizes = append(r.sizes, s)
	}
	b.log("recall by resemblance")
	if r.recall, err = b.recallByResemblance(docs[:sizes[0]]); err != nil {
		return err
	}
	b.log("recall by edit")
	if r.edits, err = b.recallByEdit(docs[:sizes[len(sizes)-1]]); err != nil {
		return err
	}
	if b.scale > 0 {
		if r.scale, err = b.growth(); err != nil {
			return err
		}
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
	truth            map[Pair]float64
	copies           []Pair // the injected copies that are true pairs
	made             int    // all injected copies
	runs             []Run
}

// compare runs neardup and the peers over documents.
func (b *bench) compare(docs []Document, repeat int, first bool) (c comparison, err error) {
	c.documents = len(docs)
	b.log("%d documents: exact truth", len(docs))
	c.truth = exactJoin(docs, fiveCharacters, threshold)
	s, err := b.sample(docs, c.truth)
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
		if p := (Pair{min(source, i), max(source, i)}); c.truth[p] > 0 {
			c.copies = append(c.copies, p)
		}
	}
	add := func(run Run, err error) error {
		if err == nil {
			b.log("%d documents: %s, %.2f s of CPU time, %d pairs", len(docs), run.Tool, run.CPU.Seconds(), run.Pairs)
			c.runs = append(c.runs, run)
		}
		return err
	}
	if err := add(leastOf(repeat, func() (Run, error) { return b.scan(s, "--shingle-size", "5") })); err != nil {
		return c, err
	}
	if err := add(leastOf(repeat, func() (Run, error) { return b.clean(s, "--shingle-size", "5") })); err != nil {
		return c, err
	}
	for _, p := range peers {
		if err := add(b.peer(p.name, s)); err != nil {
			return c, err
		}
	}
	if !first {
		return c, nil
	}
	for _, t := range fileTools {
		run, err := b.fileTool(t, docs, s)
		if err != nil {
			b.log("%s left out: %v", t.name, err)
			continue
		}
		if err := add(run, nil); err != nil {
			return c, err
		}
	}
	return c, nil
}
