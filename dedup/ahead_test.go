package dedup

import (
	"testing"

	"neardup/internal/record"
	"neardup/internal/testkit"
	"neardup/shingle"
)

// TestAheadChangesNoJudgement judges documents by what was found ahead, by an analysis that was left off
// without ground, and by the whole one.
func TestAheadChangesNoJudgement(t *testing.T) {
	seed := testkit.Seed()
	t.Log("seed", seed)
	d := newDeduper(t, nil)
	docs := documents(seed, 300)
	for _, doc := range docs[:150] {
		add(t, d, doc)
	}
	again := docs[50] // the same record, and the same id with another text
	other := docs[51]
	other.Text = docs[200].Text
	docs = append(docs, again, other, Document{ID: "empty"}, Document{ID: "short", Text: "a few words"}, Document{Text: docs[3].Text, MadeID: true})
	digester := shingle.DefaultParams().NewDigester()
	known := 0
	for _, doc := range docs {
		it := &item{rec: record.Record{ID: doc.ID, OwnID: !doc.MadeID, Text: doc.Text}}
		all := d.analyse(digester, it)
		want, err := d.judge(doc, &all)
		if err != nil {
			t.Fatal(err)
		}
		analyse, read := d.lookAhead()
		it.analysis = analyse(digester, it)
		read([]*item{it})
		if it.partial {
			known++
		}
		falsely := analysis{text: doc.Text, hash: all.hash, characters: all.characters, partial: true}
		for name, a := range map[string]analysis{"ahead": it.analysis, "as if it were known": falsely} {
			if got, err := d.judge(doc, &a); err != nil || got != want {
				t.Errorf("%s, analysed %s: %+v, %v, want %+v", doc.ID, name, got, err, want)
			}
		}
	}
	if known < 20 || known > len(docs)-20 {
		t.Errorf("%d of %d were known", known, len(docs))
	}
}
