package schema

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
)

func TestValueSet(t *testing.T) {
	require.Equal(t, []string{
		"country-2-codes", "covid-19-lab-result", "covid-19-lab-test-manufacturer-and-name", "covid-19-lab-test-type",
		"disease-agent-targeted", "icvp-diseases", "icvp-products", "sct-vaccines-covid-19", "vaccines-covid-19-auth-holders", "vaccines-covid-19-names",
	}, ValueSets())
	products := ValueSet("vaccines-covid-19-names")
	require.Equal(t, "vaccines-covid-19-names", products.Name())
	require.Equal(t, "2022-11-30", products.Version())
	require.True(t, products.Has("EU/1/20/1528"))
	require.Equal(t, "Comirnaty", products.Display("EU/1/20/1528"))
	require.False(t, products.Has("nothing"))
	require.Equal(t, "nothing", products.Display("nothing"))
	require.Len(t, products.Codes(), 39)
	require.IsIncreasing(t, products.Codes())
	require.Len(t, ValueSet("icvp-products").Codes(), 67)
	require.Equal(t, "Meningococcal ACYW-135: MenQuadfi, Sanofi Pasteur Inc., 1 dose", ValueSet("icvp-products").Display(menQuadfi))
	for _, name := range ValueSets() {
		require.NotEmpty(t, ValueSet(name).Version(), name)
		for _, code := range ValueSet(name).Codes() {
			require.NotEmpty(t, code, name)
			require.NotEmpty(t, ValueSet(name).Display(code), code)
		}
	}
}

func TestUnknownValueSetIsEmpty(t *testing.T) {
	s := ValueSet("nothing")
	require.Nil(t, s)
	require.False(t, s.Has("x"))
	require.Equal(t, "x", s.Display("x"))
	require.Empty(t, s.Codes())
	require.Empty(t, s.Name())
	require.Empty(t, s.Version())
}

func TestCallersCannotChangeASet(t *testing.T) {
	codes := ValueSet("covid-19-lab-result").Codes()
	codes[0] = "changed"
	require.NotContains(t, ValueSet("covid-19-lab-result").Codes(), "changed")
	names := ValueSets()
	names[0] = "changed"
	require.NotContains(t, ValueSets(), "changed")
}

// The embedded sets are those of the EU's repository, code for code.
func TestConformanceValueSets(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testvectors.Dir(t, "eu-dcc", "eu-dcc-valuesets"), "*.json"))
	require.NoError(t, err)
	met, total := 0, 0
	for _, f := range files {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		var source struct {
			ID     string `json:"valueSetId"`
			Date   string `json:"valueSetDate"`
			Values map[string]struct {
				Display string `json:"display"`
			} `json:"valueSetValues"`
		}
		require.NoError(t, json.Unmarshal(raw, &source), f)
		if source.ID == "vaccines-covid-19-encoding-instructions" { // advice, not codes
			continue
		}
		set := ValueSet(source.ID)
		require.NotNil(t, set, source.ID)
		require.Equal(t, source.Date, set.Version(), source.ID)
		require.Len(t, set.Codes(), len(source.Values), source.ID)
		for code, v := range source.Values {
			total++
			if set.Has(code) && set.Display(code) == v.Display {
				met++
			} else {
				t.Errorf("not met: %s %s", source.ID, code)
			}
		}
	}
	fmt.Printf("conformance: dcc-value-sets %d/%d\n", met, total)
	require.GreaterOrEqual(t, total, 400)
}
