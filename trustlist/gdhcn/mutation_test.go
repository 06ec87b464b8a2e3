package gdhcn_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// mutations returns copies of a JSON value, each with one change, by the place
// and kind of the change.
func mutations(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case string:
		for i := range len(v) {
			if i < 3 || i > len(v)-3 || i%97 == 0 {
				changed := []byte(v)
				if changed[i] ^= 1; json.Valid(append(append([]byte{'"'}, changed...), '"')) {
					out[fmt.Sprintf("[%d]", i)] = string(changed)
				}
			}
		}
		out["+"], out["-"], out["number"], out["object"] = v+"A", strings.TrimSuffix(v, v[max(0, len(v)-1):]), 1, object{"id": v}
		if v == "" {
			delete(out, "-")
		}
	case []any:
		for i, x := range v {
			at := fmt.Sprintf("/%d", i)
			for k, m := range mutations(x) {
				out[at+k] = slices.Concat(v[:i], []any{m}, v[i+1:])
			}
			out[at+" gone"] = slices.Concat(v[:i], v[i+1:])
			out[at+" null"] = slices.Concat(v[:i], []any{nil}, v[i+1:])
		}
		out[" more"] = append(slices.Clone(v), "did:web:evil.example")
	case object:
		change := func(name string, f func(object)) {
			c := maps.Clone(v)
			f(c)
			out[name] = c
		}
		for name, x := range v {
			for k, m := range mutations(x) {
				change("/"+name+k, func(c object) { c[name] = m })
			}
			change("/"+name+" gone", func(c object) { delete(c, name) })
			change("/"+name+" null", func(c object) { c[name] = nil })
			change("/"+name+" renamed", func(c object) { c[name+"_"] = x; delete(c, name) })
		}
		change(" unknown member", func(c object) { c["unknown"] = "x" })
		change(" @id", func(c object) { c["@id"] = "urn:x" })
		change(" @type", func(c object) { c["@type"] = "urn:x" })
		change(" @context", func(c object) { c["@context"] = []any{object{"x": "urn:x"}} })
	}
	return out
}

// TestPromiseEveryChangeIsRefused makes every change, of thousands that take or
// add one thing, to a list that the network signed.
func TestPromiseEveryChangeIsRefused(t *testing.T) {
	raw, o := realList(t, "v2/trustlist/IPS-PILGRIMAGE"), realOptions(t)
	var doc object
	require.NoError(t, json.Unmarshal(raw, &doc))
	again, err := json.Marshal(doc)
	require.NoError(t, err)
	_, _, err = gdhcn.Parse(again, o)
	require.NoError(t, err)
	all := mutations(doc)
	require.Greater(t, len(all), 500)
	for name, m := range all {
		changed, err := json.Marshal(m)
		require.NoError(t, err)
		l, _, err := gdhcn.Parse(changed, o)
		require.ErrorIs(t, err, gdhcn.ErrProof, name)
		require.Nil(t, l, name)
	}
	// What can't be made of the parsed value: bytes.
	for _, change := range [][2]string{
		{`"id":`, `"id":"x","id":`}, {`"id":`, `"i\u0064":"x","id":`}, {`}`, `} x`}, {`"`, "\""}, {`{`, "\ufeff{"},
	} {
		changed := bytes.Replace(again, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(changed, again) {
			continue
		}
		_, _, err := gdhcn.Parse(changed, o)
		require.Error(t, err, change[1])
	}
	t.Logf("%d changes refused", len(all))
}

// The same of a list that this package signed, in both versions and with
// references.
func TestPromiseEveryChangeOfATreeIsRefused(t *testing.T) {
	s, tree := testTree(t)
	files := treeFiles(t, tree, s)
	o := gdhcn.Options{}
	o.Signers = append(o.Signers, s.Key())
	for _, name := range []string{"trustlist/did.json", "v2/trustlist/DCC/SAU/SCA/did.json", "v2/trustlist-ref/did.json"} {
		var doc object
		require.NoError(t, json.Unmarshal(files[name], &doc))
		for what, m := range mutations(doc) {
			changed, err := json.Marshal(m)
			require.NoError(t, err)
			_, err = gdhcn.ParseReferences(changed, o)
			require.ErrorIs(t, err, gdhcn.ErrProof, "%s %s", name, what)
		}
	}
}
