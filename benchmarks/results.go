package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results is everything that RESULTS.md says.
type results struct {
	commit    string
	corpus    string
	languages []string // with their shares
	seconds   float64
	part      int // documents whose truth is known
	truth     int // true pairs among them
	sizes     []comparison
	recall    []recallRow
	edits     []editRow
}

// describe says what a corpus is made of.
func (r *results) describe(name string, docs []Document) {
	bytes, total := map[string]int{}, 0
	for _, d := range docs {
		l := d.Language
		if strings.HasPrefix(d.ID, "generated-") && name != "generated" {
			l = "generated"
		}
		bytes[l] += len(d.Text)
		total += len(d.Text)
	}
	r.corpus = fmt.Sprintf("%s, %d documents, %d MB", name, len(docs), total/1e6)
	for _, l := range slices.SortedFunc(maps.Keys(bytes), func(a, b string) int { return cmp.Compare(bytes[b], bytes[a]) }) {
		if percent := 100 * float64(bytes[l]) / float64(total); percent >= 1 {
			r.languages = append(r.languages, fmt.Sprintf("%s %.0f %%", l, percent))
		}
	}
	if rest := len(bytes) - len(r.languages); rest > 0 {
		r.languages = append(r.languages, fmt.Sprintf("%d others", rest))
	}
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// check tells whether neardup's accuracy is what it should be.
func (r *results) check() error {
	const least = 0.99
	for _, c := range r.sizes {
		for i, run := range c.runs {
			s := c.scores[i]
			switch {
			case (run.Tool == scanTool || run.Tool == pairsTool) && (s.recall < least || s.precision < least || s.copies < least):
				return fmt.Errorf("%s of %d documents: recall %.4f, precision %.4f, copies %.4f; each should be %v at least",
					run.Tool, c.documents, s.recall, s.precision, s.copies, least)
			case strings.HasPrefix(run.Tool, "neardup") && s.precision < least:
				return fmt.Errorf("%s of %d documents: precision %.4f, should be %v at least", run.Tool, c.documents, s.precision, least)
			}
		}
	}
	return nil
}

// write writes the page and, beside it, the plots.
func (r *results) write(path string) error {
	plots := filepath.Join(filepath.Dir(path), "plots")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	if err := r.plot(plots); err != nil {
		return err
	}
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Results\n")
	p("Written by `benchmarks`, see [README.md](README.md). %s, %d cores, %s, commit %s, %s, in %.0f minutes.",
		processor(), runtime.NumCPU(), runtime.Version(), r.commit, time.Now().UTC().Format("2006-01-02"), r.seconds/60)
	p("\nCorpus: %s. By language: %s.", r.corpus, strings.Join(r.languages, ", "))
	p("One document in ten is an edited copy of another: its headline changed, 1.5 %% of its words, a paragraph dropped, or all three.")
	p("\n## Beside other tools\n")
	p("Truth: all pairs with a resemblance of at least %.1f over character 5-grams. Recall is of the %d such pairs", threshold, r.truth)
	p("among the first %d documents, found by an exact join; precision is the share of true pairs among all that were", r.part)
	p("reported, or %d of them drawn at random, decided exactly. CPU is user and system time of the process, the least", someOf)
	p("of two runs, at %d documents of three, in which the tools took turns. Memory is the peak of resident bytes. A copy", r.part)
	p("counts if its resemblance to its source is at least %.1f.\n", threshold)
	for _, c := range r.sizes {
		p("### %d documents, %.0f MB, %d of %d copies resemble their source\n", c.documents, float64(c.bytes)/1e6, len(c.copies), c.made)
		p("| | CPU s | times the first | wall s | memory MiB | pairs | recall | precision | copies found |")
		p("|---|---|---|---|---|---|---|---|---|")
		for i, run := range c.runs {
			s := c.scores[i]
			recall, copies := fmt.Sprintf("%.4f", s.recall), fmt.Sprintf("%.4f", s.copies)
			if run.Tool == cleanTool || run.Tool == nearTool {
				recall, copies = "", "" // a pair a dropped document, no more
			}
			p("| %s | %.2f | %.1f | %.2f | %d | %d | %s | %.4f | %s |", run.Tool, run.CPU.Seconds(),
				run.CPU.Seconds()/c.runs[0].CPU.Seconds(), run.Wall.Seconds(), run.Memory>>20, run.Pairs, recall, s.precision, copies)
		}
		p("")
	}
	for _, t := range peers {
		p("- `%s`: %s.", t.name, t.what)
	}
	for _, t := range fileTools {
		p("- `%s`: %s.", t.name, t.what)
	}
	p("- `neardup scan --all-pairs --up-to near` does what the peers do, and no more.")
	p("- `neardup scan --all-pairs` also looks for syndicated copies: texts that stand in others, which no peer does.")
	p("- `neardup clean` writes a row for a dropped document, not for every pair: it has no recall of pairs.")
	p("  With `--drop exact,near` it does what the peers do, and no more.\n")
	p("![CPU time by documents](plots/cpu.svg)\n\n![memory by documents](plots/memory.svg)\n")

	p("## Recall by true resemblance\n")
	p("True pairs among %d documents, found by an exact join, that each sieve alone would find: within", r.sizes[0].documents)
	p("a Hamming distance, or sharing a band of the sketch; last, what `scan --min-resemblance %.1f` reports.\n", lowest)
	p("| resemblance from | pairs | k = 3 | k = 6 | k = 10 | sketch | scan |\n|---|---|---|---|---|---|---|")
	for _, row := range r.recall {
		p("| %.3f | %d | %.3f | %.3f | %.3f | %.3f | %.4f |", row.resemblance, row.pairs,
			row.within[0], row.within[1], row.within[2], row.sketch, row.scan)
	}
	p("\n![recall by resemblance](plots/recall.svg)\n")

	p("## Recall by edit and language\n")
	p("Up to %d documents of each language with one edit, default settings (shingles by script): the share", copiesPerEdit)
	p("of copies whose true resemblance is at least %.1f, and the share of those that `scan` finds.\n", threshold)
	var languages []string
	for _, e := range r.edits {
		if !slices.Contains(languages, e.language) {
			languages = append(languages, e.language)
		}
	}
	p("| edit | %s |\n|---%s|", strings.Join(languages, " | "), strings.Repeat("|---", len(languages)))
	for _, edit := range Edits {
		row := "| " + edit
		for _, e := range r.edits {
			if e.edit == edit {
				row += fmt.Sprintf(" | %.2f, %.3f", share(e.resembling, e.copies), share(e.found, e.resembling))
			}
		}
		p("%s |", row)
	}
	growth, err := os.ReadFile(filepath.Join(filepath.Dir(path), growthName))
	if err == nil {
		p("")
		b.Write(growth)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	_, model, _ := strings.Cut(string(info), "model name\t: ")
	model, _, _ = strings.Cut(model, "\n")
	return cmp.Or(strings.TrimSpace(model), runtime.GOARCH)
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// growthName is a page beside the results, of a run with a scale. The results end with it.
const growthName = "GROWTH.md"

// writeGrowthPage writes the page of a run with a scale, and its plot.
func (b *bench) writeGrowthPage(results string, rows []growthRow) error {
	folder := filepath.Dir(results)
	plots := filepath.Join(folder, "plots")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	if err := plotGrowth(plots, rows); err != nil {
		return err
	}
	var page bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&page, format+"\n", args...) }
	p("## Growth\n")
	p("Generated documents of 1 kB, built into an index with `clean --index`, then a tenth as many asked with")
	p("`filter --frozen`, both under `--memory %s`: a run of its own, `-scale %d`.", growthMemory, b.scale)
	p("All but the last were measured twice, before it and after it: times are means.")
	p("%s, %d cores, %s, commit %s, %s, in %.0f minutes.\n",
		processor(), runtime.NumCPU(), runtime.Version(), b.commit, time.Now().UTC().Format("2006-01-02"), time.Since(b.start).Minutes())
	p("| documents | build, CPU µs each | wall s | memory MiB | index bytes each | query, CPU µs each | wall s | memory MiB | searches cut short |")
	p("|---|---|---|---|---|---|---|---|---|")
	for _, row := range rows {
		p("| %d | %.0f | %.1f | %d | %d | %.0f | %.1f | %d | %d |", row.documents,
			row.build.CPU.Seconds()*1e6/float64(row.documents), row.build.Wall.Seconds(), row.build.Memory>>20, row.index/int64(row.documents),
			row.query.CPU.Seconds()*1e6/float64(row.documents/10), row.query.Wall.Seconds(), row.query.Memory>>20, row.overflow)
	}
	p("\n![time by documents](plots/growth.svg)")
	return os.WriteFile(filepath.Join(folder, growthName), page.Bytes(), 0o644)
}
