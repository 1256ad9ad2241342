package dedup

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// TestOverviewAgainstRows counts again what an overview tells, from a row a record.
func TestOverviewAgainstRows(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	var pages []page
	for i := range testkit.Scale(1000, 2000, 10000) {
		p := page{ID: fmt.Sprint(i), Text: strings.Join(w.Article(2+w.IntN(4)), "\n")}
		if i > 0 {
			switch other := pages[w.IntN(i)].Text; w.IntN(5) {
			case 0:
				p.Text = strings.ToUpper(other)
			case 1:
				p.Text = other + "\n" + w.Article(1)[0][:9]
			case 2:
				p.Text, _, _ = strings.Cut(other, "\n")
			}
		}
		pages = append(pages, page{ID: p.ID, Text: strings.ToValidUTF8(p.Text, "")})
	}
	path := pageFile(t, pages)
	text := map[string]string{}
	for _, p := range pages {
		text[p.ID] = p.Text
	}
	var out bytes.Buffer
	var o Overview
	s, err := Scan(t.Context(), ScanOptions{
		Options: Options{TempDir: t.TempDir()}, RowOptions: RowOptions{Input: inputOf(t, path), Output: &out},
		Clusters: true, Overview: &o,
	})
	if err != nil {
		t.Fatal(err)
	}

	type row struct {
		ID, Cluster, Kind string
		Representative    bool
		Resemblance       float64
	}
	rows := rowsOf[row](t, out.Bytes())
	var all int64
	var kept []page
	gone, sizes, columns := map[string]int64{}, map[string]int64{}, map[string]int64{}
	first := map[string]int{}
	for i, r := range rows {
		all += int64(len(text[r.ID]))
		if r.Representative {
			kept = append(kept, page{ID: r.ID, Text: text[r.ID]})
			first[r.ID] = i
			continue
		}
		gone[r.Kind] += int64(len(text[r.ID]))
		sizes[r.Cluster]++
		if r.Kind != "exact" {
			columns[fmt.Sprint(r.Kind, resemblanceStep(r.Resemblance))]++
		}
	}
	if o.Bytes != all || o.GoneBytes[Exact] != gone["exact"] || o.GoneBytes[Near] != gone["near"] || o.GoneBytes[Syndicated] != gone["syndicated"] {
		t.Errorf("of %d bytes %v go; counted %d and %v", o.Bytes, o.GoneBytes, all, gone)
	}
	for i, c := range o.Resemblance {
		if near, syndicated := columns[fmt.Sprint("near", i)], columns[fmt.Sprint("syndicated", i)]; c.Near != near || c.Syndicated != syndicated {
			t.Errorf("step %d: %+v, counted %d and %d", i, c, near, syndicated)
		}
	}
	var clusters, documents int64
	for _, size := range o.Sizes {
		clusters += size.Clusters
		documents += size.Documents
		n := int64(0)
		for _, members := range sizes {
			if members+1 >= size.From && members+1 <= size.To {
				n++
			}
		}
		if n != size.Clusters {
			t.Errorf("%+v, counted %d", size, n)
		}
	}
	if clusters != s.Clusters || documents != s.Clusters+s.Dropped {
		t.Errorf("%v are not %d clusters with %d documents", o.Sizes, s.Clusters, s.Clusters+s.Dropped)
	}

	largest := make([]string, 0, len(sizes))
	for id := range sizes {
		largest = append(largest, id)
	}
	slices.SortFunc(largest, func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), first[a]-first[b]) })
	if len(largest) <= maxClusters || len(o.Clusters) != maxClusters {
		t.Fatalf("%d of %d clusters are shown", len(o.Clusters), len(largest))
	}
	kinds := map[Kind]int{}
	for i, c := range o.Clusters {
		if c.ID != largest[i] || c.Documents != sizes[c.ID]+1 || c.Exact+c.Near+c.Syndicated != sizes[c.ID] || !strings.HasPrefix(text[c.ID], c.Beginning) {
			t.Errorf("cluster %d is %s with %d documents, not %s with %d", i, c.ID, c.Documents, largest[i], sizes[largest[i]]+1)
		}
		for _, m := range c.Members {
			kinds[m.Kind]++
			checkBeside(t, text[c.ID], text[m.ID], m.Stretches)
			if !slices.ContainsFunc(rows, func(r row) bool {
				return r.ID == m.ID && r.Cluster == c.ID && r.Kind == m.Kind.String() && r.Resemblance == round(m.Resemblance)
			}) {
				t.Errorf("%+v is no member of %s", m, c.ID)
			}
		}
		for _, id := range c.Equal {
			if shingle.Normalize(text[id]) != shingle.Normalize(text[c.ID]) {
				t.Errorf("%s is not equal to %s", id, c.ID)
			}
		}
	}
	if kinds[Near] == 0 || kinds[Syndicated] == 0 {
		t.Errorf("members are %v", kinds)
	}

	// The paragraphs are those of what is kept.
	out.Reset()
	if _, err := RepeatedParagraphs(t.Context(), ParagraphOptions{RowOptions: RowOptions{Input: inputOf(t, pageFile(t, kept)), Output: &out}}); err != nil {
		t.Fatal(err)
	}
	repeated := rowsOf[paragraphRowRead](t, out.Bytes())
	if int64(len(repeated)) != o.Repeated || len(o.Paragraphs) != min(len(repeated), maxTopParagraphs) {
		t.Errorf("%d paragraphs, of %d; counted %d", len(o.Paragraphs), o.Repeated, len(repeated))
	}
	for i, p := range o.Paragraphs {
		if r := repeated[i]; !strings.HasPrefix(r.Text, p.Text) || p.More != (len(r.Text) > len(p.Text)) || p.Documents != r.Documents || p.Occurrences != r.Occurrences || p.First != r.First {
			t.Errorf("%+v, counted %+v", p, r)
		}
	}

	// What can't be read again is kept, and little memory and one thread change nothing.
	packed := filepath.Join(t.TempDir(), "pages.jsonl.gz")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	g.Write(data)
	g.Close()
	if err := os.WriteFile(packed, z.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	var again Overview
	in := inputOf(t, packed)
	in.Threads = 1
	if _, err := Scan(t.Context(), ScanOptions{
		Options: Options{TempDir: t.TempDir(), Memory: 1 << 20}, RowOptions: RowOptions{Input: in, Output: &out}, Overview: &again,
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range slices.Concat(o.Clusters, again.Clusters) {
		for i := range c.Members {
			c.Members[i].location = c.Members[0].location
		}
	}
	want, _ := json.Marshal(o)
	if got, _ := json.Marshal(again); !bytes.Equal(got, want) {
		t.Error("texts that are kept give another overview")
	}
}

// checkBeside holds the excerpts of two texts against them: what is marked as the same is, and
// nothing is made up.
func checkBeside(t *testing.T, a, b string, ss []Stretch) {
	t.Helper()
	if len(ss) == 0 {
		t.Errorf("nothing is shown of %.80q and %.80q", a, b)
	}
	for _, s := range ss {
		same, complete := [2]string{}, true
		for side, pieces := range [][]Piece{s.A, s.B} {
			for _, p := range pieces {
				if complete = complete && p.Omitted == 0; p.Omitted > 0 {
					continue
				}
				if !strings.Contains([]string{a, b}[side], p.Text) {
					t.Errorf("%q does not stand in the text", p.Text)
				}
				if p.Same {
					same[side] += p.Text
				}
			}
		}
		if s.Kind == Exact && (same[0] == "" || same[1] == "") {
			t.Errorf("of an equal stretch nothing is the same: %+v", s)
		}
		if words := shingle.DefaultParams(); complete && !slices.Equal(normals(words, same[0]), normals(words, same[1])) {
			t.Errorf("%q and %q are marked as the same", same[0], same[1])
		}
	}
}

func normals(p shingle.Params, text string) (ns []string) {
	for _, w := range words(p, text) {
		if w.normal != "" {
			ns = append(ns, w.normal)
		}
	}
	return ns
}

func TestBeside(t *testing.T) {
	friday := strings.Replace(article, "Monday", "Friday", 1)
	clock := "停业三年之后,老城区北街口的那间钟表铺在本月重新开门了。铺子只有十二平方米,墙上挂着四十多只钟,没有两只走得一样快。"
	tests := []struct{ a, b, want string }{
		{"One line.\n" + article, "Another line.\n" + article, "unique [One] line. | [Another] line.\nexact A | A\n"},
		{article, friday, "near " + strings.Replace(article, "Monday", "[Monday]", 1) + " | " + strings.Replace(article, "Monday", "[Friday]", 1) + "\n"},
		{article + "\nMore.", strings.ToUpper(article), "exact A | " + strings.ToUpper(article) + "\nunique [More.] | \n"},
		{article, "Before.\n" + article + "\nAfter.", "unique  | [Before.]\nexact A | A\nunique  | [After.]\n"},
		{clock, strings.Replace(clock, "北街", "南街", 1), "near " + strings.Replace(clock, "北", "[北]", 1) + " | " + strings.Replace(clock, "北", "[南]", 1) + "\n"},
		{strings.Repeat(article+" ", 3) + "x", strings.Repeat(article+" ", 3) + "x", "exact A The harbour ferry will go back to its old timetable on…on Thursday, ending a trial that had split the town for most of the winter. x | A The harbour ferry will go back to its old timetable on…on Thursday, ending a trial that had split the town for most of the winter. x\n"},
		{"This is the same, and this not.", "This is the same.", "unique This is the same[, and this not]. | This is the same.\n"},
		{"a, b", "c, d", "unique [a, b] | [c, d]\n"},
		{"", "", ""},
	}
	show := func(ps []Piece) (s string) {
		for _, p := range ps {
			switch {
			case p.Omitted > 0:
				s += "…"
			case p.Same:
				s += p.Text
			default:
				s += "[" + p.Text + "]"
			}
		}
		return s
	}
	for _, tt := range tests {
		ss, more := beside(shingle.DefaultParams(), tt.a, tt.b, 0.8)
		var got string
		for _, s := range ss {
			got += strings.ReplaceAll(fmt.Sprintf("%v %s | %s\n", s.Kind, show(s.A), show(s.B)), article, "A")
		}
		if got != tt.want || more {
			t.Errorf("%.80q and %.80q: %s", tt.a, tt.b, got)
		}
	}
	// What is large is cut.
	var a, b []string
	for i := range 4000 {
		a, b = append(a, fmt.Sprintf("%s %d", article, i)), append(b, fmt.Sprintf("%s %d", friday, -i))
	}
	ss, more := beside(shingle.DefaultParams(), strings.Join(a, "\n"), strings.Join(b, "\n"), 0.8)
	if !more || len(ss) == 0 || len(ss) > maxStretches {
		t.Errorf("%d stretches of large texts, more: %v", len(ss), more)
	}
}
