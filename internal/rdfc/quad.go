package rdfc

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrMalformed says that a quad, or a line of N-Quads, is not what RDF 1.1
// allows.
var ErrMalformed = errors.New("malformed RDF")

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

// Term is one RDF term.
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

// size is about the length of the quad in N-Quads: exact but for escapes and
// the labels of blank nodes.
func (q *Quad) size() int {
	return len(q.Subject.Value) + len(q.Predicate.Value) + len(q.Object.Value) + len(q.Object.Datatype) +
		len(q.Object.Language) + len(q.Graph.Value) + len(`<> <> ""^^<> <> .`) + 1
}

// check returns why q is not a statement of RDF 1.1 (Concepts, sections 3.1 to
// 3.3), with the position of the term that is wrong.
func (q *Quad) check() error {
	if q.Subject.Kind == Literal {
		return problem("subject", "is a literal")
	}
	if p := q.Subject.problem(); p != "" {
		return problem("subject", p)
	}
	if q.Predicate.Kind != IRI {
		return problem("predicate", "is not an IRI")
	}
	if p := q.Predicate.problem(); p != "" {
		return problem("predicate", p)
	}
	if p := q.Object.problem(); p != "" {
		return problem("object", p)
	}
	if q.Graph == (Term{}) {
		return nil
	}
	if q.Graph.Kind == Literal {
		return problem("graph", "is a literal")
	}
	if p := q.Graph.problem(); p != "" {
		return problem("graph", p)
	}
	return nil
}

func problem(position, what string) error {
	return fmt.Errorf("%s %s: %w", position, what, ErrMalformed)
}

// problem says what is wrong with the term, and is empty if nothing is. The
// label of a blank node is not looked at: it never reaches the canonical form.
func (t *Term) problem() string {
	switch t.Kind {
	case IRI, Blank:
		if t.Datatype != "" || t.Language != "" {
			return "has a datatype or language but is no literal"
		}
		if t.Kind == IRI {
			return iriProblem(t.Value)
		}
	case Literal:
		if !utf8.ValidString(t.Value) {
			return "is not UTF-8"
		}
		if t.Language != "" {
			if t.Datatype != "" && t.Datatype != RDFLangString {
				return "has a language and another datatype"
			}
			if langTag(t.Language) != len(t.Language) {
				return "has a malformed language tag"
			}
		} else if t.Datatype != "" && t.Datatype != XSDString {
			if p := iriProblem(t.Datatype); p != "" {
				return "has a datatype that " + p
			}
		}
	default:
		return "is of no kind"
	}
	return ""
}

const (
	iriBad = 1 << iota
	iriWide
)

// iriClass marks the bytes that cannot be in an IRIREF (N-Quads, section 4),
// and those that only can as part of valid UTF-8.
var iriClass = func() (class [256]uint8) {
	for b := range class {
		switch {
		case b <= ' ' || strings.IndexByte("<>\"{}|^`\\", byte(b)) >= 0:
			class[b] = iriBad
		case b >= utf8.RuneSelf:
			class[b] = iriWide
		}
	}
	return class
}()

// iriProblem asks for what N-Quads needs, an absolute IRI that closes where it
// seems to; it does not check the syntax of the scheme's own part.
func iriProblem(s string) string {
	var seen uint8
	for i := range len(s) {
		seen |= iriClass[s[i]]
	}
	if seen&iriBad != 0 {
		return "has a character that no IRI has"
	}
	if seen&iriWide != 0 && !utf8.ValidString(s) {
		return "is not UTF-8"
	}
	for i := range len(s) {
		switch b := s[i]; {
		case isLetter(b):
		case i > 0 && b == ':':
			return ""
		case i > 0 && (isDigit(b) || b == '+' || b == '-' || b == '.'):
		default:
			return "is not an absolute IRI"
		}
	}
	return "is not an absolute IRI"
}

// langTag returns how many bytes at the start of s are a language tag: letters,
// then any number of groups of letters and digits, each after a hyphen.
func langTag(s string) int {
	end := 0
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	for end > 0 && end < len(s) && s[end] == '-' {
		group := end + 1
		for group < len(s) && (isLetter(s[group]) || isDigit(s[group])) {
			group++
		}
		if group == end+1 {
			break
		}
		end = group
	}
	return end
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
