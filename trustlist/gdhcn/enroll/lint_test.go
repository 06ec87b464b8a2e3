package enroll_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/enroll"
)

const (
	scaPath = "XXX/onboarding/DCC/SCA/SCA.pem"
	upPath  = "XXX/onboarding/DCC/UP/UP.pem"
	tlsPath = "XXX/onboarding/DCC/TLS/TLS.pem"
	caPath  = "XXX/onboarding/DCC/TLS/CA.pem"
	dscPath = "dsc.pem"
)

// state is a participant whose folder the network takes.
type state struct {
	t                 testing.TB
	files, signers    fstest.MapFS
	others            []fs.FS
	scaKey, upKey     crypto.Signer
	sca, up, tls, dsc *x509.Certificate
	dscKey            crypto.Signer
	domains           []string
}

func newState(t testing.TB) *state {
	s := &state{t: t, files: fstest.MapFS{}, signers: fstest.MapFS{}, scaKey: newKey(t, elliptic.P256()), upKey: newKey(t, elliptic.P256()), dscKey: newKey(t, elliptic.P256())}
	s.sca, s.up, s.tls = selfSign(t, enroll.SCA, s.scaKey), selfSign(t, enroll.UP, s.upKey), selfSign(t, enroll.TLS, newKey(t, elliptic.P256()))
	var err error
	s.dsc, err = enroll.Sign(request(t, "Signer 1", s.dscKey), s.sca, s.scaKey, enroll.Terms{Usage: enroll.DSC, From: now, CRL: "https://health.example/sca.crl"})
	require.NoError(t, err)
	files, err := enroll.Files(enroll.Folder{Participant: "XXX", Domain: "DCC", SCA: []*x509.Certificate{s.sca}, UP: s.up, TLS: s.tls})
	require.NoError(t, err)
	for name, raw := range files {
		s.files[name] = &fstest.MapFile{Data: raw}
	}
	s.signers[dscPath] = &fstest.MapFile{Data: enroll.PEM(s.dsc)}
	return s
}

func (s *state) lint() []enroll.Finding {
	s.t.Helper()
	found, err := enroll.Lint(s.files, enroll.LintOptions{Time: now, Signers: s.signers, Others: s.others, Domains: s.domains})
	require.NoError(s.t, err)
	return found
}

// put replaces a file, in the folder or among the signers.
func (s *state) put(name string, certs ...*x509.Certificate) {
	f := &fstest.MapFile{Data: enroll.PEM(certs...)}
	if name == dscPath {
		s.signers[name] = f
	} else {
		s.files[name] = f
	}
}

// remake signs a certificate anew, changed, by its issuer.
func (s *state) remake(c *x509.Certificate, key crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	s.t.Helper()
	n := *c
	n.SignatureAlgorithm, n.SerialNumber = 0, big.NewInt(7)
	n.ExtraExtensions, n.RawSubject, n.PublicKey = nil, nil, key.Public()
	change(&n)
	parent, signer := &n, key
	if c == s.dsc {
		parent, signer = s.sca, s.scaKey
	}
	if c == s.sca {
		signer = s.scaKey
	}
	der, err := x509.CreateCertificate(rand.Reader, &n, parent, key.Public(), signer)
	require.NoError(s.t, err)
	out, err := x509.ParseCertificate(der)
	require.NoError(s.t, err)
	return out
}

