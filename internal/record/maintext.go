package record

import (
	"strings"

	readability "codeberg.org/readeck/go-readability/v2"

	"neardup/internal/markup"
)

// maxElements is the number of elements from which a page is taken whole: no article needs as
// many, and the time that is spent on them is not bounded by their number.
const maxElements = 20000

// mainText returns the text of the article of a page, without navigation, menus and footers.
// Where there is none to be found, such as in a list of links, the page has no main text.
func mainText(page string) (text string, ok bool) {
	if strings.Count(page, "<") > 4*maxElements {
		return "", false
	}
	defer func() {
		if recover() != nil { // of the library, over what it did not expect
			text, ok = "", false
		}
	}()
	p := readability.NewParser()
	p.MaxElemsToParse = maxElements
	p.DisableJSONLD = true
	article, err := p.Parse(strings.NewReader(page), nil)
	if err != nil || article.Node == nil {
		return "", false
	}
	var html strings.Builder
	if err := article.RenderHTML(&html); err != nil {
		return "", false
	}
	text = markup.Parse(html.String()).Text
	return text, strings.TrimSpace(text) != ""
}
