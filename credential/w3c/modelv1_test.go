package w3c_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

func TestModelV1Refuses(t *testing.T) {
	for _, c := range []change{
		{"@context", `["https://a.example","https://www.w3.org/2018/credentials/v1"]`}, {"@context", `"https://www.w3.org/2018/credentials/v1"`}, {"@context", `["https://www.w3.org/2018/credentials/v1",null]`},
		{"type", `["Card"]`}, {"type", ``}, {"issuer", ``}, {"issuer", `"x"`}, {"issuer", `{"name":"x"}`}, {"id", `"x"`}, {"id", `null`},
		{"issuanceDate", ``}, {"issuanceDate", `null`}, {"issuanceDate", `"2026-05-01"`}, {"issuanceDate", `1777593600`}, {"expirationDate", `"soon"`}, {"expirationDate", `null`}, {"validUntil", `"soon"`}, {"validFrom", `1`},
		{"credentialSubject", ``}, {"credentialSubject", `{}`}, {"credentialSubject", `[{"a":1},{}]`}, {"credentialSubject", `"did:example:a"`},
		{"credentialStatus", `{"type":"A"}`}, {"credentialStatus", `{"id":"urn:a"}`}, {"credentialStatus", `{"id":"a","type":"A"}`}, {"credentialStatus", `{"id":"urn:a","type":"StatusList2021Entry"}`},
		{"refreshService", `{"type":"A"}`}, {"refreshService", `{"id":"urn:a"}`}, {"credentialSchema", `{"type":"A"}`}, {"credentialSchema", `{"id":"urn:a"}`}, {"termsOfUse", `{"id":"urn:a"}`}, {"evidence", `{"id":"urn:a"}`}, {"@id", `"urn:a"`},
	} {
		doc := marshal(t, apply(t, v1("did:example:issuer", "did:example:subject"), c))
		_, err := w3c.FromJSON(doc)
		require.ErrorIs(t, err, w3c.ErrModel, "%v", c)
		if strings.HasPrefix(c.path, "@") {
			continue
		}
		require.ErrorContains(t, err, c.path, "%v", c)
		_, err = w3c.Format{}.Parse(doc, "")
		require.ErrorIs(t, err, w3c.ErrModel, "%v", c)
	}
	_, err := w3c.FromJSON(marshal(t, apply(t, v1("did:example:issuer", "did:example:s"), change{"expirationDate", `"2026-04-30T00:00:00Z"`})))
	require.ErrorIs(t, err, w3c.ErrModel)
}

func TestModelV1Accepts(t *testing.T) {
	from, until := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		change
		from, until time.Time
	}{
		{change{"id", `"urn:uuid:1"`}, from, until},
		{change{"expirationDate", ``}, from, time.Time{}},
		{change{"issuanceDate", `"2026-05-01T00:00:00.5-06:00"`}, from.Add(6*time.Hour + 500*time.Millisecond), until},
		{change{"validFrom", `"2026-06-01T00:00:00Z"`}, from.AddDate(0, 1, 0), until},
		{change{"validFrom", `"2026-04-01T00:00:00Z"`}, from, until},
		{change{"validUntil", `"2026-07-01T00:00:00Z"`}, from, until.AddDate(0, -1, 0)},
		{change{"validUntil", `"2026-09-01T00:00:00Z"`}, from, until},
		{change{"name", `{"value":"of no kind that 2.0 knows"}`}, from, until},
		{change{"refreshService", `{"id":"urn:a","type":"A"}`}, from, until},
		{change{"credentialStatus", `{"id":"urn:a","type":"A"}`}, from, until},
	} {
		d, err := w3c.FromJSON(marshal(t, apply(t, v1("did:example:issuer", "did:example:subject"), c.change)))
		require.NoError(t, err, "%v", c)
		require.True(t, d.ValidFrom.Equal(c.from), "%v", c)
		require.True(t, d.ValidUntil.Equal(c.until), "%v", c)
		require.Equal(t, []string{"Card"}, d.Types)
		require.Equal(t, "did:example:subject", d.Subject)
	}
	d, err := w3c.FromJSON(marshal(t, apply(t, v1("did:example:issuer", "did:example:s"), change{"credentialStatus", `{"id":"https://a.example/1#7","type":"StatusList2021Entry","statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://a.example/1"}`})))
	require.NoError(t, err)
	require.Equal(t, []credential.StatusRef{{Type: "StatusList2021Entry", Purpose: "revocation", List: "https://a.example/1", Index: 7}}, d.Status)
}

