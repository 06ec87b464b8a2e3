package w3c

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// Present puts credentials into a presentation, signed by the holder for
// authentication: the binding's nonce, which is required, becomes the proofs'
// challenge, and its audience their domain.
//
// Credentials of this format are embedded, as they are, but none with a base proof
// of selective disclosure, which is for its holder alone ([Format.Derive]). Those of others become
// an EnvelopedVerifiableCredential each, under their MediaType, which they must
// have. The presentation is of version 2.0, or of 1.1 where all the credentials
// are. Each Signer among held signs, each key once, and at least one must be
// there; if all speak for one name, that is the holder named.
//
// The error wraps [ErrModel], [ErrTerms], [ErrUnsupported], [proof.ErrKey],
// [dataintegrity.ErrBase], or those of [dataintegrity.Sign]. It implements
// [credential.Presenter].
func (f Format) Present(ctx context.Context, held []credential.Held, b credential.Binding) ([]byte, error) {
	if b.Nonce == "" {
		return nil, fmt.Errorf("w3c: presenting: no nonce: %w", ErrBinding)
	}
	if len(held) == 0 || len(held) > limits.Contents {
		return nil, fmt.Errorf("w3c: presenting: %d credentials, want 1 to %d: %w", len(held), limits.Contents, ErrModel)
	}
	var contents [][]byte
	first := ContextV1
	for i, h := range held {
		c, version, err := f.presented(h)
		if err != nil {
			return nil, fmt.Errorf("w3c: presenting: credential %d: %w", i, err)
		}
		if version != ContextV1 {
			first = Context
		}
		contents = append(contents, c)
	}
	signers := signersOf(held)
	doc := []byte(`{"@context":["` + first + `"],"type":["` + PresentationType + `"],`)
	if h := holder(signers); h != "" {
		doc = append(jcs.Quote(append(doc, `"holder":`...), h), ',')
	}
	doc = append(doc, `"verifiableCredential":[`...)
	doc = append(append(doc, bytes.Join(contents, []byte(","))...), ']', '}')
	if len(doc) > limits.Credential {
		return nil, fmt.Errorf("w3c: presenting: %d bytes, at most %d are read: %w", len(doc), limits.Credential, ErrModel)
	}
	o := dataintegrity.Options{Purpose: proof.Authentication, Created: time.Now(), Challenge: b.Nonce}
	if b.Audience != "" {
		o.Domain = []string{b.Audience}
	}
	// A presentation is shown whole.
	f.Suites = slices.DeleteFunc(slices.Clone(f.Suites), discloses)
	return f.sign(ctx, doc, signers, o)
}

// presented returns the object that stands in a presentation for a credential,
// and the base context that it has.
func (f *Format) presented(h credential.Held) (object []byte, version string, err error) {
	env, d, err := f.parse(h.Raw)
	switch {
	case errors.Is(err, credential.ErrOtherFormat):
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
	if token := url.PathEscape(string(h.Raw)); token == string(h.Raw) && !strings.HasSuffix(h.MediaType, "cose") {
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
