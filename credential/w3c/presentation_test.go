package w3c_test

import (
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

// desk is where credentials are presented.
type desk struct {
	gov, me, eve party
	v            *credential.Verifier
	policy       credential.Policy
}

// token is a format of somebody else, whose credentials are unsigned but for a
// word; only its media type tells it from others.
type token struct{ controllers []string }

func (token) Name() string { return "token" }

func (t token) Parse(raw []byte, mediaType string) (*credential.Envelope, error) {
	if mediaType != "application/vc+jwt" {
		return nil, credential.ErrOtherFormat
	}
	return &credential.Envelope{
		Credential: &credential.Credential{Format: "token", Issuers: []string{t.controllers[0]}, Subject: t.controllers[1], Payload: string(raw)},
		Proofs: []credential.Proof{{ID: "word", Purpose: proof.AssertionMethod, Hint: proof.Hint{KeyID: t.controllers[0] + "#" + strings.TrimPrefix(t.controllers[0], "did:key:"), Algorithm: proof.EdDSA},
			Verify: func(context.Context, *credential.Attempt) error {
				if !strings.HasPrefix(string(raw), "ey") {
					return proof.ErrMismatch
				}
				return nil
			}}},
	}, nil
}

func newDesk(t testing.TB) *desk {
	d := &desk{gov: newParty(t, nil), me: newParty(t, nil), eve: newParty(t, elliptic.P256())}
	list, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.AddDate(0, -1, 0)}, entry(d.gov, "Government"))
	require.NoError(t, err)
	d.v, err = credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.Format{}, token{[]string{d.gov.did, d.me.did}}}, Keys: key.Resolver{}, Trust: list})
	require.NoError(t, err)
	d.policy = credential.Policy{Time: now, Binding: credential.Binding{Audience: "https://border.example", Nonce: "n-1"}}
	return d
}

// card is a credential about who, by the government.
func (d *desk) card(t testing.TB, f w3c.Format, who party) []byte {
	return issueAs(t, f, apply(t, content(d.gov.did), change{"credentialSubject/id", `"` + who.did + `"`}), d.gov)
}

func (d *desk) present(t testing.TB, f w3c.Format, held ...credential.Held) []byte {
	t.Helper()
	raw, err := f.Present(ctx, held, d.policy.Binding)
	require.NoError(t, err)
	return raw
}

func held(raw []byte, by party) credential.Held {
	return credential.Held{Raw: raw, Signer: by}
}

// v1 is a credential of version 1.1.
func v1(issuer, subject string) map[string]any {
	return map[string]any{
		"@context": []any{w3c.ContextV1, map[string]any{"@vocab": "https://health.example/terms#"}}, "type": []any{w3c.Type, "Card"}, "issuer": issuer,
		"issuanceDate": "2026-05-01T00:00:00Z", "expirationDate": "2026-08-01T00:00:00Z", "credentialSubject": map[string]any{"id": subject, "givenName": "Amina"},
	}
}

