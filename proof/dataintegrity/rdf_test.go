package dataintegrity_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jsonld"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

const ed2020Context = `"https://w3id.org/security/suites/ed25519-2020/v1"`

// bytesRDF is an RDF from elsewhere, which takes bytes alone.
type bytesRDF func(doc []byte, hash crypto.Hash) ([]byte, error)

func (f bytesRDF) Canonical(doc []byte, hash crypto.Hash) ([]byte, error) { return f(doc, hash) }

// anyForm is an RDF that takes statements in whatever form, as most do.
func anyForm(t testing.TB) dataintegrity.RDF {
	p, err := jsonld.New()
	require.NoError(t, err)
	return bytesRDF(func(doc []byte, hash crypto.Hash) ([]byte, error) {
		v, err := jcs.Parse(doc)
		if err != nil {
			return nil, err
		}
		quads, err := p.ToRDF(v, jsonld.Options{AnyForm: true})
		if err != nil {
			return nil, err
		}
		r, err := rdfc.Canonicalize(quads, rdfc.Options{Hash: hash})
		if err != nil {
			return nil, err
		}
		return r.NQuads(), nil
	})
}

func TestSignStatements(t *testing.T) {
	own := newRDF(t)
	with2020 := strings.Replace(credential, `"],`, `",`+ed2020Context+`],`, 1)
	for _, c := range []struct {
		suite, typ, doc string
		s               proof.Signer
		algorithm       proof.Algorithm
		hash            crypto.Hash
	}{
		{dataintegrity.EdDSARDFC2022, dataintegrity.ProofType, credential, edSigner(t), proof.EdDSA, crypto.SHA256},
		{dataintegrity.ECDSARDFC2019, dataintegrity.ProofType, credential, ecSigner(t, elliptic.P256()), proof.ES256, crypto.SHA256},
		{dataintegrity.ECDSARDFC2019, dataintegrity.ProofType, credential, ecSigner(t, elliptic.P384()), proof.ES384, crypto.SHA384},
		{dataintegrity.Ed25519Signature2020, dataintegrity.Ed25519Signature2020, with2020, edSigner(t), proof.EdDSA, crypto.SHA256},
	} {
		var hashes []crypto.Hash
		other := bytesRDF(func(doc []byte, hash crypto.Hash) ([]byte, error) {
			hashes = append(hashes, hash)
			return own.Canonical(doc, hash)
		})
		for _, r := range []dataintegrity.RDF{own, other} {
			signed, err := dataintegrity.Sign(ctx, []byte(c.doc), c.s, dataintegrity.Options{
				Cryptosuite: c.suite, RDF: r, ID: "urn:proof:1", Purpose: proof.Authentication, Created: made, Expires: made.Add(time.Hour),
				Domain: []string{"a.example", "b.example"}, Challenge: "c", Nonce: "n",
			})
			require.NoError(t, err, c.suite)
			_, has := proofMembers(t, signed)[0]["@context"]
			require.False(t, has, "the document's is enough")
			d, err := dataintegrity.Parser{RDF: own}.Parse(signed)
			require.NoError(t, err, c.suite)
			p := d.Proofs[0]
			require.Equal(t, c.typ, p.Type)
			require.Equal(t, c.suite, p.Cryptosuite)
			require.Equal(t, c.algorithm, p.Algorithm)
			require.Equal(t, []string{"a.example", "b.example"}, p.Domain)
			require.True(t, p.Expires.Equal(made.Add(time.Hour)))
			require.True(t, p.SignsStatements())
			require.NoError(t, d.Verify(0, c.s.Key()))
			again, err := dataintegrity.Parser{RDF: other}.Parse(signed)
			require.NoError(t, err)
			require.NoError(t, again.Verify(0, c.s.Key()))
		}
		for _, h := range hashes {
			require.Equal(t, c.hash, h)
		}
		require.NotEmpty(t, hashes)
	}
}

