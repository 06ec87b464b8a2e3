package vci

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

// readKey reads a key of an issuer, and what it lacks.
func readKey(v jcs.Value) (k proof.Key, remark, err error) {
	j, err := jwk.From(v, jwk.Strict)
	if err != nil {
		return k, nil, fmt.Errorf("vci: %w", err)
	}
	if !slices.Equal(j.Algorithms, []proof.Algorithm{proof.ES256}) {
		return k, nil, fmt.Errorf("vci: not a key for ES256: %w", proof.ErrKey)
	}
	thumbprint, err := jwk.Thumbprint(j.Public)
	if err != nil {
		return k, nil, fmt.Errorf("vci: %w", err)
	}
	if j.ID != "" && j.ID != thumbprint {
		return k, nil, fmt.Errorf("%w: %w", ErrThumbprint, proof.ErrKey)
	}
	var lacks []string
	for _, member := range []string{"kid", "use", "alg"} {
		if !v.Member(member).Exists() {
			lacks = append(lacks, member)
		}
	}
	if lacks != nil {
		remark = fmt.Errorf("%w: key without %s", ErrProfile, strings.Join(lacks, ", "))
	}
	k = j.Proof(proof.AssertionMethod)
	k.ID = thumbprint
	return k, remark, nil
}
