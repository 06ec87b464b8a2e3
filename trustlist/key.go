package trustlist

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
)

// KeyID is the identifier of a document signer certificate in health
// certificates: the first 8 bytes of the SHA-256 of its DER form, in standard
// base64 (eu-dcc-hcert-spec 1.0.8, section 3.3.2).
func KeyID(c *x509.Certificate) string {
	h := sha256.Sum256(c.Raw)
	return base64.StdEncoding.EncodeToString(h[:8])
}

// CertificateKey is the key of a document signer certificate, identified by
// [KeyID], with the certificate's validity period. A P-384 key may be used with
// ES256 too, as COSE allows and certificates in production do. The error wraps
// [proof.ErrKey].
func CertificateKey(c *x509.Certificate) (proof.Key, error) {
	algs, err := proof.AlgorithmsFor(c.PublicKey)
	if err != nil {
		return proof.Key{}, err
	}
	if k, ok := c.PublicKey.(*ecdsa.PublicKey); ok && k.Curve == elliptic.P384() {
		algs = append(algs, proof.ES256)
	}
	return proof.Key{
		ID: KeyID(c), Public: c.PublicKey, Algorithms: algs, Purposes: []proof.Purpose{proof.AssertionMethod},
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, Chain: []*x509.Certificate{c},
	}, nil
}

// fingerprint is a map key for a public key; equal keys have equal ones.
func fingerprint(pub crypto.PublicKey) string {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		b, err := secp256k1.Point(k)
		if err != nil {
			return ""
		}
		if secp256k1.Is(k) {
			b[0] = 'k' // its points are as long as those of P-256
		}
		return string(b)
	case ed25519.PublicKey:
		return string(k)
	case *rsa.PublicKey:
		return string(k.N.Bytes())
	case proof.BLSKey:
		return string(k[:])
	}
	return ""
}
