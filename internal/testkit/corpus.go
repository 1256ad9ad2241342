// Package testkit makes test data from seeds. Only tests import it.
package testkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// Tier returns how much a test may do, from the environment: short, ci or long.
func Tier() string {
	if tier := os.Getenv("NEARDUP_TEST"); tier != "" {
		return tier
	}
	return "short"
}

// Scale returns the number for the tier.
func Scale(short, ci, long int) int {
	switch Tier() {
	case "long":
		return long
	case "ci":
		return ci
	}
	return short
}

// alphabets are what words are made of: scripts with spaces and without.
var alphabets = []struct {
	letters []rune
	space   string
}{
	{[]rune("abcdefghijklmnoprstuvwyz"), " "},
	{[]rune("абвгдежзиклмнопрстуфхцчшыэюя"), " "},
	{[]rune("가나다라마바사아자차카타파하고노도로모보소오조초코토포호"), " "},
	{[]rune("あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめも日本東京大学時間人間"), ""},
	{[]rune("的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"), ""},
}

// A Writer makes texts that look like articles.
type Writer struct{ *rand.Rand }

// NewWriter returns a writer of the texts of a seed.
func NewWriter(seed uint64) Writer { return Writer{rand.New(rand.NewPCG(seed, 1))} }

// Article returns so many paragraphs in one script.
func (w Writer) Article(paragraphs int) []string {
	a := alphabets[w.IntN(len(alphabets))]
	ps := make([]string, paragraphs)
	for i := range ps {
		var b strings.Builder
		for range 20 + w.IntN(40) {
			for range 2 + w.IntN(6) {
				b.WriteRune(a.letters[w.IntN(len(a.letters))])
			}
			b.WriteString(a.space)
		}
		ps[i] = strings.TrimSpace(b.String()) + "."
	}
	return ps
}

// Corpus returns n lines of JSON: articles, a third of them copies of earlier ones, exact or
// with a paragraph changed, some short, empty or blank, and some that can't be judged.
func (w Writer) Corpus(n int) []byte {
	var out bytes.Buffer
	var earlier [][]string
	for i := range n {
		article := w.Article(3 + w.IntN(5))
		switch {
		case i > 0 && w.IntN(6) == 0:
			article = earlier[w.IntN(len(earlier))]
		case i > 0 && w.IntN(6) == 0:
			article = append([]string(nil), earlier[w.IntN(len(earlier))]...)
			article[w.IntN(len(article))] += " " + w.Article(1)[0][:9]
		}
		earlier = append(earlier, article)
		text := strings.ToValidUTF8(strings.Join(article, "\n\n"), "")
		switch w.IntN(60) {
		case 0:
			text = ""
		case 1:
			text = fmt.Sprint("short ", w.IntN(5))
		case 2:
			out.WriteByte('\n')
			continue
		case 3:
			fmt.Fprintf(&out, "{\"id\":\"bad-%d\"}\n", i)
			continue
		}
		line, err := json.Marshal(map[string]string{"id": fmt.Sprintf("doc-%d", i), "text": text})
		if err != nil {
			panic(err)
		}
		if w.IntN(4) == 0 { // no id of its own
			line = bytes.Replace(line, fmt.Appendf(nil, `"id":"doc-%d",`, i), nil, 1)
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes()
}

// Seed returns a seed for a random test, from the environment if it is there: a test prints
// its seed, and is run again with NEARDUP_SEED.
func Seed() uint64 {
	if seed, err := strconv.ParseUint(os.Getenv("NEARDUP_SEED"), 10, 64); err == nil {
		return seed
	}
	return rand.Uint64()
}
