package w3c_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
	"github.com/sanad-credentials/sanad/proof/jose"
)

var exchange = credential.Binding{Audience: "https://border.example", Nonce: "n-1"}

// crossing is a holder at a border, with a credential in each form.
type crossing struct {
	gov, me party
	v       *credential.Verifier
	policy  credential.Policy
	held    map[string]credential.Held
}

func newCrossing(t testing.TB) *crossing {
	c := &crossing{gov: newParty(t, elliptic.P256()), me: newParty(t, nil), policy: credential.Policy{Time: now, Binding: exchange}}
	c.v = reader(t, nil, entry(c.gov, "Ministry"))
	mine := map[string]any{"credentialSubject": map[string]any{"id": c.me.did, "fit": true}}
	doc, v1 := with(content(c.gov.did), mine), with(contentV1(c.gov.did), mine)
	c.held = map[string]credential.Held{
		"vc+jwt": {Raw: sealAs(t, w3c.JWT{}, doc, c.gov), Signer: c.me}, "vc+cose": {Raw: sealAs(t, w3c.COSE{}, doc, c.gov), Signer: c.me},
		"1.1": {Raw: sealAs(t, w3c.JWT{}, v1, c.gov), Signer: c.me}, "embedded": {Raw: issue(t, doc, c.gov), Signer: c.me}, "embedded 1.1": {Raw: issue(t, v1, c.gov), Signer: c.me},
	}
	return c
}

func (c *crossing) all(names ...string) (out []credential.Held) {
	for _, n := range names {
		out = append(out, c.held[n])
	}
	return out
}

func wrapped(kind, mediaType string, raw []byte) []byte {
	data := "," + string(raw)
	if strings.HasSuffix(mediaType, "cose") {
		data = ";base64," + base64.StdEncoding.EncodeToString(raw)
	}
	return []byte(fmt.Sprintf(`{"@context":[%q],"type":%q,"id":"data:application/%s%s"}`, w3c.Context, kind, mediaType, data))
}

// Credentials of every form, in presentations of every form.
func TestPresentations(t *testing.T) {
	c := newCrossing(t)
	for name, f := range map[string]credential.Presenter{"vp+jwt": w3c.JWT{}, "vp+cose": w3c.COSE{}, "embedded": w3c.Format{}} {
		raw, err := f.Present(ctx, c.all("vc+jwt", "vc+cose", "1.1", "embedded", "embedded 1.1"), exchange)
		require.NoError(t, err, name)
		r, err := c.v.VerifyPresentation(ctx, raw, c.policy)
		require.NoError(t, err, name)
		require.Len(t, r.Results, 5)
		require.Equal(t, c.me.Key().ID, r.Holder[0].ID)
		for i, want := range []string{"w3c-jwt", "w3c-cose", "w3c-jwt", "w3c", "w3c"} {
			require.Equal(t, want, r.Results[i].Credential.Format)
		}
		if name != "embedded" {
			again, err := c.v.VerifyPresentation(ctx, wrapped("EnvelopedVerifiablePresentation", name, raw), c.policy)
			require.NoError(t, err, name)
			require.Len(t, again.Results, 5)
			_, err = c.v.VerifyPresentation(ctx, wrapped("EnvelopedVerifiableCredential", name, raw), c.policy)
			require.ErrorIs(t, err, credential.ErrOtherFormat, "a presentation in a credential's envelope")
		}
		_, err = c.v.Verify(ctx, raw, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat, "a presentation is no credential")
		for what, change := range map[string]func(*credential.Policy){
			"nonce": func(p *credential.Policy) { p.Binding.Nonce = "n-2" }, "audience": func(p *credential.Policy) { p.Binding.Audience = "https://other.example" },
		} {
			p := c.policy
			change(&p)
			_, err := c.v.VerifyPresentation(ctx, raw, p)
			require.ErrorIs(t, err, credential.ErrHolder, what)
			require.ErrorIs(t, err, w3c.ErrBinding, what)
		}
	}
}

// An envelope is for what its type says.
func TestEnvelopeOfAnotherKind(t *testing.T) {
	c := newCrossing(t)
	v := reader(t, func(cfg *credential.Config) { cfg.Formats = append([]credential.Format{w3c.SDJWT{}}, enveloping...) }, entry(c.gov, "Ministry"))
	for form, raw := range map[string][]byte{"vc+jwt": c.held["vc+jwt"].Raw, "vc+cose": c.held["vc+cose"].Raw, "vc+sd-jwt": sdCard(t, c.gov, c.me)} {
		_, err := v.Verify(ctx, wrapped("EnvelopedVerifiableCredential", form, raw), credential.Policy{Time: now})
		require.NoError(t, err, form)
		_, err = v.Verify(ctx, wrapped("EnvelopedVerifiablePresentation", form, raw), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrOtherFormat, form)
		for _, other := range []string{"https://example.com/context", w3c.ContextV1} {
			_, err = v.Verify(ctx, bytes.Replace(wrapped("EnvelopedVerifiableCredential", form, raw), []byte(w3c.Context), []byte(other), 1), credential.Policy{Time: now})
			require.ErrorIs(t, err, credential.ErrOtherFormat, "%s in the context %s", form, other)
		}
	}
}

