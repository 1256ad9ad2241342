package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Edits are the changes that copies are made with.
var Edits = []string{
	"exact", "width", "wrap", "headline", "words", "paragraph", "boilerplate", "noise", "truncation", "merge", "repost",
}

// Edit returns a copy of text with the changes of a plus-separated list; other is what a
// merge and new words are taken from.
func Edit(edits, text, other string, r *rand.Rand) string {
	for edit := range strings.SplitSeq(edits, "+") {
		text = editOf[edit](text, other, r)
	}
	return text
}

type edit func(text, other string, r *rand.Rand) string

var editOf = map[string]edit{
	"exact":    func(text, _ string, _ *rand.Rand) string { return text },
	"width":    func(text, _ string, _ *rand.Rand) string { return strings.Map(fullWidth, text) },
	"wrap":     wrap,
	"headline": headline,
	// words: 1.5 % of the words are others.
	"words": func(text, other string, r *rand.Rand) string { return swapWords(text, other, 0.015, r) },
	// paragraph: one of them is missing.
	"paragraph": func(text, _ string, r *rand.Rand) string {
		lines := paragraphs(text)
		if len(lines) < 3 {
			return text
		}
		i := 1 + r.IntN(len(lines)-1)
		return strings.Join(slices.Delete(lines, i, i+1), "\n\n")
	},
	"boilerplate": boilerplate,
	// noise: 2 % of the characters are misread, as by optical recognition.
	"noise": noise,
	// truncation: the last fifth is missing.
	"truncation": func(text, _ string, _ *rand.Rand) string { return cutAt(text, len(text)*4/5) },
	// merge: half of another text follows.
	"merge": func(text, other string, _ *rand.Rand) string {
		return text + "\n\n" + cutAt(other, min(len(other), len(text))/2)
	},
	"repost": repost,
}

// paragraphs are the lines that are not blank.
func paragraphs(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
}

func cutAt(text string, n int) string {
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n++
	}
	return text[:min(n, len(text))]
}

func fullWidth(c rune) rune {
	if c > ' ' && c <= '~' {
		return c - ' ' + 0xFF00
	}
	return c
}

// spaceless tells a character of a script without spaces between words.
func spaceless(c rune) bool { return unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) }

// units cuts a text into words and what stands between them: a word is a run of letters, of
// scripts without spaces two characters.
func units(text string) (all []string, words []int) {
	for len(text) > 0 {
		c, n := utf8.DecodeRuneInString(text)
		word := unicode.IsLetter(c)
		for size := 1; n < len(text); size++ {
			next, w := utf8.DecodeRuneInString(text[n:])
			if unicode.IsLetter(next) != word && !unicode.IsMark(next) || word && (spaceless(next) != spaceless(c) || spaceless(c) && size == 2) {
				break
			}
			n += w
		}
		if word {
			words = append(words, len(all))
		}
		all, text = append(all, text[:n]), text[n:]
	}
	return all, words
}

func swapWords(text, other string, share float64, r *rand.Rand) string {
	all, words := units(text)
	from, others := units(other)
	if len(others) == 0 {
		return text
	}
	for _, w := range words {
		if r.Float64() < share {
			all[w] = from[others[r.IntN(len(others))]]
		}
	}
	return strings.Join(all, "")
}

// headline puts other words in the place of the first line.
func headline(text, other string, r *rand.Rand) string {
	first, rest, _ := strings.Cut(text, "\n")
	return swapWords(first, other, 1, r) + "\n" + rest
}

// wrap breaks lines at 40 characters: at spaces, or anywhere in scripts without them.
func wrap(text, _ string, _ *rand.Rand) string {
	var b strings.Builder
	column, last := 0, ' '
	for _, c := range text {
		switch {
		case c == '\n':
			column = 0
		case column >= 40 && c == ' ':
			c, column = '\n', 0
		case column >= 40 && spaceless(c) && spaceless(last):
			b.WriteByte('\n')
			column = 0
		}
		b.WriteRune(c)
		column, last = column+1, c
	}
	return b.String()
}

// repost puts another site's lines, another headline and a few other words.
func repost(text, other string, r *rand.Rand) string {
	return boilerplate(swapWords(headline(text, other, r), other, 0.015, r), other, r)
}

// boilerplate puts the lines of a site above and below.
func boilerplate(text, _ string, r *rand.Rand) string {
	site := r.IntN(1000)
	return fmt.Sprintf("Home | News | Archive | Contact, site %d\n%s\nSubscribe to our newsletter. All rights reserved, site %d.", site, text, site)
}

// noise misreads characters as others of the text.
func noise(text, _ string, r *rand.Rand) string {
	runes := []rune(text)
	var letters []rune
	for _, c := range runes {
		if unicode.IsLetter(c) {
			letters = append(letters, c)
		}
	}
	for i, c := range runes {
		if unicode.IsLetter(c) && r.IntN(50) == 0 {
			runes[i] = letters[r.IntN(len(letters))]
		}
	}
	return string(runes)
}