func TestPresentAndVerify(t *testing.T) {
	d := newDesk(t)
	v11 := issue(t, v1(d.gov.did, d.me.did), d.gov)
	for name, c := range map[string]struct {
		f    w3c.Format
		held []credential.Held
		want string // base context
	}{
		"one":                       {w3c.Format{}, []credential.Held{held(d.card(t, w3c.Format{}, d.me), d.me)}, w3c.Context},
		"over statements":           {statements, []credential.Held{held(d.card(t, w3c.Format{}, d.me), d.me)}, w3c.Context},
		"all over statements":       {statements, []credential.Held{held(d.card(t, statements, d.me), d.me)}, w3c.Context},
		"several":                   {w3c.Format{}, []credential.Held{held(d.card(t, w3c.Format{}, d.me), d.me), held(d.card(t, statements, d.me), d.me), {Raw: v11}}, w3c.Context},
		"several, over statements":  {w3c.Format{Suites: statements.Suites, InsecureAnyNames: true}, []credential.Held{held(d.card(t, w3c.Format{}, d.me), d.me), {Raw: v11}}, w3c.Context},
		"version 1.1":               {w3c.Format{}, []credential.Held{held(v11, d.me)}, w3c.ContextV1},
		"of another format":         {w3c.Format{}, []credential.Held{{Raw: []byte("eyJ.e30.AA~x_-"), MediaType: "application/vc+jwt", Signer: d.me}}, w3c.Context},
		"of several formats":        {statements, []credential.Held{{Raw: []byte("eyJ.e30.AA"), MediaType: "application/vc+jwt", Signer: d.me}, {Raw: d.card(t, statements, d.me)}}, w3c.Context},
		"with bytes that need care": {w3c.Format{}, []credential.Held{{Raw: []byte("ey,%/\x00é"), MediaType: "application/vc+jwt", Signer: d.me}}, w3c.Context},
	} {
		raw := d.present(t, c.f, c.held...)
		v := d.v
		if c.f.InsecureAnyNames {
			v = verifierWith(t, d, c.f)
		}
		require.Contains(t, string(raw[:len(c.want)+20]), `{"@context":["`+c.want, name)
		r, err := v.VerifyPresentation(ctx, raw, d.policy)
		require.NoError(t, err, name)
		require.Len(t, r.Results, len(c.held), name)
		require.Equal(t, d.me.Key().ID, r.Holder[0].ID)
		for i, h := range c.held {
			if h.MediaType != "" {
				require.Equal(t, string(h.Raw), r.Results[i].Credential.Payload, name)
			}
			require.Equal(t, "Government", r.Results[i].Signatories[0].Authority.Authority)
		}
		_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat, "a presentation is no credential")
	}
}

func verifierWith(t *testing.T, d *desk, f w3c.Format) *credential.Verifier {
	list, err := trustlist.New(trustlist.Info{Name: "test"}, entry(d.gov, "Government"))
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{f}, Keys: key.Resolver{}, Trust: list})
	require.NoError(t, err)
	return v
}

// edit changes members of a signed presentation.
func edit(t testing.TB, raw []byte, f func(map[string]any)) []byte {
	t.Helper()
	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	f(doc)
	return marshal(t, doc)
}

