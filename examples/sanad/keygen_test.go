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

// Keys that PKCS#8 has no form for.
func TestKeygenOtherForms(t *testing.T) {
	dir := t.TempDir()
	for alg, c := range map[string]struct{ did, block string }{"ES256K": {"did:key:zQ3s", "EC PRIVATE KEY"}, "BBS": {"did:key:zUC7", "BBS PRIVATE KEY"}} {
		path := filepath.Join(dir, alg+".pem")
		did := ok(t, "keygen", "--alg", alg, "--out", path)
		require.True(t, strings.HasPrefix(did, c.did), did)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.Contains(t, content(t, path), "BEGIN "+c.block)
		s, err := (&env{}).didSigner(path)
		require.NoError(t, err)
		require.Equal(t, []string{did}, s.Key().Controllers)
		require.Equal(t, 1, sanad("keygen", "--alg", alg, "--out", path).status, "never replaced")

		block, _ := pem.Decode([]byte(content(t, path)))
		for i := range block.Bytes[:min(len(block.Bytes), 24)] { // the structure and the number; the public key in it is not read
			cut := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes[:i]})
			_, err := (&env{}).didSigner(file(t, dir, "cut.pem", string(cut)))
			require.Error(t, err, "%s of %d bytes", alg, i)
		}
		zero := pem.EncodeToMemory(&pem.Block{Type: "BBS PRIVATE KEY", Bytes: make([]byte, 32)})
		_, err = (&env{}).didSigner(file(t, dir, "zero.pem", string(zero)))
		require.Error(t, err)
	}
	// As OpenSSL writes it: openssl ecparam -name secp256k1 -genkey -noout
	openssl := "-----BEGIN EC PRIVATE KEY-----\n" + `MHQCAQEEIMEv3uDBkB3G0dGtc53tRx2dHHXNQN9iYWq9RunijtruoAcGBSuBBAAK
oUQDQgAEfUK7xWr1a07GaZ7AN8kETfX9OJjce3zOkUt0cC2aFPxzwrPRrB0R/GJq
HOX0M5oO6HAVB6JDb9r+NLZZzyaf7w==` + "\n-----END EC PRIVATE KEY-----\n"
	_, err := (&env{}).readKey(file(t, dir, "openssl.pem", openssl))
	require.NoError(t, err)
}

func TestHolderKey(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "k.pem")
	did := ok(t, "keygen", "--alg", "ES256", "--out", path)
	private, err := (&env{}).readKey(path)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	require.NoError(t, err)
	public := file(t, dir, "public.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	for _, name := range []string{did, path, public} {
		k, err := (&env{}).holderKey(name)
		require.NoError(t, err, name)
		require.Equal(t, []string{did}, k.Controllers, name)
	}
	for _, name := range []string{"did:web:example.com", "did:key:zz", filepath.Join(dir, "none"), file(t, dir, "x.pem", "x")} {
		_, err := (&env{}).holderKey(name)
		require.Error(t, err, name)
	}
}