func TestStatementsRefused(t *testing.T) {
	s, r := edSigner(t), newRDF(t)
	o := dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made}
	signed, err := dataintegrity.Sign(ctx, []byte(credential), s, o)
	require.NoError(t, err)

	_, err = dataintegrity.Parse(signed)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported, "no RDF")
	_, err = dataintegrity.Sign(ctx, []byte(credential), s, dataintegrity.Options{Cryptosuite: o.Cryptosuite})
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported, "no RDF")
	// To add a proof over the JSON none is needed.
	_, err = dataintegrity.Sign(ctx, signed, s, dataintegrity.Options{Created: made})
	require.NoError(t, err)

	broken := errors.New("broken")
	failing := bytesRDF(func([]byte, crypto.Hash) ([]byte, error) { return nil, broken })
	_, err = dataintegrity.Parser{RDF: failing}.Parse(signed)
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)

	for name, c := range map[string]struct {
		old, new string
		want     error
	}{
		"no context":              {credential[1:strings.Index(credential, `"id"`)], ``, dataintegrity.ErrMalformed},
		"an unknown context":      {`"https://www.w3.org/ns/credentials/examples/v2"`, `"https://a.example/v1"`, rdf.ErrContext},
		"a relative type":         {`,"https://www.w3.org/ns/credentials/examples/v2"`, ``, rdf.ErrLost},
		"an undefined term":       {`,"https://www.w3.org/ns/credentials/examples/v2"],`, `],"x":1,`, rdf.ErrLost},
		"null":                    {`"name":"N"`, `"name":null`, rdf.ErrLost},
		"a relative subject":      {`did:example:abcdefgh`, `abc`, rdf.ErrLost},
		"one more, malformed":     {`"credentialSubject":{`, `"credentialSubject":{"alumniOf":{"id":"https://"},`, dataintegrity.ErrMalformed},
		"a number beyond doubles": {`"name":"N"`, `"name":"N","age":9007199254740993`, dataintegrity.ErrMalformed},
	} {
		changed := strings.Replace(credential, c.old, c.new, 1)
		require.NotEqual(t, credential, changed, name)
		_, err := dataintegrity.Sign(ctx, []byte(changed), s, o)
		require.ErrorIs(t, err, c.want, name)
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
		_, err = dataintegrity.Parser{RDF: r}.Parse([]byte(strings.Replace(string(signed), c.old, c.new, 1)))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
	}
	small := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","credentialSubject":{"id":"urn:x"}}`
	signed, err = dataintegrity.Sign(ctx, []byte(small), s, o)
	require.NoError(t, err)
	for name, member := range map[string]string{
		"an undefined member": `"x":1`, "a signature of two": `"jws":"x"`, "a signature of old": `"signatureValue":"x"`, "a null": `"x":null`,
	} {
		_, err = dataintegrity.Parser{RDF: r}.Parse([]byte(strings.Replace(string(signed), `"proof":{`, `"proof":{`+member+`,`, 1)))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
	}
	two := strings.Replace(credential, `"],`, `",`+ed2020Context+`],`, 1)
	_, err = dataintegrity.Sign(ctx, []byte(two), s, dataintegrity.Options{Cryptosuite: dataintegrity.Ed25519Signature2020, RDF: r})
	require.NoError(t, err)
	_, err = dataintegrity.Sign(ctx, []byte(small), s, dataintegrity.Options{Cryptosuite: dataintegrity.Ed25519Signature2020, RDF: r})
	require.ErrorIs(t, err, dataintegrity.ErrMalformed, "a type that the document's contexts do not define")
}

