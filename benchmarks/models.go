package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"neardup/internal/markup"
)

// The models by which internal/charset tells encodings are counted here, from what translators
// wrote for GNOME's manual and for Firefox. The installation guide, which is what encodings are
// measured on, is not in it. internal/charset/model.go says what the file holds.

// modelled are the languages of the models, with the names that the packages have for them.
var modelled = []struct{ code, gnome, firefox string }{
	{"en", "C", "en-gb"},
	{"fr", "fr", "fr"},
	{"de", "de", "de"},
	{"es", "es", "es-es"},
	{"pt", "pt_BR pt", "pt-br pt-pt"},
	{"it", "it", "it"},
	{"nl", "nl", "nl"},
	{"ca", "ca", "ca"},
	{"gl", "gl", "gl"},
	{"sv", "sv", "sv-se"},
	{"da", "da", "da"},
	{"nb", "", "nb-no nn-no"},
	{"fi", "fi", "fi"},
	{"is", "", "is"},
	{"ga", "", "ga-ie"},
	{"id", "id", "id"},
	{"pl", "pl", "pl"},
	{"cs", "cs", "cs"},
	{"sk", "", "sk"},
	{"hu", "hu", "hu"},
	{"ro", "ro", "ro"},
	{"hr", "hr sr@latin", "hr bs"},
	{"sl", "sl", "sl"},
	{"sq", "", "sq"},
	{"tr", "tr", "tr"},
	{"lt", "lt", "lt"},
	{"lv", "lv", "lv"},
	{"et", "", "et"},
	{"vi", "vi", "vi"},
	{"ru", "ru", "ru"},
	{"uk", "uk", "uk"},
	{"be", "", "be"},
	{"bg", "", "bg"},
	{"sr", "sr", "sr"},
	{"mk", "", "mk"},
	{"el", "el", "el"},
	{"he", "he", "he"},
	{"ar", "", "ar"},
	{"fa", "fa", "fa"},
	{"th", "", "th"},
	{"zh", "zh_CN", "zh-cn"},
	{"zht", "", "zh-tw"},
	{"ja", "ja", "ja"},
	{"ko", "ko", "ko"},
}

// writeModels counts the models and writes them to a file.
func writeModels(folder, path string, log func(format string, args ...any)) error {
	root, err := os.MkdirTemp("", "neardup-benchmarks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	manual, err := unpacked(folder, "gnome-user-docs", root)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, m := range modelled {
		var text strings.Builder
		for _, name := range strings.Fields(m.gnome) {
			if err := manualText(filepath.Join(manual, "usr/share/help", name), &text); err != nil {
				return err
			}
		}
		for _, name := range strings.Fields(m.firefox) {
			pack, err := unpacked(folder, "firefox-esr-l10n-"+name, root)
			if err != nil {
				return err
			}
			if err := messages(pack, &text); err != nil {
				return err
			}
		}
		log("%s: %d bytes", m.code, text.Len())
		if slices.Contains([]string{"zh", "zht", "ja", "ko"}, m.code) {
			writeCharacters(&out, m.code, text.String())
		} else {
			writePairs(&out, m.code, text.String())
		}
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(out.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}

// unpacked unpacks a package below a folder, installs nothing, and returns where it is.
func unpacked(folder, name, root string) (string, error) {
	deb, err := download(folder, name)
	if err != nil {
		return "", err
	}
	to := filepath.Join(root, name)
	if out, err := exec.Command("dpkg", "-x", deb, to).CombinedOutput(); err != nil {
		return "", fmt.Errorf("dpkg -x %s: %w: %s", deb, err, lastLine(out))
	}
	return to, nil
}

func manualText(folder string, text *strings.Builder) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".page" {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil {
			text.WriteString(markup.Parse(string(b)).Text)
		}
		return err
	})
}

// message is a line with text of the two formats that Firefox has.
var message = regexp.MustCompile(`(?m)^ *[-.\w]+ *= *(.*)$`)

var placeholder = regexp.MustCompile(`\{[^}]*\}|<[^>]*>|%\S+|\\\w`)

func messages(folder string, text *strings.Builder) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xpi" {
			return err
		}
		z, err := zip.OpenReader(path)
		if err != nil {
			return err
		}
		defer z.Close()
		for _, f := range z.File {
			if ext := filepath.Ext(f.Name); ext != ".ftl" && ext != ".properties" {
				continue
			}
			b, err := fs.ReadFile(z, f.Name)
			if err != nil {
				return err
			}
			for _, m := range message.FindAllSubmatch(b, -1) {
				text.Write(placeholder.ReplaceAll(m[1], []byte(" ")))
				text.WriteByte('\n')
			}
		}
		return nil
	})
}

const (
	maxSymbols    = 64   // of a language outside of ASCII
	maxCharacters = 1500 // of a language that is told by its most frequent characters
	costStep      = 0.5  // of the natural logarithm
	maxCost       = 24   // such steps, what a character costs that the language lacks

	marks = "«»“”„‘’–—…·©®°§" // which any language has
)

