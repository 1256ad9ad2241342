package dedup

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"neardup/shingle"
)

// A sectionFinder explains the repeats of a page by few and long sections.
//
// The symbols of segments that are equal, and the classes of those that are near, make the
// page a sequence. Its longest repeats of what stands earlier are claimed, those with most
// characters first. A claim goes on over small changes, and takes its segments out of all
// repeats that are left.
type sectionFinder struct {
	opts     SectionOptions
	params   shingle.Params
	text     string
	segments []segment
	symbols  []int32 // equal for segments that are equal
	distinct int     // symbols
	classes  []int32 // equal for segments that are near, most of them

	// Running sums over the segments before, those without a letter or digit left out: a row
	// of dashes is no paragraph.
	characters []int32 // code points
	begun      []int32 // paragraphs whose letters have begun

	lists    []listState  // as far as it was asked for
	compared []comparison // see spanResemblance
	repeats  repeats      // of classes
	state    []claimState
	claims   map[span][]span // later occurrences, by the first
}

type claimState uint8

const (
	free     claimState = iota
	repeated            // in a later occurrence
	inserted            // in a later occurrence, and it does not stand in the first
)

// A span is a range of segments.
type span struct{ from, to int32 }

// A pairing is two segments that match, of the first and a later occurrence.
type pairing struct{ first, later int32 }

func newSectionFinder(text string, o SectionOptions) *sectionFinder {
	f := &sectionFinder{opts: o, params: shingle.DefaultParams(), text: text, claims: map[span][]span{}}
	f.segments = segments(text, shingle.Paragraphs(text))
	n := len(f.segments)
	f.symbols, f.distinct = numberSegments(text, f.segments)
	bySymbol := nearClasses(f.params, text, f.segments, f.symbols, f.distinct)
	f.classes = make([]int32, n)
	f.characters, f.begun = make([]int32, n+1), make([]int32, n+1)
	f.state, f.lists = make([]claimState, n), make([]listState, n)
	fresh := false // no letter of the paragraph has come
	for i, s := range f.segments {
		f.classes[i] = bySymbol[f.symbols[i]]
		f.characters[i+1], f.begun[i+1] = f.characters[i], f.begun[i]
		fresh = fresh || s.real
		if !hasLetter(text[s.start:s.end]) {
			continue
		}
		f.characters[i+1] += int32(utf8.RuneCountInString(text[s.start:s.end]))
		if fresh {
			f.begun[i+1]++
			fresh = false
		}
	}
	return f
}

func hasLetter(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) >= 0
}

func (f *sectionFinder) size(from, to int32) int { return int(f.characters[to] - f.characters[from]) }

// begins reports whether a paragraph begins at a segment; the end of the page counts.
func (f *sectionFinder) begins(i int32) bool {
	return int(i) == len(f.segments) || f.segments[i].real
}

// paragraphs counts the paragraphs with letters of which a range holds some.
func (f *sectionFinder) paragraphs(s span) int {
	n := int(f.begun[s.to] - f.begun[s.from])
	for i := s.from; i < s.to && !f.segments[i].real; i++ {
		if f.characters[i+1] > f.characters[i] {
			if f.begun[i+1] == f.begun[i] {
				n++ // the rest of one
			}
			break
		}
	}
	return n
}

func (f *sectionFinder) claimAll() {
	queue := &runQueue{}
	sized := func(m run) (_ sizedRun, ok bool) {
		size := f.size(m.start, m.start+m.count)
		return sizedRun{m, size}, f.opts.All || size >= f.opts.MinCharacters
	}
	f.repeats = findRepeats(f.classes, f.distinct)
	for _, m := range f.repeats.maximal() {
		if r, ok := sized(m); ok {
			queue.runs = append(queue.runs, r)
		}
	}
	slices.SortFunc(queue.runs, sizedRun.compare)
	for {
		m, ok := queue.next()
		if !ok {
			return
		}
		parts := f.free(m)
		if len(parts) == 1 && parts[0] == m {
			parts = f.verified(m)
		}
		if len(parts) == 1 && parts[0] == m {
			f.claimRun(m)
			continue
		}
		for _, part := range parts {
			if r, ok := sized(part); ok {
				heap.Push(&queue.parts, r)
			}
		}
	}
}

