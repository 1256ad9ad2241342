package record

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// TestParseDate reads every form that is promised, and leaves what it would have to guess.
func TestParseDate(t *testing.T) {
	const unread = "unread"
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{" \t", ""},
		{"0001-01-01T00:00:00Z", ""},
		{"0001-01-01", ""},

		// Year first.
		{"2024", "2024-01-01T00:00:00Z"},
		{"2024-05", "2024-05-01T00:00:00Z"},
		{"2024/05", "2024-05-01T00:00:00Z"},
		{"2024-05-01", "2024-05-01T00:00:00Z"},
		{"2024/05/01", "2024-05-01T00:00:00Z"},
		{"2024/5/1", "2024-05-01T00:00:00Z"},
		{"2024.05.01", "2024-05-01T00:00:00Z"},
		{"20240501", "2024-05-01T00:00:00Z"},
		{" 2024-05-01\n", "2024-05-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z"},
		{"2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"},
		{"2024-05-01t10:00:00z", "2024-05-01T10:00:00Z"},
		{"2024-05-01T10:00:00", "2024-05-01T10:00:00Z"},
		{"2024-05-01 10:00:00", "2024-05-01T10:00:00Z"},
		{"2024-05-01  9:05", "2024-05-01T09:05:00Z"},
		{"2024-05-01T10:00Z", "2024-05-01T10:00:00Z"},
		{"2024-05-01T10:00+02:00", "2024-05-01T08:00:00Z"},
		{"2024-05-01 10:00:00+00:00", "2024-05-01T10:00:00Z"},
		{"2024-05-01 10:00:00.123456+05:30", "2024-05-01T04:30:00.123456Z"},
		{"2024-05-01T10:00:00,5Z", "2024-05-01T10:00:00.5Z"},
		{"2024-05-01T10:00:00.1234567891Z", "2024-05-01T10:00:00.123456789Z"},
		{"2024-05-01T10:00:00+0200", "2024-05-01T08:00:00Z"},
		{"2024-05-01T10:00:00-02", "2024-05-01T12:00:00Z"},
		{"2024-05-01 10:00:00 +0200", "2024-05-01T08:00:00Z"},
		{"2024-05-01 10:00:00 +0200 CEST", "2024-05-01T08:00:00Z"},
		{"2024-05-01T10:00:00+02:00[Europe/Berlin]", "2024-05-01T08:00:00Z"},
		{"2024-05-01 10:00:00 UTC", "2024-05-01T10:00:00Z"},
		{"2024-05-01 10:00:00 gmt", "2024-05-01T10:00:00Z"},
		{"2024-05-01 10:00:00 GMT+2", "2024-05-01T08:00:00Z"},
		{"2024/05/01 10:00:00", "2024-05-01T10:00:00Z"},
		{"2024-05-01Z", "2024-05-01T00:00:00Z"},
		{"2024-05-01+02:00", "2024-04-30T22:00:00Z"},
		{"20240501T100000Z", "2024-05-01T10:00:00Z"},
		{"20240501T1000", "2024-05-01T10:00:00Z"},
		{"20240501T10:00:00.25+02:00", "2024-05-01T08:00:00.25Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"1066-10-14", "1066-10-14T00:00:00Z"},
		{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},

		// Months by name.
		{"Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00Z"},
		{"Wed, 1 May 2024 10:00:00 +0200", "2024-05-01T08:00:00Z"},
		{"Wed, 01 May 2024 10:00:00 -0700 (PDT)", "2024-05-01T17:00:00Z"},
		{"Wed, 01 May 2024 10:00 EDT", "2024-05-01T14:00:00Z"},
		{"01 May 2024 10:00:00 UT", "2024-05-01T10:00:00Z"},
		{"Wednesday, 01-May-24 10:00:00 GMT", "2024-05-01T10:00:00Z"},
		{"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"Wed May  1 10:00:00 2024", "2024-05-01T10:00:00Z"},
		{"Wed May  1 10:00:00 UTC 2024", "2024-05-01T10:00:00Z"},
		{"Wed May 01 10:00:00 +0000 2024", "2024-05-01T10:00:00Z"},
		{"Wed May 01 2024 10:00:00 GMT+0200 (Central European Summer Time)", "2024-05-01T08:00:00Z"},
		{"1 May 2024", "2024-05-01T00:00:00Z"},
		{"May 1, 2024", "2024-05-01T00:00:00Z"},
		{"Sept. 3, 2024", "2024-09-03T00:00:00Z"},
		{"01-May-2024", "2024-05-01T00:00:00Z"},
		{"may 2024", "2024-05-01T00:00:00Z"},

		// Numbers, at the ends of what each number of digits holds.
		{"2024.0", "2024-01-01T00:00:00Z"},
		{"20240501.0", "2024-05-01T00:00:00Z"},
		{"1000", "1000-01-01T00:00:00Z"},
		{"9999", "9999-01-01T00:00:00Z"},
		{"100000000", "1973-03-03T09:46:40Z"},
		{"1714557600", "2024-05-01T10:00:00Z"},
		{"+1714557600", "2024-05-01T10:00:00Z"},
		{"1714557600.25", "2024-05-01T10:00:00.25Z"},
		{"1714557600.123456789", "2024-05-01T10:00:00.123456789Z"},
		{"1.7145576e9", "2024-05-01T10:00:00Z"},
		{"1.71455760025E+09", "2024-05-01T10:00:00.25Z"},
		{"1.714557600123e+12", "2024-05-01T10:00:00.123Z"},
		{"9999999999", "2286-11-20T17:46:39Z"},
		{"100000000000", "1973-03-03T09:46:40Z"},
		{"1714557600123", "2024-05-01T10:00:00.123Z"},
		{"1714557600123.5", "2024-05-01T10:00:00.1235Z"},
		{"9999999999999", "2286-11-20T17:46:39.999Z"},
		{"100000000000000", "1973-03-03T09:46:40Z"},
		{"1714557600123456", "2024-05-01T10:00:00.123456Z"},
		{"9999999999999999", "2286-11-20T17:46:39.999999Z"},
		{"100000000000000000", "1973-03-03T09:46:40Z"},
		{"1714557600123456789", "2024-05-01T10:00:00.123456789Z"},
		{"9223372036854775807", "2262-04-11T23:47:16.854775807Z"},
		{"20240501100000", "2024-05-01T10:00:00Z"},
		{"-86400", "1969-12-31T00:00:00Z"},
		{"-315619200", "1960-01-01T00:00:00Z"},
		{"-315619200.5", "1959-12-31T23:59:59.5Z"},
		{"-315619200000", "1960-01-01T00:00:00Z"},
		{"1970-01-01", "1970-01-01T00:00:00Z"},

		// What would have to be guessed, and what is none.
		{"01/05/2024", unread},
		{"01-05-2024", unread},
		{"01.05.2024", unread},
		{"1/5/24", unread},
		{"Wed, 01-05-2024", unread},
		{"24-05-01", unread},
		{"01 May 24", unread},
		{"May 24", unread},
		{"2024-13-01", unread},
		{"2024-02-30", unread},
		{"2023-02-29", unread},
		{"20241301", unread},
		{"0000-00-00", unread},
		{"0000-00-00 00:00:00", unread},
		{"0000", unread},
		{"2024-00", unread},
		{"2024.05", unread},
		{"2024-122", unread},
		{"2024-W18", unread},
		{"2024-05-01T25:00:00Z", unread},
		{"2024-05-01T10:60:00Z", unread},
		{"2024-05-01T10", unread},
		{"2024-05-01T", unread},
		{"2024-05-01 10:00 PM", unread},
		{"2024-05-01 10:00 CST", unread}, // of China or of Chicago
		{"2024-05-01 10:00:00 +25:00", unread},
		{"2024-05-01 10:00:00 +02:0", unread},
		{"2024-05-01, or later", unread},
		{"2024-05 UTC", unread},
		{"20240501-12", unread},
		{"2024-05/01", unread},
		{"May 1, 2024 10:00 AM", unread},
		{"Wed May 01 10:00:00 CEST 2024", unread},
		{"Mai 1, 2024", unread},
		{"soon", unread},
		{"null", unread},
		{"true", unread},
		{"0", unread},
		{"0.0", unread},
		{"-1", unread},
		{"-9999", unread},
		{"1.5", unread},
		{"86400", unread},
		{"45413", unread},
		{"202405", unread},
		{"240501", unread},
		{"99999999", unread},
		{"0001714557600", unread},
		{"10000000000", unread},
		{"197605021200", unread},
		{"-197605021200", "1963-09-27T21:42:58.8Z"},
		{"202405011000", unread},
		{"20241301000000", unread},
		{"10000000000000000", unread},
		{"9223372036854775808", unread},
		{"99999999999999999999", unread},
		{"1e99", unread},
		{"1e-9", unread},
		{"1e", unread},
		{"0x60000000", unread},
		{"1_714_557_600", unread},
		{"NaN", unread},
		{"Infinity", unread},
		{"0001-01-01T00:00:00+01:00", unread}, // of the year 0
		{"9999-12-31T23:59:59-01:00", unread},
		{"2024-05-01\x00", unread},
		{"２０２４", unread},
	} {
		got := unread
		if at, ok := ParseDate(c.in); ok && at.IsZero() {
			got = ""
		} else if ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("ParseDate(%q) is %s, want %s", c.in, got, c.want)
		}
	}
}

