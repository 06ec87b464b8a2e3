package key_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/multiformats/go-multibase"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
)

var ctx = context.Background()

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	r, err := rsaKey()
	require.NoError(t, err)
	return map[string]crypto.Signer{"z6Mk": ed, "zDn": p256, "z82": p384, "z2J9": p521, "z4MX": r}
}

func TestRoundTrip(t *testing.T) {
	for range 20 { // points with either sign, coordinates with leading zeros
		for begin, k := range keys(t) {
			id, err := key.ID(k.Public())
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(id, "did:key:"+begin), id)
			pub, err := key.Parse(id)
			require.NoError(t, err)
			require.True(t, proof.Same(pub, k.Public()))
		}
	}
}

func TestSignerAndResolver(t *testing.T) {
	for begin, k := range keys(t) {
		s, err := key.NewSigner(k)
		require.NoError(t, err)
		id, err := key.ID(k.Public())
		require.NoError(t, err)
		require.Equal(t, id+"#"+strings.TrimPrefix(id, "did:key:"), s.Key().ID)
		require.Equal(t, []string{id}, s.Key().Controllers)
		found, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: s.Key().ID, Issuer: "did:web:evil.example"})
		require.NoError(t, err)
		require.Equal(t, []proof.Key{s.Key()}, found)
		sig, err := s.Sign(ctx, []byte("m"))
		require.NoError(t, err)
		require.NoError(t, proof.Verify(found[0].Public, found[0].Algorithms[0], []byte("m"), sig), begin)

		doc, err := key.Document(id)
		require.NoError(t, err)
		fromDocument, err := doc.Key(s.Key().ID)
		require.NoError(t, err)
		require.Equal(t, found[0], *fromDocument)
	}
}

func TestResolverRefuses(t *testing.T) {
	k := keys(t)
	one, err := key.NewSigner(k["z6Mk"])
	require.NoError(t, err)
	two, err := key.NewSigner(k["zDn"])
	require.NoError(t, err)
	id, fragment, _ := did.Split(one.Key().ID)
	_, other, _ := did.Split(two.Key().ID)
	for _, keyID := range []string{id, id + "#", id + "#" + other, id + "#key-1", id + "?x#" + fragment, one.Key().ID + "#" + fragment, one.Key().ID + " ", "did:key:#", "did:key:" + strings.Repeat("z", 1<<20)} {
		found, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: keyID})
		require.Error(t, err, keyID)
		require.Empty(t, found)
	}
	for _, keyID := range []string{"", "did:web:a.example#1", "https://a.example", "DID:KEY:" + fragment + "#" + fragment} {
		found, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: keyID})
		require.NoError(t, err, keyID)
		require.Empty(t, found)
	}
}

func TestParseRefuses(t *testing.T) {
	k := keys(t)
	ed := []byte(k["z6Mk"].Public().(ed25519.PublicKey))
	point, err := k["zDn"].Public().(*ecdsa.PublicKey).Bytes()
	require.NoError(t, err)
	compressed := append([]byte{2 | point[64]&1}, point[1:33]...)
	with := func(base multibase.Encoding, parts ...[]byte) string {
		s, err := multibase.Encode(base, slices.Concat(parts...))
		require.NoError(t, err)
		return "did:key:" + s
	}
	const z = multibase.Base58BTC
	offCurve := slices.Clone(compressed)
	for isOnCurve(offCurve) {
		offCurve[32]++
	}
	for name, c := range map[string]struct {
		id   string
		want error
	}{
		"empty": {"", did.ErrInvalid}, "another method": {"did:web:a", did.ErrInvalid}, "nothing": {"did:key:", did.ErrInvalid}, "z alone": {"did:key:z", did.ErrInvalid},
		"base64url":        {with(multibase.Base64url, []byte{0xed, 1}, ed), did.ErrInvalid},
		"base58 flickr":    {with(multibase.Base58Flickr, []byte{0xed, 1}, ed), did.ErrInvalid},
		"no base58":        {"did:key:z0OIl", did.ErrInvalid},
		"longer varint":    {with(z, []byte{0xed, 0x81, 0}, ed), did.ErrInvalid},
		"varint cut":       {with(z, []byte{0xed}), did.ErrInvalid},
		"varint overflow":  {with(z, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), did.ErrInvalid},
		"short key":        {with(z, []byte{0xed, 1}, ed[:31]), did.ErrInvalid},
		"long key":         {with(z, []byte{0xed, 1}, ed, []byte{0}), did.ErrInvalid},
		"zero byte ahead":  {with(z, []byte{0, 0xed, 1}, ed), proof.ErrKey},
		"no key":           {with(z, []byte{0xed, 1}), did.ErrInvalid},
		"uncompressed":     {with(z, []byte{0x80, 0x24}, point), did.ErrInvalid},
		"P-256 as P-384":   {with(z, []byte{0x81, 0x24}, compressed), did.ErrInvalid},
		"point at no sign": {with(z, []byte{0x80, 0x24}, []byte{5}, compressed[1:]), did.ErrInvalid},
		"not on curve":     {with(z, []byte{0x80, 0x24}, offCurve), did.ErrInvalid},
		"x beyond prime":   {with(z, []byte{0x80, 0x24}, []byte{2}, slices.Repeat([]byte{0xff}, 32)), did.ErrInvalid},
		"infinity":         {with(z, []byte{0x80, 0x24}, []byte{0}), did.ErrInvalid},
		"unknown codec":    {with(z, []byte{0x55}, ed), proof.ErrKey},
		"private key":      {with(z, []byte{0x80, 0x26}, ed), proof.ErrKey},
		"huge":             {"did:key:z" + strings.Repeat("6", 1<<20), did.ErrUnsupported},
	} {
		_, err := key.Parse(c.id)
		require.ErrorIs(t, err, c.want, name)
		_, err = key.Document(c.id)
		require.ErrorIs(t, err, c.want, name)
	}
}

