// Package web implements did:web, the DID method whose documents are files on
// web servers (W3C CCG, did:web Method Specification), and the controlled
// identifier documents that an https URL names (Controlled Identifiers 1.0).
//
// It is the one DID method here that needs a network. A [Resolver] asks only by
// https and only public addresses, for a limited time and size, and remembers
// answers for as long as their servers allow, an hour at most unless told
// otherwise. Who controls the host, its DNS name or a certificate authority
// controls the keys, today's and those of the past: a did:web says no more than
// a web site does.
//
// Which identifiers are looked up comes from the messages to be verified. List
// in [Options.Domains] the hosts of the issuers you expect, where you can: then
// nobody makes your verifier ask anyone else.
package web

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/internal/fetch"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// ErrRefused says that a host was not asked, or its answer not read to the end:
// it is not among the domains allowed, not on the public internet, redirects
// too often, or sends more than 1 MiB.
var ErrRefused = fetch.ErrRefused

// Options configure a [Resolver]. The zero value is of use.
type Options struct {
	// Domains, if any, are the only hosts that are asked, redirects included:
	// names without a port, each for itself and not for those below it.
	Domains []string
	// Timeout is for finding one document; 0 means 10 seconds.
	Timeout time.Duration
	// MaxAge caps how long a document is used without asking again, and so how
	// long a key that was withdrawn stays in use; 0 means an hour, a negative
	// value that every look-up asks. Documents whose servers say nothing are
	// used for a minute.
	MaxAge time.Duration
	// PrivateHosts are host names that may lie in private networks or on this
	// machine.
	PrivateHosts []string
	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	// Proxy is asked instead of the hosts themselves; it then has to check the
	// addresses that their names resolve to.
	Proxy *url.URL
}

// Resolver fetches documents and finds keys in them. It implements
// [proof.Resolver], is immutable and safe for concurrent use.
type Resolver struct{ client *fetch.Client }

// New makes a Resolver. The error says which option is not usable.
func New(o Options) (*Resolver, error) {
	c, err := fetch.New(fetch.Options{
		Timeout: o.Timeout, MaxBytes: limits.DIDDocument, Hosts: o.Domains, PrivateHosts: o.PrivateHosts,
		RootCAs: o.RootCAs, Proxy: o.Proxy, MaxAge: o.MaxAge,
	})
	if err != nil {
		return nil, fmt.Errorf("did:web: %w", err)
	}
	return &Resolver{c}, nil
}

// Close releases idle connections. The resolver stays usable.
func (r *Resolver) Close() { r.client.Close() }

// ResolveKeys returns the key of the verification method that h names (see
// [did.MethodOf]), for the purposes its document lists it for: did:web:…#key, or https://…#key
// of a controlled identifier document. It returns nothing where the identifier
// is of another method, has no document, or the document no such method. For
// the errors see [Resolver.Document]; one that wraps [proof.ErrKey] says that
// the key is unusable.
func (r *Resolver) ResolveKeys(ctx context.Context, h proof.Hint) ([]proof.Key, error) {
	url := did.MethodOf(h)
	id, fragment, ok := strings.Cut(url, "#")
	switch {
	case strings.HasPrefix(id, prefix):
		if url == h.Issuer {
			return nil, nil // which of its keys, nobody says
		}
		if _, _, ok := did.Split(url); !ok {
			return nil, fmt.Errorf("did:web: no DID URL of a verification method: %w", did.ErrInvalid)
		}
	case !strings.HasPrefix(id, "https://"), !ok, fragment == "", strings.Contains(fragment, "#"), len(url) > did.MaxLength:
		return nil, nil
	}
	d, err := r.Document(ctx, id)
	if errors.Is(err, did.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := d.Key(url)
	if k == nil || err != nil {
		return nil, err
	}
	return []proof.Key{*k}, nil
}

// accept asks for what a document may be served as (DID 1.0, section 6).
const accept = "application/did+json, application/did+ld+json, application/did, application/cid, application/json;q=0.9, application/ld+json;q=0.9"

// Document returns the document of a did:web, or the controlled identifier
// document of an https URL. The error wraps
//   - [did.ErrInvalid] where the identifier, or what its server sends, breaks
//     the syntax, or the document names another subject;
//   - [did.ErrNotFound] where there is none (HTTP 404);
//   - [did.ErrDeactivated] where it says so itself, or was withdrawn (410);
//   - [ErrRefused] where the server would not be asked;
//   - [proof.ErrUnavailable] where it could not be asked, or failed.
func (r *Resolver) Document(ctx context.Context, id string) (*did.Document, error) {
	at := id
	if !strings.HasPrefix(id, "https://") {
		var err error
		if at, err = URL(id); err != nil {
			return nil, err
		}
	}
	resp, err := r.client.Get(ctx, fetch.Request{URL: at, Accept: accept})
	switch {
	case errors.Is(err, fetch.ErrGone):
		return nil, fmt.Errorf("did:web: %w: %w", did.ErrDeactivated, err)
	case errors.Is(err, fetch.ErrNotFound):
		return nil, fmt.Errorf("did:web: %w: %w", did.ErrNotFound, err)
	case err != nil:
		return nil, fmt.Errorf("did:web: %w", err)
	}
	if t, _, _ := mime.ParseMediaType(resp.ContentType); t == "text/html" {
		return nil, fmt.Errorf("did:web: the server sends a page in HTML, not a document: %w", did.ErrInvalid)
	}
	d, err := did.Parse(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("did:web: %w", err)
	}
	if d.ID != id {
		return nil, fmt.Errorf("did:web: the document is that of another subject: %w", did.ErrInvalid)
	}
	return d, nil
}
