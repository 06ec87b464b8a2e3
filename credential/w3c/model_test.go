package w3c_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
)

// change sets one member of a credential; a nil raw JSON removes it.
type change struct{ path, json string }

// apply returns the content with changes; a path is members joined by slashes.
func apply(t testing.TB, doc map[string]any, changes ...change) map[string]any {
	t.Helper()
	for _, c := range changes {
		m := doc
		parts := strings.Split(c.path, "/")
		for _, p := range parts[:len(parts)-1] {
			m = m[p].(map[string]any)
		}
		name := parts[len(parts)-1]
		if c.json == "" {
			delete(m, name)
			continue
		}
		m[name] = json.RawMessage(c.json)
	}
	return doc
}

// place is how an error names what a change broke.
func place(c change) string {
	switch {
	case strings.HasPrefix(c.path, "@") && c.path != "@context", strings.Contains(c.json, "2026-04-30"):
		return "document"
	case strings.Contains(c.json, "9007199254740993"):
		return "integer"
	}
	return strings.ReplaceAll(c.path, "/", ".")
}

// fits is the digest of an empty resource.
const fits = `"digestSRI":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="`

func multibaseOf(resource string) string {
	sum := sha256.Sum256([]byte(resource))
	return "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0x12, 32}, sum[:]...))
}

