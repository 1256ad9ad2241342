package record

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Dates are read in the forms that name year, month and day beyond doubt:
//
//	2024  2024-05  2024-05-01  2024/05/01  2024.05.01  20240501
//	any of those to the day, then T or a space, and 10:00  10:00:00  10:00:00.123  1000  100000
//	10:00:00Z  10:00:00+02:00  +0200  +02  UTC  GMT  GMT+2  +02:00[Europe/Berlin]; 2024-05-01Z  2024-05-01+02:00
//	Wed, 01 May 2024 10:00:00 GMT     RFC 9110 and RFC 5322; EST to PDT as the latter has them
//	Wednesday, 01-May-24 10:00:00 GMT     two digits, behind a weekday alone: 00 to 49 are 20xx
//	Wed May  1 10:00:00 2024  1 May 2024  May 1, 2024  May 2024     English names
//
// Without a zone it is UTC; without a day or a month, the first; without a time, midnight.
// 01/05/2024 is the first of May or the fifth of January and is not read.
//
// A number is told by its digits before the point. Each unit reaches from March 1973 to November
// 2286, so that none can be taken for another, nor for a year or a day:
//
//	4    a year: 2024; also 2024.0, as tables with gaps write whole numbers
//	8    a day: 20240501
//	9, 10    seconds since 1970: 1714557600, 1714557600.25, 1.7145576e9
//	12, 13    milliseconds
//	14    a second: 20240501100000
//	15, 16    microseconds
//	18, 19    nanoseconds
//
// Behind a minus sign there are no years and days, and 5 to 8 digits are seconds too, before 1970.
// Any other number is not read: 0, -1 and 9999999999999999999 stand for none, 45413 is a day of a
// spreadsheet, 240501 may be of this century, and 12 digits that are a minute too, like
// 197605021200, may be that.

// ParseDate reads a date in one of those forms. It is in UTC, and between the years 1 and 9999.
// No date, which is white space or the first moment of the year 1, as which Go and .NET write it,
// is the zero time; ok tells that s is a date or none.
func ParseDate(s string) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, true
	}
	if len(s) > maxDate {
		return time.Time{}, false
	}
	for _, read := range []func(string) (time.Time, bool){numericDate, numberDate, wordDate} {
		if t, ok := read(s); ok && t.Year() >= 1 && t.Year() <= 9999 {
			return t, true
		}
	}
	return time.Time{}, false
}

// maxDate is more than any form takes, with the name of its zone.
const maxDate = 100

// setDate notes a date, or what stands in its place and can't be read.
func (r *Record) setDate(s string) {
	var ok bool
	if r.Date, ok = ParseDate(s); !ok {
		r.DateUnread = brief(strings.TrimSpace(s))
	}
}

// brief cuts a value to what is shown of it.
func brief(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.Clone(s[:end]) + "…"
}

// A cursor takes parts off the front of s; bad is set once one is not there.
type cursor struct {
	s   string
	bad bool
}

// take takes one of those bytes, and returns 0 if none is there.
func (c *cursor) take(oneOf string) byte {
	if c.s == "" || strings.IndexByte(oneOf, c.s[0]) < 0 {
		return 0
	}
	b := c.s[0]
	c.s = c.s[1:]
	return b
}

// digits takes all digits, of which there must be at least and at most so many.
func (c *cursor) digits(least, most int) string {
	n := countDigits(c.s)
	if n < least || n > most {
		c.bad, n = true, 0
	}
	d := c.s[:n]
	c.s = c.s[n:]
	return d
}

func (c *cursor) number(least, most int) int { return numeral(c.digits(least, most)) }

func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// numeral returns the number of at most 18 digits.
func numeral(digits string) int {
	n := 0
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}

// A civil is a date and time of day in a zone. Month and day are 1 unless they are known.
type civil struct {
	year, month, day       int
	hour, minute, second   int
	nanosecond, eastOfZero int // the latter in seconds
}

