package schema

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

// No content panics the check; what Strict accepts, the zero value accepts; and
// every fault is one of content.
func FuzzCheckSchema(f *testing.F) {
	for _, doc := range kinds() {
		f.Add([]byte(doc))
	}
	if os.Getenv("SANAD_VECTORS") != "" {
		files, _ := filepath.Glob(filepath.Join(testvectors.Dir(f, "eu-dcc", "eu-dcc-schema"), "test", "*", "*.json"))
		for _, name := range files {
			if raw, err := os.ReadFile(name); err == nil {
				f.Add(raw)
			}
		}
	}
	f.Add([]byte(`{"n":"x","dob":"1964","v":{"vp":"a","dt":"2020-01-01","bo":"b","cn":"c"}}`))
	f.Add([]byte(`{"n":"x","dob":"1964","v":"1","d":"2020-01-01","vx":{"vp":"a","dv":"2020-01-01","bo":"b","is":"c"}}`))
	signed := time.Date(2021, 5, 30, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d hcert.DCC
		if json.Unmarshal(raw, &d) == nil {
			both(t, Health{}.dcc(&d, signed), Health{Strict: true}.dcc(&d, signed))
			_ = Health{ValueSets: true}.dcc(&d, time.Time{})
		}
		var i hcert.ICVP
		if json.Unmarshal(raw, &i) == nil {
			both(t, Health{}.icvp(&i, signed), Health{Strict: true}.icvp(&i, signed))
			_ = Health{ValueSets: true}.icvp(&i, time.Time{})
		}
	})
}

func both(t *testing.T, tolerant, strict error) {
	t.Helper()
	if tolerant != nil && !errors.Is(tolerant, credential.ErrSchema) {
		t.Fatalf("not a fault of content: %v", tolerant)
	}
	if strict == nil && tolerant != nil {
		t.Fatalf("strict accepts what the zero value refuses: %v", tolerant)
	}
}
