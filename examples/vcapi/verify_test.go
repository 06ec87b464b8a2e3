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

// verifierRefuses are the rules of what is no proof, whatever it signs. kind is
// the type of the problem: malformed where the proof can't be read, so that the
// row does not pass for the signature alone.
var verifierRefuses = []struct {
	edit
	kind string
}{
	{edit{"proof null", "proof", nil}, malformedError},
	{edit{"no proof", "proof", absent{}}, cryptographyError},
	{edit{"an empty proof array", "proof", []any{}}, malformedError},
	{edit{"a proof that is a string", "proof", "z5"}, malformedError},
	{edit{"proof.type missing", "proof.type", absent{}}, malformedError},
	{edit{"proof.type null", "proof.type", nil}, malformedError},
	{edit{"proof.type unknown", "proof.type", "UnknownProof"}, malformedError},
	{edit{"proofPurpose missing", "proof.proofPurpose", absent{}}, malformedError},
	{edit{"proofPurpose unknown", "proof.proofPurpose", "unknownPurpose"}, malformedError},
	{edit{"proofPurpose of a holder", "proof.proofPurpose", "authentication"}, cryptographyError},
	{edit{"cryptosuite missing", "proof.cryptosuite", absent{}}, malformedError},
	{edit{"cryptosuite unknown", "proof.cryptosuite", "unknown-2026"}, malformedError},
	{edit{"cryptosuite a number", "proof.cryptosuite", 2022}, malformedError},
	{edit{"verificationMethod missing", "proof.verificationMethod", absent{}}, malformedError},
	{edit{"verificationMethod not a URL", "proof.verificationMethod", "key one"}, malformedError},
	{edit{"verificationMethod of an unknown method", "proof.verificationMethod", "did:example:a#b"}, cryptographyError},
	{edit{"verificationMethod that is no key", "proof.verificationMethod", "did:key:z6Mk#z6Mk"}, cryptographyError},
	{edit{"proofValue missing", "proof.proofValue", absent{}}, malformedError},
	{edit{"proofValue null", "proof.proofValue", nil}, malformedError},
	{edit{"proofValue without its multibase prefix", "proof.proofValue", "5fWVXFU5p"}, malformedError},
	{edit{"proofValue in another multibase", "proof.proofValue", "uAAAA"}, malformedError},
	{edit{"proofValue too short", "proof.proofValue", "z5fWVXFU5p"}, malformedError},
	{edit{"created not a date", "proof.created", "yesterday"}, malformedError},
	{edit{"created without zone", "proof.created", "2025-01-01T00:00:00"}, malformedError},
	{edit{"created a number", "proof.created", 5}, malformedError},
	{edit{"expires not a date", "proof.expires", "tomorrow"}, malformedError},
	{edit{"expires null", "proof.expires", nil}, malformedError},
	{edit{"previousProof that names an absent proof", "proof.previousProof", "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"}, malformedError},
	{edit{"previousProof with an absent proof", "proof.previousProof", []any{"urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"}}, malformedError},
	{edit{"previousProof a number", "proof.previousProof", 5}, malformedError},
	{edit{"one good proof of two", "proof", "twice"}, ""},
}

func TestVerifierMustRefuseProofs(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		vc := a.issued(by, example(by.did()))
		t.Run(by.tag, func(t *testing.T) {
			for _, row := range verifierRefuses {
				t.Run(row.name, func(t *testing.T) {
					bad := row.to(vc)
					if row.kind == "" {
						second := clone(vc["proof"].(object))
						second["created"] = "2024-01-01T00:00:00Z" // not what was signed
						bad["proof"] = []any{vc["proof"], second}
						row.kind = cryptographyError
					}
					for _, options := range []object{{}, {"checks": []any{"proof"}}} {
						r := a.verify(bad, options)
						require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
						require.Contains(t, r.errorTypes(), row.kind, string(r.raw))
					}
				})
			}
		})
	}
}

// TestVerifierMustRefuseModel has the rules of the data model signed by a key
// that obeys none of them: the signature is right, and the verifier refuses.
func TestVerifierMustRefuseModel(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	sign := func(t *testing.T, doc object) object {
		delete(doc, "proof")
		return signed(t, doc, by.signer, dataintegrity.Options{Created: time.Now(), Cryptosuite: dataintegrity.EdDSAJCS2022})
	}
	for _, options := range []object{{}, {"checks": []any{"proof"}}} {
		for _, row := range issuerRefuses {
			if row.path == "proof" {
				continue
			}
			t.Run(row.name, func(t *testing.T) {
				r := a.verify(sign(t, row.to(example(by.did()))), options)
				require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
				require.Equal(t, []string{malformedError}, r.errorTypes())
			})
		}
		for _, row := range undefinedTerms {
			t.Run(row.name, func(t *testing.T) {
				r := a.verify(sign(t, row.to(strictContexts(by.did()))), options)
				require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
			})
		}
		for _, row := range issuerAccepts {
			if row.path == "validUntil" || row.path == "credentialStatus" {
				continue
			}
			t.Run(row.name, func(t *testing.T) {
				r := a.verify(sign(t, row.to(example(by.did()))), options)
				require.Equal(t, http.StatusOK, r.status, string(r.raw))
			})
		}
	}
}

