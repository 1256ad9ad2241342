package benchmarks

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mfonda/simhash"

	"neardup/shingle"
)

var languages = []string{"english", "chinese"}

const documentBytes = 4000

func documents(language string) []string {
	docs := make([]string, 200)
	for i := range docs {
		docs[i] = Prose(language, uint64(i), documentBytes)
	}
	return docs
}

func perLanguage(b *testing.B, f func(text string)) {
	for _, language := range languages {
		docs := documents(language)
		bytes := 0
		for _, d := range docs {
			bytes += len(d)
		}
		b.Run(language, func(b *testing.B) {
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			for b.Loop() {
				for _, d := range docs {
					f(d)
				}
			}
		})
	}
}

// BenchmarkFingerprint is the whole path: normalise, distinct shingles, SimHash, sketch.
func BenchmarkFingerprint(b *testing.B) {
	d := shingle.DefaultParams().NewDigester()
	perLanguage(b, func(text string) { d.Digest(text) })
}

// BenchmarkSimhashBytes is mfonda/simhash over the character 5-grams of the lower-cased text.
func BenchmarkSimhashBytes(b *testing.B) {
	perLanguage(b, func(text string) { simhash.SimhashBytes(fiveGrams(strings.ToLower(text))) })
}

func fiveGrams(text string) [][]byte {
	b := []byte(text)
	var starts []int
	for i := range text {
		starts = append(starts, i)
	}
	starts = append(starts, len(b))
	var grams [][]byte
	for i := 0; i+5 < len(starts); i++ {
		grams = append(grams, b[starts[i]:starts[i+5]])
	}
	return grams
}

// BenchmarkValid is what it takes to look at every byte.
func BenchmarkValid(b *testing.B) {
	perLanguage(b, func(text string) { utf8.ValidString(text) })
}
