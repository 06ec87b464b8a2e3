package did_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/proof"
)

func newKey(t *testing.T) ed25519.PublicKey {
	t.Helper()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return pub
}

func TestResolver(t *testing.T) {
	a, b, c := newKey(t), newKey(t), newKey(t)
	doc := &did.Document{
		ID: "did:web:a.example",
		Methods: []did.VerificationMethod{
			{ID: "did:web:a.example#issue", Controller: "did:web:a.example", Public: a},
			{ID: "did:web:a.example#both", Controller: "did:web:a.example", Public: b},
			{ID: "did:web:a.example#none", Controller: "did:web:a.example", Public: c},
			{ID: "did:web:a.example#guest", Controller: "did:web:b.example", Public: c},
			{ID: "did:web:a.example#bad", Controller: "did:web:a.example", Public: "no key"},
		},
		Relationships: map[proof.Purpose][]string{
			proof.AssertionMethod: {"did:web:a.example#issue", "did:web:a.example#both", "did:web:a.example#guest", "did:web:a.example#bad", "did:web:a.example#missing"},
			proof.Authentication:  {"did:web:a.example#both"},
		},
	}
	r, err := did.NewResolver(doc)
	require.NoError(t, err)
	resolve := func(id string) []proof.Key {
		keys, err := r.ResolveKeys(context.Background(), proof.Hint{KeyID: id, Issuer: "did:web:evil.example"})
		require.NoError(t, err, id)
		return keys
	}
	keys := resolve("did:web:a.example#issue")
	require.Equal(t, []proof.Key{{
		ID: "did:web:a.example#issue", Controllers: []string{"did:web:a.example"}, Public: a,
		Algorithms: []proof.Algorithm{proof.EdDSA}, Purposes: []proof.Purpose{proof.AssertionMethod},
	}}, keys)
	require.Equal(t, []proof.Purpose{proof.AssertionMethod, proof.Authentication}, resolve("did:web:a.example#both")[0].Purposes)
	require.Empty(t, resolve("did:web:a.example#guest")[0].Controllers, "a guest's key speaks for nobody")
	for _, id := range []string{"", "did:web:a.example", "did:web:a.example#", "did:web:a.example#none", "did:web:a.example#missing", "did:web:c.example#issue", "did:web:a.example?x#issue", "did:web:a.example/x#issue", "did:web:a.example#issue#issue", "#issue"} {
		require.Empty(t, resolve(id), id)
	}
	_, err = r.ResolveKeys(context.Background(), proof.Hint{KeyID: "did:web:a.example#bad"})
	require.ErrorIs(t, err, proof.ErrKey)
}

func TestNewResolverRefuses(t *testing.T) {
	one := did.VerificationMethod{ID: "did:web:a#1", Controller: "did:web:a"}
	for name, docs := range map[string][]*did.Document{
		"nil":                 {nil},
		"no DID":              {{ID: "https://a.example"}},
		"same DID":            {{ID: "did:web:a"}, {ID: "did:web:a"}},
		"same method":         {{ID: "did:web:a", Methods: []did.VerificationMethod{one, one}}},
		"method without hash": {{ID: "did:web:a", Methods: []did.VerificationMethod{{ID: "did:web:a"}}}},
	} {
		_, err := did.NewResolver(docs...)
		require.ErrorIs(t, err, did.ErrInvalid, name)
	}
}

func TestMethodAndSplit(t *testing.T) {
	for id, want := range map[string]string{
		"did:key:z6Mk": "key", "did:web:a.example:b%20c": "web", "did:x1:a:b": "x1",
		"": "", "did": "", "did:": "", "did:key": "", "did:key:": "", "did::x": "", "did:Key:x": "", "DID:key:x": "", "did:key:x:": "", "did:key:a b": "", "did:key:é": "", "did:key:a#b": "", "did:key:a/b": "", "urn:x": "",
		"did:key:" + strings.Repeat("a", did.MaxLength): "",
	} {
		require.Equal(t, want, did.Method(id), id)
	}
	id, fragment, ok := did.Split("did:key:a#b")
	require.True(t, ok)
	require.Equal(t, "did:key:a", id)
	require.Equal(t, "b", fragment)
	_, _, ok = did.Split("did:key:a#" + strings.Repeat("b", did.MaxLength))
	require.False(t, ok)
}

func FuzzSplit(f *testing.F) {
	f.Add("did:key:a#b")
	f.Fuzz(func(t *testing.T, s string) {
		if id, fragment, ok := did.Split(s); ok && (id+"#"+fragment != s || did.Method(id) == "") {
			t.Fatalf("%q: %q, %q", s, id, fragment)
		}
	})
}
