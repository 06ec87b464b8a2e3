package onboarding

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// Issuer is one that is known by a DID, for credentials whose keys no signing
// authority certifies: Trusted_Issuer.json (tng-participant-template,
// onboarding/DDCC/ISSUER, "Trusted Issuer").
type Issuer struct {
	Country string `json:"country"` // ISO 3166-1 alpha-2
	Name    string `json:"name"`    // at most 512 bytes
	URL     string `json:"url"`     // a did:web, at most 64 bytes
	URLType string `json:"urlType"` // "DID"
	// Hash is the SHA-256 of the document behind URL, SSLPublicKeys the
	// certificates of its host, in base64. Neither is signed: the signature
	// covers the fields above alone.
	Hash          string   `json:"hash,omitempty"`
	SSLPublicKeys []string `json:"sslPublicKeys,omitempty"`
}

// text is what is signed of an issuer (scripts/signing,
// add_signature_to_trusted_issuer_json.sh), where a missing field is "null".
func (i *Issuer) text() string {
	fields := []string{i.Country, i.Name, i.URL, i.URLType}
	for j, f := range fields {
		if f == "" {
			fields[j] = "null"
		}
	}
	return strings.Join(fields, ";")
}

// check holds the fields to the form's constraints, and to such that no two
// issuers have one text.
func (i *Issuer) check() error {
	switch {
	case len(i.Country) != 2 || strings.Trim(i.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return fmt.Errorf("%w: country: not two capitals", ErrFormat)
	case i.Name == "" || len(i.Name) > 512:
		return fmt.Errorf("%w: name: missing, or over 512 bytes", ErrFormat)
	case !strings.HasPrefix(i.URL, "did:web:") || len(i.URL) > 64:
		return fmt.Errorf("%w: url: no did:web of at most 64 bytes", ErrFormat)
	case i.URLType != "DID":
		return fmt.Errorf("%w: urlType: not DID", ErrFormat)
	case strings.Contains(i.Name+i.URL, ";"):
		return fmt.Errorf("%w: a semicolon divides what is signed, and stands in a field", ErrFormat)
	}
	return nil
}

// ParseIssuer reads an issuer's form that is not signed yet. The error wraps
// [ErrFormat].
func ParseIssuer(raw []byte) (*Issuer, error) {
	doc, err := parse(raw)
	if err != nil {
		return nil, err
	}
	i, err := readIssuer(doc)
	if err != nil {
		return nil, err
	}
	return i, i.check()
}

func readIssuer(doc jcs.Value) (*Issuer, error) {
	i := &Issuer{}
	for _, f := range []struct {
		name string
		dst  *string
	}{{"country", &i.Country}, {"name", &i.Name}, {"url", &i.URL}, {"urlType", &i.URLType}, {"hash", &i.Hash}} {
		v := doc.Member(f.name)
		s, ok := v.Text()
		if v.Exists() && !ok {
			return nil, fmt.Errorf("%w: %s: %s, not a string", ErrFormat, f.name, v.Kind())
		}
		*f.dst = s
	}
	for _, v := range doc.Member("sslPublicKeys").Elements() {
		s, ok := v.Text()
		if !ok {
			return nil, fmt.Errorf("%w: sslPublicKeys: %s, not a string", ErrFormat, v.Kind())
		}
		i.SSLPublicKeys = append(i.SSLPublicKeys, s)
	}
	return i, nil
}

// VerifyIssuer checks a signed form, TNG_TA.signed.Trusted_Issuer.json, with the
// certificate of the trust anchor: the anchor signed the four fields that the
// form states. All four must be there: of a form without a country, nothing
// signed says whose issuer it is. The error wraps [ErrFormat], [ErrSignature] or
// [ErrContent]; for a form that the anchor signed without fields, as in the network's development
// environment, [ErrEmpty].
func VerifyIssuer(raw []byte, anchor *x509.Certificate) (*Issuer, time.Time, error) {
	doc, err := parse(raw)
	if err != nil {
		return nil, time.Time{}, err
	}
	cms, err := decode(doc, "signature")
	if err != nil {
		return nil, time.Time{}, err
	}
	content, signed, err := Open(cms, anchor)
	if err != nil {
		return nil, signed, err
	}
	i, err := readIssuer(doc)
	if err != nil {
		return nil, signed, err
	}
	if string(content) != i.text() {
		return nil, signed, fmt.Errorf("%w: country, name, url or urlType", ErrContent)
	}
	if i.text() == (&Issuer{}).text() {
		return nil, signed, ErrEmpty
	}
	if err := i.check(); err != nil {
		return nil, signed, err
	}
	return i, signed, nil
}

// SignIssuer makes the signed form of an issuer, as the holder of the trust
// anchor. The error wraps [ErrFormat], or proof.ErrKey.
func SignIssuer(i Issuer, anchor *x509.Certificate, key crypto.Signer, at time.Time) ([]byte, error) {
	if err := i.check(); err != nil {
		return nil, err
	}
	cms, err := Seal([]byte(i.text()), anchor, key, at)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(struct {
		Issuer
		Signature string `json:"signature"`
	}{i, base64.StdEncoding.EncodeToString(cms)}, "", "  ")
}
