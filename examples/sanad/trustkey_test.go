package main

import (
	"crypto/elliptic"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509/pkix"
	"math/big"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

// whoFlags are the flags that hold a list against the DEV environment of WHO's
// network: its signer's document, and the context that its lists name.
func whoFlags(t testing.TB) []string {
	dir := testvectors.Dir(t, "gdhcn")
	return []string{
		"--trust-key", filepath.Join(dir, "tng-participants-dev", "WHO", "signing", "DID", "did.json"),
		"--context", "https://smart.who.int/trust/tng-context/v1-DEV.jsonld=" + filepath.Join(dir, "did_contexts", "v1-dev.jsonld"),
	}
}

// whoLists are the lists that the network signed.
var whoLists = []string{"v2/trustlist", "v2/trustlist/DCC", "v2/trustlist/PH4H", "v2/trustlist/IPS-PILGRIMAGE"}

func whoList(t testing.TB, name string) string {
	return filepath.Join(testvectors.Dir(t, "gdhcn", "tng-cdn-dev"), filepath.FromSlash(name), "did.json")
}

// with puts flags before arguments.
func with(command []string, flags []string, args ...string) []string {
	return append(append(append([]string{}, command...), flags...), args...)
}

// TestConformanceWHOLists reads the network's own lists as a user does, holds
// cards against them, and refuses each after a change.
func TestConformanceWHOLists(t *testing.T) {
	flags := whoFlags(t)
	card := newCountry(t).card
	met := 0
	for _, name := range whoLists {
		list := whoList(t, name)
		var v listView
		r := sanad(with([]string{"trust", "show", "--json"}, flags, "gdhcn:"+list)...)
		if r.status != 0 {
			t.Errorf("%s: %s", name, r.stderr)
			continue
		}
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &v))
		require.True(t, v.Authenticated)
		require.NotEmpty(t, v.Entries)
		require.Equal(t, "2026-08-22", v.Lists[0].Issued.Format(time.DateOnly))
		require.Len(t, v.Contexts, 1)
		require.Len(t, v.Contexts[0].SHA256, 64)

		r = sanad(with([]string{"verify", "--trust", "gdhcn:" + list}, flags, card)...)
		require.Equal(t, 1, r.status, "a stranger's card: %s", r.stderr)
		require.Contains(t, r.stdout, "issuer.unknown")

		text := content(t, list)
		for what, changed := range map[string]string{
			"a participant":   strings.Replace(text, `"participant":{"code":"#`, `"participant":{"code":"#X`, 1),
			"the date":        strings.Replace(text, `"created":"2026-08-22`, `"created":"2026-08-23`, 1),
			"no proof":        text[:strings.Index(text, `,"proof":`)] + "}",
			"another context": strings.Replace(text, "v1-DEV.jsonld", "v1.jsonld", 1),
		} {
			require.NotEqual(t, text, changed, what)
			bad := "gdhcn:" + file(t, t.TempDir(), "did.json", changed)
			require.Equal(t, 1, sanad(with([]string{"trust", "show"}, flags, bad)...).status, what)
			require.Equal(t, 2, sanad(with([]string{"verify", "--trust", bad}, flags, card)...).status, what)
		}
		met++
	}
	fmt.Printf("conformance: cli-gdhcn-lists %d/%d\n", met, len(whoLists))
}

// What a list says is only known with its contexts, and they are only taken from
// --context.
func TestWHOContext(t *testing.T) {
	flags, list := whoFlags(t), "gdhcn:"+whoList(t, "v2/trustlist/IPS-PILGRIMAGE")
	r := sanad("trust", "show", flags[0], flags[1], list)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "v1-DEV.jsonld")
	require.Contains(t, r.stderr, "--context")
	require.Contains(t, ok(t, with([]string{"trust", "show"}, flags, list)...), "context  https://smart.who.int/trust/tng-context/v1-DEV.jsonld, sha256 f74a3614")

	// Another context for the URL makes other statements of the list.
	_, path, _ := strings.Cut(flags[3], "=")
	url := strings.TrimSuffix(flags[3], path)
	other := file(t, t.TempDir(), "context.jsonld", strings.Replace(content(t, path), "Domains", "Participants", 1))
	require.Equal(t, 1, sanad("trust", "show", flags[0], flags[1], "--context", url+other, list).status)
	for name, context := range map[string]string{
		"none": url + path + ".none", "no context": url + file(t, t.TempDir(), "x", "{}"), "no JSON": url + file(t, t.TempDir(), "x", "<html>"),
		"of no URL": "x=" + path, "one that is built in": "https://www.w3.org/ns/did/v1=" + path,
	} {
		require.Equal(t, 1, sanad("trust", "show", flags[0], flags[1], "--context", context, list).status, name)
	}
	require.Equal(t, 1, sanad(with([]string{"trust", "show"}, flags, "--context", flags[3], list)...).status, "twice")
}

