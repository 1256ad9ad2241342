package store

import "testing"

// TestBudgetFits adds up what may be taken at the same time; a documentCache has two generations.
func TestBudgetFits(t *testing.T) {
	for _, memory := range []int64{40 << 20, 160 << 20, defaultMemory, 1 << 34} {
		b := budgetOf(memory)
		if sum := b.cache() + b.newest + b.filter + b.fingerprints + b.hints + 2*b.documents + b.briefs; sum > memory || sum < memory/10*9 {
			t.Errorf("of %d bytes %d are divided", memory, sum)
		}
	}
}
