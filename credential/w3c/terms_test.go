package w3c_test

import (
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

const pilgrimURL = "https://health.example/contexts/pilgrim/v1"

// pilgrimContext defines what content says, each term for itself.
const pilgrimContext = `{"@context":{"@protected":true,"id":"@id","type":"@type","ex":"https://health.example/terms#",
	"PilgrimHealthCredential":{"@id":"ex:PilgrimHealthCredential"},
	"givenName":"https://schema.org/givenName","familyName":"https://schema.org/familyName","birthDate":{"@id":"https://schema.org/birthDate","@type":"http://www.w3.org/2001/XMLSchema#date"},
	"passport":"ex:passport","weight":"ex:weight","fit":"ex:fit","remarks":"ex:remarks","clinic":{"@id":"ex:clinic","@type":"@id"},
	"vaccinations":{"@id":"ex:vaccinations","@context":{"@protected":true,"disease":"ex:disease","product":"ex:product","date":"ex:date","batch":"ex:batch","dose":"ex:dose","of":"ex:of"}}}}`

// pilgrim is the format with that context too.
func pilgrim(t testing.TB, suites ...string) w3c.Format {
	t.Helper()
	sum := sha256.Sum256([]byte(pilgrimContext))
	r, err := rdf.New(rdf.Context{URL: pilgrimURL, Raw: []byte(pilgrimContext), SHA256: hex.EncodeToString(sum[:])})
	require.NoError(t, err)
	return w3c.Format{RDF: r, Suites: suites}
}

func strict(issuer string) map[string]any {
	doc := content(issuer)
	doc["@context"] = []any{w3c.Context, pilgrimURL}
	return doc
}

func verifierOf(t testing.TB, f credential.Format, entries ...party) *credential.Verifier {
	t.Helper()
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{f}, Keys: key.Resolver{}, InsecureAnyIssuer: true})
	require.NoError(t, err)
	return v
}

// What has no meaning that all share is neither issued nor accepted, whatever
// signs it.
func TestTermsRefused(t *testing.T) {
	p := newParty(t, nil)
	json2022, rdfc2022 := pilgrim(t), pilgrim(t, dataintegrity.EdDSARDFC2022)
	for _, c := range []change{
		{"undefinedTerm", `"x"`}, {"verifiableCredential", `{}`}, {"undefinedTerm", `null`}, {"undefinedTerm", `{}`}, {"credentialSubject/undefinedTerm", `"x"`}, {"credentialSubject/vaccinations", `[{"disease":"x","undefinedTerm":1}]`}, {"credentialSubject/vaccinations", `[{"givenName":"x","passport":{"undefinedTerm":1}}]`},
		{"issuer/undefinedTerm", `"x"`}, {"credentialSubject/disease", `"x"`}, {"credentialSubject/", `"x"`}, {"credentialSubject/givenname", `"x"`},
		{"type", `["VerifiableCredential","UndefinedType"]`}, {"type", `["VerifiableCredential","PilgrimHealthCredential","../Relative"]`}, {"credentialSubject/type", `"UndefinedType"`}, {"evidence", `{"type":"UndefinedType"}`},
		{"@context", `["https://www.w3.org/ns/credentials/v2"]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","https://unknown.example/v1"]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","` + pilgrimURL + `",{"givenName":"https://evil.example/#x"}]`},
		{"@context", `["https://www.w3.org/ns/credentials/v2","` + pilgrimURL + `",{"VerifiableCredential":"https://evil.example/#x"}]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","https://www.w3.org/2018/credentials/v1","` + pilgrimURL + `"]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","` + pilgrimURL + `",{"@protected":"x"}]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","` + pilgrimURL + `",{"x":{"@id":"https://a.example/#x","@container":5}}]`},
		{"credentialSubject/clinic", `"relative"`}, {"credentialSubject/clinic", `"https://a b"`}, {"credentialSubject/clinic", `{"id":"relative"}`}, {"credentialSubject/vaccinations", `[{"id":"#1","disease":"x"}]`},
		{"credentialSubject/@unknown", `1`},
	} {
		doc := apply(t, strict(p.did), c)
		for _, f := range []w3c.Format{json2022, rdfc2022} {
			d, err := w3c.FromJSON(marshal(t, doc))
			require.NoError(t, err, "%v", c)
			_, err = f.Seal(ctx, d, []proof.Signer{p})
			require.Error(t, err, "%v with %v", c, f.Suites)
			if f.Suites == nil {
				require.ErrorIs(t, err, w3c.ErrTerms, "%v", c)
			}
		}
		lax := json2022
		lax.InsecureAnyTerms = true
		raw := issueAs(t, lax, doc, p)
		_, err := verifierOf(t, json2022).Verify(ctx, raw, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat, "%v", c)
		require.ErrorIs(t, err, w3c.ErrTerms, "%v", c)
		_, err = verifierOf(t, lax).Verify(ctx, raw, credential.Policy{Time: now})
		require.NoError(t, err, "%v", c)
	}
}

