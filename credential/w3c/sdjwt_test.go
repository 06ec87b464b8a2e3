package w3c_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/trustlist"
)

func sdReader(t testing.TB, entries ...trustlist.Entry) *credential.Verifier {
	return reader(t, func(c *credential.Config) {
		c.Formats = append([]credential.Format{w3c.SDJWT{}, sdjwt.Format{}}, enveloping...)
	}, entries...)
}

// sdCard is a credential as SD-JWT, bound to a holder.
func sdCard(t testing.TB, issuer, holder party, mandatory ...string) []byte {
	t.Helper()
	d, err := w3c.FromJSON(marshal(t, content(issuer.did)))
	require.NoError(t, err)
	d.Mandatory, d.Signed = mandatory, now.AddDate(0, 0, -1)
	if holder.Signer != nil {
		k := holder.Key()
		d.Confirm = []proof.Key{k}
	}
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.SDJWT{Decoys: 2}, Signers: []proof.Signer{issuer}})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	return raw
}

func TestSDJWT(t *testing.T) {
	issuer, holder := newParty(t, nil), newParty(t, nil)
	raw := sdCard(t, issuer, holder, "/credentialSubject/fit", "/credentialSubject/vaccinations/0/disease")
	v := sdReader(t, entry(issuer, "Ministry"))
	r, err := v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, "w3c-sd-jwt", r.Credential.Format)
	require.Equal(t, []string{"PilgrimHealthCredential"}, r.Credential.Types)
	require.Equal(t, "did:example:pilgrim", r.Credential.Subject)
	var got map[string]any
	require.NoError(t, r.Credential.Claims(&got))
	want := content(issuer.did)
	require.JSONEq(t, string(marshal(t, want["credentialSubject"])), string(marshal(t, got["credentialSubject"])))
	for _, c := range r.Checks {
		require.NotEqual(t, credential.Tolerated, c.Outcome, "%v", c)
	}

	b := credential.Binding{Audience: "https://border.example", Nonce: "n-1"}
	shown, err := credential.Present(ctx, nil, []credential.Held{{Raw: raw, Format: w3c.SDJWT{}, Show: []string{"/credentialSubject/givenName"}, Signer: holder}}, b)
	require.NoError(t, err)
	pr, err := v.VerifyPresentation(ctx, shown, credential.Policy{Time: time.Now(), Binding: b})
	require.ErrorIs(t, err, credential.ErrExpired, "the test's card is of another year")
	require.Nil(t, pr)
	require.NotErrorIs(t, err, credential.ErrHolder)
	got = map[string]any{}
	env, err := w3c.SDJWT{}.Parse(shown, "application/vc+sd-jwt")
	require.NoError(t, err)
	require.NoError(t, env.Credential.Claims(&got))
	require.Equal(t, map[string]any{
		"id": "did:example:pilgrim", "givenName": "Amina", "fit": true, "vaccinations": []any{map[string]any{"disease": "Meningitis ACWY"}},
	}, got["credentialSubject"])
	require.NotContains(t, got, "name", "of the card itself")

	// Another nonce, no key binding, somebody else's.
	for name, c := range map[string]struct {
		raw []byte
		b   credential.Binding
	}{
		"a replay":         {shown, credential.Binding{Audience: b.Audience, Nonce: "n-2"}},
		"another audience": {shown, credential.Binding{Audience: "https://hotel.example", Nonce: b.Nonce}},
		"none":             {raw, b},
		"over less":        {[]byte(string(raw) + string(shown[bytes.LastIndexByte(shown, '~')+1:])), b},
	} {
		_, err = v.VerifyPresentation(ctx, c.raw, credential.Policy{Time: time.Now(), Binding: c.b})
		require.ErrorIs(t, err, credential.ErrHolder, name)
	}
	_, err = w3c.SDJWT{}.Derive(ctx, credential.Held{Raw: raw, Signer: issuer}, b)
	require.ErrorIs(t, err, sd.ErrBinding)
	_, err = w3c.SDJWT{}.Derive(ctx, credential.Held{Raw: raw, Show: []string{"/nothing"}}, b)
	require.ErrorIs(t, err, proof.ErrPointer)

	// As an enveloped credential, on its own and inside a presentation.
	enveloped := marshal(t, map[string]any{"@context": w3c.Context, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+sd-jwt," + string(raw)})
	_, err = v.Verify(ctx, enveloped, credential.Policy{Time: now})
	require.NoError(t, err)
	vp, err := credential.Present(ctx, w3c.Format{}, []credential.Held{{Raw: raw, MediaType: "application/vc+sd-jwt", Format: w3c.SDJWT{}, Show: []string{""}, Signer: holder}}, b)
	require.NoError(t, err)
	_, err = v.VerifyPresentation(ctx, vp, credential.Policy{Time: time.Now(), Binding: b})
	require.NotErrorIs(t, err, credential.ErrHolder)
	require.NotErrorIs(t, err, credential.ErrFormat)
	require.NotErrorIs(t, err, credential.ErrSignature)
}

// The terms under which a card may be used are not the holder's to leave out.
func TestSDJWTShowsTermsOfUse(t *testing.T) {
	p := newParty(t, nil)
	doc := with(content(p.did), map[string]any{
		"termsOfUse":      map[string]any{"type": "VerifiableCredential", "id": "urn:terms"},
		"relatedResource": map[string]any{"id": "https://a.example/r", "digestSRI": "sha384-" + base64.StdEncoding.EncodeToString(make([]byte, 48))},
	})
	raw := sealAs(t, w3c.SDJWT{}, doc, p)
	shown, err := w3c.SDJWT{}.Derive(ctx, credential.Held{Raw: raw}, credential.Binding{})
	require.NoError(t, err)
	env, err := w3c.SDJWT{}.Parse(shown, "")
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, env.Credential.Claims(&got))
	require.Contains(t, got, "termsOfUse")
	require.Contains(t, got, "relatedResource")
	require.NotContains(t, got, "name")
}

