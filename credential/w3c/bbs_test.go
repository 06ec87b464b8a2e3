package w3c_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// bbsParty is someone with a key of BBS.
func bbsParty(t testing.TB) party {
	t.Helper()
	secret, err := bbs.GenerateKey()
	require.NoError(t, err)
	k, err := key.Key(secret.Public())
	require.NoError(t, err)
	s, err := bbs.NewSigner(secret, *k)
	require.NoError(t, err)
	return party{s, k.Controllers[0]}
}

// unlinkable is the format that issues with bbs-2023, and verifies it.
func unlinkable(t testing.TB, more ...string) w3c.Format {
	f := pilgrim(t, append([]string{dataintegrity.BBS2023}, more...)...)
	f.BBS = bbs.Scheme{}
	return f
}

func TestDeriveBBS(t *testing.T) {
	gov := bbsParty(t)
	f := unlinkable(t)
	v := verifierOf(t, f)
	raw := issueAs(t, f, strict(gov.did), gov)
	_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)
	require.ErrorIs(t, err, dataintegrity.ErrBase)

	shown := show(t, f, raw, "/credentialSubject/givenName", "/credentialSubject/vaccinations/1/product")
	res, err := v.Verify(ctx, shown, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, gov.did, res.Credential.Issuers[0])
	require.Equal(t, proof.Same(gov.Key().Public, res.Signatories[0].Key.Public), true)
	var claims struct{ CredentialSubject map[string]any }
	require.NoError(t, res.Credential.Claims(&claims))
	require.Equal(t, map[string]any{"id": "did:example:pilgrim", "givenName": "Amina", "vaccinations": []any{map[string]any{"product": "Stamaril"}}}, claims.CredentialSubject)
	for _, hidden := range []string{"X1234567", "Polio", "Example", "1970"} {
		require.NotContains(t, string(shown), hidden)
	}
	require.False(t, res.Credential.ValidUntil.IsZero(), "what limits it is always shown")
	again := show(t, f, raw, "/credentialSubject/givenName", "/credentialSubject/vaccinations/1/product")
	require.NotEqual(t, object(t, shown)["proof"], object(t, again)["proof"])

	everything := show(t, f, raw, "")
	_, err = v.Verify(ctx, everything, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, object(t, marshal(t, strict(gov.did))), without(object(t, everything), "proof"))
}

// Pairings are for formats that take them in.
func TestBBSIsOptedInto(t *testing.T) {
	gov := bbsParty(t)
	f, without := unlinkable(t), pilgrim(t, dataintegrity.BBS2023)
	raw := issueAs(t, without, strict(gov.did), gov) // issuing is the signer's work
	shown := show(t, f, raw, "/credentialSubject/id")
	_, err := verifierOf(t, without).Verify(ctx, shown, credential.Policy{Time: now})
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
	require.ErrorIs(t, err, credential.ErrFormat)
	_, err = without.Derive(ctx, credential.Held{Raw: raw, Show: []string{"/credentialSubject/id"}}, credential.Binding{})
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
	d, err := w3c.FromJSON(marshal(t, strict(gov.did)))
	require.NoError(t, err)
	_, err = f.Seal(ctx, d, []proof.Signer{newParty(t, nil)})
	require.ErrorIs(t, err, proof.ErrKey, "Ed25519 signs no lists of messages")
	_, err = w3c.Format{}.Seal(ctx, d, []proof.Signer{gov})
	require.Error(t, err, "its suite must be named")
}

// The nonce of an exchange is bound by the derived proof and, in a presentation,
// by the holder's signature, which is what counts.
func TestPresentBBS(t *testing.T) {
	d := newDesk(t)
	d.gov = bbsParty(t)
	f := unlinkable(t)
	raw := issueAs(t, f, apply(t, strict(d.gov.did), change{"credentialSubject/id", `"` + d.me.did + `"`}), d.gov)
	_, err := f.Present(ctx, []credential.Held{held(raw, d.me)}, d.policy.Binding)
	require.ErrorIs(t, err, dataintegrity.ErrBase)
	vp, err := credential.Present(ctx, f, []credential.Held{{Raw: raw, Signer: d.me, Format: f, Show: []string{"/credentialSubject/fit"}}}, d.policy.Binding)
	require.NoError(t, err)
	v := verifierOf(t, f)
	_, err = v.VerifyPresentation(ctx, vp, d.policy)
	require.NoError(t, err)
	other := d.policy
	other.Binding.Nonce = "another"
	_, err = v.VerifyPresentation(ctx, vp, other)
	require.ErrorIs(t, err, w3c.ErrBinding)

	alone, err := credential.Present(ctx, nil, []credential.Held{{Raw: raw, Format: f, Show: []string{"/credentialSubject/fit"}}}, d.policy.Binding)
	require.NoError(t, err)
	doc, err := dataintegrity.Parser{RDF: f.RDF, BBS: f.BBS}.Parse(alone)
	require.NoError(t, err)
	require.Equal(t, d.policy.Binding.Nonce, string(doc.Proofs[0].Presentation))
	require.NotEmpty(t, d.policy.Binding.Nonce)
}

// Of a set, what can be derived stays; bbs-2023 and ecdsa-sd-2023 go together.
func TestBBSInProofSets(t *testing.T) {
	gov := bbsParty(t)
	f := unlinkable(t, dataintegrity.EdDSARDFC2022)
	raw := issueAs(t, f, strict(gov.did), gov, newParty(t, nil))
	shown := show(t, f, raw, "/credentialSubject/id")
	res, err := verifierOf(t, f).Verify(ctx, shown, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Len(t, res.Signatories, 1)
}

// Nothing but another spelling of the same verifies: changes of the document, in
// every place. Those of the proof value are tested beside the cryptosuite.
func TestPromiseBBSShowsWhatWasSigned(t *testing.T) {
	gov := bbsParty(t)
	f := unlinkable(t)
	doc := apply(t, strict(gov.did), change{"credentialSubject/vaccinations", `[{"disease":"Polio","dose":4}]`})
	shown := show(t, f, issueAs(t, f, doc, gov), "/credentialSubject/vaccinations/0", "/credentialSubject/fit")
	v := verifierOf(t, f)
	j := judge{t, f.RDF.(*rdf.Canonicalizer), true}
	original, err := jcs.Parse(shown)
	require.NoError(t, err)
	want := j.meaning(original)
	unsecured := original.Append(nil, "proof")
	secured := append([]byte(`,"proof":`), original.Member("proof").Append(nil)...)
	tried, same := 0, 0
	try := func(what string, mutated []byte) {
		end := bytes.LastIndexByte(mutated, '}')
		if end < 0 {
			return
		}
		tried++
		raw := append(append(append([]byte{}, mutated[:end]...), secured...), mutated[end:]...)
		if _, err := v.Verify(ctx, raw, credential.Policy{Time: now}); err != nil {
			return
		}
		same++
		m, err := jcs.Parse(raw)
		require.NoError(t, err, what)
		require.Equal(t, want, j.meaning(m), "accepted: %s", what)
	}
	mutations(unsecured, try)
	wider(unsecured, try)
	contextual(unsecured, try)
	fmt.Printf("mutations of bbs-2023: %d tried, %d the same\n", tried, same)
	require.Greater(t, tried, 5000)
	require.NotZero(t, same)
}
