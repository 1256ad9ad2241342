package record

import "bytes"

// Ready reports whether the next record of a source of lines was read already, so that Next
// will not wait for more.
func (r *Reader) Ready() bool {
	head, _ := r.in.Peek(r.in.Buffered())
	return bytes.IndexByte(head, '\n') >= 0
}
