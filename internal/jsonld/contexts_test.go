package jsonld

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

func context(url, raw string) Context {
	return Context{URL: url, Raw: []byte(raw), SHA256: sha256.Sum256([]byte(raw))}
}

func TestEmbeddedContexts(t *testing.T) {
	p := processor(t)
	// Those that the recommendations pin, by the first bytes of the digest.
	for url, digest := range map[string]string{
		"https://www.w3.org/ns/credentials/v2":                 "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
		"https://www.w3.org/2018/credentials/v1":               "ab4ddd9a",
		"https://w3id.org/security/data-integrity/v1":          "b5d829bd",
		"https://w3id.org/security/data-integrity/v2":          "67f21e6e",
		"https://w3id.org/security/multikey/v1":                "ba2c182d",
		"https://www.w3.org/ns/credentials/undefined-terms/v2": "82dab514",
		"https://www.w3.org/ns/credentials/examples/v2":        "57393fbc",
	} {
		raw, ok := p.Raw(url)
		require.True(t, ok, url)
		sum := sha256.Sum256(raw)
		require.True(t, strings.HasPrefix(hex.EncodeToString(sum[:]), digest), url)
	}
	source, err := os.ReadFile(filepath.Join("contexts", "SOURCE.md"))
	require.NoError(t, err)
	for _, e := range embedded {
		raw, ok := p.Raw(e.url)
		require.True(t, ok)
		sum := sha256.Sum256(raw)
		require.Contains(t, string(source), e.url)
		require.Contains(t, string(source), hex.EncodeToString(sum[:]), e.file)
		// Each is a context that works, also where it stands alone.
		_, err := p.ToRDF(parse(t, `{"@context":"`+e.url+`","urn:p:q":"a"}`), Options{})
		require.NoError(t, err, e.url)
	}
	_, ok := p.Raw("https://www.w3.org/ns/credentials/v3")
	require.False(t, ok)
}

func TestNew(t *testing.T) {
	good := context("https://ex.org/c", `{"@context":{"a":"urn:p:a"}}`)
	got, err := canonical(t, processor(t, good), parse(t, `{"@context":"https://ex.org/c","a":1}`), Options{})
	require.NoError(t, err)
	require.Equal(t, "_:c14n0 <urn:p:a> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n", got)
	good.Raw[0] = ' ' // the processor has a copy, and this no longer its digest
	for name, c := range map[string][]Context{
		"digest":   {good},
		"none":     {{URL: "https://ex.org/c", Raw: []byte(`{"@context":{}}`)}},
		"twice":    {context("https://ex.org/c", `{"@context":{}}`), context("https://ex.org/c", `{"@context":{}}`)},
		"embedded": {context("https://www.w3.org/ns/credentials/v2", `{"@context":{}}`)},
		"relative": {context("c", `{"@context":{}}`)},
		"no JSON":  {context("https://ex.org/c", `{`)},
		"no key":   {context("https://ex.org/c", `{"a":"b"}`)},
		"array":    {context("https://ex.org/c", `[]`)},
	} {
		_, err := New(c...)
		require.ErrorIs(t, err, ErrContext, name)
	}
}

