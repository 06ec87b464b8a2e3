package dataintegrity_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

var (
	ctx  = context.Background()
	made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

const document = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x:1","n":1.50}`

func signer(t testing.TB, s crypto.Signer, err error) proof.Signer {
	t.Helper()
	require.NoError(t, err)
	out, err := proof.NewSigner(s, proof.Key{ID: "did:example:a#1", Purposes: []proof.Purpose{proof.AssertionMethod, proof.Authentication}})
	require.NoError(t, err)
	return out
}

func edSigner(t testing.TB) proof.Signer {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return signer(t, k, err)
}

func ecSigner(t testing.TB, c elliptic.Curve) proof.Signer {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	return signer(t, k, err)
}

func signers(t testing.TB) map[string]proof.Signer {
	return map[string]proof.Signer{"Ed25519": edSigner(t), "P-256": ecSigner(t, elliptic.P256()), "P-384": ecSigner(t, elliptic.P384())}
}

func TestSignAndVerify(t *testing.T) {
	want := map[string]struct {
		suite     string
		algorithm proof.Algorithm
	}{
		"Ed25519": {dataintegrity.EdDSAJCS2022, proof.EdDSA}, "P-256": {dataintegrity.ECDSAJCS2019, proof.ES256}, "P-384": {dataintegrity.ECDSAJCS2019, proof.ES384},
	}
	for name, s := range signers(t) {
		t.Run(name, func(t *testing.T) {
			signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{
				ID: "urn:proof:1", Purpose: proof.Authentication, Created: made, Expires: made.Add(time.Hour),
				Domain: []string{"a.example", "b.example"}, Challenge: "c\"1", Nonce: "n",
			})
			require.NoError(t, err)
			d, err := dataintegrity.Parse(signed)
			require.NoError(t, err)
			require.Len(t, d.Proofs, 1)
			p := d.Proofs[0]
			require.Equal(t, want[name].suite, p.Cryptosuite)
			require.Equal(t, want[name].algorithm, p.Algorithm)
			require.Equal(t, "urn:proof:1", p.ID)
			require.Equal(t, dataintegrity.ProofType, p.Type)
			require.Equal(t, "did:example:a#1", p.VerificationMethod)
			require.Equal(t, proof.Authentication, p.Purpose)
			require.True(t, p.Created.Equal(made) && p.Expires.Equal(made.Add(time.Hour)))
			require.Equal(t, []string{"a.example", "b.example"}, p.Domain)
			require.Equal(t, "c\"1", p.Challenge)
			require.Equal(t, "n", p.Nonce)
			require.Equal(t, `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x:1","n":1.5}`, string(d.Unsecured()))
			require.True(t, d.Value().Member("proof").Exists())
			require.NoError(t, d.Verify(0, s.Key()))
		})
	}
}

func TestSignSimple(t *testing.T) {
	s := edSigner(t)
	for _, doc := range []string{`{}`, `{"a":1}`} {
		signed, err := dataintegrity.Sign(ctx, []byte(doc), s, dataintegrity.Options{Domain: []string{"one"}})
		require.NoError(t, err)
		d, err := dataintegrity.Parse(signed)
		require.NoError(t, err)
		require.Equal(t, doc, string(d.Unsecured()))
		p := d.Proofs[0]
		require.Equal(t, proof.AssertionMethod, p.Purpose)
		require.Equal(t, []string{"one"}, p.Domain)
		require.True(t, p.Created.IsZero() && p.Expires.IsZero())
		require.NoError(t, d.Verify(0, s.Key()))
	}
}

func TestProofSet(t *testing.T) {
	all := []proof.Signer{edSigner(t), ecSigner(t, elliptic.P256()), ecSigner(t, elliptic.P384())}
	doc := []byte(document)
	var err error
	for _, s := range all {
		doc, err = dataintegrity.Sign(ctx, doc, s, dataintegrity.Options{Created: made})
		require.NoError(t, err)
	}
	d, err := dataintegrity.Parse(doc)
	require.NoError(t, err)
	require.Len(t, d.Proofs, 3)
	for i := range all {
		for j, s := range all {
			if i == j {
				require.NoError(t, d.Verify(i, s.Key()))
			} else {
				require.ErrorIs(t, d.Verify(i, s.Key()), proof.ErrKey, "proof %d with key %d", i, j)
			}
		}
	}
	require.ErrorIs(t, d.Verify(-1, all[0].Key()), dataintegrity.ErrNoProof)
	require.ErrorIs(t, d.Verify(3, all[0].Key()), dataintegrity.ErrNoProof)
}

