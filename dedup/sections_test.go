package dedup

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"neardup/internal/markup"
	"neardup/internal/testkit"
	"neardup/shingle"
)

func TestSeedPage(t *testing.T) {
	page, err := os.ReadFile("../cmd/neardup/testdata/seed-page.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := Sections(string(page), nil)
	want := Page{Characters: 2372, RepeatedCharacters: 1080, Sections: []Section{{
		Kind: Exact, Resemblance: 1, Paragraphs: 12, Characters: 1080,
		Occurrences: []Occurrence{{Start: 222, End: 3309, Line: 11, EndLine: 33}, {Start: 3311, End: 6398, Line: 35, EndLine: 57}},
	}}}
	if got.Characters != want.Characters || got.RepeatedCharacters != want.RepeatedCharacters || !reflect.DeepEqual(got.Sections, want.Sections) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if fixed, _ := RemoveRepeats(string(page), nil); fixed != string(page[:3311])+string(page[6398:]) {
		t.Error("the fixed page is not the page without its repeat")
	}
}

// runs writes sections in short: the paragraphs of each occurrence, as letters of the page.
func runs(t *testing.T, letters string, o *SectionOptions) []string {
	t.Helper()
	var ps []string
	for _, l := range letters {
		p := fmt.Sprintf("This is paragraph %c, which is of average length, and a sentence.", l)
		if l >= 'a' {
			p = strings.Repeat(string(l), 7)
		}
		ps = append(ps, p)
	}
	text := strings.Join(ps, "\n\n")
	page := Sections(text, o)
	var out []string
	for _, s := range page.Sections {
		desc := ""
		for _, o := range s.Occurrences {
			first := strings.Count(text[:o.Start], "\n\n")
			last := first + strings.Count(text[o.Start:o.End], "\n\n")
			desc += fmt.Sprintf(" %s@%d", letters[first:last+1], first)
		}
		out = append(out, strings.TrimSpace(desc))
	}
	return out
}

func TestRuns(t *testing.T) {
	all := &SectionOptions{All: true}
	tests := []struct {
		name, page string
		opts       *SectionOptions
		want       []string
	}{
		{"empty", "", nil, nil},
		{"no repeat", "ABCDE", nil, nil},
		{"twice", "xABCyABCz", nil, []string{"ABC@1 ABC@5"}},
		{"three times", "ABxAByABz", nil, []string{"AB@0 AB@3 AB@6"}},
		{"in a row", "ABABABx", nil, []string{"AB@0 AB@2 AB@4"}},
		{"in a row and cut", "ABCABCA", nil, []string{"ABC@0 ABC@3"}},
		{"lone short repeat", "xAyAz", nil, nil},
		{"lone short repeat asked for", "xAyAz", all, []string{"A@1 A@3"}},
		{"in a row, one paragraph", "AAAAAA", nil, []string{"A@0 A@1 A@2 A@3 A@4 A@5"}},
		{"twice in a row, one paragraph", "AAx", nil, nil},
		{"twice in a row, twice", "AAxAA", nil, []string{"AA@0 AA@3"}},
		{"two that are short", "abxab", nil, nil},
		{"two sections", "ABxyCDzAByxCD", nil, []string{"AB@0 AB@7", "CD@4 CD@11"}},
		{"a paragraph changed", "ABxCDyABzCD", nil, []string{"ABxCD@0 ABzCD@6"}},
		{"a paragraph missing", "ABxCDyABCD", nil, []string{"ABxCD@0 ABCD@6"}},
		{"a paragraph inserted", "ABCDyABxCD", nil, []string{"ABCD@0 ABxCD@5"}},
		{"two in four changed", "ABxyCzABvwC", nil, []string{"AB@0 AB@6"}},
		{"the longer first", "XABCDyXAzABCD", nil, []string{"XA@0 XA@6", "ABCD@1 ABCD@9"}},
		{"nested", "ABCDxABCDyBCz", nil, []string{"ABCD@0 ABCD@5", "BC@1 BC@10"}},
		{"overlapping", "ABCxBCDyABCD", nil, []string{"BC@1 BC@4", "ABC@0 ABC@8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := runs(t, tt.page, tt.opts); !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %q, want %q", tt.page, got, tt.want)
			}
		})
	}
}

