package w3c_test

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// selective is the format that issues with selective disclosure.
func selective(t testing.TB) w3c.Format { return pilgrim(t, dataintegrity.ECDSASD2023) }

func show(t testing.TB, f w3c.Format, raw []byte, pointers ...string) []byte {
	t.Helper()
	out, err := f.Derive(ctx, credential.Held{Raw: raw, Show: pointers}, credential.Binding{})
	require.NoError(t, err)
	return out
}

func object(t testing.TB, raw []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

func TestDerive(t *testing.T) {
	gov := newParty(t, elliptic.P256())
	f := selective(t)
	v := verifierOf(t, f)
	raw := issueAs(t, f, strict(gov.did), gov)

	_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature, "what is for the holder does not verify")
	require.ErrorIs(t, err, dataintegrity.ErrBase)

	whole := issueAs(t, f, strict(gov.did), gov)
	for name, c := range map[string]struct {
		show    []string
		subject string
	}{
		"one claim":        {[]string{"/credentialSubject/givenName"}, `{"id":"did:example:pilgrim","givenName":"Amina"}`},
		"an element":       {[]string{"/credentialSubject/vaccinations/1"}, `{"id":"did:example:pilgrim","vaccinations":[{"disease":"Yellow fever","product":"Stamaril","date":"2019-02-11","batch":"Y-1","dose":1,"of":1}]}`},
		"inside elements":  {[]string{"/credentialSubject/vaccinations/2/disease", "/credentialSubject/vaccinations/0/date"}, `{"id":"did:example:pilgrim","vaccinations":[{"date":"2026-04-01"},{"disease":"Polio"}]}`},
		"a part and all":   {[]string{"/credentialSubject/vaccinations/0/date", "/credentialSubject/vaccinations/0", "/credentialSubject/vaccinations/0/batch"}, `{"id":"did:example:pilgrim","vaccinations":[{"disease":"Meningitis ACWY","product":"MenQuadfi","date":"2026-04-01","batch":"M-1","dose":1,"of":1}]}`},
		"the subject's id": {[]string{"/credentialSubject/id"}, `{"id":"did:example:pilgrim"}`},
		"numbers":          {[]string{"/credentialSubject/weight", "/credentialSubject/fit"}, `{"id":"did:example:pilgrim","weight":61.5,"fit":true}`},
	} {
		shown := show(t, f, raw, c.show...)
		res, err := v.Verify(ctx, shown, credential.Policy{Time: now})
		require.NoError(t, err, name)
		var got map[string]any
		require.NoError(t, res.Credential.Claims(&got))
		want := strict(gov.did)
		want["credentialSubject"] = json.RawMessage(c.subject)
		delete(want, "name") // it was not made mandatory
		require.JSONEq(t, string(marshal(t, want)), string(marshal(t, got)), name)
		require.Equal(t, "did:example:pilgrim", res.Credential.Subject)
		require.NotContains(t, string(shown), "X1234567", name)
	}
	all := show(t, f, whole, "")
	require.Equal(t, object(t, marshal(t, strict(gov.did))), without(object(t, all), "proof"), "everything is a part too")
	_, err = v.Verify(ctx, all, credential.Policy{Time: now})
	require.NoError(t, err)
}

