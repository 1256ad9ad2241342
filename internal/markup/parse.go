package markup

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A role is what an element means for text.
type role uint8

const (
	block   role = 1 << iota // begins and ends a line
	void                     // has no content
	skipped                  // its content is no text
	media                    // is content, also without text
	spaced                   // stands apart from its neighbours, on the same line
	outer                    // html, head, body
	fence                    // end tags of elements outside do not reach through it
)

var roles = map[atom.Atom]role{}

func init() {
	for r, names := range map[role]string{
		block: "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form " +
			"h1 h2 h3 h4 h5 h6 header hgroup legend li listing main menu nav ol p pre search section summary tbody tfoot thead " +
			"tr ul xmp plaintext html body table caption hr optgroup option head",
		void:    "area base br col embed hr img input link meta param source track wbr basefont bgsound frame keygen",
		skipped: "script style title template select svg math iframe noembed noframes textarea object audio video canvas datalist",
		media:   "img input embed iframe object audio video canvas svg math select textarea button form",
		spaced:  "td th",
		outer:   "html head body",
		fence:   "td th caption table",
	} {
		for _, name := range strings.Fields(names) {
			roles[atom.Lookup([]byte(name))] |= r
		}
	}
}

// maxSearch is how many open elements an end tag looks through for its own: a bound that no
// page needs keeps hostile ones from taking quadratic time.
const maxSearch = 256

// Parse reads a page of less than 2 GiB. There is no page that it can't read.
func Parse(source string) *Page {
	ignore := map[atom.Atom]bool{}
	for {
		r := newReader(source, ignore)
		r.read()
		// An element whose content is no text and that never ends would hide the rest of
		// the page. There are a dozen of them, so this ends.
		if r.skipping == 0 || r.raw {
			return r.finish()
		}
		ignore[r.skipping] = true
	}
}

type reader struct {
	source string
	z      *html.Tokenizer
	page   Page
	text   []byte
	open   []element
	styles styles
	ignore map[atom.Atom]bool // skipped elements that are not

	skipping atom.Atom // the element whose content is passed over
	depth    int       // of elements of that name inside it
	raw      bool      // it is one that the tokenizer reads as a whole

	lineStart int // in text, of the line that is being written
	space     int // where in the source white space stands that was not written yet, or -1
}

type element struct {
	name   atom.Atom
	custom string // the name of an element that HTML does not know
	role   role
	tag    int32
	hidden bool
	pre    bool
	listed int // of the outermost that is pre: where its text begins, else -1
}

func newReader(source string, ignore map[atom.Atom]bool) *reader {
	return &reader{source: source, z: html.NewTokenizer(strings.NewReader(source)), ignore: ignore, space: -1, styles: styles{}}
}

