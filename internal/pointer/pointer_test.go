package pointer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// What is written is followed to where it was written for.
func TestAppend(t *testing.T) {
	for _, step := range []string{"", "a", "a/b", "~", "~1", "/", "~0~1/"} {
		v, err := jcs.Parse(append(jcs.Quote([]byte{'{'}, step), `:1,"other":2}`...))
		require.NoError(t, err)
		got, err := v.At(string(Append(nil, step)))
		require.NoError(t, err, step)
		require.Equal(t, "1", string(got.Append(nil)), step)
	}
}

func TestHolds(t *testing.T) {
	require.True(t, Holds("", "/a"))
	require.True(t, Holds("/a", "/a"))
	require.True(t, Holds("/a", "/a/b"))
	require.False(t, Holds("/a", "/ab"))
	require.False(t, Holds("/a/b", "/a"))
}
