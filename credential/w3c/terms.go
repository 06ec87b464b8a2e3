package w3c

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jsonld"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// builtin is what a Format without RDF uses. It never changes; what it
// remembers of contexts only saves time.
var builtin = sync.OnceValue(func() (b struct {
	rdf       *rdf.Canonicalizer
	processor *jsonld.Processor
	err       error
}) {
	var e, f error
	b.rdf, e = rdf.New()
	b.processor, f = jsonld.New()
	b.err = errors.Join(e, f)
	return b
})

// canonicalizer is what signed statements are read with.
func (f *Format) canonicalizer() dataintegrity.RDF {
	r := f.RDF
	if r == nil {
		b := builtin()
		if b.err != nil {
			return nil
		}
		r = b.rdf
	}
	if c, ok := r.(*rdf.Canonicalizer); ok && f.InsecureAnyNames {
		return c.InsecureInlineContexts()
	}
	return r
}

// resource returns what a relatedResource names, if it is at hand.
func (f *Format) resource(url string) ([]byte, bool) {
	if raw, ok := f.Resources[url]; ok {
		return raw, true
	}
	if b := builtin(); b.err == nil {
		return b.processor.Raw(url)
	}
	return nil, false
}

// omitted are the members that are checked by whoever reads them: the proofs,
// and the credentials of a presentation.
func omitted(v jcs.Value, also ...string) []string {
	if isPresentation(v) {
		return append([]string{"proof", "verifiableCredential"}, also...)
	}
	return append([]string{"proof"}, also...)
}

// checkTerms checks that all terms, types and identifiers of a document have a
// meaning by its contexts, and that these are known and can be used together
// (4.3, 4.5, 5.2.1).
//
// It converts the document to statements, which fails wherever it would lose
// something. That is more than is asked for here, where the JSON is signed: some
// things have no statement of their own and need none, as null. So a document
// that fails is tried once more without these.
//
// also are members of the document that are not JSON-LD: a token's claims.
func (f *Format) checkTerms(v jcs.Value, also ...string) error {
	if f.InsecureAnyTerms {
		return nil
	}
	if simple(v) && f.terms(v, also) == nil {
		return nil
	}
	if s, err := jcs.Parse(skeleton(nil, v)); err == nil {
		v = s
	}
	if err := f.terms(v, also); err != nil {
		return fmt.Errorf("w3c: %w: %w", ErrTerms, err)
	}
	return nil
}

// terms converts a document to statements, which may be of any form.
func (f *Format) terms(v jcs.Value, also []string) (err error) {
	switch r := f.canonicalizer().(type) {
	case nil:
		return builtin().err
	case *rdf.Canonicalizer:
		return r.CheckTerms(v, omitted(v, also...)...)
	default:
		_, err = r.Canonical(v.Append(nil, omitted(v, also...)...), crypto.SHA256)
		return err
	}
}

// longText is how long a text must be, in bytes, for its conversion to be spared:
// a status list, of up to 24 MiB, would be beyond what statements may hold.
const longText = 64 << 10

// simple reports whether a document is worth a try as it is: without the most
// common of what skeleton leaves out.
func simple(v jcs.Value) bool {
	for _, e := range v.Elements() {
		if !simple(e) {
			return false
		}
	}
	for _, m := range v.Members() {
		if !simple(m) {
			return false
		}
	}
	s, _ := v.Text()
	return v.Kind() != jcs.Null && len(s) <= longText
}

