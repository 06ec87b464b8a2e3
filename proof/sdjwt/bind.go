package sdjwt

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// BindingType is the typ of a key binding (RFC 9901, section 4.3).
const BindingType = "kb+jwt"

// Binding is what a key binding says (RFC 9901, section 4.3).
type Binding struct {
	// Audience is for whom it was made, Nonce upon which request: aud and nonce.
	Audience, Nonce string
	// Issued is when it was made (iat), to the second. NotBefore and Expires are
	// nbf and exp, which it may have as any JWT; zero: it does not.
	Issued, NotBefore, Expires time.Time
}

// KeyBinding is a key binding as read, unverified.
type KeyBinding struct {
	Message *jose.Message
	Binding
	fits bool
}

// ReadBinding reads the key binding of a token whose claims are c. Its error
// wraps [ErrMalformed], also where there is none.
func (t *Token) ReadBinding(c *Claims) (*KeyBinding, error) {
	if t.KeyBinding == "" {
		return nil, malformed("no key binding")
	}
	m, err := jose.Parse([]byte(t.KeyBinding), jose.Options{})
	if err != nil {
		return nil, fmt.Errorf("sdjwt: key binding: %w: %w", ErrMalformed, err)
	}
	if !m.Header.IsType(BindingType) {
		return nil, malformed("key binding: typ: not %s", BindingType)
	}
	v, err := jcs.Parse(m.Payload)
	if err != nil {
		return nil, malformed("key binding: %w", err)
	}
	k := &KeyBinding{Message: m}
	hash := ""
	for _, f := range []struct {
		name string
		dst  *string
	}{{"aud", &k.Audience}, {"nonce", &k.Nonce}, {"sd_hash", &hash}} {
		s, _ := v.Member(f.name).Text()
		if s == "" {
			return nil, malformed("key binding: %s: %s, not a string with content", f.name, v.Member(f.name).Kind())
		}
		*f.dst = s
	}
	for _, f := range []struct {
		name string
		dst  *time.Time
	}{{"iat", &k.Issued}, {"nbf", &k.NotBefore}, {"exp", &k.Expires}} {
		if *f.dst, err = jose.NumericDate(v.Member(f.name)); err != nil || f.name == "iat" && f.dst.IsZero() {
			return nil, malformed("key binding: %s: no time", f.name)
		}
	}
	k.fits = hash == c.digest(string(bound(t.jws, t.Disclosures)))
	return k, nil
}

// Verify checks the binding with the holder's key, which must be one that the
// issuer confirmed: that it is over these claims and no others, and the
// signature. What it was made for is for the caller to compare. The error wraps
// [ErrBinding], [proof.ErrKey] or [proof.ErrMismatch].
func (k *KeyBinding) Verify(key proof.Key) error {
	if err := k.Message.Verify(key); err != nil {
		return err
	}
	if !k.fits {
		return fmt.Errorf("sdjwt: key binding: sd_hash: %w", ErrBinding)
	}
	return nil
}

// DefaultBindingAge is how far from the time of verification a key binding may
// have been made, for formats whose user says nothing else.
const DefaultBindingAge = 10 * time.Minute

// MadeFor compares what a key binding says with the audience and the nonce that a
// verifier gave out, and its times with that of the verification: iat may lie age
// away on either side (RFC 9901, section 7.3, steps 5.5, 5.6 and 5.8). An empty
// audience is not compared; without a nonce nothing is. The error wraps
// [ErrBinding].
func (k *KeyBinding) MadeFor(audience, nonce string, now time.Time, age time.Duration) error {
	if age <= 0 {
		age = DefaultBindingAge
	}
	wrong := ""
	switch {
	case nonce == "":
	case k.Nonce != nonce:
		wrong = "nonce"
	case audience != "" && k.Audience != audience:
		wrong = "aud"
	case now.Sub(k.Issued).Abs() > age:
		wrong = "iat: not within " + age.String()
	case now.Before(k.NotBefore), !k.Expires.IsZero() && !now.Before(k.Expires):
		wrong = "nbf, exp"
	}
	if wrong != "" {
		return fmt.Errorf("sdjwt: key binding: %s: %w", wrong, ErrBinding)
	}
	return nil
}

// Derive returns the token of the claims c with those that the pointers show (see
// [Claims.Select]) and, where there are confirmed keys, a signer, and an audience
// or nonce, a key binding made now. The signer's key must be one of those
// confirmed. A token that has a key binding already is refused (section 7.2). The error wraps
// [proof.ErrPointer] or [ErrBinding].
func (t *Token) Derive(ctx context.Context, c *Claims, show []string, s proof.Signer, confirmed []proof.Key, b Binding) (*Token, error) {
	if t.KeyBinding != "" {
		return nil, fmt.Errorf("sdjwt: deriving: a key binding is there already: %w", ErrBinding)
	}
	selected, err := c.Select(show...)
	if err != nil {
		return nil, err
	}
	out := t.With(selected)
	if s == nil || len(confirmed) == 0 || b.Audience == "" && b.Nonce == "" {
		return out, nil
	}
	if !slices.ContainsFunc(confirmed, func(k proof.Key) bool { return k.Public != nil && proof.Same(k.Public, s.Key().Public) }) {
		return nil, fmt.Errorf("sdjwt: deriving: the signer's key is not one that the issuer confirmed: %w", ErrBinding)
	}
	b.Issued = time.Now()
	return out.Bind(ctx, c, s, b)
}

// Bind returns the token with a key binding by s, the holder's key, over the
// claims as they are shown. c are the token's claims, before or after some were
// selected. b needs an audience, a nonce and a time. The error wraps [ErrBinding]
// or those of [jose.Sign].
func (t *Token) Bind(ctx context.Context, c *Claims, s proof.Signer, b Binding) (*Token, error) {
	if b.Audience == "" || b.Nonce == "" || b.Issued.IsZero() {
		return nil, fmt.Errorf("sdjwt: key binding: no audience, nonce or time: %w", ErrBinding)
	}
	payload := jcs.Quote([]byte(`{"aud":`), b.Audience)
	date := func(name string, t time.Time) {
		if !t.IsZero() {
			payload = strconv.AppendInt(append(payload, `,"`+name+`":`...), t.Unix(), 10)
		}
	}
	date("exp", b.Expires)
	date("iat", b.Issued)
	date("nbf", b.NotBefore)
	payload = jcs.Quote(append(payload, `,"nonce":`...), b.Nonce)
	payload = jcs.Quote(append(payload, `,"sd_hash":`...), c.digest(string(bound(t.jws, t.Disclosures))))
	kb, err := jose.Sign(ctx, s, jose.Header{Type: BindingType}, append(payload, '}'))
	if err != nil {
		return nil, fmt.Errorf("sdjwt: key binding: %w", err)
	}
	out := *t
	out.KeyBinding = string(kb)
	return &out, nil
}
