// Package onboarding reads and makes the signed messages by which states join
// WHO's network, or one like it (WorldHealthOrganization/smart-trust,
// "Onboarding", and tng-participant-template, scripts/signing).
//
// A participant hands in certificates, and the network's trust anchor (TNG_TA)
// signs each of them: <participant>/onboarding/<domain>/<usage>/signed/
// TNG_TA.signed.<name>.json. That signature, and not the list that is published
// from it, is what binds a signing authority to its state. [Verify] checks one
// with the anchor's certificate, which the caller pins, and [Sign] makes one.
//
// Issuers that are known by a DID are signed as a text of four fields
// ([VerifyIssuer], [SignIssuer]). Document signers are not signed by the anchor:
// their state uploads them under its upload certificate ([Upload],
// [VerifyUpload]).
//
// All are CMS messages (RFC 5652), which this package reads itself, and only
// their strict form: DER, one signer, the content inside, digests of the SHA-2
// family, attributes that are there once. What is verified are the bytes as they
// came, never a second encoding of them. Certificates that a message carries are
// not looked at: the signer is the one that the caller names.
package onboarding

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
)

var (
	// ErrFormat says that a message is not as the network writes it.
	ErrFormat = errors.New("onboarding: malformed message")
	// ErrSignature says that a message is not signed by the certificate given.
	ErrSignature = errors.New("onboarding: not signed by the trust anchor")
	// ErrContent says that a message states one thing and its signature another.
	ErrContent = errors.New("onboarding: what is stated is not what is signed")
	// ErrEmpty says that an issuer's form was signed without its fields: the
	// signature is good, and vouches for nobody.
	ErrEmpty = errors.New("onboarding: a form that names nobody")
)

