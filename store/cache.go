package store

import "neardup/shingle"

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

// A Brief is what rules most candidates out without a look at their documents.
type Brief struct {
	shingle.Brief
	Article int // see Document
}

// A briefCache holds briefs, each in the place that its number names. The zero value has none.
type briefCache struct {
	places []briefPlace
	bound  int
}

type briefPlace struct {
	num DocNum // 0 if there is none
	Brief
}

// briefBytes is what a brief takes in memory.
const briefBytes = 152

func (c *briefCache) find(n DocNum) *Brief {
	if c.places == nil {
		return nil
	}
	if p := &c.places[int(n)%len(c.places)]; p.num == n {
		return &p.Brief
	}
	return nil
}

func (c *briefCache) put(n DocNum, d *Document) Brief {
	if c.places == nil {
		c.places = make([]briefPlace, max(c.bound, 1))
	}
	b := Brief{d.Sketch.Brief(), d.Article}
	c.places[int(n)%len(c.places)] = briefPlace{n, b}
	return b
}

func (c *documentCache) remove(n DocNum) {
	delete(c.young, n)
	delete(c.old, n)
}
