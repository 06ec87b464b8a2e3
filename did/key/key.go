// Package key implements did:key, the DID method whose identifiers are the
// public keys themselves: nothing is fetched, and nobody can revoke or rotate
// one (W3C CCG, The did:key Method 0.9; Controlled Identifiers 1.0, section
// 2.2.2 on Multikey).
//
// The identifier is "did:key:" and the key as a Multikey: "z", then in base58
// the multicodec number of the kind of key and its bytes. Signatures are
// verified with Ed25519 (z6Mk…), P-256 (zDn…), P-384 (z82…), P-521 (z2J9…),
// secp256k1 (zQ3s…), RSA (z4MX…, zgg…) and BLS12-381 G2 keys (zUC7…). Recognised,
// and put into documents, but not verified with are X25519 (z6LS…) and BLS12-381
// keys of G1 (z3tE…). The
// verification method of such a DID is its identifier with itself as fragment,
// and it may be used to issue and to present.
package key

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/proof"
)

const prefix = "did:key:"

// ID returns the did:key of a public key: an ed25519.PublicKey, an
// *ecdsa.PublicKey on P-256, P-384, P-521 or secp256k1, an *rsa.PublicKey, a
// [proof.BLSKey] or a [did.OtherKey]. The error wraps [proof.ErrKey].
func ID(pub crypto.PublicKey) (string, error) {
	s, err := did.FormatMultikey(pub)
	if err != nil {
		return "", fmt.Errorf("did:key: %w", err)
	}
	return prefix + s, nil
}

// Parse returns the public key of a did:key, a [did.OtherKey] where its kind is
// only recognised. There is one spelling for each key, and every other is
// refused: another multibase, a multicodec number with leading zeros, an
// uncompressed point. For the errors see [did.ParseMultikey].
func Parse(id string) (crypto.PublicKey, error) {
	encoded, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return nil, fmt.Errorf("did:key: another method: %w", did.ErrInvalid)
	}
	pub, err := did.ParseMultikey(encoded)
	if err != nil {
		return nil, fmt.Errorf("did:key: %w", err)
	}
	return pub, nil
}

// Document returns the DID document of a did:key; for the errors see [Parse].
// All kinds of key but BLS12-381 are listed for key agreement too; an Ed25519
// key has a second method for it, the X25519 key that is the same point
// (RFC 7748, section 4.1). X25519 keys are for nothing else. Of a pair of
// BLS12-381 keys the document has the one of G1, as the method's vectors do.
func Document(id string) (*did.Document, error) {
	pub, err := Parse(id)
	if err != nil {
		return nil, err
	}
	d, err := document(id, pub)
	if err != nil {
		return nil, err
	}
	agreement := []string{d.Methods[0].ID}
	if k, ok := pub.(ed25519.PublicKey); ok {
		agreement = nil
		if x, ok := montgomery(k); ok {
			derived := did.OtherKey{Kind: did.X25519, Bytes: x}
			fragment, err := did.FormatMultikey(derived)
			if err != nil {
				return nil, fmt.Errorf("did:key: %w", err)
			}
			m := method(id, fragment, derived)
			d.Methods = append(d.Methods, m)
			agreement = []string{m.ID}
		}
	}
	switch k := pub.(type) {
	case proof.BLSKey:
		agreement = nil
	case did.OtherKey:
		if k.Kind != did.X25519 {
			agreement = nil
		}
	}
	if agreement != nil {
		d.Relationships[did.KeyAgreement] = agreement
	}
	return d, nil
}

// document is the document with the key's own method alone.
func document(id string, pub crypto.PublicKey) (*did.Document, error) {
	fragment := strings.TrimPrefix(id, prefix)
	k, other := pub.(did.OtherKey)
	if other && k.Kind == did.BLS12381G1G2 {
		pub = did.OtherKey{Kind: did.BLS12381G1, Bytes: k.Bytes[:48]}
		var err error
		if fragment, err = did.FormatMultikey(pub); err != nil {
			return nil, fmt.Errorf("did:key: %w", err)
		}
	}
	m := method(id, fragment, pub)
	d := &did.Document{ID: id, Methods: []did.VerificationMethod{m}, Relationships: map[proof.Purpose][]string{}}
	if !other || k.Kind != did.X25519 {
		for _, p := range []proof.Purpose{proof.AssertionMethod, proof.Authentication, did.CapabilityInvocation, did.CapabilityDelegation} {
			d.Relationships[p] = []string{m.ID}
		}
	}
	return d, nil
}

func method(id, fragment string, pub crypto.PublicKey) did.VerificationMethod {
	return did.VerificationMethod{ID: id + "#" + fragment, Type: "Multikey", Controller: id, Public: pub}
}

// montgomery maps a point of Ed25519 to its u coordinate on Curve25519,
// (1 + y) / (1 - y) mod 2^255 - 19 (RFC 7748, section 4.1). ok is false for the
// point with y = 1, which has none.
func montgomery(k ed25519.PublicKey) (u []byte, ok bool) {
	b := slices.Clone(k)
	b[31] &= 0x7f // the sign of x
	slices.Reverse(b)
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	y, one := new(big.Int).SetBytes(b), big.NewInt(1)
	inverse := new(big.Int).ModInverse(new(big.Int).Sub(one, y), p)
	if inverse == nil {
		return nil, false
	}
	n := inverse.Mul(inverse, y.Add(y, one))
	u = n.Mod(n, p).FillBytes(make([]byte, 32))
	slices.Reverse(u)
	return u, true
}

// Resolver finds the keys of verification methods did:key:X#X. It implements
// [proof.Resolver].
type Resolver struct{}

// ResolveKeys returns the key that h names (see [did.MethodOf]); nothing where it
// is of another method. The identifier alone will do where it is h.Issuer. For
// the errors see [Parse]; a kind of key that is only recognised wraps
// [did.ErrUnsupported], a fragment other than the identifier itself
// [did.ErrInvalid].
func (Resolver) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	url := did.MethodOf(h)
	if !strings.HasPrefix(url, prefix) {
		return nil, nil
	}
	id, fragment, ok := did.Split(url)
	if url == h.Issuer {
		id, ok, fragment = url, true, strings.TrimPrefix(url, prefix)
	}
	if !ok || prefix+fragment != id {
		return nil, fmt.Errorf("did:key: the verification method is not the key itself: %w", did.ErrInvalid)
	}
	k, err := keyOf(id)
	if err != nil {
		return nil, err
	}
	return []proof.Key{*k}, nil
}

// Key returns a public key as the verification method of its did:key, for issuing
// and for presenting: what a signer is made with that is no crypto.Signer. The
// error wraps [proof.ErrKey].
func Key(pub crypto.PublicKey) (*proof.Key, error) {
	id, err := ID(pub)
	if err != nil {
		return nil, err
	}
	return keyOf(id)
}

// keyOf is what the document's Key would be, without making the document: a
// verifier asks for it with each credential and each status list.
func keyOf(id string) (*proof.Key, error) {
	pub, err := Parse(id)
	if err != nil {
		return nil, err
	}
	m := method(id, strings.TrimPrefix(id, prefix), pub)
	return m.Key()
}

// NewSigner makes a Signer of s whose key is the verification method of its
// did:key, for issuing and for presenting. The error wraps [proof.ErrKey].
func NewSigner(s crypto.Signer) (proof.Signer, error) {
	if s == nil {
		return nil, fmt.Errorf("did:key: no signer: %w", proof.ErrKey)
	}
	k, err := Key(s.Public())
	if err != nil {
		return nil, err
	}
	return proof.NewSigner(s, *k)
}
