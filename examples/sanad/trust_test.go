package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func show(t testing.TB, args ...string) listView {
	var v listView
	require.NoError(t, json.Unmarshal([]byte(ok(t, append([]string{"trust", "show", "--json"}, args...)...)), &v))
	return v
}

func TestTrustShow(t *testing.T) {
	c := newCountry(t)
	v := show(t, "--trust-key", c.listDID, "gdhcn:"+c.list)
	require.True(t, v.Authenticated)
	require.Equal(t, "did:web:health.example:v2", v.Lists[0].Name)
	require.Equal(t, 30*24*time.Hour, v.Lists[0].Expires.Sub(v.Lists[0].Issued))
	require.Len(t, v.Entries, 1)
	require.Equal(t, "XXX", v.Entries[0].Authority)
	require.Equal(t, []string{"XX", "XXX"}, v.Entries[0].Names)
	require.Equal(t, "current", v.Entries[0].Keys[0].State)
	require.False(t, show(t, "gdhcn:"+c.list).Authenticated)
	for at, state := range map[string]string{"2099-01-01": "expired", "2001-01-01": "not yet"} {
		require.Equal(t, state, show(t, "--time", at, "pem:"+c.certs).Entries[0].Keys[0].State)
	}
	require.Empty(t, show(t, "did:did:web:health.example").Entries[0].Keys)

	out := ok(t, "trust", "show", "--trust-key", c.listDID, "snapshot:"+c.list)
	require.Contains(t, out, "signed   by one of the keys given")
	require.Regexp(t, `XXX +XX,XXX +issue,status +any +\S+= +ES256 +\S+ +\S+ +current`, out)
	file(t, c.certs, "broken.pem", "no certificate")
	out = ok(t, "trust", "show", "pem:"+c.certs)
	require.Contains(t, out, "signed   NOT CHECKED")
	require.Contains(t, out, "skipped  broken.pem: ")
	require.Contains(t, ok(t, "trust", "show", "did:"+c.did), "any")
	r := sanad("verify", "--trust", "pem:"+c.certs, c.card)
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stderr, "keys not taken: 1")

	for _, list := range []string{"gdhcn:" + c.card, "jwks:" + c.list, "did:" + c.card, "did:" + file(t, c.dir, "empty", "# none\n"), "did:did:key:zzz", "pem:" + c.card, "gdhcn:" + c.dir} {
		require.Equal(t, 1, sanad("trust", "show", list).status, list)
	}
	require.Equal(t, 1, sanad("trust", "show", "--trust-key", c.did, "gdhcn:"+c.list).status, "signed by another")
}

func TestTrustSign(t *testing.T) {
	c := newCountry(t)
	unsigned, signed := filepath.Join(c.dir, "unsigned.json"), filepath.Join(c.dir, "signed.json")
	ok(t, "trust", "build", "--id", "did:web:health.example:v2", "--unsigned", "--domain", "IPS-PILGRIMAGE", "--out", unsigned, c.certs)
	require.NotContains(t, content(t, unsigned), "proof")
	require.Contains(t, content(t, unsigned), "#IPS-PILGRIMAGE")
	require.Equal(t, 2, sanad("verify", "--trust", "snapshot:"+unsigned, "--trust-key", c.listDID, c.card).status)
	key := filepath.Join(c.dir, "list-key.pem")
	ok(t, "trust", "sign", "--key", key, "--out", signed, unsigned)
	ok(t, "verify", "--trust", "snapshot:"+signed, "--trust-key", c.listDID, c.card)

	require.Equal(t, 1, sanad("trust", "sign", "--key", key, signed).status, "has a proof")
	again := ok(t, "trust", "sign", "--key", c.didKey, "--replace", "--issued", "2026-01-01", "--days", "5", signed)
	v := show(t, "--trust-key", c.did, "gdhcn:"+file(t, c.dir, "again.json", again))
	require.Equal(t, "2026-01-06T00:00:00Z", v.Lists[0].Expires.Format(time.RFC3339))
	for _, doc := range []string{"", "[]", "{}", "{", `{"id":"x"}`} {
		require.Equal(t, 1, sanadIn(strings.NewReader(doc), "trust", "sign", "--key", key).status, doc)
	}
	require.Equal(t, 1, sanad("trust", "sign", "--key", rsaKey(t, c.dir), unsigned).status)
}

func TestTrustBuildRefuses(t *testing.T) {
	c := newCountry(t)
	build := []string{"trust", "build", "--id", "did:web:health.example:v2", "--unsigned", c.certs}
	ok(t, build...)
	broken := file(t, c.certs, "broken.pem", "no certificate")
	r := sanad(build...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "broken.pem")
	require.NoError(t, os.Remove(broken))
	require.Equal(t, 1, sanad("trust", "build", "--id", "did:web:x", "--unsigned", t.TempDir()).status, "an empty folder")
	require.Equal(t, 1, sanad("trust", "build", "--id", "did:web:x", "--key", rsaKey(t, c.dir), c.certs).status)
	require.Equal(t, 64, sanad("trust", "build", "--id", "did:web:x", "--unsigned", "--days", "0", c.certs).status)

	// A folder named like a country holds that country's, and one country's are
	// one participant.
	require.NoError(t, os.Mkdir(filepath.Join(c.certs, "IDN"), 0o755))
	for _, n := range []string{"a", "b"} {
		ok(t, "keygen", "--alg", "ES256", "--out", filepath.Join(c.dir, n), "--cert", filepath.Join(c.certs, "IDN", n+".pem"), "--country", "ID", "--name", n)
	}
	v := show(t, "gdhcn:"+file(t, c.dir, "list2.json", ok(t, build...)))
	require.Len(t, v.Entries, 2)
	require.Equal(t, "IDN", v.Entries[0].Authority)
	require.Len(t, v.Entries[0].Keys, 2)
}

func TestTrustJWKS(t *testing.T) {
	c := newCountry(t)
	var list struct {
		VerificationMethod []struct {
			PublicKeyJwk json.RawMessage `json:"publicKeyJwk"`
		} `json:"verificationMethod"`
	}
	require.NoError(t, json.Unmarshal([]byte(content(t, c.list)), &list))
	set := file(t, c.dir, "keys.json", `{"keys":[`+string(list.VerificationMethod[0].PublicKeyJwk)+`]}`)
	require.Contains(t, ok(t, "verify", "--trust", "jwks:XX="+set, c.card), "issued by    XX\n")
	require.Contains(t, ok(t, "verify", "--trust", "jwks:"+set, c.card), "tolerated", "nobody said whose keys they are")
	r := sanad("verify", "--trust", "jwks:ID="+set, c.card)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "issuer.mismatch")
}
