// Package web asks the issuers of SD-JWT VCs for their keys, and the authors of
// types for their metadata: the files that draft-ietf-oauth-sd-jwt-vc has on web
// servers. It is the part of SD-JWT VC that needs a network.
//
// It asks only by https and only public addresses, for a limited time and size,
// and remembers answers for as long as their servers allow, an hour at most
// unless told otherwise. Whom it asks comes from the credentials to be verified:
// list in [Options].Domains the hosts that you expect, or in Policy.Issuers the
// issuers, before whom no key is looked for. Types are asked for only where the
// issuer is trusted (vct.Checker). Asking tells the host that somebody
// shows a credential of its own, and when.
package web

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/fetch"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	// ErrMetadata says that what a server sent is not the metadata asked for.
	ErrMetadata = errors.New("malformed metadata, or that of another")
	// ErrRefused says that a host was not asked, or its answer not read to the
	// end: it is not among the domains allowed, not on the public internet,
	// redirects too often, or sends too much.
	ErrRefused = fetch.ErrRefused
)

// Options configure a [Resolver]. The zero value is of use.
type Options struct {
	// Domains, if any, are the only hosts that are asked, redirects and jwks_uri
	// included: names without a port, each for itself and not for those below.
	Domains []string
	// Timeout is for one document; 0 means 10 seconds.
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

// Resolver fetches issuers' and types' metadata. It implements [proof.Resolver],
// is immutable and safe for concurrent use.
type Resolver struct{ client *fetch.Client }

// New makes a Resolver. The error says which option is not usable.
func New(o Options) (*Resolver, error) {
	c, err := fetch.New(fetch.Options{
		Timeout: o.Timeout, MaxBytes: limits.Metadata, Hosts: o.Domains, PrivateHosts: o.PrivateHosts,
		RootCAs: o.RootCAs, Proxy: o.Proxy, MaxAge: o.MaxAge,
	})
	if err != nil {
		return nil, fmt.Errorf("sdjwt/web: %w", err)
	}
	return &Resolver{c}, nil
}

// Close releases idle connections. The resolver stays usable.
func (r *Resolver) Close() { r.client.Close() }

// ResolveKeys returns the keys in the metadata of the issuer h.Issuer
// (draft-ietf-oauth-sd-jwt-vc, JWT VC Issuer Metadata) with the identifier
// h.KeyID, or all that are for h.Algorithm where it is empty, at most 32. They
// speak for the issuer. Keys that are not understood are left out. It returns
// nothing where the issuer is no https URL or has no metadata. The error wraps
// [ErrMetadata], [ErrRefused], or [proof.ErrUnavailable].
func (r *Resolver) ResolveKeys(ctx context.Context, h proof.Hint) ([]proof.Key, error) {
	at, ok := metadataURL(h.Issuer)
	if !ok {
		return nil, nil
	}
	meta, err := r.get(ctx, at)
	if errors.Is(err, fetch.ErrNotFound) || errors.Is(err, fetch.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if issuer, _ := meta.Member("issuer").Text(); issuer != h.Issuer {
		return nil, fmt.Errorf("sdjwt/web: issuer metadata: issuer: %w", ErrMetadata)
	}
	set, elsewhere := meta.Member("jwks"), meta.Member("jwks_uri")
	switch {
	case set.Exists() == elsewhere.Exists():
		return nil, fmt.Errorf("sdjwt/web: issuer metadata: neither jwks nor jwks_uri, or both: %w", ErrMetadata)
	case elsewhere.Exists():
		at, _ := elsewhere.Text()
		if set, err = r.get(ctx, at); err != nil {
			return nil, fmt.Errorf("jwks_uri: %w", err)
		}
	}
	return keys(set, h)
}

// metadataURL puts the well-known path between host and path of an issuer.
func metadataURL(issuer string) (string, bool) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(issuer, "?#") {
		return "", false
	}
	return "https://" + u.Host + "/.well-known/jwt-vc-issuer" + strings.TrimSuffix(u.EscapedPath(), "/"), true
}

func (r *Resolver) get(ctx context.Context, at string) (jcs.Value, error) {
	resp, err := r.client.Get(ctx, fetch.Request{URL: at, Accept: "application/json, application/jwk-set+json;q=0.9"})
	if err != nil {
		return jcs.Value{}, fmt.Errorf("sdjwt/web: %w", err)
	}
	v, err := jcs.Parse(resp.Body)
	if err != nil {
		return v, fmt.Errorf("sdjwt/web: %w: %w", ErrMetadata, err)
	}
	if v.Kind() != jcs.Object {
		return v, fmt.Errorf("sdjwt/web: %s, not an object: %w", v.Kind(), ErrMetadata)
	}
	return v, nil
}

func keys(set jcs.Value, h proof.Hint) ([]proof.Key, error) {
	list := set.Member("keys")
	if list.Kind() != jcs.Array {
		return nil, fmt.Errorf("sdjwt/web: keys: %s, not an array: %w", list.Kind(), ErrMetadata)
	}
	var out []proof.Key
	for _, e := range list.Elements() {
		if id, _ := e.Member("kid").Text(); h.KeyID != "" && id != h.KeyID {
			continue
		}
		k, err := jwk.From(e, jwk.Strict)
		if err != nil {
			continue
		}
		key := k.Proof(proof.AssertionMethod)
		if key.Controllers = []string{h.Issuer}; h.KeyID != "" || key.Allows(h.Algorithm, proof.AssertionMethod) {
			out = append(out, key)
		}
	}
	if len(out) > limits.Candidates {
		return nil, fmt.Errorf("sdjwt/web: %d keys fit, at most %d are tried: %w", len(out), limits.Candidates, ErrMetadata)
	}
	return out, nil
}

// TypeMetadata returns the metadata of a type whose name is an https URL, as its
// server sends it; nothing where the name is none, or there is no metadata. What
// it says is not checked. The error wraps [ErrRefused] or
// [proof.ErrUnavailable].
func (r *Resolver) TypeMetadata(ctx context.Context, vct string) ([]byte, error) {
	if !strings.HasPrefix(vct, "https://") {
		return nil, nil
	}
	resp, err := r.client.Get(ctx, fetch.Request{URL: vct, Accept: "application/json"})
	if errors.Is(err, fetch.ErrNotFound) || errors.Is(err, fetch.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sdjwt/web: %w", err)
	}
	return resp.Body, nil
}
