package jsonld

import (
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

// dropped are the tests that expect a part of the document that would be a
// statement, or would be about something, to vanish. Refusing it is what this
// package is for.
const dropped = "t0030 tc014 tc018 te001 te003 te004 te008 te016 te019 te032 te045 te046 te047 te059 te060 te065 te068 " +
	"te119 te122 tin06 tli12 tli14 tpr06 tpr19 tpr34 tpr35 tpr36 tpr38 twf01 twf02 twf03 twf04 twf05 twf07"

// missed are the tests that are not met, by the reason. All of them are
// refusals: none lets a part of a document be lost.
var missed = map[string]string{
	"index keys, which no statement holds, are refused":       "tc013 te036 te044 te063 te082 te083 te084 te096 te097 te098 te105 te107",
	"a node under the identifier of another is refused":       "tm002",
	"@direction without rdfDirection is refused, not dropped": "tdi01 tdi02 tdi03 tdi04 tdi05 tdi06",
	"there is no rdfDirection compound-literal":               "tdi11 tdi12",
	"arrays in arrays are refused":                            "te015",
	"contexts that define names of keywords to come":          "te005 te120 tpr37 tpr39",
	"IRIs with a second #, which RFC 3987 does not allow":     "te111 te112",
	"there is no option expandContext":                        "te077",
	"the vectors lack the input":                              "ter56",
}

type manifest struct {
	BaseIRI  string `json:"baseIri"`
	Sequence []struct {
		ID     string   `json:"@id"`
		Type   []string `json:"@type"`
		Input  string   `json:"input"`
		Expect string   `json:"expect"`
		Option struct {
			SpecVersion    string `json:"specVersion"`
			ProcessingMode string `json:"processingMode"`
			Base           string `json:"base"`
			RDFDirection   string `json:"rdfDirection"`
		} `json:"option"`
	} `json:"sequence"`
}

// TestConformanceToRDF runs the tests of the JSON-LD 1.1 API for RDF, but for
// those that only a processor of JSON-LD 1.0 is to pass.
func TestConformanceToRDF(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "json-ld-api")
	m := read[manifest](t, filepath.Join(dir, "toRdf-manifest.jsonld"))
	p := withFolder(t, m.BaseIRI, dir)
	var passed, refused, total int
	for _, c := range m.Sequence {
		if c.Option.SpecVersion == "json-ld-1.0" || c.Option.ProcessingMode == "json-ld-1.0" {
			continue
		}
		total++
		id := strings.TrimPrefix(c.ID, "#")
		o := Options{Base: m.BaseIRI + c.Input, AnyForm: true, Directions: c.Option.RDFDirection == "i18n-datatype"}
		if c.Option.Base != "" {
			o.Base = c.Option.Base
		}
		raw, err := os.ReadFile(filepath.Join(dir, c.Input))
		var got string
		if err == nil {
			var doc jcs.Value
			if doc, err = jcs.Parse(raw); err == nil {
				got, err = canonical(t, p, doc, o)
			}
		}
		negative := slices.Contains(c.Type, "jld:NegativeEvaluationTest")
		switch {
		case negative && err != nil && !errors.Is(err, os.ErrNotExist):
			passed++
		case negative && err == nil:
			t.Errorf("%s: accepted", id)
		case err == nil && (c.Expect == "" || got == expected(t, filepath.Join(dir, c.Expect))):
			passed++
		case err == nil:
			t.Errorf("%s: other statements than expected:\n%s", id, got)
		case listed(dropped, id):
			refused++
			require.True(t, errors.Is(err, ErrLost) || errors.Is(err, ErrContext), "%s: %v", id, err)
		default:
			t.Logf("not met: %s: %s (%v)", id, reason(t, id), err)
		}
	}
	fmt.Printf("conformance: jsonld-toRdf %d/%d\n", passed+refused, total)
	fmt.Printf("  of them %d by refusing what the test expects to be dropped\n", refused)
	for why, ids := range missed {
		fmt.Printf("  not met: %s: %s\n", why, ids)
	}
	require.GreaterOrEqual(t, (passed+refused)*100, total*91)
	require.Equal(t, len(strings.Fields(dropped)), refused, "each is refused")
}

func listed(ids, id string) bool { return slices.Contains(strings.Fields(ids), id) }

func reason(t *testing.T, id string) string {
	for why, ids := range missed {
		if listed(ids, id) {
			return why
		}
	}
	t.Errorf("%s: not met, and not listed", id)
	return ""
}

