package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// Fields name the fields of a structured record. Dots reach into objects.
type Fields struct {
	Text []string // joined by a blank line
	ID   string
	URL  string
	Date string
	Rank string // a number, by which some are preferred to others
}

// DefaultFields are those of which most corpora have some.
func DefaultFields() Fields {
	return Fields{Text: []string{"text"}, ID: "id", URL: "url", Date: "date"}
}

// A Record is a decoded record.
type Record struct {
	ID    string
	OwnID bool // the id came with the record; otherwise it is SOURCE:N, or the path of a text
	Text  string
	URL   string
	Date  time.Time // zero if there is none
	Rank  *float64  // nil if there is none

	DateUnread string // what stands in the place of the date and can't be read, cut; "" if it can, or if there is none
}

// A Decoder turns raw records into records. It is safe for concurrent use.
type Decoder struct {
	fields   []field
	maxBytes int64
	mainText bool
	replace  bool
}

// DecodeOptions say what is made of raw records.
type DecodeOptions struct {
	Fields   Fields
	MaxBytes int64 // of a body that is decompressed; zero means DefaultMaxBytes
	MainText bool  // of pages only what is no navigation, menu or footer
	Replace  bool  // what is not valid in its encoding is U+FFFD in the text, and no reject
}

type field struct {
	path []string
	use  use
}

func (f field) name() string { return strings.Join(f.path, ".") }

type use int

const (
	useText use = iota
	useID
	useURL
	useDate
	useRank
)

func fieldsOf(f Fields) []field {
	var fields []field
	add := func(name string, u use) {
		if name != "" {
			fields = append(fields, field{strings.Split(name, "."), u})
		}
	}
	for _, name := range f.Text {
		add(name, useText)
	}
	add(f.ID, useID)
	add(f.URL, useURL)
	add(f.Date, useDate)
	add(f.Rank, useRank)
	return fields
}

// NewDecoder returns a decoder for records with those fields.
func NewDecoder(o DecodeOptions) *Decoder {
	d := &Decoder{fields: fieldsOf(o.Fields), maxBytes: o.MaxBytes, mainText: o.MainText, replace: o.Replace}
	if d.maxBytes <= 0 {
		d.maxBytes = DefaultMaxBytes
	}
	return d
}

// Decode decodes a raw record that is not blank. If it can't be judged the error is a *Reject.
// If it turns out to be no document it is marked so, and there is no record.
func (d *Decoder) Decode(raw *Raw) (Record, *Reject) {
	switch {
	case raw.Reject != nil || raw.Other:
		return Record{}, raw.Reject
	case raw.Source.Format == Parquet:
		return d.decodeColumns(raw)
	case raw.Source.Format == WARC, raw.Source.Format == ARC:
		return d.decodeArchived(raw)
	case raw.Source.Format.Whole():
		text, reject := d.text(raw, raw.Bytes, raw.Offset, raw.Source.Format == HTML, "")
		return Record{ID: raw.Source.Name, Text: text}, reject
	case raw.Source.Encoding != "":
		return d.decodeLegacy(raw)
	}
	return d.decodeLine(raw)
}

// decodeLine decodes a record of lines.
func (d *Decoder) decodeLine(raw *Raw) (Record, *Reject) {
	if !utf8.Valid(raw.Bytes) {
		if d.replace {
			return d.decodeRepaired(raw)
		}
		return Record{}, invalidUTF8(raw)
	}
	switch raw.Source.Format {
	case Lines:
		return Record{ID: madeID(raw), Text: string(raw.Bytes)}, nil
	case CSV, TSV:
		return d.decodeRow(raw)
	}
	return d.decodeObject(raw)
}

func invalidUTF8(raw *Raw) *Reject {
	at := invalidAt(raw.Bytes)
	line := raw.Line + int64(bytes.Count(raw.Bytes[:at], []byte("\n")))
	return &Reject{raw.Source.Name, line, raw.Offset + int64(at), InvalidUTF8, fmt.Sprintf("byte 0x%02x", raw.Bytes[at]), nil}
}

