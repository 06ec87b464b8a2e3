package dataintegrity_test

import (
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// permit is a credential with nodes in nodes, some without an id.
const permit = `{"@context":["https://www.w3.org/ns/credentials/v2","https://w3id.org/citizenship/v4rc1"],"type":["VerifiableCredential","EmploymentAuthorizationDocumentCredential"],"issuer":{"id":"did:example:gov","image":"data:image/png;base64,AA=="},` +
	`"name":"Permit","validUntil":"2029-12-03T00:00:00Z","credentialSubject":[{"type":["Person","EmployablePerson"],"givenName":"JOHN","familyName":"SMITH","birthDate":"1999-07-17","employmentAuthorizationDocument":{"type":"EmploymentAuthorizationDocument","identifier":"83627465","lprCategory":"C09"}},` +
	`{"type":["Person","EmployablePerson"],"givenName":"JANE","familyName":"SMITH"}]}`

// permits are two holders' base proofs of one issuer, and what was derived.
type permits struct {
	t            testing.TB
	issuer       proof.Signer
	parser       dataintegrity.Parser
	base, shown  []byte
	other        []byte // derived from another base proof of the same document
	text         string // the proof value of what was derived
	value, third dataintegrity.Components
}

var permitPointers = []string{"/credentialSubject/0/givenName", "/credentialSubject/0/employmentAuthorizationDocument/lprCategory", "/credentialSubject/1/givenName"}

func newPermits(t testing.TB) *permits {
	p := &permits{t: t, issuer: ecSigner(t, elliptic.P256()), parser: dataintegrity.Parser{RDF: newRDF(t)}}
	p.base = p.sign("/issuer", "/validUntil")
	p.shown, p.other = p.derive(p.base, permitPointers...), p.derive(p.sign("/issuer", "/validUntil"), permitPointers...)
	p.text = proofMembers(t, p.shown)[0]["proofValue"].(string)
	p.value, p.third = p.components(p.shown), p.components(p.other)
	return p
}

func (p *permits) sign(mandatory ...string) []byte {
	p.t.Helper()
	out, err := dataintegrity.Sign(ctx, []byte(permit), p.issuer, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: p.parser.RDF, Created: made, Mandatory: mandatory})
	require.NoError(p.t, err)
	return out
}

func (p *permits) derive(base []byte, pointers ...string) []byte {
	p.t.Helper()
	out, err := dataintegrity.Derive(base, dataintegrity.Disclosure{RDF: p.parser.RDF, Pointers: pointers})
	require.NoError(p.t, err)
	return out
}

func (p *permits) components(doc []byte) dataintegrity.Components {
	c, err := dataintegrity.ReadComponents(proofMembers(p.t, doc)[0]["proofValue"].(string))
	require.NoError(p.t, err)
	return c
}

// with returns what was derived with another proof value.
func (p *permits) with(value string) []byte {
	return []byte(strings.Replace(string(p.shown), p.text, value, 1))
}

func (p *permits) verify(doc []byte) error {
	d, err := p.parser.Parse(doc)
	if err != nil {
		return err
	}
	return d.Verify(0, p.issuer.Key())
}

func swapped[T any](s []T, i, j int) []T {
	out := slices.Clone(s)
	out[i], out[j] = out[j], out[i]
	return out
}

// flip is the other s of an ECDSA signature.
func flip(sig []byte) []byte {
	n, s := elliptic.P256().Params().N, new(big.Int).SetBytes(sig[32:])
	return append(slices.Clone(sig[:32]), new(big.Int).Sub(n, s).FillBytes(make([]byte, 32))...)
}

