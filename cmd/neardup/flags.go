package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"neardup/dedup"
	"neardup/internal/record"
	"neardup/shingle"
	"neardup/store"
)

// inputFlags say what is read.
type inputFlags struct {
	format         string
	fields         record.Fields
	mainText       bool
	maxRecordBytes byteSize
	maxDecoded     byteSize
	maxBadRate     float64
	onBad          string
	invalid        string
	rejects        string
}

func (f *inputFlags) add(fs *pflag.FlagSet) {
	f.fields = record.DefaultFields()
	fs.StringVar(&f.format, "input-format", "", "read every input as `NAME`: "+record.FormatNames()+" (default: by name and content)")
	fs.StringArrayVar(&f.fields.Text, "text-field", f.fields.Text, "`FIELD` that holds the text; repeat to join several by a blank line; dots reach into objects")
	fs.StringVar(&f.fields.ID, "id-field", f.fields.ID, "`FIELD` that holds the id")
	fs.StringVar(&f.fields.URL, "url-field", f.fields.URL, "`FIELD` that holds the address")
	fs.StringVar(&f.fields.Date, "date-field", f.fields.Date, "`FIELD` that holds the date")
	fs.BoolVar(&f.mainText, "main-text", false, "of HTML pages compare the main article alone, without navigation, menus and footers")
	f.maxRecordBytes = record.DefaultMaxBytes
	fs.Var(&f.maxRecordBytes, "max-record-bytes", "reject records longer than `SIZE`")
	fs.Var(&f.maxDecoded, "max-decoded-bytes", "stop reading an input after `SIZE` of its content, decompressed (default: no limit)")
	fs.Float64Var(&f.maxBadRate, "max-bad-rate", dedup.DefaultMaxBadRate, "stop when more than this share of the records is rejected, looked at after 1,000")
	fs.StringVar(&f.onBad, "on-bad", string(dedup.SkipBad), "what happens to a record that can't be judged: skip, keep or fail")
	addInvalid(fs, &f.invalid)
	fs.StringVar(&f.rejects, "rejects", "", "list the records that can't be judged in `FILE`")
}

// addInvalid adds the flag that says what becomes of bytes that are not valid.
func addInvalid(fs *pflag.FlagSet, invalid *string) {
	fs.StringVar(invalid, "invalid", "reject", "what happens to text that is not valid in its encoding: reject, or replace, which compares it with U+FFFD for each bad sequence")
}

// replaces reads the flag --invalid.
func replaces(invalid string) (bool, error) {
	if invalid != "reject" && invalid != "replace" {
		return false, usagef("--invalid %q is not one of reject, replace", invalid)
	}
	return invalid == "replace", nil
}

// resourceFlags say what a run may use.
type resourceFlags struct {
	threads int
	memory  byteSize
	tempDir string
	force   bool
	quiet   bool
	summary string
}

func (f *resourceFlags) add(fs *pflag.FlagSet) {
	fs.IntVarP(&f.threads, "threads", "j", 0, "number of threads (default: all cores)")
	f.memory = dedup.DefaultMemory
	fs.Var(&f.memory, "memory", "memory to use, about `SIZE`")
	fs.StringVar(&f.tempDir, "temp-dir", "", "`DIR` for temporary files (default: the system's)")
	fs.BoolVar(&f.force, "force", false, "replace files that exist")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print errors only")
	fs.StringVar(&f.summary, "summary", "", "write the summary as JSON to `FILE`")
}

// compareFlags say how texts are compared.
type compareFlags struct {
	shingleFlags
	minResemblance float64
	minContainment float64
	maxDistance    int
}

func (f *compareFlags) add(fs *pflag.FlagSet) {
	f.shingleFlags.add(fs)
	fs.Float64Var(&f.minResemblance, "min-resemblance", dedup.DefaultMinResemblance, "share of shingles in common from which two texts are near duplicates")
	fs.Float64Var(&f.minContainment, "min-containment", dedup.DefaultMinContainment, "share of an article's shingles that another text has from which it is syndicated")
	fs.IntVar(&f.maxDistance, "max-distance", dedup.DefaultMaxDistance, fmt.Sprintf("Hamming distance within which fingerprints are searched, 0 to %d", store.MaxDistance))
}

