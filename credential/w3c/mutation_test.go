package w3c_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// span is a value in a JSON text: its bytes and, in an object, its member's.
type span struct {
	start, end int
	member     int // where the member's name begins; -1 in arrays and at the top
}

// spans finds every value of a valid JSON text without white space.
func spans(doc []byte) []span {
	var out []span
	var value func(i, member int) int
	skip := func(i int) int { // the end of the string at i
		for i++; doc[i] != '"'; i++ {
			if doc[i] == '\\' {
				i++
			}
		}
		return i + 1
	}
	value = func(i, member int) int {
		start := i
		switch doc[i] {
		case '{':
			for i++; doc[i] != '}'; {
				if doc[i] == ',' {
					i++
				}
				name := i
				i = value(skip(i)+1, name)
			}
			i++
		case '[':
			for i++; doc[i] != ']'; {
				if doc[i] == ',' {
					i++
				}
				i = value(i, -1)
			}
			i++
		case '"':
			i = skip(i)
		default:
			for !strings.ContainsRune(",]}", rune(doc[i])) {
				i++
			}
		}
		out = append(out, span{start, i, member})
		return i
	}
	value(0, -1)
	return out
}

// mutations changes a document in every place: values, members, bytes.
func mutations(doc []byte, yield func(what string, mutated []byte)) {
	replace := func(what string, from, to int, with string) {
		yield(fmt.Sprintf("%s at %d", what, from), slices.Concat(doc[:from], []byte(with), doc[to:]))
	}
	for _, s := range spans(doc) {
		old := string(doc[s.start:s.end])
		for _, v := range []string{
			`null`, `true`, `false`, `0`, `-0`, `1`, `1.0`, `1e0`, `9007199254740993`, `1e400`, `""`, `"x"`, `[]`, `{}`, `{"id":"urn:x"}`,
			"[" + old + "]", `{"a":` + old + `}`, old + " ", " " + old, old + old, old + ".0", "-" + old, old + "e0", `"` + old + `"`, strings.Trim(old, `"`),
		} {
			replace("value", s.start, s.end, v)
		}
		if s.member < 0 {
			replace("element twice", s.start, s.start, old+",")
			replace("element before", s.start, s.start, `"x",`)
			continue
		}
		member := string(doc[s.member:s.end])
		name := string(doc[s.member:s.start])
		replace("renamed", s.member, s.start, `"x`+name[1:])
		replace("in capitals", s.member, s.start, strings.ToUpper(name))
		replace("escaped", s.member, s.start, fmt.Sprintf(`"\u%04x%s`, name[1], name[2:]))
		replace("twice", s.member, s.member, member+",")
		replace("twice, null", s.member, s.member, name+"null,")
		replace("twice, escaped", s.member, s.member, fmt.Sprintf(`"\u%04x%snull,`, name[1], name[2:]))
		replace("member before", s.member, s.member, `"x":1,`)
		replace("keyword before", s.member, s.member, `"@id":"urn:x",`)
		if doc[s.end] == ',' {
			replace("removed", s.member, s.end+1, "")
		} else if doc[s.member-1] == ',' {
			replace("removed", s.member-1, s.end, "")
		}
	}
	for i := range doc {
		replace("deleted", i, i+1, "")
		replace("replaced", i, i+1, "0")
		replace("next letter", i, i+1, string(doc[i]+1))
		replace("inserted", i, i, "1")
		replace("space", i, i, " ")
		replace("cut", i, len(doc), "")
	}
}

