package dedup_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"neardup/dedup"
	"neardup/shingle"
)

func ExampleOpen() {
	d, err := dedup.Open("", nil) // a temporary index; name a directory to keep it
	if err != nil {
		panic(err)
	}
	defer d.Close()
	for _, doc := range []dedup.Document{
		{ID: "a", Text: "老城区北街口的那间钟表铺，在本月重新开门了。"},
		{ID: "b", Text: "老城区北街口的\n那间钟表铺,在本月重新开门了｡"},
		{ID: "c", Text: "山村小学的天文课"},
	} {
		v, err := d.Add(doc)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %v %q\n", doc.ID, v.Kind, v.Of)
	}
	// Output:
	// a unique ""
	// b exact "a"
	// c unique ""
}

func ExampleDeduper_Check() {
	d, err := dedup.Open("", nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	text := "The harbour ferry will go back to its old timetable on the first Monday of spring, the port authority said."
	if _, err := d.Add(dedup.Document{ID: "a", Text: text}); err != nil {
		panic(err)
	}
	v, err := d.Check(dedup.Document{ID: "b", Text: text + " Finally!"})
	fmt.Printf("%v of %s, resemblance %.2f, distance %d, %v\n", v.Kind, v.Of, v.Resemblance, v.Distance, err)
	// Output: near of a, resemblance 0.92, distance 6, <nil>
}

func ExampleSections() {
	page := "标题\n\n第一段正文，讲述一件小事，并且说明它的来龙去脉。\n\n第二段正文，补充第一段没有说到的地方。\n\n" +
		"广告\n\n第一段正文，讲述一件小事，并且说明它的来龙去脉。\n第二段正文，补充第一段没有说到的地方。\n"
	for _, s := range dedup.Sections(page, nil).Sections {
		fmt.Println(s.Paragraphs, "paragraphs,", s.Characters, "characters")
		for _, o := range s.Occurrences {
			fmt.Println("bytes", o.Start, o.End, "lines", o.Line, o.EndLine)
		}
	}
	// Output:
	// 2 paragraphs, 45 characters
	// bytes 8 139 lines 3 5
	// bytes 149 279 lines 9 10
}

func ExampleSections_html() {
	source := "<div class=mobile-only><p>The first paragraph of a news article.<p>And the second one.</div>\n" +
		"<div><p>The <b>first</b> paragraph of a news article.</p><p>And the second one.</p></div>"
	for _, o := range dedup.Sections(source, &dedup.SectionOptions{HTML: true}).Sections[0].Occurrences {
		fmt.Println(o.Hidden, source[o.Start:o.End])
	}
	// Output:
	// true <div class=mobile-only><p>The first paragraph of a news article.<p>And the second one.</div>
	// false <div><p>The <b>first</b> paragraph of a news article.</p><p>And the second one.</p></div>
}

func ExampleRemoveRepeats() {
	page := "A page that stands twice.\nIt has two lines.\n--\nA page that stands twice. It has two lines.\n"
	left, removed := dedup.RemoveRepeats(page, nil)
	fmt.Printf("%q\n%v\n", left, removed)
	// Output:
	// "A page that stands twice.\nIt has two lines.\n--\n\n"
	// [{47 90}]
}

func ExampleScan() {
	in, err := dedup.Files("testdata/library.jsonl")
	if err != nil {
		panic(err)
	}
	defer in.Close()
	summary, err := dedup.Scan(context.Background(), dedup.ScanOptions{
		RowOptions: dedup.RowOptions{Input: in, Output: os.Stdout},
	})
	fmt.Println(summary.Read, summary.Near, err)
	// Output:
	// {"a":"a","b":"b","kind":"near","distance":7,"resemblance":0.808696,"containment_a":0.894231,"containment_b":0.894231}
	// 2 1 <nil>
}

func ExampleScan_overview() {
	in, err := dedup.Files("testdata/library.jsonl")
	if err != nil {
		panic(err)
	}
	defer in.Close()
	var o dedup.Overview
	_, err = dedup.Scan(context.Background(), dedup.ScanOptions{
		RowOptions: dedup.RowOptions{Input: in, Output: io.Discard},
		Overview:   &o,
	})
	for _, c := range o.Clusters {
		for _, m := range c.Members {
			fmt.Printf("%s, near %s: %q\n", m.ID, c.ID, m.Stretches[0].B[1].Text)
		}
	}
	fmt.Println(o.GoneBytes[dedup.Near], "of", o.Bytes, "bytes would go", err)
	// Output:
	// b, near a: "leek"
	// 111 of 222 bytes would go <nil>
}

func ExampleDefaultThresholds() {
	in, err := dedup.Files("testdata/library.jsonl")
	if err != nil {
		panic(err)
	}
	defer in.Close()
	ts := dedup.DefaultThresholds()
	_, err = dedup.Scan(context.Background(), dedup.ScanOptions{
		RowOptions: dedup.RowOptions{Input: in, Output: io.Discard},
		Thresholds: ts,
	})
	for _, t := range ts {
		fmt.Println(t.MinResemblance, t.Near, err)
	}
	// Output:
	// 0.7 1 <nil>
	// 0.75 1 <nil>
	// 0.8 1 <nil>
	// 0.85 0 <nil>
	// 0.9 0 <nil>
	// 0.95 0 <nil>
}

func ExampleClean() {
	in, err := dedup.Files("testdata/library.jsonl")
	if err != nil {
		panic(err)
	}
	defer in.Close()
	summary, err := dedup.Clean(context.Background(), dedup.CleanOptions{
		Input:  in,
		Out:    "-", // that is Stdout; the name of a file is safer
		Stdout: os.Stdout,
	})
	fmt.Println(summary.Read, summary.Kept, summary.Dropped, err)
	// Output:
	// {"id":"a","text":"The library lends out seeds of beans, kale and sunflowers, and in the autumn readers bring some of theirs back."}
	// 2 1 1 <nil>
}

func ExampleFingerprints() {
	in, err := dedup.Files("testdata/library.jsonl")
	if err != nil {
		panic(err)
	}
	defer in.Close()
	summary, err := dedup.Fingerprints(context.Background(), shingle.DefaultParams(), dedup.RowOptions{Input: in, Output: os.Stdout})
	fmt.Println(summary.Read, err)
	// Output:
	// {"id":"a","fingerprint":"f259f16efccaf468","shingles":104}
	// {"id":"b","fingerprint":"f219fb6ffceafc6a","shingles":104}
	// 2 <nil>
}

func ExampleCompare() {
	a := dedup.Document{ID: "a", Text: "A sentence of some length that is not copied.\nThe ferry runs every twenty minutes between six in the morning and ten at night, as it did before."}
	b := dedup.Document{ID: "b", Text: "THE FERRY runs every twenty minutes between six in the morning and ten at night, as it did before."}
	c, err := dedup.Compare(a, b, nil)
	fmt.Println(c.Kind, c.ContainmentA, c.ContainmentB, c.Spans, err)
	// Output: syndicated 0.664234 1 [{46 144 0 98 exact}] <nil>
}

func ExampleRepeatedParagraphs() {
	in, err := dedup.Files("testdata/letter.jsonl")
	if err != nil {
		panic(err)
	}
	defer in.Close()
	_, err = dedup.RepeatedParagraphs(context.Background(), dedup.ParagraphOptions{
		RowOptions: dedup.RowOptions{Input: in, Output: os.Stdout},
	})
	if err != nil {
		panic(err)
	}
	// Output: {"text":"Subscribe to our daily letter of news.","documents":2,"occurrences":2,"kind":"exact","first":"a"}
}

func ExampleFilter() {
	in, err := dedup.Stream(strings.NewReader("{\"id\":\"a\",\"text\":\"The library lends out seeds.\"}\n{\"id\":\"b\",\"text\":\"THE LIBRARY lends out seeds.\"}\n"))
	if err != nil {
		panic(err)
	}
	defer in.Close()
	summary, err := dedup.Filter(context.Background(), dedup.FilterOptions{
		Input:  in,
		Out:    "-", // that is Stdout
		Stdout: os.Stdout,
	})
	fmt.Println(summary.Read, summary.Dropped, err)
	// Output:
	// {"id":"a","text":"The library lends out seeds."}
	// 2 1 <nil>
}

func ExampleDeduper_Expire() {
	d, err := dedup.Open("", nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	for year, text := range map[int]string{2019: "The library lends out seeds.", 2026: "The ferry is late."} {
		doc := dedup.Document{ID: fmt.Sprint(year), Text: text, Date: time.Date(year, 5, 1, 0, 0, 0, 0, time.UTC)}
		if _, err := d.Add(doc); err != nil {
			panic(err)
		}
	}
	expired, err := d.Expire(context.Background(), dedup.ExpireOptions{Before: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)})
	fmt.Println(expired.Removed, err)
	// Output: 1 <nil>
}

func ExampleDeduper_Remove() {
	d, err := dedup.Open("", nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	for _, id := range []string{"a", "b"} {
		if _, err := d.Add(dedup.Document{ID: id, Text: "The library lends out seeds."}); err != nil {
			panic(err)
		}
	}
	removed, missing, err := d.Remove(context.Background(), "a", "c") // b was dropped in favour of a
	fmt.Println(removed, missing, err)
	v, err := d.Add(dedup.Document{ID: "d", Text: "The library lends out seeds."})
	fmt.Println(v.Kind, err)
	// Output:
	// 2 [c] <nil>
	// unique <nil>
}

func ExampleDeduper_Verify() {
	d, err := dedup.Open("", nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	if _, err := d.Add(dedup.Document{ID: "a", Text: "The library lends out seeds."}); err != nil {
		panic(err)
	}
	report, err := d.Verify(context.Background(), true)
	fmt.Println(report.OK(), report.Documents, err)
	// Output: true 1 <nil>
}