// shingleFlags say what fingerprints are made from.
type shingleFlags struct {
	shingleSize string
	foldHan     bool
}

func (f *shingleFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.shingleSize, "shingle-size", "auto", "characters in a shingle: auto, by script, or a number")
	fs.BoolVar(&f.foldHan, "fold-han", false, "take simplified and traditional Chinese characters for the same")
}

func (f *shingleFlags) parse() (shingle.Params, error) {
	p, err := shingle.ParseParams(f.shingleSize)
	if err != nil {
		return p, usageError{err}
	}
	p.FoldHan = f.foldHan
	return p, nil
}

// params are what a summary tells of the settings.
func (f *shingleFlags) params() map[string]any {
	return map[string]any{"shingle_size": f.shingleSize, "fold_han": f.foldHan}
}

// input finds the sources and fills in what a job reads. Close the sources with
// record.CloseAll.
func (s *streams) input(args []string, f inputFlags, r resourceFlags, spool bool) (dedup.Input, error) {
	in := dedup.Input{
		Fields: f.fields, MaxRecordBytes: int64(f.maxRecordBytes), MaxDecoded: int64(f.maxDecoded), MainText: f.mainText,
		MaxBadRate: f.maxBadRate, OnBad: dedup.OnBad(f.onBad), Threads: r.threads,
	}
	switch in.OnBad {
	case dedup.SkipBad, dedup.KeepBad, dedup.FailBad:
	default:
		return in, usagef("--on-bad %q is not one of skip, keep, fail", f.onBad)
	}
	var err error
	if in.Replace, err = replaces(f.invalid); err != nil {
		return in, err
	}
	if r.threads < 0 {
		return in, usagef("--threads %d is less than 0", r.threads)
	}
	if !(f.maxBadRate >= 0 && f.maxBadRate <= 1) {
		return in, usagef("--max-bad-rate %v is not in 0 to 1", f.maxBadRate)
	}
	if err := checkFields(f.fields); err != nil {
		return in, err
	}
	if len(args) == 0 {
		return in, usagef("no input; name files, directories, or - for standard input")
	}
	if first := slices.Index(args, record.Stdin); first >= 0 && slices.Contains(args[first+1:], record.Stdin) {
		return in, usagef("standard input is named twice")
	}
	o := record.FindOptions{Stdin: s.in, Fields: f.fields, Spool: spool, TempDir: r.tempDir}
	if f.format != "" {
		if o.Format, err = record.ParseFormat(f.format); err != nil {
			return in, usageError{err}
		}
	}
	in.Sources, err = record.Find(args, o)
	return in, err
}

// checkFields refuses names that no field can have.
func checkFields(f record.Fields) error {
	for _, name := range f.Text {
		if slices.Contains(strings.Split(name, "."), "") {
			return usagef("--text-field %q is not the name of a field", name)
		}
	}
	return nil
}

// job runs a job over inputs, with progress, and tells what came of it. outputs are the files
// that it writes besides rejects and summary.
func (s *streams) job(args []string, f inputFlags, r resourceFlags, spool bool, outputs []string, run func(dedup.Input) (dedup.Summary, error)) (dedup.Summary, error) {
	in, err := s.input(args, f, r, spool)
	if err != nil {
		return dedup.Summary{}, err
	}
	defer record.CloseAll(in.Sources)
	for flag, path := range map[string]string{"rejects": f.rejects, "summary": r.summary} {
		if path == record.Stdin {
			return dedup.Summary{}, usagef("--%s is written to a file, not to standard output", flag)
		}
	}
	if err := refuseSame(in.Sources, append(outputs, f.rejects, r.summary)...); err != nil {
		return dedup.Summary{}, err
	}
	show, done := s.progress(r.quiet, in.Sources)
	in.Progress = show
	defer done()
	return run(in)
}

var minMemory byteSize = 32 << 20

