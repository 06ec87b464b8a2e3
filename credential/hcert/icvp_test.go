package hcert_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

const (
	icvpOlder = `{"n":"Jane Doe","dob":"1964-01-01","s":"female","ntl":"IDN","nid":"X1","ndt":"PPN","gn":"G",` +
		`"v":{"tg":"1D47","dn":"1","vp":"P","mp":"1","ma":"M","mid":"2","dt":"2026-03-01","bo":"B","vls":"2026-03-11","vle":"2031-03-01","cn":"C","is":"I"}}`
	icvpNewer = `{"n":"Jane Doe","dob":"1964-01-01","s":"female","nt":"IDN","id":"X1","dt":"PPN","gn":"G","d":"2026-03-02","v":"1",` +
		`"vx":{"tg":"1D47","dn":"1","vp":"P","mp":"1","ma":"M","mid":"2","dv":"2026-03-01","bo":"B","vls":"2026-03-11","vle":"2031-03-01","cn":"C","is":"I"}}`
)

func icvp() hcert.ICVP {
	return hcert.ICVP{
		Name: "Jane Doe", DateOfBirth: "1964-01-01", Sex: "female", Nationality: "IDN", DocumentID: "X1", DocumentType: "PPN", Guardian: "G",
		Vaccinations: []hcert.Dose{{
			Disease: "1D47", Number: "1", Product: "P", TradeItem: "1", Manufacturer: "M", ManufacturerID: "2",
			Date: "2026-03-01", Batch: "B", ValidFrom: "2026-03-11", ValidUntil: "2031-03-01", Clinician: "C", Issuer: "I",
		}},
	}
}

// Both layouts are read into the same fields and written again as they were, in
// JSON and in CBOR.
func TestICVPLayouts(t *testing.T) {
	newer := icvp()
	newer.Version, newer.Issued = "1", "2026-03-02"
	for doc, want := range map[string]hcert.ICVP{icvpOlder: icvp(), icvpNewer: newer} {
		var got hcert.ICVP
		require.NoError(t, json.Unmarshal([]byte(doc), &got))
		require.Equal(t, want, got)
		j, err := json.Marshal(got)
		require.NoError(t, err)
		require.JSONEq(t, doc, string(j))

		c, err := cborx.Encode(&got)
		require.NoError(t, err)
		shown, err := cborx.JSON(c)
		require.NoError(t, err)
		require.JSONEq(t, doc, string(shown))
		var back hcert.ICVP
		require.NoError(t, cborx.Decode(c, &back))
		require.Equal(t, want, back)
	}
}

func TestICVPSeveralDoses(t *testing.T) {
	c := icvp()
	c.Vaccinations = append(c.Vaccinations, hcert.Dose{Product: "Q", Date: "2026-04-01", Batch: "C", Issuer: "I"})
	b, err := cborx.Encode(c)
	require.NoError(t, err)
	var back hcert.ICVP
	require.NoError(t, cborx.Decode(b, &back))
	require.Equal(t, c, back)
	j, err := json.Marshal(c)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(j, &back))
	require.Equal(t, c, back)

	// The layout of 2026 has no room for them: nothing is left out in silence.
	c.Version = "1"
	_, err = cborx.Encode(c)
	require.ErrorContains(t, err, "vx holds one vaccination")
	_, err = json.Marshal(c)
	require.ErrorContains(t, err, "vx holds one vaccination")

	none := hcert.ICVP{Name: "x", DateOfBirth: "1964-01-01", Version: "1"}
	b, err = cborx.Encode(none)
	require.NoError(t, err)
	require.NoError(t, cborx.Decode(b, &back))
	require.Equal(t, none, back)
}

func TestICVPWrongTypes(t *testing.T) {
	for _, doc := range []string{
		`{"n":1}`, `{"dob":20260101}`, `{"v":1}`, `{"v":true}`, `{"v":["x"]}`, `{"v":{"dt":5}}`, `{"vx":"1"}`, `{"vx":[]}`, `[]`, `"x"`,
	} {
		var c hcert.ICVP
		require.Error(t, json.Unmarshal([]byte(doc), &c), doc)
		var v any
		require.NoError(t, json.Unmarshal([]byte(doc), &v))
		if n, ok := v.(map[string]any); ok { // numbers of JSON are floats here; any wrong type will do
			v = n
		}
		b, err := cborx.Encode(v)
		require.NoError(t, err)
		require.Error(t, cborx.Decode(b, &c), doc)
	}
	var c hcert.ICVP
	require.NoError(t, json.Unmarshal([]byte(`{"n":"x","v":null,"vx":null}`), &c))
	require.Empty(t, c.Vaccinations)
	require.Error(t, cborx.Decode([]byte{0xa2, 0x61, 'n', 0x61, 'x', 0x61, 'n', 0x61, 'x'}, &c), "duplicate member")
	require.Error(t, cborx.Decode([]byte{0xa1, 0x61, 'v', 0xa2, 0x62, 'v', 'p', 0x61, 'x', 0x62, 'v', 'p', 0x61, 'x'}, &c), "duplicate member of the dose")
}

// The content of a certificate from the field is read whole.
func TestICVPFromTheField(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "qr"), "DVCTestQRUnpacked.json"))
	require.NoError(t, err)
	var doc struct {
		Contents struct {
			Health map[string]json.RawMessage `json:"-260"`
		} `json:"contents"`
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	content := doc.Contents.Health["-6"]
	var c hcert.ICVP
	require.NoError(t, json.Unmarshal(content, &c))
	require.Equal(t, "XM0N24", c.Vaccinations[0].Product)
	require.Equal(t, "Primary", c.Vaccinations[0].Number)
	again, err := json.Marshal(c)
	require.NoError(t, err)
	require.JSONEq(t, string(content), string(again))
}
