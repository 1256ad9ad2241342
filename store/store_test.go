package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"neardup/internal/testkit"
	"neardup/shingle"
)

const testDir = "index"

func open(t *testing.T, fs vfs.FS) *Index {
	t.Helper()
	ix, err := Open(testDir, &Options{fs: fs, OnFailure: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func newRand(t *testing.T) *rand.Rand {
	seed := testkit.Seed()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func fingerprinted(n int, f shingle.Fingerprint) *Document {
	return &Document{
		ID: fmt.Sprintf("doc-%d", n), OwnID: n%2 == 0, ByShingles: true, ByText: true,
		Fingerprint: f, Text: TextHash{byte(n), byte(n >> 8), 3},
		Sketch: shingle.DefaultParams().Set(fmt.Sprintf("the text of document %d", n)).Sketch(),
	}
}

// nearRandom returns fingerprints of which many lie close together.
func nearRandom(r *rand.Rand, n int) []shingle.Fingerprint {
	fs := make([]shingle.Fingerprint, n)
	for i := range fs {
		fs[i] = shingle.Fingerprint(r.Uint64())
		if i > 0 && r.IntN(2) == 0 {
			fs[i] = fs[r.IntN(i)]
			for range r.IntN(10) {
				fs[i] ^= 1 << r.IntN(64)
			}
		}
	}
	return fs
}

func TestNearIsComplete(t *testing.T) {
	r := newRand(t)
	known := map[string]byte{"memory": 0, "database": blocks, "both": blocks, "memory for two tables": 2, "memory for no table": 0}
	for home, known := range known {
		t.Run(home, func(t *testing.T) {
			o, n := &Options{fs: vfs.NewMem()}, 10000
			switch home {
			case "memory for two tables":
				o.Memory = 5 * (2*filterFixed + 3*3*10000)
			case "memory for no table":
				o.Memory, n = 1<<20, 2000
			}
			ix, err := Open(testDir, o)
			if err != nil {
				t.Fatal(err)
			}
			defer ix.Close()
			all := nearRandom(r, n)
			for i, f := range all {
				if _, err := ix.Add(fingerprinted(i, f)); err != nil {
					t.Fatal(err)
				}
				if home != "memory" && i == n/2 || home == "database" && i == len(all)-1 {
					if err := errors.Join(ix.Commit(), ix.writeSieves(ix.last)); err != nil {
						t.Fatal(err)
					}
				}
			}
			found := 0
			for range 300 {
				f := all[r.IntN(len(all))]
				for range r.IntN(6) {
					f ^= 1 << r.IntN(64)
				}
				for k := 0; k <= MaxDistance; k++ {
					got, err := ix.Near(f, k)
					if err != nil {
						t.Fatal(err)
					}
					var want []Candidate
					for i, g := range all {
						if d := f.Distance(g); d <= k {
							want = append(want, Candidate{DocNum(i + 1), d})
						}
					}
					if !slices.Equal(got, want) {
						t.Fatalf("Near(%v, %d) = %v, want %v", f, k, got, want)
					}
					found += len(want)
				}
			}
			if found < 1000 {
				t.Fatalf("only %d neighbours in all: the test shows little", found)
			}
			if got := ix.written.blocks.known; got != known {
				t.Errorf("with %d bytes %d tables are known in memory, want %d", ix.opts.Memory, got, known)
			}
		})
	}
	ix := open(t, vfs.NewMem())
	defer ix.Close()
	if _, err := ix.Near(0, MaxDistance+1); err == nil {
		t.Error("a distance that is not searched completely is accepted")
	}
}

func TestSimilarFindsSharedBands(t *testing.T) {
	p := shingle.DefaultParams()
	words := strings.Fields(strings.Repeat("alpha beta gamma delta epsilon zeta eta theta iota kappa ", 1))
	r := newRand(t)
	var text []string
	for range 400 {
		text = append(text, words[r.IntN(len(words))]+fmt.Sprint(r.IntN(1000)))
	}
	original := p.Set(strings.Join(text, " "))
	text[200] = "changed"
	edited := p.Set(strings.Join(text, " "))
	for _, written := range []bool{false, true} {
		ix := open(t, vfs.NewMem())
		defer ix.Close()
		for i := range 2000 {
			d := fingerprinted(i, shingle.Fingerprint(r.Uint64()))
			if i == 1234 {
				d.Sketch = original.Sketch()
			}
			if _, err := ix.Add(d); err != nil {
				t.Fatal(err)
			}
		}
		if written {
			if err := errors.Join(ix.Commit(), ix.writeSieves(ix.last)); err != nil {
				t.Fatal(err)
			}
		}
		nums, cut, err := ix.Similar(edited.Sketch(), 100)
		if err != nil || cut || len(nums) == 0 || nums[0] != 1235 {
			t.Errorf("written %v: Similar = %v, %v, %v, want 1235 first", written, nums, cut, err)
		}
		if nums, cut, err := ix.Similar(edited.Sketch(), 0); err != nil || !cut || len(nums) > 0 {
			t.Errorf("with limit 0: %v, %v, %v, want a cut", nums, cut, err)
		}
	}
}

func TestReopen(t *testing.T) {
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprintf("clean=%v", clean), func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			ix := open(t, mem)
			var docs []*Document
			for i := range 50 {
				docs = append(docs, fingerprinted(i, shingle.Fingerprint(i)<<20))
				if _, err := ix.Add(docs[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := ix.Commit(Checkpoint{"run", []byte("half")}); err != nil {
				t.Fatal(err)
			}
			if _, err := ix.Add(fingerprinted(1000, 7)); err != nil {
				t.Fatal(err)
			}
			var fs vfs.FS = mem
			if clean {
				if err := ix.Close(); err != nil {
					t.Fatal(err)
				}
			} else {
				fs = mem.CrashClone(vfs.CrashCloneCfg{})
			}
			ix = open(t, fs)
			defer ix.Close()
			if got := ix.Last(); got != 50 {
				t.Fatalf("Last() = %d, want 50: what was not committed must be gone", got)
			}
			if data, err := ix.Checkpoint("run"); err != nil || string(data) != "half" {
				t.Fatalf("Checkpoint = %q, %v", data, err)
			}
			for i, want := range docs {
				n := DocNum(i + 1)
				got, err := ix.Document(n)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("Document(%d) = %+v, %v\nwant %+v", n, got, err, want)
				}
				near, err := ix.Near(want.Fingerprint, 0)
				if err != nil || !slices.Equal(near, []Candidate{{n, 0}}) {
					t.Fatalf("Near = %v, %v", near, err)
				}
				byText, err := ix.ByText(want.Text)
				if err != nil || !slices.Equal(byText, []DocNum{n}) {
					t.Fatalf("ByText = %v, %v", byText, err)
				}
				byID, err := ix.ByID(want.ID)
				if err != nil || (len(byID) == 1) != want.OwnID {
					t.Fatalf("ByID(%s) = %v, %v", want.ID, byID, err)
				}
			}
		})
	}
}

func TestSievesMoveToDatabase(t *testing.T) {
	ix, err := Open(testDir, &Options{fs: vfs.NewMem(), Memory: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	r := newRand(t)
	for i := range 30000 {
		if _, err := ix.Add(fingerprinted(i, shingle.Fingerprint(r.Uint64()))); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 999 {
			if err := ix.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ix.sieved == 0 {
		t.Fatal("the sieves never left memory")
	}
	if held := ix.newest.count * entryBytes; held > 4<<20 {
		t.Errorf("%d bytes of sieve entries are held in memory", held)
	}
}

func TestRefusals(t *testing.T) {
	made := func(t *testing.T, o *Options) string {
		dir := filepath.Join(t.TempDir(), "ix")
		ix, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	write := func(t *testing.T, path, data string) {
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		opts Options
		make func(t *testing.T) string
		want error
		says string
	}{
		{"missing", Options{MustExist: true}, func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, ErrNotExist, "none"},
		{"empty directory", Options{MustExist: true}, func(t *testing.T) string { return t.TempDir() }, ErrNotExist, ""},
		{"other directory", Options{}, func(t *testing.T) string {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "thesis.tex"), "precious")
			return dir
		}, ErrNotIndex, "not an index"},
		{"a file", Options{}, func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			write(t, path, "precious")
			return path
		}, ErrNotIndex, ""},
		{"other parameters", Options{Params: shingle.Params{Size: 5}}, func(t *testing.T) string { return made(t, nil) }, ErrParamsMismatch, "size=5"},
		{"other characters", Options{Params: shingle.Params{FoldHan: true}}, func(t *testing.T) string { return made(t, nil) }, ErrParamsMismatch, "fold=han"},
		{"newer format", Options{}, func(t *testing.T) string {
			dir := made(t, nil)
			write(t, filepath.Join(dir, identityName), `{"format":99,"params":"v2/size=auto"}`)
			return dir
		}, ErrFormatTooNew, "newer"},
		{"older format", Options{}, func(t *testing.T) string {
			dir := made(t, nil)
			write(t, filepath.Join(dir, identityName), `{"format":2,"params":"v2/size=auto"}`)
			return dir
		}, ErrFormatTooOld, "older"},
		{"description garbled", Options{}, func(t *testing.T) string {
			dir := made(t, nil)
			write(t, filepath.Join(dir, identityName), `{"form`)
			return dir
		}, ErrDamaged, identityName},
		{"description gone", Options{}, func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "ix")
			ix, err := Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			died := filepath.Join(t.TempDir(), "ix")
			_, err = ix.Add(fingerprinted(1, 1))
			if err := errors.Join(err, ix.Commit(), os.CopyFS(died, os.DirFS(dir)), ix.Close()); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(died, identityName)); err != nil {
				t.Fatal(err)
			}
			return died
		}, ErrDamaged, identityName},
		{"seal garbled", Options{}, func(t *testing.T) string {
			dir := made(t, nil)
			write(t, filepath.Join(dir, sealName), `{"form`)
			return dir
		}, ErrDamaged, sealName},
		{"in use", Options{}, func(t *testing.T) string {
			dir := made(t, nil)
			ix, err := Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { ix.Close() })
			return dir
		}, ErrLocked, "in use"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tt.make(t)
			before, _ := os.ReadDir(dir)
			ix, err := Open(dir, &tt.opts)
			if err == nil {
				ix.Close()
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open = %v, want %v that says %q", err, tt.want, tt.says)
			}
			if after, _ := os.ReadDir(dir); len(after) != len(before) {
				t.Errorf("a refused open left %v where %v was", after, before)
			}
		})
	}
}

