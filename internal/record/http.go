package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"neardup/internal/codec"
)

// mediaType returns a media type without its parameters, in lower case.
func mediaType(value string) string {
	t, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// isDocument reports whether a payload of that type can be judged; of an unknown type, its
// content will tell.
func isDocument(media string) bool {
	switch media {
	case "", "text/html", "application/xhtml+xml", "text/plain", "text/markdown":
		return true
	}
	return false
}

func isPage(media string, payload []byte) bool {
	switch media {
	case "text/html", "application/xhtml+xml":
		return true
	case "":
		return formatOfContent(payload[:min(len(payload), 1024)], nil) == HTML
	}
	return false
}

// looksLikeText reports whether content of an unknown type may be text.
func looksLikeText(b []byte) bool {
	b = b[:min(len(b), 4096)]
	for len(b) > 0 && !utf8.Valid(b) && !utf8.RuneStart(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return bytes.IndexByte(b, 0) < 0 && utf8.Valid(bytes.TrimRight(b, "\xc0\xe0\xf0"))
}

// decodeBody undoes the transfer and content encodings of a body. Archives have bodies that
// say they are encoded and are not: those are taken as they are.
func decodeBody(h textproto.MIMEHeader, body []byte, limit int64) ([]byte, error) {
	if strings.Contains(strings.ToLower(h.Get("Transfer-Encoding")), "chunked") {
		whole, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) && len(whole) > 0 {
			body = whole
		}
	}
	encodings := strings.Split(h.Get("Content-Encoding"), ",")
	for i := len(encodings) - 1; i >= 0; i-- {
		name := strings.ToLower(strings.TrimSpace(encodings[i]))
		if name == "" || name == "identity" {
			continue
		}
		plain, err := codec.DecodeBody(body, name, limit)
		if err == nil {
			body = plain
		} else if !looksLikeText(body) {
			return nil, fmt.Errorf("its body in %s: %w", name, err)
		}
	}
	return body, nil
}
