package shingle

import (
	"encoding/binary"
	"sync"
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
	table  table
	bins   [SketchBins]uint32
	digest Digest
}

// NewDigester returns a digester for shingles of those parameters.
func (p Params) NewDigester() *Digester { return &Digester{p: p} }

// Digest analyses text.
func (d *Digester) Digest(text string) *Digest {
	g := &d.digest
	d.w.reset()
	d.w.writeText(text)
	g.Normal = d.w.dst
	g.Characters = d.w.characters()
	d.shingle(g)
	g.Set.hashes = d.table.distinct(g.Set.hashes, g.hashes)
	g.Fingerprint = g.Set.Fingerprint()
	g.Short = g.Set.Len() < shortFactor*d.shingleCharacters(g)
	d.sketch(g)
	d.paragraphs(g, text)
	return g
}

// shingle computes the hash of the shingle at every place.
func (d *Digester) shingle(g *Digest) {
	if d.w.ascii() {
		g.hashes = d.p.appendASCII(g.hashes[:0], g.Normal)
	} else {
		g.hashes = d.p.appendHashes(g.hashes[:0], g.Normal, d.w.chars)
	}
}

// appendASCII appends the hashes of the shingles of an ASCII text: in it a character is a
// byte and weighs one.
func (p Params) appendASCII(dst []uint64, normal []byte) []uint64 {
	n := p.target()
	for i := 0; i+n <= len(normal) && n != 8; i++ {
		dst = append(dst, hash(normal[i:i+n]))
	}
	if n != 8 || len(normal) < 8 {
		return dst
	}
	dst = grow(dst, len(normal)-7)
	for i := range dst {
		dst[i] = hash8(binary.LittleEndian.Uint64(normal[i:]))
	}
	return dst
}

// appendHashes appends the hashes of the shingles of any text. A shingle that begins at
// character i ends where the weights of its characters reach the target.
func (p Params) appendHashes(dst []uint64, normal []byte, chars []char) []uint64 {
	n := len(chars) - 1 // the last one is the end of the text
	dst = grow(dst, n)
	padded := normal[:len(normal)+hashSlack]
	target, auto := p.target(), p.Size == 0
	weight, end := 0, 0
	for i := range dst {
		for weight < target {
			if end == n {
				return dst[:i]
			}
			weight += chars[end].weight(auto)
			end++
		}
		weight -= chars[i].weight(auto)
		dst[i] = hashAt(padded, chars[i].offset(), chars[end].offset())
	}
	return dst
}

// shingleCharacters returns the number of characters of a shingle of the text, on average and
// rounded up.
func (d *Digester) shingleCharacters(g *Digest) int {
	target := d.p.target()
	if d.w.ascii() || d.p.Size != 0 {
		return target
	}
	weight := 0
	for _, c := range d.w.chars[:g.Characters] {
		weight += c.weight(true)
	}
	return (target*g.Characters + weight - 1) / max(weight, 1)
}

// sketch fills in the sketch.
func (d *Digester) sketch(g *Digest) {
	k := &g.Sketch
	k.size = g.Set.Len()
	k.set, k.bins = k.set[:0], k.bins[:0]
	if k.Exact() {
		for _, h := range g.Set.hashes {
			k.set = append(k.set, uint32(h>>32))
		}
		return
	}
	for i := range d.bins {
		d.bins[i] = emptyBin
	}
	for _, h := range g.Set.hashes {
		b := &d.bins[h>>(64-binBits)]
		*b = min(*b, uint32(h>>32)&(1<<binShift-1))
	}
	for _, least := range d.bins {
		k.bins = append(k.bins, binValue(least))
	}
}

// paragraphs finds the part of the digest that is made from each paragraph.
func (d *Digester) paragraphs(g *Digest, text string) {
	g.Paragraphs = g.Paragraphs[:0]
	at := 0 // the character at which the paragraph begins
	for _, l := range d.w.lines {
		p := ParagraphDigest{Range: trim(text, l.text), Normal: l.normal}
		if p.Normal.Start == p.Normal.End {
			continue
		}
		if g.Normal[p.Normal.Start] == ' ' {
			p.Normal.Start++
		}
		if d.w.ascii() {
			p.first = p.Normal.Start
			p.last = max(p.first, p.Normal.End-d.p.target()+1)
		} else {
			for d.w.chars[at].offset() < p.Normal.Start {
				at++
			}
			p.first = at
			for d.w.chars[at].offset() < p.Normal.End {
				at++
			}
			p.last = d.lastShingle(p.first, at)
		}
		p.first = min(p.first, len(g.hashes))
		p.last = max(p.first, min(p.last, len(g.hashes)))
		g.Paragraphs = append(g.Paragraphs, p)
	}
}

// lastShingle returns the end of the shingles that lie within the characters first to end.
func (d *Digester) lastShingle(first, end int) int {
	weight := 0
	for i := end - 1; i >= first; i-- {
		if weight += d.w.chars[i].weight(d.p.Size == 0); weight >= d.p.target() {
			return i + 1
		}
	}
	return first
}

// ParagraphSet returns the distinct shingles that lie within a paragraph of g.
func (g *Digest) ParagraphSet(p ParagraphDigest) Set {
	var t table
	return Set{t.distinct(nil, g.hashes[p.first:p.last])}
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

func newChar(offset int, c class) char {
	v := char(offset) << 1
	if c&dense != 0 {
		v |= 1
	}
	return v
}

func (c char) offset() int { return int(c >> 1) }

func (c char) weight(auto bool) int {
	if auto {
		return 1 + (denseWeight-1)*int(c&1)
	}
	return 1
}

// digesters lends digesters to the functions that take a text and give a value.
var digesters = sync.Pool{New: func() any { return new(Digester) }}

func (p Params) withDigest(text string, f func(*Digest)) {
	d := digesters.Get().(*Digester)
	d.p = p
	f(d.Digest(text))
	digesters.Put(d)
}

// characters counts the code points of a text that was written whole.
func (w *writer) characters() int {
	if w.ascii() {
		return len(w.dst) - w.start
	}
	return len(w.chars) - 1
}
