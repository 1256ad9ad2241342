package record

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"neardup/internal/charset"
)

// A Cut is a range of bytes of the text of a record, on character boundaries.
type Cut struct{ Start, End int }

// Splices reports whether ranges can be cut out of the texts of records of the source.
func (s *Source) Splices() bool {
	switch s.Format {
	case JSONL, Lines, Text:
		return s.Encoding == ""
	}
	return false
}

// Splice returns the bytes of a record without ranges of its text, which rec has. Every other
// byte stays as it is: what is cut out of a JSON string is the bytes that stand for the range.
// The cuts are in order and do not overlap.
func (d *Decoder) Splice(raw *Raw, rec *Record, cuts []Cut) ([]byte, error) {
	b, back := raw.Bytes, func(cuts []Cut) []Cut { return cuts }
	if raw.Source.Format != HTML && !utf8.Valid(b) { // the text has replacement characters
		t := charset.Repair(b)
		b, back = []byte(t.String), func(cuts []Cut) []Cut { return rawCuts(t, cuts) }
	}
	switch raw.Source.Format {
	case JSONL:
		return without(raw.Bytes, back(d.objectCuts(b, cuts))), nil
	case Lines:
		return without(raw.Bytes, back(cuts)), nil
	case Text:
		// A byte order mark may or may not be part of the text.
		if shift := len(b) - len(rec.Text); shift >= 0 && string(b[shift:]) == rec.Text && bytes.HasPrefix(bom, b[:shift]) {
			shifted := slices.Clone(cuts)
			for i := range shifted {
				shifted[i].Start, shifted[i].End = cuts[i].Start+shift, cuts[i].End+shift
			}
			return without(raw.Bytes, back(shifted)), nil
		}
	}
	return nil, fmt.Errorf("%s: nothing can be cut out of %s in this encoding", raw.Source.Name, raw.Source.Format)
}

func without(b []byte, cuts []Cut) []byte {
	out := make([]byte, 0, len(b))
	done := 0
	for _, c := range cuts {
		out = append(out, b[done:c.Start]...)
		done = c.End
	}
	return append(out, b[done:]...)
}

// rawCuts returns the ranges of the undecoded bytes that cuts of a text come from.
func rawCuts(t *charset.Text, cuts []Cut) []Cut {
	var offsets []int
	for _, c := range cuts {
		offsets = append(offsets, c.Start, c.End)
	}
	out := make([]Cut, len(cuts))
	for i, raw := 0, t.Raw(offsets...); i < len(out); i++ {
		out[i] = Cut{raw[2*i], raw[2*i+1]}
	}
	return out
}

// objectCuts returns where in an object that was decoded ranges of its texts are.
func (d *Decoder) objectCuts(b []byte, cuts []Cut) []Cut {
	values := make([]value, len(d.fields))
	d.find(b, skipSpace(b, 0), nil, values)
	var inJSON []Cut // in the order of the fields
	start := 0       // of a field in the text
	for i, v := range values {
		if d.fields[i].use != useText || !v.found() || b[v.start] != '"' {
			continue
		}
		w := stringWalker{b: b, at: v.start + 1, decoded: start}
		for _, c := range cuts {
			if c.End <= start {
				continue
			}
			from := w.to(max(c.Start, start), v.end-1)
			to := w.to(c.End, v.end-1)
			if from < to {
				inJSON = append(inJSON, Cut{from, to})
			}
		}
		w.to(len(b)*utf8.UTFMax, v.end-1)
		start = w.decoded + len("\n\n")
	}
	sortCuts(inJSON)
	return inJSON
}

// A stringWalker walks along a JSON string and counts the bytes that it stands for.
type stringWalker struct {
	b       []byte
	at      int // in the JSON
	decoded int // in the text
}

// to walks to a place of the text, or to the end of the string, and returns where in the JSON
// that is.
func (w *stringWalker) to(place, end int) int {
	for w.decoded < place && w.at < end {
		if w.b[w.at] != '\\' {
			plain := w.b[w.at:end]
			if i := bytes.IndexByte(plain, '\\'); i >= 0 {
				plain = plain[:i]
			}
			n := min(len(plain), place-w.decoded)
			w.at, w.decoded = w.at+n, w.decoded+n
			continue
		}
		r, rest := unescape(w.b[w.at:end])
		w.at, w.decoded = end-len(rest), w.decoded+utf8.RuneLen(r)
	}
	return w.at
}

// sortCuts puts the cuts of several strings, which may stand in the object in another order
// than their fields, into order.
func sortCuts(cuts []Cut) {
	slices.SortFunc(cuts, func(a, b Cut) int { return a.Start - b.Start })
}
