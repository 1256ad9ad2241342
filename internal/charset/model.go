package charset

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
	"unicode"
)

// A model tells how likely text of a language is. Most count how often one letter follows
// another; the languages with thousands of characters have their most frequent ones.
//
// models.gz has them one after the other, made by benchmarks/models.go: a line with the name of the
// language, what kind of model it is, and its characters outside of ASCII; then the costs, a
// byte each, in steps of costStep. A cost is the negative logarithm of a probability.
type model struct {
	language string
	latin    bool         // each letter of ASCII is one, otherwise they are all the same
	class    map[rune]int // of the characters outside of ASCII
	n        int          // classes; the last is of characters that the language lacks
	cost     []float32    // of a class that follows another, or of a class alone if there are no pairs
	pairs    bool
}

const (
	costStep = 0.5
	// unusual is what a character costs that is not among the frequent ones of its language.
	unusual = 13
)

//go:embed models.gz
var packedModels []byte

var models = sync.OnceValue(func() map[string]*model {
	z, err := gzip.NewReader(bytes.NewReader(packedModels))
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	all := map[string]*model{}
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		fields := strings.SplitN(string(line), " ", 3)
		m := &model{language: fields[0], latin: fields[1] == "latin", pairs: fields[1] != "characters", class: map[rune]int{}}
		first := 0
		if m.pairs {
			if first = 2; m.latin {
				first = 1 + 'z' - 'a' + 1
			}
		}
		for _, r := range fields[2] {
			m.class[r] = first + len(m.class)
		}
		m.n = first + len(m.class)
		size := m.n
		if m.pairs {
			m.n++
			size = m.n * m.n
		}
		m.cost = make([]float32, size)
		for i, c := range rest[:size] {
			m.cost[i] = float32(c) * costStep
		}
		if m.pairs {
			m.cost[0] = 0 // spaces that do not break are free
		}
		b = rest[size:]
		all[m.language] = m
	}
	return all
})

// classOf returns the class of a character in a model of pairs.
func (m *model) classOf(r rune) int {
	switch r = folded(r); {
	case r == ' ':
		return 0
	case r >= 0x80:
		if i, ok := m.class[r]; ok {
			return i
		}
		return m.n - 1
	case m.latin:
		return int(r-'a') + 1
	}
	return 1
}

// folded returns a letter in lower case, and a space for whatever of ASCII is no letter.
func folded(r rune) rune {
	switch {
	case r == 'İ':
		return r
	case r >= 'A' && r <= 'Z':
		return r | 0x20
	case r < 0x80 && (r < 'a' || r > 'z'), r == '\u00a0':
		return ' '
	}
	return unicode.ToLower(r)
}

// known reports whether some language uses a character.
func known(r rune) bool {
	r = folded(r)
	for _, m := range models() {
		if _, ok := m.class[r]; ok {
			return true
		}
	}
	return r == ' '
}
