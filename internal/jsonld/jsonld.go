// Package jsonld turns JSON-LD 1.1 into RDF, for signatures that are made over
// the RDF and not over the JSON.
//
// Such a signature covers only what reaches the RDF. The algorithms of the
// JSON-LD 1.1 API drop in silence whatever they have no statement for: a
// property that no context defines, a subject whose identifier is relative, a
// language tag that is malformed. Whoever writes something of that kind into a
// signed credential adds words that the reader sees and the signature does not
// notice. So this package has one rule beyond the recommendation: where the
// algorithms would drop or change a part of the document, [Processor.ToRDF]
// fails, and the error tells the place.
//
// Expansion and conversion are one walk: each object of the document is read
// once, under the context that is active there, and becomes statements on the
// spot. There is thus no expanded form in which something could be missing.
//
// Contexts are never fetched. The usual ones of verifiable credentials are
// embedded; a caller adds others, each with its digest. What a context makes
// of another is remembered, since the same few are combined again and again:
// processing them would otherwise be most of the work.
package jsonld

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// What errors of this package wrap. Their text tells the place by member names
// and positions, and holds no value of the document, but context URLs.
var (
	// ErrLost says that the RDF would lack or change a part of the document.
	ErrLost = errors.New("not covered by the RDF")
	// ErrSyntax says that the document is not JSON-LD 1.1.
	ErrSyntax = errors.New("malformed JSON-LD")
	// ErrContext says that a context is unknown, malformed, or redefines a
	// protected term.
	ErrContext = errors.New("unusable JSON-LD context")
	// ErrForm says that the RDF holds all of the document, but that who reads
	// the JSON by the terms of its contexts would not find all of it.
	ErrForm = errors.New("not in the form that contexts give a document")
	// ErrLimit says that the document asks for more work than any credential.
	ErrLimit = errors.New("JSON-LD beyond limits")
)

// Processor converts documents under a fixed set of contexts. It is safe for
// concurrent use.
type Processor struct {
	contexts map[string]document
	// root is the initial context, from which all remembered ones hang.
	root   atomic.Pointer[activeContext]
	stacks sync.Pool // of *stacks
}

// Options says how one document is read. The zero value is what credentials
// need.
type Options struct {
	// Context, if present, takes the place of the document's own @context: the
	// context under which a proof is hashed is that of its credential (VC Data
	// Integrity, section 4.5.2).
	Context jcs.Value
	// Omit names members of the document itself that are left out, as the
	// proof is.
	Omit []string
	// Base is the IRI against which relative ones are resolved. Without it,
	// as for credentials, they are refused. Contexts are not remembered under
	// a base, so that it costs time.
	Base string
	// KnownContexts refuses contexts that stand in the document, and properties
	// that are spelled out as IRIs. Names are not signed: whoever holds a
	// credential can write a claim under another, and define that in the
	// document, unless a known context has a term for it.
	KnownContexts bool
	// AnyForm accepts documents that the RDF covers in whatever form, and so
	// the forms that [ErrForm] is about.
	AnyForm bool
	// Directions makes of a text with a base direction a literal with a datatype
	// that names the language and the direction, as under the API's option
	// rdfDirection "i18n-datatype". All who sign credentials do so.
	Directions bool
	// Room is a slice whose elements may be overwritten: what ToRDF returns is
	// put there, as far as it holds.
	Room []rdfc.Quad
}

// ToRDF returns the statements of a document, an object or an array, in no
// particular order and some of them perhaps twice, as a JSON-LD 1.1 processor
// makes them (JSON-LD 1.1 API, sections 5.1.2 and 8.1.2). Blank nodes are
// labelled by where in the document they are, so that those of a selection
// (jcs.Value.Select) have the labels of the whole. Literals always name their
// datatype; language tags
// are lower case.
//
// Errors wrap [ErrLost], [ErrSyntax], [ErrContext], [ErrForm] or [ErrLimit]. Beyond what
// the recommendation refuses, these are refused, since the RDF would not show
// them or not as they were written:
//
//   - terms, types and properties that no context defines, and names and
//     identifiers that look like keywords;
//   - IRIs that are relative or not of the form of RFC 3987, blank nodes as
//     properties;
//   - values and identifiers at a place where no statement holds them, null
//     everywhere but in JSON literals, arrays in arrays that are no lists;
//   - @index and the keys of index maps, malformed language tags, and without
//     o.Directions also @direction;
//   - numbers that the 16 digits of the canonical xsd:double do not hold.
//
// The same RDF can be written in many forms, so that whoever holds a signed
// credential can choose another, in which a reader of the JSON misses, say, its
// expiry. Therefore these are refused with [ErrForm], if not o.AnyForm:
//
//   - the datatype of a text with a base direction, spelled out;
//   - another name for what a term of a known context, or @vocab, has one for:
//     the spelled out IRI or a term of a context in the document, as property,
//     as type, and for @id and @type; of two known terms, that which is not
//     protected;
//   - the identifier of an object by a prefix: it would not look like that of
//     another place, where the same is described or spoken of;
//   - statements about the document's own node in another object than it;
//   - @graph, @included, @nest, @reverse and @set.
//
// The order and the repetition of values outside of lists are not kept: that
// is what a set of statements means, and a reader must not rely on them.
func (p *Processor) ToRDF(doc jcs.Value, o Options) (quads []rdfc.Quad, err error) {
	x := p.newRun(o)
	defer p.release(x)
	if x.quads = o.Room[:0]; x.quads == nil {
		x.quads = make([]rdfc.Quad, 0, 64)
	}
	if err := x.document(doc); err != nil {
		return nil, err
	}
	return x.quads, nil
}

