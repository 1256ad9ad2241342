// Package dedup finds duplicates: it decides what a document is in relation to those seen
// before, and runs whole jobs over inputs.
//
//	record -> text -> shingles, fingerprint -> candidates -> matches -> verdict
//	                                           store         verified   unique, exact, near, syndicated
//
// A [Deduper] judges documents one by one. [Clean], [Scan], [Filter] and [Fingerprints] run the jobs of
// the commands of the same names; [Sections] finds repeated sections within one page.
//
// Two documents are exact duplicates if their normalised texts are equal and not empty, and
// near duplicates if the resemblance of their shingle sets is at least a threshold. Every
// candidate is verified on shingles before it counts, and a document is dropped only in
// favour of one document that it matches directly, never through a chain.
package dedup