// free returns the parts of a run that are not claimed, and that repeat what will stay.
func (f *sectionFinder) free(m run) []run {
	return f.split(m, func(start, first int32) bool { return f.state[start] == free && f.state[first] != inserted })
}

// verified returns the parts of a run whose segments are equal or near to those they repeat:
// two that are near to a third may not be to each other.
func (f *sectionFinder) verified(m run) []run {
	return f.split(m, f.match)
}

func (f *sectionFinder) split(m run, good func(start, first int32) bool) []run {
	var parts []run
	open := false
	for i := range m.count {
		if !good(m.start+i, m.first+i) {
			open = false
			continue
		}
		if !open {
			parts = append(parts, run{m.start + i, m.first + i, 0})
			open = true
		}
		parts[len(parts)-1].count++
	}
	for i, part := range parts {
		parts[i] = f.repeats.earliest(part)
	}
	return parts
}

// match reports whether two segments are equal, or near by their shingles.
func (f *sectionFinder) match(i, j int32) bool {
	if f.symbols[i] == f.symbols[j] {
		return true
	}
	a, b := f.segments[i], f.segments[j]
	la, lb := a.end-a.start, b.end-b.start
	if min(la, lb) < max(la, lb)/2 {
		return false
	}
	return f.resemblance(i, j) >= DefaultMinResemblance && !f.listed(i) && !f.listed(j)
}

// resemblance compares two segments.
func (f *sectionFinder) resemblance(i, j int32) float64 {
	return f.spanResemblance(span{i, i + 1}, span{j, j + 1})
}

// A comparison is two ranges and their resemblance.
type comparison struct {
	a, b        span
	resemblance float64
}

// compareBits tell the places for comparisons apart.
const compareBits = 12

// spanResemblance compares two ranges. On a page of few words the same comes again and again, so
// the last comparisons are held, each in the place that its content names.
func (f *sectionFinder) spanResemblance(a, b span) float64 {
	if f.compared == nil {
		f.compared = make([]comparison, 1<<compareBits)
	}
	h := uint64(0)
	for _, s := range []span{a, b} {
		for _, symbol := range f.symbols[s.from:s.to] {
			h = (h ^ uint64(symbol)) * 0x9e3779b97f4a7c15
		}
	}
	c := &f.compared[h>>(64-compareBits)]
	if c.a.from == c.a.to || !f.same(c.a, a) || !f.same(c.b, b) {
		*c = comparison{a, b, f.params.Resemblance(f.at(a), f.at(b))}
	}
	return c.resemblance
}

// same reports whether two ranges hold equal segments.
func (f *sectionFinder) same(a, b span) bool {
	return slices.Equal(f.symbols[a.from:a.to], f.symbols[b.from:b.to])
}

// listResemblance is from which a segment and the next one are items of a list or lines of a
// table, whose small differences are what they are there for.
const listResemblance = 0.6

// listed reports whether a segment stands beside one that is much like it.
func (f *sectionFinder) listed(i int32) bool {
	if f.lists[i] == unknown {
		f.lists[i] = alone
		for _, j := range []int32{i - 1, i + 1} {
			if j >= 0 && int(j) < len(f.segments) && f.symbols[i] != f.symbols[j] && f.resemblance(i, j) >= listResemblance {
				f.lists[i] = inList
			}
		}
	}
	return f.lists[i] == inList
}

type listState uint8

const (
	unknown listState = iota
	alone
	inList
)

// claimRun claims a run. One that overlaps what it repeats is a block that stands several times
// in a row, and is claimed block by block.
func (f *sectionFinder) claimRun(m run) {
	if block := m.start - m.first; m.count > block {
		for from := int32(0); from < m.count; from += block {
			f.claim(paired(m.first, m.start+from, min(block, m.count-from)))
		}
		return
	}
	f.claim(f.extended(paired(m.first, m.start, m.count)))
}

func paired(first, later, n int32) []pairing {
	pairs := make([]pairing, n)
	for i := range pairs {
		pairs[i] = pairing{first + int32(i), later + int32(i)}
	}
	return pairs
}

// claim takes the part of a match that counts as a section.
func (f *sectionFinder) claim(pairs []pairing) {
	pairs = f.wholeParagraphs(pairs)
	if !f.qualifies(pairs) {
		return
	}
	first, later := ends(pairs)
	f.claims[first] = append(f.claims[first], later)
	for i := later.from; i < later.to; i++ {
		f.state[i] = inserted
	}
	for _, p := range pairs {
		f.state[p.later] = repeated
	}
}

