package main

import (
	"math/rand/v2"
	"strings"
	"testing"

	"neardup/shingle"
)

func TestExactJoin(t *testing.T) {
	docs := withCopies(generated(1, 180), 1)
	r := rand.New(rand.NewPCG(1, 1))
	for i, edit := range Edits {
		docs = append(docs, Document{Text: Edit(edit, docs[i].Text, docs[i+1].Text, r)})
	}
	docs = append(docs, Document{}, Document{Text: "abc"}, Document{}, Document{Text: "abcde"}, Document{Text: "abcde"})
	for _, least := range []float64{0.5, threshold, 1} {
		found := exactJoin(docs, fiveCharacters, least)
		pairs := 0
		for b := range docs {
			for a := range b {
				r := shingle.Resemblance(fiveCharacters.Set(docs[a].Text), fiveCharacters.Set(docs[b].Text))
				if got := found[Pair{a, b}]; r >= least && got != r || r < least && got != 0 {
					t.Errorf("at %v documents %d and %d with resemblance %v have %v", least, a, b, r, got)
				}
				if r >= least {
					pairs++
				}
			}
		}
		if pairs != len(found) || pairs < 3 {
			t.Errorf("at %v there are %d pairs, the join found %d", least, pairs, len(found))
		}
	}
}

func TestEdits(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	resembles := map[string][2]float64{ // in the mean of many copies, from and to
		"exact": {1, 1}, "width": {1, 1}, "wrap": {0.9, 1}, "headline": {0.9, 0.999}, "words": {0.8, 0.99}, "paragraph": {0.6, 0.97},
		"boilerplate": {0.85, 0.99}, "noise": {0.6, 0.95}, "truncation": {0.75, 0.85}, "merge": {0.6, 0.75}, "repost": {0.7, 0.97},
	}
	docs := generated(3, 60)
	for _, edit := range Edits {
		sum := 0.0
		for i, d := range docs {
			copied := Edit(edit, d.Text, docs[(i+1)%len(docs)].Text, r)
			sum += shingle.Resemblance(fiveCharacters.Set(d.Text), fiveCharacters.Set(copied))
		}
		if mean, want := sum/float64(len(docs)), resembles[edit]; mean < want[0] || mean > want[1] {
			t.Errorf("%s leaves a resemblance of %.3f in the mean, want %v", edit, mean, want)
		}
	}
}

func TestArticles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	text := strings.Repeat(Prose("korean", 1, 20_000)+"\n", 3) + "end"
	var all strings.Builder
	for _, a := range articles(text, r) {
		if len(a) < minDocument {
			t.Errorf("a document of %d bytes", len(a))
		}
		all.WriteString(a)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if whole, cut := squeeze(text), squeeze(all.String()); !strings.HasPrefix(whole, cut) || len(whole)-len(cut) > minDocument {
		t.Errorf("of %d bytes %d came out, not all but a short rest", len(whole), len(cut))
	}
}

// TestPeers holds every peer's search against pairs that it can't miss.
func TestPeers(t *testing.T) {
	docs := generated(4, 30)
	docs = append(docs, docs[3], docs[7])
	for _, p := range peers {
		found := map[Pair]int{}
		p.find(docs, func(a, b int) { found[Pair{a, b}]++ })
		if found[Pair{3, 30}] != 1 || found[Pair{7, 31}] != 1 {
			t.Errorf("%s: equal texts were found %d and %d times", p.name, found[Pair{3, 30}], found[Pair{7, 31}])
		}
	}
}