// sdSigned signs a document as an SD-JWT with one claim hidden by hand, and shown.
func sdSigned(t testing.TB, p party, typ string, doc map[string]any, at, name string) []byte {
	t.Helper()
	place := doc
	if at != "" {
		place = doc[at].(map[string]any)
	}
	var disclosures []string
	if name != "" {
		d := base64.RawURLEncoding.EncodeToString(marshal(t, []any{"salt", name, place[name]}))
		h := sha256.Sum256([]byte(d))
		delete(place, name)
		place["_sd"] = []any{base64.RawURLEncoding.EncodeToString(h[:])}
		disclosures = append(disclosures, d)
	}
	m, err := jose.Sign(ctx, p, jose.Header{Type: typ, KeyID: p.Key().ID}, marshal(t, doc))
	require.NoError(t, err)
	token, err := sd.New(m, disclosures)
	require.NoError(t, err)
	return token.Bytes()
}

func TestSDJWTRefuses(t *testing.T) {
	p := newParty(t, nil)
	v := sdReader(t, entry(p, "Ministry"))
	fresh := func() map[string]any {
		var m map[string]any
		require.NoError(t, json.Unmarshal(marshal(t, content(p.did)), &m))
		return m
	}
	status := map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": "https://a.example"}
	for name, c := range map[string]struct {
		typ, at, hide string
		members       map[string]any
		text          string // empty: accepted
	}{
		"as it should be":         {typ: "vc+sd-jwt"},
		"a claim hidden":          {typ: "vc+sd-jwt", at: "credentialSubject", hide: "givenName"},
		"its name hidden":         {typ: "vc+sd-jwt", hide: "name"},
		"the context hidden":      {typ: "vc+sd-jwt", hide: "@context", text: "another format"},
		"the type hidden":         {typ: "vc+sd-jwt", hide: "type", text: "type: selectively"},
		"the issuer hidden":       {typ: "vc+sd-jwt", hide: "issuer", text: "issuer: selectively"},
		"part of it hidden":       {typ: "vc+sd-jwt", at: "issuer", hide: "id", text: "issuer: selectively"},
		"the expiry hidden":       {typ: "vc+sd-jwt", hide: "validUntil", text: "validUntil: selectively"},
		"the begin hidden":        {typ: "vc+sd-jwt", hide: "validFrom", text: "validFrom: selectively"},
		"the status hidden":       {typ: "vc+sd-jwt", hide: "credentialStatus", members: map[string]any{"credentialStatus": status}, text: "credentialStatus: selectively"},
		"the schema hidden":       {typ: "vc+sd-jwt", hide: "credentialSchema", members: map[string]any{"credentialSchema": map[string]any{"id": "https://a.example", "type": "JsonSchema"}}, text: "credentialSchema: selectively"},
		"iss hidden":              {typ: "vc+sd-jwt", hide: "iss", members: map[string]any{"iss": p.did}, text: "iss: selectively"},
		"nbf hidden":              {typ: "vc+sd-jwt", hide: "nbf", members: map[string]any{"nbf": 1}, text: "nbf: selectively"},
		"the holder's key hidden": {typ: "vc+sd-jwt", hide: "cnf", members: map[string]any{"cnf": map[string]any{"jwk": map[string]any{}}}, text: "cnf: selectively"},
		"part of it, not shown":   {typ: "vc+sd-jwt", members: map[string]any{"cnf": map[string]any{"_sd": []any{"decoy"}}}, text: "cnf: selectively"},
		"the nonce hidden":        {typ: "vc+sd-jwt", hide: "nonce", members: map[string]any{"nonce": "n"}, text: "nonce: selectively"},
		"the audience hidden":     {typ: "vc+sd-jwt", hide: "aud", members: map[string]any{"aud": "a"}, text: "aud: selectively"},
		"a proof hidden":          {typ: "vc+sd-jwt", hide: "proof", members: map[string]any{"proof": map[string]any{}}, text: "proof: selectively"},
		"exp hidden":              {typ: "vc+sd-jwt", hide: "exp", members: map[string]any{"exp": 4102444800}, text: "exp: selectively"},
		"another issuer in iss":   {typ: "vc+sd-jwt", members: map[string]any{"iss": "https://other.example"}, text: "iss: another"},
		"a presentation's type":   {typ: "vp+sd-jwt", text: "typ or cty"},
		"a claim vc":              {typ: "vc+sd-jwt", members: map[string]any{"vc": map[string]any{}}, text: "vc"},
		"an undefined term":       {typ: "vc+sd-jwt", members: map[string]any{"@context": []any{w3c.Context}}, text: "JSON-LD of known contexts"},
		"a type of SD-JWT VC":     {typ: "dc+sd-jwt", text: "vct"},
		"a token that is not one": {typ: "vc+jwt", text: "another format"},
		"of version 1.1":          {typ: "vc+sd-jwt", members: map[string]any{"@context": []any{w3c.ContextV1}}, text: "version 2.0"},
	} {
		doc := fresh()
		for k, m := range c.members {
			doc[k] = m
		}
		_, err := v.Verify(ctx, sdSigned(t, p, c.typ, doc, c.at, c.hide), credential.Policy{Time: now})
		if c.text == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, credential.ErrFormat, name)
		require.ErrorContains(t, err, c.text, name)
	}

	// The header says the same as the payload.
	for _, c := range []struct {
		h       jose.Header
		members map[string]any
		text    string
	}{
		{jose.Header{ContentType: "application/vc", Issuer: p.did}, nil, ""}, {jose.Header{ContentType: "vp"}, nil, "typ or cty"},
		{jose.Header{Issuer: "did:example:other"}, nil, "iss: another"}, {jose.Header{Issuer: p.did}, map[string]any{"iss": "did:example:other"}, "iss: another"},
	} {
		c.h.Type, c.h.KeyID = "vc+sd-jwt", p.Key().ID
		m, err := jose.Sign(ctx, p, c.h, marshal(t, with(content(p.did), c.members)))
		require.NoError(t, err)
		if _, err = v.Verify(ctx, append(m, '~'), credential.Policy{Time: now}); c.text == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, w3c.ErrModel)
		require.ErrorContains(t, err, c.text)
	}
	// One signature, in JSON too.
	m, err := jose.Sign(ctx, p, jose.Header{Type: "vc+sd-jwt", KeyID: p.Key().ID}, marshal(t, content(p.did)))
	require.NoError(t, err)
	for n, want := range map[int]error{1: nil, 2: w3c.ErrUnsupported} {
		token, err := sd.NewJSON([][]byte{m, m}[:n], nil)
		require.NoError(t, err)
		_, err = v.Verify(ctx, token.Bytes(), credential.Policy{Time: now})
		require.ErrorIs(t, err, want)
	}

	// What is left must be a credential.
	doc := fresh()
	raw := sdSigned(t, p, "vc+sd-jwt", doc, "", "credentialSubject")
	_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = w3c.SDJWT{}.Derive(ctx, credential.Held{Raw: raw}, credential.Binding{})
	require.ErrorIs(t, err, w3c.ErrModel)
	jws, _, _ := strings.Cut(string(raw), "~")
	_, err = v.Verify(ctx, []byte(jws+"~"), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrFormat)

	// A key binding where nobody's key was confirmed.
	unheld := sdCard(t, p, party{})
	token, err := sd.Parse(unheld)
	require.NoError(t, err)
	claims, err := sd.Open(token.Messages[0].Payload, token.Disclosures)
	require.NoError(t, err)
	token, err = token.Bind(ctx, claims, p, sd.Binding{Audience: "a", Nonce: "n", Issued: now})
	require.NoError(t, err)
	_, err = v.VerifyPresentation(ctx, token.Bytes(), credential.Policy{Time: now, Binding: credential.Binding{Audience: "a", Nonce: "n"}})
	require.ErrorIs(t, err, credential.ErrFormat)
}

