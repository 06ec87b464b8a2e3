package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

const examples = "https://www.w3.org/ns/credentials/examples/v2"

// object is JSON to be written.
type object = map[string]any

// api is a server under test.
type api struct {
	*server
	t   testing.TB
	url string
}

// alarm fails the test where a panic reached the server.
type alarm struct{ rang atomic.Bool }

func (a *alarm) Write(p []byte) (int, error) { a.rang.Store(true); return len(p), nil }

// newAPI serves a configuration, whose base, fetch and trouble it fills where
// they are missing.
func newAPI(t testing.TB, c config) *api {
	ts := httptest.NewUnstartedServer(nil)
	if c.base == "" {
		c.base = "http://" + ts.Listener.Addr().String()
	}
	if c.fetch == nil {
		c.fetch = noFetch(t)
	}
	a := &alarm{}
	if c.trouble == nil {
		c.trouble = io.MultiWriter(a, testWriter{t})
		t.Cleanup(func() { require.False(t, a.rang.Load(), "a handler panicked") })
	}
	s, err := newServer(c)
	require.NoError(t, err)
	ts.Config.Handler = s.handler()
	ts.Start()
	t.Cleanup(ts.Close)
	return &api{s, t, ts.URL}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) { w.t.Log(string(p)); return len(p), nil }

// result is an answer.
type result struct {
	status int
	header http.Header
	raw    []byte
	object
}

func (r result) errorTypes() []string {
	var out []string
	all, _ := r.object["errors"].([]any)
	for _, e := range all {
		kind, _ := e.(object)["type"].(string)
		out = append(out, kind)
	}
	return out
}

// do sends a body as it is.
func (a *api) do(method, path, contentType string, body []byte) result {
	a.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, a.url+path, bytes.NewReader(body))
	require.NoError(a.t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return a.send(r)
}

func (a *api) send(r *http.Request) result {
	a.t.Helper()
	// Redirects are answers too.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	require.NoError(a.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	require.NotEqual(a.t, http.StatusInternalServerError, res.StatusCode)
	out := result{status: res.StatusCode, header: res.Header, raw: raw}
	if json.Unmarshal(raw, &out.object) != nil {
		out.object = nil
	}
	return out
}

// post sends JSON.
func (a *api) post(path string, body any) result {
	a.t.Helper()
	b, ok := body.([]byte)
	if !ok {
		var err error
		b, err = json.Marshal(body)
		require.NoError(a.t, err)
	}
	return a.do(http.MethodPost, path, "application/json", b)
}

// with returns a copy of a document with the member at a path set, whose steps
// are separated by dots; absent{} removes it. Numbers are positions in arrays.
func with(doc object, path string, value any) object {
	out := clone(doc)
	steps := strings.Split(path, ".")
	var at any = out
	for i, s := range steps {
		last := i == len(steps)-1
		switch v := at.(type) {
		case object:
			switch {
			case !last:
				at = v[s]
			case value == any(absent{}):
				delete(v, s)
			default:
				v[s] = value
			}
		case []any:
			var n int
			if _, err := fmt.Sscan(s, &n); err != nil {
				panic(path)
			}
			if last {
				v[n] = value
			} else {
				at = v[n]
			}
		default:
			panic(path)
		}
	}
	return out
}

// absent is no value.
type absent struct{}

func clone(doc object) object {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	var out object
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return out
}

// example is a credential to be issued by did.
func example(did string) object {
	return object{
		"@context":          []any{w3c.Context, examples},
		"id":                "urn:uuid:e8096060-ce7c-47b3-a682-57098685d48d",
		"type":              []any{"VerifiableCredential", "ExampleDegreeCredential"},
		"issuer":            did,
		"validFrom":         "2025-01-01T00:00:00Z",
		"credentialSubject": object{"id": "did:example:subject", "type": "Person", "name": "A. Pilgrim"},
	}
}

// issued is a credential of an issuer; with selective disclosure, what its holder
// makes of it who shows all.
func (a *api) issued(by *issuer, doc object, options ...object) object {
	a.t.Helper()
	vc := a.sealed(by, doc, options...)
	if !by.selective() {
		return vc
	}
	r := a.derive(vc, "")
	require.Equal(a.t, http.StatusCreated, r.status, string(r.raw))
	return r.object["verifiableCredential"].(object)
}

func (a *api) derive(vc any, pointers ...any) result {
	a.t.Helper()
	return a.post("/credentials/derive", object{"verifiableCredential": vc, "options": object{"selectivePointers": pointers}})
}

// sealed is a credential as its issuer gives it to the holder.
func (a *api) sealed(by *issuer, doc object, options ...object) object {
	a.t.Helper()
	body := object{"credential": doc}
	if len(options) > 0 {
		body["options"] = options[0]
	}
	r := a.post("/issuers/"+by.tag+"/credentials/issue", body)
	require.Equal(a.t, http.StatusCreated, r.status, string(r.raw))
	vc, ok := r.object["verifiableCredential"].(object)
	require.True(a.t, ok)
	return vc
}

func (a *api) verify(vc any, options ...object) result {
	a.t.Helper()
	body := object{"verifiableCredential": vc}
	if len(options) > 0 {
		body["options"] = options[0]
	}
	return a.post("/credentials/verify", body)
}

// signed signs a document without asking whether it is a good one, as an
// attacker could: with a suite that signs JSON as it is.
func signed(t testing.TB, doc object, by proof.Signer, o dataintegrity.Options) object {
	t.Helper()
	b, err := json.Marshal(doc)
	require.NoError(t, err)
	raw, err := dataintegrity.Sign(context.Background(), b, by, o)
	require.NoError(t, err)
	var out object
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// noFetch is the source of a server that fetches nothing.
func noFetch(t testing.TB) status.Source {
	t.Helper()
	f, err := fetcher(nil, false)
	require.NoError(t, err)
	return f
}

// decode does a request that must succeed.
func decode(t *testing.T, c *http.Client, r *http.Request) object {
	t.Helper()
	res, err := c.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Less(t, res.StatusCode, 300)
	var out object
	require.NoError(t, json.NewDecoder(res.Body).Decode(&out))
	return out
}
