package sdjwt

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/pointer"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// Content is what [New] makes a credential of.
type Content struct {
	// ID is the issuer's own, for its register of status. It is not written into
	// the credential, where it would only help to follow the holder; a claim jti
	// does that.
	ID string
	// Type is the claim vct: a URL, or another name that nobody else uses.
	Type string
	// TypeIntegrity is vct#integrity, the digest of the type's metadata
	// (Subresource Integrity); empty: none.
	TypeIntegrity string
	// Issuer is iss. Empty only where the signer has a certificate, which then
	// is the issuer's name.
	Issuer string
	// Claims is what encoding/json makes an object of: the other claims.
	Claims any
	// Holder is the key that the holder proves to have; nil: none, and anybody
	// who has the credential can show it.
	Holder crypto.PublicKey
	// Issued, ValidFrom and ValidUntil are written to the second. A zero Issued
	// is the time of sealing; other zero times are left out. Times that are the
	// same for many credentials do not tell them apart.
	Issued, ValidFrom, ValidUntil time.Time
	// Options say what the holder may leave out. Without Disclosable it is all
	// that is not in Draft.Mandatory, in as few parts as can be.
	Options sdjwt.Options
}

// draft is what is to be sealed.
type draft struct {
	claims  jcs.Value
	options sdjwt.Options
}

// New makes a draft of a credential. The error wraps [ErrModel], [proof.ErrKey]
// for a holder's key of an unknown kind, or those of [sdjwt.Conceal].
func New(c Content) (*credential.Draft, error) {
	b, err := json.Marshal(c.Claims)
	if err != nil {
		return nil, fmt.Errorf("sdjwt: claims: %w: %w", ErrModel, err)
	}
	v, err := jcs.Parse(b)
	if err != nil || v.Kind() != jcs.Object && v.Kind() != jcs.Null {
		return nil, fmt.Errorf("sdjwt: claims: not an object: %w", errors.Join(ErrModel, err))
	}
	more := map[string]any{"vct": c.Type}
	if c.Issuer != "" {
		more["iss"] = c.Issuer
	}
	if c.TypeIntegrity != "" {
		more["vct#integrity"] = c.TypeIntegrity
	}
	for name, t := range map[string]time.Time{"iat": c.Issued, "nbf": c.ValidFrom, "exp": c.ValidUntil} {
		if !t.IsZero() {
			more[name] = t.Unix()
		}
	}
	if c.Holder != nil {
		k, err := jwk.Confirm(c.Holder)
		if err != nil {
			return nil, fmt.Errorf("sdjwt: holder: %w", err)
		}
		more["cnf"] = json.RawMessage(k)
	}
	extra, err := json.Marshal(more)
	if err != nil {
		return nil, fmt.Errorf("sdjwt: %w: %w", ErrModel, err)
	}
	doc := extra
	if v.Len() > 0 {
		doc = append(append(extra[:len(extra)-1], ','), v.Append(nil)[1:]...) // a name twice is refused below
	}
	d, err := FromJSON(doc, c.Options)
	if err != nil {
		return nil, err
	}
	if c.ID != "" {
		d.ID = c.ID
	}
	return d, nil
}

// FromJSON makes a draft of all claims of a credential, at most 1 MiB of JSON
// with vct among them. The error is as New's.
func FromJSON(claims []byte, o sdjwt.Options) (*credential.Draft, error) {
	if len(claims) > limits.Credential {
		return nil, fmt.Errorf("sdjwt: %d bytes, at most %d are read: %w", len(claims), limits.Credential, ErrModel)
	}
	v, err := jcs.Parse(claims)
	if err != nil {
		return nil, fmt.Errorf("sdjwt: claims: %w: %w", ErrModel, err)
	}
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("sdjwt: claims: %s, not an object: %w", v.Kind(), ErrModel)
	}
	if err := choosable(o.Disclosable, nil); err != nil {
		return nil, err
	}
	if _, _, err := sdjwt.Conceal(claims, o); err != nil {
		return nil, err
	}
	c, _, err := registered(v)
	if err != nil {
		return nil, err
	}
	if !v.Member("iat").Exists() {
		c.Signed = time.Time{}
	}
	o.Disclosable = slices.Clone(o.Disclosable)
	c.Payload = &Payload{draft: &draft{v, o}}
	return &credential.Draft{Credential: *c}, nil
}

// choosable refuses to leave to the holder what must be open or is mandatory.
func choosable(disclosable, mandatory []string) error {
	for i, p := range disclosable {
		for _, name := range open {
			if at := string(pointer.Append(nil, name)); p == at || strings.HasPrefix(p, at+"/") {
				return fmt.Errorf("sdjwt: disclosable %d: in the claim %s, which must be open: %w", i, name, ErrModel)
			}
		}
		if slices.ContainsFunc(mandatory, func(m string) bool { return pointer.Holds(p, m) || pointer.Holds(m, p) }) {
			return fmt.Errorf("sdjwt: disclosable %d: it is, is in or has in it what is mandatory: %w", i, ErrModel)
		}
	}
	return nil
}

