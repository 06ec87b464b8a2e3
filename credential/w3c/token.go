package w3c

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

var (
	// ErrNoType is noted for a token or COSE message whose header does not say
	// what it is (typ): its content does.
	ErrNoType = errors.New("typ is missing")
	// ErrDateText is noted for a token with a time as text, where a number of
	// seconds is due (RFC 7519, section 2).
	ErrDateText = errors.New("a time as text, not as a number")
	// ErrAudience is noted for a credential that names an audience (aud; RFC 7519,
	// section 4.1.3), which a verifier of credentials has no name to compare with.
	ErrAudience = errors.New("made for an audience, which is not compared")
	// ErrConfirm is noted for a credential whose holder's key is named in a way
	// that is not understood: nobody can prove to hold it.
	ErrConfirm = errors.New("cnf without a jwk")
)

// The media types of what is signed as a whole, without "application/"
// (Securing Verifiable Credentials using JOSE and COSE, section 6.1).
const (
	typeVC     = "vc"
	typeVP     = "vp"
	typeVCJWT  = "vc+jwt"
	typeVPJWT  = "vp+jwt"
	typeVCCOSE = "vc+cose"
	typeVPCOSE = "vp+cose"
	typeJWT    = "jwt"
)

// claims are the registered claims of a token, of its payload (RFC 7519, section
// 4.1), or of a COSE header (RFC 8392, section 3.1).
type claims struct {
	issuer, subject, id        string
	nonce                      string
	audience                   []string
	issued, notBefore, expires time.Time
	confirm                    []proof.Key
}

// registered are the claims that a payload may have beside the document. They
// are no part of its JSON-LD.
var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf"}

// claims reads the registered claims of a payload.
func (o object) claims() (c claims, tolerated []error) {
	c.issuer, c.subject, c.id, c.nonce = o.text("iss"), o.text("sub"), o.text("jti"), o.text("nonce")
	c.audience = o.texts("aud")
	for _, t := range []struct {
		name string
		dst  *time.Time
	}{{"iat", &c.issued}, {"nbf", &c.notBefore}, {"exp", &c.expires}} {
		if o.v.Member(t.name).Kind() == jcs.String {
			*t.dst = o.time(t.name)
			tolerated = append(tolerated, fmt.Errorf("w3c: %s: %w", t.name, ErrDateText))
			continue
		}
		*t.dst = o.numericDate(t.name)
	}
	var unknown []error
	c.confirm, unknown = o.confirm()
	return c, append(tolerated, unknown...)
}

// lastDate is the last second that a dateTimeStamp can name.
const lastDate = 253402300799

// numericDate reads seconds since 1970 (RFC 7519, section 2).
func (o object) numericDate(name string) time.Time {
	t, err := jose.NumericDate(o.v.Member(name))
	if err != nil {
		o.fail(name, "not seconds since 1970")
	}
	return t
}

// confirm reads the holder's key that the issuer signed (RFC 7800, section 3.1).
// One that is named in a way that is not understood stays there, as one that
// fits nothing: the credential is not one without a holder.
func (o object) confirm() ([]proof.Key, []error) {
	keys, err := jwk.Confirmed(o.v.Member("cnf"))
	switch {
	case errors.Is(err, jwk.ErrConfirm):
		return keys, []error{fmt.Errorf("w3c: %w", ErrConfirm)}
	case err != nil:
		o.fail("", err.Error())
	}
	return keys, nil
}

// agree refuses claims that contradict what the document says (section 4.1.2 of
// the specification, and 3.1.3: claims and members that mean the same).
func (o object) agree(c *credential.Credential, t claims) {
	if t.issuer != "" && t.issuer != c.Issuers[0] {
		o.fail("iss", "another than the issuer")
	}
	if t.id != "" && c.ID != "" && t.id != c.ID {
		o.fail("jti", "another than the id")
	}
	if t.subject != "" && !o.subjectIs(t.subject) {
		o.fail("sub", "another than the subject")
	}
}

// subjectIs reports whether one of the subjects has the id, or none has any.
func (o object) subjectIs(id string) bool {
	none := true
	for _, s := range o.objects("credentialSubject") {
		if m := s.v.Member("id"); m.Exists() {
			none = false
			if text, _ := m.Text(); text == id {
				return true
			}
		}
	}
	return none
}

// within narrows a credential's validity to that of its signature.
func within(c *credential.Credential, t claims) {
	if t.notBefore.After(c.ValidFrom) {
		c.ValidFrom = t.notBefore
	}
	if !t.expires.IsZero() && (c.ValidUntil.IsZero() || !t.expires.After(c.ValidUntil)) {
		c.ValidUntil, c.UntilExcluded = t.expires, true
	}
	if !t.issued.IsZero() {
		c.Signed = t.issued
	}
}