// A credential of version 1.1 gets the context of its proof.
func TestSealV1(t *testing.T) {
	p := newParty(t, nil)
	doc := v1(p.did, "did:example:subject")
	const inline = `{"@vocab":"https://health.example/terms#"}`
	for suite, want := range map[string]string{
		dataintegrity.EdDSAJCS2022:         `["https://www.w3.org/2018/credentials/v1",` + inline + `,"https://w3id.org/security/data-integrity/v2"]`,
		dataintegrity.EdDSARDFC2022:        `["https://www.w3.org/2018/credentials/v1",` + inline + `,"https://w3id.org/security/data-integrity/v2"]`,
		dataintegrity.Ed25519Signature2020: `["https://www.w3.org/2018/credentials/v1",` + inline + `,"https://w3id.org/security/suites/ed25519-2020/v1"]`,
	} {
		f := w3c.Format{Suites: []string{suite}, InsecureAnyNames: true} // for the inline context
		raw := issueAs(t, f, doc, p)
		require.Contains(t, string(raw), `{"@context":`+want+`,`, suite)
		res, err := verifierOf(t, f).Verify(ctx, raw, credential.Policy{Time: now})
		require.NoError(t, err, suite)
		require.Equal(t, []string{p.did}, res.Credential.Issuers)
		_, err = verifierOf(t, f).Verify(ctx, raw, credential.Policy{Time: now.AddDate(1, 0, 0)})
		require.ErrorIs(t, err, credential.ErrExpired)
		_, err = w3c.Format{}.Parse(raw, "")
		require.Equal(t, suite != dataintegrity.EdDSAJCS2022, err != nil, "inline contexts are signed where the JSON is")
	}
	// Nothing is added where it is there.
	doc["@context"] = []any{w3c.ContextV1, "https://w3id.org/security/data-integrity/v1", "https://www.w3.org/ns/credentials/undefined-terms/v2"}
	raw := issueAs(t, statements, doc, p)
	require.NotContains(t, string(raw), "data-integrity/v2")
	_, err := verifierOf(t, w3c.Format{}).Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
}

func TestRelatedResources(t *testing.T) {
	p := newParty(t, nil)
	const url = "https://health.example/terms.pdf"
	have := w3c.Format{Resources: map[string][]byte{url: []byte("terms")}}
	resource := func(id, digest string) change {
		return change{"relatedResource", `[{"id":"` + id + `","mediaType":"application/pdf","digestMultibase":"` + digest + `"}]`}
	}
	right, wrong := multibaseOf("terms"), multibaseOf("other terms")
	seal := func(f w3c.Format, c change) error {
		d, err := w3c.FromJSON(marshal(t, apply(t, content(p.did), c)))
		require.NoError(t, err)
		_, err = f.Seal(ctx, d, []proof.Signer{p})
		return err
	}
	for _, suites := range [][]string{nil, statements.Suites} {
		f := have
		f.Suites = suites
		raw := issueAs(t, f, apply(t, content(p.did), resource(url, right)), p)
		res, err := verifierOf(t, f).Verify(ctx, raw, credential.Policy{Time: now})
		require.NoError(t, err)
		require.False(t, tolerated(res), "it was checked")
		err = seal(f, resource(url, wrong))
		require.ErrorIs(t, err, w3c.ErrModel)
		require.ErrorContains(t, err, "relatedResource[0]")
		// The verifier has another one than the issuer.
		other := w3c.Format{Resources: map[string][]byte{url: []byte("other terms")}}
		_, err = verifierOf(t, other).Verify(ctx, raw, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat)
		// Or none.
		res, err = verifierOf(t, w3c.Format{}).Verify(ctx, raw, credential.Policy{Time: now})
		require.NoError(t, err)
		require.True(t, tolerated(res))
		_, err = verifierOf(t, w3c.Format{Strict: true}).Verify(ctx, raw, credential.Policy{Time: now})
		require.ErrorIs(t, err, w3c.ErrResource)
	}
	// The built-in contexts are at hand.
	const v2 = `{"id":"https://www.w3.org/ns/credentials/v2","digestMultibase":"uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"}`
	res, err := verifierOf(t, w3c.Format{}).Verify(ctx, issue(t, apply(t, content(p.did), change{"relatedResource", v2}), p), credential.Policy{Time: now})
	require.NoError(t, err)
	require.False(t, tolerated(res))
	require.ErrorIs(t, sealError(t, p, change{"relatedResource", strings.Replace(v2, "sknN", "skmN", 1)}), w3c.ErrModel)
	// A digest of a kind that is not known here can't be wrong.
	require.NoError(t, seal(have, resource(url, "uFiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ")))
}

// sealError is why a change makes a document unfit for a draft, or for sealing.
func sealError(t *testing.T, p party, c change) error {
	d, err := w3c.FromJSON(marshal(t, apply(t, content(p.did), c)))
	if err != nil {
		return err
	}
	_, err = w3c.Format{}.Seal(ctx, d, []proof.Signer{p})
	return err
}

func tolerated(r *credential.Result) bool {
	for _, c := range r.Checks {
		if c.Name == credential.CheckFormat && c.Outcome == credential.Tolerated {
			return true
		}
	}
	return false
}
