package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// participant is a state with the files that join a network.
type participant struct {
	dir, sca, up, tls, signers string
}

func newParticipant(t testing.TB) *participant {
	t.Helper()
	dir := t.TempDir()
	p := &participant{dir, filepath.Join(dir, "sca.pem"), filepath.Join(dir, "up.pem"), filepath.Join(dir, "tls.pem"), filepath.Join(dir, "signers")}
	require.NoError(t, os.Mkdir(p.signers, 0o755))
	for usage, cert := range map[string]string{"SCA": p.sca, "UP": p.up, "TLS": p.tls} {
		ok(t, "ca", "init", "--usage", usage, "--country", "XX", "--name", usage, "--key", cert+".key", "--cert", cert)
	}
	ok(t, "ca", "csr", "--country", "XX", "--name", "Signer", "--key", p.file("dsc.key"), "--out", p.file("dsc.csr"))
	ok(t, p.sign(filepath.Join(p.signers, "dsc.pem"))...)
	return p
}

func (p *participant) file(name string) string { return filepath.Join(p.dir, name) }

func (p *participant) sign(out string, args ...string) []string {
	return append([]string{"ca", "sign", "--ca", p.sca, "--ca-key", p.sca + ".key", "--crl", "https://health.example/crl", "--out", out, p.file("dsc.csr")}, args...)
}

func (p *participant) enroll(args ...string) []string {
	return append([]string{"trust", "enroll", "--participant", "XXX", "--sca", p.sca, "--up", p.up, "--tls", p.tls, "--signers", p.signers, "--out", p.file("out")}, args...)
}

func TestCARefuses(t *testing.T) {
	p := newParticipant(t)
	for name, args := range map[string][]string{
		"a certificate that is there":  {"ca", "init", "--country", "XX", "--name", "x", "--key", p.file("k"), "--cert", p.sca},
		"a key that is there":          {"ca", "init", "--country", "XX", "--name", "x", "--key", p.sca + ".key", "--cert", p.file("c")},
		"a country of three letters":   {"ca", "init", "--country", "XXX", "--name", "x", "--key", p.file("k"), "--cert", p.file("c")},
		"a request of no country":      {"ca", "csr", "--country", "QQ", "--name", "x", "--key", p.file("k"), "--out", p.file("c")},
		"an upload key as authority":   {"ca", "sign", "--ca", p.up, "--ca-key", p.up + ".key", "--out", p.file("c"), p.file("dsc.csr")},
		"no request":                   {"ca", "sign", "--ca", p.sca, "--ca-key", p.sca + ".key", "--out", p.file("c"), p.sca},
		"longer than the authority":    p.sign(p.file("c"), "--days", "3000"),
		"a signer that is there":       p.sign(filepath.Join(p.signers, "dsc.pem")),
		"types of an upload's":         p.sign(p.file("c"), "--usage", "UP", "--type", "test"),
		"a request that can't be read": {"ca", "sign", "--ca", p.sca, "--ca-key", p.sca + ".key", "--out", p.file("c"), p.file("none")},
	} {
		r := sanad(args...)
		require.Equal(t, 1, r.status, "%s: %s", name, r.stderr)
		require.NoFileExists(t, p.file("c"), name)
		require.NoFileExists(t, p.file("k"), name)
	}
	require.Equal(t, 64, sanad(p.sign(p.file("c"), "--days", "-1")...).status)
	require.Equal(t, 64, sanad(p.sign(p.file("c"), "--type", "icvp")...).status)
	ok(t, p.sign(p.file("c"), "--type", "test", "--type", "recovery", "--days", "100")...)
	st, err := os.Stat(p.sca + ".key")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode().Perm())
}

