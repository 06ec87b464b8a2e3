package rdfc

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
)

// manifestEntry is one test of the W3C's manifest.jsonld.
type manifestEntry struct {
	ID, Type, Name, Action, Result, HashAlgorithm string
}

func manifest(t testing.TB) (dir string, entries []manifestEntry) {
	t.Helper()
	dir = testvectors.Dir(t, "w3c", "rdf-canon")
	raw, err := os.ReadFile(filepath.Join(dir, "manifest.jsonld"))
	require.NoError(t, err)
	var m struct{ Entries []manifestEntry }
	require.NoError(t, json.Unmarshal(raw, &m))
	require.Len(t, m.Entries, 86)
	return dir, m.Entries
}

func TestConformanceRDFC10(t *testing.T) {
	dir, entries := manifest(t)
	met := 0
	for _, e := range entries {
		if err := e.run(dir); err != nil {
			t.Errorf("%s (%s): %v", e.ID, e.Name, err)
			continue
		}
		met++
	}
	fmt.Printf("conformance: rdfc10 %d/%d\n", met, len(entries))
}

func (e manifestEntry) run(dir string) error {
	in, err := os.ReadFile(filepath.Join(dir, e.Action))
	if err != nil {
		return err
	}
	quads, err := ParseNQuads(in)
	if err != nil {
		return err
	}
	o := Options{}
	switch e.HashAlgorithm {
	case "", "SHA256":
	case "SHA384":
		o.Hash = crypto.SHA384
	default:
		return fmt.Errorf("unknown hash %q", e.HashAlgorithm)
	}
	r, err := Canonicalize(quads, o)
	if e.Type == "rdfc:RDFC10NegativeEvalTest" {
		if !errors.Is(err, ErrWork) {
			return fmt.Errorf("want ErrWork, have %v", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	want, err := os.ReadFile(filepath.Join(dir, e.Result))
	if err != nil {
		return err
	}
	switch e.Type {
	case "rdfc:RDFC10EvalTest":
		return differ(string(want), string(r.NQuads()))
	case "rdfc:RDFC10MapTest":
		var labels map[string]string
		if err := json.Unmarshal(want, &labels); err != nil {
			return err
		}
		return differ(fmt.Sprint(labels), fmt.Sprint(r.IssuedIdentifiers()))
	}
	return fmt.Errorf("unknown type %q", e.Type)
}

func differ(want, have string) error {
	if want != have {
		return fmt.Errorf("want\n%s\nhave\n%s", want, have)
	}
	return nil
}
