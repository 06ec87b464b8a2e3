package jsonld

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// signed is a credential whose RDF the attacks of the following test keep.
const signed = `{"@context":["https://www.w3.org/ns/credentials/v2"%s],"id":"urn:x:c","type":["VerifiableCredential"],
"issuer":{"id":"did:example:i","name":"Ministry"},"validUntil":"2025-01-01T00:00:00Z",
"credentialStatus":{"id":"urn:x:s","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"1","statusListCredential":"urn:x:l"},
"credentialSubject":{"id":"did:example:s","name":"A"}}`

func TestPromiseReaderSeesWhatWasSigned(t *testing.T) {
	p := processor(t)
	const cred, dateTime = "https://www.w3.org/2018/credentials#", `"http://www.w3.org/2001/XMLSchema#dateTime"`
	original := strings.Replace(signed, "%s", "", 1)
	want, err := canonical(t, p, parse(t, original), Options{KnownContexts: true})
	require.NoError(t, err)
	const until = `"validUntil":"2025-01-01T00:00:00Z",`
	bare := strings.Replace(original, until, "", 1)
	add := func(member string) string { return strings.TrimSuffix(bare, "}") + "," + member + "}" }
	for name, doc := range map[string]string{
		"expiry spelled out":     add(`"` + cred + `validUntil":{"@value":"2025-01-01T00:00:00Z","@type":` + dateTime + `}`),
		"expiry under @nest":     add(`"@nest":{` + strings.TrimSuffix(until, ",") + `}`),
		"expiry under @included": add(`"@included":{"id":"urn:x:c","` + cred + `validUntil":{"@value":"2025-01-01T00:00:00Z","@type":` + dateTime + `}}`),
		"expiry by @vocab": strings.Replace(add(`"validTill":"2025-01-01T00:00:00Z"`), `credentials/v2"`,
			`credentials/v2",{"validTill":{"@id":"`+cred+`validUntil","@type":`+dateTime+`}}`, 1),
		"expiry by a prefix": strings.Replace(add(`"cred:validUntil":{"@value":"2025-01-01T00:00:00Z","@type":`+dateTime+`}`),
			`credentials/v2"`, `credentials/v2",{"cred":"`+cred+`"}`, 1),
		"status in a set": strings.Replace(strings.Replace(original, `"credentialStatus":{`, `"credentialStatus":{"@set":[{`, 1), `},
"credentialSubject"`, `}]},
"credentialSubject"`, 1),
		"id spelled out":   strings.Replace(original, `"id":"did:example:s"`, `"@id":"did:example:s"`, 1),
		"type spelled out": strings.Replace(original, `"type":"BitstringStatusListEntry"`, `"@type":"BitstringStatusListEntry"`, 1),
		"type by its IRI": strings.Replace(original, `["VerifiableCredential"]`,
			`["VerifiableCredential","`+cred+`VerifiableCredential"]`, 1),
		"everything a graph": `{"@context":"https://www.w3.org/ns/credentials/v2","@graph":[` + strings.Replace(original, `"@context":["https://www.w3.org/ns/credentials/v2"],`, "", 1) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := canonical(t, p, parse(t, doc), Options{AnyForm: true})
			require.NoError(t, err)
			require.Equal(t, want, got, "the signature would hold")
			_, err = p.ToRDF(parse(t, doc), Options{})
			require.ErrorIs(t, err, ErrForm)
		})
	}
}

// Of two known names for the same, the protected one is the one to read.
func TestProtectedNames(t *testing.T) {
	p := processor(t,
		context("https://ex.org/a", `{"@context":{"@protected":true,"until":"urn:p:until","id":"@id","Kind":"urn:t:kind"}}`),
		context("https://ex.org/b", `{"@context":{"till":"urn:p:until","code":"@id","Sort":"urn:t:kind","end":"urn:p:end","ends":"urn:p:end"}}`),
		context("https://ex.org/c", `{"@context":{"@vocab":"urn:p:","Sort":"urn:t:kind"}}`))
	doc := func(contexts, members string) jcs.Value {
		return parse(t, `{"@context":[`+contexts+`],`+members+`}`)
	}
	const a, b, c = `"https://ex.org/a"`, `"https://ex.org/b"`, `"https://ex.org/c"`
	for _, members := range []string{`"until":"x"`, `"end":"x"`, `"ends":"x"`, `"id":"urn:x:y","until":"x"`, `"code":"urn:x:y","until":"x"`, `"@type":"Kind"`} {
		_, err := p.ToRDF(doc(a+","+b, members), Options{KnownContexts: true})
		require.NoError(t, err, members)
	}
	for _, contexts := range []string{a + "," + b, b + "," + a} {
		for _, members := range []string{`"till":"x"`, `"@type":"Sort"`, `"@type":["Kind","Sort"]`, `"end":{"till":"x"}`} {
			_, err := p.ToRDF(doc(contexts, members), Options{KnownContexts: true})
			require.ErrorIs(t, err, ErrForm, members)
			_, err = p.ToRDF(doc(contexts, members), Options{KnownContexts: true, AnyForm: true})
			require.NoError(t, err, members)
		}
	}
	_, err := p.ToRDF(doc(b, `"till":"x"`), Options{KnownContexts: true})
	require.NoError(t, err, "the only name that there is")
	_, err = p.ToRDF(doc(a+","+c, `"until":"x"`), Options{KnownContexts: true})
	require.NoError(t, err)
}

