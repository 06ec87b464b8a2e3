package jwe

import (
	"bytes"
	"compress/flate"
	"crypto/ecdh"
	"crypto/rand"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// EncryptDirect encrypts with a shared key of 32 bytes (alg dir, enc A256GCM),
// which must be random: a key is good for 2^32 messages. The error wraps
// [ErrUnsupported] for another length, [ErrMalformed] where the plaintext is
// longer than [DecryptDirect] reads.
func EncryptDirect(plaintext, key []byte, h Header) ([]byte, error) {
	if len(key) != contentKeys["A256GCM"] {
		return nil, fmt.Errorf("jwe: a key of %d bytes, want 32: %w", len(key), ErrUnsupported)
	}
	return seal(plaintext, key, nil, "dir", nil, h)
}

// Encrypt encrypts for the holder of a key pair on P-256, P-384, P-521 or X25519
// (alg ECDH-ES+A256KW, enc A256GCM), with a key that is made for this message.
// The error wraps [ErrUnsupported] for other keys, [ErrMalformed] where the
// plaintext is longer than [Decrypt] reads.
func Encrypt(plaintext []byte, to *ecdh.PublicKey, h Header) ([]byte, error) {
	if to == nil || curves[to.Curve()].crv == "" {
		return nil, fmt.Errorf("jwe: no public key on a known curve: %w", ErrUnsupported)
	}
	ephemeral, err := to.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("jwe: %w", err)
	}
	shared, err := ephemeral.ECDH(to)
	if err != nil {
		return nil, fmt.Errorf("jwe: no key agreement: %w", ErrUnsupported)
	}
	key := make([]byte, contentKeys["A256GCM"])
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("jwe: %w", err)
	}
	wrapped, err := wrap(concatKDF(shared, algECDHA256K, [2][]byte{}, wrapKeys[algECDHA256K]), key)
	if err != nil {
		return nil, fmt.Errorf("jwe: %w", err)
	}
	return seal(plaintext, key, wrapped, algECDHA256K, writeEPK(ephemeral.PublicKey()), h)
}

// writeEPK returns a public key as a JWK.
func writeEPK(k *ecdh.PublicKey) []byte {
	c, point := curves[k.Curve()], k.Bytes()
	member := func(name string, b []byte) string { return `,"` + name + `":"` + b64url.Encode(b) + `"` }
	if k.Curve() == ecdh.X25519() {
		return []byte(`{"crv":"X25519","kty":"OKP"` + member("x", point) + "}")
	}
	return []byte(`{"crv":"` + c.crv + `","kty":"EC"` + member("x", point[1:1+c.size]) + member("y", point[1+c.size:]) + "}")
}

func seal(plaintext, key, wrapped []byte, alg string, epk []byte, h Header) ([]byte, error) {
	header := append(jcs.Quote([]byte(`{"alg":`), alg), `,"enc":"A256GCM"`...)
	member := func(name, value string) {
		if value != "" {
			header = jcs.Quote(append(jcs.Quote(append(header, ','), name), ':'), value)
		}
	}
	member("cty", h.ContentType)
	if epk != nil {
		header = append(append(header, `,"epk":`...), epk...)
	}
	member("kid", h.KeyID)
	member("typ", h.Type)
	if len(plaintext) > limits.JWEInflated {
		return nil, malformed("plaintext: %d bytes, at most %d", len(plaintext), limits.JWEInflated)
	}
	if h.Compressed {
		member("zip", "DEF")
		plaintext = deflate(plaintext)
	}
	header = append(header, '}')
	aead, err := newGCM(key, "A256GCM")
	if err != nil {
		return nil, err
	}
	iv := make([]byte, ivSize)
	if _, err := rand.Read(iv); err != nil {
		return nil, fmt.Errorf("jwe: %w", err)
	}
	out := b64url.Append(nil, header)
	sealed := aead.Seal(nil, iv, plaintext, out)
	for _, part := range [][]byte{wrapped, iv, sealed[:len(sealed)-tagSize], sealed[len(sealed)-tagSize:]} {
		out = b64url.Append(append(out, '.'), part)
	}
	if _, err := parse(out); err != nil { // what would not be read is not made
		return nil, err
	}
	return out, nil
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression) // fails for unknown levels alone
	w.Write(b)
	w.Close()
	return out.Bytes()
}