// options checks the flags and returns what they say of comparing.
func (s *streams) options(f compareFlags, r resourceFlags) (dedup.Options, error) {
	p, err := f.shingleFlags.parse()
	if err != nil {
		return dedup.Options{}, err
	}
	switch {
	case !(f.minResemblance > 0 && f.minResemblance <= 1):
		return dedup.Options{}, usagef("--min-resemblance %v is not above 0 and at most 1", f.minResemblance)
	case !(f.minContainment > 0 && f.minContainment <= 1):
		return dedup.Options{}, usagef("--min-containment %v is not above 0 and at most 1", f.minContainment)
	case f.maxDistance < 0 || f.maxDistance > store.MaxDistance:
		return dedup.Options{}, usagef("--max-distance %d is not in 0 to %d", f.maxDistance, store.MaxDistance)
	}
	if r.memory < minMemory {
		return dedup.Options{}, usagef("--memory %v is less than %v", &r.memory, &minMemory)
	}
	// The rest is for what the collector does not see: the stacks, and what is not in Go's memory.
	debug.SetMemoryLimit(int64(r.memory)/16*13 - dedup.OutsideHeap(int64(r.memory)))
	return dedup.Options{
		Params: p, MinResemblance: f.minResemblance, MinContainment: f.minContainment, MaxDistance: &f.maxDistance,
		Memory: int64(r.memory), TempDir: r.tempDir, OnFailure: s.endProcess,
	}, nil
}

// endProcess is for a database that can't go on and can't return: see store.Options.
func (s *streams) endProcess(err error) {
	os.Exit(s.report(err, nil))
}

// refuseSame refuses outputs that are an input or each other.
func refuseSame(sources []*record.Source, outputs ...string) error {
	for i, out := range outputs {
		if out == "" || out == record.Stdin {
			continue
		}
		for _, s := range sources {
			if s.Name != record.Stdin && dedup.SameFile(s.Name, out) {
				return usagef("the output %s is an input", out)
			}
		}
		for _, other := range outputs[:i] {
			if other != "" && other != record.Stdin && dedup.SameFile(other, out) {
				return usagef("two outputs are %s", out)
			}
		}
	}
	return nil
}

// refuseInside refuses an output in a directory that is an input.
func refuseInside(inputs []string, out string) error {
	for _, input := range inputs {
		if rel, err := filepath.Rel(input, out); err == nil && out != record.Stdin && isDir(input) && !strings.HasPrefix(rel, "..") {
			return usagef("the output %s lies in the input %s: the next run would read it", out, input)
		}
	}
	return nil
}

// A byteSize is a flag in bytes, with an optional unit.
type byteSize int64

var units = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"B", 1}}

func (b *byteSize) Set(s string) error {
	number, unit := s, int64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(s, u.suffix); ok {
			number, unit = strings.TrimSpace(n), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n <= 0 || n*float64(unit) > 1<<62 {
		return fmt.Errorf("%q is not a size like 512MiB", s)
	}
	*b = byteSize(n * float64(unit))
	return nil
}

func (b *byteSize) String() string {
	if *b == 0 {
		return ""
	}
	for _, u := range []string{"GiB", "MiB", "KiB"} {
		for _, known := range units {
			if known.suffix == u && int64(*b) >= known.bytes && int64(*b)%known.bytes == 0 {
				return fmt.Sprintf("%d%s", int64(*b)/known.bytes, u)
			}
		}
	}
	return strconv.FormatInt(int64(*b), 10)
}

func (b *byteSize) Type() string { return "size" }

// allKinds are the kinds of duplicates, from the strictest on.
var allKinds = []dedup.Kind{dedup.Exact, dedup.Near, dedup.Syndicated}

// kindNames are the words for them.
func kindNames() (names []string) {
	for _, k := range allKinds {
		names = append(names, k.String())
	}
	return names
}

// parseKinds reads the kinds of duplicates that a flag names.
func parseKinds(flag string, names []string) (kinds []dedup.Kind, err error) {
	for _, name := range names {
		i := slices.Index(kindNames(), name)
		if i < 0 {
			return nil, usagef("%s %s is not one of %s", flag, name, strings.Join(kindNames(), ", "))
		}
		kinds = append(kinds, allKinds[i])
	}
	if len(kinds) == 0 {
		return nil, usagef("%s names no kind: %s", flag, strings.Join(kindNames(), ", "))
	}
	return kinds, nil
}
