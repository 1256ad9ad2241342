package testkit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// A Document is one that can be written in any format.
type Document struct {
	ID   string `json:"id"`
	URL  string `json:"url"`
	Date string `json:"date"`
	Text string `json:"text"`
}

// Documents returns n articles, a third of them copies of earlier ones, exact or with a
// paragraph changed.
func (w Writer) Documents(n int) []Document {
	docs := make([]Document, 0, n)
	var earlier [][]string
	for i := range n {
		article := w.Article(3 + w.IntN(5))
		switch {
		case i > 0 && w.IntN(6) == 0:
			article = earlier[w.IntN(len(earlier))]
		case i > 0 && w.IntN(6) == 0:
			article = append([]string(nil), earlier[w.IntN(len(earlier))]...)
			article[w.IntN(len(article))] += ` He said: "no", and left, ` + w.Article(1)[0][:6]
		}
		earlier = append(earlier, article)
		docs = append(docs, Document{
			ID:  fmt.Sprintf("<urn:uuid:00000000-0000-4000-8000-%012d>", i),
			URL: fmt.Sprintf("https://site-%d.example/page/%d", i%7, i), Date: "2026-01-02T03:04:05Z",
			Text: strings.ToValidUTF8(strings.Join(article, "\n\n"), ""),
		})
	}
	return docs
}

// JSONL writes documents as JSON lines.
func JSONL(docs []Document) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	for _, d := range docs {
		if err := e.Encode(d); err != nil {
			panic(err)
		}
	}
	return out.Bytes()
}

// Table writes documents as CSV, or TSV if comma is a tab, with a column that is not asked for.
func Table(docs []Document, comma rune) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma = comma
	row := func(fields ...string) {
		if err := w.Write(fields); err != nil {
			panic(err)
		}
	}
	row("id", "lang", "text", "url", "date")
	for _, d := range docs {
		row(d.ID, "xx", d.Text, d.URL, d.Date)
	}
	w.Flush()
	return out.Bytes()
}

// WARCRecord writes a record of a WARC file.
func WARCRecord(fields map[string]string, block string) string {
	var b strings.Builder
	b.WriteString("WARC/1.0\r\n")
	for _, name := range []string{"WARC-Type", "WARC-Record-ID", "WARC-Target-URI", "WARC-Date", "Content-Type"} {
		if fields[name] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, fields[name])
		}
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s\r\n\r\n", len(block), block)
	return b.String()
}

// WARC writes documents as records of a WARC file, each of them: a warcinfo record, and for
// each document a request and a response in HTML.
func WARC(docs []Document) []string {
	records := []string{WARCRecord(map[string]string{"WARC-Type": "warcinfo", "WARC-Record-ID": "<urn:uuid:info>", "Content-Type": "application/warc-fields"}, "software: test\r\n")}
	for _, d := range docs {
		page := "<!doctype html><html><head><title>" + html.EscapeString(d.ID) + "</title></head><body>\n"
		for p := range strings.SplitSeq(d.Text, "\n\n") {
			page += "<p>" + html.EscapeString(p) + "</p>\n"
		}
		page += "</body></html>"
		fields := map[string]string{"WARC-Type": "request", "WARC-Record-ID": d.ID + "-request", "WARC-Target-URI": d.URL, "WARC-Date": d.Date, "Content-Type": "application/http; msgtype=request"}
		records = append(records, WARCRecord(fields, "GET / HTTP/1.1\r\nHost: site.example\r\n\r\n"))
		fields["WARC-Type"], fields["WARC-Record-ID"], fields["Content-Type"] = "response", d.ID, "application/http; msgtype=response"
		records = append(records, WARCRecord(fields, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+page))
	}
	return records
}

// WET writes documents as conversion records.
func WET(docs []Document) []string {
	records := []string{WARCRecord(map[string]string{"WARC-Type": "warcinfo", "WARC-Record-ID": "<urn:uuid:info>", "Content-Type": "application/warc-fields"}, "software: test\r\n")}
	for _, d := range docs {
		records = append(records, WARCRecord(map[string]string{"WARC-Type": "conversion", "WARC-Record-ID": d.ID, "WARC-Target-URI": d.URL, "WARC-Date": d.Date, "Content-Type": "text/plain"}, d.Text))
	}
	return records
}
