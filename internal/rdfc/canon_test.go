package rdfc

import (
	"bytes"
	"crypto"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
)

func TestCanonicalizeWritesTerms(t *testing.T) {
	text := func(v, datatype, language string) Quad {
		return Quad{Subject: ex("s"), Predicate: ex("p"), Object: Term{Literal, v, datatype, language}}
	}
	controls := ""
	for r := rune(0); r < 0x20; r++ {
		controls += string(r)
	}
	const start = "<http://example.org/s> <http://example.org/p> "
	for name, c := range map[string]struct {
		quad Quad
		want string
	}{
		"plain":             {text("a", "", ""), start + `"a" .`},
		"string":            {text("a", XSDString, ""), start + `"a" .`},
		"other datatype":    {text("1", "http://www.w3.org/2001/XMLSchema#integer", ""), start + `"1"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		"language":          {text("a", "", "en-GB"), start + `"a"@en-GB .`},
		"language string":   {text("a", RDFLangString, "EN"), start + `"a"@EN .`},
		"no language":       {text("a", RDFLangString, ""), start + `"a"^^<` + RDFLangString + `> .`},
		"quote":             {text(`a"b\c'`, "", ""), start + `"a\"b\\c'" .`},
		"empty":             {text("", "", ""), start + `"" .`},
		"delete":            {text("\x7f\u0080\u2028", "", ""), start + `"\u007F` + "\u0080\u2028" + `" .`},
		"other scripts":     {text("سند 🕋", "", ""), start + `"سند 🕋" .`},
		"relative-like IRI": {Quad{Subject: ex("s"), Predicate: ex("p"), Object: Term{Kind: IRI, Value: "a+.-1:"}}, start + `<a+.-1:> .`},
		"wide IRI":          {Quad{Subject: ex("s"), Predicate: ex("p"), Object: ex("é")}, start + `<http://example.org/é> .`},
		"graph":             {Quad{ex("s"), ex("p"), ex("o"), ex("g")}, start + `<http://example.org/o> <http://example.org/g> .`},
		"blank nodes":       {Quad{node(5), ex("p"), node(5), node(5)}, `_:c14n0 <http://example.org/p> _:c14n0 _:c14n0 .`},
		"controls": {text(controls, "", ""), start + `"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000B\f\r\u000E\u000F` +
			`\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F" .`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Canonicalize([]Quad{c.quad}, Options{})
			require.NoError(t, err)
			require.Equal(t, c.want+"\n", string(r.NQuads()))
			back, err := ParseNQuads(r.NQuads())
			require.NoError(t, err)
			line, err := AppendQuad(nil, back[0])
			require.NoError(t, err)
			require.Equal(t, string(r.NQuads()), string(line))
		})
	}
}

func TestCanonicalizeRemovesDuplicates(t *testing.T) {
	r, err := Canonicalize([]Quad{
		{Subject: node(1), Predicate: ex("p"), Object: Term{Kind: Literal, Value: "x"}},
		{Subject: node(2), Predicate: ex("p"), Object: Term{Kind: Literal, Value: "x"}},
		{Subject: node(1), Predicate: ex("p"), Object: Term{Kind: Literal, Value: "x", Datatype: XSDString}},
		{Subject: node(1), Predicate: ex("p"), Object: Term{Kind: Literal, Value: "x", Language: "en"}},
		{Subject: node(1), Predicate: ex("p"), Object: Term{Kind: Literal, Value: "x", Datatype: RDFLangString, Language: "en"}},
	}, Options{})
	require.NoError(t, err)
	require.Len(t, r.Lines(), 3)
	require.Len(t, r.IssuedIdentifiers(), 2)
}

func TestCanonicalizeNothing(t *testing.T) {
	r, err := Canonicalize(nil, Options{})
	require.NoError(t, err)
	require.Empty(t, r.NQuads())
	require.Empty(t, r.Lines())
	require.Empty(t, r.IssuedIdentifiers())
}

func TestCanonicalizeOrdersByCodePoint(t *testing.T) {
	// In UTF-16, U+FF5E comes after U+1F600.
	var in []Quad
	for _, v := range []string{"\U0001F600", "\uFF5E", "b", "a", "ab"} {
		in = append(in, Quad{Subject: ex("s"), Predicate: ex("p"), Object: Term{Kind: Literal, Value: v}})
	}
	r, err := Canonicalize(in, Options{})
	require.NoError(t, err)
	var have []string
	for _, l := range r.Lines() {
		_, v, _ := strings.Cut(string(l), `"`)
		have = append(have, strings.TrimSuffix(v, "\" .\n"))
	}
	require.Equal(t, []string{"a", "ab", "b", "\uFF5E", "\U0001F600"}, have)
}

