package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"neardup/dedup"
	"neardup/internal/record"
)

// progress returns a function that shows how far a job is, if someone looks, and one that
// clears it away.
func (s *streams) progress(quiet bool, sources []*record.Source) (show func(bytes, records int64), done func()) {
	f, ok := isTerminal(s.err)
	if quiet || !ok {
		return nil, func() {}
	}
	total := int64(0)
	for _, source := range sources {
		if source.Size < 0 {
			total = -1
			break
		}
		total += source.Size
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(f), progressbar.OptionShowBytes(true), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("neardup"), progressbar.OptionFullWidth())
	return func(bytes, records int64) {
		bar.Describe(fmt.Sprintf("%d records", records))
		_ = bar.Set64(bytes)
	}, func() { _ = bar.Clear() }
}

// finish prints the summary, writes it to a file if asked, and turns rejects and duplicates
// into outcomes. dates says what the run uses dates for, "" if it uses none.
func (s *streams) finish(summary dedup.Summary, r resourceFlags, failOnDuplicates bool, dates string) error {
	if !r.quiet {
		printSummary(s.err, summary, dates)
	}
	if r.summary != "" {
		if err := writeSummary(r.summary, summary, r.force); err != nil {
			return err
		}
	}
	switch {
	case failOnDuplicates && summary.Dropped > 0:
		return errDuplicates
	case summary.Rejected > 0:
		return errRejects
	}
	return nil
}

// The uses of dates, as hints tell them.
const (
	newestUsesDates = "--keep newest takes a record without a date last"
	expireUsesDates = "index expire leaves documents without a date"
)

func printSummary(w io.Writer, s dedup.Summary, dates string) {
	fmt.Fprintf(w, "neardup: read %d = kept %d + dropped %d + rejected %d + blank %d\n", s.Read, s.Kept, s.Dropped, s.Rejected, s.Blank)
	if s.Dropped > 0 {
		fmt.Fprintf(w, "neardup: dropped %d exact, %d near, %d syndicated, in %d clusters\n", s.Exact, s.Near, s.Syndicated, s.Clusters)
	}
	if s.Boilerplate+s.Sections+s.Paragraphs > 0 {
		fmt.Fprintf(w, "neardup: out of kept records %d paragraphs of boilerplate, %d sections, %d paragraphs of earlier records\n", s.Boilerplate, s.Sections, s.Paragraphs)
	}
	if s.FirstReject != nil {
		fmt.Fprintf(w, "neardup: the first reject: %v\n", s.FirstReject)
		if s.Rejected+s.Blank == s.Read && s.FirstReject.Reason == record.NoText {
			fmt.Fprintln(w, "neardup: hint: name the field that holds the text with --text-field")
		}
	}
	if s.Other > 0 {
		fmt.Fprintf(w, "neardup: %d records are no documents and passed through\n", s.Other)
	}
	if s.IDConflicts > 0 {
		fmt.Fprintf(w, "neardup: %d records have the id of an earlier one with another text\n", s.IDConflicts)
	}
	if s.DatesUnread > 0 {
		fmt.Fprintf(w, "neardup: %d dates can't be read and count as none, the first: %s\n", s.DatesUnread, strings.Map(visible, s.FirstDateUnread.String()))
		if dates != "" {
			fmt.Fprintf(w, "neardup: hint: %s; write them like 2026-01-31 or 2026-01-31T12:00:00Z\n", dates)
		}
	}
	for _, warning := range s.Warnings {
		fmt.Fprintf(w, "neardup: warning: %s\n", warning)
	}
	fmt.Fprintf(w, "neardup: %.1f MB in %.1f s, %.0f documents a second, %d MiB of memory\n",
		float64(s.BytesRead)/1e6, s.Seconds, s.DocumentsPerSecond, s.MaxRSSBytes>>20)
}
