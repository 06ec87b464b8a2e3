package hcert_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/cborx"
)

func TestDCCBothForms(t *testing.T) {
	in := hcert.DCC{
		Version: "1.3.0", Name: hcert.Name{Surname: "Doe", StandardSurname: "DOE", Forename: "Jane", StandardForename: "JANE"}, DateOfBirth: new("1964"),
		Vaccinations: []hcert.Vaccination{{Disease: "a", Prophylaxis: "b", Product: "c", Holder: "d", Dose: 1, Series: 2, Date: "2021-06-11", Country: new("NL"), Issuer: "e", CertificateID: "f"}},
		Tests:        []hcert.Test{{Disease: "a", Type: "b", Name: "c", Device: "d", Collected: "e", ResultDate: "f", Result: new(""), Centre: new(""), Country: new(""), Issuer: "g", CertificateID: "h"}},
		Recoveries:   []hcert.Recovery{{Disease: "a", FirstPositive: "b", Country: new("NL"), Issuer: "c", ValidFrom: "d", ValidUntil: "e", CertificateID: "f"}},
	}
	const want = `{"ver":"1.3.0","nam":{"fn":"Doe","fnt":"DOE","gn":"Jane","gnt":"JANE"},"dob":"1964",` +
		`"v":[{"tg":"a","vp":"b","mp":"c","ma":"d","dn":1,"sd":2,"dt":"2021-06-11","co":"NL","is":"e","ci":"f"}],` +
		`"t":[{"tg":"a","tt":"b","nm":"c","ma":"d","sc":"e","dr":"f","tr":"","tc":"","co":"","is":"g","ci":"h"}],` +
		`"r":[{"tg":"a","fr":"b","co":"NL","is":"c","df":"d","du":"e","ci":"f"}]}`
	j, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, want, string(j))
	var fromJSON, fromCBOR hcert.DCC
	require.NoError(t, json.Unmarshal(j, &fromJSON))
	require.Equal(t, in, fromJSON)

	c, err := cborx.Encode(in)
	require.NoError(t, err)
	require.NoError(t, cborx.Decode(c, &fromCBOR))
	require.Equal(t, in, fromCBOR)
	shown, err := cborx.JSON(c)
	require.NoError(t, err)
	require.JSONEq(t, want, string(shown))
}

// What was absent, null and empty can be told apart where a check needs it.
func TestDCCAbsentAndEmpty(t *testing.T) {
	var d hcert.DCC
	require.NoError(t, json.Unmarshal([]byte(`{"v":[],"t":null,"dob":""}`), &d))
	require.NotNil(t, d.Vaccinations)
	require.Empty(t, d.Vaccinations)
	require.Nil(t, d.Tests)
	require.Nil(t, d.Recoveries)
	require.Equal(t, new(""), d.DateOfBirth)

	b, err := hex.DecodeString("a3617680" + "6174f6" + "63646f6260") // the same in CBOR
	require.NoError(t, err)
	var c hcert.DCC
	require.NoError(t, cborx.Decode(b, &c))
	require.Equal(t, d, c)

	require.NoError(t, json.Unmarshal([]byte(`{}`), &d))
	j, err := json.Marshal(hcert.DCC{Tests: []hcert.Test{{}}})
	require.NoError(t, err)
	require.JSONEq(t, `{"ver":"","nam":{},"t":[{"tg":"","tt":"","sc":"","is":"","ci":""}]}`, string(j))
}

// Some issuers tag their dates (RFC 8949, section 3.4.1); the text is the same.
func TestDCCTaggedDates(t *testing.T) {
	b, err := hex.DecodeString("a16176" + "81" + "a1626474" + "c0" + "6a323032312d30362d3131")
	require.NoError(t, err)
	var d hcert.DCC
	require.NoError(t, cborx.Decode(b, &d))
	require.Equal(t, "2021-06-11", d.Vaccinations[0].Date)
}

func TestDCCWrongTypes(t *testing.T) {
	for name, in := range map[string]string{
		"not a map":       "00",
		"ver is a number": "a16376657201",
		"v is a map":      "a16176a0",
		"dn is text":      "a1617681a162646e6131",
		"dn is a float":   "a1617681a162646ef93e00",
		"dn is huge":      "a1617681a162646e1bffffffffffffffff",
		"dt is bytes":     "a1617681a162647441 00",
		"member twice":    "a26376657261316376657261 31",
		"truncated":       "a1637665",
	} {
		b, err := hex.DecodeString(clean(in))
		require.NoError(t, err, name)
		require.Error(t, cborx.Decode(b, &hcert.DCC{}), name)
	}
}

func clean(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != ' ' {
			out = append(out, s[i])
		}
	}
	return string(out)
}
