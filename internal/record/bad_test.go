package record

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"neardup/internal/codec"
	"neardup/internal/testkit"
)

func inUTF16(s string, order byteOrder) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func encodeIn(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBadInput has the documented outcome of everything that is wrong with files.
func TestBadInput(t *testing.T) {
	var good []byte
	for i := range 50 {
		good = fmt.Appendf(good, "{\"id\":\"%d\",\"text\":\"Line %d: the ferry left at noon. 第%d班渡船中午开出。\"}\n", i, i, i)
	}
	goodTexts := read(t, fromFile(t, "good.jsonl", good), ReadOptions{}).texts
	if len(goodTexts) != 50 {
		t.Fatal(goodTexts)
	}
	gz := func(b []byte) []byte { return compress(t, codec.Gzip, b) }
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	flipped := gz(good)
	flipped[len(flipped)/2] ^= 16
	badSum := gz(good)
	copy(badSum[len(badSum)-8:], make([]byte, 8))
	response := testkit.WARCRecord(map[string]string{"WARC-Type": "conversion", "WARC-Record-ID": "<x>"}, "hello")
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	page := func(header, body string) []byte {
		return []byte(testkit.WARCRecord(map[string]string{"WARC-Type": "response", "Content-Type": "application/http"}, html+header+"\r\n"+body))
	}
	const zh = "渡船中午开出，水位已经下降，老码头不见了。我们在这里等了一个小时。"

	for name, c := range map[string]struct {
		content []byte
		texts   []string // those of good if it is nil
		reasons []Reason
		blank   int
		other   int
	}{
		"plain.jsonl":               {content: good},
		"mark.jsonl":                {content: cat(bom, good)},
		"crlf.jsonl":                {content: bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n"))},
		"no-final-newline.jsonl":    {content: good[:len(good)-1]},
		"blank-lines.jsonl":         {content: bytes.ReplaceAll(good, []byte("\n"), []byte("\n\n  \n")), blank: 100},
		"empty.jsonl":               {texts: []string{}},
		"only-newlines.jsonl":       {content: []byte("\n\n\n"), texts: []string{}, blank: 3},
		"cut-inside-a-char.jsonl":   {content: good[:bytes.LastIndex(good, []byte("渡"))+1], texts: goodTexts[:49], reasons: []Reason{InvalidUTF8}},
		"plain.jsonl.gz":            {content: gz(good)},
		"two-members.jsonl.gz":      {content: cat(gz(good[:700]), gz(good[700:]))},
		"zeros-behind.jsonl.gz":     {content: cat(gz(good), make([]byte, 512))},
		"garbage-behind.jsonl.gz":   {content: cat(gz(good), []byte("garbage")), reasons: []Reason{Corrupt}},
		"bad-sum.jsonl.gz":          {content: badSum, reasons: []Reason{Corrupt}},
		"no-gzip.jsonl.gz":          {content: good},
		"empty.jsonl.gz":            {texts: []string{}, reasons: []Reason{Truncated}},
		"only-a-header.gz":          {content: gz(good)[:7], texts: []string{}, reasons: []Reason{Truncated}},
		"zstd-by-content.jsonl":     {content: compress(t, codec.Zstd, good)},
		"gzip-named-zstd.jsonl.zst": {content: gz(good)},
		"twice.jsonl.gz":            {content: gz(gz([]byte("{\"text\":\"x\"}\n"))), texts: []string{}, reasons: []Reason{Nested}},
		"pages.tar":                 {content: cat([]byte("a.html"), make([]byte, 251), []byte("ustar\x0000"), make([]byte, 248), []byte("<p>x</p>")), texts: []string{}, reasons: []Reason{Nested}},
		"rows.tsv":                  {content: []byte("id\ttext\n1\tx\n\t\n \n2\t\n"), texts: []string{"x", "", ""}, blank: 1},
		"rows.csv":                  {content: []byte("id,text\n1,x\n,\n \n2,\n"), texts: []string{"x", "", ""}, blank: 1},
		"invalid.jsonl":             {content: cat([]byte("{\"text\":\"caf\xe9\"}\n"), good), reasons: []Reason{InvalidUTF8}},
		"odd.jsonl": {
			content: []byte(`{"id":"1"}` + "\n" + `{"text":["a"]}` + "\n" + `[1]` + "\n" + `null` + "\n\n" + `{` + "\n" + `{"text":"a","text":"b"}` + "\n" + `{"text":"\ud800"}` + "\n"),
			texts:   []string{"\ufffd"}, reasons: []Reason{NoText, TextNotString, NotObject, NotObject, NotJSON, DuplicateKey}, blank: 1,
		},
		"u16le.jsonl":      {content: inUTF16(string(good), utf16Order([]byte("\xff\xfe")))},
		"u16be-mark.jsonl": {content: inUTF16("\ufeff"+string(good), utf16Order([]byte("\xfe\xff")))},
		"u16-half.jsonl":   {content: cat(inUTF16(`{"text":"`, utf16Order([]byte("\xff\xfe"))), []byte("\x00\xd8"), inUTF16("\"}\n{\"text\":\"x\"}\n", utf16Order([]byte("\xff\xfe")))), texts: []string{"x"}, reasons: []Reason{InvalidUTF8}},
		"u16-cut.jsonl":    {content: inUTF16(`{"text":"x"}`+"\n"+`{"text":"y"}`, utf16Order([]byte("\xff\xfe")))[:49], texts: []string{"x"}, reasons: []Reason{InvalidUTF8}},
		"jis.csv":          {content: encodeIn(t, japanese.ISO2022JP, "id,text\n1,村の学校\n"), texts: []string{}, reasons: []Reason{Undecodable}},
		"u32.jsonl":        {content: []byte("\xff\xfe\x00\x00{\x00\x00\x00}\x00\x00\x00"), texts: []string{}, reasons: []Reason{Undecodable}},
		"gb18030.jsonl":    {content: encodeIn(t, simplifiedchinese.GB18030, `{"text":"`+zh+`"}`+"\n"), texts: []string{zh}},
		"gb18030.csv":      {content: encodeIn(t, simplifiedchinese.GB18030, "编号,text\n1,\""+zh+"\"\n"), texts: []string{zh}},
		"gb18030-one-bad.jsonl": {
			content: cat(encodeIn(t, simplifiedchinese.GB18030, `{"text":"`+zh+`"}`+"\n"), []byte("{\"text\":\"\xff\xff\"}\n")),
			texts:   []string{}, reasons: []Reason{InvalidUTF8, InvalidUTF8},
		},
		"gb18030.txt":   {content: encodeIn(t, simplifiedchinese.GB18030, zh), texts: []string{zh}},
		"big5.txt":      {content: encodeIn(t, traditionalchinese.Big5, strings.Repeat("渡船中午開出，我們在這裡等了一個小時。", 4)), texts: []string{strings.Repeat("渡船中午開出，我們在這裡等了一個小時。", 4)}},
		"shift-jis.txt": {content: encodeIn(t, japanese.ShiftJIS, strings.Repeat("渡し船は正午に出ました。", 4)), texts: []string{strings.Repeat("渡し船は正午に出ました。", 4)}},
		"euc-jp.txt":    {content: encodeIn(t, japanese.EUCJP, strings.Repeat("渡し船は正午に出ました。", 4)), texts: []string{strings.Repeat("渡し船は正午に出ました。", 4)}},
		"euc-kr.txt":    {content: encodeIn(t, korean.EUCKR, strings.Repeat("나룻배는 정오에 떠났습니다. ", 4)), texts: []string{strings.Repeat("나룻배는 정오에 떠났습니다. ", 4)}},
		"koi8-r.txt":    {content: encodeIn(t, charmap.KOI8R, strings.Repeat("Паром ушёл в полдень. ", 4)), texts: []string{strings.Repeat("Паром ушёл в полдень. ", 4)}},
		"nothing.txt":   {content: []byte("\xff\xff\x81\x00\x80\x00\xff"), texts: []string{}, reasons: []Reason{InvalidUTF8}},
		"nul.txt":       {content: []byte("a\x00b"), texts: []string{"a\x00b"}},
		"lies.html":     {content: cat([]byte(`<meta charset="utf-8"><p>`), encodeIn(t, simplifiedchinese.GB18030, zh), []byte("</p>")), texts: []string{zh}},
		"open.html":     {content: []byte("<p>one<p>two<div>" + strings.Repeat("<div>", 20000) + "deep"), texts: []string{"one\ntwo\ndeep"}},

		"no-length.warc":       {content: []byte("WARC/1.0\r\nWARC-Type: response\r\n\r\nbody\r\n\r\n" + response), texts: []string{"hello"}, reasons: []Reason{BadRecord}},
		"negative-length.warc": {content: []byte("WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -1\r\n\r\nx\r\n\r\n" + response), texts: []string{"hello"}, reasons: []Reason{BadRecord}},
		"large-length.warc":    {content: []byte("WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999\r\n\r\nshort\r\n\r\n" + response), texts: []string{"hello"}, reasons: []Reason{Truncated}},
		"largest-length.warc":  {content: []byte(response + "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 9223372036854775807\r\n\r\nshort\r\n\r\n" + response), texts: []string{"hello", "hello"}, reasons: []Reason{Truncated}},
		"small-length.warc":    {content: []byte(strings.Replace(response, "Content-Length: 5", "Content-Length: 2", 1) + response), texts: []string{"hello"}, reasons: []Reason{BadRecord}},
		"length-beyond.warc":   {content: []byte(strings.Replace(response, "Content-Length: 5", "Content-Length: 12", 1) + response + response), texts: []string{"hello", "hello"}, reasons: []Reason{BadRecord}},
		"lf.warc":              {content: []byte("WARC/1.0\nWARC-Type: conversion\nContent-Length: 5\n\nhello\n\n" + response), texts: []string{"hello", "hello"}},
		"version.warc":         {content: []byte("WARC/9.9\r\nContent-Length: 0\r\n\r\n\r\n\r\n" + response), texts: []string{"hello"}, reasons: []Reason{BadRecord}},
		"old-version.warc":     {content: []byte(strings.Replace(response, "WARC/1.0", "WARC/0.18", 1)), texts: []string{"hello"}},
		"huge-header.warc":     {content: []byte("WARC/1.0\r\nX: " + strings.Repeat("h", 1<<20) + "\r\nContent-Length: 0\r\n\r\n\r\n\r\n" + response), texts: []string{"hello"}, reasons: []Reason{BadRecord}},
		"breaks-between.warc":  {content: []byte(response + "\r\n\n" + response), texts: []string{"hello", "hello"}},
		"no-break.warc":        {content: []byte(response[:len(response)-4] + response), texts: []string{"hello", "hello"}},
		"others.warc": {
			content: cat([]byte(testkit.WARCRecord(map[string]string{"WARC-Type": "warcinfo"}, "a: b")), page("", "<p>x"), []byte(testkit.WARCRecord(map[string]string{"WARC-Type": "revisit"}, ""))),
			texts:   []string{"x"}, other: 2,
		},
		"picture.warc": {
			content: []byte(testkit.WARCRecord(map[string]string{"WARC-Type": "response", "Content-Type": "application/http"}, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG") +
				testkit.WARCRecord(map[string]string{"WARC-Type": "response", "Content-Type": "application/http"}, "HTTP/1.1 200 OK\r\n\r\n\x89PNG\x00")),
			texts: []string{}, other: 2,
		},
		"chunks.warc":       {content: page("Transfer-Encoding: chunked\r\n", "3\r\n<p>\r\n1\r\nx\r\n0\r\n\r\n"), texts: []string{"x"}},
		"wrong-chunks.warc": {content: page("Transfer-Encoding: chunked\r\n", "<p>not in chunks"), texts: []string{"not in chunks"}},
		"gzip-body.warc":    {content: page("Content-Encoding: gzip\r\n", string(gz([]byte("<p>x")))), texts: []string{"x"}},
		"no-gzip-body.warc": {content: page("Content-Encoding: gzip\r\n", "<p>x"), texts: []string{"x"}},
		"bad-body.warc":     {content: page("Content-Encoding: br\r\n", "\xff\x00\xfe"), texts: []string{}, reasons: []Reason{Undecodable}},
		"header-charset.warc": {
			content: []byte(testkit.WARCRecord(map[string]string{"WARC-Type": "response", "Content-Type": "application/http"}, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n"+string(encodeIn(t, charmap.KOI8R, "Паром ушёл")))),
			texts:   []string{"Паром ушёл"},
		},
		"old.arc": {
			content: []byte("filedesc://old.arc 0.0.0.0 20010203040506 text/plain 5\n1 0 x\n\nhttp://a.example/ 1.2.3.4 20010203040506 text/html 45\nHTTP/1.0 200 OK\nContent-Type: text/html\n\n<p>x\n\nhttp://b.example/ 1.2.3.4 20010203040506 text/html -1\nx\n"),
			texts:   []string{"x"}, other: 1, reasons: []Reason{BadRecord},
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.texts
			if want == nil {
				want = goodTexts
			}
			got := read(t, fromFile(t, name, c.content), ReadOptions{})
			for i := range got.texts {
				got.texts[i] = strings.TrimSuffix(got.texts[i], "\n") // a page's last block has one
			}
			var reasons []Reason
			for _, r := range got.rejects {
				reasons = append(reasons, r.Reason)
				if r.Offset < 0 || r.Line < 1 || r.Detail == "" {
					t.Errorf("reject %+v", r)
				}
			}
			if !slices.Equal(got.texts, want) || !slices.Equal(reasons, c.reasons) || got.blank != c.blank || got.other != c.other {
				t.Errorf("texts %.300q, rejects %v, %d blank, %d other; want %.300q, %v, %d, %d", got.texts, got.rejects, got.blank, got.other, want, c.reasons, c.blank, c.other)
			}
		})
	}
	got := read(t, fromFile(t, "flipped.jsonl.gz", flipped), ReadOptions{})
	if len(got.rejects) == 0 || got.rejects[len(got.rejects)-1].Reason != Corrupt {
		t.Errorf("a flipped bit: %d texts, %v", len(got.texts), got.rejects)
	}
}

// TestUTF16 turns what is read into what stood there, halves of pairs and odd bytes too.
func TestUTF16(t *testing.T) {
	for _, order := range []string{"\xff\xfe", "\xfe\xff"} {
		o := utf16Order([]byte(order))
		content := cat16(o, 'x', 0xd83d, 0xde00, 0xd800, 'y', 0xdc00, 0xdc00, 0xd800, 0xfeff, 0x4e2d, 0xd800)
		for _, odd := range [][]byte{nil, {'z'}, {0xff}} {
			want := append(bytes.Clone(content), odd...)
			text, rest := fromUTF16(nil, want, o, true)
			if len(rest) > 0 {
				t.Fatalf("%x is left", rest)
			}
			for cut := range text {
				var got bytes.Buffer
				w := &utf16Writer{out: &got, order: o}
				for _, part := range [][]byte{text[:cut], text[cut:]} {
					if _, err := w.Write(part); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Close(); err != nil || !bytes.Equal(got.Bytes(), want) {
					t.Fatalf("%x became %x by way of %q, cut at %d", want, got.Bytes(), text, cut)
				}
			}
		}
	}
}

func cat16(o byteOrder, units ...uint16) []byte {
	var out []byte
	for _, u := range units {
		out = o.AppendUint16(out, u)
	}
	return out
}
