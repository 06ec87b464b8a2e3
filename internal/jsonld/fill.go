package jsonld

import (
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// fill reads the definition of the term name into t (section 4.2.2, from step
// 7 on).
func (d *definer) fill(t *term, name string, v jcs.Value) error {
	id, simple := v.Text()
	switch {
	case v.Kind() == jcs.Null:
		return nil
	case simple:
		return d.setID(t, name, id, true)
	case v.Kind() != jcs.Object:
		return fail(ErrContext, "neither a string nor an object nor null")
	}
	for key := range v.Members() {
		switch key {
		case "@id", "@reverse", "@container", "@context", "@direction", "@index", "@language", "@nest", "@prefix", "@protected", "@type":
		default:
			return in(key, fail(ErrContext, "unknown in a term definition"))
		}
	}
	for _, part := range []struct {
		name string
		set  func(t *term, name string, definition, v jcs.Value) error
	}{
		{"@protected", d.setProtection}, {"@type", d.setType}, {"@reverse", d.setReverse}, {"@id", d.setIDValue},
		{"@container", d.setContainer}, {"@index", d.setIndex}, {"@context", d.setContext}, {"@language", d.setTermLanguage},
		{"@direction", d.setTermDirection}, {"@nest", d.setNest}, {"@prefix", d.setPrefix},
	} {
		m := v.Member(part.name)
		if !m.Exists() && part.name != "@id" {
			continue
		}
		if err := part.set(t, name, v, m); err != nil {
			return in(part.name, err)
		}
	}
	return nil
}

func (d *definer) setProtection(t *term, _ string, _, v jcs.Value) error {
	t.protected, _ = v.Bool()
	return d.checkBool(v)
}

func (d *definer) setType(t *term, _ string, _, v jcs.Value) error {
	kind, ok := v.Text()
	if !ok {
		return fail(ErrContext, "not a string")
	}
	kind, err := d.expand(kind)
	if err != nil {
		return err
	}
	switch kind {
	case "@id", "@json", "@none", "@vocab":
	default:
		if !hasScheme(kind) {
			return fail(ErrContext, "not an IRI")
		}
	}
	t.kind = kind
	return nil
}

func (d *definer) setReverse(t *term, _ string, definition, v jcs.Value) error {
	if definition.Member("@id").Exists() || definition.Member("@nest").Exists() {
		return fail(ErrContext, "together with @id or @nest")
	}
	id, ok := v.Text()
	if !ok {
		return fail(ErrContext, "not a string")
	}
	id, err := d.expand(id)
	if err != nil {
		return err
	}
	if !hasScheme(id) && !strings.HasPrefix(id, "_:") {
		return fail(ErrContext, "not an IRI")
	}
	t.iri, t.reverse = id, true
	return nil
}

// setIDValue sets the IRI of a definition that is an object.
func (d *definer) setIDValue(t *term, name string, _, v jcs.Value) error {
	if t.reverse || v.Kind() == jcs.Null {
		return nil
	}
	id, ok := v.Text()
	if !ok && v.Exists() {
		return fail(ErrContext, "not a string")
	}
	if !ok {
		id = name
	}
	return d.setID(t, name, id, false)
}

// setID sets the IRI mapping of a term to what id expands to. The term's own
// name stands for no id at all (steps 14 to 18).
func (d *definer) setID(t *term, name, id string, simple bool) (err error) {
	if id != name {
		if t.iri, err = d.expand(id); err != nil {
			return err
		}
		switch {
		case t.iri == "@context" || t.iri == "@preserve":
			return fail(ErrContext, "an alias of @context")
		case !isKeyword(t.iri) && !hasScheme(t.iri) && !strings.HasPrefix(t.iri, "_:"):
			return fail(ErrContext, "neither an IRI nor a keyword")
		}
		if i := strings.IndexByte(name, ':'); i > 0 && i < len(name)-1 || strings.Contains(name, "/") {
			d.defined[name] = true
			own, err := d.expand(name)
			if d.defined[name] = false; err != nil {
				return err
			}
			if own != t.iri {
				return fail(ErrContext, "an IRI defined to be another")
			}
		}
		t.prefix = simple && !strings.ContainsAny(name, ":/") && endsPrefix(t.iri)
		return nil
	}
	i := strings.IndexByte(name, ':')
	if i > 0 {
		if err := d.ensure(name[:i]); err != nil {
			return err
		}
	}
	switch {
	case name == "@type":
		t.iri = name
	case i > 0 && d.mapped(name[:i]):
		t.iri = d.c.terms[name[:i]].iri + name[i+1:]
		return d.x.spend(len(t.iri))
	case i > 0 || strings.Contains(name, "/"):
		d.defined[name] = true
		t.iri, err = d.expand(name)
		if d.defined[name] = false; err != nil {
			return err
		}
		if !hasScheme(t.iri) && !strings.HasPrefix(t.iri, "_:") {
			return fail(ErrContext, "not an IRI")
		}
	case d.c.hasVocab:
		t.iri = d.c.vocab + name
		return d.x.spend(len(t.iri))
	default:
		return fail(ErrContext, "no @id, and no @vocab")
	}
	return nil
}

// mapped reports whether a term stands for an IRI. What is before the colon of
// another term's name need not be marked as a prefix (step 15).
func (d *definer) mapped(prefix string) bool {
	t := d.c.terms[prefix]
	return t != nil && t.iri != ""
}

// endsPrefix reports whether an IRI ends such that a simple term for it may be
// used as a prefix.
func endsPrefix(iri string) bool {
	return strings.HasPrefix(iri, "_:") || iri != "" && strings.IndexByte(":/?#[]@", iri[len(iri)-1]) >= 0
}

func (d *definer) setContainer(t *term, _ string, _, v jcs.Value) error {
	list := []jcs.Value{v}
	if v.Kind() == jcs.Array {
		list = list[:0]
		for _, e := range v.Elements() {
			list = append(list, e)
		}
	}
	for _, e := range list {
		s, _ := e.Text()
		c, ok := containers[s]
		if !ok || t.container&c != 0 {
			return fail(ErrContext, "no container")
		}
		t.container |= c
	}
	if !t.container.valid() {
		return fail(ErrContext, "containers that exclude each other")
	}
	if t.reverse && t.container&^(byIndex|inSet) != 0 {
		return fail(ErrContext, "neither @index nor @set, of a reverse property")
	}
	if t.container&byType != 0 {
		if t.kind == "" {
			t.kind = "@id"
		}
		if t.kind != "@id" && t.kind != "@vocab" {
			return fail(ErrContext, "@type, of values that are no nodes")
		}
	}
	return nil
}

func (d *definer) setIndex(t *term, _ string, _, v jcs.Value) error {
	s, ok := v.Text()
	if !ok || t.container&byIndex == 0 || strings.HasPrefix(s, "@") {
		return fail(ErrContext, "not a property, or without the container @index")
	}
	t.index = s
	return nil
}

// setContext keeps the context that is scoped to a term, after trying it.
func (d *definer) setContext(t *term, _ string, _, v jcs.Value) error {
	t.context = v
	if !d.how.validate {
		return nil
	}
	how := processing{step: step{base: t.base, local: v, propagate: true, override: true}, known: t.known, depth: d.how.depth + 1}
	_, err := d.x.process(d.c, how)
	return err
}

func (d *definer) setTermLanguage(t *term, _ string, definition, v jcs.Value) error {
	tag, ok := v.Text()
	if !ok && v.Kind() != jcs.Null {
		return fail(ErrContext, "neither a string nor null")
	}
	if definition.Member("@type").Exists() {
		return nil
	}
	if ok && !validLanguage(tag) {
		return fail(ErrContext, "malformed language tag")
	}
	t.language, t.hasLanguage = strings.ToLower(tag), true
	return nil
}

func (d *definer) setTermDirection(t *term, _ string, definition, v jcs.Value) (err error) {
	t.direction, err = direction(v)
	t.hasDirection = true
	if definition.Member("@type").Exists() {
		t.direction, t.hasDirection = "", false
	}
	return err
}

func (d *definer) setNest(t *term, _ string, _, v jcs.Value) error {
	s, ok := v.Text()
	if !ok || s != "@nest" && likeKeyword(s) {
		return fail(ErrContext, "neither @nest nor a term")
	}
	t.nest = s
	return nil
}

func (d *definer) setPrefix(t *term, name string, _, v jcs.Value) error {
	var ok bool
	if t.prefix, ok = v.Bool(); !ok || strings.ContainsAny(name, ":/") || t.prefix && isKeyword(t.iri) {
		return fail(ErrContext, "not a boolean, or of no possible prefix")
	}
	return nil
}

// expand expands a string of the local context to an IRI, and first defines
// the terms in it that the context defines itself.
func (d *definer) expand(s string) (string, error) {
	if likeKeyword(s) && !isKeyword(s) {
		return "", fail(ErrContext, "reserved for keywords to come")
	}
	if err := d.ensure(s); err != nil {
		return "", err
	}
	if i := strings.IndexByte(s, ':'); i > 0 && !strings.HasPrefix(s[i+1:], "//") && s[:i] != "_" {
		if err := d.ensure(s[:i]); err != nil {
			return "", err
		}
	}
	return d.x.expand(d.c, s, vocabulary)
}

// ensure defines a term that others build on, if the local context defines it.
func (d *definer) ensure(name string) error {
	if name == "" || isKeyword(name) || d.defined[name] || !d.entry(name).Exists() {
		return nil
	}
	return d.term(name)
}