// TestSealFindsDamage removes, empties, shortens and flips a bit in each file of a closed index.
func TestSealFindsDamage(t *testing.T) {
	dir, _ := sealed(t, 100)
	files, err := os.ReadDir(filepath.Join(dir, dbName))
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func(path string, data []byte) error{
		"removed": func(path string, _ []byte) error { return os.Remove(path) },
		"emptied": func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o644) },
		"halved":  func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)/2], 0o644) },
		"flipped": func(path string, data []byte) error {
			data = slices.Clone(data)
			data[len(data)/2] ^= 4
			return os.WriteFile(path, data, 0o644)
		},
	}
	tried := 0
	for _, f := range files {
		info, err := f.Info()
		if err != nil || f.Name() == "LOCK" || info.Size() == 0 {
			continue
		}
		for kind, do := range damage {
			if strings.HasSuffix(f.Name(), ".sst") && kind == "flipped" {
				continue // found by the table's own checksum when it is read
			}
			copied := filepath.Join(t.TempDir(), "ix")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(copied, dbName, f.Name())
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := do(path, data); err != nil {
				t.Fatal(err)
			}
			ix, err := Open(copied, nil)
			if err == nil {
				ix.Close()
			}
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), f.Name()) {
				t.Errorf("%s %s: Open = %v", f.Name(), kind, err)
			}
			tried++
		}
	}
	if tried < 10 {
		t.Errorf("only %d kinds of damage were tried", tried)
	}
}

