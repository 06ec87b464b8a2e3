package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealthCertificateFromKeyToRevocation(t *testing.T) {
	c := newCountry(t)
	trust := []string{"verify", "--trust", "gdhcn:" + c.list, "--trust-key", c.listDID}
	out := ok(t, append(trust, c.card)...)
	require.Contains(t, out, "VALID  hcert")
	require.Contains(t, out, "issued by    XXX, as XX")
	require.Contains(t, out, "not checked  status")
	require.NotContains(t, out, "Siti", "claims are for --json")

	picture := filepath.Join(c.dir, "card.png")
	ok(t, "qr", "--out", picture, c.card)
	require.Equal(t, strings.TrimSpace(content(t, c.card)), ok(t, "qr", "--read", picture))
	ok(t, append(trust, picture)...)
	ok(t, "verify", "--trust", "pem:"+c.certs, picture)

	// Without revocation data there is no verdict where one is demanded.
	need := append(trust, "--require-status")
	require.Equal(t, 2, sanad(append(need, c.card)...).status)
	snapshot, key := filepath.Join(c.dir, "revoked.bin"), filepath.Join(c.dir, "list-key.pem")
	ok(t, "status", "snapshot", "--out", snapshot, "--country", "XX", "--key", key)
	need = append(need, "--status", snapshot, "--status-key", c.listDID)
	ok(t, append(need, c.card)...)
	for range 2 { // again changes nothing
		ok(t, "status", "snapshot", "--out", snapshot, "--country", "XX", "--key", key, "--until", c.later(), picture)
		r := sanad(append(need, c.card)...)
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stdout, "status.revoked")
	}
	// A signed snapshot counts only with its signer's key.
	require.Equal(t, 2, sanad("verify", "--trust", "pem:"+c.certs, "--status", snapshot, "--status-key", c.did, c.card).status)
	require.Equal(t, 1, sanad("status", "snapshot", "--out", snapshot, "--country", "XX", "--key", c.didKey).status)
}

func TestW3CFromKeyToRevocation(t *testing.T) {
	c := newCountry(t)
	store, lists := filepath.Join(c.dir, "store"), filepath.Join(c.dir, "lists")
	ok(t, "status", "new", "--store", store, "--url", "https://health.example/1")
	ok(t, "status", "new", "--store", store, "--url", "https://health.example/2", "--purpose", "suspension")
	signed := c.w3c(t, "urn:uuid:1", "--status-store", store)
	ok(t, "status", "publish", "--store", store, "--key", c.didKey, "--out", lists)
	verify := []string{"verify", "--trust", "did:" + c.did, "--status", lists, signed}
	ok(t, verify...)
	// The same by name, with a file of DIDs.
	dids := file(t, c.dir, "dids.txt", "# issuers\n\n"+c.did+" Ministry of Health\n")
	require.Contains(t, ok(t, "verify", "--trust", "did:"+dids, "--did", "key", "--status", lists, signed), "Ministry of Health, as did:key:")

	for _, step := range []struct {
		args   []string
		status int
		code   string
	}{
		{[]string{"--suspend"}, 1, "status.suspended"},
		{[]string{"--resume"}, 0, ""},
		{nil, 1, "status.revoked"},
	} {
		ok(t, append([]string{"status", "revoke", "--store", store, "urn:uuid:1"}, step.args...)...)
		ok(t, "status", "publish", "--store", store, "--key", c.didKey, "--out", lists)
		r := sanad(verify...)
		require.Equal(t, step.status, r.status, step.code)
		require.Contains(t, r.stdout, step.code)
	}
	ok(t, "verify", "--trust", "did:"+c.did, "--skip-status", signed)
	require.Equal(t, 2, sanad("verify", "--trust", "did:"+c.did, signed).status, "no status source")

	// Another's lists say nothing.
	ok(t, "status", "publish", "--store", store, "--key", filepath.Join(c.dir, "list-key.pem"), "--out", lists)
	r := sanad(verify...)
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stdout, "status.unavailable")
}

