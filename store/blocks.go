package store

import (
	"encoding/binary"
	"math/bits"

	"neardup/shingle"
)

// A fingerprint is cut into four blocks, and every block is a table (Manku, Jain and Das Sarma,
// "Detecting near-duplicates for web crawling", WWW 2007, section 3): up to distance 3 two
// fingerprints agree in a whole block. Further away the blocks nearby are searched as well
// (Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR
// 2012): up to 7 two fingerprints differ in some block by one bit at most.
const (
	blocks    = 4
	blockBits = 64 / blocks
	buckets   = 1 << blockBits // of a table
)

// MaxDistance is the largest distance that [Index.Near] searches completely.
const MaxDistance = 2*blocks - 1

// cut returns the block of a table, and the rest: the other bits, those above the block first.
func cut(table byte, f shingle.Fingerprint) (block uint16, rest uint64) {
	r := bits.RotateLeft64(uint64(f), -blockBits*int(table))
	return uint16(r), r >> blockBits
}

// join is the inverse of cut.
func join(table byte, block uint16, rest uint64) shingle.Fingerprint {
	return shingle.Fingerprint(bits.RotateLeft64(rest<<blockBits|uint64(block), blockBits*int(table)))
}

// A bucket holds the fingerprints that have a block in common, 12 bytes each: the rest, 48 bits,
// and the number of the document, 47 bits, both little-endian; the last bit tells that the document
// was removed.
type bucket []byte

const (
	bucketEntry = 12 // bytes
	restBits    = 64 - blockBits
	removedMark = DocNum(1) << 47
)

func (b bucket) append(rest uint64, n DocNum) bucket {
	b = binary.LittleEndian.AppendUint64(b, rest|uint64(n)<<restBits)
	return binary.LittleEndian.AppendUint32(b, uint32(n>>(64-restBits)))
}

// at returns an entry of the bucket, the number with its mark.
func (b bucket) at(i int) (rest uint64, n DocNum) {
	e := b[i*bucketEntry:][:bucketEntry]
	low, high := binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint32(e[8:])
	return low & (1<<restBits - 1), DocNum(low>>restBits | uint64(high)<<(64-restBits))
}

func (b bucket) len() int { return len(b) / bucketEntry }

// near calls f for the entries whose rest differs in at most so many bits.
func (b bucket) near(rest uint64, distance int, f func(n DocNum, distance int)) {
	for i := 0; i+bucketEntry <= len(b); i += bucketEntry {
		differ := (binary.LittleEndian.Uint64(b[i:]) ^ rest) << (64 - restBits)
		if d := bits.OnesCount64(differ); d <= distance {
			_, n := b.at(i / bucketEntry)
			f(n, d)
		}
	}
}

// matches returns how many entries a blockFilter takes for near.
func (b bucket) matches(rest uint64, distance int) (n int) {
	for i := range b.len() {
		r, _ := b.at(i)
		if bits.OnesCount32(uint32(r^rest)<<filterShift) <= distance {
			n++
		}
	}
	return n
}

// blockTables are the fingerprints of the newest documents. The zero value is empty and ready.
type blockTables [blocks][]bucket // nil, or all buckets

func (t *blockTables) add(table byte, f shingle.Fingerprint, n DocNum) {
	if t[table] == nil {
		t[table] = make([]bucket, buckets)
	}
	block, rest := cut(table, f)
	b := &t[table][block]
	*b = b.append(rest, n)
}

func (t *blockTables) bucket(table byte, block uint16) bucket {
	if t[table] == nil {
		return nil
	}
	return t[table][block]
}

// A blockFilter tells most buckets that hold nothing near apart from those that do, in memory and
// without asking the database: it knows a part of every rest, 3 bytes of a document in each table. When
// that is more than it may take it gives up tables, the last first, and says yes to all of their
// buckets. The zero value knows no table.
type blockFilter struct {
	made   bool
	bound  int64 // bytes
	known  byte  // tables, from the first
	tables [blocks]restTable
}

// A restTable holds the low 24 bits of the rests of a table, bucket by bucket.
type restTable struct {
	starts []int32 // of the buckets in rests, counted in rests; and the end
	rests  []byte  // little-endian
}

const (
	filterRest  = 3                 // bytes of a rest
	filterShift = 32 - 8*filterRest // removes from four bytes what is not of the rest
	filterFixed = 4 * buckets       // bytes of a table without rests
)

// giveUp gives tables up until there is room for so many rests more in each.
func (f *blockFilter) giveUp(more int) {
	bytes := func() (n int64) {
		for i := range f.tables[:f.known] {
			n += filterFixed + int64(len(f.tables[i].rests)+more*filterRest)
		}
		return n
	}
	for f.known > 0 && bytes() > f.bound {
		f.known--
		f.tables[f.known] = restTable{}
	}
}

// add adds what the database takes in.
func (f *blockFilter) add(newer *blockTables) {
	more := 0
	for _, b := range newer[0] {
		more += b.len()
	}
	f.giveUp(more)
	for table := range f.known {
		if newer := newer[table]; newer != nil {
			f.tables[table] = f.tables[table].with(newer)
		}
	}
}

// end makes the filter ready when it was filled.
func (f *blockFilter) end() {
	for i := range f.tables[:f.known] {
		f.tables[i].end()
	}
}

// grow appends a bucket. Buckets come in order, and may come more than once.
func (t *restTable) grow(block int, b bucket) {
	for len(t.starts) <= block {
		t.starts = append(t.starts, int32(len(t.rests)/filterRest))
	}
	for i := range b.len() {
		rest, _ := b.at(i)
		t.rests = append(t.rests, byte(rest), byte(rest>>8), byte(rest>>16))
	}
}

func (t *restTable) end() {
	t.grow(buckets, nil)
	t.rests = append(t.rests, 0) // so that the last rest is read as four bytes too
}

// bucket returns the rests of a bucket, and one byte more.
func (t *restTable) bucket(block int) []byte {
	return t.rests[int(t.starts[block])*filterRest : int(t.starts[block+1])*filterRest+1]
}

// with returns a table with more buckets.
func (t *restTable) with(more []bucket) restTable {
	n := len(t.rests)
	for _, b := range more {
		n += b.len() * filterRest
	}
	both := restTable{make([]int32, 0, buckets+1), make([]byte, 0, n)}
	for block, b := range more {
		both.grow(block, nil)
		held := t.bucket(block)
		both.rests = append(both.rests, held[:len(held)-1]...)
		both.grow(block, b)
	}
	both.end()
	return both
}

// unknownMatches is what a filter says of a table that it does not know.
const unknownMatches = -1

// matches returns how many rests in a bucket differ, in the bits that are known, in at most so many.
func (f *blockFilter) matches(table byte, block uint16, rest uint64, distance int) (n int) {
	if table >= f.known {
		return unknownMatches
	}
	for b := f.tables[table].bucket(int(block)); len(b) > filterRest; b = b[filterRest:] {
		differ := (binary.LittleEndian.Uint32(b) ^ uint32(rest)) << filterShift
		if bits.OnesCount32(differ) <= distance {
			n++
		}
	}
	return n
}
