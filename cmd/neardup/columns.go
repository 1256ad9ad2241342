package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// columns returns how many columns of a terminal a character takes.
func columns(r rune) int {
	switch k := width.LookupRune(r).Kind(); {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case k == width.EastAsianWide || k == width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// visible replaces what a terminal might take for a command.
func visible(r rune) rune {
	if unicode.IsControl(r) {
		return utf8.RuneError
	}
	return r
}

// padded fills s up with spaces to so many columns.
func padded(s string, n int) string {
	for _, r := range s {
		n -= columns(r)
	}
	return s + strings.Repeat(" ", max(0, n))
}

// wrapped breaks text into lines of at most n columns: at white space, and within what is longer,
// or in a script without spaces, anywhere.
func wrapped(text string, n int) []string {
	var out []string
	for line := range strings.Lines(text) {
		var b strings.Builder
		used := 0
		flush := func() {
			if used > 0 {
				out = append(out, strings.TrimRight(b.String(), " "))
			}
			b.Reset()
			used = 0
		}
		for _, word := range strings.Fields(line) {
			wide := 0
			for _, r := range word {
				wide += columns(r)
			}
			if used > 0 && used+wide > n && wide <= n {
				flush()
			}
			for _, r := range word + " " {
				if used+columns(r) > n {
					if r == ' ' {
						continue
					}
					flush()
				}
				b.WriteRune(visible(r))
				used += columns(r)
			}
		}
		flush()
	}
	return out
}

// excerpt returns the beginning of text on one line of at most n columns.
func excerpt(text string, n int) string {
	var b strings.Builder
	used := 0
	for _, word := range strings.Fields(text) {
		for _, r := range word + " " {
			if used+columns(r) > n-1 {
				return strings.TrimSpace(b.String()) + "…"
			}
			b.WriteRune(visible(r))
			used += columns(r)
		}
	}
	return strings.TrimSpace(b.String())
}
