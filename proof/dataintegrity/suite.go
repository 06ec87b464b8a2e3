package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"github.com/multiformats/go-multibase"

	"github.com/sanad-credentials/sanad/proof"
)

// The cryptosuites that are implemented.
const (
	// EdDSAJCS2022 signs with Ed25519 (Data Integrity EdDSA Cryptosuites 1.0,
	// section 3.3).
	EdDSAJCS2022 = "eddsa-jcs-2022"
	// ECDSAJCS2019 signs with P-256 and SHA-256, or P-384 and SHA-384 (Data
	// Integrity ECDSA Cryptosuites 1.0, section 3.3).
	ECDSAJCS2019 = "ecdsa-jcs-2019"
)

// variant is a cryptosuite with one kind of key.
type variant struct {
	suite     string
	algorithm proof.Algorithm
	size      int // of the signature, in bytes
	hash      func([]byte) []byte
}

// variants returns all there are. No two of a suite have signatures of the
// same size, so the size tells which of them a proof was made with; the key
// must be of that kind then.
func variants() [3]variant {
	return [3]variant{
		{EdDSAJCS2022, proof.EdDSA, ed25519.SignatureSize, sum256},
		{ECDSAJCS2019, proof.ES256, 64, sum256},
		{ECDSAJCS2019, proof.ES384, 96, sum384},
	}
}

func sum256(b []byte) []byte { h := sha256.Sum256(b); return h[:] }
func sum384(b []byte) []byte { h := sha512.Sum384(b); return h[:] }

func known(suite string) bool {
	for _, v := range variants() {
		if v.suite == suite {
			return true
		}
	}
	return false
}

// bySignature finds the variant of a known suite that a proof was made with.
func bySignature(suite string, size int) (variant, error) {
	for _, v := range variants() {
		if v.suite == suite && v.size == size {
			return v, nil
		}
	}
	return variant{}, fmt.Errorf("proofValue: a signature of %d bytes: %w", size, ErrMalformed)
}

// byKey finds the variant that a key is used with: of suite or, where that is
// empty, of any.
func byKey(suite string, pub crypto.PublicKey) (variant, error) {
	for _, v := range variants() {
		if (suite == "" || v.suite == suite) && v.fits(pub) {
			return v, nil
		}
	}
	if suite != "" && !known(suite) {
		return variant{}, fmt.Errorf("cryptosuite: %w", ErrUnsupported)
	}
	return variant{}, fmt.Errorf("no cryptosuite %s for a key of type %T: %w", suite, pub, proof.ErrKey)
}

// fits reports whether a key is of the kind that the variant is for.
func (v variant) fits(pub crypto.PublicKey) bool {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return v.algorithm == proof.EdDSA
	case *ecdsa.PublicKey:
		return k != nil && (v.algorithm == proof.ES256 && k.Curve == elliptic.P256() || v.algorithm == proof.ES384 && k.Curve == elliptic.P384())
	}
	return false
}

// maxProofValue is the length of the longest signature in multibase: 96 bytes
// in base58. Decoding base58 takes time that grows with the square of it.
const maxProofValue = 1 + 132

// decodeProofValue reads a signature in multibase, base58-btc.
func decodeProofValue(s string) ([]byte, error) {
	if len(s) < 2 || len(s) > maxProofValue || s[0] != multibase.Base58BTC {
		return nil, fmt.Errorf("proofValue: not multibase base58-btc of a signature: %w", ErrMalformed)
	}
	_, sig, err := multibase.Decode(s)
	if err != nil {
		return nil, fmt.Errorf("proofValue: not base58-btc: %w", ErrMalformed)
	}
	return sig, nil
}

func encodeProofValue(sig []byte) (string, error) {
	return multibase.Encode(multibase.Base58BTC, sig)
}
