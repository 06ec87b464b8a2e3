package w3c_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/trustlist"
)

var enveloping = []credential.Format{w3c.Format{}, w3c.JWT{}, w3c.COSE{}}

// reader is a verifier of all forms of W3C credentials, with change made to its
// configuration.
func reader(t testing.TB, change func(*credential.Config), entries ...trustlist.Entry) *credential.Verifier {
	t.Helper()
	list, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.AddDate(0, -1, 0)}, entries...)
	require.NoError(t, err)
	c := credential.Config{Formats: enveloping, Keys: key.Resolver{}, Trust: list}
	if change != nil {
		change(&c)
	}
	v, err := credential.NewVerifier(c)
	require.NoError(t, err)
	return v
}

func sealAs(t testing.TB, f credential.Sealer, doc map[string]any, p party) []byte {
	t.Helper()
	d, err := w3c.FromJSON(marshal(t, doc))
	require.NoError(t, err)
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: []proof.Signer{p}})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	return raw
}

// signed signs any payload under any header.
func signed(t testing.TB, p party, h jose.Header, payload any) []byte {
	t.Helper()
	if h.KeyID == "" {
		h.KeyID = p.Key().ID
	}
	raw, err := jose.Sign(ctx, p, h, marshal(t, payload))
	require.NoError(t, err)
	return raw
}

func vcJWT(t testing.TB, p party, payload any) []byte {
	return signed(t, p, jose.Header{Type: "vc+jwt"}, payload)
}

// with is a document with members added or, where they are nil, taken away.
func with(doc map[string]any, members map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range doc {
		out[k] = v
	}
	for k, v := range members {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func contentV1(issuer string) map[string]any {
	c := content(issuer)
	return with(c, map[string]any{
		"@context":     []any{w3c.ContextV1, "https://www.w3.org/ns/credentials/undefined-terms/v2"},
		"issuanceDate": "2026-05-01T00:00:00Z", "expirationDate": "2026-08-01T00:00:00Z", "validFrom": nil, "validUntil": nil, "name": nil,
		"issuer": issuer,
	})
}

// claimsOf reads the payload of a token.
func claimsOf(t testing.TB, raw []byte) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(string(raw), ".")
	require.Len(t, parts, 3)
	for i, dst := range []*map[string]any{&header, &payload} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, dst))
	}
	return header, payload
}

func TestEnvelopingRoundTrip(t *testing.T) {
	for _, curve := range []elliptic.Curve{nil, elliptic.P256(), elliptic.P384(), elliptic.P521(), proof.Secp256k1()} {
		p := newParty(t, curve)
		v := reader(t, nil, entry(p, "Ministry"))
		for name, c := range map[string]struct {
			f   credential.Sealer
			doc map[string]any
		}{
			"vc+jwt": {w3c.JWT{}, content(p.did)}, "1.1": {w3c.JWT{}, contentV1(p.did)}, "vc+cose": {w3c.COSE{}, content(p.did)},
		} {
			raw := sealAs(t, c.f, c.doc, p)
			r, err := v.Verify(ctx, raw, credential.Policy{Time: now})
			require.NoError(t, err, name)
			require.Equal(t, c.f.Name(), r.Credential.Format)
			require.Equal(t, []string{"PilgrimHealthCredential"}, r.Credential.Types)
			require.Equal(t, []string{p.did}, r.Credential.Issuers)
			require.Equal(t, "did:example:pilgrim", r.Credential.Subject)
			require.Equal(t, p.did, r.Signatories[0].Issuer)
			for _, check := range r.Checks {
				require.NotEqual(t, credential.Tolerated, check.Outcome, "%v", check)
			}
			var claims map[string]any
			require.NoError(t, r.Credential.Claims(&claims))
			require.JSONEq(t, string(marshal(t, c.doc)), string(marshal(t, claims)))
			_, err = v.Verify(ctx, raw, credential.Policy{Time: now.AddDate(1, 0, 0)})
			require.ErrorIs(t, err, credential.ErrExpired)
			_, err = v.Verify(ctx, raw, credential.Policy{Time: now.AddDate(-1, 0, 0)})
			require.ErrorIs(t, err, credential.ErrNotYet)
			_, err = reader(t, nil, entry(newParty(t, nil), "Other")).Verify(ctx, raw, credential.Policy{Time: now})
			require.ErrorIs(t, err, credential.ErrUntrusted)
		}
	}
}

