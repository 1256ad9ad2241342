package record

import (
	"fmt"
	"testing"
)

// TestARCHeaders reads headers of both versions, as crawlers wrote them.
func TestARCHeaders(t *testing.T) {
	const html = "text/html"
	for _, c := range []struct{ header, url, date, charset, media string }{
		{"http://a.example/ 192.0.2.1 20140216050221 text/html 5", "http://a.example/", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/?t=Two Three 192.0.2.1 20140216050221 text/html 5", "http://a.example/?t=Two Three", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/two  spaces 192.0.2.1 20140216050221 text/html 5\r", "http://a.example/two  spaces", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/was 192.0.2.9 20130101000000 text/plain 7 192.0.2.1 20140216050221 text/html 5", "http://a.example/was 192.0.2.9 20130101000000 text/plain 7", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/ 192.0.2.1 201402160502 text/html 5", "http://a.example/", "2014-02-16T05:02:00Z", html, html},
		{"http://a.example/ 2001:db8::1 20140216050221 text/html 5", "http://a.example/", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/x y 192.0.2.1 20140216050221 text/html; charset=koi8-r 5", "http://a.example/x y", "2014-02-16T05:02:21Z", "text/html; charset=koi8-r", html},
		{"http://a.example/ 192.0.2.1 20140216050221 text/html;charset=koi8-r 5", "http://a.example/", "2014-02-16T05:02:21Z", "text/html;charset=koi8-r", html},
		{"http://a.example/ 192.0.2.1 20140216050221 text/html ; charset=koi8-r 5", "http://a.example/", "2014-02-16T05:02:21Z", "text/html ; charset=koi8-r", html},
		{"http://a.example/ 0.0.0.0 20140216050221 no-type 5", "http://a.example/", "2014-02-16T05:02:21Z", "no-type", ""},
		{"http://a.example/x y 192.0.2.1 20140216050221 text/html 200 61c29f4f0b7d4a1e - 12345 crawl.arc 5", "http://a.example/x y", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/ 192.0.2.1 20140216050221 text/html; charset=koi8-r 302 20140216050221 http://b.example/x y 12345 crawl.arc 5", "http://a.example/", "2014-02-16T05:02:21Z", "text/html; charset=koi8-r", html},
		{"http://a.example/ no-address 20140216050221 text/html 5", "http://a.example/", "2014-02-16T05:02:21Z", html, html},
		{"http://a.example/ 192.0.2.1 yesterday text/html 5", "http://a.example/", "yesterday", html, html},
	} {
		b, document := arc{}.about([]byte(c.header + "\n<p>x\n"))
		got, want := fmt.Sprintf("%q %q %q %q %t", b.url, b.date, b.charset, b.media, document), fmt.Sprintf("%q %q %q %q %t", c.url, c.date, c.charset, c.media, true)
		if got != want || string(b.payload) != "<p>x\n" {
			t.Errorf("%s: %s, want %s", c.header, got, want)
		}
		if length, ok := (arc{}).length([]byte(c.header)); length != "5" || !ok {
			t.Errorf("%s: length %q", c.header, length)
		}
	}
}
