package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// column returns what a column holds, nulls as "null".
func column(t *testing.T, content []byte, name string) []string {
	t.Helper()
	f := open(t, content)
	l, err := f.Lookup(name)
	if err != nil || l == nil {
		t.Fatalf("column %q: %v, %v", name, l, err)
	}
	var out []string
	for g := range f.Groups {
		r := f.Column(g, l)
		for range f.Groups[g].Rows {
			v, ok, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				out = append(out, "null")
			} else {
				out = append(out, string(v))
			}
		}
	}
	return out
}

// TestRLEBooleans reads a run of 16 and packed bits, in pages of either version, with nulls and without.
func TestRLEBooleans(t *testing.T) {
	run := prefixed(16<<1, 1)
	bits := prefixed(2<<1|1, 0b1010_0101, 0b1100_0011)
	runWant := strings.Split(strings.Repeat("\x01,", 16), ",")[:16]
	var bitsWant []string
	for _, b := range []byte{0b1010_0101, 0b1100_0011} {
		for i := range 8 {
			bitsWant = append(bitsWant, string([]byte{b >> i & 1}))
		}
	}
	levels := prefixed(8<<1, 1, 8<<1, 0, 8<<1, 1)
	nulls := slices.Repeat([]string{"null"}, 8)
	for name, c := range map[string]struct {
		column testColumn
		want   []string
	}{
		"run":           {testColumn{values: 16, pages: [][]byte{pageV1(16, rle, uncompressed, run)}}, runWant},
		"by parquet-go": {testColumn{values: 16, pages: [][]byte{pageV1(16, rle, uncompressed, prefixed(16<<1, 0xff))}}, runWant},
		"packed":        {testColumn{values: 16, pages: [][]byte{pageV1(16, rle, uncompressed, bits)}}, bitsWant},
		"compressed":    {testColumn{values: 16, codec: zstdCodec, pages: [][]byte{pageV1(16, rle, zstdCodec, bits)}}, bitsWant},
		"second":        {testColumn{values: 16, pages: [][]byte{pageV2(16, 0, 16, rle, nil, nil, run, len(run))}}, runWant},
		"with nulls":    {testColumn{values: 24, repetition: 1, pages: [][]byte{pageV1(24, rle, uncompressed, slices.Concat(levels, bits))}}, slices.Concat(bitsWant[:8], nulls, bitsWant[8:])},
		"second nulls":  {testColumn{values: 24, repetition: 1, pages: [][]byte{pageV2(24, 8, 24, rle, nil, levels[4:], bits, len(bits))}}, slices.Concat(bitsWant[:8], nulls, bitsWant[8:])},
	} {
		t.Run(name, func(t *testing.T) {
			c.column.name, c.column.kind = "done", Boolean
			content := testFile(c.column.values, c.column)
			if got := column(t, content, "done"); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			checkCopies(t, content)
		})
	}
}

// TestCompressions has pages that compress well, hardly, and not at all, and one without a value.
func TestCompressions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for _, texts := range [][]string{{strings.Repeat("a", 100_000), "b"}, {"as it is", "some words, and other words", ""}, {string(noise), "x"}, {""}, {}} {
		for c := uncompressed; c <= lz4Raw; c++ {
			if c == lzo {
				continue
			}
			b := plainTexts(texts...)
			col := testColumn{name: "text", kind: ByteArray, codec: c, values: len(texts)}
			if len(texts) > 0 {
				col.pages = [][]byte{pageV1(len(texts), plain, c, b)}
			}
			content := testFile(len(texts), col)
			if got := column(t, content, "text"); !slices.Equal(got, texts) && len(texts) > 0 {
				t.Errorf("%s: %d texts are not as they were", c, len(texts))
			}
			if len(texts) > 0 {
				checkCopies(t, content)
			}
		}
	}
}

