package cborx

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestPromiseCBORIsStrict(t *testing.T) {
	nested := bytes.Repeat([]byte{0x81}, 100)
	for name, bad := range map[string][]byte{
		"empty":             {},
		"duplicate key":     unhex(t, "a2 01 00 01 00"),
		"indefinite map":    unhex(t, "bf 01 00 ff"),
		"indefinite text":   unhex(t, "7f 61 61 ff"),
		"trailing byte":     unhex(t, "01 00"),
		"truncated":         unhex(t, "82 01"),
		"huge array":        unhex(t, "9b ff ff ff ff ff ff ff ff"),
		"huge string":       unhex(t, "5b 7f ff ff ff ff ff ff ff"),
		"deep nesting":      append(nested, 0),
		"invalid UTF-8":     unhex(t, "61 ff"),
		"reserved info":     unhex(t, "1c"),
		"array over limits": append(unhex(t, "99 10 00"), make([]byte, 4096)...),
	} {
		var v any
		require.Error(t, Decode(bad, &v), name)
	}
}

func TestMemberNamesAreExact(t *testing.T) {
	var v struct {
		Name string `cbor:"n"`
	}
	require.NoError(t, Decode(unhex(t, "a2 61 6e 61 61 61 4e 61 62"), &v))
	require.Equal(t, "a", v.Name)
	v.Name = ""
	require.NoError(t, Decode(unhex(t, "a1 61 4e 61 62"), &v))
	require.Empty(t, v.Name)
}

func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		"00":                   `0`,
		"1b 0020000000000001":  `9007199254740993`,
		"20":                   `-1`,
		"43 010203":            `"AQID"`,
		"65 68 65 6c 6c 6f":    `"hello"`,
		"82 01 f6":             `[1,null]`,
		"a2 01 f5 61 61 f4":    `{"1":true,"a":false}`,
		"a1 39 0103 f7":        `{"-260":null}`,
		"c0 6a 32303231303130": ``, // truncated
		"c0 63 313233":         `"123"`,
		"fb 3ff8000000000000":  `1.5`,
		"f9 3c00":              `1`,
		"fa 47c35000":          `100000`,
		"a2 01 00 61 31 00":    ``, // two keys, one JSON form
		"f9 7e00":              ``, // NaN
		"a1 f5 00":             ``, // key of another type
		"f8 ff":                ``,
		"01 01":                ``,
		"61 ff":                ``, // not UTF-8
		"a1 61 ff 00":          ``,
	} {
		got, err := JSON(unhex(t, in))
		if want == "" {
			require.Error(t, err, in)
			continue
		}
		require.NoError(t, err, in)
		require.Equal(t, want, string(got), in)
	}
}

func TestLimitsOfDecode(t *testing.T) {
	var v any
	require.NoError(t, Decode(append(bytes.Repeat([]byte{0x81}, limits.Nesting-1), 0), &v))
	require.Error(t, Decode(append(bytes.Repeat([]byte{0x81}, limits.Nesting+1), 0), &v))
	pairs := unhex(t, "b9 0401")
	for i := range limits.Members + 1 {
		pairs = append(pairs, 0x19, byte(i>>8), byte(i), 0)
	}
	require.Error(t, Decode(pairs, &v))
	var s string
	require.Error(t, Decode(unhex(t, "62 c328"), &s))
}

func TestDefinite(t *testing.T) {
	for in, want := range map[string]string{
		"01":                                     "01",
		"9f 01 9f 02 ff 82 03 04 ff":             "83 01 81 02 82 03 04",
		"bf 01 bf ff 61 61 7f 61 62 61 63 ff ff": "a2 01 a0 61 61 62 62 63",
		"5f 42 01 02 41 03 ff":                   "43 01 02 03",
		"c1 9f fb 3ff8000000000000 ff":           "c1 81 fb 3ff8000000000000",
		"a1 01 9f ff":                            "a1 01 80",
	} {
		got, changed, err := Definite(unhex(t, in))
		require.NoError(t, err, in)
		require.Equal(t, unhex(t, want), got, in)
		require.Equal(t, in != want, changed, in)
	}
	for _, bad := range []string{"", "9f 01", "bf 01 ff", "7f 41 00 ff", "ff", "9f ff 00", "5f 5f ff ff"} {
		_, _, err := Definite(unhex(t, bad))
		require.Error(t, err, bad)
	}
	_, _, err := Definite(bytes.Repeat([]byte{0x9f}, 100000))
	require.Error(t, err)
}

func FuzzDefinite(f *testing.F) {
	for _, s := range []string{"9f 01 9f 02 ff 82 03 04 ff", "bf 01 bf ff 61 61 7f 61 62 61 63 ff ff", "5f 42 01 02 41 03 ff"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, _, err := Definite(in)
		if err == nil {
			if again, changed, err := Definite(out); err != nil || changed || !bytes.Equal(again, out) {
				t.Fatalf("%x becomes %x, which is not definite: %v", in, out, err)
			}
		}
	})
}

func TestHeadAndString(t *testing.T) {
	s, ok := String(unhex(t, "43 010203"), Bytes)
	require.True(t, ok)
	require.Equal(t, []byte{1, 2, 3}, s)
	for _, bad := range []string{"", "63 616263", "43 0102", "43 01020304", "5f", "5c", "58"} {
		_, ok := String(unhex(t, bad), Bytes)
		require.False(t, ok, bad)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{"a2 01 f5 61 61 f4", "fb 3ff8000000000000", "82 01 f6", "c0 63 313233", "a1390103f7"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := JSON(in)
		if err != nil {
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%x gives invalid JSON %s", in, out)
		}
	})
}

// What First returns is the caller's own, whatever becomes of the input.
func TestFirstIsACopy(t *testing.T) {
	for _, whole := range []string{"\x05", "\x19\x01\x02", "\x43abc", "\x58\x03abc", "\x63abc", "\x82\x01\x02"} {
		b := []byte(whole + "\xf6")
		item, rest, err := First(b)
		require.NoError(t, err)
		require.Equal(t, "\xf6", string(rest))
		clear(b)
		require.Equal(t, whole, string(item))
	}
	for _, cut := range []string{"", "\x43ab", "\x58", "\x5b\xff\xff\xff\xff\xff\xff\xff\xffabc", "\x19\x01", "\x1c"} {
		_, _, err := First([]byte(cut))
		require.Error(t, err, "%x", cut)
	}
}