func TestDerivedProofsRefused(t *testing.T) {
	p := newPermits(t)
	require.NoError(t, p.verify(p.shown))
	require.NoError(t, p.verify(p.other))
	require.NoError(t, p.verify(p.with(p.value.Encode())))
	require.GreaterOrEqual(t, len(p.value.Labels), 4)

	malformed, mismatch := dataintegrity.ErrMalformed, proof.ErrMismatch
	for name, c := range map[string]struct {
		change func(*dataintegrity.Components)
		want   error
	}{
		"labels swapped":             {func(c *dataintegrity.Components) { c.Labels = swapped(c.Labels, 0, 1) }, mismatch},
		"labels of the last swapped": {func(c *dataintegrity.Components) { c.Labels = swapped(c.Labels, len(c.Labels)-1, len(c.Labels)-2) }, mismatch},
		"a label twice":              {func(c *dataintegrity.Components) { c.Labels[1] = c.Labels[0] }, malformed},
		"a label less":               {func(c *dataintegrity.Components) { c.Labels = c.Labels[:len(c.Labels)-1] }, malformed},
		"a label more":               {func(c *dataintegrity.Components) { c.Labels = append(c.Labels, p.third.Labels[0]) }, malformed},
		"no labels":                  {func(c *dataintegrity.Components) { c.Labels = nil }, malformed},
		"another's labels":           {func(c *dataintegrity.Components) { c.Labels = p.third.Labels }, mismatch},
		"a mandatory one less":       {func(c *dataintegrity.Components) { c.Mandatory = c.Mandatory[1:] }, malformed},
		"a mandatory one more": {func(c *dataintegrity.Components) {
			c.Mandatory, c.Signatures = replaced(c.Mandatory, 0), c.Signatures[1:]
		}, mismatch},
		"another mandatory one": {func(c *dataintegrity.Components) { c.Mandatory = replaced(c.Mandatory, 1) }, mismatch},
		"all mandatory": {func(c *dataintegrity.Components) {
			c.Mandatory, c.Signatures = upTo(len(c.Mandatory)+len(c.Signatures)), nil
		}, mismatch},
		"none mandatory":               {func(c *dataintegrity.Components) { c.Mandatory = nil }, malformed},
		"mandatory beyond":             {func(c *dataintegrity.Components) { c.Mandatory[len(c.Mandatory)-1] = 4000 }, malformed},
		"another, beyond":              {func(c *dataintegrity.Components) { c.Mandatory = append(c.Mandatory, 4000) }, malformed},
		"mandatory beyond the limit":   {func(c *dataintegrity.Components) { c.Mandatory[len(c.Mandatory)-1] = 1 << 40 }, malformed},
		"mandatory descending":         {func(c *dataintegrity.Components) { c.Mandatory = swapped(c.Mandatory, 0, 1) }, malformed},
		"a mandatory one twice":        {func(c *dataintegrity.Components) { c.Mandatory[1] = c.Mandatory[0] }, malformed},
		"signatures reordered":         {func(c *dataintegrity.Components) { c.Signatures = swapped(c.Signatures, 0, 1) }, mismatch},
		"a signature twice":            {func(c *dataintegrity.Components) { c.Signatures[1] = c.Signatures[0] }, mismatch},
		"a signature more":             {func(c *dataintegrity.Components) { c.Signatures = append(c.Signatures, c.Signatures[0]) }, malformed},
		"a signature less":             {func(c *dataintegrity.Components) { c.Signatures = c.Signatures[1:] }, malformed},
		"no signatures":                {func(c *dataintegrity.Components) { c.Signatures = nil }, malformed},
		"another's signatures":         {func(c *dataintegrity.Components) { c.Signatures = p.third.Signatures }, mismatch},
		"another's signatures and key": {func(c *dataintegrity.Components) { c.Signatures, c.Key = p.third.Signatures, p.third.Key }, mismatch},
		"another's base signature":     {func(c *dataintegrity.Components) { c.Signature = p.third.Signature }, mismatch},
		"another's value":              {func(c *dataintegrity.Components) { *c = p.third }, nil}, // it is of the same document and issuer
		"another key's number":         {func(c *dataintegrity.Components) { c.Key[1]++ }, mismatch},
		"no point":                     {func(c *dataintegrity.Components) { c.Key[2] = 4 }, mismatch},
		"a signature of zeros":         {func(c *dataintegrity.Components) { c.Signatures[0] = make([]byte, 64) }, mismatch},
		"the other s":                  {func(c *dataintegrity.Components) { c.Signatures[0] = flip(c.Signatures[0]) }, nil}, // FIPS 186-5 has both
		"the other s of the base":      {func(c *dataintegrity.Components) { c.Signature = flip(c.Signature) }, nil},
	} {
		v := p.components(p.shown)
		c.change(&v)
		err := p.verify(p.with(v.Encode()))
		if c.want == nil {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, c.want, name)
	}
}

