package dedup

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestExpireLeavesWhatHasNoDate expires an index by a limit that lies behind all dates: what has
// none stays until it is asked for, and goes then by when it was added.
func TestExpireLeavesWhatHasNoDate(t *testing.T) {
	d, err := Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for i, date := range []time.Time{
		{},
		time.Unix(0, 0), time.Unix(-86400, 0), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC),
		{},
	} {
		if _, err := d.Add(Document{ID: fmt.Sprint(i), Text: fmt.Sprintf("This is text number %d.", i), Date: date}); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := d.Add(Document{ID: "copy", Text: "This is text number 0.", Date: time.Unix(0, 0)}); err != nil || v.Kind != Exact {
		t.Fatal(v, err)
	}
	now := time.Now()
	for _, c := range []struct {
		o    ExpireOptions
		want Expired
		left []string
	}{
		{ExpireOptions{Before: time.Unix(0, 0)}, Expired{2, 2}, []string{"0", "1", "4", "5", "6", "copy"}},
		{ExpireOptions{Before: now.Add(time.Hour)}, Expired{1, 2}, []string{"0", "4", "5", "6", "copy"}},
		{ExpireOptions{Before: now.Add(-time.Hour), Undated: true}, Expired{}, []string{"0", "4", "5", "6", "copy"}},
		{ExpireOptions{Before: time.Date(9999, 12, 31, 0, 0, 0, 1e9, time.UTC)}, Expired{1, 2}, []string{"0", "5", "6", "copy"}},
		{ExpireOptions{Before: now.Add(time.Hour), Undated: true}, Expired{Removed: 3}, []string{"5"}},
	} {
		got, err := d.Expire(t.Context(), c.o)
		if err != nil || got != c.want {
			t.Errorf("%+v: %+v, %v, want %+v", c.o, got, err, c.want)
		}
		var left []string
		if err := d.Each(t.Context(), func(e Entry) error {
			left = append(left, e.ID)
			return nil
		}); err != nil || !slices.Equal(left, c.left) {
			t.Errorf("%+v leaves %v, %v, want %v", c.o, left, err, c.left)
		}
	}
}
