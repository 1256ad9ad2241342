package dedup

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"neardup/internal/testkit"
	"neardup/shingle"
	"neardup/store"
)

func newDeduper(t *testing.T, opts *Options) *Deduper {
	t.Helper()
	d, err := Open("", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func add(t *testing.T, d *Deduper, doc Document) Verdict {
	t.Helper()
	v, err := d.Add(doc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const article = "The harbour ferry will go back to its old timetable on the first Monday of spring, the port authority said on Thursday, ending a trial that had split the town for most of the winter."

func TestVerdicts(t *testing.T) {
	d := newDeduper(t, nil)
	tests := []struct {
		id, text string
		kind     Kind
		of       string
	}{
		{"a", article, Unique, ""},
		{"b", strings.ToUpper(article), Exact, "a"},
		{"c", strings.Replace(article, "Monday", "Friday", 1), Near, "a"},
		{"d", strings.Replace(article, "most of the winter", "a year and a day", 1) + " Nobody knows why it was begun.", Contains, "a"},
		{"e", "", Unique, ""},
		{"f", " \n\u3000", Unique, ""},
		{"g", "猫", Unique, ""},
		{"h", "狗", Unique, ""},
		{"i", " 猫", Exact, "g"},
		{"j", "page 1 of 12", Unique, ""},
		{"k", "page 2 of 12", Unique, ""},
	}
	for _, tt := range tests {
		checked, err := d.Check(Document{ID: tt.id, Text: tt.text})
		if err != nil {
			t.Fatal(err)
		}
		v := add(t, d, Document{ID: tt.id, Text: tt.text})
		if v.Kind != tt.kind || v.Of != tt.of {
			t.Errorf("%s: %+v, want %v of %q", tt.id, v, tt.kind, tt.of)
		}
		if v != checked {
			t.Errorf("%s: Check says %+v, Add says %+v", tt.id, checked, v)
		}
	}
}

func TestSameRecordIsReplayed(t *testing.T) {
	d := newDeduper(t, nil)
	add(t, d, Document{ID: "a", Text: article})
	first := add(t, d, Document{ID: "b", Text: article + " "})
	last := d.index.Last()
	for id, want := range map[string]Verdict{"a": {Replayed: true}, "b": {Kind: Exact, Of: "a", Evidence: first.Evidence, Replayed: true}} {
		if v := add(t, d, Document{ID: id, Text: article}); v != want {
			t.Errorf("%s again: %+v, want %+v", id, v, want)
		}
	}
	if d.index.Last() != last {
		t.Error("a replayed record was added")
	}
	if v := add(t, d, Document{ID: "a", Text: "another text"}); !v.IDConflict || v.Kind != Unique {
		t.Errorf("the same id with another text: %+v", v)
	}
	// Made ids are never looked up.
	add(t, d, Document{ID: "in:1", MadeID: true, Text: "one"})
	if v := add(t, d, Document{ID: "in:1", MadeID: true, Text: "one"}); v.Kind != Exact || v.Replayed || v.IDConflict {
		t.Errorf("a made id: %+v", v)
	}
}

// edited returns words with some of them changed, the first ones from a seed.
func edited(words []string, from, n int) string {
	ws := slices.Clone(words)
	for i := range n {
		ws[from+i] = fmt.Sprintf("changed%d", from+i)
	}
	return strings.Join(ws, " ")
}

// TestNoChains has a text B between A and C that do not match each other.
func TestNoChains(t *testing.T) {
	var words []string
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		words = append(words, fmt.Sprintf("word%d", r.IntN(10000)))
	}
	a, b, c := edited(words, 0, 25), edited(words, 0, 0), edited(words, 200, 25)
	p := shingle.DefaultParams()
	ab := shingle.Resemblance(p.Set(a), p.Set(b))
	ac := shingle.Resemblance(p.Set(a), p.Set(c))
	if ab < .8 || ac >= .8 {
		t.Fatalf("resemblance a-b %.2f, a-c %.2f: not the case that is tested", ab, ac)
	}
	d := newDeduper(t, &Options{Kinds: []Kind{Exact, Near}})
	add(t, d, Document{ID: "a", Text: a})
	if v := add(t, d, Document{ID: "b", Text: b}); v.Of != "a" {
		t.Errorf("b: %+v", v)
	}
	if v := add(t, d, Document{ID: "c", Text: c}); v.Kind != Unique {
		t.Errorf("c was joined through b: %+v", v)
	}
	// A text that matches both goes to the one that it resembles more.
	if v := add(t, d, Document{ID: "e", Text: edited(words, 200, 10)}); v.Of != "c" {
		t.Errorf("e: %+v, want c", v)
	}
}

// A textList holds texts by the offset of their location.
type textList []string

func (l textList) text(at store.Location) (string, bool, error) { return l[at.Offset], true, nil }

// TestStarsAgainstBruteForce compares the verdicts on a corpus with those of a walk that
// compares every document with every representative.
func TestStarsAgainstBruteForce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	var texts []string
	for range testkit.Scale(400, 1500, 5000) {
		switch {
		case len(texts) > 0 && w.IntN(2) == 0:
			paragraphs := strings.Split(texts[w.IntN(len(texts))], "\n\n")
			paragraphs[w.IntN(len(paragraphs))] = w.Article(1)[0][:0] + strings.ToValidUTF8(w.Article(1)[0][:30+w.IntN(60)], "")
			texts = append(texts, strings.Join(paragraphs, "\n\n"))
		default:
			texts = append(texts, strings.Join(w.Article(2+w.IntN(8)), "\n\n"))
		}
	}
	p := shingle.DefaultParams()
	type representative struct {
		id     string
		normal string
		set    shingle.Set
	}
	var reps []representative
	d := newDeduper(t, &Options{Kinds: []Kind{Exact, Near}})
	d.texts = textList(texts)
	digester := p.NewDigester()
	missed, near := 0, 0
	for i, text := range texts {
		id := fmt.Sprint(i)
		digest := digester.Digest(text)
		set, normal := digest.Set.Clone(), string(digest.Normal)
		want, best := Verdict{}, 0.0
		for _, r := range reps {
			if r.normal == normal {
				want, best = Verdict{Kind: Exact, Of: r.id}, 2
			} else if x := shingle.Resemblance(set, r.set); !digest.Short && x >= DefaultMinResemblance && x > best {
				want, best = Verdict{Kind: Near, Of: r.id}, x
			}
		}
		if want.Kind == Near {
			near++
		}
		got := add(t, d, Document{ID: id, Text: text, location: store.Location{Run: 1, Offset: int64(i)}})
		if got.Kind != want.Kind || got.Of != want.Of {
			// Two in ten thousand pairs at 0.8 share no band.
			t.Logf("document %d: %+v, want %+v at %.4f", i, got, want, best)
			missed++
		}
		if !got.Duplicate() {
			reps = append(reps, representative{id, normal, set})
		}
	}
	if near < len(texts)/20 || missed > 2+near/200 {
		t.Errorf("%d of %d near duplicates are decided otherwise", missed, near)
	}
}

func TestOptions(t *testing.T) {
	far := store.MaxDistance + 1
	for _, o := range []Options{{MinResemblance: 1.1}, {MinResemblance: -1}, {MinResemblance: math.NaN()}, {MinContainment: math.NaN()}, {MaxDistance: &far}} {
		if d, err := Open("", &o); err == nil {
			d.Close()
			t.Errorf("%+v is accepted", o)
		}
	}
	if _, err := Open(t.TempDir()+"/none", &Options{MustExist: true}); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a missing index: %v", err)
	}
	d := newDeduper(t, &Options{Kinds: []Kind{Exact}})
	add(t, d, Document{ID: "a", Text: article})
	if v := add(t, d, Document{ID: "b", Text: article + " So it is said."}); v.Kind != Unique {
		t.Errorf("near counts although only exact should: %+v", v)
	}
}

// TestSpans checks that what spans cut out of both texts is equal or near after
// normalisation.
func TestSpans(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	p := shingle.DefaultParams()
	for range testkit.Scale(300, 1000, 10000) {
		kept := w.Article(2 + w.IntN(10))
		other := slices.Clone(kept)
		for range w.IntN(4) {
			switch i := w.IntN(len(other)); w.IntN(4) {
			case 0:
				other[i] += " and more"
			case 1:
				other[i] = strings.ToUpper(other[i])
			case 2:
				other = slices.Insert(other, i, w.Article(1)[0])
			case 3:
				j := w.IntN(len(other))
				other[i], other[j] = other[j], other[i]
			}
		}
		text, keptText := strings.Join(other, "\n\n"), strings.Join(kept, "\n")
		covered := 0
		ss := spans(p, text, keptText, .8)
		for i, s := range ss {
			if s.Start >= s.End || s.KeptStart >= s.KeptEnd || i > 0 && s.Start < ss[i-1].End {
				t.Fatalf("spans are out of order: %+v", ss)
			}
			a, b := text[s.Start:s.End], keptText[s.KeptStart:s.KeptEnd]
			if !utf8.ValidString(a) || !utf8.ValidString(b) {
				t.Fatalf("span %+v cuts a character", s)
			}
			if shingle.Normalize(a) != shingle.Normalize(b) && shingle.Resemblance(p.Set(a), p.Set(b)) < .8 {
				t.Fatalf("span %+v: %q is not near %q", s, a, b)
			}
			covered += s.End - s.Start
		}
		if len(ss) == 0 {
			t.Fatalf("no spans between %q and %q", text, keptText)
		}
	}
}

func TestSpansAreExact(t *testing.T) {
	text := "new headline\n\nfirst paragraph of the article\n\nsecond paragraph of the article\n"
	kept := "Old Headline\nFIRST paragraph of the article\n\n\nsecond paragraph of the article\nfooter"
	got := spans(shingle.DefaultParams(), text, kept, .8)
	want := []Span{{14, 77, 13, 77}}
	if !slices.Equal(got, want) {
		t.Errorf("spans %+v, want %+v", got, want)
	}
}

// TestSpansWhereLinesAreBrokenElsewhere: an article as one line, and in paragraphs inside of
// another page.
func TestSpansWhereLinesAreBrokenElsewhere(t *testing.T) {
	w := testkit.NewWriter(5)
	article := w.Article(5)
	text := strings.Join(article, " ")
	kept := strings.Join(slices.Concat(w.Article(3), article, w.Article(2)), "\n")
	got := spans(shingle.DefaultParams(), text, kept, .8)
	at := strings.Index(kept, article[0])
	want := []Span{{0, len(text), at, at + len(text)}}
	if !slices.Equal(got, want) {
		t.Errorf("spans %+v, want %+v", got, want)
	}
}
