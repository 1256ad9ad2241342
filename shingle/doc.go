// Package shingle turns text into shingle sets, 64-bit SimHash fingerprints and sketches.
//
//	text -> normalised text -> shingles -> distinct hashes -> fingerprint, sketch
//	        Normalize          windows      Set               Set.Fingerprint, Set.Sketch
//
// A shingle is a short run of consecutive characters of the normalised text; a text is
// represented by the set of its distinct shingles (Broder, "On the resemblance and
// containment of documents", 1997). The fingerprint is Charikar's SimHash ("Similarity
// estimation techniques from rounding algorithms", STOC 2002) over that set, each shingle
// with weight 1. A bit whose sum is exactly zero is 1, as in github.com/mfonda/simhash,
// whose functions over [Params.Features] are the definition of the fingerprint.
//
// The rule for the length of a shingle is that of [Params]. Fingerprints made with
// different Params are not comparable; see [Params.ID].
//
// The package does no input or output. Its functions are safe for concurrent use.
package shingle
