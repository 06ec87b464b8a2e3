// Package dataintegrity makes and checks proofs that are embedded in the JSON
// document they sign (W3C Verifiable Credential Data Integrity 1.0).
//
// [Sign] adds a proof to a document, [Parse] reads a document with its proofs,
// and [Document.Verify] checks one of them with a key. Which key that is, and
// whether it may speak for anyone, is for the caller to find out: did/key
// resolves the verification method, credential decides.
//
// There are two kinds of cryptosuites. [EdDSAJCS2022] and [ECDSAJCS2019] sign
// the JSON itself in its canonical form (RFC 8785): everything in the document
// is signed, as it stands. Use these unless you must not. [EdDSARDFC2022],
// [ECDSARDFC2019] and the older types sign the statements that the JSON means
// by its contexts. They need an [RDF], which package rdf beside this one has,
// and more care: neither the contexts nor the names, order and nesting of
// members are part of the statements, so a correctly signed document can be
// rewritten into one that reads otherwise. It is the RDF that refuses such forms;
// it can't tell whether two contexts that it knows use different names for one
// thing, so give it no more than are needed.
//
// [ECDSASD2023] signs each statement on its own. Its issuer gives the holder a
// base proof, which no verifier accepts; [Derive] makes of it the proof for a
// part of the document. What a holder can't leave out is [Options].Mandatory:
// everything else is missing without a trace, so that an issuer makes mandatory
// what limits the rest.
//
// A document can have several proofs: a set, whose members sign the document,
// and chains, whose members sign the proofs before them too (previousProof).
// All of them must verify. Proofs that can't be read are errors, never skipped.
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
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// ProofType is the type of proofs that name a cryptosuite (Data Integrity 1.0,
// section 3.1).
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
	// Cryptosuite is one of those that sign. Empty: [EdDSAJCS2022] or
	// [ECDSAJCS2019], whichever is for the signer's key.
	Cryptosuite string
	// RDF is needed for the cryptosuites that sign statements.
	RDF RDF
	// Purpose is what the proof is made for. Empty: proof.AssertionMethod.
	Purpose proof.Purpose
	// ID is a URL that names the proof; it may be empty.
	ID string
	// Previous are the IDs of proofs that the document has already and that the
	// new one signs too: a chain.
	Previous []string
	// Created and Expires are written to the second; zero leaves them out.
	Created, Expires time.Time
	// Domain and Challenge bind a presentation to who asked for it; Nonce is
	// any string. Empty ones are left out.
	Domain           []string
	Challenge, Nonce string
	// Mandatory are JSON pointers (RFC 6901) to what a holder must show, whole,
	// where the cryptosuite is one with selective disclosure; others sign all and
	// do not look at it. They are into the document without its proofs. Point to
	// an array of one, not into it: other libraries look for what is pointed to in
	// a compacted form, where such an array is its element.
	Mandatory []string

	secrets *secrets // for tests
}

// Sign returns doc, a JSON object, in its canonical form with a proof by s
// added as its last member; proofs that it has already are kept, and the new
// one signs the document without them, except for those in o.Previous. The
// key's ID becomes the verification method. With selective disclosure the proof
// is a base proof, for the holder alone: it has what [Derive] needs.
//
// The error wraps [ErrMalformed] where doc is not strict JSON, its proofs can't
// be read or it lacks one of o.Previous, [ErrUnsupported] for an unknown
// cryptosuite or one that needs an RDF, [proof.ErrPointer] for one of o.Mandatory,
// [proof.ErrKey] where the key does not
// fit the cryptosuite or the purpose, or has no ID.
func Sign(ctx context.Context, doc []byte, s proof.Signer, o Options) ([]byte, error) {
	v, err := jcs.ParseUpTo(limits.TrustValues, doc) // the caller's own, perhaps a trust list
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w: %w", ErrMalformed, err)
	}
	return SignValue(ctx, v, s, o)
}