func TestHeadersWritten(t *testing.T) {
	p := newParty(t, elliptic.P256())
	header, payload := claimsOf(t, sealAs(t, w3c.JWT{}, content(p.did), p))
	require.Equal(t, map[string]any{"alg": "ES256", "cty": "vc", "kid": p.Key().ID, "typ": "vc+jwt"}, header)
	require.JSONEq(t, string(marshal(t, content(p.did))), string(marshal(t, payload)))
	header, payload = claimsOf(t, sealAs(t, w3c.JWT{}, contentV1(p.did), p))
	require.Equal(t, map[string]any{"alg": "ES256", "kid": p.Key().ID, "typ": "JWT"}, header)
	require.JSONEq(t, string(marshal(t, contentV1(p.did))), string(marshal(t, payload["vc"])))
	require.Equal(t, p.did, payload["iss"])
	require.Equal(t, "did:example:pilgrim", payload["sub"])
	require.EqualValues(t, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Unix(), payload["nbf"])
	require.EqualValues(t, time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC).Unix(), payload["exp"])
	require.Equal(t, contentV1(p.did)["id"], payload["jti"])
	m, err := cose.Parse(sealAs(t, w3c.COSE{}, content(p.did), p))
	require.NoError(t, err)
	require.Equal(t, "application/vc+cose", m.Type)
	require.Equal(t, "application/vc", m.ContentType)
	require.Equal(t, p.Key().ID, string(m.KeyID))
	require.Empty(t, m.Tolerated)

	d, err := w3c.FromJSON(marshal(t, content(p.did)))
	require.NoError(t, err)
	d.Signed = now
	raw, err := w3c.JWT{}.Seal(ctx, d, []proof.Signer{p})
	require.NoError(t, err)
	_, payload = claimsOf(t, raw)
	require.EqualValues(t, now.Unix(), payload["iat"])
	env, err := w3c.JWT{}.Parse(raw, "application/vc+jwt")
	require.NoError(t, err)
	require.True(t, now.Equal(env.Credential.Signed))
	require.True(t, now.Equal(env.Proofs[0].Created))
}

