package store

// A documentCache holds the documents that were read last: two generations, of which the
// older is forgotten when the younger is full.
type documentCache struct {
	young, old map[DocNum]*Document
	bound      int // documents of a generation
}

// documentBytes is what a document takes in memory, at most and about: its sketch.
const documentBytes = 2048

func (c *documentCache) find(n DocNum) *Document {
	if d := c.young[n]; d != nil {
		return d
	}
	d := c.old[n]
	if d != nil {
		c.put(n, d)
	}
	return d
}

func (c *documentCache) put(n DocNum, d *Document) {
	if c.young == nil || len(c.young) >= c.bound {
		c.old, c.young = c.young, map[DocNum]*Document{}
	}
	c.young[n] = d
}

func (c *documentCache) remove(n DocNum) {
	delete(c.young, n)
	delete(c.old, n)
}
