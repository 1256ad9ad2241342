package testkit

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// A Page is a made page and the repeat that was planted in it.
type Page struct {
	Source  string
	HTML    bool
	Script  string
	Plant   string   // none, body, run or near
	Layout  string   // how the lines of the copy are broken: same, joined or wrapped
	Planted [][2]int // the ranges of bytes of the occurrences, none or two
}

// Scripts are the scripts that pages are made in, in the order of the alphabets.
var Scripts = []string{"latin", "cyrillic", "hangul", "kana", "han"}

// A block is a line of a page, or what stands in an element of its own.
type block struct {
	text string
	kind blockKind
	copy int // the occurrence of the planted repeat that it belongs to, from 1
}

type blockKind int

const (
	paragraph blockKind = iota
	heading
	item
	tableRow
)

// A pageWriter makes pages in one script. Its words come from a small vocabulary with a few
// frequent ones, so that phrases come again as they do in real texts.
type pageWriter struct {
	Writer
	script int
	words  []string
	lines  int // made, to tell them apart
}

// Page makes a page: chrome, an article, natural repetition, and perhaps a planted repeat.
func (w Writer) Page(asHTML bool) Page {
	p := &pageWriter{Writer: w, script: w.IntN(len(alphabets))}
	a := alphabets[p.script]
	for range 400 {
		var word strings.Builder
		for range 1 + w.IntN(7) {
			word.WriteRune(a.letters[w.IntN(len(a.letters))])
		}
		p.words = append(p.words, word.String())
	}
	page := Page{HTML: asHTML, Script: Scripts[p.script], Plant: []string{"none", "body", "run", "near"}[w.IntN(4)]}
	page.Layout = []string{"same", "joined", "wrapped"}[w.IntN(3)]
	p.fill(&page)
	return page
}

func (p *pageWriter) fill(page *Page) {
	bait := p.bait()
	body := p.body()
	from, to := 0, len(body)
	if page.Plant == "run" {
		from = p.IntN(len(body) - 2)
		to = from + 2 + p.IntN(len(body)-from-2)
	}
	planted := append([]block(nil), body[from:to]...)
	if page.Plant == "near" {
		planted = p.edited(planted)
	}
	var blocks []block
	blocks = append(blocks, p.chrome()...)
	blocks = append(blocks, p.unique(heading))
	for i, b := range body {
		if page.Plant != "none" && i >= from && i < to {
			b.copy = 1
		}
		blocks = append(blocks, b)
	}
	blocks = append(blocks, p.unique(paragraph))
	blocks = append(blocks, bait...)
	blocks = append(blocks, p.unique(heading))
	if page.Plant != "none" {
		for _, b := range planted {
			b.copy = 2
			blocks = append(blocks, b)
		}
		blocks = append(blocks, p.unique(paragraph))
	}
	blocks = append(blocks, p.chrome()...)
	if page.HTML {
		p.writeHTML(page, blocks)
	} else {
		p.writeText(page, blocks)
	}
}

func (p *pageWriter) space() string { return alphabets[p.script].space }

// sentence returns about so many characters.
func (p *pageWriter) sentence(characters int) string {
	var words []string
	for n := 0; n < characters; {
		// The square of a random number makes the first words the frequent ones.
		x := p.Float64()
		word := p.words[int(x*x*float64(len(p.words)))]
		words = append(words, word)
		n += utf8.RuneCountInString(word) + len(p.space())
	}
	return strings.Join(words, p.space())
}

// unique returns a line that no other line is like.
func (p *pageWriter) unique(k blockKind) block {
	p.lines++
	return block{text: fmt.Sprintf("%s %d%d", p.sentence(20+p.IntN(60)), p.lines, p.IntN(1e6)), kind: k}
}

func (p *pageWriter) body() []block {
	var out []block
	for range 4 + p.IntN(9) {
		text := p.sentence(110 + p.IntN(250))
		out = append(out, block{text: text + "."})
		switch p.IntN(8) {
		case 0:
			out = append(out, p.unique(heading))
		case 1: // a caption
			out = append(out, block{text: fmt.Sprintf("%s (%d)", p.sentence(15), p.IntN(1e4))})
		}
	}
	return append(out, block{text: fmt.Sprintf("%s: %s %d", p.sentence(5), p.sentence(8), p.IntN(1e6))})
}