func TestSealAsOneRefuses(t *testing.T) {
	p := newParty(t, elliptic.P256())
	d, err := w3c.FromJSON(marshal(t, content(p.did)))
	require.NoError(t, err)
	nameless, err := proof.NewSigner(noSigner{p.Key().Public}, proof.Key{})
	require.NoError(t, err)
	for _, f := range []credential.Sealer{w3c.JWT{}, w3c.COSE{}} {
		for name, signers := range map[string][]proof.Signer{"none": nil, "two": {p, p}, "no name": {nameless}} {
			_, err := f.Seal(ctx, d, signers)
			require.ErrorIs(t, err, proof.ErrKey, name)
		}
		undefined, err := w3c.FromJSON(marshal(t, with(content(p.did), map[string]any{"@context": []any{w3c.Context}})))
		require.NoError(t, err)
		_, err = f.Seal(ctx, undefined, []proof.Signer{p})
		require.ErrorIs(t, err, w3c.ErrTerms)
		_, err = f.Seal(ctx, &credential.Draft{}, []proof.Signer{p})
		require.ErrorIs(t, err, w3c.ErrModel)
	}
	for _, name := range []string{"vc", "vp", "iss", "exp"} {
		d, err := w3c.FromJSON(marshal(t, with(content(p.did), map[string]any{name: "x"})))
		require.NoError(t, err)
		_, err = w3c.JWT{}.Seal(ctx, d, []proof.Signer{p})
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
	d, err = w3c.FromJSON(marshal(t, contentV1(p.did)))
	require.NoError(t, err)
	_, err = w3c.COSE{}.Seal(ctx, d, []proof.Signer{p})
	require.ErrorIs(t, err, w3c.ErrModel)
}

// Claims that mean what a member of the document means must agree with it, and
// times can only narrow its validity.
func TestClaims(t *testing.T) {
	p := newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"))
	unix := func(at time.Time) int64 { return at.Unix() }
	id := content(p.did)["id"]
	for name, c := range map[string]struct {
		claims map[string]any
		want   error
	}{
		"all that agree":    {map[string]any{"iss": p.did, "sub": "did:example:pilgrim", "jti": id, "iat": unix(now.Add(-time.Hour)), "nbf": unix(now.Add(-time.Hour)), "exp": unix(now.Add(time.Hour)), "aud": "x", "nonce": "y"}, nil},
		"iss":               {map[string]any{"iss": "did:example:other"}, w3c.ErrModel},
		"iss no text":       {map[string]any{"iss": 7}, w3c.ErrModel},
		"sub":               {map[string]any{"sub": "did:example:other"}, w3c.ErrModel},
		"jti":               {map[string]any{"jti": "urn:uuid:1"}, w3c.ErrModel},
		"vc":                {map[string]any{"vc": map[string]any{}}, w3c.ErrModel},
		"vc as text":        {map[string]any{"vc": "oops"}, w3c.ErrModel},
		"vc null":           {map[string]any{"vc": json.RawMessage("null")}, w3c.ErrModel},
		"vp":                {map[string]any{"vp": "nooo"}, w3c.ErrModel},
		"both":              {map[string]any{"vc": 1, "vp": 1}, w3c.ErrModel},
		"exp past":          {map[string]any{"exp": unix(now.Add(-time.Second))}, credential.ErrExpired},
		"exp now":           {map[string]any{"exp": unix(now)}, credential.ErrExpired},
		"exp in a second":   {map[string]any{"exp": unix(now.Add(time.Second))}, nil},
		"nbf now":           {map[string]any{"nbf": unix(now)}, nil},
		"exp as validUntil": {map[string]any{"validUntil": now.Format(time.RFC3339), "exp": unix(now)}, credential.ErrExpired},
		"validUntil now":    {map[string]any{"validUntil": now.Format(time.RFC3339), "exp": unix(now.Add(time.Hour))}, nil},
		"validUntil past":   {map[string]any{"validUntil": now.Add(-time.Second).Format(time.RFC3339), "exp": unix(now.Add(time.Hour))}, credential.ErrExpired},
		"exp fraction":      {map[string]any{"exp": float64(unix(now)) + 0.5}, nil},
		"nbf ahead":         {map[string]any{"nbf": unix(now.Add(time.Second))}, credential.ErrNotYet},
		"exp negative":      {map[string]any{"exp": -1}, w3c.ErrModel},
		"exp far":           {map[string]any{"exp": 1e15}, w3c.ErrModel},
		"exp a list":        {map[string]any{"exp": []any{1}}, w3c.ErrModel},
		"exp no date":       {map[string]any{"exp": "tomorrow"}, w3c.ErrModel},
		"exp text, past":    {map[string]any{"exp": "2026-05-01T00:00:00Z"}, credential.ErrExpired},
		"iat text":          {map[string]any{"iat": "2010-01-01T19:23:24Z"}, nil},
		"unknown claim":     {map[string]any{"zoneinfo": "Asia/Riyadh"}, nil}, // which undefined-terms/v2 defines
		"proof inside":      {map[string]any{"proof": map[string]any{"type": "DataIntegrityProof"}}, nil},
		"cnf no key":        {map[string]any{"cnf": map[string]any{"jwk": map[string]any{}}}, w3c.ErrModel},
		"cnf symmetric key": {map[string]any{"cnf": map[string]any{"jwk": map[string]any{"kty": "oct", "k": "AAAA"}}}, w3c.ErrModel},
	} {
		_, err := v.Verify(ctx, vcJWT(t, p, with(content(p.did), c.claims)), credential.Policy{Time: now})
		if c.want == nil {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, c.want, name)
	}
	env, err := w3c.JWT{}.Parse(vcJWT(t, p, with(content(p.did), map[string]any{"aud": "x", "iat": "2010-01-01T19:23:24Z"})), "")
	require.NoError(t, err)
	require.ErrorIs(t, errors.Join(env.Tolerated...), w3c.ErrAudience)
	require.ErrorIs(t, errors.Join(env.Tolerated...), w3c.ErrDateText)
	// Terms of a document stay terms: only the token's claims are none.
	_, err = v.Verify(ctx, vcJWT(t, p, with(content(p.did), map[string]any{"@context": []any{w3c.Context}, "credentialSubject": map[string]any{"id": "urn:x"}, "type": []any{w3c.Type}, "iss": p.did})), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(ctx, vcJWT(t, p, with(content(p.did), map[string]any{"@context": []any{w3c.Context}, "credentialSubject": map[string]any{"id": "urn:x"}, "type": []any{w3c.Type}, "other": 1})), credential.Policy{Time: now})
	require.ErrorIs(t, err, w3c.ErrTerms)
	// The header may repeat iss, and no more.
	_, err = v.Verify(ctx, signed(t, p, jose.Header{Type: "vc+jwt", Issuer: p.did}, content(p.did)), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(ctx, signed(t, p, jose.Header{Type: "vc+jwt", Issuer: "did:example:other"}, content(p.did)), credential.Policy{Time: now})
	require.ErrorIs(t, err, w3c.ErrModel)
	for header, payload := range map[string]string{p.did: "did:example:other", "did:example:other": p.did} {
		_, err = v.Verify(ctx, signed(t, p, jose.Header{Type: "vc+jwt", Issuer: header}, with(content(p.did), map[string]any{"iss": payload})), credential.Policy{Time: now})
		require.ErrorIs(t, err, w3c.ErrModel)
	}
}

// A token is what its header says, and nothing else will do.
func TestTypeOfToken(t *testing.T) {
	p := newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"))
	for _, typ := range []string{"vc+jwt", "application/vc+jwt", "VC+JWT", "Application/vc+JWT", ""} {
		r, err := v.Verify(ctx, signed(t, p, jose.Header{Type: typ}, content(p.did)), credential.Policy{Time: now})
		require.NoError(t, err, typ)
		tolerated := 0
		for _, c := range r.Checks {
			if c.Outcome == credential.Tolerated {
				require.ErrorIs(t, c.Err, w3c.ErrNoType)
				tolerated++
			}
		}
		require.Equal(t, typ == "", tolerated == 1)
	}
	_, err := (w3c.JWT{Document: w3c.Format{Strict: true}}).Parse(signed(t, p, jose.Header{}, content(p.did)), "")
	require.ErrorIs(t, err, w3c.ErrNoType)
	for _, typ := range []string{"vp+jwt", "JWT", "vc+sd-jwt", "dc+sd-jwt", "kb+jwt", "statuslist+jwt", "at+jwt", "vc+jwt ", "vc", "bad+typ", "vc-ld+jwt", "application/application/vc+jwt"} {
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: typ}, content(p.did)), credential.Policy{Time: now})
		require.ErrorIs(t, err, w3c.ErrModel, typ)
	}
	for _, typ := range []string{"vc+jwt", "vp+jwt"} { // called so, and not so
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: typ}, map[string]any{"iss": p.did, "status_list": map[string]any{"bits": 1, "lst": "eNo"}}), credential.Policy{Time: now})
		require.ErrorIs(t, err, w3c.ErrModel, typ)
	}
	for _, typ := range []string{"statuslist+jwt", "kb+jwt", "JWT", ""} {
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: typ}, map[string]any{"iss": p.did, "status_list": map[string]any{"bits": 1, "lst": "eNo"}}), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrOtherFormat, typ)
	}
	_, err = v.Verify(ctx, signed(t, p, jose.Header{Type: "vc+jwt", ContentType: "vp"}, content(p.did)), credential.Policy{Time: now})
	require.ErrorIs(t, err, w3c.ErrModel)
	for _, mediaType := range []string{"", "application/vc+jwt", "application/jwt", "application/vc+jwt; charset=utf-8"} {
		_, err := w3c.JWT{}.Parse(vcJWT(t, p, content(p.did)), mediaType)
		require.NoError(t, err, mediaType)
	}
	_, err = w3c.JWT{}.Parse(vcJWT(t, p, content(p.did)), "application/vp+jwt")
	require.ErrorIs(t, err, w3c.ErrModel)
	for _, mediaType := range []string{"application/vc+cose", "text/plain", "application/vc+sd-jwt", "application/", ";"} {
		_, err := w3c.JWT{}.Parse(vcJWT(t, p, content(p.did)), mediaType)
		require.ErrorIs(t, err, credential.ErrOtherFormat, mediaType)
	}
	for name, raw := range map[string]string{"text": "hello", "a JWE": "eyJ.a.b.c.d", "prose": "e.g. this.", "an SD-JWT": "eyJhbGciOiJFUzI1NiJ9.e30.AA~", "empty": "", "JSON": "{}", "HC1": "HC1:6BF.A.B"} {
		_, err := w3c.JWT{}.Parse([]byte(raw), "")
		require.ErrorIs(t, err, credential.ErrOtherFormat, name)
	}
	_, err = w3c.JWT{}.Parse([]byte("hello"), "application/vc+jwt")
	require.ErrorIs(t, err, w3c.ErrModel)
}