func TestProofSetIsBounded(t *testing.T) {
	s := edSigner(t)
	doc := []byte(document)
	var err error
	for range limits.Signatures {
		doc, err = dataintegrity.Sign(ctx, doc, s, dataintegrity.Options{})
		require.NoError(t, err)
	}
	_, err = dataintegrity.Parse(doc)
	require.NoError(t, err)
	_, err = dataintegrity.Sign(ctx, doc, s, dataintegrity.Options{})
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)
	more := strings.Replace(string(doc), `"proof":[`, `"proof":[{},`, 1)
	_, err = dataintegrity.Parse([]byte(more))
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)
}

func TestVerifyWithAnotherKey(t *testing.T) {
	for name, s := range signers(t) {
		signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{})
		require.NoError(t, err)
		d, err := dataintegrity.Parse(signed)
		require.NoError(t, err)
		for other, o := range signers(t) {
			want := proof.ErrKey
			if other == name {
				want = proof.ErrMismatch
			}
			require.ErrorIs(t, d.Verify(0, o.Key()), want, "%s with %s", name, other)
		}
	}
}

// The algorithm comes from the key: a key that allows more than its curve's,
// as those of health certificates do, still serves only its own suite.
func TestPromiseAlgorithmFromKey(t *testing.T) {
	s := ecSigner(t, elliptic.P384())
	k := s.Key()
	k.Algorithms = []proof.Algorithm{proof.ES256, proof.ES384, proof.EdDSA}
	p256 := ecSigner(t, elliptic.P256())
	signed, err := dataintegrity.Sign(ctx, []byte(document), p256, dataintegrity.Options{})
	require.NoError(t, err)
	d, err := dataintegrity.Parse(signed)
	require.NoError(t, err)
	require.ErrorIs(t, d.Verify(0, k), proof.ErrKey)

	none := p256.Key()
	none.Algorithms = nil
	require.ErrorIs(t, d.Verify(0, none), proof.ErrKey)
	presenter := p256.Key()
	presenter.Purposes = []proof.Purpose{proof.Authentication}
	require.ErrorIs(t, d.Verify(0, presenter), proof.ErrKey)
	lying := p256.Key()
	lying.Public = (*ecdsa.PublicKey)(nil)
	require.ErrorIs(t, d.Verify(0, lying), proof.ErrKey)
	lying.Public = "key"
	require.ErrorIs(t, d.Verify(0, lying), proof.ErrKey)
}

// fakeSigner returns what it is told to.
type fakeSigner struct {
	key proof.Key
	sig []byte
	err error
}

func (f fakeSigner) Key() proof.Key                               { return f.key }
func (f fakeSigner) Sign(context.Context, []byte) ([]byte, error) { return f.sig, f.err }

