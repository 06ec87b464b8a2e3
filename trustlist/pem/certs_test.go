package pem_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// withCountry is a self-signed certificate whose subject has that country, or
// none.
func withCountry(t *testing.T, country string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Signer"},
		NotBefore: now, NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	if country != "" {
		template.Subject.Country = []string{country}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return der
}

// rsa1024 is a self-signed certificate with a key of 1,024 bits, which Go no longer makes.
const rsa1024 = "MIICFDCCAX2gAwIBAgIUUXIyBzkzEyTB8mubtlsiEbkAJj4wDQYJKoZIhvcNAQELBQAwHDELMAkGA1UEBhMCSUQxDTALBgNVBAMMBFdlYWswHhcNMjYxMTIzMjEzMTEyWhcNMzYxMTIwMjEzMTEyWjAcMQswCQYDVQQGEwJJRDENMAsGA1UEAwwEV2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA0lN9LNeqsC+16uI9gWCfmbm1SQIcHG6zck7sAdKpzuQ78XUj3AlEGAd3JNmh/Q/hgA76eim+YTW1VFzUtfn4j6vCejYzKhBmfHNwZMjhz/99UP5ZuLb7STXSd/FyckIJThBMHa2L02Z80juQYMGa/J/9p/6345Kkm6bP3bJa5OECAwEAAaNTMFEwHQYDVR0OBBYEFKpb/FqexjhlIdDtzQ6pnn3s/Cf1MB8GA1UdIwQYMBaAFKpb/FqexjhlIdDtzQ6pnn3s/Cf1MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAHe4yVSMN2GY0NhPKrZD1BvmFY8QKXGMkB3NTFWu6l9mJG3cbhsWshV9H9arq7c5iMwaIdpuxvNYniVgbaSCmSVT7WWf9weRJdrY582RuWIRAuTIap/Wc+pJNlrfWMp5u1VG/ubvQCZp8jD6zUknfx27fZXPvkEbigIm2SDreRtk="
