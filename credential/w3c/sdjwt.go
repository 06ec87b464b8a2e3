package w3c

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// SDJWT reads, issues and derives credentials of version 2.0 that are signed as
// SD-JWTs, of which a holder shows a part: vc+sd-jwt (Securing Verifiable
// Credentials using JOSE and COSE, section 3.2; RFC 9901). It also reads
// presentations as vp+sd-jwt, and what stands in the data: URL of an
// EnvelopedVerifiableCredential. Keys are named, and claims beside the document
// read, as by [JWT]. Its zero value is ready. It implements
// [credential.Format], [credential.Sealer] and [credential.Deriver].
//
// What is shown must be a whole document of the data model. What a holder must
// not choose to leave out can't be selectively disclosable: the context, type,
// issuer, validity, status and schema, the holder's key, and the claims of the
// token for these; it is refused where it is.
type SDJWT struct {
	// Document says how the document inside is read, and written.
	Document Format
	// MaxBindingAge is how far from the time of verification, on either side, a
	// key binding may have been made. Zero: [sdjwt.DefaultBindingAge].
	MaxBindingAge time.Duration
	// Decoys is how many digests of nothing Seal adds at most in each place; see
	// [sdjwt.Options].
	Decoys int
}

// Name is "w3c-sd-jwt".
func (SDJWT) Name() string { return nameSDJWT }

const (
	nameSDJWT   = "w3c-sd-jwt"
	typeVCSDJWT = "vc+sd-jwt"
	typeVPSDJWT = "vp+sd-jwt"
)

// alwaysShown are the members that are not selectively disclosable.
var alwaysShown = []string{
	"@context", "type", "issuer", "validFrom", "validUntil", "credentialStatus", "credentialSchema",
	"iss", "nbf", "exp", "cnf", "nonce", "aud", "proof",
}

// Parse reads an SD-JWT of at most 1 MiB with one signature. It returns
// [credential.ErrOtherFormat] for what is none, or does not hold a document of
// version 2.0, such as an SD-JWT VC. Errors wrap [ErrModel], [ErrTerms], or those
// of proof/sdjwt; they name members and hold no values. It implements
// [credential.Format].
func (j SDJWT) Parse(raw []byte, mediaType string) (*credential.Envelope, error) {
	if i, m, ok := insideEnvelope(raw); ok {
		raw, mediaType = i, m
	}
	if !maybeSDJWT(raw, mediaType) {
		return nil, credential.ErrOtherFormat
	}
	t, claims, err := openSDJWT(raw)
	if err != nil {
		return nil, err
	}
	env, err := j.read(t, claims)
	if err != nil {
		return nil, err
	}
	return env, j.Document.strict(env)
}

func maybeSDJWT(raw []byte, mediaType string) bool {
	if mediaType != "" {
		m, _, err := mime.ParseMediaType(mediaType)
		if err != nil || m != "application/"+typeVCSDJWT && m != "application/"+typeVPSDJWT {
			return false
		}
	}
	return sdjwt.MayBe(raw, typeVCSDJWT, typeVPSDJWT)
}

// openSDJWT takes a token apart, if it is one of this format.
func openSDJWT(raw []byte) (*sdjwt.Token, *sdjwt.Claims, error) {
	t, err := sdjwt.Parse(bytes.TrimSpace(raw))
	if err != nil {
		return nil, nil, err
	}
	if h := &t.Messages[0].Header; !h.IsType(typeVCSDJWT) && !h.IsType(typeVPSDJWT) {
		return nil, nil, credential.ErrOtherFormat
	}
	if len(t.Messages) != 1 {
		return nil, nil, fmt.Errorf("w3c: %d signatures of one SD-JWT: %w", len(t.Messages), ErrUnsupported)
	}
	claims, err := sdjwt.Open(t.Messages[0].Payload, t.Disclosures)
	if err != nil {
		return nil, nil, err
	}
	if !claims.Signed().Member("@context").Exists() {
		return nil, nil, credential.ErrOtherFormat
	}
	return t, claims, nil
}

func (j *SDJWT) read(t *sdjwt.Token, claims *sdjwt.Claims) (*credential.Envelope, error) {
	var err error
	m, doc := t.Messages[0], object{v: claims.Value(), err: &err}
	for _, name := range alwaysShown {
		if !jcs.Equal(claims.Signed().Member(name), doc.v.Member(name)) {
			doc.fail(name, "selectively disclosable")
		}
	}
	if base(doc.v) != Context {
		doc.fail("@context", "not that of version 2.0")
	}
	want, cty := typeVCSDJWT, typeVC
	if isPresentation(doc.v) {
		want, cty = typeVPSDJWT, typeVP
	}
	if !m.Header.IsType(want) || m.Header.ContentType != "" && !mediaIs(m.Header.ContentType, cty) {
		doc.fail("", "header: typ or cty: not those of a "+want)
	}
	if doc.v.Member("vc").Exists() || doc.v.Member("vp").Exists() {
		doc.fail("", "a claim vc or vp in a token of version 2.0")
	}
	c, tolerated := doc.claims()
	if name := m.Contradiction(doc.v); name != "" {
		doc.fail(name, "another in the header than in the payload")
	}
	if h := m.Header.Issuer; h != "" {
		c.issuer = h
	}
	if err != nil {
		return nil, err
	}
	env, err := j.Document.envelope(secured{format: nameSDJWT, doc: doc.v, beside: registered, claims: c, hint: m.Hint(), verify: m.Verify})
	if err != nil {
		return nil, err
	}
	env.Tolerated = append(tolerated, env.Tolerated...)
	if t.KeyBinding == "" {
		return env, nil
	}
	if env.Credential == nil || len(c.confirm) == 0 {
		return nil, fmt.Errorf("w3c: a key binding where the issuer confirmed no key (cnf): %w", ErrModel)
	}
	env.Holder, err = j.holder(t, claims)
	return env, err
}

