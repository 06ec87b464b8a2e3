package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"github.com/multiformats/go-multibase"

	"github.com/sanad-credentials/sanad/proof"
)

// The cryptosuites that sign and verify.
const (
	// EdDSAJCS2022 signs JSON with Ed25519 (Data Integrity EdDSA Cryptosuites
	// 1.0, section 3.3).
	EdDSAJCS2022 = "eddsa-jcs-2022"
	// ECDSAJCS2019 signs JSON with P-256 and SHA-256, or P-384 and SHA-384
	// (Data Integrity ECDSA Cryptosuites 1.0, section 3.3).
	ECDSAJCS2019 = "ecdsa-jcs-2019"
	// EdDSARDFC2022 signs statements with Ed25519 (Data Integrity EdDSA
	// Cryptosuites 1.0, section 3.2).
	EdDSARDFC2022 = "eddsa-rdfc-2022"
	// ECDSARDFC2019 signs statements with P-256 and SHA-256, or P-384 and
	// SHA-384, with which blank nodes are labelled too (Data Integrity ECDSA
	// Cryptosuites 1.0, section 3.2).
	ECDSARDFC2019 = "ecdsa-rdfc-2019"
	// ECDSASD2023 signs statements one by one with P-256, so that the holder can
	// show some without the others (Data Integrity ECDSA Cryptosuites 1.0,
	// section 3.6). See [Derive].
	ECDSASD2023 = "ecdsa-sd-2023"
	// BBS2023 signs statements as a list of messages with BBS, so that the holder
	// can show some, and no two proofs of it can be linked by their bytes (Data
	// Integrity BBS Cryptosuites 1.0, section 3.4; of the optional features none).
	// To verify and to derive it needs a [BBS].
	BBS2023 = "bbs-2023"
	// Ed25519Signature2020 signs statements with Ed25519. It is a type of proof
	// of its own, with no member cryptosuite (Data Integrity EdDSA Cryptosuites
	// 1.0, section 3.4).
	Ed25519Signature2020 = "Ed25519Signature2020"
)

// Types of proof that sign statements, hashed with SHA-256, and carry the
// signature in a detached JWS (RFC 7797). They are there for what others have,
// and only JsonWebSignature2020 also signs, with keys other than RSA: it is what
// lists of WHO's network have.
const (
	// Ed25519Signature2018 is made with EdDSA (W3C CCG, Ed25519 Signature 2018).
	Ed25519Signature2018 = "Ed25519Signature2018"
	// JsonWebSignature2020 is made with EdDSA, ES256, ES384 or PS256 (W3C CCG,
	// JSON Web Signature 2020, section 3.1).
	JsonWebSignature2020 = "JsonWebSignature2020"
	// RsaSignature2018 is made with RS256 (W3C CCG, RSA Signature Suite 2018)
	// or, by all that is found in the field, PS256.
	RsaSignature2018 = "RsaSignature2018"
)

// securityContext is what the options of proofs of 2018 are read with, whatever
// the document's @context: all that signed them did so, and for RsaSignature2018
// the context of credentials of version 1 lacks definitions, so that it would
// give other statements.
const securityContext = `"https://w3id.org/security/v2"`

// variant is a cryptosuite with one algorithm.
type variant struct {
	typ, suite string // older types are their own suite
	algorithm  proof.Algorithm
	size       int         // of the signature, in bytes; 0 where it varies
	hash       crypto.Hash // of the options and the document, and of RDFC-1.0
	rdf        bool        // signs statements, not JSON
	jws        bool        // the signature is in a JWS
	selective  bool        // statements are signed one by one
}

// signs reports whether proofs of the variant are made as well.
func (v *variant) signs() bool {
	return !v.jws || v.suite == JsonWebSignature2020 && v.size > 0
}

// of2018 reports whether the options are read with securityContext.
func (v *variant) of2018() bool {
	return v.typ == Ed25519Signature2018 || v.typ == RsaSignature2018
}

