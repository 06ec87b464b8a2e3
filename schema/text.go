package schema

import "unicode/utf8"

// Formats are checked byte by byte: the check runs for every traveller, and
// regular expressions would cost more than the rest of it.

// longer reports whether s has more than limit characters (JSON Schema
// Validation, section 6.3.1, counts code points).
func longer(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}

func hasUpper(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// machineReadable reports whether s matches ^[A-Z<]*$.
func machineReadable(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '<' {
			return false
		}
	}
	return true
}

// number reads the n digits at s[at:]; -1 where they are not there.
func number(s string, at, n int) int {
	if len(s) < at+n {
		return -1
	}
	v := 0
	for _, c := range []byte(s[at : at+n]) {
		if c < '0' || c > '9' {
			return -1
		}
		v = v*10 + int(c-'0')
	}
	return v
}

// date reports whether s is a day of the calendar, YYYY-MM-DD (RFC 3339,
// section 5.6, full-date).
func date(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	y, m, d := number(s, 0, 4), number(s, 5, 2), number(s, 8, 2)
	return y >= 0 && m >= 1 && m <= 12 && d >= 1 && d <= days(y, m)
}

func days(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// dated reports whether s is a date, or a date and a time with or without zone.
func dated(s string) bool {
	return date(s) || len(s) > 10 && date(s[:10]) && clock(s[10:], false)
}

// timestamp reports whether s is a date and a time with zone (RFC 3339, section
// 5.6, date-time). The zone may also be written +02 or +0200: the schema's own
// examples do.
func timestamp(s string) bool {
	return len(s) > 10 && date(s[:10]) && clock(s[10:], true)
}

// clock checks "Thh:mm:ss", with a fraction of a second or not, and the zone.
func clock(s string, zone bool) bool {
	if len(s) < 9 || s[0] != 'T' && s[0] != 't' || s[3] != ':' || s[6] != ':' {
		return false
	}
	h, m, sec := number(s, 1, 2), number(s, 4, 2), number(s, 7, 2)
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60 { // 60: a leap second
		return false
	}
	s = s[9:]
	if s != "" && s[0] == '.' {
		n := 1
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n == 1 {
			return false
		}
		s = s[n:]
	}
	switch {
	case s == "":
		return !zone
	case s == "Z", s == "z":
		return true
	}
	return offset(s)
}

// offset checks +hh:mm, +hhmm and +hh.
func offset(s string) bool {
	if s[0] != '+' && s[0] != '-' {
		return false
	}
	h, m := number(s, 1, 2), 0
	switch {
	case len(s) == 6 && s[3] == ':':
		m = number(s, 4, 2)
	case len(s) == 5:
		m = number(s, 3, 2)
	case len(s) != 3:
		return false
	}
	return h >= 0 && h <= 23 && m >= 0 && m <= 59
}

// birth reports whether s matches ^(19|20)\d\d(-\d\d){0,2}$: months and days
// that are not known are left out, or are 00.
func birth(s string) bool {
	switch {
	case len(s) != 4 && len(s) != 7 && len(s) != 10:
		return false
	case !century(s) || number(s, 2, 2) < 0:
		return false
	case len(s) >= 7 && (s[4] != '-' || number(s, 5, 2) < 0):
		return false
	}
	return len(s) < 10 || s[7] == '-' && number(s, 8, 2) >= 0
}

// century reports whether s begins with 19 or 20.
func century(s string) bool {
	return len(s) >= 2 && (s[:2] == "19" || s[:2] == "20")
}

// after reports whether s, a date or the beginning of one, lies after the day.
// What s leaves open counts as its earliest.
func after(s string, year, month, day int) bool {
	y, m, d := number(s, 0, 4), max(number(s, 5, 2), 0), max(number(s, 8, 2), 0)
	switch {
	case y != year:
		return y > year
	case m != month:
		return m > month
	}
	return d > day
}
