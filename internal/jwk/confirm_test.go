package jwk_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

func TestConfirmation(t *testing.T) {
	read := func(text string) ([]proof.Key, error) {
		v, err := jcs.Parse([]byte(`{"cnf":` + text + `}`))
		require.NoError(t, err)
		return jwk.Confirmed(v.Member("cnf"))
	}
	pub := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	written, err := jwk.Confirm(pub)
	require.NoError(t, err)
	keys, err := read(string(written))
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.True(t, proof.Same(keys[0].Public, pub))
	require.True(t, keys[0].Allows(proof.EdDSA, proof.Authentication))
	require.False(t, keys[0].Allows(proof.EdDSA, proof.AssertionMethod))
	_, err = jwk.Confirm("no key")
	require.ErrorIs(t, err, proof.ErrKey)

	keys, err = jwk.Confirmed(jcs.Value{})
	require.NoError(t, err)
	require.Nil(t, keys)
	for _, other := range []string{`{"kid":"did:example:1#key"}`, `{"jku":"https://a.example"}`, `{"x5t#S256":"AAAA"}`} {
		keys, err = read(other)
		require.ErrorIs(t, err, jwk.ErrConfirm)
		require.Len(t, keys, 1, "bound")
		require.False(t, proof.Same(keys[0].Public, pub))
		require.False(t, keys[0].Allows(proof.EdDSA, proof.Authentication))
	}
	for text, want := range map[string]error{
		`{}`: jwk.ErrSyntax, `[]`: jwk.ErrSyntax, `[` + string(written) + `]`: jwk.ErrSyntax, `"x"`: jwk.ErrSyntax, `null`: jwk.ErrSyntax,
		`{"jwk":null}`: jwk.ErrSyntax, `{"jwk":{"kty":"oct","k":"AAAA"}}`: proof.ErrKey, `{"jwk":{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}}`: jwk.ErrPrivate,
	} {
		keys, err = read(text)
		require.ErrorIs(t, err, want, text)
		require.NotErrorIs(t, err, jwk.ErrConfirm, text)
		require.Nil(t, keys, text)
	}
}
