package dataintegrity

import (
	"crypto"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/recall"
)

// RDF reads JSON-LD as statements and writes them in canonical form. It is what
// the cryptosuites need that sign statements; package rdf beside this one has
// it. Whoever signs and verifies JSON alone does without, and without the code.
type RDF interface {
	// Canonical returns the statements of a JSON-LD document in canonical
	// N-Quads (RDF Dataset Canonicalization 1.0), with blank nodes labelled by
	// means of the hash: crypto.SHA256 or crypto.SHA384. It must be safe for
	// concurrent use. And it must fail where a part of the document would not
	// become a statement, and where statements are not under the names and in
	// the places where a reader of the JSON looks for them: a document whose
	// statements are signed is taken at its word.
	Canonical(doc []byte, hash crypto.Hash) ([]byte, error)
}

// valueRDF is an RDF of this module, which takes a document as it was parsed:
// with another context in place of its own, and without some members.
type valueRDF interface {
	CanonicalValue(doc, context jcs.Value, omit []string, hash crypto.Hash) ([]byte, error)
}

// recallRDF is an RDF of this module that remembers what was just signed.
type recallRDF interface{ Memory() *recall.Memory }

// statementsSum is the hash of the document's statements without its proofs. They
// follow from the document's canonical JSON and the contexts that the RDF knows.
func (h *hasher) statementsSum(s *variant) ([]byte, error) {
	var memory *recall.Memory
	var key recall.Key
	if r, ok := h.RDF.(recallRDF); ok && (h.signing || r.Memory().Used()) {
		memory, key = r.Memory(), recall.KeyOf(h.unsecured, s.hash)
	}
	if memory != nil && !h.signing {
		if sum := memory.Take(key); sum != nil {
			return sum, nil
		}
	}
	text, err := h.statements(h.doc, jcs.Value{}, s.hash, "proof")
	if err != nil {
		return nil, err
	}
	sum := s.sum(text)
	if h.signing && memory != nil {
		memory.Remember(key, sum)
	}
	return sum, nil
}

// statements returns the canonical N-Quads of doc without the members that omit
// names, read with the given context where that is present.
func (o *Parser) statements(doc, context jcs.Value, hash crypto.Hash, omit ...string) ([]byte, error) {
	var quads []byte
	var err error
	switch r := o.RDF.(type) {
	case nil:
		return nil, fmt.Errorf("signed statements, and no RDF was given: %w", ErrUnsupported)
	case valueRDF:
		quads, err = r.CanonicalValue(doc, context, omit, hash)
	default:
		text := doc.Append(nil, omit...)
		if context.Exists() {
			text = context.Append([]byte(`{"@context":`))
			text = append(append(text, ','), doc.Append(nil, append(omit, "@context")...)[1:]...) // never empty: a proof has a type
		}
		quads, err = r.Canonical(text, hash)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return quads, nil
}