// ends returns the ranges that a match spans.
func ends(pairs []pairing) (first, later span) {
	a, b := pairs[0], pairs[len(pairs)-1]
	return span{a.first, b.first + 1}, span{a.later, b.later + 1}
}

// wholeParagraphs returns the longest part of a match that is a run of whole paragraphs in
// one of the two occurrences at least.
func (f *sectionFinder) wholeParagraphs(pairs []pairing) []pairing {
	part := func(at func(pairing) int32) []pairing {
		from, to := 0, len(pairs)
		for from < to && !f.begins(at(pairs[from])) {
			from++
		}
		for from < to && !f.begins(at(pairs[to-1])+1) {
			to--
		}
		return pairs[from:to]
	}
	size := func(pairs []pairing) int {
		if len(pairs) == 0 {
			return 0
		}
		_, later := ends(pairs)
		return f.size(later.from, later.to)
	}
	a := part(func(p pairing) int32 { return p.first })
	b := part(func(p pairing) int32 { return p.later })
	if size(b) > size(a) {
		return b
	}
	return a
}

// qualifies reports whether a match counts as a section. Its paragraphs are those of an
// occurrence that begins and ends with paragraphs. A single one counts only where both
// occurrences do, and not as a sentence of another; and a run that is a part of longer lines in
// one place, as phrases of wrapped text are, must have as many characters as a single one.
func (f *sectionFinder) qualifies(pairs []pairing) bool {
	if len(pairs) == 0 {
		return false
	}
	if f.opts.All {
		return true
	}
	first, later := ends(pairs)
	n := min(f.size(first.from, first.to), f.size(later.from, later.to))
	paragraphs, whole := 0, 0
	for _, s := range []span{first, later} {
		if f.begins(s.from) && f.begins(s.to) {
			paragraphs = max(paragraphs, f.paragraphs(s))
			whole++
		}
	}
	if paragraphs >= 2 {
		return n >= f.opts.MinCharacters && (whole == 2 || n >= loneCharacters)
	}
	return n >= loneCharacters && whole == 2 && (f.equal(pairs) || !f.beside(later))
}

// equal reports whether all segments of a match are equal to their partners, and none is left
// out.
func (f *sectionFinder) equal(pairs []pairing) bool {
	first, later := ends(pairs)
	return int(first.to-first.from) == len(pairs) && int(later.to-later.from) == len(pairs) &&
		!slices.ContainsFunc(pairs, func(p pairing) bool { return f.symbols[p.first] != f.symbols[p.later] })
}

// beside reports whether a paragraph stands beside one that is much like it: an item of a list,
// the numbers at whose ends can be segments of their own.
func (f *sectionFinder) beside(s span) bool {
	before, after := span{s.from, s.from}, span{s.to, s.to}
	for before.from > 0 && s.from-before.from < maxPieces && (before.from == s.from || !f.begins(before.from)) {
		before.from--
	}
	for int(after.to) < len(f.segments) && after.to-s.to < maxPieces && (after.to == s.to || !f.begins(after.to)) {
		after.to++
	}
	for _, other := range []span{before, after} {
		if other.from < other.to && f.params.Resemblance(f.at(s), f.at(other)) >= listResemblance {
			return true
		}
	}
	return false
}

// maxGap is how many segments in a row a match goes on over that only one occurrence has, or
// that differ.
const maxGap = 4

// extended returns a match and what goes on behind small changes in both directions: segments
// that are near, and segments that are changed, inserted or missing, one paragraph in five at
// most, where what follows is worth it.
func (f *sectionFinder) extended(pairs []pairing) []pairing {
	x := extension{f: f, pairs: pairs}
	x.grow(1)
	slices.Reverse(x.pairs)
	x.grow(-1)
	slices.Reverse(x.pairs)
	return x.pairs
}

type extension struct {
	f       *sectionFinder
	pairs   []pairing // the last one is where it goes on
	changed int       // paragraphs that are changed, inserted or missing
}

