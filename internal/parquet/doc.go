// Package parquet reads columns of Parquet files, and copies rows of them to other files.
//
// What is copied is pages: a page all of whose rows stay is written as the bytes that it has, and
// so are column chunks and row groups made of such pages. Only a page that loses rows is decoded
// and encoded again, in the encoding, page version and compression that it had. The schema and the
// metadata of a file are copied as bytes too, so that annotations which are not known here
// stay. What can't be read is refused by name: no value is written that was not read.
//
//	file:  PAR1 | row group ... | footer | length of the footer | PAR1
//	row group:    column chunk ...                  a leaf of the schema each
//	column chunk: dictionary page? | data page ...
//	page:         header | levels | values          compressed, as the chunk says
//
// Nothing that a file says is trusted. Memory is bounded by pages, not by row groups: a page
// holds at most 256 MiB, is read as a stream of values, and nothing is taken before it is there.
//
// The format is https://github.com/apache/parquet-format, "the specification" in comments here.
package parquet
