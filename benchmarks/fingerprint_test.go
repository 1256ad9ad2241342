package main

import (
	"strings"
	"testing"
	"time"
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

// BenchmarkFingerprintOnly leaves the sketch out.
func BenchmarkFingerprintOnly(b *testing.B) {
	d := shingle.DefaultParams().NewDigester()
	perLanguage(b, func(text string) { d.Fingerprint(text) })
}

// BenchmarkKernel is SimHash alone, of shingles that are hashed already.
func BenchmarkKernel(b *testing.B) {
	p := shingle.DefaultParams()
	sets := map[string]shingle.Set{}
	for _, language := range languages {
		for _, text := range documents(language) {
			sets[text] = p.Set(text)
		}
	}
	perLanguage(b, func(text string) { sets[text].Fingerprint() })
}

// BenchmarkSimhashBytes is mfonda/simhash over the character 5-grams of the lower-cased text.
func BenchmarkSimhashBytes(b *testing.B) { perLanguage(b, simhashBytes) }

func simhashBytes(text string) { simhash.SimhashBytes(fiveGrams(strings.ToLower(text))) }

// BenchmarkRatios takes turns, so that what else the machine does meets both alike, and
// reports how many times as fast the whole path is.
func BenchmarkRatios(b *testing.B) {
	d := shingle.DefaultParams().NewDigester()
	for _, language := range languages {
		docs := documents(language)
		b.Run(language, func(b *testing.B) {
			for b.Loop() {
				ours := measure(docs, 20, func(text string) { d.Digest(text) })
				b.ReportMetric(measure(docs, 1, simhashBytes)/ours, "times-SimhashBytes")
				b.ReportMetric(measure(docs, 100, func(text string) { utf8.ValidString(text) })/ours, "times-Valid")
			}
		})
	}
}

// measure returns the seconds that a pass over the documents takes.
func measure(docs []string, passes int, f func(string)) float64 {
	start := time.Now()
	for range passes {
		for _, d := range docs {
			f(d)
		}
	}
	return time.Since(start).Seconds() / float64(passes)
}

// BenchmarkValid is what it takes to look at every byte.
func BenchmarkValid(b *testing.B) {
	perLanguage(b, func(text string) { utf8.ValidString(text) })
}