// Version 1.1 (section 6.3.1): what the claims say is the document's, and every
// contradiction is refused.
func TestTokenV1(t *testing.T) {
	p := newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"))
	bare := with(contentV1(p.did), map[string]any{"issuer": nil, "issuanceDate": nil, "expirationDate": nil, "id": nil, "credentialSubject": map[string]any{"fit": true}})
	claims := map[string]any{"vc": bare, "iss": p.did, "sub": "did:example:pilgrim", "jti": "urn:uuid:1", "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(time.Hour).Unix()}
	for _, typ := range []string{"JWT", "jwt", ""} {
		r, err := v.Verify(ctx, signed(t, p, jose.Header{Type: typ}, claims), credential.Policy{Time: now})
		require.NoError(t, err, typ)
		c := r.Credential
		require.Equal(t, []any{"urn:uuid:1", p.did, "did:example:pilgrim"}, []any{c.ID, c.Issuers[0], c.Subject})
		require.Equal(t, []time.Time{now.Add(-time.Hour), now.Add(time.Hour)}, []time.Time{c.ValidFrom, c.ValidUntil})
		var doc map[string]any
		require.NoError(t, c.Claims(&doc))
		require.Equal(t, map[string]any{"fit": true, "id": "did:example:pilgrim"}, doc["credentialSubject"])
		require.Equal(t, "2026-05-20T07:00:00Z", doc["issuanceDate"])
	}
	empty := with(claims, map[string]any{"vc": with(bare, map[string]any{"credentialSubject": map[string]any{}})})
	_, err := v.Verify(ctx, signed(t, p, jose.Header{}, empty), credential.Policy{Time: now})
	require.NoError(t, err, "the subject's id is a claim too")
	in := func(members map[string]any) map[string]any { return map[string]any{"vc": with(bare, members)} }
	for name, c := range map[string]map[string]any{
		"issuer":              in(map[string]any{"issuer": "did:example:other"}),
		"issuer object":       in(map[string]any{"issuer": map[string]any{"id": "did:example:other"}}),
		"issuer number":       in(map[string]any{"issuer": 7}),
		"id":                  in(map[string]any{"id": "urn:uuid:2"}),
		"subject":             in(map[string]any{"credentialSubject": map[string]any{"id": "did:example:other"}}),
		"subjects":            in(map[string]any{"credentialSubject": []any{map[string]any{"id": "did:example:a"}, map[string]any{"id": "did:example:b"}}}),
		"subjects without id": in(map[string]any{"credentialSubject": []any{map[string]any{"fit": true}, map[string]any{"fit": true}}}),
		"issuanceDate":        in(map[string]any{"issuanceDate": "2010-01-01T00:00:00Z"}),
		"expirationDate":      in(map[string]any{"expirationDate": "2110-01-01T00:00:00Z"}),
		"context of 2.0":      in(map[string]any{"@context": []any{w3c.Context}}),
		"no context":          in(map[string]any{"@context": nil}),
		"a presentation":      in(map[string]any{"type": []any{w3c.PresentationType}}),
		"vc no object":        {"vc": "x"},
		"vc null":             {"vc": json.RawMessage("null")},
		"vc and vp":           {"vp": bare},
		"vc and a sound vp":   {"vp": map[string]any{"@context": []any{w3c.ContextV1}, "type": []any{w3c.PresentationType}}},
		"vc and a document":   {"@context": []any{w3c.ContextV1}},
		"no issuer":           {"iss": nil},
		"no issuanceDate":     {"nbf": nil},
	} {
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: "JWT"}, with(claims, c)), credential.Policy{Time: now})
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
	for name, c := range map[string]map[string]any{
		"issuer object": in(map[string]any{"issuer": map[string]any{"id": p.did}}),
		"fractions":     in(map[string]any{"issuanceDate": "2026-05-20T07:00:00.999Z"}),
		"another zone":  in(map[string]any{"issuanceDate": "2026-05-20T10:00:00+03:00"}),
	} {
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: "JWT"}, with(claims, c)), credential.Policy{Time: now})
		require.NoError(t, err, name)
	}
	for _, typ := range []string{"vc+jwt", "vp+jwt", "statuslist+jwt"} {
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: typ}, claims), credential.Policy{Time: now})
		require.ErrorIs(t, err, w3c.ErrModel, typ)
	}
	_, err = v.Verify(ctx, vcJWT(t, p, contentV1(p.did)), credential.Policy{Time: now})
	require.ErrorIs(t, err, w3c.ErrModel, "a document of 1.1 as one of 2.0")
}

