// Package record reads records: from named inputs to sources, from sources to raw records,
// and from those to texts.
//
//	Find            Source.Reader       Decoder.Decode
//	names ------> sources ------> raw records ------> records or rejects
//
// Framing (where a record begins and ends) is cheap and sequential; decoding is what takes
// time, and a Decoder can run on every core. A raw record keeps its bytes as they stand in
// the source, so that what is kept can be written as it was.
package record
