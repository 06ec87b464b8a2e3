// Package jwks reads a JSON Web Key Set (RFC 7517, section 5) as a trust list
// of one authority, such as the keys that an issuer of SMART Health Cards
// publishes.
//
// A set says which keys there are and not whose: that is for the caller, who
// knows where it comes from. It carries no signature and no date either.
package jwks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrFormat says that a document is no key set.
	ErrFormat = errors.New("jwks: malformed key set")
	// ErrDuplicate is the reason for a key that is in the set already under the
	// same kid.
	ErrDuplicate = errors.New("jwks: listed twice")
)

// Skipped is a key that was not taken. Its reason wraps proof.ErrKey, or
// [ErrDuplicate].
type Skipped = trustlist.Skipped

// Options say whose the keys are.
type Options struct {
	// Info describes the set: where it comes from and when it was fetched.
	Info trustlist.Info
	// Names are the spellings of the issuer, such as the iss of its SMART
	// Health Cards. Nil: the keys speak for any issuer, and the verifier notes
	// that it tolerated this.
	Names []string
	// Authority is the name that reports show. Empty: the first of Names.
	Authority string
	// Territory is the ISO 3166-1 alpha-2 code of its country; it may be empty.
	Territory string
	// Types are what it may issue. Nil: anything.
	Types []string
	// Lenient reads numbers with a sign byte or without leading zeros, and
	// base64 with padding or of the other alphabet, as WHO's network has them.
	Lenient bool
}

// Parse reads a set of at most 64 MB and 100,000 keys into a list of one entry
// with the roles issue and status, and reports the keys that it did not take,
// by their kid or place.
//
// A key is identified by its kid, by its thumbprint (RFC 7638) where it has
// none, and, where the kid is 8 bytes in base64url, also by the form that
// health certificates have it in. One with certificates (x5c) must be the key
// of the first, and is valid as long as that is. A key for encryption is
// skipped, as RFC 7517, section 5, asks, and so is any that is not understood.
//
// The error wraps [ErrFormat], also where no key could be read.
func Parse(raw []byte, o Options) (*trustlist.List, []Skipped, error) {
	if len(raw) > limits.TrustList {
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.TrustList)
	}
	if !utf8.Valid(raw) {
		return nil, nil, fmt.Errorf("%w: not UTF-8", ErrFormat)
	}
	doc, err := members(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	set, err := elements(doc["keys"])
	if err != nil {
		return nil, nil, fmt.Errorf("%w: keys: %w", ErrFormat, err)
	}
	keys, skipped := read(set, o.Lenient)
	if len(keys) == 0 {
		return nil, skipped, fmt.Errorf("%w: none of %d keys could be read", ErrFormat, len(set))
	}
	e := trustlist.Entry{
		Authority: o.Authority, Territory: o.Territory, Names: o.Names, Types: o.Types,
		Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}, Keys: keys,
	}
	if e.Authority == "" && len(o.Names) > 0 {
		e.Authority = o.Names[0]
	}
	l, err := trustlist.New(o.Info, e)
	if err != nil {
		return nil, skipped, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return l, skipped, nil
}

func read(set []json.RawMessage, lenient bool) (keys []proof.Key, skipped []Skipped) {
	mode := jwk.Strict
	if lenient {
		mode = jwk.Lenient
	}
	type seen struct{ id, thumbprint string }
	have := map[seen]bool{}
	for i, raw := range set {
		j, kid, err := parse(raw, mode)
		id := cmp.Or(kid, fmt.Sprintf("keys[%d]", i))
		if err != nil {
			skipped = append(skipped, Skipped{ID: id, Reason: err})
			continue
		}
		if j.ChainErr != nil {
			skipped = append(skipped, Skipped{ID: id, Reason: fmt.Errorf("jwks: %w", j.ChainErr), Kept: true})
		}
		k := j.Proof(proof.AssertionMethod)
		if len(k.Chain) > 0 {
			k.NotBefore, k.NotAfter = k.Chain[0].NotBefore, k.Chain[0].NotAfter
		}
		thumbprint, _ := jwk.Thumbprint(k.Public) // of a key that jwk itself made
		if k.ID == "" {
			k.ID = thumbprint
		}
		if have[seen{k.ID, thumbprint}] {
			skipped = append(skipped, Skipped{ID: id, Reason: ErrDuplicate})
			continue
		}
		have[seen{k.ID, thumbprint}] = true
		keys = append(keys, k)
		if h := jwk.HealthID(k.ID); h != k.ID {
			k.ID = h
			keys = append(keys, k)
		}
	}
	return keys, skipped
}

func parse(raw []byte, m jwk.Mode) (k *jwk.Key, kid string, err error) {
	raw, kid, err = essence(raw)
	if err != nil {
		return nil, "", fmt.Errorf("jwks: %w: %w", err, proof.ErrKey)
	}
	if k, err = jwk.Parse(raw, m); err != nil {
		return nil, kid, fmt.Errorf("jwks: %w", err)
	}
	return k, kid, nil
}
