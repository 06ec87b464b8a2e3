package bbs

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudflare/circl/ecc/bls12381"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// SecretKey signs. It prints without its number.
type SecretKey struct {
	sk     *bls12381.Scalar
	public proof.BLSKey
}

// GenerateKey makes a new key of crypto/rand's.
func GenerateKey() (*SecretKey, error) {
	material := make([]byte, wideSize)
	rand.Read(material)
	return KeyGen(material, nil)
}

// KeyGen makes the key that belongs to secret material of at least 32 random
// bytes and to info, at most 65,535 bytes, which tells keys from the same
// material apart (section 3.4.1). The error wraps [proof.ErrKey].
func KeyGen(material, info []byte) (*SecretKey, error) { return keyGen(material, info, keyDST) }

func keyGen(material, info []byte, dst string) (*SecretKey, error) {
	if len(material) < 32 || len(info) > 1<<16-1 {
		return nil, fmt.Errorf("bbs: key material of %d bytes, want 32 or more, info of %d, at most 65,535: %w", len(material), len(info), proof.ErrKey)
	}
	in := binary.BigEndian.AppendUint16(slices.Clone(material), uint16(len(info)))
	return newKey(hashToScalar(append(in, info...), dst))
}

// NewSecretKey reads a key of 32 bytes, a number from 1 to r - 1 in big-endian
// order. The error wraps [proof.ErrKey].
func NewSecretKey(b []byte) (*SecretKey, error) {
	if len(b) != SecretKeySize {
		return nil, fmt.Errorf("bbs: secret key of %d bytes, want %d: %w", len(b), SecretKeySize, proof.ErrKey)
	}
	sk, err := decodeScalar(b)
	if err != nil {
		return nil, fmt.Errorf("bbs: secret key out of range: %w", proof.ErrKey)
	}
	return newKey(sk)
}

// newKey is SkToPk (section 3.4.2).
func newKey(sk *bls12381.Scalar) (*SecretKey, error) {
	if sk.IsZero() == 1 {
		return nil, fmt.Errorf("bbs: secret key is zero: %w", proof.ErrKey)
	}
	w := new(bls12381.G2)
	w.ScalarMult(sk, bls12381.G2Generator())
	return &SecretKey{sk, proof.BLSKey(w.BytesCompressed())}, nil
}

// Public returns the public key.
func (k *SecretKey) Public() proof.BLSKey { return k.public }

// Bytes returns what [NewSecretKey] reads.
func (k *SecretKey) Bytes() []byte { return appendScalar(nil, k.sk) }

// String keeps the number out of logs.
func (k *SecretKey) String() string { return "BBS secret key" }

// GoString is String.
func (k *SecretKey) GoString() string { return k.String() }

// Sign signs messages, in their order, under a header (section 3.5.1). The same
// input gives the same signature. The error wraps [ErrInput] for over 1,024
// messages.
func (k *SecretKey) Sign(header []byte, messages [][]byte) ([]byte, error) {
	if len(messages) > limits.BBSMessages {
		return nil, fmt.Errorf("bbs: %d messages, at most %d are signed: %w", len(messages), limits.BBSMessages, ErrInput)
	}
	g := generators(len(messages))
	domain := calculateDomain(k.public, g, header)
	b := newSum(len(messages) + 2)
	b.addTable(baseTable(), one())
	b.addTable(&g[0].table, domain)
	in := make([]byte, 0, scalarSize*(len(messages)+2))
	in = appendScalar(in, k.sk)
	for i, m := range messages {
		scalar := messageScalar(m)
		in = appendScalar(in, scalar)
		b.addTable(&g[i+1].table, scalar)
	}
	e := hashToScalar(appendScalar(in, domain), hashDST)
	inverse := new(bls12381.Scalar)
	inverse.Add(k.sk, e)
	if inverse.IsZero() == 1 || e.IsZero() == 1 {
		return nil, errors.New("bbs: no signature: e or SK + e is zero") // once in 2^254
	}
	inverse.Inv(inverse)
	a := new(bls12381.G1)
	a.ScalarMult(inverse, b.point())
	return appendScalar(a.BytesCompressed(), e), nil
}

// NewSigner makes a signer of a key. It is a [proof.MessageSigner]; signing a
// single message with Sign is an error wrapping [proof.ErrKey]. The key's Public
// and Algorithms are set, empty Purposes mean proof.AssertionMethod.
func NewSigner(secret *SecretKey, key proof.Key) (proof.Signer, error) {
	if secret == nil {
		return nil, fmt.Errorf("bbs: no secret key: %w", proof.ErrKey)
	}
	key.Public, key.Algorithms = secret.public, []proof.Algorithm{proof.BBS}
	if len(key.Purposes) == 0 {
		key.Purposes = []proof.Purpose{proof.AssertionMethod}
	}
	return &signer{secret, key}, nil
}

type signer struct {
	secret *SecretKey
	key    proof.Key
}

var _ proof.MessageSigner = (*signer)(nil)

func (s *signer) Key() proof.Key { return s.key }

func (s *signer) Sign(context.Context, []byte) ([]byte, error) {
	return nil, fmt.Errorf("bbs: the key signs lists of messages, not a single one: %w", proof.ErrKey)
}

func (s *signer) SignMessages(ctx context.Context, header []byte, messages [][]byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.secret.Sign(header, messages)
}
