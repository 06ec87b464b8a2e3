// Package bbs signs lists of messages so that a holder can show any part of
// them: from one signature come any number of proofs, each showing some
// messages and proving that the others were signed too, and no two of which can
// be linked by their bytes (draft-irtf-cfrg-bbs-signatures, with the ciphersuite
// BLS12-381-SHA-256 and the interface H2G_HM2S).
//
// An issuer signs with a [SecretKey], a holder makes a proof with [Prove], a
// verifier checks it with [VerifyProof]. A header goes with the signature and is
// always shown; a presentation header goes with one proof, and holds what a
// verifier asked for, so that the proof can't be used again elsewhere.
//
// The arithmetic of the curve is that of cloudflare/circl. What depends on a
// secret key or, in making a proof, on its random numbers, on the signature's e
// and on the messages that it does not show takes the same time for all of their
// values. Signing, and checking a signature, takes a time that depends on the
// messages, all of which whoever does it knows; checking a proof handles nothing
// that is secret.
package bbs

import (
	"errors"
	"fmt"

	"github.com/cloudflare/circl/ecc/bls12381"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// Lengths in bytes (section 7.2): of a secret key, a signature, and a proof
// that shows all messages. A proof is 32 bytes longer for each message that it
// does not show.
const (
	SecretKeySize = 32
	SignatureSize = pointSize + scalarSize
	ProofSize     = 3*pointSize + 4*scalarSize
)

const (
	pointSize  = bls12381.G1SizeCompressed
	scalarSize = bls12381.ScalarSize
)

// ErrInput says that there are too many messages, or that the indexes of those
// to show are not ascending or not of messages.
var ErrInput = errors.New("unusable messages or indexes")

// Verify checks a signature over messages under a header (section 3.5.2). The
// error wraps [proof.ErrMismatch] where the signature is wrong or malformed,
// [proof.ErrKey] where the key is no point of the group or the identity,
// [ErrInput] for over 1,024 messages.
func Verify(key proof.BLSKey, signature, header []byte, messages [][]byte) error {
	if len(messages) > limits.BBSMessages {
		return fmt.Errorf("bbs: %d messages, at most %d are signed: %w", len(messages), limits.BBSMessages, ErrInput)
	}
	w, err := decodeKey(key)
	if err != nil {
		return err
	}
	a, e, err := decodeSignature(signature)
	if err != nil {
		return err
	}
	g := generators(len(messages))
	// A * e - B, where B = P1 + Q_1 * domain + H_1 * msg_1 + …
	s := newSum(len(messages) + 3)
	minus := one()
	minus.Neg()
	s.addTable(baseTable(), minus)
	domain := calculateDomain(key, g, header)
	domain.Neg()
	s.addTable(&g[0].table, domain)
	for i, m := range messages {
		k := messageScalar(m)
		k.Neg()
		s.addTable(&g[i+1].table, k)
	}
	s.add(a, e)
	if !pairingsCancel(a, w, s.point()) {
		return fmt.Errorf("bbs: signature: %w", proof.ErrMismatch)
	}
	return nil
}

// pairingsCancel reports whether h(a, w) * h(b, BP2) is the identity.
func pairingsCancel(a *bls12381.G1, w *bls12381.G2, b *bls12381.G1) bool {
	return bls12381.ProdPairFrac([]*bls12381.G1{a, b}, []*bls12381.G2{w, bls12381.G2Generator()}, []int{1, 1}).IsIdentity()
}

// CheckKey says whether a key is a point of the group G2 other than the
// identity (section 4.2.4.6). The error wraps [proof.ErrKey]. All that use a
// key check this too.
func CheckKey(key proof.BLSKey) error {
	_, err := decodeKey(key)
	return err
}

func decodeKey(key proof.BLSKey) (*bls12381.G2, error) {
	w := new(bls12381.G2)
	if err := w.SetBytes(key[:]); err != nil || w.IsIdentity() {
		return nil, fmt.Errorf("bbs: public key that is no point of G2: %w", proof.ErrKey)
	}
	return w, nil
}

// decodeSignature is octets_to_signature (section 4.2.4.3).
func decodeSignature(b []byte) (*bls12381.G1, *bls12381.Scalar, error) {
	if len(b) != SignatureSize {
		return nil, nil, fmt.Errorf("bbs: signature of %d bytes, want %d: %w", len(b), SignatureSize, proof.ErrMismatch)
	}
	a, err := decodePoint(b[:pointSize])
	if err != nil {
		return nil, nil, fmt.Errorf("bbs: signature: %w", err)
	}
	e, err := decodeScalar(b[pointSize:])
	if err != nil {
		return nil, nil, fmt.Errorf("bbs: signature: %w", err)
	}
	return a, e, nil
}

// decodePoint reads a compressed point of G1, which is not the identity.
func decodePoint(b []byte) (*bls12381.G1, error) {
	p := new(bls12381.G1)
	if err := p.SetBytes(b[:pointSize:pointSize]); err != nil || p.IsIdentity() {
		return nil, fmt.Errorf("no point of G1: %w", proof.ErrMismatch)
	}
	return p, nil
}
