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
	claims   map[span][]claim // later occurrences, by the first
}

type claimState uint8

const (
	free     claimState = iota
	repeated            // in a later occurrence, and in the first
	inserted            // in a later occurrence, and not in the first: it stays
)

// A span is a range of segments.
type span struct{ from, to int32 }

// A pairing is two segments that match, of the first and a later occurrence. Of ranges that match
// only as a whole every segment is in one pairing at least.
type pairing struct {
	first, later int32
	part         bool // of such ranges
}

// A block is two ranges that match, of the first and a later occurrence: segment by segment, or
// as a whole.
type block struct {
	first, later span
	near         bool // not all is equal
}

// A claim is a later occurrence of a section, and how it matches the first.
type claim struct {
	span
	blocks []block // nil if all is equal, segment by segment
}

// matches returns how a claim matches its first occurrence.
func (c claim) matches(first span) []block {
	if c.blocks == nil {
		return []block{{first: first, later: c.span}}
	}
	return c.blocks
}

func newSectionFinder(text string, o SectionOptions, listings []shingle.Range) *sectionFinder {
	f := &sectionFinder{opts: o, params: shingle.DefaultParams(), text: text, claims: map[span][]claim{}}
	paragraphs := shingle.Paragraphs(text)
	if !o.align {
		paragraphs = withListings(paragraphs, listings)
	}
	f.segments = segments(text, paragraphs)
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
			break
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
	f.claimLone()
}

// around returns the paragraphs that a range is in.
func (f *sectionFinder) around(s span) span {
	for !f.begins(s.from) {
		s.from--
	}
	for !f.begins(s.to) {
		s.to++
	}
	return s
}

// claimLone claims what is left of paragraphs that are equal to an earlier one and count alone:
// of those whose first repeat is a part of a longer one.
func (f *sectionFinder) claimLone() {
	firsts := map[uint64]span{}
	for from := int32(0); int(from) < len(f.segments); {
		s := f.around(span{from, from + 1})
		from = s.to
		if f.size(s.from, s.to) < loneCharacters || !f.countsAlone(s) {
			continue
		}
		h := f.hash(s)
		first, ok := firsts[h]
		if !ok {
			firsts[h] = s
			continue
		}
		if f.same(first, s) && !slices.ContainsFunc(f.state[s.from:s.to], func(c claimState) bool { return c != free }) {
			f.take(paired(first.from, s.from, s.to-s.from))
		}
	}
}

// free returns the parts of a run that are not claimed.
func (f *sectionFinder) free(m run) []run {
	return f.split(m, func(start, _ int32) bool { return f.state[start] == free })
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
	h := f.hash(a)*rollBase ^ f.hash(b)
	c := &f.compared[h*rollBase>>(64-compareBits)]
	if c.a.from == c.a.to || !f.same(c.a, a) || !f.same(c.b, b) {
		*c = comparison{a, b, f.params.Resemblance(f.at(a), f.at(b))}
	}
	return c.resemblance
}

