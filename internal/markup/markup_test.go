package markup

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"neardup/internal/testkit"
)

func TestText(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"empty":              {"", ""},
		"plain":              {"a\n b", "a b\n"},
		"blocks":             {"<h1>A</h1><p>b <b>c</b>d<p>e<div>f</div>g", "A\nb cd\ne\nf\ng\n"},
		"br":                 {"a<br>b<br/><br>c</br>d", "a\nb\nc\nd\n"},
		"spaces":             {"<p>\n a \t\n <i> b</i>\r\n</p> <p> </p>c", "a b\nc\n"},
		"pre":                {"<pre>a\n  b\n\nc</pre>d\ne", "a\nb\nc\nd e\n"},
		"references":         {"&lt;&amp;&#20013;&#x6587;&copy2020&nbsp;&notit;&bogus;&&#;&NotEqualTilde;", "<&中文©2020\u00a0¬it;&bogus;&&#;≂̸\n"},
		"no text":            {"<title>t</title><script>if (a<b) 'x</p>'</script><style>p{}</style>a<svg><text>x</text></svg><select><option>o</select>b<textarea>c</textarea>", "ab\n"},
		"comments":           {"a<!-- <p>x</p> --><!doctype html><?pi x?>b", "ab\n"},
		"table":              {"<table><tr><th>a<th>b<tr><td>c</td><td>d</td></table>", "a b\nc d\n"},
		"layout table":       {"<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\nb\nc\n"},
		"list":               {"<ul><li>a<ul><li>b<li>c</ul><li>d</ul>", "a\nb\nc\nd\n"},
		"nested svg":         {"a<svg><svg></svg>x</svg>b", "ab\n"},
		"unclosed svg":       {"a<svg><g>b<p>c", "ab\nc\n"},
		"unclosed head":      {"<head><title>t</title><body>a", "a\n"},
		"unclosed script":    {"a<script>b", "a\n"},
		"unclosed tag":       {"a<p", "a\n"},
		"not tags":           {"1 < 2 <3 a<b>c", "1 < 2 <3 ac\n"},
		"noscript":           {"a<noscript><p>b</p></noscript>c", "a\nb\nc\n"},
		"stray end tags":     {"a</b>b</p>c</div>d", "ab\nc\nd\n"},
		"misnested":          {"<b><p>a</b>b</p>c", "ab\nc\n"},
		"cell holds its own": {"<div><table><tr><td>a</div>b</td></tr></table>c</div>d", "a\nb\nc\nd\n"},
		"custom":             {"<x-a>a<x-b>b</x-b></x-a>c", "abc\n"},
		"upper case":         {"<P>a</P><DIV>b</DIV>", "a\nb\n"},
		"mark":               {"\ufeff<p>a", "a\n"},
		"mark alone":         {"\ufeffa", "a\n"},
	} {
		if got := Parse(tt.in).Text; got != tt.want {
			t.Errorf("%s: %q is read as %q, want %q", name, tt.in, got, tt.want)
		}
	}
}

// of returns the part of a page's source that a part of its text comes from.
func of(t *testing.T, source, part string) (*Page, Range) {
	t.Helper()
	p := Parse(source)
	at := strings.Index(p.Text, part)
	if at < 0 {
		t.Fatalf("%q does not stand in %q", part, p.Text)
	}
	return p, p.Source(Range{at, at + len(part)})
}

func TestWhole(t *testing.T) {
	for _, tt := range []struct{ source, part, want string }{
		{"<p>a</p><p>b</p>", "a", "<p>a</p>"},
		{"<p>x</p><p>a<p>b", "a", "<p>a"},
		{"<div>x<p>a</p><p>b</p></div>", "a\nb", "<p>a</p><p>b</p>"},
		{"<div> <p>a</p><!-- c --><p><b>b</b></p> </div>x", "a\nb", "<div> <p>a</p><!-- c --><p><b>b</b></p> </div>"},
		{"<div><img><p>a</p><p>b</p></div>", "a\nb", "<p>a</p><p>b</p>"},
		{"<body><p>a</p></body>", "a", "<p>a</p>"},
		{"<p>x a &lt; b</p>", "a < b", "a &lt; b"},
		{"<p>a &gt;</p>", "a >", "<p>a &gt;</p>"},
		{"<ul><li>x<li>a<li>b</ul>", "a", "<li>a"},
		{"<ul><li>a<li>b</ul>x", "a\nb", "<ul><li>a<li>b</ul>"},
		{"x<br>a<br>b<br>y", "a\nb", "a<br>b"},
		{"x<p><br>a<br>b<br> <br></p>y", "a\nb", "<p><br>a<br>b<br> <br></p>"},
		{"x<p>a<br><img></p>y", "a", "a"},
		{"<div>x<p>a</p></div><div><p>b</p>y</div>", "a\nb", "<p>a</p></div><div><p>b</p>"},
	} {
		p, r := of(t, tt.source, tt.part)
		if r = p.Whole(r); tt.source[r.Start:r.End] != tt.want {
			t.Errorf("%s: the whole of %q is %s, want %s", tt.source, tt.part, tt.source[r.Start:r.End], tt.want)
		}
	}
}

