package dataintegrity

import (
	"crypto"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
)

// Proof is what one proof of a document states (Data Integrity 1.0, section
// 2.1). It is untrusted until [Document.Verify] returned nil for it.
type Proof struct {
	ID   string // empty: it has none
	Type string
	// Cryptosuite is one of those above; for types other than
	// DataIntegrityProof it is the Type.
	Cryptosuite        string
	VerificationMethod string // the URL of the key
	Purpose            proof.Purpose
	Created, Expires   time.Time // zero: not stated
	// Domain and Challenge are for whom, and upon which request, a presentation
	// was made. It is for the caller to compare them; Nonce is any string.
	Domain           []string
	Challenge, Nonce string
	// Previous are the IDs of the proofs that this one was made on top of, and
	// signs too. They are in the same document, and nothing is said of them by
	// verifying this one: all proofs of a document must verify.
	Previous []string
	// Algorithm is what the cryptosuite and the signature say. A key must be of
	// this algorithm's kind.
	Algorithm proof.Algorithm
	// Base says that this is a base proof: [Derive] makes others of it, and it
	// does not verify.
	Base bool
	// Presentation is what a proof derived with [BBS2023] is bound to, as whoever
	// derived it chose: it tells one exchange from another where it is what the
	// verifier asked for, and nothing of who presents. Callers must not change it.
	Presentation []byte
	// Tolerated is what [Parser].Lenient let pass: [ErrDER], [ErrNoFragment].
	Tolerated []error

	suite              variant
	header             string // of the JWS
	message, signature []byte
	value              disclosure // with selective disclosure
}

// SignsStatements reports whether the proof is over the RDF statements of the
// document and not over its JSON. Which names they are written under, and in
// which order or nesting, is then not signed.
func (p *Proof) SignsStatements() bool { return p.suite.rdf }

// Document is a parsed document with its proofs, at least one. It is immutable
// and safe for concurrent use; callers must not change its Proofs.
type Document struct {
	Proofs []Proof

	value     jcs.Value
	unsecured []byte
}

// Parser says how documents are read. Its zero value reads the cryptosuites
// that sign JSON. It is safe for concurrent use.
type Parser struct {
	// RDF is needed for the cryptosuites that sign statements. Nil: they are
	// [ErrUnsupported].
	RDF RDF
	// BBS is needed for [BBS2023]. Nil: what is derived with it is
	// [ErrUnsupported].
	BBS BBS
	// Lenient lets the proofs with a JWS have what is found in the field: ECDSA
	// signatures in DER, and a verificationMethod that is a bare DID. What was
	// let pass is in [Proof].Tolerated.
	Lenient bool
}

// Parse reads a document with a [Parser]'s zero value.
func Parse(doc []byte) (*Document, error) { return Parser{}.Parse(doc) }

// FromValue is [Parser.FromValue] of the zero value.
func FromValue(v jcs.Value) (*Document, error) { return Parser{}.FromValue(v) }

// Parse reads a document with one proof or a set of at most 16, some of which
// may be chains, without checking a signature. The error wraps [ErrMalformed],
// or [ErrNoProof] where there is no member proof, or [ErrUnsupported]; it names
// the proof and the member, and holds no values. The caller bounds the length
// of doc.
func (o Parser) Parse(doc []byte) (*Document, error) {
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w: %w", ErrMalformed, err)
	}
	return o.FromValue(v)
}

// FromValue is Parse for the formats of this module, which have parsed the
// document already.
func (o Parser) FromValue(v jcs.Value) (*Document, error) {
	values, err := proofValues(v)
	if err != nil {
		return nil, err
	}
	d := &Document{value: v, unsecured: v.Append(nil, "proof")}
	if d.Proofs, err = o.readProofs(v, values); err != nil {
		return nil, fmt.Errorf("dataintegrity: %w", err)
	}
	links, err := link(d.Proofs)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w", err)
	}
	h := hasher{Parser: &o, doc: v, unsecured: d.unsecured}
	for i := range d.Proofs {
		p := &d.Proofs[i]
		if err := h.prepare(p, values[i], pick(values, links[i])); err != nil {
			return nil, fmt.Errorf("dataintegrity: proof %d: %w", i, err)
		}
	}
	return d, nil
}

func (o *Parser) readProofs(v jcs.Value, values []jcs.Value) ([]Proof, error) {
	proofs := make([]Proof, len(values))
	for i, pv := range values {
		p, err := o.parseProof(pv, v.Member("@context"))
		if err != nil {
			return nil, fmt.Errorf("proof %d: %w", i, err)
		}
		proofs[i] = *p
	}
	return proofs, nil
}

func pick(values []jcs.Value, at []int) []jcs.Value {
	var out []jcs.Value
	for _, i := range at {
		out = append(out, values[i])
	}
	return out
}

