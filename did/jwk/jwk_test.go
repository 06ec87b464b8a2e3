package jwk_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

var ctx = context.Background()

// The examples of the method's specification.
const (
	exampleP256   = `did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9`
	exampleX25519 = `did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJYMjU1MTkiLCJ1c2UiOiJlbmMiLCJ4IjoiM3A3YmZYdDl3YlRUVzJIQzdPUTFOei1EUThoYmVHZE5yZngtRkctSUswOCJ9`
)

const (
	edText = `{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	ecText = `{"crv":"P-256","kty":"EC","x":"acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0","y":"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"}`
)

func of(text string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(text)) }

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	all := map[string]crypto.Signer{"Ed25519": ed, "RSA": r}
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		all[c.Params().Name], err = ecdsa.GenerateKey(c, rand.Reader)
		require.NoError(t, err)
	}
	return all
}

func TestSignerAndResolver(t *testing.T) {
	for name, k := range keys(t) {
		s, err := jwk.NewSigner(k)
		require.NoError(t, err, name)
		id, err := jwk.ID(k.Public())
		require.NoError(t, err)
		require.Equal(t, id+"#0", s.Key().ID)
		require.Equal(t, []string{id}, s.Key().Controllers)
		require.Equal(t, []proof.Purpose{proof.AssertionMethod, proof.Authentication}, s.Key().Purposes)
		found, err := jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: s.Key().ID, Issuer: "did:web:evil.example"})
		require.NoError(t, err, name)
		require.Equal(t, []proof.Key{s.Key()}, found)
		require.True(t, proof.Same(k.Public(), found[0].Public))
		sig, err := s.Sign(ctx, []byte("m"))
		require.NoError(t, err)
		require.NoError(t, proof.Verify(found[0].Public, found[0].Algorithms[0], []byte("m"), sig), name)
	}
	for _, s := range []crypto.Signer{nil, noKey{}} {
		_, err := jwk.NewSigner(s)
		require.ErrorIs(t, err, proof.ErrKey)
	}
}

type noKey struct{ crypto.Signer }

func (noKey) Public() crypto.PublicKey { return did.OtherKey{Kind: did.X25519} }

func TestExamplesOfSpecification(t *testing.T) {
	doc, err := jwk.Document(exampleP256)
	require.NoError(t, err)
	vm := []string{exampleP256 + "#0"}
	require.Equal(t, exampleP256, doc.ID)
	require.Equal(t, map[proof.Purpose][]string{
		proof.AssertionMethod: vm, proof.Authentication: vm, did.CapabilityInvocation: vm, did.CapabilityDelegation: vm, did.KeyAgreement: vm,
	}, doc.Relationships)
	require.Equal(t, of(ecText), exampleP256)
	again, err := jwk.ID(doc.Methods[0].Public)
	require.NoError(t, err)
	require.Equal(t, exampleP256, again)

	doc, err = jwk.Document(exampleX25519)
	require.NoError(t, err)
	require.Equal(t, map[proof.Purpose][]string{did.KeyAgreement: {exampleX25519 + "#0"}}, doc.Relationships)
	require.Equal(t, did.X25519, doc.Methods[0].Public.(did.OtherKey).Kind)
	_, err = jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: exampleX25519 + "#0"})
	require.ErrorIs(t, err, did.ErrUnsupported)
}

func TestUse(t *testing.T) {
	for _, c := range []struct {
		members   string
		signs     bool
		agreement bool
	}{
		{``, true, true}, {`"use":"sig",`, true, false}, {`"use":"enc",`, false, true},
		{`"key_ops":["verify"],`, true, true}, {`"key_ops":["deriveKey"],`, false, true}, {`"use":"other",`, false, true}, {`"use":7,`, false, true},
	} {
		id := of(strings.Replace(ecText, "{", "{"+c.members, 1))
		doc, err := jwk.Document(id)
		require.NoError(t, err, c.members)
		require.Equal(t, c.agreement, len(doc.Relationships[did.KeyAgreement]) == 1, c.members)
		found, err := jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: id + "#0"})
		if c.signs {
			require.NoError(t, err, c.members)
			require.Len(t, found, 1)
			continue
		}
		require.ErrorIs(t, err, proof.ErrKey, c.members)
		require.Empty(t, found)
	}
	id := of(strings.Replace(ecText, "{", `{"use":"enc",`, 1))
	doc, err := jwk.Document(id)
	require.NoError(t, err)
	require.NotContains(t, doc.Relationships, proof.AssertionMethod)
	require.NotContains(t, doc.Relationships, proof.Authentication)
}

func TestAnySpelling(t *testing.T) {
	for _, text := range []string{
		" " + edText + "\n", strings.ReplaceAll(edText, ",", " , "), strings.Replace(edText, "kty", `\u006bty`, 1),
		strings.Replace(edText, "{", `{"kid":"1","alg":"EdDSA","custom":{"x":[1]},`, 1),
	} {
		found, err := jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: of(text) + "#0"})
		require.NoError(t, err, text)
		require.Equal(t, []string{of(text)}, found[0].Controllers, "each spelling is a DID of its own")
	}
}

func TestRefuses(t *testing.T) {
	good := of(edText)
	for name, c := range map[string]struct {
		id   string
		want error
	}{
		"another method":   {"did:key:z6Mk", did.ErrInvalid},
		"empty":            {"did:jwk:", did.ErrInvalid},
		"truncated":        {good[:40], did.ErrInvalid},
		"padded":           {good + "=", did.ErrInvalid},
		"trailing bits":    {"did:jwk:e31", did.ErrInvalid},
		"line end":         {good[:20] + "\n" + good[20:], did.ErrInvalid},
		"standard base64":  {"did:jwk:" + base64.RawStdEncoding.EncodeToString([]byte(`{"?":"???>>>"}`)), did.ErrInvalid},
		"no JSON":          {of("x"), did.ErrInvalid},
		"list":             {of("[]"), did.ErrInvalid},
		"string":           {of(`"OKP"`), did.ErrInvalid},
		"a name twice":     {of(strings.Replace(edText, "{", `{"kty":"OKP",`, 1)), did.ErrInvalid},
		"data behind":      {of(edText + "{}"), did.ErrInvalid},
		"closing the text": {of(edText + `}],"assertionMethod":["#1"],"x":[{}`), did.ErrInvalid},
		"private":          {of(strings.Replace(edText, "{", `{"d":"AA",`, 1)), proof.ErrKey},
		"private RSA":      {of(`{"kty":"RSA","e":"AQAB","n":"AQAB","q":"AQAB"}`), proof.ErrKey},
		"symmetric":        {of(`{"kty":"oct","k":"AQAB"}`), proof.ErrKey},
		"too long":         {of(strings.Replace(edText, "{", `{"x5u":"`+strings.Repeat("x", 4096)+`",`, 1)), did.ErrInvalid},
	} {
		_, err := jwk.Document(c.id)
		require.ErrorIs(t, err, c.want, name)
		found, err := jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: c.id + "#0"})
		require.Empty(t, found, name)
		require.Equal(t, name == "another method", err == nil, name)
	}
	for name, text := range map[string]string{
		"no kty": `{}`, "unknown curve": `{"kty":"OKP","crv":"Ed448","x":"AAAA"}`, "short": `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`,
		"P-256 as secp256k1": `{"kty":"EC","crv":"secp256k1","x":"acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0","y":"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"}`,
		"off curve":          strings.Replace(ecText, "acb", "bcb", 1),
		"wrong alg":          strings.Replace(ecText, "{", `{"alg":"EdDSA",`, 1),
		"RSA, small":         `{"kty":"RSA","e":"AQAB","n":"_w"}`,
	} {
		doc, err := jwk.Document(of(text))
		require.NoError(t, err, name)
		require.Equal(t, of(text), doc.ID)
		found, err := jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: of(text) + "#0"})
		require.ErrorIs(t, err, proof.ErrKey, name)
		require.Empty(t, found)
	}
	for _, keyID := range []string{good, good + "#", good + "#1", good + "#00", good + "#0#0", good + "?x#0", good + "/#0"} {
		found, err := jwk.Resolver{}.ResolveKeys(ctx, proof.Hint{KeyID: keyID})
		require.ErrorIs(t, err, did.ErrInvalid, keyID)
		require.Empty(t, found)
	}
}

func FuzzDocument(f *testing.F) {
	for _, id := range []string{exampleP256, exampleX25519, of(edText), of(`{"kty":"RSA","e":"AQAB","n":"AQAB"}`)} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		doc, err := jwk.Document(id)
		if err != nil {
			return
		}
		if doc.ID != id || len(doc.Methods) != 1 || doc.Methods[0].ID != id+"#0" || doc.Methods[0].Controller != id {
			t.Fatalf("%q: %v", id, doc)
		}
		if k, err := doc.Key(id + "#0"); k != nil && err == nil {
			if _, err := jwk.ID(k.Public); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	for b.Loop() {
		if _, err := (jwk.Resolver{}).ResolveKeys(ctx, proof.Hint{KeyID: exampleP256 + "#0"}); err != nil {
			b.Fatal(err)
		}
	}
}

// Keys of BBS are read as drafts had them; a key for something else, or with a
// secret, is none to verify with.
func TestBLSKey(t *testing.T) {
	point := append([]byte{0xa1}, make([]byte, 95)...)
	x := base64.RawURLEncoding.EncodeToString(point)
	resolve := func(members string) ([]proof.Key, error) {
		id := "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(`{"crv":"BLS12381G2","kty":"OKP",`+members+`}`))
		return jwk.Resolver{}.ResolveKeys(context.Background(), proof.Hint{KeyID: id + "#0"})
	}
	keys, err := resolve(`"x":"` + x + `"`)
	require.NoError(t, err)
	require.Equal(t, proof.BLSKey(point), keys[0].Public)
	require.True(t, keys[0].Allows(proof.BBS, proof.AssertionMethod))
	for _, bad := range []string{
		`"x":"` + x + `","use":"enc"`, `"x":"` + x + `","key_ops":["sign"]`, `"x":"` + x + `","alg":"EdDSA"`, `"x":"` + x + `","d":"AA"`, `"x":"` + x[4:] + `"`,
		`"x":"AAAA` + x[4:] + `"`, `"x":"` + x + `="`, `"x":1`, `"y":"` + x + `"`,
	} {
		keys, err := resolve(bad)
		require.Error(t, err, bad)
		require.Empty(t, keys)
	}
	_, err = jwk.ID(proof.BLSKey(point))
	require.ErrorIs(t, err, proof.ErrKey, "how they are written is not settled")
}