// grow extends the match in the direction of step, 1 or -1.
func (x *extension) grow(step int32) {
	for {
		last := x.pairs[len(x.pairs)-1]
		next := pairing{last.first + step, last.later + step}
		if x.can(next, step) && x.f.match(next.first, next.later) {
			x.pairs = append(x.pairs, next)
			continue
		}
		if more, changed := x.resume(last, step); more != nil {
			x.pairs = append(x.pairs, more...)
			x.changed += changed
			continue
		}
		more := x.complete(next, step)
		if more == nil {
			return
		}
		x.pairs = append(x.pairs, more...)
	}
}

// can reports whether a match may go on to a pairing in the direction of step: the occurrences
// must not run into each other, nor into what is claimed.
func (x *extension) can(p pairing, step int32) bool {
	other := x.pairs[0] // at the other end
	if p.first < 0 || int(p.later) >= len(x.f.segments) || step > 0 && p.first >= other.later || step < 0 && p.later <= other.first {
		return false
	}
	return x.f.state[p.later] == free && x.f.state[p.first] != inserted
}

// maxPieces is how many segments of one occurrence are tried against a paragraph of the other.
const maxPieces = 32

// complete goes on to a break between paragraphs of either occurrence, where the paragraph
// before it, which may have begun in the match, is near to as much of the other. So a change
// does no harm where lines are broken elsewhere and segments are parts of paragraphs.
func (x *extension) complete(next pairing, step int32) []pairing {
	if !x.can(next, step) {
		return nil
	}
	for _, p := range []perspective{{x.f, false}, {x.f, true}} {
		whole, part := p.of(next)
		wholeStart, partStart := whole, part
		for i := len(x.pairs) - 1; !x.f.edge(wholeStart, step) && i >= 0 && len(x.pairs)-i <= maxPieces; i-- {
			wholeStart, partStart = p.of(x.pairs[i])
		}
		if !x.f.edge(wholeStart, step) {
			continue
		}
		end := whole
		for breaks := range maxBreaks {
			var ok bool
			if end, ok = x.f.nextEdge(end, step); !ok {
				break
			}
			last, ok := x.f.asLong(whole, end-step, part, step)
			if !ok {
				continue
			}
			to := p.pair(end-step, last)
			a, b := between(wholeStart, end-step), between(partStart, last)
			added := between(whole, end-step)
			if x.f.size(added.from, added.to) >= loneCharacters {
				a, b = added, between(part, last) // what matched before must not make up for it
			} else if breaks > 0 {
				break
			}
			if (x.f.parts(a) || x.f.parts(b)) && x.free(next, to, step) && x.f.near(a, b) {
				return []pairing{next, to}
			}
		}
	}
	return nil
}

// maxBreaks is how many breaks ahead complete looks, for a change can hide one.
const maxBreaks = 3

// A perspective is one of the two ways to tell the occurrences of a match apart.
type perspective struct {
	f       *sectionFinder
	swapped bool
}

func (v perspective) of(p pairing) (one, other int32) {
	if v.swapped {
		return p.later, p.first
	}
	return p.first, p.later
}

func (v perspective) pair(one, other int32) pairing {
	if v.swapped {
		return pairing{other, one}
	}
	return pairing{one, other}
}

// nextEdge returns the first segment behind i at which a paragraph begins, seen in the
// direction of step, if it is not far.
func (f *sectionFinder) nextEdge(i, step int32) (int32, bool) {
	for range maxPieces {
		if i += step; i < -1 || int(i) > len(f.segments) {
			return 0, false
		}
		if f.edge(i, step) {
			return i, true
		}
	}
	return 0, false
}

// edge reports whether a paragraph begins at a segment, seen in the direction of step.
func (f *sectionFinder) edge(i, step int32) bool {
	if step < 0 {
		i++
	}
	return i <= 0 || f.begins(i)
}

// between returns the range from one segment to another, either of which may be the first.
func between(a, b int32) span { return span{min(a, b), max(a, b) + 1} }

// asLong returns the last segment of a range that begins at start and is about as long as the
// one from from to to: one that is equal to the last segment of that, or else the one at which
// the lengths differ least.
func (f *sectionFinder) asLong(from, to, start, step int32) (int32, bool) {
	as := between(from, to)
	want := f.size(as.from, as.to)
	best, least := int32(-1), want/10+4
	for i := range int32(maxPieces) {
		at := start + i*step
		if at < 0 || int(at) >= len(f.segments) {
			break
		}
		r := between(start, at)
		n := f.size(r.from, r.to)
		if off := max(n-want, want-n); off < least {
			best, least = at, off
			if f.symbols[at] == f.symbols[to] {
				break
			}
		}
		if n > want+want/10+4 {
			break
		}
	}
	return best, best >= 0
}

