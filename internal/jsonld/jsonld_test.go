package jsonld

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

func processor(t testing.TB, extra ...Context) *Processor {
	t.Helper()
	p, err := New(extra...)
	require.NoError(t, err)
	return p
}

func parse(t testing.TB, doc string) jcs.Value {
	t.Helper()
	v, err := jcs.Parse([]byte(doc))
	require.NoError(t, err, doc)
	return v
}

// ex is a context of many kinds of terms, for the tables.
const ex = `{"@version":1.1,"ex":"http://ex.org/","id":"@id","type":"@type","name":"ex:name","unset":null,
"ref":{"@id":"ex:ref","@type":"@id"},"word":{"@id":"ex:word","@type":"@vocab"},"date":{"@id":"ex:date","@type":"ex:Date"},
"list":{"@id":"ex:list","@container":"@list"},"lang":{"@id":"ex:lang","@container":"@language"},
"map":{"@id":"ex:map","@container":"@index"},"ids":{"@id":"ex:ids","@container":"@id"},"types":{"@id":"ex:types","@container":"@type"},
"keyed":{"@id":"ex:keyed","@container":"@index","@index":"ex:key"},"graph":{"@id":"ex:graph","@container":"@graph"},
"graphs":{"@id":"ex:graphs","@container":["@graph","@id"]},"json":{"@id":"ex:json","@type":"@json"},
"back":{"@reverse":"ex:back"},"group":"@nest","any":{"@id":"ex:any","@type":"@none"},
"german":{"@id":"ex:german","@language":"de"},"rtl":{"@id":"ex:rtl","@direction":"rtl"},
"Person":{"@id":"ex:Person","@context":{"name":"ex:personName","born":"ex:born"}},
"own":{"@id":"ex:own","@context":{"own":{"@id":"ex:other","@type":"ex:Own"}}},
"inner":{"@id":"ex:inner","@context":{"name":"ex:innerName"}}}`

