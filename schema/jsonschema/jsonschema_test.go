package jsonschema_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/schema/jsonschema"
)

var ctx = context.Background()

const (
	cardURL = "https://health.example/schemas/card.json"
	bodyURL = "https://health.example/schemas/body.json"
	card    = `{"$id":"https://health.example/schemas/card.json","$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
		"properties":{"credentialSubject":{"$ref":"body.json"}},"required":["credentialSubject"]}`
	body = `{"$id":"https://health.example/schemas/body.json","$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
		"properties":{"email":{"type":"string","format":"email"},"batch":{"pattern":"^[A-Z]{2}-[0-9]+$"},"dose":{"type":"integer","minimum":1,"maximum":9},"weight":{"multipleOf":0.1},"sex":{"enum":["f","m","x"]},"codes":{"uniqueItems":true,"maxItems":100}},
		"required":["batch"],"unevaluatedProperties":false}`
)

func documents() map[string][]byte {
	return map[string][]byte{cardURL: []byte(card), bodyURL: []byte(body)}
}

// with makes a credential that names schemas, with a subject and further members.
func with(subject string, refs ...credential.SchemaRef) *credential.Credential {
	var entries []any
	for _, r := range refs {
		entries = append(entries, map[string]any{"id": r.ID, "type": r.Type})
	}
	return &credential.Credential{ID: "urn:1", Types: []string{"Card"}, Schemas: refs, Payload: map[string]any{
		"credentialSubject": json.RawMessage(subject), "credentialSchema": entries,
	}}
}

func ref(id string) credential.SchemaRef {
	return credential.SchemaRef{Type: jsonschema.Type, ID: id}
}

func TestCheckSchema(t *testing.T) {
	c, err := jsonschema.New(documents())
	require.NoError(t, err)
	for _, subject := range []string{`{"batch":"MQ-1"}`, `{"batch":"MQ-1","email":"a@b.example","dose":2,"weight":61.3,"sex":"f","codes":["a","b"]}`, `{"batch":"MQ-1","dose":2.0}`} {
		require.NoError(t, c.CheckSchema(ctx, with(subject, ref(cardURL))), subject)
	}
	for subject, place := range map[string]string{
		`{"dose":1}`:                           "/credentialSubject: required batch",
		`{"batch":"Siti-Rahma"}`:               "/credentialSubject/batch: pattern",
		`{"batch":"MQ-1","email":"Siti"}`:      "/credentialSubject/email: format",
		`{"batch":"MQ-1","dose":10}`:           "/credentialSubject/dose: maximum",
		`{"batch":"MQ-1","dose":"Siti"}`:       "/credentialSubject/dose: type",
		`{"batch":"MQ-1","dose":1.5}`:          "/credentialSubject/dose: type",
		`{"batch":"MQ-1","weight":61.35}`:      "/credentialSubject/weight: multipleOf",
		`{"batch":"MQ-1","sex":"Siti"}`:        "/credentialSubject/sex: enum",
		`{"batch":"MQ-1","codes":["S1","S1"]}`: "/credentialSubject/codes: uniqueItems",
		`{"batch":"MQ-1","x/~":1}`:             "/credentialSubject/x~1~0: not allowed",
		`[]`:                                   "/credentialSubject: type",
	} {
		err := c.CheckSchema(ctx, with(subject, ref(cardURL)))
		require.ErrorIs(t, err, credential.ErrSchema, subject)
		require.NotErrorIs(t, err, proof.ErrUnavailable, subject)
		require.ErrorContains(t, err, place, subject)
		for _, value := range []string{"Siti", "61.35", "S1", "1.5", "MQ"} {
			require.NotContains(t, err.Error(), value)
		}
	}
}

