package shingle

import (
	"math/rand/v2"
	"testing"
)

func BenchmarkBands(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]rune, 1500)
	sketches := make([]Sketch, 64)
	for i := range sketches {
		for j := range text {
			text[j] = 'a' + r.Int32N(26)
		}
		sketches[i] = DefaultParams().Set(string(text)).Sketch()
	}
	for i := 0; b.Loop(); i++ {
		sketches[i%len(sketches)].Bands()
	}
}

// BenchmarkRuleOut is a look at a document that resembles the one at hand in nothing.
func BenchmarkRuleOut(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	briefs := make([]Brief, 64)
	for i := range briefs {
		x, _ := randomSets(r, 0, 800+r.IntN(800), 0)
		briefs[i] = x.Sketch().Brief()
	}
	for i := 0; b.Loop(); i++ {
		x, y := &briefs[i%64], &briefs[i/64%64]
		if x.MayShare(y, min(LeastCommon(x.Len(), y.Len(), .8), LeastPart(min(x.Len(), y.Len()), .8))) && x != y {
			b.Fatal("a pair is not ruled out")
		}
	}
}