func TestContextErrors(t *testing.T) {
	p := processor(t,
		context("https://ex.org/loop", `{"@context":["https://ex.org/loop"]}`),
		context("https://ex.org/scoped", `{"@context":{"a":{"@id":"urn:p:a","@context":"https://ex.org/scoped"}}}`),
		context("https://ex.org/list", `{"@context":[{"a":"urn:p:a"}]}`),
		context("https://ex.org/imports", `{"@context":{"@import":"https://ex.org/list"}}`))
	for _, c := range []string{
		`1`, `true`, `[[]]`, `"https://ex.org/unknown"`, `"relative"`, `"https://ex.org/loop"`, `{"@version":1}`, `{"@version":"1.1"}`,
		`{"@import":1}`, `{"@import":"https://ex.org/unknown"}`, `{"@import":"https://ex.org/list"}`, `{"@import":"https://ex.org/imports"}`,
		`{"@base":1}`, `{"@base":"a"}`, `{"@vocab":1}`, `{"@vocab":"a"}`, `{"@vocab":""}`, `{"@language":1}`, `{"@language":"e n"}`,
		`{"@language":""}`, `{"@direction":"up"}`, `{"@direction":1}`, `{"@propagate":1}`, `{"@protected":"x"}`, `{"@context":[]}`,
		`{"@context":{},"a":"urn:p:a"}`, `{"":"urn:x"}`, `{"@id":"urn:x:y"}`, `{"@type":"urn:x:y"}`, `{"@type":{}}`,
		`{"@type":{"@container":"@list"}}`, `{"@foo":"urn:x:y"}`, `{"a":1}`, `{"a":[]}`, `{"a":{"@foo":1}}`, `{"a":{"@id":1}}`,
		`{"a":{"@id":"@foo"}}`, `{"a":"@context"}`, `{"a":"b"}`, `{"a":{}}`, `{"a":"b:c","b":"a:c"}`, `{"a":"a:b"}`, `{"a:b":"urn:x:y"}`,
		`{"a":{"@id":"urn:x:y","@type":1}}`, `{"a":{"@id":"urn:x:y","@type":"b"}}`, `{"a":{"@id":"urn:x:y","@type":"_:b"}}`,
		`{"a":{"@id":"urn:x:y","@reverse":"urn:x:z"}}`, `{"a":{"@reverse":1}}`, `{"a":{"@reverse":"b"}}`, `{"a":{"@reverse":"@foo"}}`,
		`{"a":{"@reverse":"urn:x:y","@nest":"@nest"}}`, `{"a":{"@reverse":"urn:x:y","@container":"@list"}}`,
		`{"a":{"@id":"urn:x:y","@container":5}}`, `{"a":{"@id":"urn:x:y","@container":[5]}}`, `{"a":{"@id":"urn:x:y","@container":"@foo"}}`,
		`{"a":{"@id":"urn:x:y","@container":null}}`, `{"a":{"@id":"urn:x:y","@container":["@list","@set"]}}`,
		`{"a":{"@id":"urn:x:y","@container":["@set","@set"]}}`, `{"a":{"@id":"urn:x:y","@container":["@graph","@list"]}}`,
		`{"a":{"@id":"urn:x:y","@container":["@index","@id"]}}`, `{"a":{"@id":"urn:x:y","@container":"@type","@type":"urn:t:t"}}`,
		`{"a":{"@id":"urn:x:y","@index":"urn:p:q"}}`, `{"a":{"@id":"urn:x:y","@container":"@index","@index":1}}`,
		`{"a":{"@id":"urn:x:y","@container":"@index","@index":"@id"}}`, `{"a":{"@id":"urn:x:y","@context":1}}`,
		`{"a":{"@id":"urn:x:y","@context":{"b":1}}}`, `{"a":{"@id":"urn:x:y","@language":1}}`, `{"a":{"@id":"urn:x:y","@language":"e n"}}`,
		`{"a":{"@id":"urn:x:y","@direction":1}}`, `{"a":{"@id":"urn:x:y","@nest":1}}`, `{"a":{"@id":"urn:x:y","@nest":"@id"}}`,
		`{"a":{"@id":"urn:x:y","@prefix":1}}`, `{"a:b":{"@prefix":true}}`, `{"a":{"@id":"@type","@prefix":true}}`,
		`{"a":{"@id":"urn:x:y","@protected":"x"}}`, `["https://www.w3.org/ns/credentials/v2",null]`,
		`["https://www.w3.org/ns/credentials/v2",{"id":"urn:x:y"}]`, `["https://www.w3.org/ns/credentials/v2",{"name":{"@reverse":"urn:x:y"}}]`,
		`["https://www.w3.org/ns/credentials/v2",{"name":null}]`, `["https://www.w3.org/ns/credentials/v2","https://www.w3.org/2018/credentials/v1"]`,
	} {
		_, err := p.ToRDF(parse(t, `{"@context":`+c+`,"urn:p:q":"a"}`), Options{})
		require.ErrorIs(t, err, ErrContext, c)
	}
	// A context may be scoped to a term of its own: each use goes one deeper.
	_, err := p.ToRDF(parse(t, `{"@context":"https://ex.org/scoped","a":{"a":{"a":1}}}`), Options{})
	require.NoError(t, err)
	// A known context may be extended, and a protected term repeated.
	p = processor(t, context("https://ex.org/a", `{"@context":{"@protected":true,"a":"urn:p:a","b":"urn:p:b"}}`))
	got, err := canonical(t, p, parse(t, `{"@context":["https://ex.org/a",{"@import":"https://ex.org/a","c":"a","a":"urn:p:a"}],"a":1}`), Options{})
	require.NoError(t, err)
	require.Contains(t, got, "<urn:p:a>")
}