func TestWhatIsNotKnownIsUndecided(t *testing.T) {
	c, err := jsonschema.New(documents())
	require.NoError(t, err)
	good, bad := `{"batch":"MQ-1"}`, `{}`
	for name, cred := range map[string]*credential.Credential{
		"another document":               with(good, ref("https://health.example/schemas/other.json")),
		"known, but as a document":       with(good, credential.SchemaRef{Type: jsonschema.CredentialType, ID: cardURL}),
		"another type":                   with(good, credential.SchemaRef{Type: "ShapeExpression", ID: cardURL}),
		"one known and one not":          with(good, ref(cardURL), ref("https://health.example/schemas/other.json")),
		"another spelling of its URL":    with(good, ref(cardURL+"#")),
		"the compiler's own names":       with(good, ref("https://schema-credential.invalid/0")),
		"a draft's own schema":           with(good, ref("https://json-schema.org/draft/2020-12/schema")),
		"a file":                         with(good, ref("file:///etc/hostname")),
		"one inside the known":           with(good, ref(cardURL+"#/properties/credentialSubject")),
		"the first unknown, second fits": with(good, ref("urn:x"), ref(cardURL)),
	} {
		err := c.CheckSchema(ctx, cred)
		require.ErrorIs(t, err, proof.ErrUnavailable, name)
		require.NotErrorIs(t, err, credential.ErrSchema, name)
	}
	require.NoError(t, c.CheckSchema(ctx, with(bad)), "none named")
	err = c.CheckSchema(ctx, with(bad, ref("urn:unknown"), ref(cardURL)))
	require.ErrorIs(t, err, credential.ErrSchema, "one fails, whatever else is not known")
	require.NotErrorIs(t, err, proof.ErrUnavailable)
	cred := with(good, ref(cardURL))
	cred.Payload = make(chan int)
	require.ErrorIs(t, c.CheckSchema(ctx, cred), credential.ErrSchema)
}

func TestNewRefuses(t *testing.T) {
	s := func(members string) map[string][]byte {
		return map[string][]byte{"https://a.example/s.json": []byte(`{"$schema":"https://json-schema.org/draft/2020-12/schema"` + members + `}`)}
	}
	one := func(doc string) map[string][]byte { return map[string][]byte{"https://a.example/s.json": []byte(doc)} }
	many := map[string][]byte{}
	for i := range 1025 {
		many[fmt.Sprintf("https://a.example/%d", i)] = []byte(card)
	}
	for name, docs := range map[string]map[string][]byte{
		"not JSON": one(`{`), "null": one(`null`), "true": one(`true`), "no $schema": one(`{"type":"object"}`), "$schema not a string": one(`{"$schema":1}`),
		"draft 4": one(`{"$schema":"http://json-schema.org/draft-04/schema#"}`), "draft 6": one(`{"$schema":"http://json-schema.org/draft-06/schema#"}`), "a schema of schemas of one's own": one(`{"$schema":"https://a.example/meta.json"}`),
		"not a schema": s(`,"type":1`), "unknown type": s(`,"type":"text"`), "absent reference": s(`,"$ref":"https://b.example/other.json"`), "absent pointer": s(`,"$ref":"#/$defs/x"`), "a file": s(`,"$ref":"file:///etc/hostname"`),
		"look-ahead": s(`,"pattern":"^(?!x)"`), "back-reference": s(`,"patternProperties":{"(a)\\1":{}}`), "relative URL": {"s.json": []byte(card)}, "no URL": {"": []byte(card)},
		"too long": one(`{"$schema":"https://json-schema.org/draft/2020-12/schema","x":"` + strings.Repeat("x", 1<<20) + `"}`), "huge number": s(`,"maximum":1e999999999`), "too many": many,
		"a draft's own URL": {"https://json-schema.org/draft/2020-12/schema": []byte(card)},
	} {
		_, err := jsonschema.New(docs)
		if name == "a draft's own URL" && err == nil {
			continue // it is not known by that name to anyone else
		}
		require.ErrorIs(t, err, jsonschema.ErrSchema, name)
		require.NotContains(t, err.Error(), "hostname\n")
	}
	_, err := jsonschema.New(s(`,"pattern":"^(?!x)"`))
	require.ErrorContains(t, err, "regular expressions")
	require.ErrorContains(t, err, "https://a.example/s.json")
}

