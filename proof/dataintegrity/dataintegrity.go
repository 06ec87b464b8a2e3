// Package dataintegrity makes and checks proofs that are embedded in the JSON
// document they sign (W3C Verifiable Credential Data Integrity 1.0).
//
// [Sign] adds a proof to a document, [Parse] reads a document with its proofs,
// and [Document.Verify] checks one of them with a key. Which key that is, and
// whether it may speak for anyone, is for the caller to find out: did/key
// resolves the verification method, credential decides.
//
// The cryptosuites implemented are those that sign the JSON itself in its
// canonical form (RFC 8785): [EdDSAJCS2022] and [ECDSAJCS2019]. Everything in
// the document is signed, so nothing can be lost on the way, as it can where
// JSON-LD is turned into RDF first. Proofs of other cryptosuites, other types
// and with previousProof are refused, never skipped.
//
// One rule is stricter than the cryptosuites': a proof's own @context must
// equal the document's. They let the document's have further entries behind
// the signed ones; those would be unsigned, and could change what the signed
// terms mean.
package dataintegrity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// ProofType is the only type of proof (Data Integrity 1.0, section 3.1).
const ProofType = "DataIntegrityProof"

var (
	// ErrMalformed says that a document or a proof breaks the specification.
	ErrMalformed = errors.New("malformed proof or document")
	// ErrNoProof says that a document has no member proof.
	ErrNoProof = fmt.Errorf("%w: no proof", ErrMalformed)
	// ErrUnsupported says that a proof is of a type or cryptosuite, or has a
	// feature, that is not implemented.
	ErrUnsupported = errors.New("unsupported")
)

// Options say what a new proof states besides its signature.
type Options struct {
	// Cryptosuite is [EdDSAJCS2022] or [ECDSAJCS2019]. Empty: the one for the
	// signer's key.
	Cryptosuite string
	// Purpose is what the proof is made for. Empty: proof.AssertionMethod.
	Purpose proof.Purpose
	// ID is a URL that names the proof; it may be empty.
	ID string
	// Created and Expires are written to the second; zero leaves them out.
	Created, Expires time.Time
	// Domain and Challenge bind a presentation to who asked for it; Nonce is
	// any string. Empty ones are left out.
	Domain           []string
	Challenge, Nonce string
}

// Sign returns doc, a JSON object, in its canonical form with a proof by s
// added as its last member; proofs that it has already are kept, and the new
// one signs the document without them: a proof set. The key's ID becomes the
// verification method.
//
// The error wraps [ErrMalformed] where doc is not strict JSON or its proofs
// can't be read, [ErrUnsupported] for an unknown cryptosuite, [proof.ErrKey]
// where the key does not fit the cryptosuite or the purpose, or has no ID.
func Sign(ctx context.Context, doc []byte, s proof.Signer, o Options) ([]byte, error) {
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w: %w", ErrMalformed, err)
	}
	existing, err := proofValues(v)
	if err != nil && !errors.Is(err, ErrNoProof) {
		return nil, err
	}
	if len(existing) >= limits.Signatures {
		return nil, fmt.Errorf("dataintegrity: %d proofs already: %w", len(existing), ErrMalformed)
	}
	for i, p := range existing {
		if _, err := parseProof(p, v.Member("@context")); err != nil {
			return nil, fmt.Errorf("dataintegrity: existing proof %d: %w", i, err)
		}
	}
	if o.Purpose == "" {
		o.Purpose = proof.AssertionMethod
	}
	added, err := makeProof(ctx, v, s, o)
	if err != nil {
		return nil, err
	}
	out := v.Append(make([]byte, 0, len(doc)+len(added)+16), "proof")
	out = out[:len(out)-1] // reopen the object
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(out, `"proof":`...)
	if len(existing) == 0 {
		return append(append(out, added...), '}'), nil
	}
	out = append(out, '[')
	for _, p := range existing {
		out = append(p.Append(out), ',')
	}
	return append(append(out, added...), ']', '}'), nil
}

// makeProof returns the proof by s of the document v, as JSON.
func makeProof(ctx context.Context, v jcs.Value, s proof.Signer, o Options) ([]byte, error) {
	k := s.Key()
	suite, err := byKey(o.Cryptosuite, k.Public)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w", err)
	}
	switch {
	case k.ID == "":
		return nil, fmt.Errorf("dataintegrity: signing key without an ID: %w", proof.ErrKey)
	case len(k.Algorithms) == 0 || k.Algorithms[0] != suite.algorithm || !k.Allows(suite.algorithm, o.Purpose):
		return nil, fmt.Errorf("dataintegrity: signing key not for %s with %s: %w", o.Purpose, suite.algorithm, proof.ErrKey)
	}
	config := func(value string) []byte {
		return appendProof(nil, v.Member("@context"), k.ID, suite.suite, value, &o)
	}
	sig, err := s.Sign(ctx, suite.message(config(""), v.Append(nil, "proof")))
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: signing: %w", err)
	}
	if len(sig) != suite.size {
		return nil, fmt.Errorf("dataintegrity: the signer returned %d bytes, want %d: %w", len(sig), suite.size, proof.ErrKey)
	}
	value, err := encodeProofValue(sig)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w", err)
	}
	out := config(value)
	// What was made of the caller's options must be readable.
	p, err := jcs.Parse(out)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: options: %w: %w", ErrMalformed, err)
	}
	if _, err := parseProof(p, v.Member("@context")); err != nil {
		return nil, fmt.Errorf("dataintegrity: options: %w", err)
	}
	return out, nil
}

// message is what the suite signs: the hash of the proof's other members, then
// the hash of the document (sections 3.3.4 of both specifications).
func (v variant) message(config, document []byte) []byte {
	return append(v.hash(config), v.hash(document)...)
}

// appendProof writes a proof in canonical form, without proofValue if value is
// empty.
func appendProof(dst []byte, context jcs.Value, method, suite, value string, o *Options) []byte {
	dst = append(dst, '{')
	name := func(s string) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(jcs.Quote(dst, s), ':')
	}
	text := func(n, s string) {
		if s != "" {
			name(n)
			dst = jcs.Quote(dst, s)
		}
	}
	if context.Exists() {
		name("@context")
		dst = context.Append(dst)
	}
	text("challenge", o.Challenge)
	text("created", stamp(o.Created))
	text("cryptosuite", suite)
	switch len(o.Domain) {
	case 0:
	case 1:
		text("domain", o.Domain[0])
	default:
		name("domain")
		for i, d := range o.Domain {
			dst = append(dst, "[,"[min(i, 1)])
			dst = jcs.Quote(dst, d)
		}
		dst = append(dst, ']')
	}
	text("expires", stamp(o.Expires))
	text("id", o.ID)
	text("nonce", o.Nonce)
	text("proofPurpose", string(o.Purpose))
	text("proofValue", value)
	text("type", ProofType)
	text("verificationMethod", method)
	return append(dst, '}')
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
