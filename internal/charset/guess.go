package charset

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// A candidate is an encoding and how much the bytes look like text in it, at most 1.
type candidate struct {
	name     string
	encoding encoding.Encoding
	score    float64
	bytes    int // of the language
}

const (
	// plausible is the score from which bytes look like text in an encoding of several bytes
	// a character, whose most frequent characters make up a fifth and more of real text, and
	// of text in a wrong encoding a few in a hundred.
	plausible = 0.1

	// alphabetic is the same for encodings of one byte. Their letters are half of all bytes,
	// so they are looked at only where no other encoding fits.
	alphabetic = 0.6

	// ordered is the same for Thai, nearly all of which is in its alphabet and in its order.
	ordered = 0.9

	sampleBytes = 16 << 10
)

// A language is what text in an encoding is recognised by: its most frequent characters
// outside of ASCII.
type language struct {
	names   []string
	common  string
	ranges  *unicode.RangeTable // whose characters all count as common
	chinese bool                // kana tell against it
	latin   bool                // such characters stand among ASCII letters
	thai    bool                // marks and vowels stand where Thai has them
	bytes   int                 // of a character: 1, or 2 for two and more, and for Thai, whose order tells as much
}

func (l language) threshold() float64 {
	switch {
	case l.thai:
		return ordered
	case l.bytes == 1:
		return alphabetic
	}
	return plausible
}

// evidence returns how many characters outside of ASCII it takes. Between two words of ASCII
// letters a single accent can stand.
func (l language) evidence() int {
	switch {
	case l.latin:
		return 1
	case l.thai: // the bytes of a few other characters can be so by accident
		return 32
	case l.bytes == 1:
		return 8
	}
	return 4
}

const (
	cjkMarks = "，。、：；“”（）《》「」！？　・"
	latinist = "’‘“”„–—…«»§°·©®"
)

var languages = []language{
	{names: []string{"gb18030"}, common: "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日市者条新应关工或月加强民由第公", chinese: true, bytes: 2},
	{names: []string{"big5"}, common: "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日市者條新應關工或月加強民由第公", chinese: true, bytes: 2},
	{names: []string{"shift_jis", "euc-jp"}, common: "日本人年大国中一会者行事法", ranges: unicode.Hiragana, bytes: 2},
	{names: []string{"euc-kr"}, common: "이다는을의에가고하지로은도를한사리기인대아나어시있해서자그과정부수제조장일보전들라면여것만우성주국중동상유원구오합니안비위적할게", bytes: 2},
	{names: []string{"windows-874"}, common: "กขคงจฉชซญณดตถทธนบปผพฟภมยรลวศษสหอะาำิีึืุูัเแโใไ็่้์ๆ", thai: true, bytes: 2},
	{names: []string{"windows-1251", "koi8-r"}, common: "оеаинтсрвлкмдпуяыьгзбчйхжі", bytes: 1},
	{names: []string{"windows-1253"}, common: "αβγδεζηθικλμνοπρσςτυφχψωάέήίόύώ", bytes: 1},
	{names: []string{"windows-1255"}, common: "אבגדהוזחטיכךלמםנןסעפףצץקרשת", bytes: 1},
	{names: []string{"windows-1256"}, common: "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآئؤ،؛؟", bytes: 1},
	{names: []string{"windows-1252"}, common: "éèàùâêîôûçœëïÉÈÀÇ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1252"}, common: "äöüßÄÖÜéà" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1252"}, common: "áéíóúñüÁÉÍÓÚÑ¿¡" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1252"}, common: "ãáàâçéêíóôõúüÃÇÉ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1252"}, common: "àèéìòùÈ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1252"}, common: "åäöøæéÅÄÖØÆ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1250"}, common: "ąćęłńóśźżĆŁŚŹŻ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1250"}, common: "áčďéěíňóřšťúůýžČŘŠŽÚ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1250"}, common: "áäčďéíĺľňóôŕšťúýžČŠŽ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1250"}, common: "áéíóöőúüűÁÉÓÖŐ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1250"}, common: "ăâîşţĂÎŞŢ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1250"}, common: "čćđšžČĆĐŠŽ" + latinist, latin: true, bytes: 1},
	{names: []string{"windows-1254"}, common: "çğıöşüâîûÇĞİÖŞÜ" + latinist, latin: true, bytes: 1},
}

