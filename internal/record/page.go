package record

import (
	"cmp"

	"neardup/internal/charset"
)

// A Page is a text or an HTML page with its markup.
type Page struct {
	Name string // its address, else the id of its record, or the path of its file
	Text *charset.Text
	HTML bool
}

// HoldsPages reports whether a source of that format is a page or an archive of pages.
func (f Format) HoldsPages() bool { return f.Whole() || f == WARC || f == ARC }

// DecodePage decodes a raw record of a source that holds pages. Like Decode, it marks what turns
// out to be no document.
func (d *Decoder) DecodePage(raw *Raw) (Page, *Reject) {
	if raw.Reject != nil || raw.Other {
		return Page{}, raw.Reject
	}
	p := Page{Name: raw.Source.Name, HTML: raw.Source.Format == HTML}
	b, contentType := raw.Bytes, ""
	if !raw.Source.Format.Whole() {
		block, reject := d.open(raw)
		if reject != nil || raw.Other {
			return Page{}, reject
		}
		p.Name, p.HTML = cmp.Or(block.url, block.id, madeID(raw)), isPage(block.media, block.payload)
		b, contentType = block.payload, block.charset
	}
	var err error
	if p.Text, err = charset.Decode(b, charset.Options{ContentType: contentType, Page: p.HTML, Replace: d.replace}); err != nil {
		return Page{}, undecodable(raw, b, raw.Offset, err)
	}
	return p, nil
}