// Each of these has the same statements as the signed document, so its
// signature holds, and reads otherwise.
func TestPromiseSignedStatementsReadAsSigned(t *testing.T) {
	s, r := edSigner(t), newRDF(t)
	const self = `{"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"}`
	doc := strings.Replace(credential, `"The School of Examples"`, self, 1)
	signed, err := dataintegrity.Sign(ctx, []byte(doc), s, dataintegrity.Options{
		Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made, Expires: made.Add(time.Hour),
	})
	require.NoError(t, err)
	const examples = `"https://www.w3.org/ns/credentials/examples/v2"`
	for name, changes := range map[string][][2]string{
		"the end under its IRI":             {{`"validUntil":"2033-01-01T00:00:00Z"`, `"https://www.w3.org/2018/credentials#validUntil":{"@type":"http://www.w3.org/2001/XMLSchema#dateTime","@value":"2033-01-01T00:00:00Z"}`}},
		"a name for a name":                 {{examples, examples + `,{"school":"https://www.w3.org/ns/credentials/examples#alumniOf"}`}, {`"alumniOf"`, `"school"`}},
		"a name for a name, deeper":         {{`"credentialSubject":{`, `"credentialSubject":{"@context":{"school":"https://www.w3.org/ns/credentials/examples#alumniOf"},`}, {`"alumniOf"`, `"school"`}},
		"a keyword for a name":              {{`"type":["VerifiableCredential"`, `"@type":["VerifiableCredential"`}},
		"somewhere else":                    {{`"type":["VerifiableCredential"`, `"@included":[{"id":"did:example:abcdefgh","name":"N"}],"type":["VerifiableCredential"`}, {`,"name":"N"},"id"`, `},"id"`}},
		"where it is only spoken of":        {{`,"validUntil":"2033-01-01T00:00:00Z"`, ``}, {self, self[:len(self)-1] + `,"type":"VerifiableCredential","validUntil":"2033-01-01T00:00:00Z"}`}},
		"under their IRIs, without context": {{`,` + examples, ``}, {`"AlumniCredential"`, `"https://www.w3.org/ns/credentials/examples#AlumniCredential"`}, {`"alumniOf"`, `"https://www.w3.org/ns/credentials/examples#alumniOf"`}},
		"a name of the inner":               {{`"name":"N"`, `"https://schema.org/name":"N"`}},
	} {
		changed := string(signed)
		for _, c := range changes {
			require.Contains(t, changed, c[0], name)
			changed = strings.Replace(changed, c[0], c[1], 1)
		}
		d, err := dataintegrity.Parser{RDF: anyForm(t)}.Parse([]byte(changed))
		require.NoError(t, err, name)
		require.NoError(t, d.Verify(0, s.Key()), name)
		_, err = dataintegrity.Parser{RDF: r}.Parse([]byte(changed))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
		require.True(t, errors.Is(err, rdf.ErrForm) || errors.Is(err, rdf.ErrContext), "%s: %v", name, err)
	}

	// What has no statements of its own is not in doubt: JSON is signed as it is.
	inline := strings.Replace(strings.Replace(credential, examples, `{"alumniOf":"https://a.example/b"}`, 1), `,"AlumniCredential"`, ``, 1)
	_, err = dataintegrity.Sign(ctx, []byte(inline), s, dataintegrity.Options{Created: made})
	require.NoError(t, err)
	o := dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made}
	_, err = dataintegrity.Sign(ctx, []byte(inline), s, o)
	require.ErrorIs(t, err, rdf.ErrContext)
	o.RDF = r.InsecureInlineContexts()
	_, err = dataintegrity.Sign(ctx, []byte(inline), s, o)
	require.NoError(t, err)
}