// TestHadoopLZ4 reads the two forms that LZ4 has in files, with several blocks.
func TestHadoopLZ4(t *testing.T) {
	first, second := plainTexts("a text", "another"), plainTexts("the last")
	var framed []byte
	for _, b := range [][]byte{first, second} {
		p, err := lz4Hadoop.compress(b)
		if err != nil {
			t.Fatal(err)
		}
		framed = append(framed, p...)
	}
	bare, err := lz4Raw.compress(slices.Concat(first, second))
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{framed, bare} {
		page := rawPage(dataPage, len(first)+len(second), body, headerData, func(d *structWriter) {
			d.int32(1, 3)
			d.int32(2, 0)
			d.int32(3, 3)
			d.int32(4, 3)
		})
		content := testFile(3, testColumn{name: "text", kind: ByteArray, codec: lz4Hadoop, values: 3, pages: [][]byte{page}})
		if got := column(t, content, "text"); !slices.Equal(got, []string{"a text", "another", "the last"}) {
			t.Errorf("%q", got)
		}
		checkCopies(t, content)
	}
}

// TestEmptyPages has pages of nulls alone, and pages without any value, with nothing where
// compressed bytes would be.
func TestEmptyPages(t *testing.T) {
	for c := uncompressed; c <= lz4Raw; c++ {
		if c == lzo {
			continue
		}
		packed, err := c.compress(plainTexts("one"))
		if err != nil {
			t.Fatal(err)
		}
		nulls := pageV2(8, 8, 8, plain, nil, []byte{8 << 1, 0}, nil, 0)
		none := pageV2(0, 0, 0, plain, nil, nil, nil, 0)
		some := pageV2(1, 0, 1, plain, nil, []byte{1 << 1, 1}, packed, len(plainTexts("one")))
		content := testFile(17, testColumn{name: "text", kind: ByteArray, repetition: 1, codec: c, values: 17, pages: [][]byte{nulls, none, some, nulls}})
		want := slices.Concat(slices.Repeat([]string{"null"}, 8), []string{"one"}, slices.Repeat([]string{"null"}, 8))
		if got := column(t, content, "text"); !slices.Equal(got, want) {
			t.Errorf("%s: %q", c, got)
		}
		checkCopies(t, content)
	}
}

// TestOffsets has columns whose pages do not begin where they are said to, as some writers say.
func TestOffsets(t *testing.T) {
	texts := []string{"one", "two", "one", "one"}
	dict := dictionaryOf(2, uncompressed, plainTexts("one", "two"))
	indexed := pageV1(4, rleDictionary, uncompressed, []byte{1, 1<<1 | 1, 0b0010})
	plainPage := pageV1(4, plain, uncompressed, plainTexts(texts...))
	number := pageV1(2, plain, uncompressed, make([]byte, 8))
	with := func(f func(*testColumn)) testColumn {
		c := testColumn{name: "text", kind: ByteArray, values: 4, pages: [][]byte{dict, indexed}, dataOffset: len(dict)}
		f(&c)
		return c
	}
	for name, c := range map[string]testColumn{
		"as they should be":                with(func(*testColumn) {}),
		"data before their page":           with(func(c *testColumn) { c.dataOffset -= 5 }),
		"data at the dictionary, no other": with(func(c *testColumn) { c.dataOffset = 0 }),
		"data somewhat before all":         with(func(c *testColumn) { c.before, c.dataOffset = make([]byte, 9), -7; c.pages = [][]byte{plainPage} }),
		"data in the column before":        with(func(c *testColumn) { c.dataOffset = -7; c.pages = [][]byte{plainPage} }),
		"data at a page of the one before": with(func(c *testColumn) { c.dataOffset = -len(number); c.pages = [][]byte{plainPage} }),
		"data inside of their page":        with(func(c *testColumn) { c.dataOffset, c.dictOffset = 3, -1; c.pages = [][]byte{plainPage} }),
		"data behind the dictionary alone": with(func(c *testColumn) { c.dictOffset = 0 }),
	} {
		other := testColumn{name: "n", kind: Int32, values: 4, pages: [][]byte{number, number}}
		content := testFile(4, other, c, testColumn{name: "m", kind: Int32, values: 4, pages: other.pages})
		t.Run(name, func(t *testing.T) {
			if got := column(t, content, "text"); !slices.Equal(got, texts) {
				t.Errorf("%q", got)
			}
			checkCopies(t, content)
		})
	}
}