func TestSignErrors(t *testing.T) {
	s := edSigner(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	rsaSigner := signer(t, rsaKey, err)
	change := func(f func(*proof.Key)) proof.Signer {
		k := s.Key()
		f(&k)
		return fakeSigner{key: k, sig: make([]byte, 64)}
	}
	full := dataintegrity.Options{}
	for name, c := range map[string]struct {
		doc  string
		s    proof.Signer
		o    dataintegrity.Options
		want error
	}{
		"not JSON":              {`{`, s, full, dataintegrity.ErrMalformed},
		"an array":              {`[]`, s, full, dataintegrity.ErrMalformed},
		"duplicate name":        {`{"a":1,"a":2}`, s, full, dataintegrity.ErrMalformed},
		"big integer":           {`{"a":9007199254740993}`, s, full, dataintegrity.ErrMalformed},
		"proof null":            {`{"proof":null}`, s, full, dataintegrity.ErrMalformed},
		"proof unreadable":      {`{"proof":{"type":"DataIntegrityProof"}}`, s, full, dataintegrity.ErrMalformed},
		"unknown suite":         {document, s, dataintegrity.Options{Cryptosuite: "bbs-2026"}, dataintegrity.ErrUnsupported},
		"suite without RDF":     {document, s, dataintegrity.Options{Cryptosuite: dataintegrity.EdDSARDFC2022}, dataintegrity.ErrUnsupported},
		"type only verified":    {document, s, dataintegrity.Options{Cryptosuite: dataintegrity.RsaSignature2018}, dataintegrity.ErrUnsupported},
		"suite of another key":  {document, s, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSAJCS2019}, proof.ErrKey},
		"RSA":                   {document, rsaSigner, full, proof.ErrKey},
		"no ID":                 {document, change(func(k *proof.Key) { k.ID = "" }), full, proof.ErrKey},
		"no algorithms":         {document, change(func(k *proof.Key) { k.Algorithms = nil }), full, proof.ErrKey},
		"another purpose":       {document, change(func(k *proof.Key) { k.Purposes = []proof.Purpose{proof.Authentication} }), full, proof.ErrKey},
		"unknown purpose":       {document, change(func(k *proof.Key) { k.Purposes = []proof.Purpose{"x"} }), dataintegrity.Options{Purpose: "x"}, dataintegrity.ErrUnsupported},
		"ID not a URL":          {document, change(func(k *proof.Key) { k.ID = "key 1" }), full, dataintegrity.ErrMalformed},
		"proof ID not a URL":    {document, s, dataintegrity.Options{ID: "x"}, dataintegrity.ErrMalformed},
		"challenge not UTF-8":   {document, s, dataintegrity.Options{Challenge: "\xff"}, dataintegrity.ErrMalformed},
		"year 10000":            {document, s, dataintegrity.Options{Created: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, dataintegrity.ErrMalformed},
		"short signature":       {document, fakeSigner{key: s.Key(), sig: []byte{1}}, full, proof.ErrKey},
		"signer out of reach":   {document, fakeSigner{key: s.Key(), err: proof.ErrUnavailable}, full, proof.ErrUnavailable},
		"signer without a name": {document, fakeSigner{}, full, proof.ErrKey},
	} {
		_, err := dataintegrity.Sign(ctx, []byte(c.doc), c.s, c.o)
		require.ErrorIs(t, err, c.want, name)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = dataintegrity.Sign(done, []byte(document), s, full)
	require.ErrorIs(t, err, context.Canceled)
}

func TestParseRefuses(t *testing.T) {
	signed, err := dataintegrity.Sign(ctx, []byte(document), edSigner(t), dataintegrity.Options{Created: made})
	require.NoError(t, err)
	v, err := jcs.Parse(signed)
	require.NoError(t, err)
	good := string(v.Member("proof").Append(nil))
	value, _ := v.Member("proof").Member("proofValue").Text()
	// with replaces a member of the good proof; an empty JSON removes it.
	with := func(name, json string) string {
		p := string(v.Member("proof").Append(nil, name))
		if json == "" {
			return p
		}
		return p[:len(p)-1] + `,"` + name + `":` + json + `}`
	}
	malformed, unsupported := dataintegrity.ErrMalformed, dataintegrity.ErrUnsupported
	for name, c := range map[string]struct {
		proof string
		want  error
	}{
		"null": {`null`, malformed}, "string": {`"x"`, malformed}, "number": {`1`, malformed}, "empty array": {`[]`, malformed}, "empty object": {`{}`, malformed},
		"array with null": {`[` + good + `,null]`, malformed}, "array with string": {`["urn:x"]`, malformed}, "array in array": {`[[` + good + `]]`, malformed},
		"one of two bad": {`[` + good + `,` + with("cryptosuite", `"x"`) + `]`, unsupported},
		"no type":        {with("type", ""), malformed}, "type null": {with("type", "null"), malformed}, "type empty": {with("type", `""`), malformed}, "type in array": {with("type", `["DataIntegrityProof"]`), malformed},
		"unknown type": {with("type", `"EcdsaSecp256k1Signature2019"`), unsupported}, "a type with a cryptosuite": {with("type", `"Ed25519Signature2020"`), malformed},
		"no purpose": {with("proofPurpose", ""), malformed}, "purpose null": {with("proofPurpose", "null"), malformed}, "unknown purpose": {with("proofPurpose", `"x"`), unsupported},
		"no suite": {with("cryptosuite", ""), malformed}, "suite null": {with("cryptosuite", "null"), malformed}, "unknown suite": {with("cryptosuite", `"x"`), unsupported},
		"rdfc suite": {with("cryptosuite", `"eddsa-rdfc-2022"`), unsupported}, "sd suite": {with("cryptosuite", `"ecdsa-sd-2023"`), malformed}, "bbs suite": {with("cryptosuite", `"bbs-2023"`), malformed},
		"suite in capitals": {with("cryptosuite", `"EDDSA-JCS-2022"`), unsupported}, "suite with 64 bytes of another": {with("cryptosuite", `"ecdsa-jcs-2019 "`), unsupported},
		"no method": {with("verificationMethod", ""), malformed}, "method null": {with("verificationMethod", "null"), malformed}, "method an object": {with("verificationMethod", `{"id":"did:example:a#1"}`), malformed}, "method relative": {with("verificationMethod", `"#1"`), malformed},
		"no value": {with("proofValue", ""), malformed}, "value null": {with("proofValue", "null"), malformed}, "value empty": {with("proofValue", `""`), malformed}, "value z": {with("proofValue", `"z"`), malformed},
		"value without prefix": {with("proofValue", `"`+value[1:]+`"`), malformed}, "value in base64url": {with("proofValue", `"u`+strings.Repeat("A", 86)+`"`), malformed}, "value in hex": {with("proofValue", `"f`+strings.Repeat("0", 128)+`"`), malformed},
		"value with 0": {with("proofValue", `"z0`+value[2:]+`"`), malformed}, "value short": {with("proofValue", `"`+value[:60]+`"`), malformed}, "value long": {with("proofValue", `"`+value+`11"`), malformed}, "value with zero byte ahead": {with("proofValue", `"z1`+value[1:]+`"`), malformed},
		"value of P-384": {with("proofValue", `"z`+strings.Repeat("1", 96)+`"`), malformed}, "value huge": {with("proofValue", `"z`+strings.Repeat("2", 1<<19)+`"`), malformed}, "value an array": {with("proofValue", `["`+value+`"]`), malformed},
		"created a date": {with("created", `"2026-03-01"`), malformed}, "created without zone": {with("created", `"2026-03-01T12:00:00"`), malformed}, "created a number": {with("created", `1772366400`), malformed}, "created null": {with("created", `null`), malformed}, "created empty": {with("created", `""`), malformed}, "created text": {with("created", `"yesterday"`), malformed},
		"expires a date": {with("expires", `"2026-03-01"`), malformed}, "expires null": {with("expires", `null`), malformed},
		"id relative": {with("id", `"x"`), malformed}, "id null": {with("id", `null`), malformed}, "id empty": {with("id", `""`), malformed},
		"domain a number": {with("domain", `1`), malformed}, "domain with a number": {with("domain", `["a",1]`), malformed}, "domain null": {with("domain", `null`), malformed},
		"challenge a number": {with("challenge", `1`), malformed}, "nonce an object": {with("nonce", `{}`), malformed},
		"previousProof absent": {with("previousProof", `"urn:proof:1"`), malformed}, "previousProof array": {with("previousProof", `["urn:proof:1"]`), malformed}, "previousProof null": {with("previousProof", `null`), malformed}, "previousProof empty": {with("previousProof", `[]`), malformed},
		"context of its own": {with("@context", `["https://www.w3.org/ns/credentials/v2","https://a.example"]`), malformed}, "context shorter": {with("@context", `[]`), malformed}, "context null": {with("@context", `null`), malformed}, "context string": {with("@context", `"https://www.w3.org/ns/credentials/v2"`), malformed},
	} {
		_, err := dataintegrity.Parse([]byte(string(v.Append(nil, "proof")[:len(v.Append(nil, "proof"))-1]) + `,"proof":` + c.proof + `}`))
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.want == unsupported, errors.Is(err, unsupported), name)
		require.NotContains(t, err.Error(), "did:example", name)
	}
	// Decoding base58 takes the square of its length: it is not begun.
	_, err = dataintegrity.Parse([]byte(string(v.Append(nil, "proof")[:len(v.Append(nil, "proof"))-1]) + `,"proof":` + with("proofValue", `"z`+strings.Repeat("2", 200)+`"`) + `}`))
	require.ErrorContains(t, err, "of a signature: malformed")
	for _, doc := range []string{``, `null`, `"x"`, `[]`, `{"proof":`, `{"proof":{},"proof":{}}`, `{"proof":{},"\u0070roof":{}}`} {
		_, err := dataintegrity.Parse([]byte(doc))
		require.ErrorIs(t, err, malformed, doc)
		require.NotErrorIs(t, err, dataintegrity.ErrNoProof, doc)
	}
	_, err = dataintegrity.Parse([]byte(document))
	require.ErrorIs(t, err, dataintegrity.ErrNoProof)
}

// Contexts appended after signing would be unsigned.
func TestPromiseContextsAreSigned(t *testing.T) {
	s := edSigner(t)
	signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{})
	require.NoError(t, err)
	more := strings.Replace(string(signed), `credentials/v2"]`, `credentials/v2","https://evil.example"]`, 1)
	require.NotEqual(t, string(signed), more)
	_, err = dataintegrity.Parse([]byte(more))
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)

	// In both places it is well-formed, and another document.
	both := strings.ReplaceAll(string(signed), `credentials/v2"]`, `credentials/v2","https://evil.example"]`)
	d, err := dataintegrity.Parse([]byte(both))
	require.NoError(t, err)
	require.ErrorIs(t, d.Verify(0, s.Key()), proof.ErrMismatch)
}

