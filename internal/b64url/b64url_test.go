package b64url_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/b64url"
)

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{"": "", "eA": "x", "eHg": "xx", "eHh4": "xxx", "-_-_": "\xfb\xff\xbf"} {
		got, err := b64url.Decode(in)
		require.NoError(t, err, in)
		require.Equal(t, want, string(got))
		got, err = b64url.DecodeBytes([]byte(in))
		require.NoError(t, err, in)
		require.Equal(t, want, string(got))
		require.Equal(t, in, b64url.Encode([]byte(want)))
		require.Equal(t, ">"+in, string(b64url.Append([]byte(">"), []byte(want))))
	}
}

// Each value has one spelling.
func TestDecodeRefuses(t *testing.T) {
	for _, in := range []string{"e", "eA==", "eB", "eHi", "+/+/", "eHh4\n", "e\rHh4", "\n", " eHh4", "eHh4 ", "eH h4", "eHhé", "=", strings.Repeat("A", 5)} {
		_, err := b64url.Decode(in)
		require.ErrorIs(t, err, b64url.ErrSyntax, in)
		_, err = b64url.DecodeBytes([]byte(in))
		require.ErrorIs(t, err, b64url.ErrSyntax, in)
	}
}