// TestShortChunk has a size of a column that is too small, since some writers left out headers.
func TestShortChunk(t *testing.T) {
	content := testFile(2, testColumn{name: "text", kind: ByteArray, values: 2, pages: [][]byte{pageV1(2, plain, uncompressed, plainTexts("one", "two"))}})
	f := open(t, content)
	f.Groups[0].chunks[0].end -= 20
	if err := f.agrees(int64(len(content)) - 8); err != nil {
		t.Fatal(err)
	}
	if v, _, err := f.Column(0, f.Leaves[0]).Next(); err != nil || string(v) != "one" {
		t.Errorf("%q, %v", v, err)
	}
}

// TestNoColumns copies rows that hold nothing.
func TestNoColumns(t *testing.T) {
	if f := open(t, copied(t, func(_, row int) bool { return row != 1 }, testFile(3))); len(f.Leaves) != 0 || f.Groups[0].Rows != 2 {
		t.Errorf("%+v", f.Groups[0])
	}
}

// TestTwoOfOneName copies two columns of one name, and refuses to read one of them.
func TestTwoOfOneName(t *testing.T) {
	text := testColumn{name: "text", kind: ByteArray, values: 2, pages: [][]byte{pageV1(2, plain, uncompressed, plainTexts("one", "two"))}}
	twin := testColumn{name: "twin", kind: ByteArray, values: 2, pages: [][]byte{pageV1(2, plain, uncompressed, plainTexts("a", "b"))}}
	content := testFile(2, twin, text, twin)
	if got := column(t, content, "text"); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q", got)
	}
	checkCopies(t, content)
	if _, err := open(t, content).Lookup("twin"); err == nil || IsFault(err) || !strings.Contains(err.Error(), `two columns have the name "twin"`) {
		t.Errorf("%v", err)
	}
}

// TestAnnotations keeps a logical type that no table here has, and FLOAT16.
func TestAnnotations(t *testing.T) {
	for _, id := range []int16{15, 16, 99} {
		var logical structWriter
		logical.field(id, kindStruct, []byte{0})
		halves := []byte{0, 0x3c, 0xff, 0x7e, 1, 0x80}
		content := testFile(3, testColumn{name: "half", kind: FixedLenByteArray, length: 2, values: 3, logical: logical.end(), pages: [][]byte{pageV1(3, plain, uncompressed, halves)}})
		checkCopies(t, content) // with the schema
	}
}