func TestSDJWTSealRefuses(t *testing.T) {
	p := newParty(t, nil)
	d, err := w3c.FromJSON(marshal(t, content(p.did)))
	require.NoError(t, err)
	_, err = w3c.SDJWT{}.Seal(ctx, d, nil)
	require.ErrorIs(t, err, proof.ErrKey)
	d.Mandatory = []string{"/nothing"}
	_, err = w3c.SDJWT{}.Seal(ctx, d, []proof.Signer{p})
	require.ErrorIs(t, err, proof.ErrPointer)
	d.Mandatory, d.Confirm = nil, []proof.Key{p.Key(), p.Key()}
	_, err = w3c.SDJWT{}.Seal(ctx, d, []proof.Signer{p})
	require.ErrorIs(t, err, w3c.ErrModel)
	d.Confirm = []proof.Key{{}}
	_, err = w3c.SDJWT{}.Seal(ctx, d, []proof.Signer{p})
	require.ErrorIs(t, err, proof.ErrKey)
	old, err := w3c.FromJSON(marshal(t, contentV1(p.did)))
	require.NoError(t, err)
	_, err = w3c.SDJWT{}.Seal(ctx, old, []proof.Signer{p})
	require.ErrorIs(t, err, w3c.ErrModel)
}

func FuzzSDJWT(f *testing.F) {
	p, holder := newParty(f, nil), newParty(f, nil)
	f.Add(sdCard(f, p, holder))
	f.Add(sdCard(f, p, party{}, "/credentialSubject"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		env, err := w3c.SDJWT{}.Parse(raw, "")
		if err == nil && env.Credential != nil {
			require.NotEmpty(t, env.Credential.Issuers)
			require.Len(t, env.Proofs, 1)
		}
	})
}
