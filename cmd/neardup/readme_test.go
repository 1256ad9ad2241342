package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// figures are what differs from run to run.
var figures = regexp.MustCompile(`(?m)^neardup: [0-9.]+ MB in .*\n`)

// TestReadme runs the sessions of the README and compares what they print.
func TestReadme(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "example"), os.DirFS("../../example")); err != nil {
		t.Fatal(err)
	}
	sessions := 0
	blocks := strings.Split(readFile(t, "../../README.md"), "```console\n")
	for _, command := range []string{"go run ./cmd/neardup clean example/corpus.jsonl ", "go test ./...\n"} {
		if !strings.Contains(blocks[0], "\n    "+command) {
			t.Errorf("%s is not named before the first session", command)
		}
	}
	for _, block := range blocks[1:] {
		session, _, _ := strings.Cut(block, "```")
		for _, part := range strings.Split("\n"+session, "\n$ ")[1:] {
			command, want, _ := strings.Cut(strings.TrimSuffix(part, "\n")+"\n", "\n")
			c := exec.Command("sh", "-c", strings.Replace(command, "go run ./cmd/neardup", "neardup", 1))
			c.Dir = dir
			got, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			if printed := figures.ReplaceAllString(string(got), ""); printed != want {
				t.Errorf("%s prints\n%s\nand the README says\n%s", command, printed, want)
			}
			sessions++
		}
	}
	if sessions < 4 {
		t.Errorf("only %d commands are shown", sessions)
	}
}
