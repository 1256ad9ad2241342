package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"neardup/shingle"
)

// A TextHash is the first 16 bytes of the SHA-256 of a normalised text. The zero value
// stands for the empty text.
type TextHash [16]byte

// A Document is what the index keeps of one record. Of a dropped one it is only the id, the
// hash and the verdict.
type Document struct {
	ID    string
	OwnID bool // the id came with the record and is looked up; a made one is for reports
	Text  TextHash

	// Which sieves the document stands in.
	ByText     bool // found by documents with an equal text
	ByShingles bool // found by documents with a near fingerprint or a similar sketch

	// Counted tells that the paragraphs count in the frequencies of the site.
	Counted bool

	// ByParagraphs tells that it is found by its paragraphs and not by its shingles.
	ByParagraphs bool

	// Representative tells that the document was kept: others may be dropped in its favour.
	Representative bool

	// Stored tells that the text was added too, see [Index.AddText].
	Stored bool

	Verdict Verdict

	// The rest is zero unless the document stands in a sieve.
	Fingerprint shingle.Fingerprint
	Sketch      shingle.Sketch
	Characters  int   // code points of the normalised text
	Article     int   // shingles of the text without boilerplate, 0 if that is short
	Date        int64 // in seconds since 1970, before the year 10000; of a document without one when it was added
	Undated     bool  // it has none
	Site        string
	Location    Location
	Paragraphs  []Paragraph // by which documents that share some are found
}

// A Paragraph is what the index knows of a paragraph: a key that equal ones share, and similar
// ones with a probability that is their resemblance.
type Paragraph struct {
	Key      uint64
	Shingles int  // its length
	Frame    bool // it was boilerplate when the document was added: no document is found by it
}

// findableBy reports whether the document stands in the sieve by paragraph with the key.
func (d *Document) findableBy(key uint64) bool {
	return (d.ByShingles || d.ByParagraphs) && slices.ContainsFunc(d.Paragraphs, func(p Paragraph) bool {
		return p.Key == key && !p.Frame
	})
}

// A Verdict is what was said of a document when it was added. Kind is the caller's; zero
// means that it matched nothing.
type Verdict struct {
	Kind          byte
	Of            DocNum // the document that it matched, 0 if none
	Distance      int    // Hamming distance of the fingerprints, 0 to 64
	Resemblance   float64
	Containment   float64 // of the document in Of
	ContainmentOf float64 // of Of in the document
}

// A Location says where the text of a document stands in the input of the run that added it.
// The zero value means nowhere.
type Location struct {
	Run    uint64 // names the run; 0 for none
	Source uint32 // number of the input in the run
	Offset int64  // bytes
	Length int64  // bytes
}

// The record of a document, in order:
//
//	flags           1 byte    bits: 0 own id, 1 by text, 2 by shingles, 3 representative,
//	                          4 has a match, 5 has a location, 6 its text is stored,
//	                          7 by paragraphs alone
//	id              uvarint length, bytes
//	text hash       16 bytes
//	match           if bit 4: kind 1 byte, number uvarint, distance 1 byte, and three float64
//	                of 8 bytes, little-endian: resemblance, containment, containment of
//	if bits 1, 2 or 7:
//	fingerprint     8 bytes, little-endian
//	characters      uvarint
//	article         uvarint, times two, and one if it is counted
//	date            varint, seconds since 1970; of a document without one when it was added,
//	                plus dateless
//	site            uvarint length, bytes
//	location        if bit 5: run 8 bytes, source, offset and length as uvarints
//	paragraphs      uvarint number; of each the key, 8 bytes, and the shingles, uvarint, times
//	                two, and one if it is boilerplate
//	sketch          to the end, see shingle.Sketch.Append
//
// The second form came later, and fits into the first: a program that does not know it takes such
// a document for one of the year 10000 and more, and lets it stay as this one does.
const (
	flagOwnID = 1 << iota
	flagByText
	flagByShingles
	flagRepresentative
	flagMatch
	flagLocation
	flagStored
	flagByParagraphs

	flagsSieved = flagByText | flagByShingles | flagByParagraphs
)

func (d *Document) flags() byte {
	return bit(d.OwnID, flagOwnID) | bit(d.ByText, flagByText) | bit(d.ByShingles, flagByShingles) |
		bit(d.Representative, flagRepresentative) | bit(d.Verdict != Verdict{}, flagMatch) |
		bit(d.Location != Location{}, flagLocation) | bit(d.Stored, flagStored) |
		bit(d.ByParagraphs, flagByParagraphs)
}

