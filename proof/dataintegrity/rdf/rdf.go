// Package rdf gives proof/dataintegrity what it needs for the cryptosuites that
// sign statements: a [Canonicalizer] reads JSON-LD 1.1 as RDF and writes that in
// canonical form (RDF Dataset Canonicalization 1.0, RDFC-1.0).
//
//	r, err := rdf.New()
//	…
//	doc, err := dataintegrity.Parser{RDF: r}.Parse(raw)
//
// It is a package of its own so that programs which verify no such proofs carry
// none of it. Make one and share it: it remembers the contexts that it has read.
//
// Contexts are never fetched. Those of the W3C that credentials and controller
// documents use are built in; others are given to [New] with their digests. Give
// it no more than are needed: contexts are not signed, and where two of them
// have different names for the same thing, a signed document can be rewritten
// from one to the other.
//
// A document is refused where any part of it would not become a statement: a
// term that no context defines, an identifier that is relative, a null. What
// the signature covers is then all that there is. It is also refused where it
// does not have the form that its contexts give it: statements under another
// name than the term for them, or about the document in another object than it,
// or under terms that the document defines itself. Such a form can be given to a
// signed document by anyone, for example to hide when it expires.
package rdf

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jsonld"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/internal/recall"
)

var (
	// ErrContext says that a context is unknown, malformed, redefines a
	// protected term, or has not the digest given.
	ErrContext = jsonld.ErrContext
	// ErrLost says that a part of a document would not become a statement.
	ErrLost = jsonld.ErrLost
	// ErrForm says that a document is not in the form that its contexts give it.
	ErrForm = jsonld.ErrForm
	// ErrWork says that a document was made to cost more than any credential
	// does.
	ErrWork = errors.New("too much work")
)

// Context is a JSON-LD context that documents may refer to by its URL.
type Context struct {
	URL string
	Raw []byte // a JSON object with a member @context
	// SHA256 is the digest of Raw in hexadecimal, from whoever says what belongs
	// at the URL. It is required.
	SHA256 string
}

// Canonicalizer implements dataintegrity.RDF. It is safe for concurrent use.
type Canonicalizer struct {
	processor *jsonld.Processor
	inline    bool
	room      *sync.Pool // of *[]rdfc.Quad
	memory    *recall.Memory
}

// Memory is for the packages of this module: what they have just signed.
func (c *Canonicalizer) Memory() *recall.Memory { return c.memory }

// New returns a Canonicalizer that knows the built-in contexts and those given.
// The error wraps [ErrContext]: for one whose digest differs, that is not a JSON
// object with an @context, or whose URL is known already for another one. What
// is built in may be given all the same, in any spelling of the same JSON.
func New(contexts ...Context) (*Canonicalizer, error) {
	p, err := jsonld.New()
	if err != nil {
		return nil, fmt.Errorf("rdf: %w", err)
	}
	var extra []jsonld.Context
	for _, c := range contexts {
		sum := sha256.Sum256(c.Raw)
		if want, err := hex.DecodeString(c.SHA256); err != nil || !bytes.Equal(want, sum[:]) {
			return nil, fmt.Errorf("rdf: context %q: SHA256 is not its digest in hexadecimal: %w", c.URL, ErrContext)
		}
		if known, ok := p.Raw(c.URL); !ok || !sameJSON(known, c.Raw) {
			extra = append(extra, jsonld.Context{URL: c.URL, Raw: c.Raw, SHA256: sum})
		}
	}
	if len(extra) > 0 {
		if p, err = jsonld.New(extra...); err != nil {
			return nil, fmt.Errorf("rdf: %w", err)
		}
	}
	return &Canonicalizer{processor: p, room: new(sync.Pool), memory: new(recall.Memory)}, nil
}

// InsecureInlineContexts returns a Canonicalizer that also reads documents with
// contexts of their own, not by reference, as the conformance tests of the W3C
// have them, and with IRIs for names. Such a context is not signed: whoever holds
// the document can exchange two names in both, unless a known context that the
// document refers to has terms for what they stand for. The caller must not rely
// on any name that only such a context defines, nor on the absence of one.
func (c *Canonicalizer) InsecureInlineContexts() *Canonicalizer {
	return &Canonicalizer{processor: c.processor, inline: true, room: c.room, memory: new(recall.Memory)}
}

func sameJSON(a, b []byte) bool {
	x, errX := jcs.Parse(a)
	y, errY := jcs.Parse(b)
	return errX == nil && errY == nil && jcs.Equal(x, y)
}