// The example "shared hashes" of the recommendation.
func TestCanonicalizeSharedHashes(t *testing.T) {
	in := []Quad{
		{Subject: ex("p"), Predicate: ex("q"), Object: node(0)},
		{Subject: ex("p"), Predicate: ex("q"), Object: node(1)},
		{Subject: node(0), Predicate: ex("p"), Object: node(2)},
		{Subject: node(1), Predicate: ex("p"), Object: node(3)},
		{Subject: node(2), Predicate: ex("r"), Object: node(3)},
	}
	for i := range in {
		for _, term := range []*Term{&in[i].Subject, &in[i].Predicate} {
			term.Value = strings.Replace(term.Value, "example.org/", "example.com/#", 1)
		}
	}
	r, err := Canonicalize(in, Options{})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"n0": "c14n3", "n1": "c14n2", "n2": "c14n0", "n3": "c14n1"}, r.IssuedIdentifiers())
}

func TestCanonicalizeHash(t *testing.T) {
	for _, h := range []crypto.Hash{0, crypto.SHA256, crypto.SHA384} {
		_, err := Canonicalize(vaccination(true), Options{Hash: h})
		require.NoError(t, err, h)
	}
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA512, 999} {
		_, err := Canonicalize(vaccination(true), Options{Hash: h})
		require.ErrorContains(t, err, "hash function", h)
	}
	a, err := Canonicalize(edges(cycle(0, 3)...), Options{})
	require.NoError(t, err)
	b, err := Canonicalize(edges(cycle(0, 3)...), Options{Hash: crypto.SHA256})
	require.NoError(t, err)
	require.Equal(t, a, b)
}

