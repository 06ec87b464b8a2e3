// Package hcert issues and verifies health certificates in the HC1 container:
// EU Digital COVID Certificates and the certificates of WHO's Global Digital
// Health Certification Network, the international certificate of vaccination
// (ICVP) of pilgrims among them.
//
// A certificate is text for a QR code: "HC1:", then base45, zlib, COSE_Sign1,
// and a CWT whose claim -260 holds the content (eu-dcc-hcert-spec 1.0.8,
// section 3; WHO SMART Trust, "HCERT specification"). The keys come from a
// trust list, found by the kid; the extended key usage of the signer's
// certificate limits what it may sign.
//
// The zero Format accepts what certificates in production do against the
// letter, where that weakens no check, and reports it as tolerated; Strict
// refuses it.
package hcert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
)

// MediaType is what a health certificate is given as where a medium asks for a
// type: none is registered for it. It is not looked at in reading.
const MediaType = "text/plain"

// Format reads and writes health certificates. It implements
// [credential.Format] and [credential.Sealer].
type Format struct {
	// Strict refuses every deviation that is otherwise tolerated.
	Strict bool
}

// Name is "hcert".
func (Format) Name() string { return "hcert" }

const prefix = "HC1:"

// StatusType is the StatusRef.Type of the implied reference that every
// certificate has: revocation by hash (dgc-gateway, revocation list). Its IDs
// are the first 16 bytes of a SHA-256: "UCI" and "COUNTRYCODEUCI" where the
// content has a unique certificate identifier, and always "SIGNATURE". Its List
// is the kid. A DCC of several entries has one more for each further one.
const StatusType = "DCCRevocation"

// Parse reads a certificate of at most 64 kB, which must begin with "HC1:";
// line ends around it are ignored. It implements [credential.Format].
func (f Format) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	text, ok := bytes.CutPrefix(bytes.Trim(raw, "\r\n"), []byte(prefix))
	if !ok {
		return nil, credential.ErrOtherFormat
	}
	if len(text) > limits.Base45 {
		return nil, fmt.Errorf("hcert: %d characters, at most %d are read", len(text), limits.Base45)
	}
	packed, err := base45.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("hcert: %w", err)
	}
	message, err := inflate(packed)
	if err != nil {
		return nil, err
	}
	return f.ParseCOSE(message)
}

// ParseCOSE reads the signed message inside a certificate, after the QR code's
// text encoding and compression.
func (f Format) ParseCOSE(message []byte) (*credential.Envelope, error) {
	m, err := cose.Parse(message)
	if err != nil {
		return nil, fmt.Errorf("hcert: %w", err)
	}
	claims, err := parseClaims(m.Payload)
	if err != nil {
		return nil, err
	}
	kid := base64.StdEncoding.EncodeToString(m.KeyID)
	c := claims.credential()
	if c.Status, err = statusRefs(kid, claims.payload, m); err != nil {
		return nil, err
	}
	env := &credential.Envelope{Credential: c, Tolerated: append(m.Tolerated, claims.tolerated...)}
	if !slices.Contains(algorithms, m.Algorithm) {
		env.Tolerated = append(env.Tolerated, errAlgorithm)
	}
	if f.Strict && len(env.Tolerated) > 0 {
		return nil, fmt.Errorf("hcert: strict: %w", errors.Join(env.Tolerated...))
	}
	env.Proofs = []credential.Proof{{
		ID: kid, Purpose: proof.AssertionMethod, Created: c.Signed,
		Hint:   proof.Hint{KeyID: kid, Algorithm: m.Algorithm},
		Verify: func(_ context.Context, a *credential.Attempt) error { return f.verify(m, c, a) },
	}}
	if len(c.Issuers) == 1 {
		env.Proofs[0].Hint.Issuer = c.Issuers[0]
	}
	return env, nil
}

// algorithms of the specification (section 3.3.1); others that proof knows are
// tolerated.
var algorithms = []proof.Algorithm{proof.ES256, proof.PS256}