func bit(set bool, flag byte) byte {
	if set {
		return flag
	}
	return 0
}

func appendDocument(b []byte, d *Document) []byte {
	f := d.flags()
	b = append(b, f)
	b = appendString(b, d.ID)
	b = append(b, d.Text[:]...)
	if f&flagMatch != 0 {
		v := d.Verdict
		b = append(b, v.Kind)
		b = binary.AppendUvarint(b, uint64(v.Of))
		b = append(b, byte(v.Distance))
		for _, x := range []float64{v.Resemblance, v.Containment, v.ContainmentOf} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
	}
	if f&flagsSieved == 0 {
		return b
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(d.Fingerprint))
	b = binary.AppendUvarint(b, uint64(d.Characters))
	b = binary.AppendUvarint(b, uint64(d.Article)<<1|uint64(bit(d.Counted, 1)))
	b = binary.AppendVarint(b, d.date())
	b = appendString(b, d.Site)
	if f&flagLocation != 0 {
		b = binary.LittleEndian.AppendUint64(b, d.Location.Run)
		b = binary.AppendUvarint(b, uint64(d.Location.Source))
		b = binary.AppendUvarint(b, uint64(d.Location.Offset))
		b = binary.AppendUvarint(b, uint64(d.Location.Length))
	}
	b = binary.AppendUvarint(b, uint64(len(d.Paragraphs)))
	for _, p := range d.Paragraphs {
		b = binary.LittleEndian.AppendUint64(b, p.Key)
		b = binary.AppendUvarint(b, uint64(p.Shingles)<<1|uint64(bit(p.Frame, 1)))
	}
	return d.Sketch.Append(b)
}

// dateless is the first second of the year 10000, which no document is from: RFC 3339 can't write
// it.
const dateless = 253402300800

// date returns the date as it is stored.
func (d *Document) date() int64 {
	if d.Undated {
		return dateless + max(0, d.Date)
	}
	return min(d.Date, dateless-1)
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func parseDocument(b []byte) (*Document, error) {
	r := reader{b: b}
	f := r.byte()
	d := &Document{
		OwnID: f&flagOwnID != 0, ByText: f&flagByText != 0, ByShingles: f&flagByShingles != 0,
		Representative: f&flagRepresentative != 0, Stored: f&flagStored != 0,
		ByParagraphs: f&flagByParagraphs != 0,
	}
	d.ID = r.string()
	copy(d.Text[:], r.bytes(len(d.Text)))
	if f&flagMatch != 0 {
		d.Verdict.Kind = r.byte()
		d.Verdict.Of = DocNum(r.uvarint())
		d.Verdict.Distance = int(r.byte())
		for _, x := range []*float64{&d.Verdict.Resemblance, &d.Verdict.Containment, &d.Verdict.ContainmentOf} {
			*x = math.Float64frombits(r.uint64())
		}
	}
	if f&flagsSieved != 0 {
		d.Fingerprint = shingle.Fingerprint(r.uint64())
		d.Characters = int(r.uvarint())
		article := r.uvarint()
		d.Article, d.Counted = int(article>>1), article&1 != 0
		if d.Date = r.varint(); d.Date >= dateless {
			d.Date, d.Undated = d.Date-dateless, true
		}
		d.Site = r.string()
		if f&flagLocation != 0 {
			d.Location = Location{
				Run: r.uint64(), Source: uint32(r.uvarint()),
				Offset: int64(r.uvarint()), Length: int64(r.uvarint()),
			}
		}
		for range r.count(9) {
			key, shingles := r.uint64(), r.uvarint()
			d.Paragraphs = append(d.Paragraphs, Paragraph{key, int(shingles >> 1), shingles&1 != 0})
		}
		if err := d.Sketch.UnmarshalBinary(r.b); err != nil {
			r.bad = true
		}
		r.b = nil
	}
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("record of %d bytes does not parse", len(b))
	}
	return d, nil
}

// A reader takes values off the front of b; bad is set once there are too few bytes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the number of things that take at least so many bytes each.
func (r *reader) count(bytes int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/bytes) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) string() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	return string(r.bytes(int(n)))
}
