package dataintegrity

import (
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
	"github.com/sanad-credentials/sanad/proof"
)

// Proof is what one proof of a document states (Data Integrity 1.0, section
// 2.1). It is untrusted until [Document.Verify] returned nil for it.
type Proof struct {
	ID                 string // empty: it has none
	Type, Cryptosuite  string
	VerificationMethod string // the URL of the key
	Purpose            proof.Purpose
	Created, Expires   time.Time // zero: not stated
	Domain             []string
	Challenge, Nonce   string
	// Algorithm is what the cryptosuite and the length of the signature say. A
	// key must be of this algorithm's kind.
	Algorithm proof.Algorithm

	suite              variant
	message, signature []byte
}

// Document is a parsed document with its proofs, at least one. It is immutable
// and safe for concurrent use; callers must not change its Proofs.
type Document struct {
	Proofs []Proof

	value     jcs.Value
	unsecured []byte
}

// Parse reads a document with one proof or a set of at most 16, without
// checking a signature. The error wraps [ErrMalformed], or [ErrNoProof] where
// there is no member proof, or [ErrUnsupported]; it names the proof and the
// member, and holds no values. The caller bounds the length of doc.
func Parse(doc []byte) (*Document, error) {
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w: %w", ErrMalformed, err)
	}
	return FromValue(v)
}

// FromValue is Parse for the formats of this module, which have parsed the
// document already.
func FromValue(v jcs.Value) (*Document, error) {
	values, err := proofValues(v)
	if err != nil {
		return nil, err
	}
	d := &Document{value: v, unsecured: v.Append(nil, "proof"), Proofs: make([]Proof, len(values))}
	var digests [2][]byte // of the document, with each hash, made once
	for i, pv := range values {
		p, err := parseProof(pv, v.Member("@context"))
		if err != nil {
			return nil, fmt.Errorf("dataintegrity: proof %d: %w", i, err)
		}
		digest := &digests[0]
		if p.Algorithm == proof.ES384 {
			digest = &digests[1]
		}
		if *digest == nil {
			*digest = p.suite.hash(d.unsecured)
		}
		p.message = append(p.suite.hash(pv.Append(nil, "proofValue")), *digest...)
		d.Proofs[i] = *p
	}
	return d, nil
}

// Value returns the whole document, proofs included, for the formats of this
// module.
func (d *Document) Value() jcs.Value { return d.value }

// Unsecured returns the document without its proofs, in canonical form: the
// bytes that every proof signs. The caller must not change them.
func (d *Document) Unsecured() []byte { return d.unsecured }

// Verify checks proof i with k. It does not look at the proof's times, domain
// or challenge. The error wraps [proof.ErrKey] where k is not for the proof's
// purpose and algorithm or not of the kind that its cryptosuite needs, and
// [proof.ErrMismatch] where the signature is wrong.
func (d *Document) Verify(i int, k proof.Key) error {
	if i < 0 || i >= len(d.Proofs) {
		return fmt.Errorf("dataintegrity: no proof %d: %w", i, ErrNoProof)
	}
	p := &d.Proofs[i]
	if !k.Allows(p.Algorithm, p.Purpose) {
		return fmt.Errorf("dataintegrity: proof %d: key not for its purpose with %s: %w", i, p.Algorithm, proof.ErrKey)
	}
	if !p.suite.fits(k.Public) {
		return fmt.Errorf("dataintegrity: proof %d: key of type %T with %s and a signature of %d bytes: %w", i, k.Public, p.Cryptosuite, len(p.signature), proof.ErrKey)
	}
	if err := proof.Verify(k.Public, p.Algorithm, p.message, p.signature); err != nil {
		return fmt.Errorf("dataintegrity: proof %d: %w", i, err)
	}
	return nil
}

