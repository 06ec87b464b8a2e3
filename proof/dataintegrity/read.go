package dataintegrity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
	"github.com/sanad-credentials/sanad/proof"
)

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
func (o *Parser) parseProof(v, context jcs.Value) (*Proof, error) {
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("%s, not an object: %w", v.Kind(), ErrMalformed)
	}
	r := reader{v: v}
	typ := r.required("type")
	if _, ok := find(func(v *variant) bool { return v.typ == typ }); r.err == nil && !ok {
		return nil, fmt.Errorf("type: %w", ErrUnsupported)
	}
	p := &Proof{
		Type: typ, Cryptosuite: r.suite(typ),
		VerificationMethod: r.required("verificationMethod"),
		Purpose:            proof.Purpose(r.required("proofPurpose")),
		ID:                 r.optional("id"), Challenge: r.optional("challenge"), Nonce: r.optional("nonce"),
		Created: r.time("created"), Expires: r.time("expires"),
		Domain: r.texts("domain"), Previous: r.previous(),
	}
	if r.err != nil {
		return nil, r.err
	}
	some, ok := find(func(v *variant) bool { return v.typ == p.Type && v.suite == p.Cryptosuite })
	switch {
	case !ok:
		return nil, fmt.Errorf("cryptosuite: %w", ErrUnsupported)
	case p.Purpose != proof.AssertionMethod && p.Purpose != proof.Authentication:
		return nil, fmt.Errorf("proofPurpose: %w", ErrUnsupported)
	case v.Member("@context").Exists() && !jcs.Equal(v.Member("@context"), context):
		return nil, fmt.Errorf("@context: not the document's: %w", ErrMalformed)
	case some.rdf && !onlyKnown(v):
		return nil, fmt.Errorf("a member that proofs do not have: %w", ErrMalformed)
	case some.rdf && !context.Exists():
		return nil, fmt.Errorf("%s for a document without @context: %w", p.Cryptosuite, ErrMalformed)
	case !xsd.URL(p.VerificationMethod):
		return nil, fmt.Errorf("verificationMethod: not a URL: %w", ErrMalformed)
	case v.Member("id").Exists() && !xsd.URL(p.ID):
		return nil, fmt.Errorf("id: not a URL: %w", ErrMalformed)
	}
	switch {
	case some.jws:
		return p, o.readJWS(p, &r)
	case some.selective:
		return p, o.readDisclosure(p, &r, some)
	}
	return p, readProofValue(p, &r)
}

// onlyKnown reports whether a proof has no other members than those that are
// read here. Where statements are signed, another one could be a second name for
// one of them: the contexts of security have both "expires" and "expiration" for
// the same, and whoever holds a document can add such a context to it.
func onlyKnown(v jcs.Value) bool {
	for name := range v.Members() {
		switch name {
		case "@context", "challenge", "created", "cryptosuite", "domain", "expires", "id", "jws", "nonce", "previousProof",
			"proofPurpose", "proofValue", "type", "verificationMethod":
		default:
			return false
		}
	}
	return true
}

// readProofValue reads the signature and finds the variant by its size.
func readProofValue(p *Proof, r *reader) error {
	value := r.required("proofValue")
	if r.err != nil {
		return r.err
	}
	sig, err := decodeProofValue(value)
	if err != nil {
		return err
	}
	s, ok := find(func(v *variant) bool { return v.suite == p.Cryptosuite && v.size == len(sig) })
	if !ok {
		return fmt.Errorf("proofValue: a signature of %d bytes: %w", len(sig), ErrMalformed)
	}
	p.suite, p.Algorithm, p.signature = s, s.algorithm, sig
	return nil
}

// readDisclosure reads a proof value of a cryptosuite with selective disclosure.
func (o *Parser) readDisclosure(p *Proof, r *reader, s variant) (err error) {
	value := r.required("proofValue")
	if r.err != nil {
		return r.err
	}
	if len(p.Previous) > 0 {
		return fmt.Errorf("previousProof: with %s: %w", p.Cryptosuite, ErrUnsupported)
	}
	p.suite, p.Algorithm = s, s.algorithm
	if s.suite == BBS2023 {
		v, base, err := readBBS2023(value, o.BBS)
		if err != nil {
			return err
		}
		p.value, p.Base, p.Presentation = v, base, v.presentation
	} else {
		p.value, p.Base, err = readECDSASD(value)
	}
	return err
}

// readJWS reads the signature and finds the variant by the JWS header.
func (o *Parser) readJWS(p *Proof, r *reader) error {
	text := r.required("jws")
	if r.err != nil {
		return r.err
	}
	j, err := parseJWS(text)
	if err != nil {
		return err
	}
	s, ok := find(func(v *variant) bool { return v.suite == p.Cryptosuite && v.algorithm == j.algorithm })
	if !ok {
		return fmt.Errorf("jws: header: alg: %w", ErrUnsupported)
	}
	if strings.HasPrefix(p.VerificationMethod, "did:") && !strings.Contains(p.VerificationMethod, "#") {
		if !o.Lenient {
			return fmt.Errorf("verificationMethod: %w: %w", ErrNoFragment, ErrMalformed)
		}
		p.Tolerated = append(p.Tolerated, ErrNoFragment)
	}
	if s.size != 0 && len(j.signature) != s.size {
		fixed, ok := fromDER(j.signature, s.size)
		switch {
		case !ok || s.algorithm == proof.EdDSA:
			return fmt.Errorf("jws: a signature of %d bytes: %w", len(j.signature), ErrMalformed)
		case !o.Lenient:
			return fmt.Errorf("jws: %w: %w", ErrDER, ErrMalformed)
		}
		p.Tolerated = append(p.Tolerated, ErrDER)
		j.signature = fixed
	}
	p.suite, p.Algorithm, p.signature, p.header = s, s.algorithm, j.signature, j.header
	return nil
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

// suite reads the cryptosuite. Types other than DataIntegrityProof are their
// own, and have no such member.
func (r *reader) suite(typ string) string {
	if typ == ProofType {
		return r.required("cryptosuite")
	}
	if r.v.Member("cryptosuite").Exists() {
		r.fail("cryptosuite", "not with this type of proof")
	}
	return typ
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

// previous reads the identifiers of the proofs that this one was made on top of.
func (r *reader) previous() []string {
	const name = "previousProof"
	ids := r.texts(name)
	switch {
	case !r.v.Member(name).Exists():
	case len(ids) == 0 || slices.Contains(ids, ""):
		r.fail(name, "empty")
	case len(ids) > limits.Signatures:
		r.fail(name, "too many")
	}
	for i, id := range ids {
		if slices.Contains(ids[:min(i, limits.Signatures)], id) {
			r.fail(name, "the same twice")
			break
		}
	}
	return ids
}
