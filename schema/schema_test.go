package schema

import (
	"bytes"
	"compress/zlib"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/cborx"
)

var zeroTime time.Time

var _ credential.SchemaChecker = Health{}

func issued(d *hcert.DCC, at time.Time) *credential.Credential {
	return &hcert.NewDCC("NL", d, at, at.AddDate(1, 0, 0)).Credential
}

func TestOtherContentPasses(t *testing.T) {
	for _, payload := range []any{nil, "text", map[string]any{"ver": 1}, &hcert.Payload{}, (*struct{})(nil)} {
		require.NoError(t, Health{Strict: true, ValueSets: true}.CheckSchema(t.Context(), &credential.Credential{Payload: payload}))
	}
}

// Nobody is born after the certificate that names them. The day after it may
// already be today elsewhere.
func TestBornAfterSigned(t *testing.T) {
	signed := time.Date(2021, 5, 30, 11, 38, 49, 0, time.UTC)
	for dob, want := range map[string]bool{
		"2021-05-30": true, "2021-05-31": true, "2021-06-01": false, "2021-06": false, "2021-05": true, "2021": true,
		"2022": false, "2023-01-01": false, "2021-06-00": false, "1963-00": true, "2021-06-01T00:00:00": false,
	} {
		d := edit(t, vaccinationJSON, map[string]any{"dob": dob})
		err := Health{}.CheckSchema(t.Context(), issued(d, signed))
		if want {
			require.NoError(t, err, dob)
			continue
		}
		require.ErrorIs(t, err, credential.ErrSchema, dob)
		require.ErrorContains(t, err, "dcc: dob: after the certificate was signed")
		require.NoError(t, CheckDCC(d), "unknown when it was signed")
		require.NoError(t, Health{}.CheckSchema(t.Context(), issued(d, zeroTime)))
	}
}

func TestCheckSchemaChecksBoth(t *testing.T) {
	bad := edit(t, vaccinationJSON, map[string]any{"v/0/dn": 0})
	require.EqualError(t, Health{}.CheckSchema(t.Context(), issued(bad, time.Now())),
		"dcc: v/0/dn: missing or below 1: content does not fit its schema")
	i := pilgrim()
	i.Vaccinations[0].Batch = ""
	c := hcert.NewICVP("ID", "1", i, time.Now(), zeroTime).Credential
	require.EqualError(t, Health{}.CheckSchema(t.Context(), &c), "icvp: v/0/bo: missing or empty: content does not fit its schema")
}

// No error tells what the certificate says.
func TestPromiseErrorsHoldNoValues(t *testing.T) {
	const secret = "S3cr3t-Value"
	for kind, doc := range kinds() {
		for m := range strings.FieldsSeq("tg vp mp ma dt co is ci tt nm sc tr tc fr df du") {
			for _, h := range []Health{{}, {Strict: true}, {Strict: true, ValueSets: true}} {
				err := h.dcc(edit(t, doc, map[string]any{kind + "/0/" + m: strings.Repeat(secret, 20)}), zeroTime)
				require.True(t, err == nil || errors.Is(err, credential.ErrSchema))
				require.NotContains(t, errorText(err), secret)
			}
		}
		for _, m := range []string{"ver", "dob", "nam/fn", "nam/fnt", "nam/gn", "nam/gnt"} {
			require.NotContains(t, errorText(Health{Strict: true}.dcc(edit(t, doc, map[string]any{m: strings.Repeat(secret, 20)}), zeroTime)), secret)
		}
	}
	v := reflect.ValueOf(pilgrim()).Elem()
	for n := range v.NumField() {
		i := pilgrim()
		if f := reflect.ValueOf(i).Elem().Field(n); f.Kind() == reflect.String {
			f.SetString(secret)
			require.NotContains(t, errorText(Health{Strict: true, ValueSets: true}.icvp(i, zeroTime)), secret)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A nil struct inside, and every zero value, is a refusal and not a panic.
func TestPromiseNoPanicOnEmpty(t *testing.T) {
	for _, h := range []Health{{}, {Strict: true}, {ValueSets: true}, {Strict: true, ValueSets: true}} {
		require.Error(t, h.dcc(&hcert.DCC{}, time.Now()))
		dob := ""
		for _, ver := range []string{"1.0.0", "1.2.1", "1.3.0", "1.3.3"} {
			name := hcert.Name{StandardSurname: "X"}
			require.Error(t, h.dcc(&hcert.DCC{Version: ver, DateOfBirth: &dob, Name: name, Vaccinations: make([]hcert.Vaccination, 2)}, time.Now()))
			require.Error(t, h.dcc(&hcert.DCC{Version: ver, DateOfBirth: &dob, Name: name, Tests: make([]hcert.Test, 1)}, time.Now()))
			require.Error(t, h.dcc(&hcert.DCC{Version: ver, DateOfBirth: &dob, Name: name, Recoveries: make([]hcert.Recovery, 1)}, time.Now()))
		}
		require.Error(t, h.icvp(&hcert.ICVP{}, time.Now()))
		require.Error(t, h.icvp(&hcert.ICVP{Name: "x", DateOfBirth: "1990", Issued: "x", Vaccinations: make([]hcert.Dose, 1)}, time.Now()))
	}
}

func TestSafeForConcurrentUse(t *testing.T) {
	d := edit(t, vaccinationJSON, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				_ = Health{Strict: true, ValueSets: true}.dcc(d, zeroTime)
			}
		})
	}
	wg.Wait()
}

func TestCheckAllocatesNothing(t *testing.T) {
	c := issued(edit(t, vaccinationJSON, nil), time.Now())
	for _, h := range []Health{{}, {Strict: true, ValueSets: true}} {
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = h.CheckSchema(t.Context(), c) }))
	}
}

func benchmark(b *testing.B, h Health) {
	c := issued(edit(b, vaccinationJSON, nil), time.Now())
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if err := h.CheckSchema(ctx, c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckDCC(b *testing.B)       { benchmark(b, Health{}) }
func BenchmarkCheckDCCStrict(b *testing.B) { benchmark(b, Health{Strict: true, ValueSets: true}) }

// Signed content of the wrong types is a fault of content, told without values.
func TestWrongTypesAreRefused(t *testing.T) {
	for number, content := range map[int]any{
		1:  map[string]any{"ver": "1.3.0", "v": []any{map[string]any{"dn": "S3cr3t"}}},
		-6: map[string]any{"n": []any{"S3cr3t"}},
	} {
		encode := func(v any) []byte {
			b, err := cborx.Encode(v)
			require.NoError(t, err)
			return b
		}
		claims := encode(map[int]any{4: 2_000_000_000, -260: map[int]any{number: content}})
		message := encode([]any{encode(map[int]any{1: -7, 4: []byte("kid12345")}), map[int]any{}, claims, make([]byte, 64)})
		var packed bytes.Buffer
		w := zlib.NewWriter(&packed)
		_, err := w.Write(message)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		u, err := credential.Inspect([]credential.Format{hcert.Format{}}, []byte("HC1:"+base45.Encode(packed.Bytes())))
		require.NoError(t, err)
		err = Health{}.CheckSchema(t.Context(), u.Credential)
		require.ErrorIs(t, err, credential.ErrSchema)
		require.NotContains(t, err.Error(), "S3cr3t")
	}
}
