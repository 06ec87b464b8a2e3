package w3c_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
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

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 8, 0, 0, 0, time.UTC)
)

// party is someone with a key, named by its did:key.
type party struct {
	proof.Signer
	did string
}

func newParty(t testing.TB, curve elliptic.Curve) party {
	t.Helper()
	var k crypto.Signer
	var err error
	if curve == nil {
		_, k, err = ed25519.GenerateKey(rand.Reader)
	} else {
		k, err = ecdsa.GenerateKey(curve, rand.Reader)
	}
	require.NoError(t, err)
	s, err := key.NewSigner(k)
	require.NoError(t, err)
	return party{s, s.Key().Controllers[0]}
}

// content is a credential of about the size that health credentials have.
func content(issuer string) map[string]any {
	return map[string]any{
		"@context": []any{w3c.Context, "https://www.w3.org/ns/credentials/undefined-terms/v2"},
		"id":       "urn:uuid:0f3a2b1c-5d4e-4f60-8a7b-9c0d1e2f3a4b",
		"type":     []any{w3c.Type, "PilgrimHealthCredential"},
		"issuer":   map[string]any{"id": issuer, "name": map[string]any{"@value": "Ministry of Tests", "@language": "en"}},
		"name":     "Pilgrim health card", "validFrom": "2026-05-01T00:00:00Z", "validUntil": "2026-08-01T00:00:00.000-06:00",
		"credentialSubject": map[string]any{
			"id": "did:example:pilgrim", "givenName": "Amina", "familyName": "Example", "birthDate": "1970-01-01", "passport": "X1234567",
			"weight": 61.5, "fit": true,
			"vaccinations": []any{
				map[string]any{"disease": "Meningitis ACWY", "product": "MenQuadfi", "date": "2026-04-01", "batch": "M-1", "dose": 1, "of": 1},
				map[string]any{"disease": "Yellow fever", "product": "Stamaril", "date": "2019-02-11", "batch": "Y-1", "dose": 1, "of": 1},
				map[string]any{"disease": "Polio", "product": "IPV", "date": "2026-04-01", "batch": "P-1", "dose": 4, "of": 4},
			},
		},
	}
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// issue seals a document with a proof by each of signers, over JSON.
func issue(t testing.TB, doc map[string]any, parties ...party) []byte {
	t.Helper()
	return issueAs(t, w3c.Format{}, doc, parties...)
}

// statements are the suites that sign statements.
var statements = w3c.Format{Suites: []string{dataintegrity.EdDSARDFC2022, dataintegrity.ECDSARDFC2019}}

func issueAs(t testing.TB, f w3c.Format, doc map[string]any, parties ...party) []byte {
	t.Helper()
	d, err := w3c.FromJSON(marshal(t, doc))
	require.NoError(t, err)
	d.Signed = now.AddDate(0, 0, -1)
	var signers []proof.Signer
	for _, p := range parties {
		signers = append(signers, p.Signer)
	}
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: signers})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	return raw
}

func entry(p party, authority string, types ...string) trustlist.Entry {
	e := trustlist.Entry{Authority: authority, Names: []string{p.did}, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}}
	if len(types) > 0 {
		e.Types = append([]string{w3c.Type}, types...)
	}
	return e
}

func verifier(t testing.TB, status credential.StatusChecker, entries ...trustlist.Entry) *credential.Verifier {
	t.Helper()
	list, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.AddDate(0, -1, 0)}, entries...)
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: list, Status: status})
	require.NoError(t, err)
	return v
}