// Whatever is in the proof is signed, also members that nobody defines.
func TestProofMembersAreSigned(t *testing.T) {
	s := edSigner(t)
	signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{Created: made, Expires: made.Add(time.Hour), Challenge: "c"})
	require.NoError(t, err)
	for _, change := range [][2]string{
		{`"created":"2026-03-01T12:00:00Z"`, `"created":"2026-03-01T12:00:01Z"`}, {`"created":"2026-03-01T12:00:00Z"`, `"created":"2026-03-01T12:00:00.0Z"`},
		{`"created":"2026-03-01T12:00:00Z",`, ``}, {`"expires":"2026-03-01T13:00:00Z",`, ``}, {`"challenge":"c"`, `"challenge":"d"`}, {`"challenge":"c"`, `"challenge":"c","x":1`},
		{`assertionMethod`, `authentication`}, {`did:example:a#1`, `did:example:a#2`},
	} {
		changed := strings.Replace(string(signed), change[0], change[1], 1)
		require.NotEqual(t, string(signed), changed, change)
		d, err := dataintegrity.Parse([]byte(changed))
		require.NoError(t, err, change)
		require.ErrorIs(t, d.Verify(0, s.Key()), proof.ErrMismatch, change)
	}
}

func TestProofWithoutContextOfItsOwn(t *testing.T) {
	// Made as by an implementation that does not copy @context: the proof then
	// signs the document's as part of the document alone.
	s := edSigner(t)
	plain := strings.Replace(document, `"@context"`, `"context"`, 1)
	signed, err := dataintegrity.Sign(ctx, []byte(plain), s, dataintegrity.Options{})
	require.NoError(t, err)
	d, err := dataintegrity.Parse(signed)
	require.NoError(t, err)
	require.NoError(t, d.Verify(0, s.Key()))
	_, err = dataintegrity.Parse([]byte(strings.Replace(string(signed), `"proof":{`, `"proof":{"@context":"https://a.example",`, 1)))
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)
}