// replaced returns ascending numbers with the least one that is missing, and less
// the first few.
func replaced(ascending []int, few int) []int {
	least := 0
	for slices.Contains(ascending, least) {
		least++
	}
	out := append(slices.Clone(ascending[few:]), least)
	slices.Sort(out)
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// An issuer's own key may be no point: that is found once its signature holds.
func TestDerivedProofWithoutAKey(t *testing.T) {
	p := newPermits(t)
	c := p.components(p.shown)
	d, err := p.parser.Parse(p.shown)
	require.NoError(t, err)
	message, _ := dataintegrity.Internals(d, 0)
	for _, key := range [][]byte{append([]byte{0x81, 0x24}, c.Key[2:]...), append([]byte{0x80, 0x24, 4}, c.Key[3:]...), append([]byte{0x80, 0x24, 2}, slices.Repeat([]byte{0xff}, 32)...)} {
		signed := slices.Replace(slices.Clone(message), 32, 32+35, key...)
		c.Key = key
		c.Signature, err = p.issuer.Sign(ctx, signed)
		require.NoError(t, err)
		err = p.verify(p.with(c.Encode()))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed)
		require.ErrorContains(t, err, "not one on P-256")
	}
}

func TestBaseProofDoesNotVerify(t *testing.T) {
	p := newPermits(t)
	d, err := p.parser.Parse(p.base)
	require.NoError(t, err)
	require.True(t, d.Proofs[0].Base)
	require.True(t, d.Proofs[0].SignsStatements())
	require.ErrorIs(t, d.Verify(0, p.issuer.Key()), dataintegrity.ErrBase)
	shown, err := p.parser.Parse(p.shown)
	require.NoError(t, err)
	require.False(t, shown.Proofs[0].Base)

	// Under the other's header neither is read.
	for _, doc := range [][]byte{p.base, p.shown} {
		value := proofMembers(t, doc)[0]["proofValue"].(string)
		b, err := base64.RawURLEncoding.DecodeString(value[1:])
		require.NoError(t, err)
		for h := range 256 {
			if b[2] == byte(h) {
				continue
			}
			other := slices.Clone(b)
			other[2] = byte(h)
			_, err := p.parser.Parse([]byte(strings.Replace(string(doc), value, "u"+base64.RawURLEncoding.EncodeToString(other), 1)))
			require.ErrorIs(t, err, dataintegrity.ErrMalformed, "%02x", h)
		}
	}
	// What is mandatory is in the base proof unsigned, and bound all the same.
	for _, pointers := range [][]string{{"/issuer"}, {"/issuer", "/validUntil", "/name"}, {}} {
		c := p.components(p.base)
		c.Pointers = pointers
		old := proofMembers(t, p.base)[0]["proofValue"].(string)
		out, err := dataintegrity.Derive([]byte(strings.Replace(string(p.base), old, c.Encode(), 1)), dataintegrity.Disclosure{RDF: p.parser.RDF, Pointers: permitPointers})
		if err == nil {
			err = p.verify(out)
		}
		require.Error(t, err, "%q", pointers)
	}
}