// The key must speak for the issuer, however the token names it.
func TestKeyOfToken(t *testing.T) {
	p, other := newParty(t, elliptic.P256()), newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"), entry(other, "Notary"))
	fragment := strings.TrimPrefix(p.did, "did:key:")
	for _, kid := range []string{p.Key().ID, "#" + fragment, fragment, p.did} {
		_, err := v.Verify(ctx, signed(t, p, jose.Header{Type: "vc+jwt", KeyID: kid}, content(p.did)), credential.Policy{Time: now})
		require.NoError(t, err, kid)
	}
	raw, err := jose.Sign(ctx, p, jose.Header{Type: "vc+jwt"}, marshal(t, content(p.did)))
	require.NoError(t, err)
	_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err, "no kid, and the issuer is the key")
	mine := other.Key()
	for name, h := range map[string]jose.Header{
		"another's kid":         {KeyID: other.Key().ID},
		"another's did":         {KeyID: other.did},
		"another's key":         {KeyID: p.Key().ID},
		"jwk":                   {KeyID: p.Key().ID, Key: &proof.Key{Public: mine.Public}},
		"jwk and unknown kid":   {KeyID: "x", Key: &proof.Key{Public: mine.Public}},
		"kid is a file":         {KeyID: "file:///etc/passwd"},
		"kid is a path":         {KeyID: "../../../dev/null"},
		"kid is a local server": {KeyID: "http://169.254.169.254/latest/meta-data#1"},
		"kid is SQL":            {KeyID: "' OR 1=1 --"},
		"kid is long":           {KeyID: strings.Repeat("k", 10000)},
	} {
		h.Type = "vc+jwt"
		_, err := v.Verify(ctx, signed(t, other, h, content(p.did)), credential.Policy{Time: now})
		require.Error(t, err, name)
		require.NotErrorIs(t, err, credential.ErrInconclusive, name)
	}
}

