// Package sdjwt issues and verifies SD-JWT VCs (SD-JWT-based Verifiable
// Credentials, draft-ietf-oauth-sd-jwt-vc): JSON claims in a signed token, of
// which a holder shows those that a verifier needs, and proves to hold it.
//
//	d, err := sdjwt.New(sdjwt.Content{Type: …, Issuer: …, Claims: …, Holder: …})
//	raw, err := issuer.Issue(ctx, d)                                // issuer
//	shown, err := credential.Present(ctx, nil, []credential.Held{{  // holder
//		Raw: raw, Format: sdjwt.Format{}, Show: []string{"/given_name"}, Signer: key}}, binding)
//	r, err := verifier.VerifyPresentation(ctx, shown, policy)       // verifier
//
// A credential is held to be of the type in its claim vct, and to be by the
// issuer in iss. What must not be left to the holder's choice, such as expiry,
// status and the holder's key, is refused where it is.
//
// The issuer's key is found by its DID, in a list of keys, by the issuer's
// metadata on the web (package web, beside this one), or by the certificates
// that the token carries, whose authority then is on the trust list
// (trustlist.Entry.Anchors).
//
// # Key binding
//
// VerifyPresentation wants the holder's proof, and Verify takes credentials
// without one: they show what was said about somebody, not who is standing
// there. The proof must be by the key that the issuer confirmed (cnf), over just
// the claims that are shown, for this verifier and this request.
package sdjwt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// MediaType is that of SD-JWT VCs (draft-ietf-oauth-sd-jwt-vc, section 2.1).
const MediaType = "application/dc+sd-jwt"

// The values of typ. The older one was in use until November 2024 (section
// 2.2.1), and is also that of W3C credentials as SD-JWT, which have an @context
// and no vct.
const (
	typ      = "dc+sd-jwt"
	typOlder = "vc+sd-jwt"
)

// StatusType is the StatusRef.Type of status in a token status list (Token
// Status List, section 6.2). Of other kinds of status only the name of their
// member in the claim status is read, as the type.
const StatusType = "status_list"

var (
	// ErrModel says that a credential breaks the rules of SD-JWT VCs.
	ErrModel = errors.New("not an SD-JWT VC")
	// ErrType is noted, as tolerated, for a token with the older typ vc+sd-jwt.
	ErrType = errors.New("typ is the older vc+sd-jwt")
	// ErrConfirm is noted, as tolerated, for a credential whose holder's key is
	// named in a way that is not understood: nobody can prove to hold it.
	ErrConfirm = errors.New("cnf without a jwk")
	// ErrAudience is noted for a credential that names an audience (aud; RFC 7519,
	// section 4.1.3), which a verifier of credentials has no name to compare with.
	ErrAudience = errors.New("made for an audience, which is not compared")
)

// Format reads, issues and derives SD-JWT VCs. Its zero value is ready. It
// implements [credential.Format], [credential.Sealer] and [credential.Deriver].
type Format struct {
	// MaxBindingAge is how far from the time of verification, on either side, a
	// key binding may have been made (RFC 9901, section 7.3, step 5.5). Zero:
	// [sdjwt.DefaultBindingAge].
	MaxBindingAge time.Duration
	// JSON seals in the JWS JSON serialisation, which several signers need. It
	// is read in any case.
	JSON bool
}

// Name is "sd-jwt-vc".
func (Format) Name() string { return "sd-jwt-vc" }

// Payload is a credential's content: the claims in the clear and those
// disclosed. It is immutable.
type Payload struct {
	claims *sdjwt.Claims
	draft  *draft // of what is not sealed yet
}

// MarshalJSON returns the claims, without digests, in canonical form (RFC 8785).
func (p *Payload) MarshalJSON() ([]byte, error) { return p.Value().Append(nil), nil }

// Value returns the claims, for the packages of this module.
func (p *Payload) Value() jcs.Value {
	if p.draft != nil {
		return p.draft.claims
	}
	return p.claims.Value()
}

// Draft reports whether the payload is that of a credential not sealed yet.
func (p *Payload) Draft() bool { return p.draft != nil }

// Disclosed returns JSON pointers (RFC 6901) to the claims that were disclosed,
// and in a draft to those that Options.Disclosable names: nil where the rest of
// the draft decides.
func (p *Payload) Disclosed() []string {
	if p.draft != nil {
		return p.draft.options.Disclosable
	}
	return p.claims.Disclosed()
}

// Parse reads a credential of at most 1 MiB in the compact form or in JSON. It
// returns [credential.ErrOtherFormat] for what is no SD-JWT, and for SD-JWTs of
// another typ. Errors wrap [ErrModel] or those of proof/sdjwt, and hold no
// claims. It implements [credential.Format].
func (f Format) Parse(raw []byte, mediaType string) (*credential.Envelope, error) {
	if !maybe(raw, mediaType) {
		return nil, credential.ErrOtherFormat
	}
	t, err := sdjwt.Parse(bytes.TrimSpace(raw))
	if err != nil {
		return nil, err
	}
	if !t.Messages[0].Header.IsType(typ) && !t.Messages[0].Header.IsType(typOlder) {
		return nil, credential.ErrOtherFormat
	}
	claims, err := sdjwt.Open(t.Messages[0].Payload, t.Disclosures)
	if err != nil {
		return nil, err
	}
	env := &credential.Envelope{}
	if older := t.Messages[0].Header.IsType(typOlder); older {
		if signed := claims.Signed(); !signed.Member("vct").Exists() || signed.Member("@context").Exists() {
			return nil, credential.ErrOtherFormat
		}
		env.Tolerated = append(env.Tolerated, fmt.Errorf("sdjwt: %w", ErrType))
	}
	c, tolerated, err := read(claims)
	if err != nil {
		return nil, err
	}
	env.Credential, env.Tolerated = c, append(env.Tolerated, tolerated...)
	if env.Proofs, err = proofs(t, claims, c); err != nil {
		return nil, err
	}
	if t.KeyBinding != "" {
		env.Holder, err = f.holder(t, claims, c)
	}
	return env, err
}

