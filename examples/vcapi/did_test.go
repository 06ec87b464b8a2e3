package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/jwk"
	"github.com/sanad-credentials/sanad/did/web"
	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

func (a *api) resolve(path, accept string) result {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+"/1.0/identifiers/"+path, nil)
	require.NoError(a.t, err)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	return a.send(r)
}

func TestResolve(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		for _, path := range []string{by.did(), url.PathEscape(by.did()), strings.ReplaceAll(by.did(), ":", "%3A")} {
			for _, accept := range []string{"", "*/*", resolutionType, `application/ld+json;profile="https://w3id.org/did-resolution"`, "text/html, application/did-resolution;q=0.9"} {
				r := a.resolve(path, accept)
				require.Equal(t, http.StatusOK, r.status, string(r.raw))
				require.Equal(t, resolutionType, r.header.Get("Content-Type"))
				require.Equal(t, object{"contentType": documentType}, r.object["didResolutionMetadata"])
				require.Equal(t, object{}, r.object["didDocumentMetadata"])
				doc := r.object["didDocument"].(object)
				require.Equal(t, by.did(), doc["id"])
				method := doc["verificationMethod"].([]any)[0].(object)
				require.Equal(t, by.method(), method["id"])
				require.Equal(t, "Multikey", method["type"])
				require.Equal(t, by.did(), "did:key:"+method["publicKeyMultibase"].(string))
				require.Contains(t, doc["assertionMethod"], by.method())
			}
		}
		for _, accept := range documentTypes {
			r := a.resolve(by.did(), accept)
			require.Equal(t, http.StatusOK, r.status)
			require.Equal(t, accept, r.header.Get("Content-Type"))
			require.Equal(t, by.did(), r.object["id"], "the document alone")
			require.NotContains(t, r.object, "didResolutionMetadata")
		}
	}
}

// TestResolveErrors: each error is an object, beside an empty document.
func TestResolveErrors(t *testing.T) {
	a := newAPI(t, config{})
	a.resolvers["gone"] = func(context.Context, string) (*did.Document, error) {
		return nil, fmt.Errorf("x: %w", did.ErrDeactivated)
	}
	a.resolvers["away"] = func(context.Context, string) (*did.Document, error) {
		return nil, fmt.Errorf("x: %w", proof.ErrUnavailable)
	}
	a.resolvers["none"] = func(context.Context, string) (*did.Document, error) { return nil, nil }
	good := a.issuers[0].did()
	for name, row := range map[string]struct {
		path, accept string
		want         int
		kind         string
	}{
		"nothing":                     {"", "", 400, "INVALID_DID"},
		"not a DID":                   {"not-a-did", "", 400, "INVALID_DID"},
		"no identifier":               {"did:example", "", 400, "INVALID_DID"},
		"an empty identifier":         {"did:key:", "", 400, "INVALID_DID"},
		"white space":                 {"did:key:%20z", "", 400, "INVALID_DID"},
		"a method in capitals":        {"did:KEY:z6Mk", "", 400, "INVALID_DID"},
		"a DID URL":                   {good + "%23key", "", 400, "INVALID_DID"},
		"no key":                      {"did:key:z6Mk", "", 400, "INVALID_DID"},
		"no multibase":                {"did:key:6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "", 400, "INVALID_DID"},
		"an unknown method":           {"did:unsupported:123456789abcdefghi", "", 501, "METHOD_NOT_SUPPORTED"},
		"another unknown method":      {"did:example:123", resolutionType, 501, "METHOD_NOT_SUPPORTED"},
		"out of reach":                {"did:away:1", "", 404, "NOT_FOUND"},
		"not there":                   {"did:none:1", "", 404, "NOT_FOUND"},
		"an unknown representation":   {good, "application/x-unknown", 406, "REPRESENTATION_NOT_SUPPORTED"},
		"a page":                      {good, "text/html", 406, "REPRESENTATION_NOT_SUPPORTED"},
		"an unknown one as option":    {good + "?accept=text/html", "", 406, "REPRESENTATION_NOT_SUPPORTED"},
		"an option not in ASCII":      {good + "?accept=" + url.QueryEscape("приложение"), "", 400, "INVALID_OPTIONS"},
		"an option that is no type":   {good + "?accept=a%20b%20c", "", 400, "INVALID_OPTIONS"},
		"an option twice":             {good + "?accept=a/b&accept=c/d", "", 400, "INVALID_OPTIONS"},
		"a query that is none":        {good + "?accept=%zz", "", 400, "INVALID_OPTIONS"},
		"an option that is not known": {good + "?versionId=1", "", 501, "FEATURE_NOT_SUPPORTED"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &api{a.server, t, a.url}
			r := a.resolve(row.path, row.accept)
			require.Equal(t, row.want, r.status, string(r.raw))
			require.Equal(t, resolutionType, r.header.Get("Content-Type"))
			require.Contains(t, r.object, "didDocument")
			require.Nil(t, r.object["didDocument"])
			require.Equal(t, object{}, r.object["didDocumentMetadata"])
			e := r.object["didResolutionMetadata"].(object)["error"].(object)
			require.Equal(t, "https://www.w3.org/ns/did#"+row.kind, e["type"])
			require.NotEmpty(t, e["title"])
		})
	}
	r := a.resolve("did:gone:1", "")
	require.Equal(t, http.StatusGone, r.status)
	require.Nil(t, r.object["didDocument"])
	require.Equal(t, object{"deactivated": true}, r.object["didDocumentMetadata"])
	require.Equal(t, http.StatusOK, a.resolve(good+"?accept=application/did", "").status)
}

