//go:build unix

package dedup

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"neardup/internal/testkit"
)

// bigPages are pages of a size that take long or much memory in what is not linear.
func bigPages(size int) map[string]func() string {
	r := rand.New(rand.NewPCG(1, 1))
	fill := func(f func() string) string {
		var b strings.Builder
		for b.Len() < size {
			b.WriteString(f())
		}
		return b.String()[:size]
	}
	i := 0
	w := testkit.NewWriter(1)
	article := strings.ToValidUTF8(fill(func() string { return strings.Join(w.Article(10), "\n\n") + "\n" }), "")
	half := strings.ToValidUTF8(article[:len(article)/2], "")
	line := "A paragraph of some length, number %d, which says little of what there is to say here.\n"
	return map[string]func() string{
		"articles":                  func() string { return article },
		"half twice":                func() string { return half + "\nbetween\n" + half },
		"half twice, one line":      func() string { return half + "\nbetween\n" + strings.ReplaceAll(half, "\n", " ") },
		"one line":                  func() string { return strings.ReplaceAll(article, "\n", " ") },
		"one letter":                func() string { return strings.Repeat("a", size) },
		"lines of one letter":       func() string { return strings.Repeat("a\n", size/2) },
		"random letters":            func() string { return fill(func() string { return string(rune('a'+r.IntN(26))) + "\n" }) },
		"two letters":               func() string { return fill(func() string { return string(rune('a'+r.IntN(2))) + "\n" }) },
		"numbers":                   func() string { return fill(func() string { i++; return fmt.Sprintln(i) }) },
		"near lines":                func() string { return fill(func() string { i++; return fmt.Sprintf(line, i) }) },
		"near lines, random":        func() string { return fill(func() string { return fmt.Sprintf(line, r.IntN(1e9)) }) },
		"few lines":                 func() string { return fill(func() string { return fmt.Sprintf(line, r.IntN(9)) }) },
		"same line":                 func() string { return fill(func() string { return fmt.Sprintf(line, 0) }) },
		"row of dashes":             func() string { return strings.Repeat("-", size) },
		"words":                     func() string { return fill(func() string { return []string{"one ", "two ", "three\n"}[r.IntN(3)] }) },
		"a line of equal sentences": func() string { return fill(func() string { return stories[1] + " " }) },
		"a line of few sentences": func() string {
			return fill(func() string { return stories[r.IntN(len(stories))] + " " })
		},
		"a line of pairs": func() string {
			return fill(func() string {
				i++
				return strings.Repeat(fmt.Sprintf("Number %d. ", i)+stories[i%len(stories)]+" ", 2+i%3)
			})
		},
		"sentences, then as a line": func() string {
			s := strings.ReplaceAll(half, ". ", ".\n")
			return s + "\n\nbetween\n\n" + strings.ReplaceAll(s, "\n", " ")
		},
		"sentences, then near ones in a line": func() string {
			var lines, line strings.Builder
			for ; lines.Len() < size/2; i++ {
				s := fmt.Sprintf("%d is the number of a sentence, which is %d when it is counted twice.", i, 2*i)
				lines.WriteString(s + "\n")
				line.WriteString(strings.Replace(s, "twice", []string{"twice", "again", "doubly"}[i%3], 1) + " ")
			}
			return lines.String() + "\n\nbetween\n\n" + line.String()
		},
		"two paragraphs many times in a line without a stop": func() string {
			a, b := strings.NewReplacer(".", " and").Replace(stories[0]), strings.NewReplacer(".", " and").Replace(stories[1])
			return a + "\n" + b + "\n" + fill(func() string { i++; return fmt.Sprint(a, " ", b, " ", i, " ") })
		},
		"long lines alike": func() string {
			return fill(func() string { i++; return half[:min(len(half), size/20)] + fmt.Sprintln("\n", i) })
		},
	}
}

// cpuTime is the time that this process has taken so far, the collector's on other cores
// included. Unlike the time of day it is not that of other processes.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBigPages holds pages of 10 MB, in the long tier, to a time and half a gibibyte.
func TestBigPages(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(400 << 20))
	size := testkit.Scale(200, 2000, 10000) * 1000
	for name, made := range bigPages(size) {
		page := made()
		for _, html := range []bool{false, true} {
			if html {
				page = strings.ReplaceAll(page, "\n", "<p>")[:min(len(page), size)]
				page = strings.ToValidUTF8(page, "")
			}
			start := cpuTime(t)
			p := Sections(page, &SectionOptions{HTML: html})
			took := cpuTime(t) - start
			t.Logf("%-22s HTML %-5v %6.2f s, peak %d MB, %d sections", name, html, took.Seconds(), maxRSS()>>20, len(p.Sections))
			if took > 8*time.Second {
				t.Errorf("%s, HTML %v: %d bytes take %v of all cores", name, html, len(page), took)
			}
			if peak := maxRSS(); testkit.Tier() == "long" && peak > 512<<20 {
				t.Errorf("%s, HTML %v: %d MB", name, html, peak>>20)
			}
			debug.FreeOSMemory()
		}
	}
}
