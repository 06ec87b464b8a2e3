package sdjwt

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/integrity"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// open are the claims that no holder may choose to show or not, or to show in
// part (draft-ietf-oauth-sd-jwt-vc, section 2.2.2.2): a credential without its
// expiry, status or holder's key would be another one.
var open = []string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"}

// read reads the claims that are registered (section 2.2.2). tolerated are
// deviations that weaken no check.
func read(claims *sdjwt.Claims) (c *credential.Credential, tolerated []error, err error) {
	for _, name := range open {
		if !jcs.Equal(claims.Signed().Member(name), claims.Value().Member(name)) {
			return nil, nil, fmt.Errorf("sdjwt: %s: selectively disclosable: %w", name, ErrModel)
		}
	}
	c, tolerated, err = registered(claims.Value())
	if err != nil {
		return nil, nil, err
	}
	c.Payload = &Payload{claims: claims}
	return c, tolerated, nil
}

func registered(v jcs.Value) (c *credential.Credential, tolerated []error, err error) {
	c = &credential.Credential{Format: Format{}.Name()}
	var iss, vct string
	for _, f := range []struct {
		name string
		dst  *string
	}{{"iss", &iss}, {"vct", &vct}, {"sub", &c.Subject}, {"jti", &c.ID}} {
		if *f.dst, err = textOf(v, f.name); err != nil {
			return nil, nil, err
		}
	}
	if vct == "" {
		return nil, nil, fmt.Errorf("sdjwt: vct: missing: %w", ErrModel)
	}
	c.Types = []string{vct}
	if iss != "" {
		c.Issuers = []string{iss}
	}
	for _, f := range []struct {
		name string
		dst  *time.Time
	}{{"iat", &c.Signed}, {"nbf", &c.ValidFrom}, {"exp", &c.ValidUntil}} {
		if *f.dst, err = jose.NumericDate(v.Member(f.name)); err != nil {
			return nil, nil, fmt.Errorf("sdjwt: %s: %w: %w", f.name, err, ErrModel)
		}
	}
	c.UntilExcluded = true
	if c.Signed.IsZero() {
		c.Signed = c.ValidFrom
	}
	if m := v.Member("vct#integrity"); m.Exists() {
		s, _ := m.Text()
		if _, err := integrity.ParseSRI(s); err != nil {
			return nil, nil, fmt.Errorf("sdjwt: vct#integrity: %w: %w", err, ErrModel)
		}
	}
	if c.Status, err = status(v.Member("status")); err != nil {
		return nil, nil, err
	}
	if c.Confirm, tolerated, err = confirm(v.Member("cnf")); v.Member("aud").Exists() {
		tolerated = append(tolerated, fmt.Errorf("sdjwt: aud: %w", ErrAudience))
	}
	return c, tolerated, err
}

// confirm reads cnf. A key that is named in a way that is not understood stays
// there, as one that fits nothing: the credential is bound to a holder, and
// nobody can prove to be that.
func confirm(v jcs.Value) ([]proof.Key, []error, error) {
	keys, err := jwk.Confirmed(v)
	switch {
	case errors.Is(err, jwk.ErrConfirm):
		return keys, []error{fmt.Errorf("sdjwt: %w", ErrConfirm)}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("sdjwt: %w: %w", err, ErrModel)
	}
	return keys, nil, nil
}

// status reads the claim status (Token Status List, section 6.1).
func status(v jcs.Value) ([]credential.StatusRef, error) {
	if !v.Exists() {
		return nil, nil
	}
	if v.Kind() != jcs.Object || v.Len() == 0 || v.Len() > limits.StatusRefs {
		return nil, fmt.Errorf("sdjwt: status: %s of %d, not an object with members: %w", v.Kind(), v.Len(), ErrModel)
	}
	var out []credential.StatusRef
	for name, m := range v.Members() {
		ref := credential.StatusRef{Type: name}
		if name == StatusType {
			n, _ := m.Member("idx").Number()
			index, err := strconv.ParseUint(n, 10, 53)
			uri, _ := m.Member("uri").Text()
			if err != nil || !xsd.URL(uri) {
				return nil, fmt.Errorf("sdjwt: status.status_list: without an index idx and a URL uri: %w", ErrModel)
			}
			ref.List, ref.Index = uri, index
		}
		out = append(out, ref)
	}
	return out, nil
}
