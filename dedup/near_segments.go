package dedup

import (
	"cmp"
	"slices"

	"neardup/shingle"
)

// maxNearCandidates is how many paragraphs a paragraph is compared with, those first that
// share most bands: one that resembles it shares some of the twelve.
const maxNearCandidates = 4

// nearClasses puts the distinct segments of a page into classes: a segment joins the earlier
// one that it resembles most, if it resembles one, and otherwise begins a class. Short
// segments, as a digest tells, are alone, and so are those of which there are many versions. It
// returns the class of every symbol.
func nearClasses(p shingle.Params, text string, ss []segment, symbols []int32, distinct int) []int32 {
	classes := make([]int32, distinct)
	byBand := map[uint64]int32{}
	sketches := map[int32]shingle.Sketch{}
	digester := p.NewDigester()
	members := map[int32][]int32{}
	next := int32(0)
	for i, s := range ss {
		if symbols[i] != next {
			continue // not the first of its symbol
		}
		class := next
		next++
		classes[class] = class
		if s.end-s.start < minNearBytes {
			continue
		}
		d := digester.Digest(text[s.start:s.end])
		if d.Short {
			continue
		}
		bands := d.Sketch.Bands()
		if near, ok := nearest(d.Sketch, bands[:], byBand, sketches); ok {
			classes[class] = near
			members[near] = append(members[near], class)
			continue
		}
		sketches[class] = d.Sketch.Clone()
		for b, key := range bands {
			key = key*rollBase + uint64(b)
			if _, taken := byBand[key]; !taken {
				byBand[key] = class
			}
		}
	}
	for _, like := range members {
		if len(like) >= maxVersions {
			for _, class := range like {
				classes[class] = class
			}
		}
	}
	return classes
}

// maxVersions is how many versions of a segment are copies. Of more it is the form of a list
// or of a table, whose items differ in what matters.
const maxVersions = 4

// minNearBytes is less than any text has that is not short.
const minNearBytes = 27

func nearest(k shingle.Sketch, bands []uint64, byBand map[uint64]int32, sketches map[int32]shingle.Sketch) (int32, bool) {
	type candidate struct{ class, shared int32 }
	var candidates []candidate
	for b, key := range bands {
		class, ok := byBand[key*rollBase+uint64(b)]
		if !ok {
			continue
		}
		i := slices.IndexFunc(candidates, func(c candidate) bool { return c.class == class })
		if i < 0 {
			i = len(candidates)
			candidates = append(candidates, candidate{class: class})
		}
		candidates[i].shared++
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.shared, a.shared), cmp.Compare(a.class, b.class))
	})
	best, found := DefaultMinResemblance, int32(-1)
	for _, c := range candidates[:min(len(candidates), maxNearCandidates)] {
		if r := k.Resemblance(sketches[c.class]); r >= best && (r > best || found < 0) {
			best, found = r, c.class
		}
	}
	return found, found >= 0
}
