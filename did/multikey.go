package did

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"fmt"

	"github.com/multiformats/go-multibase"

	"github.com/sanad-credentials/sanad/internal/ecpoint"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
)

// Kinds of key that are recognised and not implemented.
const (
	X25519       = "X25519"
	BLS12381G1   = "BLS12-381 G1"
	BLS12381G1G2 = "BLS12-381 G1 and G2"
)

const bls12381G2 = "BLS12-381 G2"
const secp256k1Name = "secp256k1"

// OtherKey is a public key of a kind that is recognised: it can be represented
// in documents, and nothing here verifies with it. The proof package refuses it
// with [proof.ErrKey].
type OtherKey struct {
	Kind  string // one of the constants above
	Bytes []byte // as in a Multikey, without the number of its kind
}

// Equal reports whether x is the same key.
func (k OtherKey) Equal(x crypto.PublicKey) bool {
	o, ok := x.(OtherKey)
	return ok && k.Kind == o.Kind && bytes.Equal(k.Bytes, o.Bytes)
}

// maxMultikey bounds the text of a Multikey; the longest, of an RSA key of
// 8,192 bits, has 1,422 characters. Decoding base58 takes time that grows with
// the square of the length.
const maxMultikey = 1424

// kinds are the kinds of public key by their multicodec number (multicodec
// table, tag key). size is that of the key in bytes; 0 where the kind itself
// decides.
var kinds = []struct {
	name  string
	code  uint64
	size  int
	curve elliptic.Curve
}{
	{"Ed25519", 0xed, ed25519.PublicKeySize, nil},
	{"P-256", 0x1200, 33, elliptic.P256()},
	{"P-384", 0x1201, 49, elliptic.P384()},
	{"P-521", 0x1202, 67, elliptic.P521()},
	{"RSA", 0x1205, 0, nil},
	{X25519, 0xec, 32, nil},
	{secp256k1Name, 0xe7, 33, secp256k1.Curve()},
	{BLS12381G1, 0xea, 48, nil},
	{bls12381G2, 0xeb, 96, nil},
	{BLS12381G1G2, 0xee, 144, nil},
}

// ParseMultikey reads a public key in multibase: "z", then in base58 the
// multicodec number of its kind and its bytes (Controlled Identifiers 1.0,
// section 2.2.2; multicodec table). Elliptic curve points are compressed, RSA
// keys are RSAPublicKey in DER (RFC 8017, appendix A.1.1). There is one
// spelling for each key and every other is refused.
//
// The result is an ed25519.PublicKey, an *ecdsa.PublicKey on P-256, P-384, P-521
// or secp256k1, an *rsa.PublicKey, a [proof.BLSKey] for BLS12-381 G2 or an
// [OtherKey]. The error wraps [ErrInvalid], or
// [ErrUnsupported] for what is no known kind of public key, or [proof.ErrKey]
// for an RSA key that is too small or too large to be used.
func ParseMultikey(s string) (crypto.PublicKey, error) {
	if len(s) < 2 || s[0] != multibase.Base58BTC {
		return nil, fmt.Errorf("multikey: not in base58-btc: %w", ErrInvalid)
	}
	b, err := base58(s[1:])
	if err != nil {
		return nil, fmt.Errorf("multikey: %w", err)
	}
	code, n := binary.Uvarint(b)
	if n <= 0 || n != len(binary.AppendUvarint(nil, code)) {
		return nil, fmt.Errorf("multikey: malformed multicodec number: %w", ErrInvalid)
	}
	for _, k := range kinds {
		if k.code == code {
			return decode(k.name, b[n:])
		}
	}
	return nil, fmt.Errorf("multikey: multicodec %#x is no kind of public key: %w", code, ErrUnsupported)
}

func base58(s string) ([]byte, error) {
	if len(s) > maxMultikey {
		return nil, fmt.Errorf("%d characters, no supported key has so many: %w", len(s), ErrUnsupported)
	}
	_, b, err := multibase.Decode(string(multibase.Base58BTC) + s)
	if err != nil {
		return nil, fmt.Errorf("not base58-btc: %w", ErrInvalid)
	}
	return b, nil
}

