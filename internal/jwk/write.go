package jwk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
)

// members are a key's own members by name, those that RFC 7638, section 3.2,
// and RFC 8037, section 2, take for its thumbprint.
func members(pub crypto.PublicKey) (map[string]string, error) {
	if _, err := proof.AlgorithmsFor(pub); err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		p, err := secp256k1.Point(k)
		if err != nil {
			return nil, fmt.Errorf("jwk: not a point on its curve: %w", proof.ErrKey)
		}
		half := len(p) / 2
		return map[string]string{"kty": "EC", "crv": k.Params().Name, "x": b64(p[1 : 1+half]), "y": b64(p[1+half:])}, nil
	case ed25519.PublicKey:
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64(k)}, nil
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}, nil
	}
	return nil, fmt.Errorf("jwk: key of type %T: %w", pub, proof.ErrKey)
}

// Marshal writes a public key, with kid and x5c unless they are empty, in
// canonical form (RFC 8785). The error wraps [proof.ErrKey].
func Marshal(pub crypto.PublicKey, kid string, chain ...*x509.Certificate) ([]byte, error) {
	m, err := members(pub)
	if err != nil {
		return nil, err
	}
	if kid != "" {
		m["kid"] = kid
	}
	out := []byte{'{'}
	name := func(n string) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(jcs.Quote(out, n), ':')
	}
	// The order of RFC 8785; x5c comes between x and y.
	for _, n := range []string{"crv", "e", "kid", "kty", "n", "x", "x5c", "y"} {
		if s, ok := m[n]; ok {
			name(n)
			out = jcs.Quote(out, s)
		}
		if n == "x5c" && len(chain) > 0 {
			name(n)
			for i, c := range chain {
				out = append(out, "[,"[min(i, 1)])
				out = jcs.Quote(out, base64.StdEncoding.EncodeToString(c.Raw))
			}
			out = append(out, ']')
		}
	}
	return append(out, '}'), nil
}

// Thumbprint returns the SHA-256 thumbprint of a key (RFC 7638) in base64url,
// 43 characters. The error wraps [proof.ErrKey].
func Thumbprint(pub crypto.PublicKey) (string, error) {
	b, err := Marshal(pub, "")
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(h[:]), nil
}
