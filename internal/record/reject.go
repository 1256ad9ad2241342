package record

import "fmt"

// A Reason says why a record can't be judged. Its words are part of the output.
type Reason string

// The reasons.
const (
	NotJSON       Reason = "not_json"
	NotObject     Reason = "not_object"
	TooDeep       Reason = "too_deep"
	NoText        Reason = "no_text"
	TextNotString Reason = "text_not_string"
	DuplicateKey  Reason = "duplicate_key"
	InvalidUTF8   Reason = "invalid_utf8"
	TooLong       Reason = "too_long"
	BadQuotes     Reason = "bad_quotes"   // of a row of a table
	WrongFields   Reason = "wrong_fields" // another number than the header row has
	BadRecord     Reason = "bad_record"   // of an archive: header and length don't hold together
	Undecodable   Reason = "undecodable"  // in the encoding that it says, or in any
	Truncated     Reason = "truncated"    // the source ends before its time
	Corrupt       Reason = "corrupt"      // the source can't be read further
	Nested        Reason = "nested"       // the source is compressed twice, or an archive
	OverLimit     Reason = "over_limit"   // the source goes on behind --max-decoded-bytes
)

// A Reject is a record that can't be judged.
type Reject struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`   // from 1; the number of the record where there are no lines
	Offset int64  `json:"offset"` // of the fault, in bytes from the start of the content
	Reason Reason `json:"reason"`
	Detail string `json:"detail"`

	Fields []string `json:"-"` // the record's, some of them, if it has no text
}

func (r *Reject) Error() string {
	return fmt.Sprintf("%s:%d: byte %d: %s: %s", r.Source, r.Line, r.Offset, r.Reason, r.Detail)
}
