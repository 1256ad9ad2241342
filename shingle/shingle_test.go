package shingle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"white space only", " \t\u3000\n", ""},
		{"case", "Straße STRASSE İ", "strasse strasse i̇"},
		{"width", "ＡＢＣ　１２３　ｶﾞｷﾞ", "abc 123ガギ"},
		{"composition", "e\u0301 가 がか\u3099", "é 가がが"},
		{"ligature", "ﬁnd ﬄ", "find ffl"},
		{"punctuation", "“你好”，他说。「对！」《书》——…", `"你好",他说."对!""书"--...`},
		{"never dropped", "C C++ C#", "c c++ c#"},
		{"zero width", "a\u200bb\u00adc\ufeffd 👩\u200d👧", "abcd 👩👧"},
		{"squeezed", "  a \n\n b  ", "a b"},
		{"unspaced", "你好 世界\n再 见", "你好世界再见"},
		{"beside other script", "使用 Go 语言", "使用go语言"},
		{"after its punctuation", "你好。\n“再见”", `你好."再见"`},
		{"hangul keeps its spaces", "안녕  하세요", "안녕 하세요"},
		{"thai", "ภาษา ไทย", "ภาษาไทย"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Normalize(tt.in); got != tt.want {
				t.Errorf("Normalize(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	if got := string(AppendNormal([]byte("漢 "), "a b")); got != "漢 a b" {
		t.Errorf("what stands in the buffer changes the result: %q", got)
	}
}

func TestVariantsAreEqual(t *testing.T) {
	original := "《计算机》杂志说：“机器可以思考吗？”这个问题、那个问题，都在2026年提出。Ｇｏ语言！"
	variants := map[string]string{
		"width":       "《计算机》杂志说:“机器可以思考吗?”这个问题、那个问题,都在２０２６年提出。Go语言!",
		"case":        strings.ToLower(original),
		"punctuation": "「计算机」杂志说：「机器可以思考吗？」这个问题，那个问题，都在2026年提出．Ｇｏ语言！",
		"spaces":      "《计算机》 杂志说： “机器可以思考吗？” 这个问题、那个问题， 都在 2026 年提出。 Ｇｏ 语言！",
		"wrapped":     wrap(original, 7),
	}
	for name, v := range variants {
		if got, want := Normalize(v), Normalize(original); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestFoldHan(t *testing.T) {
	tests := []struct{ simplified, traditional string }{
		{"国家发展改革委员会", "國家發展改革委員會"},
		{"头发干了以后，皇后在后面吃干面", "頭髮乾了以後，皇后在後面吃乾麵"},
		{"为了大众里的线索", "爲了大眾裏的綫索"},
		{"为了大众里的线索", "為了大眾裡的線索"},
	}
	folding := Params{FoldHan: true}
	for _, tt := range tests {
		if a, b := folding.Normalize(tt.simplified), folding.Normalize(tt.traditional); a != b {
			t.Errorf("%s and %s are folded onto %s and %s", tt.simplified, tt.traditional, a, b)
		}
		if Normalize(tt.traditional) == Normalize(tt.simplified) {
			t.Errorf("%s is folded without being asked", tt.traditional)
		}
	}
}

// TestHanVariants holds the table to what makes folding idempotent and safe after NFKC.
func TestHanVariants(t *testing.T) {
	classes := strings.Fields(hanVariants)
	if !slices.IsSorted(classes) {
		t.Error("the classes are not in order")
	}
	seen := map[rune]bool{}
	for _, class := range classes {
		variants := []rune(class)
		if len(variants) < 2 || !slices.IsSorted(variants) {
			t.Errorf("the class %s is too small or not in order", class)
		}
		for _, r := range variants {
			if seen[r] || !isPlain(r) || flags(r) != flags('中') || foldHan(r) != variants[0] {
				t.Errorf("%c of the class %s is in another, or no plain ideograph", r, class)
			}
			seen[r] = true
		}
	}
}

func wrap(text string, columns int) string {
	var b strings.Builder
	for i, r := range []rune(text) {
		if i > 0 && i%columns == 0 {
			b.WriteByte('\n')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestLetters(t *testing.T) {
	for text, want := range map[string]int{"": 0, "  a  b ": 3, "ｆｕｌｌ": 4, "漢字": 6, "かな kana": 10, "한글": 6, "e\u0301": 1, "a\u00adb": 2} {
		if got := Letters(text); got != want {
			t.Errorf("%q: %d letters, want %d", text, got, want)
		}
	}
}

func TestShingleLength(t *testing.T) {
	tests := []struct {
		text string
		p    Params
		want []string
	}{
		{"the quick", Params{}, []string{"the quic", "he quick"}},
		{"机器可以思考", Params{}, []string{"机器可", "器可以", "可以思", "以思考"}},
		{"用go写的", Params{}, []string{"用go写", "go写的"}},
		{"short", Params{}, nil},
		{"猫", Params{}, nil},
		{"机器可以", Params{Size: 2}, []string{"机器", "器可", "可以"}},
		{"aaaaaa", Params{Size: 5}, []string{"aaaaa"}},
	}
	for _, tt := range tests {
		var want []uint64
		for _, s := range tt.want {
			want = append(want, hash([]byte(s)))
		}
		if got := tt.p.Set(tt.text); !slices.Equal(got.hashes, want) {
			t.Errorf("%v: Set(%q) has %d shingles, want %q", tt.p, tt.text, got.Len(), tt.want)
		}
	}
}

func TestFingerprintOfShortText(t *testing.T) {
	for _, text := range []string{"", " ", "猫", "cat"} {
		if f, n, err := DefaultParams().Fingerprint(text); f != 0 || n != 0 || err != ErrTooShort {
			t.Errorf("Fingerprint(%q) = %v, %d, %v", text, f, n, err)
		}
	}
}

// TestHashMixes holds the hash to what a random one would do: over texts that differ in one
// character each bit is one for half of them, and flips with half of the changes.
func TestHashMixes(t *testing.T) {
	const n = 20000
	for _, length := range []int{3, 8, 9, 16, 24} {
		for at := 0; at < length; at += max(1, length/4) {
			var ones, flips [64]int
			r := rand.New(rand.NewPCG(uint64(length), uint64(at)))
			b := make([]byte, length)
			for range n {
				for i := range b {
					b[i] = 'a' + byte(r.IntN(26))
				}
				h := hash(b)
				b[at] = 'a' + (b[at]-'a'+1)%26
				d := h ^ hash(b)
				for bit := range 64 {
					ones[bit] += int(h >> bit & 1)
					flips[bit] += int(d >> bit & 1)
				}
			}
			for bit := range 64 {
				for what, got := range map[string]int{"one": ones[bit], "flipped": flips[bit]} {
					if share := float64(got) / n; math.Abs(share-.5) > .03 {
						t.Errorf("length %d, byte %d: bit %d is %s in %.3f of the hashes", length, at, bit, what, share)
					}
				}
			}
		}
	}
}

func TestUnrelatedFingerprintsAreFarApart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := DefaultParams()
	var fs []Fingerprint
	for range 200 {
		var b strings.Builder
		for range 300 {
			fmt.Fprintf(&b, "%c%c%c ", 'a'+r.IntN(26), 'a'+r.IntN(26), 'a'+r.IntN(26))
		}
		f, _, _ := p.Fingerprint(b.String())
		fs = append(fs, f)
	}
	sum, pairs := 0, 0
	for i := range fs {
		for j := range i {
			sum += fs[i].Distance(fs[j])
			pairs++
		}
	}
	if mean := float64(sum) / float64(pairs); math.Abs(mean-32) > .5 {
		t.Errorf("unrelated texts are %.2f bits apart, want 32", mean)
	}
}

func setOf(from, to int) Set {
	var hashes []uint64
	for i := from; i < to; i++ {
		hashes = append(hashes, hash(fmt.Append(nil, i)))
	}
	return Set{hashes}
}

func TestResemblance(t *testing.T) {
	tests := []struct {
		a, b                    Set
		resemblance, aInB, bInA float64
	}{
		{Set{}, Set{}, 0, 0, 0},
		{Set{}, setOf(0, 5), 0, 0, 0},
		{setOf(0, 5), setOf(0, 5), 1, 1, 1},
		{setOf(0, 5), setOf(5, 10), 0, 0, 0},
		{setOf(0, 8), setOf(4, 10), .4, .5, 4. / 6},
	}
	for i, tt := range tests {
		got := []float64{Resemblance(tt.a, tt.b), Containment(tt.a, tt.b), Containment(tt.b, tt.a)}
		if want := []float64{tt.resemblance, tt.aInB, tt.bInA}; !slices.Equal(got, want) {
			t.Errorf("%d: got %v, want %v", i, got, want)
		}
	}
}

func TestSketchEstimates(t *testing.T) {
	for _, size := range []int{0, 1, 100, SketchBins, SketchBins + 1, 3000, 50000} {
		for _, shift := range []float64{0, .05, .11, .3, 1} {
			a, b := setOf(0, size), setOf(int(float64(size)*shift), int(float64(size)*(1+shift)))
			ka, kb := a.Sketch(), b.Sketch()
			r := Resemblance(a, b)
			slack := 0.0
			if !ka.Exact() {
				slack = 5 * math.Sqrt(r*(1-r)/SketchBins)
			}
			if got := ka.Resemblance(kb); math.Abs(got-r) > slack+1e-12 {
				t.Errorf("%d shingles: resemblance %.4f is estimated as %.4f", size, r, got)
			}
			if got, want := ka.Containment(kb), Containment(a, b); math.Abs(got-want) > 2*slack+1e-12 {
				t.Errorf("%d shingles: containment %.4f is estimated as %.4f", size, want, got)
			}
			var back Sketch
			if err := back.UnmarshalBinary(ka.Append(nil)); err != nil || back.Resemblance(kb) != ka.Resemblance(kb) || back.Bands() != ka.Bands() {
				t.Errorf("%d shingles: the sketch does not come back: %v", size, err)
			}
		}
	}
	// A small set, held whole, against a large one.
	if got, want := setOf(0, 400).Sketch().Resemblance(setOf(0, 600).Sketch()), 2./3; math.Abs(got-want) > .11 {
		t.Errorf("400 of 600 shingles: resemblance is estimated as %.4f", got)
	}
}

func TestSketchRefusesBytes(t *testing.T) {
	good := setOf(0, 3).Sketch().Append(nil)
	for _, b := range [][]byte{nil, {255}, good[:len(good)-1], append(good, 0), {255, 255, 255, 255, 255, 255, 255, 255, 255, 1}} {
		var k Sketch
		if err := k.UnmarshalBinary(b); err != ErrSketch {
			t.Errorf("UnmarshalBinary(%x) = %v", b, err)
		}
	}
}

// TestBandsFindSimilarSets holds the share of pairs that share a key to the formula.
func TestBandsFindSimilarSets(t *testing.T) {
	const pairs = 400
	for _, size := range []int{60, 300, 3000} {
		for _, r := range []float64{.2, .5, .8, .95} {
			found := 0
			for i := range pairs {
				shared := int(2 * r / (1 + r) * float64(size))
				from := i * 4 * size
				a, b := setOf(from, from+size), setOf(from+size-shared, from+2*size-shared)
				ka, kb := a.Sketch().Bands(), b.Sketch().Bands()
				for band := range ka {
					if ka[band] == kb[band] {
						found++
						break
					}
				}
			}
			want := 1 - math.Pow(1-math.Pow(r, bandBins), Bands)
			// Below one shingle a bin, bands that borrow are no longer independent.
			slack := 4*math.Sqrt(want*(1-want)/pairs) + .01
			if size < Bands*bandBins {
				slack += .12
			}
			if got := float64(found) / pairs; math.Abs(got-want) > slack {
				t.Errorf("%d shingles, resemblance %.2f: found %.3f, want %.3f", size, r, got, want)
			}
		}
	}
}

func TestParams(t *testing.T) {
	for _, s := range []string{"auto", "1", "64"} {
		if p, err := ParseParams(s); err != nil || p.String() != s {
			t.Errorf("ParseParams(%q) = %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "65", "five"} {
		if _, err := ParseParams(s); err == nil {
			t.Errorf("ParseParams(%q) is accepted", s)
		}
	}
	seen := map[string]bool{}
	for _, p := range []Params{{}, {Size: 8}, {FoldHan: true}, {Size: 8, FoldHan: true}} {
		id := p.ID()
		if seen[id] {
			t.Errorf("different parameters have the id %s", id)
		}
		seen[id] = true
		if got, err := ParseID(id); err != nil || got != p {
			t.Errorf("ParseID(%q) = %v, %v", id, got, err)
		}
	}
	for _, id := range []string{"", "auto", "v1/size=auto", "v2/size=", "v2/size=0", "v2/size=08", "v2/size=auto/fold=x", "v2/size=auto/fold=han/fold=han"} {
		if p, err := ParseID(id); err == nil {
			t.Errorf("ParseID(%q) = %v", id, p)
		}
	}
}

func TestParagraphs(t *testing.T) {
	text := "\ufeff one \r\n\r\n\t二\u3000\u2028  three\n \n"
	var got []string
	for _, r := range Paragraphs(text) {
		got = append(got, text[r.Start:r.End])
	}
	if want := []string{"one", "二", "three"}; !slices.Equal(got, want) {
		t.Errorf("Paragraphs = %q, want %q", got, want)
	}
}

// TestParagraphDigests compares each paragraph's part of a digest with what lies in the
// digest of its normalised text alone.
func TestParagraphDigests(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	d := Params{}.NewDigester()
	for i := range 10000 {
		text := randomText(r, [][]string{pieces, evenPieces}[i%2], 1+r.IntN(40))
		g := d.Digest(text)
		var wanted []Range
		for _, p := range Paragraphs(text) {
			if Normalize(text[p.Start:p.End]) != "" {
				wanted = append(wanted, p)
			}
		}
		if len(g.Paragraphs) != len(wanted) {
			t.Fatalf("%q has %d paragraphs, want %d", text, len(g.Paragraphs), len(wanted))
		}
		for i, p := range g.Paragraphs {
			if p.Range != wanted[i] {
				t.Fatalf("%q: paragraph %v, want %v", text, p.Range, wanted[i])
			}
			normal := string(g.Normal[p.Normal.Start:p.Normal.End])
			got, want := g.ParagraphSet(p), referenceShingles(Params{}, normal)
			if got.Len() != len(want) {
				t.Fatalf("%q: paragraph %q has %d shingles, want %d", text, normal, got.Len(), len(want))
			}
			for _, h := range got.hashes {
				found := false
				for s := range want {
					found = found || hash([]byte(s)) == h
				}
				if !found {
					t.Fatalf("%q: paragraph %q has a shingle that is not its own", text, normal)
				}
			}
		}
	}
}

func TestDigestUnless(t *testing.T) {
	p := DefaultParams()
	d := p.NewDigester()
	texts := []string{"One  text of several words.", "", "別の文章です。", "Ein längerer Text.\n\nIn zwei Absätzen."}
	for _, text := range texts {
		want := p.NewDigester().Digest(text)
		for _, known := range []bool{true, false} {
			g := d.DigestUnless(text, func(normal []byte) bool {
				if string(normal) != p.Normalize(text) {
					t.Errorf("%q was normalised to %q", text, normal)
				}
				return known
			})
			if string(g.Normal) != string(want.Normal) || g.Characters != want.Characters {
				t.Errorf("%q: %q and %d characters, want %q and %d", text, g.Normal, g.Characters, want.Normal, want.Characters)
			}
			if !known && (g.Fingerprint != want.Fingerprint || g.Set.Len() != want.Set.Len() || !slices.Equal(g.Paragraphs, want.Paragraphs)) {
				t.Errorf("%q: %+v, want %+v", text, g, want)
			}
		}
	}
}

func TestDigesterAllocatesNothing(t *testing.T) {
	d, folding := Params{}.NewDigester(), Params{FoldHan: true}.NewDigester()
	texts := []string{strings.Repeat("The quick brown fox. ", 200), strings.Repeat("老城区北街口的那间钟表铺，在本月重新开门了。\n", 90), "short"}
	for i := range 2000 {
		texts[0] += fmt.Sprint(i)
	}
	all := func() {
		for _, text := range texts {
			d.Digest(text)
			folding.Digest(text)
		}
	}
	all()
	if n := testing.AllocsPerRun(10, all); n > 0 {
		t.Errorf("%v allocations in a steady state", n)
	}
}

func TestParseFingerprint(t *testing.T) {
	f := Fingerprint(0x00ff00000000abcd)
	if g, err := ParseFingerprint(f.String()); err != nil || g != f {
		t.Errorf("%v came back as %v, %v", f, g, err)
	}
	for _, s := range []string{"", "12", "00ff00000000abcg", "+0ff00000000abcd"} {
		if _, err := ParseFingerprint(s); err == nil {
			t.Errorf("ParseFingerprint(%q) is accepted", s)
		}
	}
}

// TestParagraphKeysMeetByTheFourthPower counts how often paragraphs whose
// resemblance is a third have the same key.
func TestParagraphKeysMeetByTheFourthPower(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	d := Digest{hashes: make([]uint64, 300)}
	a, b := ParagraphDigest{first: 0, last: 200}, ParagraphDigest{first: 100, last: 300}
	const tries = 20_000
	equal := 0
	for range tries {
		for i := range d.hashes {
			d.hashes[i] = r.Uint64()
		}
		x, n := d.ParagraphKey(a)
		y, _ := d.ParagraphKey(b)
		if x == y {
			equal++
		}
		if again, _ := d.ParagraphKey(a); again != x || n != 200 {
			t.Fatalf("the key of a paragraph is %x and %x, of %d shingles", x, again, n)
		}
	}
	// The resemblance is 100 in 300: 1/81 of them, with a standard error of 0.0008.
	if share := float64(equal) / tries; share < 1.0/81-0.004 || share > 1.0/81+0.004 {
		t.Errorf("%.4f of the pairs have the same key, want about %.4f", share, 1.0/81)
	}
}
