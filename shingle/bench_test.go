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
