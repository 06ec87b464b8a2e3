package rdfc

// TermKind says what a [Term] is. Its zero value is no term at all, which as
// the graph of a quad means the default graph.
type TermKind uint8

// The kinds of RDF terms (RDF 1.1 Concepts, section 3.1).
const (
	IRI TermKind = iota + 1
	Blank
	Literal
)

// IRIs of the two datatypes that have a notation of their own in N-Quads.
const (
	XSDString     = "http://www.w3.org/2001/XMLSchema#string"
	RDFLangString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
)

// Term is one RDF term. Two terms are the same exactly if they are equal under
// ==, provided that literals always name their datatype.
type Term struct {
	Kind TermKind
	// Value is the IRI, the label of the blank node without its "_:", or the
	// lexical form of the literal.
	Value string
	// Datatype is the datatype IRI of a literal. Empty stands for [XSDString],
	// or for [RDFLangString] when Language is set.
	Datatype string
	// Language is the language tag of a literal, without its "@".
	Language string
}

// Quad is one statement of an RDF dataset (RDF 1.1 N-Quads, section 2). Its
// Graph is the zero Term in the default graph.
type Quad struct {
	Subject, Predicate, Object, Graph Term
}
