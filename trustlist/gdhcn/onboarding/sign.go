package onboarding

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/proof"
)

// value writes a DER value of content made by the parts.
func value(class, tag int, parts ...[]byte) []byte {
	compound := class != asn1.ClassUniversal || tag == asn1.TagSequence || tag == asn1.TagSet
	raw, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: compound, Bytes: bytes.Join(parts, nil)})
	if err != nil {
		panic("onboarding: " + err.Error()) // there is nothing in it that could fail
	}
	return raw
}

func sequence(parts ...[]byte) []byte { return value(asn1.ClassUniversal, asn1.TagSequence, parts...) }

// set sorts its members, as DER does.
func set(parts ...[]byte) []byte {
	slices.SortFunc(parts, bytes.Compare)
	return value(asn1.ClassUniversal, asn1.TagSet, parts...)
}

func tagged(tag int, parts ...[]byte) []byte {
	return value(asn1.ClassContextSpecific, tag, parts...)
}

func octets(b []byte) []byte { return value(asn1.ClassUniversal, asn1.TagOctetString, b) }

func small(v any) []byte {
	raw, err := asn1.Marshal(v)
	if err != nil {
		panic("onboarding: " + err.Error()) // an integer, a time or an identifier
	}
	return raw
}

// Seal makes a CMS SignedData (RFC 5652) with the content in it, signed by the
// holder of a certificate at a time, which is signed too, and with the
// certificate inside: what "openssl cms -sign -nodetach -binary -outform DER"
// makes. Keys on P-256 sign with SHA-256, on P-384 with SHA-384, on P-521 and
// Ed25519 keys with SHA-512, RSA keys with PKCS #1 v1.5 and SHA-256. The error
// wraps [proof.ErrKey] where key is not the certificate's or of another kind.
func Seal(content []byte, signer *x509.Certificate, key crypto.Signer, at time.Time) ([]byte, error) {
	if !proof.Same(signer.PublicKey, key.Public()) {
		return nil, fmt.Errorf("onboarding: the key is not that of the certificate: %w", proof.ErrKey)
	}
	if _, err := proof.AlgorithmsFor(key.Public()); err != nil {
		return nil, fmt.Errorf("onboarding: %w", err)
	}
	d, algorithm := digests[0], oidEd25519
	null := asn1.NullBytes
	switch k := key.Public().(type) {
	case *ecdsa.PublicKey:
		switch bits := k.Curve.Params().BitSize; {
		case bits > 384:
			d = digests[2]
		case bits > 256:
			d = digests[1]
		}
		algorithm, null = d.ecdsa, nil
	case *rsa.PublicKey:
		algorithm = oidRSA
	case ed25519.PublicKey:
		d, null = digests[2], nil
	}
	h := d.hash.New()
	h.Write(content)
	attributes := set(
		sequence(small(oidContentType), set(small(oidData))),
		sequence(small(oidSigningTime), set(small(at.UTC().Truncate(time.Second)))),
		sequence(small(oidMessageDigest), set(octets(h.Sum(nil)))),
	)
	signature, err := sign(key, d.hash, attributes)
	if err != nil {
		return nil, fmt.Errorf("onboarding: signing: %w", err)
	}
	hash := sequence(small(d.oid))
	implicit := bytes.Clone(attributes)
	implicit[0] = 0xa0 // [0] IMPLICIT
	info := sequence(small(1),
		sequence(signer.RawIssuer, small(signer.SerialNumber)),
		hash, implicit, sequence(small(algorithm), null), octets(signature))
	return sequence(small(oidSignedData), tagged(0, sequence(small(1), set(hash),
		sequence(small(oidData), tagged(0, octets(content))),
		tagged(0, signer.Raw), set(info)))), nil
}

func sign(key crypto.Signer, hash crypto.Hash, signed []byte) ([]byte, error) {
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		return key.Sign(rand.Reader, signed, crypto.Hash(0))
	}
	h := hash.New()
	h.Write(signed)
	return key.Sign(rand.Reader, h.Sum(nil), hash)
}
