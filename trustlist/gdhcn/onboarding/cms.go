package onboarding

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // the digests below
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// The object identifiers of RFC 5652, RFC 5754, RFC 4056 and RFC 8419.
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}

	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// digest is a hash, with the algorithms that have it in their name.
type digest struct {
	hash            crypto.Hash
	oid, rsa, ecdsa asn1.ObjectIdentifier
}

// digests are the hashes that count.
var digests = []digest{
	{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
	{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}},
	{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}},
}

// message is a SignedData with its one signer, as read: nothing is checked.
type message struct {
	content    []byte
	sid        asn1.RawValue
	digest     int    // index in digests
	attributes []byte // as signed: with the tag of a SET; nil where there are none
	algorithm  asn1.ObjectIdentifier
	signature  []byte
}

// one reads the DER value that raw consists of.
func one(raw []byte) (v asn1.RawValue, err error) {
	rest, err := asn1.Unmarshal(raw, &v)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes behind the end", len(rest))
	}
	return v, err
}

// parts reads the values that a constructed one consists of.
func parts(v asn1.RawValue) ([]asn1.RawValue, error) {
	if !v.IsCompound {
		return nil, fmt.Errorf("tag %d is not constructed", v.Tag)
	}
	var out []asn1.RawValue
	for rest := v.Bytes; len(rest) > 0; {
		var p asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// members reads the values of a SEQUENCE.
func members(v asn1.RawValue) ([]asn1.RawValue, error) {
	if !is(v, asn1.ClassUniversal, asn1.TagSequence) {
		return nil, fmt.Errorf("tag %d where a sequence is wanted", v.Tag)
	}
	return parts(v)
}

func is(v asn1.RawValue, class, tag int) bool { return v.Class == class && v.Tag == tag }

// identifier reads the first member of a SEQUENCE, which names what it is.
func identifier(v asn1.RawValue) (oid asn1.ObjectIdentifier, rest []asn1.RawValue, err error) {
	ps, err := members(v)
	if err != nil || len(ps) == 0 {
		return nil, nil, fmt.Errorf("no sequence behind an object identifier")
	}
	if _, err = asn1.Unmarshal(ps[0].FullBytes, &oid); err != nil {
		return nil, nil, err
	}
	return oid, ps[1:], nil
}

// read reads a ContentInfo with a SignedData (RFC 5652, sections 3 and 5.1) that
// holds its content and has one signer. DER alone is read, as OpenSSL writes it.
func read(raw []byte) (*message, error) {
	if len(raw) > limits.CMS {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.CMS)
	}
	m, err := readInfo(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: cms: %w", ErrFormat, err)
	}
	return m, nil
}

func readInfo(raw []byte) (*message, error) {
	info, err := one(raw)
	if err != nil {
		return nil, err
	}
	oid, rest, err := identifier(info)
	if err != nil {
		return nil, err
	}
	if !oid.Equal(oidSignedData) || len(rest) != 1 || !is(rest[0], asn1.ClassContextSpecific, 0) {
		return nil, fmt.Errorf("no signed data")
	}
	data, err := one(rest[0].Bytes)
	if err != nil {
		return nil, err
	}
	ps, err := members(data)
	if err != nil {
		return nil, err
	}
	// version, digestAlgorithms, encapContentInfo, certificates and crls, signerInfos
	if len(ps) < 4 {
		return nil, fmt.Errorf("signed data of %d parts", len(ps))
	}
	for _, p := range ps[3 : len(ps)-1] {
		if p.Class != asn1.ClassContextSpecific {
			return nil, fmt.Errorf("unknown part of the signed data")
		}
	}
	m := &message{}
	if m.content, err = encapsulated(ps[2]); err != nil {
		return nil, err
	}
	signers, err := parts(ps[len(ps)-1])
	if err != nil {
		return nil, err
	}
	if len(signers) != 1 || !is(ps[len(ps)-1], asn1.ClassUniversal, asn1.TagSet) {
		return nil, fmt.Errorf("%d signers, not one", len(signers))
	}
	return m, m.readSigner(signers[0])
}

// encapsulated reads an EncapsulatedContentInfo of type data that is not
// detached.
func encapsulated(v asn1.RawValue) ([]byte, error) {
	oid, rest, err := identifier(v)
	if err != nil {
		return nil, err
	}
	if !oid.Equal(oidData) {
		return nil, fmt.Errorf("content of another type than data")
	}
	if len(rest) != 1 || !is(rest[0], asn1.ClassContextSpecific, 0) {
		return nil, fmt.Errorf("content is detached")
	}
	octets, err := one(rest[0].Bytes)
	if err != nil {
		return nil, err
	}
	if !is(octets, asn1.ClassUniversal, asn1.TagOctetString) || octets.IsCompound {
		return nil, fmt.Errorf("content is no octet string")
	}
	return octets.Bytes, nil
}

// readSigner reads a SignerInfo (RFC 5652, section 5.3).
func (m *message) readSigner(v asn1.RawValue) error {
	ps, err := members(v)
	if err != nil {
		return err
	}
	// version, sid, digestAlgorithm, [0] signedAttrs, signatureAlgorithm, signature, [1] unsignedAttrs
	if len(ps) < 5 {
		return fmt.Errorf("signer of %d parts", len(ps))
	}
	m.sid = ps[1]
	oid, _, err := identifier(ps[2])
	if err != nil {
		return err
	}
	if m.digest = slices.IndexFunc(digests, func(d digest) bool { return d.oid.Equal(oid) }); m.digest < 0 {
		return fmt.Errorf("digest is not of the SHA-2 family")
	}
	ps = ps[3:]
	if is(ps[0], asn1.ClassContextSpecific, 0) {
		// They are signed as the SET that they are (RFC 5652, section 5.4).
		m.attributes = bytes.Clone(ps[0].FullBytes)
		m.attributes[0] = asn1.TagSet | 0x20
		ps = ps[1:]
	}
	if len(ps) < 2 || len(ps) > 3 || !is(ps[1], asn1.ClassUniversal, asn1.TagOctetString) || ps[1].IsCompound {
		return fmt.Errorf("signer without signature")
	}
	if len(ps) == 3 && !is(ps[2], asn1.ClassContextSpecific, 1) {
		return fmt.Errorf("unknown part of a signer")
	}
	m.signature = ps[1].Bytes
	m.algorithm, _, err = identifier(ps[0])
	return err
}

// isBy reports whether the signer is named as a certificate's holder.
func (m *message) isBy(c *x509.Certificate) bool {
	if is(m.sid, asn1.ClassContextSpecific, 0) {
		return len(c.SubjectKeyId) > 0 && bytes.Equal(m.sid.Bytes, c.SubjectKeyId)
	}
	ps, err := members(m.sid)
	if err != nil || len(ps) != 2 {
		return false
	}
	var serial *big.Int
	if _, err := asn1.Unmarshal(ps[1].FullBytes, &serial); err != nil {
		return false
	}
	return bytes.Equal(ps[0].FullBytes, c.RawIssuer) && serial.Cmp(c.SerialNumber) == 0
}

// signedBytes are what the signature covers, and when it was made, if that is
// signed. Attributes must name the content's type and digest, once each (RFC
// 5652, section 11). Content without attributes must not be what the attributes of
// another message could be: their signature would cover it too.
func (m *message) signedBytes() (signed []byte, at time.Time, err error) {
	if m.attributes == nil {
		if v, err := one(m.content); err == nil && is(v, asn1.ClassUniversal, asn1.TagSet) {
			return nil, at, fmt.Errorf("signed attributes of another message in place of content")
		}
		return m.content, at, nil
	}
	set, err := one(m.attributes)
	if err != nil {
		return nil, at, err
	}
	attributes, err := parts(set)
	if err != nil {
		return nil, at, err
	}
	seen := map[string]asn1.RawValue{}
	for _, a := range attributes {
		oid, rest, err := identifier(a)
		if err != nil || len(rest) != 1 || !is(rest[0], asn1.ClassUniversal, asn1.TagSet) {
			return nil, at, fmt.Errorf("malformed attribute")
		}
		values, err := parts(rest[0])
		if _, twice := seen[oid.String()]; err != nil || twice || len(values) == 0 {
			return nil, at, fmt.Errorf("attribute %s: without value, or there twice", oid)
		}
		if len(values) == 1 {
			seen[oid.String()] = values[0]
		} else {
			seen[oid.String()] = asn1.RawValue{} // of no use below, where one is wanted
		}
	}
	var of asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(seen[oidContentType.String()].FullBytes, &of); err != nil || !of.Equal(oidData) {
		return nil, at, fmt.Errorf("the content type is not signed")
	}
	h := digests[m.digest].hash.New()
	h.Write(m.content)
	stated := seen[oidMessageDigest.String()]
	if !is(stated, asn1.ClassUniversal, asn1.TagOctetString) || !bytes.Equal(stated.Bytes, h.Sum(nil)) {
		return nil, at, fmt.Errorf("the content is not the one that was signed: %w", proof.ErrMismatch)
	}
	if t, ok := seen[oidSigningTime.String()]; ok {
		if _, err := asn1.Unmarshal(t.FullBytes, &at); err != nil {
			return nil, at, fmt.Errorf("signing time: %w", err)
		}
	}
	return m.attributes, at.UTC(), nil
}

// verify checks the signature with a key. The algorithm must be one of the
// key's kind, with the digest that the signer states.
func (m *message) verify(pub crypto.PublicKey, signed []byte) error {
	d := digests[m.digest]
	h := d.hash.New()
	h.Write(signed)
	sum := h.Sum(nil)
	ok := false
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		ok = m.algorithm.Equal(d.ecdsa) && ecdsa.VerifyASN1(k, sum, m.signature)
	case *rsa.PublicKey:
		switch {
		case m.algorithm.Equal(oidRSA), m.algorithm.Equal(d.rsa):
			ok = rsa.VerifyPKCS1v15(k, d.hash, sum, m.signature) == nil
		case m.algorithm.Equal(oidPSS):
			ok = rsa.VerifyPSS(k, d.hash, sum, m.signature, nil) == nil
		}
	case ed25519.PublicKey:
		ok = m.algorithm.Equal(oidEd25519) && ed25519.Verify(k, signed, m.signature)
	}
	if !ok {
		return proof.ErrMismatch
	}
	return nil
}
