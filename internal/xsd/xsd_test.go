package xsd_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/xsd"
)

func TestDateTimeStamp(t *testing.T) {
	for in, want := range map[string]time.Time{
		"2023-02-24T23:36:38Z":           time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC),
		"2023-02-24T23:36:38.250Z":       time.Date(2023, 2, 24, 23, 36, 38, 250e6, time.UTC),
		"2023-02-24T23:36:38.123456789Z": time.Date(2023, 2, 24, 23, 36, 38, 123456789, time.UTC),
		"2023-02-24T17:36:38-06:00":      time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC),
		"2023-02-25T13:36:38+14:00":      time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC),
		"0001-01-01T00:00:01Z":           time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
	} {
		got, ok := xsd.DateTimeStamp(in)
		require.True(t, ok, in)
		require.True(t, got.Equal(want), in)
	}
	for _, in := range []string{
		"", "2023", "2023-02-24", "2023-02-24T23:36:38", "2023-02-24 23:36:38Z", "2023-02-24t23:36:38Z", "2023-02-24T23:36:38z",
		"2023-02-24T23:36Z", "2023-02-24T3:36:38Z", "2023-2-24T23:36:38Z", "2023-02-24T23:36:38.Z", "2023-02-24T23:36:38,5Z",
		"2023-02-30T23:36:38Z", "2023-13-01T00:00:00Z", "2023-02-24T24:00:00Z", "2023-02-24T23:60:38Z", "2023-02-24T23:36:60Z",
		"2023-02-24T23:36:38+1:00", "2023-02-24T23:36:38+0100", "2023-02-24T23:36:38+14:01", "2023-02-24T23:36:38+15:00", "2023-02-24T23:36:38+01:60",
		"2023-02-24T23:36:38ZZ", " 2023-02-24T23:36:38Z", "2023-02-24T23:36:38Z ", "12023-02-24T23:36:38Z", "-2023-02-24T23:36:38Z",
		"2023-02-24T23:36:38.1234567890123Z", "２０23-02-24T23:36:38Z", "2023-02-24T23:36:38",
	} {
		_, ok := xsd.DateTimeStamp(in)
		require.False(t, ok, in)
	}
}

func TestURL(t *testing.T) {
	for _, s := range []string{"https://a.example", "http://a/b?c#d", "https://[::1]:80/", "did:key:z6Mk#z6Mk", "urn:uuid:1", "data:,x", "https://é.example/ü", "a+b-c.1:x"} {
		require.True(t, xsd.URL(s), s)
	}
	for _, s := range []string{"", "a", ":", "a:", ":a", "https:", "https://", "https:///path", "https://?q", "https:a", "http:/a", "1a:b", "é:b", "a b:c", "https://a b", "a:b\n", "a:\x7f", "a:<b>", `a:\b`, "a:{b}", "/relative", "#x", "./x", "a:`"} {
		require.False(t, xsd.URL(s), s)
	}
}

func FuzzDateTimeStamp(f *testing.F) {
	f.Add("2023-02-24T23:36:38.5-06:00")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := xsd.DateTimeStamp(s)
		if !ok {
			return
		}
		if want, err := time.Parse(time.RFC3339Nano, s); err != nil || !want.Equal(got) {
			t.Fatalf("%q: %v, %v", s, got, err)
		}
	})
}
