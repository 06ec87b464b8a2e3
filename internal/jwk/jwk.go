// Package jwk reads and writes public JSON Web Keys (RFC 7517): EC keys on
// P-256, P-384 and P-521 and RSA keys (RFC 7518, section 6), EC keys on secp256k1
// (RFC 8812), and Ed25519 keys (RFC 8037). Keys of BBS, on BLS12-381's G2, it
// reads only.
//
// [Strict] takes a key only in the one form that the standards give it.
// [Lenient] reads what the trust lists of WHO's network have as well: there,
// numbers carry a sign byte or lack leading zeros, some base64 is padded or of
// the other alphabet, and curves that the publisher has no name for are left
// to the certificate. In both, a key and its certificate must be the same key,
// and a private key is refused: one that was published is anybody's.
package jwk

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// The reasons for which a key is refused. All wrap [proof.ErrKey].
var (
	ErrSyntax      error = reason("malformed JWK")
	ErrUnsupported error = reason("unsupported kind of key")
	ErrPrivate     error = reason("private key published")
	ErrUse         error = reason("not for verifying signatures")
	ErrCertificate error = reason("unreadable certificate")
	ErrDisagree    error = reason("the key is not that of its certificate")
)

// reason is a kind of proof.ErrKey that does not repeat its text.
type reason string

func (r reason) Error() string { return string(r) }
func (r reason) Unwrap() error { return proof.ErrKey }

// Mode is how closely a key must follow the standards.
type Mode int

// The modes.
const (
	Strict Mode = iota
	Lenient
)

// Key is a public key as published.
type Key struct {
	ID         string // kid; may be empty
	Public     crypto.PublicKey
	Algorithms []proof.Algorithm // what alg says, or the usual ones of its kind
	// Chain is what x5c holds, leaf first; its first key is Public.
	Chain []*x509.Certificate
	// ChainErr says why Chain ends before x5c does: in Lenient a certificate
	// above the leaf may be unreadable.
	ChainErr error
}

// Proof returns the key for the given purposes.
func (k *Key) Proof(purposes ...proof.Purpose) proof.Key {
	return proof.Key{ID: k.ID, Public: k.Public, Algorithms: k.Algorithms, Purposes: purposes, Chain: k.Chain}
}

// Parse reads a key of at most 64 kB. The error wraps one of this package's,
// and jcs.ErrSyntax where raw is not strict JSON.
func Parse(raw []byte, m Mode) (*Key, error) {
	if len(raw) > limits.JWK {
		return nil, fmt.Errorf("jwk: %d bytes, at most %d are read: %w", len(raw), limits.JWK, ErrSyntax)
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("jwk: %w: %w", ErrSyntax, err)
	}
	return From(v, m)
}

// From is Parse for a key inside a document that is parsed already.
func From(v jcs.Value, m Mode) (*Key, error) {
	return (&Reader{Mode: m}).From(v)
}

// Reader reads the keys of one document. Where many have one authority's
// certificate above their own, it is parsed once, and they share it. A Reader is
// for one goroutine.
type Reader struct {
	Mode  Mode
	above map[string]*x509.Certificate // by the text of x5c
}

// From is [From] in the reader's mode.
func (r *Reader) From(v jcs.Value) (*Key, error) {
	k, err := r.from(v)
	if err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	return k, nil
}

func (r *Reader) from(v jcs.Value) (*Key, error) {
	m := r.Mode
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("%s, not an object: %w", v.Kind(), ErrSyntax)
	}
	if v.Member("d").Exists() {
		return nil, ErrPrivate
	}
	if err := checkUse(v); err != nil {
		return nil, err
	}
	k := &Key{}
	var err error
	if k.ID, err = optional(v, "kid"); err != nil {
		return nil, err
	}
	if err := k.readChain(v.Member("x5c"), r); err != nil {
		return nil, err
	}
	if k.Public, err = public(v, m, k.Chain); err != nil {
		return nil, err
	}
	if len(k.Chain) > 0 && !proof.Same(k.Public, k.Chain[0].PublicKey) {
		return nil, ErrDisagree
	}
	k.Algorithms, err = algorithms(v, k.Public)
	return k, err
}

// checkUse applies use and key_ops (RFC 7517, sections 4.2 and 4.3).
func checkUse(v jcs.Value) error {
	if use, err := optional(v, "use"); err != nil {
		return err
	} else if v.Member("use").Exists() && use != "sig" {
		return fmt.Errorf("use: %w", ErrUse)
	}
	ops := v.Member("key_ops")
	if !ops.Exists() {
		return nil
	}
	for _, op := range ops.Elements() {
		if s, _ := op.Text(); s == "verify" {
			return nil
		}
	}
	return fmt.Errorf("key_ops: %w", ErrUse)
}

// algorithms applies alg (RFC 7517, section 4.4), which must fit the key.
func algorithms(v jcs.Value, pub crypto.PublicKey) ([]proof.Algorithm, error) {
	own, err := proof.AlgorithmsFor(pub)
	if err != nil || !v.Member("alg").Exists() {
		return own, err
	}
	alg, err := optional(v, "alg")
	if err != nil {
		return nil, err
	}
	a := proof.Algorithm(alg)
	switch {
	case alg == "Ed25519": // RFC 9864, section 2.2
		a = proof.EdDSA
	case a == proof.RS256 && own[0] == proof.PS256:
		return []proof.Algorithm{a}, nil
	}
	if !slices.Contains(own, a) {
		return nil, fmt.Errorf("alg: not one for this key: %w", ErrUnsupported)
	}
	return []proof.Algorithm{a}, nil
}

// optional returns a string member, which may be absent.
func optional(v jcs.Value, name string) (string, error) {
	m := v.Member(name)
	s, ok := m.Text()
	if m.Exists() && !ok {
		return "", fmt.Errorf("%s: %s, not a string: %w", name, m.Kind(), ErrSyntax)
	}
	return s, nil
}

// required returns a string member that must not be empty.
func required(v jcs.Value, name string) (string, error) {
	s, err := optional(v, name)
	if err == nil && s == "" {
		err = fmt.Errorf("%s: missing: %w", name, ErrSyntax)
	}
	return s, err
}

var errBase64 = errors.New("not base64")