// decode reads the bytes of a key whose kind is known.
func decode(kind string, raw []byte) (crypto.PublicKey, error) {
	for _, k := range kinds {
		switch {
		case k.name != kind:
		case k.size != 0 && len(raw) != k.size:
			return nil, fmt.Errorf("%s key of %d bytes, want %d: %w", kind, len(raw), k.size, ErrInvalid)
		case k.curve != nil:
			pub, err := ecpoint.Decompress(k.curve, raw)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", err, ErrInvalid)
			}
			return pub, nil
		case kind == "Ed25519":
			return ed25519.PublicKey(raw), nil
		case kind == "RSA":
			return parseRSA(raw)
		case kind == bls12381G2:
			return parseBLS(raw)
		default:
			return other(kind, raw)
		}
	}
	return nil, fmt.Errorf("%s: %w", kind, ErrUnsupported)
}

// other checks as much of a point as can be seen without its curve.
func other(kind string, raw []byte) (crypto.PublicKey, error) {
	ok := true
	switch kind {
	case BLS12381G1: // compressed, not the point at infinity
		ok = raw[0]&0xc0 == 0x80
	case BLS12381G1G2:
		ok = raw[0]&0xc0 == 0x80 && raw[48]&0xc0 == 0x80
	}
	if !ok {
		return nil, fmt.Errorf("not a compressed point of %s: %w", kind, ErrInvalid)
	}
	return OtherKey{kind, raw}, nil
}

func parseRSA(der []byte) (crypto.PublicKey, error) {
	k, err := x509.ParsePKCS1PublicKey(der)
	if err != nil || !bytes.Equal(x509.MarshalPKCS1PublicKey(k), der) {
		return nil, fmt.Errorf("RSA key that is not an RSAPublicKey in DER: %w", ErrInvalid)
	}
	if _, err := proof.AlgorithmsFor(k); err != nil {
		return nil, err
	}
	return k, nil
}

func parseBLS(raw []byte) (crypto.PublicKey, error) {
	k := proof.BLSKey(raw)
	if _, err := proof.AlgorithmsFor(k); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return k, nil
}

// FormatMultikey writes what [ParseMultikey] reads. The error wraps
// [proof.ErrKey], and [ErrUnsupported] where the key is of no such kind.
func FormatMultikey(pub crypto.PublicKey) (string, error) {
	kind, raw, err := encode(pub)
	if err != nil {
		return "", fmt.Errorf("multikey: %w", err)
	}
	for _, k := range kinds {
		if k.name == kind {
			s, err := multibase.Encode(multibase.Base58BTC, append(binary.AppendUvarint(nil, k.code), raw...))
			if err != nil {
				return "", fmt.Errorf("multikey: %w", err)
			}
			return s, nil
		}
	}
	return "", fmt.Errorf("multikey: %s: %w", kind, ErrUnsupported)
}

func encode(pub crypto.PublicKey) (kind string, raw []byte, err error) {
	if k, ok := pub.(OtherKey); ok {
		if d, err := decode(k.Kind, k.Bytes); err != nil || !k.Equal(d) {
			return "", nil, fmt.Errorf("no key of kind %.32q: %w", k.Kind, proof.ErrKey)
		}
		return k.Kind, k.Bytes, nil
	}
	if _, err := proof.AlgorithmsFor(pub); err != nil {
		return "", nil, err
	}
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return "Ed25519", k, nil
	case *ecdsa.PublicKey:
		point, err := secp256k1.Point(k)
		if err != nil {
			return "", nil, fmt.Errorf("not a point on its curve: %w", proof.ErrKey)
		}
		return k.Params().Name, ecpoint.Compress(point), nil
	case *rsa.PublicKey:
		return "RSA", x509.MarshalPKCS1PublicKey(k), nil
	case proof.BLSKey:
		return bls12381G2, k[:], nil
	}
	return "", nil, fmt.Errorf("key of type %T: %w", pub, ErrUnsupported)
}
