package jsonld

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

func TestCheckIRI(t *testing.T) {
	for _, s := range []string{
		"a:", "a:b", "urn:x:y", "did:web:localhost%3A3000#k", "did:key:z6Mk#z6Mk", "mailto:a@b.example", "tel:+1-2", "data:text/plain;base64,AA==",
		"http://ex.org", "http://ex.org/?q=a/b?c#f/g?h", "https://u:p@ex.org:99999999/", "https://", "http://[::1]/x", "http://[2001:db8::1]:80",
		"http://ex.org/" + strings.Repeat("a", 5000), "http://é.example/ü#é", "http://ex.org/?\uE000", "a+b-c.d1:x", "http://host-/", "file:///a",
		"http://ex.org/!$&'()*+,;=:@-._~", "http://ex.org/%C3%A9",
	} {
		require.Empty(t, checkIRI(s), s)
	}
	for _, s := range []string{
		"", "a", "/a", "#a", "?a", "//ex.org/", ":a", "1a:b", "-a:b", "a b:c", "é:b", "_:b", "@id", "http://ex.org/a b", " http://ex.org/",
		"http://ex.org/\n", "http://ex.org/\x00", "http://ex.org/<", "http://ex.org/>", "http://ex.org/\"", "http://ex.org/{", "http://ex.org/|",
		"http://ex.org/\\", "http://ex.org/^", "http://ex.org/`", "http://ex.org/%", "http://ex.org/%4", "http://ex.org/%4x", "http://[::1/x",
		"http://[::1]x/", "http://[1.2.3.4]/", "http://[fe80::1%25eth0]/", "http://[v1.a]/", "http://a[b/", "http://ex.org/[", "http://ex.org:8a/",
		"http://a@b@c/", "http://ex.org/#a#b", "http://ex.org/\uE000", "http://ex.org/\u0080", "http://ex.org/\uFFFD", "http://ex.org/\uFDD0",
		"http://ex.org/\U0001FFFF", "http://ex.org/?\U000FFFFF", "http://ex.org/\U000E0001", "http://ex.org/\ufff0", "http://ex.org/\x7f",
	} {
		require.NotEmpty(t, checkIRI(s), "%q", s)
	}
}

// The examples of RFC 3986, section 5.4.
func TestResolve(t *testing.T) {
	x := &run{}
	for ref, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s",
		";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y#s", "": "http://a/b/c/d;p?q", ".": "http://a/b/c/",
		"./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/",
		"../../g": "http://a/g", "../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g",
		"g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g", "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g", "./../g": "http://a/b/g",
		"./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h", "g;x=1/./y": "http://a/b/c/g;x=1/y",
		"g;x=1/../y": "http://a/b/c/y", "g?y/./x": "http://a/b/c/g?y/./x", "g#s/../x": "http://a/b/c/g#s/../x", "http:g": "http:g",
	} {
		got, err := x.resolve("http://a/b/c/d;p?q", ref)
		require.NoError(t, err)
		require.Equal(t, want, got, ref)
	}
	for _, c := range [][3]string{
		{"", "g", "g"}, {"http://a", "g", "http://a/g"}, {"tag:example", "a", "tag:a"}, {"http://a/b?c#d", "", "http://a/b?c"}, {"a:b/c", "../../d", "a:/d"},
	} {
		got, err := x.resolve(c[0], c[1])
		require.NoError(t, err)
		require.Equal(t, c[2], got, c)
	}
}

func TestLanguageAndLabel(t *testing.T) {
	for _, s := range []string{"a", "en", "EN-gb", "de-CH-1996", "x-a", "abcdefgh-12345678"} {
		require.True(t, validLanguage(s), s)
	}
	for _, s := range []string{"", "-", "e n", "en-", "-en", "en--gb", "e1", "abcdefghi", "en-123456789", "en_GB", "é"} {
		require.False(t, validLanguage(s), s)
	}
	for _, s := range []string{"a", "c14n0", "0", "_a", "a.b-c", "é", ":"} {
		require.True(t, validLabel(s), s)
	}
	for _, s := range []string{"", ".a", "-a", "a.", "a b", "a\n", "a>", "a/b", "a#"} {
		require.False(t, validLabel(s), s)
	}
}

func TestDouble(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0.0E0", "1": "1.0E0", "-1.5": "-1.5E0", "5.5e+100": "5.5E100", "1e-7": "1.0E-7", "123456789012345.6": "1.234567890123456E14",
		"100000": "1.0E5", "0.1": "1.0E-1", "1.7976931348623157e+308": "", "0.30000000000000004": "", "5e-324": "4.940656458412465E-324",
	} {
		got, ok := double(in)
		require.Equal(t, want != "", ok, in)
		if ok {
			require.Equal(t, want, got, in)
		}
	}
	_, ok := double("x")
	require.False(t, ok)
	_, err := literal(jcs.Value{}, "")
	require.ErrorIs(t, err, ErrSyntax)
}

// What is found out about IRIs when a context is read is what looking at each of
// them would find.
func TestIRIsOfContexts(t *testing.T) {
	p := processor(t)
	o := Options{AnyForm: true}
	for _, vocab := range []string{
		"http://ex.org/", "http://ex.org/#", "http://ex.org/a", "http://ex.org:80", "http://ex.org:8a/", "http://ex.org/%4", "http://ex.org/%", "http://[::1", "http://",
		"http:", "urn:", "urn:x#", "urn:x:", "tag:a b/", "http://ex.org/<#", "http://ex.org/#a#", "http://é.example/#", "http://ex.org/\x7f/", "http://a@b@/",
	} {
		for _, name := range []string{"a", "1", "80", "aZ09", "a b", "a#b", "é", "é\uFDD0", "%", "%41", "a/b", "a?b", "-", "<a>"} {
			_, err := p.ToRDF(parse(t, `{"@context":{"@vocab":"`+strings.ReplaceAll(vocab, "\x7f", `\u007f`)+`"},"`+name+`":"x"}`), o)
			require.Equal(t, checkIRI(vocab+name) == "", err == nil, "%q %q %v", vocab, name, err)
		}
	}
	for _, iri := range []string{"http://ex.org/a", "http://ex.org/a b", "http://ex.org/%4", "urn:x", "http://[::1/x", "http://ex.org/#a#b"} {
		_, err := p.ToRDF(parse(t, `{"@context":{"t":"`+iri+`"},"t":"x"}`), o)
		require.Equal(t, checkIRI(iri) == "", err == nil, "term %q %v", iri, err)
		_, err = p.ToRDF(parse(t, `{"@context":{"t":{"@id":"urn:t","@type":"`+iri+`"}},"t":"x"}`), o)
		require.Equal(t, checkIRI(iri) == "", err == nil, "type %q %v", iri, err)
	}
}
