package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/jwk"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/did/web"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// requestTime is how long one request may take, fetching of lists included.
const requestTime = 20 * time.Second

// config is what the flags say.
type config struct {
	base string // URL under which the server is reached, without a slash at its end
	// status adds a revocation entry to every credential issued.
	status bool
	// strictIssuer refuses what is signed by another key than the issuer's, which
	// is otherwise a warning; strictHolder a presenter who is not the subject.
	strictIssuer, strictHolder bool
	// strictNames refuses documents with signed statements whose members may hide
	// some of them, as with contexts inside the document: see
	// [w3c.Format].InsecureAnyNames.
	strictNames bool
	// fetch gets status lists that are not this server's.
	fetch status.Source
	// web resolves did:web; nil: it is not supported.
	web *web.Resolver
	// trouble is where panics are told; none is expected.
	trouble io.Writer
}

// server holds the keys and lists of one run: nothing is kept on disk.
type server struct {
	cfg       config
	format    w3c.Format
	issuers   []*issuer
	lists     *lists
	resolvers map[string]resolve
	// full makes every check, proofOnly those of data model and proof.
	full, proofOnly *credential.Verifier
}

func newServer(c config) (*server, error) {
	s := &server{cfg: c, lists: &lists{base: c.base + "/status/"}, resolvers: resolvers(c.web)}
	contexts, err := rdf.New()
	if err != nil {
		return nil, err
	}
	if !c.strictNames {
		contexts = contexts.InsecureInlineContexts()
	}
	s.format = w3c.Format{RDF: contexts, BBS: bbs.Scheme{}, InsecureAnyNames: !c.strictNames}
	if s.issuers, err = newIssuers(s.format); err != nil {
		return nil, err
	}
	keys := []proof.Resolver{key.Resolver{}, jwk.Resolver{}}
	if c.web != nil {
		keys = append(keys, c.web)
	}
	checker, err := status.NewBitstring(s.lists.source(c.fetch), s.format)
	if err != nil {
		return nil, err
	}
	v := credential.Config{
		Formats: []credential.Format{s.format}, Keys: proof.Resolvers(keys...),
		// Whom to trust is not a question of conformance: anyone who has a key.
		InsecureAnyIssuer: true, InsecureAnyController: !c.strictIssuer,
		Status: status.Mux{status.TypeBitstring: checker},
	}
	if s.full, err = credential.NewVerifier(v); err != nil {
		return nil, err
	}
	v.Status, v.InsecureSkipStatus, v.InsecureAnyController = nil, true, true
	s.proofOnly, err = credential.NewVerifier(v)
	return s, err
}

// endpoint answers one kind of request. It never writes itself.
type endpoint func(*http.Request) reply

// handler is every endpoint under its path.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	post := func(path string, e endpoint) { mux.Handle(path, s.serve(http.MethodPost, e)) }
	get := func(path string, e endpoint) { mux.Handle(path, s.serve(http.MethodGet, e)) }
	for _, prefix := range []string{"", "/issuers/{tag}"} {
		post(prefix+"/credentials/issue", s.issue)
		post(prefix+"/credentials/derive", s.derive)
		post(prefix+"/presentations/prove", s.prove)
	}
	post("/credentials/verify", s.verifyCredential)
	post("/presentations/verify", s.verifyPresentation)
	post("/credentials/status", s.setStatus)
	get("/status/{n}", s.statusList)
	get(identifiersPath+"{did...}", s.resolveDID)
	get("/{$}", func(*http.Request) reply { return answer(http.StatusOK, jsonType, s.describe("")) })
	mux.Handle("/", s.serve("", func(*http.Request) reply {
		return refuse(http.StatusNotFound, noType, "no such endpoint; GET / names them")
	}))
	return mux
}

// serve bounds a request and writes its answer. A method of "" is any.
func (s *server) serve(method string, e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, limits.Credential)
		var out reply
		if method == "" || r.Method == method || method == http.MethodGet && r.Method == http.MethodHead {
			out = s.guarded(e, r.WithContext(ctx))
		} else {
			out = refuse(http.StatusMethodNotAllowed, noType, "use "+method)
			out.header = http.Header{"Allow": {method}}
		}
		for name, values := range out.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", out.mediaType)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(out.status)
		_, _ = w.Write(out.body) // whoever asked has gone
	})
}

// guarded keeps a panic, which would be a mistake in the library, from ending
// anything but the request that caused it.
func (s *server) guarded(e endpoint, r *http.Request) (out reply) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(s.cfg.trouble, "vcapi: panic in %s: %v\n%s", r.Pattern, p, debug.Stack())
			out = refuse(http.StatusBadRequest, malformedError, "the request could not be processed")
		}
	}()
	return e(r)
}

// description tells a harness what there is.
type description struct {
	Base        string            `json:"base"`
	Endpoints   map[string]string `json:"endpoints"`
	Issuers     []described       `json:"issuers"`
	Certificate string            `json:"certificate,omitempty"` // PEM, of -tls
}

type described struct {
	Tag                string `json:"tag"`
	ID                 string `json:"id"` // DID
	VerificationMethod string `json:"verificationMethod"`
	Cryptosuite        string `json:"cryptosuite"`
	KeyType            string `json:"keyType"`
	Issue              string `json:"issue"`
	Prove              string `json:"prove"`
}

func (s *server) describe(certificate string) description {
	b := s.cfg.base
	d := description{Base: b, Certificate: certificate, Endpoints: map[string]string{
		"issue": b + "/credentials/issue", "verify": b + "/credentials/verify", "derive": b + "/credentials/derive",
		"setStatus": b + "/credentials/status", "prove": b + "/presentations/prove", "verifyPresentation": b + "/presentations/verify",
		"resolve": b + strings.TrimSuffix(identifiersPath, "/"), "status": strings.TrimSuffix(s.lists.base, "/"),
	}}
	for _, i := range s.issuers {
		own := b + "/issuers/" + i.tag
		d.Issuers = append(d.Issuers, described{
			Tag: i.tag, ID: i.did(), VerificationMethod: i.method(), Cryptosuite: i.suite, KeyType: i.keyKind,
			Issue: own + "/credentials/issue", Prove: own + "/presentations/prove",
		})
	}
	return d
}