// What signed JSON may have and statements can't.
func TestTermsAccepted(t *testing.T) {
	p := newParty(t, nil)
	f := pilgrim(t)
	for _, c := range []change{
		{"validUntil", `"2026-08-01T00:00:00Z"`}, {"credentialSubject/remarks", `null`}, {"credentialSubject/remarks", `["x",null,[["y"],[null]]]`}, {"credentialSubject/weight", `0.30000000000000004`},
		{"name", `{"@value":"بطاقة","@language":"ar","@direction":"rtl"}`}, {"description", `[{"@value":"a","@language":"en"},{"@value":"b","@language":"fr"}]`}, {"type", `["VerifiableCredential","https://a.example/Type"]`},
		{"type", `["VerifiableCredential","ex:Type"]`}, {"credentialSubject/ex:other", `1`}, {"@context", `["https://www.w3.org/ns/credentials/v2","` + pilgrimURL + `",{"mine":"https://a.example/#mine"}]`},
		{"credentialSubject/clinic", `"https://clinic.example/"`}, {"credentialSubject/clinic", `{"id":"did:example:clinic","givenName":"x"}`}, {"credentialSubject/vaccinations", `[]`},
	} {
		doc := apply(t, strict(p.did), c)
		for _, f := range []w3c.Format{f, {RDF: bytesOnly{f.RDF}}} {
			if _, foreign := f.RDF.(bytesOnly); foreign && (strings.Contains(c.path+c.json, "ex:") || c.path == "@context") {
				continue // an RDF of somebody else's knows but one form
			}
			raw := issueAs(t, f, doc, p)
			_, err := verifierOf(t, f).Verify(ctx, raw, credential.Policy{Time: now})
			require.NoError(t, err, "%v", c)
		}
	}
	// The form of JSON that is signed is free, with contexts of one's own as with
	// the built-in ones.
	for _, f := range []w3c.Format{f, {}} {
		for _, clinic := range []string{`{"@id":"did:example:clinic","@type":"https://a.example/Clinic"}`, `{"https://schema.org/name":"x"}`, `{"@value":"x","@direction":"rtl"}`} {
			doc := apply(t, strict(p.did), change{"credentialSubject/clinic", clinic})
			if f.RDF == nil {
				doc["@context"] = content(p.did)["@context"]
			}
			_, err := verifierOf(t, f).Verify(ctx, issueAs(t, f, doc, p), credential.Policy{Time: now})
			require.NoError(t, err, clinic)
		}
	}
	// Some of the same with the built-in contexts.
	for _, c := range []change{{"credentialSubject/remarks", `null`}, {"name", `{"@value":"x","@direction":"rtl"}`}, {"@context", `["https://www.w3.org/ns/credentials/v2",{"@context":{"@vocab":"https://a.example/#"}}]`}} {
		_, err := verifierOf(t, w3c.Format{}).Verify(ctx, issue(t, apply(t, content(p.did), c), p), credential.Policy{Time: now})
		require.NoError(t, err, "%v", c)
	}
}

// A status list of full size is verified like any other, and its terms too.
func TestLargeStatusList(t *testing.T) {
	p := newParty(t, nil)
	list := "u" + strings.Repeat("A", 22<<20)
	raw := statusList(t, p, p, list, "2026-05-01T00:00:00Z", "2026-08-01T00:00:00Z")
	env, err := w3c.Format{}.Parse(raw, "")
	require.NoError(t, err)
	require.NoError(t, env.Proofs[0].Verify(ctx, &credential.Attempt{Key: p.Key()}))
	for _, name := range []string{"undefinedTerm", "@id"} {
		doc := unsigned(t, raw)
		subject := doc["credentialSubject"].(map[string]any)
		subject["encodedList"], subject[name] = "uA", list
		d, err := w3c.FromJSON(marshal(t, doc))
		if err == nil {
			_, err = w3c.Format{}.Seal(ctx, d, []proof.Signer{p})
		}
		require.Error(t, err, name)
	}
}

// bytesOnly is an RDF of somebody else.
type bytesOnly struct{ dataintegrity.RDF }

