package rdfc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// ParseNQuads reads a document of RDF 1.1 N-Quads (sections 2 and 4), and no
// looser notation: IRIs are absolute, escapes name characters that may stand
// where they stand, language tags and labels follow the grammar. A statement
// that is there twice is returned twice. Documents over [limits.NQuads] bytes
// are refused. Errors wrap [ErrMalformed], name the line and repeat nothing of
// what it says.
func ParseNQuads(data []byte) ([]Quad, error) {
	if len(data) > limits.NQuads {
		return nil, fmt.Errorf("rdfc: longer than %d bytes: %w", limits.NQuads, ErrMalformed)
	}
	text := string(data)
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("rdfc: not UTF-8: %w", ErrMalformed)
	}
	var quads []Quad
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		// A line may also end in a carriage return alone.
		for statement := range strings.SplitSeq(line, "\r") {
			p := parser{rest: statement}
			if p.blankLine() {
				continue
			}
			q, err := p.quad()
			if err != nil {
				return nil, fmt.Errorf("rdfc: line %d: %w", number, err)
			}
			quads = append(quads, q)
		}
	}
	return quads, nil
}

// parser reads one line.
type parser struct{ rest string }

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// blankLine skips white space, and says whether nothing but a comment follows.
func (p *parser) blankLine() bool {
	p.space()
	return p.rest == "" || p.rest[0] == '#'
}

func (p *parser) quad() (q Quad, err error) {
	terms := [...]struct {
		name string
		term *Term
	}{{"subject", &q.Subject}, {"predicate", &q.Predicate}, {"object", &q.Object}, {"graph", &q.Graph}}
	for i, t := range terms {
		if p.space(); i == 3 && strings.HasPrefix(p.rest, ".") {
			break
		}
		var what string
		if *t.term, what = p.term(); what != "" {
			return Quad{}, problem(t.name, what)
		}
	}
	if p.space(); !strings.HasPrefix(p.rest, ".") {
		return Quad{}, fmt.Errorf("statement does not end in a full stop: %w", ErrMalformed)
	}
	p.rest = p.rest[1:]
	if !p.blankLine() {
		return Quad{}, fmt.Errorf("more than one statement: %w", ErrMalformed)
	}
	return q, q.check()
}

// term reads one term, or says what is wrong with it.
func (p *parser) term() (t Term, what string) {
	switch {
	case strings.HasPrefix(p.rest, "<"):
		t.Kind = IRI
		t.Value, what = p.iri()
	case strings.HasPrefix(p.rest, "_:"):
		t.Kind = Blank
		n := blankLabel(p.rest[2:])
		if n == 0 {
			return t, "has a malformed label"
		}
		t.Value, p.rest = p.rest[2:2+n], p.rest[2+n:]
	case strings.HasPrefix(p.rest, `"`):
		return p.literal()
	default:
		what = "is missing or malformed"
	}
	return t, what
}

func (p *parser) iri() (iri, what string) {
	// No escape stands for ">" with that character, so the first one ends it.
	end := strings.IndexByte(p.rest, '>')
	if end < 0 {
		return "", "is an IRI without its end"
	}
	iri, p.rest = p.rest[1:end], p.rest[end+1:]
	return unescape(iri, "")
}

func (p *parser) literal() (t Term, what string) {
	t = Term{Kind: Literal, Datatype: XSDString}
	end := 1
	for end < len(p.rest) && p.rest[end] != '"' {
		if p.rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.rest) {
		return t, "is a literal without its end"
	}
	if t.Value, what = unescape(p.rest[1:end], escapeLetters); what != "" {
		return t, what
	}
	p.rest = p.rest[end+1:]
	switch {
	case strings.HasPrefix(p.rest, "@"):
		n := langTag(p.rest[1:])
		if n == 0 {
			return t, "has a malformed language tag"
		}
		t.Datatype, t.Language = RDFLangString, p.rest[1:1+n]
		p.rest = p.rest[1+n:]
	case strings.HasPrefix(p.rest, "^^<"):
		p.rest = p.rest[2:]
		if t.Datatype, what = p.iri(); what == "" && t.Datatype == "" {
			what = "has an empty datatype"
		}
	}
	return t, what
}

// unescape replaces \uXXXX, \UXXXXXXXX and the single-letter escapes allowed.
func unescape(s, letters string) (text, what string) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, ""
	}
	out := make([]byte, 0, len(s))
	for {
		before, after, found := strings.Cut(s, `\`)
		out = append(out, before...)
		if !found {
			return string(out), ""
		}
		if after == "" {
			return "", "has an unfinished escape"
		}
		if i := strings.IndexByte(letters, after[0]); i >= 0 {
			out = append(out, escapeValues[i])
			s = after[1:]
			continue
		}
		r, n := codePoint(after)
		if n == 0 {
			return "", "has a malformed escape"
		}
		out = utf8.AppendRune(out, r)
		s = after[n:]
	}
}

// codePoint reads uXXXX or UXXXXXXXX at the start of s; n is 0 if it is neither
// or stands for no character.
func codePoint(s string) (r rune, n int) {
	switch s[0] {
	case 'u':
		n = 5
	case 'U':
		n = 9
	}
	if n == 0 || len(s) < n {
		return 0, 0
	}
	v, err := strconv.ParseUint(s[1:n], 16, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0
	}
	return rune(v), n
}

// blankLabel returns how many bytes at the start of s are the label of a blank
// node (BLANK_NODE_LABEL without its "_:"). A full stop is part of it unless it
// is the last. s must be valid UTF-8. A colon, which the grammar of 2014 let in by mistake, is not.
func blankLabel(s string) int {
	end := 0
	for i, r := range s {
		switch {
		case labelStart(r):
			end = i + utf8.RuneLen(r)
		case i > 0 && labelInside(r):
			end = i + utf8.RuneLen(r)
		case i > 0 && r == '.':
		default:
			return end
		}
	}
	return end
}

// labelStart is PN_CHARS_U or a digit.
func labelStart(r rune) bool {
	if r < utf8.RuneSelf {
		return isLetter(byte(r)) || isDigit(byte(r)) || r == '_'
	}
	return within(r, [][2]rune{
		{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D},
		{0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
	})
}

// labelInside is what PN_CHARS has beyond that.
func labelInside(r rune) bool {
	return within(r, [][2]rune{{'-', '-'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}})
}

func within(r rune, ranges [][2]rune) bool {
	for _, b := range ranges {
		if b[0] <= r && r <= b[1] {
			return true
		}
	}
	return false
}
