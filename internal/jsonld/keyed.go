package jsonld

import "github.com/sanad-credentials/sanad/internal/rdfc"

// keyed expands a map whose keys are identifiers, types, or values of another
// property (step 13.8). Keys that would be kept as @index alone are lost.
func (x *run) keyed(e *entry, graph rdfc.Term) error {
	n := -1
	for key, v := range e.value.Members() {
		n++
		expanded, err := x.expand(e.c, key, vocabulary)
		if err != nil {
			return at(n, err)
		}
		pl := place{graph: graph, keyed: true}
		if e.t.container&inGraph != 0 {
			pl.wrap = unlessGraph
		}
		none := expanded == "@none"
		c := e.c
		if e.t.container&(byID|byType) != 0 && c.previous != nil {
			c = c.previous
		}
		switch {
		case e.t.container&byType != 0:
			c, err = x.scoped(c, c.terms[key], false, false)
		case none:
		case e.t.container&byID != 0:
			if pl.id, err = x.expand(e.c, key, relative); err == nil && pl.id == "" {
				err = fail(ErrLost, "an empty identifier")
			}
		case e.t.index == "":
			err = fail(ErrLost, "the key of an index map")
		}
		base := len(x.items)
		if err == nil {
			err = x.values(c, e.key, v, pl)
		}
		if err == nil && !none && len(x.items) == base {
			err = fail(ErrLost, "a key of nothing")
		}
		if err == nil && !none {
			err = x.stateKey(e, key, expanded, base, graph)
		}
		if err != nil {
			return at(n, err)
		}
	}
	return nil
}

// stateKey makes the statement of a key about each of the items from base on.
func (x *run) stateKey(e *entry, key, expanded string, base int, graph rdfc.Term) (err error) {
	var property string
	var object rdfc.Term
	switch {
	case e.t.container&byType != 0:
		property = rdfType
		object, err = x.node(expanded)
	case e.t.container&byIndex != 0:
		if property, err = x.expand(e.c, e.t.index, vocabulary); err != nil {
			return err
		}
		if err = checkProperty(property); err == nil {
			var it item
			it, err = x.text(e.c, e.c.terms[e.t.index], key)
			object = it.term
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	for _, it := range x.items[base:] {
		if it.kind != isNode {
			return fail(ErrSyntax, "a key about a value that is no node")
		}
		if err := x.emit(it.term, property, object, graph); err != nil {
			return err
		}
	}
	return nil
}
