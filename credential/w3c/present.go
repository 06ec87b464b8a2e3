package w3c

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// Present puts credentials into a presentation, signed by the holder for
// authentication: the binding's nonce, which is required, becomes the proofs'
// challenge, and its audience their domain.
//
// Credentials of this format are embedded, as they are, but none with a base proof
// of selective disclosure, which is for its holder alone ([Format.Derive]). Others
// become an EnvelopedVerifiableCredential each, under their MediaType, which those
// that are not of this package must have. The presentation is of version 2.0, or of 1.1 where all the credentials
// are. Each Signer among held signs, each key once, and at least one must be
// there; if all speak for one name, that is the holder named.
//
// The error wraps [ErrModel], [ErrTerms], [ErrUnsupported], [proof.ErrKey],
// [dataintegrity.ErrBase], or those of [dataintegrity.Sign]. It implements
// [credential.Presenter].
func (f Format) Present(ctx context.Context, held []credential.Held, b credential.Binding) ([]byte, error) {
	signers := signersOf(held)
	doc, err := f.presentationOf(held, signers, b, false)
	if err != nil {
		return nil, err
	}
	o := dataintegrity.Options{Purpose: proof.Authentication, Created: time.Now(), Challenge: b.Nonce}
	if b.Audience != "" {
		o.Domain = []string{b.Audience}
	}
	// A presentation is shown whole.
	f.Suites = slices.DeleteFunc(slices.Clone(f.Suites), discloses)
	return f.sign(ctx, doc, signers, o)
}

// presentationOf makes the document of a presentation. tokens says that, in one
// of version 1.1, tokens of that version stand as they are.
func (f *Format) presentationOf(held []credential.Held, signers []proof.Signer, b credential.Binding, tokens bool) ([]byte, error) {
	if b.Nonce == "" {
		return nil, fmt.Errorf("w3c: presenting: no nonce: %w", ErrBinding)
	}
	if len(held) == 0 || len(held) > limits.Contents {
		return nil, fmt.Errorf("w3c: presenting: %d credentials, want 1 to %d: %w", len(held), limits.Contents, ErrModel)
	}
	first := ContextV1
	contents := make([][]byte, len(held))
	for i, h := range held {
		c, version, err := f.presented(h)
		if err != nil {
			return nil, fmt.Errorf("w3c: presenting: credential %d: %w", i, err)
		}
		if version != ContextV1 && !(tokens && isTokenV1(h)) {
			first = Context
		}
		contents[i] = c
	}
	doc := []byte(`{"@context":["` + first + `"],"type":["` + PresentationType + `"],`)
	if h := holder(signers); h != "" {
		doc = append(jcs.Quote(append(doc, `"holder":`...), h), ',')
	}
	doc = append(doc, `"verifiableCredential":`...)
	for i, c := range contents {
		doc = append(doc, "[,"[min(i, 1)])
		if first == ContextV1 && isTokenV1(held[i]) {
			c = jcs.Quote(nil, string(held[i].Raw))
		}
		doc = append(doc, c...)
	}
	doc = append(doc, ']', '}')
	if len(doc) > limits.Credential {
		return nil, fmt.Errorf("w3c: presenting: %d bytes, at most %d are read: %w", len(doc), limits.Credential, ErrModel)
	}
	return doc, nil
}

// isTokenV1 reports whether a credential is a token of version 1.1.
func isTokenV1(h credential.Held) bool {
	m, err := jose.Parse(h.Raw, jose.Options{})
	if err != nil {
		return false
	}
	v, err := jcs.Parse(m.Payload)
	return err == nil && v.Member("vc").Exists()
}

// presented returns the object that stands in a presentation for a credential,
// and the base context that it has.
func (f *Format) presented(h credential.Held) (object []byte, version string, err error) {
	env, d, err := f.parse(h.Raw)
	switch {
	case errors.Is(err, credential.ErrOtherFormat):
		if h.MediaType == "" {
			h.MediaType = f.kindOf(h.Raw)
		}
		return envelope(h)
	case err != nil:
		return nil, "", err
	case env.Credential == nil:
		return nil, "", fmt.Errorf("a presentation: %w", ErrModel)
	case d != nil && slices.ContainsFunc(d.Proofs, func(p dataintegrity.Proof) bool { return p.Base }):
		return nil, "", dataintegrity.ErrBase
	}
	v, err := jcs.Parse(h.Raw)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrModel, err)
	}
	return v.Append(nil), base(v), nil
}

// kindOf is the media type of a credential in JOSE, COSE or as SD-JWT, empty for
// any other.
func (f *Format) kindOf(raw []byte) string {
	if env, err := (JWT{*f}).Parse(raw, ""); err == nil && env.Credential != nil {
		if isTokenV1(credential.Held{Raw: raw}) {
			return "application/" + typeJWT
		}
		return "application/" + typeVCJWT
	}
	if env, err := (COSE{*f}).Parse(raw, ""); err == nil && env.Credential != nil {
		return "application/" + typeVCCOSE
	}
	if env, err := (SDJWT{Document: *f}).Parse(raw, ""); err == nil && env.Credential != nil {
		return "application/" + typeVCSDJWT
	}
	return ""
}

// envelope makes an EnvelopedVerifiableCredential (4.13.1).
func envelope(h credential.Held) (object []byte, version string, err error) {
	if len(h.Raw) == 0 {
		return nil, "", fmt.Errorf("empty: %w", ErrModel)
	}
	if m, _, reason := dataURL("data:" + h.MediaType + ",x"); reason != "" || m != h.MediaType {
		return nil, "", fmt.Errorf("of another format, and without media type: %w", ErrModel)
	}
	data := "data:" + h.MediaType
	// Tokens are made of characters that URLs have; all else is not for them.
	if token := url.PathEscape(string(h.Raw)); token == string(h.Raw) && !isBinary(h.MediaType) {
		data += "," + token
	} else {
		data += ";base64," + base64.StdEncoding.EncodeToString(h.Raw)
	}
	object = jcs.Quote([]byte(`{"@context":["`+Context+`"],"id":`), data)
	return append(object, `,"type":"`+envelopedCredential+`"}`...), Context, nil
}

// signersOf are the holders' keys, each once.
func signersOf(held []credential.Held) []proof.Signer {
	var out []proof.Signer
	for _, h := range held {
		if h.Signer != nil && !slices.ContainsFunc(out, func(s proof.Signer) bool { return s.Key().ID == h.Signer.Key().ID }) {
			out = append(out, h.Signer)
		}
	}
	return out
}

// holder is the one name that all keys speak for.
func holder(signers []proof.Signer) string {
	if len(signers) == 0 {
		return ""
	}
	for _, name := range signers[0].Key().Controllers {
		if !slices.ContainsFunc(signers, func(s proof.Signer) bool { return !slices.Contains(s.Key().Controllers, name) }) {
			return name
		}
	}
	return ""
}