// Each item is in the one form that it has, as RFC 8949 and the specification
// say: definite, shortest, untagged, of the type and length given.
func TestProofValuesRefused(t *testing.T) {
	p := newPermits(t)
	whole := func(doc []byte) []byte {
		b, err := base64.RawURLEncoding.DecodeString(proofMembers(t, doc)[0]["proofValue"].(string)[1:])
		require.NoError(t, err)
		return b
	}
	derived, base := whole(p.shown), whole(p.base)
	text := func(b []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(b) }
	read := func(value string) error {
		_, err := dataintegrity.ReadComponents(value)
		return err
	}
	require.NoError(t, read(text(derived)))
	require.NoError(t, read(text(base)))
	replace := func(b []byte, at, n int, with string) string {
		w, err := hex.DecodeString(with)
		require.NoError(t, err)
		return text(slices.Replace(slices.Clone(b), at, at+n, w...))
	}
	const array, signature, key = 3, 4, 4 + 2 + 64
	list := key + 2 + 35
	for name, value := range map[string]string{
		"empty": "", "u": "u", "z": "z" + text(derived)[1:], "U": "U" + text(derived)[1:], "padded": text(derived) + "=", "line end": text(derived)[:40] + "\n" + text(derived)[40:], "base64": strings.NewReplacer("-", "+", "_", "/").Replace(text(derived)) + "+/",
		"header alone": text(derived[:3]), "two bytes": text(derived[:2]), "another header": replace(derived, 0, 1, "d8"), "header of bbs": replace(derived, 2, 1, "03"),
		"cut": text(derived[:len(derived)-1]), "cut in half": text(derived[:len(derived)/2]), "more behind": text(append(slices.Clone(derived), 0)), "twice": text(append(slices.Clone(derived), derived[3:]...)),
		"four items": replace(derived, array, 1, "84"), "six items": replace(derived, array, 1, "86"), "indefinite": replace(derived, array, 1, "9f"), "long head": replace(derived, array, 1, "9805"), "a map": replace(derived, array, 1, "a5"), "tagged": replace(derived, array, 0, "d840"),
		"signature tagged": replace(derived, signature, 0, "d840"), "signature text": replace(derived, signature, 1, "78"), "signature with long length": replace(derived, signature, 2, "590040"), "signature with longer length": replace(derived, signature, 2, "5a00000040"), "signature with longest length": replace(derived, signature, 2, "5b0000000000000040"),
		"signature shorter": replace(derived, signature, 3, "583f"), "signature longer": replace(derived, signature, 2, "584100"), "signature in chunks": replace(derived, signature, 2, "5f5840"), "key longer": replace(derived, key, 2, "582400"), "key shorter": replace(derived, key, 3, "5822"),
		"signatures a map": replace(derived, list, 1, "a2"), "signatures without end": replace(derived, list, 1, "9f"), "signatures without number": replace(derived, list, 1, "9b7fffffffffffffff"), "signatures of many": replace(derived, list, 1, "991000"),
		"base of four": replace(base, array, 1, "84"), "base tagged": replace(base, array, 0, "d840"), "base HMAC key shorter": replace(base, list, 3, "581f"), "base HMAC key longer": replace(base, list, 2, "582100"),
		"base pointers not UTF-8": text(slices.Concat(base[:len(base)-1], []byte{0xff})), "base cut": text(base[:len(base)-1]), "base more behind": text(append(slices.Clone(base), 0xf6)),
	} {
		require.ErrorIs(t, read(value), dataintegrity.ErrMalformed, name)
	}
	end := slices.IndexFunc(derived[list:], func(b byte) bool { return b>>5 == 5 }) // somewhere; found exactly below
	require.Positive(t, end)
	c := p.value
	prefix := len(derived) - (1 + len(c.Mandatory)) - len(c.Labels)*(1+2+32) - 1
	require.Equal(t, byte(0xa0|len(c.Labels)), derived[prefix])
	first := prefix + 1
	for name, value := range map[string]string{
		"map without end": replace(derived, prefix, 1, "bf"), "map an array": replace(derived, prefix, 1, fmt.Sprintf("%02x", 0x80|2*len(c.Labels))), "label number text": replace(derived, first, 1, "6130"), "label number negative": replace(derived, first, 1, "20"), "label number long": replace(derived, first, 1, "1800"),
		"label number twice": replace(derived, first, 1, "01"), "label number beyond": replace(derived, first, 1, fmt.Sprintf("%02x", len(c.Labels))), "label number a float": replace(derived, first, 1, "f90000"), "label text": replace(derived, first+1, 1, "78"), "label shorter": replace(derived, first+1, 3, "581f"), "label longer": replace(derived, first+1, 2, "582100"), "label null": replace(derived, first+1, 34, "f6"),
		"index text": replace(derived, len(derived)-1, 1, "6130"), "index negative": replace(derived, len(derived)-1, 1, "20"), "index long": replace(derived, len(derived)-1, 1, "1805"), "index null": replace(derived, len(derived)-1, 1, "f6"), "index tagged": replace(derived, len(derived)-1, 0, "c2"), "index a big number": replace(derived, len(derived)-1, 1, "c24105"),
	} {
		require.ErrorIs(t, read(value), dataintegrity.ErrMalformed, name)
	}
	// Counts are looked at before there is room made for as many.
	for name, value := range map[string]string{
		"labels": replace(derived, prefix, 1, "ba00100000"), "labels of 4 GiB": replace(derived, prefix, 1, "baffffffff"), "signatures": replace(derived, list, 1, "9affffffff"),
		"an index": replace(derived, len(derived)-1, 1, "191001"), "a label's number": replace(derived, first, 1, "191001"),
	} {
		require.ErrorContains(t, read(value), "more than is read", name)
	}
	// Entries of a map have no order.
	swap := slices.Concat(derived[:first], derived[first+35:first+70], derived[first:first+35], derived[first+70:])
	require.NoError(t, p.verify(p.with(text(swap))))
}

