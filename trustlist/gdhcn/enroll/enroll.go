// Package enroll makes what a state needs to join WHO's network, or one like it,
// and tells what that network would refuse.
//
// A participant has a signing authority (SCA), which issues the certificates of
// its document signers (DSC), a certificate for uploads (UP) and one for TLS
// (WorldHealthOrganization/smart-trust, "Certificate governance", Certificate
// Templates). [SelfSign] makes the first and the last two, [Request] and [Sign]
// the signers':
//
//	sca, err := enroll.SelfSign(subject, scaKey, enroll.Terms{Usage: enroll.SCA, From: now})
//	request, err := enroll.Request(subject, signerKey)      // where the signer's key is
//	dsc, err := enroll.Sign(request, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now})
//
// The certificates lie in a folder that the network's secretariat reads
// (tng-participant-template, onboarding/): [Files] lays it out and [Lint] says
// what is wrong with one, by the rules of the network's own checks
// (tng-participant-template, scripts/tests) and of its texts. Document signers are
// not in that folder; they are uploaded with a message of package onboarding.
package enroll

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrTerms says that a certificate can't be made as asked: the network, or
	// the authority that signs it, would not have it.
	ErrTerms = errors.New("enroll: not a certificate that the network takes")
	// ErrRequest says that a signing request can't be read, or is not signed by
	// the key that it is for.
	ErrRequest = errors.New("enroll: unusable signing request")
)

// Usage is what a participant's certificate is for.
type Usage string

// The usages of the network, by the names of their folders.
const (
	SCA Usage = "SCA" // signing authority
	DSC Usage = "DSC" // document signer
	UP  Usage = "UP"  // upload
	TLS Usage = "TLS" // client of the network's gateway
)

const day = 24 * time.Hour

// lifetimes are the recommended ones (smart-trust, "Certificate governance",
// Validity periods), a day short where the network's checks compare with it.
var lifetimes = map[Usage]time.Duration{SCA: 4 * 365 * day, DSC: 2 * 365 * day, UP: 2 * 365 * day, TLS: 2 * 365 * day}

// Terms are what a certificate states besides its subject and key.
type Terms struct {
	Usage Usage // required
	// From is when it becomes valid, to the second; required.
	From time.Time
	// Validity is how long it is valid. Zero: what the network recommends, which
	// is 4 years for an SCA and 2 for the others; for a certificate that an
	// authority signs no longer than that is valid itself.
	Validity time.Duration
	// Types limit what a document signer may sign to some of
	// [trustlist.TypeVaccination], TypeTest and TypeRecovery, as extended key
	// usages (smart-trust, "Certificate governance", Document Signer). Empty: no
	// limit. There is no usage for other types, such as vaccination certificates
	// for travel (ICVP) and health links: a signer of only those has none.
	Types []string
	// CRL is where the authority that signs publishes its revocation list, a URL;
	// the network recommends to have one. May be empty.
	CRL string
}

// extendedUsages are those of document signers (eu-dcc-hcert-spec 1.0.8, section
// 3.3.3).
var extendedUsages = map[string]asn1.ObjectIdentifier{
	trustlist.TypeTest:        {1, 3, 6, 1, 4, 1, 1847, 2021, 1, 1},
	trustlist.TypeVaccination: {1, 3, 6, 1, 4, 1, 1847, 2021, 1, 2},
	trustlist.TypeRecovery:    {1, 3, 6, 1, 4, 1, 1847, 2021, 1, 3},
}

// SelfSign makes a certificate that key signs itself: an SCA's, and where the
// participant has no public authority for them the ones for uploads and TLS. The
// subject needs one country, ISO 3166-1 alpha-2 or a test country's, and a common
// name. The error wraps [ErrTerms].
func SelfSign(subject pkix.Name, key crypto.Signer, t Terms) (*x509.Certificate, error) {
	if t.Usage == DSC {
		return nil, fmt.Errorf("%w: a signing authority signs document signers", ErrTerms)
	}
	c, err := template(subject, key.Public(), &t)
	if err != nil {
		return nil, err
	}
	if t.Usage == TLS {
		// OpenSSL checks no self-signature without it, nor the network.
		c.KeyUsage |= x509.KeyUsageCertSign
	}
	return create(c, c, key.Public(), key)
}

// Request makes a PKCS #10 certificate signing request, in DER (RFC 2986), for
// the holder of key. The subject must be as for [SelfSign]. The error wraps
// [ErrTerms].
func Request(subject pkix.Name, key crypto.Signer) ([]byte, error) {
	if err := checkSubject(&subject); err != nil {
		return nil, err
	}
	if err := checkKey(key.Public(), DSC); err != nil {
		return nil, err
	}
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject, SignatureAlgorithm: algorithm(key.Public())}, key)
	if err != nil {
		return nil, fmt.Errorf("enroll: signing the request: %w", err)
	}
	return raw, nil
}

