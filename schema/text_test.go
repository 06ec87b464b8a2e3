package schema

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDate(t *testing.T) {
	for s, want := range map[string]bool{
		"2021-06-11": true, "2020-02-29": true, "2000-02-29": true, "0000-01-01": true, "9999-12-31": true,
		"2021-02-29": false, "1900-02-29": false, "2021-04-31": false, "2021-13-01": false, "2021-00-10": false,
		"2021-01-00": false, "2021-1-01": false, "2021-01-1": false, "2021/01/01": false, "21-01-01": false,
		"": false, "2021": false, "2021-01-01 ": false, "2021-01-01T00:00:00": false, "２０21-01-01": false, "+021-01-01": false,
	} {
		require.Equal(t, want, date(s), s)
	}
}

func TestTimestamp(t *testing.T) {
	for s, want := range map[string]bool{
		"2021-06-11T17:30:00Z":             true,
		"2021-06-11t17:30:00z":             true,
		"2021-06-11T17:30:00.5Z":           true,
		"2021-07-05T16:22:42.007179+02:00": true,
		"2021-06-11T17:30:00-11:30":        true,
		"2021-06-11T17:30:00+0200":         true,
		"2021-06-11T17:30:00+02":           true,
		"2016-12-31T23:59:60Z":             true,
		"2021-06-11":                       false,
		"2021-06-11T17:30:00":              false, // no zone
		"2021-06-11T17:30Z":                false,
		"2021-06-11T24:00:00Z":             false,
		"2021-06-11T17:60:00Z":             false,
		"2021-06-11T17:30:61Z":             false,
		"2021-06-31T17:30:00Z":             false,
		"2021-06-11 17:30:00Z":             false,
		"2021-06-11T17:30:00.Z":            false,
		"2021-06-11T17:30:00.5":            false,
		"2021-06-11T17:30:00+":             false,
		"2021-06-11T17:30:00+2":            false,
		"2021-06-11T17:30:00+24:00":        false,
		"2021-06-11T17:30:00+02:60":        false,
		"2021-06-11T17:30:00+02:0":         false,
		"2021-06-11T17:30:00+02:000":       false,
		"2021-06-11T17:30:00ZZ":            false,
		"2021-06-11T17-30-00Z":             false,
		"T17:30:00Z":                       false,
		"":                                 false,
	} {
		require.Equal(t, want, timestamp(s), s)
	}
	for s, want := range map[string]bool{
		"2021-03-09": true, "2021-03-09T00:00:00": true, "2022-01-01T00:00:00.000Z": true,
		"2021-03-09T": false, "2021-03-09Z": false, "2021-02-30T00:00:00": false, "2021-03-09T00:00:00x": false, "2021-03": false,
	} {
		require.Equal(t, want, dated(s), s)
	}
}

func TestLonger(t *testing.T) {
	require.False(t, longer(strings.Repeat("a", 80), 80))
	require.True(t, longer(strings.Repeat("a", 81), 80))
	require.False(t, longer(strings.Repeat("ე", 80), 80), "characters, not bytes")
	require.True(t, longer(strings.Repeat("ე", 81), 80))
	require.True(t, longer(strings.Repeat("\xff", 81), 80), "invalid UTF-8 counts too")
}

func TestAfter(t *testing.T) {
	for s, want := range map[string]bool{
		"2021-05-30": false, "2021-05-31": true, "2021-06": true, "2021-05": false, "2022": true, "2021": false,
		"2021-06-00": true, "2021-05-00": false, "2020-12-31": false, "1963-00": false, "": false, "x": false,
		"2023-01-01T00:00:00": true,
	} {
		require.Equal(t, want, after(s, 2021, 5, 30), s)
	}
}

// The byte checks are the patterns they stand for: compared on texts near the
// edge of each.
func TestPatterns(t *testing.T) {
	rfc3339 := func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }
	pairs := []struct {
		name     string
		ours     func(string) bool
		theirs   func(string) bool
		alphabet string
		seeds    []string
	}{
		{"dob", birth, regexp.MustCompile(`^(19|20)\d\d(-\d\d){0,2}$`).MatchString, "0129-T", []string{"1964-01-01", "2064-01", "1964"}},
		{"standard name", machineReadable, regexp.MustCompile(`^[A-Z<]*$`).MatchString, "AMZ<a@[ 0", []string{"SMITH<JONES", ""}},
		{"country", hasUpper, regexp.MustCompile(`[A-Z]{1,10}`).MatchString, "AZaz@[0", []string{"NL", "nl", ""}},
		{"date", date, rfc3339, "0123-9", []string{"2021-02-28", "2020-02-29", "1999-12-31"}},
		{"version", func(s string) bool { _, ok := parseVersion(s); return ok }, regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString, "0139.a-", []string{"1.3.0", "10.20.30"}},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range pairs {
		matched := 0
		for range 20_000 {
			b := []byte(p.seeds[rng.IntN(len(p.seeds))])
			for range rng.IntN(3) {
				c := p.alphabet[rng.IntN(len(p.alphabet))]
				at := rng.IntN(len(b) + 1)
				switch rng.IntN(3) {
				case 0:
					b = append(b[:at], append([]byte{c}, b[at:]...)...)
				case 1:
					if at < len(b) {
						b[at] = c
					}
				case 2:
					b = b[:at]
				}
			}
			s := string(b)
			require.Equal(t, p.theirs(s), p.ours(s), "%s: %q", p.name, s)
			if p.ours(s) {
				matched++
			}
		}
		require.Greater(t, matched, 1000, p.name)
		require.Less(t, matched, 19_000, p.name)
	}
}

func TestParseVersion(t *testing.T) {
	for s, want := range map[string]version{
		"0.9.9": {first: true, old: true}, "1.0.0": {first: true, old: true}, "1.0.4": {first: true, old: true},
		"1.1.0": {old: true}, "1.2.1": {old: true}, "1.3.0": {}, "1.3.1": {},
		"1.3.2": {forename: true}, "1.3.3": {forename: true}, "1.4.0": {forename: true}, "1.10.0": {forename: true}, "2.0.0": {forename: true},
		"1.99999999999999999999999999.0": {forename: true},
	} {
		v, ok := parseVersion(s)
		require.True(t, ok, s)
		require.Equal(t, want, v, s)
	}
	for _, s := range []string{"", "1", "1.3", "1.3.", ".3.0", "1..0", "1.3.0.0", "v1.3.0", "1.3.0 ", "1,3,0", "1a3b0"} {
		_, ok := parseVersion(s)
		require.False(t, ok, s)
	}
}
