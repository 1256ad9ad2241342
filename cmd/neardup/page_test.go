package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"neardup/dedup"
	"neardup/internal/testkit"
)

type pageReport struct {
	RepeatedCharacters int `json:"repeated_characters"`
	Source             string
	Characters         int
	Sections           []any
}

// reports runs page, and returns its report by source.
func reports(t *testing.T, dir string, args ...string) map[string]pageReport {
	t.Helper()
	c := exec.Command("neardup", append([]string{"page", "--format", "json"}, args...)...)
	c.Dir = dir
	out, err := c.Output()
	if code := exitCode(t, err); code != exitDone {
		t.Fatalf("page %q: exit code %d", args, code)
	}
	all := map[string]pageReport{}
	for line := range strings.Lines(string(out)) {
		var r pageReport
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all[r.Source] = r
	}
	return all
}

// TestManyPages looks at pages in a directory and in archives, and fixes the directory.
func TestManyPages(t *testing.T) {
	seed := newSeed(t)
	dir := t.TempDir()
	records := []string{testkit.WARCRecord(map[string]string{"WARC-Type": "warcinfo", "Content-Type": "application/warc-fields"}, "software: test\r\n")}
	pages := map[string]testkit.Page{}
	for i := range testkit.Scale(30, 200, 2000) {
		page := testkit.NewWriter(seed + uint64(i)).Page(true)
		name := fmt.Sprintf("site/%d/page %d.html", i%5, i)
		pages[name] = page
		writeIn(t, dir, name, page.Source)
		records = append(records, testkit.WARCRecord(map[string]string{
			"WARC-Type": "response", "WARC-Target-URI": name, "Content-Type": "application/http; msgtype=response",
		}, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"+page.Source))
	}
	writeFile(t, filepath.Join(dir, "in.warc"), []byte(strings.Join(records, "")))
	writeFile(t, filepath.Join(dir, "in.warc.gz"), gzipped(t, records...))

	found := reports(t, dir, "site")
	if len(found) != len(pages) {
		t.Fatalf("%d pages of %d are reported", len(found), len(pages))
	}
	for _, archive := range []string{"in.warc", "in.warc.gz"} {
		for source, got := range reports(t, dir, archive) {
			if want := found[source]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s in %s: %+v, and as a file %+v", source, archive, got, want)
			}
		}
	}
	if code, stderr := neardup(t, dir, "page", "--fix", "-o", "fixed", "site"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for name, page := range pages {
		got := readFile(t, filepath.Join(dir, "fixed", strings.TrimPrefix(name, "site/")))
		p := dedup.Sections(page.Source, &dedup.SectionOptions{HTML: true})
		want := page.Source
		for i := len(p.Cuts()) - 1; i >= 0; i-- {
			want = want[:p.Cuts()[i].Start] + want[p.Cuts()[i].End:]
		}
		if got != want {
			t.Errorf("%s: other bytes than those outside of %v", name, p.Cuts())
		}
	}
	for source, r := range reports(t, dir, "fixed") {
		joined := pages["site"+strings.TrimPrefix(source, "fixed")].Layout == "joined" // such lines stay, and are told
		if r.RepeatedCharacters > 0 || !joined && len(r.Sections) > 0 {
			t.Errorf("%s still has %+v", source, r.Sections)
		}
	}
}

// writeIn writes a file below a directory, and the directories on the way.
func writeIn(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, []byte(content))
}

// TestFixWritesAll fixes a directory of everything: what is changed are pages with repeats, and all
// else is there as it was, under the same names.
func TestFixWritesAll(t *testing.T) {
	dir := t.TempDir()
	const line = "A line of a page, of some length, which stands in it twice, and is not like another.\n"
	repeats := strings.Repeat(line+"It has another one below.\n\nbetween\n\n", 2)
	zipped := string(gzipped(t, repeats))
	changed := []string{"a.txt", "deep/er/a page.html", "zipped.txt.gz"}
	rejected := []string{"undecodable.html", "over the limit.txt", "broken.html.gz", "deep/cut.txt.gz"}
	all := map[string]string{
		"a.txt": repeats, "deep/er/a page.html": "<p>" + strings.ReplaceAll(repeats, "\n\n", "<p>"), "zipped.txt.gz": zipped,
		"undecodable.html": "caf\xe9\x81\xff", "over the limit.txt": strings.Repeat("a line\n", 200), "broken.html.gz": "\x1f\x8b broken", "deep/cut.txt.gz": zipped[:len(zipped)/2],
		"empty.html": "", "once.txt": "once\n", "once.html.gz": string(gzipped(t, "<p>once", "<p>more")), "once.txt.bz2": bzipped,
		"logo.png": "\x89PNG\x00", "large.bin": strings.Repeat("\x00\x01", 5000), "deep/style.css": repeats, "table.csv": "text\n\"x\n", "site.tar.gz": string(gzipped(t, strings.Repeat("tar", 99))),
		".htaccess": "deny\n", ".well-known/security.txt": repeats, "deep/.hidden.html": "<p>",
	}
	for name, content := range all {
		writeIn(t, dir, "site/"+name, content)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "site/nothing"), 0o777), os.Symlink("../a.txt", filepath.Join(dir, "site/deep/link.txt")),
		os.Chmod(filepath.Join(dir, "site/logo.png"), 0o555),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	code, stderr := neardup(t, dir, "page", "--fix", "--max-record-bytes", "1000", "-o", "fixed", "site")
	if code != exitRejects || !strings.Contains(stderr, "neardup: 3 of 7 pages had repeated sections; copied unchanged: 4 pages that could not be read, 5 files of other kinds\n") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	for _, name := range rejected {
		if !strings.Contains(stderr, "neardup: rejected: site/"+name) {
			t.Errorf("nothing is said of %s", name)
		}
	}
	if got, want := names(t, filepath.Join(dir, "fixed")), names(t, filepath.Join(dir, "site")); !slices.Equal(got, want) {
		t.Errorf("there are %q, and were %q", got, want)
	}
	for name, content := range all {
		if got := readFile(t, filepath.Join(dir, "fixed", name)); (got == content) == slices.Contains(changed, name) {
			t.Errorf("%s: %q became %q", name, content, got)
		}
	}
	if to, err := os.Readlink(filepath.Join(dir, "fixed/deep/link.txt")); err != nil || to != "../a.txt" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if code, stderr := neardup(t, dir, "page", "--fix", "-o", "again", "fixed", "--max-record-bytes", "1000"); code != exitRejects || !strings.Contains(stderr, "0 of 7 pages") {
		t.Errorf("again: exit code %d: %s", code, stderr)
	}

	// A directory of one page that can't be read, and two directories that hold the same.
	writeIn(t, dir, "lone/undecodable.html", all["undecodable.html"])
	if code, _ := neardup(t, dir, "page", "--fix", "-o", "lone-fixed", "lone"); code != exitRejects || readFile(t, filepath.Join(dir, "lone-fixed/undecodable.html")) != all["undecodable.html"] {
		t.Errorf("a lone page: exit code %d", code)
	}
	writeIn(t, dir, "lone/.htaccess", "allow\n")
	code, stderr = neardup(t, dir, "page", "--fix", "-o", "both", "site", "lone")
	if left, _ := filepath.Glob(filepath.Join(dir, "both*")); code != exitFailed || !strings.Contains(stderr, "would both be written as .htaccess") || len(left) > 0 {
		t.Errorf("two directories: exit code %d: %s, left %q", code, stderr, left)
	}
}

