package record

import (
	"strings"
	"testing"
	"time"
)

const articlePage = `<!doctype html><html><head><title>River</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<div id="content"><article><h1>The river rose</h1>
<p>The river rose by two metres in the night, said the keeper of the lower lock, and took the old jetty with it.</p>
<p>Nobody was hurt. The ferry will run again on Thursday, from the upper landing, if the water falls as expected, and not before noon.</p>
<p>The council meets in the evening, to talk about the wall, which was planned nine years ago and was never built, for want of money.</p>
</article></div>
<footer><p>Terms of use</p><p>Privacy</p></footer></body></html>`

func TestMainText(t *testing.T) {
	raw := readAll(t, fromStdin(t, articlePage, HTML), DefaultMaxBytes)[0]
	for main, absent := range map[bool]string{false: "<", true: "Terms of use"} {
		rec, reject := NewDecoder(DecodeOptions{MainText: main}).Decode(raw)
		if reject != nil || !strings.Contains(rec.Text, "took the old jetty") || !strings.Contains(rec.Text, "never built") {
			t.Errorf("main text %v: %q, %v", main, rec.Text, reject)
		}
		if strings.Contains(rec.Text, absent) {
			t.Errorf("main text %v: %q has %q", main, rec.Text, absent)
		}
	}
}

// TestMainTextOfHostilePages has them read whole, in time.
func TestMainTextOfHostilePages(t *testing.T) {
	for name, page := range map[string]string{
		"empty": "", "deep": strings.Repeat("<div>", 100000) + "text", "many": strings.Repeat("<p>text</p>", 100000),
		"attributes": "<p " + strings.Repeat("a=b ", 100000) + ">text", "comment": "text<!--" + strings.Repeat("-", 1<<20),
		"tables": strings.Repeat("<table><tr><td>text", 10000), "links": strings.Repeat("<a href=x>text</a> ", 15000),
	} {
		start := time.Now()
		raw := readAll(t, fromStdin(t, page, HTML), DefaultMaxBytes)[0]
		rec, reject := NewDecoder(DecodeOptions{MainText: true}).Decode(raw)
		if reject != nil || name != "empty" && !strings.Contains(rec.Text, "text") {
			t.Errorf("%s: %.20q, %v", name, rec.Text, reject)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}
