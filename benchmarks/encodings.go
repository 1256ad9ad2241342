package main

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gogs/chardet"
	mozilla "github.com/wlynxg/chardet"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"neardup/internal/charset"
	"neardup/internal/markup"
)

// Debian's installation guide, written again in the encodings that were customary for each of
// its languages: whole pages, and paragraphs, titles, paragraphs in capitals and words of them.

// customary are the encodings of the languages of the guide, and of others that the handbook has.
var customary = map[string][]string{
	"ca": western, "da": western, "de": western, "es": western, "fr": western, "it": western, "nl": western, "pt": western, "sv": western,
	"nb": western, "cs": central, "pl": central, "hr": central, "hu": central, "ro": append(slices.Clone(central), "iso-8859-16"),
	"tr": {"windows-1254"}, "vi": {"windows-1258"}, "ru": {"windows-1251", "koi8-r", "iso-8859-5", "ibm866", "x-mac-cyrillic"},
	"el": {"windows-1253", "iso-8859-7"}, "ar": {"windows-1256", "iso-8859-6"}, "fa": {"windows-1256"},
	"ja": {"shift_jis", "euc-jp", "iso-2022-jp"}, "ko": {"euc-kr"}, "zh": {"gbk", "gb18030"}, "zht": {"big5"},
	"uk": {"windows-1251", "koi8-u", "iso-8859-5", "x-mac-cyrillic"}, "be": {"windows-1251", "koi8-u", "iso-8859-5"},
	"bg": {"windows-1251", "iso-8859-5"}, "sr": {"windows-1251", "iso-8859-5"}, "mk": {"windows-1251"},
	"sk": central, "sl": central, "lt": {"windows-1257", "iso-8859-13"}, "lv": {"windows-1257", "iso-8859-13"}, "et": {"windows-1257", "iso-8859-13", "iso-8859-15"},
	"fi": western, "he": {"windows-1255"}, "th": {"windows-874"}, "is": western, "gl": western,
}

var (
	western = []string{"windows-1252", "iso-8859-15", "macintosh"}
	central = []string{"windows-1250", "iso-8859-2"}
)

// codePages are the encodings of one byte that letters can come from.
var codePages = []*charmap.Charmap{
	charmap.Windows1250, charmap.Windows1251, charmap.Windows1252, charmap.Windows1253, charmap.Windows1254, charmap.Windows1255,
	charmap.Windows1256, charmap.Windows1257, charmap.Windows1258, charmap.Windows874, charmap.ISO8859_16, charmap.KOI8U,
}

// A labelled text is one of which the encoding is known.
type labelled struct {
	kind, language, encoding string
	b                        []byte
	want                     string
}

// encoded writes s in an encoding. What has no place in it becomes a character reference in pages
// and is left out of texts.
func encoded(s, name string, page bool) (b []byte, want string) {
	e, err := htmlindex.Get(name)
	if err != nil {
		panic(err)
	}
	if name == "windows-1258" {
		s = combining(s)
	}
	var out strings.Builder
	for _, r := range s {
		if _, err := e.NewEncoder().Bytes([]byte(string(r))); err == nil || r < 0x80 {
			out.WriteRune(r)
		} else if page {
			fmt.Fprintf(&out, "&#%d;", r)
		}
	}
	if b, err = e.NewEncoder().Bytes([]byte(out.String())); err != nil {
		panic(err)
	}
	return b, out.String()
}

var charsetMeta = regexp.MustCompile(`(?i)<meta[^>]*charset[^>]*>|<\?xml[^>]*\?>`)

// labelledTexts makes texts of the pages below a folder, whose languages the folders name.
func labelledTexts(root string, most int) ([]labelled, error) {
	var out []labelled
	pages := map[string]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".html") {
			return err
		}
		language := guideLanguage(path)
		if customary[language] == nil || pages[language] >= most {
			return nil
		}
		pages[language]++
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		page := charsetMeta.ReplaceAllString(string(source), "")
		h := fnv.New64a()
		h.Write([]byte(strings.TrimPrefix(path, root)))
		out = append(out, textsOf(page, language, rand.New(rand.NewPCG(h.Sum64(), 5)))...)
		return nil
	})
	return out, err
}

// guideLanguage is the language that a folder of the path is named by.
func guideLanguage(path string) string {
	folder := filepath.Base(filepath.Dir(path))
	if folder == "zh-TW" {
		return "zht"
	}
	language, _, _ := strings.Cut(strings.ReplaceAll(folder, "_", "-"), "-")
	return language
}