// edited returns a near copy: letters changed in some paragraphs, and in one of five at most
// more than that: it is missing, inserted or a caption with another number. What is missing is a
// seventh of the characters at most.
func (p *pageWriter) edited(body []block) []block {
	var out []block
	changes, all := len(body)/6, 0
	for _, b := range body {
		all += utf8.RuneCountInString(b.text)
	}
	letters := alphabets[p.script].letters
	for i, b := range body {
		inner := i > 0 && i < len(body)-1
		long := utf8.RuneCountInString(b.text) > 100
		switch {
		case inner && !long && changes > 0:
			changes--
			out = append(out, block{text: b.text + "7", kind: b.kind})
			continue
		case inner && long && 7*utf8.RuneCountInString(b.text) < all && changes > 0 && p.IntN(6) == 0 && i < len(body)-2:
			changes = 0
			continue
		case inner && changes > 0 && p.IntN(6) == 0 && i < len(body)-2:
			changes = 0
			out = append(out, p.unique(paragraph))
		}
		if long && (p.IntN(3) == 0 || i == 0) {
			runes := []rune(b.text)
			runes[p.IntN(len(runes))] = letters[p.IntN(len(letters))]
			b.text = string(runes)
		}
		out = append(out, b)
	}
	return out
}

func (p *pageWriter) chrome() []block {
	var out []block
	for range 3 + p.IntN(5) {
		out = append(out, block{text: p.sentence(4 + p.IntN(8)), kind: item})
	}
	return append(out, p.unique(paragraph))
}

// bait is repetition that is natural: each repeat is one line of less than 100 characters, or
// an item of a list.
func (p *pageWriter) bait() []block {
	refrain := block{text: p.sentence(30 + p.IntN(30))}
	more := block{text: p.sentence(9)}
	header := block{text: strings.Join([]string{p.sentence(5), p.sentence(5), p.sentence(5)}, " "), kind: tableRow}
	lead := p.sentence(30)
	var out []block
	for range 2 + p.IntN(4) {
		switch p.IntN(7) {
		case 0:
			out = append(out, p.unique(paragraph), refrain)
		case 1:
			out = append(out, p.unique(item), more)
		case 2:
			out = append(out, header, p.unique(tableRow), p.unique(tableRow))
		case 3:
			out = append(out, block{text: lead + p.space() + p.unique(item).text, kind: item})
		case 4:
			out = append(out, block{text: strings.Repeat("-", 120)}, p.unique(paragraph))
		case 5:
			quoted := p.unique(paragraph)
			out = append(out, quoted, p.unique(paragraph), block{text: quoted.text})
		case 6: // a list whose long items differ in a number
			long := p.sentence(130 + p.IntN(100))
			for range 2 + p.IntN(4) {
				p.lines++
				out = append(out, block{text: fmt.Sprintf("%s %d%02d", long, p.IntN(100), p.lines%100), kind: item})
			}
		}
		out = append(out, p.unique(paragraph))
	}
	return out
}

func (p *pageWriter) writeText(page *Page, blocks []block) {
	var b strings.Builder
	end := []string{"\n", "\n\n", "\r\n"}[p.IntN(3)]
	var open [2]int
	for i, block := range blocks {
		text := block.text
		first := block.copy > 0 && blocks[i-1].copy != block.copy
		last := block.copy > 0 && (i == len(blocks)-1 || blocks[i+1].copy != block.copy)
		if block.copy == 2 && page.Layout == "wrapped" {
			text = p.wrapped(text, end)
		}
		if first {
			open = [2]int{b.Len(), 0}
		}
		b.WriteString(text)
		if last {
			open[1] = b.Len()
			page.Planted = append(page.Planted, open)
		}
		if block.copy == 2 && page.Layout == "joined" && !last {
			b.WriteString(p.space())
			continue
		}
		b.WriteString(end)
	}
	page.Source = b.String()
}

// wrapped breaks a text into lines of some width.
func (p *pageWriter) wrapped(text, end string) string {
	width := 30 + p.IntN(40)
	var b strings.Builder
	n := 0
	last := ' '
	for _, r := range text {
		switch {
		case p.space() == "" && n >= width && last > '9' && r > '9':
			b.WriteString(end)
			n = 0
		case r == ' ' && n >= width:
			b.WriteString(end)
			n = 0
			continue
		}
		b.WriteRune(r)
		n++
		last = r
	}
	return b.String()
}

