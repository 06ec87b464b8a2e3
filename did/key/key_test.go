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
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
)

var ctx = context.Background()

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	return map[string]crypto.Signer{"z6Mk": ed, "zDn": p256, "z82": p384}
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

func TestUnsupportedKeys(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	for _, k := range []crypto.Signer{r, p521} {
		_, err := key.ID(k.Public())
		require.ErrorIs(t, err, did.ErrUnsupported)
		_, err = key.NewSigner(k)
		require.ErrorIs(t, err, proof.ErrKey)
	}
	for _, pub := range []crypto.PublicKey{nil, "x", ed25519.PublicKey{1}, (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}} {
		_, err := key.ID(pub)
		require.ErrorIs(t, err, proof.ErrKey)
	}
	_, err = key.NewSigner(nil)
	require.ErrorIs(t, err, proof.ErrKey)
}

func isOnCurve(compressed []byte) bool {
	x, _ := elliptic.UnmarshalCompressed(elliptic.P256(), compressed)
	return x != nil
}

type vector struct {
	DIDDocument struct {
		ID                 string
		VerificationMethod []map[string]any
		AssertionMethod    []any
		Authentication     []any
	}
}

func TestConformanceDIDKey(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "did-key", "test-vectors-removed-2025-11")
	met, total := 0, 0
	check := func(id, what string, ok bool) {
		t.Helper()
		total++
		if ok {
			met++
		} else {
			t.Errorf("not met: %s: %s", id, what)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var vectors map[string]vector
		require.NoError(t, json.Unmarshal(b, &vectors))
		for _, id := range slices.Sorted(maps.Keys(vectors)) {
			if !strings.HasPrefix(id, "did:") {
				continue // one file has a document out of its place, beside the identifiers
			}
			v := vectors[id]
			pub, err := key.Parse(id)
			if !slices.ContainsFunc([]string{"z6Mk", "zDn", "z82"}, func(p string) bool { return strings.HasPrefix(id, "did:key:"+p) }) {
				check(id, "refused as unsupported", isUnsupported(err))
				continue
			}
			check(id, "read", err == nil)
			again, err := key.ID(pub)
			check(id, "written", err == nil && again == id)
			doc, err := key.Document(id)
			check(id, "document", err == nil && doc.ID == v.DIDDocument.ID && doc.Methods[0].ID == v.DIDDocument.VerificationMethod[0]["id"] && doc.Methods[0].Controller == v.DIDDocument.VerificationMethod[0]["controller"])
			check(id, "public key", samePublic(t, pub, v.DIDDocument.VerificationMethod[0]))
			check(id, "relationships", len(v.DIDDocument.AssertionMethod) == 1 && v.DIDDocument.AssertionMethod[0] == doc.Relationships[proof.AssertionMethod][0] && v.DIDDocument.Authentication[0] == doc.Relationships[proof.Authentication][0])
		}
	}
	fmt.Printf("conformance: did-key %d/%d\n", met, total)
}

func isUnsupported(err error) bool { return errors.Is(err, did.ErrUnsupported) }

// samePublic compares a key with a vector's verification method, which holds a
// JWK or the key's bytes in base58.
func samePublic(t *testing.T, pub crypto.PublicKey, method map[string]any) bool {
	t.Helper()
	var raw []byte
	switch k := pub.(type) {
	case ed25519.PublicKey:
		raw = k
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		require.NoError(t, err)
		raw = point[1:]
	}
	if jwk, ok := method["publicKeyJwk"].(map[string]any); ok {
		x, err := base64.RawURLEncoding.DecodeString(jwk["x"].(string))
		require.NoError(t, err)
		y, _ := jwk["y"].(string)
		yb, err := base64.RawURLEncoding.DecodeString(y)
		require.NoError(t, err)
		return bytes.Equal(raw, append(x, yb...))
	}
	_, b, err := multibase.Decode("z" + method["publicKeyBase58"].(string))
	require.NoError(t, err)
	if len(b) == 33 { // a compressed point
		return bytes.Equal(b[1:], raw[:32]) && b[0]&1 == raw[63]&1
	}
	return bytes.Equal(b, raw)
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

// A key becomes an issuer's identifier, and a verifier gets it back from there.
func Example() {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // from your key store
	signer, err := key.NewSigner(private)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signer.Key().Controllers[0])

	keys, err := key.Resolver{}.ResolveKeys(context.Background(), proof.Hint{KeyID: signer.Key().ID})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(keys), keys[0].Algorithms, proof.Same(keys[0].Public, private.Public()))
	// Output:
	// did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp
	// 1 [EdDSA] true
}