var (
	errAlgorithm  = errors.New("hcert: algorithm other than ES256 and PS256")
	errCurve      = errors.New("hcert: ES256 with a key that is not of P-256")
	errExpAfter   = errors.New("hcert: cwt claim 4 (exp): after the end of the signer certificate's validity")
	errIatBefore  = errors.New("hcert: cwt claim 6 (iat): before the signer certificate's validity")
	errIatAfter   = errors.New("hcert: cwt claim 6 (iat): after the end of the signer certificate's validity")
	errOddIssuer  = errors.New("hcert: cwt claim 1 (iss): not a country code")
	errFloatTime  = errors.New("hcert: cwt claim 4 or 6: time as floating point")
	errIndefinite = errors.New("hcert: cwt: indefinite lengths")
	errUsage      = errors.New("hcert: extended key usage of the signer certificate is not for this type")
	errKIDMissing = errors.New("hcert: no kid")
)

// verify checks the signature with one key, then the format's own rules on
// what that key's certificate may sign.
func (f Format) verify(m *cose.Message, c *credential.Credential, a *credential.Attempt) error {
	if len(m.KeyID) == 0 {
		return errKIDMissing
	}
	if err := m.Verify(&a.Key); err != nil {
		return err
	}
	deviate := func(err error) {
		if f.Strict {
			a.Refused = append(a.Refused, fmt.Errorf("%w: %w", credential.ErrTime, err))
		} else {
			a.Tolerated = append(a.Tolerated, err)
		}
	}
	if m.Algorithm == proof.ES256 && len(m.Signature) != 64 {
		if f.Strict {
			return errCurve
		}
		a.Tolerated = append(a.Tolerated, errCurve)
	}
	if k := &a.Key; !k.NotAfter.IsZero() {
		if c.ValidUntil.After(k.NotAfter) {
			deviate(errExpAfter)
		}
		// A signature made after its certificate's end is not one of the shell
		// model's: it may come from a key that was retired for a reason.
		if c.Signed.After(k.NotAfter) {
			a.Refused = append(a.Refused, fmt.Errorf("%w: %w", credential.ErrTime, errIatAfter))
		}
	}
	if !c.Signed.IsZero() && c.Signed.Before(a.Key.NotBefore) {
		deviate(errIatBefore)
	}
	if len(a.Key.Chain) > 0 && !usageAllows(a.Key.Chain[0], c.Types) {
		a.Refused = append(a.Refused, fmt.Errorf("%w: %w", credential.ErrUntrusted, errUsage))
	}
	return nil
}

// statusRefs name what a certificate may be revoked under: one reference, and
// one more for each further entry of a DCC.
func statusRefs(kid string, p *Payload, m *cose.Message) ([]credential.StatusRef, error) {
	signature := HashSignature(m.Signature, m.Algorithm)
	refs := []credential.StatusRef{{Type: StatusType, List: kid, Implied: true, IDs: map[string][]byte{"SIGNATURE": signature[:]}}}
	unique := p.uniqueIDs()
	if len(unique) > limits.StatusRefs {
		return nil, fmt.Errorf("hcert: %d entries, at most %d are read", len(unique), limits.StatusRefs)
	}
	for i, ci := range unique {
		if i > 0 {
			refs = append(refs, credential.StatusRef{Type: StatusType, List: kid, Implied: true, IDs: map[string][]byte{}})
		}
		uci, country := HashUCI(ci), HashCountryUCI(p.Issuer, ci)
		refs[i].IDs["UCI"], refs[i].IDs["COUNTRYCODEUCI"] = uci[:], country[:]
	}
	return refs, nil
}

// HashUCI is the revocation hash of a unique certificate identifier: the first
// 16 bytes of its SHA-256 (dgc-gateway, revocation list, hash type UCI).
func HashUCI(ci string) [16]byte { return hash16([]byte(ci)) }

// HashCountryUCI is the revocation hash of the issuer's country code, as in
// claim 1, followed by the unique certificate identifier (hash type
// COUNTRYCODEUCI).
func HashCountryUCI(country, ci string) [16]byte { return hash16([]byte(country + ci)) }

// HashSignature is the revocation hash of a signature: of its first half, R,
// for ECDSA, whose other half anyone can change; of all of it otherwise (hash
// type SIGNATURE).
func HashSignature(sig []byte, a proof.Algorithm) [16]byte {
	switch a {
	case proof.ES256, proof.ES384, proof.ES512:
		sig = sig[:len(sig)/2]
	}
	return hash16(sig)
}

func hash16(b []byte) [16]byte {
	h := sha256.Sum256(b)
	return [16]byte(h[:16])
}

func unix(t int64) time.Time { return time.Unix(t, 0).UTC() }
