package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
)

// TestStatusElsewhere verifies a credential whose list another server has, with
// a certificate that nobody knows.
func TestStatusElsewhere(t *testing.T) {
	var h http.Handler
	ts := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	other, err := newServer(config{base: ts.Base, status: true, fetch: noFetch(t)})
	require.NoError(t, err)
	h = other.handler()
	by := other.issuers[0]
	there := newAPI(t, config{base: ts.Base})
	there.server = other
	there.url = ts.Base

	issued := func() object {
		r := answer(200, "", object{"credential": with(example(by.did()), "id", absent{})})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ts.Base+"/issuers/"+by.tag+"/credentials/issue", strings.NewReader(string(r.body)))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		return decode(t, ts.Client(), req)["verifiableCredential"].(object)
	}
	vc := issued()
	entry := entries(t, vc)["revocation"]

	for name, row := range map[string]struct {
		allow    []string
		insecure bool
		want     int
	}{
		"not allowed":                   {nil, false, 422},
		"not allowed, any certificate":  {nil, true, 422},
		"another host":                  {[]string{"example.com"}, true, 422},
		"a certificate that is unknown": {[]string{"localhost"}, false, 422},
		"any certificate":               {[]string{"LOCALHOST"}, true, 200},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := fetcher(row.allow, row.insecure)
			require.NoError(t, err)
			r := newAPI(t, config{fetch: f}).verify(vc)
			require.Equal(t, row.want, r.status, string(r.raw))
			if row.want == 422 {
				require.Equal(t, []string{retrievalError}, r.errorTypes())
				require.NotContains(t, string(r.raw), "/status/", "no paths: they may say whose credential it is")
			}
		})
	}

	f, err := fetcher([]string{"localhost"}, true)
	require.NoError(t, err)
	a := newAPI(t, config{fetch: f})
	require.Equal(t, http.StatusOK, a.verify(vc).status)
	change := object{"credentialStatus": with(entry, "status", "1")}
	r := answer(200, "", change)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ts.Base+"/credentials/status", strings.NewReader(string(r.body)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	decode(t, ts.Client(), req)
	require.Equal(t, http.StatusBadRequest, a.verify(vc).status, "asked again each time")
}

// TestFetchInsecure has answers that are no lists.
func TestFetchInsecure(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/gone", http.NotFoundHandler())
	mux.Handle("/elsewhere", http.RedirectHandler("/list", http.StatusFound))
	mux.HandleFunc("/list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("list")) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		block := make([]byte, 1<<20)
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	ts := fetchtest.NewServer(t, mux)
	f := insecure([]string{"localhost"})
	raw, err := f(t.Context(), ts.Base+"/list")
	require.NoError(t, err)
	require.Equal(t, "list", string(raw))
	for _, url := range []string{
		ts.Base + "/gone", ts.Base + "/elsewhere", ts.Base + "/endless", ts.URL + "/list", "http://localhost:" + ts.Port + "/list",
		"https://user@localhost:" + ts.Port + "/list", "https://localhost:1/list", "file:///etc/hostname", "", "https://localhost:x/", "::",
	} {
		_, err := f(t.Context(), url)
		require.Error(t, err, url)
	}
}