// Whatever cannot be written without ambiguity is refused, and none of it is
// in the error.
func TestPromiseNoStatementIsDroppedOrForged(t *testing.T) {
	good := Quad{Subject: ex("s"), Predicate: ex("p"), Object: ex("o")}
	with := func(change func(*Quad)) Quad { q := good; change(&q); return q }
	literal := Term{Kind: Literal, Value: "SECRET"}
	bad := map[string]Quad{
		"subject is a literal":                with(func(q *Quad) { q.Subject = literal }),
		"subject is of no kind":               with(func(q *Quad) { q.Subject = Term{} }),
		"predicate is not an IRI":             with(func(q *Quad) { q.Predicate = node(1) }),
		"object is of no kind":                with(func(q *Quad) { q.Object = Term{Kind: 9, Value: "SECRET"} }),
		"graph is a literal":                  with(func(q *Quad) { q.Graph = literal }),
		"graph is of no kind":                 with(func(q *Quad) { q.Graph = Term{Value: "SECRET"} }),
		"object has a datatype or language":   with(func(q *Quad) { q.Object.Language = "en" }),
		"subject has a datatype or language":  with(func(q *Quad) { q.Subject = Term{Kind: Blank, Value: "b", Datatype: XSDString} }),
		"object has a language and another":   with(func(q *Quad) { q.Object = Term{Literal, "SECRET", XSDString, "en"} }),
		"object has a malformed language tag": with(func(q *Quad) { q.Object = Term{Literal, "SECRET", "", "en> ."} }),
		"object has a datatype that":          with(func(q *Quad) { q.Object = Term{Literal, "SECRET", "SECRET", ""} }),
		"object is not UTF-8":                 with(func(q *Quad) { q.Object = Term{Kind: Literal, Value: "SECRET\xff"} }),
		"graph is not UTF-8":                  with(func(q *Quad) { q.Graph = ex("SECRET\xff") }),
	}
	for _, iri := range []string{
		"a:> <b:> <c:> .\n<d:", "a:b c", "a:<", `a:"`, "a:{", "a:}", "a:|", "a:^", "a:`", `a:\`, "a:\n", "a:\x00",
	} {
		bad["predicate has a character that no IRI has"+strings.Repeat(" ", len(bad))] = with(func(q *Quad) { q.Predicate.Value = iri })
	}
	for _, iri := range []string{"", ":", "SECRET", "/a:b", "1a:b", "#", "é:b", "_:b", "-a:"} {
		bad["subject is not an absolute IRI"+strings.Repeat(" ", len(bad))] = with(func(q *Quad) { q.Subject.Value = iri })
	}
	for want, q := range bad {
		want = strings.TrimSpace(want)
		_, err := Canonicalize([]Quad{good, q}, Options{})
		require.ErrorIs(t, err, ErrMalformed, want)
		require.ErrorContains(t, err, "quad 1: "+want)
		require.NotContains(t, err.Error(), "SECRET")
		_, err = AppendQuad(nil, q)
		require.ErrorIs(t, err, ErrMalformed, want)
	}
}

func TestAppendQuadLabels(t *testing.T) {
	for _, label := range []string{"a", "0", "_", "a.b", "a-b", "é", "a·", "\U00010000", "c14n0", "\uFFFD"} {
		line, err := AppendQuad([]byte("#\n"), Quad{Term{Kind: Blank, Value: label}, ex("p"), ex("o"), Term{}})
		require.NoError(t, err, label)
		require.Equal(t, "#\n_:"+label+" <http://example.org/p> <http://example.org/o> .\n", string(line))
	}
	for _, label := range []string{"", ".", "a.", "-a", "a b", "a:", "·", "\xff", "a\xff", "×", "a\n"} {
		for _, q := range []Quad{
			{Subject: Term{Kind: Blank, Value: label}, Predicate: ex("p"), Object: ex("o")},
			{Subject: ex("s"), Predicate: ex("p"), Object: Term{Kind: Blank, Value: label}},
			{Subject: ex("s"), Predicate: ex("p"), Object: ex("o"), Graph: Term{Kind: Blank, Value: label}},
		} {
			line, err := AppendQuad([]byte("kept"), q)
			require.ErrorIs(t, err, ErrMalformed, "%q", label)
			require.Equal(t, "kept", string(line))
		}
	}
	// Canonicalize replaces labels and takes any.
	_, err := Canonicalize([]Quad{{Subject: Term{Kind: Blank, Value: "\xff a."}, Predicate: ex("p"), Object: ex("o")}}, Options{})
	require.NoError(t, err)
}

// chain is a list of n values that are all the same.
func chain(n int) (quads []Quad) {
	for i := range n {
		quads = append(quads, Quad{Subject: node(i), Predicate: ex("first"), Object: Term{Kind: Literal, Value: "0"}},
			Quad{Subject: node(i), Predicate: ex("rest"), Object: node(i + 1)})
	}
	return quads
}

func TestPromiseBoundedWork(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	longSubject := ex(long)
	longPredicate := edges(clique(6)...)
	for i := range longPredicate {
		longPredicate[i].Predicate.Value += long
	}
	var star, bundle, shared []Quad
	for i := range 50_000 {
		star = append(star, edges([2]int{i % 2, i + 2})...)
		q := edges([2]int{0, 1}, [2]int{2, 3})[i%2]
		q.Graph = ex(fmt.Sprint(i))
		bundle = append(bundle, q)
		shared = append(shared, Quad{Subject: longSubject, Predicate: ex("p"), Object: ex(fmt.Sprint(i))})
	}
	for name, c := range map[string]struct {
		quads []Quad
		fails bool
	}{
		"clique":                      {edges(clique(10)...), true},
		"large clique":                {edges(clique(300)...), true},
		"deep chain":                  {chain(100_000), true},
		"two hubs with many leaves":   {star, true},
		"one node in many graphs":     {bundle, false},
		"long identifier, many times": {shared, true},
		"long predicate":              {longPredicate, true},
		"list of equal values":        {chain(200), false},
		"cube":                        {edges(cube()...), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				r, err := Canonicalize(c.quads, Options{Hash: h})
				spent := time.Since(start)
				runtime.ReadMemStats(&after)
				t.Log(h, spent, (after.TotalAlloc-before.TotalAlloc)>>20, "MiB")
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<20))
				if c.fails {
					require.ErrorIs(t, err, ErrWork)
					require.Nil(t, r)
				} else {
					require.NoError(t, err)
				}
			}
		})
	}
}

func TestWorkIsTheCallersToSet(t *testing.T) {
	quads := edges(cube()...)
	_, err := Canonicalize(quads, Options{Work: 1})
	require.ErrorIs(t, err, ErrWork)
	_, err = Canonicalize(quads, Options{Work: -1})
	require.NoError(t, err)
	// Nodes that are told apart by their own statements cost none of it.
	_, err = Canonicalize(vaccination(false), Options{Work: 1})
	require.NoError(t, err)
}

func TestLongerThanTheLimit(t *testing.T) {
	q := func(n int) Quad {
		return Quad{Subject: ex("s"), Predicate: ex("p"), Object: Term{Kind: Literal, Value: strings.Repeat("\x01", n)}}
	}
	_, err := Canonicalize([]Quad{q(limits.NQuads + 1)}, Options{})
	require.ErrorIs(t, err, ErrWork)
	_, err = Canonicalize([]Quad{q(limits.NQuads/6 + 1)}, Options{})
	require.ErrorIs(t, err, ErrWork, "the escapes make it too long")
	_, err = Canonicalize([]Quad{q(limits.NQuads/6 - 100)}, Options{})
	require.NoError(t, err)
}

// Results do not share anything with each other or with the input.
func TestCanonicalizeConcurrently(t *testing.T) {
	quads := vaccination(true)
	before := slices.Clone(quads)
	want, err := Canonicalize(quads, Options{})
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				r, err := Canonicalize(quads, Options{})
				if err != nil || !bytes.Equal(r.NQuads(), want.NQuads()) {
					t.Error("another result", err)
				}
				r.IssuedIdentifiers()["b0"] = "changed"
				if r.IssuedIdentifiers()["b0"] == "changed" {
					t.Error("the label map is shared")
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, before, quads)
	// A line has no room behind it in which an append could change the next.
	line := want.Lines()[0]
	require.Equal(t, len(line), cap(line))
}