// What @vocab makes a short name for has no long one.
func TestNamesByVocab(t *testing.T) {
	p := processor(t)
	const vocab = "https://www.w3.org/ns/credentials/undefined-term#"
	doc := func(members string) jcs.Value {
		return parse(t, `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],`+members+`}`)
	}
	for _, c := range [][2]string{{`"type":"Card"`, `"type":"` + vocab + `Card"`}, {`"fit":true`, `"` + vocab + `fit":true`}, {`"type":["Card","Pass"]`, `"type":["Card","` + vocab + `Pass"]`}} {
		_, err := p.ToRDF(doc(c[0]), Options{KnownContexts: true})
		require.NoError(t, err, c[0])
		want, err := canonical(t, p, doc(c[0]), Options{AnyForm: true})
		require.NoError(t, err)
		got, err := canonical(t, p, doc(c[1]), Options{AnyForm: true})
		require.NoError(t, err)
		require.Equal(t, want, got, "the signature would hold")
		for _, o := range []Options{{}, {KnownContexts: true}} {
			_, err = p.ToRDF(doc(c[1]), o)
			require.ErrorIs(t, err, ErrForm, c[1])
		}
	}
}

// Readers compare identifiers as they are written.
func TestIdentifiersByPrefix(t *testing.T) {
	p := processor(t, context("https://ex.org/a", `{"@context":{"@protected":true,"ex":"https://ex.org/p/","id":"@id","name":"ex:name","knows":{"@id":"ex:knows","@type":"@id"}}}`))
	doc := func(id string) jcs.Value {
		return parse(t, `{"@context":"https://ex.org/a","id":"https://ex.org/p/1","knows":{"id":"`+id+`","name":"a"}}`)
	}
	for _, o := range []Options{{}, {KnownContexts: true}} {
		_, err := p.ToRDF(doc("ex:2"), o)
		require.ErrorIs(t, err, ErrForm)
		require.ErrorContains(t, err, "$.knows.id: an identifier by a prefix")
		_, err = p.ToRDF(doc("https://ex.org/p/2"), o)
		require.NoError(t, err)
	}
	long, err := canonical(t, p, doc("https://ex.org/p/2"), Options{})
	require.NoError(t, err)
	short, err := canonical(t, p, doc("ex:2"), Options{AnyForm: true})
	require.NoError(t, err)
	require.Equal(t, long, short, "the signature would hold")
	_, err = p.ToRDF(parse(t, `{"@context":"https://ex.org/a","id":"https://ex.org/p/1","knows":"ex:2"}`), Options{})
	require.NoError(t, err, "nothing is described here")
}

// The node of the document is described nowhere else, also where a statement
// leads back to it.
func TestOwnNodeElsewhere(t *testing.T) {
	p := processor(t)
	for _, doc := range []string{
		`{"@id":"urn:x:c","urn:p:q":{"@id":"urn:x:c","urn:p:r":"a"}}`,
		`{"@id":"_:c","urn:p:q":[{"urn:p:q":{"@id":"_:c","urn:p:r":"a"}}]}`,
		`{"@id":"urn:x:c","urn:p:q":{"@id":"urn:x:c","@type":"urn:t:t"}}`,
	} {
		_, err := p.ToRDF(parse(t, doc), Options{})
		require.ErrorIs(t, err, ErrForm, doc)
		_, err = p.ToRDF(parse(t, doc), Options{AnyForm: true})
		require.NoError(t, err, doc)
	}
	_, err := p.ToRDF(parse(t, `{"@id":"urn:x:c","urn:p:q":{"@id":"urn:x:c"}}`), Options{})
	require.NoError(t, err)
}

func TestKnownContexts(t *testing.T) {
	p := processor(t)
	for _, doc := range []string{
		`{"@context":{"a":"urn:p:a"},"a":1}`, `{"@context":["https://www.w3.org/ns/credentials/v2",{"a":"urn:p:a"}],"a":1}`,
		`{"@context":"https://www.w3.org/ns/credentials/v2","name":{"@context":{"a":"urn:p:a"},"a":1}}`,
		`{"@context":[{}],"urn:p:q":1}`, `{"urn:p:q":1}`,
	} {
		_, err := p.ToRDF(parse(t, doc), Options{KnownContexts: true})
		require.True(t, errors.Is(err, ErrContext) || errors.Is(err, ErrForm), doc)
		_, err = p.ToRDF(parse(t, doc), Options{})
		require.NoError(t, err, doc)
	}
}

