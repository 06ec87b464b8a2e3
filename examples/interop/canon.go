package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jsonld"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// graphs is how many random documents are brought into canonical form.
const graphs = 300

// ownTerms is a context of this program, with one of each thing that JSON-LD
// has for terms. Both sides are given it.
const ownTerms = "https://interop.example/contexts/terms/v1"

//go:embed terms.jsonld
var ownContext []byte

var ownDigest = sha256.Sum256(ownContext)

// comparison brings documents into canonical form on both sides.
type comparison struct {
	*world
	ours *jsonld.Processor
}

func newComparison(w *world) (*comparison, error) {
	p, err := jsonld.New(jsonld.Context{URL: ownTerms, Raw: ownContext, SHA256: ownDigest})
	return &comparison{w, p}, err
}

// form is how we make the canonical form, of documents in any form: what is
// refused where signatures are checked is more.
func (c *comparison) form(doc []byte, hash crypto.Hash) (string, error) {
	v, err := jcs.Parse(doc)
	if err != nil {
		return "", err
	}
	quads, err := c.ours.ToRDF(v, jsonld.Options{AnyForm: true, Directions: true})
	if err != nil {
		return "", err
	}
	result, err := rdfc.Canonicalize(quads, rdfc.Options{Hash: hash})
	if err != nil {
		return "", err
	}
	return string(result.NQuads()), nil
}

// forms returns both canonical forms. An error is a refusal.
func (c *comparison) forms(doc json.RawMessage, hash crypto.Hash) (ours string, refusal error, theirs string, theirRefusal error) {
	ours, refusal = c.form(doc, hash)
	theirs, theirRefusal = c.peerForm(doc, hash, false)
	return ours, refusal, theirs, theirRefusal
}

// peerForm is how the peer makes the canonical form; with inherit, contexts
// inherit a base direction (see sameWithDirections).
func (c *comparison) peerForm(doc json.RawMessage, hash crypto.Hash, inherit bool) (form string, refusal error) {
	refusal = c.call("canonicalForm", object{
		"document": doc, "hash": hash.String(), "contexts": object{ownTerms: json.RawMessage(ownContext)}, "inherit": inherit,
	}, &form)
	return form, refusal
}

// sameWithDirections reports whether a form of ours that differs from the peer's
// is right, as far as the peer can tell: a context on top of another loses the
// base direction that the other sets (jsonld.js issue 586), though processing
// starts from all that the active context has (JSON-LD 1.1 API, section 4.1.2,
// step 1). With that mended, the form must be ours. No context of the W3C sets
// a base direction, and where signatures are checked none is taken from a
// document, so no credential is concerned.
func (c *comparison) sameWithDirections(doc json.RawMessage, hash crypto.Hash, ours string) bool {
	if !bytes.Contains(doc, []byte(`"@direction"`)) {
		return false
	}
	mended, err := c.peerForm(doc, hash, true)
	return err == nil && mended == ours
}

var errDiffer = errors.New("the forms differ")

// differ tells the first line in which two forms differ.
func differ(ours, theirs string) error {
	if ours == theirs {
		return nil
	}
	a, b := strings.Split(ours, "\n"), strings.Split(theirs, "\n")
	i := 0
	for i < min(len(a), len(b))-1 && a[i] == b[i] {
		i++
	}
	return fmt.Errorf("%w: ours %q, theirs %q", errDiffer, a[i], b[i])
}

// sameContexts compares the contexts that both sides carry.
func (c *comparison) sameContexts() error {
	var theirs map[string]json.RawMessage
	if err := c.call("knownContexts", nil, &theirs); err != nil {
		return err
	}
	r := c.row("contexts", compared)
	for url, context := range theirs {
		if ours, ok := c.ours.Raw(url); ok {
			r.accepted(url, equalJSON(ours, context))
		} else {
			r.accepted(url, errors.New("not one of ours"))
		}
	}
	r.print()
	return nil
}

// canonicalForms compares the forms of documents that both sides must take.
func canonicalForms(w *world) error {
	c, err := newComparison(w)
	if err != nil {
		return err
	}
	if err := c.sameContexts(); err != nil {
		return err
	}
	kinds := []struct {
		name string
		make func() any
	}{
		{"credentials", func() any { return w.credential("did:example:issuer", style{v1: w.IntN(3) == 0}) }},
		{"terms", func() any { return w.withTerms() }},
		{"blank-nodes", func() any { return w.blankNodes() }},
	}
	for _, kind := range kinds {
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
			r := w.row("rdfc-"+kind.name+"/"+hash.String(), compared)
			for i := range graphs / len(kinds) {
				doc, err := encode(kind.make())
				if err != nil {
					return err
				}
				ours, refusal, theirs, theirRefusal := c.forms(doc, hash)
				err = errors.Join(refusal, theirRefusal)
				if err == nil {
					err = differ(ours, theirs)
				}
				r.accepted(fmt.Sprint("document ", i), err)
			}
			r.print()
		}
	}
	return c.codePoints()
}

// codePoints compares documents that the peer has the right statements of, in
// an order that is not that of code points: see highLetters. They have no blank
// nodes, whose labels would follow from that order.
func (c *comparison) codePoints() error {
	m := c.maker
	m.letters = slices.Concat(letters, highLetters)
	r := c.row("rdfc-code-points/SHA-256", compared)
	for i := range graphs / 10 {
		doc := object{"@context": ownTerms, "id": m.id()}
		texts := make([]any, 20)
		for i := range texts {
			texts[i] = m.text()
		}
		doc["text"], doc["ex:"+m.word()] = texts, m.text()
		raw, err := encode(doc)
		if err != nil {
			return err
		}
		ours, refusal, theirs, theirRefusal := c.forms(raw, crypto.SHA256)
		if err = errors.Join(refusal, theirRefusal); err == nil {
			lines := slices.Sorted(strings.Lines(theirs))
			err = differ(ours, strings.Join(lines, ""))
		}
		r.accepted(fmt.Sprint("document ", i), err)
	}
	r.print()
	return nil
}
