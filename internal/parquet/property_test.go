package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	library "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	encodings "github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"neardup/internal/testkit"
)

// A maker makes files of random schemas, encodings and rows with parquet-go.
type maker struct {
	*rand.Rand
	most  int           // rows
	text  func() string // of a column with that name, nil if there is none
	wrong bool          // there is something that parquet-go reads or writes wrong
}

func (m *maker) one(of ...library.Node) library.Node { return of[m.IntN(len(of))] }

// leaf returns a column of any type, with an encoding that it can have.
func (m *maker) leaf() library.Node {
	n := m.one(
		library.Leaf(library.BooleanType), library.Leaf(library.Int32Type), library.Leaf(library.Int64Type), library.Leaf(library.Int96Type),
		library.Leaf(library.FloatType), library.Leaf(library.DoubleType), library.Leaf(library.ByteArrayType), library.String(),
		library.Leaf(library.FixedLenByteArrayType(1+m.IntN(20))), library.UUID(), library.Decimal(2, 9, library.Int32Type), library.Decimal(3, 18, library.Int64Type),
		library.Decimal(1, 20, library.FixedLenByteArrayType(9)), library.Date(), library.Timestamp(library.Microsecond), library.Time(library.Nanosecond),
		library.Int(8), library.Uint(64), library.JSON(), library.Enum(),
	)
	// parquet-go decodes booleans in RLE wrong, unless it wrote them.
	if n.Type().Kind() == library.Boolean && m.IntN(2) == 0 {
		m.wrong = true
		return library.Encoded(n, &library.RLE)
	}
	all := []encodings.Encoding{nil, &library.Plain, &library.RLEDictionary, &library.DeltaBinaryPacked, &library.DeltaLengthByteArray, &library.DeltaByteArray, &library.ByteStreamSplit}
	if e := all[m.IntN(len(all))]; e != nil && encodes(n, e) {
		n = library.Encoded(n, e)
	}
	// What parquet-go reads of LZ4_RAW that compresses badly is nothing, or an error.
	codecs := []compress.Codec{nil, &library.Uncompressed, &library.Snappy, &library.Gzip, &library.Brotli, &library.Zstd, &library.Lz4Raw}
	if c := codecs[m.IntN(len(codecs))]; c != nil {
		n = library.Compressed(n, c)
		m.wrong = m.wrong || c == &library.Lz4Raw
	}
	return n
}

func encodes(n library.Node, e encodings.Encoding) (ok bool) {
	defer func() { ok = recover() == nil }()
	library.Encoded(n, e)
	return true
}

func (m *maker) node(depth int) library.Node {
	n, annotated := m.leaf(), false
	if depth > 0 {
		switch m.IntN(6) {
		case 0:
			n = m.group(depth - 1)
		case 1:
			n, annotated = library.List(m.node(depth-1)), true
		case 2:
			n, annotated = library.Map(library.String(), m.node(depth-1)), true
		}
	}
	switch m.IntN(5) {
	case 0, 1:
		n = library.Optional(n)
	case 2:
		if !annotated { // lists and maps must not be repeated themselves
			n = library.Repeated(n)
		}
	}
	return n
}

func (m *maker) group(depth int) library.Group {
	g := library.Group{}
	for i := range 1 + m.IntN(4) {
		g[fmt.Sprint("c", i)] = m.node(depth)
	}
	return g
}

// row returns a row of the schema: columns of values with their levels.
func (m *maker) row(root library.Node) library.Row {
	var columns [][]library.Value
	leaves := 0
	var walk func(n library.Node, there bool, rep, def, depth int)
	walk = func(n library.Node, there bool, rep, def, depth int) {
		if n.Leaf() {
			if leaves == len(columns) {
				columns = append(columns, nil)
			}
			v := library.NullValue()
			if f, ok := n.(library.Field); ok && f.Name() == "text" && m.text != nil {
				v = library.ByteArrayValue([]byte(m.text()))
			} else if there {
				v = m.value(n.Type())
			}
			columns[leaves] = append(columns[leaves], v.Level(rep, def, leaves))
			leaves++
			return
		}
		for _, f := range n.Fields() {
			at := leaves
			switch {
			case there && f.Repeated():
				count := m.IntN(4)
				if count == 0 {
					walk(f, false, rep, def, depth+1)
				}
				for i := range count {
					leaves = at
					if i == 0 {
						walk(f, true, rep, def+1, depth+1)
					} else {
						walk(f, true, depth+1, def+1, depth+1)
					}
				}
			case f.Repeated():
				walk(f, false, rep, def, depth+1)
			case f.Optional() && there && m.IntN(3) > 0:
				walk(f, true, rep, def+1, depth)
			case f.Optional():
				walk(f, false, rep, def, depth)
			default:
				walk(f, there, rep, def, depth)
			}
		}
	}
	walk(root, true, 0, 0, 0)
	var row library.Row
	for _, c := range columns {
		row = append(row, c...)
	}
	return row
}

