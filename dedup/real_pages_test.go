package dedup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"neardup/internal/charset"
	"neardup/internal/markup"
	"neardup/shingle"
)

// TestRealPages takes the repeats out of pages of news sites, encyclopedias and blogs, with their menus and
// feeds, which a dependency brings for its own tests: no sentence is lost, and what is left has
// nothing equal to take out.
func TestRealPages(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "codeberg.org/readeck/go-readability/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "test-pages", "*", "source.html"))
	if err != nil || len(pages) < 100 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	changed, lost := 0, 0
	for _, path := range pages {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := charset.Decode(b, charset.Options{Page: true})
		if err != nil {
			t.Logf("%s: %v", path, err)
			continue
		}
		o := &SectionOptions{HTML: true}
		left, removed := RemoveRepeats(text.String, o)
		if len(removed) == 0 {
			continue
		}
		changed++
		for _, s := range lostSentences(markup.Parse(text.String).Text, markup.Parse(left).Text) {
			lost++
			t.Errorf("%s: %q is lost", filepath.Base(filepath.Dir(path)), s)
		}
		again := *o
		again.equalOnly = true
		if cuts := Sections(left, &again).Cuts(); len(cuts) > 0 {
			t.Errorf("%s: %v can still be taken out", path, cuts)
		}
	}
	t.Logf("%d of %d pages have repeats, %d sentences are lost", changed, len(pages), lost)
	if changed < 10 {
		t.Errorf("only %d pages have repeats", changed)
	}
}

// lostSentences returns the sentences of a text, of 20 characters and more, to which no sentence of what is
// left of it is near.
func lostSentences(text, left string) (lost []string) {
	p := shingle.DefaultParams()
	there := map[string]bool{}
	var sets []shingle.Set
	for _, r := range sentences(left, shingle.Paragraphs(left)...) {
		s := left[r.Start:r.End]
		there[shingle.Normalize(s)] = true
		sets = append(sets, p.Set(s))
	}
next:
	for _, r := range sentences(text, shingle.Paragraphs(text)...) {
		s := text[r.Start:r.End]
		if utf8.RuneCountInString(s) < 20 || there[shingle.Normalize(s)] {
			continue
		}
		set := p.Set(s)
		for _, other := range sets {
			if shingle.Resemblance(set, other) >= DefaultMinResemblance {
				continue next
			}
		}
		lost = append(lost, s)
	}
	return lost
}
