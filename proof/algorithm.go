package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that Verify and Sign name
	_ "crypto/sha512"
	"fmt"
	"math/big"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
)

// Algorithm is a signature algorithm, named as in the JOSE registry.
type Algorithm string

// The algorithms that are verified. All but RS256 can also sign. BBS signs
// lists of messages: package bbs does it, [Verify] does not.
//
// ECDSA signatures are R‖S, each as long as the curve's order. In JOSE the
// name fixes the curve (RFC 7518, section 3.4); in COSE it fixes the hash alone
// (RFC 9053, section 2.1), so ES256 with a P-384 key exists there, and a key
// lists it only where its source knows the key to be used with COSE.
const (
	ES256  Algorithm = "ES256"
	ES384  Algorithm = "ES384"
	ES512  Algorithm = "ES512"
	ES256K Algorithm = "ES256K" // on secp256k1 (RFC 8812), in JOSE and in COSE
	EdDSA  Algorithm = "EdDSA"  // Ed25519 (RFC 8032)
	PS256  Algorithm = "PS256"  // RSASSA-PSS, salt as long as the hash (RFC 7518, section 3.5)
	RS256  Algorithm = "RS256"  // RSASSA-PKCS1-v1_5, for reading what is in the field
	BBS    Algorithm = "BBS"    // BBS on BLS12-381 with SHA-256 (JSON Proof Algorithms, section 6.1.2)
)

// Secp256k1 is the curve of keys for ES256K, which are *ecdsa.PublicKey with this
// Curve.
func Secp256k1() elliptic.Curve { return secp256k1.Curve() }

// MinRSA is the smallest RSA modulus, in bits, that is used at all (RFC 7518,
// section 3.3).
const MinRSA = 2048

func (a Algorithm) hash() crypto.Hash {
	switch a {
	case ES256, ES256K, PS256, RS256:
		return crypto.SHA256
	case ES384:
		return crypto.SHA384
	case ES512:
		return crypto.SHA512
	}
	return 0
}

// AlgorithmsFor returns the algorithms that a public key is used with when its
// source says nothing else, the preferred one first: for ECDSA the one of its
// curve, for RSA PS256, for Ed25519 EdDSA, for a [BLSKey] BBS. It returns an
// error wrapping [ErrKey] for any other key, an RSA key under 2,048 or over
// 8,192 bits, and a point that is not on its curve; of a BLSKey it sees only
// the form, since the curve is not part of the standard library.
func AlgorithmsFor(pub crypto.PublicKey) ([]Algorithm, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		//lint:ignore SA1019 a key made by hand may lack its point, and Bytes would panic
		if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
			return nil, fmt.Errorf("proof: incomplete ECDSA key: %w", ErrKey)
		}
		if _, err := secp256k1.Point(k); err != nil {
			return nil, fmt.Errorf("proof: not a point on its curve: %w", ErrKey)
		}
		switch k.Curve {
		case secp256k1.Curve():
			return []Algorithm{ES256K}, nil
		case elliptic.P256():
			return []Algorithm{ES256}, nil
		case elliptic.P384():
			return []Algorithm{ES384}, nil
		case elliptic.P521():
			return []Algorithm{ES512}, nil
		}
		return nil, fmt.Errorf("proof: curve %s: %w", k.Params().Name, ErrKey)
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("proof: Ed25519 key of %d bytes: %w", len(k), ErrKey)
		}
		return []Algorithm{EdDSA}, nil
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			return nil, fmt.Errorf("proof: incomplete RSA key: %w", ErrKey)
		}
		if n := k.N.BitLen(); n < MinRSA || n > limits.KeySize || k.E < 3 || k.E&1 == 0 {
			return nil, fmt.Errorf("proof: RSA key of %d bits, exponent %d: %w", n, k.E, ErrKey)
		}
		return []Algorithm{PS256}, nil
	case BLSKey:
		if k[0]&0xc0 != 0x80 {
			return nil, fmt.Errorf("proof: not a compressed point of BLS12-381: %w", ErrKey)
		}
		return []Algorithm{BBS}, nil
	}
	return nil, fmt.Errorf("proof: key of type %T: %w", pub, ErrKey)
}

// Verify checks sig over message. It returns an error wrapping [ErrMismatch]
// where the signature is wrong, [ErrKey] where the key is not of the
// algorithm's kind.
func Verify(pub crypto.PublicKey, a Algorithm, message, sig []byte) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k == nil || k.Curve == nil {
			break
		}
		switch koblitz := secp256k1.Is(k); a {
		case ES256K:
			if koblitz && secp256k1.Verify(k, digest(a, message), sig) {
				return nil
			} else if koblitz {
				return ErrMismatch
			}
		case ES256, ES384, ES512:
			if !koblitz {
				return verifyECDSA(k, digest(a, message), sig)
			}
		}
	case ed25519.PublicKey:
		if a == EdDSA && len(k) == ed25519.PublicKeySize {
			if !ed25519.Verify(k, message, sig) {
				return ErrMismatch
			}
			return nil
		}
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			break
		}
		if k.N.BitLen() < MinRSA || k.N.BitLen() > limits.KeySize {
			return fmt.Errorf("proof: RSA key of %d bits: %w", k.N.BitLen(), ErrKey)
		}
		switch a {
		case PS256:
			if rsa.VerifyPSS(k, a.hash(), digest(a, message), sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) != nil {
				return ErrMismatch
			}
			return nil
		case RS256:
			if rsa.VerifyPKCS1v15(k, a.hash(), digest(a, message), sig) != nil {
				return ErrMismatch
			}
			return nil
		}
	}
	return fmt.Errorf("proof: %s with a key of type %T: %w", a, pub, ErrKey)
}

func digest(a Algorithm, message []byte) []byte {
	h := a.hash().New()
	h.Write(message)
	return h.Sum(nil)
}

// orderSize is the length of R and of S in bytes.
func orderSize(c elliptic.Curve) int { return (c.Params().N.BitLen() + 7) / 8 }

func verifyECDSA(k *ecdsa.PublicKey, digest, sig []byte) error {
	n := orderSize(k.Curve)
	if len(sig) != 2*n {
		return fmt.Errorf("%w: %d bytes, want %d", ErrMismatch, len(sig), 2*n)
	}
	r, s := new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])
	if !ecdsa.Verify(k, digest, r, s) {
		return ErrMismatch
	}
	return nil
}