// Every changed character of a token is refused: it has one spelling.
func TestPromiseTamperedTokenIsRefused(t *testing.T) {
	p := newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"))
	doc := map[string]any{"@context": []any{w3c.Context}, "type": w3c.Type, "issuer": p.did, "credentialSubject": map[string]any{"id": "urn:x"}}
	tried := 0
	for _, raw := range [][]byte{sealAs(t, w3c.JWT{}, doc, p), sealAs(t, w3c.COSE{}, doc, p)} {
		_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
		require.NoError(t, err)
		for i := range raw {
			for _, c := range []byte{raw[i] ^ 1, raw[i] ^ 0x20, raw[i] + 1, '=', '.', 'A', 0xff} {
				if c == raw[i] {
					continue
				}
				bad := bytes.Clone(raw)
				bad[i] = c
				_, err := v.Verify(ctx, bad, credential.Policy{Time: now})
				require.Error(t, err, "byte %d became %q", i, c)
				tried++
			}
			for _, bad := range [][]byte{append(bytes.Clone(raw[:i]), raw[i+1:]...), append(append(bytes.Clone(raw[:i]), 'A'), raw[i:]...), raw[:i]} {
				_, err := v.Verify(ctx, bad, credential.Policy{Time: now})
				require.Error(t, err, "byte %d added or removed", i)
				tried++
			}
		}
	}
	fmt.Printf("mutations of tokens: %d tried, 0 accepted\n", tried)
}

// noSigner has a key and never signs.
type noSigner struct{ public crypto.PublicKey }

func (n noSigner) Public() crypto.PublicKey { return n.public }

