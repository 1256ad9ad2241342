package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"testing"
)

// A testColumn is a column chunk in the making, put together by hand.
type testColumn struct {
	name       string
	kind       Type
	length     int
	repetition int // 0 required, 1 optional, 2 repeated
	codec      codec
	values     int
	pages      [][]byte // with headers
	logical    []byte   // of the schema element, encoded

	before     []byte // bytes that stand before the pages
	dataOffset int    // how far behind the first page the data are said to begin
	dictOffset int    // and the dictionary, -1 if that is not said
	meta       func(*structWriter)
}

// testFile puts a file with one row group together.
func testFile(rows int, columns ...testColumn) []byte {
	out := []byte(magic)
	var root structWriter
	root.field(elementName, kindBinary, encodedBytes("schema"))
	root.int32(elementChildren, int64(len(columns)))
	elements, chunks := [][]byte{root.end()}, [][]byte{}
	for _, c := range columns {
		var e, m, chunk structWriter
		e.int32(elementType, int64(c.kind))
		if c.length > 0 {
			e.int32(elementLength, int64(c.length))
		}
		e.int32(elementRepetition, int64(c.repetition))
		e.field(elementName, kindBinary, encodedBytes(c.name))
		if c.logical != nil {
			e.field(elementLogical, kindStruct, c.logical)
		}
		elements = append(elements, e.end())
		out = append(out, c.before...)
		start := len(out)
		for _, p := range c.pages {
			out = append(out, p...)
		}
		m.int32(metaType, int64(c.kind))
		m.list(metaEncodings, kindInt32, [][]byte{binary.AppendVarint(nil, int64(plain))})
		m.list(metaPath, kindBinary, [][]byte{encodedBytes(c.name)})
		m.int32(metaCodec, int64(c.codec))
		m.int64(metaValues, int64(c.values))
		m.int64(metaUncompressed, int64(len(out)-start))
		m.int64(metaCompressed, int64(len(out)-start))
		m.int64(metaDataOffset, int64(start+c.dataOffset))
		if c.dictOffset >= 0 && c.dataOffset > 0 {
			m.int64(metaDictionaryOffset, int64(start+c.dictOffset))
		}
		chunk.int64(chunkFileOffset, 0)
		chunk.field(chunkMeta, kindStruct, m.end())
		if c.meta != nil {
			c.meta(&chunk)
		}
		chunks = append(chunks, chunk.end())
	}
	var g, f structWriter
	g.list(groupColumns, kindStruct, chunks)
	g.int64(groupTotalSize, int64(len(out)))
	g.int64(groupRows, int64(rows))
	f.int32(fileVersion, 1)
	f.list(fileSchema, kindStruct, elements)
	f.int64(fileRows, int64(rows))
	f.list(fileGroups, kindStruct, [][]byte{g.end()})
	return withFooter(out, f.end())
}

func withFooter(out, footer []byte) []byte {
	out = binary.LittleEndian.AppendUint32(append(out, footer...), uint32(len(footer)))
	return append(out, magic...)
}

func encodedBytes(s string) []byte { return append(binary.AppendUvarint(nil, uint64(len(s))), s...) }

// pageV1 returns a data page of the first version with its header.
func pageV1(values int, e encoding, c codec, content []byte) []byte {
	packed, err := c.compress(content)
	if err != nil {
		panic(err)
	}
	return rawPage(dataPage, len(content), packed, headerData, func(d *structWriter) {
		d.int32(1, int64(values))
		d.int32(2, int64(e))
		d.int32(3, int64(rle))
		d.int32(4, int64(rle))
	})
}

func dictionaryOf(values int, c codec, content []byte) []byte {
	packed, err := c.compress(content)
	if err != nil {
		panic(err)
	}
	return rawPage(dictionaryPage, len(content), packed, headerDictionary, func(d *structWriter) {
		d.int32(1, int64(values))
		d.int32(2, int64(plain))
	})
}