// What a presenter may try.
func TestPromisePresentationIsTheHoldersForThisExchange(t *testing.T) {
	d := newDesk(t)
	for suite, f := range map[string]w3c.Format{"JSON": {}, "statements": statements} {
		mine, eves := d.card(t, f, d.me), d.card(t, f, d.eve)
		sign := func(o dataintegrity.Options, by party, doc string) []byte {
			o.Cryptosuite = ""
			raw, err := dataintegrity.Sign(ctx, []byte(doc), by, o)
			require.NoError(t, err)
			return raw
		}
		vp := func(holder string, cards ...[]byte) string {
			return `{"@context":["` + w3c.Context + `"],"type":"VerifiablePresentation","holder":"` + holder + `","verifiableCredential":[` + joined(cards) + `]}`
		}
		good := d.present(t, f, held(mine, d.me))
		right := dataintegrity.Options{Purpose: proof.Authentication, Challenge: "n-1", Domain: []string{"https://border.example"}}
		with := func(c func(*dataintegrity.Options)) dataintegrity.Options { o := right; c(&o); return o }
		for name, c := range map[string]struct {
			raw  []byte
			want error
		}{
			"eve presents mine":          {d.present(t, f, held(mine, d.eve)), credential.ErrHolder},
			"eve presents hers and mine": {d.present(t, f, held(eves, d.eve), credential.Held{Raw: mine}), credential.ErrHolder},
			"eve signs in my name":       {sign(right, d.eve, vp(d.me.did, mine)), credential.ErrHolder},
			"eve adds mine to hers":      {edit(t, d.present(t, f, held(eves, d.eve)), func(m map[string]any) { m["verifiableCredential"] = json.RawMessage("[" + string(mine) + "]") }), credential.ErrHolder},
			"a content added": {edit(t, good, func(m map[string]any) {
				m["verifiableCredential"] = json.RawMessage("[" + joined([][]byte{mine, mine}) + "]")
			}), credential.ErrHolder},
			"no content left":               {edit(t, good, func(m map[string]any) { delete(m, "verifiableCredential") }), credential.ErrHolder},
			"the holder renamed":            {edit(t, good, func(m map[string]any) { m["holder"] = d.eve.did }), credential.ErrHolder},
			"the holder removed":            {edit(t, good, func(m map[string]any) { delete(m, "holder") }), credential.ErrHolder},
			"the proof removed":             {edit(t, good, func(m map[string]any) { delete(m, "proof") }), credential.ErrHolder},
			"another challenge written in":  {edit(t, sign(with(func(o *dataintegrity.Options) { o.Challenge = "n-0" }), d.me, vp(d.me.did, mine)), func(m map[string]any) { m["proof"].(map[string]any)["challenge"] = "n-1" }), proof.ErrMismatch},
			"made for yesterday's exchange": {sign(with(func(o *dataintegrity.Options) { o.Challenge = "n-0" }), d.me, vp(d.me.did, mine)), w3c.ErrBinding},
			"without challenge":             {sign(with(func(o *dataintegrity.Options) { o.Challenge = "" }), d.me, vp(d.me.did, mine)), w3c.ErrBinding},
			"made for another desk":         {sign(with(func(o *dataintegrity.Options) { o.Domain = []string{"https://shop.example"} }), d.me, vp(d.me.did, mine)), w3c.ErrBinding},
			"made for no desk":              {sign(with(func(o *dataintegrity.Options) { o.Domain = nil }), d.me, vp(d.me.did, mine)), w3c.ErrBinding},
			"part of the desk's name":       {sign(with(func(o *dataintegrity.Options) { o.Domain = []string{"https://border.example.evil.example"} }), d.me, vp(d.me.did, mine)), w3c.ErrBinding},
			"made to issue":                 {sign(with(func(o *dataintegrity.Options) { o.Purpose = proof.AssertionMethod }), d.me, vp(d.me.did, mine)), credential.ErrHolder},
			"made yesterday, for a while":   {sign(with(func(o *dataintegrity.Options) { o.Expires = now.Add(-time.Second) }), d.me, vp(d.me.did, mine)), credential.ErrExpired},
			"one of two signatures is bad":  {edit(t, sign(right, d.eve, string(sign(right, d.me, vp("urn:x", mine)))), func(m map[string]any) { m["proof"].([]any)[1].(map[string]any)["created"] = "2026-05-18T00:00:00Z" }), credential.ErrHolder},
			"a content changed":             {edit(t, good, func(m map[string]any) { card(m)["name"] = "x" }), credential.ErrSignature},
			"a presentation inside":         {sign(right, d.me, vp(d.me.did, good)), credential.ErrFormat},
			"a content of no format":        {sign(right, d.me, vp(d.me.did, []byte(`{"@context":"`+w3c.Context+`","type":"EnvelopedVerifiableCredential","id":"data:application/vc+cose;base64,0oRA"}`))), credential.ErrFormat},
			"a content without its proof":   {sign(right, d.me, vp(d.me.did, edit(t, mine, func(m map[string]any) { delete(m, "proof") }))), credential.ErrSignature},
		} {
			r, err := d.v.VerifyPresentation(ctx, c.raw, d.policy)
			require.Nil(t, r, name)
			require.ErrorIs(t, err, c.want, "%s: %s", suite, name)
			for _, personal := range []string{"Amina", "X1234567"} {
				require.NotContains(t, err.Error(), personal)
			}
		}
		_, err := d.v.VerifyPresentation(ctx, good, d.policy)
		require.NoError(t, err)
		// Presented once more, elsewhere or later, it is worth nothing.
		for _, b := range []credential.Binding{{Audience: "https://border.example", Nonce: "n-2"}, {Audience: "https://shop.example", Nonce: "n-1"}} {
			p := d.policy
			p.Binding = b
			_, err := d.v.VerifyPresentation(ctx, good, p)
			require.ErrorIs(t, err, w3c.ErrBinding)
			require.ErrorIs(t, err, credential.ErrHolder)
		}
		p := d.policy
		p.Binding.Audience = ""
		_, err = d.v.VerifyPresentation(ctx, good, p)
		require.NoError(t, err, "no audience asked for")
		_, err = d.v.VerifyPresentation(ctx, sign(with(func(o *dataintegrity.Options) { o.Domain = []string{"a", "https://border.example"} }), d.me, vp(d.me.did, mine)), d.policy)
		require.NoError(t, err, "one of several domains")
	}
}

func joined(cards [][]byte) string {
	var out []string
	for _, c := range cards {
		out = append(out, string(c))
	}
	return strings.Join(out, ",")
}