// holder is the proof in a key binding.
func (j *SDJWT) holder(t *sdjwt.Token, claims *sdjwt.Claims) ([]credential.Proof, error) {
	kb, err := t.ReadBinding(claims)
	if err != nil {
		return nil, err
	}
	return []credential.Proof{{
		ID: "key binding", Hint: proof.Hint{Algorithm: kb.Message.Header.Algorithm}, Purpose: proof.Authentication, Created: kb.Issued,
		Verify: func(_ context.Context, a *credential.Attempt) error {
			if err := kb.MadeFor(a.Want.Audience, a.Want.Nonce, a.Time, j.MaxBindingAge); err != nil {
				return err
			}
			return kb.Verify(a.Key)
		},
	}}, nil
}

// Seal signs a draft made by [New] or [FromJSON], of version 2.0, with the one
// signer given, whose key must have an ID. The holder can leave out all but what
// d.Mandatory names, what is never disclosable, the terms of use and digests of
// related resources, and the id and type of subjects, in the largest parts that there are. d.Confirm, at most one key, becomes the
// claim cnf, by which the holder can be held to prove it; d.Signed, unless it is
// zero, the claim iat. For d.Status and the errors see [Format.Seal]. It
// implements [credential.Sealer].
func (j SDJWT) Seal(ctx context.Context, d *credential.Draft, signers []proof.Signer) ([]byte, error) {
	s, v, err := j.Document.toSecure(d, signers)
	if err != nil {
		return nil, err
	}
	if base(v) != Context {
		return nil, fmt.Errorf("w3c: a document of version 1.1 as SD-JWT: %w", ErrModel)
	}
	var extra []byte
	if !d.Signed.IsZero() {
		extra = date(extra, "iat", d.Signed)
	}
	if extra, err = confirmed(extra, d.Confirm); err != nil {
		return nil, err
	}
	claims := beside(v, extra)
	for i, m := range d.Mandatory {
		if _, err := v.At(m); err != nil {
			return nil, fmt.Errorf("w3c: mandatory %d: %w", i, proof.ErrPointer)
		}
	}
	hide, err := sdjwt.Parts(claims, slices.Concat(d.Mandatory, shown(v)))
	if err != nil {
		return nil, err
	}
	payload, disclosures, err := sdjwt.Conceal(claims, sdjwt.Options{Disclosable: hide, Decoys: j.Decoys})
	if err != nil {
		return nil, err
	}
	m, err := jose.Sign(ctx, s, jose.Header{KeyID: s.Key().ID, Type: typeVCSDJWT, ContentType: typeVC}, payload)
	if err != nil {
		return nil, err
	}
	t, err := sdjwt.New(m, disclosures)
	if err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

// shown are pointers to what Seal never hides.
func shown(v jcs.Value) []string {
	out := []string{"/id", "/iat", "/termsOfUse", "/relatedResource"}
	for _, name := range alwaysShown {
		out = append(out, "/"+name)
	}
	subjects := []string{"/credentialSubject"}
	for i := range v.Member("credentialSubject").Elements() {
		subjects = append(subjects, fmt.Sprintf("/credentialSubject/%d", i))
	}
	for _, s := range subjects {
		out = append(out, s+"/id", s+"/type")
	}
	return out
}

// confirmed appends the claim cnf.
func confirmed(dst []byte, keys []proof.Key) ([]byte, error) {
	switch len(keys) {
	case 0:
		return dst, nil
	case 1:
		k, err := jwk.Confirm(keys[0].Public)
		if err != nil {
			return nil, fmt.Errorf("w3c: confirmed key: %w", err)
		}
		return append(append(dst, `,"cnf":`...), k...), nil
	}
	return nil, fmt.Errorf("w3c: %d confirmed keys, want one: %w", len(keys), ErrModel)
}

// Derive returns the credential with those members that h.Show names, by JSON
// pointers into the document as Credential.Payload has it. What is left must
// still be a document of the data model. Where the issuer confirmed a key, and
// there are a signer, which must have it, and a binding, a key binding is added.
// Errors wrap [proof.ErrPointer], [sdjwt.ErrBinding], or are those of Parse.
// It implements [credential.Deriver].
func (j SDJWT) Derive(ctx context.Context, h credential.Held, b credential.Binding) ([]byte, error) {
	raw := h.Raw
	if i, _, ok := insideEnvelope(raw); ok {
		raw = i
	}
	env, err := j.Parse(raw, h.MediaType)
	if err != nil {
		return nil, err
	}
	t, claims, err := openSDJWT(raw)
	if err != nil {
		return nil, err
	}
	if env.Credential == nil {
		return nil, fmt.Errorf("w3c: deriving: a presentation: %w", ErrModel)
	}
	t, err = t.Derive(ctx, claims, h.Show, h.Signer, env.Credential.Confirm, sdjwt.Binding{Audience: b.Audience, Nonce: b.Nonce})
	if err != nil {
		return nil, err
	}
	out := t.Bytes()
	if _, err := j.Parse(out, ""); err != nil {
		return nil, fmt.Errorf("w3c: deriving: what would be left: %w", err)
	}
	return out, nil
}

var (
	_ credential.Sealer  = SDJWT{}
	_ credential.Deriver = SDJWT{}
)