// pageV2 returns a data page of the second version; what is compressed is given as it stands there.
func pageV2(values, nulls, rows int, e encoding, rep, def, body []byte, expanded int) []byte {
	return rawPage(dataPageV2, len(rep)+len(def)+expanded, slices.Concat(rep, def, body), headerDataV2, func(d *structWriter) {
		d.int32(1, int64(values))
		d.int32(2, int64(nulls))
		d.int32(3, int64(rows))
		d.int32(4, int64(e))
		d.int32(5, int64(len(def)))
		d.int32(6, int64(len(rep)))
	})
}

func rawPage(kind, expanded int, body []byte, id int16, inner func(*structWriter)) []byte {
	var h, d structWriter
	inner(&d)
	h.int32(headerType, int64(kind))
	h.int32(headerUncompressed, int64(expanded))
	h.int32(headerCompressed, int64(len(body)))
	h.int32(headerCRC, int64(int32(crc32.ChecksumIEEE(body))))
	h.field(id, kindStruct, d.end())
	return append(h.end(), body...)
}

func plainTexts(texts ...string) []byte {
	w := &bytesWriter{}
	for _, s := range texts {
		w.add([]byte(s))
	}
	return w.b
}

// prefixed puts the length of levels or booleans before them.
func prefixed(b ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func open(t testing.TB, content []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rowsOf reads all columns, and returns each row as a text of its values with their levels.
func rowsOf(t testing.TB, content []byte) []string {
	t.Helper()
	f := open(t, content)
	var rows []string
	for g, group := range f.Groups {
		base := len(rows)
		for range group.Rows {
			rows = append(rows, "")
		}
		for i := range f.Leaves {
			p, row := f.pages(g, i), base-1
			for {
				err := p.next()
				if errors.Is(err, io.EOF) {
					break
				}
				var v *values
				if err == nil {
					v, err = p.open()
				}
				for err == nil && v.left > 0 {
					var x value
					if x, err = v.next(); err == nil {
						if x.rep == 0 {
							row++
						}
						rows[row] += fmt.Sprintf("%d:%d:%d:%q ", i, x.rep, x.def, x.bytes)
					}
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if row != len(rows)-1 {
				t.Fatalf("the column %q has %d rows in group %d, want %d", f.Leaves[i].Name(), row+1-base, g, group.Rows)
			}
		}
	}
	return rows
}

// copied copies the rows of files that keep tells, and verifies what was written.
func copied(t testing.TB, keep func(file, row int) bool, contents ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w *Writer
	for n, content := range contents {
		f := open(t, content)
		if w == nil {
			var err error
			if w, err = NewWriter(&out, f); err != nil {
				t.Fatal(err)
			}
		}
		at := 0
		for g := range f.Groups {
			sound, err := f.Check(g)
			if err != nil {
				t.Fatal(err)
			}
			rows := &Rows{}
			for i := range sound {
				if keep(n, at) {
					rows.Add(i)
				}
				at++
			}
			if err := w.Append(f, g, rows); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Verify(bytes.NewReader(out.Bytes())); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// checkCopies copies all rows of a file, then every second one, one at the end, and none, and looks
// whether every value of what was kept is equal.
func checkCopies(t testing.TB, content []byte) {
	t.Helper()
	rows := rowsOf(t, content)
	for name, keep := range map[string]func(file, row int) bool{
		"all":    func(_, _ int) bool { return true },
		"second": func(_, row int) bool { return row%2 == 1 },
		"runs":   func(_, row int) bool { return row/7%3 != 1 },
		"last":   func(_, row int) bool { return row == len(rows)-1 },
		"none":   func(_, _ int) bool { return false },
	} {
		out := copied(t, keep, content)
		var want []string
		for i, row := range rows {
			if keep(0, i) {
				want = append(want, row)
			}
		}
		if got := rowsOf(t, out); !slices.Equal(got, want) {
			t.Fatalf("%s: %d rows are not equal to %d that were kept of %d", name, len(got), len(want), len(rows))
		}
		if in, is := open(t, content).meta.find(fileSchema), open(t, out).meta.find(fileSchema); !bytes.Equal(in.raw, is.raw) {
			t.Fatalf("%s: another schema", name)
		}
	}
}
