package charset

import (
	"bytes"
	"mime"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// declaredWithin is how far into a page a declaration is looked for.
const declaredWithin = 16 << 10

// declared returns the label that a header or a meta element gives, or "".
func declared(b []byte, contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		return params["charset"]
	}
	if label := xmlEncoding(b); label != "" {
		return label
	}
	head := b[:min(len(b), declaredWithin)]
	if !bytes.ContainsRune(head, '<') {
		return ""
	}
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			if name, more := z.TagName(); string(name) == "meta" {
				if label := metaCharset(z, more); label != "" {
					return label
				}
			}
		}
	}
}

func metaCharset(z *html.Tokenizer, more bool) string {
	var label, content string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "charset":
			label = string(value)
		case "content":
			content = string(value)
		}
	}
	if label != "" {
		return strings.TrimSpace(label)
	}
	_, after, found := strings.Cut(strings.ToLower(content), "charset")
	after, equals := strings.CutPrefix(strings.TrimSpace(after), "=")
	if !found || !equals {
		return ""
	}
	after = strings.Trim(strings.TrimSpace(after), `"'`)
	if i := strings.IndexAny(after, ";\"' \t\r\n"); i >= 0 {
		after = after[:i]
	}
	return after
}

var xmlDeclaration = regexp.MustCompile(`^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]+)["']`)

// xmlEncoding returns the label in the XML declaration that b begins with, or "".
func xmlEncoding(b []byte) string {
	m := xmlDeclaration.FindSubmatch(b[:min(len(b), 1024)])
	if m == nil {
		return ""
	}
	return string(bytes.TrimSpace(m[1]))
}
