package rdf_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

var _ dataintegrity.RDF = (*rdf.Canonicalizer)(nil)

const shopContext = `{"@context":{"@version":1.1,"price":"https://shop.example/price","knows":{"@id":"https://shop.example/knows","@type":"@id"},"id":"@id"}}`

func shop(raw string) rdf.Context {
	sum := sha256.Sum256([]byte(raw))
	return rdf.Context{URL: "https://shop.example/v1", Raw: []byte(raw), SHA256: hex.EncodeToString(sum[:])}
}

func newShop(t testing.TB) *rdf.Canonicalizer {
	t.Helper()
	r, err := rdf.New(shop(shopContext))
	require.NoError(t, err)
	return r
}

func TestCanonical(t *testing.T) {
	r := newShop(t)
	for name, c := range map[string]struct{ doc, want string }{
		"named": {`{"@context":"https://shop.example/v1","id":"urn:a","price":"5"}`, "<urn:a> <https://shop.example/price> \"5\" .\n"},
		"blank": {`{"@context":["https://shop.example/v1"],"price":["b","a","a"]}`, "_:c14n0 <https://shop.example/price> \"a\" .\n_:c14n0 <https://shop.example/price> \"b\" .\n"},
	} {
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
			got, err := r.Canonical([]byte(c.doc), hash)
			require.NoError(t, err, name)
			require.Equal(t, c.want, string(got), name)
		}
	}
	doc, err := jcs.Parse([]byte(`{"@context":"https://unknown.example","id":"urn:a","price":"5","secret":null}`))
	require.NoError(t, err)
	other, err := jcs.Parse([]byte(`"https://shop.example/v1"`))
	require.NoError(t, err)
	got, err := r.CanonicalValue(doc, other, []string{"secret"}, crypto.SHA256)
	require.NoError(t, err)
	require.Equal(t, "<urn:a> <https://shop.example/price> \"5\" .\n", string(got))
}

// Contexts in the document are read on demand, also whole context documents.
func TestInlineContexts(t *testing.T) {
	r := newShop(t)
	for doc, want := range map[string]string{
		`{"@context":{"p":"https://shop.example/p"},"p":true}`:                                                            "_:c14n0 <https://shop.example/p> \"true\"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n",
		`{"@context":["https://shop.example/v1",{"@context":{"p":"https://shop.example/p"}}],"p":"1","price":"2"}`:        "_:c14n0 <https://shop.example/p> \"1\" .\n_:c14n0 <https://shop.example/price> \"2\" .\n",
		`{"@context":["https://shop.example/v1"],"price":"1","https://shop.example/q":"2"}`:                               "_:c14n0 <https://shop.example/price> \"1\" .\n_:c14n0 <https://shop.example/q> \"2\" .\n",
		`{"@context":"https://shop.example/v1","knows":{"@context":{"p":"https://shop.example/p"},"id":"urn:b","p":"1"}}`: "<urn:b> <https://shop.example/p> \"1\" .\n_:c14n0 <https://shop.example/knows> <urn:b> .\n",
	} {
		_, err := r.Canonical([]byte(doc), crypto.SHA256)
		require.Error(t, err, doc)
		require.True(t, errors.Is(err, rdf.ErrContext) || errors.Is(err, rdf.ErrForm), "%v", err)
		got, err := r.InsecureInlineContexts().Canonical([]byte(doc), crypto.SHA256)
		require.NoError(t, err, doc)
		require.Equal(t, want, string(got))
	}
}

// Anyone could give a signed document such a form.
func TestForm(t *testing.T) {
	r := newShop(t)
	for name, doc := range map[string]string{
		"an IRI for a term":      `{"@context":"https://shop.example/v1","https://shop.example/price":"2"}`,
		"another term":           `{"@context":["https://shop.example/v1",{"p":"https://shop.example/price"}],"p":"2"}`,
		"a keyword for a term":   `{"@context":"https://shop.example/v1","@id":"urn:a","price":"2"}`,
		"the document elsewhere": `{"@context":"https://shop.example/v1","id":"urn:a","knows":{"id":"urn:a","price":"2"}}`,
		"a graph":                `{"@context":"https://shop.example/v1","@graph":[{"price":"2"}]}`,
	} {
		_, err := r.InsecureInlineContexts().Canonical([]byte(doc), crypto.SHA256)
		require.ErrorIs(t, err, rdf.ErrForm, name)
		_, err = r.Canonical([]byte(doc), crypto.SHA256)
		require.True(t, errors.Is(err, rdf.ErrContext) || errors.Is(err, rdf.ErrForm), "%v", err)
	}
}

