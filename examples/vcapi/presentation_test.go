package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// presentation is one of credentials, not signed yet.
func presentation(holder string, credentials ...any) object {
	return object{"@context": []any{w3c.Context}, "type": []any{"VerifiablePresentation"}, "holder": holder, "verifiableCredential": credentials}
}

func (a *api) proven(by *issuer, vp object, options object) object {
	a.t.Helper()
	r := a.post("/issuers/"+by.tag+"/presentations/prove", object{"presentation": vp, "options": options})
	require.Equal(a.t, http.StatusCreated, r.status, string(r.raw))
	return r.object["verifiablePresentation"].(object)
}

func (a *api) verifyVP(vp any, options object) result {
	a.t.Helper()
	return a.post("/presentations/verify", object{"verifiablePresentation": vp, "options": options})
}

var exchange = object{"domain": "border.example", "challenge": "c7d1"}

func TestPresentations(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		t.Run(by.tag, func(t *testing.T) {
			a := &api{a.server, t, a.url}
			vc := a.issued(by, example(by.did()))
			if by.suite == dataintegrity.BBS2023 { // its credentials are presented by other holders
				r := a.post("/issuers/"+by.tag+"/presentations/prove", object{"presentation": presentation(by.did(), vc), "options": exchange})
				require.Equal(t, http.StatusBadRequest, r.status)
				require.Equal(t, http.StatusOK, a.verifyVP(a.proven(a.issuers[0], presentation(a.issuers[0].did(), vc), exchange), exchange).status)
				return
			}
			other := a.issued(a.issuers[len(a.issuers)-1], example("did:example:other"))
			vp := a.proven(by, presentation(by.did(), vc, other), exchange)
			require.Equal(t, "authentication", vp["proof"].(object)["proofPurpose"])
			for name, row := range map[string]struct {
				vp      object
				options object
				want    int
			}{
				"as asked":                   {vp, exchange, 200},
				"nothing asked":              {vp, object{}, 200},
				"no checks named":            {vp, object{"checks": []any{}}, 200},
				"the proof alone":            {vp, with(exchange, "checks", "proof"), 200},
				"challenge alone":            {vp, object{"challenge": "c7d1"}, 200},
				"domain alone":               {vp, object{"domain": "border.example"}, 200},
				"domain in an array":         {vp, with(exchange, "domain", []any{"border.example"}), 200},
				"another challenge":          {vp, with(exchange, "challenge", "c7d2"), 400},
				"another domain":             {vp, with(exchange, "domain", "other.example"), 400},
				"a domain too many":          {vp, with(exchange, "domain", []any{"border.example", "b.example"}), 400},
				"its challenge changed":      {with(vp, "proof.challenge", "c7d2"), with(exchange, "challenge", "c7d2"), 400},
				"no proof":                   {with(vp, "proof", absent{}), exchange, 400},
				"proof null":                 {with(vp, "proof", nil), exchange, 400},
				"an empty proof array":       {with(vp, "proof", []any{}), exchange, 400},
				"an issuer's purpose":        {with(vp, "proof.proofPurpose", "assertionMethod"), exchange, 400},
				"a content changed":          {with(vp, "verifiableCredential.0.credentialSubject.name", "B"), exchange, 400},
				"a content without proof":    {a.proven(by, presentation(by.did(), with(vc, "proof", absent{})), exchange), exchange, 400},
				"a forged content":           {a.proven(by, presentation(by.did(), with(vc, "credentialSubject.name", "B")), exchange), exchange, 400},
				"a content added":            {with(vp, "verifiableCredential", []any{vc, other, vc}), exchange, 400},
				"an expired content":         {a.proven(by, presentation(by.did(), a.issued(by, with(example(by.did()), "validUntil", "2025-02-01T00:00:00Z"))), exchange), exchange, 400},
				"expired, the proof alone":   {a.proven(by, presentation(by.did(), a.issued(by, with(example(by.did()), "validUntil", "2025-02-01T00:00:00Z"))), exchange), with(exchange, "checks", "proof"), 200},
				"a holder who did not sign":  {a.proven(by, presentation("did:example:holder", vc), exchange), exchange, 400},
				"no holder":                  {a.proven(by, with(presentation("", vc), "holder", absent{}), exchange), exchange, 200},
				"a holder that is an object": {a.proven(by, with(presentation("", vc), "holder", object{"id": by.did()}), exchange), exchange, 200},
			} {
				t.Run(name, func(t *testing.T) {
					r := a.verifyVP(row.vp, row.options)
					require.Equal(t, row.want, r.status, string(r.raw))
					require.Equal(t, row.want == 200, r.object["verified"])
				})
			}
			r := a.verifyVP(vp, object{"domain": "other.example", "challenge": "c7d2"})
			require.Equal(t, []string{domainError, challengeError}, r.errorTypes()[:2])
		})
	}
}

