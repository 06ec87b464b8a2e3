package proof_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	ctx     = context.Background()
	message = []byte("a message")
)

func ec(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return k
}

func ed(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return k
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return k
}

// cases are a key of each kind with each algorithm it can verify.
func cases(t testing.TB) map[proof.Algorithm]crypto.Signer {
	return map[proof.Algorithm]crypto.Signer{
		proof.ES256: ec(t, elliptic.P256()), proof.ES384: ec(t, elliptic.P384()), proof.ES512: ec(t, elliptic.P521()),
		proof.EdDSA: ed(t), proof.PS256: rsaKey(t),
	}
}

func TestSignAndVerify(t *testing.T) {
	keys := cases(t)
	for a, key := range keys {
		s, err := proof.NewSigner(key, proof.Key{ID: "k"})
		require.NoError(t, err, a)
		k := s.Key()
		require.Equal(t, []proof.Algorithm{a}, k.Algorithms)
		require.Equal(t, []proof.Purpose{proof.AssertionMethod}, k.Purposes)
		require.True(t, proof.Same(key.Public(), k.Public))
		require.True(t, k.Allows(a, proof.AssertionMethod))
		require.False(t, k.Allows(a, proof.Authentication))
		require.False(t, k.Allows("none", proof.AssertionMethod))

		sig, err := s.Sign(ctx, message)
		require.NoError(t, err, a)
		require.NoError(t, proof.Verify(k.Public, a, message, sig), a)
		require.ErrorIs(t, proof.Verify(k.Public, a, []byte("another"), sig), proof.ErrMismatch, a)
		for i := 0; i < len(sig); i += 7 {
			bad := append([]byte(nil), sig...)
			bad[i] ^= 1
			require.ErrorIs(t, proof.Verify(k.Public, a, message, bad), proof.ErrMismatch, "%s, bit in byte %d", a, i)
		}
		for _, bad := range [][]byte{nil, {}, sig[:1], sig[:len(sig)-1], append(append([]byte(nil), sig...), 0), append([]byte{0}, sig...), make([]byte, len(sig))} {
			require.ErrorIs(t, proof.Verify(k.Public, a, message, bad), proof.ErrMismatch, "%s, %d bytes", a, len(bad))
		}
		// Key confusion: no key verifies under another kind's algorithm, and
		// no algorithm that is not known verifies at all.
		for other, otherKey := range keys {
			if other == a {
				continue
			}
			require.Error(t, proof.Verify(otherKey.Public(), a, message, sig), "%s with a key for %s", a, other)
		}
		for _, name := range []proof.Algorithm{"", "none", "HS256", "es256", "ES256K", "PS384", "RS512"} {
			require.ErrorIs(t, proof.Verify(k.Public, name, message, sig), proof.ErrKey, "%s as %s", a, name)
		}
	}
}

func TestAlgorithmNotOfKind(t *testing.T) {
	keys := cases(t)
	kind := map[proof.Algorithm]string{proof.ES256: "ec", proof.ES384: "ec", proof.ES512: "ec", proof.EdDSA: "ed", proof.PS256: "rsa", proof.RS256: "rsa"}
	for a := range kind {
		for own, key := range keys {
			if kind[a] != kind[own] {
				require.ErrorIs(t, proof.Verify(key.Public(), a, message, make([]byte, 64)), proof.ErrKey, "%s with a key for %s", a, own)
			}
		}
	}
}

// COSE fixes the hash alone (RFC 9053, section 2.1): ES256 with a P-384 key has
// 96 bytes, and its signature is none under ES384.
func TestHashShorterThanCurve(t *testing.T) {
	k := ec(t, elliptic.P384())
	s, err := proof.NewSigner(k, proof.Key{})
	require.NoError(t, err)
	sig, err := s.Sign(ctx, message)
	require.NoError(t, err)
	require.Len(t, sig, 96)
	require.ErrorIs(t, proof.Verify(k.Public(), proof.ES256, message, sig), proof.ErrMismatch)

	h := crypto.SHA256.New()
	h.Write(message)
	r, v, err := ecdsa.Sign(rand.Reader, k, h.Sum(nil))
	require.NoError(t, err)
	raw := append(r.FillBytes(make([]byte, 48)), v.FillBytes(make([]byte, 48))...)
	require.NoError(t, proof.Verify(k.Public(), proof.ES256, message, raw))
	require.ErrorIs(t, proof.Verify(k.Public(), proof.ES384, message, raw), proof.ErrMismatch)
}