func TestSelectiveSuiteRefuses(t *testing.T) {
	p := newPermits(t)
	sign := func(doc string, s proof.Signer, change func(*dataintegrity.Options)) error {
		o := dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: p.parser.RDF, Created: made}
		change(&o)
		_, err := dataintegrity.Sign(ctx, []byte(doc), s, o)
		return err
	}
	none := func(*dataintegrity.Options) {}
	require.NoError(t, sign(permit, p.issuer, none), "nothing need be mandatory")
	require.ErrorIs(t, sign(permit, ecSigner(t, elliptic.P384()), none), proof.ErrKey)
	require.ErrorIs(t, sign(permit, edSigner(t), none), proof.ErrKey)
	require.ErrorIs(t, sign(permit, p.issuer, func(o *dataintegrity.Options) { o.RDF = nil }), dataintegrity.ErrUnsupported)
	require.ErrorIs(t, sign(permit, p.issuer, func(o *dataintegrity.Options) { o.RDF = anyForm(t) }), dataintegrity.ErrUnsupported, "another's RDF tells no statements of a part")
	for _, pointer := range []string{"/nothing", "x", "/proof", "/credentialSubject/2", "/~"} {
		err := sign(permit, p.issuer, func(o *dataintegrity.Options) { o.Mandatory = []string{"/issuer", pointer} })
		require.ErrorIs(t, err, proof.ErrPointer, pointer)
		require.ErrorContains(t, err, "mandatory: pointer 1", pointer)
	}
	err := sign(permit, p.issuer, func(o *dataintegrity.Options) { o.Mandatory = slices.Repeat([]string{"/issuer"}, limits.Disclosed+1) })
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)
	_, err = dataintegrity.Derive(p.base, dataintegrity.Disclosure{RDF: p.parser.RDF, Pointers: slices.Repeat([]string{"/issuer"}, limits.Disclosed)})
	require.ErrorIs(t, err, proof.ErrPointer)
	many := strings.Replace(permit, `"JANE"`, `["JANE"`+manyTexts(limits.Disclosed)+`]`, 1)
	require.ErrorContains(t, sign(many, p.issuer, none), "at most")

	// A chain would need proofs that are not shown.
	first, err := dataintegrity.Sign(ctx, []byte(permit), edSigner(t), dataintegrity.Options{ID: "urn:proof:1", Created: made})
	require.NoError(t, err)
	err = sign(string(first), p.issuer, func(o *dataintegrity.Options) { o.Previous = []string{"urn:proof:1"} })
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
	// Beside it, pointers are into what it signs.
	err = sign(string(first), p.issuer, func(o *dataintegrity.Options) { o.Mandatory = []string{"/proof"} })
	require.ErrorIs(t, err, proof.ErrPointer)
	require.NoError(t, sign(string(first), p.issuer, func(o *dataintegrity.Options) { o.Mandatory = []string{"/issuer"} }))

	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = dataintegrity.Sign(stopped, []byte(permit), p.issuer, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: p.parser.RDF})
	require.ErrorIs(t, err, context.Canceled)

	_, err = dataintegrity.Parser{}.Parse(p.shown)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
	d, err := p.parser.Parse(p.shown)
	require.NoError(t, err)
	require.ErrorIs(t, d.Verify(0, edSigner(t).Key()), proof.ErrKey)
	require.ErrorIs(t, d.Verify(0, ecSigner(t, elliptic.P384()).Key()), proof.ErrKey)
	require.ErrorIs(t, d.Verify(0, ecSigner(t, elliptic.P256()).Key()), proof.ErrMismatch)
}