// card is the first of a presentation's contents.
func card(m map[string]any) map[string]any {
	return m["verifiableCredential"].([]any)[0].(map[string]any)
}

func TestPresentationOptions(t *testing.T) {
	d := newDesk(t)
	mine, eves := d.card(t, w3c.Format{}, d.me), d.card(t, w3c.Format{}, d.eve)
	broken := edit(t, eves, func(m map[string]any) { m["name"] = "x" })
	// Two holders, each of one card: both sign, and neither is named.
	both := d.present(t, w3c.Format{}, held(mine, d.me), held(eves, d.eve), held(mine, d.me))
	require.NotContains(t, string(both), `"holder"`)
	r, err := d.v.VerifyPresentation(ctx, both, d.policy)
	require.NoError(t, err)
	require.Len(t, r.Holder, 2)
	require.Len(t, r.Results, 3)

	unsigned := []byte(`{"@context":["` + w3c.Context + `"],"type":["VerifiablePresentation"],"verifiableCredential":` + string(mine) + `}`)
	p := d.policy
	_, err = d.v.VerifyPresentation(ctx, unsigned, p)
	require.ErrorIs(t, err, credential.ErrHolder)
	p.AllowBearer = true
	r, err = d.v.VerifyPresentation(ctx, unsigned, p)
	require.NoError(t, err)
	require.Empty(t, r.Holder)
	named := edit(t, unsigned, func(m map[string]any) { m["holder"] = d.me.did })
	_, err = d.v.VerifyPresentation(ctx, named, d.policy)
	require.ErrorIs(t, err, credential.ErrHolder)

	p = d.policy
	p.AnyHolder = true
	_, err = d.v.VerifyPresentation(ctx, d.present(t, w3c.Format{}, held(mine, d.eve)), p)
	require.NoError(t, err)

	some := d.present(t, w3c.Format{}, held(mine, d.me), credential.Held{Raw: broken}, credential.Held{Raw: []byte("x"), MediaType: "application/dc+sd-jwt"})
	_, err = d.v.VerifyPresentation(ctx, some, d.policy)
	var e *credential.Error
	require.ErrorAs(t, err, &e)
	require.NoError(t, e.Contents[0])
	require.ErrorIs(t, e.Contents[1], credential.ErrSignature)
	require.ErrorIs(t, e.Contents[2], credential.ErrOtherFormat)
	p = d.policy
	p.AllowPartial = true
	r, err = d.v.VerifyPresentation(ctx, some, p)
	require.NoError(t, err)
	require.NotNil(t, r.Results[0])
	require.Nil(t, r.Results[1])

	replayed := d.present(t, w3c.Format{}, held(mine, d.me))
	p = credential.Policy{Time: now, InsecureAnyBinding: true}
	_, err = d.v.VerifyPresentation(ctx, replayed, p)
	require.NoError(t, err)
}

