package dedup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"neardup/internal/testkit"
	"neardup/shingle"
)

// stories are paragraphs of three sentences that have nothing in common.
var stories = []string{
	"The bridge was opened in spring, and half of the town came to see it on that morning. Nobody had thought that it could be ready so soon. Forty people worked on it for two years, most of the time by hand and at night.",
	"Our library lends tools from now on, so that nobody needs a drill of their own any more. Ladders and sewing machines follow in autumn. What was saved on magazines that few people read has paid for all of this.",
	"Fish is sold in the old market hall again after eleven long years without any. The new stall opens at six, when the boats come in. Its owner learned the trade from an aunt who had to give up when the harbour closed.",
	"A keeper still lives beside the lighthouse, although its lamp has been automatic since the seventies. She counts birds for the university now. On clear winter days, she says, one can see the mountains of the other coast.",
	"Since Tuesday the clock of the station has shown the right time, for the first time in living memory. A pupil repaired it during the holidays with parts from a flea market. Travellers complained that they had missed their trains.",
}

// TestWhatGoes takes out repeats and looks at what is left: "-" marks what goes.
func TestWhatGoes(t *testing.T) {
	a, b, c, d, e := stories[0], stories[1], stories[2], stories[3], stories[4]
	changed := strings.Replace(b, "so that nobody needs", "so that nobody need", 1)
	endless := "One text comes again and again without any stop at its end and so it goes on for ever and a day and longer still"
	for _, tt := range []struct {
		name string
		page []string
	}{
		{"a copy", []string{a, b, c, "between", "-" + a + "\n" + b + "\n" + c, "end"}},
		{"what is inserted stays", []string{a, b, c, d, "between", "-" + a + "\n" + b, "This is new.", "-" + c + "\n" + d, "end"}},
		{"small changes go", []string{a, b, c, "between", "-" + a + "\n" + changed + "\n" + c, "end"}},
		{"a changed sentence stays", []string{
			a, b + " " + d, c, "between",
			"-" + a + "\n" + b + " " + d[:strings.Index(d, " She counts")], "* Nobody else does." + d[strings.Index(d, " On clear"):], "-" + c, "end",
		}},
		{"pasted three times in a row", []string{a, "-" + a, "-" + a, "end"}},
		{"in a row in one line", []string{"Before it. " + a + "*- " + a + " " + a, "end"}},
		{"in a row without a stop", []string{endless + "*- " + endless + " " + endless, "end"}},
		{"a paragraph that is a part of another one first", []string{"As we wrote: " + a + " So it was.", "between", a, "between them", "-" + a, "end"}},
		{"a paragraph changed for another stays whole", []string{
			a, b, c, d, e, "between",
			"-" + a + "\n" + b, "Nothing of it is true." + c[strings.Index(c, " The new stall"):], "-" + d + "\n" + e, "end",
		}},
		{"a part of a sentence stays", []string{
			"Heading of a text that has no stops at all", "which goes on in a second line for as long as it takes to be one of a hundred characters", "between",
			"In short the heading of a text that has no stops at all which goes on in a second line for as long as it takes to be one of a hundred characters is what we meant by that", "end",
		}},
		{"a short line of several stays", []string{"boolean", "isOpen()", a, b, "between", "boolean isOpen()", "-" + a + "\n" + b, "end"}},
		{"what has no stops stays if it differs", []string{
			a, strings.NewReplacer(".", " and", ",", "").Replace(c + d + e), "between",
			"-" + a, strings.NewReplacer(".", " and", ",", "", "aunt", "uncle").Replace(c + d + e), "end",
		}},
		{"two of three paragraphs alike are no section", []string{a[:90], b, c[:90], "between", a[:90], d, c[:90], "end"}},
		{"a table of contents is none", []string{
			"How the bridge was built by hand", "1.1", "How the library was built by hand", e,
			"How the bridge was built by hand", a + " " + d, "How the library was built by hand", b,
		}},
		{"rows of buttons around stories", []string{
			"Courier Network", "Save this story", "More like this", "Fewer like this", a,
			"Courier Network", "Save this story", "More like this", "Fewer like this", b,
			"Courier Network", "Save this story", "More like this", "Fewer like this", c,
		}},
	} {
		var page, want []string
		for _, x := range tt.page {
			stays, goes, inLine := strings.Cut(x, "*-")
			switch {
			case inLine:
				page, want = append(page, stays+goes), append(want, stays)
			case strings.HasPrefix(x, "* "): // the end of the paragraph before
				page[len(page)-1] += x[1:]
				stays, _, _ := strings.Cut(x[2:], ".")
				want = append(want, stays+".")
			case strings.HasPrefix(x, "-"):
				page = append(page, x[1:])
			default:
				page, want = append(page, x), append(want, x)
			}
		}
		left, _ := RemoveRepeats(strings.Join(page, "\n"), nil)
		var got []string
		for _, r := range linesOf(left) {
			got = append(got, left[r.Start:r.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: left is\n%s\nwant\n%s", tt.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestNearToWhatGoes: what is near to a line that goes itself may not be near to what stays.
func TestNearToWhatGoes(t *testing.T) {
	line := "%s the sensitivity policy for the stepper that points to the '%s' end of the range's adjustment."
	text := fmt.Sprintf(line+"\n"+line+"\n"+line, "Sets", "lower", "Gets", "lower", "Gets", "upper")
	f := newSectionFinder(text, SectionOptions{}, nil)
	if len(f.segments) != 3 {
		t.Fatalf("%d segments", len(f.segments))
	}
	for i, near := range []bool{true, false, true} {
		if got := f.resemblance([]int32{0, 0, 1}[i], []int32{1, 2, 2}[i]) >= DefaultMinResemblance; got != near {
			t.Fatalf("pair %d: near is %v", i, got)
		}
	}
	f.take([]pairing{{first: 0, later: 1}})
	f.take([]pairing{{first: 1, later: 2}})
	if got := f.gone(); !slices.Equal(got, []shingle.Range{f.bytes(span{1, 2})}) {
		t.Errorf("%v goes", got)
	}
}

// TestNearOfNear: a copy of a copy goes only if it is near to what stays.
func TestNearOfNear(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range testkit.Scale(200, 1000, 20000) {
		versions := []string{stories[r.IntN(len(stories))]}
		for range 2 + r.IntN(6) {
			words := strings.Fields(versions[r.IntN(len(versions))])
			for range 1 + r.IntN(3) {
				words[r.IntN(len(words))] = []string{"old", "new", "wooden", "iron", "small", "famous"}[r.IntN(6)]
			}
			versions = append(versions, strings.Join(words, " "))
		}
		var page []string
		for i, v := range versions {
			page = append(page, v, fmt.Sprintf("Line %d stands between them and says nothing %d.", i, r.IntN(1000)))
		}
		checkPage(t, strings.Join(page, "\n"), SectionOptions{})
	}
}

// TestManualPages makes pages of a manual, on which sentences differ in what they are about.
func TestManualPages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	for range testkit.Scale(300, 2000, 30000) {
		object := pick("range", "scale")
		page := []string{"Functions of the " + object, "the sensitivity policy for the stepper that"}
		for range 2 + r.IntN(8) {
			verb, end := pick("Gets", "Sets"), pick("lower", "upper")
			page = append(page, fmt.Sprintf("Function %d of this widget.", len(page)),
				fmt.Sprintf("%s the sensitivity policy for the stepper that points to the '%s' end of the %s's adjustment.", verb, end, object),
				map[string]string{"Gets": stories[0], "Sets": stories[1]}[verb], "Since: 2.10")
		}
		text := strings.Join(page, "\n")
		left, _ := RemoveRepeats(text, nil)
		checkNothingLost(t, text, left, SectionOptions{})
		if t.Failed() {
			return
		}
	}
}

// TestPagesOfFeeds holds pages with menus, feeds and tables of contents to what is promised: no
// sentence is lost.
func TestPagesOfFeeds(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range testkit.Scale(200, 1000, 20000) {
		page := testkit.NewWriter(seed + uint64(i)).Feed()
		left, _ := RemoveRepeats(page, &SectionOptions{HTML: true})
		checkNothingLost(t, page, left, SectionOptions{HTML: true})
		if t.Failed() {
			return
		}
	}
}

// TestOtherLineBreaks takes out a text that comes again with its lines broken elsewhere, alone and as the
// beginning or the end of a longer paragraph: nothing of it stays, but for one sentence where a paragraph
// begins or ends in only one of the two.
func TestOtherLineBreaks(t *testing.T) {
	lead := "It was in the paper, as we wrote at the time."
	for _, first := range []int{0, 46, 60, 76} {
		for _, later := range []int{0, 45, 59, 71} {
			if first == 46 && later == 45 {
				continue // too narrow to be told from verse
			}
			text := wrapped(first, stories[:3]...)
			joined := strings.Join(stories[:3], " ")
			for name, tt := range map[string][2]string{
				"alone":             {text, wrapped(later, stories[:3]...)},
				"behind a sentence": {text, wrapped(later, lead+" "+joined)},
				"before a sentence": {text, wrapped(later, joined+" "+lead)},
				"first behind one":  {wrapped(first, lead+" "+joined), wrapped(later, stories[:3]...)},
			} {
				page := tt[0] + "\n\nbetween\n\n" + tt[1] + "\n\nend\n"
				left, _ := RemoveRepeats(page, nil)
				want := tt[0] + " between end"
				if strings.Contains(name, " a sentence") {
					want = tt[0] + " between " + lead + " end"
				}
				most := 0
				if name != "alone" {
					most = 90
				}
				if got := len(shingle.Normalize(left)) - len(shingle.Normalize(want)); got < 0 || got > most {
					t.Errorf("%s, width %d and then %d: left is\n%s", name, first, later, left)
				}
			}
		}
	}
}

// wrapped returns paragraphs whose lines have at most width characters, or are not broken for 0.
func wrapped(width int, paragraphs ...string) string {
	var b strings.Builder
	for i, p := range paragraphs {
		if i > 0 {
			b.WriteString("\n\n")
		}
		at := 0
		for j, word := range strings.Fields(p) {
			switch {
			case j > 0 && width > 0 && at+1+len(word) > width:
				b.WriteByte('\n')
				at = 0
			case j > 0:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += len(word)
		}
	}
	return b.String()
}

func TestSentences(t *testing.T) {
	for text, want := range map[string][]string{
		"One. Two! “Three?” Four…":     {"One.", "Two!", "“Three?”", "Four…"},
		"他说：“走吧。”她走了！真的？是。":            {"他说：“走吧。”", "她走了！", "真的？", "是。"},
		"It is 3.5 m. example.com is.": {"It is 3.5 m.", "example.com is."},
		"no stop\nat all":              {"no stop", "at all"},
		"هل تعلم؟ نعم.":                {"هل تعلم؟", "نعم."},
		"  ":                           nil,
	} {
		var got []string
		for _, s := range sentences(text, linesOf(text)...) {
			got = append(got, text[s.Start:s.End])
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
