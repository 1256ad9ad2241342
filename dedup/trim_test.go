package dedup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// checkRows cuts every span of every row out of both texts: they are equal or near.
func checkRows(t *testing.T, pages []page, rows []map[string]any) (spans int) {
	t.Helper()
	texts := map[string]string{}
	for _, p := range pages {
		texts[p.ID] = p.Text
	}
	p := shingle.DefaultParams()
	for _, row := range rows {
		text, kept := texts[row["id"].(string)], texts[row["kept"].(string)]
		list, ok := row["spans"].([]any)
		if !ok && row["kind"] != "section" { // which came together when something else went
			t.Errorf("no spans: %v", row)
		}
		for _, s := range list {
			at := func(name string) int { return int(s.(map[string]any)[name].(float64)) }
			a, b := text[at("start"):at("end")], kept[at("kept_start"):at("kept_end")]
			spans++
			if !utf8.ValidString(a) || !utf8.ValidString(b) {
				t.Fatalf("%v: a span cuts a character", row)
			}
			if r := shingle.Resemblance(p.Set(a), p.Set(b)); a == "" || shingle.Normalize(a) != shingle.Normalize(b) && r < DefaultMinResemblance {
				t.Fatalf("%v: resemblance %.3f of\n%q\n%q", row, r, a, b)
			}
		}
	}
	return spans
}

// TestTrim cleans pages of sites with frames, stories told again, and stories that stand twice
// in a page.
func TestTrim(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	type plan struct{ frame, own, told []string }
	var pages []page
	var plans []plan
	var stories [][]string
	for site := range 3 {
		frame := append(w.Article(3), "Menu", "Home")
		for i := range 20 {
			own := w.Article(4)
			own[1] += " " + w.Article(1)[0] // 100 characters and more
			p := plan{frame: frame, own: own}
			text := slices.Concat(frame[:3], own)
			if len(stories) > 0 && i%3 == 0 {
				p.told = []string{stories[w.IntN(len(stories))][1]}
				text = append(text, p.told...)
			}
			if i%5 == 0 { // the story again, but for its first paragraph
				text = append(text, own[1:]...)
			}
			text = append(text, frame[3:]...)
			stories = append(stories, own)
			plans = append(plans, p)
			pages = append(pages, page{ID: fmt.Sprintf("%d/%d", site, i), URL: fmt.Sprintf("https://%d.example/%d", site, i), Text: strings.Join(text, "\n\n") + "\n"})
		}
	}
	for _, keep := range []KeepPolicy{KeepFirst, KeepLongest} {
		c := clean(t, CleanOptions{Keep: keep, Trim: TrimOptions{Sections: true, Paragraphs: true, Boilerplate: .3}}, pages)
		if c.Kept != int64(len(pages)) || c.Boilerplate != 5*60 || c.Sections != 3*4 || c.Paragraphs != 3*7-1 {
			t.Errorf("%s: %+v", keep, c.Summary)
		}
		for i, got := range c.kept {
			if want := strings.Join(plans[i].own, "\n\n"); strings.TrimSpace(got.Text) != want {
				t.Errorf("%s: %s is\n%q, want\n%q", keep, got.ID, got.Text, want)
			}
		}
		if n := checkRows(t, pages, c.removed); n != len(c.removed) || int64(n) != c.Boilerplate+c.Sections+c.Paragraphs {
			t.Errorf("%s: %d spans in %d rows", keep, n, len(c.removed))
		}
	}
	// What is taken out of a page says where it stands too, and nothing else of it changes.
	c := clean(t, CleanOptions{Trim: TrimOptions{Boilerplate: .3}}, pages)
	for _, row := range c.removed {
		if row["id"] == row["kept"] || row["kind"] != "boilerplate" || row["kept"].(string)[0] != row["id"].(string)[0] {
			t.Errorf("%v", row)
		}
	}
}

// TestTrimLeavesSomething: a page that is all boilerplate keeps it, and so does one whose
// paragraphs all stand in earlier ones; and what is near goes with its measures.
func TestTrimLeavesSomething(t *testing.T) {
	w := testkit.NewWriter(11)
	a, b := w.Article(3), w.Article(3)
	near := []rune(a[1])
	near[20] = '#'
	pages := []page{
		{ID: "a", Text: strings.Join(a, "\n")},
		{ID: "b", Text: strings.Join(b, "\n")},
		{ID: "all", Text: a[1] + "\n" + b[1]},
		{ID: "near", Text: "Something new.\n" + string(near) + "\nThe end."},
	}
	c := clean(t, CleanOptions{Options: Options{Kinds: []Kind{Exact}}, Trim: TrimOptions{Paragraphs: true}}, pages)
	if c.Kept != 4 || c.kept[2].Text != pages[2].Text || c.kept[3].Text != "Something new.\nThe end." || len(c.removed) != 1 {
		t.Fatalf("%+v\n%v\n%v", c.Summary, c.kept, c.removed)
	}
	if row := c.removed[0]; row["kept"] != "a" || row["kind"] != "paragraph" || row["resemblance"].(float64) >= 1 {
		t.Errorf("%v", row)
	}
	checkRows(t, pages, c.removed)

	pages = nil
	for i := range 6 {
		pages = append(pages, page{ID: fmt.Sprint(i), Text: "Login\nCopyright 2024"})
	}
	c = clean(t, CleanOptions{Options: Options{Kinds: []Kind{Near}}, Trim: TrimOptions{Boilerplate: .3}}, pages)
	if c.Boilerplate != 0 || c.kept[0].Text != pages[0].Text {
		t.Errorf("%+v", c.Summary)
	}
}
