package base45

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples of RFC 9285, sections 4.3 and 4.4.
func TestExamples(t *testing.T) {
	for plain, coded := range map[string]string{"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0", "": ""} {
		require.Equal(t, coded, Encode([]byte(plain)))
		got, err := Decode([]byte(coded))
		require.NoError(t, err)
		require.Equal(t, plain, string(got))
	}
}

func TestPromiseBase45IsStrict(t *testing.T) {
	for name, bad := range map[string]string{
		"over 65535":          "GGW",
		"far over 65535":      ":::",
		"last group over 255": "::",
		"just over 255":       "V5",
		"one left over":       "BB8A",
		"one alone":           "A",
		"lower case":          "bb8",
		"not ASCII":           "BB\xc3",
		"nul":                 "BB\x00",
		"in a last group":     "BB8B_",
	} {
		_, err := Decode([]byte(bad))
		require.ErrorIs(t, err, ErrSyntax, name)
	}
	got, err := Decode([]byte("FGW"))
	require.NoError(t, err)
	require.Equal(t, []byte{0xff, 0xff}, got)
	got, err = Decode([]byte("U5"))
	require.NoError(t, err)
	require.Equal(t, []byte{0xff}, got)
}

// What decodes has one spelling: encoding it again gives the same text.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"BB8", "%69 VD92EX0", "GGW", ":::", "A", "6BFOXN%TSMAHN-HXN4 WNCCJ"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Decode(in)
		if err != nil {
			return
		}
		if !bytes.Equal([]byte(Encode(out)), in) {
			t.Fatalf("%q has a second spelling", in)
		}
	})
}
