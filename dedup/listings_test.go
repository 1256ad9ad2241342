package dedup

import (
	"fmt"
	"strings"
	"testing"

	"neardup/internal/markup"
)

// TestListingsStayWhole: of code, in Markdown or in a page, all goes or nothing.
func TestListingsStayWhole(t *testing.T) {
	var code []string
	for i := range 30 {
		code = append(code, fmt.Sprintf("value%d = read(file, offset + %d, size)", i*7, i*13))
	}
	same, other := strings.Join(code, "\n"), strings.Join(append(append([]string(nil), code[:29]...), "close(file)"), "\n")
	text := func(one, other string) string {
		return "# Title\n\n```go\n" + one + "\n```\n\nSomething between.\n\n```go\n" + other + "\n```\n\nThe end.\n"
	}
	page := func(one, other string) string {
		return "<h1>Title</h1><pre>" + one + "</pre><p>Something between.</p><pre>" + other + "</pre><p>The end.</p>"
	}
	for _, html := range []bool{false, true} {
		make := text
		if html {
			make = page
		}
		o := &SectionOptions{HTML: html}
		if left, _ := RemoveRepeats(make(same, same), o); strings.Count(left, code[3]) != 1 || strings.Count(left, "```") == 3 || strings.Count(left, "<pre>") == 2 {
			t.Errorf("a listing that comes twice: %q is left", left)
		}
		if left, _ := RemoveRepeats(make(same, other), o); left != make(same, other) {
			t.Errorf("two listings that differ in a line: %q is left", left)
		}
		short := strings.Join(code[:5], "\n")
		if left, _ := RemoveRepeats(make(short, short), o); left != make(short, short) {
			t.Errorf("a short listing is natural: %q is left", left)
		}
	}
	long := strings.Repeat(same+"\n", 1)
	for i := range 3 {
		long += strings.ReplaceAll(same, "read", fmt.Sprintf("read%d", i)) + "\n"
	}
	if p := markup.Parse("<pre>" + long + "</pre>"); len(p.Listings) != 1 || len(preformatted(p)) != 0 {
		t.Errorf("a document in a pre element: %v", p.Listings)
	}
}

func TestFences(t *testing.T) {
	for text, want := range map[string]int{
		"```\na\n```":                      1,
		"~~~ sh\na\n```\nb\n~~~\nc":        1,
		"````\n```\na\n```\n````":          1,
		"```\nnever closed":                0,
		"``` a `` no fence\n```\nb\n```\n": 1,
		"no fence":                         0,
		"```\na\n```\n\n```\nb\n```":       2,
	} {
		if got := fences(text); len(got) != want {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
}
