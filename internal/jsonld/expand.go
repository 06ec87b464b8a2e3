package jsonld

import (
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// item is an expanded value: the term that stands for it in statements.
type item struct {
	term rdfc.Term
	kind itemKind
}

type itemKind uint8

const (
	isNode itemKind = iota
	isLiteral
	isList
)

// place is where in the document values stand.
type place struct {
	graph rdfc.Term
	// free: no statement has the value as its object, so that only what it
	// says itself is kept.
	free bool
	// top: the document itself.
	top bool
	// wrap: the value becomes a graph of its own.
	wrap wrapping
	// id is the key of an id map that leads here.
	id string
	// keyed: a map leads here, so that contexts scoped to types stay.
	keyed bool
	// list: an array in an array is a list; nested: this is in an array.
	list, nested bool
}

type wrapping uint8

const (
	never wrapping = iota
	unlessGraph
	always
)

// values expands v, of the property name, and pushes what it finds on x.items
// (section 5.1.2). The document itself has no name.
func (x *run) values(c *activeContext, name string, v jcs.Value, pl place) error {
	switch v.Kind() {
	case jcs.Null:
		return fail(ErrLost, "null")
	case jcs.Object:
		return x.object(c, name, v, pl)
	case jcs.Array:
		if pl.nested && !pl.list {
			return fail(ErrLost, "an array in an array")
		}
		base, inner := len(x.items), pl.nested
		pl.nested = true
		for i, e := range v.Elements() {
			if err := x.values(c, name, e, pl); err != nil {
				return at(i, err)
			}
		}
		if inner {
			return x.list(base, v, pl.graph)
		}
		return nil
	}
	if pl.free || pl.wrap != never {
		return fail(ErrLost, "a value that no statement holds")
	}
	t := c.terms[name]
	own, err := x.scoped(c, t, true, true)
	if err != nil {
		return err
	}
	if own != c {
		t = own.terms[name]
	}
	it, err := x.scalar(own, t, v)
	if err == nil && pl.id != "" {
		err = fail(ErrLost, "a value under an identifier")
	}
	x.items = append(x.items, it)
	return err
}

// scalar is value expansion (section 5.3.2), t the definition in c of the
// property, or nil.
func (x *run) scalar(c *activeContext, t *term, v jcs.Value) (item, error) {
	if s, ok := v.Text(); ok {
		return x.text(c, t, s)
	}
	datatype := ""
	if t != nil && !likeKeyword(t.kind) {
		datatype = t.kind
	}
	term, err := literal(v, datatype)
	return item{term, isLiteral}, err
}

func (x *run) text(c *activeContext, t *term, s string) (item, error) {
	language, direction := c.language, c.direction
	if t != nil {
		switch t.kind {
		case "@id", "@vocab":
			how := relative
			if t.kind == "@vocab" {
				how |= vocabulary
			}
			id, err := x.expand(c, s, how)
			if err != nil {
				return item{}, err
			}
			term, err := x.node(id)
			return item{term, isNode}, err
		case "", "@none":
		default:
			if !t.soundKind || t.kind == rdfc.RDFLangString {
				return item{}, fail(ErrLost, "no datatype for strings")
			}
			return item{rdfc.Term{Kind: rdfc.Literal, Value: s, Datatype: t.kind}, isLiteral}, nil
		}
		if t.hasLanguage {
			language = t.language
		}
		if t.hasDirection {
			direction = t.direction
		}
	}
	term, err := x.directed(s, language, direction)
	return item{term, isLiteral}, err
}

// object is what is gathered of a JSON object before it is known what it is.
type object struct {
	v        jcs.Value
	id       string
	hasID    bool
	types    []string
	oneType  bool // not in an array
	keywords map[string]jcs.Value
	included []jcs.Value
	nests    []entry
	entries  int // where its properties begin in run.entries
}

// entry is a property of an object.
type entry struct {
	c        *activeContext
	key, iri string
	t        *term // definition of key, or nil
	value    jcs.Value
}

// object expands an object to a node, a value, or the values of a set or list.
func (x *run) object(c *activeContext, name string, v jcs.Value, pl place) error {
	c, outer, err := x.enter(c, name, v, pl)
	if err != nil {
		return err
	}
	o := object{v: v, entries: len(x.entries)}
	defer func() { x.entries = x.entries[:o.entries] }()
	var omit []string
	if pl.top {
		omit = x.o.Omit
	}
	if err := x.gather(&o, c, outer, v, omit); err != nil {
		return err
	}
	for _, kw := range []string{"@value", "@list", "@set"} {
		m, ok := o.keywords[kw]
		if !ok {
			continue
		}
		if kw != "@value" && (len(o.keywords) > 1 || o.types != nil) || o.hasID || o.included != nil || len(x.entries) > o.entries {
			return fail(ErrSyntax, "%s together with what belongs to nodes", kw)
		}
		pl.top = false
		switch kw {
		case "@value":
			return x.value(&o, m, pl)
		case "@list":
			return in(kw, x.explicitList(c, name, m, pl))
		}
		if pl.list && pl.nested {
			return fail(ErrLost, "a set in a list")
		}
		pl.nested = false
		return in(kw, x.values(c, name, m, pl))
	}
	it, err := x.nodeObject(c, name, &o, pl)
	x.items = append(x.items, it)
	return err
}

// enter finds the context that is active in the object v, and the one outside
// the contexts scoped to its types (section 5.1.2, steps 7 to 11).
func (x *run) enter(c *activeContext, name string, v jcs.Value, pl place) (inner, outer *activeContext, err error) {
	t := c.terms[name]
	if c.previous != nil && !pl.keyed && !keepsScope(c, v) {
		c = c.previous
	}
	if c, err = x.scoped(c, t, true, true); err != nil {
		return nil, nil, err
	}
	local := v.Member("@context")
	if pl.top && x.o.Context.Exists() {
		local = x.o.Context
	}
	if local.Exists() {
		if c, err = x.local(c, local); err != nil {
			return nil, nil, err
		}
	}
	outer = c
	var buf [8]string
	types := buf[:0]
	for key, m := range v.Members() {
		if !expandsTo(outer, key, "@type") {
			continue
		}
		if s, ok := m.Text(); ok {
			types = append(types, s)
		}
		for _, e := range m.Elements() {
			if s, ok := e.Text(); ok {
				types = append(types, s)
			}
		}
	}
	slices.Sort(types)
	for _, s := range types {
		if c, err = x.scoped(c, outer.terms[s], false, false); err != nil {
			return nil, nil, in(s, err)
		}
	}
	return c, outer, nil
}

func expandsTo(c *activeContext, key, keyword string) bool {
	t := c.terms[key]
	return key == keyword || t != nil && t.iri == keyword
}

// keepsScope reports whether v is a value or a reference to a node, which
// contexts scoped to the type of the object around it reach.
func keepsScope(c *activeContext, v jcs.Value) bool {
	for key := range v.Members() {
		if expandsTo(c, key, "@value") || v.Len() == 1 && expandsTo(c, key, "@id") {
			return true
		}
	}
	return false
}

// gather reads the members of v under c, and under outer its types (step 13).
func (x *run) gather(o *object, c, outer *activeContext, v jcs.Value, omit []string) error {
	for key, m := range v.Members() {
		if key == "@context" || len(omit) > 0 && slices.Contains(omit, key) {
			continue
		}
		e := entry{c: c, key: key, t: c.terms[key], value: m}
		var err error
		if e.iri, err = x.expand(c, key, vocabulary); err == nil {
			err = x.named(c, key, e.t, e.iri)
		}
		if err == nil {
			if isKeyword(e.iri) {
				err = x.keyword(o, outer, e)
			} else if err = e.checkProperty(); err == nil && x.o.KnownContexts && e.t == nil && strings.Contains(key, ":") {
				err = fail(ErrForm, "a property by its IRI")
			} else if err == nil {
				x.entries = append(x.entries, e)
			}
		}
		if err != nil {
			return in(key, err)
		}
	}
	nests := o.nests
	o.nests = nil
	for _, n := range nests {
		if err := x.nest(o, outer, n); err != nil {
			return in(n.key, err)
		}
	}
	return nil
}

// checkProperty says what is wrong with the IRI of a property.
func (e *entry) checkProperty() error {
	if e.t != nil && e.t.sound || e.t == nil && e.c.openVocab && alnum(e.key) {
		return nil // found out when the context was read
	}
	return checkProperty(e.iri)
}

func checkProperty(iri string) error {
	switch reason := checkIRI(iri); {
	case reason == "":
		return nil
	case iri == "":
		return fail(ErrLost, "a term that is defined to be nothing")
	case strings.HasPrefix(iri, "_:"):
		return fail(ErrLost, "a blank node as a property")
	case !hasScheme(iri):
		return fail(ErrLost, "a term that no context defines")
	default:
		return fail(ErrLost, "%s", reason)
	}
}

// nest reads the properties below a key that is only there for grouping (step
// 14).
func (x *run) nest(o *object, outer *activeContext, n entry) error {
	c, err := x.scoped(n.c, n.t, true, true)
	if err != nil {
		return err
	}
	each := func(v jcs.Value) error {
		if v.Kind() != jcs.Object {
			return fail(ErrSyntax, "@nest of other than an object")
		}
		for key := range v.Members() {
			if key == "@context" || expandsTo(c, key, "@value") {
				return in(key, fail(ErrSyntax, "inside @nest"))
			}
		}
		return x.gather(o, c, outer, v, nil)
	}
	if n.value.Kind() != jcs.Array {
		return each(n.value)
	}
	for i, v := range n.value.Elements() {
		if err := each(v); err != nil {
			return at(i, err)
		}
	}
	return nil
}

// keyword reads a member whose name is a keyword.
func (x *run) keyword(o *object, outer *activeContext, e entry) (err error) {
	switch e.iri {
	case "@graph", "@included", "@nest", "@reverse", "@set":
		if !x.o.AnyForm {
			return fail(ErrForm, "%s", e.iri)
		}
	}
	switch e.iri {
	case "@id":
		s, ok := e.value.Text()
		if !ok || o.hasID {
			return fail(ErrSyntax, "not one string")
		}
		o.hasID = true
		if o.id, err = x.expand(e.c, s, relative); err == nil && !x.o.AnyForm && o.id != s && hasScheme(s) {
			err = fail(ErrForm, "an identifier by a prefix")
		}
		return err
	case "@type":
		return x.types(o, outer, e.value)
	case "@nest":
		o.nests = append(o.nests, e)
		return nil
	case "@index":
		return fail(ErrLost, "@index")
	case "@included":
		o.included = append(o.included, e.value)
		return nil
	case "@value", "@language", "@direction", "@list", "@set", "@graph", "@reverse":
		if _, ok := o.keywords[e.iri]; ok {
			return fail(ErrSyntax, "%s twice", e.iri)
		}
		if o.keywords == nil {
			o.keywords = make(map[string]jcs.Value, 4)
		}
		o.keywords[e.iri] = e.value
		return nil
	}
	return fail(ErrLost, "a keyword that says nothing here")
}

func (x *run) types(o *object, outer *activeContext, v jcs.Value) error {
	add := func(v jcs.Value) error {
		s, ok := v.Text()
		if !ok {
			return fail(ErrSyntax, "a type that is not a string")
		}
		id, err := x.expand(outer, s, relative|vocabulary)
		if o.types = append(o.types, id); err != nil {
			return err
		}
		return x.named(outer, s, outer.terms[s], id)
	}
	if v.Kind() != jcs.Array {
		o.oneType = o.types == nil
		return add(v)
	}
	o.oneType = false
	o.types = slices.Grow(o.types, v.Len())
	for i, e := range v.Elements() {
		if err := add(e); err != nil {
			return at(i, err)
		}
	}
	return nil
}