// skeleton appends a document without what the JSON-LD data model does not hold
// and loses nothing by: null, the base direction of texts, arrays inside arrays,
// the last digits of numbers; and without long texts.
func skeleton(dst []byte, v jcs.Value) []byte {
	switch v.Kind() {
	case jcs.Null:
		return append(dst, "[]"...) // so that its name is still looked at
	case jcs.Number:
		return append(dst, '0')
	case jcs.Array:
		dst = append(dst, '[')
		dst, _ = elements(dst, v, "")
		return append(dst, ']')
	case jcs.Object:
		dst = append(dst, '{')
		sep := ""
		for name, m := range v.Members() {
			if name == "@direction" && v.Member("@value").Exists() {
				continue
			}
			dst = append(jcs.Quote(append(dst, sep...), name), ':')
			sep = ","
			if s, _ := m.Text(); name == "@context" {
				dst = m.Append(dst)
			} else if len(s) > longText && strings.Trim(name, "@") != "id" && strings.Trim(name, "@") != "type" {
				dst = append(dst, `"urn:x"`...) // a text as good as any, and an identifier
			} else {
				dst = skeleton(dst, m)
			}
		}
		return append(dst, '}')
	}
	return v.Append(dst)
}

// elements appends the elements of an array, and of those inside it.
func elements(dst []byte, v jcs.Value, sep string) ([]byte, string) {
	for _, e := range v.Elements() {
		switch e.Kind() {
		case jcs.Null:
		case jcs.Array:
			dst, sep = elements(dst, e, sep)
		default:
			dst = skeleton(append(dst, sep...), e)
			sep = ","
		}
	}
	return dst, sep
}

// readable checks, where statements are signed, what package rdf leaves to
// the data model so that members can be read for what was signed:
//
//   - What is said of one thing stands in one place. Two objects with one id are
//     the same thing to JSON-LD: what is said of it in one of them, where a
//     reader looks, could be moved to another, where none does.
//   - Contexts stand at the top alone, and identifiers are no labels of blank
//     nodes: both can be added to any object without a change to its statements.
//
// The proofs, and the credentials of a presentation, are graphs of their own.
func (f *Format) readable(v jcs.Value) error {
	if f.InsecureAnyNames {
		return nil
	}
	return place{omit: omitted(v), seen: map[string]jcs.Value{}}.read(v)
}

// place is where in a document a value stands.
type place struct {
	path string
	omit []string             // members of the document itself; nil inside
	seen map[string]jcs.Value // objects of the document, by id
}

func (p place) fail(reason string) error {
	return fmt.Errorf("w3c: %s: %s: %w", p.path, reason, rdf.ErrForm)
}

func (p place) read(v jcs.Value) error {
	if s, _ := v.Text(); strings.HasPrefix(s, "_:") {
		return p.fail("the label of a blank node")
	}
	for i, e := range v.Elements() {
		if err := (place{p.path + "[" + strconv.Itoa(i) + "]", nil, p.seen}).read(e); err != nil {
			return err
		}
	}
	if id, _ := v.Member("id").Text(); id != "" && v.Len() > 1 {
		if first, ok := p.seen[id]; ok && !jcs.Equal(first, v) {
			return p.fail("what has its id is described elsewhere too")
		}
		p.seen[id] = v
	}
	for name, m := range v.Members() {
		if slices.Contains(p.omit, name) || p.omit != nil && name == "@context" {
			continue
		}
		if name == "@context" {
			return p.fail("a context that is not at the top")
		}
		if err := (place{p.member(name), nil, p.seen}).read(m); err != nil {
			return err
		}
	}
	return nil
}

// empty returns the place of the first empty array, or nothing. Members of v that
// omit names are not looked at.
func empty(at string, v jcs.Value, omit []string) string {
	if v.Kind() == jcs.Array && v.Len() == 0 {
		return at
	}
	for i, e := range v.Elements() {
		if k := e.Kind(); k == jcs.Array || k == jcs.Object {
			if found := empty(at+"["+strconv.Itoa(i)+"]", e, nil); found != "" {
				return found
			}
		}
	}
	for name, m := range v.Members() {
		if k := m.Kind(); (k == jcs.Array || k == jcs.Object) && !slices.Contains(omit, name) {
			if found := empty(place{path: at}.member(name), m, nil); found != "" {
				return found
			}
		}
	}
	return ""
}

// member is the path of a member, of which errors repeat only so much.
func (p place) member(name string) string {
	const longest = 64
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "")
	}
	return strings.TrimPrefix(p.path+"."+name, ".")
}
