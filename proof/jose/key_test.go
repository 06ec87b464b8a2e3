package jose_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

func TestKeys(t *testing.T) {
	var keys []proof.Key
	for a, s := range signers(t) {
		k := s.Key()
		raw, err := jose.MarshalKey(k)
		require.NoError(t, err)
		again, err := jose.ParseKey(raw)
		require.NoError(t, err)
		require.Equal(t, k.ID, again.ID)
		require.True(t, proof.Same(k.Public, again.Public))
		require.Equal(t, []proof.Algorithm{a}, again.Algorithms)
		require.Empty(t, again.Purposes, "a JWK vouches for nothing")
		keys = append(keys, k)
	}
	set, err := jose.MarshalKeySet(keys[:2])
	require.NoError(t, err)
	one, err := jose.MarshalKey(keys[0])
	require.NoError(t, err)
	two, err := jose.MarshalKey(keys[1])
	require.NoError(t, err)
	require.Equal(t, `{"keys":[`+string(one)+","+string(two)+"]}", string(set))
	set, err = jose.MarshalKeySet(nil)
	require.NoError(t, err)
	require.Equal(t, `{"keys":[]}`, string(set))

	_, err = jose.MarshalKeySet([]proof.Key{{}})
	require.ErrorIs(t, err, proof.ErrKey)
	for _, bad := range []string{"", "{}", `{"kty":"oct","k":"AAAA"}`, `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`} {
		_, err := jose.ParseKey([]byte(bad))
		require.ErrorIs(t, err, proof.ErrKey)
	}
}

// The example of RFC 8037, appendix A.3.
func TestThumbprint(t *testing.T) {
	s, err := jose.Thumbprint(key(t, `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`).Public)
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", s)
	_, err = jose.Thumbprint(nil)
	require.ErrorIs(t, err, proof.ErrKey)
}
