package jwe

import (
	"crypto/aes"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
)

// Algorithms for a key pair (RFC 7518, section 4.6), with the length in bytes of
// the key that wraps the content's; 0: the agreed key is the content's.
const (
	algECDH      = "ECDH-ES"
	algECDHA128K = "ECDH-ES+A128KW"
	algECDHA256K = "ECDH-ES+A256KW"
)

var wrapKeys = map[string]int{algECDH: 0, algECDHA128K: 16, algECDHA256K: 32}

// Decrypt decrypts a message for the holder of a private key on P-256, P-384,
// P-521 or X25519 (alg ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW). What was
// compressed is inflated up to 16 MiB. Errors wrap [ErrMalformed],
// [ErrUnsupported] or [ErrDecrypt].
func Decrypt(compact []byte, private *ecdh.PrivateKey) (*Message, error) {
	m, err := parse(compact)
	if err != nil {
		return nil, err
	}
	size, ok := wrapKeys[m.alg]
	if !ok || private == nil {
		return nil, fmt.Errorf("jwe: header: alg: not for a key pair on a curve: %w", ErrUnsupported)
	}
	epk, err := readEPK(m.value.Member("epk"), private.Curve())
	if err != nil {
		return nil, err
	}
	var parties [2][]byte
	for i, name := range []string{"apu", "apv"} {
		v := m.value.Member(name)
		s, ok := v.Text()
		if parties[i], err = b64url.Decode(s); err != nil || v.Exists() && !ok {
			return nil, malformed("header: %s: not base64url", name)
		}
	}
	shared, err := private.ECDH(epk)
	if err != nil { // a point of low order
		return nil, malformed("header: epk: no key agreement")
	}
	if size == 0 {
		if len(m.key) > 0 {
			return nil, malformed("an encrypted key, where the key is agreed")
		}
		return m.open(concatKDF(shared, m.enc, parties, contentKeys[m.enc]))
	}
	if len(m.key) != contentKeys[m.enc]+8 {
		return nil, malformed("an encrypted key of %d bytes", len(m.key))
	}
	key, ok := unwrap(concatKDF(shared, m.alg, parties, size), m.key)
	if !ok {
		return nil, fmt.Errorf("jwe: %w", ErrDecrypt)
	}
	return m.open(key)
}

// curves are those of keys for agreement, by their JWK name (RFC 7518, section
// 6.2.1.1; RFC 8037, section 2), with the length of a coordinate in bytes.
var curves = map[ecdh.Curve]struct {
	crv  string
	size int
}{ecdh.P256(): {"P-256", 32}, ecdh.P384(): {"P-384", 48}, ecdh.P521(): {"P-521", 66}, ecdh.X25519(): {"X25519", 32}}

// readEPK reads the sender's key, which must be a point of the receiver's curve:
// agreement with any other point would tell something of the private key.
func readEPK(v jcs.Value, curve ecdh.Curve) (*ecdh.PublicKey, error) {
	c, ok := curves[curve]
	if !ok {
		return nil, fmt.Errorf("jwe: a key on another curve: %w", ErrUnsupported)
	}
	kty, _ := v.Member("kty").Text()
	crv, _ := v.Member("crv").Text()
	okp := curve == ecdh.X25519()
	if crv != c.crv || okp != (kty == "OKP") || okp == (kty == "EC") {
		return nil, malformed("header: epk: no public key on %s", c.crv)
	}
	if v.Member("d").Exists() {
		return nil, malformed("header: epk: a private key")
	}
	names, point := []string{"x", "y"}, []byte{4}
	if okp {
		names, point = names[:1], nil
	}
	for _, name := range names {
		s, _ := v.Member(name).Text()
		b, err := b64url.Decode(s)
		if err != nil || len(b) != c.size {
			return nil, malformed("header: epk: %s: not %d bytes in base64url", name, c.size)
		}
		point = append(point, b...)
	}
	k, err := curve.NewPublicKey(point)
	if err != nil {
		return nil, malformed("header: epk: not a point on %s", c.crv)
	}
	return k, nil
}

// concatKDF derives a key of at most 64 bytes from an agreed secret (RFC 7518,
// section 4.6.2; NIST SP 800-56A, section 5.8.1, with SHA-256).
func concatKDF(shared []byte, alg string, parties [2][]byte, size int) []byte {
	info := appendSized(nil, []byte(alg))
	info = appendSized(appendSized(info, parties[0]), parties[1])
	info = binary.BigEndian.AppendUint32(info, uint32(size)*8)
	var out []byte
	for round := uint32(1); len(out) < size; round++ {
		h := sha256.New()
		h.Write(binary.BigEndian.AppendUint32(nil, round))
		h.Write(shared)
		h.Write(info)
		out = h.Sum(out)
	}
	return out[:size]
}

func appendSized(dst, b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(b))), b...)
}

// wrapIV is the initial value of RFC 3394, section 2.2.3.1.
const wrapIV = 0xa6a6a6a6a6a6a6a6

// wrap encrypts a key of a multiple of 8 bytes with another (RFC 3394, section
// 2.2.1).
func wrap(kek, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n := len(key) / 8
	out := append(binary.BigEndian.AppendUint64(nil, wrapIV), key...)
	var b [16]byte
	for t := range 6 * n {
		r := out[8+t%n*8:][:8]
		copy(b[:8], out[:8])
		copy(b[8:], r)
		block.Encrypt(b[:], b[:])
		binary.BigEndian.PutUint64(out[:8], binary.BigEndian.Uint64(b[:8])^uint64(t+1))
		copy(r, b[8:])
	}
	return out, nil
}

// unwrap decrypts what wrap encrypts (section 2.2.2). ok is false where it was
// changed, or the key is another.
func unwrap(kek, wrapped []byte) (key []byte, ok bool) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(wrapped) < 24 || len(wrapped)%8 != 0 {
		return nil, false
	}
	n := len(wrapped)/8 - 1
	out := append([]byte(nil), wrapped...)
	var b [16]byte
	for t := 6*n - 1; t >= 0; t-- {
		r := out[8+t%n*8:][:8]
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(out[:8])^uint64(t+1))
		copy(b[8:], r)
		block.Decrypt(b[:], b[:])
		copy(out[:8], b[:8])
		copy(r, b[8:])
	}
	want := binary.BigEndian.AppendUint64(nil, wrapIV)
	return out[8:], subtle.ConstantTimeCompare(out[:8], want) == 1
}