func TestToRDF(t *testing.T) {
	p := processor(t)
	const s = "_:c14n0 <http://ex.org/"
	xsdT := func(v, typ string) string { return `"` + v + `"^^<http://www.w3.org/2001/XMLSchema#` + typ + `> .` }
	for name, c := range map[string]struct {
		doc  string // members beside the context
		want []string
	}{
		"string":             {`"name":"a"`, []string{s + `name> "a" .`}},
		"twice":              {`"name":["a","a"]`, []string{s + `name> "a" .`}},
		"integer":            {`"name":5`, []string{s + `name> ` + xsdT("5", "integer")}},
		"integer as double":  {`"name":{"@value":5,"@type":"http://www.w3.org/2001/XMLSchema#double"}`, []string{s + `name> ` + xsdT("5.0E0", "double")}},
		"double":             {`"name":-1.50`, []string{s + `name> ` + xsdT("-1.5E0", "double")}},
		"small double":       {`"name":1e-7`, []string{s + `name> ` + xsdT("1.0E-7", "double")}},
		"power":              {`"name":1e30`, []string{s + `name> ` + xsdT("1.0E30", "double")}},
		"boolean":            {`"name":true`, []string{s + `name> ` + xsdT("true", "boolean")}},
		"number of a type":   {`"date":5`, []string{s + `date> "5"^^<http://ex.org/Date> .`}},
		"typed":              {`"date":"x"`, []string{s + `date> "x"^^<http://ex.org/Date> .`}},
		"scoped to itself":   {`"own":"x"`, []string{s + `own> "x"^^<http://ex.org/Own> .`}},
		"language":           {`"german":"a"`, []string{s + `german> "a"@de .`}},
		"value object":       {`"name":{"@value":"a","@language":"EN-gb"}`, []string{s + `name> "a"@en-gb .`}},
		"language map":       {`"lang":{"en":["a","b"],"@none":"c"}`, []string{s + `lang> "a"@en .`, s + `lang> "b"@en .`, s + `lang> "c" .`}},
		"reference":          {`"ref":"urn:x:y"`, []string{s + `ref> <urn:x:y> .`}},
		"number of a ref":    {`"ref":1`, []string{s + `ref> ` + xsdT("1", "integer")}},
		"word":               {`"word":"name"`, []string{s + `word> <http://ex.org/name> .`}},
		"compact IRI":        {`"ref":"ex:a"`, []string{s + `ref> <http://ex.org/a> .`}},
		"unknown prefix":     {`"ref":"dct:a"`, []string{s + `ref> <dct:a> .`}},
		"empty list":         {`"list":[]`, []string{s + `list> <` + rdfNil + `> .`}},
		"list":               {`"list":["a"]`, []string{s + `list> _:c14n1 .`, `_:c14n1 <` + rdfFirst + `> "a" .`, `_:c14n1 <` + rdfRest + `> <` + rdfNil + `> .`}},
		"json":               {`"json":{"b":null,"a":[1.0]}`, []string{s + `json> "{\"a\":[1],\"b\":null}"^^<` + rdfJSON + `> .`}},
		"json null":          {`"json":null`, []string{s + `json> "null"^^<` + rdfJSON + `> .`}},
		"empty node":         {`"name":{}`, []string{s + `name> _:c14n1 .`}},
		"no type":            {`"any":"a"`, []string{s + `any> "a" .`}},
		"two blank labels":   {`"name":[{"id":"_:c14n0"},{"id":"_:c14n1"}]`, []string{s + `name> _:c14n1 .`, s + `name> _:c14n2 .`}},
		"one blank label":    {`"id":"_:b","ref":"_:b"`, []string{s + `ref> _:c14n0 .`}},
		"id map":             {`"ids":{"urn:x:y":{"name":"a"}}`, []string{s + `ids> <urn:x:y> .`, `<urn:x:y> <http://ex.org/name> "a" .`}},
		"property index":     {`"keyed":{"k":{"id":"urn:x:y"}}`, []string{s + `keyed> <urn:x:y> .`, `<urn:x:y> <http://ex.org/key> "k" .`}},
		"graph":              {`"graph":{"id":"urn:x:y","name":"a"}`, []string{s + `graph> _:c14n1 .`, `<urn:x:y> <http://ex.org/name> "a" _:c14n1 .`}},
		"graph with a name":  {`"graphs":{"urn:g:1":{"id":"urn:x:y","name":"a"}}`, []string{s + `graphs> <urn:g:1> .`, `<urn:x:y> <http://ex.org/name> "a" <urn:g:1> .`}},
		"scoped to type":     {`"type":"Person","name":"a"`, []string{s + `personName> "a" .`, `_:c14n0 <` + rdfType + `> <http://ex.org/Person> .`}},
		"type does not pass": {`"type":"Person","ex:knows":{"name":"a"}`, []string{s + `knows> _:c14n1 .`, `_:c14n0 <` + rdfType + `> <http://ex.org/Person> .`, `_:c14n1 <http://ex.org/name> "a" .`}},
		"scoped to property": {`"inner":{"name":"a"}`, []string{s + `inner> _:c14n1 .`, `_:c14n1 <http://ex.org/innerName> "a" .`}},
		"type map":           {`"types":{"Person":{"id":"urn:x:y","born":"a"}}`, []string{s + `types> <urn:x:y> .`, `<urn:x:y> <http://ex.org/born> "a" .`, `<urn:x:y> <` + rdfType + `> <http://ex.org/Person> .`}},
		"reverse":            {`"id":"urn:x:y","back":{"id":"urn:x:z"}`, []string{`<urn:x:z> <http://ex.org/back> <urn:x:y> .`}},
		"IRI beyond ASCII":   {`"ref":"http://é.example/ü?\ue000"`, []string{s + "ref> <http://é.example/ü?\ue000> ."}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := canonical(t, p, parse(t, `{"@context":`+ex+`,`+c.doc+`}`), Options{})
			require.NoError(t, err)
			require.Equal(t, recanonical(t, []byte(strings.Join(c.want, "\n")+"\n")), got)
		})
	}
}

