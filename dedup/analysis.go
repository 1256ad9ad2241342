package dedup

import (
	"crypto/sha256"
	"unicode/utf8"

	"neardup/shingle"
	"neardup/store"
)

// An analysis is what is computed of a text before it is compared with any other.
type analysis struct {
	hash        store.TextHash
	set         shingle.Set
	fingerprint shingle.Fingerprint
	characters  int // code points of the normalised text
}

func (d *Deduper) analyse(text string) analysis { return analyse(d.opts.Params, text) }

func analyse(p shingle.Params, text string) analysis {
	normal := shingle.AppendNormal(nil, text)
	a := analysis{set: p.SetOfNormal(normal), characters: utf8.RuneCount(normal)}
	a.fingerprint = a.set.Fingerprint()
	if len(normal) > 0 {
		sum := sha256.Sum256(normal)
		copy(a.hash[:], sum[:])
	}
	return a
}

// empty reports a text of nothing but white space, a duplicate of nothing.
func (a *analysis) empty() bool { return a.characters == 0 }
