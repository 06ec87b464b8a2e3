package jsonld

import (
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// nodeObject makes the statements of a node object and returns its term.
func (x *run) nodeObject(c *activeContext, name string, o *object, pl place) (item, error) {
	for _, kw := range []string{"@language", "@direction"} {
		if _, ok := o.keywords[kw]; ok {
			return item{}, in(kw, fail(ErrLost, "without @value"))
		}
	}
	_, graph := o.keywords["@graph"]
	graph = graph && len(o.keywords) == 1 && o.types == nil && o.included == nil && len(x.entries) == o.entries
	if pl.wrap == always || pl.wrap == unlessGraph && !graph {
		around := blank(ofGraph, o.v, 0)
		if pl.id != "" {
			var err error
			if around, err = x.node(pl.id); err != nil {
				return item{}, err
			}
		}
		_, err := x.nodeObject(c, name, o, place{graph: around, free: true})
		return item{term: around}, err
	}
	var subject rdfc.Term
	if !pl.top || !graph || o.hasID {
		var err error
		if subject, err = x.subject(o, pl); err != nil {
			return item{}, err
		}
	}
	if pl.top {
		x.self = subject
	}
	before := x.emitted
	if err := x.describe(c, name, o, subject, pl.graph); err != nil {
		return item{}, err
	}
	if pl.free && x.emitted == before {
		return item{}, fail(ErrLost, "an object about which nothing is said")
	}
	if !pl.top && !x.o.AnyForm && subject == x.self && x.emitted > before {
		return item{}, fail(ErrForm, "more about the document's own node")
	}
	return item{term: subject}, nil
}

func (x *run) subject(o *object, pl place) (rdfc.Term, error) {
	switch {
	case o.hasID && pl.id != "" && o.id != pl.id:
		return rdfc.Term{}, fail(ErrLost, "an identifier that is not the key it is under")
	case o.hasID:
		t, err := x.node(o.id)
		return t, in("@id", err)
	case pl.id != "":
		return x.node(pl.id)
	}
	return blank(ofObject, o.v, 0), nil
}

// describe makes the statements with the given subject, of an object that is
// the value of the property name.
func (x *run) describe(c *activeContext, name string, o *object, subject, graph rdfc.Term) error {
	for i, id := range o.types {
		t, err := x.node(id)
		if err == nil {
			err = x.emit(subject, rdfType, t, graph)
		}
		if err != nil {
			return in("@type", at(i, err))
		}
	}
	for i, end := o.entries, len(x.entries); i < end; i++ {
		// What is read below may move x.entries, but never changes what is here.
		e := &x.entries[i]
		if err := x.property(subject, e, graph, false); err != nil {
			return in(e.key, err)
		}
	}
	if v, ok := o.keywords["@graph"]; ok {
		if err := x.free(c, "@graph", v, subject); err != nil {
			return in("@graph", err)
		}
	}
	for _, v := range o.included {
		if err := x.free(c, name, v, graph); err != nil {
			return in("@included", err)
		}
	}
	if v, ok := o.keywords["@reverse"]; ok {
		return in("@reverse", x.reverse(c, subject, v, graph))
	}
	return nil
}

// free expands nodes that nothing refers to.
func (x *run) free(c *activeContext, name string, v jcs.Value, graph rdfc.Term) error {
	base := len(x.items)
	defer func() { x.items = x.items[:base] }()
	return x.values(c, name, v, place{graph: graph, free: true})
}

// property makes the statements of one property. Those of a reverse property
// have the value as their subject; inverse says that @reverse is around it.
func (x *run) property(subject rdfc.Term, e *entry, graph rdfc.Term, inverse bool) error {
	base := len(x.items)
	if err := x.contained(e, graph); err != nil {
		return err
	}
	reverse := e.t != nil && e.t.reverse
	for i := base; i < len(x.items); i++ {
		it := &x.items[i]
		if (inverse || reverse) && it.kind != isNode {
			return fail(ErrSyntax, "a reverse property whose value is not a node")
		}
		s, o := subject, it.term
		if inverse != reverse {
			s, o = o, s
		}
		if err := x.emit(s, e.iri, o, graph); err != nil {
			return err
		}
	}
	x.items = x.items[:base]
	return nil
}

// undefined stands for the definition of a name that has none.
var undefined term

// contained expands the values of a property as its container says.
func (x *run) contained(e *entry, graph rdfc.Term) error {
	t := e.t
	if t == nil {
		t = &undefined
	}
	maps := t.container & (byLanguage | byIndex | byID | byType)
	base := len(x.items)
	switch {
	case t.kind == "@json":
		if maps != 0 || t.container&inGraph != 0 {
			return fail(ErrLost, "a JSON literal in a map or graph")
		}
		x.items = append(x.items, item{jsonLiteral(e.value), isLiteral})
	case maps == byLanguage && e.value.Kind() == jcs.Object:
		return x.languageMap(e)
	case maps != 0 && e.value.Kind() == jcs.Object:
		return x.keyed(e, graph)
	default:
		pl := place{graph: graph, list: t.container&inList != 0}
		if t.container&inGraph != 0 && maps == 0 {
			pl.wrap = always
		}
		if err := x.values(e.c, e.key, e.value, pl); err != nil {
			return err
		}
	}
	if t.container&inList == 0 {
		return nil
	}
	if t.kind != "@json" && e.value.Kind() == jcs.Object && len(x.items) == base+1 && x.items[base].kind == isList {
		return nil
	}
	return x.list(base, e.value, graph)
}

// list replaces the items from base on, which are those of v, by the list of
// them.
func (x *run) list(base int, v jcs.Value, graph rdfc.Term) error {
	head := iri(rdfNil)
	for i := len(x.items) - 1; i >= base; i-- {
		cell := blank(ofElement, v, i-base)
		if err := x.emit(cell, rdfFirst, x.items[i].term, graph); err != nil {
			return err
		}
		if err := x.emit(cell, rdfRest, head, graph); err != nil {
			return err
		}
		head = cell
	}
	x.items = append(x.items[:base], item{head, isList})
	return nil
}

// explicitList expands the value of @list.
func (x *run) explicitList(c *activeContext, name string, v jcs.Value, pl place) error {
	if pl.free || pl.wrap != never || pl.id != "" {
		return fail(ErrLost, "a list that no statement holds")
	}
	base, t := len(x.items), c.terms[name]
	inner := place{graph: pl.graph, list: t != nil && t.container&inList != 0}
	if err := x.values(c, name, v, inner); err != nil {
		return err
	}
	return x.list(base, v, pl.graph)
}

// value expands a value object (step 15).
func (x *run) value(o *object, v jcs.Value, pl place) error {
	language, hasLanguage := o.keywords["@language"]
	base, hasDirection := o.keywords["@direction"]
	known := 1
	for _, has := range []bool{hasLanguage, hasDirection} {
		if has {
			known++
		}
	}
	s, isText := v.Text()
	var t rdfc.Term
	var err error
	switch {
	case len(o.keywords) > known || o.types != nil && (known > 1 || !o.oneType || len(o.types) > 1):
		return fail(ErrSyntax, "a value with more than a type or a language")
	case pl.free || pl.wrap != never || pl.id != "":
		return fail(ErrLost, "a value that no statement holds")
	case o.types != nil && o.types[0] == "@json":
		t = jsonLiteral(v)
	case v.Kind() == jcs.Null:
		return in("@value", fail(ErrLost, "null"))
	case known > 1:
		tag, ok := language.Text()
		if hasLanguage && (!ok || !isText) {
			return in("@language", fail(ErrSyntax, "not of strings"))
		}
		if hasLanguage && tag == "" {
			return in("@language", fail(ErrLost, "malformed language tag"))
		}
		way, _ := base.Text()
		if hasDirection && (!isText || way != "ltr" && way != "rtl") {
			return in("@direction", fail(ErrSyntax, "not ltr or rtl, of a string"))
		}
		if hasDirection && !x.o.Directions {
			return in("@direction", fail(ErrLost, "@direction"))
		}
		t, err = x.directed(s, tag, way)
	case o.types != nil:
		if o.types[0] == "" {
			return in("@type", fail(ErrLost, "a type that is nothing"))
		}
		t, err = literal(v, o.types[0])
		if err == nil && !x.o.AnyForm && strings.HasPrefix(t.Datatype, i18n) {
			err = fail(ErrForm, "a language and a direction, as a type")
		}
		err = in("@type", err)
	default:
		t, err = literal(v, "")
	}
	x.items = append(x.items, item{t, isLiteral})
	return err
}

// languageMap expands a map of strings by their languages (step 13.7).
func (x *run) languageMap(e *entry) error {
	direction := e.c.direction
	if e.t.hasDirection {
		direction = e.t.direction
	}
	n := -1
	for key, v := range e.value.Members() {
		n++
		tag := key
		if expandsTo(e.c, key, "@none") {
			tag = ""
		} else if key == "" {
			return at(n, fail(ErrLost, "malformed language tag"))
		}
		add := func(v jcs.Value) error {
			s, ok := v.Text()
			if v.Kind() == jcs.Null {
				return fail(ErrLost, "null")
			}
			if !ok {
				return fail(ErrSyntax, "not a string")
			}
			t, err := x.directed(s, tag, direction)
			x.items = append(x.items, item{t, isLiteral})
			return err
		}
		if v.Kind() != jcs.Array {
			if err := add(v); err != nil {
				return at(n, err)
			}
		}
		for i, v := range v.Elements() {
			if err := add(v); err != nil {
				return at(n, at(i, err))
			}
		}
	}
	return nil
}

// reverse makes the statements of a @reverse object, whose values have the
// object around it as their own.
func (x *run) reverse(c *activeContext, object rdfc.Term, v jcs.Value, graph rdfc.Term) error {
	if v.Kind() != jcs.Object {
		return fail(ErrSyntax, "not an object")
	}
	if c.previous != nil {
		c = c.previous
	}
	if local := v.Member("@context"); local.Exists() {
		var err error
		if c, err = x.local(c, local); err != nil {
			return err
		}
	}
	for key, m := range v.Members() {
		if key == "@context" {
			continue
		}
		e := entry{c: c, key: key, t: c.terms[key], value: m}
		var err error
		if e.iri, err = x.expand(c, key, vocabulary); err == nil {
			if isKeyword(e.iri) {
				err = fail(ErrSyntax, "a keyword as a reverse property")
			} else if err = e.checkProperty(); err == nil {
				err = x.property(object, &e, graph, true)
			}
		}
		if err != nil {
			return in(key, err)
		}
	}
	return nil
}
