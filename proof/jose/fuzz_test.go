package jose_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// What verifies is, byte for byte, what was signed: signatures are another each
// time.
func FuzzParse(f *testing.F) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	require.NoError(f, err)
	s, err := proof.NewSigner(private, proof.Key{ID: "k"})
	require.NoError(f, err)
	raw, err := jose.Sign(ctx, s, jose.Header{KeyID: "k", Type: "x+jwt", Key: &proof.Key{Public: s.Key().Public}}, []byte(`{"a":1}`))
	require.NoError(f, err)
	flat, err := jose.Flatten(raw, []byte(`{"x5t#S256":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}`))
	require.NoError(f, err)
	detached, err := jose.SignDetached(ctx, s, jose.Header{Unencoded: true}, []byte("x"))
	require.NoError(f, err)
	for _, seed := range [][]byte{raw, flat, detached, []byte("e30.e30.e30"), []byte(`{"payload":"","signatures":[{"protected":"","signature":""}]}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, o := range []jose.Options{{}, {Unencoded: true}, {Unencoded: true, Detached: []byte("x")}} {
			if m, err := jose.Parse(in, o); err == nil && m.Verify(s.Key()) == nil && o.Detached == nil {
				signed := raw[:bytes.LastIndexByte(raw, '.')]
				require.Equal(t, signed, in[:bytes.LastIndexByte(in, '.')])
			} else if err != nil {
				require.ErrorIs(t, err, jose.ErrMalformed)
			}
			ms, err := jose.ParseJSON(in, o)
			if err != nil {
				require.ErrorIs(t, err, jose.ErrMalformed)
			}
			for _, m := range ms {
				require.NotEmpty(t, m.Signature)
				require.NotNil(t, m.Payload)
			}
		}
	})
}