// TestPromiseOtherFormsAreRefused mutates a credential at random. Where the RDF
// stays as it was, so does what a reader of the JSON sees.
func TestPromiseOtherFormsAreRefused(t *testing.T) {
	p := processor(t)
	original := parse(t, vaccination)
	want, err := canonical(t, p, original, Options{})
	require.NoError(t, err)
	seen := view(original)
	r := rand.New(rand.NewPCG(1, 2))
	kept, changed := 0, 0
	for range 4000 {
		var v any
		require.NoError(t, json.Unmarshal([]byte(vaccination), &v))
		for range 1 + r.IntN(3) {
			v = mutate(r, v, 0)
		}
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		doc, err := jcs.Parse(raw)
		if err != nil {
			continue
		}
		switch got, err := canonical(t, p, doc, Options{KnownContexts: true}); {
		case err != nil:
		case got != want:
			changed++
		default:
			kept++
			require.Equal(t, seen, view(doc), "%s", raw)
		}
	}
	require.Greater(t, kept, 20, "the test tests something")
	require.Greater(t, changed, 20)
}

// view is what a reader of the JSON sees who takes one value for an array of
// it, and does not rely on order and repetition.
func view(v jcs.Value) string {
	var parts []string
	switch v.Kind() {
	case jcs.Object:
		for name, m := range v.Members() {
			if s := view(m); name != "@context" && s != "" {
				parts = append(parts, name+"="+s)
			}
		}
		if len(parts) == 1 {
			if id, ok := strings.CutPrefix(parts[0], "id="); ok {
				return id
			}
		}
		if s, ok := v.Member("@value").Text(); ok && v.Len() == 1 {
			return `"` + s + `"`
		}
		return "{" + strings.Join(parts, ",") + "}"
	case jcs.Array:
		set := map[string]bool{}
		for _, e := range v.Elements() {
			set[view(e)] = true
		}
		for s := range set {
			parts = append(parts, s)
		}
		sort.Strings(parts)
		return strings.Join(parts, "|")
	}
	return string(v.Append(nil))
}

var mutations = []func(r *rand.Rand, m map[string]any, key string){
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = []any{m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = []any{m[key], m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = map[string]any{"@value": m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = map[string]any{"@id": m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = map[string]any{"id": m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = map[string]any{"@set": m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = map[string]any{"@list": m[key]} },
	func(_ *rand.Rand, m map[string]any, key string) { m[key] = nil },
	func(_ *rand.Rand, m map[string]any, key string) { delete(m, key) },
	func(_ *rand.Rand, m map[string]any, key string) { m[key+"x"] = m[key]; delete(m, key) },
	func(_ *rand.Rand, m map[string]any, key string) {
		m["@nest"] = map[string]any{key: m[key]}
		delete(m, key)
	},
	func(_ *rand.Rand, m map[string]any, key string) {
		m["https://www.w3.org/ns/credentials/undefined-term#"+key] = m[key]
		delete(m, key)
	},
	func(_ *rand.Rand, m map[string]any, key string) {
		m["https://www.w3.org/2018/credentials#"+key] = map[string]any{"@value": m[key], "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
		delete(m, key)
	},
	func(_ *rand.Rand, m map[string]any, key string) { m["@"+key] = m[key]; delete(m, key) },
	func(r *rand.Rand, m map[string]any, _ string) {
		m[[]string{"evidence", "@graph", "@included", "@index", "@container", "note", "termsOfUse"}[r.IntN(7)]] =
			[]any{nil, []any{}, "a", map[string]any{}, []any{[]any{}}, map[string]any{"@id": "urn:x:y"}}[r.IntN(6)]
	},
	func(r *rand.Rand, m map[string]any, _ string) {
		m["@context"] = []any{[]any{}, map[string]any{}, "https://www.w3.org/ns/credentials/examples/v2", "https://w3id.org/security/v2"}[r.IntN(4)]
	},
}

func mutate(r *rand.Rand, v any, depth int) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	if sort.Strings(keys); len(keys) == 0 {
		return v
	}
	key := keys[r.IntN(len(keys))]
	if _, inner := m[key].(map[string]any); inner && r.IntN(3) > 0 {
		m[key] = mutate(r, m[key], depth+1)
		return m
	}
	if key != "@context" || depth > 0 {
		mutations[r.IntN(len(mutations))](r, m, key)
	}
	return m
}
