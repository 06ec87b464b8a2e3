// Package key implements did:key, the DID method whose identifiers are the
// public keys themselves: nothing is fetched, and nobody can revoke or rotate
// one (W3C CCG, The did:key Method 0.9; Controlled Identifiers 1.0, section
// 2.2.2 on Multikey).
//
// The identifier is "did:key:" and the key in multibase: "z", then in base58
// the multicodec number of the kind of key and its bytes. Implemented are
// Ed25519 (z6Mk…), P-256 (zDn…) and P-384 (z82…). The one verification method
// of such a DID is its identifier with itself as fragment, and it may be used
// to issue and to present.
package key

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/multiformats/go-multibase"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/proof"
)

const prefix = "did:key:"

// Multicodec numbers of public keys (multicodec table, tag key).
const (
	codeEd25519      = 0xed
	codeP256         = 0x1200
	codeP384         = 0x1201
	codeX25519       = 0xec
	codeSecp256k1    = 0xe7
	codeP521         = 0x1202
	codeRSA          = 0x1205
	codeBLS12381G1   = 0xea
	codeBLS12381G2   = 0xeb
	codeBLS12381G1G2 = 0xee
)

// maxEncoded bounds the multibase text of a key that is implemented; the
// longest, of a P-384 key, has 71 characters. Decoding base58 takes time that
// grows with the square of the length.
const maxEncoded = 96

// ID returns the did:key of a public key: an ed25519.PublicKey, or an
// *ecdsa.PublicKey on P-256 or P-384. The error wraps [did.ErrUnsupported] for
// other kinds, [proof.ErrKey] for a key that is malformed.
func ID(pub crypto.PublicKey) (string, error) {
	if _, err := proof.AlgorithmsFor(pub); err != nil {
		return "", fmt.Errorf("did:key: %w", err)
	}
	var code uint64
	var raw []byte
	switch k := pub.(type) {
	case ed25519.PublicKey:
		code, raw = codeEd25519, k
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			code = codeP256
		case elliptic.P384():
			code = codeP384
		}
		if code != 0 {
			point, err := k.Bytes()
			if err != nil {
				return "", fmt.Errorf("did:key: %w", proof.ErrKey)
			}
			raw = compress(point)
		}
	}
	if code == 0 {
		return "", fmt.Errorf("did:key: key of type %T: %w", pub, did.ErrUnsupported)
	}
	s, err := multibase.Encode(multibase.Base58BTC, append(binary.AppendUvarint(nil, code), raw...))
	if err != nil {
		return "", fmt.Errorf("did:key: %w", err)
	}
	return prefix + s, nil
}

// compress turns an uncompressed point, 4‖X‖Y, into 2‖X or 3‖X (SEC 1, section
// 2.3.3).
func compress(point []byte) []byte {
	n := len(point) / 2
	return append([]byte{2 | point[2*n]&1}, point[1:n+1]...)
}

// Parse returns the public key of a did:key. There is one spelling for each
// key, and every other is refused: another multibase, a multicodec number with
// leading zeros, an uncompressed point. The error wraps [did.ErrInvalid], or
// [did.ErrUnsupported] for the kinds of key that are not implemented.
func Parse(id string) (crypto.PublicKey, error) {
	encoded, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return nil, fmt.Errorf("did:key: another method: %w", did.ErrInvalid)
	}
	if len(encoded) < 2 || encoded[0] != multibase.Base58BTC {
		return nil, fmt.Errorf("did:key: not in base58-btc: %w", did.ErrInvalid)
	}
	if len(encoded) > maxEncoded {
		return nil, fmt.Errorf("did:key: %d characters, no supported key has so many: %w", len(encoded), did.ErrUnsupported)
	}
	_, b, err := multibase.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("did:key: not base58-btc: %w", did.ErrInvalid)
	}
	code, n := binary.Uvarint(b)
	if n <= 0 || n != len(binary.AppendUvarint(nil, code)) {
		return nil, fmt.Errorf("did:key: malformed multicodec number: %w", did.ErrInvalid)
	}
	return decode(code, b[n:])
}

