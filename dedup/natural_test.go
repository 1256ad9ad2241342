package dedup

import (
	"strings"
	"testing"

	"neardup/shingle"
)

func linesOf(text string) []shingle.Range { return shingle.Paragraphs(text) }

// TestNaturalRepeats: short lines come again for good reasons, unless it is directly, or at length.
func TestNaturalRepeats(t *testing.T) {
	refrain := "Roll, you river, to the sea,\nroll, and take the boats with thee,\nroll until the moon is high,\nroll, you river, roll.\n"
	hours := "Monday to Friday 9:00 to 17:30\nSaturday 10:00 to 14:00\nSunday closed\n"
	body := "\tif err := a.Close(); err != nil {\n\t\treturn err\n\t}\n\tif err := b.Close(); err != nil {\n\t\treturn err\n\t}\n\treturn nil\n}\n"
	commands := "$ make configure\n$ make all\n$ make install prefix=/opt/tools\n$ tools --version | head -n 1\n"
	chinese := "划吧，兄弟们，划到天亮，\n划到港湾的钟声响，\n划到岸上的灯都熄灭，\n划到月亮也落下了山，\n划吧，兄弟们，划回家\n"
	prose := "The port was closed for three days.\nNo ship could leave it in the storm.\n"
	wrapped := "The last water mill of the valley has a miller again: a cook of\nthirty who left her kitchen in the city and learned the trade from\na neighbour of eighty years, the last one who knew it.\n"
	twice := strings.Repeat("one line that ends no sentence and comes twice,\n", 2)
	long := strings.Repeat(refrain, 1) + strings.ReplaceAll(refrain, "Roll", "Flow") + strings.ReplaceAll(refrain, "roll", "run") +
		strings.ReplaceAll(refrain, "you", "old") + strings.ReplaceAll(refrain, "river", "water") + strings.ReplaceAll(refrain, "moon", "sun") + strings.ReplaceAll(refrain, "boats", "ships")
	for _, tt := range []struct {
		name, text string
		apart      int // sections where something else is between
	}{
		{"refrain", refrain, 0},
		{"opening hours", hours, 0},
		{"function body", body, 0},
		{"commands", commands, 0},
		{"Chinese refrain", chinese, 0},
		{"sentences", prose, 1},
		{"wrapped prose", wrapped, 1},
		{"a long song", long, 1},
		{"a line twice in a row", twice, 1},
	} {
		for what, want := range map[string]int{
			"apart":    tt.apart,
			"directly": 1,
		} {
			page := "The first line of the page.\n\n" + tt.text
			if what == "apart" {
				page += "\nSomething else is between them here.\n\n"
			}
			page += tt.text + "\nThe last line."
			if got := Sections(page, nil); len(got.Sections) != want {
				t.Errorf("%s %s: %d sections, want %d: %+v", tt.name, what, len(got.Sections), want, got.Sections)
			}
			if all := Sections(page, &SectionOptions{All: true}); len(all.Sections) == 0 {
				t.Errorf("%s %s: none of all repeats", tt.name, what)
			}
		}
	}
}

func TestUnwrapped(t *testing.T) {
	for text, want := range map[string]int{
		"a line of prose that was wrapped at the width of sixty letters\nand goes on in the next one until the sentence that it is of\nends.": 1,
		"Row, my brothers, row until the morning has come at last,\nrow until the harbour bell is ringing for us all,\nrow.":                  3,
		"short lines\nthat are not\nwrapped at all": 3,
		"去年春天这座桥正式通车全城一半的人都在那个\n早晨赶来观看谁也没有想到它会这么快就完工了\n而且用了两年。":                           1,
		"远方的朋友啊请你把我来记住\n就像那流水记住每一座石桥":                                                     2,
		"Two sentences end where the lines end, which is rare in texts.\nThe second one.": 2,
	} {
		if got := unwrapped(text, linesOf(text), false); len(got) != want {
			t.Errorf("%q: %d paragraphs, want %d", text, len(got), want)
		}
	}
}
