// Package secp256k1 is the curve of ES256K (RFC 8812), on decred's arithmetic:
// crypto/ecdsa has none of its own for it. Keys are *ecdsa.PublicKey as on other
// curves, so that nothing above has to know a further type.
package secp256k1

//lint:file-ignore SA1019 crypto/ecdsa has no other way to hold a key on a curve that it does not know

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	decred "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// size is the length of a coordinate, and of R and of S, in bytes.
const size = 32

var errPoint = errors.New("not a point on the curve")

// Curve is the curve that keys on it have as their Curve.
func Curve() elliptic.Curve { return secp256k1.S256() }

// Is reports whether a key is on the curve that [Curve] returns.
func Is(k *ecdsa.PublicKey) bool { return k.Curve == Curve() }

// ParsePoint reads a point on any curve, uncompressed or, on this curve, also
// compressed (SEC 1, section 2.3.4).
func ParsePoint(c elliptic.Curve, point []byte) (*ecdsa.PublicKey, error) {
	if c != Curve() {
		return ecdsa.ParseUncompressedPublicKey(c, point)
	}
	uncompressed := len(point) == 1+2*size && point[0] == 4
	compressed := len(point) == 1+size && point[0]&^1 == 2
	if !uncompressed && !compressed { // there is a hybrid form too
		return nil, errPoint
	}
	k, err := secp256k1.ParsePubKey(point)
	if err != nil {
		return nil, errPoint
	}
	return k.ToECDSA(), nil
}

// Point returns the uncompressed point of a key on any curve, or an error where
// it is not on its curve.
func Point(k *ecdsa.PublicKey) ([]byte, error) {
	if !Is(k) {
		return k.Bytes()
	}
	p, err := public(k)
	if err != nil {
		return nil, err
	}
	return p.SerializeUncompressed(), nil
}

func public(k *ecdsa.PublicKey) (*secp256k1.PublicKey, error) {
	x, y := k.X, k.Y
	var fx, fy secp256k1.FieldVal
	if x == nil || y == nil || overflows(&fx, x) || overflows(&fy, y) {
		return nil, errPoint
	}
	p := secp256k1.NewPublicKey(&fx, &fy)
	if !p.IsOnCurve() {
		return nil, errPoint
	}
	return p, nil
}

func overflows(f *secp256k1.FieldVal, n *big.Int) bool {
	return n.Sign() < 0 || n.BitLen() > 8*size || f.SetByteSlice(n.FillBytes(make([]byte, size)))
}

// Verify checks a signature R‖S over a digest of 32 bytes. Of S both values are
// accepted, as RFC 8812 has no rule for it.
func Verify(k *ecdsa.PublicKey, digest, sig []byte) bool {
	p, err := public(k)
	if err != nil || len(sig) != 2*size || len(digest) != size {
		return false
	}
	var r, s secp256k1.ModNScalar
	if r.SetByteSlice(sig[:size]) || s.SetByteSlice(sig[size:]) {
		return false
	}
	return decred.NewSignature(&r, &s).Verify(digest, p)
}

// Sign makes a signature R‖S over a digest of 32 bytes, by RFC 6979 and with the
// lower S, or returns nil where the key is none.
func Sign(k *ecdsa.PrivateKey, digest []byte) []byte {
	var d secp256k1.ModNScalar
	n := k.D
	if n == nil || n.Sign() <= 0 || n.BitLen() > 8*size || d.SetByteSlice(n.FillBytes(make([]byte, size))) || d.IsZero() {
		return nil
	}
	sig := decred.Sign(secp256k1.NewPrivateKey(&d), digest)
	r, s := sig.R(), sig.S()
	rb, sb := r.Bytes(), s.Bytes()
	return append(rb[:], sb[:]...)
}

// GenerateKey makes a private key.
func GenerateKey() (*ecdsa.PrivateKey, error) {
	k, err := secp256k1.GeneratePrivateKey()
	if err != nil {
		return nil, err
	}
	return k.ToECDSA(), nil
}

// NewKey makes a private key of its number, of 32 bytes.
func NewKey(d []byte) (*ecdsa.PrivateKey, error) {
	var s secp256k1.ModNScalar
	if len(d) != size || s.SetByteSlice(d) || s.IsZero() {
		return nil, errors.New("no private key of secp256k1")
	}
	return secp256k1.NewPrivateKey(&s).ToECDSA(), nil
}

// Number returns the number of a private key, which [NewKey] reads.
func Number(k *ecdsa.PrivateKey) []byte { return k.D.FillBytes(make([]byte, size)) }