func TestEnrollAndLint(t *testing.T) {
	p := newParticipant(t)
	require.Contains(t, ok(t, p.enroll("--upload", p.file("uploads"), "--up-key", p.up+".key")...), "errors: 0, warnings: 0")
	for _, name := range []string{"SCA/SCA.pem", "UP/UP.pem", "TLS/TLS.pem", "TLS/CA.pem"} {
		require.FileExists(t, filepath.Join(p.file("out"), "XXX", "onboarding", "DCC", name))
	}
	var upload map[string]any
	require.NoError(t, json.Unmarshal([]byte(content(t, filepath.Join(p.file("uploads"), "dsc.json"))), &upload))
	require.Equal(t, "DCC", upload["domain"])
	require.Equal(t, 1, sanad(p.enroll()...).status, "is there already")
	ok(t, p.enroll("--domain", "PH4H")...)
	require.Equal(t, 1, sanad(p.enroll("--domain", "HAJJ")...).status)
	ok(t, p.enroll("--domain", "HAJJ", "--known-domain", "HAJJ")...)

	// What the network would refuse is not laid out.
	r := sanad(p.enroll("--domain", "IPS-PILGRIMAGE", "--other", p.signers)...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "key.environment")
	require.NoDirExists(t, filepath.Join(p.file("out"), "XXX", "onboarding", "IPS-PILGRIMAGE"))
	for _, args := range [][]string{{"--domain", "../x"}, {"--participant", ".."}, {"--domain", "ICVP", "--tls-ca", p.up}, {"--domain", "ICVP", "--time", "2099-01-01"}} {
		require.Equal(t, 1, sanad(p.enroll(args...)...).status, args)
	}
	require.Equal(t, 64, sanad(p.enroll("--upload", p.file("uploads"))...).status)

	lint := []string{"trust", "lint", "--known-domain", "HAJJ", "--signers", p.signers, p.file("out")}
	require.Equal(t, "errors: 0, warnings: 0", ok(t, lint...))
	require.Equal(t, "[]", ok(t, append(lint, "--json")...))
	require.NoError(t, os.Remove(filepath.Join(p.file("out"), "XXX", "onboarding", "DCC", "SCA", "SCA.pem")))
	r = sanad(append(lint, "--json")...)
	require.Equal(t, 1, r.status)
	var found []map[string]string
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &found))
	require.Equal(t, "folder.sca", found[0]["code"])
	require.Equal(t, "error", found[0]["severity"])
	require.Equal(t, 1, sanad("trust", "lint", p.signers).status, "no folder to hand in")
}

func TestVouch(t *testing.T) {
	p := newParticipant(t)
	ok(t, p.enroll()...)
	dcc := filepath.Join(p.file("out"), "XXX", "onboarding", "DCC")
	sca, ta := filepath.Join(dcc, "SCA", "SCA.pem"), p.file("ta.pem")
	form := file(t, dcc, "ISSUER/Trusted_Issuer.json", `{"country":"XX","name":"Ministry","url":"did:web:health.example","urlType":"DID"}`)
	ok(t, "keygen", "--alg", "ES256", "--out", ta+".key", "--cert", ta, "--country", "CH", "--name", "TA")
	lint := []string{"trust", "lint", "--anchor", ta, p.file("out")}
	require.Equal(t, 1, sanad(lint...).status, "nothing signed")
	vouch := []string{"trust", "vouch", "--anchor", ta, "--key", ta + ".key"}
	out := ok(t, append(vouch, sca, form)...)
	require.Len(t, strings.Split(out, "\n"), 2)
	require.Equal(t, "errors: 0, warnings: 0", ok(t, lint...))

	// Another anchor, another certificate beside the record.
	require.Equal(t, 1, sanad("trust", "lint", "--anchor", p.up, p.file("out")).status)
	require.NoError(t, os.Rename(filepath.Join(dcc, "SCA", "signed"), filepath.Join(dcc, "UP", "signed")))
	require.NoError(t, os.Rename(filepath.Join(dcc, "UP", "UP.pem"), filepath.Join(dcc, "UP", "SCA.pem")))
	r := sanad(lint...)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "anchor.signature")
	for _, name := range []string{p.file("none.pem"), p.file("none.json"), file(t, p.dir, "empty.json", "{}")} {
		require.Equal(t, 1, sanad(append(vouch, name)...).status)
	}
	require.Equal(t, 1, sanad("trust", "vouch", "--anchor", ta, "--key", p.up+".key", sca).status)
}