func TestPresentRefuses(t *testing.T) {
	d := newDesk(t)
	mine := d.card(t, w3c.Format{}, d.me)
	issuing, err := proof.NewSigner(nil, proof.Key{})
	require.Error(t, err)
	require.Nil(t, issuing)
	only := d.me.Key()
	only.Purposes = []proof.Purpose{proof.AssertionMethod}
	nobody := d.me.Key()
	nobody.ID = ""
	for name, c := range map[string]struct {
		f    w3c.Format
		held []credential.Held
		want error
	}{
		"nothing": {w3c.Format{}, nil, w3c.ErrModel}, "too much": {w3c.Format{}, make([]credential.Held, 33), w3c.ErrModel}, "nobody signs": {w3c.Format{}, []credential.Held{{Raw: mine}}, proof.ErrKey},
		"a key to issue with":   {w3c.Format{}, []credential.Held{{Raw: mine, Signer: posingSigner{d.me, only}}}, proof.ErrKey},
		"a key without name":    {w3c.Format{}, []credential.Held{{Raw: mine, Signer: posingSigner{d.me, nobody}}}, proof.ErrKey},
		"another kind of key":   {w3c.Format{Suites: []string{dataintegrity.ECDSAJCS2019}}, []credential.Held{held(mine, d.me)}, proof.ErrKey},
		"a presentation":        {w3c.Format{}, []credential.Held{held(d.present(t, w3c.Format{}, held(mine, d.me)), d.me)}, w3c.ErrModel},
		"a broken credential":   {w3c.Format{}, []credential.Held{held([]byte(`{"@context":["`+w3c.Context+`"],"type":"VerifiableCredential"}`), d.me)}, w3c.ErrModel},
		"without media type":    {w3c.Format{}, []credential.Held{held([]byte("ey"), d.me)}, w3c.ErrModel},
		"no media type":         {w3c.Format{}, []credential.Held{{Raw: []byte("ey"), MediaType: "jwt", Signer: d.me}}, w3c.ErrModel},
		"media type and more":   {w3c.Format{}, []credential.Held{{Raw: []byte("ey"), MediaType: `a/b,","x":"`, Signer: d.me}}, w3c.ErrModel},
		"media type and params": {w3c.Format{}, []credential.Held{{Raw: []byte("ey"), MediaType: `a/b;base64`, Signer: d.me}}, w3c.ErrModel},
		"empty":                 {w3c.Format{}, []credential.Held{{MediaType: "application/vc+jwt", Signer: d.me}}, w3c.ErrModel},
		"too long":              {w3c.Format{}, []credential.Held{{Raw: make([]byte, 1<<20), MediaType: "application/vc+jwt", Signer: d.me}}, w3c.ErrModel},
	} {
		raw, err := c.f.Present(ctx, c.held, d.policy.Binding)
		require.Nil(t, raw, name)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err = w3c.Format{}.Present(ctx, []credential.Held{held(mine, d.me)}, credential.Binding{Audience: "x"})
	require.ErrorIs(t, err, w3c.ErrBinding)
}

func TestPresentationModel(t *testing.T) {
	p := newParty(t, nil)
	card := string(issue(t, content(p.did), p))
	base := func() map[string]any {
		return map[string]any{"@context": []any{w3c.Context}, "type": []any{w3c.PresentationType}, "holder": p.did, "verifiableCredential": []any{json.RawMessage(card)}}
	}
	envelope := func(id string) string {
		return `{"@context":["` + w3c.Context + `"],"type":"EnvelopedVerifiableCredential","id":"` + id + `"}`
	}
	for _, c := range []change{
		{"@context", `["https://www.w3.org/ns/credentials/examples/v2","https://www.w3.org/ns/credentials/v2"]`}, {"@context", `"https://www.w3.org/ns/credentials/v2"`}, {"@context", `["https://www.w3.org/ns/credentials/v2",1]`},
		{"id", `"x"`}, {"id", `null`}, {"id", `["urn:a"]`}, {"type", `["VerifiablePresentation","VerifiablePresentation"]`}, {"type", `["VerifiablePresentation",1]`},
		{"holder", `null`}, {"holder", `{}`}, {"holder", `{"name":"x"}`}, {"holder", `["did:example:a"]`}, {"holder", `"me"`}, {"holder", `{"id":"me"}`},
		{"verifiableCredential", `null`}, {"verifiableCredential", `"ey"`}, {"verifiableCredential", `[]`}, {"verifiableCredential", `["ey"]`}, {"verifiableCredential", `[` + card + `,1]`}, {"verifiableCredential", `["https://a.example/vc"]`}, {"verifiableCredential", `[[` + card + `]]`}, {"verifiableCredential", `{}`}, {"verifiableCredential", `{"type":"VerifiableCredential"}`},
		{"verifiableCredential", envelope("https://a.example")}, {"verifiableCredential", envelope("eyJ.e30.AA")}, {"verifiableCredential", envelope("data:application/vc+jwt")}, {"verifiableCredential", envelope("data:application/vc+jwt,")}, {"verifiableCredential", envelope("data:,ey")}, {"verifiableCredential", envelope("data:application/vc+cose;base64,***")}, {"verifiableCredential", envelope("data:application/vc+jwt,%zz")}, {"verifiableCredential", envelope(`data:application/vc+cose;base64,AA\nAA`)},
		{"verifiableCredential", `{"@context":["` + w3c.Context + `"],"type":"EnvelopedVerifiableCredential"}`}, {"verifiableCredential", `{"@context":["` + w3c.Context + `"],"type":["EnvelopedVerifiableCredential","X"],"id":"data:application/jwt,ey"}`}, {"verifiableCredential", `{"@context":[],"type":"EnvelopedVerifiableCredential","id":"data:application/jwt,ey"}`}, {"verifiableCredential", `{"@context":"` + w3c.ContextV1 + `","type":"EnvelopedVerifiableCredential","id":"data:application/jwt,ey"}`},
		{"termsOfUse", `{}`}, {"@graph", `[]`}, {"undefinedTerm", `1`}, {"termsOfUse", `{"type":"Undefined"}`}, {"proof", `null`}, {"proof", `[]`},
	} {
		_, err := w3c.Format{}.Parse(marshal(t, apply(t, base(), c)), "")
		require.Error(t, err, "%v", c)
		require.NotErrorIs(t, err, credential.ErrOtherFormat, "%v", c)
		if !strings.HasPrefix(c.path, "@") || c.path == "@context" {
			require.ErrorContains(t, err, c.path, "%v", c)
		}
	}
	for _, c := range []change{
		{"holder", ``}, {"holder", `{"id":"did:example:a","name":"x"}`}, {"id", `"urn:uuid:1"`}, {"type", `"VerifiablePresentation"`}, {"type", `["https://a.example/Type","VerifiablePresentation"]`}, {"termsOfUse", `{"type":"https://a.example/Terms"}`}, {"verifiableCredential", card}, {"verifiableCredential", ``},
	} {
		env, err := w3c.Format{}.Parse(marshal(t, apply(t, base(), c)), "")
		require.NoError(t, err, "%v", c)
		require.NotNil(t, env.Contents, "%v", c)
		require.Nil(t, env.Credential)
	}
}

func TestEnvelopedContents(t *testing.T) {
	p := newParty(t, nil)
	for id, want := range map[string]credential.Content{
		"data:application/vc+jwt,eyJ.e30.AA":                       {MediaType: "application/vc+jwt", Raw: []byte("eyJ.e30.AA")},
		"data:application/vp+jwt,eyJ.e30.AA":                       {MediaType: "application/vp+jwt", Raw: []byte("eyJ.e30.AA")},
		"data:application/vc+sd-jwt,eyJ.e30.AA~WyJ~":               {MediaType: "application/vc+sd-jwt", Raw: []byte("eyJ.e30.AA~WyJ~")},
		"data:application/vc+cose;base64,0oRD+/8=":                 {MediaType: "application/vc+cose", Raw: []byte{0xd2, 0x84, 0x43, 0xfb, 0xff}},
		"data:application/vc+cose;base64,0oRD%2B/8":                {MediaType: "application/vc+cose", Raw: []byte{0xd2, 0x84, 0x43, 0xfb, 0xff}},
		"data:application/jwt,eyJ":                                 {MediaType: "application/jwt", Raw: []byte("eyJ")},
		"DATA:Application/VC+JWT;charset=utf-8,eyJ%2E":             {MediaType: "application/vc+jwt", Raw: []byte("eyJ.")},
		"data:application/vc+jwt;base64," + b64("eyJ.e30.AA") + "": {MediaType: "application/vc+jwt", Raw: []byte("eyJ.e30.AA")},
	} {
		for _, context := range []string{`"` + w3c.Context + `"`, `["` + w3c.Context + `","https://www.w3.org/ns/credentials/examples/v2"]`} {
			doc := fmt.Sprintf(`{"@context":[%q],"type":"VerifiablePresentation","verifiableCredential":[{"@context":%s,"type":["EnvelopedVerifiableCredential"],"id":%q},%s]}`, w3c.Context, context, id, issue(t, content(p.did), p))
			env, err := w3c.Format{}.Parse([]byte(doc), "")
			require.NoError(t, err, id)
			require.Equal(t, want, env.Contents[0], id)
			require.Equal(t, "application/vc", env.Contents[1].MediaType)
		}
	}
	// On their own they are for the formats of what is inside.
	for _, kind := range []string{`"EnvelopedVerifiableCredential"`, `["EnvelopedVerifiablePresentation"]`} {
		_, err := w3c.Format{}.Parse([]byte(`{"@context":"`+w3c.Context+`","type":`+kind+`,"id":"data:application/vp+jwt,eyJ.e30.AA"}`), "")
		require.ErrorIs(t, err, credential.ErrOtherFormat)
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
