package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

// requireClean requires that no command left anything half done behind.
func requireClean(t testing.TB, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		require.NotContains(t, name, ".tmp")
		return err
	}))
}

// What is handed in and what is uploaded are both there, or neither is.
func TestEnrollIsWholeOrNotAtAll(t *testing.T) {
	p := newParticipant(t)
	dcc, uploads := filepath.Join(p.file("out"), "XXX", "onboarding", "DCC"), p.file("uploads")
	upload := []string{"--upload", uploads, "--up-key", p.up + ".key"}
	text := file(t, p.dir, "text.pem", "no certificate")
	for name, args := range map[string][]string{
		"another's key":             p.enroll("--upload", uploads, "--up-key", p.tls+".key"),
		"no key":                    p.enroll("--upload", uploads, "--up-key", p.up),
		"a missing key":             p.enroll("--upload", uploads, "--up-key", p.file("none")),
		"uploads into a file":       p.enroll("--upload", text, "--up-key", p.up+".key"),
		"uploads into a folder":     p.enroll("--upload", p.signers, "--up-key", p.up+".key"),
		"uploads below a file":      p.enroll("--upload", filepath.Join(text, "x"), "--up-key", p.up+".key"),
		"out below a file":          p.enroll("--out", text),
		"no signers there":          p.enroll(append(upload, "--signers", p.file("none"))...),
		"signers without one":       p.enroll(append(upload, "--signers", t.TempDir())...),
		"a second SCA that is none": p.enroll("--sca", text),
		"no UP":                     p.enroll("--up", text),
		"no TLS":                    p.enroll("--tls", p.file("none.pem")),
		"a CA that is none":         p.enroll("--tls-ca", text),
		"no folder of another":      p.enroll("--other", p.file("none")),
		"roles exchanged":           p.enroll("--sca", p.up, "--up", p.sca),
	} {
		r := sanad(args...)
		require.Equal(t, 1, r.status, "%s: %s", name, r.stdout)
		require.NotEmpty(t, r.stderr+r.stdout, name)
		require.NoDirExists(t, dcc, name)
		require.NoDirExists(t, uploads, name)
		requireClean(t, p.dir)
	}
	require.Equal(t, "no certificate", content(t, text), "and nothing is overwritten")

	// Signers at any depth are looked at, so they are uploaded too, and a folder's
	// name may hold what a pattern gives a meaning to.
	odd := p.file("signers [2026]*")
	file(t, odd, "jakarta/dsc.pem", content(t, filepath.Join(p.signers, "dsc.pem")))
	file(t, odd, "notes.txt", "no certificate")
	ok(t, p.enroll(append(upload, "--signers", odd)...)...)
	up, err := (&env{}).readCertificate(p.up)
	require.NoError(t, err)
	dsc, domain, err := onboarding.VerifyUpload([]byte(content(t, filepath.Join(uploads, "jakarta", "dsc.json"))), up)
	require.NoError(t, err)
	require.Equal(t, "DCC", domain)
	require.Equal(t, "Signer", dsc.Subject.CommonName)

	// Messages of another domain don't take the place of these.
	before := content(t, filepath.Join(uploads, "jakarta", "dsc.json"))
	require.Equal(t, 1, sanad(p.enroll(append(upload, "--domain", "PH4H")...)...).status)
	require.NoDirExists(t, filepath.Join(filepath.Dir(dcc), "PH4H"))
	require.Equal(t, before, content(t, filepath.Join(uploads, "jakarta", "dsc.json")))
	requireClean(t, p.dir)
}