// The end of a proof can't be hidden: neither under its IRI, nor under the other
// name that the contexts of security have for it, which a holder adds. Each of
// these has the statements that were signed.
func TestPromiseProofSaysWhenItEnds(t *testing.T) {
	s, r := edSigner(t), newRDF(t)
	o := dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made, Expires: made.Add(time.Hour)}
	modern, err := dataintegrity.Sign(ctx, []byte(credential), s, o)
	require.NoError(t, err)
	old := jwsProof(t, dataintegrity.Ed25519Signature2018, method, header("EdDSA"), with(t, s), `"expires":"2026-03-01T13:00:00Z",`)
	const v2 = `"https://www.w3.org/ns/credentials/v2"`
	for name, c := range map[string]struct {
		signed  []byte
		changes [][2]string
	}{
		"its IRI":          {modern, [][2]string{{`"expires":"2026-03-01T13:00:00Z"`, `"https://w3id.org/security#expiration":{"@type":"http://www.w3.org/2001/XMLSchema#dateTime","@value":"2026-03-01T13:00:00Z"}`}}},
		"security/v1":      {modern, [][2]string{{v2, v2 + `,"https://w3id.org/security/v1"`}, {`"expires"`, `"expiration"`}}},
		"security/v2":      {modern, [][2]string{{v2, v2 + `,"https://w3id.org/security/v2"`}, {`"expires"`, `"expiration"`}}},
		"a proof of 2018":  {old, [][2]string{{`"expires"`, `"expiration"`}}},
		"an empty keyword": {modern, [][2]string{{`"type":"DataIntegrityProof"`, `"type":"DataIntegrityProof","@nest":{}`}}},
		"a signature more": {modern, [][2]string{{`"type":"DataIntegrityProof"`, `"type":"DataIntegrityProof","signatureValue":"z1"`}}},
	} {
		d, err := dataintegrity.Parser{RDF: r}.Parse(c.signed)
		require.NoError(t, err)
		require.NoError(t, d.Verify(0, s.Key()))
		require.True(t, d.Proofs[0].Expires.Equal(made.Add(time.Hour)))
		changed := string(c.signed)
		for _, ch := range c.changes {
			require.Contains(t, changed, ch[0], name)
			changed = strings.Replace(changed, ch[0], ch[1], 1)
		}
		for _, rdf := range []dataintegrity.RDF{r, anyForm(t)} {
			_, err = dataintegrity.Parser{RDF: rdf}.Parse([]byte(changed))
			require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
			require.ErrorContains(t, err, "a member that proofs do not have", name)
		}
	}
}

// Texts with a language or direction, and order, are read as they are.
func TestPlainDocuments(t *testing.T) {
	s, r := edSigner(t), newRDF(t)
	doc := strings.Replace(credential, `"issuer"`, `"name":[{"@value":"N","@language":"en"},{"@value":"M","@language":"fr"}],"issuer"`, 1)
	signed, err := dataintegrity.Sign(ctx, []byte(doc), s, dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made})
	require.NoError(t, err)
	for _, c := range [][2]string{{``, ``}, {`["VerifiableCredential","AlumniCredential"]`, `["AlumniCredential","VerifiableCredential"]`}} {
		d, err := dataintegrity.Parser{RDF: r}.Parse([]byte(strings.Replace(string(signed), c[0], c[1], 1)))
		require.NoError(t, err)
		require.NoError(t, d.Verify(0, s.Key()))
	}
}

func TestStatementsConcurrently(t *testing.T) {
	doc, parser, keys := chained(t, dataintegrity.EdDSARDFC2022)
	errs := make(chan error)
	for range 8 {
		go func() {
			d, err := parser.Parse(doc)
			for i := 0; err == nil && i < len(keys); i++ {
				err = d.Verify(i, keys[i])
			}
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
}

// Whatever verifies has the statements that were signed.
func FuzzStatements(f *testing.F) {
	s, r := edSigner(f), newRDF(f)
	signed, err := dataintegrity.Sign(ctx, []byte(credential), s, dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made})
	require.NoError(f, err)
	f.Add(signed)
	chain, _, _ := chained(f, dataintegrity.EdDSARDFC2022)
	f.Add(chain)
	f.Add([]byte(v1Document))
	original, err := r.Canonical([]byte(credential), crypto.SHA256)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := dataintegrity.Parser{RDF: r}.Parse(in)
		if err != nil {
			return
		}
		for i := range d.Proofs {
			if d.Verify(i, s.Key()) != nil {
				continue
			}
			quads, err := r.Canonical(d.Unsecured(), crypto.SHA256)
			if err != nil || string(quads) != string(original) {
				t.Fatalf("verifies other statements: %q", in)
			}
		}
	})
}