// TestPromiseNothingIsLost: a document is refused where a part of it would not
// reach the RDF, be it alone or beside others that do.
func TestPromiseNothingIsLost(t *testing.T) {
	p := processor(t)
	for name, c := range map[string]struct{ doc, path string }{
		"undefined term":           {`"dose":1`, "$.dose:"},
		"undefined in a node":      {`"name":[{"ex:a":{"dose":1}}]`, `$.name[0]["ex:a"].dose:`},
		"term that is nothing":     {`"unset":1`, "$.unset:"},
		"like a keyword":           {`"@doses":1`, "$.@doses:"},
		"keyword without use":      {`"@container":1`, "$.@container:"},
		"frame keyword":            {`"@default":1`, "$.@default:"},
		"relative id":              {`"id":"a"`, "$.@id:"},
		"empty id":                 {`"name":{"id":"","name":"a"}`, "$.name.@id:"},
		"id like a keyword":        {`"id":"@a"`, "$.id:"},
		"id a keyword":             {`"id":"@type"`, "$.@id:"},
		"relative reference":       {`"ref":"a"`, "$.ref:"},
		"undefined word":           {`"word":"a"`, "$.word:"},
		"undefined type":           {`"type":["Person","Dose"]`, "$.@type[1]:"},
		"type that is nothing":     {`"type":"unset"`, "$.@type[0]:"},
		"relative datatype":        {`"name":{"@value":"a","@type":"b"}`, "$.name.@type:"},
		"blank datatype":           {`"name":{"@value":"a","@type":"_:b"}`, "$.name.@type:"},
		"langString":               {`"name":{"@value":"a","@type":"http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}`, "$.name.@type:"},
		"malformed language":       {`"name":{"@value":"a","@language":"e n"}`, "$.name:"},
		"empty language":           {`"name":{"@value":"a","@language":""}`, "$.name.@language:"},
		"malformed in a map":       {`"lang":{"en":"a","verylonglanguage":"b"}`, "$.lang[1]:"},
		"direction":                {`"name":{"@value":"a","@direction":"ltr"}`, "$.name.@direction:"},
		"direction and language":   {`"name":{"@value":"a","@language":"ar","@direction":"rtl"}`, "$.name.@direction:"},
		"direction of the term":    {`"rtl":"a"`, "$.rtl:"},
		"blank property":           {`"_:p":"a"`, `$["_:p"]:`},
		"space in an IRI":          {`"id":"http://ex.org/a b"`, "$.@id:"},
		"space in a property":      {`"http://ex.org/a b":1`, `$["http://ex.org/a b"]:`},
		"bracket in a host":        {`"ref":"http://[::1/x"`, "$.ref:"},
		"null":                     {`"name":null`, "$.name:"},
		"null in an array":         {`"name":["a",null]`, "$.name[1]:"},
		"null value":               {`"name":{"@value":null}`, "$.name.@value:"},
		"null in a list":           {`"list":["a",null]`, "$.list[1]:"},
		"null in a language map":   {`"lang":{"en":null}`, "$.lang[0]:"},
		"language without a value": {`"name":{"@language":"en"}`, "$.name.@language:"},
		"node with a language":     {`"@language":"en"`, "$.@language:"},
		"index":                    {`"@index":"a"`, "$.@index:"},
		"index map":                {`"map":{"a":{"name":"b"}}`, "$.map[0]:"},
		"array in an array":        {`"name":["a",["b"]]`, "$.name[1]:"},
		"other id than its key":    {`"ids":{"urn:x:y":{"id":"urn:x:z"}}`, "$.ids[0]:"},
		"value under an id":        {`"ids":{"urn:x:y":"a"}`, "$.ids[0]:"},
		"key of nothing":           {`"keyed":{"k":[]}`, "$.keyed[0]:"},
		"type key of nothing":      {`"types":{"Person":[]}`, "$.types[0]:"},
		"undefined type key":       {`"types":{"Dose":{"name":"a"}}`, "$.types[0]:"},
		"value as a graph":         {`"graph":"a"`, "$.graph:"},
		"reference as a graph":     {`"graph":{"id":"urn:x:y"}`, "$.graph:"},
		"list as a graph":          {`"graph":{"@list":["a"]}`, "$.graph.@list:"},
		"json in a map":            {`"@context":{"j":{"@id":"urn:x:j","@type":"@json","@container":"@index"}},"j":{"a":1}`, "$.j:"},
		"17 digits":                {`"name":0.30000000000000004`, "$.name:"},
		"malformed blank label":    {`"id":"_:a b"`, "$.@id:"},
		"long name":                {`"` + strings.Repeat("n", 100) + `":1`, "$." + strings.Repeat("n", 64) + ":"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := `{"@context":` + ex + `,"name":"x",` + c.doc + `}`
			if strings.HasPrefix(c.doc, `"@context"`) {
				doc = `{` + c.doc + `}`
			} else if strings.HasPrefix(c.doc, `"name"`) {
				doc = `{"@context":` + ex + `,` + c.doc + `}`
			}
			quads, err := p.ToRDF(parse(t, doc), Options{})
			require.ErrorIs(t, err, ErrLost)
			require.Nil(t, quads)
			require.Contains(t, err.Error()+" ", "jsonld: "+c.path)
		})
	}
}