// FuzzDate holds that a date that is read is one that RFC 3339 can write, in UTC, and is read
// again as the same; that white space around it makes no difference; and that what the standard
// library reads as RFC 3339 and as HTTP writes dates is read as the same.
func FuzzDate(f *testing.F) {
	for _, s := range []string{
		"2024-05-01T10:00:00.5+02:00", "20240501T1000Z", "Wed, 01 May 2024 10:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Wed May  1 10:00:00 2024", "1714557600123.5", "-1.7e9", "2024", "9999-12-31T23:59:59-01:00", "2016-12-31T23:59:60Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDate(s)
		if !ok && !got.IsZero() {
			t.Fatalf("%q is not read and is %v", s, got)
		}
		if ok && !got.IsZero() {
			again, ok := ParseDate(got.Format(time.RFC3339Nano))
			if !ok || again != got {
				t.Fatalf("%q is %v, which is read again as %v, %v", s, got, again, ok)
			}
		}
		if spaced, also := ParseDate(" " + s + "\r\n"); also != ok || spaced != got {
			t.Fatalf("%q is %v, %v, and between white space %v, %v", s, got, ok, spaced, also)
		}
		for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z, time.ANSIC} {
			want, err := time.Parse(layout, s)
			want = want.UTC()
			if err != nil || want.Year() < 1 || want.Year() > 9999 || len(s) > maxDate {
				continue
			}
			if !ok || !got.Equal(want) {
				t.Fatalf("%q is %v, %v, and by %s %v", s, got, ok, layout, want)
			}
		}
	})
}