func TestRS256IsReadOnly(t *testing.T) {
	k := rsaKey(t)
	_, err := proof.NewSigner(k, proof.Key{Algorithms: []proof.Algorithm{proof.RS256}})
	require.ErrorIs(t, err, proof.ErrKey)
	h := crypto.SHA256.New()
	h.Write(message)
	sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, h.Sum(nil))
	require.NoError(t, err)
	require.NoError(t, proof.Verify(k.Public(), proof.RS256, message, sig))
	require.ErrorIs(t, proof.Verify(k.Public(), proof.PS256, message, sig), proof.ErrMismatch, "one padding for another")
	sig[0] ^= 1
	require.ErrorIs(t, proof.Verify(k.Public(), proof.RS256, message, sig), proof.ErrMismatch)
}

func TestSaltAsLongAsTheHash(t *testing.T) {
	k := rsaKey(t)
	h := crypto.SHA256.New()
	h.Write(message)
	for salt, want := range map[int]error{32: nil, 20: proof.ErrMismatch, 0: proof.ErrMismatch} {
		o := &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}
		if salt == 0 {
			o.SaltLength = rsa.PSSSaltLengthAuto // as long as fits
		}
		sig, err := rsa.SignPSS(rand.Reader, k, crypto.SHA256, h.Sum(nil), o)
		require.NoError(t, err)
		require.ErrorIs(t, proof.Verify(k.Public(), proof.PS256, message, sig), want, "salt of %d", salt)
	}
}

func modulus(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return n.Add(n, big.NewInt(1))
}

func TestAlgorithmsForRefuses(t *testing.T) {
	for name, pub := range map[string]crypto.PublicKey{
		"nil":                         nil,
		"private key":                 ec(t, elliptic.P256()),
		"private Ed25519":             ed(t),
		"P-224":                       ec(t, elliptic.P224()).Public(),
		"EC without a curve":          &ecdsa.PublicKey{},
		"EC nil":                      (*ecdsa.PublicKey)(nil),
		"EC by value":                 *ec(t, elliptic.P256()).Public().(*ecdsa.PublicKey),
		"Ed25519 short":               ed25519.PublicKey(make([]byte, 31)),
		"Ed25519 long":                ed25519.PublicKey(make([]byte, 33)),
		"Ed25519 nil":                 ed25519.PublicKey(nil),
		"RSA nil":                     (*rsa.PublicKey)(nil),
		"RSA without a modulus":       &rsa.PublicKey{E: 65537},
		"RSA of 2047 bits":            &rsa.PublicKey{N: modulus(2047), E: 65537},
		"RSA beyond the limit":        &rsa.PublicKey{N: modulus(limits.KeySize + 1), E: 65537},
		"RSA exponent 1":              &rsa.PublicKey{N: modulus(2048), E: 1},
		"RSA exponent 0":              &rsa.PublicKey{N: modulus(2048)},
		"RSA exponent even":           &rsa.PublicKey{N: modulus(2048), E: 65536},
		"RSA exponent below zero":     &rsa.PublicKey{N: modulus(2048), E: -3},
		"RSA modulus below zero":      &rsa.PublicKey{N: big.NewInt(-5), E: 3},
		"text":                        "key",
		"X25519, not a signature key": x25519(t),
	} {
		algs, err := proof.AlgorithmsFor(pub)
		require.ErrorIs(t, err, proof.ErrKey, name)
		require.Empty(t, algs, name)
	}
}

func x25519(t *testing.T) crypto.PublicKey {
	t.Helper()
	// The SubjectPublicKeyInfo of RFC 8410, section 10.1, with an X25519 key.
	pub, err := x509.ParsePKIXPublicKey(append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00, 9}, make([]byte, 31)...))
	require.NoError(t, err)
	return pub
}

// A point off its curve can't be made by the parsers of the standard library,
// but by hand.
func TestPointNotOnCurve(t *testing.T) {
	k := ec(t, elliptic.P256()).PublicKey
	k.Curve = elliptic.P384() // the point is none of this curve
	_, err := proof.AlgorithmsFor(&k)
	require.ErrorIs(t, err, proof.ErrKey)
	require.Error(t, proof.Verify(&k, proof.ES384, message, make([]byte, 96)))
}

