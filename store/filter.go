package store

import "math/bits"

// A filter tells most values that are not in the database apart from those that are, in
// memory and without asking it: a Bloom filter whose every key has its bits in one line of 64
// bytes (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom filters", WEA
// 2007). Its size is fixed; when it is crowded it says yes more often. The zero value says yes.
type filter struct {
	lines []filterLine // a power of two
}

type filterLine [8]uint64

// filterBitsOf is the number of bits that a key sets.
const filterBitsOf = 4

// newFilter returns an empty filter of at most so many bytes.
func newFilter(bytes int64) filter {
	lines := max(bytes/64, 1)
	return filter{inHugePages(make([]filterLine, 1<<(bits.Len64(uint64(lines))-1)))}
}

func (f *filter) add(table byte, value uint64) {
	line, h := f.line(table, value)
	for range filterBitsOf {
		line[h>>6&7] |= 1 << (h & 63)
		h >>= 9
	}
}

// repeated marks the table of a value that was noted more than once.
const repeated = 1 << 7

// note adds a value, and when it may have been noted before also that.
func (f *filter) note(table byte, value uint64) {
	if f.mayHold(table, value) {
		table |= repeated
	}
	f.add(table, value)
}

// mayHold reports whether the value may have been added.
func (f *filter) mayHold(table byte, value uint64) bool {
	if f.lines == nil {
		return true
	}
	line, h := f.line(table, value)
	for range filterBitsOf {
		if line[h>>6&7]>>(h&63)&1 == 0 {
			return false
		}
		h >>= 9
	}
	return true
}

// addAll adds what was added to another filter, of any size. Lines that lie side by side in the
// larger one are one line in the smaller.
func (f *filter) addAll(other filter) {
	n := max(len(f.lines), len(other.lines))
	for i := range n {
		line, added := &f.lines[i/(n/len(f.lines))], &other.lines[i/(n/len(other.lines))]
		for j := range line {
			line[j] |= added[j]
		}
	}
}

// resized returns a filter of at most so many bytes that was of another size, the zero value if it is
// crowded and there is memory for a better one.
func (f filter) resized(bytes int64) filter {
	switch g := newFilter(bytes); {
	case len(f.lines) == len(g.lines):
		return f
	case len(f.lines) < len(g.lines) && f.set() > len(f.lines)*64:
		return filter{}
	default:
		g.addAll(f)
		return g
	}
}

// set returns the number of bits that are set.
func (f *filter) set() (n int) {
	for i := range f.lines {
		for _, word := range f.lines[i] {
			n += bits.OnesCount64(word)
		}
	}
	return n
}

// folded returns f, or as small a filter of the same entries as still has seven of eight bits
// free.
func (f filter) folded() filter {
	lines, set := len(f.lines), f.set()
	for lines > 1 && lines/2*512 >= 8*set {
		lines /= 2
	}
	if lines == len(f.lines) {
		return f
	}
	small := filter{make([]filterLine, lines)}
	small.addAll(f)
	return small
}

// line returns the line of a value, and bits for it. Hashes lie in the order of their lines: those
// that are added in order meet lines in order.
func (f *filter) line(table byte, value uint64) (*filterLine, uint64) {
	hi, lo := bits.Mul64(value^uint64(table)<<56^0x9e3779b97f4a7c15, 0xd1342543de82ef95)
	h := hi ^ lo
	return &f.lines[value>>(64-bits.TrailingZeros(uint(len(f.lines))))], h
}
