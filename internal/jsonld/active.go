package jsonld

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// activeContext is an active context (JSON-LD 1.1 API, section 4.1). Once made
// it does not change.
type activeContext struct {
	terms    map[string]*term
	base     string // empty: none
	vocab    string
	hasVocab bool
	// openVocab: with letters and digits after it, the vocabulary is an IRI.
	openVocab bool
	language  string // lower case; empty: none
	direction string // empty: none
	protected bool   // whether a protected term was ever defined
	previous  *activeContext

	// memory is set on contexts that consist of known documents alone: what
	// these make of each other is remembered.
	memory  *memory
	mu      sync.RWMutex
	derived map[step]*activeContext

	// named holds what known terms stand for, and whether one that does is
	// protected.
	named     map[string]bool
	namedOnce sync.Once
}

// step is one way to derive a context from another: by a context document, or
// by the value of a term's @context.
type step struct {
	url, base           string
	local               jcs.Value
	propagate, override bool
}

// memory bounds the remembered contexts below one root.
type memory struct {
	left   atomic.Int64 // terms
	forget func()
}

// forget begins with an empty memory, if old is still the one in use.
func (p *Processor) forget(old *activeContext) {
	root := &activeContext{terms: map[string]*term{}}
	root.memory = &memory{forget: func() { p.forget(root) }}
	root.memory.left.Store(limits.ContextMemory)
	p.root.CompareAndSwap(old, root)
}

// recall returns what is remembered for s.
func (c *activeContext) recall(s step) *activeContext {
	if c.memory == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.derived[s]
}

