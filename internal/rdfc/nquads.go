package rdfc

import (
	"strings"
	"unicode/utf8"
)

// AppendQuad appends q as one line of canonical N-Quads, the line feed
// included, with the labels that its blank nodes have (RDF Dataset
// Canonicalization, appendix A). On an error, which wraps [ErrMalformed], dst
// is returned as it was.
func AppendQuad(dst []byte, q Quad) ([]byte, error) {
	if err := q.check(); err != nil {
		return dst, err
	}
	for _, t := range []*Term{&q.Subject, &q.Object, &q.Graph} {
		if t.Kind != Blank {
			continue
		}
		if !utf8.ValidString(t.Value) || t.Value == "" || blankLabel(t.Value) != len(t.Value) {
			return dst, problem("blank node", "has a malformed label")
		}
	}
	dst = append(appendTerm(dst, &q.Subject), ' ')
	dst = append(appendTerm(dst, &q.Predicate), ' ')
	dst = append(appendTerm(dst, &q.Object), ' ')
	if q.Graph.Kind != 0 {
		dst = append(appendTerm(dst, &q.Graph), ' ')
	}
	return append(dst, '.', '\n'), nil
}

func appendTerm(dst []byte, t *Term) []byte {
	switch t.Kind {
	case IRI:
		return appendIRI(dst, t.Value)
	case Blank:
		return append(append(dst, '_', ':'), t.Value...)
	}
	dst = append(dst, '"')
	dst = appendEscaped(dst, t.Value)
	dst = append(dst, '"')
	switch {
	case t.Language != "":
		dst = append(dst, '@')
		dst = append(dst, t.Language...)
	case t.Datatype != "" && t.Datatype != XSDString:
		dst = append(dst, '^', '^')
		dst = appendIRI(dst, t.Datatype)
	}
	return dst
}

func appendIRI(dst []byte, iri string) []byte {
	dst = append(dst, '<')
	dst = append(dst, iri...)
	return append(dst, '>')
}

// The letters of the escapes of N-Quads, and the characters they stand for. The
// apostrophe may be escaped in N-Quads and is not in its canonical form.
const (
	escapeLetters = `btnfr"\'`
	escapeValues  = "\b\t\n\f\r\"\\'"
)

// appendEscaped writes the inside of a literal. No other escapes than these
// may be used, or the form would not be canonical.
func appendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' && b != 0x7f {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if e := strings.IndexByte(escapeValues, b); e >= 0 {
			dst = append(dst, '\\', escapeLetters[e])
			continue
		}
		const hex = "0123456789ABCDEF"
		dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
	}
	return append(dst, s[from:]...)
}
