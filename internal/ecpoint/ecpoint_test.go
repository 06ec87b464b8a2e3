package ecpoint_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/ecpoint"
)

func TestRoundTrip(t *testing.T) {
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		for range 8 { // y odd and even
			k, err := ecdsa.GenerateKey(c, rand.Reader)
			require.NoError(t, err)
			point, err := k.PublicKey.Bytes()
			require.NoError(t, err)
			raw := ecpoint.Compress(point)
			back, err := ecpoint.Decompress(c, raw)
			require.NoError(t, err)
			require.True(t, k.PublicKey.Equal(back))
			for _, bad := range [][]byte{nil, raw[1:], append(raw, 0), append([]byte{raw[0] ^ 4}, raw[1:]...), {0}} {
				_, err := ecpoint.Decompress(c, bad)
				require.ErrorContains(t, err, c.Params().Name)
			}
		}
		beyond := append([]byte{2}, c.Params().P.Bytes()...)
		_, err := ecpoint.Decompress(c, beyond)
		require.Error(t, err, "a coordinate that is not reduced")
	}
}
