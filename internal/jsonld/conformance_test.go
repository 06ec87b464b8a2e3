package jsonld

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

func TestConformanceToRDF(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "json-ld-api")
	raw, _ := os.ReadFile(filepath.Join(dir, "toRdf-manifest.jsonld"))
	var m struct {
		BaseIRI  string `json:"baseIri"`
		Sequence []struct {
			ID     string         `json:"@id"`
			Type   []string       `json:"@type"`
			Name   string         `json:"name"`
			Input  string         `json:"input"`
			Expect string         `json:"expect"`
			Option map[string]any `json:"option"`
			Err    string         `json:"expectErrorCode"`
		} `json:"sequence"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "toRdf", "*.jsonld"))
	more, _ := filepath.Glob(filepath.Join(dir, "toRdf", "c031", "*.jsonld"))
	p, _ := New()
	for _, f := range append(files, more...) {
		rel, _ := filepath.Rel(dir, f)
		b, _ := os.ReadFile(f)
		if err := p.add(m.BaseIRI+rel, b); err != nil && false {
			t.Log(err)
		}
	}
	for _, c := range m.Sequence {
		if c.Option["specVersion"] == "json-ld-1.0" || c.Option["processingMode"] == "json-ld-1.0" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, c.Input))
		if err != nil {
			fmt.Println("NOFILE", c.Input)
			continue
		}
		base := m.BaseIRI + c.Input
		if s, ok := c.Option["base"].(string); ok {
			base = s
		}
		v, err := jcs.Parse(b)
		if err != nil {
			fmt.Println(c.ID, c.Type[0], "JSON", err)
			continue
		}
		q, err := p.ToRDF(v, Options{Base: base, AnyForm: true})
		want, _ := os.ReadFile(filepath.Join(dir, c.Expect))
		if c.Type[0]=="jld:PositiveEvaluationTest" && err==nil {
			wq, e := rdfc.ParseNQuads(want)
			if e!=nil { fmt.Println("NQ", c.ID, e) }
			a,e1 := rdfc.Canonicalize(wq, rdfc.Options{})
			b,e2 := rdfc.Canonicalize(q, rdfc.Options{})
			if e1!=nil||e2!=nil { fmt.Println("CANON", c.ID, e1,e2); continue}
			if string(a.NQuads())!=string(b.NQuads()) { fmt.Printf("DIFF %s %s\nwant %s\ngot %s\n", c.ID, c.Name, a.NQuads(), b.NQuads()) }
		}
		fmt.Printf("%s\t%s\t%d\t%v\t%s\t%s\n", c.ID, c.Type[0], len(q), err, c.Err, c.Name)
	}
}