func TestKeys(t *testing.T) {
	f := shingle.Fingerprint(0x0123456789abcdef)
	d := &Document{ID: "a", OwnID: true, ByText: true, ByShingles: true, Fingerprint: f, Text: TextHash{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	want := []string{
		"7305d24ec4f1a98c6e5b000000000000002a",
		"73040102030405060708000000000000002a",
	}
	for i, key := range d.Sketch.Bands() {
		want = append(want, fmt.Sprintf("73%02x%016x000000000000002a", 6+i, key))
	}
	es := appendEntries(nil, 42, d)
	inBuckets := slices.DeleteFunc(slices.Clone(es), func(e entry) bool { return e.table >= blocks })
	es = slices.DeleteFunc(es, func(e entry) bool { return e.table < blocks })
	if len(es) != len(want) {
		t.Fatalf("%d entries, want %d", len(es), len(want))
	}
	for i, e := range es {
		key := e.appendKey(nil)
		if got := fmt.Sprintf("%x", key); got != want[i] {
			t.Errorf("entry %d is %s, want %s", i, got, want[i])
		}
		if back, ok := parseEntry(key); !ok || back != e {
			t.Errorf("entry %x parses as %v", key, back)
		}
		if p := appendPrefix(nil, e.table, e.value); !slices.Equal(p, key[:split(key)]) {
			t.Errorf("prefix %x of key %x", p, key)
		}
	}
	// The block of table i is the i-th from below, and before its rest come the blocks above it.
	wantBuckets := []string{
		"7300cdef: ab8967452301" + "2a0000000000",
		"730189ab: 67452301efcd" + "2a0000000000",
		"73024567: 2301efcdab89" + "2a0000000000",
		"73030123: efcdab896745" + "2a0000000000",
	}
	if len(inBuckets) != len(wantBuckets) {
		t.Fatalf("%d entries in buckets, want %d", len(inBuckets), len(wantBuckets))
	}
	for i, e := range inBuckets {
		block, rest := cut(e.table, shingle.Fingerprint(e.value))
		got := fmt.Sprintf("%x: %x", bucketKey(e.table, block), bucket(nil).append(rest, e.num))
		if want := wantBuckets[i]; got != want {
			t.Errorf("bucket %d is %s, want %s", i, got, want)
		}
		if table, b, ok := parseBucketKey(bucketKey(e.table, block)); !ok || table != e.table || b != block {
			t.Errorf("key of bucket %d parses as %d, %d, %t", i, table, b, ok)
		}
		if join(e.table, block, rest) != f {
			t.Errorf("block and rest %d are joined to %v", i, join(e.table, block, rest))
		}
	}
	c := comparer()
	for _, p := range [][]byte{{'s', 1, 0, 255}, {'s', 1, 255, 255}, {'s', 15, 0, 0, 0, 0, 0, 0, 0, 255}, {'d'}, {'s', 255}} {
		next := c.ImmediateSuccessor(nil, p)
		if slices.Compare(p, next) >= 0 || c.Split(next) != len(next) {
			t.Errorf("successor of %x is %x", p, next)
		}
	}
}

func FuzzRecord(f *testing.F) {
	p := shingle.DefaultParams()
	for i, text := range []string{"", "short", strings.Repeat("some text 中文 ", 99)} {
		s := p.Set(text)
		d := fingerprinted(i, s.Fingerprint())
		d.Sketch, d.Site, d.Date, d.Characters = s.Sketch(), "example.org", -5, 12
		d.Location = Location{7, 1, 1 << 40, 99}
		d.Verdict = Verdict{Kind: 2, Of: 12, Distance: 3, Resemblance: .9, Containment: 1, ContainmentOf: .25}
		f.Add(appendDocument(nil, d))
		d.Date, d.Undated = 1714557600, true
		f.Add(appendDocument(nil, d))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDocument(b)
		if err != nil {
			return
		}
		again, err := parseDocument(appendDocument(nil, d))
		if err != nil {
			t.Fatalf("%+v is written and not read: %v", d, err)
		}
		if fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", d) {
			t.Fatalf("%+v came back as %+v", d, again)
		}
	})
}

