package schema

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

type vector struct {
	name     string
	JSON     json.RawMessage
	CBOR     string
	COSE     string
	Expected struct {
		Schema *bool `json:"EXPECTEDSCHEMAVALIDATION"`
	} `json:"EXPECTEDRESULTS"`
}

func vectors(t testing.TB) []vector {
	files, err := filepath.Glob(filepath.Join(testvectors.Dir(t, "eu-dcc"), "*", "2DCode", "[rR]aw", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 231)
	var out []vector
	for _, f := range files {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		country := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(f))))
		v := vector{name: country + "/" + strings.TrimSuffix(filepath.Base(f), ".json")}
		require.NoError(t, json.Unmarshal(raw, &v), f)
		out = append(out, v)
	}
	return out
}

var errNone = errors.New("no certificate")

func (v *vector) fromJSON() (*hcert.DCC, error) {
	if len(v.JSON) == 0 || string(v.JSON) == "null" {
		return nil, errNone
	}
	var d hcert.DCC
	return &d, json.Unmarshal(v.JSON, &d)
}

type claimsSet struct {
	Signed int64                   `cbor:"6,keyasint"`
	Health map[int]cbor.RawMessage `cbor:"-260,keyasint"`
}

// fromCBOR reads the field CBOR, which is the DCC in some vectors and the whole
// claims set in others.
func (v *vector) fromCBOR() (*hcert.DCC, error) {
	raw, err := hex.DecodeString(v.CBOR)
	if err != nil || len(raw) == 0 {
		return nil, errNone
	}
	var outer claimsSet
	if cbor.Unmarshal(raw, &outer) == nil && outer.Health[1] != nil {
		raw = outer.Health[1]
	}
	var d hcert.DCC
	return &d, cbor.Unmarshal(raw, &d)
}

// signed is claim 6 of the field COSE, zero where that has none.
func (v *vector) signed() time.Time {
	raw, _ := hex.DecodeString(v.COSE)
	var message cbor.RawTag
	for len(raw) > 0 && raw[0]>>5 == 6 && cbor.Unmarshal(raw, &message) == nil {
		raw = message.Content
	}
	var parts []cbor.RawMessage
	var payload []byte
	var claims claimsSet
	if cbor.Unmarshal(raw, &parts) != nil || len(parts) != 4 || cbor.Unmarshal(parts[2], &payload) != nil || cbor.Unmarshal(payload, &claims) != nil {
		return time.Time{}
	}
	return time.Unix(claims.Signed, 0)
}

// EXPECTEDSCHEMAVALIDATION judges the certificate as it came out of its
// container: what the JSON and the CBOR field hold, with the time of signing.
func TestConformanceDCCSchema(t *testing.T) {
	met, total, falses := 0, 0, 0
	for _, v := range vectors(t) {
		if v.Expected.Schema == nil {
			continue
		}
		total++
		want := *v.Expected.Schema
		if !want {
			falses++
		}
		ok, judged := true, 0
		for field, read := range map[string]func() (*hcert.DCC, error){"JSON": v.fromJSON, "CBOR": v.fromCBOR} {
			d, err := read()
			if errors.Is(err, errNone) {
				continue // judged by the other field
			}
			judged++
			if err == nil {
				err = Health{}.CheckSchema(t.Context(), issued(d, v.signed()))
			}
			if (err == nil) != want {
				t.Errorf("not met: %s %s: want %v, got %v", v.name, field, want, err)
				ok = false
			}
		}
		require.NotZero(t, judged, v.name)
		if ok {
			met++
		}
	}
	fmt.Printf("conformance: dcc-schema %d/%d\n", met, total)
	require.Equal(t, 180, total)
	require.Equal(t, 12, falses)
}

// The examples and tests that the schema's own repository has.
func TestConformanceDCCSchemaExamples(t *testing.T) {
	dir := testvectors.Dir(t, "eu-dcc", "eu-dcc-schema")
	met, total := 0, 0
	for _, group := range []struct {
		pattern string
		want    bool
		count   int
	}{
		{"examples/*/*.json", true, 27}, {"test/valid/*.json", true, 13}, {"test/invalid/*.json", false, 6},
	} {
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(group.pattern)))
		require.NoError(t, err)
		require.Len(t, files, group.count)
		for _, f := range files {
			raw, err := os.ReadFile(f)
			require.NoError(t, err)
			var d hcert.DCC
			require.NoError(t, json.Unmarshal(raw, &d), f)
			total++
			tolerant, exact := CheckDCC(&d), strict(&d)
			if (tolerant == nil) == group.want && (exact == nil) == group.want {
				met++
			} else {
				t.Errorf("not met: %s: want %v, got %v and %v", filepath.Base(f), group.want, tolerant, exact)
			}
		}
	}
	fmt.Printf("conformance: dcc-schema-examples %d/%d\n", met, total)
}
