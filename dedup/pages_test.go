package dedup

import (
	"math/rand/v2"
	"testing"

	"neardup/internal/testkit"
)

// TestPlantedSections makes pages with and without a planted repeat and counts where exactly
// that is found.
func TestPlantedSections(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	type tally struct{ pages, right int }
	counts := map[string]*tally{}
	count := func(key string, right bool) {
		if counts[key] == nil {
			counts[key] = &tally{}
		}
		counts[key].pages++
		if right {
			counts[key].right++
		}
	}
	shown := 0
	for i := range testkit.Scale(400, 2000, 20000) {
		for _, html := range []bool{false, true} {
			page := testkit.NewWriter(seed + uint64(i)).Page(html)
			got := Sections(page.Source, &SectionOptions{HTML: html})
			right := len(page.Planted) == 0 && len(got.Sections) == 0
			if len(got.Sections) == 1 && len(page.Planted) == 2 && len(got.Sections[0].Occurrences) == 2 {
				right = true
				for k, o := range got.Sections[0].Occurrences {
					right = right && page.Planted[k] == [2]int{o.Start, o.End}
				}
			}
			if right && len(page.Planted) == 2 && (got.Sections[0].Kind == Near) != (page.Plant == "near") && page.Plant != "near" {
				right = false
			}
			format := "text "
			if html {
				format = "HTML "
			}
			if len(page.Planted) == 0 {
				count("none", right)
			}
			if len(page.Planted) > 0 {
				count("planted", right)
				count(format+page.Plant+" "+page.Layout, right)
				count(page.Script, right)
			}
			if !right && shown < 12 {
				shown++
				t.Logf("page %d: %s %s %s %s: planted %v, got %+v", i, format, page.Script, page.Plant, page.Layout, page.Planted, got.Sections)
			}
		}
	}
	for key, c := range counts {
		t.Logf("%-24s %d of %d", key, c.right, c.pages)
	}
	if c := counts["planted"]; float64(c.right) < 0.99*float64(c.pages) {
		t.Errorf("found %d of %d planted sections to the character, want 99%%", c.right, c.pages)
	}
	if c := counts["none"]; float64(c.right) < 0.995*float64(c.pages) {
		t.Errorf("%d of %d pages without a repeat are said to have none, want 99.5%%", c.right, c.pages)
	}
}
