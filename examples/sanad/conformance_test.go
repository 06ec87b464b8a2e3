package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
)

type vector struct {
	Name    string
	Prefix  string `json:"PREFIX"`
	Context struct {
		Certificate string `json:"CERTIFICATE"`
		Clock       string `json:"VALIDATIONCLOCK"`
	} `json:"TESTCTX"`
	Expected map[string]any `json:"EXPECTEDRESULTS"`
}

func loadVectors(t testing.TB) []vector {
	dir := testvectors.Dir(t, "eu-dcc")
	var out []vector
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") || !strings.Contains(path, "2DCode") {
			return err
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		v := vector{Name: strings.TrimSuffix(filepath.ToSlash(rel), ".json")}
		require.NoError(t, json.Unmarshal(raw, &v), path)
		out = append(out, v)
		return nil
	}))
	require.Len(t, out, 231)
	return out
}

// decisive are the expectations that a verifier's verdict depends on.
var decisive = []string{
	"EXPECTEDVERIFY", "EXPECTEDKEYUSAGE", "EXPECTEDEXPIRATIONCHECK", "EXPECTEDSCHEMAVALIDATION",
	"EXPECTEDUNPREFIX", "EXPECTEDB45DECODE", "EXPECTEDCOMPRESSION",
}

// want is the verdict that the expectations ask for.
func (v *vector) want() (verdict string, asked bool) {
	verdict = "valid"
	for _, k := range decisive {
		if e, ok := v.Expected[k].(bool); ok {
			asked = true
			if !e {
				verdict = "refused"
			}
		}
	}
	return verdict, asked
}

// exceptions are vectors whose text, as a traveller would show it, is not what
// their expectations speak of.
var exceptions = map[string]string{}

func TestConformanceDCC(t *testing.T) {
	certs := t.TempDir()
	var in bytes.Buffer
	vectors := loadVectors(t)
	for i, v := range vectors {
		der, err := base64.StdEncoding.DecodeString(v.Context.Certificate)
		require.NoError(t, err, v.Name)
		require.NoError(t, os.WriteFile(filepath.Join(certs, fmt.Sprintf("%d.der", i)), der, 0o600))
		line, err := json.Marshal(map[string]string{"id": v.Name, "input": v.Prefix, "at": v.Context.Clock})
		require.NoError(t, err)
		in.Write(append(line, '\n'))
	}
	r := sanadIn(&in, "verify", "--trust", "pem:"+certs, "--lines=json")
	got := reports(t, r.stdout)
	require.Len(t, got, len(vectors))
	require.Equal(t, 1, r.status)
	met, total := 0, 0
	missed := map[string]bool{}
	for i, v := range vectors {
		require.Equal(t, v.Name, got[i].ID)
		want, asked := v.want()
		if !asked {
			continue
		}
		total++
		if got[i].Verdict == want {
			met++
			continue
		}
		missed[v.Name] = true
		why := exceptions[v.Name]
		fmt.Printf("not met: %s: %s %v, want %s: %s\n", v.Name, got[i].Verdict, got[i].codes(), want, why)
		if why == "" {
			t.Errorf("%s: %s %v, want %s", v.Name, got[i].Verdict, got[i].codes(), want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(exceptions)) {
		require.True(t, missed[name], "%s is listed as an exception, and met", name)
	}
	fmt.Printf("conformance: cli-eu-dcc %d/%d\n", met, total)
}