// letterOf is what a model makes of a character: letters are in lower case, and all but letters
// of ASCII are one.
func letterOf(r rune) rune {
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

// writePairs writes how seldom one letter follows another.
func writePairs(out *bytes.Buffer, code, text string) {
	if code == "vi" {
		text = combining(text)
	}
	single := map[rune]int{}
	latin := 0
	for _, r := range text {
		if r = letterOf(r); r >= 0x80 {
			single[r]++
			if unicode.Is(unicode.Latin, r) {
				latin++
			} else if unicode.IsLetter(r) {
				latin--
			}
		}
	}
	for _, r := range marks {
		single[r] += len(text) / 10000
	}
	var symbols []rune
	all := 0
	for r, n := range single {
		if inCodePage(r) {
			symbols = append(symbols, r)
			all += n
		}
	}
	slices.SortFunc(symbols, func(a, b rune) int {
		return cmp.Or(single[b]-single[a], int(a-b))
	})
	symbols = symbols[:min(len(symbols), maxSymbols)]
	for len(symbols) > 0 && single[symbols[len(symbols)-1]]*5000 < all {
		symbols = symbols[:len(symbols)-1]
	}
	index := map[rune]int{}
	ascii := 2 // what is no letter, letters
	kind := "letters"
	if latin >= 0 {
		ascii, kind = 27, "latin"
	}
	for i, r := range symbols {
		index[r] = ascii + i
	}
	n := ascii + len(symbols) + 1 // the last is any other
	class := func(r rune) int {
		r = letterOf(r)
		switch i, ok := index[r]; {
		case ok:
			return i
		case r == ' ':
			return 0
		case r >= 0x80:
			return n - 1
		case ascii == 2:
			return 1
		}
		return int(r-'a') + 1
	}
	counts := make([]float64, n*n)
	word := []int{0}
	add := func() { // words with a character outside of ASCII, and a tenth of others
		weight := 0.1
		if slices.Max(word) >= ascii {
			weight = 1
		}
		if !slices.Contains(word, n-1) { // which is of another language
			word = append(word, 0)
			for i := range word[1:] {
				counts[word[i]*n+word[i+1]] += weight
			}
		}
		word = word[:1]
	}
	for _, r := range marks { // alone, or before and after a word
		c := index[r]
		counts[c] += float64(len(text)) / 20000
		counts[c*n] += float64(len(text)) / 20000
	}
	for _, r := range text {
		if c := class(r); c != 0 {
			word = append(word, c)
		} else if len(word) > 1 {
			add()
		}
	}
	fmt.Fprintf(out, "%s %s %s\n", code, kind, string(symbols))
	out.Write(costs(counts, n))
}

// costs turns counts of pairs into what each costs, given its first: what was not seen is as
// frequent as its second is anywhere, the more so the more different ones follow the first.
func costs(counts []float64, n int) []byte {
	out := make([]byte, n*n)
	total := 0.0
	column := make([]float64, n)
	for i, c := range counts {
		total += c
		column[i%n] += c
	}
	for i := range n {
		row := counts[i*n : (i+1)*n]
		sum, kinds := 0.0, 1.0
		for _, c := range row {
			if sum += c; c > 0 {
				kinds++
			}
		}
		for j, c := range row {
			p := (c + kinds*(column[j]+1)/(total+float64(n))) / (sum + kinds)
			out[i*n+j] = byte(min(maxCost, math.Round(-math.Log(p)/costStep)))
		}
		out[i*n+n-1] = maxCost
	}
	return out
}

// writeCharacters writes the most frequent characters outside of ASCII and what each costs.
func writeCharacters(out *bytes.Buffer, code, text string) {
	single := map[rune]int{}
	all := 0
	for _, r := range text {
		if r >= 0x80 {
			single[r]++
			all++
		}
	}
	var symbols []rune
	for r := range single {
		symbols = append(symbols, r)
	}
	slices.SortFunc(symbols, func(a, b rune) int { return cmp.Or(single[b]-single[a], int(a-b)) })
	symbols = symbols[:min(len(symbols), maxCharacters)]
	fmt.Fprintf(out, "%s characters %s\n", code, string(symbols))
	for _, r := range symbols {
		out.WriteByte(byte(min(maxCost, math.Round(-math.Log(float64(single[r])/float64(all))/costStep))))
	}
}

// inCodePage reports whether some encoding of one byte has a character.
func inCodePage(r rune) bool {
	for _, e := range codePages {
		if _, ok := e.EncodeRune(r); ok {
			return true
		}
	}
	return false
}

// combining writes Vietnamese as windows-1258 does: marks of tones follow those letters that have
// no place with it.
func combining(s string) string {
	var out strings.Builder
	for _, r := range s {
		if _, ok := charmap.Windows1258.EncodeRune(r); ok || r < 0x80 {
			out.WriteRune(r)
			continue
		}
		var base, tone []rune
		for _, d := range norm.NFD.String(string(r)) {
			if strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", d) {
				tone = append(tone, d)
			} else {
				base = append(base, d)
			}
		}
		out.WriteString(norm.NFC.String(string(base)) + string(tone))
	}
	return out.String()
}
