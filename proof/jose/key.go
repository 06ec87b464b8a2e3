package jose

import (
	"crypto"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

// ParseKey reads a public JSON Web Key of at most 64 kB (RFC 7517): EC on P-256,
// P-384, P-521 or secp256k1, RSA, Ed25519. What it is for, and whose it is, a JWK
// does not say: the key has no purposes and no controllers, and its ID is kid. A
// private key is refused, as is one that is for other than signatures. The error
// wraps [proof.ErrKey]. Whole sets are read by trustlist/jwks, which can be told
// to accept what national lists have.
func ParseKey(raw []byte) (proof.Key, error) {
	k, err := jwk.Parse(raw, jwk.Strict)
	if err != nil {
		return proof.Key{}, err
	}
	return k.Proof(), nil
}

// MarshalKey writes a key as a public JSON Web Key in canonical form (RFC 8785),
// with its ID as kid and its chain as x5c. The error wraps [proof.ErrKey].
func MarshalKey(k proof.Key) ([]byte, error) { return jwk.Marshal(k.Public, k.ID, k.Chain...) }

// MarshalKeySet writes keys as a JSON Web Key Set (RFC 7517, section 5): what an
// issuer publishes. The error wraps [proof.ErrKey].
func MarshalKeySet(keys []proof.Key) ([]byte, error) {
	out := []byte(`{"keys":[`)
	for i, k := range keys {
		b, err := MarshalKey(k)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, b...)
	}
	return append(out, ']', '}'), nil
}

// Thumbprint returns the SHA-256 thumbprint of a key in base64url, 43 characters
// (RFC 7638): a name that everyone gives it. The error wraps [proof.ErrKey].
func Thumbprint(pub crypto.PublicKey) (string, error) { return jwk.Thumbprint(pub) }