// lintCases are a way to break each rule, by the code that finds it.
var lintCases = map[string]struct {
	path     string
	severity enroll.Severity
	spoil    func(*state)
}{
	"folder.domain": {"XXX/onboarding/FOO", enroll.Error, func(s *state) {
		s.files["XXX/onboarding/FOO/SCA/SCA.pem"] = s.files[scaPath]
	}},
	"folder.sca":   {"XXX/onboarding/DCC", enroll.Error, func(s *state) { delete(s.files, scaPath); s.signers = nil }},
	"folder.up":    {"XXX/onboarding", enroll.Error, func(s *state) { delete(s.files, upPath) }},
	"folder.tls":   {"XXX/onboarding", enroll.Error, func(s *state) { delete(s.files, tlsPath) }},
	"folder.ca":    {"XXX/onboarding", enroll.Error, func(s *state) { delete(s.files, caPath) }},
	"folder.usage": {"XXX/onboarding/DCC/DSC/dsc.pem", enroll.Error, func(s *state) { s.put("XXX/onboarding/DCC/DSC/dsc.pem", s.dsc) }},
	"certificate.unreadable": {upPath, enroll.Error, func(s *state) {
		s.files[upPath] = &fstest.MapFile{Data: []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}
	}},
	"certificate.chain":  {tlsPath, enroll.Error, func(s *state) { s.put(tlsPath, s.tls, s.sca) }},
	"certificate.issuer": {tlsPath, enroll.Error, func(s *state) { s.put(caPath, s.sca) }},
	"certificate.algorithm": {scaPath, enroll.Error, func(s *state) {
		s.put(scaPath, s.remake(s.sca, s.scaKey, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA512 }))
	}},
	"certificate.key_id": {dscPath, enroll.Warning, func(s *state) {
		s.put(dscPath, s.remake(s.dsc, s.dscKey, func(c *x509.Certificate) { c.SubjectKeyId = nil }))
	}},
	"certificate.crl": {dscPath, enroll.Warning, func(s *state) {
		s.put(dscPath, s.remake(s.dsc, s.dscKey, func(c *x509.Certificate) { c.CRLDistributionPoints = nil }))
	}},
	"subject.country": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.Subject.Country = []string{"ID"} }))
	}},
	"subject.name": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.Subject.CommonName = "" }))
	}},
	"key.short": {upPath, enroll.Error, func(s *state) { s.put(upPath, s.remake(s.up, fixed(testnet.RSA2048), func(*x509.Certificate) {})) }},
	"key.kind":  {upPath, enroll.Error, func(s *state) { s.put(upPath, s.remake(s.up, fixed(testnet.Ed25519), func(*x509.Certificate) {})) }},
	"key.rsa":   {dscPath, enroll.Warning, func(s *state) { s.put(dscPath, s.remake(s.dsc, fixed(testnet.RSA2048), func(*x509.Certificate) {})) }},
	"key.curve": {dscPath, enroll.Error, func(s *state) {
		s.put(dscPath, s.remake(s.dsc, newKey(s.t, elliptic.P384()), func(*x509.Certificate) {}))
	}},
	"key.reused": {upPath, enroll.Error, func(s *state) { s.put(upPath, s.remake(s.up, s.scaKey, func(*x509.Certificate) {})) }},
	"key.environment": {upPath, enroll.Error, func(s *state) {
		s.others = []fs.FS{fstest.MapFS{}, fstest.MapFS{"uat/UP.pem": s.files[upPath]}}
	}},
	"validity.expired": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-2*year), now.Add(-time.Hour) }))
	}},
	"validity.soon": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-year), now.Add(29*24*time.Hour) }))
	}},
	"validity.future": {upPath, enroll.Warning, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(time.Hour), now.Add(2*year) }))
	}},
	"validity.short": {scaPath, enroll.Error, func(s *state) {
		s.put(scaPath, s.remake(s.sca, s.scaKey, func(c *x509.Certificate) { c.NotAfter = now.Add(year) }))
		s.signers = nil
	}},
	"validity.long": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.NotAfter = now.Add(3 * year) }))
	}},
	"usage.missing": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.KeyUsage = 0 }))
	}},
	"usage.excess": {upPath, enroll.Error, func(s *state) {
		s.put(upPath, s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }))
	}},
	"usage.client": {tlsPath, enroll.Error, func(s *state) { s.put(tlsPath, s.up); s.put(caPath, s.up); s.put(upPath, s.tls) }},
	"usage.crl": {scaPath, enroll.Warning, func(s *state) {
		s.put(scaPath, s.remake(s.sca, s.scaKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }))
	}},
	"usage.misspelt": {dscPath, enroll.Warning, func(s *state) {
		s.put(dscPath, s.remake(s.dsc, s.dscKey, func(c *x509.Certificate) { c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, testnet.MisspeltTest) }))
	}},
	"constraints.authority": {scaPath, enroll.Error, func(s *state) {
		s.put(scaPath, s.remake(s.sca, s.scaKey, func(c *x509.Certificate) { c.IsCA, c.MaxPathLenZero, c.MaxPathLen = false, false, -1 }))
	}},
	"constraints.path": {scaPath, enroll.Error, func(s *state) {
		s.put(scaPath, s.remake(s.sca, s.scaKey, func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 1, false }))
	}},
	"constraints.signer": {dscPath, enroll.Error, func(s *state) {
		s.put(dscPath, s.remake(s.dsc, s.dscKey, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }))
	}},
	"signer.authority": {dscPath, enroll.Error, func(s *state) {
		other := testnet.New("other", now).State("XX").Signer(testnet.SignerOptions{})
		s.put(dscPath, other.Cert)
	}},
	"signer.authority_key_id": {dscPath, enroll.Error, func(s *state) {
		s.sca.SubjectKeyId = []byte("another")
		s.put(dscPath, s.remake(s.dsc, s.dscKey, func(*x509.Certificate) {}))
	}},
	"signer.outlives": {dscPath, enroll.Error, func(s *state) {
		s.put(dscPath, s.remake(s.dsc, s.dscKey, func(c *x509.Certificate) { c.NotAfter = s.sca.NotAfter.Add(time.Hour) }))
	}},
	"issuer.empty": {"XXX/onboarding/DCC/ISSUER/Trusted_Issuer.json", enroll.Warning, func(s *state) {
		s.files["XXX/onboarding/DCC/ISSUER/Trusted_Issuer.json"] = &fstest.MapFile{Data: []byte("{\n}\n")}
	}},
	"issuer.form": {"XXX/onboarding/DCC/ISSUER/Trusted_Issuer.json", enroll.Error, func(s *state) {
		s.files["XXX/onboarding/DCC/ISSUER/Trusted_Issuer.json"] = &fstest.MapFile{Data: []byte(`{"name":"x"}`)}
	}},
}

