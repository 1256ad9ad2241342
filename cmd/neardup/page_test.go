package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"neardup/dedup"
	"neardup/internal/testkit"
)

type pageReport struct {
	Source     string
	Characters int
	Sections   []any
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
		if len(r.Sections) > 0 {
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
