package rdfc

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
)

func TestParseNQuads(t *testing.T) {
	iri := func(v string) Term { return Term{Kind: IRI, Value: v} }
	blank := func(v string) Term { return Term{Kind: Blank, Value: v} }
	text := func(v string) Term { return Term{Kind: Literal, Value: v, Datatype: XSDString} }
	object := func(o Term) []Quad { return []Quad{{Subject: iri("a:"), Predicate: iri("b:"), Object: o}} }
	for in, want := range map[string][]Quad{
		"":                                nil,
		"\n \t\r\n# comment\n":            nil,
		"<a:> <b:> <c:> .":                object(iri("c:")),
		"<a:><b:><c:>.":                   object(iri("c:")),
		"\t<a:>\t<b:>  <c:> . # <d:\r":    object(iri("c:")),
		"<a:> <b:> <c:> <d:> .":           {{iri("a:"), iri("b:"), iri("c:"), iri("d:")}},
		"_:a <b:> _:c.d _:e.":             {{blank("a"), iri("b:"), blank("c.d"), blank("e")}},
		"_:a <b:> _:c .\r\n_:d <b:> _:e.": {{Subject: blank("a"), Predicate: iri("b:"), Object: blank("c")}, {Subject: blank("d"), Predicate: iri("b:"), Object: blank("e")}},
		"_:a <b:> _:a .\n_:a <b:> _:a .":  {{Subject: blank("a"), Predicate: iri("b:"), Object: blank("a")}, {Subject: blank("a"), Predicate: iri("b:"), Object: blank("a")}},
		`<a:> <b:> "" .`:                  object(text("")),
		`<a:> <b:> "x # . y" .`:           object(text("x # . y")),
		`<a:> <b:> "\t\b\n\r\f\"\'\\" .`:  object(text("\t\b\n\r\f\"'\\")),
		`<a:> <b:> "\u00e9\U0001F54B" .`:  object(text("é🕋")),
		`<a:> <b:> "\\u0041" .`:           object(text(`\u0041`)),
		"<a:> <b:> \"\x00\t\" .":          object(text("\x00\t")),
		`<a:> <b:> <c:\u00E9> .`:          object(iri("c:é")),
		`<a:> <b:> "x"@en .`:              object(Term{Literal, "x", RDFLangString, "en"}),
		`<a:> <b:> "x"@en-a1-2.`:          object(Term{Literal, "x", RDFLangString, "en-a1-2"}),
		`<a:> <b:> "x"^^<c:> .`:           object(Term{Literal, "x", "c:", ""}),
	} {
		have, err := ParseNQuads([]byte(in))
		require.NoError(t, err, in)
		require.Equal(t, want, have, in)
	}
}

