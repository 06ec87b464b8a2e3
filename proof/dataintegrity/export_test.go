package dataintegrity

import (
	"crypto"

	"github.com/sanad-credentials/sanad/proof"
)

// Internals gives tests what proof i signs, and its signature.
func Internals(d *Document, i int) (message, signature []byte) {
	return d.Proofs[i].message, d.Proofs[i].signature
}

// HashOf is the hash of a proof's cryptosuite.
func HashOf(p *Proof) crypto.Hash { return p.suite.hash }

// FromDER is what a JWS with a signature in DER is read with.
var FromDER = fromDER

// HashFor is the hash inside a signature algorithm.
func HashFor(a proof.Algorithm) crypto.Hash {
	if a == proof.ES384 {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// Digest is the hash of a message.
func Digest(a proof.Algorithm, message []byte) []byte {
	h := HashFor(a).New()
	h.Write(message)
	return h.Sum(nil)
}