// TestRefused names what is not supported.
func TestRefused(t *testing.T) {
	page := pageV1(1, plain, uncompressed, make([]byte, 4))
	with := func(f func(*testColumn)) []byte {
		c := testColumn{name: "n", kind: Int32, values: 1, pages: [][]byte{page}}
		f(&c)
		return testFile(1, c)
	}
	encrypted := with(func(*testColumn) {})
	copy(encrypted[len(encrypted)-4:], magicEncrypted)
	for want, content := range map[string][]byte{
		"it is encrypted":         encrypted,
		`column "n" is encrypted`: with(func(c *testColumn) { c.meta = func(w *structWriter) { w.field(chunkCrypto, kindStruct, []byte{0}) } }),
		`in another file, "x"`: with(func(c *testColumn) {
			c.meta = func(w *structWriter) { w.field(chunkPath, kindBinary, encodedBytes("x")) }
		}),
		"compressed with LZO":          with(func(c *testColumn) { c.codec = lzo }),
		"compressed with codec 9":      with(func(c *testColumn) { c.codec = 9 }),
		"encoding 12 is not supported": with(func(c *testColumn) { c.pages = [][]byte{pageV1(1, 12, uncompressed, make([]byte, 4))} }),
		"RLE is not supported":         with(func(c *testColumn) { c.pages = [][]byte{pageV1(1, rle, uncompressed, make([]byte, 8))} }),
		"of kind 5": with(func(c *testColumn) {
			c.pages = [][]byte{rawPage(5, 4, make([]byte, 4), headerData, func(*structWriter) {})}
		}),
		"a second dictionary": with(func(c *testColumn) {
			c.pages = [][]byte{dictionaryOf(1, 0, make([]byte, 4)), dictionaryOf(1, 0, make([]byte, 4)), page}
		}),
		"of a dictionary that has 0": with(func(c *testColumn) { c.pages = [][]byte{pageV1(1, rleDictionary, uncompressed, []byte{1, 2, 0})} }),
		"its checksum is wrong":      with(func(c *testColumn) { p := bytes.Clone(page); p[len(p)-1] ^= 1; c.pages = [][]byte{p} }),
		"holds 300000000 bytes": with(func(c *testColumn) {
			c.pages = [][]byte{rawPage(dataPage, 300_000_000, make([]byte, 4), headerData, func(d *structWriter) { d.int32(1, 1); d.int32(2, 0); d.int32(3, 3); d.int32(4, 3) })}
		}),
		"what it expands to is not as": with(func(c *testColumn) {
			c.codec, c.pages = snappyCodec, [][]byte{rawPage(dataPage, 5, []byte{4, 12, 0, 0, 0, 0}, headerData, func(d *structWriter) { d.int32(1, 1); d.int32(2, 0); d.int32(3, 3); d.int32(4, 3) })}
		}),
		"has less values than row group": with(func(c *testColumn) { c.values = 1; c.pages = nil; c.dataOffset = 0 }),
	} {
		f, err := Open(bytes.NewReader(content), int64(len(content)))
		if err == nil {
			_, err = f.Check(0)
		}
		if want == "has less values than row group" {
			if !IsFault(err) {
				t.Errorf("no page: %v", err)
			}
			continue
		}
		if !IsFault(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestBitPacked reads levels in the deprecated encoding, in which bits come the highest first.
func TestBitPacked(t *testing.T) {
	var d structWriter
	d.int32(1, 5)
	d.int32(2, int64(plain))
	d.int32(3, int64(bitPackedLevels))
	d.int32(4, int64(bitPackedLevels))
	body := append([]byte{0b1011_0000}, plainTexts("a", "b", "c")...)
	page := rawPage(dataPage, len(body), body, headerData, func(w *structWriter) { w.b, w.last = d.b, d.last })
	content := testFile(5, testColumn{name: "text", kind: ByteArray, repetition: 1, values: 5, pages: [][]byte{page}})
	if got := column(t, content, "text"); !slices.Equal(got, []string{"a", "null", "b", "c", "null"}) {
		t.Errorf("%q", got)
	}
	checkCopies(t, content)
}

// TestSplitRow has pages of the first version, which may end within a row.
func TestSplitRow(t *testing.T) {
	page := func(reps []byte, texts ...string) []byte {
		rep, def := &hybridWriter{width: 1}, &hybridWriter{width: 1}
		for _, r := range reps {
			rep.add(uint32(r))
			def.add(1)
		}
		return pageV1(len(reps), plain, uncompressed, slices.Concat(prefixed(rep.end()...), prefixed(def.end()...), plainTexts(texts...)))
	}
	content := testFile(4, testColumn{name: "tags", kind: ByteArray, repetition: 2, values: 8, pages: [][]byte{
		page([]byte{0, 0, 1}, "a", "b", "c"), page([]byte{1, 1}, "d", "e"), page([]byte{1, 0, 0}, "f", "g", "h"),
	}})
	if got := rowsOf(t, content); len(got) != 4 || strings.Count(got[1], ":") != 15 {
		t.Fatalf("%q", got)
	}
	checkCopies(t, content)
	for mask := range 16 {
		out := copied(t, func(_, row int) bool { return mask>>row&1 == 1 }, content)
		var want []string
		for i, row := range rowsOf(t, content) {
			if mask>>i&1 == 1 {
				want = append(want, row)
			}
		}
		if got := rowsOf(t, out); !slices.Equal(got, want) {
			t.Errorf("rows %b: %q, want %q", mask, got, want)
		}
	}
}

// TestGathered makes one row group of many small files, with and without dictionaries, and keeps
// the groups of one file.
func TestGathered(t *testing.T) {
	var files [][]byte
	var want []string
	for i := range 300 {
		a, b := fmt.Sprint("text ", i), fmt.Sprint("other ", i)
		c := testColumn{name: "text", kind: ByteArray, repetition: 1, values: 2, pages: [][]byte{pageV1(2, plain, uncompressed, slices.Concat(prefixed(2<<1, 1), plainTexts(a, b)))}}
		if i%3 == 0 {
			dict := dictionaryOf(2, uncompressed, plainTexts(a, b))
			c.pages = [][]byte{dict, pageV1(2, rleDictionary, uncompressed, slices.Concat(prefixed(2<<1, 1), []byte{1, 1<<1 | 1, 0b10}))}
			c.dataOffset = len(dict)
		}
		files = append(files, testFile(2, c))
		if i%5 != 0 {
			want = append(want, a)
		}
		want = append(want, b)
	}
	out := copied(t, func(file, row int) bool { return row == 1 || file%5 != 0 }, files...)
	if got := column(t, out, "text"); !slices.Equal(got, want) {
		t.Errorf("%d texts, want %d", len(got), len(want))
	}
	if f := open(t, out); len(f.Groups) != 1 || f.Groups[0].chunks[0].values != int64(len(want)) {
		t.Errorf("%d row groups", len(f.Groups))
	}
}

// TestManyNulls has a page of few bytes with more values than memory could hold, all of them null.
func TestManyNulls(t *testing.T) {
	const many = 1 << 25
	page := func(n int) []byte {
		return pageV1(n, plain, uncompressed, prefixed(append(binary.AppendUvarint(nil, uint64(n)<<1), 0)...))
	}
	content := testFile(many, testColumn{name: "text", kind: ByteArray, repetition: 1, values: many, pages: [][]byte{page(many - 8), page(8)}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f := open(t, content)
	if n, err := f.Check(0); n != many || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("%d bytes were taken", took)
	}
}

// TestChangedFile finds by its checksums that what was written is not what was read.
func TestChangedFile(t *testing.T) {
	text := testColumn{name: "text", kind: ByteArray, values: 3, pages: [][]byte{pageV1(3, plain, uncompressed, plainTexts("one", "two", "three"))}}
	for _, keep := range []int64{2, 3} {
		f := open(t, testFile(3, text))
		var out bytes.Buffer
		w, err := NewWriter(&out, f)
		if err != nil {
			t.Fatal(err)
		}
		rows := &Rows{}
		for i := range keep {
			rows.Add(i)
		}
		if err := w.Append(f, 0, rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for at := range out.Len() {
			b := bytes.Clone(out.Bytes())
			b[at] ^= 1
			if at < len(magic) || at >= bytes.Index(b, []byte("schema")) || w.Verify(bytes.NewReader(b)) != nil {
				continue
			}
			if got := column(t, b, "text"); !slices.Equal(got, []string{"one", "two", "three"}[:keep]) {
				t.Errorf("byte %d of %d was changed, nothing is said, and the texts are %q", at, len(b), got)
			}
		}
	}
}
