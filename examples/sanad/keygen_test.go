package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist"
)

func certificate(t testing.TB, path string) *x509.Certificate {
	block, _ := pem.Decode([]byte(content(t, path)))
	require.NotNil(t, block)
	c, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return c
}

func TestKeygen(t *testing.T) {
	dir := t.TempDir()
	for alg, did := range map[string]string{"ES256": "did:key:zDn", "ES384": "did:key:z82", "EdDSA": "did:key:z6Mk", "PS256": "did:key:z"} {
		key, cert := filepath.Join(dir, alg+".pem"), filepath.Join(dir, alg+"-cert.pem")
		out := ok(t, "keygen", "--alg", alg, "--out", key, "--cert", cert, "--country", "ID", "--name", "Signer", "--usage", "vaccination,test", "--usage", "recovery", "--days", "10")
		require.True(t, strings.HasPrefix(out, did), out)
		c := certificate(t, cert)
		require.True(t, strings.HasSuffix(out, "kid "+trustlist.KeyID(c)), out)
		require.Len(t, c.UnknownExtKeyUsage, 3)
		require.Equal(t, "1.3.6.1.4.1.1847.2021.1.2", c.UnknownExtKeyUsage[0].String())
		require.Equal(t, []string{"ID"}, c.Subject.Country)
		require.Equal(t, 10, int(c.NotAfter.Sub(c.NotBefore).Hours()/24))
		require.False(t, c.IsCA)

		info, err := os.Stat(key)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		before := content(t, key)
		require.Contains(t, before, "BEGIN PRIVATE KEY")
		r := sanad("keygen", "--alg", alg, "--out", key)
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stderr, "not replaced")
		require.Equal(t, before, content(t, key), "a key is never replaced")
		// Neither is a certificate; and one without its key is not left behind.
		other := filepath.Join(dir, alg+"-other")
		require.Equal(t, 1, sanad("keygen", "--alg", alg, "--out", other, "--cert", cert, "--country", "ID", "--name", "x").status)
		require.NoFileExists(t, other)
		require.Equal(t, 1, sanad("keygen", "--alg", alg, "--out", key, "--cert", other, "--country", "ID", "--name", "x").status)
		require.NoFileExists(t, other)
	}
}

func TestKeygenSignedByAuthority(t *testing.T) {
	c := newCountry(t)
	ca := certificate(t, filepath.Join(c.dir, "sca.pem"))
	require.True(t, ca.IsCA)
	require.NoError(t, certificate(t, c.cert).CheckSignatureFrom(ca))
	keygen := []string{"keygen", "--alg", "ES256", "--out", c.dir + "/k", "--cert", c.dir + "/c", "--country", "XX", "--name", "x"}
	require.Equal(t, 1, sanad(append(keygen, "--ca", c.cert, "--ca-key", c.key)...).status, "a signer is no authority")
	require.Equal(t, 1, sanad(append(keygen, "--ca", c.dir+"/sca.pem", "--ca-key", c.key)...).status, "another's key")
	require.NoFileExists(t, c.dir+"/k")
}