// TestDatesOfFields reads dates as records hold them.
func TestDatesOfFields(t *testing.T) {
	decoder := NewDecoder(DecodeOptions{Fields: plainFields})
	const none = "0001-01-01T00:00:00Z"
	for in, unread := range map[string]string{
		`""`: "", `" "`: "", `null`: "", `"0001-01-01"`: "", `"2026"`: "",
		`"soon"`: "soon", `" soon\n"`: "soon", `"a\u001b[31m"`: "a\x1b[31m", `true`: "true", `[2024]`: "[2024]", `{"$date":1}`: `{"$date":1}`, `0`: "0",
		`"` + strings.Repeat("中", 99) + `"`: strings.Repeat("中", 20) + "…", `"` + strings.Repeat("a中", 99) + `"`: strings.Repeat("a中", 15) + "…",
		`[` + strings.Repeat(`"中",`, 999) + `1]`: `[` + strings.Repeat(`"中",`, 9) + `"中"` + "…",
	} {
		raws := readAll(t, fromStdin(t, `{"text":"x","date":`+in+`}`, JSONL), 1<<20)
		rec, reject := decoder.Decode(raws[0])
		if rec.DateUnread != unread || reject != nil || unread != "" && !rec.Date.IsZero() {
			t.Errorf("date %s is unread as %q, want %q; %v, %v", in, rec.DateUnread, unread, rec.Date, reject)
		}
	}
	for in, want := range map[string]string{
		`"2026-03-02"`: "2026-03-02T00:00:00Z", `"2026-03-02T10:00:00+02:00"`: "2026-03-02T08:00:00Z",
		`1700000000`: "2023-11-14T22:13:20Z", `1700000000123`: "2023-11-14T22:13:20.123Z", `"1700000000"`: "2023-11-14T22:13:20Z",
		`20240501`: "2024-05-01T00:00:00Z", `2024`: "2024-01-01T00:00:00Z", `1.7e9`: "2023-11-14T22:13:20Z",
		`"soon"`: none, `true`: none, `null`: none,
	} {
		raws := readAll(t, fromStdin(t, `{"text":"x","date":`+in+`}`, JSONL), 100)
		rec, reject := decoder.Decode(raws[0])
		if got := rec.Date.UTC().Format(time.RFC3339Nano); reject != nil || got != want {
			t.Errorf("date %s is read as %s, %v, want %s", in, got, reject, want)
		}
	}
}