// Seal signs a draft made by [New] or [FromJSON]. It takes one signer, or with
// f.JSON several; a signer's key ID becomes kid, and its certificates x5c. An
// entry of d.Status of the type [StatusType] is written, others can't be. Apart
// from Signed and Status, and an ID that is the issuer's own, the draft's fields
// must still say what its payload says.
//
// The error wraps [ErrModel], [proof.ErrKey], [proof.ErrPointer] where
// d.Mandatory has a pointer to nothing, or those of proof/sdjwt and proof/jose.
// It implements [credential.Sealer].
func (f Format) Seal(ctx context.Context, d *credential.Draft, signers []proof.Signer) ([]byte, error) {
	p, ok := d.Payload.(*Payload)
	if !ok || p == nil || p.draft == nil {
		return nil, fmt.Errorf("sdjwt: draft with a payload of type %T, not one of New: %w", d.Payload, ErrModel)
	}
	if len(signers) == 0 || len(signers) > 1 && !f.JSON || len(signers) > limits.Signatures {
		return nil, fmt.Errorf("sdjwt: %d signers, want one, or with Format.JSON up to %d: %w", len(signers), limits.Signatures, ErrModel)
	}
	if err := p.draft.unchanged(&d.Credential, signers); err != nil {
		return nil, err
	}
	claims, err := p.draft.complete(d)
	if err != nil {
		return nil, err
	}
	v, err := jcs.Parse(claims)
	if err != nil {
		return nil, fmt.Errorf("sdjwt: claims: %w: %w", ErrModel, err)
	}
	o := p.draft.options
	if o.Disclosable, err = disclosable(v, o.Disclosable, d.Mandatory); err != nil {
		return nil, err
	}
	payload, disclosures, err := sdjwt.Conceal(claims, o)
	if err != nil {
		return nil, err
	}
	var signed [][]byte
	for _, s := range signers {
		m, err := jose.Sign(ctx, s, header(s.Key()), payload)
		if err != nil {
			return nil, err
		}
		signed = append(signed, m)
	}
	return f.token(signed, disclosures)
}

func (f *Format) token(signed [][]byte, disclosures []string) ([]byte, error) {
	t, err := sdjwt.NewJSON(signed, disclosures)
	if !f.JSON {
		t, err = sdjwt.New(signed[0], disclosures)
	}
	if err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

// unchanged refuses a draft whose fields say something else than its claims.
func (d *draft) unchanged(c *credential.Credential, signers []proof.Signer) error {
	own, _, err := registered(d.claims)
	if err != nil {
		return err
	}
	field := ""
	switch {
	case own.ID != "" && own.ID != c.ID:
		field = "ID"
	case own.Subject != c.Subject:
		field = "Subject"
	case !slices.Equal(own.Issuers, c.Issuers):
		field = "Issuers"
	case !slices.Equal(own.Types, c.Types):
		field = "Types"
	case !own.ValidFrom.Equal(c.ValidFrom):
		field = "ValidFrom"
	case !own.ValidUntil.Equal(c.ValidUntil):
		field = "ValidUntil"
	case len(own.Confirm) != len(c.Confirm) || len(own.Confirm) > 0 && !same(own.Confirm[0], c.Confirm[0]):
		field = "Confirm"
	}
	if field != "" {
		return fmt.Errorf("sdjwt: the draft's %s is not its payload's: %w", field, ErrModel)
	}
	if len(own.Issuers) == 0 {
		for _, s := range signers {
			if len(s.Key().Chain) == 0 {
				return fmt.Errorf("sdjwt: iss: missing, and no certificate that names the issuer: %w", ErrModel)
			}
		}
	}
	return nil
}

func same(a, b proof.Key) bool {
	return a.Public == nil && b.Public == nil || a.Public != nil && proof.Same(a.Public, b.Public)
}

// complete returns the claims with the time of issue and the status added.
func (d *draft) complete(c *credential.Draft) ([]byte, error) {
	signed := c.Signed
	if signed.IsZero() {
		signed = time.Now()
	}
	omit := []string{"iat"}
	more := strconv.AppendInt([]byte(`{"iat":`), signed.Unix(), 10)
	own, err := status(d.claims.Member("status"))
	if err != nil {
		return nil, err
	}
	var list []byte
	for i, r := range c.Status {
		if slices.ContainsFunc(own, func(o credential.StatusRef) bool { return o.Type == r.Type && o.List == r.List && o.Index == r.Index }) {
			continue
		}
		if r.Type != StatusType || list != nil || d.claims.Member("status").Member(StatusType).Exists() {
			return nil, fmt.Errorf("sdjwt: status entry %d: not one of type %s, or a second: %w", i, StatusType, ErrModel)
		}
		list = jcs.Quote(append(strconv.AppendUint([]byte(`"status_list":{"idx":`), r.Index, 10), `,"uri":`...), r.List)
		list = append(list, '}')
	}
	if list != nil {
		omit = append(omit, "status")
		more = append(append(more, `,"status":{`...), list...)
		if m := d.claims.Member("status"); m.Len() > 0 {
			more = append(append(more, ','), m.Append(nil)[1:]...)
		} else {
			more = append(more, '}')
		}
	}
	// vct is always there to follow the comma.
	return append(append(more, ','), d.claims.Append(nil, omit...)[1:]...), nil
}

// disclosable returns the pointers to what is hidden: those given or, where none
// are, the largest parts of the claims that hold nothing mandatory.
func disclosable(v jcs.Value, given, mandatory []string) ([]string, error) {
	for i, m := range mandatory {
		if _, err := v.At(m); err != nil {
			return nil, fmt.Errorf("sdjwt: mandatory %d: %w", i, proof.ErrPointer)
		}
	}
	if given != nil {
		return given, choosable(given, mandatory)
	}
	mandatory = append(slices.Clone(mandatory), "/iat")
	for _, name := range open {
		mandatory = append(mandatory, string(pointer.Append(nil, name)))
	}
	return sdjwt.Parts(v.Append(nil), mandatory)
}
