package dedup

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// TestTandemRepeats plants copies in a row in lines and looks for their breaks.
func TestTandemRepeats(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	words := func(n int) string {
		var out []string
		for range n {
			w := make([]byte, 2+r.IntN(6))
			for i := range w {
				w[i] = byte('a' + r.IntN(26))
			}
			out = append(out, string(w))
		}
		return strings.Join(out, " ")
	}
	for range testkit.Scale(300, 3000, 30000) {
		before, text, after := words(1+r.IntN(30)), "T"+words(20+r.IntN(300))+".", words(r.IntN(30))
		copies := 1 + r.IntN(4)
		line := strings.TrimSpace(before + ". " + strings.Repeat(text+" ", copies) + "U" + after)
		var want []int32
		if copies > 1 {
			for i := range copies + 1 {
				want = append(want, int32(strings.Index(line, text)+i*(len(text)+1)))
			}
		}
		got := newTandemFinder(len(line)).breaks(nil, line, shingle.Range{End: len(line)})
		if !slices.Equal(got, want) {
			t.Fatalf("breaks of %q are %v, want %v", line, got, want)
		}
	}
}
