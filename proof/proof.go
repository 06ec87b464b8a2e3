// Package proof holds what a signature is made and checked with: keys,
// algorithms, purposes and signers.
//
// A [Key] fixes both the algorithms and the purposes it may be used for, so a
// message can never choose them. Where a key comes from and whom it may speak
// for are questions of other packages: did and trustlist resolve keys,
// trustlist decides on authority, credential puts them together.
package proof

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// ErrUnavailable says that something could not be found out now: a key source
// was out of reach, a list was too old. It is the sole cause of an
// inconclusive verification; did, trustlist, status and schema wrap it.
var ErrUnavailable = errors.New("unavailable")

// ErrMismatch says that a signature was checked with a suitable key and does
// not verify.
var ErrMismatch = errors.New("signature does not verify")

// ErrKey says that a key can't be used: it is of an unknown kind, too weak, or
// not for the algorithm asked.
var ErrKey = errors.New("unusable key")

// ErrPointer says that a JSON pointer (RFC 6901) to what is to be disclosed is
// malformed, points to nothing, or into what can only be shown whole.
var ErrPointer = jcs.ErrPointer

// Purpose is the verification relationship a key is needed for (Controlled
// Identifiers 1.0, section 2.3).
type Purpose string

// The purposes that formats ask for.
const (
	AssertionMethod Purpose = "assertionMethod" // to issue
	Authentication  Purpose = "authentication"  // to present
)

// Hint is what a message says of the key that signed it. It is untrusted: it
// finds candidates and decides nothing.
type Hint struct {
	Issuer    string
	KeyID     string
	Algorithm Algorithm
	Chain     []*x509.Certificate // leaf first
}

// Key is a public key with what its source says of it.
type Key struct {
	// ID is the name under which messages refer to the key: a DID URL, a JWK
	// thumbprint, or for health certificates the kid in standard base64.
	ID string
	// Controllers are the issuers for whom the key's source vouches: DIDs, iss
	// values, spellings of a country.
	Controllers []string
	Public      crypto.PublicKey
	// Algorithms and Purposes are never empty: a key without them is for nothing.
	Algorithms []Algorithm
	Purposes   []Purpose
	// NotBefore and NotAfter bound the key's validity; zero means unbounded.
	NotBefore, NotAfter time.Time
	// Chain is the certificate chain the key came in, leaf first, not yet judged.
	Chain []*x509.Certificate
}

// Allows reports whether the key may be used with a for p.
func (k *Key) Allows(a Algorithm, p Purpose) bool {
	return slices.Contains(k.Algorithms, a) && slices.Contains(k.Purposes, p)
}

// Same reports whether two keys have the same public key.
func Same(a, b crypto.PublicKey) bool {
	p, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && p.Equal(b)
}

// Resolver finds the keys that a hint may mean. No key and no error means that
// the source does not know any; an error wrapping [ErrUnavailable] means that
// it could not find out.
type Resolver interface {
	ResolveKeys(context.Context, Hint) ([]Key, error)
}

// Resolvers asks each of rs and joins what they find. Errors count only where
// nobody had a key.
func Resolvers(rs ...Resolver) Resolver { return resolvers(slices.Clone(rs)) }

type resolvers []Resolver

func (rs resolvers) ResolveKeys(ctx context.Context, h Hint) ([]Key, error) {
	var keys []Key
	var errs []error
	for _, r := range rs {
		ks, err := r.ResolveKeys(ctx, h)
		if keys == nil {
			keys = slices.Clip(ks) // nothing is appended to what is another's
		} else {
			keys = append(keys, ks...)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if len(keys) > 0 {
		return keys, nil
	}
	return nil, errors.Join(errs...)
}

// BLSKey is a public key of BBS: a point of BLS12-381's group G2 in compressed
// form (draft-irtf-cfrg-bbs-signatures, section 7.2). It is bytes, so that keys
// can be resolved and listed without the arithmetic of the curve; package bbs
// checks the point wherever it uses one.
type BLSKey [96]byte

// Equal reports whether x is the same key.
func (k BLSKey) Equal(x crypto.PublicKey) bool {
	o, ok := x.(BLSKey)
	return ok && k == o
}
