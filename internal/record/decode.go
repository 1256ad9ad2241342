package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"neardup/internal/markup"
)

// Fields name the fields of a structured record. Dots reach into objects.
type Fields struct {
	Text []string // joined by a blank line
	ID   string
	URL  string
	Date string
}

// A Record is a decoded record.
type Record struct {
	ID    string
	OwnID bool // the id came with the record; otherwise it is SOURCE:N, or the path of a text
	Text  string
	URL   string
	Date  time.Time // zero if there is none
}

// A Decoder turns raw records into records. It is safe for concurrent use.
type Decoder struct {
	fields []field
}

type field struct {
	path []string
	use  use
}

type use int

const (
	useText use = iota
	useID
	useURL
	useDate
)

// NewDecoder returns a decoder for records with those fields.
func NewDecoder(f Fields) *Decoder {
	d := &Decoder{}
	add := func(name string, u use) {
		if name != "" {
			d.fields = append(d.fields, field{strings.Split(name, "."), u})
		}
	}
	for _, name := range f.Text {
		add(name, useText)
	}
	add(f.ID, useID)
	add(f.URL, useURL)
	add(f.Date, useDate)
	return d
}

// Decode decodes a raw record that is not blank. If it can't be judged the error is a *Reject.
func (d *Decoder) Decode(raw *Raw) (Record, *Reject) {
	if raw.Reject != nil {
		return Record{}, raw.Reject
	}
	if !utf8.Valid(raw.Bytes) {
		at := invalidAt(raw.Bytes)
		line := raw.Line + int64(bytes.Count(raw.Bytes[:at], []byte("\n")))
		return Record{}, &Reject{raw.Source.Name, line, raw.Offset + int64(at), InvalidUTF8, fmt.Sprintf("byte 0x%02x", raw.Bytes[at])}
	}
	switch raw.Source.Format {
	case Text:
		return Record{ID: raw.Source.Name, Text: string(raw.Bytes)}, nil
	case HTML:
		return Record{ID: raw.Source.Name, Text: markup.Parse(string(raw.Bytes)).Text}, nil
	case Lines:
		return Record{ID: madeID(raw), Text: string(raw.Bytes)}, nil
	}
	return d.decodeObject(raw)
}

func madeID(raw *Raw) string { return raw.Source.Name + ":" + strconv.FormatInt(raw.Number, 10) }

func invalidAt(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

func (d *Decoder) decodeObject(raw *Raw) (Record, *Reject) {
	reject := func(reason Reason, at int, detail string) (Record, *Reject) {
		return Record{}, &Reject{raw.Source.Name, raw.Line, raw.Offset + int64(at), reason, detail}
	}
	b := raw.Bytes
	if tooDeep(b) {
		return reject(TooDeep, 0, fmt.Sprintf("nested more than %d deep", maxDepth))
	}
	if err := checkJSON(b); err != nil {
		var syntax *json.SyntaxError
		at := 0
		if errors.As(err, &syntax) {
			at = max(0, int(syntax.Offset)-1)
		}
		return reject(NotJSON, at, err.Error())
	}
	start := skipSpace(b, 0)
	if b[start] != '{' {
		return reject(NotObject, start, "a JSON "+kindOf(b[start])+" and not an object")
	}
	values := make([]value, len(d.fields))
	d.find(b, start, nil, values)

	rec := Record{ID: madeID(raw)}
	var texts []string
	for i, v := range values {
		f := d.fields[i]
		if !v.found() {
			continue
		}
		first := b[v.start]
		switch {
		case f.use == useText && v.repeated:
			return reject(DuplicateKey, v.start, fmt.Sprintf("the field %q stands there twice", strings.Join(f.path, ".")))
		case f.use == useText && first != '"' && first != 'n':
			return reject(TextNotString, v.start, fmt.Sprintf("the field %q holds a JSON %s", strings.Join(f.path, "."), kindOf(first)))
		case f.use == useText && first == '"':
			texts = append(texts, unquote(b[v.start:v.end]))
		case f.use == useID:
			if id := scalar(b[v.start:v.end]); id != "" {
				rec.ID, rec.OwnID = id, true
			}
		case f.use == useURL && first == '"':
			rec.URL = unquote(b[v.start:v.end])
		case f.use == useDate:
			rec.Date = parseDate(scalar(b[v.start:v.end]))
		}
	}
	if len(texts) == 0 {
		return reject(NoText, 0, d.missing(b, start))
	}
	rec.Text = strings.Join(texts, "\n\n")
	return rec, nil
}

// missing names the text fields asked for and the fields that are there.
func (d *Decoder) missing(b []byte, start int) string {
	var wanted []string
	for _, f := range d.fields {
		if f.use == useText {
			wanted = append(wanted, strconv.Quote(strings.Join(f.path, ".")))
		}
	}
	var there []string
	members(b, start, func(key string, _, _ int) {
		if len(there) < 20 {
			there = append(there, key)
		}
	})
	return fmt.Sprintf("no text in %s; the fields are %q", strings.Join(wanted, ", "), there)
}

// A value is where a field was found. The last of several counts, except for texts.
type value struct {
	start, end int
	repeated   bool
}

func (v value) found() bool { return v.end > 0 }

// find looks for the fields in the object at start, which lies under path.
func (d *Decoder) find(b []byte, start int, path []string, values []value) {
	members(b, start, func(key string, from, to int) {
		var inner []string
		for i, f := range d.fields {
			if len(f.path) <= len(path) || f.path[len(path)] != key || !hasPrefix(f.path, path) {
				continue
			}
			if len(f.path) == len(path)+1 {
				values[i] = value{from, to, values[i].found()}
			} else if b[from] == '{' {
				inner = f.path[:len(path)+1]
			}
		}
		if inner != nil {
			d.find(b, from, inner, values)
		}
	})
}

func hasPrefix(path, prefix []string) bool {
	for i := range prefix {
		if path[i] != prefix[i] {
			return false
		}
	}
	return true
}

// maxDepth is the depth of nesting that encoding/json allows too. Validation is recursive.
const maxDepth = 10000

func tooDeep(b []byte) bool {
	if bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) <= maxDepth {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// checkJSON accepts what encoding/json accepts. fastjson is many times as fast but lets
// control characters pass in some strings, and tells no offset; whatever it refuses, and
// whatever holds such a character, gets the second look.
func checkJSON(b []byte) error {
	if !hasControl(b) && fastjson.ValidateBytes(b) == nil {
		return nil
	}
	var whole json.RawMessage
	return json.Unmarshal(b, &whole)
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' {
			return true
		}
	}
	return false
}

func kindOf(first byte) string {
	switch first {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// scalar returns a string's or a number's text, and "" for anything else.
func scalar(b []byte) string {
	switch kindOf(b[0]) {
	case "string":
		return unquote(b)
	case "number":
		return string(b)
	}
	return ""
}

var dateLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"}

// parseDate reads a date in one of the common layouts or as seconds since 1970.
func parseDate(s string) time.Time {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		return time.Unix(int64(seconds), 0).UTC()
	}
	return time.Time{}
}