// proofValues returns the proofs of a document, unread.
func proofValues(v jcs.Value) ([]jcs.Value, error) {
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("dataintegrity: document is %s, not an object: %w", v.Kind(), ErrMalformed)
	}
	p := v.Member("proof")
	switch p.Kind() {
	case jcs.Absent:
		return nil, fmt.Errorf("dataintegrity: %w", ErrNoProof)
	case jcs.Object:
		return []jcs.Value{p}, nil
	case jcs.Array:
		if n := p.Len(); n == 0 || n > limits.Signatures {
			return nil, fmt.Errorf("dataintegrity: proof: an array of %d, want 1 to %d: %w", n, limits.Signatures, ErrMalformed)
		}
		var values []jcs.Value
		for _, e := range p.Elements() {
			values = append(values, e)
		}
		return values, nil
	}
	return nil, fmt.Errorf("dataintegrity: proof: %s: %w", p.Kind(), ErrMalformed)
}

// parseProof reads one proof of a document that has the given @context.
func parseProof(v, context jcs.Value) (*Proof, error) {
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("%s, not an object: %w", v.Kind(), ErrMalformed)
	}
	r := reader{v: v}
	p := &Proof{
		Type: r.required("type"), Cryptosuite: r.required("cryptosuite"),
		VerificationMethod: r.required("verificationMethod"),
		Purpose:            proof.Purpose(r.required("proofPurpose")),
		ID:                 r.optional("id"), Challenge: r.optional("challenge"), Nonce: r.optional("nonce"),
		Created: r.time("created"), Expires: r.time("expires"),
		Domain: r.texts("domain"),
	}
	value := r.required("proofValue")
	if r.err != nil {
		return nil, r.err
	}
	switch {
	case p.Type != ProofType:
		return nil, fmt.Errorf("type: %w", ErrUnsupported)
	case !known(p.Cryptosuite):
		return nil, fmt.Errorf("cryptosuite: %w", ErrUnsupported)
	case p.Purpose != proof.AssertionMethod && p.Purpose != proof.Authentication:
		return nil, fmt.Errorf("proofPurpose: %w", ErrUnsupported)
	case v.Member("previousProof").Exists():
		return nil, fmt.Errorf("previousProof: proof chains are %w", ErrUnsupported)
	case v.Member("@context").Exists() && !jcs.Equal(v.Member("@context"), context):
		return nil, fmt.Errorf("@context: not the document's: %w", ErrMalformed)
	case !xsd.URL(p.VerificationMethod):
		return nil, fmt.Errorf("verificationMethod: not a URL: %w", ErrMalformed)
	case v.Member("id").Exists() && !xsd.URL(p.ID):
		return nil, fmt.Errorf("id: not a URL: %w", ErrMalformed)
	}
	sig, err := decodeProofValue(value)
	if err != nil {
		return nil, err
	}
	if p.suite, err = bySignature(p.Cryptosuite, len(sig)); err != nil {
		return nil, err
	}
	p.Algorithm, p.signature = p.suite.algorithm, sig
	return p, nil
}

// reader reads members and keeps the first error.
type reader struct {
	v   jcs.Value
	err error
}

func (r *reader) fail(name, reason string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %s: %w", name, reason, ErrMalformed)
	}
}

func (r *reader) required(name string) string {
	if !r.v.Member(name).Exists() {
		r.fail(name, "missing")
		return ""
	}
	s := r.optional(name)
	if s == "" {
		r.fail(name, "empty")
	}
	return s
}

func (r *reader) optional(name string) string {
	m := r.v.Member(name)
	s, ok := m.Text()
	if m.Exists() && !ok {
		r.fail(name, m.Kind().String()+", not a string")
	}
	return s
}

func (r *reader) time(name string) time.Time {
	s := r.optional(name)
	if r.err != nil || !r.v.Member(name).Exists() {
		return time.Time{}
	}
	t, ok := xsd.DateTimeStamp(s)
	if !ok {
		r.fail(name, "not a dateTimeStamp")
	}
	return t
}

func (r *reader) texts(name string) []string {
	m := r.v.Member(name)
	if m.Kind() != jcs.Array {
		if s := r.optional(name); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	for _, e := range m.Elements() {
		s, ok := e.Text()
		if !ok {
			r.fail(name, "an array with other than strings")
		}
		out = append(out, s)
	}
	return out
}
