package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	b64 = base64.RawURLEncoding.EncodeToString
)

func signer(kind testnet.Kind) *testnet.DocumentSigner {
	return testnet.New("jwk", now).State("ID").Signer(testnet.SignerOptions{Kind: kind})
}

// fields are the members of a good key, to be spoilt.
func fields(t *testing.T, kind testnet.Kind, withChain bool) map[string]any {
	t.Helper()
	s := signer(kind)
	var chain []*x509.Certificate
	if withChain {
		chain = s.Signer.Key().Chain
	}
	raw, err := jwk.Marshal(s.Cert.PublicKey, "k1", chain...)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

func encode(t *testing.T, m map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	return raw
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range []testnet.Kind{testnet.P256, testnet.P384, testnet.Ed25519, testnet.RSA2048} {
		s := signer(kind)
		raw, err := jwk.Marshal(s.Cert.PublicKey, "k1", s.Signer.Key().Chain...)
		require.NoError(t, err, kind)
		v, err := jcs.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, string(v.Append(nil)), string(raw), "canonical")
		for _, mode := range []jwk.Mode{jwk.Strict, jwk.Lenient} {
			k, err := jwk.Parse(raw, mode)
			require.NoError(t, err, kind)
			require.True(t, proof.Same(s.Cert.PublicKey, k.Public))
			require.Equal(t, "k1", k.ID)
			require.Len(t, k.Chain, 2)
			require.NoError(t, k.ChainErr)
			want, err := proof.AlgorithmsFor(s.Cert.PublicKey)
			require.NoError(t, err)
			require.Equal(t, want, k.Algorithms)
			p := k.Proof(proof.Authentication)
			require.True(t, p.Allows(want[0], proof.Authentication))
			require.False(t, p.Allows(want[0], proof.AssertionMethod))
		}
	}
}