func TestLintStatus(t *testing.T) {
	p := newParticipant(t)
	ok(t, p.enroll()...)
	lint := func(args ...string) result {
		return sanad(append([]string{"trust", "lint", "--signers", p.signers, p.file("out")}, args...)...)
	}
	require.Equal(t, 0, lint().status)
	// Advice is no refusal.
	short := t.TempDir()
	ok(t, p.sign(filepath.Join(short, "dsc.pem"), "--days", "20")...)
	r := lint("--signers", short)
	require.Contains(t, r.stdout, "validity.soon")
	require.Contains(t, r.stdout, "errors: 0, warnings: ")
	require.Equal(t, 0, r.status, r.stdout)
	r = lint("--time", "2001-01-01")
	require.Contains(t, r.stdout, "validity.future")
	require.Equal(t, 0, r.status)
	require.Equal(t, 1, lint("--time", "2099-01-01").status)
	require.Contains(t, lint("--other", p.signers).stdout, "key.environment")

	// What was found is told even where the anchor's signatures can't be looked at.
	ta := p.file("ta.pem")
	ok(t, "keygen", "--alg", "ES256", "--out", ta+".key", "--cert", ta, "--country", "CH", "--name", "TA")
	r = lint("--anchor", ta, "--json", "--time", "2099-01-01")
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "nothing in the folder is signed")
	var found []map[string]string
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &found))
	require.NotEmpty(t, found)
	require.Equal(t, 1, lint("--anchor", p.file("none")).status)
	require.Equal(t, 1, lint("--signers", p.file("none")).status)
	for name, folder := range map[string]string{"none": p.file("none"), "a file": p.sca, "empty": t.TempDir()} {
		r := sanad("trust", "lint", folder)
		require.Equal(t, 1, r.status, name)
		require.NotEmpty(t, r.stderr, name)
	}
	for _, args := range [][]string{{"trust", "lint"}, {"trust", "lint", "--time", "soon", p.file("out")}, {"trust", "enroll"}, {"trust", "vouch", "--anchor", ta}} {
		require.Equal(t, 64, sanad(args...).status, args)
	}

	// A broken file is a finding with its path, not the end of the work.
	file(t, p.file("out"), "XXX/onboarding/DCC/UP/UP.pem", "broken")
	r = lint()
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "certificate.unreadable")
	require.Contains(t, r.stdout, "UP.pem")
	require.Contains(t, r.stdout, "errors: 1")
	// Nor does a name write to the terminal.
	file(t, p.file("out"), "XXX/onboarding/DCC/UP/\x1b[2J.pem", "broken")
	require.NotContains(t, lint().stdout, "\x1b")
}

// The anchor signs all that it is given, or nothing of it.
func TestVouchIsWholeOrNotAtAll(t *testing.T) {
	p := newParticipant(t)
	ok(t, p.enroll()...)
	dcc := filepath.Join(p.file("out"), "XXX", "onboarding", "DCC")
	sca, ta := filepath.Join(dcc, "SCA", "SCA.pem"), p.file("ta.pem")
	ok(t, "keygen", "--alg", "ES256", "--out", ta+".key", "--cert", ta, "--country", "CH", "--name", "TA")
	vouch := []string{"trust", "vouch", "--anchor", ta, "--key", ta + ".key", sca}
	form := `{"country":"XX","name":"Ministry","url":"did:web:health.example","urlType":"DID"}`
	for name, text := range map[string]string{
		"empty.json": "{}", "broken.json": "{", "country.json": strings.Replace(form, "XX", "QQQ", 1), "method.json": strings.Replace(form, "did:web", "did:key", 1), "broken.pem": "x",
	} {
		bad := file(t, p.dir, name, text)
		r := sanad(append(vouch, bad)...)
		require.Equal(t, 1, r.status, name)
		require.Contains(t, r.stderr, name)
		require.Empty(t, r.stdout, name)
		require.NoDirExists(t, filepath.Join(dcc, "SCA", "signed"), name)
	}
	ok(t, vouch...)
	first := content(t, filepath.Join(dcc, "SCA", "signed", "TNG_TA.signed.SCA.json"))
	ok(t, vouch...)
	require.NotEqual(t, first, content(t, filepath.Join(dcc, "SCA", "signed", "TNG_TA.signed.SCA.json")), "signed anew")
	requireClean(t, p.dir)
}

// A root, removals and a proposal that are there may have been signed: none is
// replaced by one that nobody has.
func TestPromiseWhatMembersSignedIsNotReplaced(t *testing.T) {
	s := newStates(t)
	root := content(t, s.root)
	r := sanad("trust", "root", "init", "--id", networkID, "--threshold", "1", "--member", "ID="+s.dids["ID"], "--out", s.root)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "not replaced")
	require.Equal(t, 1, sanad(append(s.on("root", "rotate"), "--threshold", "3", "--out", s.root)...).status)
	require.Equal(t, root, content(t, s.root))

	s.list()
	remove := append(s.on("remove"), "--kid", s.kids["jakarta"], "--reason", "stolen", "--out", s.path("gone.json"))
	ok(t, remove...)
	s.approve(s.path("gone.json"), "SA")
	signed := content(t, s.path("gone.json"))
	require.Equal(t, 1, sanad(remove...).status)
	require.Equal(t, signed, content(t, s.path("gone.json")))

	p := s.propose("second", "--add", s.signer("MY", "kl"))
	s.approve(p, "ID")
	approved := content(t, filepath.Join(p, releaseFile))
	for _, out := range []string{p, s.root, filepath.Join(s.root, "below")} {
		r := sanad(append(s.on("propose", "--reason", "again", "--out", out), "--remove", s.kids["jakarta"])...)
		require.Equal(t, 1, r.status, out)
		require.Empty(t, r.stdout, out)
	}
	require.Equal(t, approved, content(t, filepath.Join(p, releaseFile)))
	require.Equal(t, root, content(t, s.root))
	requireClean(t, s.dir)
}