// value returns a value of a type, often one that is there already.
func (m *maker) value(t library.Type) library.Value {
	bits := m.Uint64() >> m.IntN(64)
	if m.IntN(2) == 0 {
		bits &= 3
	}
	b := make([]byte, m.IntN(12))
	if t.Kind() == library.FixedLenByteArray {
		b = make([]byte, t.Length())
	}
	for i := range b {
		b[i] = byte(bits >> (i % 8 * 8))
	}
	if l := t.LogicalType(); l != nil { // other readers refuse what its type does not have
		switch l.Value.(type) {
		case *format.StringType, *format.EnumType, *format.JsonType:
			return library.ByteArrayValue(fmt.Appendf(nil, "%d", bits))
		case *format.TimeType:
			bits %= 86_400_000_000_000
		case *format.TimestampType, *format.DecimalType:
			bits %= 1_000_000_000
		case *format.DateType:
			bits %= 100_000
		case *format.IntType:
			if t.Kind() == library.Int32 {
				bits %= 128
			}
		}
	}
	switch t.Kind() {
	case library.Boolean:
		return library.BooleanValue(bits&1 == 1)
	case library.Int32:
		return library.Int32Value(int32(bits))
	case library.Int64:
		return library.Int64Value(int64(bits))
	case library.Int96:
		return library.Int96Value(deprecated.Int96{uint32(bits), uint32(bits >> 32), 7})
	case library.Float:
		return library.FloatValue(math.Float32frombits(uint32(bits) * 0x10001))
	case library.Double:
		return library.DoubleValue(math.Float64frombits(bits * 0x1000100010001))
	case library.FixedLenByteArray:
		return library.FixedLenByteArrayValue(b)
	}
	return library.ByteArrayValue(b)
}

// file returns a file of random rows, and how its rows are written as text.
func (m *maker) file(t testing.TB) ([]byte, []string) {
	t.Helper()
	m.wrong = false
	group := m.group(3)
	if m.text != nil {
		group["text"] = library.String()
	}
	schema := library.NewSchema("made", group)
	var out bytes.Buffer
	options := []library.WriterOption{
		schema, library.PageBufferSize(1 << (4 + m.IntN(12))), library.DataPageVersion(1 + m.IntN(2)),
		library.MaxRowsPerRowGroup(int64(1 + m.IntN(400))), library.DataPageStatistics(m.IntN(2) == 0), library.KeyValueMetadata("made by", "a test"),
	}
	w := library.NewWriter(&out, options...)
	var rows []string
	for range m.IntN(m.most) {
		row := m.row(schema)
		if _, err := w.WriteRows([]library.Row{row}); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, textOf(row))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), rows
}

// textOf writes a row as rowsOf does.
func textOf(row library.Row) string {
	s := ""
	for _, v := range row {
		var b []byte
		switch {
		case v.IsNull():
		case v.Kind() == library.Boolean:
			b = []byte{0}
			if v.Boolean() {
				b[0] = 1
			}
		default:
			b = v.Bytes()
		}
		s += fmt.Sprintf("%d:%d:%d:%q ", v.Column(), v.RepetitionLevel(), v.DefinitionLevel(), b)
	}
	return s
}