func TestStoreHasOneWriter(t *testing.T) {
	c := newCountry(t)
	store := filepath.Join(c.dir, "store")
	ok(t, "status", "new", "--store", store, "--url", "https://health.example/1")
	lock := file(t, store, lockFile, "")
	r := sanad("status", "revoke", "--store", store, "urn:uuid:1")
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "another process")
	require.NoError(t, os.Remove(lock))
	r = sanad("status", "revoke", "--store", store, "urn:uuid:unknown")
	require.Equal(t, 1, r.status)
	require.NotContains(t, r.stderr, "unknown", "an id is personal")
	require.NoFileExists(t, lock)
	// What failed to be issued took no place.
	before := content(t, filepath.Join(store, "status.json"))
	require.Equal(t, 1, sanadIn(strings.NewReader("{}"), "issue", "--format", "w3c", "--key", c.didKey, "--status-store", store).status)
	require.Equal(t, before, content(t, filepath.Join(store, "status.json")))
	require.Equal(t, 1, sanad("status", "new", "--store", store, "--url", "https://health.example/1").status, "twice")
	require.Equal(t, 1, sanad("status", "publish", "--store", c.dir, "--key", c.didKey, "--out", c.dir).status, "no list")
}

func TestIssueRefuses(t *testing.T) {
	c := newCountry(t)
	hc := func(doc string, args ...string) result {
		return sanadIn(strings.NewReader(doc), append([]string{"issue", "--format", "hcert", "--type", "dcc", "--key", c.key, "--cert", c.cert, "--issuer", "XX", "--expires", c.later()}, args...)...)
	}
	for name, r := range map[string]result{
		"a wrong type":      hc(strings.Replace(dcc, `"dn":2`, `"dn":"Rahman"`, 1)),
		"an unknown member": hc(strings.Replace(dcc, `"dn":2`, `"dn":2,"dnn":2`, 1)),
		"a missing member":  hc(strings.Replace(dcc, `"dn":2,`, ``, 1)),
		"no JSON":           hc("Rahman"),
		"two documents":     hc(dcc + "{}"),
		"a recovery, which the certificate may not sign": hc(`{"ver":"1.3.0","nam":{"fnt":"RAHMAN"},"dob":"1980-02-01","r":[{"tg":"840539006","fr":"2021-01-01","co":"XX","is":"M","df":"2021-01-11","du":"2021-06-01","ci":"URN:UVCI:01:XX:1#A"}]}`),
		"an end after the certificate's":                 hc(dcc, "--expires", "2099-01-01"),
		"another's certificate":                          hc(dcc, "--cert", filepath.Join(c.dir, "sca.pem")),
		"a missing key":                                  hc(dcc, "--key", filepath.Join(c.dir, "none.pem")),
		"a certificate for a key":                        hc(dcc, "--key", c.cert),
		"another's DID":                                  sanadIn(strings.NewReader(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:example:rahman","credentialSubject":{"name":"Rahman"}}`), "issue", "--format", "w3c", "--key", c.didKey),
		"a key that is no did:key":                       sanadIn(strings.NewReader("{}"), "issue", "--format", "w3c", "--key", rsaKey(t, c.dir)),
	} {
		require.Equal(t, 1, r.status, name)
		require.Empty(t, r.stdout, name)
		require.NotEmpty(t, r.stderr, name)
		require.NotContains(t, r.stderr, "Rahman", name)
	}
	require.Equal(t, 0, hc(dcc).status)
}

func rsaKey(t testing.TB, dir string) string {
	path := filepath.Join(dir, "rsa.pem")
	require.Contains(t, ok(t, "keygen", "--alg", "PS256", "--out", path), "did:key:z")
	return path
}

func TestIssueICVP(t *testing.T) {
	c := newCountry(t)
	icvp := `{"n":"Siti Rahman","dob":"1980-02-01","s":"F","ntl":"IDN","nid":"X1","ndt":"PPN","v":{"dn":"Primary","tg":"1D47","vp":"YellowFeverProductd2c75a15ed309658b3968519ddb31690","dt":"2021-02-18","bo":"B1","vls":"2021-02-28","vle":"2031-02-28","cn":"Dr A","is":"XX"}}`
	picture := filepath.Join(c.dir, "icvp.svg")
	card := ok(t, "issue", "--format", "hcert", "--type", "icvp", "--key", c.key, "--cert", c.cert, "--issuer", "XX", "--qr", picture, file(t, c.dir, "icvp.json", icvp))
	require.Contains(t, content(t, picture), "<svg")
	r := sanadIn(strings.NewReader(card), "verify", "--trust", "pem:"+c.certs, "--type", "icvp", "--json")
	require.Equal(t, 0, r.status, r.stdout)
	require.Equal(t, "Siti Rahman", reports(t, r.stdout)[0].Claims["n"])
	r = sanadIn(strings.NewReader(card), "verify", "--trust", "pem:"+c.certs, "--type", "test", "--lines")
	require.Equal(t, 1, r.status)
	require.Equal(t, "1  refused  policy.type\n", r.stdout)
}
