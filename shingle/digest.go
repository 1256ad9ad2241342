package shingle

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
	"unicode/utf8"
)

// A Digest is everything that comparing and indexing need to know of a text, from one pass
// over it. It belongs to the [Digester] that made it and is overwritten by its next call.
type Digest struct {
	Normal      []byte // the normalised text
	Characters  int    // code points of Normal
	Set         Set    // the distinct shingles
	Fingerprint Fingerprint
	Sketch      Sketch

	// Short tells that the text has fewer than nine times as many distinct shingles as its
	// shingles have characters: 27 in Chinese, 72 in English. Only a change at its ends could
	// then leave a resemblance of 0.8, and short texts that differ there ("page 1", "page 2")
	// are as a rule no copies. So a short text is a duplicate of equal texts only.
	Short bool
	Least int // the number of distinct shingles from which a text with such shingles is not short

	// Paragraphs are those of the text, in order.
	Paragraphs []ParagraphDigest

	hashes []uint64 // of the shingle at every place, repeats included
}

// A ParagraphDigest is a paragraph of a text and the part of the digest that is made from it.
type ParagraphDigest struct {
	Range        // of the text
	Normal Range // of the normalised text, without white space at the ends

	first, last int // its shingles: hashes[first:last]
}

// A Digester makes digests. It reuses its memory: in a steady state it allocates nothing.
// It must be made by [Params.NewDigester], and is not safe for concurrent use: give each
// goroutine its own.
type Digester struct {
	p      Params
	w      writer
	chars  []char
	table  table
	digest Digest
}

// NewDigester returns a digester for shingles of those parameters.
func (p Params) NewDigester() *Digester { return &Digester{p: p} }

// Digest analyses text.
func (d *Digester) Digest(text string) *Digest {
	return d.DigestUnless(text, func([]byte) bool { return false })
}

// DigestUnless is Digest, unless known holds for the normalised text: then Normal and
// Characters are all of the digest that is good.
func (d *Digester) DigestUnless(text string, known func(normal []byte) bool) *Digest {
	g := d.normal(text)
	if known(g.Normal) {
		return g
	}
	d.distinct(g)
	g.Fingerprint = g.Set.Fingerprint()
	g.Least = shortFactor * d.shingleCharacters()
	g.Short = g.Set.Len() < g.Least
	g.Sketch.take(g.Set)
	d.paragraphs(g, text)
	return g
}

// Fingerprint returns the fingerprint of text and the number of its distinct shingles, for
// less than [Digester.Digest]. If there is no shingle both are zero.
func (d *Digester) Fingerprint(text string) (Fingerprint, int) {
	set := d.shingles(text).Set
	return set.Fingerprint(), set.Len()
}

// Characters returns the number of code points of the normalised text.
func (d *Digester) Characters(text string) int {
	d.normalize(text)
	return d.w.characters()
}

func (d *Digester) normalize(text string) {
	d.w.reset(d.p.classes())
	d.w.writeText(text)
}

// normal begins a digest: it normalises text.
func (d *Digester) normal(text string) *Digest {
	g := &d.digest
	d.normalize(text)
	*g = Digest{
		Normal: d.w.dst, Characters: d.w.characters(),
		Set: Set{g.Set.hashes[:0]}, Sketch: g.Sketch, Paragraphs: g.Paragraphs[:0], hashes: g.hashes[:0],
	}
	return g
}

// shingles normalises text and finds its distinct shingles.
func (d *Digester) shingles(text string) *Digest {
	g := d.normal(text)
	d.distinct(g)
	return g
}

// distinct finds the distinct shingles of the normalised text.
func (d *Digester) distinct(g *Digest) {
	switch {
	case d.even():
		g.hashes = d.appendEven(g.hashes[:0])
	case d.uniform():
		d.findChars()
		g.hashes = d.appendUniform(g.hashes[:0])
	default:
		d.findChars()
		g.hashes = d.appendHashes(g.hashes[:0])
	}
	g.Set.hashes = d.table.distinct(g.Set.hashes, g.hashes)
}

// even reports whether every character of the text weighs as much as it has bytes. Then it
// has one byte or three, and a shingle ends with the character in which its last byte lies.
func (d *Digester) even() bool {
	return d.w.ascii() || d.p.Size == 0 && !d.w.uneven
}

// uniform reports whether all shingles of the text have as many characters.
func (d *Digester) uniform() bool { return d.p.Size != 0 || !d.w.dense }

