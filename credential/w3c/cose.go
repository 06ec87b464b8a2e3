package w3c

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
)

// COSE reads and writes credentials and presentations of version 2.0 that are
// signed with COSE_Sign1: vc+cose and vp+cose (Securing Verifiable Credentials
// using JOSE and COSE, section 3.3), in binary. It also reads those that stand in
// the data: URL of an EnvelopedVerifiableCredential or
// EnvelopedVerifiablePresentation. Its zero value is ready. It implements
// [credential.Format], [credential.Sealer] and [credential.Presenter].
//
// What [JWT] says of keys and claims holds here for the key identifier (header
// 4) and CWT claims in the protected header (RFC 9597).
type COSE struct {
	// Document says how the document inside is read, and written.
	Document Format
}

// Name is "w3c-cose".
func (COSE) Name() string { return nameCOSE }

const nameCOSE = "w3c-cose"

// Parse reads a message of at most 24 MiB: one with tag 18 or, where mediaType
// is that of a vc+cose or vp+cose, also without. It returns
// [credential.ErrOtherFormat] for what is no such message, and for those that
// neither are called, nor hold, a document of the data model. Errors wrap
// [ErrModel] or [ErrTerms]; they name members and hold no values. It implements
// [credential.Format].
func (c COSE) Parse(raw []byte, mediaType string) (*credential.Envelope, error) {
	if len(raw) > limits.StatusList {
		return nil, fmt.Errorf("w3c: %d bytes, at most %d are read: %w", len(raw), limits.StatusList, ErrModel)
	}
	raw, want, ok := opened(raw, mediaType)
	if !ok || want != "" && want != typeVCCOSE && want != typeVPCOSE {
		return nil, credential.ErrOtherFormat
	}
	named := want == typeVCCOSE || want == typeVPCOSE
	if !named && !bytes.HasPrefix(raw, []byte{0xd2}) {
		return nil, credential.ErrOtherFormat
	}
	m, err := cose.Parse(raw)
	if err != nil {
		if !named {
			return nil, credential.ErrOtherFormat
		}
		return nil, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	named = named || mediaIs(m.Type, typeVCCOSE) || mediaIs(m.Type, typeVPCOSE)
	v, err := jcs.Parse(m.Payload)
	switch {
	case err == nil && base(v) != "":
	case !named:
		return nil, credential.ErrOtherFormat
	case err != nil:
		return nil, fmt.Errorf("w3c: payload: %w: %w", ErrModel, err)
	default:
		return nil, fmt.Errorf("w3c: payload: @context: missing, or without a base context: %w", ErrModel)
	}
	env, err := c.read(m, v, want)
	if err != nil {
		return nil, err
	}
	return env, c.Document.strict(env)
}

func (c *COSE) read(m *cose.Message, v jcs.Value, want string) (*credential.Envelope, error) {
	var err error
	payload := object{v: v, err: &err}
	t, tolerated := payload.claims()
	tolerated = append(tolerated, payload.headerClaims(m.Claims, &t)...)
	if payload.version() == ContextV1 {
		payload.fail("", "a document of version 1.1 in COSE")
	}
	typ, cty, other := typeVCCOSE, typeVC, typeVP
	if isPresentation(v) {
		typ, cty, other = typeVPCOSE, typeVP, typeVC
	}
	if want != "" && want != typ {
		payload.fail("", "another kind of document than its media type names")
	}
	if mediaIs(m.ContentType, other) {
		payload.fail("", "header 3 (content type): another kind of document than "+cty)
	}
	switch {
	case mediaIs(m.Type, typ):
	case m.Type == "":
		tolerated = append(tolerated, fmt.Errorf("w3c: header: %w", ErrNoType))
	default:
		payload.fail("", "header 16 (typ): not application/"+typ)
	}
	if err != nil {
		return nil, err
	}
	env, err := c.Document.envelope(secured{
		format: nameCOSE, doc: v, raw: m.Payload, beside: registered, claims: t,
		hint:   proof.Hint{KeyID: string(m.KeyID), Algorithm: m.Algorithm},
		verify: func(k proof.Key) error { return m.Verify(&k) },
	})
	if err != nil {
		return nil, err
	}
	env.Tolerated = append(append(tolerated, m.Tolerated...), env.Tolerated...)
	return env, nil
}

// CWT claims (RFC 8392, section 3.1; RFC 8747, section 3.1).
const (
	cwtIssuer    = 1
	cwtSubject   = 2
	cwtExpires   = 4
	cwtNotBefore = 5
	cwtIssued    = 6
	cwtConfirm   = 8
)

// headerClaims reads the CWT claims of a header. Those that the payload has too
// must agree with them. A holder's key in them, a COSE_Key, is not read: it stays
// there as one that fits nothing.
func (o object) headerClaims(raw []byte, t *claims) (tolerated []error) {
	if raw == nil {
		return nil
	}
	var m map[any]any
	if err := cborx.Decode(raw, &m); err != nil {
		o.fail("", "header 15 (CWT claims): "+err.Error())
		return nil
	}
	fail := func(reason string) { o.fail("", "header 15 (CWT claims): "+reason) }
	for label, v := range m {
		n, _ := label.(uint64)
		switch n {
		case cwtIssuer, cwtSubject:
			dst := map[uint64]*string{cwtIssuer: &t.issuer, cwtSubject: &t.subject}[n]
			s, ok := v.(string)
			if !ok || s == "" || *dst != "" && *dst != s {
				fail("iss or sub: no text, or another than in the payload")
			}
			*dst = s
		case cwtExpires, cwtNotBefore, cwtIssued:
			dst := map[uint64]*time.Time{cwtExpires: &t.expires, cwtNotBefore: &t.notBefore, cwtIssued: &t.issued}[n]
			s, ok := cwtDate(v)
			if !ok || !dst.IsZero() && !dst.Equal(s) {
				fail("exp, nbf or iat: no time, or another than in the payload")
			}
			*dst = s
		case cwtConfirm:
			if t.confirm != nil {
				fail("cnf: also in the payload")
			}
			t.confirm = jwk.Unprovable()
			tolerated = append(tolerated, fmt.Errorf("w3c: header 15 (CWT claims): %w", ErrConfirm))
		}
	}
	return tolerated
}

func cwtDate(v any) (time.Time, bool) {
	switch n := v.(type) {
	case uint64:
		return time.Unix(int64(min(n, lastDate)), 0).UTC(), n <= lastDate
	case float64:
		return time.Unix(int64(min(max(n, 0), lastDate)), 0).UTC(), n >= 0 && n <= lastDate
	}
	return time.Time{}, false
}

// isBinary reports whether a credential is no text.
func isBinary(mediaType string) bool { return strings.HasSuffix(mediaType, "cose") }
