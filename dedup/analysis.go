package dedup

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"neardup/shingle"
	"neardup/store"
)

// An analysis is what is computed of a text before it is compared with any other. Its
// shingles are computed again for the few texts that have a plausible candidate: holding
// them for every text in the pipeline costs more.
type analysis struct {
	text        string
	hash        store.TextHash
	shingles    int  // distinct
	short       bool // a duplicate of equal texts only
	fingerprint shingle.Fingerprint
	sketch      shingle.Sketch
	characters  int // code points of the normalised text
	paragraphs  []store.Paragraph
}

const (
	minParagraph  = 24 // shingles from which a paragraph is known to the index
	maxParagraphs = 64 // of a document; of more the longest
)

func analyse(d *shingle.Digester, text string) analysis {
	g := d.Digest(text)
	a := analysis{
		text: text, shingles: g.Set.Len(), short: g.Short, fingerprint: g.Fingerprint,
		sketch: g.Sketch.Clone(), characters: g.Characters, hash: textHash(g.Normal),
	}
	if !a.short {
		a.paragraphs = paragraphKeys(g)
	}
	return a
}

// paragraphKeys returns the paragraphs by which a document is found, each key once.
func paragraphKeys(g *shingle.Digest) []store.Paragraph {
	var ps []store.Paragraph
	for _, p := range g.Paragraphs {
		if key, n := g.ParagraphKey(p); n >= minParagraph {
			ps = append(ps, store.Paragraph{Key: key, Shingles: n})
		}
	}
	slices.SortFunc(ps, func(a, b store.Paragraph) int {
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
