package cose_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func signer(t testing.TB, k crypto.Signer) proof.Signer {
	t.Helper()
	s, err := proof.NewSigner(k, proof.Key{ID: "k"})
	require.NoError(t, err)
	return s
}

func p256(t testing.TB) proof.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return signer(t, k)
}

func TestSignVerify(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	k256, err := ecdsa.GenerateKey(proof.Secp256k1(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for want, s := range map[proof.Algorithm]proof.Signer{
		proof.ES256: p256(t), proof.ES256K: signer(t, k256), proof.ES384: signer(t, p384), proof.ES512: signer(t, p521), proof.EdDSA: signer(t, ed), proof.PS256: signer(t, r),
	} {
		for _, size := range []int{0, 1, 23, 24, 255, 256, 70000} {
			payload := bytes.Repeat([]byte{7}, size)
			raw, err := cose.Sign(context.Background(), payload, []byte("12345678"), s)
			require.NoError(t, err)
			m, err := cose.Parse(raw)
			require.NoError(t, err)
			require.Equal(t, want, m.Algorithm)
			require.Equal(t, []byte("12345678"), m.KeyID)
			require.Equal(t, payload, append([]byte{}, m.Payload...))
			require.Empty(t, m.Tolerated)
			k := s.Key()
			require.NoError(t, m.Verify(&k))
			other := p256(t).Key()
			require.Error(t, m.Verify(&other))
		}
	}
}

// Every single changed byte is refused or leaves what was signed as it was.
func TestPromiseTamperedMessageIsRefused(t *testing.T) {
	s := p256(t)
	k := s.Key()
	raw, err := cose.Sign(context.Background(), []byte("payload"), []byte("12345678"), s)
	require.NoError(t, err)
	for i := range raw {
		for _, bit := range []byte{1, 0x20, 0x80} {
			bad := bytes.Clone(raw)
			bad[i] ^= bit
			m, err := cose.Parse(bad)
			if err == nil && m.Verify(&k) == nil {
				require.Equal(t, "payload", string(m.Payload))
				require.Equal(t, proof.ES256, m.Algorithm)
				require.NotEmpty(t, m.Tolerated, "byte %d", i)
			}
		}
		_, err := cose.Parse(raw[:i])
		require.ErrorIs(t, err, cose.ErrMalformed)
	}
}

const (
	kid = "04 48 0102030405060708"
	sig = "41 00"
)

func TestTolerated(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want []error
	}{
		"as the standard says":    {"d2 84 4d a2 01 26 " + kid + " a0 41 00 " + sig, nil},
		"no tag":                  {"84 4d a2 01 26 " + kid + " a0 41 00 " + sig, []error{cose.ErrNoTag}},
		"CWT tag":                 {"d8 3d d2 84 4d a2 01 26 " + kid + " a0 41 00 " + sig, []error{cose.ErrCWTTag}},
		"kid unprotected":         {"d2 84 43 a1 01 26 a1 " + kid + " 41 00 " + sig, []error{cose.ErrUnprotectedKID}},
		"all unprotected":         {"d2 84 40 a2 01 26 " + kid + " 41 00 " + sig, []error{cose.ErrUnprotectedAlg, cose.ErrUnprotectedKID}},
		"all unprotected, a map":  {"d2 84 41 a0 a2 01 26 " + kid + " 41 00 " + sig, []error{cose.ErrUnprotectedAlg, cose.ErrUnprotectedKID}},
		"two kids":                {"d2 84 4d a2 01 26 " + kid + " a1 04 41 ff 41 00 " + sig, []error{cose.ErrTwoKIDs}},
		"the same alg in both":    {"d2 84 4d a2 01 26 " + kid + " a1 01 26 41 00 " + sig, nil},
		"unknown labels":          {"d2 84 50 a3 01 26 " + kid + " 18 63 00 a1 61 78 00 41 00 " + sig, nil},
		"no kid":                  {"d2 84 43 a1 01 26 a0 41 00 " + sig, nil},
		"unknown algorithm":       {"d2 84 45 a1 01 39 03e7 a0 41 00 " + sig, nil},
		"RSA-SSA-PSS with SHA256": {"d2 84 44 a1 01 38 24 a0 41 00 " + sig, nil},
	} {
		m, err := cose.Parse(unhex(t, c.raw))
		require.NoError(t, err, name)
		require.Equal(t, c.want, m.Tolerated, name)
		switch name {
		case "unknown algorithm":
			require.Equal(t, proof.Algorithm("COSE:-1000"), m.Algorithm)
			k := p256(t).Key()
			require.False(t, k.Allows(m.Algorithm, proof.AssertionMethod))
			require.ErrorIs(t, m.Verify(&k), proof.ErrKey)
		case "two kids":
			require.Equal(t, unhex(t, "0102030405060708"), m.KeyID)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":                     "",
		"null":                      "f6",
		"null behind the tag":       "d2 f6",
		"only tags":                 "d8 3d d2",
		"three tags":                "d8 3d d8 3d d2 84 43 a1 01 26 a0 41 00 " + sig,
		"COSE_Sign":                 "d8 62 84 43 a1 01 26 a0 41 00 80",
		"three elements":            "d2 83 43 a1 01 26 a0 41 00",
		"five elements":             "d2 85 43 a1 01 26 a0 41 00 " + sig + " 00",
		"null protected":            "d2 84 f6 a0 41 00 " + sig,
		"null unprotected":          "d2 84 43 a1 01 26 f6 41 00 " + sig,
		"null payload":              "d2 84 43 a1 01 26 a0 f6 " + sig,
		"null signature":            "d2 84 43 a1 01 26 a0 41 00 f6",
		"empty signature":           "d2 84 43 a1 01 26 a0 41 00 40",
		"payload as text":           "d2 84 43 a1 01 26 a0 61 61 " + sig,
		"payload as integers":       "d2 84 43 a1 01 26 a0 82 01 02 " + sig,
		"tagged payload":            "d2 84 43 a1 01 26 a0 d8 18 41 00 " + sig,
		"protected is no map":       "d2 84 41 01 a0 41 00 " + sig,
		"protected has more":        "d2 84 44 a1 01 26 00 a0 41 00 " + sig,
		"protected is null":         "d2 84 41 f6 a0 41 00 " + sig,
		"no alg":                    "d2 84 40 a0 41 00 " + sig,
		"alg as text":               "d2 84 48 a1 01 65 4553323536 a0 41 00 " + sig,
		"alg as text, unprotected":  "d2 84 40 a1 01 65 4553323536 41 00 " + sig,
		"alg null":                  "d2 84 43 a1 01 f6 a0 41 00 " + sig,
		"alg huge":                  "d2 84 4b a1 01 3b ffffffffffffffff a0 41 00 " + sig,
		"algs contradict":           "d2 84 43 a1 01 26 a1 01 27 41 00 " + sig,
		"kid as text":               "d2 84 47 a2 01 26 04 62 6869 a0 41 00 " + sig,
		"kid as integer":            "d2 84 45 a2 01 26 04 0b a0 41 00 " + sig,
		"kid as text, unprotected":  "d2 84 43 a1 01 26 a1 04 62 6869 41 00 " + sig,
		"kid null":                  "d2 84 45 a2 01 26 04 f6 a0 41 00 " + sig,
		"crit":                      "d2 84 46 a2 01 26 02 81 04 a0 41 00 " + sig,
		"crit unprotected":          "d2 84 43 a1 01 26 a1 02 81 04 41 00 " + sig,
		"duplicate label":           "d2 84 45 a2 01 26 01 26 a0 41 00 " + sig,
		"duplicate, longer form":    "d2 84 46 a2 01 26 18 01 26 a0 41 00 " + sig,
		"duplicate unknown label":   "d2 84 47 a3 01 26 09 00 09 00 a0 41 00 " + sig,
		"duplicate, unprotected":    "d2 84 43 a1 01 26 a2 61 61 00 61 61 00 41 00 " + sig,
		"indefinite array":          "d2 9f 43 a1 01 26 a0 41 00 " + sig + " ff",
		"indefinite payload":        "d2 84 43 a1 01 26 a0 5f 41 00 ff " + sig,
		"indefinite header":         "d2 84 44 bf 01 26 ff a0 41 00 " + sig,
		"trailing bytes":            "d2 84 43 a1 01 26 a0 41 00 " + sig + " 00",
		"array said to be enormous": "d2 9b ffffffffffffffff",
	} {
		_, err := cose.Parse(unhex(t, raw))
		require.ErrorIs(t, err, cose.ErrMalformed, name)
	}
	deep := append([]byte{0xd2, 0x84, 0x43, 0xa1, 1, 0x26, 0xa1, 0x05}, bytes.Repeat([]byte{0x81}, 10000)...)
	_, err := cose.Parse(append(deep, 0))
	require.ErrorIs(t, err, cose.ErrMalformed)
	many := append([]byte{0xd2, 0x84, 0x43, 0xa1, 1, 0x26, 0xb9, 0x01, 0x00}, bytes.Repeat([]byte{0x19, 0xff, 0xff, 0x00}, 256)...)
	_, err = cose.Parse(append(many, 0x41, 0, 0x41, 0))
	require.ErrorIs(t, err, cose.ErrMalformed)
}

type hmacSigner struct{ proof.Signer }

func (h hmacSigner) Key() proof.Key {
	k := h.Signer.Key()
	k.Algorithms = []proof.Algorithm{"HS256"}
	return k
}

func TestSignRefusesUnknownAlgorithm(t *testing.T) {
	_, err := cose.Sign(context.Background(), nil, nil, hmacSigner{p256(t)})
	require.ErrorIs(t, err, proof.ErrKey)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = cose.Sign(ctx, nil, nil, p256(t))
	require.True(t, errors.Is(err, context.Canceled))
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, "d2844da2012604480102030405060708a041004100"))
	f.Add(unhex(f, "d83dd28443a10126a10448010203040506070841004100"))
	f.Add(unhex(f, "8440a2012604480102030405060708410041ff"))
	k := p256(f).Key()
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := cose.Parse(raw)
		if err != nil {
			if !errors.Is(err, cose.ErrMalformed) {
				t.Fatalf("%v", err)
			}
			return
		}
		if m.Payload == nil || len(m.Signature) == 0 || m.Algorithm == "" {
			t.Fatal("incomplete message accepted")
		}
		if m.Verify(&k) == nil {
			t.Fatal("forged")
		}
	})
}