func TestWeakRSAIsNotVerifiedWith(t *testing.T) {
	for _, bits := range []int{512, 1024, 2047, limits.KeySize + 1} {
		err := proof.Verify(&rsa.PublicKey{N: modulus(bits), E: 65537}, proof.PS256, message, make([]byte, bits/8))
		require.ErrorIs(t, err, proof.ErrKey, bits)
	}
}

func TestSame(t *testing.T) {
	a, b := ec(t, elliptic.P256()), ec(t, elliptic.P256())
	require.True(t, proof.Same(a.Public(), a.Public()))
	require.False(t, proof.Same(a.Public(), b.Public()))
	require.False(t, proof.Same(a.Public(), ed(t).Public()))
	require.False(t, proof.Same(nil, nil))
	require.False(t, proof.Same("key", "key"), "what has no Equal is never the same")
}

func TestBLSKey(t *testing.T) {
	k := proof.BLSKey{0xa1, 1}
	algs, err := proof.AlgorithmsFor(k)
	require.NoError(t, err)
	require.Equal(t, []proof.Algorithm{proof.BBS}, algs)
	require.True(t, proof.Same(k, k))
	require.False(t, proof.Same(k, proof.BLSKey{0xa1, 2}))
	require.False(t, proof.Same(k, "key"))
	require.ErrorIs(t, proof.Verify(k, proof.BBS, message, make([]byte, 80)), proof.ErrKey, "not a signature of one message")
	_, err = proof.NewSigner(fakeSigner{pub: k}, proof.Key{})
	require.ErrorIs(t, err, proof.ErrKey)
	for _, first := range []byte{0, 0x21, 0x40, 0xc0, 0xe0} {
		_, err := proof.AlgorithmsFor(proof.BLSKey{first})
		require.ErrorIs(t, err, proof.ErrKey, "%#x is no compressed point but infinity", first)
	}
}

type fakeSigner struct {
	pub crypto.PublicKey
	sig []byte
	err error
}

func (f fakeSigner) Public() crypto.PublicKey { return f.pub }
func (f fakeSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return f.sig, f.err
}

func TestNewSignerRefuses(t *testing.T) {
	_, err := proof.NewSigner(nil, proof.Key{})
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = proof.NewSigner(ec(t, elliptic.P224()), proof.Key{})
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = proof.NewSigner(fakeSigner{pub: &rsa.PublicKey{N: modulus(1024), E: 65537}}, proof.Key{})
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = proof.NewSigner(ec(t, elliptic.P384()), proof.Key{Algorithms: []proof.Algorithm{proof.ES256, proof.ES384}})
	require.ErrorIs(t, err, proof.ErrKey, "signs with the first")
	_, err = proof.NewSigner(ed(t), proof.Key{Algorithms: []proof.Algorithm{"none"}})
	require.ErrorIs(t, err, proof.ErrKey)
}

func TestSignerKeepsItsKey(t *testing.T) {
	key := ec(t, elliptic.P384())
	given := proof.Key{ID: "k", Public: "ignored", Algorithms: []proof.Algorithm{proof.ES384, proof.ES256},
		Purposes: []proof.Purpose{proof.Authentication}, Controllers: []string{"did:example:1"}}
	s, err := proof.NewSigner(key, given)
	require.NoError(t, err)
	got := s.Key()
	require.True(t, proof.Same(key.Public(), got.Public))
	given.Public = got.Public
	require.Equal(t, given, got)
}

// An HSM may return anything.
func TestSignerWithBrokenBackend(t *testing.T) {
	pub := ec(t, elliptic.P256()).Public()
	der := func(r, s *big.Int) []byte {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		require.NoError(t, err)
		return b
	}
	one, wide := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 256)
	for name, sig := range map[string][]byte{
		"nothing": nil, "not DER": []byte("signature"), "R‖S": make([]byte, 64), "data behind": append(der(one, one), 0),
		"zero": der(big.NewInt(0), one), "negative": der(one, big.NewInt(-1)), "too wide": der(wide, one), "s too wide": der(one, wide),
		"only one": {0x30, 3, 2, 1, 1},
	} {
		s, err := proof.NewSigner(fakeSigner{pub: pub, sig: sig}, proof.Key{})
		require.NoError(t, err)
		_, err = s.Sign(ctx, message)
		require.ErrorIs(t, err, proof.ErrKey, name)
	}
	s, err := proof.NewSigner(fakeSigner{pub: pub, sig: der(one, one)}, proof.Key{})
	require.NoError(t, err)
	sig, err := s.Sign(ctx, message)
	require.NoError(t, err)
	require.Equal(t, append(append(make([]byte, 31), 1), append(make([]byte, 31), 1)...), sig, "padded to the length of the order")

	offline := errors.New("HSM offline")
	for _, pub := range []crypto.PublicKey{pub, ed(t).Public(), rsaKey(t).Public()} {
		s, err := proof.NewSigner(fakeSigner{pub: pub, err: offline}, proof.Key{})
		require.NoError(t, err)
		_, err = s.Sign(ctx, message)
		require.ErrorIs(t, err, offline)
	}
}

