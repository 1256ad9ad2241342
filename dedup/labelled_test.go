package dedup

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The sets of labelled documents lie in the directory that NEARDUP_DATA names: SET/docs.jsonl,
// and SET/gold.tsv with pairs (id1, id2) or clusters (id, cluster). Without it the tests of this
// file are skipped.
func labelled(t *testing.T, set string) (docs string, gold []map[string]string) {
	t.Helper()
	dir := os.Getenv("NEARDUP_DATA")
	if dir == "" {
		t.Skip("NEARDUP_DATA names no directory of labelled documents")
	}
	b, err := os.ReadFile(filepath.Join(dir, set, "gold.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	header := strings.Split(lines[0], "\t")
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, value := range strings.Split(line, "\t") {
			row[header[i]] = value
		}
		gold = append(gold, row)
	}
	return filepath.Join(dir, set, "docs.jsonl"), gold
}

func pairOf(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// scanPairs returns the pairs that scan reports, all of them, and their kinds.
func scanPairs(t *testing.T, docs string) map[[2]string]string {
	t.Helper()
	var out bytes.Buffer
	_, err := Scan(t.Context(), ScanOptions{RowOptions: RowOptions{Input: inputOf(t, docs), Output: &out}, AllPairs: true})
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[[2]string]string{}
	for _, row := range rowsOf[struct{ A, B, Kind string }](t, out.Bytes()) {
		pairs[pairOf(row.A, row.B)] = row.Kind
	}
	return pairs
}

// TestRecallByOperation is the table of doc/accuracy.md on texts that were edited in one way
// each: every edited text is to be found together with the text that it was made from.
func TestRecallByOperation(t *testing.T) {
	docs, gold := labelled(t, "synth-cjk")
	pairs := scanPairs(t, docs)
	clusters := map[string][]string{}
	type tally struct{ found, all int }
	byOp := map[string]*tally{}
	for _, row := range gold {
		id, op := row["id"], row["op"]
		clusters[id] = append(clusters[id], row["cluster"])
		if row["cluster2"] != "" {
			clusters[id] = append(clusters[id], row["cluster2"])
		}
		if op == "base" {
			continue
		}
		if byOp[op] == nil {
			byOp[op] = &tally{}
		}
		byOp[op].all++
		if _, ok := pairs[pairOf(id, row["cluster"]+"/base")]; ok {
			byOp[op].found++
		}
	}
	for _, op := range slices.Sorted(maps.Keys(byOp)) {
		n := byOp[op]
		recall := float64(n.found) / float64(n.all)
		t.Logf("%-18s %3d %.2f", op, n.all, recall)
		if slices.Contains([]string{"boiler_heavy", "trunc50", "merge", "repost_mix", "drop25"}, op) && recall < .98 {
			t.Errorf("%s: recall %.3f", op, recall)
		}
	}
	wrong, different := 0, 0
	ids := slices.Sorted(maps.Keys(clusters))
	for i, a := range ids {
		for _, b := range ids[:i] {
			if slices.ContainsFunc(clusters[a], func(c string) bool { return slices.Contains(clusters[b], c) }) {
				continue
			}
			different++
			if kind, ok := pairs[pairOf(a, b)]; ok {
				wrong++
				t.Logf("%s and %s are called %s", a, b, kind)
			}
		}
	}
	t.Logf("%d of %d pairs of different clusters are joined", wrong, different)
	if wrong*1000 > different {
		t.Errorf("%d of %d pairs of different clusters are joined", wrong, different)
	}
}

// TestPrecisionAndRecall logs both on real documents, which are not labelled completely.
func TestPrecisionAndRecall(t *testing.T) {
	for _, set := range []string{"zh-laws", "ja-laws", "docs-karmada", "licenses-en"} {
		docs, gold := labelled(t, set)
		truth := map[[2]string]bool{}
		byCluster := map[string][]string{}
		for _, row := range gold {
			if row["id1"] != "" {
				truth[pairOf(row["id1"], row["id2"])] = true
				continue
			}
			for _, other := range byCluster[row["cluster"]] {
				truth[pairOf(row["id"], other)] = true
			}
			byCluster[row["cluster"]] = append(byCluster[row["cluster"]], row["id"])
		}
		pairs := scanPairs(t, docs)
		kinds := map[string]string{}
		for _, kind := range []string{"exact", "near", "syndicated"} {
			right, all := 0, 0
			for p, k := range pairs {
				if k == kind {
					all++
					if truth[p] {
						right++
					}
				}
			}
			kinds[kind] = fmt.Sprintf("%d of %d", right, all)
		}
		found := 0
		for p := range truth {
			if pairs[p] != "" {
				found++
			}
		}
		t.Logf("%s: recall %d of %d; in the labels: %v", set, found, len(truth), kinds)
	}
}

// TestSpansOfLabelledSets cuts every span of every removed row out of both texts.
func TestSpansOfLabelledSets(t *testing.T) {
	for _, set := range []string{"synth-cjk", "zh-laws", "ja-laws", "docs-karmada", "licenses-en"} {
		path, _ := labelled(t, set)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pages := rowsOf[page](t, b)
		for _, keep := range []KeepPolicy{KeepFirst, KeepLongest} {
			c := clean(t, CleanOptions{Keep: keep, Trim: TrimOptions{Sections: true, Paragraphs: true, Boilerplate: .3}}, pages)
			t.Logf("%s, %s kept: %d spans in %d rows", set, keep, checkRows(t, pages, c.removed), len(c.removed))
		}
	}
}