// An empty protected header is signed as an empty string, also where it is
// written as an empty map (RFC 9052, section 4.4).
func TestEmptyProtectedHeader(t *testing.T) {
	s := p256(t)
	payload := []byte("payload")
	structure := append([]byte("\x84\x6aSignature1\x40\x40\x47"), payload...)
	sig, err := s.Sign(context.Background(), structure)
	require.NoError(t, err)
	for name, protected := range map[string]string{"empty string": "\x40", "empty map": "\x41\xa0"} {
		raw := append([]byte("\xd2\x84"+protected+"\xa1\x01\x26\x47"), payload...)
		m, err := cose.Parse(append(append(raw, 0x58, 64), sig...))
		require.NoError(t, err, name)
		k := s.Key()
		require.NoError(t, m.Verify(&k), name)
		require.Equal(t, []error{cose.ErrUnprotectedAlg}, m.Tolerated, name)
	}
}

func TestTooManyLabels(t *testing.T) {
	message := func(labels int) []byte {
		raw := []byte("\xd2\x84\x43\xa1\x01\x26\xb8")
		raw = append(raw, byte(labels))
		for i := range labels {
			raw = append(raw, 0x19, 1, byte(i), 0x00)
		}
		return append(raw, 0x40, 0x41, 0)
	}
	_, err := cose.Parse(message(32))
	require.NoError(t, err)
	_, err = cose.Parse(message(33))
	require.ErrorIs(t, err, cose.ErrMalformed)
	require.ErrorContains(t, err, "33 labels, at most 32")
}

