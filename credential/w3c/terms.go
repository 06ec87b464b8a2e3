package w3c

import (
	"crypto"
	"errors"
	"fmt"
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

func (f *Format) canonicalizer() dataintegrity.RDF {
	if f.RDF != nil {
		return f.RDF
	}
	if b := builtin(); b.err == nil {
		return b.rdf
	}
	return nil
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

// omitted are the members that checkTerms leaves out: they are checked by
// whoever reads them.
var omitted = []string{"proof", "verifiableCredential"}

// checkTerms checks that all terms, types and identifiers of a document have a
// meaning by its contexts, and that these are known and can be used together
// (4.3, 4.5, 5.2.1).
//
// It converts the document to statements, which fails wherever it would lose
// something. That is more than is asked for here, where the JSON is signed: some
// things have no statement of their own and need none, as null. So a document
// that fails is tried once more without these.
func (f *Format) checkTerms(v jcs.Value) error {
	if f.InsecureAnyTerms {
		return nil
	}
	if !hasNull(v) && f.statements(v) == nil {
		return nil
	}
	if s, err := jcs.Parse(skeleton(nil, v)); err == nil {
		v = s
	}
	if f.RDF == nil && f.statements(v) == nil {
		return nil
	}
	// Slower, but takes what is found in the field.
	if err := canonical(f.canonicalizer(), v); err != nil {
		return fmt.Errorf("w3c: %w: %w", ErrTerms, err)
	}
	return nil
}

// statements converts a document, in little time where it can.
func (f *Format) statements(v jcs.Value) error {
	b := builtin()
	if f.RDF != nil || b.err != nil {
		return canonical(f.canonicalizer(), v)
	}
	_, err := b.processor.ToRDF(v, jsonld.Options{Omit: omitted})
	return err
}

func canonical(r dataintegrity.RDF, v jcs.Value) (err error) {
	switch r := r.(type) {
	case nil:
		return builtin().err
	case *rdf.Canonicalizer:
		_, err = r.CanonicalValue(v, jcs.Value{}, omitted, crypto.SHA256)
	default:
		_, err = r.Canonical(v.Append(nil, omitted...), crypto.SHA256)
	}
	return err
}

func hasNull(v jcs.Value) bool {
	for _, e := range v.Elements() {
		if hasNull(e) {
			return true
		}
	}
	for _, m := range v.Members() {
		if hasNull(m) {
			return true
		}
	}
	return v.Kind() == jcs.Null
}

// skeleton appends a document without what the JSON-LD data model does not hold
// and loses nothing by: null, the base direction of texts, arrays inside arrays,
// the last digits of numbers.
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
			if name == "@context" {
				dst = m.Append(dst)
			} else {
				dst = skeleton(dst, m)
			}
			sep = ","
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

// longestName is how much of a member's name an error repeats, in bytes.
const longestName = 64

// describedOnce checks, where statements are signed, that what is said of one
// thing stands in one place. Two objects with one id are the same thing to
// JSON-LD: what is said of it in one of them, where a reader looks, could be
// moved to another, where none does. The proofs, and the credentials of a
// presentation, are graphs of their own.
func describedOnce(v jcs.Value) error {
	return describe(v, map[string]jcs.Value{}, "")
}

func describe(v jcs.Value, seen map[string]jcs.Value, at string) error {
	for i, e := range v.Elements() {
		if err := describe(e, seen, at+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	if id, _ := v.Member("id").Text(); id != "" && v.Len() > 1 {
		if first, ok := seen[id]; ok && !jcs.Equal(first, v) {
			return fmt.Errorf("w3c: %s: what has its id is described elsewhere too: %w", at, dataintegrity.ErrAmbiguous)
		}
		seen[id] = v
	}
	for name, m := range v.Members() {
		if at == "" && (name == "proof" || name == "verifiableCredential") || name == "@context" {
			continue
		}
		if len(name) > longestName {
			name = strings.ToValidUTF8(name[:longestName], "")
		}
		if err := describe(m, seen, strings.TrimPrefix(at+"."+name, ".")); err != nil {
			return err
		}
	}
	return nil
}
