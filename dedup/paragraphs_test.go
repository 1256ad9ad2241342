package dedup

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// TestRepeatedParagraphsAgainstCounting plants paragraphs in random documents, equal, in other
// letters, and lightly edited, and compares with plain counting.
func TestRepeatedParagraphsAgainstCounting(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	var planted []string
	for range 30 {
		planted = append(planted, w.Article(1)[0])
	}
	n := testkit.Scale(300, 1000, 5000)
	var pages []page
	for i := range n {
		ps := w.Article(2)
		for range w.IntN(4) {
			p := planted[w.IntN(len(planted))]
			if w.IntN(3) == 0 {
				p = strings.ToUpper(p)
			}
			ps = slices.Insert(ps, w.IntN(len(ps)+1), p)
		}
		if i > 0 && i%50 == 0 {
			r := []rune(planted[i/50%len(planted)])
			r[len(r)/2] = '%'
			ps = append(ps, string(r))
		}
		pages = append(pages, page{ID: fmt.Sprint(i), Text: strings.Join(ps, "\n")})
	}
	type count struct {
		first                  string
		documents, occurrences int64
		last                   int
	}
	counts := map[string]*count{}
	for i, p := range pages {
		for _, at := range shingle.Paragraphs(p.Text) {
			normal := shingle.Normalize(p.Text[at.Start:at.End])
			c := counts[normal]
			if c == nil {
				c = &count{first: p.ID, last: -1}
				counts[normal] = c
			}
			c.occurrences++
			if c.last != i {
				c.last = i
				c.documents++
			}
		}
	}
	run := func(memory int64, threads int) []byte {
		in := inputOf(t, pageFile(t, pages))
		in.Threads = threads
		var out bytes.Buffer
		s, err := RepeatedParagraphs(t.Context(), ParagraphOptions{
			Options: Options{Memory: memory, TempDir: t.TempDir()}, RowOptions: RowOptions{Input: in, Output: &out},
		})
		if err != nil || s.Kept != int64(n) || s.Overflow != 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		return out.Bytes()
	}
	out := run(0, 2)
	if !bytes.Equal(out, run(1, 1)) {
		t.Error("what is spilled gives other rows")
	}
	rows := rowsOf[paragraphRowRead](t, out)
	if !slices.IsSortedFunc(rows, func(a, b paragraphRowRead) int { return cmp.Compare(b.Documents, a.Documents) }) {
		t.Error("the rows are not in order")
	}
	p := shingle.DefaultParams()
	found := map[string]bool{}
	near := 0
	for _, row := range rows {
		normal := shingle.Normalize(row.Text)
		c := counts[normal]
		if c == nil || row.Documents < c.documents || row.Occurrences < c.occurrences {
			t.Fatalf("%+v, counted %+v", row, c)
		}
		found[normal] = true
		if row.Kind == "near" {
			near++
			continue
		}
		if row.First != c.first || row.Documents != c.documents || row.Occurrences != c.occurrences {
			t.Errorf("%+v, counted %+v", row, c)
		}
	}
	if near == 0 {
		t.Error("no near paragraphs were joined")
	}
	for normal, c := range counts {
		joined := slices.ContainsFunc(rows, func(row paragraphRowRead) bool { // an edited one came first
			return row.Kind == "near" && shingle.Resemblance(p.Set(row.Text), p.Set(normal)) >= DefaultMinResemblance
		})
		if c.documents >= 2 && !found[normal] && !joined {
			t.Errorf("not found: %q in %d documents", normal, c.documents)
		}
	}
}

type paragraphRowRead struct {
	Text                   string
	Documents, Occurrences int64
	Kind, First            string
}