// Sign makes the certificate for a request, in DER, as its participant's signing
// authority: a document signer's, or one for uploads or TLS. Of the request only
// the subject and the key are taken, and its own signature is checked. The
// authority's certificate must be one, and of the same country, and valid for as
// long as the new one. The error wraps [ErrRequest] or [ErrTerms].
func Sign(request []byte, authority *x509.Certificate, key crypto.Signer, t Terms) (*x509.Certificate, error) {
	r, err := x509.ParseCertificateRequest(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if err := r.CheckSignature(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	switch {
	case t.Usage == SCA:
		return nil, fmt.Errorf("%w: a signing authority is the network's anchor, and signs itself", ErrTerms)
	case !proof.Same(authority.PublicKey, key.Public()):
		return nil, fmt.Errorf("%w: the key is not the authority's", ErrTerms)
	case !authority.IsCA || authority.KeyUsage&x509.KeyUsageCertSign == 0:
		return nil, fmt.Errorf("%w: the authority's certificate may not sign others", ErrTerms)
	case proof.Same(authority.PublicKey, r.PublicKey):
		return nil, fmt.Errorf("%w: the request is for the authority's own key", ErrTerms)
	case len(r.Subject.Country) != 1 || len(authority.Subject.Country) != 1 || r.Subject.Country[0] != authority.Subject.Country[0]:
		return nil, fmt.Errorf("%w: the request is of another country than the authority", ErrTerms)
	}
	c, err := template(r.Subject, r.PublicKey, &t)
	if err != nil {
		return nil, err
	}
	if c.NotAfter.After(authority.NotAfter) {
		if t.Validity != 0 {
			return nil, fmt.Errorf("%w: it would be valid for longer than its authority", ErrTerms)
		}
		c.NotAfter = authority.NotAfter
	}
	if c.NotBefore.Before(authority.NotBefore) || !c.NotBefore.Before(c.NotAfter) {
		return nil, fmt.Errorf("%w: it would be valid when its authority is not", ErrTerms)
	}
	if t.CRL != "" {
		c.CRLDistributionPoints = []string{t.CRL}
	}
	return create(c, authority, r.PublicKey, key)
}

// template is the certificate of a subject, by the network's templates.
func template(subject pkix.Name, pub crypto.PublicKey, t *Terms) (*x509.Certificate, error) {
	if err := checkSubject(&subject); err != nil {
		return nil, err
	}
	if err := checkKey(pub, t.Usage); err != nil {
		return nil, err
	}
	life := t.Validity
	if life == 0 {
		life = lifetimes[t.Usage]
	}
	if life < day || t.From.IsZero() {
		return nil, fmt.Errorf("%w: Terms need a time from which it is valid, for a day at least", ErrTerms)
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTerms, err)
	}
	id := sha256.Sum256(spki)
	from := t.From.UTC().Truncate(time.Second)
	c := &x509.Certificate{
		Subject: subject, NotBefore: from, NotAfter: from.Add(life),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		SubjectKeyId: id[:20], // RFC 7093, section 2, method 4
	}
	switch t.Usage {
	case SCA:
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		c.IsCA, c.BasicConstraintsValid, c.MaxPathLenZero = true, true, true
	case TLS:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if len(t.Types) > 0 && t.Usage != DSC {
		return nil, fmt.Errorf("%w: only a document signer is limited to types", ErrTerms)
	}
	for _, name := range t.Types {
		u, ok := extendedUsages[name]
		if !ok {
			return nil, fmt.Errorf("%w: there is no extended key usage for the type %q", ErrTerms, name)
		}
		c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, u)
	}
	return c, nil
}

func checkSubject(n *pkix.Name) error {
	if len(n.Country) != 1 || trustlist.Territory(n.Country[0]) != n.Country[0] {
		return fmt.Errorf("%w: the subject needs one country, as ISO 3166-1 alpha-2", ErrTerms)
	}
	if n.CommonName == "" {
		return fmt.Errorf("%w: the subject needs a common name", ErrTerms)
	}
	return nil
}

// checkKey holds a key to the network's requirements (smart-trust, "Certificate
// governance", Cryptographic requirements).
func checkKey(pub crypto.PublicKey, u Usage) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() || u != DSC && (k.Curve == elliptic.P384() || k.Curve == elliptic.P521()) {
			return nil
		}
		return fmt.Errorf("%w: key on a curve that is not for %s", ErrTerms, u)
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < 3072 && u != DSC || bits < 2048 || bits > 3072 && u == DSC || bits > 8192 {
			return fmt.Errorf("%w: RSA key of %d bits for %s", ErrTerms, bits, u)
		}
		return nil
	}
	return fmt.Errorf("%w: a key of type %T; the network takes ECDSA and RSA", ErrTerms, pub)
}

// algorithm is one that the network takes, with SHA-256 whatever the curve.
func algorithm(pub crypto.PublicKey) x509.SignatureAlgorithm {
	if _, ok := pub.(*rsa.PublicKey); ok {
		return x509.SHA256WithRSA
	}
	return x509.ECDSAWithSHA256
}

func create(c, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	c.SignatureAlgorithm = algorithm(key.Public())
	der, err := x509.CreateCertificate(rand.Reader, c, parent, pub, key)
	if err != nil {
		return nil, fmt.Errorf("enroll: signing the certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}