// wider are the mutations that mean something to JSON-LD, in every place.
func wider(doc []byte, yield func(what string, mutated []byte)) {
	replace := func(what string, from, to int, with string) {
		yield(fmt.Sprintf("%s at %d: %.60s", what, from, with), slices.Concat(doc[:from], []byte(with), doc[to:]))
	}
	for _, s := range spans(doc) {
		old := string(doc[s.start:s.end])
		switch doc[s.start] {
		case '{':
			for _, m := range members {
				if old != "{}" {
					m += ","
				}
				replace("member", s.start+1, s.start+1, m)
			}
			for _, n := range nodes {
				replace("second", s.start, s.end, "["+old+","+n+"]")
				replace("first", s.start, s.end, "["+n+","+old+"]")
			}
			for _, w := range []string{"@graph", "@included", "@set", "@list", "@nest", "@reverse", "@id", "@value"} {
				replace("wrapped", s.start, s.end, `{"`+w+`":`+old+`}`)
				replace("wrapped", s.start, s.end, `{"`+w+`":[`+old+`]}`)
			}
		case '[':
			for _, n := range append(nodes, `"https://schema.org/"`, `1`, `[]`, `{"@value":"x"}`) {
				sep := ","
				if old == "[]" {
					sep = ""
				}
				replace("last", s.end-1, s.end-1, sep+n)
				replace("first", s.start+1, s.start+1, n+sep)
			}
		case '"':
			text := old[:len(old)-1]
			for _, v := range []string{
				`{"@value":` + old + `}`, `{"@value":` + old + `,"@language":"fr"}`, `{"@value":` + old + `,"@language":"EN"}`, `{"@value":` + old + `,"@direction":"rtl"}`, `{"@value":` + old + `,"@index":"x"}`,
				`{"@value":` + old + `,"@type":"http://www.w3.org/2001/XMLSchema#string"}`, `{"@value":` + old + `,"@type":"http://www.w3.org/2001/XMLSchema#dateTime"}`, `{"@value":` + old + `,"@type":"@json"}`,
				`{"@id":` + old + `}`, `{"id":` + old + `}`, `{"id":` + old + `,"type":"VerifiableCredential"}`, `{"@set":[` + old + `]}`, `{"@list":[` + old + `]}`, `[` + old + `,` + old + `]`, `[` + old + `,null]`, `[` + old + `,[]]`,
				text + ` "`, text + `@en"`, text + `\u0000"`, text + `\u200b"`, `"_:c14n0"`, `"_:c14n1"`, `"_:b0"`, `"@type"`, `"@none"`, `"#"`, `"../x"`, `"https://www.w3.org/2018/credentials#VerifiableCredential"`,
			} {
				replace("text", s.start, s.end, v)
			}
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			for _, v := range []string{
				old + ".0", old + "0", old + ".0000000000000000001", old + "e0", old + "E+0", "1" + old, "-" + old, `"` + old + `"`,
				`{"@value":` + old + `}`, `{"@value":` + old + `,"@type":"http://www.w3.org/2001/XMLSchema#integer"}`, `{"@value":` + old + `,"@type":"http://www.w3.org/2001/XMLSchema#double"}`, `{"@value":"` + old + `","@type":"http://www.w3.org/2001/XMLSchema#integer"}`,
				"9007199254740992", "9007199254740993", "1e21", "1e-7", "5e-324",
			} {
				replace("number", s.start, s.end, v)
			}
		}
		if s.member >= 0 {
			name := string(doc[s.member+1 : s.start-2])
			for _, other := range []string{"@" + name, "schema:" + name, "https://www.w3.org/2018/credentials#" + name, "https://schema.org/" + name, "https://health.example/terms#" + name, "ex:" + name, "https://www.w3.org/ns/credentials/undefined-terms#" + name, "@id", "@type", "id", "type", "givenName", "familyName", "validUntil"} {
				replace("name", s.member, s.start, `"`+other+`":`)
			}
		}
	}
}

// members are added to every object.
var members = []string{
	`"@direction":"rtl"`, `"@language":"fr"`, `"@index":"x"`, `"@type":"VerifiableCredential"`, `"@id":"urn:x"`, `"@graph":[]`, `"@graph":[{"id":"urn:x","name":"x"}]`, `"@graph":{}`,
	`"@included":[]`, `"@included":[{"id":"urn:x","type":"VerifiableCredential","name":"x"}]`, `"@nest":{"name":"x"}`, `"@nest":{}`, `"@nest":""`, `"@reverse":{}`, `"@reverse":{"name":{"id":"urn:x"}}`, `"@set":[]`, `"@list":[]`, `"@value":"x"`, `"@json":1`, `"@none":"x"`, `"@unknown":1`,
	`"@context":[]`, `"@context":null`, `"@context":{}`, `"@context":{"@base":"https://a.example/"}`, `"@context":{"@vocab":"https://a.example/#"}`, `"@context":{"@language":"fr"}`, `"@context":{"name":null}`, `"@context":{"x":"@included"}`, `"@context":{"@protected":"x"}`, `"@context":"https://www.w3.org/ns/credentials/v2"`, `"@context":"https://www.w3.org/ns/credentials/undefined-terms/v2"`,
	`"id":"_:c14n0"`, `"id":"_:b0"`, `"id":""`, `"id":"#x"`, `"id":"../x"`, `"id":"urn:x"`, `"id":null`, `"id":[]`, `"id":"https://x.example:999999/"`, `"type":"VerifiableCredential"`, `"type":[]`, `"type":"../X"`,
	`"undefinedTerm":1`, `"undefinedTerm":null`, `"undefinedTerm":[]`, `"":"x"`, `"name":null`, `"name":[]`, `"name":{}`, `"name":"another"`, `"description":{"@value":"x","@direction":"ltr"}`, `"https://schema.org/name":"x"`, `"https://schema.org/name":[]`, `"_:p":"x"`, `"rel":"x"`, `"evidence":[]`, `"credentialStatus":[]`,
	`"proof":{}`, `"proof":[]`, `"holder":"urn:x"`, `"verifiableCredential":[]`, `"expirationDate":"2030-01-01T00:00:00Z"`,
}

