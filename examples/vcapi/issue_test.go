package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/w3c"
)

// edit is what a row does to a good credential.
type edit struct {
	name, path string
	value      any
}

func (e edit) to(doc object) object { return with(doc, e.path, e.value) }

const sri = "sha384-"

// relatedExample is a resource whose digest the recommendation gives (VC Data
// Model 2.0, appendix B.1).
var relatedExample = object{
	"id":        w3c.Context,
	"digestSRI": "sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ=",
}

// issuerRefuses are the rules of what an issuer must not sign.
var issuerRefuses = []edit{
	{"@context missing", "@context", absent{}},
	{"@context null", "@context", nil},
	{"@context empty", "@context", []any{}},
	{"@context a string", "@context", examples},
	{"base context not first", "@context", []any{examples, w3c.Context}},
	{"base context missing", "@context", []any{examples}},
	{"context unresolvable", "@context", []any{w3c.Context, "https://example.com/there-is-no-such-context"}},
	{"context URL malformed", "@context", []any{w3c.Context, "https:///no host"}},
	{"context not a URL", "@context", []any{w3c.Context, "not-a-url"}},
	{"a number in @context", "@context", []any{w3c.Context, 5}},
	{"true in @context", "@context", []any{w3c.Context, true}},
	{"null in @context", "@context", []any{w3c.Context, nil}},
	{"a protected term redefined", "@context", []any{w3c.Context, object{"VerifiableCredential": "https://example.com/other"}}},
	{"another protected term redefined", "@context", []any{w3c.Context, object{"credentialSubject": "https://example.com/other"}}},
	{"id null", "id", nil},
	{"id an array", "id", []any{"urn:a:b", "urn:a:c"}},
	{"id with white space", "id", "urn:uuid:e8096060 ce7c"},
	{"id not a URL", "id", "e8096060"},
	{"id a number", "id", 4},
	{"issuer missing", "issuer", absent{}},
	{"issuer null", "issuer", nil},
	{"issuer not a URL", "issuer", "the ministry"},
	{"issuer an array", "issuer", []any{"did:example:a"}},
	{"issuer an object without id", "issuer", object{"name": "the ministry"}},
	{"issuer an object whose id is no URL", "issuer", object{"id": "ministry"}},
	{"issuer an object whose id is null", "issuer", object{"id": nil}},
	{"several ids in one subject", "credentialSubject.id", []any{"did:example:a", "did:example:b"}},
	{"subject id null", "credentialSubject.id", nil},
	{"subject id not a URL", "credentialSubject.id", "someone"},
	{"type missing", "type", absent{}},
	{"type empty", "type", []any{}},
	{"type null", "type", nil},
	{"type without VerifiableCredential", "type", []any{"ExampleDegreeCredential"}},
	{"credentialSubject missing", "credentialSubject", absent{}},
	{"credentialSubject empty", "credentialSubject", object{}},
	{"credentialSubject null", "credentialSubject", nil},
	{"credentialSubject an empty array", "credentialSubject", []any{}},
	{"credentialSubject with one empty member", "credentialSubject", []any{object{"id": "did:example:a"}, object{}}},
	{"credentialSubject a string", "credentialSubject", "did:example:a"},
	{"credentialSubject an array with a string", "credentialSubject", []any{"did:example:a"}},
	{"credentialStatus without type", "credentialStatus", object{"id": "https://example.com/status/1"}},
	{"credentialStatus type a number", "credentialStatus", object{"id": "https://example.com/status/1", "type": 3}},
	{"credentialStatus id not a URL", "credentialStatus", object{"id": "status one", "type": "ExampleStatus"}},
	{"termsOfUse without type", "termsOfUse", object{"id": "https://example.com/terms"}},
	{"termsOfUse type a number", "termsOfUse", []any{object{"type": 3}}},
	{"evidence without type", "evidence", object{"id": "https://example.com/evidence"}},
	{"evidence type an object", "evidence", object{"type": object{}}},
	{"refreshService without type", "refreshService", object{"id": "https://example.com/refresh"}},
	{"refreshService type null", "refreshService", object{"type": nil}},
	{"credentialSchema without type", "credentialSchema", object{"id": "https://example.com/schema"}},
	{"credentialSchema without id", "credentialSchema", object{"type": "JsonSchema"}},
	{"credentialSchema id not a URL", "credentialSchema", object{"id": "schema one", "type": "JsonSchema"}},
	{"credentialSchema one of two without id", "credentialSchema", []any{object{"id": "https://example.com/schema", "type": "JsonSchema"}, object{"type": "JsonSchema"}}},
	{"name with another key", "name", object{"@value": "a", "@language": "en", "url": "did:example:a"}},
	{"description with another key", "description", object{"@value": "a", "@language": "en", "extra": "a"}},
	{"name one of several with another key", "name", []any{object{"@value": "a"}, object{"@value": "b", "id": "urn:a:b"}}},
	{"issuer name with another key", "issuer", object{"id": "did:example:a", "name": object{"@value": "a", "@language": "en", "url": "did:example:a"}}},
	{"issuer description with another key", "issuer", object{"id": "did:example:a", "description": object{"@value": "a", "x": "b"}}},
	{"validFrom a date alone", "validFrom", "2025-01-01"},
	{"validFrom without zone", "validFrom", "2025-01-01T00:00:00"},
	{"validFrom of 25 o'clock", "validFrom", "2025-01-01T25:00:00Z"},
	{"validFrom a number", "validFrom", 1735689600},
	{"validUntil of month 13", "validUntil", "2025-13-01T00:00:00Z"},
	{"validUntil in words", "validUntil", "tomorrow"},
	{"validUntil before validFrom", "validUntil", "2024-12-31T23:59:59Z"},
	{"relatedResource a string", "relatedResource", w3c.Context},
	{"relatedResource with a string", "relatedResource", []any{w3c.Context}},
	{"relatedResource without id", "relatedResource", []any{with(relatedExample, "id", absent{})}},
	{"relatedResource twice the same id", "relatedResource", []any{relatedExample, relatedExample}},
	{"relatedResource without digest", "relatedResource", []any{object{"id": w3c.Context}}},
	{"relatedResource with a wrong digestSRI", "relatedResource", []any{object{"id": w3c.Context, "digestSRI": sri + strings.Repeat("A", 64)}}},
	{"relatedResource with a wrong digestMultibase", "relatedResource", []any{object{"id": w3c.Context, "digestMultibase": "uEiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}},
	{"relatedResource with no digest at all", "relatedResource", []any{object{"id": w3c.Context, "digestSRI": "sha384"}}},
	{"proof already", "proof", object{"type": "DataIntegrityProof"}},
	{"a JSON-LD keyword", "@id", "urn:a:b"},
}

// undefinedTerms are words that no context gives a meaning.
var undefinedTerms = []edit{
	{"a type not mapped to a URL", "type", []any{"VerifiableCredential", "UnheardOf"}},
	{"a term that no context defines", "unheardOf", "x"},
	{"a term of the subject that no context defines", "credentialSubject.unheardOf", "x"},
	{"a type of the subject that no context defines", "credentialSubject.type", "UnheardOf"},
}

// strictContexts is the example credential without the context that maps every
// word: an undefined term is then one.
func strictContexts(did string) object {
	doc := with(example(did), "@context", []any{w3c.Context})
	doc = with(doc, "type", []any{"VerifiableCredential"})
	return with(doc, "credentialSubject", object{"id": "did:example:subject"})
}

func TestIssuerMustRefuse(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		t.Run(by.tag, func(t *testing.T) {
			for _, row := range issuerRefuses {
				t.Run(row.name, func(t *testing.T) {
					r := a.post("/issuers/"+by.tag+"/credentials/issue", object{"credential": row.to(example(by.did()))})
					require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
					require.Equal(t, []string{malformedError}, r.errorTypes())
					require.Equal(t, problemType, r.header.Get("Content-Type"))
					require.NotContains(t, r.object, "verifiableCredential")
				})
			}
			for _, row := range undefinedTerms {
				t.Run(row.name, func(t *testing.T) {
					r := a.post("/issuers/"+by.tag+"/credentials/issue", object{"credential": row.to(strictContexts(by.did()))})
					require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
				})
			}
		})
	}
}

// issuerAccepts are what must not be refused.
var issuerAccepts = []edit{
	{"nothing changed", "id", "urn:uuid:e8096060-ce7c-47b3-a682-57098685d48d"},
	{"no id", "id", absent{}},
	{"id of another scheme", "id", "https://example.com/credentials/1"},
	{"validUntil in the past", "validUntil", "2025-02-01T00:00:00Z"},
	{"validUntil the same as validFrom", "validUntil", "2025-01-01T00:00:00Z"},
	{"validFrom missing", "validFrom", absent{}},
	{"milliseconds", "validFrom", "2025-01-01T00:00:00.123Z"},
	{"an offset", "validFrom", "2025-01-01T00:00:00-06:00"},
	{"additional types as URLs", "type", []any{"VerifiableCredential", "https://example.com/types#Card"}},
	{"type with VerifiableCredential last", "type", []any{"ExampleDegreeCredential", "VerifiableCredential"}},
	{"type a string", "type", "VerifiableCredential"},
	{"issuer another's", "issuer", "did:example:ministry"},
	{"issuer a URL", "issuer", "https://example.com/ministry"},
	{"issuer an object", "issuer", object{"id": "did:example:ministry", "name": object{"@value": "وزارة", "@language": "ar"}}},
	{"name in two languages", "name", []any{object{"@value": "Card", "@language": "en"}, object{"@value": "Carte", "@language": "fr"}}},
	{"two subjects", "credentialSubject", []any{object{"id": "did:example:a"}, object{"id": "did:example:b", "name": "B"}}},
	{"subject without id", "credentialSubject.id", absent{}},
	{"credentialStatus of any type", "credentialStatus", object{"id": "https://example.com/status/1", "type": "ExampleStatus"}},
	{"credentialStatus without id", "credentialStatus", object{"type": "ExampleStatus"}},
	{"credentialSchema", "credentialSchema", []any{object{"id": "https://example.com/a", "type": "JsonSchema"}, object{"id": "https://example.com/b", "type": "JsonSchema"}}},
	{"evidence, two", "evidence", []any{object{"type": "ExampleEvidence"}, object{"type": []any{"ExampleEvidence"}}}},
	{"relatedResource", "relatedResource", []any{relatedExample}},
}

func TestIssuerMustAccept(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		t.Run(by.tag, func(t *testing.T) {
			for _, row := range issuerAccepts {
				t.Run(row.name, func(t *testing.T) {
					a := &api{a.server, t, a.url}
					doc := row.to(example(by.did()))
					vc := a.issued(by, doc)
					require.Contains(t, vc, "proof")
					delete(vc, "proof")
					require.Equal(t, clone(doc), vc, "what was asked for was issued")
				})
			}
		})
	}
}

func TestIssuedVerifies(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		t.Run(by.tag, func(t *testing.T) {
			a := &api{a.server, t, a.url}
			vc := a.issued(by, example(by.did()))
			p := vc["proof"].(object)
			require.Equal(t, by.method(), p["verificationMethod"])
			require.Equal(t, "assertionMethod", p["proofPurpose"])
			for _, options := range []object{{}, {"checks": []any{}}, {"checks": []any{"proof"}}, {"checks": []any{"proof", "status"}}} {
				r := a.verify(vc, options)
				require.Equal(t, http.StatusOK, r.status, string(r.raw))
				require.Equal(t, true, r.object["verified"])
				require.Empty(t, r.object["errors"])
			}
			r := a.verify(with(vc, "credentialSubject.name", "B. Pilgrim"))
			require.Equal(t, http.StatusBadRequest, r.status)
			require.Equal(t, []string{cryptographyError}, r.errorTypes())
			require.Equal(t, false, r.object["verified"])
			require.NotContains(t, string(r.raw), "Pilgrim", "a refusal repeats no claims")
		})
	}
}

