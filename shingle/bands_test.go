package shingle

import (
	"fmt"
	"strings"
	"testing"
)

// TestBandsStayAsTheyAre pins keys that indexes hold, of an exact sketch and of one of minima.
func TestBandsStayAsTheyAre(t *testing.T) {
	var long strings.Builder
	for i := range 400 {
		fmt.Fprintf(&long, "the %dth of many ferries, ", i*i)
	}
	for _, c := range []struct {
		text        string
		first, last uint64
	}{
		{"the old harbour ferry returns", 0xadfeb3754c1200a, 0x2d8ad58f64273f9c},
		{long.String(), 0x66b33fd4231d13b7, 0x58395d2a303e4b78},
	} {
		keys := DefaultParams().Set(c.text).Sketch().Bands()
		if keys[0] != c.first || keys[Bands-1] != c.last {
			t.Errorf("keys of %.20q are %#x and %#x, were %#x and %#x", c.text, keys[0], keys[Bands-1], c.first, c.last)
		}
	}
}