// The labels of nodes that look alike depend on the hash.
func TestCheckTerms(t *testing.T) {
	r := newShop(t)
	check := func(doc string, omit ...string) error {
		v, err := jcs.Parse([]byte(doc))
		require.NoError(t, err)
		return r.CheckTerms(v, omit...)
	}
	const context = `"@context":"https://shop.example/v1"`
	for _, doc := range []string{
		`{` + context + `,"price":1}`, `{` + context + `,"@id":"urn:x:y","price":{"@value":"a","@direction":"rtl"}}`, `{` + context + `,"https://shop.example/price":1}`,
		`{"@context":["https://shop.example/v1",{"cost":"https://shop.example/price"}],"cost":1}`, `{"@context":[{"@context":"https://shop.example/v1"}],"price":1}`,
	} {
		require.NoError(t, check(doc), doc)
	}
	for doc, want := range map[string]error{
		`{` + context + `,"cost":1}`: rdf.ErrLost, `{` + context + `,"price":null}`: rdf.ErrLost, `{` + context + `,"id":"x","price":1}`: rdf.ErrLost,
		`{"@context":"https://shop.example/v2","price":1}`: rdf.ErrContext, `{` + context + `,"price":[` + strings.Repeat(`"`+strings.Repeat("x", 1<<18)+`",`, 80) + `1]}`: rdf.ErrWork,
	} {
		require.ErrorIs(t, check(doc), want, "%.80s", doc)
	}
	require.NoError(t, check(`{`+context+`,"cost":1,"price":1}`, "cost"))
}

func TestHash(t *testing.T) {
	r := newShop(t)
	doc := `{"@context":"https://shop.example/v1","id":"_:a","price":"1","knows":{"price":"2","knows":{"price":"3","knows":{"price":"4","knows":"_:a"}}}}`
	a, err := r.Canonical([]byte(doc), crypto.SHA256)
	require.NoError(t, err)
	b, err := r.Canonical([]byte(doc), crypto.SHA384)
	require.NoError(t, err)
	require.NotEqual(t, string(a), string(b))
	for _, h := range []crypto.Hash{0, crypto.SHA1, crypto.SHA512, crypto.MD5} {
		_, err := r.Canonical([]byte(doc), h)
		require.Error(t, err, "hash %d", h)
	}
}

func TestCanonicalRefuses(t *testing.T) {
	r := newShop(t)
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"no JSON": {`{`, jcs.ErrSyntax}, "a duplicate": {`{"a":1,"a":1}`, jcs.ErrSyntax}, "nothing": {``, jcs.ErrSyntax},
		"unknown context":  {`{"@context":"https://a.example/v1","price":"1"}`, rdf.ErrContext},
		"context a number": {`{"@context":5,"price":"1"}`, rdf.ErrContext},
		"term undefined":   {`{"@context":"https://shop.example/v1","cost":"1"}`, rdf.ErrLost},
		"type undefined":   {`{"@context":"https://shop.example/v1","@type":"Shop","price":"1"}`, rdf.ErrLost},
		"relative":         {`{"@context":"https://shop.example/v1","id":"shop","price":"1"}`, rdf.ErrLost},
		"bad IRI":          {`{"@context":"https://shop.example/v1","id":"https://a b","price":"1"}`, rdf.ErrLost},
		"null":             {`{"@context":"https://shop.example/v1","price":null}`, rdf.ErrLost},
		"bad language":     {`{"@context":"https://shop.example/v1","price":{"@value":"1","@language":"-"}}`, rdf.ErrLost},
		"no context":       {`{"price":"1"}`, rdf.ErrLost},
	} {
		got, err := r.Canonical([]byte(c.doc), crypto.SHA256)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, got, name)
	}
	for _, doc := range []string{`null`, `5`, `"x"`, `{"@context":{"@protected":"x"}}`, `{"@context":{"a":{"@container":5}}}`, `{"@context":{"":"urn:x"}}`, `{"@context":{"@context":{}}}`, `[{"@context":[{"@context":5}]}]`} {
		_, err := r.Canonical([]byte(doc), crypto.SHA256)
		require.Error(t, err, doc)
	}
}

func TestNewRefuses(t *testing.T) {
	good := shop(shopContext)
	change := func(f func(*rdf.Context)) rdf.Context {
		c := good
		f(&c)
		return c
	}
	for name, contexts := range map[string][]rdf.Context{
		"no digest":        {change(func(c *rdf.Context) { c.SHA256 = "" })},
		"half a digest":    {change(func(c *rdf.Context) { c.SHA256 = c.SHA256[:32] })},
		"no hexadecimal":   {change(func(c *rdf.Context) { c.SHA256 = strings.Repeat("x", 64) })},
		"another digest":   {change(func(c *rdf.Context) { c.SHA256 = strings.Repeat("0", 64) })},
		"another text":     {change(func(c *rdf.Context) { c.Raw = append([]byte(" "), c.Raw...) })},
		"twice":            {good, good},
		"another built in": {change(func(c *rdf.Context) { c.URL = "https://www.w3.org/ns/credentials/v2" })},
		"no URL":           {change(func(c *rdf.Context) { c.URL = "shop" })},
		"no context":       {shop(`{}`)}, "no object": {shop(`[]`)}, "no JSON": {shop(`{`)}, "nothing": {shop(``)},
	} {
		r, err := rdf.New(contexts...)
		require.ErrorIs(t, err, rdf.ErrContext, name)
		require.Nil(t, r, name)
	}
}