func TestIssuePlain(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		r := a.post("/credentials/issue", object{"credential": example(by.did())})
		require.Equal(t, http.StatusCreated, r.status)
		method := r.object["verifiableCredential"].(object)["proof"].(object)["verificationMethod"]
		require.Equal(t, by.method(), method, "the key of the issuer that the credential names")
	}
	r := a.post("/credentials/issue", object{"credential": example("did:example:other")})
	require.Equal(t, http.StatusCreated, r.status)
	r = a.post("/issuers/none/credentials/issue", object{"credential": example("did:example:other")})
	require.Equal(t, http.StatusNotFound, r.status)
}

func TestIssueOptions(t *testing.T) {
	a := newAPI(t, config{})
	doc := example(a.issuers[0].did())
	for name, row := range map[string]struct {
		options any
		status  int
	}{
		"none":                      {object{}, 201},
		"null":                      {nil, 201},
		"no pointers":               {object{"mandatoryPointers": []any{}}, 201},
		"pointers":                  {object{"mandatoryPointers": []any{"/issuer"}}, 201},
		"pointers to nothing":       {object{"mandatoryPointers": []any{"/nothing"}}, 400},
		"unknown":                   {object{"colour": "green"}, 400},
		"not an object":             {"colour", 400},
		"an array":                  {[]any{}, 400},
		"status of an unknown type": {object{"credentialStatus": object{"type": "StatusList2021Entry"}}, 400},
		"status of no type":         {object{"credentialStatus": object{}}, 400},
		"status of an odd purpose":  {object{"credentialStatus": object{"type": "BitstringStatusListEntry", "statusPurpose": "message"}}, 400},
		"status purpose a number":   {object{"credentialStatus": object{"type": "BitstringStatusListEntry", "statusPurpose": 1}}, 400},
		"one purpose twice":         {object{"credentialStatus": []any{object{"type": "BitstringStatusListEntry"}, object{"type": "BitstringStatusListEntry"}}}, 400},
		"no status in an array":     {object{"credentialStatus": []any{}}, 400},
		"status a string":           {object{"credentialStatus": "revocation"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.post("/credentials/issue", object{"credential": doc, "options": row.options})
			require.Equal(t, row.status, r.status, string(r.raw))
		})
	}
	r := a.post("/credentials/issue", object{"credential": doc, "options": object{"colour": "green"}})
	require.Equal(t, []string{unknownOption}, r.errorTypes())
	require.NotContains(t, string(r.raw), "colour")
}