func (noSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("asked to sign")
}

// What costs much to read is not read.
func TestHostileTokens(t *testing.T) {
	p := newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"))
	deep := json.RawMessage(strings.Repeat("[", 1000) + strings.Repeat("]", 1000))
	wide := strings.Repeat("x", 2<<20)
	for name, raw := range map[string][]byte{
		"nested payload":  vcJWT(t, p, with(content(p.did), map[string]any{"x": deep})),
		"big number":      vcJWT(t, p, with(content(p.did), map[string]any{"exp": json.RawMessage("9007199254740993")})),
		"beyond a double": vcJWT(t, p, with(content(p.did), map[string]any{"exp": json.RawMessage("1e400")})),
		"long payload":    vcJWT(t, p, with(content(p.did), map[string]any{"x": wide})),
		"long header":     []byte(strings.Repeat("A", 2<<20) + ".e30.AA"),
		"many parts":      []byte("ey" + strings.Repeat(".", 1<<20)),
		"many audiences":  vcJWT(t, p, with(content(p.did), map[string]any{"aud": repeat("x", 100)})),
	} {
		_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat, name)
		_, err = v.VerifyPresentation(ctx, raw, credential.Policy{Time: now, Binding: exchange})
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
	twice := []byte(strings.Replace(string(marshal(t, content(p.did))), `"issuer":`, `"issuer":"did:example:a","issuer":`, 1))
	raw, err := jose.Sign(ctx, p, jose.Header{KeyID: p.Key().ID, Type: "vc+jwt"}, twice)
	require.NoError(t, err)
	_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
	require.ErrorIs(t, err, w3c.ErrModel)
	_, err = w3c.JWT{}.Parse(make([]byte, 25<<20), "application/vc+jwt")
	require.ErrorIs(t, err, w3c.ErrModel)
	_, err = w3c.COSE{}.Parse(make([]byte, 25<<20), "application/vc+cose")
	require.ErrorIs(t, err, w3c.ErrModel)
}

// RFC 8725, section 2.1: a message does not choose how it is checked.
func TestAlgorithmConfusion(t *testing.T) {
	p, ed := newParty(t, elliptic.P256()), newParty(t, nil)
	v := reader(t, nil, entry(p, "Ministry"), entry(ed, "Office"))
	public, err := x509.MarshalPKIXPublicKey(p.Key().Public)
	require.NoError(t, err)
	b64url := base64.RawURLEncoding.EncodeToString
	for _, typ := range []string{`,"typ":"vc+jwt"`, ""} {
		forged := func(alg string, sign func(input string) []byte) []byte {
			input := b64url([]byte(`{"alg":"`+alg+`","kid":"`+p.Key().ID+`"`+typ+`}`)) + "." + b64url(marshal(t, content(p.did)))
			return []byte(input + "." + b64url(sign(input)))
		}
		mac := func(key []byte) func(string) []byte {
			return func(input string) []byte {
				m := hmac.New(sha256.New, key)
				m.Write([]byte(input))
				return m.Sum(nil)
			}
		}
		nothing := func(string) []byte { return nil }
		by := func(s proof.Signer) func(string) []byte {
			return func(input string) []byte {
				sig, err := s.Sign(ctx, []byte(input))
				require.NoError(t, err)
				return sig
			}
		}
		_, err = v.Verify(ctx, forged("ES256", by(p)), credential.Policy{Time: now})
		require.NoError(t, err)
		for name, raw := range map[string][]byte{
			"none": forged("none", nothing), "None": forged("None", nothing), "none, with a signature": forged("none", by(p)), "ES256, without one": forged("ES256", nothing),
			"HMAC with the public key": forged("HS256", mac(public)), "HMAC with its text": forged("HS256", mac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))),
			"HMAC called ES256": forged("ES256", mac(public)), "HMAC with nothing": forged("HS256", mac(nil)),
			"EdDSA, with the EC key's name": forged("EdDSA", by(ed)), "ES256 called RS256": forged("RS256", by(p)), "ES256 called ES256K": forged("ES256K", by(p)), "ES256 called ES384": forged("ES384", by(p)),
		} {
			_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
			require.Error(t, err, name)
			require.NotErrorIs(t, err, credential.ErrInconclusive, name)
		}
	}
}
