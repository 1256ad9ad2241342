package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"neardup/dedup"
	"neardup/internal/testkit"
)

// report writes the page of a scan of texts and returns its path.
func report(t *testing.T, texts []string) string {
	t.Helper()
	var corpus bytes.Buffer
	e := json.NewEncoder(&corpus)
	for i, text := range texts {
		if err := e.Encode(map[string]string{"id": fmt.Sprintf("<b onload=x>%d", i), "text": text}); err != nil {
			t.Fatal(err)
		}
	}
	input := filepath.Join(t.TempDir(), "<img src=x>.jsonl")
	if err := os.WriteFile(input, corpus.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "report.html")
	var out, errors bytes.Buffer
	if code := run(t.Context(), func() os.Signal { return nil }, []string{"scan", "--report", page, input}, strings.NewReader(""), &out, &errors); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errors.String())
	}
	return page
}

// hostileTexts are copies of a text that a page could take for its own.
func hostileTexts() (texts []string) {
	text := "<script>alert(1)</script> & <img src=\"https://example.com/x\" onerror=alert(1)> is the first line.\n" +
		"</details></style>{{.Title}}<!-- \u202e is where the second begins, of a text that goes on \x01 for long enough.\n"
	for i := range 5 {
		texts = append(texts, strings.Replace(text, "long", fmt.Sprintf("long%d", i), 1))
	}
	return texts
}

func TestOverviewIsSelfContained(t *testing.T) {
	page := readFile(t, report(t, hostileTexts()))
	page = strings.ReplaceAll(page, "https://example.com/x", "an address in a text")
	selfContained(t, page, 1)
	for _, bad := range []string{"<img", "<b onload", "<!--", "<details></", "\x01"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, tag := range []string{"details", "article", "div", "table", "bdi", "span"} {
		if opened, closed := strings.Count(page, "<"+tag+" ")+strings.Count(page, "<"+tag+">"), strings.Count(page, "</"+tag+">"); opened != closed {
			t.Errorf("%d <%s> and %d </%s>", opened, tag, closed, tag)
		}
	}
}

// TestOverviewOfNothing has nothing to show.
func TestOverviewOfNothing(t *testing.T) {
	for _, texts := range [][]string{nil, {""}, {"one"}, {"one", "two"}} {
		if page := readFile(t, report(t, texts)); !strings.Contains(page, "<b>0%</b>") || strings.Contains(page, "<details") {
			t.Errorf("%q gives %s", texts, page)
		}
	}
}

// TestOverviewWarns has a tenth of the records and more in one cluster.
func TestOverviewWarns(t *testing.T) {
	w := testkit.NewWriter(1)
	texts := slices.Repeat([]string{strings.Join(w.Article(2), "\n")}, 30)
	for range 90 {
		texts = append(texts, strings.Join(w.Article(2), "\n"))
	}
	if page := readFile(t, report(t, texts)); !strings.Contains(page, "the cluster of &lt;b onload=x&gt;0 has 30 of 120 records") {
		t.Error("there is no warning")
	}
}

// TestOverviewHasABound fills an overview with what takes most room in HTML.
func TestOverviewHasABound(t *testing.T) {
	long := strings.Repeat(`"`, 6<<10)
	view := &dedup.Overview{}
	for range 100 {
		c := dedup.Cluster{ID: long[:200], Beginning: long[:600], Documents: 3, Near: 2}
		for range 6 {
			c.Members = append(c.Members, dedup.Member{ID: long[:200], Kind: dedup.Near, Stretches: []dedup.Stretch{{A: []dedup.Piece{{Text: long}}}}})
		}
		view.Clusters = append(view.Clusters, c)
		view.Paragraphs = append(view.Paragraphs, dedup.RepeatedParagraph{Text: long[:600], First: long[:200]})
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := writeOverview([]string{"in"}, scanFlags{report: path}, dedup.Summary{Read: 1, Clusters: 100}, view, nil); err != nil {
		t.Fatal(err)
	}
	if page := readFile(t, path); len(page) > maxOverview || strings.Count(page, "<details") < 10 {
		t.Errorf("the page has %d bytes and %d clusters", len(page), strings.Count(page, "<details"))
	}
}

// TestOverviewInBrowser has Chromium draw a report, in the long tier one of 100,000 documents, and
// looks in it for the colours of the kinds and for the mark of what differs.
func TestOverviewInBrowser(t *testing.T) {
	if testkit.Tier() == "short" {
		t.Skip("takes seconds; set NEARDUP_TEST=ci")
	}
	w := testkit.NewWriter(1)
	var texts []string
	for i := range testkit.Scale(0, 300, 100_000) {
		text := strings.Join(w.Article(4), "\n")
		switch i % 5 {
		case 1:
			text = texts[i/10*5]
		case 2:
			text = texts[i/10*5] + "\n" + w.Article(1)[0][:9]
		case 3:
			text, _, _ = strings.Cut(texts[i/10*5], "\n")
		}
		texts = append(texts, strings.ToValidUTF8(text, ""))
	}
	page := report(t, texts)
	if size := len(readFile(t, page)); size > 5<<20 {
		t.Errorf("the page has %d bytes", size)
	}
	start := time.Now()
	img := shot(t, page, 1600)
	if took := time.Since(start); testkit.Tier() == "long" && took > 2*time.Second {
		t.Errorf("the browser takes %v", took)
	}
	for what, c := range map[string]color.RGBA{
		"exact": {0x0f, 0x7b, 0x8a, 0xff}, "near": {0x31, 0x58, 0xc8, 0xff}, "syndicated": {0x8a, 0x3f, 0xa0, 0xff},
		"a matched paragraph": {0xe6, 0xeb, 0xf8, 0xff}, "what differs": {0xea, 0xd8, 0xc2, 0xff},
	} {
		if n := pixels(img, c); n < 200 {
			t.Errorf("the colour of %s has %d pixels", what, n)
		}
	}
}
