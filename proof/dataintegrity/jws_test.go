package dataintegrity_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

const (
	v1Context  = `"@context":["https://www.w3.org/2018/credentials/v1","https://w3id.org/security/suites/jws-2020/v1"]`
	v1Document = `{` + v1Context + `,"type":["VerifiableCredential"],"issuer":"did:example:a","issuanceDate":"2021-03-03T04:28:46Z","credentialSubject":{"id":"did:example:b"}}`
	method     = "did:example:a#1"
)

var b64 = base64.RawURLEncoding

func header(alg string) string {
	return b64.EncodeToString([]byte(`{"alg":"` + alg + `","b64":false,"crit":["b64"]}`))
}

// jwsProof makes a document with a proof of an older type, step by step as
// their specifications tell: nothing of the package under test.
func jwsProof(t testing.TB, typ, method, header string, sign func(message []byte) []byte, also ...string) []byte {
	t.Helper()
	r := newRDF(t)
	members := `"created":"2021-03-03T04:28:46Z",` + strings.Join(also, "") + `"proofPurpose":"assertionMethod","type":"` + typ + `","verificationMethod":"` + method + `"`
	context := v1Context
	if strings.HasSuffix(typ, "2018") {
		context = `"@context":"https://w3id.org/security/v2"`
	}
	options, err := r.Canonical([]byte(`{`+context+`,`+members+`}`), crypto.SHA256)
	require.NoError(t, err)
	doc, err := r.Canonical([]byte(v1Document), crypto.SHA256)
	require.NoError(t, err)
	a, b := sha256.Sum256(options), sha256.Sum256(doc)
	sig := sign(append(append([]byte(header+"."), a[:]...), b[:]...))
	return []byte(v1Document[:len(v1Document)-1] + `,"proof":{` + members + `,"jws":"` + header + `..` + b64.EncodeToString(sig) + `"}}`)
}

// with signs as a proof.Signer does.
func with(t testing.TB, s proof.Signer) func([]byte) []byte {
	return func(m []byte) []byte {
		sig, err := s.Sign(ctx, m)
		require.NoError(t, err)
		return sig
	}
}

func rsaSigner(t testing.TB) (proof.Signer, *rsa.PrivateKey) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return signer(t, k, nil), k
}

func TestOlderTypes(t *testing.T) {
	ed, p256, p384 := edSigner(t), ecSigner(t, elliptic.P256()), ecSigner(t, elliptic.P384())
	pss, rsaKey := rsaSigner(t)
	pkcs1 := func(m []byte) []byte {
		sum := sha256.Sum256(m)
		sig, err := rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, sum[:])
		require.NoError(t, err)
		return sig
	}
	old := pss.Key()
	old.Algorithms = []proof.Algorithm{proof.RS256}
	parser := dataintegrity.Parser{RDF: newRDF(t)}
	for _, c := range []struct {
		typ  string
		alg  proof.Algorithm
		sign func([]byte) []byte
		key  proof.Key
	}{
		{dataintegrity.Ed25519Signature2018, proof.EdDSA, with(t, ed), ed.Key()},
		{dataintegrity.JsonWebSignature2020, proof.EdDSA, with(t, ed), ed.Key()},
		{dataintegrity.JsonWebSignature2020, proof.ES256, with(t, p256), p256.Key()},
		{dataintegrity.JsonWebSignature2020, proof.ES384, with(t, p384), p384.Key()},
		{dataintegrity.JsonWebSignature2020, proof.PS256, with(t, pss), pss.Key()},
		{dataintegrity.RsaSignature2018, proof.PS256, with(t, pss), pss.Key()},
		{dataintegrity.RsaSignature2018, proof.RS256, pkcs1, old},
	} {
		name := c.typ + " " + string(c.alg)
		doc := jwsProof(t, c.typ, method, header(string(c.alg)), c.sign)
		d, err := parser.Parse(doc)
		require.NoError(t, err, name)
		p := d.Proofs[0]
		require.Equal(t, c.typ, p.Type, name)
		require.Equal(t, c.typ, p.Cryptosuite, name)
		require.Equal(t, c.alg, p.Algorithm, name)
		require.True(t, p.SignsStatements())
		require.Empty(t, p.Tolerated)
		require.NoError(t, d.Verify(0, c.key), name)

		presenter := c.key
		presenter.Purposes = []proof.Purpose{proof.Authentication}
		require.ErrorIs(t, d.Verify(0, presenter), proof.ErrKey, name)
		for _, change := range [][2]string{{"did:example:b", "did:example:c"}, {"04:28:46Z\",\"proofPurpose", "04:28:47Z\",\"proofPurpose"}, {method, "did:example:a#2"}} {
			changed := strings.Replace(string(doc), change[0], change[1], 1)
			require.NotEqual(t, string(doc), changed)
			d, err := parser.Parse([]byte(changed))
			require.NoError(t, err, name)
			require.ErrorIs(t, d.Verify(0, c.key), proof.ErrMismatch, name)
		}
	}
}

