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
)

// A Reject is a record that can't be judged.
type Reject struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`   // from 1
	Offset int64  `json:"offset"` // of the fault, in bytes from the start of the source
	Reason Reason `json:"reason"`
	Detail string `json:"detail"`
}

func (r *Reject) Error() string {
	return fmt.Sprintf("%s:%d: byte %d: %s: %s", r.Source, r.Line, r.Offset, r.Reason, r.Detail)
}
