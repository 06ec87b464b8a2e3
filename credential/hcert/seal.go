package hcert

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
)

// NewDCC drafts an EU Digital COVID Certificate. issuer is the country's
// ISO 3166-1 alpha-2 code; issued and expires have a resolution of one second.
// The draft's ID is the unique certificate identifier. d must not be changed
// afterwards.
func NewDCC(issuer string, d *DCC, issued, expires time.Time) *credential.Draft {
	return draft(issuer, "", &Payload{Issuer: issuer, dcc: d}, issued, expires)
}

// NewICVP drafts an international certificate of vaccination or prophylaxis.
// It carries no identifier of its own: id is the issuer's, for its register,
// and is not written into the certificate. A zero expires states none. v must
// not be changed afterwards.
func NewICVP(issuer, id string, v *ICVP, issued, expires time.Time) *credential.Draft {
	return draft(issuer, id, &Payload{Issuer: issuer, icvp: v}, issued, expires)
}

func draft(issuer, id string, p *Payload, issued, expires time.Time) *credential.Draft {
	if id == "" {
		id = p.uniqueID()
	}
	c := credential.Credential{
		Format: "hcert", ID: id, Issuers: []string{issuer},
		Signed: issued, ValidFrom: issued, ValidUntil: expires, Payload: p,
	}
	if p.dcc != nil {
		c.Types = p.dcc.types()
	} else {
		c.Types = (&Payload{contents: []content{{number: claimICVP}}}).types()
	}
	return &credential.Draft{Credential: c}
}

// claimsOut is the claims set in the order of the deterministic encoding.
type claimsOut struct {
	Issuer   string    `cbor:"1,keyasint,omitempty"`
	Expires  int64     `cbor:"4,keyasint,omitempty"`
	IssuedAt int64     `cbor:"6,keyasint"`
	Health   healthOut `cbor:"-260,keyasint"`
}

type healthOut struct {
	DCC  *DCC  `cbor:"1,keyasint,omitempty"`
	ICVP *ICVP `cbor:"-6,keyasint,omitempty"`
}

// Seal signs a draft of [NewDCC] or [NewICVP] and returns the text for the QR
// code. It takes exactly one signer, whose key ID is the kid in standard base64
// (see trustlist.KeyID), signing ES256 or PS256; where its key carries a
// certificate, that must allow the type, and its validity must cover the
// draft's times. It implements [credential.Sealer].
func (f Format) Seal(ctx context.Context, d *credential.Draft, signers []proof.Signer) ([]byte, error) {
	p, ok := d.Payload.(*Payload)
	if !ok || p.dcc == nil && p.icvp == nil {
		return nil, errors.New("hcert: the draft is not one of NewDCC or NewICVP")
	}
	if len(signers) != 1 {
		return nil, fmt.Errorf("hcert: %d signers, want one", len(signers))
	}
	key := signers[0].Key()
	if err := mayIssue(&key, d); err != nil {
		return nil, err
	}
	kid, err := base64.StdEncoding.DecodeString(key.ID)
	if err != nil || len(kid) != 8 {
		return nil, errors.New("hcert: the signer's key ID is not 8 bytes in standard base64")
	}
	out := claimsOut{Issuer: p.Issuer, IssuedAt: d.Signed.Unix(), Health: healthOut{p.dcc, p.icvp}}
	if !d.ValidUntil.IsZero() {
		out.Expires = d.ValidUntil.Unix()
	}
	payload, err := cborx.Encode(out)
	if err != nil {
		return nil, fmt.Errorf("hcert: %w", err)
	}
	message, err := cose.Sign(ctx, payload, kid, signers[0])
	if err != nil {
		return nil, err
	}
	packed, err := deflate(message)
	if err != nil {
		return nil, err
	}
	return base45.Append(append(make([]byte, 0, len(prefix)+len(packed)*3/2+2), prefix...), packed), nil
}

// mayIssue holds an issuer to what a strict verifier will demand.
func mayIssue(k *proof.Key, d *credential.Draft) error {
	switch k.Algorithms[0] {
	case proof.ES256, proof.PS256:
	default:
		return fmt.Errorf("hcert: signers use ES256 or PS256, not %s: %w", k.Algorithms[0], proof.ErrKey)
	}
	if d.Signed.IsZero() || d.Signed.Unix() < 0 || d.Signed.Unix() > maxTime || d.ValidUntil.Unix() > maxTime {
		return fmt.Errorf("hcert: times must lie between 1970 and 9999: %w", credential.ErrTime)
	}
	if !d.ValidUntil.IsZero() && !d.ValidUntil.After(d.Signed) {
		return fmt.Errorf("hcert: expires before it is issued: %w", credential.ErrTime)
	}
	if d.Payload.(*Payload).dcc != nil && d.ValidUntil.IsZero() {
		return fmt.Errorf("hcert: a DCC must state its expiry: %w", credential.ErrTime)
	}
	if len(k.Chain) == 0 {
		return nil
	}
	if !usageAllows(k.Chain[0], d.Types) {
		return fmt.Errorf("%w: %w", errUsage, credential.ErrUntrusted)
	}
	if d.Signed.Before(k.NotBefore) {
		return fmt.Errorf("%w: %w", errIatBefore, credential.ErrTime)
	}
	if !k.NotAfter.IsZero() && d.ValidUntil.After(k.NotAfter) {
		return fmt.Errorf("%w: %w", errExpAfter, credential.ErrTime)
	}
	return nil
}

var _ credential.Sealer = Format{}
