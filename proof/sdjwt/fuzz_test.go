package sdjwt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// FuzzOpen holds that no payload and disclosures panic, that what is opened is
// strict JSON without digests, and that it opens again from any half of its
// disclosures or not at all.
func FuzzOpen(f *testing.F) {
	payload, disclosures, err := sdjwt.Conceal([]byte(`{"a":{"b":[1,{"c":2}]},"d":"x"}`), sdjwt.Options{Disclosable: []string{"/a", "/a/b/0", "/a/b/1", "/d"}, Decoys: 2})
	require.NoError(f, err)
	f.Add(string(payload), strings.Join(disclosures, "~"))
	f.Add(refer(`{"_sd":[«`+given+`»],"a":[{"...":«`+id+`»}]}`), disclosure(given)+"~"+disclosure(id))
	f.Add(`{"_sd_alg":"sha-512"}`, "")
	f.Fuzz(func(t *testing.T, payload, joined string) {
		var texts []string
		if joined != "" {
			texts = strings.Split(joined, "~")
		}
		c, err := sdjwt.Open([]byte(payload), texts)
		if err != nil {
			require.ErrorIs(t, err, sdjwt.ErrMalformed)
			return
		}
		b := marshal(t, c)
		var v any
		require.NoError(t, json.Unmarshal(b, &v))
		require.NotContains(t, string(b), `"_sd":`)
		for i, p := range c.Disclosed() {
			selected, err := c.Select(p)
			require.NoError(t, err)
			require.Contains(t, selected, texts[i])
			_, err = sdjwt.Open([]byte(payload), selected)
			require.NoError(t, err, "what is selected is complete")
		}
	})
}

// FuzzParse holds that no token panics, and that one that is read is written
// again as it was, or as the same JSON.
func FuzzParse(f *testing.F) {
	token := sealed(f, `{"a":1,"b":2}`, sdjwt.Options{Disclosable: []string{"/a", "/b"}})
	f.Add(token.Bytes())
	f.Add([]byte(`{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AA","header":{"disclosures":["x"],"kb_jwt":"y"}}`))
	f.Add([]byte(`{"payload":"e30","signatures":[{"protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AA"},{"protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AA","header":{"kid":"z"}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		token, err := sdjwt.Parse(raw)
		if err != nil {
			require.ErrorIs(t, err, sdjwt.ErrMalformed)
			return
		}
		again, err := sdjwt.Parse(token.Bytes())
		require.NoError(t, err)
		require.Equal(t, token.Disclosures, again.Disclosures)
		require.Equal(t, token.KeyBinding, again.KeyBinding)
		require.Equal(t, token.Bytes(), again.Bytes())
		if c, err := sdjwt.Open(token.Messages[0].Payload, token.Disclosures); err == nil && token.KeyBinding != "" {
			_, _ = token.ReadBinding(c)
		}
	})
}
