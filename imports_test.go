// Package neardup_test holds the layers of the module apart.
package neardup_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says what of ours a package may import, and which outside packages only some may.
var allowed = map[string][]string{
	"neardup/shingle":          {},
	"neardup/internal/record":  {"neardup/internal/codec", "neardup/internal/charset", "neardup/internal/markup", "neardup/internal/parquet"},
	"neardup/internal/parquet": {},
	"neardup/internal/codec":   {},
	"neardup/internal/durable": {"neardup/internal/fault"},
	"neardup/internal/fault":   {},
	"neardup/internal/charset": {},
	"neardup/internal/markup":  {},
	"neardup/store":            {"neardup/shingle", "neardup/internal/fault"},
	"neardup/dedup":            {"neardup/shingle", "neardup/store", "neardup/internal/codec", "neardup/internal/record", "neardup/internal/durable", "neardup/internal/charset", "neardup/internal/markup"},
	"neardup/cmd/neardup":      {"neardup/dedup", "neardup/store", "neardup/shingle", "neardup/internal/codec", "neardup/internal/record", "neardup/internal/durable", "neardup/internal/charset", "neardup/internal/markup"},
	"neardup/internal/testkit": {},
}

// only says which packages may import something from outside.
var only = map[string]string{
	"github.com/cockroachdb/pebble": "neardup/store",
	"github.com/mfonda/simhash":     "neardup/shingle",
	"github.com/spf13/":             "neardup/cmd/neardup",
	"github.com/valyala/fastjson":   "neardup/internal/record",
	"github.com/pierrec/lz4":        "neardup/internal/parquet",
	"github.com/parquet-go/":        "", // tests alone
	"github.com/therootcompany/xz":  "neardup/internal/codec",
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "neardup" {
			continue
		}
		may, ok := allowed[p.ImportPath]
		if !ok {
			t.Errorf("%s has no place in the table of imports", p.ImportPath)
		}
		seen++
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "neardup/") && !slices.Contains(may, i) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
			for prefix, importer := range only {
				if strings.HasPrefix(i, prefix) && p.ImportPath != importer {
					t.Errorf("%s imports %s, which only %s may", p.ImportPath, i, importer)
				}
			}
			if p.ImportPath == "neardup/shingle" && (i == "os" || strings.HasPrefix(i, "net")) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d packages were seen, the table has %d", seen, len(allowed))
	}
}