// All suites are read without any being named.
func TestZeroFormatReadsAllSuites(t *testing.T) {
	for name, p := range suites(t) {
		for _, f := range []w3c.Format{{}, statements, {Suites: []string{dataintegrity.ECDSAJCS2019, dataintegrity.Ed25519Signature2020, dataintegrity.ECDSARDFC2019}}} {
			raw := issueAs(t, f, content(p.did), p)
			res, err := verifier(t, nil, entry(p, "Ministry")).Verify(ctx, raw, credential.Policy{Time: now})
			require.NoError(t, err, name)
			require.Len(t, res.Signatories, 1)
			if f.Suites == nil {
				require.Contains(t, res.Signatories[0].Proof, "-jcs-")
			} else {
				require.NotContains(t, res.Signatories[0].Proof, "eddsa-jcs")
			}
		}
	}
	p := newParty(t, nil)
	d, err := w3c.FromJSON(marshal(t, content(p.did)))
	require.NoError(t, err)
	for suite, want := range map[string]error{"ecdsa-jcs-2019": proof.ErrKey, "bbs-2026": w3c.ErrUnsupported, "Ed25519Signature2018": w3c.ErrUnsupported, "": w3c.ErrUnsupported} {
		_, err := w3c.Format{Suites: []string{suite}}.Seal(ctx, d, []proof.Signer{p})
		require.ErrorIs(t, err, want, suite)
	}
}

// A context changes what the members of a document with signed statements mean,
// and is not signed.
func TestPromiseMembersSayWhatWasSigned(t *testing.T) {
	p := newParty(t, nil)
	doc := apply(t, content(p.did), change{"credentialSubject/clinic", `{"id":"did:example:clinic"}`}, change{"evidence", `{"id":"urn:e","type":"Visit","about":{"id":"did:example:pilgrim"}}`})
	raw := string(issueAs(t, statements, doc, p))
	v := verifier(t, nil, entry(p, "Ministry"))
	_, err := v.Verify(ctx, []byte(raw), credential.Policy{Time: now})
	require.NoError(t, err)
	until := `,"validUntil":"2026-08-01T00:00:00.000-06:00"`
	require.Contains(t, raw, until)
	late := now.AddDate(1, 0, 0)
	iri := `"https://www.w3.org/2018/credentials#validUntil":{"@value":"2026-08-01T00:00:00.000-06:00","@type":"http://www.w3.org/2001/XMLSchema#dateTime"}`
	for name, forged := range map[string]string{
		"the end under its IRI":     strings.Replace(raw, until, ","+iri, 1),
		"the end inside, under @id": strings.Replace(strings.Replace(raw, until, "", 1), `"about":{"id":"did:example:pilgrim"`, `"@included":[{"id":"urn:uuid:0f3a2b1c-5d4e-4f60-8a7b-9c0d1e2f3a4b",`+iri+`}],"about":{"id":"did:example:pilgrim"`, 1),
		"a name moved elsewhere":    strings.Replace(strings.Replace(raw, `"familyName":"Example",`, "", 1), `"about":{"id":"did:example:pilgrim"`, `"about":{"id":"did:example:pilgrim","familyName":"Example"`, 1),
		"names swapped by a context": strings.NewReplacer(`undefined-terms/v2"]`, `undefined-terms/v2",{"familyName":"https://www.w3.org/ns/credentials/undefined-terms#givenName","givenName":"https://www.w3.org/ns/credentials/undefined-terms#familyName"}]`,
			`"familyName"`, `"givenName"`, `"givenName"`, `"familyName"`).Replace(raw),
	} {
		require.NotEqual(t, raw, forged, name)
		_, err := v.Verify(ctx, []byte(forged), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat, name)
		_, err = v.Verify(ctx, []byte(forged), credential.Policy{Time: late})
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
	_, err = v.Verify(ctx, []byte(raw), credential.Policy{Time: late})
	require.ErrorIs(t, err, credential.ErrExpired)

	// Nor is such a document issued.
	for _, c := range []change{{"credentialSubject/clinic", `{"id":"did:example:pilgrim","familyName":"x"}`}, {"credentialSubject", `[{"id":"did:example:a","x":"1"},{"id":"did:example:a","y":"1"}]`}} {
		d, err := w3c.FromJSON(marshal(t, apply(t, content(p.did), c)))
		require.NoError(t, err)
		_, err = statements.Seal(ctx, d, []proof.Signer{p})
		require.ErrorIs(t, err, rdf.ErrForm, "%v", c)
		any := statements
		any.InsecureAnyNames = true
		_, err = any.Seal(ctx, d, []proof.Signer{p})
		require.NoError(t, err, "%v", c)
		_, err = w3c.Format{}.Seal(ctx, d, []proof.Signer{p})
		require.NoError(t, err, "%v", c)
	}
	// The same said twice is not ambiguous.
	twice := apply(t, content(p.did), change{"evidence", `[{"type":"V","by":{"id":"urn:x","x":"1"}},{"type":"V","by":{"id":"urn:x","x":"1"}}]`})
	_, err = v.Verify(ctx, issueAs(t, statements, twice, p), credential.Policy{Time: now})
	require.NoError(t, err)
}

// What [dataintegrity] says of contexts that name one thing twice: among the
// built-in ones, none does so for what this package reads, nor has other names
// for the keywords that nest.
func TestBuiltInContextsNameThingsOnce(t *testing.T) {
	files, err := filepath.Glob("../../internal/jsonld/contexts/*.jsonld")
	require.NoError(t, err)
	require.Greater(t, len(files), 10)
	terms := map[string]map[string]bool{} // by IRI
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for name, def := range v {
				id, _ := def.(string)
				if o, ok := def.(map[string]any); ok {
					id, _ = o["@id"].(string)
					require.NotContains(t, o, "@reverse", name)
					require.NotContains(t, o, "@nest", name)
					walk(o["@context"])
				}
				require.NotContains(t, []string{"@nest", "@included", "@graph", "@reverse", "@context"}, id, name)
				for prefix, iri := range map[string]string{"cred:": "https://www.w3.org/2018/credentials#", "sec:": "https://w3id.org/security#"} {
					if local, ok := strings.CutPrefix(id, prefix); ok {
						id = iri + local
					}
				}
				if terms[id] == nil {
					terms[id] = map[string]bool{}
				}
				terms[id][name] = true
			}
		}
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		var doc map[string]any
		require.NoError(t, json.Unmarshal(b, &doc))
		walk(doc["@context"])
	}
	for _, name := range []string{"credentialSubject", "issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate", "credentialStatus", "credentialSchema", "holder", "evidence", "termsOfUse", "refreshService", "relatedResource", "verifiableCredential"} {
		require.Equal(t, map[string]bool{name: true}, terms["https://www.w3.org/2018/credentials#"+name], name)
	}
	for _, name := range []string{"challenge", "domain", "proofPurpose", "verificationMethod", "previousProof"} {
		require.Equal(t, map[string]bool{name: true}, terms["https://w3id.org/security#"+name], name)
	}
}