// Each proof has the document's statements under labels of its own: what is written
// of them is bounded for all proofs together.
func TestManyProofsOfALongDocument(t *testing.T) {
	p := newPermits(t)
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],"type":"VerifiableCredential","issuer":"urn:x:issuer","credentialSubject":{"id":"urn:x:` + strings.Repeat("x", 20_000) + `"`
	for i := range 30 {
		doc += fmt.Sprintf(`,"claim%d":"x"`, i)
	}
	base, err := dataintegrity.Sign(ctx, []byte(doc+"}}"), p.issuer, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: p.parser.RDF})
	require.NoError(t, err)
	v, err := jcs.Parse(p.derive(base, ""))
	require.NoError(t, err)
	one := string(v.Member("proof").Append(nil))
	text := string(v.Append(nil, "proof"))
	for proofs, fits := range map[int]bool{1: true, 8: true, 16: false} {
		_, err := p.parser.Parse([]byte(text[:len(text)-1] + `,"proof":[` + strings.Repeat(one+",", proofs-1) + one + `]}`))
		require.Equal(t, fits, err == nil, "%d proofs: %v", proofs, err)
		if err != nil {
			require.ErrorIs(t, err, dataintegrity.ErrMalformed)
		}
	}
}

func manyTexts(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d"`, i)
	}
	return b.String()
}

