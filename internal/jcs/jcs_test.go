package jcs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

func canonical(t *testing.T, in string) string {
	t.Helper()
	v, err := jcs.Parse([]byte(in))
	require.NoError(t, err, in)
	return string(v.Append(nil))
}

func TestCanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		` { "b" : 1 , "a" : [ ] } `:               `{"a":[],"b":1}`,
		`[true,false,null,"",{}]`:                 `[true,false,null,"",{}]`,
		`"\/\u0041\b\f\n\r\t\"\\"`:                `"/A\b\f\n\r\t\"\\"`,
		`"\u0000\u001F\u007f\u2028"`:              "\"\\u0000\\u001f\u007f\u2028\"",
		`"\uD83D\uDE02 \ud83d\ude02"`:             `"😂 😂"`,
		"{\"\uE000\":1,\"\U0001F602\":2,\"z\":3}": "{\"z\":3,\"\U0001F602\":2,\"\uE000\":1}",
		`{"\uFFFF":1,"\uD800\uDC00":2}`:           "{\"\U00010000\":2,\"\uFFFF\":1}",
		`{"aa":1,"a":2,"":3,"é":4,"ab":5}`:        `{"":3,"a":2,"aa":1,"ab":5,"é":4}`,
		`{"\n":1,"\u0001":2}`:                     `{"\u0001":2,"\n":1}`,
		"\t\r\n 1":                                `1`,
	} {
		require.Equal(t, want, canonical(t, in), in)
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "-0.0": "0", "0e5": "0", "0.000e-9": "0", "-1": "-1", "10": "10",
		"1.0": "1", "1e2": "100", "1E+2": "100", "4.50": "4.5", "2e-3": "0.002", "123456789012345": "123456789012345",
		"999999999999999": "999999999999999", "1234567890123456": "1234567890123456",
		"9007199254740992": "9007199254740992", "-9007199254740992": "-9007199254740992", "9007199254740991.0": "9007199254740991", "9007199254740992.0": "9007199254740992", "9.007199254740992e15": "9007199254740992",
		"0.000001": "0.000001", "0.0000001": "1e-7", "1E30": "1e+30", "1e21": "1e+21", "-1.5e300": "-1.5e+300", "100e19": "1e+21",
		"333333333.33333329": "333333333.3333333", "5e-324": "5e-324", "1.7976931348623157e308": "1.7976931348623157e+308",
		"1e-10": "1e-10", "1.25e-100": "1.25e-100", "0.1e22": "1e+21",
	} {
		require.Equal(t, want, canonical(t, in), in)
	}
}

func TestNumbersRefused(t *testing.T) {
	for _, in := range []string{
		"9007199254740993", "-9007199254740993", "9007199254740994", "18446744073709551616", "1000000000000000000000", "1000000000000000000000000000000",
		"9007199254740993.0", "9007199254740993e0", "90071992547409930e-1", "9.007199254740993e15", "9007199254740994.0", "1e16", "1e20",
		"123456789012345678901234567890e5", "1.00000000000000000001e30", "1e309", "-1e309", "1e400", "1e999999999999", "1e-400", "-1e-999999999999", "0.000000000000000000001e-320",
		"01", "-01", "00", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x10", "1_000", "NaN", "Infinity", "-Infinity", "--1", "1 2",
	} {
		_, err := jcs.Parse([]byte(in))
		require.ErrorIs(t, err, jcs.ErrSyntax, in)
		_, err = jcs.Parse([]byte(`{"a":` + in + `}`))
		require.ErrorIs(t, err, jcs.ErrSyntax, in)
	}
}

