package dedup

import (
	"strings"
	"unicode/utf8"

	"neardup/internal/markup"
	"neardup/shingle"
)

// A listing is lines that belong together, such as code: without some of them the others mean
// something else, or nothing. So it is one paragraph, of several lines, and is a repeat as a whole
// or not at all.

// maxListing is the most characters of a listing. A longer text in a pre element is a document.
const maxListing = 2000

// preformatted returns the listings of a page.
func preformatted(p *markup.Page) (out []shingle.Range) {
	for _, r := range p.Listings {
		if isListing(p.Text[r.Start:r.End]) {
			out = append(out, shingle.Range(r))
		}
	}
	return out
}

func isListing(text string) bool {
	return len(text) <= maxListing*utf8.UTFMax && utf8.RuneCountInString(text) <= maxListing
}

// fences returns the fenced code blocks of Markdown in a text (CommonMark 0.31, section 4.5), with
// their fences.
func fences(text string) (out []shingle.Range) {
	open, mark := -1, ""
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text)
		} else {
			end += at
		}
		line := strings.TrimSpace(text[at:end])
		switch n := fenceLength(line); {
		case open < 0 && n >= 3 && (line[0] == '~' || !strings.Contains(line[n:], "`")):
			open, mark = at, line[:n]
		case open >= 0 && n == len(line) && strings.HasPrefix(line, mark):
			if isListing(text[open:end]) {
				out = append(out, shingle.Range{Start: open, End: end})
			}
			open = -1
		}
		at = end + 1
	}
	return out
}

// fenceLength returns how many marks of a fence a line begins with.
func fenceLength(line string) int {
	if line == "" || line[0] != '`' && line[0] != '~' {
		return 0
	}
	return len(line) - len(strings.TrimLeft(line, line[:1]))
}

// withListings returns the paragraphs of a text, of which those of a listing are one.
func withListings(paragraphs, listings []shingle.Range) []shingle.Range {
	out := paragraphs[:0]
	joined := -1 // number of the listing that the last one is of
	i := 0
	for _, p := range paragraphs {
		for i < len(listings) && listings[i].End <= p.Start {
			i++
		}
		in := i < len(listings) && listings[i].Start <= p.Start && p.End <= listings[i].End
		if in && joined == i {
			out[len(out)-1].End = p.End
			continue
		}
		if joined = -1; in {
			joined = i
		}
		out = append(out, p)
	}
	return out
}
