package did_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
)

// One key in each form that a document may have it in. The P-256 key is that of
// RFC 7517, appendix A.1; the Ed25519 key that of RFC 8037, appendix A.2.
const (
	edMultibase = "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
	edBase58    = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
	edJWK       = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	ecJWK       = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
)

// document is one with the methods and other members given.
func document(methods, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"@context":"https://www.w3.org/ns/did/v1","id":"did:web:a.example","verificationMethod":[` + methods + `]` + more + `}`
}

func method(fragment, typ, key string) string {
	return fmt.Sprintf(`{"id":"did:web:a.example#%s","type":%q,"controller":"did:web:a.example",%s}`, fragment, typ, key)
}

func TestParseTypes(t *testing.T) {
	jwk := `"publicKeyJwk":` + ecJWK
	for typ, c := range map[string]struct {
		key  string
		want string
	}{
		"Multikey":                          {`"publicKeyMultibase":"` + edMultibase + `"`, "Ed25519"},
		"Ed25519VerificationKey2020":        {`"publicKeyMultibase":"` + edMultibase + `"`, "Ed25519"},
		"Ed25519VerificationKey2018":        {`"publicKeyBase58":"` + edBase58 + `"`, "Ed25519"},
		"JsonWebKey2020":                    {`"publicKeyJwk":` + edJWK, "Ed25519"},
		"JsonWebKey":                        {jwk, "P-256"},
		"EcdsaSecp256r1VerificationKey2019": {jwk, "P-256"},
	} {
		doc, err := did.Parse([]byte(document(method("k", typ, c.key), `"assertionMethod":["#k"]`)))
		require.NoError(t, err, typ)
		require.Equal(t, typ, doc.Methods[0].Type)
		k, err := doc.Key("did:web:a.example#k")
		require.NoError(t, err, typ)
		require.Equal(t, []proof.Purpose{proof.AssertionMethod}, k.Purposes)
		require.Equal(t, []string{"did:web:a.example"}, k.Controllers)
		encoded, err := did.FormatMultikey(k.Public)
		require.NoError(t, err)
		require.Equal(t, c.want == "Ed25519", encoded == edMultibase, typ)
		require.Equal(t, c.want == "P-256", strings.HasPrefix(encoded, "zDn"), typ)
	}
}

// A method that can't be used keeps its place, says why, and spoils no other.
func TestParseUnusableMethods(t *testing.T) {
	curve := elliptic.P256().Params()
	b64 := func(n int) string { return base64.RawURLEncoding.EncodeToString(curve.Gx.FillBytes(make([]byte, n))) }
	for name, c := range map[string]struct {
		typ, key string
		want     error
	}{
		"unknown type":               {"NewKey2030", `"publicKeyMultibase":"` + edMultibase + `"`, did.ErrUnsupported},
		"secp256k1 as account":       {"EcdsaSecp256k1RecoveryMethod2020", `"blockchainAccountId":"eip155:1:0x"`, did.ErrUnsupported},
		"secp256k1 in hexadecimal":   {"EcdsaSecp256k1VerificationKey2019", `"publicKeyHex":"02"`, did.ErrUnsupported},
		"secp256k1 as JWK":           {"JsonWebKey2020", `"publicKeyJwk":{"kty":"EC","crv":"secp256k1","x":"` + b64(32) + `","y":"` + b64(32) + `"}`, did.ErrInvalid}, // no point on the curve
		"secp256k1, short x":         {"JsonWebKey2020", `"publicKeyJwk":{"kty":"EC","crv":"secp256k1","x":"` + b64(32)[:40] + `","y":"` + b64(32) + `"}`, did.ErrInvalid},
		"secp256k1, y not base64url": {"JsonWebKey2020", `"publicKeyJwk":{"kty":"EC","crv":"secp256k1","x":"` + b64(32) + `","y":"===="}`, did.ErrInvalid},
		"X25519 as JWK":              {"JsonWebKey", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","x":"` + b64(32) + `"}`, did.ErrUnsupported},
		"X25519 padded":              {"JsonWebKey", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","x":"` + b64(32) + `="}`, did.ErrInvalid},
		"X25519 too long":            {"JsonWebKey", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","x":"` + b64(33) + `"}`, did.ErrInvalid},
		"X25519 with line end":       {"JsonWebKey", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","x":"` + b64(32) + `\n"}`, did.ErrInvalid},
		"Ed448":                      {"JsonWebKey", `"publicKeyJwk":{"kty":"OKP","crv":"Ed448","x":"` + b64(57) + `"}`, did.ErrUnsupported},
		"symmetric":                  {"JsonWebKey", `"publicKeyJwk":{"kty":"oct","k":"AAAA"}`, did.ErrUnsupported},
		"off the curve":              {"JsonWebKey", `"publicKeyJwk":{"kty":"EC","crv":"P-256","x":"` + b64(32) + `","y":"` + b64(32) + `"}`, did.ErrInvalid},
		"for encryption":             {"JsonWebKey", `"publicKeyJwk":` + strings.Replace(ecJWK, "{", `{"use":"enc",`, 1), proof.ErrKey},
		"JWK not an object":          {"JsonWebKey", `"publicKeyJwk":"x"`, did.ErrInvalid},
		"private JWK":                {"JsonWebKey", `"publicKeyJwk":` + strings.Replace(edJWK, "{", `{"d":"AA",`, 1), proof.ErrKey},
		"private X25519":             {"JsonWebKey", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","d":"AA","x":"` + b64(32) + `"}`, proof.ErrKey},
		"private Multikey":           {"Multikey", `"publicKeyMultibase":"` + edMultibase + `","secretKeyMultibase":"z3u2"`, proof.ErrKey},
		"Multikey as JWK":            {"Multikey", `"publicKeyJwk":` + edJWK, did.ErrInvalid},
		"JsonWebKey as Multikey":     {"JsonWebKey", `"publicKeyMultibase":"` + edMultibase + `"`, did.ErrInvalid},
		"no key":                     {"Multikey", `"x":1`, did.ErrInvalid},
		"two keys":                   {"Ed25519VerificationKey2020", `"publicKeyMultibase":"` + edMultibase + `","publicKeyJwk":` + edJWK, did.ErrInvalid},
		"number":                     {"Multikey", `"publicKeyMultibase":7`, did.ErrInvalid},
		"another base":               {"Multikey", `"publicKeyMultibase":"u7QEB"`, did.ErrInvalid},
		"no base58":                  {"Ed25519VerificationKey2018", `"publicKeyBase58":"0OIl"`, did.ErrInvalid},
		"base58 too long":            {"Ed25519VerificationKey2018", `"publicKeyBase58":"` + strings.Repeat("2", 5000) + `"`, did.ErrUnsupported},
		"base58 of another length":   {"Ed25519VerificationKey2018", `"publicKeyBase58":"2222"`, did.ErrInvalid},
		"P-256 as Ed25519":           {"Ed25519VerificationKey2020", `"publicKeyJwk":` + ecJWK, did.ErrInvalid},
		"X25519 as Ed25519":          {"Ed25519VerificationKey2020", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","x":"` + b64(32) + `"}`, did.ErrInvalid},
		"expires not a time":         {"Multikey", `"publicKeyMultibase":"` + edMultibase + `","expires":"2026"`, did.ErrInvalid},
		"revoked null":               {"Multikey", `"publicKeyMultibase":"` + edMultibase + `","revoked":null`, did.ErrInvalid},
	} {
		good := method("good", "Multikey", `"publicKeyMultibase":"`+edMultibase+`"`)
		doc, err := did.Parse([]byte(document(method("bad", c.typ, c.key)+","+good, `"assertionMethod":["#bad","#good"]`)))
		require.NoError(t, err, name)
		k, err := doc.Key("did:web:a.example#bad")
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, k, name)
		k, err = doc.Key("did:web:a.example#good")
		require.NoError(t, err, name)
		require.NotNil(t, k, name)
	}
}

func TestParseRefuses(t *testing.T) {
	good := method("k", "Multikey", `"publicKeyMultibase":"`+edMultibase+`"`)
	many := func(n int, prefix string) string {
		var all []string
		for i := range n {
			all = append(all, method(fmt.Sprint(prefix, i), "Multikey", `"publicKeyMultibase":"`+edMultibase+`"`))
		}
		return strings.Join(all, ",")
	}
	_, err := did.Parse([]byte(document(many(100, "k"), "")))
	require.NoError(t, err)
	for name, raw := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "truncated": document(good, "")[:100], "trailing": document(good, "") + "x",
		"html":                   "<!DOCTYPE html><html></html>",
		"no id":                  `{"verificationMethod":[]}`,
		"id a number":            `{"id":7}`,
		"id no DID":              `{"id":"a.example"}`,
		"id in plain http":       `{"id":"http://a.example/"}`,
		"id with fragment":       `{"id":"https://a.example/#x"}`,
		"id too long":            `{"id":"https://a.example/` + strings.Repeat("x", 5000) + `"}`,
		"id twice":               `{"id":"did:web:a.example","\u0069d":"did:web:b.example"}`,
		"too large":              `{"id":"did:web:a.example","x":"` + strings.Repeat("x", 1<<20) + `"}`,
		"nested":                 document(good, `"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)),
		"methods no list":        `{"id":"did:web:a.example","verificationMethod":{}}`,
		"method a string":        document(`"#k"`, ""),
		"method without id":      document(`{"type":"Multikey","controller":"did:web:a.example"}`, ""),
		"method without type":    document(`{"id":"#k","controller":"did:web:a.example"}`, ""),
		"without controller":     document(`{"id":"#k","type":"Multikey"}`, ""),
		"controllers":            document(`{"id":"#k","type":"Multikey","controller":["did:web:a.example"]}`, ""),
		"same id":                document(good+","+good, ""),
		"same id, relative":      document(good+","+strings.Replace(good, "did:web:a.example#k", "#k", 1), ""),
		"same id, embedded":      document(good, `"authentication":[`+good+`]`),
		"101 methods":            document(many(101, "k"), ""),
		"101 methods, embedded":  document(many(60, "k"), `"authentication":[`+many(41, "e")+`]`),
		"relationship a string":  document(good, `"authentication":"#k"`),
		"relationship of number": document(good, `"authentication":[7]`),
		"empty reference":        document(good, `"authentication":[""]`),
		"101 references":         document(good, `"authentication":["#k"`+strings.Repeat(`,"#k"`, 100)+`]`),
		"deactivated a string":   document(good, `"deactivated":"true"`),
	} {
		doc, err := did.Parse([]byte(raw))
		require.ErrorIs(t, err, did.ErrInvalid, name)
		require.Nil(t, doc, name)
	}
	_, err = did.Parse([]byte(document(good, `"deactivated":true`)))
	require.ErrorIs(t, err, did.ErrDeactivated)
	_, err = did.Parse([]byte(document(good, `"deactivated":false`)))
	require.NoError(t, err)
}

func TestParseRelationships(t *testing.T) {
	one := method("one", "Multikey", `"publicKeyMultibase":"`+edMultibase+`"`)
	two := strings.Replace(one, "#one", "#two", 1)
	doc, err := did.Parse([]byte(document(one, `
		"assertionMethod":["#one","did:web:a.example#one","#two","did:web:b.example#one"],
		"authentication":[`+two+`,"#missing"],
		"keyAgreement":["#one"],
		"service":[{"id":"#one"}],
		"capabilityInvocation":[]`)))
	require.NoError(t, err)
	require.Equal(t, map[proof.Purpose][]string{
		proof.AssertionMethod: {"did:web:a.example#one", "did:web:b.example#one"},
		proof.Authentication:  {"did:web:a.example#two", "did:web:a.example#missing"},
		did.KeyAgreement:      {"did:web:a.example#one"},
	}, doc.Relationships, "a method inside a relationship is for that one alone")
	k, err := doc.Key("did:web:a.example#two")
	require.NoError(t, err)
	require.Equal(t, []proof.Purpose{proof.Authentication}, k.Purposes)
	k, err = doc.Key("did:web:a.example#one")
	require.NoError(t, err)
	require.Equal(t, []proof.Purpose{proof.AssertionMethod}, k.Purposes, "never for key agreement")
	for _, id := range []string{"did:web:b.example#one", "did:web:a.example#missing", "#one", ""} {
		k, err = doc.Key(id)
		require.NoError(t, err)
		require.Nil(t, k, id)
	}
}

func TestParseController(t *testing.T) {
	guest := strings.Replace(method("k", "Multikey", `"publicKeyMultibase":"`+edMultibase+`"`), `"controller":"did:web:a.example"`, `"controller":"did:web:b.example"`, 1)
	doc, err := did.Parse([]byte(document(guest, `"assertionMethod":["#k"]`)))
	require.NoError(t, err)
	k, err := doc.Key("did:web:a.example#k")
	require.NoError(t, err)
	require.Empty(t, k.Controllers)

	doc, err = did.Parse([]byte(`{"id":"https://a.example/issuer","verificationMethod":[{"id":"https://a.example/issuer#k","type":"JsonWebKey","controller":"https://a.example/issuer","publicKeyJwk":` + ecJWK + `}],"assertionMethod":["#k"]}`))
	require.NoError(t, err)
	k, err = doc.Key("https://a.example/issuer#k")
	require.NoError(t, err)
	require.Equal(t, []string{"https://a.example/issuer"}, k.Controllers)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	require.Contains(t, string(raw), "https://www.w3.org/ns/cid/v1")
}

func TestParseUntil(t *testing.T) {
	first, second := "2026-05-01T00:00:00Z", "2027-01-01T02:00:00+02:00"
	for _, c := range []struct{ members, want string }{
		{`,"expires":"` + first + `"`, first}, {`,"revoked":"` + second + `"`, "2027-01-01T00:00:00Z"},
		{`,"expires":"` + second + `","revoked":"` + first + `"`, first}, {`,"revoked":"` + second + `","expires":"` + first + `"`, first}, {``, ""},
	} {
		doc, err := did.Parse([]byte(document(method("k", "Multikey", `"publicKeyMultibase":"`+edMultibase+`"`+c.members), `"assertionMethod":["#k"]`)))
		require.NoError(t, err)
		k, err := doc.Key("did:web:a.example#k")
		require.NoError(t, err)
		require.Equal(t, c.want == "", k.NotAfter.IsZero())
		if c.want != "" {
			require.Equal(t, c.want, k.NotAfter.UTC().Format(time.RFC3339))
		}
	}
}

func TestParseAlgorithms(t *testing.T) {
	rsa := `{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 341) + `w"}`
	for alg, want := range map[string][]proof.Algorithm{"": {proof.PS256, proof.RS256}, "RS256": {proof.RS256}, "PS256": {proof.PS256}} {
		key := rsa
		if alg != "" {
			key = strings.Replace(rsa, "{", `{"alg":"`+alg+`",`, 1)
		}
		doc, err := did.Parse([]byte(document(method("k", "JsonWebKey", `"publicKeyJwk":`+key), `"assertionMethod":["#k"]`)))
		require.NoError(t, err)
		k, err := doc.Key("did:web:a.example#k")
		require.NoError(t, err)
		require.Equal(t, want, k.Algorithms)
		_, err = json.Marshal(doc)
		require.Equal(t, alg == "", err == nil, "a Multikey can't restrict")
	}
}

func TestMarshal(t *testing.T) {
	until := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	doc := &did.Document{
		ID: "did:web:a.example",
		Methods: []did.VerificationMethod{
			{ID: "did:web:a.example#1", Type: "Multikey", Controller: "did:web:a.example", Public: newKey(t), Until: until},
			{ID: "did:web:a.example#2", Type: "Multikey", Controller: "did:web:\"b", Public: did.OtherKey{Kind: did.X25519, Bytes: make([]byte, 32)}},
		},
		Relationships: map[proof.Purpose][]string{proof.AssertionMethod: {"did:web:a.example#1"}, did.KeyAgreement: {"did:web:a.example#2", "did:web:b#\"1"}},
	}
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	again, err := did.Parse(raw)
	require.NoError(t, err)
	require.Equal(t, doc, again)

	for name, change := range map[string]func(*did.Document){
		"no id":        func(d *did.Document) { d.ID = "" },
		"relationship": func(d *did.Document) { d.Relationships = map[proof.Purpose][]string{"id": nil} },
		"no key":       func(d *did.Document) { d.Methods = []did.VerificationMethod{{ID: "did:web:a.example#1"}} },
		"unusable":     func(d *did.Document) { d.Methods = []did.VerificationMethod{{Err: did.ErrInvalid}} },
	} {
		d := *doc
		change(&d)
		_, err := json.Marshal(&d)
		require.Error(t, err, name)
	}
}

// Trust lists of WHO's network are DID documents; the small one, of a single
// signer, is read as such.
func TestConformanceDIDDocument(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "tng-participants-dev"), "WHO", "signing", "DID", "did.json"))
	require.NoError(t, err)
	doc, err := did.Parse(raw)
	require.NoError(t, err)
	met := 0
	for _, m := range doc.Methods {
		if m.Err == nil {
			met++
		} else {
			t.Errorf("not met: %s: %v", m.ID, m.Err)
		}
	}
	fmt.Printf("conformance: did-document %d/%d\n", met, len(doc.Methods))
}

