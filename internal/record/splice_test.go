package record

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestSplice cuts random ranges out of the texts of objects that are escaped in all ways, and
// decodes what is left.
func TestSplice(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	d := NewDecoder(DecodeOptions{Fields: Fields{Text: []string{"title", "body.text"}, ID: "id"}})
	for _, format := range []Format{JSONL, Lines, Text} {
		source := &Source{Name: "test", Format: format}
		for range 3000 {
			var raw *Raw
			if format == JSONL {
				body := fmt.Sprintf(`{"body" : {"x":[1.50], "text":%s}, "title" : %s , "id":"a\u0062", "e" : 1e5}`, jsonString(r), jsonString(r))
				raw = &Raw{Source: source, Bytes: []byte(body)}
			} else {
				raw = &Raw{Source: source, Bytes: []byte(plainText(r))}
			}
			rec, reject := d.Decode(raw)
			if reject != nil {
				t.Fatalf("%s: %v", raw.Bytes, reject)
			}
			cuts := randomCuts(r, rec.Text)
			out, err := d.Splice(raw, &rec, cuts)
			if err != nil {
				t.Fatal(err)
			}
			if format == JSONL && !json.Valid(out) {
				t.Fatalf("%s without %v is %s", raw.Bytes, cuts, out)
			}
			got, reject := d.Decode(&Raw{Source: source, Bytes: out})
			if reject != nil {
				t.Fatalf("%s: %v", out, reject)
			}
			want := string(without([]byte(rec.Text), cuts))
			if format == JSONL { // what stands between the two texts can't be cut
				at := strings.Index(rec.Text, separator)
				want = textWithoutCuts(rec.Text[:at], cuts, 0) + "\n\n" + textWithoutCuts(rec.Text[at+2:], cuts, at+2)
			}
			if got.Text != want {
				t.Fatalf("%s without %v is %s: text %q, want %q", raw.Bytes, cuts, out, got.Text, want)
			}
			if format == JSONL && (got.ID != "ab" || !strings.HasSuffix(string(out), ` , "id":"a\u0062", "e" : 1e5}`)) {
				t.Fatalf("other bytes are changed: %s", out)
			}
		}
	}
}

const separator = "\n\n"

func textWithoutCuts(s string, cuts []Cut, start int) string {
	var out strings.Builder
	for i := range len(s) {
		if !slices.ContainsFunc(cuts, func(c Cut) bool { return c.Start <= i+start && i+start < c.End }) {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// jsonString returns a JSON string of plain characters and all kinds of escapes (no second half of
// a surrogate pair: what is cut out never stands between two halves), without
// a blank line.
func jsonString(r *rand.Rand) string {
	parts := []string{"a", "bcd", "é", "中文", "😀", `\n`, `\"`, `\\`, `\/`, `\u4e2d`, `\ud83d\ude00`, `\ud83d`, `\u0041`, " "}
	var b strings.Builder
	b.WriteByte('"')
	last := ""
	for range r.IntN(12) {
		part := parts[r.IntN(len(parts))]
		if part == `\n` && last == part {
			continue
		}
		last = part
		b.WriteString(part)
	}
	if last == `\n` {
		b.WriteByte('z')
	}
	b.WriteByte('"')
	if s := b.String(); !strings.HasPrefix(s, `"\n`) {
		return s
	}
	return `"z` + b.String()[1:]
}

func plainText(r *rand.Rand) string {
	s := strings.Repeat("一行 text\twith\\escapes ", 1+r.IntN(5))
	if r.IntN(3) == 0 {
		return "\ufeff" + s
	}
	return s
}

func randomCuts(r *rand.Rand, text string) (cuts []Cut) {
	var boundaries []int
	for i := range text {
		boundaries = append(boundaries, i)
	}
	boundaries = append(boundaries, len(text))
	at := 0
	for at < len(boundaries)-1 {
		start := at + r.IntN(4)
		end := start + r.IntN(6)
		if end >= len(boundaries) {
			break
		}
		if start < end {
			cuts = append(cuts, Cut{boundaries[start], boundaries[end]})
		}
		at = end
	}
	return cuts
}
