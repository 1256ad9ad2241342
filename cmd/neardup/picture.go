package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"neardup/dedup"
	"neardup/internal/durable"
)

// designs are the pages for a browser, and the style that they share.
//
//go:embed style.html picture.html overview.html
var designs embed.FS

var pictureTemplate = design("picture.html")

func design(name string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"grouped": grouped, "plural": plural, "visible": visibleText,
	}).ParseFS(designs, name, "style.html"))
}

// visibleText replaces control characters, but not line breaks and tabs.
func visibleText(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, text)
}

// maxPictures is how many pages one file shows: the worst. More than a person looks at would
// only make it slow.
const maxPictures = 100

// A picture is a page as the file of --html shows it.
type picture struct {
	pageRow
	Source                      string
	Characters, Repeated, Share int
	Sections                    []pictureSection
	Parts                       []picturePart
	Number                      int // of the page in the file, from 1
	Strip                       []stripPart
}

type pictureSection struct {
	ID, Number, Hue        int
	Near                   bool
	Resemblance            string
	Paragraphs, Characters int
	Occurrences            []pictureOccurrence
}

type pictureOccurrence struct {
	ID            string // of the place in the file
	Label         string
	Line, EndLine int
	Hidden        bool
	Arrow         string // to where it stands, seen from another
}

// A picturePart is a run of passages with the same marks.
type picturePart struct {
	ID       string // empty if no occurrence begins here
	Section  *pictureSection
	Later    bool
	Label    string // empty if it goes on from another part
	Others   []pictureOccurrence
	Passages []dedup.Passage
}

// A stripPart is a stretch of the map of a page, in parts of a thousand of its length.
type stripPart struct {
	ID    string
	Hue   int // -1 for none
	Later bool
	Share string // in percent
}

// draw keeps the picture of a page if it is among the worst so far.
func (r *pageRun) draw(row pageRow, text string, p dedup.Page) {
	if len(r.pictures) >= maxPictures {
		slices.SortFunc(r.pictures, func(a, b picture) int { return worse(a.pageRow, b.pageRow) })
		if worse(row, r.pictures[maxPictures-1].pageRow) > 0 {
			return
		}
		r.pictures = r.pictures[:maxPictures-1]
	}
	r.pictures = append(r.pictures, newPicture(row, text, p))
}

func newPicture(row pageRow, text string, p dedup.Page) picture {
	x := picture{pageRow: row, Source: row.source, Characters: p.Characters, Repeated: p.RepeatedCharacters, Share: row.percent()}
	for i, s := range p.Sections {
		section := pictureSection{
			Number: i + 1, Hue: i % 6, Near: s.Kind == dedup.Near, Resemblance: fmt.Sprintf("%.2f", s.Resemblance),
			Paragraphs: s.Paragraphs, Characters: s.Characters,
		}
		for j, o := range s.Occurrences {
			section.Occurrences = append(section.Occurrences, pictureOccurrence{"", occurrenceName(j, len(s.Occurrences)), o.Line, o.EndLine, o.Hidden, ""})
		}
		x.Sections = append(x.Sections, section)
	}
	all := p.Passages(text)
	seen := map[dedup.Mark]bool{}
	total := 0
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && slices.Equal(all[to].Marks, all[from].Marks) {
			to++
		}
		part := picturePart{Passages: all[from:to]}
		if marks := all[from].Marks; len(marks) > 0 {
			m := marks[0]
			part.Section, part.Later = &x.Sections[m.Section], m.Occurrence > 0
			if !seen[m] {
				seen[m] = true
				part.Label = part.Section.Occurrences[m.Occurrence].Label
			}
		}
		for _, passage := range part.Passages {
			total += len(passage.Text)
		}
		x.Parts = append(x.Parts, part)
		from = to
	}
	x.strip(total)
	return x
}

func occurrenceName(i, of int) string {
	switch {
	case i == 0:
		return "first"
	case of == 2:
		return "again"
	}
	return fmt.Sprintf("again, %d of %d", i+1, of)
}

// strip makes the map of the page, for a text of so many bytes.
func (x *picture) strip(total int) {
	for _, part := range x.Parts {
		n := 0
		for _, passage := range part.Passages {
			n += len(passage.Text)
		}
		s := stripPart{Hue: -1, Later: part.Later, Share: fmt.Sprintf("%.3f", 100*float64(n)/float64(max(1, total)))}
		if part.Section != nil {
			s.Hue = part.Section.Hue
		}
		x.Strip = append(x.Strip, s)
	}
}

// number gives the places of a picture names that are its own in the file.
func (x *picture) number(page int) {
	x.Number = page
	for i := range x.Sections {
		s := &x.Sections[i]
		for j := range s.Occurrences {
			s.Occurrences[j].ID = fmt.Sprintf("p%d-s%d-%d", page, s.Number, j+1)
		}
	}
	for i := range x.Parts {
		part := &x.Parts[i]
		part.Others = nil
		if part.Section == nil || part.Label == "" {
			continue
		}
		arrow := "↑"
		for _, o := range part.Section.Occurrences {
			if o.Label == part.Label {
				part.ID, x.Strip[i].ID = o.ID, o.ID
				arrow = "↓"
				continue
			}
			o.Arrow = arrow
			part.Others = append(part.Others, o)
		}
	}
}

// writePictures writes the file of --html.
func (r *pageRun) writePictures() error {
	slices.SortFunc(r.pictures, func(a, b picture) int { return worse(a.pageRow, b.pageRow) })
	for i := range r.pictures {
		r.pictures[i].number(i + 1)
	}
	var out bytes.Buffer
	err := pictureTemplate.Execute(&out, map[string]any{
		"Pages": r.pages, "Repeated": r.repeated, "Rejected": r.rejected,
		"Characters": r.characters, "RepeatedCharacters": r.repeatedCharacters,
		"Pictures": r.pictures, "More": r.repeated - len(r.pictures),
	})
	if err != nil {
		return err
	}
	return durable.WriteFile(r.flags.html, out.Bytes(), r.flags.force)
}

// Hidden reports whether all of a part is hidden on some screens.
func (p picturePart) Hidden() bool {
	return !slices.ContainsFunc(p.Passages, func(x dedup.Passage) bool { return !x.Hidden })
}

// Class returns the classes of a part.
func (p picturePart) Class() string {
	if p.Section == nil {
		return "part"
	}
	classes := []string{"part", "mark", fmt.Sprintf("hue%d", p.Section.Hue)}
	if p.Later {
		classes = append(classes, "later")
	}
	if p.Label == "" {
		classes = append(classes, "rest")
	}
	return strings.Join(classes, " ")
}
