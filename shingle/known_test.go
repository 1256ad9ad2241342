package shingle

import (
	"encoding/json"
	"os"
	"testing"
)

// TestKnownAnswers compares with what testdata/fingerprints.py computed.
func TestKnownAnswers(t *testing.T) {
	data, err := os.ReadFile("testdata/fingerprints.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Size, Text, Fingerprint string
		Shingles                int
		FoldHan                 bool `json:"fold_han"`
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) < 500 {
		t.Errorf("only %d known answers", len(rows))
	}
	for i, row := range rows {
		p, err := ParseParams(row.Size)
		if err != nil {
			t.Fatal(err)
		}
		p.FoldHan = row.FoldHan
		f, n, _ := p.Fingerprint(row.Text)
		if f.String() != row.Fingerprint || n != row.Shingles {
			t.Errorf("%d: %s: %q: got %v of %d shingles, want %s of %d\nnormal: %q", i, p.ID(), row.Text, f, n, row.Fingerprint, row.Shingles, p.Normalize(row.Text))
		}
	}
}
