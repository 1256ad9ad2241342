package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"neardup/dedup"
	"neardup/internal/record"
	"neardup/store"
)

func newIndex(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "index",
		Short: "Look into an index, repair it, remove documents from it",
		Long: `Look into an index, repair it, remove documents from it.

Exit status is 0 when done, 1 if it failed, 10 if there is no index, 11 if it is in use, 13 if
it is damaged or verify finds a fault, 14 if the disk is full, 64 for wrong usage, and 130 or
143 if it was interrupted.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("no command; pass stats, verify, list, rm, expire, rebuild or export")
		},
	}
	c.AddCommand(
		newIndexStats(s), newIndexVerify(s), newIndexList(s), newIndexExport(s),
		newIndexRemove(s), newIndexExpire(s), newIndexRebuild(s),
	)
	return c
}

// indexFlags are those of every command on an index.
type indexFlags struct {
	memory byteSize
	quiet  bool
}

func (f *indexFlags) add(fs *pflag.FlagSet) {
	f.memory = dedup.DefaultMemory
	fs.Var(&f.memory, "memory", "memory to use, about `SIZE`")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print errors only")
}

// withIndex opens the index that is there, whatever its parameters, and closes it afterwards.
func (s *streams) withIndex(dir string, f indexFlags, readOnly bool, do func(*dedup.Deduper) error) error {
	if f.memory < minMemory {
		return usagef("--memory %v is less than %v", &f.memory, &minMemory)
	}
	d, err := dedup.Open(dir, &dedup.Options{
		Memory: int64(f.memory), MustExist: true, ReadOnly: readOnly, AnyParams: true, OnFailure: s.endProcess,
	})
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.Close())
}

func (s *streams) note(f indexFlags, format string, args ...any) {
	if !f.quiet {
		fmt.Fprintf(s.err, "neardup: "+format+"\n", args...)
	}
}

func newIndexStats(s *streams) *cobra.Command {
	var f indexFlags
	var format string
	c := &cobra.Command{
		Use:   "stats DIR",
		Short: "Print the number of documents and the size of an index",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usagef("--format %q is not one of text, json", format)
			}
			return s.withIndex(args[0], f, true, func(d *dedup.Deduper) error {
				stats, err := d.Stats()
				if err != nil {
					return err
				}
				if format == "json" {
					return json.NewEncoder(s.out).Encode(stats)
				}
				_, err = fmt.Fprintf(s.out, "documents  %d\nbytes      %d\nparams     %s\nformat     %d\n",
					stats.Documents, stats.Bytes, stats.Params, stats.Format)
				return err
			})
		},
	}
	f.add(c.Flags())
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

func newIndexVerify(s *streams) *cobra.Command {
	var f indexFlags
	var readData bool
	c := &cobra.Command{
		Use:   "verify DIR",
		Short: "Check that everything in an index fits together",
		Long: `Check that everything in an index fits together: every document is in the sieves that it
belongs to, every entry of a sieve has its document, every text is there, the counts are
right. (The sieves are the tables by which copies are found; they are derived from the documents.)
What does not fit is printed, and the exit status is 13; rebuild makes the sieves anew.
Nothing is written.

With --read-data every checksum of every file is checked too, and every stored text.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withIndex(args[0], f, true, func(d *dedup.Deduper) error {
				r, err := d.Verify(cmd.Context(), readData)
				if r != nil {
					for _, fault := range r.Faults {
						fmt.Fprintln(s.out, fault)
					}
				}
				if err != nil {
					return err
				}
				if !r.OK() {
					return &store.DamageError{Path: args[0], Detail: fmt.Sprintf("%d faults were found", len(r.Faults))}
				}
				s.note(f, "%d documents, %d entries and %d texts fit together", r.Documents, r.Entries, r.Texts)
				if r.Orphans > 0 {
					s.note(f, "%d records of what repeated a document that was removed; they do no harm", r.Orphans)
				}
				return nil
			})
		},
	}
	f.add(c.Flags())
	c.Flags().BoolVar(&readData, "read-data", false, "check every checksum, and every stored text")
	return c
}