func TestTrustBuildTree(t *testing.T) {
	p := newParticipant(t)
	certs, tree, key := p.file("network"), p.file("published"), p.file("list.key")
	for _, domain := range []string{"DCC", "PH4H"} {
		file(t, certs, domain+"/XXX/SCA/sca.pem", content(t, p.sca))
		file(t, certs, domain+"/XXX/dsc.pem", content(t, filepath.Join(p.signers, "dsc.pem")))
	}
	did := ok(t, "keygen", "--alg", "EdDSA", "--out", key)
	build := []string{"trust", "build", "--tree", tree, "--id", "did:web:list.example", "--key", key}
	ok(t, append(build, certs)...)
	for _, path := range []string{tree, tree + "/v2/trustlist-ref/did.json", tree + "/v2/trustlist/did.json"} {
		v := show(t, "--trust-key", did, "gdhcn:"+path)
		require.True(t, v.Authenticated)
		var roles []string
		for _, x := range v.Entries {
			require.Equal(t, "XXX", x.Authority)
			require.NotEmpty(t, x.Keys)
			roles = append(roles, string(x.Roles[0]))
		}
		require.Subset(t, []string{"CSCA", "issue"}, roles, path)
		for _, s := range v.Skipped {
			require.True(t, s.Kept, s.ID)
		}
	}
	v1 := show(t, "--trust-key", did, "gdhcn:"+tree+"/trustlist/did.json")
	require.Len(t, v1.Entries, 1)
	require.Empty(t, v1.Skipped, "the authority is in x5c")

	// The same from that list itself, under another name.
	mirror := p.file("mirror")
	ok(t, "trust", "build", "--tree", mirror, "--id", "did:web:mirror.example", "--key", key, "gdhcn:"+tree)
	for _, name := range []string{"v2/trustlist/did.json", "v2/trustlist/PH4H/XXX/did.json", "v2/trustlist/DCC/XXX/SCA/did.json", "trustlist/did.json"} {
		a, b := show(t, "gdhcn:"+filepath.Join(tree, name)), show(t, "gdhcn:"+filepath.Join(mirror, name))
		require.Equal(t, a.Entries, b.Entries, name)
	}

	// A certificate of the state's name that its authority did not issue.
	ok(t, "keygen", "--alg", "ES256", "--out", p.file("stray.key"), "--cert", filepath.Join(certs, "DCC", "XXX", "stray.pem"), "--country", "XX", "--name", "Stray")
	ok(t, append(build, certs)...)
	signers := func(args ...string) (n int, reasons string) {
		v := show(t, append(args, "--trust-key", did, "gdhcn:"+tree)...)
		for _, x := range v.Entries {
			if x.Roles[0] == "issue" {
				n += len(x.Keys)
			}
		}
		require.Len(t, v.Skipped, 1)
		return n, v.Skipped[0].Reason
	}
	n, reason := signers()
	require.Equal(t, 2, n)
	require.Contains(t, reason, "not issued by a signing authority")
	n, _ = signers("--strict")
	require.Equal(t, 1, n)

	// Again, in its place, and nothing is left of the old one.
	require.NoError(t, os.RemoveAll(filepath.Join(certs, "PH4H")))
	ok(t, append(build, certs)...)
	require.NoDirExists(t, filepath.Join(tree, "v2", "trustlist", "PH4H"))
	left, err := filepath.Glob(p.dir + "/published.*")
	require.NoError(t, err)
	require.Empty(t, left)

	// A failed one leaves what was there.
	file(t, certs, "DCC/XXX/broken.pem", "x")
	require.Equal(t, 1, sanad(append(build, certs)...).status)
	file(t, certs, "loose.pem", "x")
	require.Equal(t, 1, sanad(append(build, certs)...).status)
	show(t, "--trust-key", did, "gdhcn:"+tree)
	require.Equal(t, 64, sanad(append(build, "--domain", "DCC", certs)...).status)

	// Another list's keys, under another name.
	copied := file(t, p.dir, "copy.json", ok(t, "trust", "build", "--id", "did:web:mirror.example", "--key", key, "gdhcn:"+tree))
	require.Len(t, show(t, "--trust-key", did, "gdhcn:"+copied).Entries, 2)
	// A list of references elsewhere than where it is published leads nowhere.
	moved := file(t, p.dir, "moved/did.json", content(t, filepath.Join(tree, "v2", "trustlist-ref", "did.json")))
	require.Equal(t, 1, sanad("trust", "show", "gdhcn:"+moved).status)
}
