package dataintegrity_test

import (
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// The statements of bbs-2023, whose labels tell nothing but how many there are,
// are grouped as those of ecdsa-sd-2023 are.
func TestRankedLabels(t *testing.T) {
	root := filepath.Join(testvectors.Dir(t), "w3c", "vc-di-bbs", "TestVectors")
	hmac, err := hex.DecodeString("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF")
	require.NoError(t, err)
	for _, c := range []struct{ dir, pointers string }{{"", "wind"}, {"prc", "prCred"}} {
		var mandatory, selective, canon, lines []string
		for name, dst := range map[string]any{
			c.pointers + "Mandatory": &mandatory, c.pointers + "Selective": &selective,
			c.dir + "/addBaseDocCanon": &canon, c.dir + "/addBaseDocHMACCanon": &lines,
		} {
			require.NoError(t, json.Unmarshal(read(t, root, name+".json"), dst))
		}
		var want struct{ CombinedIndexes, MandatoryIndexes, SelectiveIndexes []int }
		require.NoError(t, json.Unmarshal(read(t, root, c.dir, "derivedGroupIndexes.json"), &want))
		signed, err := jcs.Parse(read(t, root, c.dir, "addSignedSDBase.json"))
		require.NoError(t, err)
		g, err := dataintegrity.GroupOf(newRDF(t).InsecureInlineContexts(), signed.Append(nil, "proof"), hmac, true, mandatory, selective)
		require.NoError(t, err)
		require.Equal(t, canon, asStrings(g.Canonical))
		require.Equal(t, lines, asStrings(g.Lines))
		require.Equal(t, want.MandatoryIndexes, g.Mandatory)
		require.Equal(t, want.SelectiveIndexes, g.Selective)
		require.Equal(t, want.CombinedIndexes, g.Combined)
		require.True(t, sameJSON(t, read(t, root, c.dir, "derivedUnsignedReveal.json"), g.Part))
	}
}