func without(m map[string]any, names ...string) map[string]any {
	out := maps.Clone(m)
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// What limits a credential is always shown, whatever the issuer made mandatory.
func TestPromiseHolderCannotHideLimits(t *testing.T) {
	gov := newParty(t, elliptic.P256())
	f := selective(t)
	d, err := w3c.FromJSON(marshal(t, apply(t, strict(gov.did), change{"credentialSchema", `{"id":"https://health.example/schema","type":"JsonSchema"}`}, change{"termsOfUse", `{"type":"VerifiableCredential","id":"urn:terms"}`})))
	require.NoError(t, err)
	d.Status = []credential.StatusRef{{Type: w3c.StatusType, Purpose: "revocation", List: "https://health.example/status/1", Index: 7}}
	d.Mandatory = []string{"/name", "/issuer"}
	raw, err := f.Seal(ctx, d, []proof.Signer{gov})
	require.NoError(t, err)
	shown := show(t, f, raw, "/credentialSubject/fit")
	require.ElementsMatch(t, []string{"@context", "id", "type", "issuer", "name", "validFrom", "validUntil", "credentialStatus", "credentialSchema", "termsOfUse", "credentialSubject", "proof"}, slices.Collect(maps.Keys(object(t, shown))))
	env, err := f.Parse(shown, "")
	require.NoError(t, err)
	require.Equal(t, uint64(7), env.Credential.Status[0].Index)
	require.False(t, env.Credential.ValidUntil.IsZero())

	// A holder who leaves them out by hand has no signature for the rest.
	v := verifierOf(t, f)
	for _, name := range []string{"validUntil", "credentialStatus", "termsOfUse", "name"} {
		_, err := v.Verify(ctx, marshal(t, without(object(t, shown), name)), credential.Policy{Time: now})
		require.Error(t, err, name)
	}
}

func TestDeriveRefuses(t *testing.T) {
	gov := newParty(t, elliptic.P256())
	f := selective(t)
	raw := issueAs(t, f, strict(gov.did), gov)
	derive := func(f w3c.Format, raw []byte, pointers ...string) error {
		_, err := f.Derive(ctx, credential.Held{Raw: raw, Show: pointers}, credential.Binding{})
		return err
	}
	for _, p := range []string{"/nothing", "/credentialSubject/passport/0", "/credentialSubject/vaccinations/3", "/credentialSubject/vaccinations/-", "/credentialSubject/vaccinations/00", "credentialSubject", "/credentialSubject/~2", "/credentialSubject/", "/proof", "/proof/proofValue", "/@context/5"} {
		err := derive(f, raw, "/credentialSubject/id", p)
		require.ErrorIs(t, err, proof.ErrPointer, p)
		require.ErrorContains(t, err, "pointer 1", p)
		require.NotContains(t, err.Error(), "Subject/")
	}
	err := derive(f, raw)
	require.ErrorIs(t, err, w3c.ErrModel, "nothing of the subject is shown")
	require.ErrorContains(t, err, "credentialSubject: missing")
	shown := show(t, f, raw, "/credentialSubject/id")
	require.ErrorIs(t, derive(f, shown, "/credentialSubject/id"), dataintegrity.ErrNotBase, "of what is derived nothing can be")
	require.ErrorIs(t, derive(f, issueAs(t, pilgrim(t), strict(gov.did), gov), "/credentialSubject/id"), dataintegrity.ErrNotBase)
	require.ErrorIs(t, derive(f, marshal(t, strict(gov.did)), "/credentialSubject/id"), dataintegrity.ErrNoProof)
	require.ErrorIs(t, derive(w3c.Format{}, raw, "/credentialSubject/id"), rdf.ErrContext, "without the context")
	require.ErrorIs(t, derive(f, append(slices.Repeat([]byte(" "), 1<<20), raw...)), w3c.ErrModel)
	require.Error(t, derive(f, nil))
	vp, err := dataintegrity.Sign(ctx, []byte(`{"@context":["`+w3c.Context+`"],"type":"VerifiablePresentation"}`), gov, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: f.RDF})
	require.NoError(t, err)
	require.ErrorIs(t, derive(f, vp, "/type"), w3c.ErrModel, "a presentation")
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = f.Derive(done, credential.Held{Raw: raw}, credential.Binding{})
	require.ErrorIs(t, err, context.Canceled)

	d, err := w3c.FromJSON(marshal(t, strict(gov.did)))
	require.NoError(t, err)
	d.Mandatory = []string{"/evidence"}
	_, err = f.Seal(ctx, d, []proof.Signer{gov})
	require.ErrorIs(t, err, proof.ErrPointer)
	require.ErrorContains(t, err, "mandatory: pointer 0")
	_, err = f.Seal(ctx, d, []proof.Signer{newParty(t, elliptic.P384())})
	require.ErrorIs(t, err, proof.ErrKey, "the suite is for P-256 alone")
}

// A base proof is not presented; what is derived from it is.
func TestPresentDerived(t *testing.T) {
	d := newDesk(t)
	d.gov = newParty(t, elliptic.P256())
	f := selective(t)
	raw := issueAs(t, f, apply(t, strict(d.gov.did), change{"credentialSubject/id", `"` + d.me.did + `"`}), d.gov)
	_, err := f.Present(ctx, []credential.Held{held(raw, d.me)}, d.policy.Binding)
	require.ErrorIs(t, err, dataintegrity.ErrBase)

	for name, who := range map[string]party{"with another suite": d.me, "with a key of the suite": d.eve} {
		raw := issueAs(t, f, apply(t, strict(d.gov.did), change{"credentialSubject/id", `"` + who.did + `"`}), d.gov)
		vp, err := credential.Present(ctx, f, []credential.Held{{Raw: raw, Signer: who, Format: f, Show: []string{"/credentialSubject/fit"}}}, d.policy.Binding)
		require.NoError(t, err, name)
		res, err := verifierOf(t, f).VerifyPresentation(ctx, vp, d.policy)
		require.NoError(t, err, name)
		require.Len(t, res.Results, 1)
		require.NotContains(t, string(vp), "Amina")
	}
	alone, err := credential.Present(ctx, nil, []credential.Held{{Raw: raw, Format: f, Show: []string{"/credentialSubject/fit"}}}, d.policy.Binding)
	require.NoError(t, err)
	_, err = verifierOf(t, f).Verify(ctx, alone, credential.Policy{Time: now})
	require.NoError(t, err)
}