// What all who sign credentials make of a base direction (JSON-LD 1.1, section
// 10.4), and the one form in which it may stand.
func TestDirections(t *testing.T) {
	p := processor(t)
	for doc, want := range map[string]string{
		`"name":{"@value":"بطاقة","@language":"AR","@direction":"rtl"}`: `"بطاقة"^^<https://www.w3.org/ns/i18n#ar_rtl>`,
		`"name":{"@value":"a","@direction":"ltr"}`:                      `"a"^^<https://www.w3.org/ns/i18n#_ltr>`,
		`"rtl":"a"`: `"a"^^<https://www.w3.org/ns/i18n#_rtl>`,
		`"@context":[` + ex + `,{"rtl":{"@id":"ex:rtl","@language":"ur","@direction":"rtl"}}],"rtl":["a"]`:              `"a"^^<https://www.w3.org/ns/i18n#ur_rtl>`,
		`"@context":[` + ex + `,{"l":{"@id":"ex:lang","@container":"@language","@direction":"rtl"}}],"l":{"ar-SA":"a"}`: `"a"^^<https://www.w3.org/ns/i18n#ar-sa_rtl>`,
		`"@context":[` + ex + `,{"@direction":"rtl","@language":"ar"}],"word":null,"name":{"@value":"a"}`:               "",
		`"name":{"@value":"a","@direction":"up"}`:                                                                       "",
		`"name":{"@value":"a","@direction":1}`:                                                                          "",
		`"name":{"@value":1,"@direction":"rtl"}`:                                                                        "",
		`"name":{"@value":"a","@direction":"rtl","@language":""}`:                                                       "",
		`"name":{"@value":"a","@direction":"rtl","@language":"a b"}`:                                                    "",
		`"name":{"@value":"a","@direction":"rtl","@type":"ex:t"}`:                                                       "",
		`"name":{"@direction":"rtl"}`:                                                                                   "",
		`"name":{"@value":"a","@type":"https://www.w3.org/ns/i18n#ar_rtl"}`:                                             "",
	} {
		if !strings.HasPrefix(doc, `"@context"`) {
			doc = `"@context":` + ex + `,` + doc
		}
		quads, err := canonical(t, p, parse(t, "{"+doc+"}"), Options{Directions: true})
		if want == "" {
			require.Error(t, err, doc)
			continue
		}
		require.NoError(t, err, doc)
		require.Contains(t, quads, want, doc)
	}
}

func TestPromiseNothingIsLostAtTheTop(t *testing.T) {
	p := processor(t)
	for _, doc := range []string{
		`{}`, `{"@id":"urn:x:y"}`, `{"@value":"a"}`, `{"@list":["a"]}`, `{"@set":["a"]}`, `{"@set":[{"@id":"urn:x:y"}]}`,
		`["a"]`, `[null]`, `[[]]`, `[{}]`, `{"@graph":["a"]}`, `{"@graph":[{"@id":"urn:x:y"}]}`, `{"@graph":[]}`,
		`{"@graph":[{"@list":[{"@id":"urn:x:y","urn:p:q":"a"}]}]}`, `{"@graph":[{"@set":["a"]}]}`, `{"@graph":null}`,
		`{"urn:p:q":"a","@included":"b"}`, `{"urn:p:q":"a","@included":{"@id":"urn:x:y"}}`, `{"urn:p:q":"a","@included":{"@value":"c"}}`,
		`{"urn:p:q":[]}`, `{"@reverse":{"dose":{"@id":"urn:x:y"}}}`, `{"@nest":{"dose":1}}`, `{"@context":{"@vocab":"http://ex.org/"},"@graph":[{"a":1},"b"]}`,
		`{"@context":{"@vocab":"http://ex.org/","@language":"ar","@direction":"rtl"},"a":"b"}`,
		`{"@context":{"@vocab":"http://ex.org/ "},"a":"b"}`, `{"@context":{"p":"http://ex.org/ a"},"p":"b"}`,
		`{"@context":{"@vocab":"http://ex.org/","p":{"@type":"http:// x"}},"p":"b"}`, `{"@context":{"@vocab":"_:"},"p":"b"}`,
	} {
		_, err := p.ToRDF(parse(t, doc), Options{AnyForm: true})
		require.ErrorIs(t, err, ErrLost, doc)
	}
}