// Whoever holds a document whose statements are signed can say that there are
// none of something: it is told that nobody signed that.
func TestPromiseUnsignedEmptyArraysAreTold(t *testing.T) {
	ed, p256 := newParty(t, nil), newParty(t, elliptic.P256())
	told := func(f w3c.Format, raw []byte) (places []string) {
		t.Helper()
		res, err := verifierOf(t, f).Verify(ctx, raw, credential.Policy{Time: now})
		require.NoError(t, err)
		for _, c := range res.Checks {
			if errors.Is(c.Err, w3c.ErrEmpty) {
				require.Equal(t, credential.Tolerated, c.Outcome)
				places = append(places, c.Err.Error())
			}
		}
		return places
	}
	for suite, p := range map[string]party{dataintegrity.EdDSARDFC2022: ed, dataintegrity.ECDSASD2023: p256} {
		f := pilgrim(t, suite)
		raw := issueAs(t, f, strict(p.did), p)
		if suite == dataintegrity.ECDSASD2023 {
			raw = show(t, f, raw, "/credentialSubject")
		}
		require.Empty(t, told(f, raw), suite)
		for _, c := range []struct{ old, with, at string }{
			{`"givenName":"Amina"`, `"givenName":"Amina","remarks":[]`, "credentialSubject.remarks"},
			{`"batch":"M-1"`, `"batch":["M-1",[]]`, ""},
			{`"issuer"`, `"description":[],"issuer"`, "description"},
		} {
			added := strings.Replace(string(raw), c.old, c.with, 1)
			require.NotEqual(t, string(raw), added)
			if !strings.HasPrefix(c.at, "credentialSubject") { // refused for what it is
				_, err := f.Parse([]byte(added), "")
				require.Error(t, err, c.with)
				continue
			}
			places := told(f, []byte(added))
			require.Len(t, places, 1)
			require.Contains(t, places[0], c.at)
			strictly := f
			strictly.Strict = true
			_, err := strictly.Parse([]byte(added), "")
			require.ErrorIs(t, err, w3c.ErrEmpty)
		}
	}
	// JSON that is signed says it, also beside statements.
	f := pilgrim(t)
	doc := apply(t, strict(ed.did), change{"credentialSubject/remarks", `[]`})
	require.Empty(t, told(f, issueAs(t, f, doc, ed)))
	f.Suites = []string{dataintegrity.EdDSARDFC2022, dataintegrity.ECDSAJCS2019}
	require.Len(t, told(f, issueAs(t, f, doc, ed)), 1)
	d, err := w3c.FromJSON(marshal(t, doc))
	require.NoError(t, err)
	both, err := f.Seal(ctx, d, []proof.Signer{ed, p256})
	require.NoError(t, err)
	require.Empty(t, told(f, both))
}
