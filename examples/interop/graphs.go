package main

import "fmt"

// withTerms makes a document that uses the terms of this program's context.
func (m maker) withTerms() object {
	doc := object{"@context": ownTerms, "id": m.id(), "ex:said": m.text()}
	for range 1 + m.IntN(8) {
		m.term(doc, 2)
	}
	if m.IntN(3) == 0 {
		doc["@context"] = []any{ownTerms, object{"local": "ex:local", "@vocab": "https://interop.example/vocabulary/"}}
		doc["local"], doc[m.word()] = m.text(), m.text()
	}
	return doc
}

// term adds a member of one kind or another.
func (m maker) term(o object, depth int) {
	kinds := 19
	if depth == 0 {
		kinds = 12
	}
	switch m.IntN(kinds) {
	case 0:
		o["text"] = m.text()
	case 1:
		o["date"] = "2026-05-20"
	case 2:
		o["place"] = []any{m.id(), "ex:somewhere"}
	case 3:
		o["kind"] = []any{"routine", "https://interop.example/kinds/other"}[m.IntN(2)]
	case 4:
		o["list"] = m.several(style{}, 0)
		if m.IntN(3) == 0 {
			o["list"] = []any{[]any{m.text(), []any{}}, m.integer(), []any{[]any{m.integer()}}}
		}
	case 5:
		o["dates"] = []any{"2026-05-20", "2026-05-20", "2026-05-19"}[:m.IntN(4)]
	case 6:
		o["set"] = m.several(style{}, 0)
	case 7:
		o["title"] = object{"en": m.text(), "AR": []any{m.text(), m.text()}}
	case 8:
		o["french"] = m.text()
	case 9:
		o["raw"] = m.json(2)
	case 10:
		o["double"] = []any{m.decimal(), m.integer()}[m.IntN(2)]
		o["integer"] = m.integer()
	case 11:
		o["ex:compact"] = object{"@value": m.text(), "@type": "xsd:token"}
	default:
		m.deeperTerm(o, depth-1)
	}
}

// deeperTerm adds a member that holds others.
func (m maker) deeperTerm(o object, depth int) {
	inner := object{"text": m.text()}
	m.term(inner, depth)
	switch m.IntN(9) {
	case 0:
		o["byID"] = object{m.id(): inner}
	case 1:
		o["byType"] = object{"Dose": inner}
	case 2:
		o["byCode"] = object{m.word(): inner}
	case 3:
		o["graph"] = inner
	case 4:
		o["graphs"] = object{m.id(): inner}
	case 5:
		o["partOf"] = object{"id": m.id(), "text": m.text()}
	case 6:
		o["nested"] = object{"text": m.text()}
	case 7:
		o["set"] = object{"type": []any{"Dose", "Card"}, "lot": m.text(), "number": m.IntN(9), "holder": m.id(), "plain": inner}
	case 8:
		o["inside"] = object{m.word(): m.text(), "deeper": object{m.word(): m.integer()}}
	}
}

// json is what a JSON literal holds: anything.
func (m maker) json(depth int) any {
	switch n := m.IntN(7); {
	case n == 0:
		return nil
	case n == 1 && depth > 0:
		return []any{m.json(depth - 1), m.json(depth - 1)}
	case n == 2 && depth > 0:
		return object{m.text(): m.json(depth - 1), m.word(): m.json(depth - 1)}
	case n < 5:
		return m.number()
	}
	return m.text()
}

// blankNodes makes a graph of a few nodes without names that refer to each
// other, so that only where they stand tells them apart.
func (m maker) blankNodes() object {
	n := 2 + m.IntN(7)
	label := func() string { return fmt.Sprint("_:n", m.IntN(n)) }
	nodes := make([]any, n)
	for i := range nodes {
		node := object{"id": fmt.Sprint("_:n", i)}
		for _, p := range []string{"ex:p", "ex:q"}[:1+m.IntN(2)] {
			refs := make([]any, 1+m.IntN(3))
			for i := range refs {
				refs[i] = object{"id": label()}
			}
			node[p] = refs
		}
		if m.IntN(4) == 0 {
			node["text"] = []any{"same", m.text()}[m.IntN(2)]
		}
		if m.IntN(5) == 0 {
			node["graph"] = object{"id": label(), "ex:r": object{"id": label()}}
		}
		nodes[i] = node
	}
	return object{"@context": ownTerms, "@graph": nodes}
}
