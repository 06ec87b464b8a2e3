// Package xsd reads the simple data types that W3C credentials use: times and
// URLs.
package xsd

import (
	"strings"
	"time"
)

// DateTimeStamp reads a time as W3C XML Schema 1.1 part 2, section 3.4.28
// writes it: with seconds, optional fractions, and always a time zone of at
// most 14 hours. ok is false for anything else, and for what time.Time does not
// hold: years of more than four digits, 24:00:00.
func DateTimeStamp(s string) (t time.Time, ok bool) {
	const shape = "dddd-dd-ddTdd:dd:dd"
	if len(s) < len(shape)+1 || !matches(s[:len(shape)], shape) {
		return t, false
	}
	rest := s[len(shape):]
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		// time.Parse stops at nanoseconds; nobody means more.
		if n == 1 || n > 10 {
			return t, false
		}
		rest = rest[n:]
	}
	if rest != "Z" {
		if !matches(rest, "+dd:dd") && !matches(rest, "-dd:dd") || rest[1:] > "14:00" || rest[4:] > "59" {
			return t, false
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// matches compares s with a shape in which d stands for any digit.
func matches(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if shape[i] == 'd' && !isDigit(s[i]) || shape[i] != 'd' && s[i] != shape[i] {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// URL reports whether s is an absolute URL, as far as can be told from its
// scheme, the host that http and https need, and the absence of characters that
// no IRI has (RFC 3987, section 2.2).
func URL(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" {
		return false
	}
	for i, c := range []byte(scheme) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	for _, c := range []byte(rest) {
		if c <= ' ' || c == 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0 {
			return false
		}
	}
	if scheme == "http" || scheme == "https" {
		host, ok := strings.CutPrefix(rest, "//")
		return ok && host != "" && strings.IndexByte("/?#", host[0]) < 0
	}
	return true
}