// presentationFaults are what no presentation may be, also when it is signed.
var presentationFaults = []edit{
	{"contexts in the wrong order", "@context", []any{examples, w3c.Context}},
	{"no context", "@context", absent{}},
	{"no type", "type", absent{}},
	{"another type", "type", []any{"ExamplePresentation"}},
	{"a type that no context defines", "type", []any{"VerifiablePresentation", "UnheardOf"}},
	{"a term that no context defines", "unheardOf", "x"},
	{"id null", "id", nil},
	{"id not a URL", "id", "one"},
	{"holder without id", "holder", object{"name": "x"}},
	{"holder not a URL", "holder", "someone"},
	{"a credential that is a string", "verifiableCredential", []any{"eyJ"}},
	{"a credential that is a URL", "verifiableCredential", "https://example.com/credentials/1"},
	{"a credential that is a number", "verifiableCredential", []any{5}},
	{"an enveloped credential whose id is no data: URL", "verifiableCredential", object{"@context": w3c.Context, "type": "EnvelopedVerifiableCredential", "id": "https://example.com/1"}},
	{"an enveloped credential without id", "verifiableCredential", object{"@context": w3c.Context, "type": "EnvelopedVerifiableCredential"}},
	{"an enveloped credential without data", "verifiableCredential", object{"@context": w3c.Context, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,"}},
	{"an enveloped presentation whose id is no data: URL", "", object{"@context": w3c.Context, "type": "EnvelopedVerifiablePresentation", "id": "https://example.com/1"}},
}

func TestPresentationsMustRefuse(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	vc := a.issued(by, example(by.did()))
	for _, row := range presentationFaults {
		t.Run(row.name, func(t *testing.T) {
			vp, ok := row.value.(object)
			if !ok || row.path != "" {
				vp = row.to(presentation(by.did(), vc))
			}
			r := a.post("/presentations/prove", object{"presentation": vp})
			require.Equal(t, http.StatusBadRequest, r.status, "not signed: %s", r.raw)
			o := dataintegrity.Options{Purpose: proof.Authentication, Created: time.Now(), Challenge: "c7d1", Domain: []string{"border.example"}}
			r = a.verifyVP(signed(t, vp, by.signer, o), exchange)
			require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
		})
	}
	for name, body := range map[string]any{
		"a string":      object{"verifiablePresentation": "eyJ"},
		"nothing":       object{},
		"a credential":  object{"verifiablePresentation": vc},
		"an array":      object{"verifiablePresentation": []any{}},
		"empty":         object{"verifiablePresentation": object{}},
		"an old option": object{"verifiablePresentation": presentation(by.did(), vc), "options": object{"format": "jwt"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.post("/presentations/verify", body)
			require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
		})
	}
}

func TestProveRefuses(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	vc := a.issued(by, example(by.did()))
	for name, body := range map[string]any{
		"a credential":      object{"presentation": vc},
		"a string":          object{"presentation": "x"},
		"nothing":           object{},
		"an odd domain":     object{"presentation": presentation(by.did(), vc), "options": object{"domain": 5}},
		"two challenges":    object{"presentation": presentation(by.did(), vc), "options": object{"challenge": []any{"a", "b"}}},
		"an unknown option": object{"presentation": presentation(by.did(), vc), "options": object{"proofPurpose": "assertionMethod"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, http.StatusBadRequest, a.post("/presentations/prove", body).status)
		})
	}
	require.Equal(t, http.StatusNotFound, a.post("/issuers/none/presentations/prove", object{"presentation": object{}}).status)
}

func TestStrictHolder(t *testing.T) {
	lax, strict := newAPI(t, config{}), newAPI(t, config{strictHolder: true})
	by := lax.issuers[0]
	stolen := lax.proven(by, presentation(by.did(), lax.issued(by, example(by.did()))), exchange)
	require.Equal(t, http.StatusOK, lax.verifyVP(stolen, exchange).status)
	r := strict.verifyVP(stolen, exchange)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Contains(t, r.errorTypes(), cryptographyError)
	own := lax.issued(by, with(example(by.did()), "credentialSubject.id", by.did()))
	require.Equal(t, http.StatusOK, strict.verifyVP(lax.proven(by, presentation(by.did(), own), exchange), exchange).status)
}

func TestPresentationStatus(t *testing.T) {
	a := newAPI(t, config{status: true})
	by := a.issuers[0]
	vc := a.issued(by, example(by.did()))
	vp := a.proven(by, presentation(by.did(), vc), exchange)
	require.Equal(t, http.StatusOK, a.verifyVP(vp, exchange).status)
	r := a.post("/credentials/status", object{"credentialId": vc["id"], "credentialStatus": object{"type": "BitstringStatusListEntry"}, "status": true})
	require.Equal(t, http.StatusOK, r.status)
	r = a.verifyVP(vp, exchange)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Equal(t, []string{statusError}, r.errorTypes())
}
