package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"neardup/internal/testkit"
)

// TestExactThresholds: clean drops and scan reports what is exactly at a threshold, at every number
// of shingles, and nothing below it.
func TestExactThresholds(t *testing.T) {
	w := testkit.NewWriter(2)
	for _, threshold := range testkit.Thresholds {
		share := strconv.FormatFloat(threshold.Share, 'g', -1, 64)
		t.Run("resemblance "+share, func(t *testing.T) {
			checkPairs(t, w.Resembling(threshold, 2000), "near", "--min-resemblance", share, "--min-containment", "1")
		})
		t.Run("containment "+share, func(t *testing.T) {
			checkPairs(t, w.Contained(threshold, 2000), "syndicated", "--min-resemblance", "1", "--min-containment", share)
		})
	}
}

// checkPairs runs clean and scan over pairs, and expects the kind for those that reach the threshold.
func checkPairs(t *testing.T, pairs []testkit.Pair, kind string, flags ...string) {
	t.Helper()
	dir := t.TempDir()
	docs := make([]testkit.Document, 0, 2*len(pairs))
	for i, x := range pairs {
		docs = append(docs, testkit.Document{ID: fmt.Sprint(i, "a"), Text: x.A}, testkit.Document{ID: fmt.Sprint(i, "b"), Text: x.B})
	}
	writeFile(t, filepath.Join(dir, "in.jsonl"), testkit.JSONL(docs))
	for _, command := range [][]string{
		{"clean", "in.jsonl", "-q", "-o", "out.jsonl", "--removed", "removed.jsonl"},
		{"scan", "in.jsonl", "-q"},
	} {
		c := exec.Command("neardup", append(command, flags...)...)
		c.Dir = dir
		rows, err := c.Output()
		if err != nil {
			t.Fatalf("%s: %v", command[0], err)
		}
		if command[0] == "clean" {
			rows = []byte(readFile(t, filepath.Join(dir, "removed.jsonl")))
		}
		found := map[string]string{} // the kinds of pairs
		for line := range bytes.Lines(rows) {
			var row struct{ ID, Kept, A, B, Kind string }
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatal(err)
			}
			found[row.Kept+row.A+" "+row.ID+row.B] = row.Kind
		}
		wrong := 0
		for i, x := range pairs {
			if (found[docs[2*i].ID+" "+docs[2*i+1].ID] == kind) == x.Reaches {
				continue
			}
			if wrong++; wrong <= 3 {
				t.Errorf("%s: sets of %d and %d with %d in common are wrong", command[0], x.LenA, x.LenB, x.Common)
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d of %d pairs are wrong", command[0], wrong, len(pairs))
		}
	}
}
