package store

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// TestMerger writes a bucket in parts, with marks of what was removed and with parts that come twice,
// and merges them in any grouping, as levels of a database do.
func TestMerger(t *testing.T) {
	r := newRand(t)
	for range 2000 {
		var parts []bucket
		want := map[DocNum]uint64{}
		var removed []DocNum
		for n := DocNum(1); n <= 12; n++ {
			rest := r.Uint64N(1 << restBits)
			parts = append(parts, bucket(nil).append(rest, n))
			want[n] = rest
			switch r.IntN(4) {
			case 0: // taken in again after a crash
				parts = append(parts, bucket(nil).append(rest, n))
			case 1:
				removed = append(removed, n)
				parts = append(parts, bucket(nil).append(rest, n|removedMark))
			}
		}
		for _, n := range removed {
			delete(want, n)
		}
		merge := func(parts []bucket, includesBase bool) bucket {
			m, err := merger.Merge(nil, parts[0])
			for _, p := range parts[1:] {
				if err == nil {
					err = m.MergeNewer(p)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			value, _, err := m.Finish(includesBase)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
		for len(parts) > 1 {
			n := 2 + r.IntN(len(parts)-1)
			at := r.IntN(len(parts) - n + 1)
			merged := merge(parts[at:at+n], at == 0 && r.IntN(2) == 0 || n == len(parts))
			parts = slices.Replace(parts, at, at+n, merged)
		}
		got := map[DocNum]uint64{}
		for i := range parts[0].len() {
			rest, n := parts[0].at(i)
			got[n] = rest
		}
		if !parts[0].isSettled() || len(got) != len(want) {
			t.Fatalf("merged to %v, want %v", got, want)
		}
		for n, rest := range want {
			if got[n] != rest {
				t.Fatalf("merged to %v, want %v", got, want)
			}
		}
	}
	var m pebble.ValueMerger
	m, err := merger.Merge(nil, make(bucket, bucketEntry-1))
	if err == nil {
		t.Errorf("a bucket that is cut is merged: %v", m)
	}
}

// TestBlockFilter takes buckets in parts, and then more than it has room for: what it knows of a table is all,
// or nothing.
func TestBlockFilter(t *testing.T) {
	r := newRand(t)
	room := int64(5000*filterRest + filterFixed + 1) // a byte at the end of a table
	f := blockFilter{bound: blocks * room, known: blocks}
	f.end()
	all := nearRandom(r, 22000)
	for from := 0; from < len(all); from += 1000 {
		var newer blockTables
		for i, g := range all[from : from+1000] {
			for table := range byte(blocks) {
				newer.add(table, g, DocNum(from+i+1))
			}
		}
		f.add(&newer)
		many := from + 1000
		want := byte(min(blocks, f.bound/(int64(many*filterRest)+filterFixed+1)))
		if f.known != want {
			t.Fatalf("of %d fingerprints %d tables are known, want %d", many, f.known, want)
		}
		for range 500 {
			table, distance := byte(r.IntN(blocks)), r.IntN(MaxDistance+1)
			block, rest := cut(table, all[r.IntN(many)])
			want := 0
			for _, g := range all[:many] {
				b, other := cut(table, g)
				if known := uint64(1<<24 - 1); b == block && bits.OnesCount64((rest^other)&known) <= distance {
					want++
				}
			}
			if table >= f.known {
				want = unknownMatches
			}
			if got := f.matches(table, block, rest, distance); got != want {
				t.Fatalf("of %d fingerprints %d match in table %d, want %d", many, got, table, want)
			}
		}
	}
}
