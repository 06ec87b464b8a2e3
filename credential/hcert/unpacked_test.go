package hcert_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
)

// What WHO's reference validator makes of two QR codes, we make of them too.
func TestUnpacked(t *testing.T) {
	dir := testvectors.Dir(t, "gdhcn", "qr")
	for text, unpacked := range map[string]string{"DVCTestQR.txt": "DVCTestQRUnpacked.json", "EUQR1Contents.txt": "EUQR1Unpacked.txt"} {
		raw, err := os.ReadFile(filepath.Join(dir, text))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dir, unpacked))
		require.NoError(t, err)
		var want struct {
			Protected   map[string]any `json:"protectedAttributes"`
			Unprotected map[string]any `json:"unprotectedAttributes"`
			Contents    struct {
				Issuer  string                     `json:"1"`
				Expires int64                      `json:"4"`
				Issued  int64                      `json:"6"`
				Health  map[string]json.RawMessage `json:"-260"`
			} `json:"contents"`
		}
		require.NoError(t, json.Unmarshal(b, &want), unpacked)

		u, err := credential.Inspect([]credential.Format{hcert.Format{}}, raw)
		require.NoError(t, err, text)
		c := u.Credential
		require.Equal(t, want.Contents.Issuer, c.Payload.(*hcert.Payload).Issuer)
		require.Equal(t, want.Contents.Issued, c.Signed.Unix())
		if want.Contents.Expires == 0 {
			require.True(t, c.ValidUntil.IsZero(), text)
		} else {
			require.Equal(t, want.Contents.Expires, c.ValidUntil.Unix())
		}
		require.Equal(t, float64(-7), want.Protected["1"])
		require.Equal(t, proof.ES256, u.Hints[0].Algorithm)
		kid, inProtected := want.Protected["4"].(string)
		if !inProtected {
			kid = want.Unprotected["4"].(string)
			require.Len(t, u.Tolerated, 1, text)
		}
		id, err := base64.RawURLEncoding.DecodeString(kid)
		if err != nil {
			id, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(kid, "="))
		}
		require.NoError(t, err)
		require.Equal(t, base64.StdEncoding.EncodeToString(id), u.Hints[0].KeyID)
		require.Len(t, want.Contents.Health, 1)
		for _, content := range want.Contents.Health {
			got, err := json.Marshal(c.Payload)
			require.NoError(t, err)
			require.JSONEq(t, string(content), string(got))
		}
	}
	// The link in claim 5 waits for its own package; the field's one has a text
	// kid and text keys, and is a clear refusal until then.
	raw, err := os.ReadFile(filepath.Join(dir, "vhl.txt"))
	require.NoError(t, err)
	_, err = credential.Inspect([]credential.Format{hcert.Format{}}, raw)
	require.ErrorIs(t, err, credential.ErrFormat)
}