func TestLintFindsEachRule(t *testing.T) {
	require.Empty(t, newState(t).lint(), "what this package makes, the network takes")
	for code, c := range lintCases {
		s := newState(t)
		c.spoil(s)
		found := s.lint()
		i := slices.IndexFunc(found, func(f enroll.Finding) bool { return f.Code == code })
		require.GreaterOrEqual(t, i, 0, "%s: %v", code, found)
		require.Equal(t, c.path, found[i].Path, code)
		require.Equal(t, c.severity, found[i].Severity, code)
		require.True(t, strings.HasSuffix(found[i].Text, "."), found[i].Text)
		require.NotContains(t, found[i].Text, "%!")
	}
}

// Every rule has its case above, and its row in the documentation.
func TestLintRulesAreDocumented(t *testing.T) {
	source, err := os.ReadFile("rules.go")
	require.NoError(t, err)
	more, err := os.ReadFile("lint.go")
	require.NoError(t, err)
	doc, err := os.ReadFile("../../../docs/join.md")
	require.NoError(t, err)
	codes := map[string]bool{}
	for _, part := range strings.Split(string(source)+string(more), `.find("`)[1:] {
		codes[part[:strings.IndexByte(part, '"')]] = true
	}
	for _, part := range strings.Split(string(source), `{"folder.`)[1:] {
		codes["folder."+part[:strings.IndexByte(part, '"')]] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(lintCases)), slices.Sorted(maps.Keys(codes)))
	for code := range codes {
		require.Contains(t, string(doc), "| `"+code+"` |")
	}
}

func TestLintOfVariousFolders(t *testing.T) {
	s := newState(t)
	// A participant's own repository, without its code.
	own := fstest.MapFS{".github/workflows/x.pem": {Data: []byte("x")}, "scripts/x.pem": {Data: []byte("x")}}
	for name, f := range s.files {
		own[strings.TrimPrefix(name, "XXX/")] = f
	}
	found, err := enroll.Lint(own, enroll.LintOptions{Time: now})
	require.NoError(t, err)
	require.Empty(t, found)
	own["onboarding/DCC/UP/UP.pem"] = &fstest.MapFile{Data: enroll.PEM(s.remake(s.up, s.upKey, func(c *x509.Certificate) { c.Subject.Country = []string{"ID"} }))}
	found, err = enroll.Lint(own, enroll.LintOptions{Time: now})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "subject.country", found[0].Code)

	// One authority for two domains is no reuse; uploads need be in one alone.
	s.files["XXX/onboarding/PH4H/SCA/SCA.pem"] = s.files[scaPath]
	require.Empty(t, s.lint())
	s.files["XXX/onboarding/FOO/SCA/SCA.pem"] = s.files[scaPath]
	s.domains = []string{"FOO"}
	require.Empty(t, s.lint())

	for name, fsys := range map[string]fs.FS{
		"empty": fstest.MapFS{}, "elsewhere": fstest.MapFS{"XXX/DCC/SCA/SCA.pem": s.files[scaPath]}, "missing": os.DirFS("missing"),
	} {
		_, err := enroll.Lint(fsys, enroll.LintOptions{Time: now})
		require.ErrorIs(t, err, enroll.ErrFolder, name)
	}
	_, err = enroll.Lint(s.files, enroll.LintOptions{})
	require.ErrorIs(t, err, enroll.ErrFolder, "no time")
	_, err = enroll.Lint(s.files, enroll.LintOptions{Time: now, Others: []fs.FS{os.DirFS("missing")}})
	require.ErrorIs(t, err, enroll.ErrFolder)
	many := fstest.MapFS{}
	for i := range limits.Enrolment {
		many[fmt.Sprintf("XXX/onboarding/DCC/SCA/%d.pem", i)] = &fstest.MapFile{}
	}
	_, err = enroll.Lint(many, enroll.LintOptions{Time: now})
	require.ErrorIs(t, err, enroll.ErrFolder)
	s.files[upPath] = &fstest.MapFile{Data: bytes.Repeat([]byte("a"), limits.CMS+1)}
	require.Equal(t, "certificate.unreadable", s.lint()[0].Code)
}

