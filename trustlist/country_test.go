package trustlist_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/trustlist"
)

func TestCountryNames(t *testing.T) {
	for code, want := range map[string][]string{
		"NL": {"NL", "NLD"}, "NLD": {"NL", "NLD"}, "SA": {"SA", "SAU"}, "IDN": {"ID", "IDN"},
		"GR": {"GR", "GRC", "EL"}, "GRC": {"GR", "GRC", "EL"}, "EL": {"GR", "GRC", "EL"},
		"UK": {"GB", "GBR", "UK"}, "GB": {"GB", "GBR", "UK"},
		"XK": {"XK", "XKX"}, "XKX": {"XK", "XKX"},
		"XJ": {"XJ", "XXJ"}, "XXJ": {"XJ", "XXJ"}, "XX": {"XX", "XXX"}, "XXX": {"XX", "XXX"},
		"XL": {"XL", "XXL", "XCL"}, "XCL": {"XL", "XXL", "XCL"}, "XML": {"XM", "XXM", "XML"},
		"XXK": {"XXK"},
		// Not countries, not in capitals, and places between two codes of the table.
		"": nil, "N": nil, "nl": nil, "my": nil, "IOM": nil, "WHO": nil, "EU": nil, "null": nil, "NLDX": nil,
		"ZZ": nil, "XXXX": nil, "X1": nil, "XX1": nil, "D ": nil, "D A": nil, "D AE": nil, "ANDA": nil, " ": nil, "AND ": nil,
	} {
		require.Equal(t, want, trustlist.CountryNames(code), code)
	}
}

func TestTerritory(t *testing.T) {
	for code, want := range map[string]string{
		"DE": "DE", "DEU": "DE", "EL": "GR", "UK": "GB", "XKX": "XK", "XXJ": "XJ", "XCL": "XL",
		"XXK": "", "IOM": "", "": "", "de": "",
	} {
		require.Equal(t, want, trustlist.Territory(code), code)
	}
}

// No spelling means two countries: else one could issue in the other's name.
func TestCountryNamesAreDisjoint(t *testing.T) {
	owner := map[string]string{}
	codes := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			names := trustlist.CountryNames(code)
			if names == nil {
				continue
			}
			codes++
			require.Contains(t, names, code)
			for _, n := range names {
				require.Equal(t, names, trustlist.CountryNames(n), "every spelling leads to the same ones")
				if was, ok := owner[n]; ok {
					require.Equal(t, was, names[0], n)
				}
				owner[n] = names[0]
			}
		}
	}
	require.Equal(t, 249+1+2+25, codes, "ISO 3166-1, XK, EL and UK, XA to XZ without XK")
}

func TestCountryNamesAreCallersOwn(t *testing.T) {
	names := trustlist.CountryNames("NL")
	names[0] = "DE"
	require.Equal(t, []string{"NL", "NLD"}, trustlist.CountryNames("NL"))
}

func TestConformanceCountryCodes(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "eu-dcc", "eu-dcc-valuesets"), "country-2-codes.json"))
	require.NoError(t, err)
	var set struct{ ValueSetValues map[string]any }
	require.NoError(t, json.Unmarshal(raw, &set))
	met := 0
	for code := range set.ValueSetValues {
		if names := trustlist.CountryNames(code); len(names) > 1 && names[0] == code && slices.Contains(names, code) {
			met++
		} else {
			t.Errorf("country %s of the EU's value set is not known", code)
		}
	}
	report(t, "eu-dcc-countries", met, len(set.ValueSetValues))
}