// variants returns all there are. Among those of a suite with a proofValue, no
// two have signatures of the same size, so the size tells which of them a proof
// was made with; in a JWS the header tells. The key must be of that kind then.
func variants() [16]variant {
	const di = ProofType
	return [...]variant{
		{di, EdDSAJCS2022, proof.EdDSA, 64, crypto.SHA256, false, false, false},
		{di, ECDSAJCS2019, proof.ES256, 64, crypto.SHA256, false, false, false},
		{di, ECDSAJCS2019, proof.ES384, 96, crypto.SHA384, false, false, false},
		{di, EdDSARDFC2022, proof.EdDSA, 64, crypto.SHA256, true, false, false},
		{di, ECDSARDFC2019, proof.ES256, 64, crypto.SHA256, true, false, false},
		{di, ECDSARDFC2019, proof.ES384, 96, crypto.SHA384, true, false, false},
		{di, ECDSASD2023, proof.ES256, 0, crypto.SHA256, true, false, true},
		{di, BBS2023, proof.BBS, 0, crypto.SHA256, true, false, true},
		{Ed25519Signature2020, Ed25519Signature2020, proof.EdDSA, 64, crypto.SHA256, true, false, false},
		{Ed25519Signature2018, Ed25519Signature2018, proof.EdDSA, 64, crypto.SHA256, true, true, false},
		{JsonWebSignature2020, JsonWebSignature2020, proof.EdDSA, 64, crypto.SHA256, true, true, false},
		{JsonWebSignature2020, JsonWebSignature2020, proof.ES256, 64, crypto.SHA256, true, true, false},
		{JsonWebSignature2020, JsonWebSignature2020, proof.ES384, 96, crypto.SHA256, true, true, false},
		{JsonWebSignature2020, JsonWebSignature2020, proof.PS256, 0, crypto.SHA256, true, true, false},
		{RsaSignature2018, RsaSignature2018, proof.PS256, 0, crypto.SHA256, true, true, false},
		{RsaSignature2018, RsaSignature2018, proof.RS256, 0, crypto.SHA256, true, true, false},
	}
}

// find returns the first variant that a condition holds for.
func find(ok func(*variant) bool) (variant, bool) {
	for _, v := range variants() {
		if ok(&v) {
			return v, true
		}
	}
	return variant{}, false
}

// placeholder is a proofValue of the form that signing will give.
func (v *variant) placeholder() (string, error) {
	switch v.suite {
	case BBS2023:
		empty := bbs2023{signature: make([]byte, sizeBBSSignature), header: make([]byte, sizeBBSHeader), hmac: make([]byte, sizeHMAC)}
		return empty.encodeBase(), nil
	case ECDSASD2023:
		empty := ecdsaSD{signature: make([]byte, sizeES256), key: make([]byte, sizeMultikey), hmac: make([]byte, sizeHMAC)}
		return empty.encodeBase(), nil
	}
	return v.encode(make([]byte, v.size))
}

func (v *variant) sum(b []byte) []byte {
	if v.hash == crypto.SHA384 {
		h := sha512.Sum384(b)
		return h[:]
	}
	h := sha256.Sum256(b)
	return h[:]
}

// byKey finds the variant that a key is used with: of suite or, where that is
// empty, the first that signs JSON.
func byKey(suite string, pub crypto.PublicKey) (variant, error) {
	v, ok := find(func(v *variant) bool {
		return (v.suite == suite || suite == "" && !v.rdf) && v.signs() && v.fits(pub)
	})
	if ok {
		return v, nil
	}
	if _, ok := find(func(v *variant) bool { return v.suite == suite && v.signs() }); suite != "" && !ok {
		return variant{}, fmt.Errorf("cryptosuite: %w for signing", ErrUnsupported)
	}
	return variant{}, fmt.Errorf("no cryptosuite %s for a key of type %T: %w", suite, pub, proof.ErrKey)
}

// fits reports whether a key is of the kind that the variant is for.
func (v *variant) fits(pub crypto.PublicKey) bool {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return v.algorithm == proof.EdDSA
	case *ecdsa.PublicKey:
		return k != nil && (v.algorithm == proof.ES256 && k.Curve == elliptic.P256() || v.algorithm == proof.ES384 && k.Curve == elliptic.P384())
	case *rsa.PublicKey:
		return k != nil && (v.algorithm == proof.PS256 || v.algorithm == proof.RS256)
	case proof.BLSKey:
		return v.algorithm == proof.BBS
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