// appendEven appends the hashes of the shingles of an even text.
func (d *Digester) appendEven(dst []uint64) []uint64 {
	normal, n := d.w.dst, d.p.target()
	if len(normal) < n {
		return dst
	}
	count := len(normal) - n + 1
	switch {
	case n != 8:
		dst = grow(dst, count)
		padded := append(normal, make([]byte, hashSlack)...)
		for i := range dst {
			dst[i] = hashAt(padded, i, i+n)
		}
	case d.w.ascii():
		dst = grow(dst, count)
		for i := range dst {
			word := binary.LittleEndian.Uint64(normal[i:])
			dst[i] = hashWords(8, word, word)
		}
	default:
		dst = grow(dst, d.w.characters()-starts(normal[count:]))
		padded := append(normal, make([]byte, hashSlack)...)
		at := 0
		for i := range dst {
			b := padded[at : at+16]
			size := 8 + goesOn[b[8]]
			size += goesOn[b[8]] & goesOn[b[9]]
			dst[i] = hashWords(uint64(size), binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[size&15-8:]))
			at += 1 + int(b[0]>>7)*2
		}
	}
	return dst
}

// goesOn is 1 for the bytes of a character behind its first.
var goesOn = func() (table [256]uint8) {
	for b := 0x80; b < 0xc0; b++ {
		table[b] = 1
	}
	return table
}()

