package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"
)

var updateMan = flag.Bool("update", false, "write the man pages anew")

// TestManPages holds doc/man against the help texts, from which they are made.
func TestManPages(t *testing.T) {
	const folder = "../../doc/man"
	made := t.TempDir()
	if *updateMan {
		made = folder
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root := newRoot(&streams{})
	root.DisableAutoGenTag = true
	date := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	header := doc.GenManHeader{Title: "NEARDUP", Section: "1", Date: &date, Source: "neardup " + version, Manual: "neardup"}
	if err := doc.GenManTree(root, &header, made); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(made, "*.1"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(kept) != len(pages) {
		t.Errorf("%d pages are kept, of %d: run go test ./cmd/neardup -run ManPages -update", len(kept), len(pages))
	}
	for _, page := range pages {
		want := readFile(t, page)
		got, err := os.ReadFile(filepath.Join(folder, filepath.Base(page)))
		if err != nil || string(got) != want {
			t.Errorf("%s does not say what the help says: run go test ./cmd/neardup -run ManPages -update", filepath.Base(page))
		}
	}
}
