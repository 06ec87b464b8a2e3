package w3c

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// Seal signs a draft made by [New] or [FromJSON] as a token, with the one signer
// given, whose key must have an ID: a vc+jwt of a document of version 2.0, a
// token with the claim vc of one of version 1.1. d.Signed, unless it is zero, is
// the claim iat, d.Confirm, at most one key, the claim cnf. For d.Status and the
// errors see [Format.Seal]. It implements [credential.Sealer].
func (j JWT) Seal(ctx context.Context, d *credential.Draft, signers []proof.Signer) ([]byte, error) {
	s, v, err := j.Document.toSecure(d, signers)
	if err != nil {
		return nil, err
	}
	h := jose.Header{KeyID: s.Key().ID, Type: typeVCJWT, ContentType: typeVC}
	var extra []byte
	if !d.Signed.IsZero() {
		extra = date(extra, "iat", d.Signed)
	}
	if extra, err = confirmed(extra, d.Confirm); err != nil {
		return nil, err
	}
	if base(v) != ContextV1 {
		return jose.Sign(ctx, s, h, beside(v, extra))
	}
	h.Type, h.ContentType = "JWT", ""
	extra = member(extra, "iss", d.Issuers[0])
	extra = member(extra, "jti", d.ID)
	extra = member(extra, "sub", d.Subject)
	doc := object{v: v, err: &err}
	extra = date(extra, "nbf", doc.time("issuanceDate"))
	extra = date(extra, "exp", doc.time("expirationDate"))
	return jose.Sign(ctx, s, h, claim("vc", v, extra))
}

// Seal signs a draft made by [New] or [FromJSON], of version 2.0, with
// COSE_Sign1, by the one signer given, whose key must have an ID. Of d.Signed
// nothing is written, d.Confirm is refused with [ErrUnsupported]: the holder is the
// subject. For d.Status and the other errors see [Format.Seal]. It implements
// [credential.Sealer].
func (c COSE) Seal(ctx context.Context, d *credential.Draft, signers []proof.Signer) ([]byte, error) {
	s, v, err := c.Document.toSecure(d, signers)
	if err != nil {
		return nil, err
	}
	if base(v) == ContextV1 {
		return nil, fmt.Errorf("w3c: a document of version 1.1 in COSE: %w", ErrModel)
	}
	if len(d.Confirm) > 0 {
		return nil, fmt.Errorf("w3c: a confirmed key in COSE: %w", ErrUnsupported)
	}
	return cose.SignTyped(ctx, v.Append(nil), []byte(s.Key().ID), "application/"+typeVCCOSE, "application/"+typeVC, s)
}

// toSecure checks what is to be signed as a whole: what would be refused is not
// signed.
func (f *Format) toSecure(d *credential.Draft, signers []proof.Signer) (proof.Signer, jcs.Value, error) {
	s, err := only(signers)
	if err != nil {
		return nil, jcs.Value{}, err
	}
	doc, err := f.document(d)
	if err != nil {
		return nil, jcs.Value{}, err
	}
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, v, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	if err := noClaims(v); err != nil {
		return nil, v, err
	}
	return s, v, f.checkTerms(v)
}

// only is the one signer that such a signature has.
func only(signers []proof.Signer) (proof.Signer, error) {
	if len(signers) != 1 {
		return nil, fmt.Errorf("w3c: %d signers, want one: %w", len(signers), proof.ErrKey)
	}
	if signers[0].Key().ID == "" {
		return nil, fmt.Errorf("w3c: the signer's key has no ID: %w", proof.ErrKey)
	}
	return signers[0], nil
}

// noClaims checks that a document of version 2.0 has no member that in a payload
// would be a claim.
func noClaims(v jcs.Value) error {
	for _, name := range append([]string{"vc", "vp"}, registered...) {
		if base(v) != ContextV1 && v.Member(name).Exists() {
			return fmt.Errorf("w3c: %s: a claim of tokens, as a member of the document: %w", name, ErrModel)
		}
	}
	return nil
}

// beside returns a document with claims beside its members. claims begins with a
// comma, unless it is empty.
func beside(v jcs.Value, claims []byte) []byte {
	doc := v.Append(nil)
	return append(append(doc[:len(doc)-1], claims...), '}')
}

// claim returns a payload of version 1.1.
func claim(name string, v jcs.Value, claims []byte) []byte {
	out := v.Append(append(jcs.Quote([]byte{'{'}, name), ':'))
	return append(append(out, claims...), '}')
}

func member(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return jcs.Quote(append(jcs.Quote(append(dst, ','), name), ':'), value)
}

func date(dst []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	return strconv.AppendInt(append(jcs.Quote(append(dst, ','), name), ':'), t.Unix(), 10)
}

// Present puts credentials into a presentation, signed by the one holder among
// held as a vp+jwt: the binding's nonce, which is required, and audience are the
// claims nonce and aud. For the credentials see [Format.Present]. Where all are tokens or documents of version 1.1, the
// presentation is a token with the claim vp. It implements
// [credential.Presenter].
func (j JWT) Present(ctx context.Context, held []credential.Held, b credential.Binding) ([]byte, error) {
	s, v, err := j.Document.toPresent(held, b, true)
	if err != nil {
		return nil, err
	}
	extra := member(member(nil, "aud", b.Audience), "nonce", b.Nonce)
	extra = date(extra, "iat", time.Now())
	h := jose.Header{KeyID: s.Key().ID, Type: typeVPJWT, ContentType: typeVP}
	if base(v) != ContextV1 {
		return jose.Sign(ctx, s, h, beside(v, extra))
	}
	h.Type, h.ContentType = "JWT", ""
	holder, _ := v.Member("holder").Text()
	return jose.Sign(ctx, s, h, claim("vp", v, member(extra, "iss", holder)))
}

// Present puts credentials into a presentation, signed by the one holder among
// held as a vp+cose: the binding's nonce, which is required, and audience are
// members nonce and aud of the payload, as in a vp+jwt. For the credentials see
// [Format.Present]. It implements [credential.Presenter].
func (c COSE) Present(ctx context.Context, held []credential.Held, b credential.Binding) ([]byte, error) {
	s, v, err := c.Document.toPresent(held, b, false)
	if err != nil {
		return nil, err
	}
	if base(v) == ContextV1 {
		return nil, fmt.Errorf("w3c: presenting: documents of version 1.1 in COSE: %w", ErrModel)
	}
	payload := beside(v, member(member(nil, "aud", b.Audience), "nonce", b.Nonce))
	return cose.SignTyped(ctx, payload, []byte(s.Key().ID), "application/"+typeVPCOSE, "application/"+typeVP, s)
}

func (f *Format) toPresent(held []credential.Held, b credential.Binding, tokens bool) (proof.Signer, jcs.Value, error) {
	signers := signersOf(held)
	s, err := only(signers)
	if err != nil {
		return nil, jcs.Value{}, err
	}
	doc, err := f.presentationOf(held, signers, b, tokens)
	if err != nil {
		return nil, jcs.Value{}, err
	}
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, v, fmt.Errorf("w3c: presenting: %w: %w", ErrModel, err)
	}
	return s, v, f.checkTerms(v)
}
