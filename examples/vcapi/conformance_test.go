package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
)

// vectorsRefused are the documents among the vectors that must not verify.
var vectorsRefused = map[string]string{
	"ecdsa-sd-2023/employ/addSignedSDBase.json": "a base proof, which is for the holder",
	"ecdsa-sd-2023/prc/addSignedSDBase.json":    "likewise",
	"addSignedSDBase.json":                      "likewise",
	"prc/addSignedSDBase.json":                  "likewise",
	"HolderBinding/addSignedSDBase.json":        "an optional feature",
	"HolderBinding/derivedRevealDocument.json":  "likewise",
	"Pseudonym/addSignedSDBase.json":            "likewise",
	"Pseudonym/derivedRevealDocument.json":      "likewise",
	"PseudonymHB/addSignedSDBase.json":          "likewise",
	"PseudonymHB/derivedRevealDocument.json":    "likewise",
	"proof-set-chain/proofChainTempDoc2.json":   "a step on the way: it names a proof that it does not have",
}

// vectorsExpired verify as proofs alone.
var vectorsExpired = map[string]string{
	"ecdsa-sd-2023/prc/derivedRevealDocument.json": "valid until 2025",
	"prc/derivedRevealDocument.json":               "likewise",
}

// TestConformanceVectors posts every signed document of the recommendations'
// own vectors, of the cryptosuites that there are, as a harness would.
func TestConformanceVectors(t *testing.T) {
	a := newAPI(t, config{})
	met, total := 0, 0
	for _, set := range []string{"vc-di-eddsa", "vc-di-ecdsa", "vc-di-bbs"} {
		dir := testvectors.Dir(t, "w3c", set, "TestVectors")
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			name, _ := filepath.Rel(dir, path)
			if err != nil || filepath.Ext(path) != ".json" {
				return err
			}
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			if !strings.Contains(string(raw), `"proof"`) {
				return nil
			}
			want := http.StatusOK
			if vectorsRefused[filepath.ToSlash(name)] != "" {
				want = http.StatusBadRequest
			}
			for _, options := range []string{`{"checks":["proof"]}`, `{}`} {
				total++
				if options == `{}` && vectorsExpired[filepath.ToSlash(name)] != "" {
					want = http.StatusBadRequest
				}
				r := a.post("/credentials/verify", []byte(`{"verifiableCredential":`+string(raw)+`,"options":`+options+`}`))
				if r.status == want {
					met++
				} else {
					t.Errorf("%s %s %s: %d, want %d: %v", set, name, options, r.status, want, r.object["detail"])
				}
			}
			return nil
		}))
	}
	require.NotZero(t, total)
	fmt.Printf("conformance: w3c vectors over HTTP %d/%d\n", met, total)
}