func TestPresentationV1(t *testing.T) {
	c := newCrossing(t)
	raw, err := w3c.JWT{}.Present(ctx, c.all("1.1", "embedded 1.1"), exchange)
	require.NoError(t, err)
	header, payload := claimsOf(t, raw)
	require.Equal(t, "JWT", header["typ"])
	require.Equal(t, c.me.did, payload["iss"])
	vp := payload["vp"].(map[string]any)
	require.Equal(t, []any{w3c.ContextV1}, vp["@context"])
	require.Equal(t, string(c.held["1.1"].Raw), vp["verifiableCredential"].([]any)[0])
	r, err := c.v.VerifyPresentation(ctx, raw, c.policy)
	require.NoError(t, err)
	require.Len(t, r.Results, 2)
	claims := map[string]any{"iss": c.me.did, "nonce": exchange.Nonce, "aud": []any{"x", exchange.Audience}, "vp": map[string]any{
		"@context": []any{w3c.ContextV1}, "type": []any{w3c.PresentationType}, "verifiableCredential": string(c.held["1.1"].Raw)}}
	_, err = c.v.VerifyPresentation(ctx, signed(t, c.me, jose.Header{}, claims), c.policy)
	require.NoError(t, err, "one token, not in an array")
	in := func(members map[string]any) map[string]any {
		return map[string]any{"vp": with(claims["vp"].(map[string]any), members)}
	}
	for name, change := range map[string]map[string]any{
		"holder":           in(map[string]any{"holder": c.gov.did}),
		"id":               with(in(map[string]any{"id": "urn:uuid:1"}), map[string]any{"jti": "urn:uuid:2"}),
		"a credential":     in(map[string]any{"type": []any{w3c.Type}}),
		"mixed":            in(map[string]any{"verifiableCredential": []any{string(c.held["1.1"].Raw), 7}}),
		"2.0 beside token": in(map[string]any{"verifiableCredential": []any{string(c.held["1.1"].Raw), json.RawMessage(c.held["embedded"].Raw)}}),
	} {
		_, err := c.v.VerifyPresentation(ctx, signed(t, c.me, jose.Header{}, with(claims, change)), c.policy)
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
}

// What others may do to a presentation in JOSE or COSE.
func TestPresentationAttacks(t *testing.T) {
	c, eve := newCrossing(t), newParty(t, nil)
	vp := map[string]any{
		"@context": []any{w3c.Context}, "type": []any{w3c.PresentationType}, "holder": c.me.did, "nonce": exchange.Nonce, "aud": exchange.Audience,
		"verifiableCredential": []any{json.RawMessage(wrapped("EnvelopedVerifiableCredential", "vc+jwt", c.held["vc+jwt"].Raw))},
	}
	present := func(p party, h jose.Header, members map[string]any) error {
		if h.Type == "" {
			h.Type = "vp+jwt"
		}
		_, err := c.v.VerifyPresentation(ctx, signed(t, p, h, with(vp, members)), c.policy)
		return err
	}
	require.NoError(t, present(c.me, jose.Header{}, nil))
	require.NoError(t, present(c.me, jose.Header{}, map[string]any{"holder": nil}), "the key's own name is the subject")
	require.NoError(t, present(c.me, jose.Header{}, map[string]any{"aud": []any{"x", exchange.Audience}}))
	for name, a := range map[string]struct {
		by      party
		header  jose.Header
		members map[string]any
		want    error
	}{
		"another holder's key":       {eve, jose.Header{}, nil, credential.ErrHolder},
		"another presents it":        {eve, jose.Header{}, map[string]any{"holder": eve.did}, credential.ErrHolder},
		"nobody named":               {eve, jose.Header{}, map[string]any{"holder": nil}, credential.ErrHolder},
		"iss is not the holder":      {c.me, jose.Header{}, map[string]any{"iss": eve.did}, w3c.ErrModel},
		"jti is not the id":          {c.me, jose.Header{}, map[string]any{"id": "urn:uuid:1", "jti": "urn:uuid:2"}, w3c.ErrModel},
		"no nonce":                   {c.me, jose.Header{}, map[string]any{"nonce": nil}, w3c.ErrBinding},
		"no audience":                {c.me, jose.Header{}, map[string]any{"aud": nil}, w3c.ErrBinding},
		"expired just now":           {c.me, jose.Header{}, map[string]any{"exp": now.Unix()}, credential.ErrExpired},
		"expired":                    {c.me, jose.Header{}, map[string]any{"exp": now.Add(-time.Minute).Unix()}, credential.ErrExpired},
		"not yet":                    {c.me, jose.Header{}, map[string]any{"nbf": now.Add(time.Minute).Unix()}, credential.ErrNotYet},
		"called a credential":        {c.me, jose.Header{Type: "vc+jwt"}, nil, w3c.ErrModel},
		"called a key binding":       {c.me, jose.Header{Type: "kb+jwt"}, nil, w3c.ErrModel},
		"a claim vp":                 {c.me, jose.Header{}, map[string]any{"vp": map[string]any{}}, w3c.ErrModel},
		"credential unsecured":       {c.me, jose.Header{}, map[string]any{"verifiableCredential": []any{with(content(c.gov.did), nil)}}, credential.ErrSignature},
		"credential is an id":        {c.me, jose.Header{}, map[string]any{"verifiableCredential": []any{map[string]any{"@context": w3c.Context, "type": "EnvelopedVerifiableCredential", "id": "not-a-credential"}}}, w3c.ErrModel},
		"credential is a token":      {c.me, jose.Header{}, map[string]any{"verifiableCredential": []any{string(c.held["vc+jwt"].Raw)}}, w3c.ErrModel},
		"named as another form":      {c.me, jose.Header{}, map[string]any{"verifiableCredential": []any{json.RawMessage(wrapped("EnvelopedVerifiableCredential", "vc+cose", c.held["vc+jwt"].Raw))}}, w3c.ErrModel},
		"unknown form":               {c.me, jose.Header{}, map[string]any{"verifiableCredential": []any{json.RawMessage(wrapped("EnvelopedVerifiableCredential", "vc+png", c.held["vc+jwt"].Raw))}}, credential.ErrOtherFormat},
		"a presentation inside":      {c.me, jose.Header{}, map[string]any{"verifiableCredential": []any{json.RawMessage(wrapped("EnvelopedVerifiableCredential", "vp+jwt", signed(t, c.me, jose.Header{Type: "vp+jwt"}, vp)))}}, credential.ErrFormat},
		"terms that nobody knows":    {c.me, jose.Header{}, map[string]any{"other": 1}, w3c.ErrTerms},
		"more credentials than read": {c.me, jose.Header{}, map[string]any{"verifiableCredential": repeat(vp["verifiableCredential"].([]any)[0], 33)}, credential.ErrFormat},
	} {
		err := present(a.by, a.header, a.members)
		require.ErrorIs(t, err, a.want, name)
		require.NotErrorIs(t, err, credential.ErrInconclusive, name)
	}
	// Who presents is who the token says, by either name, also where anybody may.
	c.policy.AnyHolder = true
	require.NoError(t, present(eve, jose.Header{}, map[string]any{"holder": nil, "iss": eve.did}))
	for _, name := range []string{"holder", "iss"} {
		require.ErrorIs(t, present(eve, jose.Header{}, map[string]any{"holder": nil, name: c.me.did}), credential.ErrHolder, name)
	}
	c.policy.AnyHolder = false
	_, err := c.v.VerifyPresentation(ctx, c.held["vc+jwt"].Raw, c.policy)
	require.ErrorIs(t, err, credential.ErrHolder, "a credential alone proves no holder")
	raw, err := cose.SignTyped(ctx, marshal(t, vp), []byte(c.me.Key().ID), "application/vc+cose", "", c.me)
	require.NoError(t, err)
	_, err = c.v.VerifyPresentation(ctx, raw, c.policy)
	require.ErrorIs(t, err, w3c.ErrModel)
}

func repeat(v any, n int) (out []any) {
	for range n {
		out = append(out, v)
	}
	return out
}

// The key that an issuer put into a credential (cnf) is the holder's, and no
// other will do.
func TestConfirmedKey(t *testing.T) {
	c, eve := newCrossing(t), newParty(t, nil)
	d, err := w3c.FromJSON(marshal(t, content(c.gov.did)))
	require.NoError(t, err)
	d.Confirm = []proof.Key{{Public: c.me.Key().Public}}
	vc, err := w3c.JWT{}.Seal(ctx, d, []proof.Signer{c.gov})
	require.NoError(t, err)
	_, err = w3c.COSE{}.Seal(ctx, d, []proof.Signer{c.gov})
	require.ErrorIs(t, err, w3c.ErrUnsupported)
	d.Confirm = append(d.Confirm, proof.Key{Public: eve.Key().Public})
	_, err = w3c.JWT{}.Seal(ctx, d, []proof.Signer{c.gov})
	require.ErrorIs(t, err, w3c.ErrModel)
	for _, p := range []party{c.me, eve} {
		raw, err := w3c.JWT{}.Present(ctx, []credential.Held{{Raw: vc, Signer: p}}, exchange)
		require.NoError(t, err)
		_, err = c.v.VerifyPresentation(ctx, raw, c.policy)
		if p == c.me {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, credential.ErrHolder)
		}
	}
}

