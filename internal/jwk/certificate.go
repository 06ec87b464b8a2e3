package jwk

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// readChain reads x5c (RFC 7517, section 4.7).
func (k *Key) readChain(x5c jcs.Value, r *Reader) error {
	if !x5c.Exists() {
		return nil
	}
	if x5c.Kind() != jcs.Array || x5c.Len() == 0 {
		return fmt.Errorf("x5c: %s of %d, not an array with certificates: %w", x5c.Kind(), x5c.Len(), ErrSyntax)
	}
	if x5c.Len() > limits.Chain {
		return fmt.Errorf("x5c: %d certificates, at most %d are read: %w", x5c.Len(), limits.Chain, ErrSyntax)
	}
	for i, e := range x5c.Elements() {
		c, err := r.certificate(i, e)
		if err != nil {
			err = fmt.Errorf("x5c[%d]: %w", i, err)
			if i == 0 || r.Mode == Strict {
				return err
			}
			k.ChainErr = err
			return nil
		}
		k.Chain = append(k.Chain, c)
	}
	return nil
}

// certificate reads an element of x5c.
func (r *Reader) certificate(i int, e jcs.Value) (*x509.Certificate, error) {
	text, ok := e.Text()
	if i == 0 || !ok {
		return x5cElement(e, r.Mode)
	}
	if c := r.above[text]; c != nil {
		return c, nil
	}
	c, err := x5cElement(e, r.Mode)
	if err == nil {
		if r.above == nil {
			r.above = map[string]*x509.Certificate{}
		}
		r.above[text] = c
	}
	return c, err
}

func x5cElement(e jcs.Value, m Mode) (*x509.Certificate, error) {
	s, ok := e.Text()
	if !ok {
		return nil, fmt.Errorf("%s, not a string: %w", e.Kind(), ErrSyntax)
	}
	enc := base64.StdEncoding
	if m == Lenient {
		s, enc = urlAlphabet(strings.NewReplacer("\r", "", "\n", "").Replace(s)), base64.RawURLEncoding
	}
	der, err := decode(enc, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrSyntax)
	}
	return ParseCertificate(der)
}

// ParseCertificate is x509.ParseCertificate, with an error that wraps
// [ErrCertificate] or, where crypto/x509 does not know its curve,
// [ErrUnsupported] and names the curve.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err == nil {
		return c, nil
	}
	if curve := foreignCurve(der); curve != "" {
		return nil, fmt.Errorf("certificate: %w: curve %s", ErrUnsupported, curve)
	}
	return nil, fmt.Errorf("%w: %s", ErrCertificate, err.Error())
}

// foreignCurve returns the name of the curve in a certificate, if it is one
// that this module has no arithmetic for.
func foreignCurve(der []byte) string {
	var c struct {
		TBS struct {
			Version                              int `asn1:"optional,explicit,default:0,tag:0"`
			Serial                               *big.Int
			Signature, Issuer, Validity, Subject asn1.RawValue
			SPKI                                 struct {
				Algorithm pkix.AlgorithmIdentifier
				Key       asn1.BitString
			}
		}
	}
	var curve asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(der, &c); err != nil || !c.TBS.SPKI.Algorithm.Algorithm.Equal(ecPublicKey) {
		return ""
	}
	params := c.TBS.SPKI.Algorithm.Parameters.FullBytes
	if len(params) > 0 && params[0] == 0x30 {
		return "given by explicit parameters" // which RFC 5480, section 2.1.1, forbids
	}
	if _, err := asn1.Unmarshal(params, &curve); err != nil {
		return ""
	}
	switch s := curve.String(); s {
	case "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35":
		return "" // P-256, P-384, P-521: something else is wrong
	case "1.3.36.3.3.2.8.1.1.7":
		return "brainpoolP256r1"
	case "1.3.36.3.3.2.8.1.1.11":
		return "brainpoolP384r1"
	case "1.3.36.3.3.2.8.1.1.13":
		return "brainpoolP512r1"
	case "1.3.132.0.10":
		return "secp256k1"
	default:
		return s
	}
}

var ecPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

// Chain reads the certificates of a member x5c, leaf first, strictly. There is
// at least one.
func Chain(x5c jcs.Value) ([]*x509.Certificate, error) {
	k := &Key{}
	if !x5c.Exists() {
		return nil, fmt.Errorf("jwk: x5c: missing: %w", ErrSyntax)
	}
	if err := k.readChain(x5c, &Reader{Mode: Strict}); err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	return k.Chain, nil
}
