package dedup

import (
	"fmt"
	"strings"
	"time"

	"neardup/internal/record"
)

// A Summary counts what a job did: Read = Kept + Dropped + Rejected + Blank, and
// Dropped = Exact + Near + Syndicated. A job that removes nothing counts what would go.
type Summary struct {
	Read               int64          `json:"read"`
	Kept               int64          `json:"kept"`
	Dropped            int64          `json:"dropped"`
	Rejected           int64          `json:"rejected"`
	Blank              int64          `json:"blank"`
	Exact              int64          `json:"exact"`
	Near               int64          `json:"near"`
	Syndicated         int64          `json:"syndicated"`
	Other              int64          `json:"other"`    // no documents, such as requests in WARC files: passed through, not in Read
	Clusters           int64          `json:"clusters"` // of two documents and more
	IDConflicts        int64          `json:"id_conflicts"`
	DatesUnread        int64          `json:"dates_unread"` // of records that were judged: there is something, and it can't be read
	Overflow           int64          `json:"overflow"`     // searches cut short
	BytesRead          int64          `json:"bytes_read"`
	Seconds            float64        `json:"seconds"`
	DocumentsPerSecond float64        `json:"documents_per_second"`
	MaxRSSBytes        int64          `json:"max_rss_bytes"`
	Sections           int64          `json:"sections,omitempty"` // taken out of records that are kept
	Paragraphs         int64          `json:"paragraphs,omitempty"`
	Boilerplate        int64          `json:"boilerplate,omitempty"`
	FirstReject        *record.Reject `json:"first_reject,omitempty"`
	FirstDateUnread    *DateUnread    `json:"first_date_unread,omitempty"`
	Warnings           []string       `json:"warnings,omitempty"`
	Params             map[string]any `json:"params"`
}

// A DateUnread is what stands in the place of a date and can't be read.
type DateUnread struct {
	Source string `json:"source"`
	Number int64  `json:"number"` // of the record in the source, from 1
	Value  string `json:"value"`  // its beginning, if it is long
}

// String quotes the value, so that it tells a terminal nothing.
func (u *DateUnread) String() string { return fmt.Sprintf("%s:%d: %q", u.Source, u.Number, u.Value) }

// dateUnread returns what stands in the place of the date of a record, nil if that is one or none.
func dateUnread(it *item) *DateUnread {
	if it.rec.DateUnread == "" {
		return nil
	}
	return &DateUnread{it.raw.Source.Name, it.raw.Number, strings.Clone(it.rec.DateUnread)}
}

// countDate counts the date of a record if it can't be read.
func (s *Summary) countDate(it *item) {
	if it.rec.DateUnread == "" {
		return
	}
	s.DatesUnread++
	if s.FirstDateUnread == nil {
		s.FirstDateUnread = dateUnread(it)
	}
}

// count adds one judged document.
func (s *Summary) count(v Verdict) {
	if v.IDConflict {
		s.IDConflicts++
	}
	switch v.Kind {
	case Unique, Contains:
		s.Kept++
		return
	case Exact:
		s.Exact++
	case Near:
		s.Near++
	case Syndicated:
		s.Syndicated++
	}
	s.Dropped++
}

// countPart adds a part that was taken out of a document.
func (s *Summary) countPart(k Kind) {
	switch k {
	case InSection:
		s.Sections++
	case InParagraph:
		s.Paragraphs++
	case Boilerplate:
		s.Boilerplate++
	}
}

func (s *Summary) finish(start time.Time) {
	s.Seconds = time.Since(start).Seconds()
	if s.Seconds > 0 {
		s.DocumentsPerSecond = float64(s.Read) / s.Seconds
	}
	s.MaxRSSBytes = maxRSS()
}