// multikey encodes a key of any kind, however malformed.
func multikey(t testing.TB, code uint64, raw []byte) string {
	t.Helper()
	s, err := multibase.Encode(multibase.Base58BTC, append(binary.AppendUvarint(nil, code), raw...))
	require.NoError(t, err)
	return "did:key:" + s
}

// raw gives n bytes that begin with first.
func raw(first byte, n int) []byte {
	return append([]byte{first}, bytes.Repeat([]byte{7}, n-1)...)
}

func TestRecognisedKeys(t *testing.T) {
	for name, c := range map[string]struct {
		code  uint64
		raw   []byte
		begin string
	}{
		did.X25519:       {0xec, raw(1, 32), "z6LS"},
		did.BLS12381G1:   {0xea, raw(0x81, 48), "z3tE"},
		did.BLS12381G1G2: {0xee, slices.Concat(raw(0x81, 48), raw(0xa1, 96)), "z5Tc"},
	} {
		id := multikey(t, c.code, c.raw)
		require.True(t, strings.HasPrefix(id, "did:key:"+c.begin), id)
		pub, err := key.Parse(id)
		require.NoError(t, err, name)
		require.Equal(t, did.OtherKey{Kind: name, Bytes: c.raw}, pub)
		require.True(t, proof.Same(pub, pub))
		require.False(t, proof.Same(pub, did.OtherKey{Kind: did.X25519, Bytes: raw(0, 32)}))
		require.ErrorIs(t, proof.Verify(pub, proof.EdDSA, nil, nil), proof.ErrKey)

		doc, err := key.Document(id)
		require.NoError(t, err)
		require.Len(t, doc.Methods, 1)
		k, err := doc.Key(doc.Methods[0].ID)
		require.Nil(t, k)
		require.ErrorIs(t, err, did.ErrUnsupported)
		require.ErrorIs(t, err, proof.ErrKey)
		require.NotErrorIs(t, err, did.ErrInvalid)
		_, err = key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: id + "#" + strings.TrimPrefix(id, "did:key:")})
		require.ErrorIs(t, err, did.ErrUnsupported, name)

		for _, bad := range [][]byte{nil, c.raw[1:], append([]byte{0}, c.raw...)} {
			_, err := key.Parse(multikey(t, c.code, bad))
			require.ErrorIs(t, err, did.ErrInvalid, name)
		}
		if name != did.X25519 {
			_, err := key.Parse(multikey(t, c.code, raw(0, len(c.raw))))
			require.ErrorIs(t, err, did.ErrInvalid, "%s: not a compressed point", name)
		}
	}
}