// The options of proofs of 2018 are read with the context of security, also where
// the document's own defines nothing of them.
func TestOptionsOf2018(t *testing.T) {
	ed, r := edSigner(t), newRDF(t)
	pss, _ := rsaSigner(t)
	for typ, s := range map[string]proof.Signer{dataintegrity.Ed25519Signature2018: ed, dataintegrity.RsaSignature2018: pss} {
		const document = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:example:a","credentialSubject":{"id":"did:example:b"}`
		members := `"created":"2021-03-03T04:28:46Z","proofPurpose":"assertionMethod","type":"` + typ + `","verificationMethod":"` + method + `"`
		options, err := r.Canonical([]byte(`{"@context":"https://w3id.org/security/v2",`+members+`}`), crypto.SHA256)
		require.NoError(t, err)
		doc, err := r.Canonical([]byte(document+`}`), crypto.SHA256)
		require.NoError(t, err)
		a, b := sha256.Sum256(options), sha256.Sum256(doc)
		h := header(string(s.Key().Algorithms[0]))
		sig := with(t, s)(append(append([]byte(h+"."), a[:]...), b[:]...))
		d, err := dataintegrity.Parser{RDF: r}.Parse([]byte(document + `,"proof":{` + members + `,"jws":"` + h + `..` + b64.EncodeToString(sig) + `"}}`))
		require.NoError(t, err, typ)
		require.NoError(t, d.Verify(0, s.Key()), typ)
	}
}

// JsonWebSignature2020 is also made: with keys on P-256 and P-384 and Ed25519
// keys, and with a JWS in R‖S, which no reader needs to tolerate.
func TestJsonWebSignature2020IsMade(t *testing.T) {
	parser := dataintegrity.Parser{RDF: newRDF(t)}
	o := dataintegrity.Options{Cryptosuite: dataintegrity.JsonWebSignature2020, RDF: parser.RDF, Created: time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC), Nonce: "n"}
	unsigned, err := parser.Parse(jwsProof(t, dataintegrity.JsonWebSignature2020, method, header("EdDSA"), with(t, edSigner(t))))
	require.NoError(t, err)
	for alg, s := range map[proof.Algorithm]proof.Signer{proof.EdDSA: edSigner(t), proof.ES256: ecSigner(t, elliptic.P256()), proof.ES384: ecSigner(t, elliptic.P384())} {
		raw, err := dataintegrity.Sign(t.Context(), unsigned.Unsecured(), s, o)
		require.NoError(t, err, alg)
		require.NotContains(t, string(raw), "proofValue")
		d, err := parser.Parse(raw)
		require.NoError(t, err, alg)
		require.Equal(t, alg, d.Proofs[0].Algorithm)
		require.Empty(t, d.Proofs[0].Tolerated)
		require.NoError(t, d.Verify(0, s.Key()), alg)
		changed, err := parser.Parse([]byte(strings.Replace(string(raw), "did:example:b", "did:example:c", 1)))
		require.NoError(t, err)
		require.ErrorIs(t, changed.Verify(0, s.Key()), proof.ErrMismatch)
	}
	pss, _ := rsaSigner(t)
	_, err = dataintegrity.Sign(t.Context(), unsigned.Unsecured(), pss, o)
	require.ErrorIs(t, err, proof.ErrKey)
	o.RDF = nil
	_, err = dataintegrity.Sign(t.Context(), unsigned.Unsecured(), edSigner(t), o)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
}

