package enroll_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/enroll"
)

var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

const year = 365 * 24 * time.Hour

func newKey(t testing.TB, c elliptic.Curve) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return k
}

// fixed is a key of testnet.
func fixed(kind testnet.Kind) crypto.Signer {
	return testnet.New("enroll", now).State("CH").Signer(testnet.SignerOptions{Kind: kind}).Key
}

func subject(name string) pkix.Name {
	return pkix.Name{Country: []string{"XX"}, Organization: []string{"Ministry of Health"}, CommonName: name}
}

func selfSign(t testing.TB, u enroll.Usage, key crypto.Signer) *x509.Certificate {
	t.Helper()
	c, err := enroll.SelfSign(subject(string(u)), key, enroll.Terms{Usage: u, From: now})
	require.NoError(t, err)
	return c
}

func request(t testing.TB, name string, key crypto.Signer) []byte {
	t.Helper()
	r, err := enroll.Request(subject(name), key)
	require.NoError(t, err)
	return r
}

func TestAuthorityCertificate(t *testing.T) {
	for _, key := range []crypto.Signer{newKey(t, elliptic.P256()), newKey(t, elliptic.P384()), newKey(t, elliptic.P521()), fixed(testnet.RSA3072)} {
		c := selfSign(t, enroll.SCA, key)
		require.NoError(t, c.CheckSignatureFrom(c))
		require.True(t, c.IsCA && c.BasicConstraintsValid && c.MaxPathLenZero)
		require.Equal(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, c.KeyUsage)
		require.Empty(t, c.ExtKeyUsage)
		require.Equal(t, now, c.NotBefore)
		require.Equal(t, 4*year, c.NotAfter.Sub(c.NotBefore))
		require.Len(t, c.SubjectKeyId, 20)
		require.Contains(t, []x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.SHA256WithRSA}, c.SignatureAlgorithm)
		require.Greater(t, c.SerialNumber.BitLen(), 64)
	}
}

func TestUploadAndTLSCertificates(t *testing.T) {
	up, tls := selfSign(t, enroll.UP, newKey(t, elliptic.P256())), selfSign(t, enroll.TLS, newKey(t, elliptic.P256()))
	require.Equal(t, x509.KeyUsageDigitalSignature, up.KeyUsage)
	require.Equal(t, x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign, tls.KeyUsage)
	require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, tls.ExtKeyUsage)
	for _, c := range []*x509.Certificate{up, tls} {
		require.False(t, c.IsCA)
		require.Equal(t, 2*year, c.NotAfter.Sub(c.NotBefore))
		require.NoError(t, c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature))
	}
}

// A document signer's certificate has the extensions that the network demands,
// and those that limit it to DCC types where that is asked for.
func TestDocumentSigner(t *testing.T) {
	scaKey, key := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	sca := selfSign(t, enroll.SCA, scaKey)
	r := request(t, "Signer 1", key)
	parsed, err := x509.ParseCertificateRequest(r)
	require.NoError(t, err)
	require.NoError(t, parsed.CheckSignature())

	c, err := enroll.Sign(r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now, CRL: "https://health.example/sca.crl"})
	require.NoError(t, err)
	require.NoError(t, c.CheckSignatureFrom(sca))
	require.Equal(t, subject("Signer 1").String(), c.Subject.String())
	require.Equal(t, x509.KeyUsageDigitalSignature, c.KeyUsage)
	require.False(t, c.IsCA)
	require.Equal(t, sca.SubjectKeyId, c.AuthorityKeyId)
	require.Len(t, c.SubjectKeyId, 20)
	require.False(t, bytes.Equal(c.SubjectKeyId, c.AuthorityKeyId))
	require.Equal(t, 2*year, c.NotAfter.Sub(c.NotBefore))
	require.Equal(t, []string{"https://health.example/sca.crl"}, c.CRLDistributionPoints)
	require.Empty(t, c.UnknownExtKeyUsage, "for ICVP and links as well")

	c, err = enroll.Sign(r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now, Types: []string{trustlist.TypeTest, trustlist.TypeVaccination, trustlist.TypeRecovery}})
	require.NoError(t, err)
	require.Equal(t, []asn1.ObjectIdentifier{testnet.UsageTest, testnet.UsageVaccination, testnet.UsageRecovery}, c.UnknownExtKeyUsage)

	// One that is made late ends with its authority.
	c, err = enroll.Sign(r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now.Add(3 * year)})
	require.NoError(t, err)
	require.Equal(t, sca.NotAfter, c.NotAfter)
	c, err = enroll.Sign(r, sca, scaKey, enroll.Terms{Usage: enroll.TLS, From: now})
	require.NoError(t, err)
	require.Equal(t, x509.KeyUsageDigitalSignature, c.KeyUsage, "others sign it")
}