func FuzzParse(f *testing.F) {
	one := method("one", "Multikey", `"publicKeyMultibase":"`+edMultibase+`","expires":"2026-05-01T00:00:00Z"`)
	f.Add([]byte(document(one, `"assertionMethod":["#one"],"authentication":[`+method("k", "JsonWebKey", `"publicKeyJwk":`+ecJWK)+`]`)))
	f.Add([]byte(document(method("old", "Ed25519VerificationKey2018", `"publicKeyBase58":"`+edBase58+`"`), `"deactivated":false`)))
	f.Add([]byte(document(method("x", "JsonWebKey2020", `"publicKeyJwk":{"kty":"OKP","crv":"X25519","x":"AAAA"}`), "")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, err := did.Parse(raw)
		if err != nil {
			return
		}
		for _, m := range doc.Methods {
			k, err := doc.Key(m.ID)
			if k != nil && (err != nil || len(k.Algorithms) == 0 || len(k.Purposes) == 0 || !proof.Same(k.Public, m.Public)) {
				t.Fatalf("%q: %v, %v", m.ID, k, err)
			}
		}
		doc.Methods = slices.DeleteFunc(doc.Methods, func(m did.VerificationMethod) bool { return m.Err != nil || m.Algorithms != nil })
		for i := range doc.Methods {
			doc.Methods[i].Type = "Multikey"
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		again, err := did.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		require.Equal(t, len(doc.Methods), len(again.Methods))
		for i, m := range doc.Methods {
			require.True(t, proof.Same(m.Public, again.Methods[i].Public) && m.ID == again.Methods[i].ID && m.Until.Equal(again.Methods[i].Until))
		}
	})
}

func FuzzParseMultikey(f *testing.F) {
	f.Add(edMultibase)
	f.Add("z")
	f.Fuzz(func(t *testing.T, s string) {
		pub, err := did.ParseMultikey(s)
		if err != nil {
			return
		}
		if again, err := did.FormatMultikey(pub); err != nil || again != s {
			t.Fatalf("%q is written %q, %v", s, again, err)
		}
	})
}