func textsOf(page, language string, random *rand.Rand) (out []labelled) {
	text := markup.Parse(page).Text
	if language == "ko" || language == "ja" || language == "zh" || language == "zht" {
		text = strings.ReplaceAll(text, "\u00a0", " ")
		page = strings.ReplaceAll(page, "\u00a0", " ")
	}
	var long []string
	for _, p := range strings.Split(text, "\n") {
		if p = strings.TrimSpace(p); len(p) >= 200 {
			long = append(long, p[:cut(p, 200+random.IntN(200))])
		}
	}
	random.Shuffle(len(long), func(i, j int) { long[i], long[j] = long[j], long[i] })
	long = long[:min(len(long), 2)]
	title, _, _ := strings.Cut(text, "\n")
	for _, name := range customary[language] {
		add := func(kind, s string) {
			b, want := encoded(s, name, kind == "page")
			if want != strings.ToValidUTF8(want, "") || !slices.ContainsFunc([]rune(want), func(r rune) bool { return r >= 0x80 }) {
				return
			}
			out = append(out, labelled{kind, language, name, b, want})
		}
		add("page", page)
		add("title", strings.TrimSpace(title))
		for _, p := range long {
			add("paragraph", p)
			if capitals := strings.ToUpper(p); capitals != p {
				add("capitals", capitals)
			}
			for _, word := range strings.Fields(p) {
				if utf8.RuneCountInString(word) < len(word) && random.IntN(4) == 0 {
					add("word", strings.Trim(word, "“”„»«,.:;()"))
				}
			}
		}
	}
	return out
}

func cut(s string, at int) int {
	for at = min(at, len(s)); at < len(s) && !utf8.RuneStart(s[at]); {
		at--
	}
	return at
}

// An outcome is what a reader made of a text.
type outcome int

const (
	right outcome = iota
	wrong
	otherScript // wrong too
	refused
)

func judge(l labelled, got string, ok bool) outcome {
	switch {
	case !ok:
		return refused
	case got == l.want:
		return right
	case scriptOf(got) != scriptOf(l.want):
		return otherScript
	}
	return wrong
}

// scriptOf returns the script that most letters outside of ASCII have.
func scriptOf(s string) string {
	counts := map[string]int{}
	for _, r := range s {
		if r < 0x80 || !unicode.IsLetter(r) {
			continue
		}
		for name, table := range map[string]*unicode.RangeTable{
			"latin": unicode.Latin, "cyrillic": unicode.Cyrillic, "greek": unicode.Greek, "arabic": unicode.Arabic,
			"hebrew": unicode.Hebrew, "thai": unicode.Thai, "han": unicode.Han, "kana": unicode.Hiragana, "hangul": unicode.Hangul,
		} {
			if unicode.Is(table, r) {
				counts[name]++
			}
		}
	}
	if counts["kana"] > 0 {
		return "kana"
	}
	best := "latin" // which ASCII is too
	for name, n := range counts {
		if n > counts[best] || n == counts[best] && name < best {
			best = name
		}
	}
	return best
}

// A reader turns bytes of unknown encoding into text.
type reader struct {
	name string
	read func(b []byte, header string) (string, bool)
}

var readers = []reader{
	{"neardup", func(b []byte, header string) (string, bool) {
		t, err := charset.Decode(b, charset.Options{ContentType: header})
		if err != nil {
			return "", false
		}
		return t.String, true
	}},
	{"gogs/chardet", func(b []byte, _ string) (string, bool) {
		r, err := chardet.NewTextDetector().DetectBest(b)
		if err != nil {
			return "", false
		}
		return readAs(b, r.Charset)
	}},
	{"wlynxg/chardet", func(b []byte, _ string) (string, bool) { return readAs(b, mozilla.Detect(b).Encoding) }},
}

