package jose_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof/jose"
)

func TestNumericDate(t *testing.T) {
	for text, want := range map[string]time.Time{
		"0": time.Unix(0, 0), "1": time.Unix(1, 0), "1.5": time.Unix(1, 5e8), "1779264000": time.Date(2026, 5, 20, 8, 0, 0, 0, time.UTC), "1e3": time.Unix(1000, 0),
		"253402300799": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		v, err := jcs.Parse([]byte(text))
		require.NoError(t, err)
		got, err := jose.NumericDate(v)
		require.NoError(t, err, text)
		require.True(t, want.Equal(got), text)
	}
	for _, text := range []string{"-1", "253402300800", "1e300", `"1"`, "null", "true", "[1]", "{}"} {
		v, err := jcs.Parse([]byte(text))
		require.NoError(t, err)
		_, err = jose.NumericDate(v)
		require.Error(t, err, text)
	}
	got, err := jose.NumericDate(jcs.Value{})
	require.NoError(t, err)
	require.True(t, got.IsZero())
}
