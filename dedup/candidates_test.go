package dedup

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/store"
)

// TestLookAt compares with a loop that looks at one document after another, over a family of
// copies among texts that resemble none of them.
func TestLookAt(t *testing.T) {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	d := newDeduper(t, nil)
	randomWords := func() (words []string) {
		for range 300 {
			words = append(words, fmt.Sprintf("word%d", r.IntN(1_000_000)))
		}
		return words
	}
	analyse := func(text string) analysis {
		return d.boilerplate.analyse(d.opts.Params.NewDigester(), text, 0, d.needed())
	}
	family := randomWords()
	const documents = 300
	like := map[store.DocNum]bool{}
	nums := make([]store.DocNum, 0, documents)
	for i := range documents {
		words := randomWords()
		if r.IntN(2) == 0 {
			words = slices.Clone(family)
			words[i] = "another"
			like[store.DocNum(i+1)] = true
		}
		text := strings.Join(words, " ")
		if _, err := d.add(Document{ID: fmt.Sprint(i), Text: text}, analyse(text), judgement{}, true, true); err != nil {
			t.Fatal(err)
		}
		nums = append(nums, store.DocNum(i+1))
	}
	a := analyse(strings.Join(family, " "))
	for _, maxMisses := range []int{0, 1, 2, 15, 16, 17, 31, 100, documents - len(like) - 1, documents - len(like), math.MaxInt} {
		r.Shuffle(len(nums), func(i, j int) { nums[i], nums[j] = nums[j], nums[i] })
		looked := map[store.DocNum]bool{}
		for _, n := range nums[:r.IntN(40)] { // by another sieve
			looked[n] = true
		}
		r.Shuffle(len(nums), func(i, j int) { nums[i], nums[j] = nums[j], nums[i] })
		d.looked = maps.Clone(looked)

		var want []store.DocNum
		wantCut, misses := false, 0
		for _, n := range nums {
			if looked[n] {
				continue
			}
			if misses == maxMisses {
				wantCut = true
				break
			}
			looked[n] = true
			if like[n] {
				want = append(want, n)
			} else {
				misses++
			}
		}
		v := verifier{d: d, a: &a, brief: a.sketch.Brief()}
		found, cut, err := v.lookAt(nil, nums, maxMisses)
		if err != nil {
			t.Fatal(err)
		}
		var got []store.DocNum
		for _, c := range found {
			if c.resemblance < 0.9 || c.doc.ID != fmt.Sprint(c.num-1) {
				t.Errorf("document %d is %s, resemblance %v", c.num, c.doc.ID, c.resemblance)
			}
			got = append(got, c.num)
		}
		if !slices.Equal(got, want) || cut != wantCut || !maps.Equal(d.looked, looked) {
			t.Errorf("at most %d in vain: %d found, cut %v, %d looked at; want %d, %v, %d",
				maxMisses, len(got), cut, len(d.looked), len(want), wantCut, len(looked))
		}
	}
}
