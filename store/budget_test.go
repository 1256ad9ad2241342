package store

import (
	"math"
	"testing"
)

// TestBudgetFits adds up what may be taken at the same time; a documentCache has two generations.
func TestBudgetFits(t *testing.T) {
	for _, memory := range []int64{40 << 20, 160 << 20, defaultMemory, 1 << 34} {
		b := budgetOf(memory)
		if sum := b.cache() + b.newest + b.filter + b.fingerprints + b.hints + 2*b.documents + b.briefs; sum > memory || sum < memory/10*9 {
			t.Errorf("of %d bytes %d are divided", memory, sum)
		}
	}
}

// TestOpenTables leaves files to others, and never takes more than there are.
func TestOpenTables(t *testing.T) {
	for _, c := range []struct {
		memory int64
		files  uint64
		want   int
	}{
		{320 << 20, 1 << 20, 5120}, // memory bounds it
		{320 << 20, 16384, 4096},   // a quarter of the files
		{320 << 20, 1024, 256},
		{320 << 20, 400, 200}, // half of them if there are few
		{1 << 20, 1 << 20, 256},
		{1 << 40, math.MaxUint64, 1 << 24},
	} {
		if got := openTables(c.memory, c.files); got != c.want {
			t.Errorf("with %d bytes of memory and %d files %d tables are kept open, want %d", c.memory, c.files, got, c.want)
		}
	}
}
