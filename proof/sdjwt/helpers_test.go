package sdjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 8, 0, 0, 0, time.UTC)
)

// newSigner makes the P-256 key that a name stands for.
func newSigner(t testing.TB, name string) proof.Signer {
	seed := sha256.Sum256([]byte("sdjwt test " + name))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(t, err)
	s, err := proof.NewSigner(k, proof.Key{ID: name})
	require.NoError(t, err)
	return s
}

func publicJWK(t testing.TB, s proof.Signer) []byte {
	b, err := jwk.Marshal(s.Key().Public, "")
	require.NoError(t, err)
	return b
}

func marshal(t testing.TB, v any) []byte {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode64(t testing.TB, s string) []byte {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	require.NoError(t, err)
	return b
}

func sum256(s string) string { h := sha256.Sum256([]byte(s)); return b64(h[:]) }
