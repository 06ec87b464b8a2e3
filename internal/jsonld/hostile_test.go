package jsonld

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// These made another processor panic.
func TestPromiseNoPanic(t *testing.T) {
	p := processor(t)
	for _, doc := range []string{
		`{"@context":{"@protected":"x"}}`, `{"@context":{"a":{"@id":"urn:x:y","@container":5}}}`, `{"@context":{"a":{"@id":"urn:x:y","@container":[null]}}}`,
		`{"@context":{"a":{"@id":"urn:x:y","@nest":""}},"a":1}`, `{"@context":{"":"urn:x"}}`, `{"@context":{"p":null},"p:a":1}`,
		`{"@context":{"p":null,"a":"p:b"},"a":1}`, `{"@context":{"g":{"@id":"urn:x:y","@container":"@graph"}},"g":[{"@graph":{"urn:p:q":1}},5]}`,
		`{"@context":{"l":{"@id":"urn:x:y","@container":["@graph","@id"]}},"l":{"@none":{"@list":{}}}}`, `{"@type":[null]}`, `{"@context":{"t":"@type"},"t":{"t":1}}`,
		`{"@context":{"j":{"@id":"urn:x:y","@type":"@json","@container":"@list"}},"j":[[1]]}`, `{"@context":[[null]]}`, `{"@context":{"@import":null}}`,
		`{"@context":{"i":{"@id":"urn:x:y","@container":"@index","@index":"i"}},"i":{"a":"b"}}`, `[[[[]]]]`, `{"@reverse":null}`, `{"@included":null}`,
		`{"@graph":{"@graph":{"@graph":[]}}}`, `{"@nest":{"@nest":{"@nest":null}}}`, `{"@list":{"@list":{"@set":{}}}}`, `{"@value":{"@value":1},"@type":"@json"}`,
	} {
		for _, o := range []Options{{}, {AnyForm: true}, {Base: "a", AnyForm: true}, {KnownContexts: true}} {
			require.NotPanics(t, func() { _, _ = p.ToRDF(parse(t, doc), o) }, doc)
		}
	}
	require.NotPanics(t, func() {
		_, err := p.ToRDF(jcs.Value{}, Options{})
		require.ErrorIs(t, err, ErrSyntax)
	})
	_, err := jcs.Parse([]byte(`{"urn:p:q":1e400}`))
	require.Error(t, err, "refused before it comes here")
}