// What JSON-LD has as one thing is shown whole or not at all, and all that a
// document can be made of survives.
func TestDeriveKindsOfStatements(t *testing.T) {
	s, r := ecSigner(t, elliptic.P256()), newRDF(t).InsecureInlineContexts()
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2",{"list":{"@id":"urn:x:list","@container":"@list"},"json":{"@id":"urn:x:json","@type":"@json"},"graph":{"@id":"urn:x:graph","@container":"@graph"},"by":{"@id":"urn:x:by","@container":"@id"},"lang":{"@id":"urn:x:lang","@container":"@language"},"b~c":"urn:x:bc","p":"urn:x:p","node":{"@id":"urn:x:node","@type":"@id"}}],
		"type":"VerifiableCredential","issuer":"urn:x:issuer","credentialSubject":{"list":["a",{"p":"in a list"},["b","c"],"a"],"json":{"w":1,"z":[1,{"y":null}]},"graph":[{"p":"in a graph"},{"p":"in another"}],"by":{"urn:x:1":{"p":"one"},"urn:x:2":{"p":"two"}},"lang":{"en":"yes","fr":"oui"},"b~c":{"p":"odd"},"node":[{"id":"_:x","p":"labelled"},"_:x"],"p":["_:c14n0 ","\"\\\n","é"]}}`
	base, err := dataintegrity.Sign(ctx, []byte(doc), s, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: r, Mandatory: []string{"/issuer"}})
	require.NoError(t, err)
	for pointer, want := range map[string]string{
		"list": `{"list":["a",{"p":"in a list"},["b","c"],"a"]}`, "json": `{"json":{"w":1,"z":[1,{"y":null}]}}`, "graph/1": `{"graph":[{"p":"in another"}]}`, "graph": `{"graph":[{"p":"in a graph"},{"p":"in another"}]}`, "by/urn:x:2": `{"by":{"urn:x:2":{"p":"two"}}}`,
		"lang/fr": `{"lang":{"fr":"oui"}}`, "b~0c": `{"b~c":{"p":"odd"}}`, "b~0c/p": `{"b~c":{"p":"odd"}}`, "node/0": `{"node":[{"id":"_:x","p":"labelled"}]}`, "node": `{"node":[{"id":"_:x","p":"labelled"},"_:x"]}`, "node/1": `{"node":["_:x"]}`, "p/0": `{"p":["_:c14n0 "]}`, "p": `{"p":["_:c14n0 ","\"\\\n","é"]}`,
	} {
		out, err := dataintegrity.Derive(base, dataintegrity.Disclosure{RDF: r, Pointers: []string{"/credentialSubject/" + pointer}})
		require.NoError(t, err, pointer)
		v, err := jcs.Parse(out)
		require.NoError(t, err)
		require.JSONEq(t, want, string(v.Member("credentialSubject").Append(nil)), pointer)
		d, err := dataintegrity.Parser{RDF: r}.Parse(out)
		require.NoError(t, err, pointer)
		require.NoError(t, d.Verify(0, s.Key()), pointer)
	}
	for _, pointer := range []string{"list/0", "list/3", "list/1/p", "list/2", "list/2/0", "json/z", "json/z/0"} {
		_, err := dataintegrity.Derive(base, dataintegrity.Disclosure{RDF: r, Pointers: []string{"/credentialSubject/" + pointer}})
		require.ErrorIs(t, err, proof.ErrPointer, pointer)
		_, err = dataintegrity.Sign(ctx, []byte(doc), s, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: r, Mandatory: []string{"/credentialSubject/" + pointer}})
		require.ErrorIs(t, err, proof.ErrPointer, pointer)
	}
}

// A document all of whose nodes have an id needs no labels.
func TestDeriveWithoutBlankNodes(t *testing.T) {
	p := newPermits(t)
	doc := strings.NewReplacer(`"name":"Permit"`, `"id":"urn:x:permit","name":"Permit"`, `"givenName":"JANE"`, `"id":"urn:x:jane","givenName":"JANE"`).Replace(permit)
	base, err := dataintegrity.Sign(ctx, []byte(doc), p.issuer, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: p.parser.RDF, Mandatory: []string{"/issuer", "/name"}})
	require.NoError(t, err)
	for pointer, labels := range map[string]int{"/credentialSubject/1/familyName": 0, "/credentialSubject/0/familyName": 1, "/issuer/id": 0} {
		shown := p.derive(base, pointer)
		require.NoError(t, p.verify(shown), pointer)
		require.Len(t, p.components(shown).Labels, labels, pointer)
	}
	none := p.derive(base)
	require.NoError(t, p.verify(none), "what is mandatory alone")
	require.Empty(t, p.components(none).Signatures)
}

// FuzzProofValue: what is read can be written, and reads the same.
func FuzzProofValue(f *testing.F) {
	p := newPermits(f)
	f.Add(proofMembers(f, p.base)[0]["proofValue"].(string))
	f.Add(proofMembers(f, p.shown)[0]["proofValue"].(string))
	files, err := filepath.Glob(filepath.Join(testvectors.Dir(f), "w3c", "vc-di-ecdsa", "TestVectors", "ecdsa-sd-2023", "*", "*e*d*.json"))
	require.NoError(f, err)
	for _, file := range files {
		if v, err := jcs.Parse(read(f, file)); err == nil {
			if value, ok := v.Member("proof").Member("proofValue").Text(); ok {
				f.Add(value)
			}
		}
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := dataintegrity.ReadComponents(value)
		if err != nil {
			if !errors.Is(err, dataintegrity.ErrMalformed) {
				t.Fatalf("%q: %v", value, err)
			}
			return
		}
		again, err := dataintegrity.ReadComponents(c.Encode())
		if err != nil || fmt.Sprint(c) != fmt.Sprint(again) {
			t.Fatalf("%q reads as another", value)
		}
		if len(c.Encode()) != len(value) {
			t.Fatalf("%q has another form", value)
		}
		// No other value than those of this document verifies.
		d, err := p.parser.Parse(p.with(value))
		if err == nil && d.Verify(0, p.issuer.Key()) == nil && !sameProof(c, p.value) && !sameProof(c, p.third) {
			t.Fatalf("verifies: %q", value)
		}
	})
}

// sameProof reports whether two values differ in no more than the s of signatures.
func sameProof(a, b dataintegrity.Components) bool {
	r := func(sigs [][]byte) (out [][]byte) {
		for _, s := range sigs {
			out = append(out, s[:32])
		}
		return out
	}
	return fmt.Sprint(a.Key, a.Labels, a.Mandatory, a.Signature[:32], r(a.Signatures)) == fmt.Sprint(b.Key, b.Labels, b.Mandatory, b.Signature[:32], r(b.Signatures))
}