// A holder's key that can't be read is still a holder's: nobody else shows such a
// credential, not even where any holder will do.
func TestConfirmationNotUnderstood(t *testing.T) {
	c := newCrossing(t)
	policy := c.policy
	policy.AnyHolder = true
	named := map[string]any{"kid": "did:example:1#key"}
	doc := with(content(c.gov.did), map[string]any{"credentialSubject": map[string]any{"id": c.me.did, "fit": true}})
	bound := with(doc, map[string]any{"cnf": named})
	coseKey := map[any]any{15: map[any]any{8: map[any]any{1: map[any]any{1: 1, -1: 6, -2: make([]byte, 32)}}}}
	v := sdReader(t, entry(c.gov, "Ministry"))
	for name, raw := range map[string][]byte{
		"vc+jwt":                 vcJWT(t, c.gov, bound),
		"1.1":                    signed(t, c.gov, jose.Header{Type: "JWT"}, map[string]any{"vc": with(contentV1(c.gov.did), map[string]any{"credentialSubject": map[string]any{"id": c.me.did, "fit": true}}), "cnf": named}),
		"vc+cose":                sign1(t, c.gov, headers(c.gov, nil), map[any]any{}, marshal(t, bound)),
		"vc+cose, in the header": sign1(t, c.gov, headers(c.gov, coseKey), map[any]any{}, marshal(t, doc)),
		"vc+sd-jwt":              sdSigned(t, c.gov, "vc+sd-jwt", bound, "", ""),
	} {
		r, err := v.Verify(ctx, raw, policy)
		require.NoError(t, err, name)
		require.True(t, slices.ContainsFunc(r.Checks, func(k credential.Check) bool {
			return k.Outcome == credential.Tolerated && errors.Is(k.Err, w3c.ErrConfirm)
		}), name)
		h := credential.Held{Raw: raw, Signer: c.me}
		if name == "vc+sd-jwt" {
			h.MediaType = "application/vc+sd-jwt"
		}
		vp, err := w3c.JWT{}.Present(ctx, []credential.Held{h}, exchange)
		require.NoError(t, err, name)
		_, err = v.VerifyPresentation(ctx, vp, policy)
		require.ErrorIs(t, err, credential.ErrHolder, name)
	}
	for _, cnf := range []any{map[string]any{}, []any{named}, "x", nil} {
		_, err := v.Verify(ctx, vcJWT(t, c.gov, map[string]any{
			"@context": doc["@context"], "type": doc["type"], "issuer": doc["issuer"], "credentialSubject": doc["credentialSubject"], "cnf": cnf,
		}), policy)
		require.ErrorIs(t, err, w3c.ErrModel, cnf)
	}
	twice := sign1(t, c.gov, headers(c.gov, coseKey), map[any]any{}, marshal(t, bound))
	_, err := v.Verify(ctx, twice, policy)
	require.ErrorIs(t, err, w3c.ErrModel, "two holders")
}

func TestPresentAsOneRefuses(t *testing.T) {
	c := newCrossing(t)
	other := credential.Held{Raw: c.held["vc+jwt"].Raw, Signer: c.gov}
	for _, f := range []credential.Presenter{w3c.JWT{}, w3c.COSE{}} {
		for name, held := range map[string][]credential.Held{"no signer": {{Raw: c.held["vc+jwt"].Raw}}, "two holders": {c.held["vc+jwt"], other}} {
			_, err := f.Present(ctx, held, exchange)
			require.ErrorIs(t, err, proof.ErrKey, name)
		}
		_, err := f.Present(ctx, c.all("vc+jwt"), credential.Binding{})
		require.ErrorIs(t, err, w3c.ErrBinding)
		_, err = f.Present(ctx, []credential.Held{{Raw: []byte("no credential"), Signer: c.me}}, exchange)
		require.ErrorIs(t, err, w3c.ErrModel)
	}
	_, err := w3c.COSE{}.Present(ctx, c.all("embedded 1.1"), exchange)
	require.ErrorIs(t, err, w3c.ErrModel)
}
