package dedup

// A Kind says how a document relates to another.
type Kind byte

// The kinds.
const (
	Unique     Kind = iota
	Exact           // the normalised texts are equal
	Near            // the resemblance is at least the threshold
	Syndicated      // the document's article stands in the other
	Contains        // the other's article stands in the document, which is fuller: no duplicate

	// What goes of a document that is kept.
	InSection   // it repeats a section of the document
	InParagraph // it stands in an earlier document
	Boilerplate // it stands in many documents of the site
)

func (k Kind) String() string {
	return [...]string{"unique", "exact", "near", "syndicated", "contains", "section", "paragraph", "boilerplate"}[k]
}

// MarshalText returns the word for k.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Evidence is what was measured between two documents.
type Evidence struct {
	Distance      int     // Hamming distance of the fingerprints, 0 to 64
	Resemblance   float64 // of the shingle sets, 0 to 1
	Containment   float64 // share of the document's shingles that stand in the other, 0 to 1
	ContainmentOf float64 // share of the other's shingles that stand in the document, 0 to 1
	Estimated     bool    // from sketches: the text of the other is not at hand and it is long
}

// A Verdict is what is said of a document.
type Verdict struct {
	Kind Kind
	Of   string // id of the document that it duplicates or contains, empty if it is unique
	Evidence

	// Replayed tells that the same record, with the same id and text, was judged before:
	// this is what was said then.
	Replayed bool
	// IDConflict tells that an earlier record has the same id and another text.
	IDConflict bool
}

// Duplicate reports whether the document repeats another.
func (v Verdict) Duplicate() bool { return v.Kind != Unique && v.Kind != Contains }