// bzipped is "once\n", compressed.
const bzipped = "BZh91AY&SY\x93\xb0h\x92\x00\x00\x02A\x00\x00\x10\x0a\x01\xa0\x00!\x86\x81\x9a\x0a\x1bqw$S\x85\x09\x09;\x06\x89 "

// names lists what is in a directory, in order.
func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		names = append(names, strings.TrimPrefix(path, dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestPagesOnBrokenDisk makes every operation fail in turn: the output is there when all of it
// is, and else nothing is left.
func TestPagesOnBrokenDisk(t *testing.T) {
	dir := t.TempDir()
	half := strings.Repeat("A line of a page, of some length, which stands in it twice.\n", 2)
	writeIn(t, dir, "site/a.txt", half+"between\n"+half)
	writeIn(t, dir, "site/b.txt", "another\n")
	for at := 1; ; at++ {
		c := exec.Command("neardup", "page", "--fix", "-o", "fixed", "site")
		c.Dir, c.Env = dir, environment("broken", at, 0, ".*", filepath.Join(dir, "fired"))
		out, err := c.CombinedOutput()
		code := exitCode(t, err)
		left, err := filepath.Glob(filepath.Join(dir, "fixed*"))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case code == exitDone:
			if at == 1 || len(left) != 1 || len(tree(t, left[0])) != 2 {
				t.Errorf("after %d operations: %v", at, left)
			}
			return
		case code != exitFailed || len(left) > 1 || len(left) == 1 && len(tree(t, filepath.Join(dir, "fixed"))) != 2:
			t.Errorf("operation %d: exit code %d, %v, %s", at, code, left, out)
		}
		for _, path := range left { // it had its name, and that may not be durable
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}