func TestSignerHonoursContext(t *testing.T) {
	s, err := proof.NewSigner(ed(t), proof.Key{})
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.Sign(cancelled, message)
	require.ErrorIs(t, err, context.Canceled)
}

type source struct {
	keys []proof.Key
	err  error
}

func (s source) ResolveKeys(context.Context, proof.Hint) ([]proof.Key, error) { return s.keys, s.err }

func TestResolvers(t *testing.T) {
	a, b := proof.Key{ID: "a"}, proof.Key{ID: "b"}
	down := source{err: proof.ErrUnavailable}
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		sources []proof.Resolver
		keys    []proof.Key
		errs    []error
	}{
		"none":                       {nil, nil, nil},
		"nobody knows":               {[]proof.Resolver{source{}, source{}}, nil, nil},
		"joined in order":            {[]proof.Resolver{source{keys: []proof.Key{a}}, source{keys: []proof.Key{b}}}, []proof.Key{a, b}, nil},
		"one down, another knows":    {[]proof.Resolver{down, source{keys: []proof.Key{a}}}, []proof.Key{a}, nil},
		"one down, the other not":    {[]proof.Resolver{source{}, down}, nil, []error{proof.ErrUnavailable}},
		"every reason is kept":       {[]proof.Resolver{down, source{err: broken}}, nil, []error{proof.ErrUnavailable, broken}},
		"keys and an error together": {[]proof.Resolver{source{keys: []proof.Key{a}, err: broken}}, []proof.Key{a}, nil},
	} {
		keys, err := proof.Resolvers(c.sources...).ResolveKeys(ctx, proof.Hint{KeyID: "k"})
		require.Equal(t, c.keys, keys, name)
		if c.errs == nil {
			require.NoError(t, err, name)
		}
		for _, want := range c.errs {
			require.ErrorIs(t, err, want, name)
		}
	}
}

// What a resolver hands out may be its own: nothing is written behind it.
func TestResolversWriteIntoNobodysKeys(t *testing.T) {
	own := []proof.Key{{ID: "a"}, {ID: "own"}}
	r := proof.Resolvers(source{keys: own[:1]}, source{keys: []proof.Key{{ID: "b"}}})
	keys, err := r.ResolveKeys(ctx, proof.Hint{})
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, "own", own[1].ID)
}

func TestResolversKeepTheirOwnList(t *testing.T) {
	sources := []proof.Resolver{source{keys: []proof.Key{{ID: "a"}}}}
	r := proof.Resolvers(sources...)
	sources[0] = source{keys: []proof.Key{{ID: "changed"}}}
	keys, err := r.ResolveKeys(ctx, proof.Hint{})
	require.NoError(t, err)
	require.Equal(t, "a", keys[0].ID)
}

// FuzzVerify is seeded with good signatures: whatever else is given, there is
// an answer of one of two kinds.
func FuzzVerify(f *testing.F) {
	state := testnet.New("fuzz", time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)).State("ID")
	var keys []proof.Key
	for _, kind := range []testnet.Kind{testnet.P256, testnet.P384, testnet.Ed25519, testnet.RSA2048} {
		s := state.Signer(testnet.SignerOptions{Kind: kind}).Signer
		sig, err := s.Sign(ctx, message)
		require.NoError(f, err)
		require.NoError(f, proof.Verify(s.Key().Public, s.Key().Algorithms[0], message, sig))
		f.Add(string(s.Key().Algorithms[0]), message, sig)
		keys = append(keys, s.Key())
	}
	f.Fuzz(func(t *testing.T, a string, msg, sig []byte) {
		for _, k := range keys {
			if err := proof.Verify(k.Public, proof.Algorithm(a), msg, sig); err != nil {
				require.True(t, errors.Is(err, proof.ErrMismatch) || errors.Is(err, proof.ErrKey), err)
			}
		}
	})
}