// keyFiles writes a private key's public part in each of the forms of
// --trust-key.
func keyFiles(t testing.TB, dir string, key *ecdsa.PrivateKey, id string) (document, public, certificate string) {
	t.Helper()
	j, err := jwk.Marshal(&key.PublicKey, "")
	require.NoError(t, err)
	document = file(t, dir, "did.json", ` {"id":"did:web:list.example","verificationMethod":[{"id":"`+id+`","type":"JsonWebKey2020","controller":"did:web:list.example","publicKeyJwk":`+string(j)+`}]}`)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	public = file(t, dir, "key.pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "List"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(-time.Minute)}
	if der, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key); err != nil {
		t.Fatal(err)
	}
	certificate = file(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return document, public, certificate
}

// p256List signs the list of a country with a key on P-256.
func p256List(t testing.TB, c *country) (list string, key *ecdsa.PrivateKey, id string) {
	t.Helper()
	path := filepath.Join(c.dir, "p256.key")
	id = ok(t, "keygen", "--alg", "ES256", "--out", path)
	list = filepath.Join(c.dir, "p256.json")
	ok(t, "trust", "build", "--id", "did:web:health.example:v2", "--key", path, "--out", list, c.certs)
	block, _ := pem.Decode([]byte(content(t, path)))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return list, parsed.(*ecdsa.PrivateKey), id
}

func TestTrustKeyFiles(t *testing.T) {
	c := newCountry(t)
	list, key, id := p256List(t, c)
	method := id + "#" + strings.TrimPrefix(id, "did:key:")
	document, public, certificate := keyFiles(t, t.TempDir(), key, method)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	otherDocument, otherPublic, otherCertificate := keyFiles(t, t.TempDir(), other, method)
	for _, k := range []string{id, document, public, certificate} {
		require.True(t, show(t, "--trust-key", k, "gdhcn:"+list).Authenticated, k)
		ok(t, "verify", "--trust", "snapshot:"+list, "--trust-key", otherPublic, "--trust-key", k, c.card)
		r := sanad("verify", "--trust", "snapshot:"+c.list, "--trust-key", k, c.card)
		require.Equal(t, 2, r.status, "%s: another list's", k)
	}
	for _, k := range []string{otherDocument, otherPublic, otherCertificate, c.did} {
		require.Equal(t, 2, sanad("verify", "--trust", "gdhcn:"+list, "--trust-key", k, c.card).status, "another's key")
	}
	// A document that is signed by nobody names no key.
	unsigned := ok(t, "trust", "build", "--id", "did:web:x", "--unsigned", c.certs)
	for _, text := range []string{unsigned, `{"proof":[]}`, `{"proof":{}}`, "[", "{}"} {
		require.Equal(t, 2, sanad("verify", "--trust", "gdhcn:"+file(t, c.dir, "unsigned.json", text), "--trust-key", public, c.card).status, text)
	}
}

// What is no one key to sign with is refused, and a list is never taken unsigned
// for it.
func TestPromiseNoKeyIsNoTrust(t *testing.T) {
	c := newCountry(t)
	list, key, id := p256List(t, c)
	document, public, certificate := keyFiles(t, t.TempDir(), key, id+"#"+strings.TrimPrefix(id, "did:key:"))
	doc, dir := content(t, document), t.TempDir()
	for name, text := range map[string]string{
		"nothing":              "",
		"no PEM":               "hello",
		"no JSON":              "{",
		"no document":          "{}",
		"no method":            `{"id":"did:web:list.example"}`,
		"a purpose, another's": strings.Replace(doc, `{"id"`, `{"authentication":["`+id+`"],"id"`, 1),
		"a stranger's key":     strings.Replace(doc, `"controller":"did:web:list`, `"controller":"did:web:other`, 1),
		"revoked":              strings.Replace(doc, `"type"`, `"revoked":"2020-01-01T00:00:00Z","type"`, 1),
		"no key":               strings.Replace(doc, `"P-256"`, `"P-999"`, 1),
		"deactivated":          strings.Replace(doc, `{"id"`, `{"deactivated":true,"id"`, 1),
		"a private key":        content(t, filepath.Join(c.dir, "p256.key")),
		"two keys":             content(t, public) + content(t, certificate),
		"a broken key":         strings.Replace(content(t, public), "MFk", "MFj", 1),
		"a broken certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"too long":             strings.Repeat(" ", 2<<20) + doc,
	} {
		f := file(t, dir, "key", text)
		for _, kind := range []string{"gdhcn:", "snapshot:", "vci:"} {
			r := sanad("verify", "--trust", kind+list, "--trust-key", f, c.card)
			require.Equal(t, 2, r.status, "%s %s: %s", name, kind, r.stdout)
			require.Contains(t, r.stderr, "--trust-key", name)
			require.NotContains(t, r.stdout, "VALID", name)
		}
	}
	for _, k := range []string{dir, filepath.Join(dir, "none"), "did:web:list.example", "did:key:zzz"} {
		require.Equal(t, 2, sanad("verify", "--trust", "gdhcn:"+list, "--trust-key", k, c.card).status, k)
	}
}

// vciList is a directory's snapshot with the issuers' keys, and a signature.
type vciList struct{ list, cert, kid string }

// vciDirectory signs a directory of one issuer, whose key is key's.
func vciDirectory(t testing.TB, dir, issued string, key *ecdsa.PrivateKey, signer *ecdsa.PrivateKey) vciList {
	t.Helper()
	kid, err := jwk.Thumbprint(&key.PublicKey)
	require.NoError(t, err)
	enc := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	point, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	text := fmt.Sprintf(`{"directory":"https://directory.example/issuers.json","time":%q,"issuerInfo":[{"issuer":{"iss":"https://health.example/cards","name":"Health"},
		"keys":[{"kty":"EC","kid":%q,"use":"sig","alg":"ES256","crv":"P-256","x":%q,"y":%q}],"lastRetrieved":%[1]q}]}`, issued, kid, enc(point[1:33]), enc(point[33:]))
	sum := sha512.Sum512([]byte(text))
	sig, err := ecdsa.SignASN1(rand.Reader, signer, sum[:])
	require.NoError(t, err)
	_, _, cert := keyFiles(t, dir, signer, "did:web:list.example#1")
	file(t, dir, "vci_snapshot.sig", string(sig))
	return vciList{file(t, dir, "vci_snapshot.json", text), cert, kid}
}

func TestTrustVCI(t *testing.T) {
	c, dir := newCountry(t), t.TempDir()
	_, key, _ := p256List(t, c)
	signer, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	l := vciDirectory(t, dir, "2026-05-22T05:52:08Z", key, signer)
	v := show(t, "--trust-key", l.cert, "--trust-key", c.did, "vci:"+l.list)
	require.True(t, v.Authenticated)
	require.Equal(t, "2026-05-22T05:52:08Z", v.Lists[0].Issued.Format(time.RFC3339))
	require.Equal(t, []string{"https://health.example/cards"}, v.Entries[0].Names)
	require.Equal(t, l.kid, v.Entries[0].Keys[0].ID)
	require.False(t, show(t, "vci:"+l.list).Authenticated)
	require.Equal(t, 1, sanad("verify", "--trust", "vci:"+l.list, "--trust-key", l.cert, c.card).status, "a card of nobody on the list")

	// Each kind of list has signers of its own.
	mixed := []string{"--trust", "gdhcn:" + c.list, "--trust", "vci:" + l.list}
	r := sanad(with([]string{"verify"}, mixed, "--trust-key", c.listDID, "--trust-key", "vci="+l.cert, c.card)...)
	require.Equal(t, 64, r.status)
	require.Contains(t, r.stderr, "say of which kind")
	require.Equal(t, 0, sanad(with([]string{"verify"}, mixed, "--trust-key", "gdhcn="+c.listDID, "--trust-key", "vci="+l.cert, c.card)...).status)
	require.Equal(t, 2, sanad(with([]string{"verify"}, mixed, "--trust-key", "vci="+c.listDID, "--trust-key", "gdhcn="+l.cert, c.card)...).status, "exchanged")
	require.Equal(t, 64, sanad("verify", "--trust", "gdhcn:"+c.list, "--trust-key", "vci="+l.cert, c.card).status)
	require.Equal(t, 64, sanad("verify", "--trust", "snapshot:"+c.list, "--trust", "gdhcn:"+c.list, "--trust-key", "gdhcn="+c.listDID, c.card).status, "nobody signs the snapshot")

	// A national list of issuers has no signature.
	national := file(t, t.TempDir(), "issuers.json", `{"participating_issuers":[{"iss":"https://health.example/cards","name":"Health"}]}`)
	require.Empty(t, show(t, "vci:"+national).Entries[0].Keys)
	require.Equal(t, 1, sanad("trust", "show", "--trust-key", l.cert, "vci:"+national).status, "asked for, a signature must be there")
	require.Equal(t, 0, sanad("verify", "--trust", "gdhcn:"+c.list, "--trust-key", "gdhcn="+c.listDID, "--trust", "vci:"+national, c.card).status, "not asked for")

	require.Equal(t, 1, sanad("trust", "show", "--trust-key", c.did, "vci:"+l.list).status, "a key of another kind alone")
	sig := filepath.Join(dir, "vci_snapshot.sig")
	good := content(t, sig)
	for name, bad := range map[string]string{"empty": "", "cut": good[:len(good)-1], "longer": good + "x", "endless": strings.Repeat("x", 1<<20)} {
		file(t, dir, "vci_snapshot.sig", bad)
		require.Equal(t, 1, sanad("trust", "show", "--trust-key", l.cert, "vci:"+l.list).status, name)
		require.Equal(t, 2, sanad("verify", "--trust-key", l.cert, "--trust", "vci:"+l.list, c.card).status, name)
	}
	file(t, dir, "vci_snapshot.sig", good)
	file(t, dir, "vci_snapshot.json", strings.Replace(content(t, l.list), "Health", "Wealth", 1))
	require.Equal(t, 1, sanad("trust", "show", "--trust-key", l.cert, "vci:"+l.list).status, "changed")
	require.NoError(t, os.Remove(sig))
	require.Equal(t, 1, sanad("trust", "show", "--trust-key", l.cert, "vci:"+l.list).status, "missing")
}