// A signature under one algorithm's name is not checked under another's, and a
// key decides which it is for.
func TestPromiseAlgorithmFromKeyInJWS(t *testing.T) {
	pss, _ := rsaSigner(t)
	parser := dataintegrity.Parser{RDF: newRDF(t)}
	d, err := parser.Parse(jwsProof(t, dataintegrity.RsaSignature2018, method, header("RS256"), with(t, pss)))
	require.NoError(t, err)
	require.ErrorIs(t, d.Verify(0, pss.Key()), proof.ErrKey, "the key is for PS256 alone")

	for _, alg := range []string{"none", "HS256", "RS256", "ES256K", "ES512", "EC", "eddsa"} {
		_, err := parser.Parse(jwsProof(t, dataintegrity.JsonWebSignature2020, method, header(alg), with(t, pss)))
		require.ErrorIs(t, err, dataintegrity.ErrUnsupported, alg)
	}
	for _, typ := range []string{dataintegrity.Ed25519Signature2018, dataintegrity.RsaSignature2018} {
		_, err := parser.Parse(jwsProof(t, typ, method, header("ES256"), with(t, pss)))
		require.ErrorIs(t, err, dataintegrity.ErrUnsupported, typ)
	}
	ed, p384 := edSigner(t), ecSigner(t, elliptic.P384())
	d, err = parser.Parse(jwsProof(t, dataintegrity.JsonWebSignature2020, method, header("EdDSA"), with(t, ed)))
	require.NoError(t, err)
	all := p384.Key()
	all.Algorithms = []proof.Algorithm{proof.EdDSA, proof.ES256, proof.ES384, proof.PS256}
	require.ErrorIs(t, d.Verify(0, all), proof.ErrKey)
}

func TestMalformedJWS(t *testing.T) {
	ed := edSigner(t)
	parser := dataintegrity.Parser{RDF: newRDF(t), Lenient: true}
	doc := string(jwsProof(t, dataintegrity.Ed25519Signature2018, method, header("EdDSA"), with(t, ed)))
	start := strings.Index(doc, `"jws":`) + len(`"jws":`)
	good := strings.Trim(doc[start:], `"}`)
	h, sig, _ := strings.Cut(good, "..")
	of := func(json string) string { return b64.EncodeToString([]byte(json)) + ".." + sig }
	for name, jws := range map[string]string{
		"null": `null`, "empty": `""`, "a number": `1`, "an array": `["` + good + `"]`,
		"no parts": `"` + h + `"`, "one dot": `"` + h + "." + sig + `"`, "a payload": `"` + h + ".e30." + sig + `"`, "three dots": `"` + h + "..." + sig + `"`,
		"no header": `"..` + sig + `"`, "no signature": `"` + h + `.."`, "padding": `"` + good + `=="`, "a line feed": `"` + good + `\n"`, "a line feed in the header": `"\n` + good + `"`,
		"standard base64": `"` + h + ".." + strings.Repeat("+", 86) + `"`, "bits left over": `"` + h + ".." + sig[:85] + `_"`,
		"short": `"` + h + ".." + sig[:84] + `"`, "long": `"` + good + `AAAA"`, "huge": `"` + good + strings.Repeat("A", 1<<20) + `"`,
		"header no JSON": `"` + of(`x`) + `"`, "header an array": `"` + of(`[]`) + `"`, "header null": `"` + of(`null`) + `"`,
		"no alg": `"` + of(`{"b64":false,"crit":["b64"]}`) + `"`, "alg a number": `"` + of(`{"alg":1,"b64":false,"crit":["b64"]}`) + `"`, "alg empty": `"` + of(`{"alg":"","b64":false,"crit":["b64"]}`) + `"`,
		"no b64": `"` + of(`{"alg":"EdDSA","crit":["b64"]}`) + `"`, "b64 true": `"` + of(`{"alg":"EdDSA","b64":true,"crit":["b64"]}`) + `"`, "b64 text": `"` + of(`{"alg":"EdDSA","b64":"false","crit":["b64"]}`) + `"`,
		"no crit": `"` + of(`{"alg":"EdDSA","b64":false}`) + `"`, "crit empty": `"` + of(`{"alg":"EdDSA","b64":false,"crit":[]}`) + `"`, "crit of more": `"` + of(`{"alg":"EdDSA","b64":false,"crit":["b64","x"],"x":1}`) + `"`,
		"crit of another": `"` + of(`{"alg":"EdDSA","b64":false,"crit":["x"]}`) + `"`, "crit text": `"` + of(`{"alg":"EdDSA","b64":false,"crit":"b64"}`) + `"`, "crit twice": `"` + of(`{"alg":"EdDSA","b64":false,"crit":["b64","b64"]}`) + `"`,
		"alg twice": `"` + of(`{"alg":"EdDSA","b64":false,"crit":["b64"],"alg":"EdDSA"}`) + `"`,
	} {
		_, err := parser.Parse([]byte(doc[:start] + jws + `}}`))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
		require.NotErrorIs(t, err, dataintegrity.ErrUnsupported, name)
	}
	_, err := parser.Parse([]byte(doc[:start] + `"` + good + `"}}`))
	require.NoError(t, err)
	_, err = parser.Parse([]byte(strings.Replace(doc, `"jws"`, `"proofValue"`, 1)))
	require.ErrorIs(t, err, dataintegrity.ErrMalformed, "another member")
	// A header with more in it is another header, and signed.
	d, err := parser.Parse([]byte(doc[:start] + `"` + of(`{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"x"}`) + `"}}`))
	require.NoError(t, err)
	require.ErrorIs(t, d.Verify(0, ed.Key()), proof.ErrMismatch)
}

