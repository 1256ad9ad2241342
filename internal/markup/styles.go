package markup

import "strings"

// styles are the classes, as .name, and ids, as #name, that the style sheets of a page hide,
// if only on some screens.
type styles map[string]bool

// add reads a style sheet. Of its rules those count that hide a class or an id alone; what is
// more complex is passed over.
func (s styles) add(sheet string) {
	for from := 0; ; {
		brace := strings.IndexAny(sheet[from:], "{};")
		if brace < 0 {
			return
		}
		at := from + brace
		if sheet[at] == '{' {
			end := strings.IndexAny(sheet[at+1:], "{}")
			if end < 0 {
				return
			}
			if sheet[at+1+end] == '}' && hidesText(sheet[at+1:at+1+end]) {
				s.addSelectors(sheet[from:at])
			}
		}
		from = at + 1
	}
}

func (s styles) addSelectors(list string) {
	for _, selector := range strings.Split(list, ",") {
		selector = strings.TrimSpace(selector)
		if i := strings.LastIndexAny(selector, "*/"); i >= 0 {
			selector = strings.TrimSpace(selector[i+1:]) // behind a comment
		}
		i := strings.IndexAny(selector, ".#")
		if i < 0 || strings.ContainsAny(selector[i+1:], " \t\r\n.#>+~:[*") || strings.ContainsAny(selector[:i], " \t\r\n>+~:[*") {
			continue
		}
		s[selector[i:]] = true
	}
}

// hidesText reports whether declarations hide what they apply to.
func hidesText(declarations string) bool {
	for _, d := range strings.Split(declarations, ";") {
		property, value, _ := strings.Cut(strings.ToLower(d), ":")
		value, _, _ = strings.Cut(strings.TrimSpace(value), "!")
		switch value = strings.TrimSpace(value); strings.TrimSpace(property) {
		case "display":
			if value == "none" {
				return true
			}
		case "visibility":
			if value == "hidden" || value == "collapse" {
				return true
			}
		}
	}
	return false
}