// TestResolveWeb has a DID whose identifier has something encoded: the port.
func TestResolveWeb(t *testing.T) {
	mux := http.NewServeMux()
	ts := fetchtest.NewServer(t, mux)
	id := "did:web:localhost%3A" + ts.Port
	signer := newAPI(t, config{}).issuers[0].signer
	doc := did.Document{
		ID:            id,
		Methods:       []did.VerificationMethod{{ID: id + "#1", Type: "Multikey", Controller: id, Public: signer.Key().Public}},
		Relationships: map[proof.Purpose][]string{proof.AssertionMethod: {id + "#1"}},
	}
	text, err := doc.MarshalJSON()
	require.NoError(t, err)
	mux.HandleFunc("/.well-known/did.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) })
	mux.HandleFunc("/gone/did.json", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	mux.HandleFunc("/broken/did.json", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	resolver, err := web.New(web.Options{Domains: []string{"localhost"}, PrivateHosts: []string{"localhost"}, RootCAs: ts.Roots})
	require.NoError(t, err)
	a := newAPI(t, config{web: resolver})
	for path, want := range map[string]int{
		id: 200, strings.ReplaceAll(url.QueryEscape(id), "+", "%20"): 200,
		id + ":gone": 410, id + ":missing": 404, id + ":broken": 404, "did:web:example.com": 404, "did:web:": 400, "did:web:..": 400,
	} {
		r := a.resolve(path, "")
		require.Equal(t, want, r.status, "%s: %s", path, r.raw)
	}
	require.Equal(t, http.StatusNotImplemented, newAPI(t, config{}).resolve(id, "").status)

	key := signer.Key()
	key.ID, key.Controllers = id+"#1", []string{id}
	named := renamed{signer, key}
	vc := signed(t, example(id), named, dataintegrity.Options{Created: time.Now()})
	require.Equal(t, http.StatusOK, a.verify(vc).status)
	require.Equal(t, http.StatusBadRequest, newAPI(t, config{}).verify(vc).status, "no key without the network")
}

// renamed is a signer whose key goes by another name.
type renamed struct {
	proof.Signer
	key proof.Key
}

func (r renamed) Key() proof.Key { return r.key }

func TestResolveJWK(t *testing.T) {
	a := newAPI(t, config{})
	id, err := jwk.ID(a.issuers[0].signer.Key().Public)
	require.NoError(t, err)
	r := a.resolve(id, "")
	require.Equal(t, http.StatusOK, r.status, string(r.raw))
	require.Equal(t, id, r.object["didDocument"].(object)["id"])
	require.Equal(t, http.StatusNotImplemented, a.resolve("did:jwk:e30", "").status, "a document, with a key of no known kind")
	require.Equal(t, http.StatusBadRequest, a.resolve("did:jwk:x", "").status)

	signer, err := jwk.NewSigner(ed25519.NewKeyFromSeed(make([]byte, 32)))
	require.NoError(t, err)
	vc := signed(t, example(signer.Key().Controllers[0]), signer, dataintegrity.Options{Created: time.Now()})
	require.Equal(t, http.StatusOK, a.verify(vc).status)
}
