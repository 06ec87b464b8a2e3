package w3c_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// forger is a holder, who has a signature of every statement of a credential and
// tries to show them in a document of his own making.
type forger struct {
	t          *testing.T
	rdf        *rdf.Canonicalizer
	proof      string // the derived proof that shows all, without its value
	base, key  []byte
	signatures map[string][]byte // by statement; nil: mandatory
	digests    map[string][]byte // of blank nodes, by their signed label
	mandatory  []string
	// encode makes the proof value of a document's lines, whose blank nodes have
	// the labels given by their canonical number.
	encode func(lines []string, labels map[int]string) []byte
}

// components are those of a derived proof value.
type components struct {
	_          struct{} `cbor:",toarray"`
	Base, Key  []byte
	Signatures [][]byte
	Labels     map[int][]byte
	Mandatory  []int
}

func newForger(t *testing.T, r *rdf.Canonicalizer, shown []byte) *forger {
	v, err := jcs.Parse(shown)
	require.NoError(t, err)
	value, _ := v.Member("proof").Member("proofValue").Text()
	b, err := base64.RawURLEncoding.DecodeString(value[1:])
	require.NoError(t, err)
	var c components
	require.NoError(t, cborx.Decode(b[3:], &c))
	f := &forger{t: t, rdf: r, base: c.Base, key: c.Key, signatures: map[string][]byte{}, digests: map[string][]byte{}}
	f.proof = string(v.Member("proof").Append(nil, "proofValue"))
	labels := map[string]string{}
	for n, d := range c.Labels {
		label := "u" + base64.RawURLEncoding.EncodeToString(d)
		f.digests[label], labels["c14n"+strconv.Itoa(n)] = d, label
	}
	lines, ok := f.lines(v, labels)
	require.True(t, ok)
	for i, line := range lines {
		if slices.Contains(c.Mandatory, i) {
			f.signatures[line], f.mandatory = nil, append(f.mandatory, line)
		} else {
			f.signatures[line], c.Signatures = c.Signatures[0], c.Signatures[1:]
		}
	}
	require.Empty(t, c.Signatures)
	f.encode = f.encodeECDSA
	return f
}

// lines are the statements of a document in order, with labels by canonical ones.
func (f *forger) lines(v jcs.Value, labels map[string]string) ([]string, bool) {
	quads, issued, ok := f.read(v)
	if !ok {
		return nil, false
	}
	set := map[string]bool{}
	for _, q := range quads {
		set[line(q, func(label string) string { return labels[issued[label]] })] = true
	}
	return slices.Sorted(maps.Keys(set)), true
}

func (f *forger) read(v jcs.Value) ([]rdfc.Quad, map[string]string, bool) {
	quads, err := f.rdf.Statements(v, "proof")
	if err != nil {
		return nil, nil, false // no verifier takes it
	}
	r, err := rdfc.Canonicalize(quads, rdfc.Options{})
	if err != nil {
		return nil, nil, false
	}
	return quads, r.IssuedIdentifiers(), true
}

func line(q rdfc.Quad, label func(string) string) string {
	for _, t := range []*rdfc.Term{&q.Subject, &q.Object, &q.Graph} {
		if t.Kind == rdfc.Blank {
			t.Value = label(t.Value)
		}
	}
	b, err := rdfc.AppendQuad(nil, q)
	if err != nil {
		return ""
	}
	return string(b)
}

// labels finds signed labels for the blank nodes of quads, one for each, such that
// all of them are signed statements.
func (f *forger) labels(quads []rdfc.Quad, blanks []string, chosen map[string]string) bool {
	if len(blanks) == 0 {
		return true
	}
	for _, label := range slices.Sorted(maps.Keys(f.digests)) {
		if slices.Contains(slices.Collect(maps.Values(chosen)), label) {
			continue
		}
		chosen[blanks[0]] = label
		if f.signed(quads, chosen) && f.labels(quads, blanks[1:], chosen) {
			return true
		}
		delete(chosen, blanks[0])
	}
	return false
}

// signed reports whether all quads are signed whose blank nodes have labels.
func (f *forger) signed(quads []rdfc.Quad, chosen map[string]string) bool {
	for _, q := range quads {
		known := true
		text := line(q, func(l string) string { known = known && chosen[l] != ""; return chosen[l] })
		if _, ok := f.signatures[text]; known && !ok {
			return false
		}
	}
	return true
}

// prove makes a derived proof for a document all of whose statements are signed.
func (f *forger) prove(v jcs.Value) ([]byte, bool) {
	quads, issued, ok := f.read(v)
	if !ok || !f.signed(quads, nil) {
		return nil, false
	}
	chosen := map[string]string{}
	if !f.labels(quads, slices.Sorted(maps.Keys(issued)), chosen) {
		return nil, false
	}
	labels, numbered := map[string]string{}, map[int]string{}
	for blank, canonical := range issued {
		n, err := strconv.Atoi(strings.TrimPrefix(canonical, "c14n"))
		require.NoError(f.t, err)
		numbered[n], labels[canonical] = chosen[blank], chosen[blank]
	}
	lines, _ := f.lines(v, labels)
	for _, m := range f.mandatory {
		if !slices.Contains(lines, m) {
			return nil, false
		}
	}
	value := "u" + base64.RawURLEncoding.EncodeToString(f.encode(lines, numbered))
	doc := v.Append(nil, "proof")
	return fmt.Appendf(doc[:len(doc)-1], `,"proof":%s,"proofValue":%q}}`, f.proof[:len(f.proof)-1], value), true
}