// Check returns the error that [Processor.ToRDF] does, and makes no statements.
func (p *Processor) Check(doc jcs.Value, o Options) error {
	x := p.newRun(o)
	defer p.release(x)
	return x.document(doc)
}

func (p *Processor) newRun(o Options) *run {
	root := p.root.Load()
	if o.Base != "" {
		root = &activeContext{base: o.Base, terms: map[string]*term{}}
	}
	x := &run{contexts: p.contexts, root: root, o: o}
	if s, ok := p.stacks.Get().(*stacks); ok {
		x.stacks = *s
	} else {
		x.stacks = stacks{make([]entry, 0, 32), make([]item, 0, 32)}
	}
	return x
}

// release keeps the room that a run had for the next, and nothing of what was
// read.
func (p *Processor) release(x *run) {
	s := &stacks{x.entries[:cap(x.entries)], x.items[:cap(x.items)]}
	if len(s.entries)+len(s.items) > roomKept {
		return
	}
	clear(s.entries)
	clear(s.items)
	s.entries, s.items = s.entries[:0], s.items[:0]
	p.stacks.Put(s)
}

// stacks is what one conversion needs room for, and the next can use again.
type stacks struct {
	entries []entry // of the objects being read
	items   []item  // values being read
}

// roomKept is the largest number of elements that are kept for the next
// document.
const roomKept = 1024

// run is the conversion of one document.
type run struct {
	contexts map[string]document
	root     *activeContext
	o        Options
	self     rdfc.Term   // the document's own node
	quads    []rdfc.Quad // nil: they are only counted
	emitted  int         // statements so far
	work     int         // terms copied or defined for contexts
	bytes    int         // of IRIs put together and of statements
	joined   strings.Builder
	stacks
}

// document converts the whole, which is an object or an array of them.
func (x *run) document(doc jcs.Value) error {
	pl := place{free: true, top: true}
	switch doc.Kind() {
	case jcs.Object:
	case jcs.Array:
		if x.o.Context.Exists() || len(x.o.Omit) > 0 {
			return fail(ErrSyntax, "an array has no members to replace")
		}
		pl.top = false
	default:
		return fail(ErrSyntax, "neither an object nor an array")
	}
	return x.values(x.root, "", doc, pl)
}

// emit adds a statement.
func (x *run) emit(s rdfc.Term, predicate string, o, graph rdfc.Term) error {
	const overhead = 64 // of a statement, beside its text
	n := overhead + len(s.Value) + len(predicate) + len(o.Value) + len(o.Datatype) + len(graph.Value)
	if err := x.spend(n); err != nil {
		return err
	}
	x.emitted++
	if x.quads != nil {
		x.quads = append(x.quads, rdfc.Quad{Subject: s, Predicate: iri(predicate), Object: o, Graph: graph})
	}
	return nil
}

// spend counts bytes that the document makes the processor write: through long
// prefixes and base IRIs these may be many times its own.
func (x *run) spend(bytes int) error {
	if x.bytes += bytes; x.bytes > limits.RDF {
		return fail(ErrLimit, "more than %d bytes of RDF", limits.RDF)
	}
	return nil
}

func iri(s string) rdfc.Term { return rdfc.Term{Kind: rdfc.IRI, Value: s} }

// What a blank node stands for: an object, a graph around one, an element of a
// list, a label of the document's own.
const (
	ofObject  = 'b'
	ofGraph   = 'g'
	ofElement = 'e'
	ofLabel   = 'l'
)

// blank returns the blank node that is made for v, or for the n-th element of v.
func blank(kind byte, v jcs.Value, n int) rdfc.Term {
	var room [24]byte
	label := strconv.AppendInt(append(room[:0], kind), int64(v.Place()), 10)
	if kind == ofElement {
		label = strconv.AppendInt(append(label, '-'), int64(n), 10)
	}
	return rdfc.Term{Kind: rdfc.Blank, Value: string(label)}
}

// node returns the term of an expanded identifier, an IRI or a blank node.
func (x *run) node(id string) (rdfc.Term, error) {
	label, labelled := strings.CutPrefix(id, "_:")
	switch {
	case labelled && !validLabel(label):
		return rdfc.Term{}, fail(ErrLost, "malformed blank node label")
	case !labelled:
		if reason := checkIRI(id); reason != "" {
			return rdfc.Term{}, fail(ErrLost, "%s", reason)
		}
		return iri(id), nil
	}
	return rdfc.Term{Kind: rdfc.Blank, Value: string(ofLabel) + label}, nil
}

// failure is an error whose place becomes known while it is handed up.
type failure struct {
	kind   error
	path   string
	reason string
}

func (f *failure) Error() string {
	return "jsonld: $" + f.path + ": " + f.reason + ": " + f.kind.Error()
}

func (f *failure) Unwrap() error { return f.kind }

func fail(kind error, format string, args ...any) error {
	return &failure{kind: kind, reason: fmt.Sprintf(format, args...)}
}

// in says that err arose inside the member name.
func in(name string, err error) error {
	if err == nil {
		return nil
	}
	const longest = 64 // bytes of a name; more would be no place but content
	if len(name) > longest {
		name = name[:longest]
	}
	for i := range len(name) {
		if c := name[i]; c != '@' && c != '_' && c != '-' && !isAlnum(c) {
			return within("["+strconv.QuoteToASCII(name)+"]", err)
		}
	}
	return within("."+name, err)
}

// at says that err arose inside the i-th element of an array or map.
func at(i int, err error) error { return within("["+strconv.Itoa(i)+"]", err) }

func within(segment string, err error) error {
	var f *failure
	if errors.As(err, &f) && len(f.path) < limits.ReportText {
		f.path = segment + f.path
	}
	return err
}