// TestDatesOfColumns reads dates of Parquet files: columns of days, of moments in each unit, of
// numbers and of strings.
func TestDatesOfColumns(t *testing.T) {
	const ms = 1714557600123
	for name, c := range map[string]struct {
		write func(*bytes.Buffer) error
		want  string
	}{
		"day": {column1(struct {
			Text string `parquet:"text"`
			Date int32  `parquet:"date,date"`
		}{"x", 19844}), "2024-05-01T00:00:00Z"},
		"milliseconds": {column1(struct {
			Text string `parquet:"text"`
			Date int64  `parquet:"date,timestamp(millisecond)"`
		}{"x", ms}), "2024-05-01T10:00:00.123Z"},
		"microseconds": {column1(struct {
			Text string `parquet:"text"`
			Date int64  `parquet:"date,timestamp(microsecond)"`
		}{"x", -ms * 1000}), "1915-09-02T13:59:59.877Z"},
		"nanoseconds": {column1(struct {
			Text string `parquet:"text"`
			Date int64  `parquet:"date,timestamp(nanosecond)"`
		}{"x", ms * 1e6}), "2024-05-01T10:00:00.123Z"},
		"number": {column1(struct {
			Text string `parquet:"text"`
			Date int64  `parquet:"date"`
		}{"x", ms}), "2024-05-01T10:00:00.123Z"},
		"double": {column1(struct {
			Text string  `parquet:"text"`
			Date float64 `parquet:"date"`
		}{"x", ms}), "2024-05-01T10:00:00.123Z"},
		"string": {column1(struct {
			Text string `parquet:"text"`
			Date string `parquet:"date"`
		}{"x", "2024-05-01 10:00:00 UTC"}), "2024-05-01T10:00:00Z"},
	} {
		var b bytes.Buffer
		if err := c.write(&b); err != nil {
			t.Fatal(err)
		}
		r, err := fromStdin(t, b.String(), Parquet).Reader(Position{}, ReadOptions{Fields: plainFields})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		rec, reject := NewDecoder(DecodeOptions{Fields: plainFields}).Decode(raw)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if got := rec.Date.Format(time.RFC3339Nano); reject != nil || got != c.want {
			t.Errorf("a column of type %s is read as %s, %v, want %s", name, got, reject, c.want)
		}
	}
}

// column1 writes a Parquet file of one row.
func column1[T any](row T) func(*bytes.Buffer) error {
	return func(b *bytes.Buffer) error { return parquet.Write(b, []T{row}) }
}

func BenchmarkParseDate(b *testing.B) {
	for _, s := range []string{"2024-05-01T10:00:00Z", "1714557600123", "Wed, 01 May 2024 10:00:00 GMT", "01/05/2024"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseDate(s)
			}
		})
	}
}