// benchmarkCredential is of about 1.3 kB, 32 statements and 4 blank nodes.
func benchmarkCredential(b *testing.B) (signed []byte, r *rdf.Canonicalizer, s proof.Signer) {
	r, s = newRDF(b), edSigner(b)
	raw := `{"@context":["https://www.w3.org/ns/credentials/v2","https://w3id.org/citizenship/v4rc1"],"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",` +
		`"type":["VerifiableCredential","EmploymentAuthorizationDocumentCredential"],"issuer":{"id":"did:key:zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76","image":"https://issuer.example/logo.png"},` +
		`"credentialSubject":{"type":["Person","EmployablePerson"],"givenName":"JOHN","additionalName":"JACOB","familyName":"SMITH","image":"https://issuer.example/83627465.png","gender":"Male",` +
		`"residentSince":"2015-01-01","birthCountry":"Bahamas","birthDate":"1999-07-17","employmentAuthorizationDocument":{"type":"EmploymentAuthorizationDocument","identifier":"83627465","lprCategory":"C09","lprNumber":"999-999-999"}},` +
		`"name":"Employment Authorization Document","description":"Example Employment Authorization Document.","validFrom":"2019-12-03T00:00:00Z","validUntil":"2029-12-03T00:00:00Z",` +
		`"credentialStatus":{"id":"https://issuer.example/status/3#94567","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://issuer.example/status/3"}}`
	signed, err := dataintegrity.Sign(ctx, []byte(raw), s, dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: made})
	require.NoError(b, err)
	return signed, r, s
}

// BenchmarkStatements is the verification of a credential with eddsa-rdfc-2022
// and its parts.
func BenchmarkStatements(b *testing.B) {
	signed, r, s := benchmarkCredential(b)
	parser := dataintegrity.Parser{RDF: r}
	d, err := parser.Parse(signed)
	require.NoError(b, err)
	v := d.Value()
	quads, err := r.CanonicalValue(v, jcs.Value{}, []string{"proof"}, crypto.SHA256)
	require.NoError(b, err)
	b.Logf("%d bytes, %d statements", len(signed), strings.Count(string(quads), "\n"))
	part := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	part("whole", func() error {
		d, err := parser.Parse(signed)
		if err == nil {
			err = d.Verify(0, s.Key())
		}
		return err
	})
	part("json", func() error { _, err := jcs.Parse(signed); return err })
	part("document", func() error {
		_, err := r.CanonicalValue(v, jcs.Value{}, []string{"proof"}, crypto.SHA256)
		return err
	})
	part("options", func() error {
		_, err := r.CanonicalValue(v.Member("proof"), v.Member("@context"), []string{"proofValue"}, crypto.SHA256)
		return err
	})
	part("signature", func() error { return d.Verify(0, s.Key()) })
}

// What was just signed is read back once without its statements being made
// again. Whoever verifies it makes them, and a changed document is another.
func TestReadBackOnce(t *testing.T) {
	counting := &countingRDF{Canonicalizer: newRDF(t)}
	s := edSigner(t)
	o := dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: counting}
	doc := []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:example:a","credentialSubject":{"id":"did:example:b"}}`)
	raw, err := dataintegrity.Sign(context.Background(), doc, s, o)
	require.NoError(t, err)
	require.Equal(t, 2, counting.n, "the document and the options")
	again, err := dataintegrity.Sign(context.Background(), doc, s, o)
	require.NoError(t, err)
	require.Equal(t, 4, counting.n, "what is signed is never what is remembered")
	require.Equal(t, raw, again)
	read := func(raw []byte) (*dataintegrity.Document, int) {
		before := counting.n
		d, err := dataintegrity.Parser{RDF: counting}.Parse(raw)
		require.NoError(t, err)
		return d, counting.n - before
	}
	changed := bytes.Replace(raw, []byte("did:example:b"), []byte("did:example:c"), 1)
	d, made := read(changed)
	require.Equal(t, 2, made)
	require.ErrorIs(t, d.Verify(0, s.Key()), proof.ErrMismatch)
	for _, want := range []int{1, 2, 2} {
		d, made := read(raw)
		require.Equal(t, want, made)
		require.NoError(t, d.Verify(0, s.Key()))
	}
}

type countingRDF struct {
	*rdf.Canonicalizer
	n int
}

func (c *countingRDF) CanonicalValue(doc, context jcs.Value, omit []string, hash crypto.Hash) ([]byte, error) {
	c.n++
	return c.Canonicalizer.CanonicalValue(doc, context, omit, hash)
}