// hash returns the same for ranges of equal segments.
func (f *sectionFinder) hash(s span) uint64 {
	h := uint64(s.to - s.from)
	for _, symbol := range f.symbols[s.from:s.to] {
		h = (h ^ uint64(symbol)) * rollBase
		h ^= h >> 32
	}
	return h
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

// claimRun claims a run. One that overlaps what it repeats, or comes directly behind it, is a
// block that comes several times in a row, and is claimed block by block.
func (f *sectionFinder) claimRun(m run) {
	n := m.start - m.first
	if m.count < n {
		pairs := paired(m.first, m.start, m.count)
		if extended := f.extended(pairs); !f.claim(extended, false) && len(extended) > len(pairs) {
			f.claim(pairs, false)
		}
		return
	}
	block := span{m.first, m.start}
	row := f.isRow(block, m.count)
	if row {
		f.claims[block] = slices.Grow(f.claims[block], int(m.count/n))
	}
	for from := int32(0); from < m.count; from += n {
		pairs := paired(m.first, m.start+from, min(n, m.count-from))
		if row && len(pairs) == int(n) {
			f.take(pairs)
		} else {
			f.claim(pairs, true)
		}
	}
}

// isRow reports whether a block and as many segments behind it that repeat it count, wherever
// paragraphs begin: the block alone would, or it comes three times and more and all that
// repeats it would as a run of paragraphs.
func (f *sectionFinder) isRow(block span, count int32) bool {
	n := f.size(block.from, block.to)
	if f.opts.All || n >= loneCharacters {
		return true
	}
	if !f.begins(block.from) || !f.begins(block.to) {
		return false
	}
	if f.paragraphs(block) >= 2 {
		return n >= f.opts.MinCharacters
	}
	return count >= 2*(block.to-block.from) && f.size(block.to, block.to+count) >= f.opts.MinCharacters
}

func paired(first, later, n int32) []pairing {
	pairs := make([]pairing, n)
	for i := range pairs {
		pairs[i] = pairing{first: first + int32(i), later: later + int32(i)}
	}
	return pairs
}

// claim takes the part of a match that counts as a section, and reports whether there is one.
func (f *sectionFinder) claim(pairs []pairing, inRow bool) bool {
	pairs = f.wholeParagraphs(pairs)
	if !f.qualifies(pairs, inRow) {
		return false
	}
	f.take(pairs)
	return true
}

// take makes a match a section.
func (f *sectionFinder) take(pairs []pairing) {
	first, later := ends(pairs)
	c := claim{later, f.blocks(pairs)}
	for i := c.from; i < c.to; i++ {
		f.state[i] = inserted
	}
	for _, b := range c.blocks {
		for i := b.later.from; i < b.later.to; i++ {
			f.state[i] = repeated
		}
	}
	if len(c.blocks) == 1 && !c.blocks[0].near {
		c.blocks = nil // a page can have millions
	}
	f.claims[first] = append(f.claims[first], c)
}

// blocks joins the pairings of a match into blocks: segments that are equal, and ranges that are
// near as a whole.
func (f *sectionFinder) blocks(pairs []pairing) []block {
	var out []block
	for i, p := range pairs {
		near := p.part || f.symbols[p.first] != f.symbols[p.later]
		if i > 0 && p.part == pairs[i-1].part && near == out[len(out)-1].near && (p.part || !near) {
			if b := &out[len(out)-1]; p.first <= b.first.to && p.later <= b.later.to {
				b.first.to, b.later.to = p.first+1, p.later+1
				continue
			}
		}
		out = append(out, block{span{p.first, p.first + 1}, span{p.later, p.later + 1}, near})
	}
	return out
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
func (f *sectionFinder) qualifies(pairs []pairing, inRow bool) bool {
	if len(pairs) == 0 {
		return false
	}
	if f.opts.All {
		return true
	}
	first, later := ends(pairs)
	if a, b := f.matched(pairs); !f.shared(a, first) || !f.shared(b, later) {
		return false
	}
	n := min(f.size(first.from, first.to), f.size(later.from, later.to))
	paragraphs, whole := 0, 0
	for _, s := range []span{first, later} {
		if f.begins(s.from) && f.begins(s.to) {
			paragraphs = max(paragraphs, f.paragraphs(s))
			whole++
		}
	}
	if paragraphs >= 2 {
		return n >= f.opts.MinCharacters && (whole == 2 || n >= loneCharacters) &&
			(inRow || first.to == later.from || !f.natural(first) || !f.natural(later))
	}
	return n >= loneCharacters && whole == 2 && (f.equal(pairs) || !f.beside(later)) && (inRow || first.to == later.from || f.countsAlone(later))
}

// shared reports whether enough of the characters of an occurrence are in the other: 0.8 of them.
func (f *sectionFinder) shared(characters int, of span) bool {
	return 5*characters >= 4*f.size(of.from, of.to)
}

// countsAlone reports whether a paragraph of enough characters is no natural repeat, as a listing is
// until it is long.
func (f *sectionFinder) countsAlone(s span) bool {
	return !f.listing(s) || !f.natural(s)
}

// listing reports whether a paragraph has several lines.
func (f *sectionFinder) listing(s span) bool { return strings.ContainsFunc(f.at(s), isLineEnd) }

// matched returns the characters of both occurrences that pairings hold, which are in order.
func (f *sectionFinder) matched(pairs []pairing) (first, later int) {
	for i, p := range pairs {
		if i == 0 || p.first != pairs[i-1].first {
			first += f.size(p.first, p.first+1)
		}
		if i == 0 || p.later != pairs[i-1].later {
			later += f.size(p.later, p.later+1)
		}
	}
	return first, later
}

// equal reports whether all segments of a match are equal to their partners, and none is left
// out.
func (f *sectionFinder) equal(pairs []pairing) bool {
	b := f.blocks(pairs)
	return len(b) == 1 && !b[0].near
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