func TestModelRefuses(t *testing.T) {
	status := `"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://a.example/1"`
	for _, c := range []change{
		{"@context", ``}, {"@context", `[]`}, {"@context", `"https://www.w3.org/ns/credentials/v2"`}, {"@context", `null`},
		{"@context", `["https://a.example","https://www.w3.org/ns/credentials/v2"]`}, {"@context", `["https://www.w3.org/ns/credentials/v2",1]`},
		{"@context", `["https://www.w3.org/ns/credentials/v2",null]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","relative"]`},
		{"@context", `["https://www.w3.org/ns/credentials/v2",["https://a.example"]]`}, {"@context", `["https://www.w3.org/ns/credentials/v2","https://"]`},
		{"id", `null`}, {"id", `["urn:a"]`}, {"id", `"urn:a b"`}, {"id", `""`}, {"id", `"a"`}, {"id", `1`}, {"id", `{"id":"urn:a"}`},
		{"type", ``}, {"type", `null`}, {"type", `[]`}, {"type", `["PilgrimHealthCredential"]`}, {"type", `"PilgrimHealthCredential"`}, {"type", `["VerifiableCredential",1]`},
		{"type", `["VerifiableCredential",""]`}, {"type", `["VerifiableCredential","A B"]`}, {"type", `["VerifiableCredential","VerifiableCredential"]`}, {"type", `["VerifiableCredential","@id"]`}, {"type", `{"id":"VerifiableCredential"}`},
		{"issuer", ``}, {"issuer", `null`}, {"issuer", `"a"`}, {"issuer", `""`}, {"issuer", `1`}, {"issuer", `["did:example:a"]`}, {"issuer", `{}`}, {"issuer", `{"id":null}`}, {"issuer", `{"id":"a"}`}, {"issuer", `{"name":"A"}`},
		{"issuer/name", `{"@value":"a","x":1}`}, {"issuer/description", `1`},
		{"credentialSubject", ``}, {"credentialSubject", `null`}, {"credentialSubject", `{}`}, {"credentialSubject", `[]`}, {"credentialSubject", `[{"a":1},{}]`}, {"credentialSubject", `"did:example:a"`}, {"credentialSubject", `["did:example:a"]`},
		{"credentialSubject/id", `["did:example:a","did:example:b"]`}, {"credentialSubject/id", `null`}, {"credentialSubject/id", `"a b"`},
		{"validFrom", `"2026-05-01"`}, {"validFrom", `"2026-05-01T00:00:00"`}, {"validFrom", `null`}, {"validFrom", `1777593600`}, {"validFrom", `["2026-05-01T00:00:00Z"]`}, {"validFrom", `""`},
		{"validUntil", `"2026-04-30T23:59:59Z"`}, {"validUntil", `"soon"`}, {"issuanceDate", `"2026-05-01T00:00:00Z"`}, {"expirationDate", `"2026-05-01T00:00:00Z"`},
		{"name", `1`}, {"name", `null`}, {"name", `{"@value":"a","@language":"en","url":"x"}`}, {"name", `{"@language":"en"}`}, {"name", `{"@value":1}`}, {"name", `{"@value":"a","@language":"not a tag"}`}, {"name", `{"@value":"a","@language":""}`}, {"name", `{"@value":"a","@language":"en-"}`}, {"name", `{"@value":"a","@language":1}`}, {"name", `{"@value":"a","@direction":"up"}`}, {"name", `["a"]`}, {"description", `[{"@value":"a"},{"value":"b"}]`},
		{"credentialStatus", `null`}, {"credentialStatus", `"https://a.example"`}, {"credentialStatus", `[]`}, {"credentialStatus", `[{` + status + `},null]`}, {"credentialStatus", `{"id":"urn:a"}`}, {"credentialStatus", `{"type":1}`}, {"credentialStatus", `{"type":"A","id":"a b"}`}, {"credentialStatus", `{"type":"A","id":null}`}, {"credentialStatus", `{"type":"StatusList2021Entry"}`}, {"credentialStatus", `{"type":["A","A"]}`}, {"credentialStatus", `{"type":"A B"}`},
		{"credentialStatus", `{` + strings.Replace(status, `"7"`, `7`, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `"7"`, `"-7"`, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `"7"`, `"07"`, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `"7"`, `"18446744073709551616"`, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `"7"`, `""`, 1) + `}`},
		{"credentialStatus", `{` + strings.Replace(status, `https:`, ``, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `statusPurpose`, `x`, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `statusListIndex`, `x`, 1) + `}`}, {"credentialStatus", `{` + strings.Replace(status, `statusListCredential`, `x`, 1) + `}`},
		{"credentialStatus", `{` + status + `,"statusSize":"1"}`}, {"credentialStatus", `{` + status + `,"statusSize":0}`}, {"credentialStatus", `{` + status + `,"statusSize":-1}`}, {"credentialStatus", `{` + status + `,"statusSize":1.5}`}, {"credentialStatus", `{` + status + `,"statusSize":17}`}, {"credentialStatus", `{` + status + `,"statusSize":64,"statusMessage":[]}`}, {"credentialStatus", `{` + status + `,"statusSize":null}`}, {"credentialStatus", `{` + status + `,"statusSize":2}`},
		{"credentialStatus", `{` + status + `,"statusMessage":"set"}`}, {"credentialStatus", `{` + status + `,"statusMessage":[]}`}, {"credentialStatus", `{` + status + `,"statusMessage":[{"status":"0x0","message":"a"}]}`}, {"credentialStatus", `{` + status + `,"statusMessage":[{"status":"0x0","message":"a"},{"status":"0x0","message":"b"}]}`}, {"credentialStatus", `{` + status + `,"statusMessage":[{"status":"0","message":"a"},{"status":"1","message":"b"}]}`}, {"credentialStatus", `{` + status + `,"statusMessage":[{"status":"0x0","message":"a"},{"status":"0x2","message":"b"}]}`}, {"credentialStatus", `{` + status + `,"statusMessage":[{"status":"0x0","message":"a"},{"status":"0x1"}]}`}, {"credentialStatus", `{` + status + `,"statusMessage":["a","b"]}`}, {"credentialStatus", `{` + status + `,"statusMessage":[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"},{"status":"0x2","message":"c"}]}`},
		{"credentialSchema", `{"type":"JsonSchema"}`}, {"credentialSchema", `{"id":"https://a.example"}`}, {"credentialSchema", `{"type":"JsonSchema","id":"a"}`}, {"credentialSchema", `"https://a.example"`}, {"credentialSchema", `[{"type":[],"id":"https://a.example"}]`},
		{"termsOfUse", `{}`}, {"termsOfUse", `{"type":null}`}, {"termsOfUse", `[{"type":"A"},{"id":"urn:a"}]`}, {"evidence", `{"id":"urn:a"}`}, {"evidence", `"urn:a"`}, {"evidence", `{"type":"A","id":1}`}, {"refreshService", `{"id":"urn:a"}`}, {"refreshService", `1`},
		{"relatedResource", `"https://a.example"`}, {"relatedResource", `["https://a.example"]`}, {"relatedResource", `{"digestSRI":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`}, {"relatedResource", `{"id":"https://a.example"}`}, {"relatedResource", `{"id":"https://a.example","digestSRI":"sha256-abc"}`}, {"relatedResource", `{"id":"https://a.example","digestSRI":"md5-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`}, {"relatedResource", `{"id":"https://a.example","digestMultibase":"x1"}`}, {"relatedResource", `{"id":"https://a.example","digestMultibase":"uEiA"}`}, {"relatedResource", `{"id":"https://a.example","digestSRI":[]}`}, {"relatedResource", `{"id":"https://a.example","digestSRI":[1]}`},
		{"relatedResource", `{"id":"https://a.example","mediaType":1,` + fits + `}`}, {"relatedResource", `{"id":"a",` + fits + `}`}, {"relatedResource", `{"id":"https://www.w3.org/ns/credentials/v2",` + fits + `}`}, {"relatedResource", `{"id":"https://www.w3.org/ns/credentials/v2","digestMultibase":"` + multibaseOf("x") + `"}`},
		{"relatedResource", `[{"id":"https://a.example",` + fits + `},{"id":"https://a.example",` + fits + `}]`},
		{"@id", `"urn:a"`}, {"@type", `"VerifiableCredential"`}, {"@graph", `[]`}, {"@base", `"https://a.example"`},
		{"credentialSubject/passport", `9007199254740993`}, {"proof", `null`}, {"proof", `[]`}, {"proof", `{}`},
	} {
		doc := marshal(t, apply(t, content("did:example:issuer"), c))
		_, err := w3c.FromJSON(doc)
		require.Error(t, err, "%v", c)
		require.ErrorIs(t, err, w3c.ErrModel, "%v", c)
		require.ErrorContains(t, err, place(c), "%v", c)
		for _, personal := range []string{"Amina", "did:example", "X1234567"} {
			require.NotContains(t, err.Error(), personal, "%v", c)
		}
		if c.path == "proof" {
			continue
		}
		// A verifier refuses the same, before it looks at any proof.
		_, err = w3c.Format{}.Parse(doc, "")
		require.Error(t, err, "%v", c)
	}
}

