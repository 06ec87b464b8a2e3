package main

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/jwk"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/did/web"
	"github.com/sanad-credentials/sanad/proof"
)

// The media types of DID Resolution 1.0, section 10.1.
const (
	resolutionType = "application/did-resolution"
	documentType   = "application/did"

	didError = "https://www.w3.org/ns/did#"

	identifiersPath = "/1.0/identifiers/"
)

// documentTypes ask for the document alone. The document is JSON-LD, so it is
// each of them.
var documentTypes = []string{documentType, "application/did+json", "application/did+ld+json", "application/ld+json", jsonType}

// resolve makes the document of a DID. It knows the methods of resolvers.
type resolve func(ctx context.Context, id string) (*did.Document, error)

// resolvers are all there are; w may be nil.
func resolvers(w *web.Resolver) map[string]resolve {
	all := map[string]resolve{
		"jwk": func(_ context.Context, id string) (*did.Document, error) { return jwk.Document(id) },
		"key": func(_ context.Context, id string) (*did.Document, error) { return key.Document(id) },
	}
	if w != nil {
		all["web"] = w.Document
	}
	return all
}

// resolution is the result of DID resolution (section 4).
type resolution struct {
	Metadata         resolutionMetadata `json:"didResolutionMetadata"`
	Document         *did.Document      `json:"didDocument"`
	DocumentMetadata documentMetadata   `json:"didDocumentMetadata"`
}

type resolutionMetadata struct {
	ContentType string   `json:"contentType,omitempty"`
	Error       *problem `json:"error,omitempty"`
}

type documentMetadata struct {
	Deactivated bool `json:"deactivated,omitempty"`
}

// resolveDID is GET /1.0/identifiers/{did} (section 10.1).
func (s *server) resolveDID(r *http.Request) reply {
	mediaType, fail := representation(r)
	if fail != nil {
		return *fail
	}
	id := identifier(r)
	method := did.Method(id)
	if method == "" {
		return unresolved(http.StatusBadRequest, "INVALID_DID", "not a DID")
	}
	resolve, ok := s.resolvers[method]
	if !ok {
		return unresolved(http.StatusNotImplemented, "METHOD_NOT_SUPPORTED", "this DID method is not resolved here")
	}
	doc, err := resolve(r.Context(), id)
	switch {
	case errors.Is(err, did.ErrDeactivated):
		return answer(http.StatusGone, resolutionType, resolution{DocumentMetadata: documentMetadata{Deactivated: true}})
	case errors.Is(err, did.ErrNotFound), errors.Is(err, web.ErrRefused), errors.Is(err, proof.ErrUnavailable):
		return unresolved(http.StatusNotFound, "NOT_FOUND", err.Error())
	case err != nil:
		return unresolved(http.StatusBadRequest, "INVALID_DID", err.Error())
	case doc == nil:
		return unresolved(http.StatusNotFound, "NOT_FOUND", "no document")
	}
	text, err := doc.MarshalJSON()
	if err != nil {
		return unresolved(http.StatusNotImplemented, "FEATURE_NOT_SUPPORTED", err.Error())
	}
	if mediaType != resolutionType {
		return reply{status: http.StatusOK, mediaType: mediaType, body: text, header: varyAccept()}
	}
	out := answer(http.StatusOK, resolutionType, struct {
		Metadata         resolutionMetadata `json:"didResolutionMetadata"`
		Document         json.RawMessage    `json:"didDocument"`
		DocumentMetadata documentMetadata   `json:"didDocumentMetadata"`
	}{resolutionMetadata{ContentType: documentType}, text, documentMetadata{}})
	out.header = varyAccept()
	return out
}

// identifier reads the DID in the path. A client may have encoded it, and a DID
// may itself have something encoded, as the port of a did:web: only one that
// does not begin like a DID was encoded as a whole.
func identifier(r *http.Request) string {
	raw := strings.TrimPrefix(r.URL.EscapedPath(), identifiersPath)
	if strings.HasPrefix(raw, "did:") {
		return raw
	}
	return r.PathValue("did")
}

func varyAccept() http.Header { return http.Header{"Vary": {"Accept"}} }

func unresolved(status int, kind, detail string) reply {
	p := &problem{Type: didError + kind, Title: kind, Detail: detail}
	return answer(status, resolutionType, resolution{Metadata: resolutionMetadata{Error: p}})
}

// representation chooses what to answer with: the header Accept, or the option
// of that name in the query. Other options are not known.
func representation(r *http.Request) (string, *reply) {
	wanted := accepted(r.Header.Values("Accept"))
	options, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", refused(unresolved(http.StatusBadRequest, "INVALID_OPTIONS", "a query that is none"))
	}
	for name, values := range options {
		switch {
		case name != "accept":
			return "", refused(unresolved(http.StatusNotImplemented, "FEATURE_NOT_SUPPORTED", "a resolution option that is not known here"))
		case slices.ContainsFunc([]byte(strings.Join(values, "")), func(b byte) bool { return b <= ' ' && b != ' ' || b >= 0x7f }), len(values) != 1:
			return "", refused(unresolved(http.StatusBadRequest, "INVALID_OPTIONS", "accept: not one media type in ASCII"))
		}
		if _, _, err := mime.ParseMediaType(values[0]); err != nil {
			return "", refused(unresolved(http.StatusBadRequest, "INVALID_OPTIONS", "accept: not a media type"))
		}
		wanted = accepted(values)
	}
	if len(wanted) == 0 {
		return resolutionType, nil
	}
	for _, t := range wanted {
		switch {
		case t == resolutionType, t == "*/*", t == "application/*":
			return resolutionType, nil
		case slices.Contains(documentTypes, t):
			return t, nil
		}
	}
	return "", refused(unresolved(http.StatusNotAcceptable, "REPRESENTATION_NOT_SUPPORTED", "none of the media types asked for is served"))
}

// accepted are the media types of a header Accept, in their order. Weights are
// not looked at, save that none is refused by them. JSON-LD with the profile of
// DID resolution is the older name of the same.
func accepted(headers []string) []string {
	var out []string
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		t, params, err := mime.ParseMediaType(part)
		if err != nil || params["q"] == "0" {
			continue
		}
		if t == "application/ld+json" && params["profile"] == "https://w3id.org/did-resolution" {
			t = resolutionType
		}
		out = append(out, t)
	}
	return out
}