// Of a set of proofs those stay that can be derived.
func TestDeriveFromProofSets(t *testing.T) {
	first, second, other := newParty(t, elliptic.P256()), newParty(t, elliptic.P256()), newParty(t, nil)
	f := pilgrim(t, dataintegrity.ECDSASD2023, dataintegrity.EdDSARDFC2022)
	v := verifierOf(t, f)
	raw := issueAs(t, f, strict(first.did), first, other, second)
	shown := show(t, f, raw, "/credentialSubject/id")
	proofs := object(t, shown)["proof"].([]any)
	require.Len(t, proofs, 2)
	res, err := v.Verify(ctx, shown, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Len(t, res.Signatories, 2)

	// Two that have made different things mandatory show both.
	d, err := w3c.FromJSON(marshal(t, strict(first.did)))
	require.NoError(t, err)
	d.Mandatory = []string{"/name"}
	raw, err = f.Seal(ctx, d, []proof.Signer{first})
	require.NoError(t, err)
	raw, err = dataintegrity.Sign(ctx, raw, second, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: f.RDF, Mandatory: []string{"/credentialSubject/vaccinations/2"}})
	require.NoError(t, err)
	shown = show(t, f, raw, "/credentialSubject/fit")
	res, err = v.Verify(ctx, shown, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Len(t, res.Signatories, 2)
	require.Contains(t, string(shown), `"Pilgrim health card"`)
	require.Contains(t, string(shown), `"Polio"`)
	require.NotContains(t, string(shown), `"Yellow fever"`)

	// Unknown proofs beside are nobody's to read here.
	doc := object(t, raw)
	doc["proof"] = append(doc["proof"].([]any), map[string]any{"type": "Unknown"})
	shown = show(t, f, marshal(t, doc), "/credentialSubject/fit")
	_, err = v.Verify(ctx, shown, credential.Policy{Time: now})
	require.NoError(t, err)

	// A base proof among others makes the whole unfit to be shown.
	_, err = v.Verify(ctx, issueAs(t, f, strict(other.did), other, first), credential.Policy{Time: now})
	require.ErrorIs(t, err, dataintegrity.ErrBase)
}

// Version 1.1 has the same.
func TestDeriveV1(t *testing.T) {
	gov := newParty(t, elliptic.P256())
	f := w3c.Format{Suites: []string{dataintegrity.ECDSASD2023}, InsecureAnyNames: true}
	raw := issueAs(t, f, v1(gov.did, "did:example:a"), gov)
	shown := show(t, f, raw, "/credentialSubject/givenName")
	res, err := verifierOf(t, f).Verify(ctx, shown, credential.Policy{Time: now})
	require.NoError(t, err)
	require.False(t, res.Credential.ValidUntil.IsZero())
	_, err = verifierOf(t, w3c.Format{}).Verify(ctx, shown, credential.Policy{Time: now})
	require.Error(t, err, "a context inside the document")
}

// Issuing is parsing what was sealed, and a base proof can be parsed.
func TestIssueSelectiveIsRegistered(t *testing.T) {
	gov := newParty(t, elliptic.P256())
	f := selective(t)
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: []proof.Signer{gov}})
	require.NoError(t, err)
	d, err := w3c.FromJSON(marshal(t, strict(gov.did)))
	require.NoError(t, err)
	before := d.Mandatory
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	require.Equal(t, before, d.Mandatory, "a draft is not changed")
	require.True(t, strings.Contains(string(raw), `"proofValue":"u2V0A`), "the header of base proofs")
	again, err := i.Issue(ctx, d)
	require.NoError(t, err)
	require.NotEqual(t, raw, again, "each has its own key")
	require.False(t, errors.Is(err, dataintegrity.ErrBase))
}