// A context that becomes built in does not break who gives it.
func TestNewWithBuiltIn(t *testing.T) {
	raw, err := os.ReadFile("../../../internal/jsonld/contexts/multikey-v1.jsonld")
	require.NoError(t, err)
	for _, spelling := range []string{string(raw), " " + string(raw) + "\n"} {
		c := shop(spelling)
		c.URL = "https://w3id.org/security/multikey/v1"
		r, err := rdf.New(c, shop(shopContext))
		require.NoError(t, err)
		_, err = r.Canonical([]byte(`{"@context":["https://shop.example/v1","https://w3id.org/security/multikey/v1"],"type":"Multikey","price":"5"}`), crypto.SHA256)
		require.NoError(t, err)
	}
}

func TestContextIsCopied(t *testing.T) {
	c := shop(shopContext)
	r, err := rdf.New(c)
	require.NoError(t, err)
	copy(c.Raw, bytes.Repeat([]byte("x"), len(c.Raw)))
	_, err = r.Canonical([]byte(`{"@context":"https://shop.example/v1","price":"5"}`), crypto.SHA256)
	require.NoError(t, err)
}

// Nodes that can't be told apart without trying all orders.
func TestPromiseHostileDocumentsCostLittle(t *testing.T) {
	r := newShop(t)
	var clique strings.Builder
	const n = 40
	for i := range n {
		fmt.Fprintf(&clique, `,{"@context":"https://shop.example/v1","id":"_:n%d","knows":[`, i)
		for j := range n {
			if j != i {
				fmt.Fprintf(&clique, `%s"_:n%d"`, map[bool]string{true: ","}[j > 1 || j == 1 && i != 0], j)
			}
		}
		clique.WriteString(`]}`)
	}
	for name, doc := range map[string]string{
		"clique": `[` + clique.String()[1:] + `]`,
		"prefix": `{"@context":["https://shop.example/v1",{"p":"https://` + strings.Repeat("a", 100_000) + `/"}],"knows":[` + strings.Repeat(`"p:x",`, 9000) + `"urn:x"]}`,
		"deep":   strings.Repeat(`{"@context":"https://shop.example/v1","knows":`, 10_000) + `"urn:x"` + strings.Repeat(`}`, 10_000),
	} {
		start := time.Now()
		_, err := r.InsecureInlineContexts().Canonical([]byte(doc), crypto.SHA256)
		t.Logf("%s: %v: %v", name, time.Since(start), err)
		require.Error(t, err)
		if name == "clique" {
			require.ErrorIs(t, err, rdf.ErrWork)
		}
	}
}

func TestConcurrent(t *testing.T) {
	r := newShop(t).InsecureInlineContexts()
	errs := make(chan error)
	for i := range 8 {
		go func() {
			doc := fmt.Sprintf(`{"@context":["https://shop.example/v1",{"p%d":"https://shop.example/p%d"}],"price":"1","p%d":"2"}`, i%3, i%3, i%3)
			var err error
			for range 50 {
				if _, e := r.Canonical([]byte(doc), crypto.SHA256); e != nil {
					err = e
				}
			}
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
}

func FuzzCanonical(f *testing.F) {
	r := newShop(f).InsecureInlineContexts()
	f.Add([]byte(`{"@context":"https://shop.example/v1","price":"5"}`))
	f.Add([]byte(`{"@context":["https://shop.example/v1",{"@context":{"p":"https://shop.example/price"}}],"p":["1",{"@value":2}]}`))
	f.Add([]byte(`[{"@context":{"@protected":"x"}}]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := r.Canonical(in, crypto.SHA256)
		if err != nil {
			return
		}
		b, err := r.Canonical(in, crypto.SHA256)
		if err != nil || !bytes.Equal(a, b) {
			t.Fatalf("not the same twice: %q", in)
		}
	})
}

// Statements are those of the canonical form, before it, and as strict.
func TestStatements(t *testing.T) {
	r := newShop(t)
	v, err := jcs.Parse([]byte(`{"@context":"https://shop.example/v1","price":["5","6"],"proof":{"price":"7"}}`))
	require.NoError(t, err)
	quads, err := r.Statements(v, "proof")
	require.NoError(t, err)
	canonical, err := rdfc.Canonicalize(quads, rdfc.Options{})
	require.NoError(t, err)
	want, err := r.CanonicalValue(v, jcs.Value{}, []string{"proof"}, crypto.SHA256)
	require.NoError(t, err)
	require.Equal(t, string(want), string(canonical.NQuads()))
	part, err := v.Select([]string{"/price/1"}, "@context")
	require.NoError(t, err)
	some, err := r.Statements(part, "proof")
	require.NoError(t, err)
	require.Len(t, some, 1)
	require.Subset(t, quads, some)
	for doc, want := range map[string]error{`{"@context":"https://unknown.example"}`: rdf.ErrContext, `{"@context":"https://shop.example/v1","x":"y"}`: rdf.ErrLost, `{"@context":"https://shop.example/v1","https://shop.example/price":"y"}`: rdf.ErrForm} {
		v, err := jcs.Parse([]byte(doc))
		require.NoError(t, err)
		_, err = r.Statements(v)
		require.ErrorIs(t, err, want, doc)
	}
}
