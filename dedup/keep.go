package dedup

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"neardup/store"
)

// A KeepPolicy says which document of a cluster is kept. The zero value is KeepFirst. Any word
// that is none of the constants names a field that holds a number: the document with the highest
// is kept, and one without a number only if all others are without. Ties go to the earlier.
type KeepPolicy string

// The policies.
const (
	KeepFirst   KeepPolicy = "first"   // in the order of the input
	KeepLongest KeepPolicy = "longest" // with most code points after normalisation
	KeepNewest  KeepPolicy = "newest"  // with the latest date, those without one last
)

// ranks reports whether documents are judged in another order than that of the input.
func (k KeepPolicy) ranks() bool { return k != "" && k != KeepFirst }

// field returns the field by which documents are ranked, or "".
func (k KeepPolicy) field() string {
	switch k {
	case "", KeepFirst, KeepLongest, KeepNewest:
		return ""
	}
	return string(k)
}

// rank returns the rank of a record, nil if it has none.
func (k KeepPolicy) rank(it *item) *float64 {
	rank := 0.0
	switch {
	case !k.ranks():
	case k == KeepLongest:
		rank = float64(it.characters)
	case k != KeepNewest:
		return it.rec.Rank
	case it.rec.Date.IsZero():
		return nil
	default:
		rank = float64(it.rec.Date.UnixMilli())
	}
	return &rank
}

// ErrNoRank reports that no document has a number in the field by which they should be ranked.
var ErrNoRank = errors.New("no record has a number there")

// ErrNoDate reports that no document has a date by which they should be ranked.
var ErrNoDate = errors.New("no record has a date")

// A DropRateError reports that more documents would be dropped than allowed. Nothing was
// written, and the index is as it was.
type DropRateError struct {
	Dropped, Read int64
	Most          float64
}

func (e *DropRateError) Error() string {
	return fmt.Sprintf("%d of %d records would be dropped, which is more than %g", e.Dropped, e.Read, e.Most)
}

// judgesFirst reports whether all records are judged before the first is written.
func (o *CleanOptions) judgesFirst() bool { return o.Keep.ranks() || o.MaxDropRate != nil }

// A queue holds the records that can be judged, in the order in which they will be.
type queue struct {
	keep   KeepPolicy
	rows   *sorter
	row    []byte
	count  int64
	ranked bool // one has a rank

	unread *DateUnread // the first date that can't be read
}

// add adds a record: its rank, the highest first, its number in the input, and what else is
// known of it but for the text.
func (q *queue) add(it *item) error {
	rank := ^uint64(0)
	if r := q.keep.rank(it); r != nil {
		rank = descending(*r)
		q.ranked = true
	}
	if q.unread == nil {
		q.unread = dateUnread(it)
	}
	doc := it.document()
	row := binary.BigEndian.AppendUint64(q.row[:0], rank)
	row = binary.BigEndian.AppendUint64(row, uint64(it.ordinal))
	row = binary.AppendUvarint(row, uint64(doc.location.Source))
	row = binary.AppendUvarint(row, uint64(doc.location.Offset))
	row = binary.AppendUvarint(row, uint64(doc.location.Length))
	date, _ := doc.Date.MarshalBinary() // an error is one of a zone with odd seconds
	for _, s := range []string{doc.ID, doc.Site, string(date)} {
		row = binary.AppendUvarint(row, uint64(len(s)))
		row = append(row, s...)
	}
	if doc.MadeID {
		row = append(row, 1)
	}
	q.row = row
	q.count++
	return q.rows.add(row)
}

// unranked says that no record has a rank.
func (q *queue) unranked(dateField string) error {
	switch {
	case q.keep != KeepNewest:
		return fmt.Errorf("%w: field %q", ErrNoRank, q.keep.field())
	case q.unread != nil:
		return fmt.Errorf("%w that can be read: field %q, the first: %v", ErrNoDate, dateField, q.unread)
	}
	return fmt.Errorf("%w: field %q", ErrNoDate, dateField)
}

// descending returns bits that sort the other way round than the numbers.
func descending(x float64) uint64 {
	b := math.Float64bits(x + 0) // of both zeros the positive one
	if b>>63 == 0 {
		return ^(b | 1<<63)
	}
	return b
}

