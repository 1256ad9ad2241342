// Package store is the index on disk: documents, the sieves that find candidates among
// them, and checkpoints. It is the only package that knows of Pebble.
//
// An index is a directory:
//
//	DIR/NEARDUP   format version and shingle parameters, JSON, written when the index is made
//	DIR/SEAL      record of a clean close: name, size and checksum of the files in db
//	DIR/FILTER    the filter of the sieves as of a clean close, if the index is large
//	DIR/db/       the Pebble database
//
// A document is one record under one key; adding it is one put. The sieves (by id, text,
// fingerprint, sketch, paragraphs and sites) are derived from the documents: the entries of the newest documents are
// held in memory, bounded, and written in bulk as a sorted table now and then. When an
// index opens, the entries of the documents after the last written table are made again.
//
// All keys and values are laid out in keys.go and record.go, and in doc/format.md.
package store