// remember keeps d, that was made of c by s, and returns it. The memory is
// emptied when full, so that hostile combinations of contexts cost others time
// at most.
func (c *activeContext) remember(s step, d *activeContext) *activeContext {
	if c.memory == nil || c == d {
		return d
	}
	const overhead = 8 // of a context without terms, in terms
	if c.memory.left.Add(-int64(len(d.terms)+overhead)) < 0 {
		c.memory.forget()
		return d
	}
	if d.memory == nil { // else others see it already
		d.memory = c.memory
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.derived == nil {
		c.derived = map[step]*activeContext{}
	}
	c.derived[s] = d
	return d
}

// clone returns a copy that may be changed.
func (x *run) clone(c *activeContext) (*activeContext, error) {
	if err := x.define(len(c.terms) + 1); err != nil {
		return nil, err
	}
	return &activeContext{
		terms: maps.Clone(c.terms), base: c.base, vocab: c.vocab, hasVocab: c.hasVocab, openVocab: c.openVocab,
		language: c.language, direction: c.direction, protected: c.protected, previous: c.previous,
	}, nil
}

// define counts terms that the document makes the processor define or copy.
func (x *run) define(terms int) error {
	if x.work += terms; x.work > limits.ContextTerms {
		return fail(ErrLimit, "more than %d term definitions", limits.ContextTerms)
	}
	return nil
}

// scoped applies the context that is scoped to t, if any.
func (x *run) scoped(c *activeContext, t *term, propagate, override bool) (*activeContext, error) {
	if t == nil || !t.context.Exists() {
		return c, nil
	}
	s := step{base: t.base, local: t.context, propagate: propagate, override: override}
	if t.known {
		if d := c.recall(s); d != nil {
			return d, nil
		}
	}
	d, err := x.process(c, processing{step: s, known: t.known})
	if err != nil {
		return nil, err
	}
	if t.known {
		return c.remember(s, d), nil
	}
	return d, nil
}

// local applies a context that stands in the document.
func (x *run) local(c *activeContext, v jcs.Value) (*activeContext, error) {
	if x.o.KnownContexts && inline(v) {
		return nil, in("@context", fail(ErrContext, "a context in the document itself"))
	}
	d, err := x.process(c, processing{step: step{base: x.root.base, local: v, propagate: true}, validate: true})
	return d, in("@context", err)
}

func inline(v jcs.Value) bool {
	for _, e := range v.Elements() {
		if e.Kind() == jcs.Object {
			return true
		}
	}
	return v.Kind() == jcs.Object
}

// named refuses a name, defined by t if at all, that stands for the same as a
// term of a known context, or as a shorter name by @vocab. Of two known terms
// for the same, the one that is protected is its name: the other may be of a
// context that the holder added. Known names for keywords are in use, beside
// those that are protected.
func (x *run) named(c *activeContext, name string, t *term, iri string) error {
	known := t != nil && t.known
	if x.o.AnyForm || iri == "" || known && (t.protected || isKeyword(iri)) || isKeyword(iri) && iri != "@id" && iri != "@type" {
		return nil
	}
	const another = "another name for what a context has one for"
	if rest, ok := strings.CutPrefix(iri, c.vocab); t == nil && ok && c.hasVocab && rest != name && rest != "" {
		return fail(ErrForm, another)
	}
	// What others share is not on this document's account, and always whole.
	if c.memory == nil && c.named == nil {
		if err := x.define(len(c.terms)); err != nil {
			return err
		}
	}
	c.namedOnce.Do(func() {
		c.named = map[string]bool{}
		for _, t := range c.terms {
			if t.known && t.iri != "" {
				c.named[t.iri] = c.named[t.iri] || t.protected
			}
		}
	})
	if protected, ok := c.named[iri]; protected || ok && !known {
		return fail(ErrForm, another)
	}
	return nil
}

// processing is what a local context is processed with.
type processing struct {
	step
	remote   bool // the local context is that of a document
	known    bool // so is everything in it: it may be remembered
	validate bool // contexts scoped to its terms are tried
	depth    int  // of documents that include each other
}

// process is the context processing algorithm (section 4.1.2).
func (x *run) process(active *activeContext, how processing) (*activeContext, error) {
	if p := first(how.local).Member("@propagate"); p.Kind() == jcs.Bool {
		how.propagate, _ = p.Bool()
	}
	result, own := active, false
	if !how.propagate && result.previous == nil {
		var err error
		if result, err = x.clone(active); err != nil {
			return nil, err
		}
		result.previous, own = active, true
	}
	if how.local.Kind() != jcs.Array {
		result, _, err := x.apply(result, own, how.local, how)
		return result, err
	}
	for i, v := range how.local.Elements() {
		var err error
		if result, own, err = x.apply(result, own, v, how); err != nil {
			return nil, at(i, err)
		}
	}
	return result, nil
}

func first(v jcs.Value) jcs.Value {
	for _, e := range v.Elements() {
		return e
	}
	return v
}

// apply processes one context that is no array. Where own is set result may be
// changed; it tells whether the returned one may.
func (x *run) apply(result *activeContext, own bool, v jcs.Value, how processing) (*activeContext, bool, error) {
	switch v.Kind() {
	case jcs.Null:
		if result.protected && !how.override {
			return nil, false, fail(ErrContext, "null, while there are protected terms")
		}
		cleared := &activeContext{terms: map[string]*term{}, base: x.root.base}
		if !how.propagate {
			cleared.previous = result.previous
		}
		return cleared, true, nil
	case jcs.String:
		url, _ := v.Text()
		next, err := x.include(result, url, how)
		return next, false, err
	case jcs.Object:
		if !own {
			var err error
			if result, err = x.clone(result); err != nil {
				return nil, false, err
			}
		}
		return result, true, x.definitions(result, v, how)
	}
	return nil, false, fail(ErrContext, "neither a URL nor an object")
}

// include applies a context document.
func (x *run) include(c *activeContext, url string, how processing) (*activeContext, error) {
	url, err := x.resolve(how.base, url)
	if err != nil {
		return nil, err
	}
	doc, ok := x.contexts[url]
	if !ok {
		return nil, fail(ErrContext, "unknown context %.128q", url)
	}
	s := step{url: url, propagate: true, override: how.override}
	if d := c.recall(s); d != nil {
		return d, nil
	}
	if how.depth == limits.ContextDepth {
		return nil, fail(ErrContext, "contexts include each other deeper than %d", limits.ContextDepth)
	}
	next := processing{step: s, remote: true, known: true, depth: how.depth + 1}
	next.base, next.local = url, doc.context
	d, err := x.process(c, next)
	if err != nil {
		return nil, in(url, err)
	}
	return c.remember(s, d), nil
}
