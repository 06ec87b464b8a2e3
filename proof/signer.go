package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"

	"github.com/sanad-credentials/sanad/internal/secp256k1"
)

// Signer signs whole messages with one key. Its signatures are those that
// [Verify] checks, under the first of the key's algorithms. Sign must be safe
// for concurrent use.
type Signer interface {
	Key() Key
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// MessageSigner signs a list of messages, of which a holder can later show any
// part, under a header that is always shown. A [Signer] whose key is for [BBS]
// has it as well. SignMessages must be safe for concurrent use.
type MessageSigner interface {
	SignMessages(ctx context.Context, header []byte, messages [][]byte) ([]byte, error)
}

// NewSigner makes a Signer of a crypto.Signer: a software key, an HSM, a cloud
// KMS. The key's Public is taken from s. Empty Algorithms mean what
// [AlgorithmsFor] says, empty Purposes AssertionMethod. It returns an error
// wrapping [ErrKey] where s is too weak or of an unknown kind, a [BLSKey]
// among them, and where key.Algorithms[0] is not one it can sign with.
func NewSigner(s crypto.Signer, key Key) (Signer, error) {
	if s == nil {
		return nil, fmt.Errorf("proof: no signer: %w", ErrKey)
	}
	key.Public = s.Public()
	own, err := AlgorithmsFor(key.Public)
	if err != nil {
		return nil, err
	}
	if own[0] == BBS {
		return nil, fmt.Errorf("proof: a BBS key signs lists of messages: %w", ErrKey)
	}
	if len(key.Algorithms) == 0 {
		key.Algorithms = own
	}
	if len(key.Purposes) == 0 {
		key.Purposes = []Purpose{AssertionMethod}
	}
	if a := key.Algorithms[0]; !slices.Contains(own, a) {
		return nil, fmt.Errorf("proof: a key of type %T does not sign %s: %w", key.Public, a, ErrKey)
	}
	return &cryptoSigner{s, key}, nil
}

type cryptoSigner struct {
	signer crypto.Signer
	key    Key
}

func (c *cryptoSigner) Key() Key { return c.key }

func (c *cryptoSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := c.key.Algorithms[0]
	switch pub := c.key.Public.(type) {
	case *ecdsa.PublicKey:
		if private, ok := c.signer.(*ecdsa.PrivateKey); ok && a == ES256K { // the standard library's way is not constant in time
			return secp256k1.Sign(private, digest(a, message)), nil
		}
		der, err := c.signer.Sign(rand.Reader, digest(a, message), a.hash())
		if err != nil {
			return nil, fmt.Errorf("proof: signing: %w", err)
		}
		return rawECDSA(der, orderSize(pub.Curve))
	case *rsa.PublicKey:
		sig, err := c.signer.Sign(rand.Reader, digest(a, message), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash()})
		if err != nil {
			return nil, fmt.Errorf("proof: signing: %w", err)
		}
		return sig, nil
	default: // Ed25519, as NewSigner made sure
		sig, err := c.signer.Sign(rand.Reader, message, crypto.Hash(0))
		if err != nil {
			return nil, fmt.Errorf("proof: signing: %w", err)
		}
		return sig, nil
	}
}

// rawECDSA turns the DER that every crypto.Signer gives into R‖S.
func rawECDSA(der []byte, n int) ([]byte, error) {
	var v struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 || v.R.Sign() <= 0 || v.S.Sign() <= 0 || v.R.BitLen() > 8*n || v.S.BitLen() > 8*n {
		return nil, fmt.Errorf("proof: the signer returned no ECDSA signature: %w", ErrKey)
	}
	sig := make([]byte, 2*n)
	v.R.FillBytes(sig[:n])
	v.S.FillBytes(sig[n:])
	return sig, nil
}