func TestParseNQuadsRefuses(t *testing.T) {
	for _, in := range []string{
		"<a:> <b:> .", "<a:> <b:> <c:>", "<a:> <b:> <c:> <d:> <e:> .", "<a:> <b:> <c:> . .", ".", "<a:>", "x",
		"<a:> <b:> <c:> . <a:> <b:> <c:> .", "<a:> <b:>\n<c:> .", "@prefix a: <b:> .", "<a:> a <b:> .",
		`"a" <b:> <c:> .`, `<a:> "b" <c:> .`, "<a:> _:b <c:> .", `<a:> <b:> <c:> "d" .`, "<a:> <b:> c:d .", "<a:> <b:> 1 .",
		"<a:> <b:> <c> .", "<a:> <b:> <> .", "<a:> <b:> <c:d e> .", "<a:> <b:> <c:", `<a:> <b:> <c:\u0020> .`,
		`<a:> <b:> <c:\u003E> .`, `<a:> <b:> <c:\n> .`, `<a:> <b:> <c:\`, `<a:> <b:> <c:\> .`, "<a:> <b:> <<c:> .",
		`<a:> <b:> "c .`, `<a:> <b:> "c\" .`, `<a:> <b:> "\`, `<a:> <b:> "\a" .`, `<a:> <b:> "\u12" .`, `<a:> <b:> "\u12G4" .`,
		`<a:> <b:> "\U0011FFFF" .`, `<a:> <b:> "\UFFFFFFFF" .`, `<a:> <b:> "\uD800" .`, `<a:> <b:> "\u+123" .`, `<a:> <b:> "\u1_23" .`,
		"<a:> <b:> \"c\nd\" .", `<a:> <b:> 'c' .`, `<a:> <b:> """c""" .`,
		`<a:> <b:> "c"@ .`, `<a:> <b:> "c"@1 .`, `<a:> <b:> "c"@en- .`, `<a:> <b:> "c"@en_GB .`, `<a:> <b:> "c" @en .`,
		`<a:> <b:> "c"^^ .`, `<a:> <b:> "c"^^<> .`, `<a:> <b:> "c"^^<d> .`, `<a:> <b:> "c"^<d:> .`, `<a:> <b:> "c"^^_:d .`, `<a:> <b:> "c"^^<d:>@en .`,
		`<a:> <b:> "c"^^<d:\u003e> .`,
		"_: <b:> <c:> .", "_:-a <b:> <c:> .", "_:.a <b:> <c:> .", "_:a:b <b:> <c:> .", "_:a. <b:> <c:> .", "_a <b:> <c:> .",
		"<a:> <b:> <c:\xff> .", "# \xff", "\ufeff<a:> <b:> <c:> .", "<a:> <b:>\u00a0<c:> .", "<a:> <b:> <c:> .\v",
	} {
		quads, err := ParseNQuads([]byte(in))
		require.ErrorIs(t, err, ErrMalformed, in)
		require.Nil(t, quads)
	}
}

func TestParseNQuadsSaysWhere(t *testing.T) {
	_, err := ParseNQuads([]byte("# a\r\n<a:> <b:> <c:> .\n\n<a:> <b:> \"SECRET .\n"))
	require.EqualError(t, err, "rdfc: line 4: object is a literal without its end: malformed RDF")
	_, err = ParseNQuads(bytes.Repeat([]byte("\n"), limits.NQuads+1))
	require.ErrorIs(t, err, ErrMalformed)
	_, err = ParseNQuads(bytes.Repeat([]byte("\n"), limits.NQuads))
	require.NoError(t, err)
}

// No document, cut anywhere, is read as something that it is not.
func TestParseNQuadsTruncated(t *testing.T) {
	r, err := Canonicalize(vaccination(true), Options{})
	require.NoError(t, err)
	whole, err := ParseNQuads(r.NQuads())
	require.NoError(t, err)
	for i := range r.NQuads() {
		quads, err := ParseNQuads(r.NQuads()[:i])
		if err == nil {
			require.Equal(t, whole[:len(quads)], append([]Quad{}, quads...))
			require.Equal(t, strings.Count(string(r.NQuads()[:i])+"\n", ".\n"), len(quads))
		}
	}
}

// What is read and canonicalised is a fixed point: its form, read again, has
// the same form.
func FuzzParseNQuads(f *testing.F) {
	f.Add([]byte("<a:> <b:> \"\\u00e9\"@en _:g . # c\n_:a <b:> \"1\"^^<c:> ."))
	f.Add([]byte("_:a <b:> _:b .\n_:b <b:> _:a .\r<a:><b:>_:c.d."))
	for _, quads := range symmetric() {
		r, err := Canonicalize(quads, Options{})
		require.NoError(f, err)
		f.Add(r.NQuads())
	}
	if dir := os.Getenv("SANAD_VECTORS"); dir != "" {
		files, _ := filepath.Glob(filepath.Join(dir, "w3c", "rdf-canon", "rdfc10", "*-in.nq"))
		for _, name := range files {
			if in, err := os.ReadFile(name); err == nil {
				f.Add(in)
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		quads, err := ParseNQuads(in)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		var written []byte
		for _, q := range quads {
			written, err = AppendQuad(written, q)
			require.NoError(t, err)
		}
		back, err := ParseNQuads(written)
		require.NoError(t, err)
		require.Equal(t, quads, back)
		first, err := Canonicalize(quads, Options{Work: 1 << 14})
		if err != nil {
			require.ErrorIs(t, err, ErrWork)
			return
		}
		again, err := ParseNQuads(first.NQuads())
		require.NoError(t, err)
		second, err := Canonicalize(again, Options{})
		require.NoError(t, err)
		require.Equal(t, string(first.NQuads()), string(second.NQuads()))
	})
}
