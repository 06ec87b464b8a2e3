package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/sdjwt/web"
	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

var ctx = context.Background()

// publicJWK is the key that kid stands for.
func publicJWK(t testing.TB, kid string) json.RawMessage {
	seed := sha256.Sum256([]byte("web test " + kid))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(t, err)
	b, err := jwk.Marshal(k.Public(), kid)
	require.NoError(t, err)
	return b
}

type site struct {
	*fetchtest.Server
	files map[string]string
	asked atomic.Int32
}

func newSite(t *testing.T) *site {
	s := &site{files: map[string]string{}}
	s.Server = fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		body, ok := s.files[r.URL.EscapedPath()]
		switch {
		case !ok:
			http.NotFound(w, r)
		case body == "broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			io.WriteString(w, body)
		}
	}))
	return s
}

func (s *site) resolver(t *testing.T, o web.Options) *web.Resolver {
	o.RootCAs, o.PrivateHosts = s.Roots, []string{"localhost"}
	r, err := web.New(o)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

func (s *site) metadata(issuer string, members string) string {
	return `{"issuer":"` + issuer + `",` + members + `}`
}

func TestResolveKeys(t *testing.T) {
	s := newSite(t)
	const well = "/.well-known/jwt-vc-issuer"
	set := `{"keys":[` + string(publicJWK(t, "a")) + `,` + string(publicJWK(t, "b")) + `,{"kty":"unheard","kid":"c"},{"kty":"oct","k":"AAAA","kid":"d"}]}`
	s.files[well] = s.metadata(s.Base, `"jwks":`+set)
	s.files[well+"/tenant/1234"] = s.metadata(s.Base+"/tenant/1234/", `"jwks_uri":"`+s.Base+`/keys"`)
	s.files["/keys"] = set
	r := s.resolver(t, web.Options{})
	for _, issuer := range []string{s.Base, s.Base + "/tenant/1234/"} {
		keys, err := r.ResolveKeys(ctx, proof.Hint{Issuer: issuer, KeyID: "b", Algorithm: proof.ES256})
		require.NoError(t, err)
		require.Len(t, keys, 1)
		require.Equal(t, "b", keys[0].ID)
		require.Equal(t, []string{issuer}, keys[0].Controllers)
		require.True(t, keys[0].Allows(proof.ES256, proof.AssertionMethod))
		require.False(t, keys[0].Allows(proof.ES256, proof.Authentication))

		keys, err = r.ResolveKeys(ctx, proof.Hint{Issuer: issuer, Algorithm: proof.ES256})
		require.NoError(t, err)
		require.Len(t, keys, 2)
		for _, h := range []proof.Hint{{Issuer: issuer, KeyID: "z", Algorithm: proof.ES256}, {Issuer: issuer, Algorithm: proof.EdDSA}, {Issuer: issuer, KeyID: "c", Algorithm: proof.ES256}} {
			keys, err = r.ResolveKeys(ctx, h)
			require.NoError(t, err)
			require.Empty(t, keys)
		}
	}
}

// Nobody is asked for what is no issuer on the web.
func TestNotAsked(t *testing.T) {
	s := newSite(t)
	r := s.resolver(t, web.Options{})
	for _, issuer := range []string{"", "did:web:localhost", strings.Replace(s.Base, "https", "http", 1), s.Base + "?a", s.Base + "#a", "https://", strings.Replace(s.Base, "://", "://user@", 1), "https://%zz"} {
		keys, err := r.ResolveKeys(ctx, proof.Hint{Issuer: issuer, KeyID: "a"})
		require.NoError(t, err)
		require.Empty(t, keys)
	}
	raw, err := r.TypeMetadata(ctx, "urn:example:type")
	require.NoError(t, err)
	require.Nil(t, raw)
	require.Zero(t, s.asked.Load())

	limited := s.resolver(t, web.Options{Domains: []string{"health.example"}})
	_, err = limited.ResolveKeys(ctx, proof.Hint{Issuer: s.Base})
	require.ErrorIs(t, err, web.ErrRefused)
	require.Zero(t, s.asked.Load())
	strict, err := web.New(web.Options{RootCAs: s.Roots})
	require.NoError(t, err)
	_, err = strict.ResolveKeys(ctx, proof.Hint{Issuer: s.Base})
	require.ErrorIs(t, err, web.ErrRefused, "an address of this machine")
	_, err = web.New(web.Options{Proxy: &url.URL{Scheme: "ftp", Host: "proxy.example"}})
	require.Error(t, err)
}

func TestResolveKeysRefuses(t *testing.T) {
	s := newSite(t)
	many := make([]string, limits.Candidates+1)
	for i := range many {
		many[i] = string(publicJWK(t, "a"))
	}
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"of another issuer": {s.metadata(s.Base+"/", `"jwks":{"keys":[]}`), web.ErrMetadata},
		"without issuer":    {`{"jwks":{"keys":[]}}`, web.ErrMetadata},
		"without keys":      {`{"issuer":"` + s.Base + `"}`, web.ErrMetadata},
		"with both":         {s.metadata(s.Base, `"jwks":{"keys":[]},"jwks_uri":"`+s.Base+`"`), web.ErrMetadata},
		"keys no array":     {s.metadata(s.Base, `"jwks":{"keys":{}}`), web.ErrMetadata},
		"no object":         {`[]`, web.ErrMetadata},
		"no JSON":           {`<html>`, web.ErrMetadata},
		"a name twice":      {s.metadata(s.Base, `"issuer":"x","jwks":{"keys":[]}`), web.ErrMetadata},
		"many keys alike":   {s.metadata(s.Base, `"jwks":{"keys":[`+strings.Join(many, ",")+`]}`), web.ErrMetadata},
		"keys by http":      {s.metadata(s.Base, `"jwks_uri":"http://localhost/keys"`), web.ErrRefused},
		"keys in a file":    {s.metadata(s.Base, `"jwks_uri":"file:///etc/passwd"`), web.ErrRefused},
		"keys nowhere":      {s.metadata(s.Base, `"jwks_uri":1`), web.ErrRefused},
		"a broken server":   {"broken", proof.ErrUnavailable},
		"too large":         {fmt.Sprintf(`{"issuer":%q}`, strings.Repeat("x", limits.Metadata)), web.ErrRefused},
	} {
		s.files["/.well-known/jwt-vc-issuer"] = c.body
		_, err := s.resolver(t, web.Options{}).ResolveKeys(ctx, proof.Hint{Issuer: s.Base, KeyID: "a", Algorithm: proof.ES256})
		require.ErrorIs(t, err, c.want, name)
	}
	delete(s.files, "/.well-known/jwt-vc-issuer")
	keys, err := s.resolver(t, web.Options{}).ResolveKeys(ctx, proof.Hint{Issuer: s.Base})
	require.NoError(t, err)
	require.Empty(t, keys)
}

func TestTypeMetadata(t *testing.T) {
	s := newSite(t)
	s.files["/types/card"] = `{"vct":"x"}`
	s.files["/types/broken"] = "broken"
	r := s.resolver(t, web.Options{})
	raw, err := r.TypeMetadata(ctx, s.Base+"/types/card")
	require.NoError(t, err)
	require.Equal(t, `{"vct":"x"}`, string(raw))
	raw, err = r.TypeMetadata(ctx, s.Base+"/types/other")
	require.NoError(t, err)
	require.Nil(t, raw)
	_, err = r.TypeMetadata(ctx, s.Base+"/types/broken")
	require.ErrorIs(t, err, proof.ErrUnavailable)
}
