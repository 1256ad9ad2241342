package shingle

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/mfonda/simhash"

	"neardup/internal/testkit"
)

// pieces are what random texts are made of: every mechanism of normalisation, many scripts.
var pieces = strings.Split("the quick brown fox|C++|C#|STRASSE|straße|ẞ|ﬁ|ﬃ|İstanbul|ı|Σίσυφος|ΌΣ|e\u0301|é|e|\u0301|\u0323|\u0307|"+
	"漢字|汉字|國家|发髮|爲|鈶|𬭀|㓁|中|文|，|。|、|“|”|「|」|《|》|…|ー|カタカナ|ｶﾀｶﾅ|ｶﾞ|か|\u3099|が|々|한국어|한|\u1112|\u1161|\u11ab|ㅎ|ﾤ|"+
	"ＡＢＣ|１２３|①|㍿|㎏|½|²|Ⅷ|ไทย|ภาษาไทย|ລາວ|ខ្មែរ|မြန်မာ|हिन्दी|क\u093c|العربية|ﷺ|\u0640|؟|،|עברית|\u05b0|русский|Ёж|й|"+
	" |  |\n|\r\n|\t|\u00a0|\u3000|\u2028|\u200b|\u200d|\u00ad|\ufeff|\ufe0f|\u034f|\u3164|\u0338|<|=|>|-|—|–|''|\"|´|&|¨|`|ʼn|ŉ|ǰ|ΐ|"+
	"👩\u200d👩\u200d👧|🇨🇳|👍🏽|𠮷|𝔘𝔫𝔦|\U0001d15e|\u0344|\u0f73|\u0f71\u0f72|\u1100\u1161|\u1100|\u3161|ㅏ|ㅎ|가|ཀྵ|\x00|\x07|\xff|\xe4\xb8|\ufffd|1|2|0", "|")

// evenPieces leave a text even: they have one byte a character, or three and are dense.
var evenPieces = strings.Split("a|b|c|d|7| |  |\n|the quick brown fox|C++|ＡＢ|①|中|文|漢字|汉字处理|國家|发髮|爲|㓁|，|。|「|」|《|》|か|が|カタカナ|ー|々|한국어|ㄅ|ꀀ|㐀|\x00|\u3000|\u200b|…", "|")

// narrowPieces have characters of one and two bytes.
var narrowPieces = strings.Split("e|é|ß|ſ|ẞ|русский|Ёж|И|й|Σίσυφος|ΌΣ|العربية|\u0640|؟|،|עברית|\u05b0|e\u0301|\u0301|\u0345|ǆ|ŉ|ʼ|ˋ|ˊ|˪|˫|´|¨|µ|½|\u0085|\u00a0|\u00ad|\u061c|"+
	"the quick brown fox| |  |\n|\r\n|\t|7|-|`|\x00|\x7f|\xc3|\xc0\x80|\xff|中|…|한|𠮷", "|")

func randomText(r *rand.Rand, pieces []string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func checkAgainstReference(t *testing.T, text string) {
	t.Helper()
	want := ""
	for _, p := range []Params{{}, {Size: 1}, {Size: 5}, {Size: 20}, {FoldHan: true}} {
		if p.Size == 0 {
			got := p.Normalize(text)
			if want = referenceNormalize(p, text); got != want {
				t.Fatalf("%s: Normalize(%+q)\n got %+q\nwant %+q", p.ID(), text, got, want)
			}
			if again := p.Normalize(got); again != got {
				t.Fatalf("%s: Normalize(%+q) is not idempotent:\n once %+q\ntwice %+q", p.ID(), text, got, again)
			}
		}
		set, wanted := p.Set(text), map[uint64]bool{}
		for s := range referenceShingles(p, want) {
			wanted[hash([]byte(s))] = true
		}
		for _, h := range set.hashes {
			if !wanted[h] {
				t.Fatalf("%s: a shingle of %+q that is none", p.ID(), text)
			}
		}
		if set.Len() != len(wanted) {
			t.Fatalf("%s: %d shingles of %+q, want %d", p.ID(), set.Len(), text, len(wanted))
		}
		if got, want := set.Fingerprint(), referenceFingerprint(p, text); got != want {
			t.Fatalf("%s: fingerprint of %+q is %v, want %v", p.ID(), text, got, want)
		}
	}
}

func TestAgainstReference(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range testkit.Scale(5000, 30000, 5000000) {
		checkAgainstReference(t, randomText(r, pieces, 1+r.IntN(12)))
		checkAgainstReference(t, randomText(r, evenPieces, 1+r.IntN(12)))
		checkAgainstReference(t, randomText(r, narrowPieces, 1+r.IntN(12)))
	}
	for range testkit.Scale(50, 200, 10000) {
		checkAgainstReference(t, randomText(r, pieces, 500))
		checkAgainstReference(t, randomText(r, evenPieces, 500))
		checkAgainstReference(t, randomText(r, narrowPieces, 500))
	}
	checkAgainstReference(t, "e"+strings.Repeat("\u0301\u0323", 100)+"x")
	checkAgainstReference(t, strings.Repeat("\u0300\u0323", 40))
}

func TestEveryCodePointAgainstReference(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, text := range []string{"x" + string(r) + "\u0323 y", "\u1100" + string(r) + "\u11a8", "か" + string(r) + "\u3099"} {
			for _, p := range []Params{{}, {FoldHan: true}} {
				if p.FoldHan && !unicode.Is(unicode.Han, r) {
					continue
				}
				if got, want := p.Normalize(text), referenceNormalize(p, text); got != want {
					t.Fatalf("%s: %U in %+q: got %+q, want %+q", p.ID(), r, text, got, want)
				}
			}
		}
	}
}

func TestCharactersOfTwoBytesAgainstReference(t *testing.T) {
	for r := rune(0); r < 0x800; r++ {
		checkAgainstReference(t, "чé "+string(r)+" 12345678")
		checkAgainstReference(t, "1234567"+string(r)+"中é")
	}
}

func FuzzNormalize(f *testing.F) {
	for _, pieces := range [][]string{pieces, narrowPieces} {
		for _, piece := range pieces {
			f.Add(piece)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { checkAgainstReference(t, text) })
}

// FuzzFingerprint holds the bit-sliced counters against mfonda/simhash on any hashes.
func FuzzFingerprint(f *testing.F) {
	f.Add(uint64(1), uint16(0))
	f.Add(uint64(2), uint16(17))
	f.Add(uint64(3), uint16(4096))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		hashes := make([]uint64, n)
		features := make([]simhash.Feature, n)
		for i := range hashes {
			hashes[i] = r.Uint64() & r.Uint64()
			if seed%3 == 0 && i%2 == 1 {
				hashes[i] = ^hashes[i-1] // every sum is zero: all ties
			}
			features[i] = feature(hashes[i])
		}
		got := Set{hashes}.Fingerprint()
		want := Fingerprint(simhash.Fingerprint(simhash.Vectorize(features)))
		if n == 0 {
			want = 0
		}
		if got != want {
			t.Fatalf("seed %d, %d hashes: %v, want %v", seed, n, got, want)
		}
	})
}
