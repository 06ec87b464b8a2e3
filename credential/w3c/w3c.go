// Package w3c issues and verifies W3C Verifiable Credentials (Verifiable
// Credentials Data Model 2.0) that carry their proofs inside them: Data
// Integrity proofs with the cryptosuites of proof/dataintegrity.
//
// Keys are named by URLs, for example did:key ones. Whose keys they are is for
// the verifier's key source, and who may issue for its trust list:
//
//	v, err := credential.NewVerifier(credential.Config{
//		Formats: []credential.Format{w3c.Format{}},
//		Keys:    key.Resolver{},
//		Trust:   list,
//	})
//
// A credential may have a set of proofs; all must verify. To issue, make a
// draft with [New] or [FromJSON] and give it to a credential.Issuer.
//
// The data model is checked when issuing and when verifying, as far as it can
// be without processing JSON-LD: the members of the model, their kinds, URLs,
// times and languages. Not checked are what contexts say: whether every term
// and type is defined, whether a context redefines a protected term, whether a
// context can be loaded, and whether the digests of related resources fit. The
// cryptosuites read here sign the JSON as it is, so none of these can hide a
// statement from a signature; they may leave a term without a meaning that all
// share. Presentations, and credentials of version 1.1 or in JOSE or COSE
// envelopes, are not read.
package w3c

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// Context is the first entry of every credential's @context.
const Context = "https://www.w3.org/ns/credentials/v2"

// Type is among the types of every credential.
const Type = "VerifiableCredential"

// StatusType is the StatusRef.Type of the one kind of status that is read into
// a list's URL and a position (Bitstring Status List 1.0, section 2.1). Other
// kinds keep their own type, and nothing else, in the StatusRef.
const StatusType = "BitstringStatusListEntry"

var (
	// ErrModel says that a credential breaks the data model.
	ErrModel = errors.New("not a credential of VC Data Model 2.0")
	// ErrUnsupported says that a feature is not implemented.
	ErrUnsupported = errors.New("unsupported")
)

// Format reads and writes credentials. It implements [credential.Format] and
// [credential.Sealer].
type Format struct{}

// Name is "w3c".
func (Format) Name() string { return "w3c" }

// Payload is a credential's content: the JSON that its proofs sign, without
// the proofs. It is immutable.
type Payload struct {
	value    jcs.Value
	document []byte // canonical, without proofs
}

// MarshalJSON returns the credential document without its proofs, in canonical
// form (RFC 8785).
func (p *Payload) MarshalJSON() ([]byte, error) { return slices.Clone(p.document), nil }

// Parse reads a credential with its proofs, of at most 24 MiB: a status list is
// a credential too. It returns [credential.ErrOtherFormat] for what is no JSON
// object, or has not [Context] in its @context. Errors wrap [ErrModel],
// [ErrUnsupported], or those of [dataintegrity.Parse]; they name members and
// hold no values. A credential without proof is parsed, and the verifier
// refuses it. It implements [credential.Format].
func (Format) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	if len(raw) > limits.StatusList {
		return nil, fmt.Errorf("w3c: %d bytes, at most %d are read: %w", len(raw), limits.StatusList, ErrModel)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		return nil, credential.ErrOtherFormat
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		if !bytes.Contains(raw, []byte(Context)) {
			return nil, credential.ErrOtherFormat
		}
		return nil, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	if !hasContext(v) {
		return nil, credential.ErrOtherFormat
	}
	c, err := read(v)
	if err != nil {
		return nil, err
	}
	env := &credential.Envelope{Credential: c}
	d, err := dataintegrity.FromValue(v)
	if errors.Is(err, dataintegrity.ErrNoProof) {
		c.Payload = &Payload{v, v.Append(nil)}
		return env, nil
	}
	if err != nil {
		return nil, fmt.Errorf("w3c: %w", err)
	}
	c.Payload = &Payload{v, d.Unsecured()}
	c.Signed = signed(d, c.ValidFrom)
	for i := range d.Proofs {
		p := &d.Proofs[i]
		env.Proofs = append(env.Proofs, credential.Proof{
			ID:   fmt.Sprintf("%d %s", i, p.Cryptosuite),
			Hint: proof.Hint{KeyID: p.VerificationMethod, Algorithm: p.Algorithm}, Purpose: p.Purpose,
			Created: p.Created, Expires: p.Expires,
			Verify: func(_ context.Context, a *credential.Attempt) error { return d.Verify(i, a.Key) },
		})
	}
	return env, nil
}

// signed is when the last of the proofs was made, by their own account.
func signed(d *dataintegrity.Document, otherwise time.Time) time.Time {
	var t time.Time
	for _, p := range d.Proofs {
		if p.Created.After(t) {
			t = p.Created
		}
	}
	if t.IsZero() {
		return otherwise
	}
	return t
}

// hasContext reports whether the base context is anywhere in @context.
func hasContext(v jcs.Value) bool {
	c := v.Member("@context")
	if s, _ := c.Text(); s == Context {
		return true
	}
	for _, e := range c.Elements() {
		if s, _ := e.Text(); s == Context {
			return true
		}
	}
	return false
}
