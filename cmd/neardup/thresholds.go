package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"neardup/dedup"
)

// thresholds are those that --explain-threshold tells of, the present one among them.
func thresholds(minResemblance float64) []dedup.Threshold {
	ts := append(dedup.DefaultThresholds(), dedup.Threshold{MinResemblance: minResemblance})
	byResemblance := func(a, b dedup.Threshold) int { return cmp.Compare(a.MinResemblance, b.MinResemblance) }
	slices.SortFunc(ts, byResemblance)
	return slices.CompactFunc(ts, func(a, b dedup.Threshold) bool { return a.MinResemblance == b.MinResemblance })
}

func printThresholds(out io.Writer, format string, ts []dedup.Threshold, s dedup.Summary, minResemblance float64) error {
	if format == "json" {
		e := json.NewEncoder(out)
		for _, t := range ts {
			if err := e.Encode(t); err != nil {
				return err
			}
		}
		return nil
	}
	return terminal(out).thresholds(ts, s, minResemblance)
}

// thresholds prints a table, and then pairs that each threshold decides.
func (w *printer) thresholds(ts []dedup.Threshold, s dedup.Summary, minResemblance float64) error {
	w.printf("%s\n", w.dim("  near from    would go           exact        near  syndicated"))
	for _, t := range ts {
		row := fmt.Sprintf("  %9s  %10s  %6s  %10s  %10s  %10s", resemblance(t.MinResemblance), grouped(int(t.Dropped)),
			percent(t.Dropped, s.Read), grouped(int(t.Exact)), grouped(int(t.Near)), grouped(int(t.Syndicated)))
		if t.MinResemblance == minResemblance {
			row = w.bold(row) + w.dim("  as now")
		}
		w.printf("%s\n", row)
	}
	for i, t := range ts {
		which := "near at " + resemblance(t.MinResemblance)
		if i+1 < len(ts) {
			which += " and not at " + resemblance(ts[i+1].MinResemblance)
		}
		if len(t.Borderline) == 0 {
			w.printf("\n%s: none\n", w.bold(which))
			continue
		}
		w.printf("\n%s, the least so first:\n", w.bold(which))
		for _, p := range t.Borderline {
			w.printf("  %.3f  %s\n         %s\n", p.Resemblance, excerpt(p.A, w.width-9), excerpt(p.B, w.width-9))
			if p.Differ != nil {
				a, b := fromDifference(p.Differ.A, p.Differ.B)
				w.printf("         A  %s\n         B  %s\n", w.pieces(a, w.width-12), w.pieces(b, w.width-12))
			}
		}
	}
	w.printf("\n%s\n", w.dim("neardup compare --in INPUT A B shows all that two documents have in common."))
	return w.err
}

// resemblance writes two digits, or more if there are more.
func resemblance(r float64) string {
	if s := strconv.FormatFloat(r, 'f', -1, 64); len(s) > len("0.00") {
		return s
	}
	return fmt.Sprintf("%.2f", r)
}

// fromDifference leaves out what is the same on both sides, but for what stands just before the
// first difference.
func fromDifference(a, b []dedup.Piece) ([]dedup.Piece, []dedup.Piece) {
	first := func(ps []dedup.Piece) int {
		if i := slices.IndexFunc(ps, func(p dedup.Piece) bool { return !p.Same }); i >= 0 {
			return i
		}
		return len(ps)
	}
	from := max(0, min(first(a), first(b))-1)
	return a[min(from, len(a)):], b[min(from, len(b)):]
}

// pieces writes an excerpt on one line of at most n columns.
func (w *printer) pieces(ps []dedup.Piece, n int) string {
	if len(ps) == 0 {
		return w.dim("nothing there")
	}
	var b strings.Builder
	used := 0
	for i, p := range ps {
		text := []rune(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return ' '
			}
			return visible(r)
		}, p.Text))
		switch {
		case p.Omitted > 0:
			text = []rune("…")
		case i == 0 && p.Same && len(text) > 30 && len(ps) > 1:
			text = append([]rune("…"), text[len(text)-29:]...)
		}
		end := 0
		for end < len(text) && used+columns(text[end]) <= n-3 {
			used += columns(text[end])
			end++
		}
		part := string(text[:end])
		switch {
		case p.Same || p.Omitted > 0:
		case w.colour:
			part = w.style("33", part)
		default:
			part, used = "["+part+"]", used+2
		}
		b.WriteString(part)
		if end < len(text) {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}