func TestVerifyTakesObjects(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	vc := a.issued(by, example(by.did()))
	for name, body := range map[string]any{
		"the credential as a JSON string": object{"verifiableCredential": `{"@context":[]}`},
		"no credential":                   object{"options": object{}},
		"null":                            object{"verifiableCredential": nil},
		"an array":                        object{"verifiableCredential": []any{vc}},
		"a number":                        object{"verifiableCredential": 5},
		"empty":                           object{"verifiableCredential": object{}},
		"under another name":              object{"credential": vc},
		"a presentation":                  object{"verifiableCredential": object{"@context": []any{w3c.Context}, "type": "VerifiablePresentation", "verifiableCredential": vc}},
		"checks that are not known":       object{"verifiableCredential": vc, "options": object{"checks": []any{"proof", "colour"}}},
		"checks a number":                 object{"verifiableCredential": vc, "options": object{"checks": 3}},
		"checks with a number":            object{"verifiableCredential": vc, "options": object{"checks": []any{3}}},
		"domain an object":                object{"verifiableCredential": vc, "options": object{"domain": object{}}},
		"domain empty":                    object{"verifiableCredential": vc, "options": object{"domain": ""}},
		"challenge an array":              object{"verifiableCredential": vc, "options": object{"challenge": []any{"a", "b"}}},
		"an unknown option":               object{"verifiableCredential": vc, "options": object{"colour": "green"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.post("/credentials/verify", body)
			require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
			require.NotEmpty(t, r.errorTypes())
		})
	}
}

func TestVerifyTimes(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	expired := a.issued(by, with(example(by.did()), "validUntil", "2025-02-01T00:00:00Z"))
	early := a.issued(by, with(example(by.did()), "validFrom", "2999-01-01T00:00:00Z"))
	for _, vc := range []object{expired, early} {
		r := a.verify(vc)
		require.Equal(t, http.StatusBadRequest, r.status)
		require.Equal(t, []string{rangeError}, r.errorTypes())
		r = a.verify(vc, object{"checks": []any{"proof"}})
		require.Equal(t, http.StatusOK, r.status, "the proof alone was asked for")
		require.Len(t, r.object["warnings"], 1+min(1, len(r.object["warnings"].([]any))-1))
		require.Contains(t, string(r.raw), "outside validity period")
	}
	old := signed(t, example(by.did()), by.signer, dataintegrity.Options{
		Created: time.Now().Add(-48 * time.Hour), Expires: time.Now().Add(-24 * time.Hour), Cryptosuite: dataintegrity.EdDSAJCS2022,
	})
	for _, options := range []object{{}, {"checks": []any{"proof"}}} {
		r := a.verify(old, options)
		require.Equal(t, http.StatusBadRequest, r.status, "the proof itself has expired")
		require.Equal(t, []string{rangeError}, r.errorTypes())
	}
}

func TestVerifyBinding(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	o := dataintegrity.Options{Created: time.Now(), Domain: []string{"a.example", "b.example"}, Challenge: "1234", Cryptosuite: dataintegrity.EdDSAJCS2022}
	vc := signed(t, example(by.did()), by.signer, o)
	plain := a.issued(by, example(by.did()))
	for name, row := range map[string]struct {
		vc      object
		options object
		kinds   []string
	}{
		"nothing wanted":         {vc, object{}, nil},
		"one domain":             {vc, object{"domain": "a.example"}, nil},
		"both domains":           {vc, object{"domain": []any{"b.example", "a.example"}, "challenge": "1234"}, nil},
		"another domain":         {vc, object{"domain": "c.example"}, []string{domainError}},
		"one domain too many":    {vc, object{"domain": []any{"a.example", "c.example"}}, []string{domainError}},
		"another challenge":      {vc, object{"challenge": "4321"}, []string{challengeError}},
		"both other":             {vc, object{"domain": "c.example", "challenge": "4321"}, []string{domainError, challengeError}},
		"domain of none":         {plain, object{"domain": "a.example"}, []string{domainError}},
		"challenge of none":      {plain, object{"challenge": "1234"}, []string{challengeError}},
		"with the proof alone":   {vc, object{"checks": "proof", "domain": "c.example"}, []string{domainError}},
		"right, the proof alone": {vc, object{"checks": "proof", "domain": "a.example", "challenge": "1234"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.verify(row.vc, row.options)
			if row.kinds == nil {
				require.Equal(t, http.StatusOK, r.status, string(r.raw))
				return
			}
			require.Equal(t, http.StatusBadRequest, r.status)
			require.Equal(t, row.kinds, r.errorTypes())
		})
	}
}