func decode(code uint64, raw []byte) (crypto.PublicKey, error) {
	switch code {
	case codeEd25519:
		if len(raw) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("did:key: Ed25519 key of %d bytes: %w", len(raw), did.ErrInvalid)
		}
		return ed25519.PublicKey(raw), nil
	case codeP256:
		return decompress(elliptic.P256(), raw)
	case codeP384:
		return decompress(elliptic.P384(), raw)
	case codeX25519, codeSecp256k1, codeP521, codeRSA, codeBLS12381G1, codeBLS12381G2, codeBLS12381G1G2:
		return nil, fmt.Errorf("did:key: multicodec %#x: %w", code, did.ErrUnsupported)
	}
	return nil, fmt.Errorf("did:key: multicodec %#x is no kind of key: %w", code, did.ErrUnsupported)
}

func decompress(c elliptic.Curve, raw []byte) (crypto.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(c, raw)
	if x == nil {
		return nil, fmt.Errorf("did:key: not a compressed point of %s: %w", c.Params().Name, did.ErrInvalid)
	}
	n := (c.Params().BitSize + 7) / 8
	point := append([]byte{4}, make([]byte, 2*n)...)
	x.FillBytes(point[1 : 1+n])
	y.FillBytes(point[1+n:])
	k, err := ecdsa.ParseUncompressedPublicKey(c, point)
	if err != nil {
		return nil, fmt.Errorf("did:key: not a point of %s: %w", c.Params().Name, did.ErrInvalid)
	}
	return k, nil
}

// Document returns the DID document of a did:key; for the errors see [Parse].
func Document(id string) (*did.Document, error) {
	pub, err := Parse(id)
	if err != nil {
		return nil, err
	}
	method := methodID(id)
	return &did.Document{
		ID:      id,
		Methods: []did.VerificationMethod{{ID: method, Controller: id, Public: pub}},
		Relationships: map[proof.Purpose][]string{
			proof.AssertionMethod: {method},
			proof.Authentication:  {method},
		},
	}, nil
}

// methodID is the ID of the one verification method of a did:key.
func methodID(id string) string { return id + "#" + strings.TrimPrefix(id, prefix) }

// Resolver finds the keys of verification methods did:key:X#X. It implements
// [proof.Resolver].
type Resolver struct{}

// ResolveKeys returns the key that h.KeyID is; nothing where it is of another
// method. For the errors see [Parse]; a fragment other than the identifier
// itself wraps [did.ErrInvalid].
func (Resolver) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	if !strings.HasPrefix(h.KeyID, prefix) {
		return nil, nil
	}
	id, _, ok := did.Split(h.KeyID)
	if !ok || h.KeyID != methodID(id) {
		return nil, fmt.Errorf("did:key: the verification method is not the key itself: %w", did.ErrInvalid)
	}
	pub, err := Parse(id)
	if err != nil {
		return nil, err
	}
	k, err := keyOf(id, pub)
	if err != nil {
		return nil, err
	}
	return []proof.Key{k}, nil
}

func keyOf(id string, pub crypto.PublicKey) (proof.Key, error) {
	algorithms, err := proof.AlgorithmsFor(pub)
	if err != nil {
		return proof.Key{}, fmt.Errorf("did:key: %w", err)
	}
	return proof.Key{
		ID: methodID(id), Controllers: []string{id}, Public: pub, Algorithms: algorithms,
		Purposes: []proof.Purpose{proof.AssertionMethod, proof.Authentication},
	}, nil
}

// NewSigner makes a Signer of s whose key is the verification method of its
// did:key, for issuing and for presenting. For the errors see [ID].
func NewSigner(s crypto.Signer) (proof.Signer, error) {
	if s == nil {
		return nil, fmt.Errorf("did:key: no signer: %w", proof.ErrKey)
	}
	id, err := ID(s.Public())
	if err != nil {
		return nil, err
	}
	k, err := keyOf(id, s.Public())
	if err != nil {
		return nil, err
	}
	return proof.NewSigner(s, k)
}
