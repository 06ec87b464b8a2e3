package sdjwt

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
)

// SHA256, SHA384 and SHA512 are the hashes of digests, by their names in _sd_alg
// (RFC 9901, section 4.1.1; IANA Named Information Hash Algorithm Registry).
const (
	SHA256 = "sha-256" // what no _sd_alg means
	SHA384 = "sha-384"
	SHA512 = "sha-512"
)

// hash returns what makes the digest of a text, in base64url.
func hash(name string) (func(string) string, error) {
	switch name {
	case SHA256:
		return func(s string) string {
			var in [512]byte // most disclosures: no allocation for these
			h := sha256.Sum256(append(in[:0], s...))
			return b64url.Encode(h[:])
		}, nil
	case SHA384:
		return func(s string) string { h := sha512.Sum384([]byte(s)); return b64url.Encode(h[:]) }, nil
	case SHA512:
		return func(s string) string { h := sha512.Sum512([]byte(s)); return b64url.Encode(h[:]) }, nil
	}
	return nil, fmt.Errorf("sdjwt: payload: %w", ErrHash)
}

// hashOf reads _sd_alg.
func hashOf(payload jcs.Value) (func(string) string, error) {
	m := payload.Member(nameHash)
	if !m.Exists() {
		return hash(SHA256)
	}
	name, _ := m.Text()
	return hash(name)
}