// The examples of RFC 7638, section 3.1, and RFC 8037, appendix A.3.
func TestThumbprint(t *testing.T) {
	for want, raw := range map[string]string{
		"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`,
		"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
	} {
		k, err := jwk.Parse([]byte(raw), jwk.Strict)
		require.NoError(t, err)
		got, err := jwk.Thumbprint(k.Public)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := jwk.Thumbprint("not a key")
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = jwk.Marshal(&rsa.PublicKey{N: big.NewInt(15), E: 3}, "")
	require.ErrorIs(t, err, proof.ErrKey)
}

func set(name string, v any) func(map[string]any) { return func(m map[string]any) { m[name] = v } }

func drop(name string) func(map[string]any) { return func(m map[string]any) { delete(m, name) } }

// refused are keys that neither mode reads.
var refused = map[string]struct {
	kind  testnet.Kind
	chain bool
	spoil func(map[string]any)
	want  error
}{
	"no kty":                  {testnet.P256, false, drop("kty"), jwk.ErrSyntax},
	"kty a number":            {testnet.P256, false, set("kty", 2), jwk.ErrSyntax},
	"symmetric":               {testnet.P256, false, set("kty", "oct"), jwk.ErrUnsupported},
	"private":                 {testnet.P256, false, set("d", "AA"), jwk.ErrPrivate},
	"for encryption":          {testnet.P256, false, set("use", "enc"), jwk.ErrUse},
	"use null":                {testnet.P256, false, set("use", nil), jwk.ErrSyntax},
	"use empty":               {testnet.P256, false, set("use", ""), jwk.ErrUse},
	"only to sign":            {testnet.P256, false, set("key_ops", []string{"sign"}), jwk.ErrUse},
	"key_ops a string":        {testnet.P256, false, set("key_ops", "verify"), jwk.ErrUse},
	"kid a number":            {testnet.P256, false, set("kid", 7), jwk.ErrSyntax},
	"no curve":                {testnet.P256, false, drop("crv"), jwk.ErrSyntax},
	"P-256 as secp256k1":      {testnet.P256, false, set("crv", "secp256k1"), jwk.ErrSyntax},
	"unknown curve, no chain": {testnet.P256, false, set("crv", "UNKNOWN CURVE"), jwk.ErrUnsupported},
	"wrong curve":             {testnet.P256, false, set("crv", "P-384"), jwk.ErrSyntax},
	"no y":                    {testnet.P256, false, drop("y"), jwk.ErrSyntax},
	"x a list":                {testnet.P256, false, set("x", []int{1}), jwk.ErrSyntax},
	"x too long":              {testnet.P256, false, set("x", b64(bytes.Repeat([]byte{1}, 33))), jwk.ErrSyntax},
	"x huge":                  {testnet.P256, false, set("x", b64(bytes.Repeat([]byte{1}, 40000))), jwk.ErrSyntax},
	"not on the curve":        {testnet.P256, false, set("x", b64(bytes.Repeat([]byte{1}, 32))), jwk.ErrSyntax},
	"the point at infinity":   {testnet.P256, false, func(m map[string]any) { m["x"], m["y"] = b64(make([]byte, 32)), b64(make([]byte, 32)) }, jwk.ErrSyntax},
	"alg of another curve":    {testnet.P256, false, set("alg", "ES384"), jwk.ErrUnsupported},
	"alg none":                {testnet.P256, false, set("alg", "none"), jwk.ErrUnsupported},
	"alg empty":               {testnet.P256, false, set("alg", ""), jwk.ErrUnsupported},
	"alg a number":            {testnet.P256, false, set("alg", -7), jwk.ErrSyntax},
	"alg of RSA":              {testnet.P256, false, set("alg", "RS256"), jwk.ErrUnsupported},
	"trailing bits":           {testnet.Ed25519, false, set("x", strings.Repeat("A", 42)+"B"), jwk.ErrSyntax},
	"Ed448":                   {testnet.Ed25519, false, set("crv", "Ed448"), jwk.ErrUnsupported},
	"Ed25519, 31 bytes":       {testnet.Ed25519, false, set("x", b64(make([]byte, 31))), jwk.ErrSyntax},
	"OKP without curve":       {testnet.Ed25519, false, drop("crv"), jwk.ErrSyntax},
	"OKP without x":           {testnet.Ed25519, false, drop("x"), jwk.ErrSyntax},
	"RSA without n":           {testnet.RSA2048, false, drop("n"), jwk.ErrSyntax},
	"RSA n of zeros":          {testnet.RSA2048, false, set("n", b64(make([]byte, 256))), jwk.ErrSyntax},
	"RSA of 1024 bits":        {testnet.RSA2048, false, set("n", b64(bytes.Repeat([]byte{0xff}, 128))), proof.ErrKey},
	"RSA too large":           {testnet.RSA2048, false, set("n", b64(bytes.Repeat([]byte{0xff}, 1025))), jwk.ErrSyntax},
	"RSA exponent 1":          {testnet.RSA2048, false, set("e", "AQ"), proof.ErrKey},
	"RSA exponent even":       {testnet.RSA2048, false, set("e", "BA"), proof.ErrKey},
	"RSA exponent large":      {testnet.RSA2048, false, set("e", "_____w"), jwk.ErrUnsupported},
	"RSA exponent larger":     {testnet.RSA2048, false, set("e", "AQAAAAAB"), jwk.ErrSyntax},
	"RSA, alg of EC":          {testnet.RSA2048, false, set("alg", "ES256"), jwk.ErrUnsupported},
	"x5c a string":            {testnet.P256, true, set("x5c", "AA"), jwk.ErrSyntax},
	"x5c empty":               {testnet.P256, true, set("x5c", []string{}), jwk.ErrSyntax},
	"x5c null":                {testnet.P256, true, set("x5c", nil), jwk.ErrSyntax},
	"x5c of numbers":          {testnet.P256, true, set("x5c", []int{1}), jwk.ErrSyntax},
	"x5c not base64":          {testnet.P256, true, set("x5c", []string{"!"}), jwk.ErrSyntax},
	"x5c not DER":             {testnet.P256, true, set("x5c", []string{"AAAA"}), jwk.ErrCertificate},
	"x5c too many":            {testnet.P256, true, set("x5c", make([]string, 11)), jwk.ErrSyntax},
	"x5c of another key": {testnet.P256, true, func(m map[string]any) {
		m["x5c"] = []string{base64.StdEncoding.EncodeToString(testnet.New("other", now).State("ID").Signer(testnet.SignerOptions{}).Cert.Raw)}
	}, jwk.ErrDisagree},
	"x5c of another kind": {testnet.Ed25519, true, func(m map[string]any) {
		m["x5c"] = []string{base64.StdEncoding.EncodeToString(signer(testnet.P256).Cert.Raw)}
	}, jwk.ErrDisagree},
}

func TestRefusedInBothModes(t *testing.T) {
	for name, c := range refused {
		m := fields(t, c.kind, c.chain)
		c.spoil(m)
		for _, mode := range []jwk.Mode{jwk.Strict, jwk.Lenient} {
			k, err := jwk.Parse(encode(t, m), mode)
			require.ErrorIs(t, err, c.want, name)
			require.ErrorIs(t, err, proof.ErrKey, name)
			require.Nil(t, k, name)
		}
	}
}

func TestAlgorithmOfKey(t *testing.T) {
	for _, c := range []struct {
		kind testnet.Kind
		alg  string
		want proof.Algorithm
	}{
		{testnet.P256, "ES256", proof.ES256}, {testnet.P384, "ES384", proof.ES384},
		{testnet.Ed25519, "EdDSA", proof.EdDSA}, {testnet.Ed25519, "Ed25519", proof.EdDSA},
		{testnet.RSA2048, "PS256", proof.PS256}, {testnet.RSA2048, "RS256", proof.RS256},
	} {
		m := fields(t, c.kind, false)
		m["alg"], m["use"], m["key_ops"] = c.alg, "sig", []string{"verify"}
		k, err := jwk.Parse(encode(t, m), jwk.Strict)
		require.NoError(t, err, c.alg)
		require.Equal(t, []proof.Algorithm{c.want}, k.Algorithms, "alg leaves no choice")
	}
}

// What WHO's network writes: each is refused in Strict and read in Lenient, as
// the same key.
func TestLenient(t *testing.T) {
	octets := func(m map[string]any, name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(m[name].(string))
		require.NoError(t, err)
		return b
	}
	prefix := func(name string) func(map[string]any) {
		return func(m map[string]any) { m[name] = b64(append([]byte{0}, octets(m, name)...)) }
	}
	for name, c := range map[string]struct {
		kind  testnet.Kind
		chain bool
		write func(map[string]any)
	}{
		"x with a sign byte": {testnet.P256, false, prefix("x")},
		"y with a sign byte": {testnet.P256, false, prefix("y")},
		"n with a sign byte": {testnet.RSA2048, false, prefix("n")},
		"e with a sign byte": {testnet.RSA2048, false, prefix("e")},
		"padded":             {testnet.P256, false, func(m map[string]any) { m["x"] = m["x"].(string) + "=" }},
		"standard base64":    {testnet.RSA2048, false, func(m map[string]any) { m["n"] = base64.StdEncoding.EncodeToString(octets(m, "n")) }},
		"curve not named":    {testnet.P256, true, func(m map[string]any) { m["crv"] = "UNKNOWN CURVE" }},
		"P-384 not named":    {testnet.P384, true, func(m map[string]any) { m["crv"] = "UNKNOWN CURVE"; prefix("x")(m) }},
		"x5c in base64url":   {testnet.P256, true, func(m map[string]any) { m["x5c"] = []string{b64(signer(testnet.P256).Cert.Raw)} }},
		"x5c with line ends": {testnet.P256, true, func(m map[string]any) {
			m["x5c"].([]any)[0] = m["x5c"].([]any)[0].(string)[:64] + "\r\n" + m["x5c"].([]any)[0].(string)[64:]
		}},
		"broken certificate 2": {testnet.P256, true, func(m map[string]any) { m["x5c"].([]any)[1] = "AAAA" }},
	} {
		m := fields(t, c.kind, c.chain)
		c.write(m)
		_, err := jwk.Parse(encode(t, m), jwk.Strict)
		require.ErrorIs(t, err, proof.ErrKey, name)
		k, err := jwk.Parse(encode(t, m), jwk.Lenient)
		require.NoError(t, err, name)
		require.True(t, proof.Same(signer(c.kind).Cert.PublicKey, k.Public), name)
		require.Equal(t, name == "broken certificate 2", k.ChainErr != nil, name)
		if k.ChainErr != nil {
			require.ErrorIs(t, k.ChainErr, jwk.ErrCertificate)
			require.Len(t, k.Chain, 1)
		}
	}
}

// A coordinate below 2^248 has 31 bytes where the writer drops leading zeros.
func TestShortCoordinate(t *testing.T) {
	k := keyWithShortX(t)
	p, err := k.Bytes()
	require.NoError(t, err)
	require.Zero(t, p[1])
	short := map[string]any{"kty": "EC", "crv": "P-256", "x": b64(p[2:33]), "y": b64(p[33:])}
	_, err = jwk.Parse(encode(t, short), jwk.Strict)
	require.ErrorIs(t, err, jwk.ErrSyntax)
	got, err := jwk.Parse(encode(t, short), jwk.Lenient)
	require.NoError(t, err)
	require.True(t, k.Equal(got.Public))
	full := map[string]any{"kty": "EC", "crv": "P-256", "x": b64(p[1:33]), "y": b64(p[33:])}
	got, err = jwk.Parse(encode(t, full), jwk.Strict)
	require.NoError(t, err)
	require.True(t, k.Equal(got.Public))
}

func keyWithShortX(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	for i := byte(1); ; i++ {
		for j := range byte(255) {
			d := bytes.Repeat([]byte{i}, 32)
			d[31] = j
			k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
			require.NoError(t, err)
			if p, err := k.PublicKey.Bytes(); err == nil && p[1] == 0 {
				return &k.PublicKey
			}
		}
	}
}

func TestUnknownCurveDoesNotHideAnotherKey(t *testing.T) {
	m := fields(t, testnet.P256, true)
	other := fields(t, testnet.P256, false)
	other["x"], other["y"] = func() (any, any) {
		k := keyWithShortX(t)
		p, err := k.Bytes()
		require.NoError(t, err)
		return b64(p[1:33]), b64(p[33:])
	}()
	m["crv"], m["x"], m["y"] = "UNKNOWN CURVE", other["x"], other["y"]
	_, err := jwk.Parse(encode(t, m), jwk.Lenient)
	require.ErrorIs(t, err, jwk.ErrDisagree)
}

func TestMalformedText(t *testing.T) {
	deep := `{"kty":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`
	for name, raw := range map[string]string{
		"empty": "", "truncated": `{"kty":"EC`, "a list": `[]`, "a string": `"EC"`, "null": `null`,
		"a name twice":         `{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"a name twice, hidden": `{"kty":"OKP","\u006bty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"deep":                 deep,
		"too long":             `{"kty":"` + strings.Repeat("A", 65<<10) + `"}`,
		"other case":           `{"KTY":"OKP","CRV":"Ed25519","X":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"line end in base64":   `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapi\nMlrwIaaPcHURo"}`,
	} {
		for _, mode := range []jwk.Mode{jwk.Strict, jwk.Lenient} {
			_, err := jwk.Parse([]byte(raw), mode)
			require.ErrorIs(t, err, jwk.ErrSyntax, name)
		}
	}
}

// replaceParameters writes the algorithm parameters of another curve over those of
// P-256, which have the same length.
func replaceParameters(t *testing.T, der []byte, params string) []byte {
	t.Helper()
	old, err := hex.DecodeString("06082a8648ce3d030107")
	require.NoError(t, err)
	b, err := hex.DecodeString(params)
	require.NoError(t, err)
	require.Len(t, b, len(old))
	require.Equal(t, 1, bytes.Count(der, old))
	return bytes.Replace(der, old, b, 1)
}

func TestParseCertificateNamesTheCurve(t *testing.T) {
	der := signer(testnet.P256).Cert.Raw
	_, err := jwk.ParseCertificate(der)
	require.NoError(t, err)
	for params, want := range map[string]string{
		"06082b24030302080101": "1.3.36.3.3.2.8.1.1", // cut short of brainpool
		"30083006020101020101": "explicit parameters",
	} {
		_, err := jwk.ParseCertificate(replaceParameters(t, der, params))
		require.ErrorIs(t, err, jwk.ErrUnsupported)
		require.ErrorIs(t, err, proof.ErrKey)
		require.ErrorContains(t, err, want)
	}
	for n := 0; n < len(der); n += 7 {
		_, err := jwk.ParseCertificate(der[:n])
		require.ErrorIs(t, err, proof.ErrKey)
	}
}

func TestHealthID(t *testing.T) {
	for in, want := range map[string]string{
		"qzdNABzMSjM": "qzdNABzMSjM=", "+TDH4NfmTEA=": "+TDH4NfmTEA=", "-TDH4NfmTEA": "+TDH4NfmTEA=",
		"": "", "ABCDEFGH": "ABCDEFGH", "11": "11", "did:web:x#y": "did:web:x#y",
		"3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s",
	} {
		require.Equal(t, want, jwk.HealthID(in), in)
	}
}

func FuzzParse(f *testing.F) {
	for _, kind := range []testnet.Kind{testnet.P256, testnet.P384, testnet.Ed25519, testnet.RSA2048} {
		s := signer(kind)
		raw, err := jwk.Marshal(s.Cert.PublicKey, "k1", s.Cert)
		require.NoError(f, err)
		f.Add(raw)
		raw, err = jwk.Marshal(s.Cert.PublicKey, "")
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		strict, strictErr := jwk.Parse(raw, jwk.Strict)
		lenient, err := jwk.Parse(raw, jwk.Lenient)
		if err == nil {
			usable(t, lenient.Public)
		}
		if strictErr == nil {
			require.NoError(t, err, "Lenient reads what Strict does")
			require.True(t, proof.Same(strict.Public, lenient.Public))
		}
	})
}

func usable(t *testing.T, pub crypto.PublicKey) {
	_, err := proof.AlgorithmsFor(pub)
	require.NoError(t, err)
	raw, err := jwk.Marshal(pub, "")
	require.NoError(t, err)
	again, err := jwk.Parse(raw, jwk.Strict)
	require.NoError(t, err)
	require.True(t, proof.Same(pub, again.Public))
	if k, ok := pub.(ed25519.PublicKey); ok {
		require.Len(t, k, 32)
	}
}

// Keys of one document share their authority's certificate, and nothing else.
func TestReaderSharesAuthorities(t *testing.T) {
	s := testnet.New("reader", time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)).State("ID")
	a, b := s.Signer(testnet.SignerOptions{}), s.Signer(testnet.SignerOptions{})
	r := &jwk.Reader{Mode: jwk.Lenient}
	var keys []*jwk.Key
	for _, d := range []*testnet.DocumentSigner{a, b} {
		raw, err := jwk.Marshal(d.Cert.PublicKey, "", d.Cert, s.Root)
		require.NoError(t, err)
		v, err := jcs.Parse(raw)
		require.NoError(t, err)
		k, err := r.From(v)
		require.NoError(t, err)
		alone, err := jwk.From(v, jwk.Lenient)
		require.NoError(t, err)
		require.Equal(t, alone, k)
		keys = append(keys, k)
	}
	require.Same(t, keys[0].Chain[1], keys[1].Chain[1])
	require.True(t, keys[1].Chain[0].Equal(b.Cert))
}

// RFC 8812, section 3.1.
func TestSecp256k1(t *testing.T) {
	private, err := ecdsa.GenerateKey(proof.Secp256k1(), rand.Reader)
	require.NoError(t, err)
	raw, err := jwk.Marshal(&private.PublicKey, "k")
	require.NoError(t, err)
	for _, mode := range []jwk.Mode{jwk.Strict, jwk.Lenient} {
		k, err := jwk.Parse(raw, mode)
		require.NoError(t, err)
		require.True(t, private.PublicKey.Equal(k.Public))
		require.Equal(t, []proof.Algorithm{proof.ES256K}, k.Algorithms)
		_, err = jwk.Parse(bytes.Replace(raw, []byte("secp256k1"), []byte("P-256"), 1), mode)
		require.ErrorIs(t, err, jwk.ErrSyntax)
	}
	thumb, err := jwk.Thumbprint(&private.PublicKey)
	require.NoError(t, err)
	require.Len(t, thumb, 43)
}