// readAs reads bytes as they are said to be; where one is not valid they are refused.
func readAs(b []byte, name string) (string, bool) {
	name = strings.ToLower(name)
	names := map[string]string{"gb-18030": "gb18030", "cp949": "euc-kr", "maccyrillic": "x-mac-cyrillic", "macroman": "macintosh", "tis-620": "windows-874", "cp932": "shift_jis"}
	name = cmp.Or(names[name], name)
	e, err := htmlindex.Get(name)
	if err != nil {
		return "", false
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil || strings.ContainsRune(string(out), utf8.RuneError) {
		return "", false
	}
	return string(out), true
}

// declaredAs puts a declaration into a text or beside it: in turn a header, a meta element, an XML
// declaration.
func declaredAs(l labelled, name string, turn int) (labelled, string) {
	switch {
	case l.kind != "page" || turn%3 == 0:
		return l, "text/html; charset=" + name
	case turn%3 == 1:
		return l.after(`<!DOCTYPE html><meta charset="` + name + `">`), ""
	}
	return l.after(`<?xml version="1.0" encoding="` + name + `"?>` + "\n"), ""
}

func (l labelled) after(s string) labelled {
	l.b, l.want = append([]byte(s), l.b...), s+l.want
	return l
}

type tally [refused + 1]int

func (t tally) String() string {
	n := t[right] + t[wrong] + t[otherScript] + t[refused]
	return fmt.Sprintf("%d | %.1f | %.2f | %.2f | %.1f", n, pct(t[right], n), pct(t[wrong]+t[otherScript], n), pct(t[otherScript], n), pct(t[refused], n))
}

func pct(part, whole int) float64 { return 100 * float64(part) / float64(max(1, whole)) }

// encodings prints tables of how texts made of the pages of packages are read.
func (b *bench) encodings(packages string) error {
	root, err := os.MkdirTemp(b.temp, "guide-")
	if err != nil {
		return err
	}
	var texts []labelled
	for _, name := range strings.Split(packages, ",") {
		folder, err := unpacked(filepath.Join(b.cache, "packages"), name, root)
		if err != nil {
			return err
		}
		some, err := labelledTexts(folder, 84)
		if err != nil {
			return err
		}
		texts = append(texts, some...)
	}
	if len(texts) == 0 {
		return errors.New("no pages")
	}
	b.log("%d texts", len(texts))
	kinds := []string{"page", "paragraph", "capitals", "title", "word"}
	for _, r := range readers {
		start := time.Now()
		byKind := map[string]*tally{}
		byLanguage := map[string]*tally{}
		for _, l := range texts {
			if l.kind == "word" {
				continue
			}
			got, ok := r.read(l.b, "")
			o := judge(l, got, ok)
			count(byKind, l.kind, o)
			if l.kind == "page" {
				count(byLanguage, l.language+", pages", o)
			} else {
				count(byLanguage, l.language+", short", o)
			}
		}
		printTallies("undeclared, "+r.name, byKind, kinds)
		if r.name == "neardup" {
			printTallies("undeclared, neardup, by language", byLanguage, nil)
		}
		b.log("%s: %.1f s", r.name, time.Since(start).Seconds())
	}
	declared := map[string]*tally{}
	lies := map[string]*tally{}
	for i, l := range texts {
		d, header := declaredAs(l, l.encoding, i)
		got, ok := readers[0].read(d.b, header)
		o := judge(d, got, ok)
		count(declared, l.kind, o)
		if l.kind == "word" || l.kind == "title" {
			continue
		}
		for _, lie := range []string{"iso-8859-1", "utf-8", "windows-1251", "gbk"} {
			if slices.Contains(customary[l.language], lie) || lie == "iso-8859-1" && slices.Contains(western, l.encoding) || lie == "gbk" && l.language == "zh" {
				continue
			}
			d, header := declaredAs(l, lie, i)
			got, ok := readers[0].read(d.b, header)
			count(lies, l.kind+" declared "+lie+": "+family(l), judge(d, got, ok))
		}
		if l.kind == "page" {
			d, header := declaredAs(labelled{l.kind, l.language, "utf-8", []byte(l.want), l.want}, l.encoding, i)
			got, ok := readers[0].read(d.b, header)
			count(lies, "page of utf-8 declared otherwise", judge(d, got, ok))
		}
	}
	printTallies("declared and true", declared, kinds)
	printTallies("declared and false", lies, nil)
	return nil
}

func family(l labelled) string {
	switch scriptOf(l.want) {
	case "han", "kana", "hangul":
		return "Chinese, Japanese, Korean"
	case "latin":
		return "Latin"
	case "cyrillic":
		return "Cyrillic"
	}
	return "other scripts"
}

func count(m map[string]*tally, key string, o outcome) {
	if m[key] == nil {
		m[key] = &tally{}
	}
	m[key][o]++
}

func printTallies(title string, m map[string]*tally, order []string) {
	fmt.Printf("\n| %s | texts | right %% | wrong %% | other script %% | refused %% |\n|---|---|---|---|---|---|\n", title)
	if order == nil {
		for key := range m {
			order = append(order, key)
		}
		slices.SortFunc(order, cmp.Compare[string])
	}
	var all tally
	for _, key := range order {
		if m[key] != nil {
			fmt.Printf("| %s | %v |\n", key, *m[key])
			for i, n := range m[key] {
				all[i] += n
			}
		}
	}
	fmt.Printf("| all | %v |\n", all)
}
