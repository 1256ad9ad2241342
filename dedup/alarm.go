package dedup

import (
	"fmt"
	"maps"
	"slices"

	"neardup/store"
)

// An alarm notes what is worth a warning: that much of a run goes into one cluster, or much of
// one source is dropped. The zero value is ready.
type alarm struct {
	Sources map[int][2]int64 `json:"sources,omitempty"` // of each that holds many records: those judged, and those dropped

	// Members are counts of the largest clusters, of those of the reference set by the
	// complement of the number (Misra and Gries, "Finding repeated elements", 1982). Each is
	// too low by less than a 256th of all that was counted.
	Members map[store.DocNum]int64 `json:"members,omitempty"`
	Judged  int64                  `json:"judged"`
}

const (
	alarmCounters = 255
	alarmRecords  = 100 // below that nothing is worth a warning
	alarmCluster  = 0.1 // of a run in one cluster
	alarmSource   = 0.5 // of a source dropped
)

func (a *alarm) count(it *item, j judgement) {
	a.Judged++
	if !it.raw.Source.Format.Whole() {
		if a.Sources == nil {
			a.Sources = map[int][2]int64{}
		}
		n := a.Sources[it.source]
		n[0]++
		if j.Duplicate() {
			n[1]++
		}
		a.Sources[it.source] = n
	}
	if !j.Duplicate() {
		return
	}
	of := j.of
	if j.against {
		of = ^of
	}
	if a.Members == nil {
		a.Members = map[store.DocNum]int64{}
	}
	if _, ok := a.Members[of]; ok || len(a.Members) < alarmCounters {
		a.Members[of]++
		return
	}
	for n := range a.Members {
		if a.Members[n]--; a.Members[n] == 0 {
			delete(a.Members, n)
		}
	}
}

// warnings says what of the run is worth a warning.
func (c *cleaner) warnings() ([]string, error) {
	a := &c.state.Alarm
	var ws []string
	if c.reference != nil && c.reference.rejected > 0 {
		ws = append(ws, fmt.Sprintf("%d records of the reference set can't be judged", c.reference.rejected))
	}
	for i, s := range c.o.Input.Sources {
		n := a.Sources[i]
		if n[0] >= alarmRecords && over(n[1], n[0], alarmSource) {
			ws = append(ws, fmt.Sprintf("%s loses %d of its %d records", s.Name, n[1], n[0]))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(a.Members)) {
		count := a.Members[n] + 1 // and the representative
		if !alarming(count, a.Judged) {
			continue
		}
		d := c.d
		if int64(n) < 0 {
			d, n = c.reference.d, ^n
		}
		doc, err := d.index.Document(n)
		if err != nil {
			return nil, err
		}
		ws = append(ws, clusterWarning(doc.ID, count, a.Judged))
	}
	return ws, nil
}

// alarming reports whether so much of a run is in one cluster that it is worth a warning.
func alarming(documents, judged int64) bool {
	return judged >= alarmRecords && over(documents, judged, alarmCluster)
}

// over reports whether part of whole is more than a share. It is exact, as shingle/least.go says.
func over(part, whole int64, share float64) bool { return float64(part)/float64(whole) > share }

func clusterWarning(id string, documents, judged int64) string {
	return fmt.Sprintf("the cluster of %s has %d of %d records", id, documents, judged)
}
