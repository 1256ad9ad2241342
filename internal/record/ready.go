package record

import "bytes"

// Ready reports whether the next line of the source was read already, so that Next will not
// wait for more. Of a source of rows it always is.
func (r *Reader) Ready() bool {
	return r.in == nil || bytes.IndexByte(r.in.buf[r.in.start:r.in.end], '\n') >= 0
}
