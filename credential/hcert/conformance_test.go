package hcert_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/qr"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/trustlist"
)

type vector struct {
	Name       string          `json:"-"`
	JSON       json.RawMessage `json:"JSON"`
	CBOR       string          `json:"CBOR"`
	COSE       string          `json:"COSE"`
	Compressed string          `json:"COMPRESSED"`
	Base45     string          `json:"BASE45"`
	Prefix     string          `json:"PREFIX"`
	Picture    string          `json:"2DCODE"`
	Context    struct {
		Schema      string `json:"SCHEMA"`
		Certificate string `json:"CERTIFICATE"`
		Clock       string `json:"VALIDATIONCLOCK"`
	} `json:"TESTCTX"`
	Expected map[string]any `json:"EXPECTEDRESULTS"`
}

func loadVectors(t testing.TB) []vector {
	dir := testvectors.Dir(t, "eu-dcc")
	var out []vector
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") || !strings.Contains(path, "2DCode") {
			return err
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var v vector
		require.NoError(t, json.Unmarshal(raw, &v), path)
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		v.Name = strings.NewReplacer("/2DCode/raw/", "/", "/2DCode/Raw/", "/", ".json", "").Replace(filepath.ToSlash(rel))
		out = append(out, v)
		return nil
	}))
	require.Len(t, out, 231)
	return out
}

func (v *vector) certificate(t testing.TB) *x509.Certificate {
	der, err := base64.StdEncoding.DecodeString(v.Context.Certificate)
	require.NoError(t, err, v.Name)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err, v.Name)
	return c
}

// clock reads the several ways in which the vectors write a time; one without
// an offset is UTC.
func (v *vector) clock(t testing.TB) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, v.Context.Clock); err == nil {
			return at
		}
	}
	t.Fatalf("%s: clock %q", v.Name, v.Context.Clock)
	return time.Time{}
}

// verify runs the whole pipeline over the vector's COSE, or, without one, its
// text, with its certificate as the only entry of the trust list.
func (v *vector) verify(t testing.TB) (*credential.Result, error) {
	cert := v.certificate(t)
	key, err := trustlist.CertificateKey(cert)
	require.NoError(t, err, v.Name)
	var names []string
	if len(cert.Subject.Country) > 0 {
		names = cert.Subject.Country
	}
	list, err := trustlist.New(trustlist.Info{Name: "vector"}, trustlist.Entry{Authority: "vector", Names: names, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proofKey{key}})
	require.NoError(t, err, v.Name)
	verifier, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{fromCOSE{}, hcert.Format{}}, Keys: list, Trust: list, Schema: schema.Health{}, InsecureSkipStatus: true})
	require.NoError(t, err)
	raw := []byte(v.Prefix)
	if v.COSE != "" {
		raw = []byte("COSE:" + v.COSE)
	}
	return verifier.Verify(context.Background(), raw, credential.Policy{Time: v.clock(t)})
}

// fromCOSE is the health certificate without its outer layers, as the
// vectors' field COSE has it.
type fromCOSE struct{}

func (fromCOSE) Name() string { return "cose" }
func (fromCOSE) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	h, ok := bytes.CutPrefix(raw, []byte("COSE:"))
	if !ok {
		return nil, credential.ErrOtherFormat
	}
	b, err := hex.DecodeString(string(h))
	if err != nil {
		return nil, err
	}
	return hcert.Format{}.ParseCOSE(b)
}

// passed reports how a check ended: true if all its outcomes let through and
// there is at least one that is not NotRun.
func passed(r *credential.Result, err error, name credential.CheckName) bool {
	var checks []credential.Check
	var e *credential.Error
	switch {
	case r != nil:
		checks = r.Checks
	case errors.As(err, &e):
		checks = e.Checks
	}
	ran := false
	for _, c := range checks {
		if c.Name == name {
			if c.Outcome == credential.Failed || c.Outcome == credential.Inconclusive {
				return false
			}
			ran = ran || c.Outcome != credential.NotRun
		}
	}
	return ran
}