func TestStrictIssuer(t *testing.T) {
	lax, strict := newAPI(t, config{}), newAPI(t, config{strictIssuer: true})
	by := lax.issuers[0]
	vc := lax.issued(by, example("did:example:ministry"))

	r := lax.verify(vc)
	require.Equal(t, http.StatusOK, r.status, string(r.raw))
	require.Contains(t, string(r.raw), "InsecureAnyController", "who does not speak for the issuer is told as a warning")

	r = strict.verify(vc)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Equal(t, []string{cryptographyError}, r.errorTypes())
	require.Equal(t, http.StatusOK, strict.verify(vc, object{"checks": []any{"proof"}}).status, "the proof alone is right")
	require.Equal(t, http.StatusOK, strict.verify(lax.issued(by, example(by.did()))).status)

	r = strict.post("/credentials/issue", object{"credential": example("did:example:ministry")})
	require.Equal(t, http.StatusBadRequest, r.status)
	own := strict.issuers[0]
	require.NotEmpty(t, strict.issued(own, example(own.did())))
}

func (a *api) tagged(tag string) *issuer {
	for _, by := range a.issuers {
		if by.tag == tag {
			return by
		}
	}
	require.Fail(a.t, "no issuer "+tag)
	return nil
}

func TestDerive(t *testing.T) {
	a := newAPI(t, config{})
	for tag, kind := range map[string]string{"ecdsa-sd-2023": "P-256", "bbs-2023": "Bls12381G2"} {
		t.Run(tag, func(t *testing.T) {
			a := &api{a.server, t, a.url}
			require.Equal(t, kind, a.tagged(tag).keyKind)
			a.derives(a.tagged(tag))
		})
	}
}