func TestModelAccepts(t *testing.T) {
	for _, c := range []change{
		{"@context", `["https://www.w3.org/ns/credentials/v2"]`}, {"@context", `["https://www.w3.org/ns/credentials/v2",{"term":"https://a.example#term"}]`},
		{"id", ``}, {"type", `"VerifiableCredential"`}, {"type", `["VerifiableCredential","https://a.example/Type"]`}, {"type", `["Other","VerifiableCredential"]`},
		{"issuer", `"https://issuer.example"`}, {"issuer", `{"id":"did:example:a","image":"x"}`}, {"issuer/description", `[{"@value":"a","@language":"en-GB"},{"@value":"ب","@language":"ar","@direction":"rtl"}]`},
		{"validFrom", ``}, {"validUntil", ``}, {"validUntil", `"2026-05-01T00:00:00Z"`}, {"validUntil", `"2026-05-01T00:00:00.123-06:00"`},
		{"credentialSubject", `[{"id":"did:example:a"},{"id":"did:example:b"}]`}, {"credentialSubject/id", ``},
		{"name", ``}, {"name", `{"@value":"a"}`}, {"description", `"text"`},
		{"credentialStatus", `{"type":"OtherStatus","id":"https://a.example/status"}`}, {"credentialStatus", `{"type":["A","B"]}`},
		{"credentialSchema", `{"type":"JsonSchema","id":"https://a.example/schema.json"}`}, {"termsOfUse", `{"type":"A"}`}, {"evidence", `[{"type":["A","B"],"id":"urn:x"}]`}, {"refreshService", `{"type":"A"}`},
		{"relatedResource", `{"id":"https://a.example","digestSRI":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`}, {"relatedResource", `[{"id":"https://a.example","digestMultibase":"` + multibaseOf("x") + `"},{"id":"https://b.example",` + fits + `}]`},
		{"undefinedTerm", `{"@type":"x"}`},
	} {
		_, err := w3c.FromJSON(marshal(t, apply(t, content("did:example:issuer"), c)))
		require.NoError(t, err, "%v", c)
	}
}