// starts returns the number of characters that begin in b.
func starts(b []byte) int {
	n := 0
	for _, c := range b {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

// findChars finds the characters of the normalised text, and its end.
func (d *Digester) findChars() {
	normal, chars := d.w.dst, slices.Grow(d.chars[:0], len(d.w.dst)+1)
	chars = chars[:len(normal)+1]
	n := 0
	for i, b := range normal {
		chars[n] = char(i) << 1
		n += 1 - int(goesOn[b])
	}
	chars[n] = char(len(normal)) << 1
	d.chars = chars[:n+1]
	if !d.w.dense {
		return
	}
	for i, c := range d.chars[:n] {
		if b := normal[c.offset():]; b[0] >= utf8.RuneSelf {
			if r, _ := utf8.DecodeRune(b); plainClasses.of(r)&dense != 0 {
				d.chars[i] |= 1
			}
		}
	}
}

// appendUniform appends the hashes of the shingles of a uniform text.
func (d *Digester) appendUniform(dst []uint64) []uint64 {
	n := d.p.target()
	count := len(d.chars) - n // the last one is the end of the text
	if count <= 0 {
		return dst
	}
	dst = grow(dst, count)
	padded := append(d.w.dst, make([]byte, hashSlack)...)
	ends := d.chars[n:][:count]
	for i, c := range d.chars[:count] {
		start, end := c.offset(), ends[i].offset()
		if end-start <= 16 {
			dst[i] = hashShort(padded[start:], end-start)
			continue
		}
		dst[i] = hash(padded[start:end])
	}
	return dst
}

// appendHashes appends the hashes of the shingles of any text. A shingle that begins at
// character i ends where the weights of its characters reach the target.
func (d *Digester) appendHashes(dst []uint64) []uint64 {
	n := len(d.chars) - 1
	dst = grow(dst, n)
	padded := append(d.w.dst, make([]byte, hashSlack)...)
	weight, end := 0, 0
	for i := range dst {
		for weight < autoWeight {
			if end == n {
				return dst[:i]
			}
			weight += d.chars[end].weight()
			end++
		}
		weight -= d.chars[i].weight()
		dst[i] = hashAt(padded, d.chars[i].offset(), d.chars[end].offset())
	}
	return dst
}

// shingleCharacters returns the number of characters of a shingle of the text, on average and
// rounded up.
func (d *Digester) shingleCharacters() int {
	target, n := d.p.target(), d.w.characters()
	if d.uniform() {
		return target
	}
	weight := d.w.written()
	if !d.even() {
		weight = 0
		for _, c := range d.chars[:n] {
			weight += c.weight()
		}
	}
	return (target*n + weight - 1) / max(weight, 1)
}

// paragraphs finds the part of the digest that is made from each paragraph.
func (d *Digester) paragraphs(g *Digest, text string) {
	g.Paragraphs = g.Paragraphs[:0]
	before := 0 // characters before the line
	for _, l := range d.w.lines {
		p := ParagraphDigest{Range: trim(text, l.text), Normal: l.normal}
		first := before
		before = l.characters
		if p.Normal.Start == p.Normal.End {
			continue
		}
		if g.Normal[p.Normal.Start] == ' ' {
			p.Normal.Start++
			first++
		}
		p.first = min(first, len(g.hashes))
		p.last = max(p.first, min(d.lastShingle(p.Normal, first, l.characters), len(g.hashes)))
		g.Paragraphs = append(g.Paragraphs, p)
	}
}

// lastShingle returns the end of the shingles that lie within a range of the normalised text,
// which is that of the characters first to end.
func (d *Digester) lastShingle(r Range, first, end int) int {
	if d.even() {
		if r.End-r.Start < d.p.target() {
			return first
		}
		return end - starts(d.w.dst[r.End-d.p.target()+1:r.End])
	}
	if d.uniform() {
		return max(first, end-d.p.target()+1)
	}
	weight := 0
	for i := end - 1; i >= first; i-- {
		if weight += d.chars[i].weight(); weight >= autoWeight {
			return i + 1
		}
	}
	return first
}

// ParagraphKey returns a key made of four minima of the hashes of the shingles that lie within
// a paragraph of g, and their number, repeats included. Two paragraphs have the same key with a
// probability of about the fourth power of their resemblance (Broder, "On the resemblance
// and containment of documents", 1997): equal ones always do, and of those that share a fiftieth
// of their shingles, as any two texts of a language may, one pair in six million.
func (g *Digest) ParagraphKey(p ParagraphDigest) (key uint64, shingles int) {
	hashes := g.hashes[p.first:p.last]
	if len(hashes) == 0 {
		return 0, 0
	}
	least, greatest := ^uint64(0), uint64(0)
	turnedLeast, turnedGreatest := least, greatest
	for _, h := range hashes {
		least, greatest = min(least, h), max(greatest, h)
		h = bits.RotateLeft64(h, 32)
		turnedLeast, turnedGreatest = min(turnedLeast, h), max(turnedGreatest, h)
	}
	key = multiply(least^hashFirst, greatest^hashLast)
	return multiply(key^turnedLeast, turnedGreatest^hashFinish), len(hashes)
}

// ParagraphLeast returns the least hash of the shingles that lie within a paragraph of g, 0 if
// there is none. Two paragraphs share it with a probability that is their resemblance.
func (g *Digest) ParagraphLeast(p ParagraphDigest) uint64 {
	if p.first == p.last {
		return 0
	}
	return slices.Min(g.hashes[p.first:p.last])
}

// ParagraphKeys returns keys of a paragraph of g, each like [Digest.ParagraphKey] and made from
// another permutation of the hashes: paragraphs with resemblance r share one with a probability of
// about 1-(1-r^2)^3, which is 0.95 at 0.8.
func (g *Digest) ParagraphKeys(p ParagraphDigest) (keys [3]uint64) {
	for i, factor := range []uint64{1, hashFirst | 1, hashLast | 1} {
		least, greatest := ^uint64(0), uint64(0)
		for _, h := range g.hashes[p.first:p.last] {
			h *= factor
			least, greatest = min(least, h), max(greatest, h)
		}
		keys[i] = multiply(least^hashFirst, greatest^hashLast)
	}
	return keys
}

// ParagraphFingerprint returns a SimHash of the shingles that lie within a paragraph of g,
// repeats counted.
func (g *Digest) ParagraphFingerprint(p ParagraphDigest) Fingerprint {
	return Set{g.hashes[p.first:p.last]}.Fingerprint()
}

// ParagraphSet returns the distinct shingles that lie within a paragraph of g.
func (g *Digest) ParagraphSet(p ParagraphDigest) Set {
	var t table
	return Set{t.distinct(nil, g.hashes[p.first:p.last])}
}

// Without returns the distinct shingles of the text without some of its paragraphs, those
// with a number for which leave holds: of what stands between two of them the shingles that lie within it.
func (g *Digest) Without(leave func(i int) bool) Set {
	var hashes []uint64
	for i := 0; i < len(g.Paragraphs); i++ {
		if leave(i) {
			continue
		}
		first := i
		for i+1 < len(g.Paragraphs) && !leave(i+1) {
			i++
		}
		hashes = append(hashes, g.hashes[g.Paragraphs[first].first:g.Paragraphs[i].last]...)
	}
	var t table
	return Set{t.distinct(nil, hashes)}
}

// Lines normalises text and finds its paragraphs, and nothing else of the digest.
func (d *Digester) Lines(text string) *Digest {
	g := d.normal(text)
	if !d.even() {
		d.findChars()
	}
	d.paragraphs(g, text)
	return g
}

// grow returns dst with n elements, whose values are arbitrary.
func grow(dst []uint64, n int) []uint64 {
	if cap(dst) >= n {
		return dst[:n]
	}
	if n >= sortFrom {
		return make([]uint64, n)
	}
	return make([]uint64, n, n+n/4) // the next text may be a little longer
}

// A char is where a character of a normalised text begins, and whether it is dense.
type char uint32

func (c char) offset() int { return int(c >> 1) }

// weight returns what the character counts in a shingle under the rule by script.
func (c char) weight() int { return 1 + (denseWeight-1)*int(c&1) }

// digesters lends digesters to the functions that take a text and give a value.
var digesters = sync.Pool{New: func() any { return new(Digester) }}

// WithDigest calls f with the digest of text, which is good until f returns.
func (p Params) WithDigest(text string, f func(*Digest)) {
	p.lend(func(d *Digester) { f(d.Digest(text)) })
}

func (p Params) lend(f func(*Digester)) {
	d := digesters.Get().(*Digester)
	d.p = p
	f(d)
	digesters.Put(d)
}