// derives checks what is shown of the credentials of an issuer.
func (a *api) derives(by *issuer) {
	t := a.t
	vc := a.sealed(by, with(example(by.did()), "validUntil", "2035-01-01T00:00:00Z"), object{"mandatoryPointers": []any{"/credentialSubject/id"}})
	r := a.verify(vc)
	require.Equal(t, http.StatusBadRequest, r.status, "a base proof is for the holder")
	require.Equal(t, []string{cryptographyError}, r.errorTypes())

	for _, path := range []string{"/credentials/derive", "/issuers/" + by.tag + "/credentials/derive"} {
		for _, pointers := range []any{[]any{"/credentialSubject/type"}, []any{}, nil} {
			r := a.post(path, object{"verifiableCredential": vc, "options": object{"selectivePointers": pointers}})
			require.Equal(t, http.StatusCreated, r.status, string(r.raw))
			shown := r.object["verifiableCredential"].(object)
			require.Equal(t, http.StatusOK, a.verify(shown).status)
			require.Equal(t, object{"id": "did:example:subject", "type": "Person"}, shown["credentialSubject"])
			require.Equal(t, "2035-01-01T00:00:00Z", shown["validUntil"], "validity is always shown")
			require.Equal(t, http.StatusBadRequest, a.verify(with(shown, "credentialSubject.id", "urn:invalid")).status)
			require.Equal(t, http.StatusBadRequest, a.verify(with(shown, "validUntil", absent{})).status)
		}
	}
	for name, r := range map[string]result{
		"of a string":          a.post("/credentials/derive", object{"verifiableCredential": "x"}),
		"a pointer to nothing": a.derive(vc, "/credentialSubject/name", "/evidence"),
		"no pointer":           a.derive(vc, "credentialSubject"),
		"a number":             a.derive(vc, 1),
		"pointers a string":    a.post("/credentials/derive", object{"verifiableCredential": vc, "options": object{"selectivePointers": "/issuer"}}),
		"what was derived":     a.derive(a.issued(by, example(by.did())), "/credentialSubject"),
		"another suite":        a.derive(a.issued(a.issuers[0], example(by.did())), "/credentialSubject"),
		"without proof":        a.derive(with(vc, "proof", absent{}), "/credentialSubject"),
	} {
		require.Equal(t, http.StatusBadRequest, r.status, name)
		require.Equal(t, []string{malformedError}, r.errorTypes(), name)
		require.NotContains(t, string(r.raw), "A. Pilgrim", name)
	}
	// Nothing of the subject is no credential.
	bare := a.sealed(by, example(by.did()), object{"mandatoryPointers": []any{"/issuer"}})
	require.Equal(t, http.StatusBadRequest, a.derive(bare).status)
}