func (r *reader) read() {
	for at := 0; ; {
		kind := r.z.Next()
		start := at
		at += len(r.z.Raw())
		switch kind {
		case html.ErrorToken:
			return
		case html.TextToken:
			if r.skipping == 0 {
				r.writeText(start, at)
			} else if r.skipping == atom.Style {
				r.styles.add(r.source[start:at])
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(start, at)
		case html.EndTagToken:
			name, _ := r.z.TagName()
			r.endTag(start, at, name)
		}
	}
}

func (r *reader) finish() *Page {
	for len(r.open) > 0 {
		r.pop(len(r.source), len(r.source))
	}
	r.breakLine()
	r.page.Text = string(r.text)
	return &r.page
}

func (r *reader) startTag(start, end int) {
	name, more := r.z.TagName()
	e := element{name: atom.Lookup(name)}
	if e.name == 0 {
		e.custom = string(name)
	}
	e.role = roles[e.name]
	if r.skipping != 0 {
		if e.name == r.skipping && e.role&void == 0 {
			r.depth++
		}
		return
	}
	r.implyEnds(e, start)
	if e.role&block != 0 || e.name == atom.Br {
		r.breakLine()
	}
	if e.role&spaced != 0 && r.space < 0 {
		r.space = start
	}
	if e.role&media != 0 {
		r.page.media = append(r.page.media, int32(start))
	}
	t := tag{start: int32(start), end: int32(end), partner: int32(len(r.page.tags)), outer: e.role&outer != 0}
	if e.role&void != 0 {
		r.page.tags = append(r.page.tags, t)
		return
	}
	e.listed = -1
	if len(r.open) > 0 {
		e.hidden, e.pre = r.top().hidden, r.top().pre
	}
	e.hidden = r.hides(more) || e.name == atom.Noscript || e.hidden
	if !e.pre && (e.name == atom.Pre || e.name == atom.Listing || e.name == atom.Plaintext || e.name == atom.Xmp) {
		e.pre, e.listed = true, len(r.text)
	}
	e.tag = t.partner
	if e.name == atom.Noscript {
		r.z.NextIsNotRawText()
	}
	r.page.tags = append(r.page.tags, t)
	r.open = append(r.open, e)
	if e.role&skipped != 0 && !r.ignore[e.name] {
		r.skipping, r.depth = e.name, 0
		switch e.name {
		case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Iframe, atom.Noembed, atom.Noframes:
			r.raw = true
		default:
			r.raw = false
		}
	}
}

func (r *reader) top() *element { return &r.open[len(r.open)-1] }

func (r *reader) endTag(start, end int, name []byte) {
	a := atom.Lookup(name)
	if r.skipping != 0 {
		if a != r.skipping {
			return
		}
		if r.depth > 0 {
			r.depth--
			return
		}
		r.skipping = 0
	}
	if a == atom.Br {
		r.breakLine()
	}
	i := r.find(a, name)
	if i < 0 {
		if roles[a]&block != 0 {
			r.breakLine()
		}
		r.page.tags = append(r.page.tags, tag{start: int32(start), end: int32(end), partner: -1})
		return
	}
	for len(r.open) > i+1 {
		r.pop(start, start)
	}
	r.pop(start, end)
}

// find returns the open element that an end tag ends, or -1. An end tag within a line ends no
// block, and one outside of a table's cell none that lies around the table.
func (r *reader) find(a atom.Atom, name []byte) int {
	own := roles[a]
	for i := len(r.open) - 1; i >= max(0, len(r.open)-maxSearch); i-- {
		e := &r.open[i]
		if e.name == a && (a != 0 || e.custom == string(name)) {
			return i
		}
		if a != 0 && own&(block|spaced|outer) == 0 && e.role&block != 0 || e.role&fence != 0 && !inTable(a) && own&outer == 0 {
			return -1
		}
	}
	return -1
}

func inTable(a atom.Atom) bool {
	switch a {
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption:
		return true
	}
	return false
}

// pop ends the innermost element, by a tag or, if start and end are equal, without.
func (r *reader) pop(start, end int) {
	e := r.top()
	if e.role&block != 0 {
		r.breakLine()
	}
	if e.role&spaced != 0 && r.space < 0 {
		r.space = start
	}
	if e.listed >= 0 && e.listed < len(r.text) {
		r.page.Listings = append(r.page.Listings, Range{e.listed, len(r.text)})
	}
	r.page.tags[e.tag].partner = int32(len(r.page.tags))
	r.page.tags = append(r.page.tags, tag{int32(start), int32(end), e.tag, e.role&outer != 0})
	r.open = r.open[:len(r.open)-1]
}

// implyEnds ends what may go without an end tag and can't go on where e begins.
func (r *reader) implyEnds(e element, at int) {
	end := func(until []atom.Atom, names ...atom.Atom) {
		last := -1
	search:
		for i := len(r.open) - 1; i >= max(0, len(r.open)-maxSearch); i-- {
			for _, a := range until {
				if r.open[i].name == a {
					break search
				}
			}
			for _, a := range names {
				if r.open[i].name == a {
					last = i
				}
			}
		}
		for last >= 0 && len(r.open) > last {
			r.pop(at, at)
		}
	}
	switch e.name {
	case atom.Li:
		end([]atom.Atom{atom.Ul, atom.Ol, atom.Menu, atom.Table}, atom.Li)
	case atom.Dd, atom.Dt:
		end([]atom.Atom{atom.Dl, atom.Table}, atom.Dd, atom.Dt)
	case atom.Td, atom.Th:
		end([]atom.Atom{atom.Tr, atom.Table}, atom.Td, atom.Th)
	case atom.Tr:
		end([]atom.Atom{atom.Tbody, atom.Thead, atom.Tfoot, atom.Table}, atom.Tr)
	case atom.Tbody, atom.Thead, atom.Tfoot:
		end([]atom.Atom{atom.Table}, atom.Tbody, atom.Thead, atom.Tfoot)
	case atom.Body:
		end(nil, atom.Head)
	}
	if e.role&block != 0 {
		r.endParagraph(at)
	}
}

// endParagraph ends the p that is open in the innermost block.
func (r *reader) endParagraph(at int) {
	for i := len(r.open) - 1; i >= max(0, len(r.open)-maxSearch); i-- {
		if r.open[i].name == atom.P {
			for len(r.open) > i {
				r.pop(at, at)
			}
			return
		}
		if r.open[i].role&(block|fence) != 0 {
			return
		}
	}
}

// hides reads the attributes of a tag and reports whether they hide its element.
func (r *reader) hides(more bool) bool {
	hides := false
	for more {
		var key, value []byte
		key, value, more = r.z.TagAttr()
		switch string(key) {
		case "hidden":
			hides = true
		case "aria-hidden":
			hides = hides || string(value) == "true"
		case "style":
			hides = hides || hidesText(string(value))
		case "id":
			hides = hides || r.styles["#"+string(value)]
		case "class":
			for _, class := range strings.Fields(string(value)) {
				hides = hides || r.styles["."+class] || hiddenClass(class)
			}
		}
	}
	return hides
}

// breakLine ends the line that is being written.
func (r *reader) breakLine() {
	r.space = -1
	if len(r.text) > r.lineStart {
		r.text = append(r.text, '\n')
		r.lineStart = len(r.text)
	}
}

// writeText writes the text of source[at:end].
func (r *reader) writeText(at, end int) {
	pre := len(r.open) > 0 && r.top().pre
	for at < end {
		c := r.source[at]
		switch {
		case c == '\n' && pre:
			r.breakLine()
			at++
		case isSpace(c):
			if r.space < 0 {
				r.space = at
			}
			for at < end && isSpace(r.source[at]) && !(pre && r.source[at] == '\n') {
				at++
			}
		case c == '&':
			s, n := reference(r.source[at:end])
			r.write(s, at, n)
			at += n
		default:
			n := 1
			for at+n < end && r.source[at+n] != '&' && !isSpace(r.source[at+n]) {
				n++
			}
			r.write(r.source[at:at+n], at, n)
			at += n
		}
	}
}

// write writes s, for which n bytes of the source stand, and white space that was put off.
func (r *reader) write(s string, at, n int) {
	if rest, ok := strings.CutPrefix(s, "\ufeff"); ok && at == 0 && n == len(s) {
		s, at, n = rest, n-len(rest), len(rest)
	}
	if s == "" {
		return
	}
	if r.space >= 0 && len(r.text) > r.lineStart {
		r.append(" ", r.space, 1)
	}
	r.space = -1
	r.append(s, at, n)
}

func (r *reader) append(s string, at, n int) {
	from := len(r.text)
	r.text = append(r.text, s...)
	p := &r.page
	if last := len(p.pieces) - 1; last >= 0 && n == len(s) && p.pieces[last].length == p.pieces[last].written &&
		int(p.pieces[last].text+p.pieces[last].length) == from && int(p.pieces[last].source+p.pieces[last].length) == at {
		p.pieces[last].length += int32(n)
		p.pieces[last].written += int32(n)
	} else {
		p.pieces = append(p.pieces, piece{int32(from), int32(at), int32(len(s)), int32(n)})
	}
	if len(r.open) == 0 || !r.top().hidden {
		return
	}
	if last := len(p.hidden) - 1; last >= 0 && (p.hidden[last].End == from || p.hidden[last].End == from-1 && r.text[from-1] == '\n') {
		p.hidden[last].End = len(r.text)
	} else {
		p.hidden = append(p.hidden, Range{from, len(r.text)})
	}
}

// maxReference is the length of the longest name of a character, with & and semicolon.
const maxReference = 33

// reference returns what the character reference at the beginning of s stands for and its
// length, or "&" and 1.
func reference(s string) (string, int) {
	n := 1
	for n < min(len(s), maxReference) && (isAlnum(s[n]) || n == 1 && s[n] == '#') {
		n++
	}
	if n < len(s) && s[n] == ';' {
		full := html.UnescapeString(s[:n+1])
		if full != html.UnescapeString(s[:n])+";" {
			return full, n + 1
		}
	}
	// Without a semicolon a few old names count, also at the front of a longer one. Then one
	// character stands for what is not at the end unchanged.
	u := html.UnescapeString(s[:n])
	if u == s[:n] {
		return "&", 1
	}
	_, size := utf8.DecodeRuneInString(u)
	return u[:size], n - (len(u) - size)
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
