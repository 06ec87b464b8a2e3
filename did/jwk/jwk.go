// Package jwk implements did:jwk, the DID method whose identifiers are JSON Web
// Keys: nothing is fetched, and nobody can revoke or rotate one (did:jwk Method
// Specification).
//
// The identifier is "did:jwk:" and the JWK's JSON text in base64url. The one
// verification method of such a DID has the fragment "0". It may be used to
// issue and to present, unless the JWK says that it is for encryption.
//
// One key has many identifiers, since its JSON can be written in many ways;
// each is a DID of its own. [ID] gives the one of the canonical form.
package jwk

import (
	"context"
	"crypto"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

const (
	prefix   = "did:jwk:"
	fragment = "#0"
)

// ID returns the did:jwk of a public key, its JWK written as RFC 8785 has it:
// an ed25519.PublicKey, an *ecdsa.PublicKey on P-256, P-384, P-521 or secp256k1, or
// an *rsa.PublicKey. The error wraps [proof.ErrKey].
func ID(pub crypto.PublicKey) (string, error) {
	text, err := jwk.Marshal(pub, "")
	if err != nil {
		return "", fmt.Errorf("did:jwk: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(text), nil
}

// Document returns the DID document of a did:jwk of at most [did.MaxLength]
// bytes. The error wraps [did.ErrInvalid] where the identifier is not canonical
// base64url of a JSON object, [proof.ErrKey] where the JWK is private.
//
// A JWK for signatures (use "sig") is not listed for key agreement, one for
// encryption (use "enc") for nothing else. What its key can't be used for, or
// is not implemented, shows in the Err of the method, or in [did.Document.Key].
func Document(id string) (*did.Document, error) {
	encoded, ok := strings.CutPrefix(id, prefix)
	if !ok || len(id) > did.MaxLength {
		return nil, fmt.Errorf("did:jwk: another method, or over %d bytes: %w", did.MaxLength, did.ErrInvalid)
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || base64.RawURLEncoding.EncodeToString(text) != encoded {
		return nil, fmt.Errorf("did:jwk: not base64url: %w", did.ErrInvalid)
	}
	v, err := jcs.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("did:jwk: %w: %w", did.ErrInvalid, err)
	case v.Kind() != jcs.Object:
		return nil, fmt.Errorf("did:jwk: %s, not an object: %w", v.Kind(), did.ErrInvalid)
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} { // RFC 7518, section 6
		if v.Member(name).Exists() {
			return nil, fmt.Errorf("did:jwk: %s: %w: %w", name, did.ErrInvalid, jwk.ErrPrivate)
		}
	}
	d, err := did.Parse(document(id, v))
	if err != nil {
		return nil, fmt.Errorf("did:jwk: %w", err)
	}
	return d, nil
}

// document writes the document as the method's specification has it.
func document(id string, v jcs.Value) []byte {
	out := append(jcs.Quote([]byte(`{"id":`), id), `,"verificationMethod":[{"id":"`+fragment+`","type":"JsonWebKey2020","controller":`...)
	out = append(jcs.Quote(out, id), `,"publicKeyJwk":`...)
	out = append(v.Append(out), `}]`...)
	use, _ := v.Member("use").Text()
	if use != "enc" {
		for _, p := range []proof.Purpose{proof.AssertionMethod, proof.Authentication, did.CapabilityInvocation, did.CapabilityDelegation} {
			out = append(out, `,"`+string(p)+`":["`+fragment+`"]`...)
		}
	}
	if use != "sig" {
		out = append(out, `,"`+string(did.KeyAgreement)+`":["`+fragment+`"]`...)
	}
	return append(out, '}')
}

// Resolver finds the keys of verification methods did:jwk:X#0. It implements
// [proof.Resolver].
type Resolver struct{}

// ResolveKeys returns the key that h names (see [did.MethodOf]); nothing where it
// is of another method. The identifier alone will do where it is h.Issuer. For
// the errors see [Document]; a key that is not for signatures or of
// a kind that is not implemented wraps [proof.ErrKey], a fragment other than 0
// [did.ErrInvalid].
func (Resolver) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	url := did.MethodOf(h)
	if !strings.HasPrefix(url, prefix) {
		return nil, nil
	}
	id, ok := strings.CutSuffix(url, fragment)
	if !ok && url != h.Issuer {
		return nil, fmt.Errorf("did:jwk: the verification method is not #0: %w", did.ErrInvalid)
	}
	k, err := keyOf(id)
	if err != nil {
		return nil, err
	}
	return []proof.Key{*k}, nil
}

func keyOf(id string) (*proof.Key, error) {
	d, err := Document(id)
	if err != nil {
		return nil, err
	}
	k, err := d.Key(id + fragment)
	if err == nil && k == nil {
		err = proof.ErrKey
	}
	if err != nil {
		return nil, fmt.Errorf("did:jwk: %w", err)
	}
	return k, nil
}

// NewSigner makes a Signer of s whose key is the verification method of its
// did:jwk, for issuing and for presenting. The error wraps [proof.ErrKey].
func NewSigner(s crypto.Signer) (proof.Signer, error) {
	if s == nil {
		return nil, fmt.Errorf("did:jwk: no signer: %w", proof.ErrKey)
	}
	id, err := ID(s.Public())
	if err != nil {
		return nil, err
	}
	k, err := keyOf(id)
	if err != nil {
		return nil, err
	}
	return proof.NewSigner(s, *k)
}
