package jwk

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
)

// ErrConfirm says that a confirmation names the holder's key in a way that is
// not understood, so that nobody can prove to have it.
var ErrConfirm = errors.New("cnf without a jwk")

// Unprovable is the key of a confirmation that is not understood: one that fits
// nothing. What has it is bound to a holder, whoever that is.
func Unprovable() []proof.Key { return []proof.Key{{ID: "cnf"}} }

// Confirmed reads the claim cnf, the holder's key (RFC 7800, section 3.1): nil
// where it is absent, and [Unprovable] together with an error wrapping
// [ErrConfirm] where it names the key otherwise than as a JWK. Any other error
// wraps this package's, or says that the claim is malformed.
func Confirmed(cnf jcs.Value) ([]proof.Key, error) {
	if !cnf.Exists() {
		return nil, nil
	}
	if cnf.Kind() != jcs.Object || cnf.Len() == 0 {
		return nil, fmt.Errorf("cnf: %s, not an object with members: %w", cnf.Kind(), ErrSyntax)
	}
	key := cnf.Member("jwk")
	if !key.Exists() {
		return Unprovable(), ErrConfirm
	}
	k, err := From(key, Strict)
	if err != nil {
		return nil, fmt.Errorf("cnf: %w", err)
	}
	return []proof.Key{k.Proof(proof.Authentication)}, nil
}

// Confirm writes the value of a claim cnf. The error wraps [proof.ErrKey].
func Confirm(pub crypto.PublicKey) ([]byte, error) {
	k, err := Marshal(pub, "")
	if err != nil {
		return nil, err
	}
	return append(append([]byte(`{"jwk":`), k...), '}'), nil
}