// nodes are things that a JSON-LD processor may drop without a word.
var nodes = []string{
	`{"id":"https://","givenName":"Eve"}`, `{"id":"https://x.example/` + strings.Repeat("x", 2100) + `","givenName":"Eve"}`, `{"id":"https://a b","givenName":"Eve"}`, `{"id":"https://x.example:999999/","givenName":"Eve"}`, `{"id":"https://x.example-/","givenName":"Eve"}`, `{"id":"http://[::1/x","givenName":"Eve"}`,
	`{"id":"eve","givenName":"Eve"}`, `{"id":"","givenName":"Eve"}`, `{"id":"@id","givenName":"Eve"}`, `{"id":"@eve","givenName":"Eve"}`, `{"id":"_:c14n0","givenName":"Eve"}`, `{"id":null,"givenName":"Eve"}`, `{"givenName":"Eve"}`, `{"id":"urn:eve"}`, `{}`, `[]`, `null`, `{"@value":null}`, `{"@value":"x","@language":"not a tag"}`, `{"@value":"x","@type":"not an iri"}`, `{"@set":[]}`, `{"@list":[]}`, `{"@graph":[{"givenName":"Eve"}]}`,
}

// contextual puts other contexts before, behind and in place of the document's.
func contextual(doc []byte, yield func(what string, mutated []byte)) {
	const head = `{"@context":[`
	end := bytes.IndexByte(doc, ']')
	old := string(doc[len(head):end])
	first, second, _ := strings.Cut(old, ",")
	for _, c := range []string{
		first, second, second + "," + first, old + "," + old, old + "," + second, `"https://www.w3.org/2018/credentials/v1",` + second, `"https://www.w3.org/2018/credentials/v1",` + old, old + `,"https://www.w3.org/2018/credentials/v1"`,
		old + `,null`, `null,` + old, old + `,{}`, old + `,[]`, first + `,null,` + second, old + `,"https://unknown.example"`, old + `,"../v2"`, old + `,{"@base":"https://a.example/"}`, old + `,{"@base":null}`, old + `,{"@language":"fr"}`, old + `,{"@direction":"rtl"}`, old + `,{"@vocab":"https://a.example/#"}`, old + `,{"@vocab":""}`, old + `,{"@version":1.1}`, old + `,{"@propagate":false}`, old + `,{"@import":"https://www.w3.org/ns/credentials/v2"}`,
		old + `,{"givenName":"https://schema.org/familyName","familyName":"https://schema.org/givenName"}`, old + `,{"givenName":null}`, old + `,{"more":"@included"}`, old + `,{"kind":"@type"}`, old + `,{"VerifiableCredential":null}`, old + `,{"x":{"@id":"https://schema.org/name","@container":"@language"}}`,
		old + `,"https://www.w3.org/ns/credentials/undefined-terms/v2"`, old + `,"https://w3id.org/security/data-integrity/v2"`, old + `,"https://w3id.org/security/v2"`, old + `,"https://www.w3.org/ns/did/v1"`, old + `,"https://w3id.org/citizenship/v3"`, old + `,"https://w3id.org/security/multikey/v1"`, old + `,"https://www.w3.org/ns/credentials/examples/v2"`,
	} {
		yield("context "+c, slices.Concat([]byte(head), []byte(c), doc[end:]))
	}
}