// withFolder returns a processor that knows the context documents of the test
// suite, by their IRIs.
func withFolder(t *testing.T, base, dir string) *Processor {
	t.Helper()
	var extra []Context
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, "toRdf"), func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".jsonld" {
			return err
		}
		raw, err := os.ReadFile(path)
		if v, bad := jcs.Parse(raw); bad != nil || !v.Member("@context").Exists() {
			return err // not a context document
		}
		name, _ := filepath.Rel(dir, path)
		extra = append(extra, Context{URL: base + filepath.ToSlash(name), Raw: raw, SHA256: sha256.Sum256(raw)})
		return err
	}))
	p, err := New(extra...)
	require.NoError(t, err)
	return p
}

func read[T any](t *testing.T, path string) (v T) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

// canonical converts a document and returns its canonical N-Quads.
func canonical(t testing.TB, p *Processor, doc jcs.Value, o Options) (string, error) {
	t.Helper()
	quads, err := p.ToRDF(doc, o)
	if err != nil {
		require.Nil(t, quads)
		return "", err
	}
	r, err := rdfc.Canonicalize(quads, rdfc.Options{})
	require.NoError(t, err)
	return string(r.NQuads()), nil
}

func expected(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return recanonical(t, raw)
}

// recanonical brings N-Quads into their canonical form.
func recanonical(t *testing.T, nquads []byte) string {
	t.Helper()
	quads, err := rdfc.ParseNQuads(nquads)
	require.NoError(t, err)
	r, err := rdfc.Canonicalize(quads, rdfc.Options{})
	require.NoError(t, err)
	return string(r.NQuads())
}

// TestConformanceCanonicalDocuments checks the canonical forms that the Data
// Integrity cryptosuites print in their test vectors, of documents and proof
// configurations.
func TestConformanceCanonicalDocuments(t *testing.T) {
	p, err := New()
	require.NoError(t, err)
	pairs := [][2]string{
		{"signed*.json", "canonDoc*.txt"}, {"proofConfig*.json", "proofCanon*.txt"},
		{"addSignedSDBase.json", "addBaseDocCanon.json"}, {"addProofConfig.json", "addProofConfigCanon.txt"},
	}
	met, total := 0, 0
	require.NoError(t, filepath.WalkDir(testvectors.Dir(t, "w3c"), func(dir string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() || !strings.Contains(dir, "vc-di-") {
			return err
		}
		for _, pair := range pairs {
			docs, _ := filepath.Glob(filepath.Join(dir, pair[0]))
			forms, _ := filepath.Glob(filepath.Join(dir, pair[1]))
			if len(docs) != 1 || len(forms) != 1 || strings.Contains(docs[0], "JCS") {
				continue
			}
			total++
			raw, err := os.ReadFile(docs[0])
			require.NoError(t, err)
			doc, err := jcs.Parse(raw)
			require.NoError(t, err)
			quads, err := p.ToRDF(doc, Options{Omit: []string{"proof"}})
			require.NoError(t, err, docs[0])
			var o rdfc.Options
			if strings.Contains(docs[0], "P384") {
				o.Hash = crypto.SHA384
			}
			r, err := rdfc.Canonicalize(quads, o)
			if err == nil && string(r.NQuads()) == form(t, forms[0]) {
				met++
			} else {
				t.Errorf("not met: %s: %v", forms[0], err)
			}
		}
		return nil
	}))
	fmt.Printf("conformance: jsonld-data-integrity %d/%d\n", met, total)
	require.NotZero(t, total)
}

// form reads a canonical form, which is a text or a JSON array of lines.
func form(t *testing.T, path string) string {
	if filepath.Ext(path) == ".json" {
		return strings.Join(read[[]string](t, path), "")
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

// TestConformanceOtherProcessor compares with what jsonld.js 9.0.0 made, in its
// safe mode, of generated documents: the same statements, or a refusal since
// something would be lost.
func TestConformanceOtherProcessor(t *testing.T) {
	p, err := New()
	require.NoError(t, err)
	cases := read[[]struct {
		Doc    json.RawMessage `json:"doc"`
		NQuads string          `json:"nquads"`
		Lost   string          `json:"lost"`
	}](t, filepath.Join("testdata", "jsonldjs.json"))
	met := 0
	for _, c := range cases {
		doc, err := jcs.Parse(c.Doc)
		require.NoError(t, err)
		got, err := canonical(t, p, doc, Options{AnyForm: true})
		if c.NQuads == got && (c.Lost != "") == (err != nil) {
			met++
		} else {
			t.Errorf("%s: %s\n%s%v", c.Doc, c.Lost, got, err)
		}
	}
	fmt.Printf("conformance: jsonld-js %d/%d\n", met, len(cases))
}
