package jwk

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
)

// unknownCurve is what WHO's gateway writes for every curve but P-256.
const unknownCurve = "UNKNOWN CURVE"

func public(v jcs.Value, m Mode, chain []*x509.Certificate) (crypto.PublicKey, error) {
	kty, err := required(v, "kty")
	if err != nil {
		return nil, err
	}
	switch kty {
	case "EC":
		return ecKey(v, m, chain)
	case "OKP":
		crv, err := required(v, "crv")
		if err != nil {
			return nil, err
		}
		if crv == "BLS12381G2" {
			return blsKey(v, m)
		}
		if crv != "Ed25519" {
			return nil, fmt.Errorf("crv: %w", ErrUnsupported)
		}
		x, err := octets(v, "x", m)
		if err != nil {
			return nil, err
		}
		if len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("x: %d bytes, want %d: %w", len(x), ed25519.PublicKeySize, ErrSyntax)
		}
		return ed25519.PublicKey(x), nil
	case "RSA":
		return rsaKey(v, m)
	}
	return nil, fmt.Errorf("kty: %w", ErrUnsupported)
}

// blsKey reads a compressed point, as early drafts of the registration have it
// (draft-ietf-cose-bls-key-representations-03, section 2.1.1). Later ones give
// both coordinates, as kty EC, and are not read.
func blsKey(v jcs.Value, m Mode) (crypto.PublicKey, error) {
	x, err := octets(v, "x", m)
	if err != nil {
		return nil, err
	}
	if len(x) != len(proof.BLSKey{}) {
		return nil, fmt.Errorf("x: %d bytes, want %d: %w", len(x), len(proof.BLSKey{}), ErrSyntax)
	}
	k := proof.BLSKey(x)
	if _, err := proof.AlgorithmsFor(k); err != nil {
		return nil, fmt.Errorf("x: %w: %w", ErrSyntax, err)
	}
	return k, nil
}

func ecKey(v jcs.Value, m Mode, chain []*x509.Certificate) (crypto.PublicKey, error) {
	crv, err := required(v, "crv")
	if err != nil {
		return nil, err
	}
	curve := namedCurve(crv)
	if m == Lenient && crv == unknownCurve && len(chain) > 0 {
		if k, ok := chain[0].PublicKey.(*ecdsa.PublicKey); ok {
			curve = k.Curve
		}
	}
	if curve == nil {
		return nil, fmt.Errorf("crv: %w", ErrUnsupported)
	}
	size := (curve.Params().BitSize + 7) / 8
	point := []byte{4}
	for _, name := range []string{"x", "y"} {
		b, err := octets(v, name, m)
		if err != nil {
			return nil, err
		}
		if m == Lenient {
			b = bytes.TrimLeft(b, "\x00")
			b = append(make([]byte, max(0, size-len(b))), b...)
		}
		if len(b) != size {
			return nil, fmt.Errorf("%s: %d bytes, want %d: %w", name, len(b), size, ErrSyntax)
		}
		point = append(point, b...)
	}
	k, err := secp256k1.ParsePoint(curve, point)
	if err != nil {
		return nil, fmt.Errorf("x, y: not a point on the curve: %w", ErrSyntax)
	}
	return k, nil
}

// namedCurve knows the names of RFC 7518, section 6.2.1.1, and RFC 8812, section
// 3.1.
func namedCurve(crv string) elliptic.Curve {
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521(), secp256k1.Curve()} {
		if c.Params().Name == crv {
			return c
		}
	}
	return nil
}

func rsaKey(v jcs.Value, m Mode) (crypto.PublicKey, error) {
	var n, e []byte
	for _, f := range []struct {
		name string
		max  int
		dst  *[]byte
	}{{"n", limits.KeySize / 8, &n}, {"e", 4, &e}} {
		b, err := octets(v, f.name, m)
		if err != nil {
			return nil, err
		}
		if m == Lenient {
			b = bytes.TrimLeft(b, "\x00")
		}
		switch {
		case len(b) == 0 || b[0] == 0:
			return nil, fmt.Errorf("%s: leading zero: %w", f.name, ErrSyntax)
		case len(b) > f.max:
			return nil, fmt.Errorf("%s: %d bytes, at most %d: %w", f.name, len(b), f.max, ErrSyntax)
		}
		*f.dst = b
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	if exponent > 1<<31-1 {
		return nil, fmt.Errorf("e: over 31 bits: %w", ErrUnsupported)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)}, nil
}

// octets decodes a base64url member (RFC 7515, section 2: no padding).
func octets(v jcs.Value, name string, m Mode) ([]byte, error) {
	s, err := required(v, name)
	if err != nil {
		return nil, err
	}
	if m == Lenient {
		s = urlAlphabet(s)
	}
	b, err := decode(base64.RawURLEncoding, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, err, ErrSyntax)
	}
	return b, nil
}

// decode refuses what encoding/base64 lets pass: bits beyond the last byte and
// line ends.
func decode(e *base64.Encoding, s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errBase64
	}
	b, err := e.Strict().DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}

func urlAlphabet(s string) string {
	return strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
}

// HealthID returns the form that keys of health certificates are resolved by,
// standard base64 with padding, for a kid that is 8 bytes in any kind of
// base64 (eu-dcc-hcert-spec 1.0.8, section 3.3.2). Any other kid it returns as
// it is.
func HealthID(kid string) string {
	if b, err := decode(base64.RawURLEncoding, urlAlphabet(kid)); err == nil && len(b) == 8 {
		return base64.StdEncoding.EncodeToString(b)
	}
	return kid
}