// guess returns the encodings in which b looks like text, the best first.
func guess(b []byte) []candidate {
	var out []candidate
	samples := map[string]string{}
	for _, l := range languages {
		if l.bytes == 1 && len(out) > 0 && out[0].bytes > 1 {
			break // those of several bytes come first, and are seldom valid by accident
		}
		for _, name := range l.names {
			e := lookup(name)
			if _, ok := samples[name]; !ok {
				samples[name] = sample(b, e)
			}
			if s := l.score(samples[name]); s >= l.threshold() {
				out = append(out, candidate{name, e, s, l.bytes})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(b.bytes-a.bytes, cmp.Compare(b.score, a.score))
	})
	return out
}

// looks reports whether b looks like text in an encoding, as far as this package knows the
// languages that are written in it.
func looks(b []byte, name string, e encoding.Encoding) bool {
	text := sample(b, e)
	known := false
	for _, l := range languages {
		if slices.Contains(l.names, name) || name == "gbk" && l.names[0] == "gb18030" {
			known = true
			if l.score(text) >= l.threshold() {
				return true
			}
		}
	}
	return !known
}

// sample decodes the part of b that begins with its first byte outside of ASCII.
func sample(b []byte, e encoding.Encoding) string {
	from := max(0, slices.IndexFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })-1)
	part := b[from:]
	cut := len(part) > sampleBytes
	if cut {
		part = part[:sampleBytes]
	}
	out, _ := e.NewDecoder().Bytes(part) // what is not valid becomes U+FFFD
	text := string(out)
	if cut {
		text = strings.TrimRight(text[:len(text)-utf8.UTFMax], "\ufffd")
	}
	return text
}

func (l language) score(text string) float64 {
	common := map[rune]bool{}
	for _, r := range l.common {
		common[r] = true
	}
	if !l.latin {
		for _, r := range cjkMarks {
			common[r] = true
		}
	}
	points, n := 0, 0
	before := ' '
	for i, r := range text {
		if r >= utf8.RuneSelf {
			n++
			switch {
			case isGarbage(r) || unicode.Is(unicode.Co, r):
				points -= 4
			case r >= '｡' && r <= 'ﾟ': // half-width kana: rare in text, frequent in bytes that are none
				points -= 2
			case l.chinese && r >= 'ぁ' && r <= 'ヿ':
				points--
			case l.thai && misplaced(before, r, text[i+utf8.RuneLen(r):]):
				points -= 4
			case !common[r] && (l.ranges == nil || !unicode.Is(l.ranges, r)):
			case l.bytes == 1 && unicode.IsLetter(r) && l.latin != amongASCII(before, text[i+utf8.RuneLen(r):]):
				points--
			default:
				points++
			}
		}
		before = r
	}
	if n < l.evidence() {
		return 0
	}
	return float64(points) / float64(n)
}

// misplaced reports a Thai mark that follows no consonant and no other mark, or a vowel that is
// written before a consonant and is not.
func misplaced(before, r rune, after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	consonant := func(r rune) bool { return r >= 'ก' && r <= 'ฮ' }
	switch {
	case unicode.Is(unicode.Mn, r):
		return !consonant(before) && !unicode.Is(unicode.Mn, before)
	case r >= 'เ' && r <= 'ไ':
		return !consonant(next)
	}
	return false
}

// amongASCII reports whether a letter between before and after is one of a word of mostly
// ASCII letters, and not of its own kind.
func amongASCII(before rune, after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	letters := 0
	for _, r := range []rune{before, next} {
		switch {
		case unicode.IsLetter(r) && r >= utf8.RuneSelf:
			return false
		case unicode.IsLetter(r):
			letters++
		}
	}
	return letters > 0
}