func TestVerifySets(t *testing.T) {
	a := newAPI(t, config{})
	one, other := a.issuers[0], a.issuers[1]
	vc := a.issued(one, example(one.did()))
	vc = signed(t, vc, other.signer, dataintegrity.Options{Created: time.Now()})
	require.Len(t, vc["proof"], 2)
	require.Equal(t, http.StatusOK, a.verify(vc).status)
	for i := range 2 {
		bad := with(vc, "proof."+string(rune('0'+i))+".created", "2024-01-01T00:00:00Z")
		require.Equal(t, http.StatusBadRequest, a.verify(bad).status, "every proof of a set must verify")
	}
}

// TestVerifyJSON has what two parsers could read in two ways.
func TestVerifyJSON(t *testing.T) {
	a := newAPI(t, config{})
	for name, text := range map[string]string{
		"a member twice":              `{"verifiableCredential":{"a":1,"a":2}}`,
		"the credential twice":        `{"verifiableCredential":{},"verifiableCredential":{}}`,
		"an integer beyond 2^53":      `{"verifiableCredential":{"a":9007199254740993}}`,
		"a number beyond a double":    `{"verifiableCredential":{"a":1e999}}`,
		"bad UTF-8":                   "{\"verifiableCredential\":{\"a\":\"\xff\"}}",
		"half a surrogate":            `{"verifiableCredential":{"a":"\ud800"}}`,
		"a byte order mark":           "\ufeff{}",
		"something behind":            `{"verifiableCredential":{}} {}`,
		"nothing":                     ``,
		"not an object":               `"x"`,
		"cut":                         `{"verifiableCredential":{"@context":[`,
		"a comment":                   `{/*x*/"verifiableCredential":{}}`,
		"NaN":                         `{"verifiableCredential":{"a":NaN}}`,
		"an issued integer too large": `{"verifiableCredential":{"a":-9007199254740993}}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := a.post("/credentials/verify", []byte(text))
			require.Equal(t, http.StatusBadRequest, r.status)
			require.Len(t, r.errorTypes(), 1)
		})
	}
	by := a.issuers[0]
	r := a.post("/credentials/issue", []byte(`{"credential":{"@context":["`+w3c.Context+`"],"type":"VerifiableCredential","issuer":"`+by.did()+`","credentialSubject":{"id":"did:example:a","https://example.com/n":9007199254740993}}}`))
	require.Equal(t, http.StatusBadRequest, r.status, "refused when signing too")
}

// TestVerifyAnyKey has a signature by a key that this server never saw.
func TestVerifyAnyKey(t *testing.T) {
	a, other := newAPI(t, config{}), newAPI(t, config{})
	for _, by := range other.issuers {
		require.Equal(t, http.StatusOK, a.verify(other.issued(by, example(by.did()))).status)
	}
	foreign := other.issuers[0].signer
	vc := signed(t, example("did:example:a"), foreign, dataintegrity.Options{Purpose: proof.Authentication, Created: time.Now()})
	require.Equal(t, http.StatusBadRequest, a.verify(vc).status, "a holder's proof is no issuer's")
}

// TestVerifyChains has a second proof that signs the first.
func TestVerifyChains(t *testing.T) {
	a := newAPI(t, config{})
	one, other := a.issuers[0], a.issuers[2]
	for _, previous := range []any{"a string", []any{"an array"}} {
		vc := signed(t, example(one.did()), one.signer, dataintegrity.Options{Created: time.Now(), ID: "urn:proof:1"})
		vc = signed(t, vc, other.signer, dataintegrity.Options{Created: time.Now(), Previous: []string{"urn:proof:1"}})
		require.Equal(t, http.StatusOK, a.verify(vc).status, string(a.verify(vc).raw))
		for name, bad := range map[string]object{
			"its first proof removed":    with(vc, "proof", []any{vc["proof"].([]any)[1]}),
			"its first proof changed":    with(vc, "proof.0.created", "2024-01-01T00:00:00Z"),
			"its first proof renamed":    with(vc, "proof.0.id", "urn:proof:3"),
			"another named":              with(vc, "proof.1.previousProof", previous),
			"a third one named as well":  with(vc, "proof.1.previousProof", []any{"urn:proof:1", "urn:proof:3"}),
			"itself named":               with(vc, "proof.0.previousProof", "urn:proof:1"),
			"the link between them gone": with(vc, "proof.1.previousProof", absent{}),
		} {
			t.Run(name, func(t *testing.T) {
				r := a.verify(bad)
				require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
			})
		}
	}
}

// TestVerifyVersion1 has credentials of the older data model.
func TestVerifyVersion1(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		vc := a.issued(by, object{
			"@context": []any{w3c.ContextV1, "https://w3id.org/security/data-integrity/v2"}, "type": []any{"VerifiableCredential"},
			"issuer": by.did(), "issuanceDate": "2025-01-01T00:00:00Z", "credentialSubject": object{"id": "did:example:a"},
		})
		require.Equal(t, http.StatusOK, a.verify(vc).status, by.tag)
		require.Equal(t, http.StatusBadRequest, a.verify(with(vc, "issuanceDate", "2025-01-02T00:00:00Z")).status)
	}
}