// fromValues makes a record of the values of its fields, nil if it has no text.
func (d *Decoder) fromValues(raw *Raw, values []*string) *Record {
	rec := &Record{ID: madeID(raw)}
	var texts []string
	for i, v := range values {
		if v == nil {
			continue
		}
		switch d.fields[i].use {
		case useText:
			texts = append(texts, *v)
		case useID:
			if *v != "" {
				rec.ID, rec.OwnID = *v, true
			}
		case useURL:
			rec.URL = *v
		case useDate:
			rec.setDate(*v)
		case useRank:
			rec.Rank = parseRank(*v)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	rec.Text = strings.Join(texts, "\n\n")
	return rec
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
		return Record{}, &Reject{raw.Source.Name, raw.Line, raw.Offset + int64(at), reason, detail, nil}
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
	var few [8]value
	values := few[:0]
	for range d.fields {
		values = append(values, value{})
	}
	d.find(b, start, nil, values)

	var rec Record
	var texts [1]string // there are seldom more
	found := texts[:0]
	for i, v := range values {
		f := d.fields[i]
		if !v.found() {
			continue
		}
		first := b[v.start]
		switch {
		case f.use == useText && v.repeated:
			return reject(DuplicateKey, v.start, fmt.Sprintf("the field %q stands there twice", f.name()))
		case f.use == useText && first != '"' && first != 'n':
			return reject(TextNotString, v.start, fmt.Sprintf("the field %q holds a JSON %s", f.name(), kindOf(first)))
		case f.use == useText && first == '"':
			found = append(found, unquote(b[v.start:v.end]))
		case f.use == useID:
			if id := scalar(b[v.start:v.end]); id != "" {
				rec.ID, rec.OwnID = id, true
			}
		case f.use == useURL && first == '"':
			rec.URL = unquote(b[v.start:v.end])
		case f.use == useDate && first != 'n':
			rec.setDate(anyScalar(b[v.start:v.end]))
		case f.use == useRank:
			rec.Rank = parseRank(scalar(b[v.start:v.end]))
		}
	}
	if len(found) == 0 {
		return d.noText(raw, keysOf(b, start))
	}
	rec.Text = strings.Join(found, "\n\n")
	if !rec.OwnID {
		rec.ID = madeID(raw)
	}
	return rec, nil
}

// noText rejects a record without text, and names the fields asked for and those that are there.
func (d *Decoder) noText(raw *Raw, there []string) (Record, *Reject) {
	var wanted []string
	for _, f := range d.fields {
		if f.use == useText {
			wanted = append(wanted, strconv.Quote(f.name()))
		}
	}
	there = there[:min(len(there), maxNamed)]
	detail := fmt.Sprintf("no text in %s; the fields are %q", strings.Join(wanted, ", "), there)
	return Record{}, &Reject{raw.Source.Name, raw.Line, raw.Offset, NoText, detail, there}
}

// maxNamed is how many of the fields that are there are named.
const maxNamed = 20

func keysOf(b []byte, start int) (keys []string) {
	members(b, start, func(key []byte, _, _ int) {
		if len(keys) < maxNamed {
			keys = append(keys, string(key))
		}
	})
	return keys
}

// A value is where a field was found. The last of several counts, except for texts.
type value struct {
	start, end int
	repeated   bool
}

func (v value) found() bool { return v.end > 0 }

// find looks for the fields in the object at start, which lies under path.
func (d *Decoder) find(b []byte, start int, path []string, values []value) {
	members(b, start, func(key []byte, from, to int) {
		var inner []string
		for i, f := range d.fields {
			if len(f.path) <= len(path) || f.path[len(path)] != string(key) || !hasPrefix(f.path, path) {
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
	if len(b) <= maxDepth || bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) <= maxDepth {
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

// hasControl reports whether a byte is less than a space, eight at a time.
func hasControl(b []byte) bool {
	const (
		spaces = 0x2020202020202020
		tops   = 0x8080808080808080
	)
	for ; len(b) >= 8; b = b[8:] {
		if x := binary.LittleEndian.Uint64(b); (x-spaces)&^x&tops != 0 {
			return true
		}
	}
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

// anyScalar returns a string's text, and of anything else what stands there.
func anyScalar(b []byte) string {
	if kindOf(b[0]) == "string" {
		return unquote(b)
	}
	return string(b[:min(len(b), maxDate+1)])
}

// parseRank reads a number; what is none is nil.
func parseRank(s string) *float64 {
	rank, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(rank) {
		return nil
	}
	return &rank
}
