package status

import (
	"bytes"
	"testing"

	"github.com/sanad-credentials/sanad/internal/limits"
)

func FuzzExpand(f *testing.F) {
	for _, bits := range [][]byte{make([]byte, minEntries/8), bytes.Repeat([]byte{0xa5, 0}, minEntries/8), {1}} {
		text, err := compress(bits)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA")
	f.Add("")
	f.Add("z")
	f.Fuzz(func(t *testing.T, text string) {
		bits, err := expand(text)
		if err != nil {
			return
		}
		if len(bits) < minEntries/8 || len(bits) > limits.StatusInflated {
			t.Fatal("a list out of bounds:", len(bits))
		}
		again, err := compress(bits)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := expand(again); err != nil || !bytes.Equal(b, bits) {
			t.Fatal("written, it reads as another list", err)
		}
	})
}

func FuzzParseBatch(f *testing.F) {
	f.Add([]byte(`{"country":"OM","expires":"2026-05-01T13:00:00Z","kid":"AAAAAAAAAAA=","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}`))
	f.Add([]byte(`{"country":"SA","expires":"2026-05-01T13:00:00.123+03:00","kid":"UNKNOWN_KID","hashType":"COUNTRYCODEUCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA==","x":null}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := ParseBatch(raw)
		if err != nil {
			return
		}
		text, err := b.Encode()
		if err != nil {
			return // a year that JSON has no form for
		}
		c, err := ParseBatch(text)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Expires.Equal(b.Expires) || c.KID != b.KID || len(c.Hashes) != len(b.Hashes) {
			t.Fatal("written, it reads as another batch")
		}
	})
}

func FuzzParseSnapshot(f *testing.F) {
	f.Add([]byte(`{"asOf":"2026-05-01T11:00:00Z","expires":"2026-06-01T11:00:00Z","covers":["OM"],"batches":[{"country":"OM","expires":"2026-05-01T13:00:00Z","kid":"AAAAAAAAAAA=","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}]}`))
	f.Add([]byte("\xd2\x84\x43\xa1\x01\x26\xa0\x42{}\x40"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ParseSnapshot(raw, SnapshotOptions{InsecureUnsigned: true})
		if err != nil {
			return
		}
		if _, err := NewHashes(s); err != nil {
			t.Fatal(err)
		}
	})
}
