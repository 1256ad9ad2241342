package record

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestReplace decodes and splices records with bytes that are not valid.
func TestReplace(t *testing.T) {
	const bad = "one \xff two \xe4\xb8 three"
	const good = "one \ufffd two \ufffd three"
	d := NewDecoder(DecodeOptions{Fields: plainFields, Replace: true})
	strict := NewDecoder(DecodeOptions{Fields: plainFields})
	for format, content := range map[string]string{
		"a.jsonl": `{"text":"\u0041` + bad + `","id":"` + "\xfe\"}\n",
		"a.csv":   "id,text\n1,A" + bad + "\n",
		"a.txt":   "A" + bad,
		"a.html":  "<p>A" + bad,
	} {
		raw := readAll(t, fromFile(t, format, []byte(content)), 0)[0]
		if _, reject := strict.Decode(raw); reject == nil || reject.Reason != InvalidUTF8 {
			t.Errorf("%s: %v", format, reject)
		}
		rec, reject := d.Decode(raw)
		if reject != nil || strings.TrimSpace(rec.Text) != "A"+good {
			t.Errorf("%s: %q, %v", format, rec.Text, reject)
			continue
		}
		if !raw.Source.Splices() {
			continue
		}
		at := strings.Index(rec.Text, " two")
		left, err := d.Splice(raw, &rec, []Cut{{at, at + len(" two")}})
		if want := strings.TrimSuffix(strings.Replace(content, " two", "", 1), "\n"); err != nil || string(left) != want || utf8.Valid(left) {
			t.Errorf("%s: %q, %v, want %q", format, left, err, want)
		}
	}
}

func TestReplaceParquet(t *testing.T) {
	source := fromFile(t, "a.parquet", parquetTexts(t, "one \xff two", "three"))
	d := NewDecoder(DecodeOptions{Fields: plainFields, Replace: true})
	r, err := source.Reader(Position{}, ReadOptions{Fields: plainFields})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, want := range []string{"one \ufffd two", "three"} {
		raw, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if rec, reject := d.Decode(raw); reject != nil || rec.Text != want {
			t.Errorf("%q, %v, want %q", rec.Text, reject, want)
		}
	}
}