func TestFilesRefuses(t *testing.T) {
	s := newState(t)
	good := enroll.Folder{Participant: "XXX", Domain: "DCC", SCA: []*x509.Certificate{s.sca, s.sca}, UP: s.up, TLS: s.tls, TLSChain: []*x509.Certificate{s.sca}}
	files, err := enroll.Files(good)
	require.NoError(t, err)
	require.Equal(t, []string{scaPath, "XXX/onboarding/DCC/SCA/SCA_2.pem", caPath, tlsPath, upPath}, slices.Sorted(maps.Keys(files)))
	require.Equal(t, enroll.PEM(s.sca), files[caPath])
	for name, spoil := range map[string]func(*enroll.Folder){
		"no participant":  func(f *enroll.Folder) { f.Participant = "" },
		"two letters":     func(f *enroll.Folder) { f.Participant = "XX" },
		"a path":          func(f *enroll.Folder) { f.Participant = "../" },
		"no domain":       func(f *enroll.Folder) { f.Domain = "" },
		"a domain's path": func(f *enroll.Folder) { f.Domain = "../x" },
		"small domain":    func(f *enroll.Folder) { f.Domain = "dcc" },
		"no SCA":          func(f *enroll.Folder) { f.SCA = nil },
		"no UP":           func(f *enroll.Folder) { f.UP = nil },
		"no TLS":          func(f *enroll.Folder) { f.TLS = nil },
	} {
		f := good
		spoil(&f)
		_, err := enroll.Files(f)
		require.ErrorIs(t, err, enroll.ErrTerms, name)
	}
}

// The real folders of the network's development environment. Their upload and
// TLS certificates are not among the test data; eight participants left an
// authority's file empty, and one has a certificate that Go can't read.
func TestLintOfRealFolders(t *testing.T) {
	dir := testvectors.Dir(t, "gdhcn", "tng-participants-dev")
	participants, err := os.ReadDir(dir)
	require.NoError(t, err)
	counts := map[string]int{}
	for _, p := range participants {
		if p.Name() == "WHO" {
			continue
		}
		found, err := enroll.Lint(os.DirFS(dir+"/"+p.Name()), enroll.LintOptions{Time: now})
		require.NoError(t, err, p.Name())
		for _, f := range found {
			counts[f.Code]++
			if f.Code == "certificate.unreadable" && strings.Contains(f.Text, "no certificate") {
				counts["empty"]++
			}
		}
	}
	require.Equal(t, counts["folder.up"], counts["folder.tls"])
	require.Equal(t, 8, counts["empty"])
	require.Equal(t, 9, counts["certificate.unreadable"])
	require.Positive(t, counts["validity.expired"])
	require.Equal(t, 8, counts["issuer.empty"])
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%s: %d", code, counts[code])
	}
}

func FuzzLint(f *testing.F) {
	s := newState(f)
	for _, file := range s.files {
		f.Add(file.Data, file.Data)
	}
	f.Add([]byte("{}"), []byte(`{"name":"x"}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		files := fstest.MapFS{scaPath: {Data: a}, upPath: {Data: b}, tlsPath: {Data: a}, caPath: {Data: b}, "XXX/onboarding/DCC/ISSUER/Trusted_Issuer.json": {Data: b}}
		found, err := enroll.Lint(files, enroll.LintOptions{Time: now, Signers: fstest.MapFS{"x.pem": {Data: a}}})
		require.NoError(t, err)
		for _, f := range found {
			require.NotEmpty(t, f.Code)
		}
	})
}
