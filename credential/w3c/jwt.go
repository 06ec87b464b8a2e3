package w3c

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// JWT reads and writes credentials and presentations that are signed as JSON Web
// Tokens: vc+jwt and vp+jwt of version 2.0 (Securing Verifiable Credentials using
// JOSE and COSE, section 3.1), and tokens with the claims vc or vp of version 1.1
// (VC Data Model 1.1, section 6.3.1). It also reads those that stand in the data:
// URL of an EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation.
// Its zero value is ready. It implements [credential.Format],
// [credential.Sealer] and [credential.Presenter].
//
// The key is named by kid, a URL or a fragment of the issuer, and must speak for
// the issuer. A key in the token itself is never taken for it. The token's times
// narrow the validity of the document, and each claim that means the same as a
// member of the document (iss, sub, jti) must agree with it.
type JWT struct {
	// Document says how the document inside is read, and written.
	Document Format
}

// Name is "w3c-jwt".
func (JWT) Name() string { return nameJWT }

const nameJWT = "w3c-jwt"

// Parse reads a token of at most 24 MiB. It returns [credential.ErrOtherFormat]
// for what is no token in the compact form, and for tokens that are neither
// called, nor hold, a document of the data model: those of status lists, SD-JWTs.
// Errors wrap [ErrModel], [ErrTerms], or [jose.ErrMalformed]; they name members
// and hold no values. It implements [credential.Format].
func (j JWT) Parse(raw []byte, mediaType string) (*credential.Envelope, error) {
	if len(raw) > limits.StatusList {
		return nil, fmt.Errorf("w3c: %d bytes, at most %d are read: %w", len(raw), limits.StatusList, ErrModel)
	}
	raw, want, ok := opened(raw, mediaType)
	if !ok || want == typeVCCOSE || want == typeVPCOSE {
		return nil, credential.ErrOtherFormat
	}
	raw = bytes.TrimSpace(raw)
	named := want == typeVCJWT || want == typeVPJWT
	if !named && !compact(raw) {
		return nil, credential.ErrOtherFormat
	}
	m, err := jose.Parse(raw, jose.Options{})
	if err != nil {
		return nil, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	named = named || m.Header.IsType(typeVCJWT) || m.Header.IsType(typeVPJWT)
	v, err := jcs.Parse(m.Payload)
	switch {
	case err == nil && (base(v) != "" || v.Member("vc").Exists() || v.Member("vp").Exists()):
	case !named:
		return nil, credential.ErrOtherFormat
	case err != nil:
		return nil, fmt.Errorf("w3c: payload: %w: %w", ErrModel, err)
	default:
		return nil, fmt.Errorf("w3c: payload: @context: missing, or without a base context: %w", ErrModel)
	}
	env, err := j.read(m, v, want)
	if err != nil {
		return nil, err
	}
	return env, j.Document.strict(env)
}

// opened takes what is signed as a whole out of the data: URL that it may stand in,
// and tells the type that its media type promises, empty where there is none. ok
// is false for media types of others.
func opened(raw []byte, mediaType string) (inside []byte, want string, ok bool) {
	if i, m, ok := insideEnvelope(raw); ok {
		raw, mediaType = i, m
	}
	if mediaType == "" {
		return raw, "", true
	}
	m, _, err := mime.ParseMediaType(mediaType)
	t, ok := strings.CutPrefix(m, "application/")
	return raw, t, err == nil && ok && slices.Contains([]string{typeVCJWT, typeVPJWT, typeJWT, typeVCCOSE, typeVPCOSE}, t)
}

// insideEnvelope returns what a document in JSON is an envelope for.
func insideEnvelope(raw []byte) (inside []byte, mediaType string, ok bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) || !bytes.Contains(raw, []byte(`Enveloped`)) {
		return nil, "", false
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, "", false
	}
	mediaType, inside, ok = unwrap(v)
	return inside, mediaType, ok
}

// compact reports whether raw may be a JWS in the compact form, and no SD-JWT: its
// header begins with a brace and then a quote, white space or the other brace.
func compact(raw []byte) bool {
	return len(raw) > 2 && raw[0] == 'e' && bytes.IndexByte([]byte("yw3"), raw[1]) >= 0 && bytes.Count(raw, []byte{'.'}) == 2 && bytes.IndexByte(raw, '~') < 0
}

// read reads a token whose payload is, or has, a document of the data model.
func (j *JWT) read(m *jose.Message, v jcs.Value, want string) (*credential.Envelope, error) {
	var err error
	payload := object{v: v, err: &err}
	t, tolerated := payload.claims()
	if err != nil {
		return nil, err
	}
	s := secured{format: nameJWT, doc: v, claims: t, hint: m.Hint(), verify: m.Verify}
	first := payload.version()
	if first == ContextV1 {
		s.doc = payload.documentV1(&s.claims)
	} else {
		s.raw, s.beside = m.Payload, registered
	}
	tolerated = append(tolerated, j.typ(payload, m, s.doc, first, want)...)
	if name := m.Contradiction(v); name != "" {
		payload.fail(name, "another in the header than in the payload")
	}
	if h := m.Header.Issuer; h != "" {
		s.claims.issuer = h
	}
	if err != nil {
		return nil, err
	}
	env, err := j.Document.envelope(s)
	if err != nil {
		return nil, err
	}
	env.Tolerated = append(tolerated, env.Tolerated...)
	return env, nil
}

// version returns the base context that tells how a payload is laid out: the
// document itself in 2.0, where claims vc and vp must not be (section 3.1.3), and
// the document as one of these claims in 1.1.
func (o object) version() string {
	vc, vp := o.v.Member("vc"), o.v.Member("vp")
	switch {
	case !vc.Exists() && !vp.Exists():
		if base(o.v) == ContextV1 {
			o.fail("", "a document of version 1.1 that is no claim vc or vp")
		}
		return Context
	case vc.Exists() && vp.Exists():
		o.fail("vp", "beside a claim vc")
	case o.v.Member("@context").Exists():
		o.fail("", "a claim vc or vp in a token of version 2.0")
	}
	return ContextV1
}

// typ checks what the header says that the token is.
func (j *JWT) typ(payload object, m *jose.Message, doc jcs.Value, version, want string) []error {
	t, other := typeVCJWT, typeVP
	if isPresentation(doc) {
		t, other = typeVPJWT, typeVC
	}
	if want != "" && want != typeJWT && want != t {
		payload.fail("", "another kind of document than its media type names")
	}
	h := &m.Header
	if version == ContextV1 {
		if h.Type != "" && !h.IsType(typeJWT) {
			payload.fail("", "header: typ: not that of a token of version 1.1")
		}
		return nil
	}
	if mediaIs(h.ContentType, other) {
		payload.fail("", "header: cty: another kind of document")
	}
	switch {
	case h.IsType(t):
		return nil
	case h.Type == "":
		return []error{fmt.Errorf("w3c: header: %w", ErrNoType)}
	}
	payload.fail("", "header: typ: not "+t)
	return nil
}

// mediaIs reports whether a media type, with or without "application/", is t.
func mediaIs(s, t string) bool {
	h := jose.Header{Type: s}
	return h.IsType(t)
}