func TestDrafts(t *testing.T) {
	for _, draft := range []string{"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema"} {
		c, err := jsonschema.New(map[string][]byte{cardURL: []byte(`{"$schema":"` + draft + `","properties":{"credentialSubject":{"properties":{"mail":{"format":"email"}}}}}`)})
		require.NoError(t, err, draft)
		require.NoError(t, c.CheckSchema(ctx, with(`{"mail":"a@b.example"}`, ref(cardURL))))
		require.ErrorIs(t, c.CheckSchema(ctx, with(`{"mail":"not an email"}`, ref(cardURL))), credential.ErrSchema, draft)
	}
}

// verified is what a Verifier returns for a schema credential.
func verified(id, subject string, types ...string) *credential.Result {
	return &credential.Result{Credential: &credential.Credential{ID: id, Types: types, Payload: map[string]any{"credentialSubject": json.RawMessage(subject)}}}
}

func TestSchemaCredential(t *testing.T) {
	const id = "https://health.example/credentials/3734"
	inside := `{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"credentialSubject":{"$ref":"` + bodyURL + `"}}}`
	subject := `{"type":["JsonSchema"],"jsonSchema":` + inside + `}`
	c, err := jsonschema.New(documents(), verified(id, subject, jsonschema.CredentialType))
	require.NoError(t, err)
	named := credential.SchemaRef{Type: jsonschema.CredentialType, ID: id}
	require.NoError(t, c.CheckSchema(ctx, with(`{"batch":"MQ-1"}`, named, ref(cardURL))))
	require.ErrorIs(t, c.CheckSchema(ctx, with(`{"batch":"x"}`, named)), credential.ErrSchema)
	require.ErrorIs(t, c.CheckSchema(ctx, with(`{"batch":"MQ-1"}`, ref(id))), proof.ErrUnavailable, "by its credential's id it is none of the documents")

	for name, rs := range map[string][]*credential.Result{
		"nil": {nil}, "empty": {{}}, "no id": {verified("", subject, jsonschema.CredentialType)}, "of another type": {verified(id, subject, "Other")},
		"subject of another type": {verified(id, `{"type":"Other","jsonSchema":`+inside+`}`, jsonschema.CredentialType)}, "no schema": {verified(id, `{"type":"JsonSchema"}`, jsonschema.CredentialType)},
		"schema a string": {verified(id, `{"type":"JsonSchema","jsonSchema":"x"}`, jsonschema.CredentialType)}, "several subjects": {verified(id, `[`+subject+`]`, jsonschema.CredentialType)},
		"twice": {verified(id, subject, jsonschema.CredentialType), verified(id, subject, jsonschema.CredentialType)},
	} {
		_, err := jsonschema.New(documents(), rs...)
		require.ErrorIs(t, err, jsonschema.ErrSchema, name)
	}
}

func TestDigests(t *testing.T) {
	c, err := jsonschema.New(documents(), verified("urn:sc", `{"type":"JsonSchema","jsonSchema":`+body+`}`, jsonschema.CredentialType))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(card))
	sri := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	multi := "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0x12, 32}, sum[:]...))
	other := "sha256-" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, v := range []struct {
		member, value string
		want          error
	}{
		{"digestSRI", `"` + sri + `"`, nil}, {"digestMultibase", `"` + multi + `"`, nil}, {"digestSRI", `["` + sri + `"]`, nil}, {"mediaType", `1`, nil},
		{"digestSRI", `"` + other + `"`, credential.ErrSchema}, {"digestSRI", `"` + sri + " " + other + `"`, credential.ErrSchema}, {"digestMultibase", `["` + multi + `","uEiAA"]`, credential.ErrSchema},
		{"digestSRI", `1`, credential.ErrSchema}, {"digestSRI", `[1]`, credential.ErrSchema}, {"digestSRI", `""`, credential.ErrSchema}, {"digestMultibase", `"uFgEA"`, proof.ErrUnavailable},
	} {
		cred := with(`{"batch":"MQ-1"}`, ref(cardURL))
		entry := json.RawMessage(`{"id":"` + cardURL + `","type":"JsonSchema","` + v.member + `":` + v.value + `}`)
		for _, entries := range []any{entry, []any{map[string]any{"id": bodyURL}, entry}, []any{map[string]any{"id": cardURL}, entry}} {
			cred.Payload.(map[string]any)["credentialSchema"] = entries
			if err := c.CheckSchema(ctx, cred); v.want == nil {
				require.NoError(t, err, v)
			} else {
				require.ErrorIs(t, err, v.want, v)
			}
		}
	}
	cred := with(`{"batch":"MQ-1"}`, credential.SchemaRef{Type: jsonschema.CredentialType, ID: "urn:sc"})
	cred.Payload.(map[string]any)["credentialSchema"] = map[string]any{"id": "urn:sc", "digestSRI": sri}
	require.ErrorIs(t, c.CheckSchema(ctx, cred), proof.ErrUnavailable, "its bytes are not known")
}