// Documents of up to a megabyte that ask for far more work than their size.
func TestPromiseBoundedWork(t *testing.T) {
	p := processor(t)
	times := func(n int, f func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f(i)
		}
		return strings.Join(parts, ",")
	}
	long := strings.Repeat("a", 400_000)
	terms := times(8000, func(i int) string { return fmt.Sprintf(`"t%d":"urn:p:%d"`, i, i) })
	for name, doc := range map[string]string{
		"long prefix":      `{"@context":{"p":"http://ex.org/` + long + `/"},` + times(20_000, func(i int) string { return fmt.Sprintf(`"p:%d":1`, i) }) + `}`,
		"long vocabulary":  `{"@context":{"@vocab":"http://ex.org/` + long + `/"},` + times(20_000, func(i int) string { return fmt.Sprintf(`"p%d":1`, i) }) + `}`,
		"long base":        `{"@context":{"@base":"http://ex.org/` + long + `/"},"urn:p:q":[` + times(20_000, func(i int) string { return fmt.Sprintf(`{"@id":"%d"}`, i) }) + `]}`,
		"long term":        `{"@context":{"p":"urn:` + long + `"},"urn:p:q":[` + times(30_000, func(int) string { return `{"p":1}` }) + `]}`,
		"terms on terms":   `{"@context":{"t0":"http://ex.org/",` + times(20_000, func(i int) string { return fmt.Sprintf(`"t%d":"t%d:/"`, i+1, i) }) + `},"urn:p:q":1}`,
		"chain of terms":   `{"@context":{"t0":"http://ex.org/",` + times(20_000, func(i int) string { return fmt.Sprintf(`"t%d":"t%d:a/"`, 20_000-i, 19_999-i) }) + `},"urn:p:q":1}`,
		"empty contexts":   `{"@context":{` + terms + `},"urn:p:q":[` + times(20_000, func(int) string { return `{"@context":{},"t1":1}` }) + `]}`,
		"array of them":    `{"@context":[{` + terms + `},` + times(30_000, func(int) string { return `{},null` }) + `],"urn:p:q":1}`,
		"scoped contexts":  `{"@context":{"a":{"@id":"urn:p:a","@context":{` + terms + `}}},"urn:p:q":[` + times(20_000, func(int) string { return `{"a":{"t1":1}}` }) + `]}`,
		"scoped to types":  `{"@context":{"T":{"@id":"urn:t:t","@context":{` + terms + `}}},"urn:p:q":[` + times(20_000, func(int) string { return `{"@type":"T"}` }) + `]}`,
		"known, often":     `{"@context":[{"a":"urn:p:a"},` + times(20_000, func(i int) string { return `"` + embedded[i%2*2+2].url + `"` }) + `],"urn:p:q":1}`,
		"known in dynamic": `{"@context":[{"a":"urn:p:a"},"https://w3id.org/security/v2"],"urn:p:q":[` + times(20_000, func(int) string { return `{"@context":"https://w3id.org/security/v1","a":1}` }) + `]}`,
		"other names":      `{"@context":{` + terms + `},"urn:p:q":[` + times(20_000, func(int) string { return `{"@context":[],"urn:x:y":1}` }) + `]}`,
		"many types":       `{"urn:p:q":[` + times(20_000, func(int) string { return `{"@type":["urn:t:a","urn:t:b","urn:t:c"]}` }) + `]}`,
		"one list":         `{"urn:p:q":{"@list":[` + times(100_000, func(int) string { return `1` }) + `]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			v, err := jcs.Parse([]byte(doc))
			require.NoError(t, err)
			_, err = p.ToRDF(v, Options{})
			if err != nil {
				require.True(t, errors.Is(err, ErrLimit) || errors.Is(err, ErrContext), err)
			}
			require.Less(t, len(fmt.Sprint(err)), 1000)
		})
	}
}

func FuzzToRDF(f *testing.F) {
	for _, s := range []string{
		vaccination, strings.Replace(signed, "%s", "", 1), `{"@context":` + ex + `,"name":"a","list":[["b"]],"ids":{"urn:a:b":{"id":"urn:a:b","name":1.5}}}`,
		`{"@context":{"@base":"http://a/","@vocab":"#","@language":"en"},"@id":"../b","c":{"@value":"d","@type":"e"},"@reverse":{"f":{"@id":"_:g"}}}`,
		`{"@context":["https://www.w3.org/2018/credentials/v1",{"@import":"https://w3id.org/security/v1"},null],"@included":[{"@nest":{"@index":"h"}}]}`,
		`[{"@graph":[{"@id":"urn:a:b","@graph":{"urn:p:q":[true,null,{"@list":[{"@json":1}]}]}}]}]`,
	} {
		f.Add([]byte(s))
	}
	p := processor(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := jcs.Parse(raw)
		if err != nil {
			return
		}
		for _, o := range []Options{{}, {AnyForm: true, Base: "http://ex.org/a"}} {
			quads, err := p.ToRDF(v, o)
			again, err2 := p.ToRDF(v, o)
			require.Equal(t, quads, again)
			require.Equal(t, err == nil, err2 == nil)
			if err != nil {
				require.True(t, errors.Is(err, ErrLost) || errors.Is(err, ErrSyntax) || errors.Is(err, ErrContext) ||
					errors.Is(err, ErrLimit) || errors.Is(err, ErrForm), err)
				continue
			}
			// Whatever is accepted can be written and read back as it is.
			for _, q := range quads {
				line, err := rdfc.AppendQuad(nil, q)
				require.NoError(t, err)
				back, err := rdfc.ParseNQuads(line)
				require.NoError(t, err)
				require.Equal(t, []rdfc.Quad{q}, back)
			}
		}
	})
}

// Each of these would lose something, or build on what is built on for ever.
func TestRefusedAnyForm(t *testing.T) {
	p := processor(t)
	chain := `"t0":"urn:x:"`
	for i := 1; i < 40; i++ {
		chain = fmt.Sprintf(`"t%d":"t%d:a",`, i, i-1) + chain
	}
	for doc, want := range map[string]error{
		`{"urn:p:q":{"@value":"a","@list":["b"]}}`:                                         ErrSyntax,
		`{"urn:p:q":{"@value":"a","@graph":[{"urn:p:q":"b"}]}}`:                            ErrSyntax,
		`{"urn:p:q":{"@value":"a","@language":"en","@reverse":{}}}`:                        ErrSyntax,
		`{"@context":{"l":{"@id":"urn:p:l","@container":"@list"}},"l":[[{"@set":["a"]}]]}`: ErrLost,
		`{"@context":{` + strings.ReplaceAll(chain, `"t39"`, `"a39"`) + `},"urn:p:q":1}`:   ErrContext,
	} {
		_, err := p.ToRDF(parse(t, doc), Options{AnyForm: true})
		require.ErrorIs(t, err, want, "%.100s", doc)
	}
}