// A key of BLS12-381 G2 is resolved as bytes: what uses it checks the point.
func TestBLSKey(t *testing.T) {
	id := multikey(t, 0xeb, raw(0xa1, 96))
	require.True(t, strings.HasPrefix(id, "did:key:zUC7"), id)
	pub, err := key.Parse(id)
	require.NoError(t, err)
	require.Equal(t, proof.BLSKey(raw(0xa1, 96)), pub)
	again, err := key.ID(pub)
	require.NoError(t, err)
	require.Equal(t, id, again)
	doc, err := key.Document(id)
	require.NoError(t, err)
	require.Empty(t, doc.Relationships[did.KeyAgreement])
	found, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: doc.Methods[0].ID})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, []string{id}, found[0].Controllers)
	require.True(t, found[0].Allows(proof.BBS, proof.AssertionMethod))
	require.False(t, found[0].Allows(proof.EdDSA, proof.AssertionMethod))
	k, err := key.Key(pub)
	require.NoError(t, err)
	require.Equal(t, found[0], *k)
	_, err = key.Key("key")
	require.ErrorIs(t, err, proof.ErrKey)

	for name, bad := range map[string][]byte{
		"empty": nil, "short": raw(0xa1, 95), "long": raw(0xa1, 97), "not compressed": raw(0x21, 96), "infinity": append([]byte{0xc0}, make([]byte, 95)...),
	} {
		_, err := key.Parse(multikey(t, 0xeb, bad))
		require.ErrorIs(t, err, did.ErrInvalid, name)
		if len(bad) == 96 {
			_, err = key.ID(proof.BLSKey(bad))
			require.ErrorIs(t, err, proof.ErrKey, name)
		}
	}
}

// Keys for ES256K (RFC 8812) are like those on other curves.
func TestSecp256k1(t *testing.T) {
	private, err := ecdsa.GenerateKey(proof.Secp256k1(), rand.Reader)
	require.NoError(t, err)
	s, err := key.NewSigner(private)
	require.NoError(t, err)
	id := s.Key().Controllers[0]
	require.True(t, strings.HasPrefix(id, "did:key:zQ3s"), id)
	pub, err := key.Parse(id)
	require.NoError(t, err)
	require.True(t, private.PublicKey.Equal(pub))
	keys, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: s.Key().ID})
	require.NoError(t, err)
	require.Equal(t, []proof.Algorithm{proof.ES256K}, keys[0].Algorithms)
	sig, err := s.Sign(ctx, []byte("x"))
	require.NoError(t, err)
	require.NoError(t, proof.Verify(keys[0].Public, proof.ES256K, []byte("x"), sig))
	for _, bad := range [][]byte{nil, raw(2, 32), raw(2, 34), raw(0, 33), raw(4, 33), append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)} {
		_, err := key.Parse(multikey(t, 0xe7, bad))
		require.ErrorIs(t, err, did.ErrInvalid)
	}
}

// Tokens name their key in parts, or not at all.
func TestKeyOfIssuer(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	s, err := key.NewSigner(private)
	require.NoError(t, err)
	id := s.Key().Controllers[0]
	fragment := strings.TrimPrefix(id, "did:key:")
	for _, kid := range []string{"", id, fragment, "#" + fragment, id + "#" + fragment} {
		keys, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{Issuer: id, KeyID: kid})
		require.NoError(t, err, kid)
		require.Equal(t, s.Key().ID, keys[0].ID)
	}
	for _, kid := range []string{"key-1", "#", "##" + fragment, fragment + "#"} {
		_, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{Issuer: id, KeyID: kid})
		require.ErrorIs(t, err, did.ErrInvalid, kid)
	}
	_, err = key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: id})
	require.ErrorIs(t, err, did.ErrInvalid, "a document names its key whole")
}

func TestUnusableKeys(t *testing.T) {
	for _, pub := range []crypto.PublicKey{nil, "x", ed25519.PublicKey{1}, (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}, &rsa.PublicKey{N: big.NewInt(15), E: 3}, did.OtherKey{}, did.OtherKey{Kind: "Ed25519", Bytes: raw(1, 32)}, did.OtherKey{Kind: did.X25519, Bytes: raw(1, 31)}} {
		_, err := key.ID(pub)
		require.ErrorIs(t, err, proof.ErrKey)
	}
	_, err := key.NewSigner(nil)
	require.ErrorIs(t, err, proof.ErrKey)
}

func TestRSARefused(t *testing.T) {
	good := x509.MarshalPKCS1PublicKey(keys(t)["z4MX"].Public().(*rsa.PublicKey))
	modulus := func(bits uint, e int) []byte {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e})
	}
	for name, c := range map[string]struct {
		der  []byte
		want error
	}{
		"empty":         {nil, did.ErrInvalid},
		"truncated":     {good[:100], did.ErrInvalid},
		"trailing":      {append(slices.Clone(good), 0), did.ErrInvalid},
		"not DER":       {raw(0x30, 270), did.ErrInvalid},
		"1,024 bits":    {modulus(1024, 65537), proof.ErrKey},
		"8,193 bits":    {modulus(8193, 65537), proof.ErrKey},
		"exponent 1":    {modulus(2048, 1), proof.ErrKey},
		"far too large": {modulus(65536, 3), did.ErrUnsupported},
	} {
		_, err := key.Parse(multikey(t, 0x1205, c.der))
		require.ErrorIs(t, err, c.want, name)
	}
	id := multikey(t, 0x1205, modulus(8192, 65537))
	keys, err := key.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: id + "#" + strings.TrimPrefix(id, "did:key:")})
	require.NoError(t, err, "the largest key still fits a DID URL")
	require.Equal(t, []proof.Algorithm{proof.PS256, proof.RS256}, keys[0].Algorithms)
}