// Headers 3, 16 and 15 count where they are signed, and nowhere else.
func TestTypedMessages(t *testing.T) {
	s := p256(t)
	raw, err := cose.SignTyped(context.Background(), []byte("x"), []byte("k"), "application/vc+cose", "application/vc", s)
	require.NoError(t, err)
	m, err := cose.Parse(raw)
	require.NoError(t, err)
	require.Equal(t, []string{"application/vc+cose", "application/vc", "k"}, []string{m.Type, m.ContentType, string(m.KeyID)})
	require.Nil(t, m.Claims)
	k := s.Key()
	require.NoError(t, m.Verify(&k))
	require.Equal(t, unhex(t, "d2 84 58 2b a4 01 26 03 6e"), raw[:9], "labels in order")

	message := func(protected, unprotected string) []byte {
		p := unhex(t, protected)
		require.Less(t, len(p), 256)
		return bytes.Join([][]byte{{0xd2, 0x84, 0x58, byte(len(p))}, p, unhex(t, unprotected), {0x41, 'x', 0x41, 's'}}, nil)
	}
	m, err = cose.Parse(message("a4 01 26 03 18 32 10 61 61 0f a1 01 61 62", "a0"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "50"}, []string{m.Type, m.ContentType})
	require.Equal(t, unhex(t, "a1 01 61 62"), m.Claims)
	m, err = cose.Parse(message("a1 01 26", "a3 03 20 10 f6 0f 01"))
	require.NoError(t, err)
	require.Equal(t, "", m.Type+m.ContentType)
	require.Nil(t, m.Claims)
	for name, protected := range map[string]string{
		"typ negative": "a2 01 26 10 20", "typ bytes": "a2 01 26 10 41 61", "typ empty": "a2 01 26 10 60", "content type null": "a2 01 26 03 f6", "claims no map": "a2 01 26 0f 80",
		"typ twice": "a3 01 26 10 61 61 10 61 61", "typ twice, longer": "a3 01 26 10 61 61 18 10 61 61",
	} {
		_, err := cose.Parse(message(protected, "a0"))
		require.ErrorIs(t, err, cose.ErrMalformed, name)
	}
}
