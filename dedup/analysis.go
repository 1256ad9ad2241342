package dedup

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// An analysis is what is computed of a text before it is compared with any other.
type analysis struct {
	text        string
	site        uint64 // see siteHash
	hash        store.TextHash
	shingles    int  // distinct
	short       bool // a duplicate of equal texts only
	fingerprint shingle.Fingerprint
	sketch      shingle.Sketch
	characters  int // code points of the normalised text
	paragraphs  []store.Paragraph

	// article is the number of distinct shingles without boilerplate, 0 if that is short.
	article int
	is      framing // nil if there is no boilerplate

	// sets are the shingles. They are computed again for the texts that have a candidate, unless
	// most have: holding them for every text in the pipeline costs more.
	sets *textSets

	marks []mark // of a survey, which computes nothing else

	trimming *trimming // nil if nothing is to go of records

	// partial tells that the index had the text when it was analysed: no more than text, site, hash
	// and characters is computed, unless that turns out to be needed.
	partial bool
}

const (
	maxHeld       = 1 << 14 // shingles up to which an analysis holds them
	minParagraph  = 24      // shingles from which a paragraph is known to the index
	maxParagraphs = 64      // of a document; of more the longest
)

// A framing finds the paragraphs of a text that are boilerplate. It returns nil if none are, or
// all.
type framing func(*shingle.Digest) []bool

// A need is what of an analysis is not needed of every text.
type need struct {
	sets       bool // the shingles
	paragraphs bool // those by which the document is found
}

// analyse computes what is known of a text of a site. What is boilerplate there belongs to no
// article, and no other text is found by it.
func (b *boilerplate) analyse(d *shingle.Digester, text string, site uint64, needed need) analysis {
	g := d.Digest(text)
	return b.analysis(g, textHash(g.Normal), text, site, needed)
}

func (b *boilerplate) analysis(g *shingle.Digest, hash store.TextHash, text string, site uint64, needed need) analysis {
	a := analysis{
		text: text, site: site, shingles: g.Set.Len(), short: g.Short, fingerprint: g.Fingerprint,
		sketch: g.Sketch.Clone(), characters: g.Characters, hash: hash,
	}
	if a.short {
		return a
	}
	a.article = a.shingles
	is := b.of(g, site)
	if is != nil {
		a.is = func(g *shingle.Digest) []bool { return b.of(g, site) }
		a.article = articleLen(g, without(g, is))
	}
	if needed.sets && a.shingles <= maxHeld {
		a.sets = setsOf(g, is)
	}
	if needed.paragraphs {
		a.paragraphs = paragraphKeys(g, is)
	}
	return a
}

func analyse(d *shingle.Digester, text string, site uint64) analysis {
	return (*boilerplate)(nil).analyse(d, text, site, need{paragraphs: true})
}

// without returns the shingles of a text without some of its paragraphs.
func without(g *shingle.Digest, is []bool) shingle.Set {
	return g.Without(func(i int) bool { return is[i] })
}

// articleLen returns the number of shingles of an article, 0 if it is short.
func articleLen(g *shingle.Digest, article shingle.Set) int {
	if article.Len() < g.Least {
		return 0
	}
	return article.Len()
}

// paragraphKeys returns the paragraphs by which a document is found, each key once, the longest
// first, and then those that are boilerplate.
func paragraphKeys(g *shingle.Digest, is []bool) []store.Paragraph {
	var ps []store.Paragraph
	for i, p := range g.Paragraphs {
		if key, n := g.ParagraphKey(p); n >= minParagraph {
			ps = append(ps, store.Paragraph{Key: key, Shingles: n, Frame: is != nil && is[i]})
		}
	}
	slices.SortFunc(ps, func(a, b store.Paragraph) int {
		if a.Frame != b.Frame {
			if b.Frame {
				return -1
			}
			return 1
		}
		return cmp.Or(b.Shingles-a.Shingles, cmp.Compare(a.Key, b.Key))
	})
	seen := make(map[uint64]bool, len(ps))
	ps = slices.DeleteFunc(ps, func(p store.Paragraph) bool {
		again := seen[p.Key]
		seen[p.Key] = true
		return again
	})
	return slices.Clip(ps[:min(len(ps), maxParagraphs)])
}

func textHash[T ~string | ~[]byte](normal T) (h store.TextHash) {
	if len(normal) > 0 {
		sum := sha256.Sum256([]byte(normal))
		copy(h[:], sum[:])
	}
	return h
}

// empty reports a text of nothing but white space, a duplicate of nothing.
func (a *analysis) empty() bool { return a.characters == 0 }