func TestCuts(t *testing.T) {
	for _, tt := range []struct{ source, part, want string }{
		{"<p>a</p><p>b</p>", "a", "<p>b</p>"},
		{"<div>x<p>a</p></div><div><p>b</p>y</div>", "a\nb", "<div>x</div><div>y</div>"},
		{"<div>x <i>a</i></div>b<br>y", "a\nb", "<div>x </div><br>y"},
		{"<p>x a</b> b</p>", "a b", "<p>x </p>"},
	} {
		p, r := of(t, tt.source, tt.part)
		var left strings.Builder
		at := 0
		for _, c := range p.Cuts(p.Whole(r)) {
			left.WriteString(tt.source[at:c.Start])
			at = c.End
		}
		left.WriteString(tt.source[at:])
		if left.String() != tt.want {
			t.Errorf("%s without %q is %s, want %s", tt.source, tt.part, left.String(), tt.want)
		}
	}
}

func TestHidden(t *testing.T) {
	for source, want := range map[string]bool{
		"<p>a":                                 false,
		"<p hidden>a":                          true,
		"<div aria-hidden=true><p>a":           true,
		`<div style="Display : NONE !x">a`:     true,
		`<div style="color:red">a`:             false,
		`<div class="col d-none d-md-block">a`: true,
		`<div class="visible-xs">a`:            true,
		`<div class="text-large">a`:            false,
		"<noscript>a":                          true,
		"<p hidden>x</p>a":                     false,
		"<style>/* c */ .m , p.n{display:none}</style><p class='x m'>a":                 true,
		"<style>@media (max-width:9px){.m{color:red;display:none}}</style><p class=m>a": true,
		"<style>#m{visibility:hidden}</style><p id=m>a":                                 true,
		"<style>.m .n{display:none}</style><p class=n>a":                                false,
		"<style>.m:hover{display:none}.k{}</style><p class='m k'>a":                     false,
		"<p hidden>x</p>y<p hidden>a</p>":                                               true,
	} {
		p := Parse(source)
		at := strings.Index(p.Text, "a")
		if got := p.Hidden(Range{at, at + 1}); got != want {
			t.Errorf("%s: hidden is %v", source, got)
		}
	}
	if p := Parse("<p hidden>x</p>y<p hidden>z</p>"); p.Hidden(Range{0, len(p.Text)}) || p.Hidden(Range{2, 3}) {
		t.Error("what stands between hidden texts is hidden")
	}
	if p := Parse("<div hidden><p>x y <b>z</b></p>\n<p>z z</div>"); !p.Hidden(Range{0, len(p.Text) - 1}) {
		t.Error("two hidden paragraphs are not hidden together")
	}
}

// words are pieces of random pages.
var words = []string{
	"<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<br>", "<ul>", "</ul>", "<li>", "<table>", "<tr>", "<td>", "</table>", "<div hidden>",
	"<pre>", "</pre>", "&amp;", "&eacute;", "&#x4e2d;", "&notin", "中文", "é", " ", "\n", "  \r\n", "word", "<img>", "<svg>", "</svg>", "<!--x-->",
	"<script>x</script>", "<style>.a{display:none}</style>", "<i class=a>", "</i>", "<", "&", "\ufeff", "<h1", ">",
}

func randomPage(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(40) {
		b.WriteString(words[r.IntN(len(words))])
	}
	return b.String()
}

// check checks what must hold of any page.
func check(t *testing.T, source string) {
	t.Helper()
	p := Parse(source)
	if utf8.ValidString(source) && !utf8.ValidString(p.Text) {
		t.Fatalf("%q: the text is not UTF-8", source)
	}
	last := 0
	for at, c := range p.Text {
		if c == '\n' {
			continue
		}
		r := p.Source(Range{at, at + utf8.RuneLen(c)})
		if r.Start < last || r.Start >= r.End || r.End > len(source) {
			t.Fatalf("%q: character %d is at %v, after %d", source, at, r, last)
		}
		if got := source[r.Start:r.End]; c != ' ' && utf8.ValidString(source) && !strings.ContainsRune(html.UnescapeString(got+";"), c) {
			t.Fatalf("%q: %q comes from %q", source, c, got)
		}
		last = r.Start
	}
	lines := strings.SplitAfter(p.Text, "\n")
	for i, from := 0, 0; i < len(lines)-1; i++ {
		// A random run of lines, and one line.
		to := from + len(lines[i])
		r := p.Whole(p.Source(Range{from, to - 1}))
		cuts := p.Cuts(r)
		at := r.Start
		for _, c := range cuts {
			if c.Start < at || c.Start >= c.End || c.End > r.End {
				t.Fatalf("%q: cuts %v of %v", source, cuts, r)
			}
			at = c.End
		}
		from = to
	}
}

