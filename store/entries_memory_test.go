package store

import (
	"cmp"
	"slices"
	"testing"
)

// TestMemoryTable compares a table with a map, with values that one document has, that some
// have and that nearly all have: the latter must not lengthen the rings of others.
func TestMemoryTable(t *testing.T) {
	r := newRand(t)
	m := memoryEntries{}
	for range 3 {
		table := &m.tables[0]
		want := map[uint64][]uint32{}
		for num := range uint32(5000) {
			for _, value := range []uint64{r.Uint64(), r.Uint64N(1000) << 50, 7 + r.Uint64N(2)<<63} {
				table.add(value, num)
				want[value] = append(want[value], num)
			}
		}
		if len(table.postings) != len(want) {
			t.Errorf("%d postings for %d values", len(table.postings), len(want))
		}
		var sorted []posting
		for value, nums := range want {
			var got []uint32
			table.scan(value, func(num uint32) bool {
				got = append(got, num)
				return true
			})
			if !slices.Equal(got, nums) {
				t.Fatalf("value %x: documents %v, want %v", value, got, nums)
			}
			calls, most := 0, 1+r.IntN(len(nums))
			table.scan(value, func(uint32) bool {
				calls++
				return calls < most
			})
			if calls != most {
				t.Fatalf("value %x: %d calls, stopped after %d", value, calls, most)
			}
			for _, num := range nums {
				sorted = append(sorted, posting{value: value, num: num})
			}
		}
		slices.SortFunc(sorted, func(a, b posting) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.num, b.num)) })
		if !slices.Equal(table.sorted(), sorted) {
			t.Error("not sorted by value and number, or others than were added")
		}
		table.scan(r.Uint64(), func(uint32) bool {
			t.Error("a value that nobody has was found")
			return true
		})
		m.empty() // and its room is used again, but for lists
		if m.tables[0].shared != nil {
			t.Error("documents of an emptied table are held")
		}
	}
}