func TestConcurrentVerify(t *testing.T) {
	s := edSigner(t)
	signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{})
	require.NoError(t, err)
	d, err := dataintegrity.Parse(signed)
	require.NoError(t, err)
	errs := make(chan error)
	for range 8 {
		go func() { errs <- d.Verify(0, s.Key()) }()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
}

func FuzzParse(f *testing.F) {
	s := edSigner(f)
	signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{Created: made})
	require.NoError(f, err)
	f.Add(signed)
	f.Add([]byte(fmt.Sprintf(`{"proof":[%s]}`, signed)))
	f.Add([]byte(`{"proof":{"type":"DataIntegrityProof","cryptosuite":"ecdsa-jcs-2019","proofValue":"z1"}}`))
	original, err := dataintegrity.Parse(signed)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := dataintegrity.Parse(in)
		if err != nil {
			return
		}
		if len(d.Proofs) == 0 {
			t.Fatal("no error and no proof")
		}
		for i := range d.Proofs {
			if d.Verify(i, s.Key()) == nil && string(d.Unsecured()) != string(original.Unsecured()) {
				t.Fatalf("verifies another document: %q", in)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for name, s := range signers(b) {
		signed, err := dataintegrity.Sign(ctx, []byte(document), s, dataintegrity.Options{Created: made})
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d, err := dataintegrity.Parse(signed)
				if err != nil {
					b.Fatal(err)
				}
				if err := d.Verify(0, s.Key()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