// SignValue is Sign for the formats of this module, which have parsed the
// document already.
func SignValue(ctx context.Context, v jcs.Value, s proof.Signer, o Options) ([]byte, error) {
	existing, err := proofValues(v)
	if err != nil && !errors.Is(err, ErrNoProof) {
		return nil, err
	}
	if len(existing) >= limits.Signatures {
		return nil, fmt.Errorf("dataintegrity: %d proofs already: %w", len(existing), ErrMalformed)
	}
	if o.Purpose == "" {
		o.Purpose = proof.AssertionMethod
	}
	added, err := makeProof(ctx, v, existing, s, o)
	if err != nil {
		return nil, err
	}
	out := v.Append(make([]byte, 0, v.Size()+len(added)+16), "proof")
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
func makeProof(ctx context.Context, v jcs.Value, existing []jcs.Value, s proof.Signer, o Options) ([]byte, error) {
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
	value, err := sign(ctx, v, existing, s, &suite, &o)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w", err)
	}
	return appendProof(nil, v.Member("@context"), k.ID, &suite, value, &o), nil
}

// sign returns a proof value.
func sign(ctx context.Context, v jcs.Value, existing []jcs.Value, s proof.Signer, suite *variant, o *Options) (string, error) {
	h, p, err := draft(v, existing, suite, s.Key().ID, o)
	if err != nil {
		return "", err
	}
	switch suite.suite {
	case ECDSASD2023:
		return h.signECDSASD(ctx, s, p.message, o)
	case BBS2023:
		return h.signBBS2023(ctx, s, p.message, o)
	}
	sig, err := signed(ctx, s, p.message, suite.size)
	if err != nil {
		return "", err
	}
	return suite.encode(sig)
}

func signed(ctx context.Context, s proof.Signer, message []byte, size int) ([]byte, error) {
	sig, err := s.Sign(ctx, message)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if len(sig) != size {
		return nil, fmt.Errorf("the signer returned %d bytes, want %d: %w", len(sig), size, proof.ErrKey)
	}
	return sig, nil
}

// draft makes the proof without its signature and reads it, among the others, as
// a verifier would: what was made of the caller's options must be readable.
func draft(v jcs.Value, existing []jcs.Value, suite *variant, method string, o *Options) (*hasher, *Proof, error) {
	placeholder, err := suite.placeholder()
	if err != nil {
		return nil, nil, err
	}
	added, err := jcs.Parse(appendProof(nil, v.Member("@context"), method, suite, placeholder, o))
	if err != nil {
		return nil, nil, fmt.Errorf("options: %w: %w", ErrMalformed, err)
	}
	// Proofs that are there already may be lenient: they are not touched.
	reader := Parser{RDF: o.RDF, Lenient: true}
	values := append(slices.Clone(existing), added)
	proofs, err := reader.readProofs(v, values)
	if err != nil {
		return nil, nil, err
	}
	links, err := link(proofs)
	if err != nil {
		return nil, nil, err
	}
	last := len(values) - 1
	h := &hasher{Parser: &reader, doc: v, unsecured: v.Append(nil, "proof"), signing: true}
	if suite.selective && len(existing) > 0 { // the pointers are into this
		if h.doc, err = jcs.Parse(h.unsecured); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	return h, &proofs[last], h.prepare(&proofs[last], added, pick(values, links[last]))
}

// appendProof writes a proof in canonical form.
func appendProof(dst []byte, context jcs.Value, method string, suite *variant, value string, o *Options) []byte {
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
	// Statements are read with the document's, wherever it is written.
	if context.Exists() && !suite.rdf {
		name("@context")
		dst = context.Append(dst)
	}
	list := func(n string, s []string) {
		switch len(s) {
		case 0:
		case 1:
			name(n)
			dst = jcs.Quote(dst, s[0])
		default:
			name(n)
			for i, e := range s {
				dst = jcs.Quote(append(dst, "[,"[min(i, 1)]), e)
			}
			dst = append(dst, ']')
		}
	}
	text("challenge", o.Challenge)
	text("created", stamp(o.Created))
	if suite.suite != suite.typ {
		text("cryptosuite", suite.suite)
	}
	list("domain", o.Domain)
	text("expires", stamp(o.Expires))
	text("id", o.ID)
	if suite.jws {
		text("jws", value)
	}
	text("nonce", o.Nonce)
	list("previousProof", o.Previous)
	text("proofPurpose", string(o.Purpose))
	if !suite.jws {
		text("proofValue", value)
	}
	text("type", suite.typ)
	text("verificationMethod", method)
	return append(dst, '}')
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