func newIndexList(s *streams) *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   "list DIR",
		Short: "Print the ids of the documents of an index",
		Long: `Print the ids of the documents of an index, one a line, in the order in which they were
added. An id with a character that can't be printed, or that begins with a quotation mark, is
printed as a JSON string. So rm --ids-from reads them.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withIndex(args[0], f, true, func(d *dedup.Deduper) error {
				out := bufio.NewWriter(s.out)
				err := d.Each(cmd.Context(), func(e dedup.Entry) error {
					_, err := fmt.Fprintln(out, quoteID(e.ID))
					return err
				})
				return errors.Join(err, out.Flush())
			})
		},
	}
	f.add(c.Flags())
	return c
}

func newIndexExport(s *streams) *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   "export DIR",
		Short: "Print everything that an index knows of its documents, as JSON lines",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withIndex(args[0], f, true, func(d *dedup.Deduper) error {
				out := bufio.NewWriter(s.out)
				return errors.Join(d.Export(cmd.Context(), out), out.Flush())
			})
		},
	}
	f.add(c.Flags())
	return c
}

const removeHelp = `

With a document go the records of those that were dropped in its favour: their texts, and its
own, are new when they come again. The documents are out of the index on disk when the command
ends. Their room on disk comes back with later writes, or at once with --compact. All records of
the index are read once.`

func newIndexRemove(s *streams) *cobra.Command {
	var f indexFlags
	var from string
	var compact bool
	c := &cobra.Command{
		Use:   "rm DIR [ID...]",
		Short: "Remove documents from an index",
		Long:  `Remove the documents with the ids that are named, or listed in a file, one a line.` + removeHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids := args[1:]
			if from != "" {
				more, err := s.readIDs(from)
				if err != nil {
					return err
				}
				ids = append(ids, more...)
			} else if len(ids) == 0 {
				return usagef("no id; name some, or pass --ids-from FILE")
			}
			return s.withIndex(args[0], f, false, func(d *dedup.Deduper) error {
				removed, missing, err := d.Remove(cmd.Context(), ids...)
				s.note(f, "removed %d documents", removed)
				if err != nil {
					return err
				}
				if len(missing) > 0 {
					s.note(f, "%d of %d ids are not in the index, the first is %s", len(missing), len(ids), quoteID(missing[0]))
				}
				return compactIf(cmd.Context(), d, compact)
			})
		},
	}
	f.add(c.Flags())
	c.Flags().StringVar(&from, "ids-from", "", "remove the ids in `FILE`, one a line as list prints them; - for standard input")
	c.Flags().BoolVar(&compact, "compact", false, "give the room back to the disk at once")
	return c
}

func newIndexExpire(s *streams) *cobra.Command {
	var f indexFlags
	var before, age string
	var undated, compact, dryRun bool
	c := &cobra.Command{
		Use:   "expire DIR (--before DATE | --older-than AGE)",
		Short: "Remove old documents from an index",
		Long: `Remove the documents with a date before DATE, or older than AGE. A document that came without a
date, or with one that could not be read, stays; with --undated it has the date of the day when it
was added.

