// Package ecpoint reads and writes public keys on the curves of NIST and on
// secp256k1 as compressed points (SEC 1, section 2.3).
package ecpoint

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/internal/secp256k1"
)

// Decompress returns the key of a compressed point. There is one such form of
// each key, and all else is an error.
func Decompress(c elliptic.Curve, raw []byte) (*ecdsa.PublicKey, error) {
	if c == secp256k1.Curve() && len(raw) == 33 {
		k, err := secp256k1.ParsePoint(c, raw)
		if err != nil {
			return nil, fmt.Errorf("not a compressed point of %s", c.Params().Name)
		}
		return k, nil
	}
	x, y := elliptic.UnmarshalCompressed(c, raw)
	if x == nil {
		return nil, fmt.Errorf("not a compressed point of %s", c.Params().Name)
	}
	n := len(raw) - 1
	point := append([]byte{4}, make([]byte, 2*n)...)
	x.FillBytes(point[1 : 1+n])
	y.FillBytes(point[1+n:])
	k, err := ecdsa.ParseUncompressedPublicKey(c, point)
	if err != nil {
		return nil, fmt.Errorf("not a point of %s", c.Params().Name)
	}
	return k, nil
}

// Compress turns an uncompressed point, 4‖X‖Y, into 2‖X or 3‖X.
func Compress(point []byte) []byte {
	n := len(point) / 2
	return slices.Concat([]byte{2 | point[2*n]&1}, point[1:1+n])
}
