package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
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

// early are vectors whose VALIDATIONCLOCK is before they were signed and which
// do not ask about the time: their expectations are each met, and yet no
// verifier may accept them at that moment.
var early = []string{
	"ES/2DCode/raw/1101", "ES/2DCode/raw/1102", "ES/2DCode/raw/1103",
	"ES/2DCode/raw/2101", "ES/2DCode/raw/2102", "ES/2DCode/raw/2103",
	"FR/2DCode/raw/recovery_ok", "FR/2DCode/raw/test_pcr_ok", "FR/2DCode/raw/vaccin_ok",
	"LU/2DCode/raw/INCERT_R_DCC_Recovery", "SG/2DCode/raw/4",
}

// isEarly proves that a vector is one of those: nothing else is held against
// it, and it is valid at the moment it was signed.
func isEarly(t testing.TB, certs string, v *vector, got reportOf) bool {
	_, asks := v.Expected["EXPECTEDEXPIRATIONCHECK"]
	if asks || !slices.Equal(got.codes(), []string{"time.not_yet"}) {
		return false
	}
	r := sanadIn(strings.NewReader(v.Prefix), "verify", "--trust", "pem:"+certs, "--time", got.ValidFrom, "--json")
	return r.status == 0 && reports(t, r.stdout)[0].Verdict == "valid"
}

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
	for i, v := range vectors {
		require.Equal(t, v.Name, got[i].ID)
		want, asked := v.want()
		listed := slices.Contains(early, v.Name)
		if !asked {
			continue
		}
		total++
		switch {
		case got[i].Verdict == want:
			met++
			require.False(t, listed, "%s is listed as an exception, and met", v.Name)
		case listed:
			fmt.Printf("not met: %s: %s %v, want %s: the vector's clock is before it was signed\n", v.Name, got[i].Verdict, got[i].codes(), want)
			require.True(t, isEarly(t, certs, &v, got[i]), "the reason given for %s does not hold", v.Name)
		default:
			t.Errorf("not met: %s: %s %v, want %s", v.Name, got[i].Verdict, got[i].codes(), want)
		}
	}
	fmt.Printf("conformance: cli-eu-dcc %d/%d\n", met, total)
}