// expectations are the steps that the vectors ask about (FORMAT.md of
// dgc-testdata); each returns whether the step succeeds.
var expectations = map[string]func(t testing.TB, v *vector) bool{
	"EXPECTEDPICTUREDECODE": func(t testing.TB, v *vector) bool {
		png, err := base64.StdEncoding.DecodeString(v.Picture)
		if err != nil {
			return false
		}
		text, err := qr.Read(png)
		return err == nil && text == v.Prefix
	},
	"EXPECTEDUNPREFIX": func(t testing.TB, v *vector) bool {
		_, err := hcert.Format{}.Parse([]byte(v.Prefix), "")
		rest, ok := strings.CutPrefix(v.Prefix, "HC1:")
		return !errors.Is(err, credential.ErrOtherFormat) && ok && rest == v.Base45
	},
	"EXPECTEDB45DECODE": func(t testing.TB, v *vector) bool {
		b, err := base45.Decode([]byte(v.Base45))
		if err == nil && v.Compressed == "" { // then it is the COSE that must match
			b, err = hcert.Inflate(b)
			return err == nil && hex.EncodeToString(b) == strings.ToLower(v.COSE)
		}
		return err == nil && hex.EncodeToString(b) == strings.ToLower(v.Compressed)
	},
	"EXPECTEDCOMPRESSION": func(t testing.TB, v *vector) bool {
		packed, err := hex.DecodeString(v.Compressed)
		if v.Compressed == "" {
			packed, err = base45.Decode([]byte(v.Base45))
		}
		if err != nil {
			return false
		}
		b, err := hcert.Inflate(packed)
		return err == nil && hex.EncodeToString(b) == strings.ToLower(v.COSE)
	},
	"EXPECTEDVERIFY": func(t testing.TB, v *vector) bool {
		r, err := v.verify(t)
		return passed(r, err, credential.CheckProof)
	},
	"EXPECTEDKEYUSAGE": func(t testing.TB, v *vector) bool {
		r, err := v.verify(t)
		return passed(r, err, credential.CheckProof) && passed(r, err, credential.CheckTrust)
	},
	"EXPECTEDEXPIRATIONCHECK": func(t testing.TB, v *vector) bool {
		r, err := v.verify(t)
		return passed(r, err, credential.CheckTime)
	},
	"EXPECTEDDECODE": func(t testing.TB, v *vector) bool {
		j, err := v.cborAsJSON()
		return err == nil && sameJSON(t, j, v.JSON)
	},
	"EXPECTEDVALIDJSON": func(t testing.TB, v *vector) bool {
		u, err := credential.Inspect([]credential.Format{hcert.Format{}}, []byte(v.Prefix))
		if err != nil {
			return false
		}
		j, err := json.Marshal(u.Credential.Payload)
		return err == nil && sameJSON(t, j, v.JSON)
	},
	"EXPECTEDSCHEMAVALIDATION": func(t testing.TB, v *vector) bool {
		if v.COSE == "" {
			var d hcert.DCC
			b, err := v.content()
			return err == nil && cborx.Decode(b, &d) == nil && schema.CheckDCC(&d) == nil
		}
		r, err := v.verify(t)
		return passed(r, err, credential.CheckSchema)
	},
	// The object that a certificate is made of. It must be a weaker demand than
	// EXPECTEDSCHEMAVALIDATION, which ten vectors deny of the very object that
	// they call valid here: what is asked is that it is a DCC, with its members
	// and their types, not that every value keeps to the schema.
	"EXPECTEDVALIDOBJECT": func(t testing.TB, v *vector) bool {
		var d hcert.DCC
		dec := json.NewDecoder(bytes.NewReader(v.JSON))
		dec.DisallowUnknownFields()
		return dec.Decode(&d) == nil && d.Version != "" && d.Name != (hcert.Name{}) &&
			len(d.Vaccinations)+len(d.Tests)+len(d.Recoveries) > 0
	},
	"EXPECTEDENCODE": func(t testing.TB, v *vector) bool {
		var d hcert.DCC
		if json.Unmarshal(v.JSON, &d) != nil {
			return false
		}
		ours, err := cborx.Encode(&d)
		if err != nil {
			return false
		}
		a, err := cborx.JSON(ours)
		require.NoError(t, err)
		b, err := v.cborAsJSON()
		return err == nil && sameJSON(t, a, b)
	},
}

// content is the field CBOR without the claims set that some vectors have
// around it.
func (v *vector) content() ([]byte, error) {
	b, err := hex.DecodeString(v.CBOR)
	if err != nil {
		return nil, err
	}
	if b, _, err = cborx.Definite(b); err != nil {
		return nil, err
	}
	var cwt struct {
		Health map[int64]cbor.RawMessage `cbor:"-260,keyasint"`
	}
	if err := cborx.Decode(b, &cwt); err == nil && cwt.Health != nil {
		return cwt.Health[1], nil
	}
	return b, nil
}

func (v *vector) cborAsJSON() ([]byte, error) {
	b, err := v.content()
	if err != nil {
		return nil, err
	}
	return cborx.JSON(b)
}

func sameJSON(t testing.TB, a, b []byte) bool {
	parse := func(raw []byte) any {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil {
			return errors.New("no JSON") // equal to nothing
		}
		return normal(v)
	}
	return reflect.DeepEqual(parse(a), parse(b))
}

// normal gives numbers one form, so that 1 and 1.0 are the same.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = normal(x)
		}
	case []any:
		for i, x := range v {
			v[i] = normal(x)
		}
	case json.Number:
		r, _ := new(big.Rat).SetString(string(v))
		return r.RatString()
	}
	return v
}

// ignored are keys that upstream misspelt; FORMAT.md gives them no meaning.
var ignored = []string{"EXPTECTEDEXPIRED", "EXPECTEDRESULTS"}

func TestConformance(t *testing.T) {
	met, total := 0, 0
	missed := map[string]bool{}
	for _, v := range loadVectors(t) {
		keys := make([]string, 0, len(v.Expected))
		for k := range v.Expected {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			want, isBool := v.Expected[k].(bool)
			if !isBool || slices.Contains(ignored, k) {
				continue
			}
			check, known := expectations[k]
			require.True(t, known, "%s asks %s", v.Name, k)
			total++
			if check(t, &v) == want {
				met++
				continue
			}
			id := v.Name + " " + strings.TrimPrefix(k, "EXPECTED")
			missed[id] = true
			if why, ok := upstream[id]; ok {
				fmt.Printf("not met: %s, want %v: the vector is wrong: %s\n", id, want, why.reason)
				require.True(t, why.proof(t, &v), "the reason given for %s does not hold", id)
			} else {
				t.Errorf("not met: %s, want %v", id, want)
			}
		}
	}
	for id := range upstream {
		require.True(t, missed[id], "%s is listed as upstream's mistake, and met", id)
	}
	fmt.Printf("conformance: eu-dcc %d/%d\n", met, total)
	require.GreaterOrEqual(t, total, 1870)
	require.GreaterOrEqual(t, float64(met), 0.985*float64(total))
}