func TestLoneLongParagraph(t *testing.T) {
	long := strings.Repeat("long and longer ", 7)
	if got := Sections(long+"\n\nx\n\n"+long, nil); len(got.Sections) != 1 {
		t.Errorf("a long paragraph twice: %+v", got)
	}
	if got := Sections(long[:90]+"\n\nx\n\n"+long[:90], nil); len(got.Sections) != 0 {
		t.Errorf("a paragraph of 90 characters twice: %+v", got)
	}
	lines := "one two three and four\nfive and six and seven"
	for least, want := range map[int]int{2: 1, 3: 0, 0: 0} {
		if got := Sections(lines+"\n\nx\n\n"+lines, &SectionOptions{MinCharacters: least}); len(got.Sections) != want {
			t.Errorf("of 44 letters with at least %d: %+v", least, got)
		}
	}
}

// TestMostOfASectionIsInBoth: one paragraph in five may differ, but no more than a fifth of the
// characters.
func TestMostOfASectionIsInBoth(t *testing.T) {
	around := strings.Split("The first of four sentences, each of which is long enough to count.\nWhat the second one says is something else and is a bit longer.\n"+
		"A third one follows where the long paragraph ends, as it does here.\nAnd here is the fourth, behind which the section of the page ends.", "\n")
	page := func(middle string) []string {
		return append(append(append([]string(nil), around[:2]...), middle), around[2:]...)
	}
	for name, tt := range map[string]struct {
		one, other string
		want       Kind
	}{
		"short": {"One line.", "Another.", Near},
		"long":  {stories[0], stories[1], Exact},
	} {
		text := strings.Join(append(append(page(tt.one), "Between the two of them."), page(tt.other)...), "\n")
		for _, s := range Sections(text, nil).Sections {
			if s.Kind != tt.want {
				t.Errorf("a %s paragraph is another one: %+v", name, s)
			}
		}
	}
}

// TestParagraphThatBeginsWithDashes: it is one, though without them it stands elsewhere as well.
func TestParagraphThatBeginsWithDashes(t *testing.T) {
	long := strings.Repeat("long and longer ", 7) + "and."
	for _, text := range []string{
		"one\n——— " + long + "\ntwo\n——— " + long + "\nthree\n" + long + "\nfour",
		"one\n" + long + "\ntwo\n——— " + long + "\nthree\n——— " + long + "\nfour",
		"one\n———\n" + long + "\ntwo\n——— " + long + "\nthree",
	} {
		p := Sections(text, nil)
		if len(p.Sections) != 1 || p.Sections[0].Paragraphs != 1 {
			t.Errorf("%q: %+v", text, p.Sections)
		}
	}
}

// TestRepeatsAgainstNaive compares with a search of every pair of places.
func TestRepeatsAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		s := make([]int32, r.IntN(30))
		for i := range s {
			s[i] = int32(r.IntN(min(len(s), 1+r.IntN(6))))
		}
		if got, want := findRepeats(s, len(s)).maximal(), naiveRepeats(s); !slices.Equal(got, want) {
			t.Fatalf("the repeats of %v are %v, want %v", s, got, want)
		}
	}
}

// TestSectionsAgainstNaive compares with a search that tries every pair of places again for
// every section.
func TestSectionsAgainstNaive(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	// Everything counts, and no change is worth going on over.
	all := &SectionOptions{All: true, MinCharacters: 1 << 20}
	for range testkit.Scale(3000, 20000, 1000000) {
		page := make([]byte, r.IntN(25))
		letters := 1 + r.IntN(6)
		for i := range page {
			page[i] = byte('a' + r.IntN(letters))
		}
		if got, want := runs(t, string(page), all), naiveSections(string(page)); !slices.Equal(got, want) {
			t.Fatalf("%s: got %q, want %q", page, got, want)
		}
	}
}

// naiveSections finds the sections of a page whose paragraphs are letters, all of one length.
func naiveSections(page string) []string {
	claimed := make([]bool, len(page))
	later := map[string][]int{}
	for {
		var best run
		for i := range int32(len(page)) {
			for j := range i {
				n := int32(0)
				for int(i+n) < len(page) && page[j+n] == page[i+n] && !claimed[i+n] {
					n++
				}
				if n > best.count {
					best = run{i, j, n}
				}
			}
		}
		if best.count == 0 {
			break
		}
		block := best.start - best.first
		for from := int32(0); from < best.count; from += block {
			n := min(block, best.count-from)
			key := fmt.Sprintf("%s@%d", page[best.first:best.first+n], best.first)
			later[key] = append(later[key], int(best.start+from))
			for i := range n {
				claimed[best.start+from+i] = true
			}
		}
	}
	var keys []string
	for key, places := range later {
		slices.Sort(places)
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return later[a][0] - later[b][0] })
	var out []string
	for _, key := range keys {
		content, _, _ := strings.Cut(key, "@")
		desc := key
		for _, at := range later[key] {
			desc += fmt.Sprintf(" %s@%d", content, at)
		}
		out = append(out, desc)
	}
	return out
}