func TestRefused(t *testing.T) {
	for name, in := range map[string]string{
		"nothing": "", "space": " ", "byte order mark": "\ufeff{}", "trailing data": "{} {}", "trailing comma": "[1,]", "trailing comma in object": `{"a":1,}`,
		"leading comma": "[,1]", "no comma": "[1 2]", "no colon": `{"a" 1}`, "no value": `{"a":}`, "name not a string": `{1:2}`, "single quotes": `{'a':1}`,
		"open array": "[1", "open object": `{"a":1`, "open object after comma": `{"a":1,`, "open name": `{"a`, "open string": `"a`, "open escape": `"\`, "short escape": `"\u00`, "short escape at end": `"\u00"`,
		"bad escape": `"\x"`, "bad hex": `"\u00g0"`, "control character": "\"\n\"", "control character after escape": "\"\\n\x01\"",
		"lone high surrogate": `"\ud800"`, "lone low surrogate": `"\udc00"`, "two high surrogates": `"\ud800\ud800"`, "high surrogate and letter": `"\ud800a"`, "high surrogate and short escape": `"\ud800\u12"`,
		"invalid UTF-8": "\"\xff\"", "overlong UTF-8": "\"\xc0\xaf\"", "UTF-8 surrogate": "\"\xed\xa0\x80\"", "truncated UTF-8": "\"\xe2\x82\"", "UTF-8 between tokens": "[\xe2\x80\x831]",
		"duplicate name": `{"a":1,"a":1}`, "duplicate escaped name": `{"a":1,"\u0061":2}`, "duplicate apart": `{"a":1,"b":2,"c":3,"a":4}`, "duplicate inside": `{"x":[{"é":1,"\u00e9":2}]}`, "duplicate empty name": `{"":1,"":2}`,
		"comment": "/**/{}", "literal in capitals": "True", "literal cut": "tru", "literal and more": "nullx", "form feed": "\f1", "null byte": "{}\x00",
		"too deep":  strings.Repeat("[", limits.Nesting+1) + strings.Repeat("]", limits.Nesting+1),
		"very deep": strings.Repeat(`{"a":[`, 1<<17), "too many values": "[" + strings.Repeat("0,", limits.JSONValues) + "0]",
	} {
		_, err := jcs.Parse([]byte(in))
		require.ErrorIs(t, err, jcs.ErrSyntax, name)
		require.Less(t, len(err.Error()), 120, name)
	}
	_, err := jcs.Parse([]byte(strings.Repeat("[", limits.Nesting) + strings.Repeat("]", limits.Nesting)))
	require.NoError(t, err)
}

func TestParseUpTo(t *testing.T) {
	_, err := jcs.ParseUpTo(4, []byte("[1,2,3]"))
	require.NoError(t, err)
	_, err = jcs.ParseUpTo(3, []byte("[1,2,3]"))
	require.ErrorIs(t, err, jcs.ErrSyntax)
	require.ErrorContains(t, err, "more than 3 values")
	v, err := jcs.ParseUpTo(limits.TrustValues, []byte("["+strings.Repeat("0,", limits.JSONValues)+"0]"))
	require.NoError(t, err)
	require.Equal(t, limits.JSONValues+1, v.Len())
}

func TestErrorsHoldNoContent(t *testing.T) {
	for _, in := range []string{`{"Erika":1,"Erika":2}`, `{"a":"Erika\ud800"}`, `{"Erika":01}`, `{"Erika" }`} {
		_, err := jcs.Parse([]byte(in))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "Erika")
	}
}

func TestReading(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"s":"x\ny","n":1.50,"t":true,"f":false,"z":null,"a":[1,"b",{}],"o":{"k":"v"}}`))
	require.NoError(t, err)
	s, ok := v.Member("s").Text()
	require.True(t, ok)
	require.Equal(t, "x\ny", s)
	n, ok := v.Member("n").Number()
	require.True(t, ok)
	require.Equal(t, "1.5", n)
	b, ok := v.Member("t").Bool()
	require.True(t, b && ok)
	b, ok = v.Member("f").Bool()
	require.True(t, !b && ok)
	require.Equal(t, jcs.Null, v.Member("z").Kind())
	require.True(t, v.Member("z").Exists())
	k, ok := v.Member("o").Member("k").Text()
	require.True(t, ok)
	require.Equal(t, "v", k)

	var kinds []string
	for i, e := range v.Member("a").Elements() {
		kinds = append(kinds, fmt.Sprint(i, " ", e.Kind()))
	}
	require.Equal(t, []string{"0 a number", "1 a string", "2 an object"}, kinds)
	var names []string
	for name := range v.Members() {
		names = append(names, name)
	}
	require.Equal(t, []string{"a", "f", "n", "o", "s", "t", "z"}, names)
	require.Equal(t, 7, v.Len())
	require.Equal(t, 3, v.Member("a").Len())
	for range v.Members() {
		break // leaving the loop early is no panic
	}
	for range v.Member("a").Elements() {
		break
	}
}

func TestReadingOtherKinds(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"s":"true","n":1,"b":true,"a":[1]}`))
	require.NoError(t, err)
	_, ok := v.Member("n").Text()
	require.False(t, ok)
	_, ok = v.Member("s").Number()
	require.False(t, ok)
	_, ok = v.Member("s").Bool()
	require.False(t, ok)
	none := v.Member("missing").Member("deeper")
	require.Equal(t, jcs.Absent, none.Kind())
	require.Equal(t, "absent", none.Kind().String())
	require.False(t, none.Exists())
	require.Zero(t, none.Len())
	require.Empty(t, none.Append(nil))
	require.False(t, v.Member("s").Member("x").Exists())
	require.False(t, v.Member("a").Member("0").Exists())
	for range none.Members() {
		t.Fatal("members of nothing")
	}
	for range v.Member("s").Elements() {
		t.Fatal("elements of a string")
	}
	for k, want := range map[string]jcs.Kind{"null": jcs.Null, "a boolean": jcs.Bool, "an array": jcs.Array} {
		require.Equal(t, k, want.String())
	}
}