// encodeECDSA is a derived proof value of ecdsa-sd-2023.
func (f *forger) encodeECDSA(lines []string, labels map[int]string) []byte {
	c := components{Base: f.base, Key: f.key, Signatures: [][]byte{}, Labels: map[int][]byte{}, Mandatory: []int{}}
	for n, label := range labels {
		c.Labels[n] = f.digests[label]
	}
	for i, l := range lines {
		if s := f.signatures[l]; s != nil {
			c.Signatures = append(c.Signatures, s)
		} else {
			c.Mandatory = append(c.Mandatory, i)
		}
	}
	b, err := cborx.Encode(c)
	require.NoError(f.t, err)
	return append([]byte{0xd9, 0x5d, 1}, b...)
}

// within reports whether all that a part says is said by the whole, under the same
// names and of the same things.
func within(part, whole jcs.Value) bool {
	if asSets(part) == "" || asSets(part) == asSets(whole) {
		return true
	}
	if part.Kind() == jcs.Array {
		for _, e := range part.Elements() {
			if !within(e, whole) {
				return false
			}
		}
		return true
	}
	for _, e := range whole.Elements() {
		if within(part, e) {
			return true
		}
	}
	if part.Kind() != jcs.Object || whole.Kind() != jcs.Object {
		return false
	}
	for name, m := range part.Members() {
		if name != "@context" && name != "proof" && asSets(m) != "" && !within(m, whole.Member(name)) {
			return false
		}
	}
	return true
}

// A holder who has all signatures can show nothing but parts of what was signed,
// under the names and in the places that it had.
func TestPromiseWhatIsShownIsAPartOfWhatWasSigned(t *testing.T) {
	gov := newParty(t, elliptic.P256())
	f := selective(t)
	v := verifierOf(t, f)
	doc := apply(t, strict(gov.did), change{"evidence", `[{"type":"PilgrimHealthCredential","name":"seen"},{"id":"urn:evidence","type":"PilgrimHealthCredential","description":"seen too"}]`}, change{"credentialSubject/clinic", `"https://clinic.example/"`})
	shown := show(t, f, issueAs(t, f, doc, gov), "")
	tryForgeries(t, newForger(t, f.RDF.(*rdf.Canonicalizer), shown), v, shown)
}

// tryForgeries has a holder show whatever documents can be made of what he has.
func tryForgeries(t *testing.T, holder *forger, v *credential.Verifier, shown []byte) {
	whole, err := jcs.Parse(shown)
	require.NoError(t, err)
	tried, proven, accepted, forged := 0, 0, 0, 0
	try := func(what string, mutated []byte) {
		tried++
		m, err := jcs.Parse(mutated)
		if err != nil || m.Kind() != jcs.Object || !m.Member("@context").Exists() {
			return
		}
		raw, ok := holder.prove(m)
		if !ok {
			return
		}
		proven++
		if _, err := v.Verify(ctx, raw, credential.Policy{Time: now}); err != nil {
			return
		}
		accepted++
		if !within(m, whole) {
			forged++
			t.Errorf("accepted: %s: %s", what, m.Append(nil, "proof"))
		}
	}
	unsecured := whole.Append(nil, "proof")
	mutations(unsecured, try)
	wider(unsecured, try)
	contextual(unsecured, try)
	moved(unsecured, try)
	fmt.Printf("forger: %d tried, %d with a proof, %d accepted, %d forgeries\n", tried, proven, accepted, forged)
	require.Greater(t, tried, 10000)
	require.Greater(t, accepted, 50, "parts are shown")
	require.Zero(t, forged)
}

// moved copies each object of a document to every other place, and takes its
// members apart.
func moved(doc []byte, yield func(what string, mutated []byte)) {
	all := spans(doc)
	for _, s := range all {
		old := string(doc[s.start:s.end])
		if doc[s.start] != '{' {
			continue
		}
		for _, o := range all {
			if doc[o.start] == '{' && (o.end <= s.start || o.start >= s.end) {
				other := string(doc[o.start:o.end])
				yield(fmt.Sprintf("%d in the place of %d", s.start, o.start), slices.Concat(doc[:o.start], []byte(old), doc[o.end:]))
				yield(fmt.Sprintf("%d beside %d", s.start, o.start), slices.Concat(doc[:o.start], []byte("["+other+","+old+"]"), doc[o.end:]))
				for _, name := range []string{"evidence", "vaccinations", "credentialSubject", "issuer"} {
					yield(fmt.Sprintf("%d as %s of %d", s.start, name, o.start), slices.Concat(doc[:o.start+1], []byte(`"`+name+`":`+old+","), doc[o.start+1:]))
				}
			}
		}
		v, err := jcs.Parse([]byte(old))
		if err != nil {
			continue
		}
		for name := range v.Members() {
			var rest []string
			for n := range v.Members() {
				if n != name {
					rest = append(rest, n)
				}
			}
			a, b := v.Append(nil, name), v.Append(nil, rest...)
			yield(fmt.Sprintf("%d in two, %s apart", s.start, name), slices.Concat(doc[:s.start], []byte("["), a, []byte(","), b, []byte("]"), doc[s.end:]))
		}
	}
}