// maybe reports whether raw may be an SD-JWT at all.
func maybe(raw []byte, mediaType string) bool {
	if mediaType != "" {
		m, _, err := mime.ParseMediaType(mediaType)
		if err != nil || m != MediaType && m != "application/"+typOlder {
			return false
		}
	}
	return sdjwt.MayBe(raw, typ, typOlder)
}

// proofs are the issuer's signatures: one, or several in the general JSON
// serialisation.
func proofs(t *sdjwt.Token, claims *sdjwt.Claims, c *credential.Credential) ([]credential.Proof, error) {
	out := make([]credential.Proof, len(t.Messages))
	for i, m := range t.Messages {
		if m.Header.Type != t.Messages[0].Header.Type {
			return nil, fmt.Errorf("sdjwt: signature %d: another typ than the first: %w", i, ErrModel)
		}
		hint := m.Hint()
		if !m.Member("x5c").Exists() {
			// Its certificate may be the issuer's only name, which whoever passes a
			// token on could exchange if it were not signed (draft, section 2.5).
			hint.Chain = nil
		}
		if len(c.Issuers) > 0 {
			hint.Issuer = c.Issuers[0]
		}
		if m.Header.Issuer != "" && m.Header.Issuer != hint.Issuer {
			return nil, fmt.Errorf("sdjwt: signature %d: another iss in the header than in the payload: %w", i, ErrModel)
		}
		if name := m.Contradiction(claims.Value()); name != "" {
			return nil, fmt.Errorf("sdjwt: signature %d: another %s in the header than in the payload: %w", i, name, ErrModel)
		}
		out[i] = credential.Proof{
			ID: fmt.Sprintf("%d %s", i, m.Header.Algorithm), Hint: hint, Purpose: proof.AssertionMethod,
			Verify: func(_ context.Context, a *credential.Attempt) error { return m.Verify(a.Key) },
		}
	}
	return out, nil
}

// holder is the proof in a key binding. Only a key that the issuer confirmed can
// have made it.
func (f *Format) holder(t *sdjwt.Token, claims *sdjwt.Claims, c *credential.Credential) ([]credential.Proof, error) {
	if len(c.Confirm) == 0 {
		return nil, fmt.Errorf("sdjwt: a key binding, but the issuer confirmed no key (cnf): %w", ErrModel)
	}
	kb, err := t.ReadBinding(claims)
	if err != nil {
		return nil, err
	}
	return []credential.Proof{{
		ID: "key binding", Hint: proof.Hint{Algorithm: kb.Message.Header.Algorithm}, Purpose: proof.Authentication,
		Created: kb.Issued,
		Verify: func(_ context.Context, a *credential.Attempt) error {
			if err := kb.MadeFor(a.Want.Audience, a.Want.Nonce, a.Time, f.MaxBindingAge); err != nil {
				return err
			}
			return kb.Verify(a.Key)
		},
	}}, nil
}

// Derive returns the credential with those claims that h.Show names, by JSON
// pointers into the claims as Credential.Payload has them: what each names, all
// in it, and what it is in. No pointers show only what can't be left out, and
// "" shows everything.
//
// Where the issuer confirmed a key, and there are a signer, which must have it, and
// a binding, the holder's proof is added (RFC 9901, section 4.3), made now; both
// parts of the binding are required then. Else it is not: what is shown is then
// bound by the presentation around it, or by nothing.
//
// The error wraps [proof.ErrPointer] for a pointer to nothing,
// [sdjwt.ErrBinding] where the signer's key is not the one confirmed or the
// credential comes with a key binding already, or those of Parse. It implements
// [credential.Deriver].
func (f Format) Derive(ctx context.Context, h credential.Held, b credential.Binding) ([]byte, error) {
	env, err := f.Parse(h.Raw, h.MediaType)
	if err != nil {
		return nil, err
	}
	t, err := sdjwt.Parse(bytes.TrimSpace(h.Raw))
	if err != nil {
		return nil, err
	}
	claims := env.Credential.Payload.(*Payload).claims
	t, err = t.Derive(ctx, claims, h.Show, h.Signer, env.Credential.Confirm, sdjwt.Binding{Audience: b.Audience, Nonce: b.Nonce})
	if err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

var (
	_ credential.Sealer  = Format{}
	_ credential.Deriver = Format{}
)

// header is that of a token to be signed by k.
func header(k proof.Key) jose.Header {
	h := jose.Header{Type: typ, KeyID: k.ID, Chain: k.Chain}
	// The trust anchor is for the verifier to have (RFC 9360 has it likewise).
	if n := len(h.Chain); n > 1 && bytes.Equal(h.Chain[n-1].RawIssuer, h.Chain[n-1].RawSubject) {
		h.Chain = h.Chain[:n-1]
	}
	return h
}

func textOf(v jcs.Value, name string) (string, error) {
	m := v.Member(name)
	s, ok := m.Text()
	if m.Exists() && (!ok || s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })) {
		return "", fmt.Errorf("sdjwt: %s: %s, not a string with content: %w", name, m.Kind(), ErrModel)
	}
	return s, nil
}
