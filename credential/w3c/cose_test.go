package w3c_test

import (
	"crypto/elliptic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/proof/cose"
)

// sign1 makes a COSE_Sign1 with any headers.
func sign1(t testing.TB, p party, protected, unprotected map[any]any, payload []byte) []byte {
	t.Helper()
	head, err := cborx.Encode(protected)
	require.NoError(t, err)
	input, err := cborx.Encode([]any{"Signature1", head, []byte{}, payload})
	require.NoError(t, err)
	sig, err := p.Sign(ctx, input)
	require.NoError(t, err)
	raw, err := cborx.Encode([]any{head, unprotected, payload, sig})
	require.NoError(t, err)
	return append([]byte{0xd2}, raw...)
}

func headers(p party, more map[any]any) map[any]any {
	h := map[any]any{1: -7, 3: "application/vc", 4: []byte(p.Key().ID), 16: "application/vc+cose"}
	for k, v := range more {
		if h[k] = v; v == nil {
			delete(h, k)
		}
	}
	return h
}

func TestCOSEHeaders(t *testing.T) {
	p := newParty(t, elliptic.P256())
	v := reader(t, nil, entry(p, "Ministry"))
	doc := marshal(t, content(p.did))
	for name, c := range map[string]struct {
		protected map[any]any
		want      error // nil: valid
		tolerated error
	}{
		"as it should be":        {nil, nil, nil},
		"no typ":                 {map[any]any{16: nil}, nil, w3c.ErrNoType},
		"neither":                {map[any]any{16: nil, 3: nil}, nil, w3c.ErrNoType},
		"typ in short":           {map[any]any{16: "vc+cose"}, nil, nil},
		"typ in capitals":        {map[any]any{16: "Application/VC+cose", 3: "APPLICATION/vc"}, nil, nil},
		"content is a VP":        {map[any]any{3: "Application/VP"}, w3c.ErrModel, nil},
		"other content type":     {map[any]any{3: "application/vc+special"}, nil, nil},
		"typ of presentations":   {map[any]any{16: "application/vp+cose"}, w3c.ErrModel, nil},
		"typ of tokens":          {map[any]any{16: "application/vc+jwt"}, w3c.ErrModel, nil},
		"typ is a number":        {map[any]any{16: 50}, w3c.ErrModel, nil},
		"typ is bytes":           {map[any]any{16: []byte("application/vc+cose")}, credential.ErrFormat, nil},
		"content is a vp":        {map[any]any{3: "application/vp"}, w3c.ErrModel, nil},
		"crit":                   {map[any]any{2: []any{16}}, credential.ErrFormat, nil},
		"iss":                    {map[any]any{15: map[any]any{1: p.did}}, nil, nil},
		"another iss":            {map[any]any{15: map[any]any{1: "did:example:other"}}, w3c.ErrModel, nil},
		"iss no text":            {map[any]any{15: map[any]any{1: 7}}, w3c.ErrModel, nil},
		"another sub":            {map[any]any{15: map[any]any{2: "did:example:other"}}, w3c.ErrModel, nil},
		"exp ahead":              {map[any]any{15: map[any]any{4: now.Add(time.Hour).Unix(), 6: now.Add(-time.Hour).Unix(), 5: float64(1)}}, nil, nil},
		"exp now":                {map[any]any{15: map[any]any{4: now.Unix()}}, credential.ErrExpired, nil},
		"exp past":               {map[any]any{15: map[any]any{4: now.Add(-time.Hour).Unix()}}, credential.ErrExpired, nil},
		"nbf ahead":              {map[any]any{15: map[any]any{5: now.Add(time.Hour).Unix()}}, credential.ErrNotYet, nil},
		"exp text":               {map[any]any{15: map[any]any{4: "x"}}, w3c.ErrModel, nil},
		"exp negative":           {map[any]any{15: map[any]any{4: -1}}, w3c.ErrModel, nil},
		"claims no map":          {map[any]any{15: 7}, credential.ErrFormat, nil},
		"claims unknown":         {map[any]any{15: map[any]any{"x": 1, 99: 1}}, nil, nil},
		"another's kid":          {map[any]any{4: []byte("did:key:zother#zother")}, nil, nil},
		"kid too long":           {map[any]any{4: make([]byte, 3000)}, credential.ErrFormat, nil},
		"algorithm of other key": {map[any]any{1: -8}, credential.ErrSignature, nil},
		"algorithm unknown":      {map[any]any{1: 5}, credential.ErrSignature, nil}, // HMAC 256/256
	} {
		raw := sign1(t, p, headers(p, c.protected), map[any]any{}, doc)
		r, err := v.Verify(ctx, raw, credential.Policy{Time: now})
		switch {
		case name == "another's kid":
			require.Error(t, err)
		case c.want != nil:
			require.ErrorIs(t, err, c.want, name)
		default:
			require.NoError(t, err, name)
			for _, check := range r.Checks {
				if check.Outcome == credential.Tolerated {
					require.ErrorIs(t, check.Err, c.tolerated, name)
				}
			}
		}
	}
	// The header and the payload say the same, whichever of them is right.
	for name, c := range map[string]struct {
		header  map[any]any
		payload map[string]any
		valid   bool
	}{
		"iss twice":          {map[any]any{1: p.did}, map[string]any{"iss": p.did}, true},
		"iss in the payload": {map[any]any{1: p.did}, map[string]any{"iss": "did:example:other"}, false},
		"sub in the payload": {map[any]any{2: "did:example:pilgrim"}, map[string]any{"sub": "did:example:other"}, false},
		"exp twice":          {map[any]any{4: now.Add(time.Hour).Unix()}, map[string]any{"exp": now.Add(time.Hour).Unix()}, true},
		"exp in the payload": {map[any]any{4: now.Add(time.Hour).Unix()}, map[string]any{"exp": now.Add(-time.Hour).Unix()}, false},
		"exp in the header":  {map[any]any{4: now.Add(-time.Hour).Unix()}, map[string]any{"exp": now.Add(time.Hour).Unix()}, false},
		"nbf in the payload": {map[any]any{5: now.Add(-time.Hour).Unix()}, map[string]any{"nbf": now.Add(time.Hour).Unix()}, false},
		"iat in the payload": {map[any]any{6: now.Add(-time.Hour).Unix()}, map[string]any{"iat": now.Add(time.Hour).Unix()}, false},
	} {
		raw := sign1(t, p, headers(p, map[any]any{15: c.header}), map[any]any{}, marshal(t, with(content(p.did), c.payload)))
		if _, err := v.Verify(ctx, raw, credential.Policy{Time: now}); c.valid {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, w3c.ErrModel, name)
		}
	}
	_, err := w3c.COSE{}.Parse(sign1(t, p, headers(p, nil), map[any]any{}, doc), "application/vp+cose")
	require.ErrorIs(t, err, w3c.ErrModel)
	// What is not signed says nothing.
	raw := sign1(t, p, headers(p, map[any]any{16: nil}), map[any]any{16: "application/vp+cose", 3: 7, 15: 7}, doc)
	_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	env, err := w3c.COSE{}.Parse(sign1(t, p, headers(p, nil), map[any]any{}, doc)[1:], "application/vc+cose")
	require.NoError(t, err)
	require.ErrorIs(t, env.Tolerated[0], cose.ErrNoTag)
}

func TestCOSEOfOthers(t *testing.T) {
	p := newParty(t, elliptic.P256())
	for name, raw := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "JSON": []byte("{}"), "tag alone": {0xd2}, "cut": {0xd2, 0x84, 0x40},
		"a health certificate": sign1(t, p, map[any]any{1: -7}, map[any]any{}, []byte{0xa1, 1, 0x62, 'I', 'D'}),
		"other JSON":           sign1(t, p, map[any]any{1: -7}, map[any]any{}, []byte("{}")),
	} {
		_, err := w3c.COSE{}.Parse(raw, "")
		require.ErrorIs(t, err, credential.ErrOtherFormat, name)
		if name != "empty" && name != "text" {
			continue
		}
		_, err = w3c.COSE{}.Parse(raw, "application/vc+cose")
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
	for name, payload := range map[string]string{"no JSON": "{", "no document": "{}", "a claim vc": `{"vc":{"@context":["` + w3c.ContextV1 + `"]}}`, "version 1.1": string(marshal(t, contentV1(p.did)))} {
		_, err := w3c.COSE{}.Parse(sign1(t, p, headers(p, nil), map[any]any{}, []byte(payload)), "")
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
}