// What the field has is read when asked for, and told.
func TestPromiseLenientIsReported(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	s := signer(t, k, nil)
	der := func(m []byte) []byte {
		sum := sha256.Sum256(m)
		sig, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
		require.NoError(t, err)
		return sig
	}
	strict := dataintegrity.Parser{RDF: newRDF(t)}
	lenient := strict
	lenient.Lenient = true
	for name, c := range map[string]struct {
		method string
		sign   func([]byte) []byte
		want   []error
	}{
		"nothing":        {method, with(t, s), nil},
		"DER":            {method, der, []error{dataintegrity.ErrDER}},
		"no fragment":    {"did:example:a", with(t, s), []error{dataintegrity.ErrNoFragment}},
		"both":           {"did:example:a", der, []error{dataintegrity.ErrNoFragment, dataintegrity.ErrDER}},
		"not a DID, URL": {"https://a.example/key", with(t, s), nil},
	} {
		doc := jwsProof(t, dataintegrity.JsonWebSignature2020, c.method, header("ES256"), c.sign)
		_, err := strict.Parse(doc)
		if c.want == nil {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
			require.ErrorIs(t, err, c.want[0], name)
		}
		d, err := lenient.Parse(doc)
		require.NoError(t, err, name)
		require.Equal(t, c.want, d.Proofs[0].Tolerated, name)
		require.NoError(t, d.Verify(0, s.Key()), name)
	}
}

func TestMalformedDER(t *testing.T) {
	type sig struct{ R, S *big.Int }
	big33 := new(big.Int).Lsh(big.NewInt(1), 256)
	marshal := func(r, s *big.Int) []byte {
		out, err := asn1.Marshal(sig{r, s})
		require.NoError(t, err)
		return out
	}
	one := new(big.Int).Sub(big33, big.NewInt(1))
	good := marshal(one, one)
	lenient := dataintegrity.Parser{RDF: newRDF(t), Lenient: true}
	for name, der := range map[string][]byte{
		"R too large": marshal(big33, one), "S too large": marshal(one, big33), "negative": marshal(big.NewInt(-1), one),
		"behind it": append(good[:len(good):len(good)], 0), "cut": good[:len(good)-1], "nothing": {}, "zeros": make([]byte, 70), "three": func() []byte {
			out, err := asn1.Marshal(struct{ A, B, C *big.Int }{one, one, one})
			require.NoError(t, err)
			return out
		}(),
	} {
		_, err := lenient.Parse(jwsProof(t, dataintegrity.JsonWebSignature2020, method, header("ES256"), func([]byte) []byte { return der }))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
	}
	d, err := lenient.Parse(jwsProof(t, dataintegrity.JsonWebSignature2020, method, header("ES256"), func([]byte) []byte { return good }))
	require.NoError(t, err)
	require.ErrorIs(t, d.Verify(0, ecSigner(t, elliptic.P256()).Key()), proof.ErrMismatch)
	_, err = lenient.Parse(jwsProof(t, dataintegrity.JsonWebSignature2020, method, header("EdDSA"), func([]byte) []byte { return good }))
	require.ErrorIs(t, err, dataintegrity.ErrMalformed, "DER is for ECDSA")
}

// The reader of a JWS faces whatever a proof holds.
func FuzzJWS(f *testing.F) {
	parser := dataintegrity.Parser{RDF: newRDF(f), Lenient: true}
	f.Add(header("EdDSA") + ".." + strings.Repeat("A", 86))
	f.Add(header("ES256") + "..MEQCIB09x_PPsulfyillpLbk9ru4fyRfMozDrlZCsVgvfmvnAiBkIYAo54l0y4JeyDYCurbrzZbrsqQxuIx1qcdJOOHB4Q")
	f.Add(header("PS256") + "..AA")
	key := edSigner(f).Key()
	f.Fuzz(func(t *testing.T, jws string) {
		if strings.ContainsAny(jws, "\"\\") {
			return
		}
		d, err := parser.Parse([]byte(v1Document[:len(v1Document)-1] + `,"proof":{"type":"JsonWebSignature2020","proofPurpose":"assertionMethod","verificationMethod":"did:example:a","jws":"` + jws + `"}}`))
		if err == nil && d.Verify(0, key) == nil {
			t.Fatalf("verifies: %q", jws)
		}
	})
}