// secured is a document with the one signature over all of it.
type secured struct {
	format string
	doc    jcs.Value // as the data model has it
	raw    []byte    // the text of doc; nil: there is none
	beside []string  // members of doc that are claims of the token
	claims claims
	hint   proof.Hint
	verify func(proof.Key) error
}

// envelope makes the envelope of a document that is signed as a whole. Its
// Tolerated has what the document itself gave reason for.
func (f *Format) envelope(s secured) (*credential.Envelope, error) {
	env := &credential.Envelope{}
	p := credential.Proof{ID: "0 " + string(s.hint.Algorithm), Hint: s.hint, Purpose: proof.AssertionMethod, Created: s.claims.issued}
	if isPresentation(s.doc) {
		if err := f.securedPresentation(s, env); err != nil {
			return nil, err
		}
		p.Hint.Issuer, p.Purpose = env.Presenter, proof.Authentication
		p.NotBefore, p.Expires = s.claims.notBefore, s.claims.expires // of a credential they are part of its validity
		if !p.Expires.IsZero() {
			p.Expires = p.Expires.Add(-1) // exp itself is too late
		}
		p.Verify = func(_ context.Context, a *credential.Attempt) error {
			if err := s.claims.bound(a); err != nil {
				return err
			}
			return s.verify(a.Key)
		}
		env.Holder = []credential.Proof{p}
		return env, f.checkTerms(s.doc, s.beside...)
	}
	c, tolerated, err := f.read(s.doc)
	if err != nil {
		return nil, err
	}
	doc := object{v: s.doc, err: &err}
	doc.agree(c, s.claims)
	if err != nil {
		return nil, err
	}
	within(c, s.claims)
	c.Format, c.Confirm = s.format, s.claims.confirm
	if s.raw == nil {
		s.raw = s.doc.Append(nil)
	}
	c.Payload = &Payload{s.doc, s.raw}
	p.Hint.Issuer = c.Issuers[0]
	p.Verify = func(_ context.Context, a *credential.Attempt) error { return s.verify(a.Key) }
	if len(s.claims.audience) > 0 {
		tolerated = append(tolerated, fmt.Errorf("w3c: aud: %w", ErrAudience))
	}
	env.Credential, env.Tolerated, env.Proofs = c, tolerated, []credential.Proof{p}
	return env, f.checkTerms(s.doc, s.beside...)
}

// securedPresentation reads a presentation that is signed as a whole. Who
// presents is its holder or, where it names none, the token's issuer.
func (f *Format) securedPresentation(s secured, env *credential.Envelope) error {
	if err := f.presentation(s.doc, env); err != nil {
		return err
	}
	var err error
	doc := object{v: s.doc, err: &err}
	switch {
	case env.Presenter == "":
		env.Presenter = s.claims.issuer
	case s.claims.issuer != "" && s.claims.issuer != env.Presenter:
		doc.fail("iss", "another than the holder")
	}
	if id := doc.url("id"); s.claims.id != "" && id != "" && s.claims.id != id {
		doc.fail("jti", "another than the id")
	}
	return err
}

// bound compares what a presentation was made for with what is wanted.
func (t claims) bound(a *credential.Attempt) error {
	if a.Want.Nonce != "" && t.nonce != a.Want.Nonce {
		return fmt.Errorf("w3c: nonce: %w", ErrBinding)
	}
	if a.Want.Audience != "" && !slices.Contains(t.audience, a.Want.Audience) {
		return fmt.Errorf("w3c: aud: %w", ErrBinding)
	}
	return nil
}

// unwrap returns what stands in the data: URL of a document that is an envelope
// and nothing else (VC Data Model 2.0, sections 4.13.1 and 4.13.2), and its
// media type. ok is false for any other document, and where one kind of document
// stands in the envelope of the other.
func unwrap(v jcs.Value) (mediaType string, data []byte, ok bool) {
	if !isEnvelope(v) || base(v) != Context {
		return "", nil, false
	}
	id, _ := v.Member("id").Text()
	mediaType, data, reason := dataURL(id)
	other := "application/vp+"
	if isOf(v, envelopedPresentation) {
		other = "application/vc+"
	}
	return mediaType, data, reason == "" && !strings.HasPrefix(mediaType, other)
}

// isEnvelope reports whether a document is only an envelope: formats that read
// what is inside read it, and no other.
func isEnvelope(v jcs.Value) bool {
	t := v.Member("type")
	s, _ := t.Text()
	if t.Len() == 1 {
		for _, e := range t.Elements() {
			s, _ = e.Text()
		}
	}
	return s == envelopedCredential || s == envelopedPresentation
}