// Without a tag, pointers find an issuer that can keep what they ask for.
func TestIssueMandatoryPointers(t *testing.T) {
	a := newAPI(t, config{})
	by := a.tagged("ecdsa-sd-2023")
	for _, did := range []string{by.did(), "did:example:other"} {
		r := a.post("/credentials/issue", object{"credential": example(did), "options": object{"mandatoryPointers": []any{"/issuer"}}})
		require.Equal(t, http.StatusCreated, r.status, string(r.raw))
		require.Equal(t, "ecdsa-sd-2023", r.object["verifiableCredential"].(object)["proof"].(object)["cryptosuite"])
	}
	for _, pointers := range []any{[]any{"/non/existent/path"}, []any{"issuer"}, []any{1}, "/issuer"} {
		r := a.post("/issuers/"+by.tag+"/credentials/issue", object{"credential": example(by.did()), "options": object{"mandatoryPointers": pointers}})
		require.Equal(t, http.StatusBadRequest, r.status, "%v", pointers)
	}
	other := a.issuers[0]
	r := a.post("/issuers/"+other.tag+"/credentials/issue", object{"credential": example(other.did()), "options": object{"mandatoryPointers": []any{"/issuer"}}})
	require.Equal(t, http.StatusBadRequest, r.status)
}

// TestIssueDirection: the direction of a text is signed, as JSON and in the
// statements.
func TestIssueDirection(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		doc := with(example(by.did()), "name", object{"@value": "بطاقة", "@language": "ar", "@direction": "rtl"})
		vc := a.issued(by, doc)
		require.Equal(t, http.StatusOK, a.verify(vc).status)
		require.Equal(t, http.StatusBadRequest, a.verify(with(vc, "name.@direction", "ltr")).status)
	}
}

// TestStrictNames has a context inside the document, as many positive tests of
// harnesses have.
func TestStrictNames(t *testing.T) {
	lax, strict := newAPI(t, config{}), newAPI(t, config{strictNames: true})
	for _, by := range lax.issuers {
		doc := strictContexts(by.did())
		doc = with(doc, "@context", []any{w3c.Context, object{"place": "https://example.com/terms#place"}})
		doc = with(doc, "credentialSubject.place", "Muscat")
		vc := lax.issued(by, doc)
		require.Equal(t, http.StatusOK, lax.verify(vc).status)
		want := http.StatusOK
		if !strings.Contains(by.suite, "jcs") {
			want = http.StatusBadRequest
		}
		require.Equal(t, want, strict.verify(vc).status, by.tag)
		require.Equal(t, http.StatusBadRequest, lax.verify(with(vc, "@context.1.place", "https://example.com/terms#other")).status)
	}
}
