package w3c

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// The types of what stands for a credential or presentation that is signed as a
// whole: its id is a data: URL with the bytes (4.13.1, 4.13.2).
const (
	envelopedCredential   = "EnvelopedVerifiableCredential"
	envelopedPresentation = "EnvelopedVerifiablePresentation"
)

// embedded are the media types of credentials with proofs inside (VC Data Model
// 2.0 and 1.1, each appendix on IANA considerations).
const (
	mediaType   = "application/vc"
	mediaTypeV1 = "application/vc+ld+json"
)

// isPresentation reports whether a document is to be read as a presentation:
// it says so, and does not say that it is a credential.
func isPresentation(v jcs.Value) bool {
	return isOf(v, PresentationType) && !isOf(v, Type)
}

func isOf(v jcs.Value, kind string) bool {
	m := v.Member("type")
	if s, _ := m.Text(); s == kind {
		return true
	}
	for _, e := range m.Elements() {
		if s, _ := e.Text(); s == kind {
			return true
		}
	}
	return false
}

// presentation checks a presentation against the data model (4.13; 4.10 of
// version 1.1) and adds what it holds, and who presents it, to the envelope.
// The credentials are the verifier's to read, each with a format of its own.
func (f *Format) presentation(v jcs.Value, env *credential.Envelope) error {
	var err error
	doc := object{v: v, err: &err}
	if slices.Contains(doc.types(), envelopedPresentation) {
		doc.failAs(ErrUnsupported, "type", "a presentation in an envelope of JOSE or COSE")
	}
	doc.contexts(base(v))
	doc.noKeywords()
	doc.url("id")
	env.Presenter, _ = doc.party("holder")
	doc.typed("termsOfUse")
	env.Contents = []credential.Content{}
	if base(v) == ContextV1 && doc.tokens(env) {
		return err
	}
	for _, c := range doc.objects("verifiableCredential") {
		if isOf(c.v, envelopedCredential) {
			env.Contents = append(env.Contents, c.enveloped())
			continue
		}
		m := credential.Content{MediaType: mediaType, Raw: c.v.Append(nil)}
		switch base(c.v) {
		case "":
			c.fail("@context", "missing, or without a base context")
		case ContextV1:
			m.MediaType = mediaTypeV1
		}
		env.Contents = append(env.Contents, m)
	}
	return err
}

// tokens reads the credentials of a presentation of version 1.1 where some are
// tokens, which there are strings (6.3.1 of that version). It reports whether
// they are.
func (o object) tokens(env *credential.Envelope) bool {
	const name = "verifiableCredential"
	all := o.v.Member(name)
	if s, ok := all.Text(); ok {
		env.Contents = append(env.Contents, credential.Content{MediaType: "application/" + typeJWT, Raw: []byte(s)})
		return true
	}
	some := false
	for _, e := range all.Elements() {
		some = some || e.Kind() == jcs.String
	}
	if !some {
		return false
	}
	for _, e := range all.Elements() {
		switch s, ok := e.Text(); {
		case ok:
			env.Contents = append(env.Contents, credential.Content{MediaType: "application/" + typeJWT, Raw: []byte(s)})
		case base(e) == ContextV1:
			env.Contents = append(env.Contents, credential.Content{MediaType: mediaTypeV1, Raw: e.Append(nil)})
		default:
			o.fail(name, "an array with neither tokens nor credentials of version 1.1")
		}
	}
	return true
}

// enveloped reads an EnvelopedVerifiableCredential: what is in its data: URL,
// and as what that is to be read (4.13.1; RFC 2397).
func (o object) enveloped() (c credential.Content) {
	// That of an envelope may be a string, unlike a credential's.
	if base(o.v) != Context {
		o.fail("@context", "without the base context")
	}
	if o.v.Member("type").Len() > 1 {
		o.fail("type", "others than "+envelopedCredential)
	}
	o.require("id")
	m, raw, err := dataURL(o.text("id"))
	if err != "" {
		o.fail("id", err)
	}
	return credential.Content{MediaType: m, Raw: raw}
}

// dataURL splits a data: URL into the media type, without parameters, and the
// data. reason tells what is wrong with it.
func dataURL(s string) (mediaType string, data []byte, reason string) {
	scheme, rest, _ := strings.Cut(s, ":")
	head, body, ok := strings.Cut(rest, ",")
	if !strings.EqualFold(scheme, "data") || !ok {
		return "", nil, "not a data: URL"
	}
	head, coded := strings.CutSuffix(head, ";base64")
	mediaType, _, err := mime.ParseMediaType(head)
	if err != nil || !strings.Contains(mediaType, "/") {
		return "", nil, "a data: URL without media type"
	}
	// Line ends are no part of a URL (URL Standard, section 4.4); one at the end is
	// found in the field.
	text, err := url.PathUnescape(strings.TrimRight(body, "\r\n"))
	if err != nil || text == "" {
		return "", nil, "a data: URL without data"
	}
	if !coded {
		return mediaType, []byte(text), ""
	}
	data, err = base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		// Padding is often left out.
		data, err = base64.RawStdEncoding.Strict().DecodeString(text)
	}
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return "", nil, "a data: URL that is not base64"
	}
	return mediaType, data, ""
}

// bound compares what a holder's proof was made for with what is wanted (Data
// Integrity 1.0, section 4.4).
func bound(p *dataintegrity.Proof, a *credential.Attempt) error {
	if a.Want.Nonce != "" && p.Challenge != a.Want.Nonce {
		return fmt.Errorf("w3c: proof.challenge: %w", ErrBinding)
	}
	if a.Want.Audience != "" && !slices.Contains(p.Domain, a.Want.Audience) {
		return fmt.Errorf("w3c: proof.domain: %w", ErrBinding)
	}
	return nil
}