func TestRecordRoundTrip(t *testing.T) {
	s := shingle.DefaultParams().Set(strings.Repeat("0123456789 some text 中文 ", 3))
	want := &Document{
		ID: "x\x00\xff", OwnID: true, ByText: true, ByShingles: true, Representative: true,
		Text: TextHash{1}, Verdict: Verdict{Kind: 1, Of: 3, Resemblance: .5}, Fingerprint: 1 << 63,
		Sketch: s.Sketch(), Characters: 10, Date: -1, Site: "a", Location: Location{1, 2, 3, 4},
	}
	got, err := parseDocument(appendDocument(nil, want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
	}
	for n := range appendDocument(nil, want) {
		if _, err := parseDocument(appendDocument(nil, want)[:n]); err == nil {
			t.Errorf("the first %d bytes parse", n)
		}
	}
}

// TestDates writes dates and reads them again, with and without a document's own, and as an
// older program does, that knows no documents without a date.
func TestDates(t *testing.T) {
	for _, c := range []struct{ in, want, old Document }{
		{Document{}, Document{}, Document{}},
		{Document{Date: -62135596800}, Document{Date: -62135596800}, Document{Date: -62135596800}},
		{Document{Date: 1714557600}, Document{Date: 1714557600}, Document{Date: 1714557600}},
		{Document{Date: dateless}, Document{Date: dateless - 1}, Document{Date: dateless - 1}},
		{Document{Undated: true}, Document{Undated: true}, Document{Date: dateless}},
		{Document{Date: 1714557600, Undated: true}, Document{Date: 1714557600, Undated: true}, Document{Date: dateless + 1714557600}},
		{Document{Date: -1, Undated: true}, Document{Undated: true}, Document{Date: dateless}},
	} {
		c.in.ByText = true
		got, err := parseDocument(appendDocument(nil, &c.in))
		if err != nil || got.Date != c.want.Date || got.Undated != c.want.Undated || c.in.date() != c.old.Date {
			t.Errorf("%d, %v is read as %d, %v, and by an older program as %d; %v", c.in.Date, c.in.Undated, got.Date, got.Undated, c.in.date(), err)
		}
	}
}

// TestSavedFilter closes an index and opens it again: with the filter as it was, with one that was
// changed, with an older one, and after a crash.
func TestSavedFilter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ix")
	path := filepath.Join(dir, filterName)
	reopen := func() *Index {
		t.Helper()
		ix, err := Open(dir, &Options{Memory: 4 << 20, savedFrom: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file stays while the index is open: %v", err)
		}
		return ix
	}
	n := 0
	grow := func(ix *Index) {
		t.Helper()
		for range 20 {
			n++
			if _, err := ix.Add(fingerprinted(n, shingle.Fingerprint(n)<<20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := ix.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	finds := func(ix *Index) {
		t.Helper()
		for i := 1; i <= n; i++ {
			if found, err := ix.Near(shingle.Fingerprint(i)<<20, 0); err != nil || !slices.ContainsFunc(found, func(c Candidate) bool { return int(c.Num) == i }) {
				t.Errorf("document %d of %d is not found: %v, %v", i, n, found, err)
			}
		}
	}
	saved := func(ix *Index) []byte {
		t.Helper()
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}

	ix := reopen()
	grow(ix)
	older := saved(ix)
	ix = reopen()
	if ix.written.filter.lines == nil {
		t.Error("the filter was not taken")
	}
	grow(ix)
	finds(ix)
	data := saved(ix)

	changed := slices.Clone(data)
	changed[slices.IndexFunc(changed, func(b byte) bool { return b != 0 })] = 0
	for name, content := range map[string][]byte{"changed": changed, "older": older, "cut": data[:len(data)-1], "empty": nil} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		ix = reopen()
		if ix.written.filter.lines != nil {
			t.Errorf("%s: the filter was taken", name)
		}
		finds(ix)
		saved(ix)
	}

	if err := os.Remove(filepath.Join(dir, sealName)); err != nil { // as if it had not come to that
		t.Fatal(err)
	}
	ix = reopen()
	if ix.written.filter.lines != nil {
		t.Error("the filter of an index that was not sealed was taken")
	}
	finds(ix)
	saved(ix)

	ix = reopen()
	ix.opts.minFree = 1 << 62
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := filepath.Glob(path + "*"); err != nil || len(names) > 0 {
		t.Errorf("on a full disk it is saved: %v, %v", names, err)
	}
	ix = reopen()
	finds(ix)
	if size := len(saved(ix)); size > 64<<10 {
		t.Errorf("the filter of %d documents takes %d bytes", n, size)
	}
	for _, memory := range []int64{64 << 10, 64 << 20} {
		ix, err := Open(dir, &Options{Memory: memory, savedFrom: 1})
		if err != nil {
			t.Fatal(err)
		}
		if memory > 1<<20 && ix.written.filter.lines == nil {
			t.Errorf("the filter was not taken with %d bytes", memory)
		}
		finds(ix)
		saved(ix)
	}

	for memory, taken := range map[int64]bool{64 << 10: true, 64 << 20: false} { // crowded by many more
		ix, err := Open(dir, &Options{Memory: 64 << 10, savedFrom: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			grow(ix)
		}
		saved(ix)
		if ix, err = Open(dir, &Options{Memory: memory, savedFrom: 1}); err != nil {
			t.Fatal(err)
		}
		if got := ix.written.filter.lines != nil; got != taken {
			t.Errorf("with %d bytes a crowded filter was taken: %t, want %t", memory, got, taken)
		}
		finds(ix)
		saved(ix)
	}
}

// TestFoldedFilter saves room, and holds what was added, at any size.
func TestFoldedFilter(t *testing.T) {
	f := newFilter(1 << 20)
	key := func(i int) (byte, uint64) {
		table := byte(i % tables)
		return table, uint64(i) * 0x9e3779b97f4a7c15
	}
	const added = 10_000
	for i := range added {
		f.add(key(i))
	}
	folded := f.folded()
	if bits := len(folded.lines) * 512; bits < 8*folded.set() || bits > 128*added {
		t.Errorf("folded to %d bits, %d of them set, for %d keys", bits, folded.set(), added)
	}
	for _, size := range []int64{1 << 16, int64(len(folded.lines)) * 64, 1 << 18, 1 << 24} {
		g := newFilter(size)
		g.addAll(folded)
		wrong := 0
		for i := range 2 * added {
			switch may := g.mayHold(key(i)); {
			case i < added && !may:
				t.Fatalf("in %d bytes key %d is lost", size, i)
			case i >= added && may:
				wrong++
			}
		}
		if size > 1<<16 && wrong > added/500 {
			t.Errorf("in %d bytes it takes %d of %d other keys for its own", size, wrong, added)
		}
	}
}

// TestBriefsOfAFewPlaces has more documents than places.
func TestBriefsOfAFewPlaces(t *testing.T) {
	c := briefCache{bound: 3}
	for n := DocNum(1); n <= 20; n++ {
		c.put(n, &Document{Article: int(n)})
		for m := DocNum(1); m <= n; m++ {
			b := c.find(m)
			if held := m+3 > n; held != (b != nil) || held && b.Article != int(m) {
				t.Errorf("after %d, of %d there is a brief: %v", n, m, b != nil)
			}
		}
	}
}