// Canonical returns the statements of a JSON-LD document in canonical N-Quads.
// The hash is crypto.SHA256 or crypto.SHA384, which labels the blank nodes. The
// error wraps [ErrContext], [ErrLost], [ErrForm] or [ErrWork], or says that the document is
// not strict JSON or not JSON-LD; it tells the place, and holds no values but
// URLs of contexts. The caller bounds the length of doc.
func (c *Canonicalizer) Canonical(doc []byte, hash crypto.Hash) ([]byte, error) {
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("rdf: %w", err)
	}
	return c.CanonicalValue(v, jcs.Value{}, nil, hash)
}

// CanonicalValue is Canonical for the packages of this module, which have parsed
// the document already: with another context in place of its own, unless that
// is absent, and without the members that omit names.
func (c *Canonicalizer) CanonicalValue(doc, context jcs.Value, omit []string, hash crypto.Hash) ([]byte, error) {
	if hash != crypto.SHA256 && hash != crypto.SHA384 {
		return nil, fmt.Errorf("rdf: hash %v: want SHA-256 or SHA-384", hash)
	}
	room, ok := c.room.Get().(*[]rdfc.Quad)
	if !ok {
		room = new(make([]rdfc.Quad, 64))
	}
	defer func() {
		clear(*room) // nothing of the document stays behind
		c.room.Put(room)
	}()
	quads, err := c.quads(doc, context, omit, *room)
	if err != nil {
		return nil, err
	}
	r, err := rdfc.Canonicalize(quads, rdfc.Options{Hash: hash})
	if err != nil {
		return nil, fmt.Errorf("rdf: %w", worked(err))
	}
	return r.NQuads(), nil
}

// Statements returns the statements of a document before they have a canonical
// form, for the packages of this module. The blank nodes of a selection from a
// document (jcs.Value.Select) have the labels that they have in the whole.
func (c *Canonicalizer) Statements(doc jcs.Value, omit ...string) ([]rdfc.Quad, error) {
	return c.quads(doc, jcs.Value{}, omit, nil)
}

// CheckTerms says whether all of a document becomes statements by contexts that
// are known or in the document, in whatever form it is: for the packages of this
// module, where the JSON itself is signed.
func (c *Canonicalizer) CheckTerms(doc jcs.Value, omit ...string) error {
	o := jsonld.Options{Context: unwrapped(doc.Member("@context")), Omit: omit, AnyForm: true, Directions: true}
	if err := c.processor.Check(doc, o); err != nil {
		return fmt.Errorf("rdf: %w", worked(err))
	}
	return nil
}

func (c *Canonicalizer) quads(doc, context jcs.Value, omit []string, room []rdfc.Quad) ([]rdfc.Quad, error) {
	if !context.Exists() {
		context = doc.Member("@context")
	}
	if !c.inline && spelledOut(doc) {
		return nil, fmt.Errorf("rdf: an IRI as the name of a member: %w", ErrForm)
	}
	quads, err := c.processor.ToRDF(doc, jsonld.Options{Context: unwrapped(context), Omit: omit, KnownContexts: !c.inline, Directions: true, Room: room})
	if err != nil {
		return nil, fmt.Errorf("rdf: %w", worked(err))
	}
	return quads, nil
}

// spelledOut reports whether a member has an IRI for its name. Statements of a
// context that is left out could be written so.
func spelledOut(v jcs.Value) bool {
	for name, m := range v.Members() {
		if strings.Contains(name, ":") || spelledOut(m) {
			return true
		}
	}
	for _, e := range v.Elements() {
		if spelledOut(e) {
			return true
		}
	}
	return false
}

// unwrapped returns a context whose entries of the form {"@context": …} are
// replaced by what is inside: a whole context document where a context belongs.
// JSON-LD has no such thing, but the usual processors take it, and so credentials
// with it are about.
func unwrapped(context jcs.Value) jcs.Value {
	inside := func(e jcs.Value) (jcs.Value, bool) {
		in := e.Member("@context")
		return in, in.Exists() && e.Len() == 1
	}
	found := false
	for _, e := range context.Elements() {
		_, ok := inside(e)
		found = found || ok
	}
	if !found {
		return context
	}
	text := []byte{'['}
	for i, e := range context.Elements() {
		if i > 0 {
			text = append(text, ',')
		}
		if in, ok := inside(e); ok {
			e = in
		}
		text = e.Append(text)
	}
	v, err := jcs.Parse(append(text, ']'))
	if err != nil {
		return context
	}
	return v
}

// worked marks the errors of both stages that say the same.
func worked(err error) error {
	if errors.Is(err, jsonld.ErrLimit) || errors.Is(err, rdfc.ErrWork) {
		return fmt.Errorf("%w: %w", ErrWork, err)
	}
	return err
}