// asSets writes a document as JSON-LD reads it apart from its contexts: arrays
// are sets, a set of one is its member, what is only referred to is its id.
func asSets(v jcs.Value) string {
	switch v.Kind() {
	case jcs.Array:
		var all []string
		for _, e := range v.Elements() {
			if s := asSets(e); s != "" {
				all = append(all, s)
			}
		}
		slices.Sort(all)
		if all = slices.Compact(all); len(all) < 2 {
			return strings.Join(all, "")
		}
		return "[" + strings.Join(all, ",") + "]"
	case jcs.Object:
		for _, only := range []string{"id", "@value"} {
			if m := v.Member(only); m.Exists() && v.Len() == 1 {
				return asSets(m)
			}
		}
		var all []string
		typ, _ := v.Member("@type").Text()
		for name, m := range v.Members() {
			if s := asSets(m); s != "" {
				all = append(all, name+":"+s)
			}
		}
		if m := v.Member("@value"); v.Len() == 2 && typ != "" {
			return asSets(m) // the statements say of what type
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	if s, ok := v.Text(); ok {
		return s
	}
	return string(v.Append(nil))
}

// judge tells whether two documents say the same.
type judge struct {
	t          *testing.T
	rdf        *rdf.Canonicalizer
	statements bool
}

// meaning is equal for documents that say the same: the same JSON or, where
// statements are signed, the same statements in members that read the same.
func (j judge) meaning(v jcs.Value) string {
	if !j.statements {
		return sameAs(v)
	}
	doc, err := j.rdf.CanonicalValue(v, jcs.Value{}, []string{"proof"}, crypto.SHA256)
	require.NoError(j.t, err)
	plain, err := jcs.Parse(v.Append(nil, "@context", "proof"))
	require.NoError(j.t, err)
	p := v.Member("proof")
	for _, e := range p.Elements() {
		p = e
	}
	options, err := j.rdf.CanonicalValue(p, v.Member("@context"), []string{"proofValue"}, crypto.SHA256)
	require.NoError(j.t, err)
	return string(doc) + "\n" + asSets(plain) + "\n" + string(options)
}

// Nothing but another spelling of the same verifies.
func TestPromiseWhatIsReturnedIsWhatWasSigned(t *testing.T) {
	var tried, forged, same atomic.Int64
	t.Run("suites", func(t *testing.T) {
		ed, p256 := newParty(t, nil), newParty(t, elliptic.P256())
		for _, c := range []struct {
			suite string
			p     party
			doc   map[string]any
		}{
			{dataintegrity.EdDSAJCS2022, ed, strict(ed.did)}, {dataintegrity.ECDSAJCS2019, p256, content(p256.did)},
			{dataintegrity.EdDSARDFC2022, ed, strict(ed.did)}, {dataintegrity.ECDSARDFC2019, p256, content(p256.did)},
			{dataintegrity.ECDSASD2023, p256, strict(p256.did)},
		} {
			t.Run(c.suite, func(t *testing.T) {
				t.Parallel()
				f := pilgrim(t, c.suite)
				raw := issueAs(t, f, c.doc, c.p)
				v := verifierOf(t, f)
				if c.suite == dataintegrity.ECDSASD2023 {
					raw = show(t, f, raw, "/credentialSubject/vaccinations/1", "/credentialSubject/fit")
				}
				j := judge{t, f.RDF.(*rdf.Canonicalizer), !strings.Contains(c.suite, "jcs")}
				original, err := jcs.Parse(raw)
				require.NoError(t, err)
				want, read := j.meaning(original), summary(t, v, raw)
				try := func(what string, mutated []byte) {
					tried.Add(1)
					res, err := v.Verify(ctx, mutated, credential.Policy{Time: now})
					if err != nil {
						return
					}
					same.Add(1)
					m, err := jcs.Parse(mutated)
					require.NoError(t, err, what)
					if got := j.meaning(m); got != want || !j.statements && !bytes.Equal(claims(t, res), m.Append(nil, "proof")) {
						forged.Add(1)
						t.Errorf("accepted: %s", what)
					}
					require.Equal(t, read, summary(t, v, mutated), what)
				}
				mutations(raw, try)
				wider(raw, try)
				contextual(raw, try)
			})
		}
	})
	fmt.Printf("mutations: %d tried, %d forgeries\n", tried.Load(), forged.Load())
	require.GreaterOrEqual(t, tried.Load(), int64(5000))
	require.NotZero(t, same.Load(), "white space and escapes change nothing")
	require.Zero(t, forged.Load())
}

// summary is what the core sees of a credential.
func summary(t *testing.T, v *credential.Verifier, raw []byte) credential.Credential {
	res, err := v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	c := *res.Credential
	c.Payload = nil
	slices.Sort(c.Types)
	return c
}

func claims(t *testing.T, r *credential.Result) []byte {
	b, err := json.Marshal(r.Credential.Payload)
	require.NoError(t, err)
	return b
}

// sameAs is equal for documents that are the same: a proof is also a set of one.
func sameAs(v jcs.Value) string {
	p := v.Member("proof")
	if p.Len() == 1 {
		for _, p = range p.Elements() {
			break
		}
	}
	return string(p.Append(v.Append(nil, "proof")))
}