// byLibrary reads all rows with parquet-go.
func byLibrary(content []byte) (rows []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panics: %v", p)
		}
	}()
	f, err := library.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	for _, g := range f.RowGroups() {
		r := g.Rows()
		buf := make([]library.Row, 50)
		for {
			n, err := r.ReadRows(buf)
			for _, row := range buf[:n] {
				rows = append(rows, textOf(row))
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, errors.Join(err, r.Close())
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// TestEveryValue writes files with parquet-go, copies some of their rows, and has every value of those be
// equal to what was given to parquet-go, read here and by parquet-go, but for what that is known to read wrong.
func TestEveryValue(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), most: 600}
	values, both := 0, 0
	for n := range testkit.Scale(100, 1000, 10000) {
		content, want := m.file(t)
		if got := rowsOf(t, content); !slices.Equal(got, want) {
			t.Fatalf("file %d: what is read of %d rows is not what was written", n, len(want))
		}
		if len(want) == 0 {
			continue
		}
		share := []int{0, 1, 9, 50, 99, 100}[m.IntN(6)]
		run := 1 + m.IntN(40)
		var kept []string
		keep := make([]bool, len(want))
		for i := range keep {
			keep[i] = m.IntN(100) < share
			if i%run > 0 {
				keep[i] = keep[i-1]
			}
			if keep[i] {
				kept = append(kept, want[i])
				values += bytes.Count([]byte(want[i]), []byte(" "))
			}
		}
		out := copied(t, func(_, row int) bool { return keep[row] }, content)
		if got := rowsOf(t, out); !slices.Equal(got, kept) {
			t.Fatalf("file %d: %d rows are not those that were kept, %d of %d", n, len(got), len(kept), len(want))
		}
		got, err := byLibrary(out)
		if m.wrong && (err != nil || !slices.Equal(got, kept)) {
			continue
		}
		if both++; err != nil || !slices.Equal(got, kept) {
			t.Fatalf("file %d: parquet-go reads %d rows that are not those that were kept, %d of %d: %v", n, len(got), len(kept), len(want), err)
		}
	}
	t.Logf("%d values, in %d files read by parquet-go too", values, both)
}

// TestWriteFiles writes files for benchmarks/parquet/check.py.
func TestWriteFiles(t *testing.T) {
	dir := os.Getenv("NEARDUP_PARQUET_FILES")
	if dir == "" {
		t.Skip("NEARDUP_PARQUET_FILES names no directory")
	}
	count, err := strconv.Atoi(os.Getenv("NEARDUP_PARQUET_COUNT"))
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 4)), most: 600}
	for n := range count {
		most := 1 + m.IntN(600)
		m.text = func() string { return fmt.Sprintf("parquet-go %d has the text with the number %d", n, m.IntN(most)) }
		content, _ := m.file(t)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("parquet-go-%d.parquet", n)), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamage flips bits and cuts pieces out: whatever is wrong, the rows that are not refused
// can be copied, nothing panics, and memory is bounded.
func TestDamage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 2)), most: 60}
	refused, torn := 0, 0
	for range testkit.Scale(20, 150, 3000) {
		whole, _ := m.file(t)
		for range 20 {
			content := bytes.Clone(whole)
			for range 1 + m.IntN(3) {
				at := m.IntN(len(content))
				if m.IntN(3) > 0 {
					content[at] ^= 1 << m.IntN(8)
				} else {
					content[at] = byte(m.Uint32())
				}
			}
			switch copyDamaged(t, content) {
			case 0:
				refused++
			case 1:
				torn++
			}
		}
	}
	t.Logf("%d files were refused, and rows of %d", refused, torn)
}

// copyDamaged copies the rows that can be copied. It returns 0 if the file was refused, 1 if some rows
// were, and else 2.
func copyDamaged(t testing.TB, content []byte) int {
	f, err := Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		if !IsFault(err) {
			t.Fatal(err)
		}
		return 0
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, f)
	if err != nil {
		t.Fatal(err)
	}
	outcome := 2
	for g := range f.Groups {
		sound, err := f.Check(g)
		if err != nil {
			if outcome = 1; !IsFault(err) {
				t.Fatal(err)
			}
		}
		if sound > 1<<20 {
			continue
		}
		rows := &Rows{}
		for i := range sound {
			if i%5 != 3 {
				rows.Add(i)
			}
		}
		if err := w.Append(f, g, rows); err != nil {
			t.Fatalf("%d rows of %d are sound: %v", sound, f.Groups[g].Rows, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Verify(bytes.NewReader(out.Bytes())); err != nil {
		t.Fatal(err)
	}
	return outcome
}

// FuzzFile has any bytes be read, and what is sound of them be copied.
func FuzzFile(f *testing.F) {
	m := &maker{Rand: rand.New(rand.NewPCG(1, 3)), most: 60}
	for range 20 {
		if content, _ := m.file(f); len(content) < 20_000 {
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) { copyDamaged(t, content) })
}