func TestAppendOmits(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"b":{"proof":1},"proof":2,"a":3}`))
	require.NoError(t, err)
	require.Equal(t, `x{"a":3,"b":{"proof":1}}`, string(v.Append([]byte("x"), "proof")))
	require.Equal(t, `{"b":{"proof":1}}`, string(v.Append(nil, "proof", "a", "none")))
	require.Equal(t, `{}`, string(v.Append(nil, "proof", "a", "b")))
}

func TestEqual(t *testing.T) {
	parse := func(s string) jcs.Value {
		v, err := jcs.Parse([]byte(s))
		require.NoError(t, err)
		return v
	}
	for _, p := range [][2]string{{`{"a":1,"b":[1.0]}`, `{ "b":[1],"\u0061":1}`}, {`[]`, `[ ]`}, {`"\/"`, `"/"`}} {
		require.True(t, jcs.Equal(parse(p[0]), parse(p[1])), p)
	}
	for _, p := range [][2]string{{`{"a":1}`, `{"b":1}`}, {`{"a":1}`, `{"a":2}`}, {`[1,2]`, `[2,1]`}, {`"1"`, `1`}, {`[]`, `{}`}, {`[1]`, `[1,1]`}, {`true`, `"true"`}, {`null`, `false`}} {
		require.False(t, jcs.Equal(parse(p[0]), parse(p[1])), p)
	}
	require.True(t, jcs.Equal(jcs.Value{}, jcs.Value{}))
	require.False(t, jcs.Equal(jcs.Value{}, parse(`null`)))
}

func TestParseKeepsNothingOfItsInput(t *testing.T) {
	in := []byte(`{"a":"b"}`)
	v, err := jcs.Parse(in)
	require.NoError(t, err)
	clear(in)
	require.Equal(t, `{"a":"b"}`, string(v.Append(nil)))
}

func TestQuote(t *testing.T) {
	require.Equal(t, "\"\\\"\\\\\\u0001\\n</é😂\"", string(jcs.Quote(nil, "\"\\\x01\n</é😂")))
}

func TestFormatNumber(t *testing.T) {
	for f, want := range map[float64]string{0: "0", math.Copysign(0, -1): "0", 1e20: "100000000000000000000", 1e-6: "0.000001", 1e-7: "1e-7", -1e100: "-1e+100", math.MaxFloat64: "1.7976931348623157e+308"} {
		require.Equal(t, want, jcs.FormatNumber(f))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"b":[1,2.5e3,-0,1E30],"a":"\u00e9\ud83d\ude02\n","":null}`, `[true,false,{"x":{"x":1}}]`, `{"a":1,"\u0061":2}`, `9007199254740993`, "\ufeff1", `"\ud800"`, `1e400`, "[\xff]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := jcs.Parse(in)
		if err != nil {
			return
		}
		if !json.Valid(in) {
			t.Fatalf("accepted what is no JSON: %q", in)
		}
		c := v.Append(nil)
		again, err := jcs.Parse(c)
		if err != nil {
			t.Fatalf("canonical form of %q is refused: %v", in, err)
		}
		if !bytes.Equal(c, again.Append(nil)) {
			t.Fatalf("not canonical: %q", c)
		}
		if !jcs.Equal(v, again) {
			t.Fatalf("%q differs from its canonical form", in)
		}
		// What encoding/json reads of both is the same.
		var a, b any
		if err := json.Unmarshal(in, &a); err != nil {
			t.Fatalf("encoding/json refuses %q: %v", in, err)
		}
		if err := json.Unmarshal(c, &b); err != nil {
			t.Fatalf("encoding/json refuses %q: %v", c, err)
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if x, y := strings.ReplaceAll(string(x), "-0", "0"), strings.ReplaceAll(string(y), "-0", "0"); x != y {
			t.Fatalf("encoding/json reads %q as %s, its canonical form as %s", in, x, y)
		}
	})
}

func BenchmarkParseAndAppend(b *testing.B) {
	doc := []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","type":["VerifiableCredential","VaccinationCredential"],"issuer":"did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2","credentialSubject":[` +
		strings.TrimSuffix(strings.Repeat(`{"type":"VaccinationEvent","order":"3/3","batchNumber":"AB-123","dateOfVaccination":"2026-01-15T10:30:00Z","recipient":{"givenName":"Test","familyName":"Pilgrim"}},`, 6), ",") + `]}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := jcs.Parse(doc)
		if err != nil {
			b.Fatal(err)
		}
		v.Append(nil)
	}
}