func naiveRepeats(s []int32) []run {
	var runs []run
	previous := int32(0)
	for i := range int32(len(s)) {
		best := run{start: i}
		for j := range i {
			n := int32(0)
			for i+n < int32(len(s)) && s[j+n] == s[i+n] {
				n++
			}
			if n > best.count {
				best = run{i, j, n}
			}
		}
		if best.count > 0 && best.count > previous-1 {
			runs = append(runs, best)
		}
		previous = best.count
	}
	return runs
}

// randomPage makes a page in which lines come again, in other forms and broken elsewhere.
func randomPage(r *rand.Rand, html bool) string {
	lines := []string{
		"", "", " ", "标题", "一段不长也不短的正文，一共二十来个字，讲述一件小事。", "一段不长也不短的正文,一共二十来个字,讲述一件小事.", "Read more", "———", "A paragraph of some length, which says little.",
		"A PARAGRAPH of some length,", "which says little.", "もう一つの段落です。", strings.Repeat("long ", 30), strings.Repeat("long ", 30) + "and longer",
		"One sentence of a text that is longer. Another one that follows it in most places, but not in all.", "e\u0301te\u0301", "1 \U0001f600 &amp; &lt; 2",
	}
	ends := []string{"\n", "\r\n", "\n\n", "\u2028", " ", " "}
	if html {
		ends = []string{"<p>", "</p><p>", "<br>", "</div>", "<div>", " ", "<div class=mobile-only>", "<b>", "</b>", "<li>", "<tr><td>", "</table>", "<!--x-->", "<img>", "<script>x</script>\n"}
	}
	var b strings.Builder
	for range r.IntN(40) {
		b.WriteString(lines[r.IntN(len(lines))] + ends[r.IntN(len(ends))])
	}
	return b.String()
}

// TestSectionsOfRandomPages checks what must hold of any page, and that pages that are looked
// at at the same time do not matter to each other.
func TestSectionsOfRandomPages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const workers = 4
	var wait sync.WaitGroup
	for w := range uint64(workers) {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, w))
			shared := rand.New(rand.NewPCG(seed, workers)) // the same pages for all
			for range testkit.Scale(1000, 5000, 100000) / workers {
				o := SectionOptions{All: r.IntN(2) == 0, HTML: r.IntN(2) == 0, MinCharacters: 1 + r.IntN(50)}
				checkPage(t, randomPage(r, o.HTML), o)
				checkPage(t, randomPage(shared, true), SectionOptions{HTML: true})
			}
		})
	}
	wait.Wait()
}

// checkPage holds a page to what is promised of sections and of what is left without them.
func checkPage(t *testing.T, text string, o SectionOptions) {
	t.Helper()
	p := Sections(text, &o)
	if again := Sections(text, &o); !reflect.DeepEqual(p.Sections, again.Sections) {
		t.Errorf("%q: other sections the second time", text)
		return
	}
	var later []Occurrence
	for _, s := range p.Sections {
		if !checkSection(t, text, s, o) {
			return
		}
		later = append(later, s.Occurrences[1:]...)
	}
	slices.SortFunc(later, func(a, b Occurrence) int { return a.Start - b.Start })
	for i, o := range later {
		if i > 0 && o.Start < later[i-1].End {
			t.Errorf("%q: later occurrences overlap: %+v", text, later)
			return
		}
	}
	gone := 0
	for _, c := range p.Cuts() {
		gone += utf8.RuneCountInString(text[c.Start:c.End])
		if i := slices.IndexFunc(later, func(o Occurrence) bool { return o.End >= c.End }); !o.HTML && (i < 0 || later[i].Start > c.Start) {
			t.Errorf("%q: %+v goes and is in no later occurrence: %+v", text, c, later)
		}
	}
	if !o.HTML && gone != p.RepeatedCharacters {
		t.Errorf("%q: %d repeated characters, want %d", text, p.RepeatedCharacters, gone)
	}
	left, removed := RemoveRepeats(text, &o)
	if want := textWithout(text, removed); left != want {
		t.Errorf("%q: left is %q, and without what was removed %q", text, left, want)
	}
	checkNothingLost(t, text, left, o)
	if again := Sections(left, &SectionOptions{MinCharacters: o.MinCharacters, All: o.All, HTML: o.HTML, equalOnly: true}); len(again.Cuts()) > 0 {
		t.Errorf("%q %+v: %q is left and has %+v", text, o, left, again.Sections)
	}
	var shown strings.Builder
	for _, x := range p.Passages(text) {
		shown.WriteString(x.Text)
	}
	visible := text
	if o.HTML {
		visible = p.html.Text
	}
	if squeezed(shown.String()) != squeezed(visible) {
		t.Errorf("%q: the passages are %q", text, shown.String())
	}
}