// What is checked may be hostile; what it is checked against is not.
func TestPromiseHostileInput(t *testing.T) {
	c, err := jsonschema.New(documents())
	require.NoError(t, err)
	var codes, names strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&codes, `%d,`, i)
		fmt.Fprintf(&names, `"%s%d":1,`, strings.Repeat("n", 10), i)
	}
	for name, subject := range map[string]string{
		"many elements": `{"batch":"MQ-1","codes":[` + codes.String() + `0]}`, "many members": `{` + names.String() + `"batch":"MQ-1"}`,
		"a long text": `{"batch":"` + strings.Repeat("A", 1<<20) + `"}`, "a long name": `{"batch":"MQ-1","` + strings.Repeat("é", 1<<19) + `":1}`,
		"deep": `{"batch":` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}`, "a large number": `{"batch":"MQ-1","weight":1e308}`, "too large a number": `{"batch":"MQ-1","weight":1e999999}`,
	} {
		err := c.CheckSchema(ctx, with(subject, ref(cardURL)))
		if name != "a large number" && name != "deep" { // these fit
			require.ErrorIs(t, err, credential.ErrSchema, name)
			require.Less(t, len(err.Error()), 2500, name)
		}
	}
}

// The schema of the data model itself, and the examples that come with it.
func TestConformanceDataModelSchema(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "vc-data-model", "schema")
	met, total := 0, 0
	const url = "https://www.w3.org/2022/credentials/v2/" // by which the one refers to the other
	schemas := map[string][]byte{}
	for _, kind := range []string{"verifiable-credential", "verifiable-presentation"} {
		raw, err := os.ReadFile(filepath.Join(dir, kind, kind+"-schema.json"))
		require.NoError(t, err)
		schemas[url+kind+"-schema.json"] = raw
	}
	c, err := jsonschema.New(schemas)
	require.NoError(t, err)
	for _, kind := range []string{"verifiable-credential", "verifiable-presentation"} {
		examples, err := filepath.Glob(filepath.Join(dir, kind, "example-*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, examples)
		for _, f := range examples {
			total++
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			if err := c.CheckSchema(ctx, &credential.Credential{Schemas: []credential.SchemaRef{ref(url + kind + "-schema.json")}, Payload: json.RawMessage(b)}); err != nil {
				t.Errorf("not met: %s/%s: %v", kind, filepath.Base(f), err)
				continue
			}
			met++
		}
	}
	fmt.Printf("conformance: vc-data-model-json-schema %d/%d\n", met, total)
}

func FuzzCheckSchema(f *testing.F) {
	c, err := jsonschema.New(documents())
	require.NoError(f, err)
	f.Add([]byte(`{"credentialSubject":{"batch":"MQ-1"},"credentialSchema":{"id":"` + cardURL + `","digestSRI":"sha256-x"}}`))
	f.Add([]byte(`{"credentialSubject":{"batch":"x","email":"@","dose":1e3,"codes":[{},{}]}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := c.CheckSchema(ctx, &credential.Credential{Schemas: []credential.SchemaRef{ref(cardURL)}, Payload: json.RawMessage(doc)})
		if err != nil && !errors.Is(err, credential.ErrSchema) && !errors.Is(err, proof.ErrUnavailable) {
			t.Fatalf("%v", err)
		}
	})
}