// TestRememberedContexts: what one document makes the processor remember does
// not change what another means, and is bounded.
func TestRememberedContexts(t *testing.T) {
	p := processor(t)
	v1, v2 := `"https://www.w3.org/2018/credentials/v1"`, `"https://www.w3.org/ns/credentials/v2"`
	name := func(contexts string) (string, error) {
		return canonical(t, p, parse(t, `{"@context":[`+contexts+`],"name":"a"}`), Options{})
	}
	plain, err := name(v2)
	require.NoError(t, err)
	for range 2 {
		_, err = name(v1) // has no such term
		require.ErrorIs(t, err, ErrLost)
		other, err := name(v1 + `,{"@vocab":"urn:v:","@protected":true,"name":"urn:p:other"}`)
		require.NoError(t, err)
		require.Equal(t, "_:c14n0 <urn:p:other> \"a\" .\n", other)
		_, err = name(`{"@import":` + v2 + `,"name":"urn:p:evil"}`)
		require.NoError(t, err)
		again, err := name(v2)
		require.NoError(t, err)
		require.Equal(t, plain, again)
		_, err = canonical(t, p, parse(t, `{"@context":`+v2+`,"name":"a"}`), Options{Base: "https://ex.org/"})
		require.NoError(t, err)
	}
	root := p.root.Load()
	for i := range 40 { // ever other combinations
		list := []string{v2}
		for j := range 16 {
			list = append(list, `"`+embedded[2+(i+j*(1+i%5))%2].url+`"`)
		}
		_, _ = name(strings.Join(list, ","))
		require.Less(t, size(p.root.Load(), map[*activeContext]bool{}), 2*limits.ContextMemory)
	}
	for i := 0; p.root.Load() == root; i++ {
		require.Less(t, i, 10_000, "the memory is emptied at last")
		var list []string
		for j := range 12 {
			list = append(list, `"`+embedded[2+(i>>j)&1].url+`"`)
		}
		_, err := name(v2 + "," + strings.Join(list, ","))
		require.NoError(t, err)
	}
	again, err := name(v2)
	require.NoError(t, err)
	require.Equal(t, plain, again)
}

func size(c *activeContext, seen map[*activeContext]bool) int {
	if seen[c] {
		return 0
	}
	seen[c] = true
	n := len(c.terms)
	for _, d := range c.derived {
		n += size(d, seen)
	}
	return n
}

func TestConcurrentUse(t *testing.T) {
	p := processor(t)
	doc, evil := parse(t, vaccination), parse(t, `{"@context":["https://www.w3.org/ns/credentials/v2",{"@import":"https://www.w3.org/ns/credentials/undefined-terms/v2","x":"urn:p:x"}],"x":{"name":"a"}}`)
	want, err := canonical(t, processor(t), doc, Options{})
	require.NoError(t, err)
	other, err := canonical(t, processor(t), evil, Options{})
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				if i == 0 && j%10 == 0 {
					p.forget(p.root.Load())
				}
				got, err := canonical(t, p, doc, Options{})
				if err != nil || got != want {
					t.Errorf("%v: %s", err, got)
				}
				if got, err := canonical(t, p, evil, Options{}); err != nil || got != other {
					t.Errorf("%v: %s", err, got)
				}
			}
		})
	}
	group.Wait()
}

// TestConformanceHealthDocuments converts the DIVOC certificate and the DID
// documents of the WHO's trust network, whose contexts rely on bases that are
// scoped to properties.
func TestConformanceHealthDocuments(t *testing.T) {
	dir := testvectors.Dir(t, "gdhcn")
	var extra []Context
	for url, file := range map[string]string{
		"https://cowin.gov.in/credentials/vaccination/v1":            "divoc-contexts/DIVOCVaccinationContextV1.json",
		"https://w3id.org/security/v3-unstable":                      "divoc-contexts/security-v3-unstable.jsonld",
		"https://smart.who.int/trust/tng-context/v1-DEV.jsonld":      "did_contexts/v1-dev.jsonld",
		"https://smart.who.int/trust/tng-context/v1-UAT.jsonld":      "did_contexts/v1-uat.jsonld",
		"https://w3id.org/security/suites/secp256k1-2019/v1":         "divoc-contexts/suites-secp256k1-2019.jsonld",
		"https://w3id.org/security/suites/x25519-2019/v1":            "divoc-contexts/suites-x25519-2019.jsonld",
		"https://worldhealthorganization.github.io/tng-cdn-dev/v1":   "did_contexts/v1.jsonld",
		"https://w3id.org/security/bbs/v1":                           "divoc-contexts/security-bbs-v1.jsonld",
		"https://cowin.gov.in/credentials/vaccination/v2":            "divoc-contexts/DIVOCVaccinationContextV2.json",
		"https://www.w3.org/2018/credentials/v1?copy=the-validators": "divoc-contexts/W32018CredentialsV1.json",
	} {
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		require.NoError(t, err)
		extra = append(extra, context(url, string(raw)))
	}
	p := processor(t, extra...)
	files := []string{filepath.Join(dir, "qr", "DIVOCQR1Unpacked.json")}
	more, err := filepath.Glob(filepath.Join(dir, "tng-cdn-*", "v2", "trustlist", "*", "did.json"))
	require.NoError(t, err)
	met := 0
	for _, f := range append(files, more...) {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		quads, err := p.ToRDF(parse(t, string(raw)), Options{})
		if err == nil && len(quads) > 10 {
			met++
		} else {
			t.Errorf("not met: %s: %v", f, err)
		}
	}
	fmt.Printf("conformance: jsonld-health-documents %d/%d\n", met, 1+len(more))
}
