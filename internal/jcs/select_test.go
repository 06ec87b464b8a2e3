package jcs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

func TestSelect(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"a":{"id":"i","b":{"c":1,"d":[{"id":"x","e":2,"f":3},{"e":4},5]},"g":"h"},"":0,"~/":{"m~n/":1},"id":"top","n":null,"0":{"1":[true]}}`))
	require.NoError(t, err)
	for _, c := range []struct {
		pointers string // joined by spaces
		want     string
	}{
		{"/a/g", `{"a":{"g":"h","id":"i"},"id":"top"}`},
		{"/a/b/c /a/g", `{"a":{"b":{"c":1},"g":"h","id":"i"},"id":"top"}`},
		{"/a/b/d/1", `{"a":{"b":{"d":[{"e":4}]},"id":"i"},"id":"top"}`},
		{"/a/b/d/0/e", `{"a":{"b":{"d":[{"e":2,"id":"x"}]},"id":"i"},"id":"top"}`},
		{"/a/b/d/2 /a/b/d/0/f", `{"a":{"b":{"d":[{"f":3,"id":"x"},5]},"id":"i"},"id":"top"}`}, // in their order
		{"/a/b/d", `{"a":{"b":{"d":[{"e":2,"f":3,"id":"x"},{"e":4},5]},"id":"i"},"id":"top"}`},
		{"/a/b/d/0 /a/b/d/0/e", `{"a":{"b":{"d":[{"e":2,"f":3,"id":"x"}]},"id":"i"},"id":"top"}`}, // whole, then a part
		{"/a/b/d/0/e /a/b/d/0", `{"a":{"b":{"d":[{"e":2,"f":3,"id":"x"}]},"id":"i"},"id":"top"}`}, // and the other way round
		{"/a/b /a/b/c /a/b", `{"a":{"b":{"c":1,"d":[{"e":2,"f":3,"id":"x"},{"e":4},5]},"id":"i"},"id":"top"}`},
		{"/id", `{"id":"top"}`}, {"/n", `{"id":"top","n":null}`}, {"/", `{"":0,"id":"top"}`},
		{"/~0~1/m~0n~1", `{"id":"top","~/":{"m~n/":1}}`}, {"/0/1/0", `{"0":{"1":[true]},"id":"top"}`},
	} {
		s, err := v.Select(strings.Split(c.pointers, " "), "id", "type")
		require.NoError(t, err, c.pointers)
		require.Equal(t, c.want, string(s.Append(nil)), c.pointers)
		back, err := jcs.Parse(s.Append(nil))
		require.NoError(t, err)
		require.True(t, jcs.Equal(s, back), c.pointers)
	}
	whole, err := v.Select([]string{"/a/g", ""}, "id")
	require.NoError(t, err)
	require.True(t, jcs.Equal(v, whole))
	require.True(t, whole.Member("a").Member("b").Exists(), "a selection is read like its text")

	s, err := v.Select([]string{"/a/b/d/1/e"})
	require.NoError(t, err)
	require.Equal(t, `{"a":{"b":{"d":[{"e":4}]}}}`, string(s.Append(nil)))
	require.Equal(t, v.Member("a").Member("b").Place(), s.Member("a").Member("b").Place())
	require.NotEqual(t, v.Member("a").Place(), s.Member("a").Member("b").Place())
	again, err := s.Select([]string{"/a/b/d/0"})
	require.NoError(t, err, "a selection of a selection")
	require.Equal(t, `{"a":{"b":{"d":[{"e":4}]}}}`, string(again.Append(nil)))
}

func TestSelectRefuses(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"a":[1,{"b":2}],"c":"text","~2":1,"01":1}`))
	require.NoError(t, err)
	for _, p := range []string{"a", "/b", "/a/2", "/a/-1", "/a/-", "/a/01", "/a/+1", "/a/1e0", "/a/ 1", "/a/1/c", "/a/", "/a/0/", "/c/0", "/c/", "/~2", "/~", "/c~", "//", "/a/1/b/2", "/a/99999999999999999999", "#/a", "/A"} {
		_, err := v.Select([]string{"/c", p})
		require.ErrorIs(t, err, jcs.ErrPointer, p)
		require.ErrorContains(t, err, "pointer 1", p)
	}
	_, err = v.Select(nil)
	require.ErrorIs(t, err, jcs.ErrPointer)
	_, err = jcs.Value{}.Select([]string{""})
	require.ErrorIs(t, err, jcs.ErrPointer)
	_, err = v.Select([]string{strings.Repeat("/", 1<<20)})
	require.ErrorIs(t, err, jcs.ErrPointer)
}

func FuzzSelect(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":2}]},"id":"x"}`), "/a/b/1/c", "/a/b")
	f.Add([]byte(`[[],{"~":{"/":null}}]`), "/1/~0/~1", "/0")
	f.Fuzz(func(t *testing.T, doc []byte, p, q string) {
		v, err := jcs.Parse(doc)
		if err != nil {
			return
		}
		s, err := v.Select([]string{p, q}, "id")
		if err != nil {
			return
		}
		text := s.Append(nil)
		back, err := jcs.Parse(text)
		if err != nil || !jcs.Equal(s, back) {
			t.Fatalf("%q of %q is %q", []string{p, q}, doc, text)
		}
		other, err := v.Select([]string{q, p}, "id")
		if err != nil || string(other.Append(nil)) != string(text) {
			t.Fatalf("the order of %q and %q matters for %q", p, q, doc)
		}
	})
}

// The examples of RFC 6901, section 5.
func TestAt(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`))
	require.NoError(t, err)
	for p, want := range map[string]string{
		"/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", `/i\j`: "5", `/k"l`: "6", "/ ": "7", "/m~0n": "8",
	} {
		got, err := v.At(p)
		require.NoError(t, err, p)
		require.Equal(t, want, string(got.Append(nil)), p)
	}
	whole, err := v.At("")
	require.NoError(t, err)
	require.True(t, jcs.Equal(v, whole))

	for _, p := range []string{
		"foo", "/foo~", "/foo~2", "#/foo",
		"/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/-1", "/bar", "/foo/0/x", "/foo/18446744073709551616",
	} {
		got, err := v.At(p)
		require.ErrorIs(t, err, jcs.ErrPointer, p)
		require.False(t, got.Exists(), p)
	}
}

// Selections from one value do not change it, nor each other.
func TestSelectionsAreApart(t *testing.T) {
	v, err := jcs.Parse([]byte(`{"a":{"x":1,"y":"` + strings.Repeat("y", 2000) + `"},"b":{"x":2,"z":3}}`)) // with room to spare
	require.NoError(t, err)
	whole := string(v.Append(nil))
	first, err := v.Select([]string{"/a/x"})
	require.NoError(t, err)
	second, err := v.Select([]string{"/b/z"})
	require.NoError(t, err)
	require.Equal(t, `{"a":{"x":1}}`, string(first.Append(nil)))
	require.Equal(t, `{"b":{"z":3}}`, string(second.Append(nil)))
	require.Equal(t, whole, string(v.Append(nil)))
	again, err := first.Select([]string{"/a"})
	require.NoError(t, err)
	require.Equal(t, `{"a":{"x":1}}`, string(again.Append(nil)))
}
