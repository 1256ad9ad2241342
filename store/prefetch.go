package store

import (
	"math/bits"

	"neardup/shingle"
)

// Prefetch brings into the processor's caches what memory holds for a search by the keys of the bands, the fingerprint
// and the paragraphs. It changes no answer. Searches look at one place after another, and would wait for
// memory at each; here they are asked for all at once.
func (ix *Index) Prefetch(bands [shingle.Bands]uint64, f shingle.Fingerprint, paragraphs []Paragraph) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	p := &ix.prefetched
	p.keys = p.keys[:0]
	for band, key := range bands {
		p.keys = append(p.keys, entry{table: tableBand + byte(band), value: key})
	}
	for _, paragraph := range paragraphs {
		p.keys = append(p.keys, entry{table: tablePara, value: paragraph.Key})
	}
	p.filter(ix.written.filter)
	p.newest(&ix.newest)
	p.blocks(&ix.written.blocks, &ix.newest.blocks, f)
}

// A prefetched is what was brought. Loads that depend on others come after all of those.
type prefetched struct {
	keys []entry
	nums []uint32
	sum  uint64 // of what was loaded, so that it is
}

func (p *prefetched) filter(f filter) {
	if f.lines == nil {
		return
	}
	shift := 64 - bits.TrailingZeros(uint(len(f.lines)))
	for i := range p.keys {
		p.sum ^= f.lines[p.keys[i].value>>shift][0]
	}
}

func (p *prefetched) newest(m *memoryEntries) {
	p.nums = p.nums[:0]
	for i := range p.keys {
		last := uint32(0)
		if t := &m.tables[p.keys[i].table]; len(t.slots) > 0 {
			last = *t.slot(p.keys[i].value)
		}
		p.nums = append(p.nums, last)
	}
	for i, last := range p.nums {
		if last != 0 {
			p.nums[i] = m.tables[p.keys[i].table].postings[last-1].next + 1
		}
	}
	for i, first := range p.nums {
		if first != 0 {
			p.sum ^= m.tables[p.keys[i].table].postings[first-1].value
		}
	}
}

func (p *prefetched) blocks(written *blockFilter, newest *blockTables, f shingle.Fingerprint) {
	for table := range byte(blocks) {
		block, _ := cut(table, f)
		if b := newest.bucket(table, block); len(b) > 0 {
			p.sum ^= uint64(b[0])
		}
		if table < written.known {
			if b := written.tables[table].bucket(int(block)); len(b) > 0 {
				p.sum ^= uint64(b[0]) ^ uint64(b[len(b)-1])
			}
		}
	}
}
