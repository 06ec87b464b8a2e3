package dataintegrity

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	// ErrBase says that a proof is a base proof, made by an issuer for a holder to
	// derive others from. It verifies nothing, and must not be shown: with it goes
	// what the rest of the document is signed with.
	ErrBase = errors.New("a base proof, of which a holder derives what is shown")
	// ErrNotBase says that there is no base proof to derive from.
	ErrNotBase = errors.New("no base proof")
)

// Disclosure says what [Derive] shows.
type Disclosure struct {
	// RDF is the one that documents are read with. It is required, and of package
	// rdf.
	RDF RDF
	// BBS is needed for base proofs with [BBS2023].
	BBS BBS
	// Pointers (RFC 6901) name what is shown, whole, beside what the issuer made
	// mandatory. They are into the document without its proofs.
	Pointers []string
	// Presentation is the presentation header of proofs with [BBS2023], at most
	// 4,096 bytes that they are bound to, such as what a verifier asks for; other
	// cryptosuites have none.
	Presentation []byte
}

// Derive returns the part of a document with base proofs that d names, in
// canonical form, with proofs derived from these (Data Integrity ECDSA
// Cryptosuites 1.0, section 3.6.6). Its other proofs sign the whole, and are left
// out. With what is shown go the id and the type of each object around it, and
// @context. Whoever has the result sees how many blank nodes the part has. With
// [ECDSASD2023] it tells that it is of the same credential as another part; with
// [BBS2023] only what is shown can, and what is mandatory always is.
//
// The error wraps [ErrMalformed], [ErrNotBase], [proof.ErrPointer], or [ErrUnsupported]
// for another RDF or where there is no BBS and one is needed. Signatures are not checked: who holds a document checks it by
// verifying what is derived with the pointer "".
func Derive(doc []byte, d Disclosure) ([]byte, error) {
	o := Parser{RDF: d.RDF, BBS: d.BBS}
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: %w: %w", ErrMalformed, err)
	}
	bases, err := o.bases(v)
	if err != nil {
		return nil, err
	}
	pointers := slices.Clone(d.Pointers)
	for _, b := range bases {
		pointers = append(pointers, b.proof.value.mandatory()...)
	}
	if v, err = jcs.Parse(v.Append(nil, "proof")); err != nil {
		return nil, fmt.Errorf("dataintegrity: %w: %w", ErrMalformed, err)
	}
	if len(d.Presentation) > limits.PresentationHeader {
		return nil, fmt.Errorf("dataintegrity: deriving: presentation header of %d bytes, at most %d are read: %w", len(d.Presentation), limits.PresentationHeader, ErrMalformed)
	}
	r, err := o.reveal(v, pointers)
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: deriving: %w", err)
	}
	r.presentation = d.Presentation
	out := r.part.Append(nil)
	out = append(out[:len(out)-1], `,"proof":`...) // it has an @context
	if len(bases) > 1 {
		out = append(out, '[')
	}
	for i, b := range bases {
		value, err := b.proof.value.derive(&o, r)
		if err != nil {
			return nil, fmt.Errorf("dataintegrity: proof %d: deriving: %w", b.at, err)
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = appendWith(out, b.json, "proofValue", value)
	}
	if len(bases) > 1 {
		out = append(out, ']')
	}
	return append(out, '}'), nil
}

// appendWith appends an object in canonical form, with another text for a member
// that it has.
func appendWith(dst []byte, v jcs.Value, name, text string) []byte {
	sep := byte('{')
	for n, m := range v.Members() {
		dst = append(jcs.Quote(append(dst, sep), n), ':')
		if sep = ','; n == name {
			dst = jcs.Quote(dst, text)
		} else {
			dst = m.Append(dst)
		}
	}
	return append(dst, '}')
}

// base is a base proof and where in the document it is.
type base struct {
	at    int
	json  jcs.Value
	proof *Proof
}

// bases reads the base proofs of a document, and no others.
func (o *Parser) bases(v jcs.Value) ([]base, error) {
	values, err := proofValues(v)
	if err != nil {
		return nil, err
	}
	var out []base
	for i, pv := range values {
		suite, _ := pv.Member("cryptosuite").Text()
		if _, ok := find(func(v *variant) bool { return v.suite == suite && v.selective }); !ok {
			continue
		}
		p, err := o.parseProof(pv, v.Member("@context"))
		if err != nil {
			return nil, fmt.Errorf("dataintegrity: proof %d: %w", i, err)
		}
		if p.Base {
			out = append(out, base{i, pv, p})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("dataintegrity: deriving: %w", ErrNotBase)
	}
	return out, nil
}

// revealed is the part of a document that is shown.
type revealed struct {
	document, part   jcs.Value
	whole, statement *dataset
	// numbers are the canonical numbers in the whole document, by those in the
	// part, which the verifier will find.
	numbers []int
	// presentation is the header of proofs with BBS.
	presentation []byte
}

func (o *Parser) reveal(doc jcs.Value, pointers []string) (*revealed, error) {
	if len(pointers) > limits.Disclosed {
		return nil, fmt.Errorf("%d pointers, at most %d: %w", len(pointers), limits.Disclosed, proof.ErrPointer)
	}
	r := &revealed{document: doc}
	var err error
	if r.part, err = doc.Select(pointers, inEveryPart...); err != nil {
		return nil, err
	}
	if r.whole, err = o.dataset(doc); err != nil {
		return nil, err
	}
	if r.statement, err = o.dataset(r.part); err != nil {
		return nil, err
	}
	r.numbers = make([]int, len(r.statement.numbers))
	for label, verifier := range r.statement.numbers {
		issuer, ok := r.whole.numbers[label]
		if !ok {
			return nil, fmt.Errorf("into what can only be shown whole: %w", proof.ErrPointer)
		}
		r.numbers[verifier] = issuer
	}
	return r, nil
}

// grouped is a whole document's statements under its issuer's labels, and which
// of them are mandatory and which are shown, those among them.
type grouped struct {
	lines            [][]byte
	mandatory, shown []int
}

func (o *Parser) group(r *revealed, labels, mandatory []string) (*grouped, error) {
	var g grouped
	var err error
	if g.lines, err = r.whole.lines(r.whole.quads, labels); err != nil {
		return nil, err
	}
	if g.mandatory, err = o.part(r.whole, r.document, mandatory, labels, g.lines); err != nil {
		return nil, fmt.Errorf("mandatory: %w", err)
	}
	shown, err := r.whole.lines(r.statement.quads, labels)
	if err != nil {
		return nil, err
	}
	g.shown, err = positions(g.lines, shown)
	return &g, err
}

// mandatoryOfShown are the positions among those shown of what is mandatory.
func (g *grouped) mandatoryOfShown() []int {
	var out []int
	for i, at := range g.shown {
		if _, ok := slices.BinarySearch(g.mandatory, at); ok {
			out = append(out, i)
		}
	}
	return out
}

// othersShown are the positions, among all statements that are not mandatory, of
// those that are shown.
func (g *grouped) othersShown() []int {
	var out []int
	for _, at := range g.shown {
		if before, ok := slices.BinarySearch(g.mandatory, at); !ok {
			out = append(out, at-before)
		}
	}
	return out
}
