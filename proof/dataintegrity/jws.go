package dataintegrity

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	// ErrDER is noted for a proof whose ECDSA signature is in the DER of X.509,
	// where JOSE has R‖S (RFC 7518, section 3.4).
	ErrDER = errors.New("ECDSA signature in DER")
	// ErrNoFragment is noted for a proof whose verificationMethod is a DID and
	// not a key's URL within it.
	ErrNoFragment = errors.New("verificationMethod without a fragment")
)

// maxJWS is the length of the longest detached JWS: a signature of RSA with
// 8,192 bits, and a header of some hundred bytes.
const maxJWS = 2048

// jws is a detached JWS with an unencoded payload (RFC 7797).
type jws struct {
	header    string // as it is signed
	algorithm proof.Algorithm
	signature []byte
}

// parseJWS reads a compact JWS without payload. Its header must have b64 false
// and crit with that alone: without it, something else would have been signed.
func parseJWS(s string) (*jws, error) {
	bad := func(reason string) (*jws, error) {
		return nil, fmt.Errorf("jws: %s: %w", reason, ErrMalformed)
	}
	if len(s) > maxJWS {
		return bad("too long")
	}
	encoded, signature, ok := strings.Cut(s, "..")
	if !ok {
		return bad("not compact and detached")
	}
	raw, err := b64url.Decode(encoded)
	if err != nil {
		return bad("header: not base64url")
	}
	h, err := jcs.Parse(raw)
	if err != nil || h.Kind() != jcs.Object {
		return bad("header: not strict JSON of an object")
	}
	j := &jws{header: encoded}
	if j.signature, err = b64url.Decode(signature); err != nil {
		return bad("signature: not base64url")
	}
	if b64, ok := h.Member("b64").Bool(); b64 || !ok {
		return bad("header: b64 is not false")
	}
	crit := h.Member("crit")
	for _, e := range crit.Elements() {
		if name, _ := e.Text(); name != "b64" || crit.Len() != 1 {
			return bad("header: crit has other than b64")
		}
	}
	if crit.Len() != 1 {
		return bad("header: crit without b64")
	}
	alg, _ := h.Member("alg").Text()
	if alg == "" {
		return bad("header: no alg")
	}
	j.algorithm = proof.Algorithm(alg)
	return j, nil
}

// encode writes a signature as its proof has it: as a proofValue, or as a
// detached JWS with an unencoded payload.
func (v *variant) encode(signature []byte) (string, error) {
	if !v.jws {
		return encodeProofValue(signature)
	}
	header := `{"alg":"` + string(v.algorithm) + `","b64":false,"crit":["b64"]}`
	return b64url.Encode([]byte(header)) + ".." + b64url.Encode(signature), nil
}

// fromDER turns an ECDSA signature of the size given, R‖S, from its DER.
func fromDER(der []byte, size int) ([]byte, bool) {
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, false
	}
	// The decoder passes over what is behind the two numbers.
	if again, err := asn1.Marshal(sig); err != nil || !bytes.Equal(again, der) {
		return nil, false
	}
	if sig.R.Sign() < 0 || sig.S.Sign() < 0 || sig.R.BitLen() > size*4 || sig.S.BitLen() > size*4 {
		return nil, false
	}
	out := make([]byte, size)
	sig.R.FillBytes(out[:size/2])
	sig.S.FillBytes(out[size/2:])
	return out, true
}