func (p *pageWriter) writeHTML(page *Page, blocks []block) {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html><head><meta charset=utf-8><title>" + blocks[0].text + "</title>\n<style>p{margin:0}</style></head>\n<body>\n")
	var open [2]int
	wrap := p.IntN(2) == 0 // the copy stands in an element of its own
	table := false
	for i, block := range blocks {
		first := block.copy > 0 && blocks[i-1].copy != block.copy
		last := block.copy > 0 && blocks[i+1].copy != block.copy
		joined := block.copy == 2 && page.Layout == "joined"
		if table && block.kind != tableRow {
			b.WriteString("</table>\n")
			table = false
		}
		if first {
			open[0] = b.Len()
			switch {
			case joined:
				b.WriteString("<div>")
			case block.copy == 2 && wrap:
				b.WriteString("<div class=copy>\n")
			}
		}
		text := p.marked(block.text)
		switch {
		case joined && page.Script == "latin":
			b.WriteString(text + " ")
		case joined:
			b.WriteString(text + "<br>")
		case block.kind == heading:
			b.WriteString("<h2>" + text + "</h2>")
		case block.kind == item:
			b.WriteString("<ul><li>" + text + "</ul>")
		case block.kind == tableRow:
			if !table {
				b.WriteString("<table>\n")
				table = true
			}
			b.WriteString("<tr><td>" + strings.ReplaceAll(text, " ", "</td><td>") + "</tr>")
		case block.copy == 2:
			b.WriteString("<div>" + text + "</div>")
		default:
			b.WriteString("<p class='a b'>\n  " + text + "</p>")
		}
		if last {
			switch {
			case joined:
				b.WriteString("</div>")
			case block.copy == 2 && wrap:
				b.WriteString("\n</div>")
			}
			open[1] = b.Len()
			page.Planted = append(page.Planted, open)
		}
		if !joined || last {
			b.WriteString("\n")
		}
		if p.IntN(10) == 0 && block.copy == 0 {
			b.WriteString("<script>var x = '<p>" + blocks[p.IntN(len(blocks))].text + "</p>';</script>\n")
		}
	}
	b.WriteString("</body></html>\n")
	page.Source = b.String()
}

// marked writes text as HTML, with elements and references in it here and there.
func (p *pageWriter) marked(text string) string {
	text = html.EscapeString(text)
	if words := strings.Split(text, " "); len(words) > 3 && p.IntN(2) == 0 {
		i := p.IntN(len(words))
		words[i] = "<b>" + words[i] + "</b>"
		text = strings.Join(words, " ")
	}
	if p.IntN(3) == 0 {
		text = strings.ReplaceAll(text, ".", "&period;")
	}
	return strings.Replace(text, " ", "\n\t", 1)
}

// Feed makes an HTML page as sites have them: a menu that comes again at the end, stories with the
// same rows of buttons and some of them twice, a table of contents, and lists whose items differ
// in little.
func (w Writer) Feed() string {
	p := &pageWriter{Writer: w, script: w.IntN(len(alphabets))}
	a := alphabets[p.script]
	for range 300 {
		var word strings.Builder
		for range 1 + w.IntN(7) {
			word.WriteRune(a.letters[w.IntN(len(a.letters))])
		}
		p.words = append(p.words, word.String())
	}
	var b strings.Builder
	element := func(name, text string) {
		b.WriteString("<" + name + ">" + html.EscapeString(text) + "</" + name + ">\n")
	}
	var menu, buttons, headings []string
	for range 3 + p.IntN(20) {
		menu = append(menu, p.sentence(4+p.IntN(12)))
	}
	for range 2 + p.IntN(4) {
		buttons = append(buttons, p.sentence(8+p.IntN(12)))
	}
	for range 3 + p.IntN(6) {
		headings = append(headings, p.unique(heading).text)
	}
	chrome := func() {
		b.WriteString("<nav><ul>")
		for _, m := range menu {
			element("li", m)
		}
		b.WriteString("</ul></nav>\n")
	}
	chrome()
	b.WriteString("<ol>")
	for _, h := range headings {
		element("li", h)
	}
	b.WriteString("</ol>\n")
	var stories []string
	for _, h := range headings {
		b.WriteString("<article>")
		for _, x := range buttons {
			element("p", x)
		}
		element("h3", h)
		for range 1 + p.IntN(4) {
			var text []string
			for range 1 + p.IntN(5) {
				text = append(text, p.sentence(20+p.IntN(120))+".")
			}
			s := strings.Join(text, " ")
			switch n := len(stories); {
			case n > 0 && p.IntN(4) == 0: // once more, perhaps with another sentence
				s = stories[p.IntN(n)]
				if cut := strings.Split(s, ". "); p.IntN(2) == 0 {
					cut[p.IntN(len(cut))] = p.sentence(20+p.IntN(80)) + "."
					s = strings.ReplaceAll(strings.Join(cut, ". "), "..", ".")
				}
			case n > 0 && p.IntN(4) == 0: // with another number
				s = stories[n-1] + fmt.Sprintf(" %s %d.", p.sentence(10), p.IntN(1000))
			}
			stories = append(stories, s)
			element("p", s)
		}
		b.WriteString("</article>\n")
	}
	chrome()
	return b.String()
}
