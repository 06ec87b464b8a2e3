package pointer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// The examples of RFC 6901, section 5.
func TestFind(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`))
	require.NoError(t, err)
	for p, want := range map[string]string{
		"/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", `/i\j`: "5", `/k"l`: "6", "/ ": "7", "/m~0n": "8",
	} {
		got, err := Find(v, p)
		require.NoError(t, err, p)
		require.Equal(t, want, string(got.Append(nil)), p)
	}
	whole, err := Find(v, "")
	require.NoError(t, err)
	require.True(t, jcs.Equal(v, whole))

	for p, want := range map[string]error{
		"foo": ErrSyntax, "/foo~": ErrSyntax, "/foo~2": ErrSyntax, "#/foo": ErrSyntax,
		"/foo/2": ErrNothing, "/foo/-": ErrNothing, "/foo/00": ErrNothing, "/foo/+1": ErrNothing, "/foo/-1": ErrNothing,
		"/bar": ErrNothing, "/foo/0/x": ErrNothing, "/foo/18446744073709551616": ErrNothing,
	} {
		_, err := Find(v, p)
		require.ErrorIs(t, err, want, p)
	}
}

func TestAppend(t *testing.T) {
	for _, step := range []string{"", "a", "a/b", "~", "~1", "/", "~0~1/"} {
		p := string(Append(nil, step))
		steps, err := Parse(p)
		require.NoError(t, err)
		require.Equal(t, []string{step}, steps, p)
	}
}

func TestHolds(t *testing.T) {
	require.True(t, Holds("", "/a"))
	require.True(t, Holds("/a", "/a"))
	require.True(t, Holds("/a", "/a/b"))
	require.False(t, Holds("/a", "/ab"))
	require.False(t, Holds("/a/b", "/a"))
}