// items yields the records in order, without their texts.
func (q *queue) items(run uint64) iter.Seq2[*item, error] {
	return func(yield func(*item, error) bool) {
		for row, err := range q.rows.all() {
			var it *item
			if err == nil {
				it = parseQueued(row, run)
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

func parseQueued(row []byte, run uint64) *item {
	it := &item{ordinal: int64(binary.BigEndian.Uint64(row[8:])), location: store.Location{Run: run}}
	row = row[16:]
	number := func() uint64 {
		n, size := binary.Uvarint(row)
		row = row[size:]
		return n
	}
	word := func() string {
		n := number()
		s := string(row[:n])
		row = row[n:]
		return s
	}
	it.location.Source = uint32(number())
	it.location.Offset, it.location.Length = int64(number()), int64(number())
	it.rec.ID, it.host = word(), word()
	var date time.Time
	if err := date.UnmarshalBinary([]byte(word())); err == nil {
		it.rec.Date = date
	}
	it.rec.OwnID = len(row) == 0
	return it
}

// judgeAll judges the records of the queue, and returns what gives the verdict on each in the
// order of the input.
func (c *cleaner) judgeAll(ctx context.Context, q *queue) (*verdicts, error) {
	if q.count > 0 && !q.ranked {
		return nil, q.unranked(c.o.Input.Fields.Date)
	}
	if err := c.texts.flush(); err != nil {
		return nil, err
	}
	v := &verdicts{rows: newSorter(c.o.TempDir, c.d.opts.Memory/16)}
	in := c.o.Input
	in.items = q.items(c.state.Run)
	in.OnReject, in.Progress = nil, nil
	dropped, uncommitted := int64(0), 0
	err := in.run(ctx, position{}, c.d.opts.Params, c.d.analyse, func(it *item) error {
		j, err := c.decide(it.document(), it.analysis)
		if err != nil {
			return err
		}
		if j.Duplicate() {
			dropped++
		}
		if err := v.add(it.ordinal, j); err != nil {
			return err
		}
		if uncommitted++; uncommitted < commitItems || c.index != "" && c.o.DryRun {
			return nil
		}
		uncommitted = 0
		return c.d.index.Commit()
	})
	if most := c.o.MaxDropRate; err == nil && most != nil && over(dropped, q.count, *most) {
		err = &DropRateError{dropped, q.count, *most}
	}
	if err != nil {
		return nil, errors.Join(err, v.rows.close())
	}
	v.next, v.stop = iter.Pull2(v.rows.all())
	return v, nil
}

// verdicts holds what was said of records: a row for each but those that are simply kept.
type verdicts struct {
	rows *sorter
	row  []byte
	next func() ([]byte, error, bool)
	stop func()

	// The verdict that was read and not asked for yet, and on which record.
	held    bool
	ordinal int64
	judgement
}

func (v *verdicts) add(ordinal int64, j judgement) error {
	if j.Kind == Unique && !j.Replayed && !j.IDConflict {
		return nil
	}
	row := binary.BigEndian.AppendUint64(v.row[:0], uint64(ordinal))
	row = binary.BigEndian.AppendUint64(row, uint64(j.of))
	row = append(row, byte(j.Kind), byte(j.Distance))
	for _, set := range []bool{j.Replayed, j.IDConflict, j.against, j.Estimated} {
		b := byte(0)
		if set {
			b = 1
		}
		row = append(row, b)
	}
	for _, x := range []float64{j.Resemblance, j.Containment, j.ContainmentOf, j.article} {
		row = binary.BigEndian.AppendUint64(row, math.Float64bits(x))
	}
	row = append(row, j.Of...)
	v.row = row
	return v.rows.add(row)
}

// of returns what was said of a record. Records come in order.
func (v *verdicts) of(ordinal int64) (judgement, error) {
	if !v.held {
		row, err, ok := v.next()
		if err != nil {
			return judgement{}, err
		}
		v.held = true
		v.ordinal = math.MaxInt64
		if ok {
			v.ordinal, v.judgement = parseVerdict(row)
		}
	}
	if v.ordinal != ordinal {
		return judgement{}, nil
	}
	v.held = false
	return v.judgement, nil
}

func parseVerdict(row []byte) (ordinal int64, j judgement) {
	ordinal, j.of = int64(binary.BigEndian.Uint64(row)), store.DocNum(binary.BigEndian.Uint64(row[8:]))
	j.Kind, j.Distance = Kind(row[16]), int(row[17])
	for i, set := range []*bool{&j.Replayed, &j.IDConflict, &j.against, &j.Estimated} {
		*set = row[18+i] != 0
	}
	row = row[22:]
	for _, x := range []*float64{&j.Resemblance, &j.Containment, &j.ContainmentOf, &j.article} {
		*x, row = math.Float64frombits(binary.BigEndian.Uint64(row)), row[8:]
	}
	j.Of = string(row)
	return ordinal, j
}

func (v *verdicts) close() error {
	v.stop()
	return v.rows.close()
}
