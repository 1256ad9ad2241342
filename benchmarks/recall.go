package main

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"neardup/shingle"
)

// lowest is the resemblance from which recall is looked at.
const lowest = 0.6

// sievesAt are the Hamming distances whose recall is looked at.
var sievesAt = []int{3, 6, 10}

// A recallRow is what each sieve alone finds of the true pairs around a resemblance.
type recallRow struct {
	resemblance float64 // lower bound; the next row's is the upper
	pairs       int
	within      []float64 // by fingerprint, for each of sievesAt
	sketch      float64   // share a band
	scan        float64   // reported by scan with that threshold
}

const recallStep = 0.025

// recallByResemblance compares true pairs of different texts, found by an exact join, with what
// the fingerprint, the sketch and scan as a whole find of them.
func (b *bench) recallByResemblance(docs []Document) ([]recallRow, error) {
	truth := exactJoin(docs, fiveCharacters, lowest)
	corpus, err := b.sample(docs, truth)
	if err != nil {
		return nil, err
	}
	found, err := b.scan(scanTool, corpus, "--shingle-size", "5", "--min-resemblance", fmt.Sprint(lowest))
	if err != nil {
		return nil, err
	}
	rows := make([]recallRow, int(math.Round((1-lowest)/recallStep)))
	for i := range rows {
		rows[i] = recallRow{resemblance: lowest + float64(i)*recallStep, within: make([]float64, len(sievesAt))}
	}
	first, second := fiveCharacters.NewDigester(), fiveCharacters.NewDigester()
	for p, resemblance := range truth {
		if resemblance == 1 {
			continue // equal sets are found by any
		}
		r := &rows[min(len(rows)-1, int((resemblance-lowest)/recallStep))]
		r.pairs++
		x, y := first.Digest(docs[p.A].Text), second.Digest(docs[p.B].Text)
		for i, k := range sievesAt {
			r.within[i] += float(x.Fingerprint.Distance(y.Fingerprint) <= k)
		}
		r.sketch += float(shareBand(x.Sketch, y.Sketch))
		r.scan += float(found.Hits[p])
	}
	for i := range rows {
		r := &rows[i]
		n := float64(max(r.pairs, 1))
		for j := range r.within {
			r.within[j] /= n
		}
		r.sketch /= n
		r.scan /= n
	}
	return rows, nil
}

func float(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func shareBand(a, b shingle.Sketch) bool {
	x, y := a.Bands(), b.Bands()
	for i := range x {
		if x[i] == y[i] {
			return true
		}
	}
	return false
}

// An editRow is what scan, at its default settings, finds of copies with one edit.
type editRow struct {
	edit, language string
	copies         int
	resembling     int // at least the threshold
	found          int // of those
}

const copiesPerEdit = 200

// recallByEdit makes edited copies of documents in each language and scans each edit's apart.
func (b *bench) recallByEdit(docs []Document) ([]editRow, error) {
	languages := map[string]bool{"en": true, "de": true, "ru": true, "zh": true, "ja": true, "ko": true}
	for _, l := range Languages {
		languages[l] = true
	}
	originals := map[string][]Document{}
	for _, d := range docs {
		if of := originals[d.Language]; d.Source == "" && languages[d.Language] && len(of) < copiesPerEdit {
			originals[d.Language] = append(of, d)
		}
	}
	p := shingle.DefaultParams()
	var rows []editRow
	for _, edit := range Edits {
		var corpus []Document
		truth := map[Pair]float64{}
		for _, language := range slices.Sorted(maps.Keys(originals)) {
			of := originals[language]
			r := rand.New(rand.NewPCG(4, 4))
			for i, d := range of {
				text := Edit(edit, d.Text, of[(i+1)%len(of)].Text, r)
				n := len(corpus)
				corpus = append(corpus, d, Document{ID: "copy of " + d.ID, Language: language, Text: text})
				truth[Pair{n, n + 1}] = shingle.Resemblance(p.Set(d.Text), p.Set(text))
			}
		}
		s, err := b.sample(corpus, truth)
		if err != nil {
			return nil, err
		}
		found, err := b.scan(scanTool, s)
		if err != nil {
			return nil, err
		}
		byLanguage := map[string]*editRow{}
		for pair, resemblance := range truth {
			language := corpus[pair.A].Language
			row := byLanguage[language]
			if row == nil {
				row = &editRow{edit: edit, language: language}
				byLanguage[language] = row
			}
			row.copies++
			if resemblance >= threshold {
				row.resembling++
				row.found += int(float(found.Hits[pair]))
			}
		}
		for _, language := range slices.Sorted(maps.Keys(byLanguage)) {
			rows = append(rows, *byLanguage[language])
		}
	}
	return rows, nil
}