// checkNothingLost holds what is left of a page to this: every sentence of the page is in it, whole
// or in pieces, or one that is near to it.
func checkNothingLost(t *testing.T, text, left string, o SectionOptions) {
	t.Helper()
	if o.HTML {
		text, left = markup.Parse(text).Text, markup.Parse(left).Text
	}
	whole := letters(left)
	var there []shingle.Set
	for _, s := range sentences(left, shingle.Paragraphs(left)...) {
		there = append(there, shingle.DefaultParams().Set(left[s.Start:s.End]))
	}
	for _, r := range sentences(text, shingle.Paragraphs(text)...) {
		s := text[r.Start:r.End]
		set := shingle.DefaultParams().Set(s)
		if inPieces(letters(s), whole) ||
			slices.ContainsFunc(there, func(other shingle.Set) bool { return shingle.Resemblance(set, other) >= DefaultMinResemblance }) {
			continue
		}
		t.Errorf("%q is lost of %q, left is %q: %+v", s, text, left, o)
		return
	}
}

// inPieces reports whether all of s but a fifth, or eight characters, is in whole, in pieces of
// six characters and more.
func inPieces(s, whole string) bool {
	if strings.Contains(whole, s) {
		return true
	}
	rest := []rune(s)
	there, all := 0, len(rest)
	for len(rest) > 0 {
		n := sort.Search(len(rest), func(n int) bool { return !strings.Contains(whole, string(rest[:n+1])) })
		if n >= 6 {
			there += n
		}
		rest = rest[max(n, 1):]
	}
	return 5*there >= 4*all || all-there <= 8
}

// letters returns the letters and digits of a text, normalised.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, shingle.Normalize(s))
}

func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\ufeff' {
			return -1
		}
		return r
	}, s)
}

func checkSection(t *testing.T, text string, s Section, o SectionOptions) bool {
	t.Helper()
	if len(s.Occurrences) < 2 || s.Paragraphs < 1 && !o.All || s.Characters < 1 {
		t.Errorf("%q: section %+v", text, s)
		return false
	}
	if (s.Kind == Exact) != (s.Resemblance == 1) && s.Kind != Near {
		t.Errorf("%q: kind %q, resemblance %v", text, s.Kind, s.Resemblance)
		return false
	}
	first := s.Occurrences[0]
	for i, x := range s.Occurrences {
		if x.Start < 0 || x.Start >= x.End || x.End > len(text) || !utf8.ValidString(text[x.Start:x.End]) {
			t.Errorf("%q: bad range %+v", text, x)
			return false
		}
		if i > 0 && x.Start < s.Occurrences[i-1].End {
			t.Errorf("%q: occurrences overlap: %+v", text, s)
			return false
		}
		a, b := text[x.Start:x.End], text[first.Start:first.End]
		if o.HTML {
			a, b = markup.Parse(a).Text, markup.Parse(b).Text
		}
		if s.Kind == Exact && shingle.Normalize(a) != shingle.Normalize(b) {
			t.Errorf("%q: occurrences differ: %+v", text, s)
			return false
		}
		if line, end := 1+strings.Count(text[:x.Start], "\n"), 1+strings.Count(text[:x.End], "\n"); x.Line != line || x.EndLine != end {
			t.Errorf("%q: lines %d to %d, want %d to %d", text, x.Line, x.EndLine, line, end)
			return false
		}
	}
	return true
}

func FuzzSections(f *testing.F) {
	f.Add("a\nb\na\nb\n", true, false)
	f.Add("一段正文\n\n一段正文\r\n\n———\n———", true, false)
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(randomPage(r, true), false, true)
		f.Add(randomPage(r, false), false, false)
	}
	f.Fuzz(func(t *testing.T, text string, all, html bool) {
		if utf8.ValidString(text) {
			checkPage(t, text, SectionOptions{All: all, HTML: html})
		}
	})
}

func BenchmarkSections(b *testing.B) {
	line := "A paragraph of some length, number %d, which says little.\n\n"
	for name, number := range map[string]func(i int) int{
		"distinct":  func(i int) int { return i },
		"twice":     func(i int) int { return i % 10000 },
		"same":      func(int) int { return 0 },
		"alternate": func(i int) int { return i * (i % 2) },
	} {
		var text strings.Builder
		for i := range 20000 {
			fmt.Fprintf(&text, line, number(i))
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				Sections(text.String(), nil)
			}
		})
	}
}
