package store

// A budget divides the memory of an index, in bytes. Parts whose size is a power of two take
// the largest that fits.
type budget struct {
	blocks       int64 // the database's cache
	writeBuffer  int64 // one of writeBuffers
	newest       int64 // entries that are not in the database yet
	filter       int64
	fingerprints int64 // of a blockFilter
	hints        int64
	documents    int64 // of a documentCache, a generation
	briefs       int64
	tables       int // of the database, open at a time
}

func budgetOf(memory int64) budget {
	part := memory / 40
	return budget{
		blocks: 4 * part, writeBuffer: max(part, 1<<20),
		newest: 8 * part, filter: 8 * part, fingerprints: 8 * part, hints: 4 * part,
		documents: part, briefs: part,
		tables: openTables(memory, openFilesLimit()),
	}
}

// openTables is how many tables of the database are kept open. To open one again costs about as much as
// what is read from it, and there are as many as there were flushes. Most of
// the files that the process may open are for others, such as other indexes; of few it takes half.
func openTables(memory int64, files uint64) int {
	const fewest, bytes = 256, 64 << 10
	return int(max(min(uint64(memory/bytes), files/4), min(fewest, files/2)))
}

// cache is what the database may take for blocks and write buffers: it reserves room in its cache for
// the buffers that there are.
func (b budget) cache() int64 { return b.blocks + writeBuffers*b.writeBuffer }
