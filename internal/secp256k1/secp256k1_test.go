package secp256k1_test

//lint:file-ignore SA1019 keys that are none are made by hand

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/secp256k1"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(secp256k1.Curve(), rand.Reader)
	require.NoError(t, err)
	return k
}

func TestSignVerify(t *testing.T) {
	k, other := newKey(t), newKey(t)
	digest := sha256.Sum256([]byte("x"))
	sig := secp256k1.Sign(k, digest[:])
	require.Len(t, sig, 64)
	require.Equal(t, sig, secp256k1.Sign(k, digest[:]), "deterministic")
	require.True(t, secp256k1.Verify(&k.PublicKey, digest[:], sig))
	require.False(t, secp256k1.Verify(&other.PublicKey, digest[:], sig))
	// The standard library's arithmetic on the same curve agrees.
	require.True(t, ecdsa.Verify(&k.PublicKey, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])))
	r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
	require.NoError(t, err)
	require.True(t, secp256k1.Verify(&k.PublicKey, digest[:], append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)))
	for i := range sig {
		bad := bytes.Clone(sig)
		bad[i] ^= 1
		require.False(t, secp256k1.Verify(&k.PublicKey, digest[:], bad), i)
	}
}

// RFC 8812 has no rule for S: both values are the signature.
func TestHighS(t *testing.T) {
	k := newKey(t)
	digest := sha256.Sum256([]byte("x"))
	sig := secp256k1.Sign(k, digest[:])
	n := secp256k1.Curve().Params().N
	s := new(big.Int).SetBytes(sig[32:])
	require.Negative(t, s.Cmp(new(big.Int).Rsh(n, 1)), "the lower one is made")
	high := append(bytes.Clone(sig[:32]), new(big.Int).Sub(n, s).FillBytes(make([]byte, 32))...)
	require.True(t, secp256k1.Verify(&k.PublicKey, digest[:], high))
	beyond := append(bytes.Clone(sig[:32]), new(big.Int).Add(n, s).Bytes()...)
	require.False(t, secp256k1.Verify(&k.PublicKey, digest[:], beyond[:min(len(beyond), 64)]))
}

// A signature has no second spelling beyond the order: with s = 1, which whoever
// chooses the key can have, s + n fits into 32 bytes too.
func TestSecondSpelling(t *testing.T) {
	c := secp256k1.Curve().Params()
	digest := sha256.Sum256([]byte("x"))
	// With the nonce 1, r is the generator's x, and s = z + r d = 1.
	r := new(big.Int).Set(c.Gx)
	d := new(big.Int).Sub(big.NewInt(1), new(big.Int).SetBytes(digest[:]))
	d.Mul(d, new(big.Int).ModInverse(r, c.N)).Mod(d, c.N)
	x, y := secp256k1.Curve().ScalarBaseMult(d.FillBytes(make([]byte, 32)))
	k := &ecdsa.PublicKey{Curve: secp256k1.Curve(), X: x, Y: y}
	sig := func(s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	require.True(t, secp256k1.Verify(k, digest[:], sig(big.NewInt(1))))
	require.False(t, secp256k1.Verify(k, digest[:], sig(new(big.Int).Add(c.N, big.NewInt(1)))))
}

func TestMalformedSignatures(t *testing.T) {
	k := newKey(t)
	digest := sha256.Sum256([]byte("x"))
	sig := secp256k1.Sign(k, digest[:])
	n := secp256k1.Curve().Params().N.Bytes()
	zero := make([]byte, 32)
	der, err := ecdsa.SignASN1(rand.Reader, k, digest[:])
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"empty": nil, "short": sig[:63], "long": append(bytes.Clone(sig), 0), "DER": der, "zeros": make([]byte, 64),
		"r is 0": append(bytes.Clone(zero), sig[32:]...), "s is 0": append(bytes.Clone(sig[:32]), zero...),
		"r is n": append(bytes.Clone(n), sig[32:]...), "s is n": append(bytes.Clone(sig[:32]), n...), "all ones": bytes.Repeat([]byte{0xff}, 64),
	} {
		require.False(t, secp256k1.Verify(&k.PublicKey, digest[:], bad), name)
	}
	require.False(t, secp256k1.Verify(&k.PublicKey, digest[:31], sig))
	require.False(t, secp256k1.Verify(&ecdsa.PublicKey{Curve: secp256k1.Curve()}, digest[:], sig))
	require.False(t, secp256k1.Verify(&ecdsa.PublicKey{Curve: secp256k1.Curve(), X: big.NewInt(1), Y: big.NewInt(1)}, digest[:], sig))
	require.False(t, secp256k1.Verify(&ecdsa.PublicKey{Curve: secp256k1.Curve(), X: big.NewInt(-1), Y: new(big.Int).Lsh(big.NewInt(1), 300)}, digest[:], sig))
	require.Nil(t, secp256k1.Sign(&ecdsa.PrivateKey{}, digest[:]))
	require.Nil(t, secp256k1.Sign(&ecdsa.PrivateKey{D: new(big.Int).SetBytes(n)}, digest[:]))
}

func TestPoints(t *testing.T) {
	k := newKey(t)
	require.True(t, secp256k1.Is(&k.PublicKey))
	p, err := secp256k1.Point(&k.PublicKey)
	require.NoError(t, err)
	require.Len(t, p, 65)
	compressed := append([]byte{2 | p[64]&1}, p[1:33]...)
	for _, form := range [][]byte{p, compressed} {
		again, err := secp256k1.ParsePoint(secp256k1.Curve(), form)
		require.NoError(t, err)
		require.True(t, k.PublicKey.Equal(again))
	}
	hybrid := bytes.Clone(p)
	hybrid[0] = 6 | p[64]&1
	off := bytes.Clone(p)
	off[64] ^= 1
	for name, bad := range map[string][]byte{"empty": nil, "hybrid": hybrid, "off the curve": off, "cut": p[:64], "x beyond": append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...), "infinity": {0}} {
		_, err := secp256k1.ParsePoint(secp256k1.Curve(), bad)
		require.Error(t, err, name)
	}
	for _, y := range []*big.Int{nil, big.NewInt(1), big.NewInt(-1), new(big.Int).Add(k.Y, secp256k1.Curve().Params().P)} {
		_, err := secp256k1.Point(&ecdsa.PublicKey{Curve: secp256k1.Curve(), X: k.X, Y: y})
		require.Error(t, err)
	}
	nist, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	require.False(t, secp256k1.Is(&nist.PublicKey))
	p, err = secp256k1.Point(&nist.PublicKey)
	require.NoError(t, err)
	again, err := secp256k1.ParsePoint(elliptic.P256(), p)
	require.NoError(t, err)
	require.True(t, nist.PublicKey.Equal(again))
}

func TestKeys(t *testing.T) {
	k, err := secp256k1.GenerateKey()
	require.NoError(t, err)
	require.True(t, secp256k1.Is(&k.PublicKey))
	again, err := secp256k1.NewKey(secp256k1.Number(k))
	require.NoError(t, err)
	require.True(t, again.PublicKey.Equal(&k.PublicKey))
	digest := bytes.Repeat([]byte{7}, 32)
	require.True(t, secp256k1.Verify(&k.PublicKey, digest, secp256k1.Sign(again, digest)))
	for _, bad := range [][]byte{nil, make([]byte, 32), make([]byte, 31), bytes.Repeat([]byte{0xff}, 32)} {
		_, err := secp256k1.NewKey(bad)
		require.Error(t, err)
	}
}
