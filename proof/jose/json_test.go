package jose_test

import (
	"crypto/elliptic"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// compact signs a payload and returns the three parts.
func compact(t testing.TB, s proof.Signer, h jose.Header, payload string) []string {
	t.Helper()
	raw, err := jose.Sign(ctx, s, h, []byte(payload))
	require.NoError(t, err)
	return strings.Split(string(raw), ".")
}

func TestFlattened(t *testing.T) {
	s := ecSigner(t, elliptic.P256())
	raw, err := jose.Sign(ctx, s, jose.Header{Type: "x+jwt"}, []byte("payload"))
	require.NoError(t, err)
	for _, header := range []string{"", `{"disclosures":["a","b"],"kid":"k"}`} {
		flat, err := jose.Flatten(raw, []byte(header))
		require.NoError(t, err)
		all, err := jose.ParseJSON(flat, jose.Options{})
		require.NoError(t, err)
		require.Len(t, all, 1)
		m := all[0]
		require.NoError(t, m.Verify(s.Key()))
		require.Equal(t, "payload", string(m.Payload))
		require.Equal(t, "x+jwt", m.Header.Type)
		require.Equal(t, header != "", m.Unprotected().Exists())
		if header != "" {
			require.Equal(t, 2, m.Unprotected().Member("disclosures").Len())
			require.Equal(t, "k", m.Hint().KeyID)
		}
	}
	for name, header := range map[string]string{"no object": `[1]`, "empty": `{}`, "no JSON": `{`, "crit": `{"crit":["b64"]}`} {
		_, err := jose.Flatten(raw, []byte(header))
		require.ErrorIs(t, err, jose.ErrMalformed, name)
	}
	_, err = jose.Flatten([]byte("a.b"), nil)
	require.ErrorIs(t, err, jose.ErrMalformed)
}

func TestGeneral(t *testing.T) {
	all := signers(t)
	var entries, payload = []string{}, ""
	var keys []proof.Key
	for _, s := range all {
		p := compact(t, s, jose.Header{KeyID: "k"}, "payload")
		payload = p[1]
		entries = append(entries, fmt.Sprintf(`{"protected":%q,"signature":%q}`, p[0], p[2]))
		keys = append(keys, s.Key())
	}
	raw := fmt.Sprintf(`{"payload":%q,"signatures":[%s]}`, payload, strings.Join(entries, ","))
	ms, err := jose.ParseJSON([]byte(raw), jose.Options{})
	require.NoError(t, err)
	require.Len(t, ms, len(all))
	for i, m := range ms {
		require.NoError(t, m.Verify(keys[i]))
		require.Error(t, m.Verify(keys[(i+1)%len(keys)]))
	}
	many := strings.Repeat(entries[0]+",", 16) + entries[0]
	_, err = jose.ParseJSON([]byte(fmt.Sprintf(`{"payload":%q,"signatures":[%s]}`, payload, many)), jose.Options{})
	require.ErrorIs(t, err, jose.ErrMalformed)
}

func TestUnencodedJSON(t *testing.T) {
	s := ecSigner(t, elliptic.P256())
	raw, err := jose.SignDetached(ctx, s, jose.Header{Unencoded: true}, []byte("a.b \u00e9"))
	require.NoError(t, err)
	p := strings.Split(string(raw), ".")
	flat := []byte(fmt.Sprintf(`{"payload":"a.b \u00e9","protected":%q,"signature":%q}`, p[0], p[2]))
	_, err = jose.ParseJSON(flat, jose.Options{})
	require.ErrorIs(t, err, jose.ErrMalformed)
	ms, err := jose.ParseJSON(flat, jose.Options{Unencoded: true})
	require.NoError(t, err)
	require.NoError(t, ms[0].Verify(s.Key()))
	require.Equal(t, "a.b \u00e9", string(ms[0].Payload))

	detached := []byte(fmt.Sprintf(`{"protected":%q,"signature":%q}`, p[0], p[2]))
	ms, err = jose.ParseJSON(detached, jose.Options{Unencoded: true, Detached: []byte("a.b \u00e9")})
	require.NoError(t, err)
	require.NoError(t, ms[0].Verify(s.Key()))

	encoded := compact(t, s, jose.Header{}, "x")
	mixed := fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q},{"protected":%q,"signature":%q}]}`, encoded[1], encoded[0], encoded[2], p[0], p[2])
	_, err = jose.ParseJSON([]byte(mixed), jose.Options{Unencoded: true})
	require.ErrorIs(t, err, jose.ErrMalformed)
}

// What is not signed says nothing of how the signature is to be read.
func TestUnprotectedHeaderOverridesNothing(t *testing.T) {
	p := compact(t, ecSigner(t, elliptic.P256()), jose.Header{KeyID: "k"}, "payload")
	without := b64(`{}`)
	for name, raw := range map[string]string{
		"alg beside":        fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"alg":"none"},"signature":%q}`, p[1], p[0], p[2]),
		"alg only there":    fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"alg":"ES256"},"signature":%q}`, p[1], without, p[2]),
		"no protected":      fmt.Sprintf(`{"payload":%q,"header":{"alg":"ES256"},"signature":%q}`, p[1], p[2]),
		"crit":              fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"crit":["b64"]},"signature":%q}`, p[1], p[0], p[2]),
		"b64":               fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"b64":false},"signature":%q}`, p[1], p[0], p[2]),
		"typ":               fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"typ":"vc+jwt"},"signature":%q}`, p[1], p[0], p[2]),
		"iss":               fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"iss":"x"},"signature":%q}`, p[1], p[0], p[2]),
		"kid twice":         fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"kid":"k"},"signature":%q}`, p[1], p[0], p[2]),
		"header a list":     fmt.Sprintf(`{"payload":%q,"protected":%q,"header":[],"signature":%q}`, p[1], p[0], p[2]),
		"both forms":        fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q,"signatures":[]}`, p[1], p[0], p[2]),
		"both, and sound":   fmt.Sprintf(`{"payload":%q,"protected":%q,"signatures":[{"protected":%q,"signature":%q}]}`, p[1], p[0], p[0], p[2]),
		"signature beside":  fmt.Sprintf(`{"payload":%q,"signature":%q,"signatures":[{"protected":%q,"signature":%q}]}`, p[1], p[2], p[0], p[2]),
		"no signatures":     fmt.Sprintf(`{"payload":%q,"signatures":[]}`, p[1]),
		"signatures object": fmt.Sprintf(`{"payload":%q,"signatures":{}}`, p[1]),
		"signature missing": fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q}]}`, p[1], p[0]),
		"payload missing":   fmt.Sprintf(`{"protected":%q,"signature":%q}`, p[0], p[2]),
		"payload null":      fmt.Sprintf(`{"payload":null,"protected":%q,"signature":%q}`, p[0], p[2]),
		"payload twice":     fmt.Sprintf(`{"payload":%q,"payload":%q,"protected":%q,"signature":%q}`, p[1], p[1], p[0], p[2]),
		"a compact message": strings.Join(p, "."),
		"a list":            `[]`,
	} {
		_, err := jose.ParseJSON([]byte(raw), jose.Options{})
		require.ErrorIs(t, err, jose.ErrMalformed, name)
	}
}
