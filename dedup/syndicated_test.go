package dedup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
	"neardup/store"
)

// TestSyndicatedAgainstBruteForce puts articles into other pages, truncates and merges them, and
// compares what is found with the containment of every pair.
func TestSyndicatedAgainstBruteForce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	var texts []string
	article := func() []string { return w.Article(4 + w.IntN(5)) }
	for range testkit.Scale(150, 400, 2000) {
		a := article()
		body := strings.Join(a, "\n")
		texts = append(texts, body)
		switch w.IntN(6) {
		case 0:
			texts = append(texts, strings.Join(slices.Concat(article()[:3], a, article()[:2]), "\n"))
		case 1:
			texts = append(texts, strings.Join(a[:len(a)/2], "\n"))
		case 2:
			texts = append(texts, strings.Join(slices.Concat(a, article()), "\n\n"))
		case 3: // every paragraph lightly edited, in another frame
			for i := range a {
				r := []rune(a[i])
				r[w.IntN(len(r))] = 'x'
				a[i] = string(r)
			}
			texts = append(texts, strings.Join(slices.Concat(article()[:2], a, article()[:3]), "\n"))
		}
	}
	p := shingle.DefaultParams()
	sets := make([]shingle.Set, len(texts))
	for i, text := range texts {
		sets[i] = p.Set(text)
	}
	d := newDeduper(t, nil)
	d.texts = textList(texts)
	d.limits = allPairs
	digester := p.NewDigester()
	pairs, missed := 0, 0
	for i, text := range texts {
		a := analyse(digester, text, 0)
		matches, err := d.near(&a, true)
		if err != nil {
			t.Fatal(err)
		}
		best, err := d.best(&a)
		if err != nil {
			t.Fatal(err)
		}
		// All are taken in as representatives here; in an index none is so near another.
		const unbeaten = (1 + DefaultMinResemblance) / 2
		if want := highest(matches); best.kind != Contains && best.Resemblance != want.Resemblance && best.Resemblance < unbeaten {
			t.Errorf("the best match of %d is %+v, and among all %+v", i, best, want)
		} else if best.kind == Contains && want.num != 0 {
			t.Errorf("%d is kept, and could be dropped for %+v", i, want)
		}
		for j := range i {
			r, own, other := shingle.Compare(sets[i], sets[j])
			found := slices.IndexFunc(matches, func(m match) bool { return m.id == fmt.Sprint(j) })
			if r >= DefaultMinResemblance || max(own, other) < DefaultMinContainment {
				if found >= 0 && matches[found].kind == Syndicated {
					t.Errorf("%d and %d are called syndicated: containments %.3f and %.3f", i, j, own, other)
				}
				continue
			}
			pairs++
			if found < 0 {
				t.Logf("%d and %d are missed: containments %.3f and %.3f", i, j, own, other)
				missed++
			} else if m := matches[found]; m.kind != Syndicated || m.fuller != (own < DefaultMinContainment) || m.Containment != own || m.ContainmentOf != other {
				t.Errorf("%d and %d: %+v, want containments %.3f and %.3f", i, j, m, own, other)
			}
		}
		doc := Document{ID: fmt.Sprint(i), Text: text, location: store.Location{Run: 1, Offset: int64(i)}}
		if _, err := d.add(doc, a, judgement{}, true, true); err != nil {
			t.Fatal(err)
		}
	}
	if pairs < len(texts)/10 || missed > pairs/50 {
		t.Errorf("%d of %d pairs are missed", missed, pairs)
	}
}

// TestFullerTextIsKept: a text goes only if its own article stands in the other.
func TestFullerTextIsKept(t *testing.T) {
	w := testkit.NewWriter(3)
	a, b := w.Article(8), w.Article(8)
	whole, half := strings.Join(a, "\n"), strings.Join(a[:4], "\n")
	merged := strings.Join(slices.Concat(a, b), "\n")
	for _, tt := range []struct {
		name  string
		texts []string
		kinds []Kind
	}{
		{"truncated copy after the whole", []string{whole, half}, []Kind{Unique, Syndicated}},
		{"truncated copy first", []string{half, whole}, []Kind{Unique, Contains}},
		{"known story merged with a new one", []string{whole, merged}, []Kind{Unique, Contains}},
		{"both parts of a merged page after it", []string{merged, whole, strings.Join(b, "\n")}, []Kind{Unique, Syndicated, Syndicated}},
	} {
		d := newDeduper(t, nil)
		for i, text := range tt.texts {
			v := add(t, d, Document{ID: fmt.Sprint(i), Text: text})
			if v.Kind != tt.kinds[i] || (v.Of == "0") != (v.Kind != Unique) || v.Duplicate() != (v.Kind == Syndicated) {
				t.Errorf("%s: text %d: %+v", tt.name, i, v)
			}
		}
	}
}

// TestFormsAreNotJoined: 1,000 fillings of one form, whose fillings are 30 % of the text.
func TestFormsAreNotJoined(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	word := func() string {
		b := make([]byte, 6)
		for i := range b {
			b[i] = 'a' + byte(r.IntN(26))
		}
		return string(b)
	}
	form := make([]string, 300)
	for i := range form {
		form[i] = word()
	}
	d := newDeduper(t, nil)
	for i := range testkit.Scale(200, 1000, 1000) {
		words := slices.Clone(form)
		for j := 0; j < len(words); j += 10 {
			words[j], words[j+1], words[j+2] = word(), word(), word()
		}
		v := add(t, d, Document{ID: fmt.Sprint(i), Text: strings.Join(words, " ")})
		if v.Kind != Unique {
			t.Fatalf("filling %d: %+v", i, v)
		}
	}
}

// TestBestOfMany has many representatives of which the document resembles each about as much: the
// best is the best on the shingles, whatever sketches say.
func TestBestOfMany(t *testing.T) {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	p := shingle.DefaultParams()
	digester := p.NewDigester()
	for range testkit.Scale(10, 30, 300) {
		paragraphs := w.Article(24)
		whole := strings.ToValidUTF8(strings.Join(paragraphs, "\n"), "")
		var texts textList
		for range 24 { // without some of its paragraphs, and with others
			part := slices.Clone(paragraphs)
			for range 4 + w.IntN(2) {
				at := w.IntN(len(part))
				part[at] = w.Article(1)[0]
			}
			texts = append(texts, strings.ToValidUTF8(strings.Join(part, "\n"), ""))
		}
		d := newDeduper(t, &Options{MinResemblance: .6})
		d.texts = texts
		want := 0.0
		for i, text := range texts {
			a := analyse(digester, text, 0)
			doc := Document{ID: fmt.Sprint(i), Text: text, location: store.Location{Run: 1, Offset: int64(i)}}
			if _, err := d.add(doc, a, judgement{}, true, true); err != nil {
				t.Fatal(err)
			}
			want = max(want, shingle.Resemblance(p.Set(text), p.Set(whole)))
		}
		a := analyse(digester, whole, 0)
		best, err := d.best(&a)
		if err != nil {
			t.Fatal(err)
		}
		if best.Resemblance != want && want < (1+.6)/2 {
			t.Errorf("the best resembles it by %v, and one by %v", best.Resemblance, want)
		}
	}
}