func TestSignRefuses(t *testing.T) {
	scaKey, key := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	sca, up := selfSign(t, enroll.SCA, scaKey), selfSign(t, enroll.UP, key)
	r := request(t, "Signer 1", key)
	forged := bytes.Clone(r)
	forged[len(forged)-1] ^= 1
	ofKey := func(k crypto.Signer) []byte {
		raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject("x")}, k)
		require.NoError(t, err)
		return raw
	}
	named := func(n pkix.Name) []byte {
		raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: n}, key)
		require.NoError(t, err)
		return raw
	}
	dsc := enroll.Terms{Usage: enroll.DSC, From: now}
	for name, c := range map[string]struct {
		request []byte
		ca      *x509.Certificate
		key     crypto.Signer
		terms   enroll.Terms
		want    error
	}{
		"no request":              {[]byte("x"), sca, scaKey, dsc, enroll.ErrRequest},
		"a changed request":       {forged, sca, scaKey, dsc, enroll.ErrRequest},
		"another's key":           {r, sca, key, dsc, enroll.ErrTerms},
		"no authority":            {r, up, key, dsc, enroll.ErrTerms},
		"the authority itself":    {ofKey(scaKey), sca, scaKey, dsc, enroll.ErrTerms},
		"an authority":            {r, sca, scaKey, enroll.Terms{Usage: enroll.SCA, From: now}, enroll.ErrTerms},
		"an unknown usage":        {r, sca, scaKey, enroll.Terms{Usage: "X", From: now}, enroll.ErrTerms},
		"no time":                 {r, sca, scaKey, enroll.Terms{Usage: enroll.DSC}, enroll.ErrTerms},
		"a negative validity":     {r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now, Validity: -year}, enroll.ErrTerms},
		"longer than authority":   {r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now, Validity: 5 * year}, enroll.ErrTerms},
		"before the authority":    {r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now.Add(-year)}, enroll.ErrTerms},
		"after the authority":     {r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now.Add(5 * year)}, enroll.ErrTerms},
		"a type without usage":    {r, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now, Types: []string{trustlist.TypeICVP}}, enroll.ErrTerms},
		"types of no signer":      {r, sca, scaKey, enroll.Terms{Usage: enroll.UP, From: now, Types: []string{trustlist.TypeTest}}, enroll.ErrTerms},
		"another country":         {named(pkix.Name{Country: []string{"ID"}, CommonName: "x"}), sca, scaKey, dsc, enroll.ErrTerms},
		"no country":              {named(pkix.Name{CommonName: "x"}), sca, scaKey, dsc, enroll.ErrTerms},
		"two countries":           {named(pkix.Name{Country: []string{"XX", "ID"}, CommonName: "x"}), sca, scaKey, dsc, enroll.ErrTerms},
		"no name":                 {named(pkix.Name{Country: []string{"XX"}}), sca, scaKey, dsc, enroll.ErrTerms},
		"a curve for no document": {ofKey(newKey(t, elliptic.P384())), sca, scaKey, dsc, enroll.ErrTerms},
		"an Ed25519 key":          {ofKey(fixed(testnet.Ed25519)), sca, scaKey, dsc, enroll.ErrTerms},
		"a short RSA key":         {ofKey(fixed(testnet.RSA2048)), sca, scaKey, enroll.Terms{Usage: enroll.UP, From: now}, enroll.ErrTerms},
	} {
		got, err := enroll.Sign(c.request, c.ca, c.key, c.terms)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, got, name)
	}
}

func TestSelfSignAndRequestRefuse(t *testing.T) {
	key := newKey(t, elliptic.P256())
	_, err := enroll.SelfSign(subject("x"), key, enroll.Terms{Usage: enroll.DSC, From: now})
	require.ErrorIs(t, err, enroll.ErrTerms)
	for _, n := range []pkix.Name{{}, {CommonName: "x"}, {Country: []string{"XXX"}, CommonName: "x"}, {Country: []string{"XX"}}} {
		_, err := enroll.SelfSign(n, key, enroll.Terms{Usage: enroll.SCA, From: now})
		require.ErrorIs(t, err, enroll.ErrTerms)
		_, err = enroll.Request(n, key)
		require.ErrorIs(t, err, enroll.ErrTerms)
	}
	_, err = enroll.Request(subject("x"), newKey(t, elliptic.P384()))
	require.ErrorIs(t, err, enroll.ErrTerms)
	_, err = enroll.SelfSign(subject("x"), newKey(t, elliptic.P224()), enroll.Terms{Usage: enroll.SCA, From: now})
	require.ErrorIs(t, err, enroll.ErrTerms)
}

func FuzzSign(f *testing.F) {
	scaKey := newKey(f, elliptic.P256())
	sca := selfSign(f, enroll.SCA, scaKey)
	f.Add(request(f, "Signer", newKey(f, elliptic.P256())))
	f.Add(request(f, "Signer", fixed(testnet.RSA2048)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := enroll.Sign(raw, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now})
		if err == nil {
			require.Equal(t, []string{"XX"}, c.Subject.Country)
			require.False(t, c.IsCA)
		}
	})
}