// Open verifies a CMS message of at most 64 kB and returns its content and when
// it was signed, which is zero where the message does not say. The signer must
// be named by, and its key be that of, the certificate given, and the time of
// signing within its validity. The error wraps [ErrFormat] or [ErrSignature].
func Open(cms []byte, signer *x509.Certificate) (content []byte, signed time.Time, err error) {
	m, err := read(cms)
	if err != nil {
		return nil, signed, err
	}
	if !m.isBy(signer) {
		return nil, signed, fmt.Errorf("%w: it names another certificate", ErrSignature)
	}
	covered, signed, err := m.signedBytes()
	if err != nil {
		return nil, signed, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := m.verify(signer.PublicKey, covered); err != nil {
		return nil, signed, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !signed.IsZero() && (signed.Before(signer.NotBefore) || signed.After(signer.NotAfter)) {
		return nil, signed, fmt.Errorf("%w: signed outside the validity of its certificate", ErrSignature)
	}
	return m.content, signed, nil
}

// Record is a certificate that the trust anchor has signed.
type Record struct {
	Certificate *x509.Certificate
	// Country is that of the certificate's subject, ISO 3166-1 alpha-2 or a
	// test country's, as the record states it too.
	Country string
	Signed  time.Time // zero where the signature does not say
}

// record is its form on disk.
type record struct {
	Signature   string `json:"trustAnchorSignature"`
	Certificate string `json:"certificateRawData"`
	Thumbprint  string `json:"certificateThumbprint"`
	Country     string `json:"country"`
}

// Verify checks a signed record, TNG_TA.signed.<name>.json, with the
// certificate of the trust anchor: the anchor signed exactly the certificate
// that the record holds, whose thumbprint and country are those that it states.
// Whether the certificate is still valid, and of the folder's participant, is
// for the caller to ask. The error wraps [ErrFormat], [ErrSignature] or
// [ErrContent].
func Verify(raw []byte, anchor *x509.Certificate) (*Record, error) {
	doc, err := parse(raw)
	if err != nil {
		return nil, err
	}
	cms, err := decode(doc, "trustAnchorSignature")
	if err != nil {
		return nil, err
	}
	der, err := decode(doc, "certificateRawData")
	if err != nil {
		return nil, err
	}
	content, signed, err := Open(cms, anchor)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(content, der) {
		return nil, fmt.Errorf("%w: certificateRawData", ErrContent)
	}
	c, err := jwk.ParseCertificate(content)
	if err != nil {
		return nil, fmt.Errorf("%w: certificateRawData: %w", ErrFormat, err)
	}
	if thumbprint, _ := doc.Member("certificateThumbprint").Text(); thumbprint != thumbprintOf(c) {
		return nil, fmt.Errorf("%w: certificateThumbprint", ErrContent)
	}
	country, _ := doc.Member("country").Text()
	if len(c.Subject.Country) != 1 || country != c.Subject.Country[0] {
		return nil, fmt.Errorf("%w: country", ErrContent)
	}
	return &Record{Certificate: c, Country: country, Signed: signed}, nil
}

// Sign makes the signed record of a certificate, as the holder of the trust
// anchor. The certificate must name one country. The error wraps [ErrContent],
// or proof.ErrKey.
func Sign(c, anchor *x509.Certificate, key crypto.Signer, at time.Time) ([]byte, error) {
	if len(c.Subject.Country) != 1 {
		return nil, fmt.Errorf("%w: the certificate names %d countries, not one", ErrContent, len(c.Subject.Country))
	}
	cms, err := Seal(c.Raw, anchor, key, at)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(record{
		Signature:   base64.StdEncoding.EncodeToString(cms),
		Certificate: base64.StdEncoding.EncodeToString(c.Raw),
		Thumbprint:  thumbprintOf(c), Country: c.Subject.Country[0],
	}, "", "  ")
}

func thumbprintOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// parse reads a small JSON object.
func parse(raw []byte) (jcs.Value, error) {
	if len(raw) > 3*limits.CMS {
		return jcs.Value{}, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), 3*limits.CMS)
	}
	doc, err := jcs.Parse(raw)
	if err != nil {
		return jcs.Value{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if doc.Kind() != jcs.Object {
		return jcs.Value{}, fmt.Errorf("%w: %s, not an object", ErrFormat, doc.Kind())
	}
	return doc, nil
}

func decode(doc jcs.Value, name string) ([]byte, error) {
	s, ok := doc.Member(name).Text()
	if !ok || s == "" {
		return nil, fmt.Errorf("%w: %s is missing", ErrFormat, name)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("%w: %s: no base64", ErrFormat, name)
	}
	return b, nil
}

// Upload makes the message by which a participant uploads a document signer
// certificate to the network: the body of POST /trustedCertificate (smart-trust,
// "Onboarding checklist", Upload CMS Package), signed by the holder of its
// upload certificate (UP). An empty domain is DCC. The error wraps proof.ErrKey.
func Upload(dsc, up *x509.Certificate, key crypto.Signer, domain string, at time.Time) ([]byte, error) {
	if domain == "" {
		domain = "DCC"
	}
	cms, err := Seal(dsc.Raw, up, key, at)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"cms": base64.StdEncoding.EncodeToString(cms), "properties": map[string]any{}, "domain": domain,
	})
}

// VerifyUpload checks such a message, as the network does, with the upload
// certificate that the participant has handed in. That its signing authority
// issued the document signer is for the caller to check. The domain is as the
// message states it: the signature covers the certificate alone. The error wraps
// [ErrFormat] or [ErrSignature].
func VerifyUpload(raw []byte, up *x509.Certificate) (dsc *x509.Certificate, domain string, err error) {
	doc, err := parse(raw)
	if err != nil {
		return nil, "", err
	}
	cms, err := decode(doc, "cms")
	if err != nil {
		return nil, "", err
	}
	if domain, _ = doc.Member("domain").Text(); domain == "" {
		return nil, "", fmt.Errorf("%w: domain is missing", ErrFormat)
	}
	content, _, err := Open(cms, up)
	if err != nil {
		return nil, "", err
	}
	if dsc, err = jwk.ParseCertificate(content); err != nil {
		return nil, "", fmt.Errorf("%w: cms: %w", ErrFormat, err)
	}
	return dsc, domain, nil
}
