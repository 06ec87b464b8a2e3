package w3c_test

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

func suites(t testing.TB) map[string]party {
	return map[string]party{"Ed25519": newParty(t, nil), "P-256": newParty(t, elliptic.P256()), "P-384": newParty(t, elliptic.P384())}
}

func TestIssueAndVerify(t *testing.T) {
	for name, p := range suites(t) {
		t.Run(name, func(t *testing.T) {
			raw := issue(t, content(p.did), p)
			v := verifier(t, nil, entry(p, "Ministry", "PilgrimHealthCredential"))
			res, err := v.Verify(ctx, raw, credential.Policy{Time: now, Types: []string{"PilgrimHealthCredential"}, Issuers: []string{p.did}})
			require.NoError(t, err)
			require.Equal(t, "Ministry", res.Signatories[0].Authority.Authority)
			require.Equal(t, now.AddDate(0, 0, -1), res.Credential.Signed)
			// What is returned is what was put in.
			got, err := json.Marshal(res.Credential.Payload)
			require.NoError(t, err)
			require.JSONEq(t, string(marshal(t, content(p.did))), string(got))
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	p, other := newParty(t, nil), newParty(t, nil)
	raw := string(issue(t, content(p.did), p))
	good := verifier(t, nil, entry(p, "Ministry", "PilgrimHealthCredential"))
	at := func(tm time.Time) credential.Policy { return credential.Policy{Time: tm} }
	for name, c := range map[string]struct {
		v    *credential.Verifier
		raw  string
		p    credential.Policy
		want error
	}{
		"claim changed":       {good, strings.Replace(raw, "Amina", "Amine", 1), at(now), credential.ErrSignature},
		"issuer changed":      {good, strings.Replace(raw, `"issuer":{"id":"`+p.did, `"issuer":{"id":"`+other.did, 1), at(now), credential.ErrSignature},
		"key changed":         {good, strings.ReplaceAll(raw, p.Key().ID, other.Key().ID), at(now), credential.ErrSignature},
		"proof removed":       {good, string(marshal(t, content(p.did))), at(now), credential.ErrSignature},
		"proof null":          {good, raw[:strings.Index(raw, `"proof":`)] + `"proof":null}`, at(now), credential.ErrFormat},
		"not trusted":         {verifier(t, nil, entry(other, "Other")), raw, at(now), credential.ErrUntrusted},
		"not for this type":   {verifier(t, nil, entry(p, "Ministry", "TestCredential")), raw, at(now), trustlist.ErrNotGranted},
		"expired":             {good, raw, at(now.AddDate(1, 0, 0)), credential.ErrExpired},
		"not valid yet":       {good, raw, at(now.AddDate(-1, 0, 0)), credential.ErrNotYet},
		"another type wanted": {good, raw, credential.Policy{Time: now, Types: []string{"X"}}, credential.ErrPolicy},
		"presentation":        {good, `{"@context":["` + w3c.Context + `"],"type":"VerifiablePresentation","verifiableCredential":[` + raw + `]}`, at(now), credential.ErrFormat},
		"as a JSON string":    {good, string(marshal(t, raw)), at(now), credential.ErrFormat},
	} {
		_, err := c.v.Verify(ctx, []byte(c.raw), c.p)
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "Amin", name)
	}
}

func TestProofTimesAndPurpose(t *testing.T) {
	p := newParty(t, nil)
	v := verifier(t, nil, entry(p, "Ministry"))
	sign := func(o dataintegrity.Options) []byte {
		raw, err := dataintegrity.Sign(ctx, marshal(t, content(p.did)), p, o)
		require.NoError(t, err)
		return raw
	}
	_, err := v.Verify(ctx, sign(dataintegrity.Options{Expires: now.Add(-time.Second)}), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrExpired)
	_, err = v.Verify(ctx, sign(dataintegrity.Options{Expires: now.Add(time.Second)}), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(ctx, sign(dataintegrity.Options{Purpose: proof.Authentication}), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)

	res, err := v.Verify(ctx, sign(dataintegrity.Options{}), credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, res.Credential.ValidFrom, res.Credential.Signed, "no created: validFrom")
}

func TestProofSet(t *testing.T) {
	gov, notary, doctor := newParty(t, nil), newParty(t, elliptic.P256()), newParty(t, elliptic.P384())
	raw := issue(t, content(gov.did), gov, notary, doctor)
	v := verifier(t, nil, entry(gov, "Government"), entry(notary, "Notary"))
	res, err := v.Verify(ctx, raw, credential.Policy{Time: now, Cosigners: []string{notary.did, doctor.did}})
	require.NoError(t, err)
	require.Len(t, res.Signatories, 3)

	// One bad proof of three spoils all.
	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	proofs := doc["proof"].([]any)
	first := proofs[0].(map[string]any)
	first["created"] = "2026-05-18T00:00:00Z"
	_, err = v.Verify(ctx, marshal(t, doc), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)

	// The last created counts, wherever it stands.
	d, err := dataintegrity.Sign(ctx, marshal(t, content(gov.did)), gov, dataintegrity.Options{Created: now})
	require.NoError(t, err)
	d, err = dataintegrity.Sign(ctx, d, notary, dataintegrity.Options{Created: now.AddDate(-1, 0, 0)})
	require.NoError(t, err)
	env, err := w3c.Format{}.Parse(d, "")
	require.NoError(t, err)
	require.Equal(t, now, env.Credential.Signed)
}

// A listed co-signer must not lend its authority to an unlisted issuer.
func TestPromiseCosignerLendsNoAuthority(t *testing.T) {
	gov, quack := newParty(t, nil), newParty(t, nil)
	v := verifier(t, nil, entry(gov, "Government"))
	for _, parties := range [][]party{{quack, gov}, {gov, quack}, {gov}} {
		_, err := v.Verify(ctx, issue(t, content(quack.did), parties...), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrUntrusted)
	}
}

// The claimed issuer's name is never enough: a notary's key, listed as the
// notary's, must not sign as the government.
func TestPromiseNameAloneIsNotEnough(t *testing.T) {
	gov, notary := newParty(t, nil), newParty(t, elliptic.P256())
	v := verifier(t, nil, entry(gov, "Government"), entry(notary, "Notary"))
	raw := issue(t, content(gov.did), notary)
	_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrIssuer)
	require.ErrorIs(t, err, credential.ErrUntrusted)
	_, err = v.Verify(ctx, raw, credential.Policy{Time: now, Issuers: []string{gov.did}})
	require.ErrorIs(t, err, credential.ErrIssuer)
}

// A set of proofs cut short still verifies, unless the policy names who must
// have signed.
func TestPromiseCosignerCutOff(t *testing.T) {
	gov, notary := newParty(t, nil), newParty(t, nil)
	v := verifier(t, nil, entry(gov, "Government"))
	policy := credential.Policy{Time: now, Cosigners: []string{notary.did}}
	_, err := v.Verify(ctx, issue(t, content(gov.did), gov, notary), policy)
	require.NoError(t, err)
	_, err = v.Verify(ctx, issue(t, content(gov.did), gov), policy)
	require.ErrorIs(t, err, credential.ErrPolicy)
	_, err = v.Verify(ctx, issue(t, content(gov.did), gov, gov), policy)
	require.ErrorIs(t, err, credential.ErrPolicy)
}

// A proof whose verification method is another's key does not make it that
// one's.
func TestPromiseKeyIsTheOneNamed(t *testing.T) {
	gov, evil := newParty(t, nil), newParty(t, nil)
	k := evil.Key()
	k.ID, k.Controllers = gov.Key().ID, gov.Key().Controllers
	posing := party{posingSigner{evil, k}, gov.did}
	_, err := verifier(t, nil, entry(gov, "Government")).Verify(ctx, issue(t, content(gov.did), posing), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)
	require.ErrorIs(t, err, proof.ErrMismatch)
}

type posingSigner struct {
	proof.Signer
	key proof.Key
}

func (p posingSigner) Key() proof.Key { return p.key }

// listChecker answers from one status list credential.
type listChecker struct {
	raw   []byte
	asked []credential.StatusQuery
}

func (l *listChecker) CheckStatus(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
	l.asked = append(l.asked, q)
	list, err := q.VerifyList(ctx, w3c.Format{}, l.raw)
	if err != nil {
		return credential.Status{}, err
	}
	var claims struct {
		CredentialSubject struct{ EncodedList string }
	}
	if err := list.Claims(&claims); err != nil {
		return credential.Status{}, err
	}
	if claims.CredentialSubject.EncodedList == "revoked" {
		return credential.Status{}, credential.ErrRevoked
	}
	return credential.Status{AsOf: list.ValidFrom}, nil
}

func statusList(t *testing.T, of, by party, list, from, until string) []byte {
	return issue(t, map[string]any{
		"@context": []any{w3c.Context}, "id": "https://health.example/status/1", "type": []any{w3c.Type, "BitstringStatusListCredential"},
		"issuer": of.did, "validFrom": from, "validUntil": until,
		"credentialSubject": map[string]any{"id": "https://health.example/status/1#list", "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": list},
	}, by)
}

// A fault of the status list is not the credential's own.
func TestPromiseStatusFaultsStayApart(t *testing.T) {
	gov, other := newParty(t, nil), newParty(t, elliptic.P256())
	doc := content(gov.did)
	doc["credentialStatus"] = map[string]any{"type": w3c.StatusType, "statusPurpose": "revocation", "statusListIndex": "3", "statusListCredential": "https://health.example/status/1"}
	raw := issue(t, doc, gov)
	const from, until, past = "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-05-02T00:00:00Z"
	verify := func(list []byte, entries ...trustlist.Entry) (*listChecker, error) {
		c := &listChecker{raw: list}
		_, err := verifier(t, c, entries...).Verify(ctx, raw, credential.Policy{Time: now})
		return c, err
	}
	both := []trustlist.Entry{entry(gov, "Government"), entry(other, "Other")}
	c, err := verify(statusList(t, gov, gov, "fine", from, until), both...)
	require.NoError(t, err)
	require.Equal(t, uint64(3), c.asked[0].Ref.Index)
	require.Equal(t, "https://health.example/status/1", c.asked[0].Ref.List)
	_, err = verify(statusList(t, gov, gov, "revoked", from, until), both...)
	require.ErrorIs(t, err, credential.ErrRevoked)
	require.NotErrorIs(t, err, credential.ErrInconclusive)

	tampered := []byte(strings.Replace(string(statusList(t, gov, gov, "revoked", from, until)), `"revoked"`, `"fine"`, 1))
	for name, list := range map[string][]byte{
		"expired": statusList(t, gov, gov, "fine", from, past), "of another authority": statusList(t, other, other, "fine", from, until),
		"signed by another": statusList(t, gov, other, "fine", from, until), "tampered": tampered, "not JSON": []byte("x"), "empty": nil,
	} {
		_, err := verify(list, both...)
		require.ErrorIs(t, err, credential.ErrInconclusive, name)
		for _, leak := range []error{credential.ErrTime, credential.ErrSignature, credential.ErrUntrusted, credential.ErrFormat, credential.ErrIssuer, credential.ErrRevoked} {
			require.False(t, errors.Is(err, leak), "%s: %v", name, leak)
		}
	}
	// The list of an untrusted credential is not read.
	c, err = verify(statusList(t, gov, gov, "fine", from, until), entry(other, "Other"))
	require.ErrorIs(t, err, credential.ErrUntrusted)
	require.Empty(t, c.asked)
}
