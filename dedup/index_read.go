package dedup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"neardup/internal/durable"
	"neardup/store"
)

// Stats returns figures of the index.
func (d *Deduper) Stats() (store.Stats, error) { return d.index.Stats() }

// Verify holds everything in the index against everything else. With readData it also reads
// every checksum, and holds stored texts against the hashes of their documents.
func (d *Deduper) Verify(ctx context.Context, readData bool) (*store.Report, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.index.Verify(ctx, readData, func(n store.DocNum, doc *store.Document, text string) error {
		if textHash(d.opts.Params.Normalize(text)) != doc.Text {
			return errors.New("it is not the text of its document")
		}
		return nil
	})
}

// An Entry is a document as [Deduper.Export] writes it.
type Entry struct {
	ID                string  `json:"id"`
	OwnID             bool    `json:"own_id"` // it came with the document
	Kept              bool    `json:"kept"`
	Kind              Kind    `json:"kind"`
	Of                *string `json:"of"` // null if there is none, or if it was removed
	Distance          int     `json:"distance"`
	Resemblance       float64 `json:"resemblance"`
	Containment       float64 `json:"containment"`
	ContainmentOfKept float64 `json:"containment_of_kept"`
	TextHash          string  `json:"text_hash"`
	Fingerprint       *string `json:"fingerprint"` // null for one that was dropped, as the rest is
	Shingles          *int    `json:"shingles"`
	Characters        *int    `json:"characters"`
	Date              *string `json:"date"` // null if it has none, too
	Site              *string `json:"site"`
	Text              *string `json:"text"` // null unless it is stored
}

// chunk is the number of documents that are read at a time: the index is locked meanwhile.
const chunk = 256

// Each calls f for every document of the index in the order in which they were added.
func (d *Deduper) Each(ctx context.Context, f func(Entry) error) error {
	type numbered struct {
		num store.DocNum
		doc *store.Document
	}
	enough := errors.New("enough")
	for last := store.DocNum(0); ; {
		var docs []numbered
		err := d.index.DocumentsAfter(last, func(n store.DocNum, doc *store.Document) error {
			docs = append(docs, numbered{n, doc})
			if len(docs) == chunk {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			return err
		}
		for _, n := range docs {
			e, err := d.entry(n.num, n.doc)
			if err == nil {
				err = f(e)
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			last = n.num
		}
		if err == nil {
			return nil
		}
	}
}

func (d *Deduper) entry(n store.DocNum, doc *store.Document) (Entry, error) {
	v := doc.Verdict
	e := Entry{
		ID: doc.ID, OwnID: doc.OwnID, Kept: doc.Representative, Kind: Kind(v.Kind), Distance: v.Distance,
		Resemblance: round(v.Resemblance), Containment: round(v.Containment), ContainmentOfKept: round(v.ContainmentOf),
		TextHash: hex.EncodeToString(doc.Text[:]),
	}
	if held, err := d.index.Holds(v.Of); err != nil {
		return e, err
	} else if held {
		of, err := d.index.Document(v.Of)
		if err != nil {
			return e, err
		}
		e.Of = &of.ID
	}
	if !doc.ByText && !doc.ByShingles {
		return e, nil
	}
	fingerprint, shingles := doc.Fingerprint.String(), doc.Sketch.Len()
	e.Fingerprint, e.Shingles, e.Characters, e.Site = &fingerprint, &shingles, &doc.Characters, &doc.Site
	if !doc.Undated {
		date := time.Unix(doc.Date, 0).UTC().Format(time.RFC3339)
		e.Date = &date
	}
	text, ok, err := d.index.StoredText(n, doc)
	if ok {
		e.Text = &text
	}
	return e, err
}

// Export writes every document of the index as a line of JSON.
func (d *Deduper) Export(ctx context.Context, w io.Writer) error {
	return d.Each(ctx, func(e Entry) error { return encodeRow(w, e) })
}

// Copy makes a copy of what the index holds in directory dir, which can be opened while this
// one is in use. A copy that is there already is replaced.
func (d *Deduper) Copy(dir string) error {
	dir = filepath.Clean(dir)
	fresh, old := durable.PartialName(dir), durable.PartialName(dir)
	if _, err := os.Stat(dir); err == nil {
		ix, err := store.Open(dir, &store.Options{ReadOnly: true, AnyParams: true, OnFailure: d.opts.OnFailure})
		if err == nil {
			err = ix.Close()
		}
		if err != nil {
			return fmt.Errorf("replace a copy: %w", err) // it is none, or someone reads it
		}
	}
	if err := d.index.Copy(fresh); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	return errors.Join(durable.Rename(fresh, dir), os.RemoveAll(old))
}