func TestRandomPages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range testkit.Scale(5000, 20000, 1000000) {
		check(t, randomPage(r))
	}
}

// TestCutsKeepBalance takes lines out of pages whose tags are balanced, and parses what is
// left with a real parser: it holds the text that it should.
func TestCutsKeepBalance(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	n := 0
	var element func(depth int) string
	element = func(depth int) string {
		n++
		name := []string{"div", "section", "ul", "blockquote"}[r.IntN(4)]
		inner := fmt.Sprintf("<%s>text%d</%s>", "b", n, "b")
		for depth > 0 && r.IntN(3) > 0 {
			inner += element(depth - 1)
		}
		return "<" + name + ">" + inner + "</" + name + ">"
	}
	for range 3000 {
		source := element(4)
		p := Parse(source)
		lines := strings.Count(p.Text, "\n")
		from := r.IntN(lines)
		to := from + 1 + r.IntN(lines-from)
		parts := strings.SplitAfter(p.Text, "\n")
		start := len(strings.Join(parts[:from], ""))
		end := start + len(strings.Join(parts[from:to], "")) - 1
		var left strings.Builder
		at := 0
		for _, c := range p.Cuts(p.Whole(p.Source(Range{start, end}))) {
			left.WriteString(source[at:c.Start])
			at = c.End
		}
		left.WriteString(source[at:])
		depth := 0
		z := html.NewTokenizer(strings.NewReader(left.String()))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			switch kind {
			case html.StartTagToken:
				depth++
			case html.EndTagToken:
				if depth--; depth < 0 {
					t.Fatalf("%s: lines %d to %d cut leave %s", source, from, to, left.String())
				}
			}
		}
		if want := strings.Join(parts[:from], "") + strings.Join(parts[to:], ""); depth != 0 || Parse(left.String()).Text != want {
			t.Fatalf("%s: lines %d to %d cut leave %s", source, from, to, left.String())
		}
	}
}

// TestHostile has what is small to write and could be slow to read. The slowest takes 4 to 7 s of 10 MiB, most of it
// for memory; in quadratic time the few hundred thousand elements of others take minutes, and millions hours.
func TestHostile(t *testing.T) {
	size := testkit.Scale(1, 10, 10) << 20
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, source := range map[string]string{
		"nested":              repeat("<div>"),
		"nested inline":       repeat("<b>"),
		"nested custom":       repeat("<x>"),
		"nested and closed":   strings.Repeat("<div>a", size/24) + strings.Repeat("</div>b", size/24),
		"wrong end tags":      strings.Repeat("<i>", size/6) + strings.Repeat("</u>", size/8),
		"fenced end tags":     "<u><div>" + strings.Repeat("<i>", size/6) + strings.Repeat("</u>", size/8),
		"unclosed items":      repeat("<li>a"),
		"nested lists":        repeat("<ul><li>a"),
		"nested tables":       repeat("<table><tr><td>a"),
		"paragraphs":          repeat("<p>a<span>"),
		"attributes":          "<p " + strings.Repeat("a=1 ", size/4) + ">",
		"classes":             `<p class="` + repeat("a-b ") + `">`,
		"comment":             "<!--" + repeat("a"),
		"comments":            repeat("<!-->"),
		"script":              "<script>" + repeat("</scrip"),
		"scripts":             repeat("<script>"),
		"references":          repeat("&"),
		"references 2":        repeat("&amp;"),
		"references 3":        repeat("&CounterClockwiseContourIntegra"),
		"numbers":             "&#" + repeat("9"),
		"svg":                 repeat("<svg>a"),
		"every skipped":       repeat("<svg><math><select><object><audio><video><canvas><template><datalist>"),
		"styles":              "<style>" + repeat("{"),
		"styles 2":            "<style>" + repeat(".a{display:none}"),
		"style attributes":    repeat("<p style='display:none'>a"),
		"text":                repeat("a "),
		"spaces":              repeat(" "),
		"angle brackets":      repeat("<"),
		"end tags":            repeat("</"),
		"unclosed attributes": "<p a=\"" + repeat("b"),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p := Parse(source)
			if r := (Range{0, len(p.Text)}); len(p.Text) > 1 {
				p.Cuts(p.Whole(p.Source(Range{0, 1})))
				p.Hidden(r)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(randomPage(r))
	}
	f.Fuzz(check)
}

func ExampleParse() {
	const source = "<h1>News</h1><p>Fish &amp; <b>chips</b></p><p hidden>again"
	p := Parse(source)
	fmt.Printf("%q\n", p.Text)
	r := p.Source(Range{5, 17})
	fmt.Println(source[r.Start:r.End])
	whole := p.Whole(r)
	fmt.Println(source[whole.Start:whole.End])
	fmt.Println(p.Hidden(Range{5, 17}), p.Hidden(Range{18, 23}))
	// Output:
	// "News\nFish & chips\nagain\n"
	// Fish &amp; <b>chips
	// <p>Fish &amp; <b>chips</b></p>
	// false true
}
