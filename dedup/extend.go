package dedup

import "slices"

// maxGap is how many segments in a row a match goes on over that only one occurrence has, or
// that differ.
const maxGap = 4

// extended returns a match and what goes on behind small changes in both directions: segments
// that are near, and segments that are changed, inserted or missing, one paragraph in five at
// most, where what follows is worth it.
func (f *sectionFinder) extended(pairs []pairing) []pairing {
	x := extension{f: f}
	x.add(pairs)
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

	inFirst, inLater int // characters of the occurrences that pairs holds
}

func (x *extension) add(pairs []pairing) {
	first, later := x.f.matched(pairs)
	x.inFirst += first
	x.inLater += later
	x.pairs = append(x.pairs, pairs...)
}

// grow extends the match in the direction of step, 1 or -1.
func (x *extension) grow(step int32) {
	for {
		last := x.pairs[len(x.pairs)-1]
		next := pairing{first: last.first + step, later: last.later + step}
		if x.can(next, step) && x.f.match(next.first, next.later) {
			x.add([]pairing{next})
			continue
		}
		if more, changed := x.resume(last, step); more != nil {
			x.add(more)
			x.changed += changed
			continue
		}
		more := x.complete(next, step)
		if more == nil {
			return
		}
		x.add(more)
	}
}

// can reports whether a match may go on to a pairing in the direction of step: the occurrences
// must not run into each other, nor into what is claimed.
func (x *extension) can(p pairing, step int32) bool {
	other := x.pairs[0] // at the other end
	if p.first < 0 || int(p.later) >= len(x.f.segments) || step > 0 && p.first >= other.later || step < 0 && p.later <= other.first {
		return false
	}
	return x.f.state[p.later] == free
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
			if !x.f.parts(a) && !x.f.parts(b) {
				continue
			}
			if pairs := x.between(next, to, step); pairs != nil && x.f.near(a, b) {
				return pairs
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
		return pairing{first: other, later: one}
	}
	return pairing{first: one, later: other}
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

// between pairs all segments from one pairing to another, if a match may take them as ranges that
// are near as a whole.
func (x *extension) between(from, to pairing, step int32) (pairs []pairing) {
	for p := from; ; {
		p.part = true
		if !x.can(p, step) {
			return nil
		}
		pairs = append(pairs, p)
		if p.first == to.first && p.later == to.later {
			return pairs
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
			for _, skip := range [][2]int32{{gap, other}, {other, gap}} {
				if more := x.follow(last, skip[0], skip[1], step); more != nil {
					changed := x.gap(last, more[0], step)
					if x.allows(changed, more) {
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
func (x *extension) follow(last pairing, skipFirst, skipLater, step int32) []pairing {
	for i := int32(1); i <= skipLater; i++ {
		if !x.can(pairing{first: last.first + min(i, skipFirst)*step, later: last.later + i*step}, step) {
			return nil
		}
	}
	var more []pairing
	characters := 0
	p := pairing{first: last.first + (skipFirst+1)*step, later: last.later + (skipLater+1)*step}
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

// allows reports whether a match may go on to more behind a gap with changed paragraphs: one
// paragraph in five is changed at most, and enough of either occurrence is in the other.
func (x *extension) allows(changed int, more []pairing) bool {
	a, b := x.pairs[0], more[len(more)-1]
	if a.first > b.first {
		a, b = b, a
	}
	first, later := ends([]pairing{a, b})
	if 5*(x.changed+changed) > max(x.f.paragraphs(first), x.f.paragraphs(later)) {
		return false
	}
	inFirst, inLater := x.f.matched(more)
	return x.f.shared(x.inFirst+inFirst, first) && x.f.shared(x.inLater+inLater, later)
}