func TestKeyAgreement(t *testing.T) {
	// The point with y = 1 is no point of Curve25519.
	doc, err := key.Document(multikey(t, 0xed, append([]byte{1}, make([]byte, 31)...)))
	require.NoError(t, err)
	require.Len(t, doc.Methods, 1)
	require.NotContains(t, doc.Relationships, did.KeyAgreement)

	for begin, k := range keys(t) {
		id, err := key.ID(k.Public())
		require.NoError(t, err)
		doc, err := key.Document(id)
		require.NoError(t, err)
		require.Len(t, doc.Relationships[did.KeyAgreement], 1, begin)
		require.Equal(t, begin == "z6Mk", doc.Relationships[did.KeyAgreement][0] != doc.Methods[0].ID)
		raw, err := json.Marshal(doc)
		require.NoError(t, err)
		again, err := did.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, doc, again)
	}
}

func isOnCurve(compressed []byte) bool {
	x, _ := elliptic.UnmarshalCompressed(elliptic.P256(), compressed)
	return x != nil
}

// readVectors returns the published document of each identifier in a file. One
// file has its documents out of their place.
func readVectors(t *testing.T, file string) map[string]json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b, &all))
	if nested, ok := all["didDocument"]; ok {
		var documents map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(nested, &documents))
		return documents
	}
	for id, raw := range all {
		var v struct{ DIDDocument json.RawMessage }
		require.NoError(t, json.Unmarshal(raw, &v))
		all[id] = v.DIDDocument
	}
	return all
}

// The vectors write the documents with several types of verification method
// for each kind of key. What counts is that the document made from the
// identifier says the same as the one published.
func TestConformanceDIDKey(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "did-key", "test-vectors-removed-2025-11")
	met, total := 0, 0
	check := func(id, what string, ok bool) {
		t.Helper()
		total++
		if ok {
			met++
		} else {
			t.Errorf("not met: %.40s…: %s", id, what)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 6)
	for _, file := range files {
		vectors := readVectors(t, file)
		for _, id := range slices.Sorted(maps.Keys(vectors)) {
			published, err := did.Parse(vectors[id])
			require.NoError(t, err, id)
			pub, err := key.Parse(id)
			check(id, "read", err == nil)
			again, err := key.ID(pub)
			check(id, "written", err == nil && again == id)
			doc, err := key.Document(id)
			require.NoError(t, err, id)
			check(id, "subject and number of methods", doc.ID == published.ID && len(doc.Methods) == len(published.Methods))
			for i, m := range published.Methods {
				check(id, m.Type, m.Err == nil && doc.Methods[i].ID == m.ID && doc.Methods[i].Controller == m.Controller && proof.Same(doc.Methods[i].Public, m.Public))
			}
			for _, p := range []proof.Purpose{proof.AssertionMethod, proof.Authentication, did.KeyAgreement, did.CapabilityInvocation, did.CapabilityDelegation} {
				check(id, string(p), slices.Equal(doc.Relationships[p], published.Relationships[p]))
			}
			_, recognised := pub.(did.OtherKey)
			k, err := published.Key(published.Methods[0].ID)
			check(id, "verified with, or said to be unsupported", recognised == errors.Is(err, did.ErrUnsupported) && recognised == (k == nil))
		}
	}
	fmt.Printf("conformance: did-key %d/%d\n", met, total)
}

func FuzzParse(f *testing.F) {
	for _, k := range keys(f) {
		id, err := key.ID(k.Public())
		require.NoError(f, err)
		f.Add(id)
	}
	f.Add("did:key:z")
	f.Fuzz(func(t *testing.T, id string) {
		pub, err := key.Parse(id)
		if err != nil {
			return
		}
		if again, err := key.ID(pub); err != nil || again != id {
			t.Fatalf("%q is written %q, %v", id, again, err)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	for begin, k := range keys(b) {
		s, err := key.NewSigner(k)
		require.NoError(b, err)
		h := proof.Hint{KeyID: s.Key().ID}
		b.Run(begin, func(b *testing.B) {
			for b.Loop() {
				if _, err := (key.Resolver{}).ResolveKeys(ctx, h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