func TestMalformed(t *testing.T) {
	p := processor(t)
	for _, doc := range []string{
		`"a"`, `1`, `null`, `{"@id":1,"urn:p:q":1}`, `{"@id":null,"urn:p:q":1}`, `{"@type":1}`, `{"@type":[1]}`, `{"@type":null}`,
		`{"@context":{"id":"@id"},"id":"urn:a:b","@id":"urn:a:b","urn:p:q":1}`, `{"urn:p:q":{"@value":{}}}`, `{"urn:p:q":{"@value":[]}}`,
		`{"urn:p:q":{"@value":"a","@type":["urn:t:t"]}}`, `{"urn:p:q":{"@value":"a","@type":"urn:t:t","@language":"en"}}`,
		`{"urn:p:q":{"@value":1,"@language":"en"}}`, `{"urn:p:q":{"@value":"a","@language":null}}`, `{"urn:p:q":{"@value":"a","urn:p:r":1}}`,
		`{"urn:p:q":{"@value":"a","@id":"urn:a:b"}}`, `{"urn:p:q":{"@list":[],"@id":"urn:a:b"}}`, `{"urn:p:q":{"@list":[],"@set":[]}}`,
		`{"@nest":"a","urn:p:q":1}`, `{"@nest":[1]}`, `{"@nest":{"@value":1}}`, `{"@nest":{"@context":{},"urn:p:q":1}}`,
		`{"@reverse":1}`, `{"@reverse":{"urn:p:q":"a"}}`, `{"@reverse":{"urn:p:q":{"@list":[]}}}`, `{"@reverse":{"@id":"urn:a:b"}}`,
		`{"@context":{"r":{"@reverse":"urn:p:q"}},"r":"a"}`, `{"@context":{"l":{"@id":"urn:p:q","@container":"@language"}},"l":{"en":1}}`,
		`{"@context":{"k":{"@id":"urn:p:q","@container":"@index","@index":"urn:p:r"}},"k":{"a":"b"}}`,
		`{"@context":{"t":{"@id":"urn:p:q","@container":"@type"}},"t":{"urn:t:t":1}}`,
	} {
		_, err := p.ToRDF(parse(t, doc), Options{AnyForm: true})
		require.ErrorIs(t, err, ErrSyntax, doc)
	}
}

func TestOptions(t *testing.T) {
	p := processor(t)
	doc := parse(t, `{"@context":{"a":"urn:p:a","b":"urn:p:b"},"a":"1","proof":{"b":"2"}}`)
	_, err := p.ToRDF(doc, Options{})
	require.ErrorIs(t, err, ErrLost)
	got, err := canonical(t, p, doc, Options{Omit: []string{"proof"}})
	require.NoError(t, err)
	require.Equal(t, "_:c14n0 <urn:p:a> \"1\" .\n", got)

	// The proof is hashed under the credential's context.
	got, err = canonical(t, p, doc.Member("proof"), Options{Context: doc.Member("@context")})
	require.NoError(t, err)
	require.Equal(t, "_:c14n0 <urn:p:b> \"2\" .\n", got)

	// Omit and Context are about the document itself only.
	inner := parse(t, `{"@context":{"a":"urn:p:a"},"a":{"a":"1","@context":{"a":"urn:p:z"}}}`)
	got, err = canonical(t, p, inner, Options{Context: parse(t, `{"a":"urn:p:c"}`), Omit: []string{"b"}})
	require.NoError(t, err)
	require.Equal(t, "_:c14n0 <urn:p:z> \"1\" .\n_:c14n1 <urn:p:c> _:c14n0 .\n", got)
	_, err = p.ToRDF(parse(t, `[{"urn:p:q":1}]`), Options{Omit: []string{"proof"}})
	require.ErrorIs(t, err, ErrSyntax)

	got, err = canonical(t, p, parse(t, `{"@id":"../a","urn:p:q":{"@id":"#f"}}`), Options{Base: "https://ex.org/x/y"})
	require.NoError(t, err)
	require.Equal(t, "<https://ex.org/a> <urn:p:q> <https://ex.org/x/y#f> .\n", got)
	_, err = p.ToRDF(parse(t, `{"@context":{"@base":null},"@id":"a","urn:p:q":1}`), Options{Base: "https://ex.org/"})
	require.ErrorIs(t, err, ErrLost)
}

func TestErrorsNameNoValues(t *testing.T) {
	p := processor(t)
	const secret = "Amina"
	for _, doc := range []string{
		`{"@id":"` + secret + `","urn:p:q":1}`, `{"urn:p:q":[{"@type":"` + secret + `"}]}`, `{"urn:p:q":{"@value":"` + secret + `","@language":"e n"}}`,
		`{"@context":{"l":{"@id":"urn:p:q","@container":"@language"}},"l":{"` + secret + ` x":"a"}}`,
		`{"@context":{"i":{"@id":"urn:p:q","@container":"@id"}},"i":{"` + secret + `":"a"}}`,
		`{"@context":{"r":{"@id":"urn:p:q","@type":"@id"}},"r":["` + secret + `"]}`,
	} {
		_, err := p.ToRDF(parse(t, doc), Options{})
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
		require.True(t, strings.HasPrefix(err.Error(), "jsonld: $"), err.Error())
		require.True(t, errors.Is(err, ErrLost) || errors.Is(err, ErrSyntax))
	}
}