// hasher makes the messages that the proofs of one document sign.
type hasher struct {
	*Parser
	doc       jcs.Value
	unsecured []byte
	digests   []digest // of the document without proofs, made once each
	whole     *dataset // likewise
	signing   bool
}

type digest struct {
	rdf  bool
	hash crypto.Hash
	sum  []byte
}

// prepare makes what is to be verified of a proof.
func (h *hasher) prepare(p *Proof, v jcs.Value, previous []jcs.Value) (err error) {
	if !p.suite.selective {
		p.message, err = h.message(p, v, previous)
		return err
	}
	options, err := h.options(&p.suite, v, "proofValue")
	if err != nil {
		return fmt.Errorf("options: %w", err)
	}
	if h.whole == nil {
		if h.whole, err = h.dataset(h.doc); err != nil {
			return fmt.Errorf("document: %w", err)
		}
	}
	p.message = p.suite.sum(options)
	if p.Base {
		return nil // that the document has a meaning was checked
	}
	return p.value.prepare(h.whole, p.message)
}

// message is what a proof signs: the hash of the proof's other members, then
// that of the document (sections 3.2.4 and 3.3.4 of both specifications); in
// a JWS, behind its header.
func (h *hasher) message(p *Proof, v jcs.Value, previous []jcs.Value) ([]byte, error) {
	s := &p.suite
	sum, err := h.digest(s, previous)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	signature := "proofValue"
	var m []byte
	if s.jws {
		signature = "jws"
		m = append(append(m, p.header...), '.')
	}
	var options []byte
	if !s.rdf {
		options = v.Append(nil, signature)
	} else if options, err = h.options(s, v, signature); err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	return append(append(m, s.sum(options)...), sum...), nil
}

// options are the statements of a proof, without its signature.
func (h *hasher) options(s *variant, v jcs.Value, signature string) ([]byte, error) {
	context := h.doc.Member("@context")
	if s.of2018() {
		var err error
		if context, err = jcs.Parse([]byte(securityContext)); err != nil {
			return nil, err
		}
	}
	return h.statements(v, context, s.hash, signature)
}

// digest is the hash of the document with the proofs that one was made on top
// of.
func (h *hasher) digest(s *variant, previous []jcs.Value) ([]byte, error) {
	if len(previous) > 0 {
		return h.chained(s, previous)
	}
	for _, d := range h.digests {
		if d.rdf == s.rdf && d.hash == s.hash {
			return d.sum, nil
		}
	}
	var sum []byte
	if !s.rdf {
		sum = s.sum(h.unsecured)
	} else {
		var err error
		if sum, err = h.statementsSum(s); err != nil {
			return nil, err
		}
	}
	h.digests = append(h.digests, digest{s.rdf, s.hash, sum})
	return sum, nil
}

func (h *hasher) chained(s *variant, previous []jcs.Value) ([]byte, error) {
	text := secured(nil, h.doc, previous)
	if !s.rdf {
		return s.sum(text), nil
	}
	doc, err := jcs.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if text, err = h.statements(doc, jcs.Value{}, s.hash); err != nil {
		return nil, err
	}
	return s.sum(text), nil
}

// Value returns the whole document, proofs included, for the formats of this
// module.
func (d *Document) Value() jcs.Value { return d.value }

// Unsecured returns the document without its proofs, in canonical form (RFC
// 8785): what every proof signs, or whose statements it signs, in chains
// together with the proofs before. The caller must not change it.
func (d *Document) Unsecured() []byte { return d.unsecured }

// Verify checks proof i with k. It does not look at the proof's times, domain
// or challenge, nor at the other proofs. The error wraps [proof.ErrKey] where k
// is not for the proof's purpose and algorithm or not of the kind that its
// cryptosuite needs, [proof.ErrMismatch] where a signature is wrong, and [ErrBase]
// for a base proof.
func (d *Document) Verify(i int, k proof.Key) error {
	if i < 0 || i >= len(d.Proofs) {
		return fmt.Errorf("dataintegrity: no proof %d: %w", i, ErrNoProof)
	}
	p := &d.Proofs[i]
	if p.Base {
		return fmt.Errorf("dataintegrity: proof %d: %w", i, ErrBase)
	}
	if !k.Allows(p.Algorithm, p.Purpose) {
		return fmt.Errorf("dataintegrity: proof %d: key not for its purpose with %s: %w", i, p.Algorithm, proof.ErrKey)
	}
	if !p.suite.fits(k.Public) {
		return fmt.Errorf("dataintegrity: proof %d: key of type %T with %s and %s: %w", i, k.Public, p.Cryptosuite, p.Algorithm, proof.ErrKey)
	}
	var err error
	if p.value != nil {
		err = p.value.verify(k.Public)
	} else {
		err = proof.Verify(k.Public, p.Algorithm, p.message, p.signature)
	}
	if err != nil {
		return fmt.Errorf("dataintegrity: proof %d: %w", i, err)
	}
	return nil
}
