package dedup

import (
	"crypto/sha256"

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
}

func analyse(d *shingle.Digester, text string) analysis {
	g := d.Digest(text)
	a := analysis{
		text: text, shingles: g.Set.Len(), short: g.Short, fingerprint: g.Fingerprint,
		sketch: g.Sketch.Clone(), characters: g.Characters, hash: textHash(g.Normal),
	}
	return a
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