// An entry of the older type without a list names nothing to ask: the credential
// can be read, and its status not be found out.
func TestStatusWithoutList(t *testing.T) {
	p := newParty(t, nil)
	raw := issue(t, apply(t, content(p.did), change{"credentialStatus", `{"id":"https://a.example/3#94567","type":"StatusList2021Entry","statusPurpose":"revocation","statusListIndex":"94567"}`}), p)
	_, err := verifier(t, nil, entry(p, "Ministry")).Verify(ctx, raw, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
	require.ErrorIs(t, err, credential.ErrNoData)
}

func TestUnsupported(t *testing.T) {
	for _, c := range []change{
		{"type", `["VerifiablePresentation","EnvelopedVerifiablePresentation"]`}, {"type", `["EnvelopedVerifiableCredential","VerifiableCredential"]`},
	} {
		_, err := w3c.Format{}.Parse(marshal(t, apply(t, content("did:example:issuer"), c)), "")
		require.ErrorIs(t, err, w3c.ErrUnsupported, "%v", c)
		require.NotErrorIs(t, err, credential.ErrOtherFormat)
	}
}

func TestOtherFormats(t *testing.T) {
	for _, in := range []string{"", " ", "null", "[]", `"x"`, "HC1:6BF", "eyJhbGciOiJFUzI1NiJ9.e30.AA", "{}", `{"verifiableCredential":["ey"]}`, `{"@context":"https://a.example"}`, `{"@context":["https://www.w3.org/2018/credentials/v3"],"type":["VerifiableCredential"]}`, `{`, `{"a":1,"a":2}`, "\x00", "\xff"} {
		_, err := w3c.Format{}.Parse([]byte(in), "")
		require.ErrorIs(t, err, credential.ErrOtherFormat, in)
	}
	// One that begins as ours is ours to refuse.
	for _, in := range []string{`{"@context":["https://www.w3.org/ns/credentials/v2"]`, `{"@context":["https://www.w3.org/ns/credentials/v2"],"a":1,"a":2}`, `{"@context":"https://www.w3.org/ns/credentials/v2"}`, `{"@context":"https://www.w3.org/2018/credentials/v1"`, `{"@context":["https://a.example","https://www.w3.org/ns/credentials/v2"]}`} {
		_, err := w3c.Format{}.Parse([]byte(in), "")
		require.Error(t, err)
		require.NotErrorIs(t, err, credential.ErrOtherFormat, in)
	}
	_, err := w3c.Format{}.Parse(make([]byte, 25<<20), "")
	require.ErrorIs(t, err, w3c.ErrModel)
}

func TestRead(t *testing.T) {
	doc := apply(t, content("did:example:issuer"),
		change{"credentialStatus", `[{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://a.example/1","statusSize":1},{"type":"OtherStatus"}]`},
		change{"credentialSchema", `{"type":"JsonSchema","id":"https://a.example/schema.json"}`})
	env, err := w3c.Format{}.Parse(marshal(t, doc), "application/vc")
	require.NoError(t, err)
	require.Empty(t, env.Proofs)
	c := env.Credential
	require.Equal(t, "w3c", c.Format)
	require.Equal(t, "urn:uuid:0f3a2b1c-5d4e-4f60-8a7b-9c0d1e2f3a4b", c.ID)
	require.Equal(t, []string{"did:example:issuer"}, c.Issuers)
	require.Equal(t, "did:example:pilgrim", c.Subject)
	require.Equal(t, []string{"PilgrimHealthCredential"}, c.Types)
	require.Equal(t, "2026-05-01T00:00:00Z", c.ValidFrom.UTC().Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, "2026-08-01T06:00:00Z", c.ValidUntil.UTC().Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, c.ValidFrom, c.Signed)
	require.Equal(t, []credential.StatusRef{{Type: w3c.StatusType, Purpose: "revocation", List: "https://a.example/1", Index: 94567, Size: 1}, {Type: "OtherStatus"}}, c.Status)
	require.Equal(t, []credential.SchemaRef{{Type: "JsonSchema", ID: "https://a.example/schema.json"}}, c.Schemas)
	var claims struct {
		CredentialSubject struct {
			GivenName string
			Weight    float64
		}
	}
	require.NoError(t, c.Claims(&claims))
	require.Equal(t, "Amina", claims.CredentialSubject.GivenName)
	require.Equal(t, 61.5, claims.CredentialSubject.Weight)

	env, err = w3c.Format{}.Parse(marshal(t, apply(t, doc, change{"credentialSubject", `[{"id":"did:example:a"},{"id":"did:example:b"}]`})), "")
	require.NoError(t, err)
	require.Empty(t, env.Credential.Subject, "of two subjects neither is the subject")
}