// time returns the moment, and whether there is such a date. A leap second is the next one.
func (c civil) time() (time.Time, bool) {
	t := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, c.nanosecond, time.UTC)
	last := time.Date(c.year, time.Month(c.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	ok := c.year >= 1 && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= last &&
		c.hour <= 23 && c.minute <= 59 && c.second <= 60
	return t.Add(-time.Duration(c.eastOfZero) * time.Second), ok
}

// numericDate reads a date of digits, year first.
func numericDate(s string) (time.Time, bool) {
	c, d := cursor{s: s}, civil{month: 1, day: 1}
	whole := true // to the day
	if countDigits(s) == 8 {
		all := c.digits(8, 8)
		d.year, d.month, d.day = numeral(all[:4]), numeral(all[4:6]), numeral(all[6:])
	} else {
		d.year = c.number(4, 4)
		sep := c.take("-/.")
		if sep == 0 {
			return time.Time{}, false // a year alone is a number
		}
		d.month = c.number(1, 2)
		if c.take(string(sep)) != 0 {
			d.day = c.number(1, 2)
		} else if whole = false; sep == '.' {
			c.bad = true // 2024.05 may be a number
		}
	}
	timed := whole && (c.take("Tt") != 0 || c.s != "" && c.s[0] == ' ' && countDigits(strings.TrimLeft(c.s, " ")) > 0)
	if timed {
		c.s = strings.TrimLeft(c.s, " ")
		d.clock(&c)
	}
	if c.s != "" {
		var ok bool
		d.eastOfZero, ok = zone(strings.TrimLeft(c.s, " "), zones)
		sure := timed || strings.ContainsAny(c.s, ":Zz") // 20240501-12 may be a number of that day
		c.bad = c.bad || !ok || !whole || !sure
	}
	t, ok := d.time()
	return t, ok && !c.bad
}

// clock reads a time of day.
func (d *civil) clock(c *cursor) {
	if n := countDigits(c.s); n == 4 || n == 6 {
		all := c.digits(4, 6)
		d.hour, d.minute = numeral(all[:2]), numeral(all[2:4])
		d.second = numeral(all[4:])
		c.bad = c.bad || n == 4 && c.s != "" && strings.ContainsRune(".,", rune(c.s[0]))
	} else {
		d.hour = c.number(1, 2)
		c.bad = c.bad || c.take(":") == 0
		d.minute = c.number(2, 2)
		if c.take(":") == 0 {
			return
		}
		d.second = c.number(2, 2)
	}
	if c.take(".,") != 0 {
		d.nanosecond = nanoseconds(c.digits(1, 18))
	}
}

// nanoseconds returns what the digits behind a point are of a second.
func nanoseconds(fraction string) int {
	return numeral((fraction + "000000000")[:9])
}

// zones are the names of zones, in hours: those that mean one thing, and those to which RFC 5322
// gives a meaning.
var (
	zones     = map[string]int{"Z": 0, "UT": 0, "UTC": 0, "GMT": 0}
	mailZones = map[string]int{
		"Z": 0, "UT": 0, "UTC": 0, "GMT": 0,
		"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
	}
)

// zone reads an offset from UTC, in seconds. Behind one may stand the name of the zone.
func zone(s string, names map[string]int) (eastOfZero int, ok bool) {
	if hours, ok := names[strings.ToUpper(s)]; ok {
		return hours * 3600, true
	}
	if len(s) > 3 && (strings.EqualFold(s[:3], "UTC") || strings.EqualFold(s[:3], "GMT")) {
		s = s[3:]
	}
	c := cursor{s: s}
	sign := c.take("+-")
	if sign == 0 {
		return 0, false
	}
	hours, minutes := 0, 0
	if countDigits(c.s) == 4 {
		all := c.digits(4, 4)
		hours, minutes = numeral(all[:2]), numeral(all[2:])
	} else {
		hours = c.number(1, 2)
		if c.take(":") != 0 {
			minutes = c.number(2, 2)
		}
	}
	if c.bad || hours > 23 || minutes > 59 || !zoneName(c.s) {
		return 0, false
	}
	eastOfZero = hours*3600 + minutes*60
	if sign == '-' {
		eastOfZero = -eastOfZero
	}
	return eastOfZero, true
}

// zoneName reports whether s can be the name of a zone behind its offset: [Europe/Berlin], as RFC
// 9557 has it, (CEST) or CEST.
func zoneName(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || s[0] == '[' && s[len(s)-1] == ']' || s[0] == '(' && s[len(s)-1] == ')' ||
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// numberDate reads a number.
func numberDate(s string) (time.Time, bool) {
	whole, fraction, negative, ok := decimal(s)
	if !ok || whole == "" || whole[0] == '0' || len(whole) > 19 {
		return time.Time{}, false
	}
	if !negative && fraction == "" {
		switch len(whole) {
		case 4:
			return civil{year: numeral(whole), month: 1, day: 1}.time()
		case 8:
			return civil{year: numeral(whole[:4]), month: numeral(whole[4:6]), day: numeral(whole[6:])}.time()
		case 12:
			if _, minute := compactTime(whole + "00"); minute && (whole[:2] == "19" || whole[:2] == "20") {
				return time.Time{}, false
			}
		case 14:
			return compactTime(whole)
		}
	}
	decimals := 0 // places by which the point stands too far to the right
	switch n := len(whole); {
	case n == 9, n == 10, negative && n >= 5 && n < 9:
	case n == 12, n == 13:
		decimals = 3
	case n == 15, n == 16:
		decimals = 6
	case n == 18, n == 19 && whole <= "9223372036854775807":
		decimals = 9
	default:
		return time.Time{}, false
	}
	point := len(whole) - decimals
	seconds, rest := int64(numeral(whole[:point])), int64(nanoseconds(whole[point:]+fraction))
	if negative {
		seconds, rest = -seconds, -rest
	}
	return time.Unix(seconds, rest).UTC(), true
}

// compactTime reads a date and time of 14 digits.
func compactTime(all string) (time.Time, bool) {
	return civil{
		year: numeral(all[:4]), month: numeral(all[4:6]), day: numeral(all[6:8]),
		hour: numeral(all[8:10]), minute: numeral(all[10:12]), second: numeral(all[12:]),
	}.time()
}

// decimal reads a number as JSON and tables write it: the digits before the point and behind it,
// without zeros at the end.
func decimal(s string) (whole, fraction string, negative, ok bool) {
	c := cursor{s: s}
	negative = c.take("+-") == '-'
	whole = c.digits(1, maxDate)
	if c.take(".") != 0 {
		fraction = c.digits(0, maxDate)
	}
	if c.take("eE") != 0 {
		less := c.take("+-") == '-'
		places := c.number(1, 2)
		if less || places > 30 {
			c.bad = true // it is less than ten, or more than any date
		}
		fraction += strings.Repeat("0", max(0, places-len(fraction)))
		whole, fraction = whole+fraction[:places], fraction[places:]
	}
	return whole, strings.TrimRight(fraction, "0"), negative, !c.bad && c.s == ""
}

var (
	monthNames   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdayNames = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// named returns which of the names is meant, from 1: whole or its first three letters, with or
// without a point.
func named(names []string, word string) int {
	word = strings.TrimSuffix(word, ".")
	return 1 + slices.IndexFunc(names, func(name string) bool {
		return strings.EqualFold(word, name) || strings.EqualFold(word, name[:3]) || strings.EqualFold(word, "sept") && name == "September"
	})
}

// wordDate reads a date that names its month.
func wordDate(s string) (time.Time, bool) {
	if before, _, ok := strings.Cut(s, "("); ok && s[len(s)-1] == ')' {
		s = before // a comment, as in e-mail
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
	var d civil
	weekday, timed, zoned := false, false, false
	for i := 0; i < len(words); i++ {
		w := words[i]
		digits := countDigits(w)
		switch month := named(monthNames, w); {
		case i == 0 && named(weekdayNames, w) > 0:
			weekday = true
		case month > 0 && d.month == 0:
			d.month = month
		case digits > 0 && digits <= 2 && digits < len(w) && w[digits] == '-' && strings.Count(w, "-") == 2: // 01-May-24
			words = slices.Insert(words, i+1, strings.Split(w, "-")...)
		case digits == 4 && len(w) == 4 && d.year == 0:
			d.year = numeral(w)
		case digits > 0 && digits == len(w) && digits <= 2 && d.day == 0:
			if d.day = numeral(w); d.day == 0 {
				return time.Time{}, false
			}
		case digits == 2 && len(w) == 2 && d.year == 0 && weekday && d.month != 0:
			if d.year = 1900 + numeral(w); d.year < 1950 {
				d.year += 100
			}
		case digits > 0 && strings.Contains(w, ":") && !timed:
			c := cursor{s: w}
			if d.clock(&c); c.bad || c.s != "" {
				return time.Time{}, false
			}
			timed = true
		case timed && !zoned:
			if d.eastOfZero, zoned = zone(w, mailZones); !zoned {
				return time.Time{}, false
			}
		default:
			return time.Time{}, false
		}
	}
	if d.day == 0 && !timed && !weekday {
		d.day = 1
	}
	return d.time()
}