// free reports whether a match may take all segments between two pairings.
func (x *extension) free(from, to pairing, step int32) bool {
	for p := from; ; {
		if !x.can(p, step) {
			return false
		}
		if p == to {
			return true
		}
		if p.first != to.first {
			p.first += step
		}
		if p.later != to.later {
			p.later += step
		}
	}
}

// parts reports whether a range holds a segment that does not begin a paragraph: its lines are
// broken elsewhere in another occurrence.
func (f *sectionFinder) parts(s span) bool {
	return slices.ContainsFunc(f.segments[s.from:s.to], func(x segment) bool { return !x.real })
}

func (f *sectionFinder) near(a, b span) bool {
	return f.spanResemblance(a, b) >= DefaultMinResemblance
}

// resume looks behind a change for where both occurrences go on with the same content.
func (x *extension) resume(last pairing, step int32) ([]pairing, int) {
	for gap := int32(1); gap <= maxGap; gap++ {
		for other := gap; other >= 0; other-- {
			for _, skip := range []pairing{{gap, other}, {other, gap}} {
				if more := x.follow(last, skip, step); more != nil {
					changed := x.gap(last, more[0], step)
					if x.allows(changed, len(more)) {
						return more, changed
					}
				}
				if gap == other {
					break
				}
			}
		}
	}
	return nil, 0
}

// maxFollow is how many segments resume looks at to see whether a change is worth it.
const maxFollow = 64

// follow returns the pairings behind a gap, if they have characters enough.
func (x *extension) follow(last, skip pairing, step int32) []pairing {
	for i := int32(1); i <= skip.later; i++ {
		if !x.can(pairing{last.first + min(i, skip.first)*step, last.later + i*step}, step) {
			return nil
		}
	}
	var more []pairing
	characters := 0
	p := pairing{last.first + (skip.first+1)*step, last.later + (skip.later+1)*step}
	for len(more) < maxFollow && x.can(p, step) && x.f.classes[p.first] == x.f.classes[p.later] && x.f.match(p.first, p.later) {
		more = append(more, p)
		characters += x.f.size(p.later, p.later+1)
		p.first, p.later = p.first+step, p.later+step
	}
	if characters < x.f.opts.MinCharacters {
		return nil
	}
	return more
}

// gap counts the paragraphs between two pairings that have no partner.
func (x *extension) gap(a, b pairing, step int32) int {
	if step < 0 {
		a, b = b, a
	}
	return max(x.f.paragraphs(span{a.first + 1, b.first}), x.f.paragraphs(span{a.later + 1, b.later}))
}

// allows reports whether so many more changes, and paragraphs that match behind them, leave
// one paragraph in five changed at most.
func (x *extension) allows(changed, more int) bool {
	a, b := x.pairs[0], x.pairs[len(x.pairs)-1]
	if a.first > b.first {
		a, b = b, a
	}
	all := max(x.f.paragraphs(span{a.first, b.first + 1}), x.f.paragraphs(span{a.later, b.later + 1}))
	return 4*(x.changed+changed) <= all-x.changed+more
}

// A sizedRun is a run and the number of its characters.
type sizedRun struct {
	run
	size int
}

// compare puts the run with most characters first, ties to the one further ahead.
func (r sizedRun) compare(other sizedRun) int {
	return cmp.Or(other.size-r.size, cmp.Compare(r.start, other.start))
}

// A runQueue gives runs in their order: those that there were, sorted, and parts of them that
// came later.
type runQueue struct {
	runs  []sizedRun
	parts runHeap
}

func (q *runQueue) next() (m run, ok bool) {
	switch {
	case len(q.parts) > 0 && (len(q.runs) == 0 || q.parts[0].compare(q.runs[0]) < 0):
		return heap.Pop(&q.parts).(sizedRun).run, true
	case len(q.runs) > 0:
		m, q.runs = q.runs[0].run, q.runs[1:]
		return m, true
	}
	return m, false
}

type runHeap []sizedRun

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return h[i].compare(h[j]) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(r any)        { *h = append(*h, r.(sizedRun)) }
func (h *runHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
