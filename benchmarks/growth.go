package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/valyala/fastjson"
)

// A growthRow is an index of so many documents, built and asked.
type growthRow struct {
	documents    int
	build, query Run   // the query's documents are a tenth as many
	index        int64 // bytes on disk
	overflow     int64 // searches cut short
	duplicates   int64 // of the queries
}

// growthMemory is what both may use.
const growthMemory = "2GiB"

// growth measures indexes of 10 thousand generated documents, and of ten times as many until it
// comes to the scale that was asked for. The largest takes minutes, in which machines become faster or
// slower, so all others are measured before it and after it.
func (b *bench) growth() ([]growthRow, error) {
	var rows []growthRow
	for n := min(10_000, b.scale); n <= b.scale; n *= 10 {
		row, err := b.grow(n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	for i := range rows[:len(rows)-1] {
		again, err := b.grow(rows[i].documents)
		if err != nil {
			return nil, err
		}
		rows[i].build = meanRun(rows[i].build, again.build)
		rows[i].query = meanRun(rows[i].query, again.query)
	}
	return rows, nil
}

// meanRun is two runs as one: the mean of their times, and the larger memory.
func meanRun(a, b Run) Run {
	a.CPU, a.Wall, a.Memory = (a.CPU+b.CPU)/2, (a.Wall+b.Wall)/2, max(a.Memory, b.Memory)
	return a
}

// grow builds an index of n documents, and holds a tenth as many against it.
func (b *bench) grow(n int) (row growthRow, err error) {
	row.documents = n
	corpus, queries, index := filepath.Join(b.temp, "grown.jsonl"), filepath.Join(b.temp, "queries.jsonl"), filepath.Join(b.temp, "grown.index")
	summary := filepath.Join(b.temp, "summary.json")
	if err := errors.Join(os.RemoveAll(index), os.RemoveAll(summary), writeGrowth(corpus, 7, n), writeGrowth(queries, 8, n/10)); err != nil {
		return row, err
	}
	if row.build, err = b.process(nil, discard, b.program, "clean", "-q", "--force", "-o", os.DevNull, "--index", index, "--memory", growthMemory, corpus); err != nil {
		return row, err
	}
	if row.index, err = folderSize(index); err != nil {
		return row, err
	}
	b.log("index of %d documents: %.0f µs of CPU time a document, %d MiB", n, row.build.CPU.Seconds()*1e6/float64(n), row.build.Memory>>20)
	in, err := os.Open(queries)
	if err != nil {
		return row, err
	}
	row.query, err = b.process(in, discard, b.program, "filter", "-q", "--frozen", "--index", index, "--memory", growthMemory, "--summary", summary)
	if err := errors.Join(err, in.Close()); err != nil {
		return row, err
	}
	s, err := os.ReadFile(summary)
	if err != nil {
		return row, err
	}
	row.overflow = int64(fastjson.GetInt(s, "overflow"))
	row.duplicates = int64(fastjson.GetInt(s, "dropped"))
	b.log("%d queries of it: %.0f µs of CPU time each, %d MiB", n/10, row.query.CPU.Seconds()*1e7/float64(n), row.query.Memory>>20)
	return row, nil
}

func discard(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// writeGrowth writes n short generated documents; every tenth is a copy of an earlier one with
// some words changed.
func writeGrowth(path string, seed uint64, n int) error {
	text := func(i int) string {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		return strings.TrimSpace(Prose(Languages[r.IntN(len(Languages))], r.Uint64(), 500+r.IntN(1000)))
	}
	return writeFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for i := range n {
			d := Document{ID: fmt.Sprintf("%d-%d", seed, i), Text: text(i)}
			if i%10 == 9 {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				d.Text = Edit("words", text(i-1-r.IntN(min(i, 9))), d.Text, r)
			}
			if err := e.Encode(d); err != nil {
				return err
			}
		}
		return nil
	})
}

func folderSize(folder string) (size int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