With --dry-run nothing is removed: the ids of what would go are printed, one a line, as list
prints them, and counted.` + removeHelp,
		Example: `  neardup index expire seen.idx --older-than 90d
  neardup index expire seen.idx --before 2026-01-01 --dry-run
  neardup index expire seen.idx --before 2026-01-01 --undated`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := expiry(before, age, time.Now())
			if err != nil {
				return usageError{err}
			}
			o := dedup.ExpireOptions{Before: t, Undated: undated}
			if dryRun && compact {
				return usagef("--dry-run changes nothing, --compact does; pass one of them")
			}
			return s.withIndex(args[0], f, dryRun, func(d *dedup.Deduper) error {
				var e dedup.Expired
				var err error
				removed := "removed"
				if dryRun {
					removed = "would remove"
					e, err = s.listExpiring(cmd.Context(), d, o)
				} else {
					e, err = d.Expire(cmd.Context(), o)
				}
				s.note(f, "%s %d documents from before %s", removed, e.Removed, t.UTC().Format(time.RFC3339))
				if err != nil {
					return err
				}
				if e.Undated > 0 {
					s.note(f, "left %d documents without a date, or with one that could not be read", e.Undated)
					s.note(f, "hint: --undated takes them for as old as the day when they were added")
				}
				return compactIf(cmd.Context(), d, compact)
			})
		},
	}
	f.add(c.Flags())
	c.Flags().StringVar(&before, "before", "", "remove what is from before `DATE`, like 2026-01-31 or 2026-01-31T12:00:00Z")
	c.Flags().StringVar(&age, "older-than", "", "remove what is older than `AGE`, like 90d, 8w or 36h")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "remove nothing, and list what would go")
	c.Flags().BoolVar(&undated, "undated", false, "remove documents without a date too, by the day when they were added")
	c.Flags().BoolVar(&compact, "compact", false, "give the room back to the disk at once")
	return c
}

// listExpiring prints the ids of what would expire.
func (s *streams) listExpiring(ctx context.Context, d *dedup.Deduper, o dedup.ExpireOptions) (dedup.Expired, error) {
	out := bufio.NewWriter(s.out)
	e, err := d.Expiring(ctx, o, func(id string) error {
		_, err := fmt.Fprintln(out, quoteID(id))
		return err
	})
	return e, errors.Join(err, out.Flush())
}

func compactIf(ctx context.Context, d *dedup.Deduper, compact bool) error {
	if !compact {
		return nil
	}
	return d.Compact(ctx)
}

func newIndexRebuild(s *streams) *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   "rebuild DIR",
		Short: "Make the sieves of an index anew from its documents",
		Long: `Make the sieves of an index, the tables by which copies are found, anew from its documents. If
it is interrupted, the next command that opens the index continues.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withIndex(args[0], f, false, func(d *dedup.Deduper) error {
				if err := d.Rebuild(cmd.Context()); err != nil {
					return err
				}
				stats, err := d.Stats()
				s.note(f, "made the sieves of %d documents", stats.Documents)
				return err
			})
		},
	}
	f.add(c.Flags())
	return c
}

// expiry returns the time before which documents expire.
func expiry(before, age string, now time.Time) (time.Time, error) {
	switch {
	case (before == "") == (age == ""):
		return time.Time{}, errors.New("pass one of --before DATE and --older-than AGE")
	case before != "":
		if t, ok := record.ParseDate(before); ok && !t.IsZero() {
			return t, nil
		}
		return time.Time{}, fmt.Errorf("--before %q is not a date like 2026-01-31", before)
	}
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(age, unit)
		if !ok {
			continue
		}
		if n, err := strconv.ParseFloat(number, 64); err == nil && n > 0 && n < 1e5 {
			return now.Add(-time.Duration(n * float64(length))), nil
		}
	}
	if d, err := time.ParseDuration(age); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("--older-than %q is not an age like 90d, 8w or 36h", age)
}

// quoteID returns an id as it is printed on a line of its own.
func quoteID(id string) string {
	plain := id != "" && id[0] != '"' && strings.TrimSpace(id) == id &&
		strings.IndexFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if plain {
		return id
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return strconv.Quote(id)
	}
	return string(quoted)
}

// readIDs reads ids as quoteID writes them.
func (s *streams) readIDs(path string) ([]string, error) {
	in := s.in
	if path != record.Stdin {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	var ids []string
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		id := strings.TrimSpace(line)
		switch {
		case id == "":
			continue
		case id[0] == '"':
			if err := json.Unmarshal([]byte(id), &id); err != nil {
				return nil, fmt.Errorf("%s:%d: not a JSON string: %w", path, n, err)
			}
		}
		ids = append(ids, id)
	}
	return ids, nil
}
