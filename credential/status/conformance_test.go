package status_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Each certificate must have the hashes that the sample data gives, and be
// found by each of them.
func TestConformanceDCCRevocationHashes(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "eu-dcc", "dcc-revocation"), "RevocationCalculationSampleData.json"))
	require.NoError(t, err)
	var samples []struct{ Description, BarcodeData, ExpUCI, ExpCOUNTRYCODEUCI, ExpSIGNATURE string }
	require.NoError(t, json.Unmarshal(raw, &samples))
	met, total := 0, 0
	for _, s := range samples {
		env, err := hcert.Format{}.Parse([]byte(s.BarcodeData), "")
		require.NoError(t, err, s.Description)
		require.Len(t, env.Credential.Status, 1)
		ref := env.Credential.Status[0]
		require.Equal(t, status.TypeDCC, ref.Type)
		for kind, want := range map[string]string{status.KindUCI: s.ExpUCI, status.KindCountryUCI: s.ExpCOUNTRYCODEUCI, status.KindSignature: s.ExpSIGNATURE} {
			total++
			if got := hex.EncodeToString(ref.IDs[kind]); got != want {
				t.Errorf("%s: %s: %s, want %s", s.Description, kind, got, want)
				continue
			}
			country := env.Credential.Issuers[0]
			h, err := status.NewHashes(snapshot(country, batch(country, ref.List, kind, status.Hash(ref.IDs[kind]))))
			require.NoError(t, err)
			_, err = h.CheckStatus(t.Context(), credential.StatusQuery{Ref: ref, Credential: env.Credential, Time: now, Authority: &trustlist.Entry{Territory: country}})
			require.ErrorIs(t, err, credential.ErrRevoked)
			met++
		}
	}
	fmt.Printf("conformance: dcc-revocation-hashes %d/%d\n", met, total)
	require.Equal(t, 9, total)
}

// The package is named apart from the format it looks up, and means the same.
func TestTypeIsTheFormats(t *testing.T) {
	require.Equal(t, hcert.StatusType, status.TypeDCC)
}
