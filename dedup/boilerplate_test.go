package dedup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"neardup/internal/record"
	"neardup/internal/testkit"
	"neardup/shingle"
)

// A page is a record of a test.
type page struct {
	ID   string `json:"id"`
	URL  string `json:"url,omitempty"`
	Date string `json:"date,omitempty"`
	Text string `json:"text"`
}

// pageFile writes pages as JSON lines.
func pageFile(t *testing.T, pages []page) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pages.jsonl")
	var out bytes.Buffer
	for _, p := range pages {
		if err := encodeRow(&out, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func inputOf(t *testing.T, paths ...string) Input {
	t.Helper()
	sources, err := record.Find(paths, record.FindOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { record.CloseAll(sources) })
	return Input{Sources: sources, Fields: record.Fields{Text: []string{"text"}, ID: "id", URL: "url", Date: "date"}}
}

// rowsOf reads JSON lines.
func rowsOf[T any](t *testing.T, b []byte) (rows []T) {
	t.Helper()
	for line := range bytes.Lines(b) {
		var row T
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// A cleaned is what a clean wrote.
type cleaned struct {
	Summary
	out     []byte
	kept    []page
	removed []map[string]any
}

func clean(t *testing.T, o CleanOptions, pages []page) cleaned {
	t.Helper()
	dir := t.TempDir()
	path := pageFile(t, pages)
	o.Input, o.Inputs = inputOf(t, path), []string{path}
	o.Out, o.Removed = filepath.Join(dir, "out.jsonl"), filepath.Join(dir, "removed.jsonl")
	s, err := Clean(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Read != s.Kept+s.Dropped+s.Rejected+s.Blank || s.Dropped != s.Exact+s.Near+s.Syndicated {
		t.Errorf("records are not conserved: %+v", s)
	}
	c := cleaned{Summary: s}
	if c.out, err = os.ReadFile(o.Out); err != nil {
		t.Fatal(err)
	}
	removed, err := os.ReadFile(o.Removed)
	if err != nil {
		t.Fatal(err)
	}
	c.kept, c.removed = rowsOf[page](t, c.out), rowsOf[map[string]any](t, removed)
	return c
}

// TestSiteOfManyPagesKeepsArticles: 200 pages of a site, 60 % of each of which is the same, and
// 85 % on another.
func TestSiteOfManyPagesKeepsArticles(t *testing.T) {
	w := testkit.NewWriter(7)
	chrome := w.Article(18)
	for _, article := range []int{12, 3} {
		var pages []page
		for i := range 200 {
			text := slices.Concat(chrome[:9], w.Article(article), chrome[9:])
			pages = append(pages, page{ID: fmt.Sprint(i), URL: fmt.Sprintf("https://a.example/%d", i), Text: strings.Join(text, "\n")})
		}
		if c := clean(t, CleanOptions{}, pages); c.Kept != 200 && article == 12 || c.Syndicated != 0 {
			t.Errorf("articles of %d paragraphs: %+v", article, c.Summary)
		}
	}
}

// TestArticleInAnotherFrame: the same stories on several sites, each of which has its own
// frame, which is longer than the stories.
func TestArticleInAnotherFrame(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := testkit.NewWriter(seed)
	stories := make([]string, 40)
	for i := range stories {
		stories[i] = strings.Join(w.Article(6), "\n")
	}
	var pages []page
	for site := range 4 {
		frame := w.Article(12)
		for i := range 20 {
			story := stories[(site*10+i)%len(stories)]
			pages = append(pages, page{
				ID: fmt.Sprintf("%d/%d", site, i), URL: fmt.Sprintf("https://%d.example/%d", site, i),
				Text: strings.Join(frame[:6], "\n") + "\n\n" + story + "\n" + strings.Join(frame[6:], "\n\n"),
			})
		}
	}
	c := clean(t, CleanOptions{}, pages)
	if c.Kept != 40 || c.Syndicated != 40 {
		t.Errorf("%+v", c.Summary)
	}
	var out bytes.Buffer
	s, err := Scan(context.Background(), ScanOptions{RowOptions: RowOptions{Input: inputOf(t, pageFile(t, pages)), Output: &out}})
	if rows := rowsOf[map[string]any](t, out.Bytes()); err != nil || s.Syndicated != 40 || len(rows) != 40 {
		t.Errorf("scan: %+v, %d rows, %v", s, len(rows), err)
	}
	for _, p := range pages { // without addresses nothing stands in 30 % of all
		p.URL = ""
	}
	if c := clean(t, CleanOptions{Options: Options{Kinds: []Kind{Exact, Near}}}, pages); c.Dropped != 0 {
		t.Errorf("without syndicated copies: %+v", c.Summary)
	}
}

// TestCensusAgainstCounting compares what is boilerplate with plain counting, in memory and
// with rows that are spilled, and a sample of a large site.
func TestCensusAgainstCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := newCensus(DefaultBoilerplate, &Options{TempDir: t.TempDir(), Memory: 1 << 20})
	defer c.rows.close()
	c.examples = true
	counts, documents := map[[2]uint64]int{}, map[uint64]int{}
	for i := range 30000 {
		site := uint64(r.IntN(300))
		if r.IntN(2) == 0 {
			site = 1000
		}
		documents[site]++
		var marks []mark
		for p := range uint64(6) {
			if r.Float64() < .1+float64(p)/10 {
				marks = append(marks, mark{hash: p + 1})
				counts[[2]uint64{site, p + 1}]++
			}
		}
		if err := c.add(marks, site, r.Uint64(), int64(i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	b, cut, err := c.result()
	if err != nil || cut != 0 || c.rows.file == nil {
		t.Fatalf("%v, %d are cut, spilled %v", err, cut, c.rows.file != nil)
	}
	for at, n := range counts {
		share := float64(n) / float64(documents[at[0]])
		_, is := b.known[onSite(at[0], at[1])]
		sampled := documents[at[0]] > censusDocuments && share > .28 && share < .32
		if want := share >= .3 && n >= minBoilerplate; is != want && !sampled {
			t.Errorf("site %d, paragraph %d: %v, stands in %d of %d", at[0], at[1], is, n, documents[at[0]])
		}
		if e := b.example(at[0], at[1], 0); is && e.id != fmt.Sprint(e.ordinal) {
			t.Errorf("example %+v", e)
		}
	}
}

// TestFilterGoesByWhatItHasSeen: a story in the frame of another site is found once the frame is
// known, in an index that was opened again too, and pages of a site are no copies for its
// frame.
func TestFilterGoesByWhatItHasSeen(t *testing.T) {
	w := testkit.NewWriter(9)
	dir := t.TempDir()
	opts := &Options{StoreText: true}
	frames := [][]string{w.Article(12), w.Article(12)}
	stories := make([]string, 30)
	for i := range stories {
		stories[i] = strings.Join(w.Article(6), "\n")
	}
	framed := func(site, story int) Document {
		f := frames[site]
		return Document{
			ID: fmt.Sprintf("%d/%d", site, story), Site: fmt.Sprintf("%d.example", site),
			Text: strings.Join(f[:6], "\n") + "\n" + stories[story] + "\n" + strings.Join(f[6:], "\n"),
		}
	}
	for part := range 2 {
		d, err := Open(dir, opts)
		if err != nil {
			t.Fatal(err)
		}
		if part == 0 {
			for i := range 20 {
				if v := add(t, d, framed(0, i)); v.Kind != Unique {
					t.Errorf("story %d: %+v", i, v)
				}
			}
			for i := 20; i < 26; i++ {
				add(t, d, framed(1, i))
			}
		} else {
			for i := range 10 {
				if v := add(t, d, framed(1, i)); v.Kind != Syndicated || v.Of != fmt.Sprintf("0/%d", i) {
					t.Errorf("story %d again: %+v", i, v)
				}
			}
			for i := 26; i < 30; i++ {
				if v := add(t, d, framed(1, i)); v.Kind != Unique {
					t.Errorf("a new story: %+v", v)
				}
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSetsOfAnalysis: shingles that were held are those that are made again, of a page with
// boilerplate and without.
func TestSetsOfAnalysis(t *testing.T) {
	d := newDeduper(t, nil)
	w := testkit.NewWriter(3)
	frame, site := w.Article(3), siteHash("a.example")
	known := &boilerplate{known: map[uint64]int32{}}
	for _, p := range frame {
		known.known[onSite(site, paragraphHash([]byte(shingle.Normalize(p))))] = 0
	}
	framed := 0
	for range 20 {
		text := strings.ToValidUTF8(strings.Join(slices.Concat(frame, w.Article(4)), "\n"), "")
		for _, b := range []*boilerplate{nil, known} {
			a := b.analyse(d.opts.Params.NewDigester(), text, site, need{sets: true, paragraphs: true})
			again := d.setsOf(text, a.is)
			if a.sets == nil || a.sets.framed != again.framed || a.sets.framed != (a.is != nil) || a.sets.text.Len() != a.shingles || a.sets.article.Len() != again.article.Len() {
				t.Fatalf("%+v was held and %+v is made again", a.sets, again)
			}
			if r := shingle.Resemblance(a.sets.text, again.text); r != 1 {
				t.Errorf("the texts resemble each other by %v", r)
			}
			if again.framed {
				framed++
				if r := shingle.Resemblance(a.sets.article, again.article); r != 1 || a.article != again.article.Len() {
					t.Errorf("the articles resemble each other by %v", r)
				}
			}
		}
	}
	if framed == 0 {
		t.Error("no page has boilerplate")
	}
}
