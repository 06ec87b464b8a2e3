package jsonld

import (
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// term is a term definition (section 4.2). Once in a context it does not
// change.
type term struct {
	iri       string // or keyword; empty: the term is defined to be nothing
	kind      string // type mapping: an IRI, @id, @vocab, @json or @none
	language  string // lower case
	direction string
	index     string // property that index map keys are values of
	nest      string
	container container
	reverse   bool
	prefix    bool
	protected bool
	// hasLanguage and hasDirection tell the defaults of the context to be
	// overridden, if only by none.
	hasLanguage, hasDirection bool

	context jcs.Value // scoped to the term
	base    string    // URL of the document that defines it
	known   bool      // which is one of the processor's

	// sound and soundKind tell that iri and kind are IRIs that statements can
	// have: found out once, for all documents that use the term.
	sound, soundKind bool
}

// container is a set of container mappings.
type container uint8

const (
	inGraph container = 1 << iota
	byID
	byIndex
	byLanguage
	inList
	inSet
	byType
)

var containers = map[string]container{
	"@graph": inGraph, "@id": byID, "@index": byIndex, "@language": byLanguage,
	"@list": inList, "@set": inSet, "@type": byType,
}

// valid tells the combinations that section 4.2.2, step 19 allows.
func (c container) valid() bool {
	switch c &^ inSet {
	case 0, byID, byIndex, byLanguage, byType, inGraph, inGraph | byID, inGraph | byIndex:
		return true
	}
	return c == inList
}

// definer defines the terms of one local context.
type definer struct {
	x     *run
	c     *activeContext
	how   processing
	local jcs.Value
	// imported is the context that local extends by @import.
	imported jcs.Value
	// defined holds the terms that are done, true, or under way, false.
	defined   map[string]bool
	protected bool
	depth     int
}

// entry returns a member of the local context, or else of what it imports.
func (d *definer) entry(name string) jcs.Value {
	if v := d.local.Member(name); v.Exists() {
		return v
	}
	return d.imported.Member(name)
}

// definitions processes a local context that is an object, changing c (section
// 4.1.2, from step 5.4 on).
func (x *run) definitions(c *activeContext, local jcs.Value, how processing) error {
	if inner := local.Member("@context"); inner.Exists() {
		// Not of the recommendation, but processors take a whole context
		// document for the context in it, and credentials rely on that.
		if local.Len() > 1 || inner.Kind() != jcs.Object || inner.Member("@context").Exists() {
			return in("@context", fail(ErrContext, "not the only member, or not an object"))
		}
		local = inner
	}
	d := &definer{x: x, c: c, how: how, local: local, defined: map[string]bool{}}
	if v := d.entry("@version"); v.Exists() {
		if n, _ := v.Number(); n != "1.1" {
			return in("@version", fail(ErrContext, "not 1.1"))
		}
	}
	if err := d.load(); err != nil {
		return in("@import", err)
	}
	for _, setting := range []struct {
		name string
		set  func(jcs.Value) error
	}{
		{"@base", d.setBase}, {"@vocab", d.setVocab}, {"@language", d.setLanguage},
		{"@direction", d.setDirection}, {"@propagate", d.checkBool}, {"@protected", d.setProtected},
	} {
		if v := d.entry(setting.name); v.Exists() {
			if err := setting.set(v); err != nil {
				return in(setting.name, err)
			}
		}
	}
	for _, from := range []jcs.Value{local, d.imported} {
		for name := range from.Members() {
			if err := d.term(name); err != nil {
				return in(name, err)
			}
		}
	}
	return nil
}

// load finds the imported context.
func (d *definer) load() error {
	v := d.local.Member("@import")
	if !v.Exists() {
		return nil
	}
	url, ok := v.Text()
	if !ok {
		return fail(ErrContext, "not a string")
	}
	url, err := d.x.resolve(d.how.base, url)
	if err != nil {
		return err
	}
	doc, ok := d.x.contexts[url]
	if !ok {
		return fail(ErrContext, "unknown context %.128q", url)
	}
	if doc.context.Kind() != jcs.Object || doc.context.Member("@import").Exists() {
		return fail(ErrContext, "not one object without @import")
	}
	d.imported = doc.context
	return nil
}

func (d *definer) checkBool(v jcs.Value) error {
	if v.Kind() != jcs.Bool {
		return fail(ErrContext, "not a boolean")
	}
	return nil
}

func (d *definer) setProtected(v jcs.Value) error {
	d.protected, _ = v.Bool()
	return d.checkBool(v)
}

func (d *definer) setBase(v jcs.Value) error {
	base, ok := v.Text()
	switch {
	case d.how.remote: // it is the document's that counts
	case v.Kind() == jcs.Null:
		d.c.base = ""
	case !ok:
		return fail(ErrContext, "neither a string nor null")
	case hasScheme(base):
		d.c.base = base
	case d.c.base == "":
		return fail(ErrContext, "relative, with nothing it is relative to")
	default:
		var err error
		d.c.base, err = d.x.resolve(d.c.base, base)
		return err
	}
	return nil
}

func (d *definer) setVocab(v jcs.Value) error {
	vocab, ok := v.Text()
	if !ok {
		if d.c.vocab, d.c.hasVocab, d.c.openVocab = "", false, false; v.Kind() != jcs.Null {
			return fail(ErrContext, "neither a string nor null")
		}
		return nil
	}
	vocab, err := d.x.expand(d.c, vocab, relative|vocabulary)
	if err != nil {
		return err
	}
	if !hasScheme(vocab) && !strings.HasPrefix(vocab, "_:") {
		return fail(ErrContext, "relative, with nothing it is relative to")
	}
	d.c.vocab, d.c.hasVocab = vocab, true
	d.c.openVocab = checkIRI(vocab) == "" && (strings.HasSuffix(vocab, "/") || strings.HasSuffix(vocab, "#"))
	return nil
}

func (d *definer) setLanguage(v jcs.Value) error {
	tag, ok := v.Text()
	if !ok && v.Kind() != jcs.Null {
		return fail(ErrContext, "neither a string nor null")
	}
	if ok && !validLanguage(tag) {
		return fail(ErrContext, "malformed language tag")
	}
	d.c.language = strings.ToLower(tag)
	return nil
}

func (d *definer) setDirection(v jcs.Value) error {
	var err error
	d.c.direction, err = direction(v)
	return err
}

func direction(v jcs.Value) (string, error) {
	s, _ := v.Text()
	if v.Kind() != jcs.Null && s != "ltr" && s != "rtl" {
		return "", fail(ErrContext, "neither ltr nor rtl nor null")
	}
	return s, nil
}

// term creates a term definition (section 4.2.2).
func (d *definer) term(name string) error {
	switch done, begun := d.defined[name]; {
	case done:
		return nil
	case begun:
		return fail(ErrContext, "defined by itself")
	case d.depth == limits.ContextDepth:
		return fail(ErrContext, "terms build on each other deeper than %d", limits.ContextDepth)
	}
	switch name {
	case "@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab":
		return nil
	case "":
		return fail(ErrContext, "empty term")
	}
	value := d.entry(name)
	if name == "@type" && !onlyTypeSettings(value) || name != "@type" && isKeyword(name) {
		return fail(ErrContext, "a keyword redefined")
	} else if likeKeyword(name) && name != "@type" {
		return fail(ErrContext, "reserved for keywords to come")
	}
	if err := d.x.define(1); err != nil {
		return err
	}
	d.depth++
	defer func() { d.depth-- }()
	d.defined[name] = false
	before := d.c.terms[name]
	delete(d.c.terms, name)
	t := &term{base: d.how.base, known: d.how.known, protected: d.protected}
	if err := d.fill(t, name, value); err != nil {
		return err
	}
	t.sound, t.soundKind = checkIRI(t.iri) == "", checkIRI(t.kind) == ""
	if before != nil && before.protected && !d.how.override {
		if !same(before, t) {
			return fail(ErrContext, "a protected term redefined")
		}
		t = before
	}
	d.c.terms[name] = t
	d.c.protected = d.c.protected || t.protected
	d.defined[name] = true
	return nil
}

// same compares definitions but for their protection.
func same(a, b *term) bool {
	x, y := *a, *b
	for _, t := range []*term{&x, &y} {
		t.protected, t.context, t.base, t.known = false, jcs.Value{}, "", false
	}
	return x == y && jcs.Equal(a.context, b.context)
}

func onlyTypeSettings(v jcs.Value) bool {
	for name, m := range v.Members() {
		if s, _ := m.Text(); name != "@protected" && (name != "@container" || s != "@set") {
			return false
		}
	}
	return v.Len() > 0
}
