package integrity_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/integrity"
)

var content = []byte("content")

func sums() map[string][]byte {
	a, b, c := sha256.Sum256(content), sha512.Sum384(content), sha512.Sum512(content)
	return map[string][]byte{"sha256": a[:], "sha384": b[:], "sha512": c[:]}
}

func TestSRI(t *testing.T) {
	all := ""
	for name, sum := range sums() {
		s := name + "-" + base64.StdEncoding.EncodeToString(sum)
		all += " " + s
		d, err := integrity.ParseSRI(s + "?ct=text/plain")
		require.NoError(t, err)
		require.Len(t, d, 1)
		require.True(t, d[0].Known() && d[0].Fits(content), name)
		require.False(t, d[0].Fits([]byte("Content")))
	}
	d, err := integrity.ParseSRI(all + " ")
	require.NoError(t, err)
	require.Len(t, d, 3)
	long := strings.Repeat(all, 3)
	for _, s := range []string{"", " ", "sha256", "sha256-", "sha256-abc", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "SHA256-" + all[8:], "sha512-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", long} {
		_, err := integrity.ParseSRI(s)
		require.ErrorIs(t, err, integrity.ErrMalformed, s)
	}
}

func encode(t *testing.T, base multibase.Encoding, b ...byte) string {
	s, err := multibase.Encode(base, b)
	require.NoError(t, err)
	return s
}

func TestMultibase(t *testing.T) {
	codes := map[string]byte{"sha256": 0x12, "sha384": 0x20, "sha512": 0x13}
	for name, sum := range sums() {
		for _, base := range []multibase.Encoding{multibase.Base64url, multibase.Base58BTC} {
			d, err := integrity.ParseMultibase(encode(t, base, append([]byte{codes[name], byte(len(sum))}, sum...)...))
			require.NoError(t, err)
			require.True(t, d.Known() && d.Fits(content), name)
			require.False(t, d.Fits(nil))
		}
	}
	sum := sums()["sha256"]
	d, err := integrity.ParseMultibase(encode(t, 'u', append([]byte{0x16, 32}, sum...)...)) // SHA3-256
	require.NoError(t, err)
	require.False(t, d.Known() || d.Fits(content))
	for name, s := range map[string]string{
		"empty": "", "no bytes": "u", "hexadecimal": "f1220" + strings.Repeat("00", 32), "another alphabet": "z0OIl", "cut": encode(t, 'u', append([]byte{0x12, 32}, sum[1:]...)...),
		"too long": "z" + strings.Repeat("2", 300), "only a code": encode(t, 'u', 0x12), "empty hash": encode(t, 'u', 0x12, 0), "wrong length": encode(t, 'u', append([]byte{0x12, 31}, sum[1:]...)...),
		"endless number": encode(t, 'u', 0x80, 0x80, 0x80, 0x80, 0x80), "padded number": encode(t, 'u', append([]byte{0x92, 0x00, 32}, sum...)...),
	} {
		_, err := integrity.ParseMultibase(s)
		require.ErrorIs(t, err, integrity.ErrMalformed, name)
	}
	require.False(t, integrity.Digest{}.Fits(nil))
}

func FuzzParse(f *testing.F) {
	f.Add("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	f.Add("uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ")
	f.Fuzz(func(t *testing.T, s string) {
		if ds, err := integrity.ParseSRI(s); err == nil && (len(ds) == 0 || !ds[0].Known()) {
			t.Fatalf("read, and unknown: %q", s)
		}
		if d, err := integrity.ParseMultibase(s); err == nil && d.Fits(nil) && !d.Known() {
			t.Fatalf("unknown, and fits: %q", s)
		}
	})
}
