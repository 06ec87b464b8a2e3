package pem_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	stdpem "encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/pem"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
)

func certificate(country string) *x509.Certificate {
	return testnet.New("pem", now).State(country).Signer(testnet.SignerOptions{}).Cert
}

func text(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, stdpem.EncodeToMemory(&stdpem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// folder makes a file system of paths and their contents.
func folder(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return m
}

func TestLoad(t *testing.T) {
	id, sa, de := certificate("ID"), certificate("SA"), certificate("DE")
	info := trustlist.Info{Name: "folder", Issued: now, Expires: now.AddDate(0, 1, 0)}
	l, skipped, err := pem.Load(folder(map[string][]byte{
		"a.pem": append([]byte("Bag Attributes\n"), text(id, sa)...), "b.DER": de.Raw, "c.cer": de.Raw, "d.crt": text(de),
		"readme.txt": []byte("not looked at"), "key.pem.bak": []byte("nor this"),
	}), pem.Options{Info: info})
	require.NoError(t, err)
	require.Empty(t, skipped)
	e := l.Entries()
	require.Len(t, e, 5, "each certificate is an entry")
	require.Equal(t, []trustlist.Info{info}, l.Infos())
	require.Equal(t, []string{"ID", "IDN"}, e[0].Names)
	require.Equal(t, "ID", e[0].Territory)
	require.Equal(t, id.Subject.Organization[0]+" (ID)", e[0].Authority)
	require.Equal(t, []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}, e[0].Roles)
	require.Nil(t, e[0].Types)
	require.Equal(t, []string{"SA", "SAU"}, e[1].Names)
	k := e[0].Keys[0]
	require.Equal(t, trustlist.KeyID(id), k.ID)
	require.True(t, id.NotAfter.Equal(k.NotAfter))

	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: k.ID})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	_, err = l.Authorize(ctx, trustlist.Query{Key: keys[0], Issuer: "ID", Role: trustlist.RoleIssue, Signed: now, Now: now})
	require.NoError(t, err)
}

func TestWhoseKeyItIs(t *testing.T) {
	id := certificate("ID")
	for path, c := range map[string]struct {
		names   []string
		differs bool
	}{
		"x.pem":               {[]string{"ID", "IDN"}, false},
		"other/x.pem":         {[]string{"ID", "IDN"}, false},
		"ID/x.pem":            {[]string{"ID", "IDN"}, false},
		"IDN/x.pem":           {[]string{"ID", "IDN"}, false},
		"SA/x.pem":            {[]string{"SA", "SAU"}, true},
		"SAU/old/x.pem":       {[]string{"SA", "SAU"}, true},
		"SAU/IDN/x.pem":       {[]string{"ID", "IDN"}, false},
		"EL/x.pem":            {[]string{"GR", "GRC", "EL"}, true},
		"XXJ/x.pem":           {[]string{"XJ", "XXJ"}, true},
		"my/certs/in/x.pem":   {[]string{"ID", "IDN"}, false},
		"SA.pem/x.pem":        {[]string{"ID", "IDN"}, false},
		"DSC/CSCA/SAUD/x.pem": {[]string{"ID", "IDN"}, false},
	} {
		l, skipped, err := pem.Load(folder(map[string][]byte{path: text(id)}), pem.Options{})
		require.NoError(t, err, path)
		require.Equal(t, c.names, l.Entries()[0].Names, path)
		require.Equal(t, c.names[0], l.Entries()[0].Territory, path)
		if !c.differs {
			require.Empty(t, skipped, path)
			continue
		}
		require.Len(t, skipped, 1, path)
		require.True(t, skipped[0].Kept)
		require.Equal(t, path, skipped[0].ID)
		require.ErrorIs(t, skipped[0].Reason, pem.ErrCountry)
	}
}

// Certificates that do not name a country: without a folder that does, the list
// does not say whose they are; a code that is no country is still a name.
func TestNoCountry(t *testing.T) {
	for country, c := range map[string]struct{ names, inFolder []string }{
		"":   {nil, []string{"SA", "SAU"}},
		"EU": {[]string{"EU"}, []string{"SA", "SAU"}},
		"id": {[]string{"ID", "IDN"}, []string{"SA", "SAU"}},
	} {
		der := withCountry(t, country)
		l, _, err := pem.Load(folder(map[string][]byte{"x.der": der}), pem.Options{})
		require.NoError(t, err, country)
		require.Equal(t, c.names, l.Entries()[0].Names, country)
		if c.names == nil {
			require.Equal(t, "Signer", l.Entries()[0].Authority)
			require.Empty(t, l.Entries()[0].Territory)
		}
		l, _, err = pem.Load(folder(map[string][]byte{"SA/x.der": der}), pem.Options{})
		require.NoError(t, err, country)
		require.Equal(t, c.inFolder, l.Entries()[0].Names, country)
	}
}

// Two ministries of one name are two authorities: one must not revoke what the
// other issued.
func TestAuthoritiesOfOneName(t *testing.T) {
	l, _, err := pem.Load(folder(map[string][]byte{"LT/x.der": withCountry(t, ""), "CY/x.der": withCountry(t, "")}), pem.Options{})
	require.NoError(t, err)
	require.NotEqual(t, l.Entries()[0].Authority, l.Entries()[1].Authority)
}

func TestBrokenFiles(t *testing.T) {
	good, other := certificate("ID"), certificate("SA")
	block := func(kind string, der []byte) []byte {
		return stdpem.EncodeToMemory(&stdpem.Block{Type: kind, Bytes: der})
	}
	broken := bytes.Replace(text(other), []byte("END CERT"), []byte("FIN CERT"), 1)
	for name, c := range map[string]struct {
		data []byte
		ids  []string
		want error
	}{
		"empty":                    {nil, []string{"bad.pem"}, pem.ErrFile},
		"text":                     {[]byte("hello"), []string{"bad.pem"}, pem.ErrFile},
		"truncated DER":            {other.Raw[:100], []string{"bad.pem"}, jwk.ErrCertificate},
		"DER with data behind":     {append(bytes.Clone(other.Raw), 0), []string{"bad.pem"}, jwk.ErrCertificate},
		"truncated PEM":            {text(other)[:200], []string{"bad.pem"}, pem.ErrFile},
		"a private key":            {block("PRIVATE KEY", []byte{1}), []string{"bad.pem"}, pem.ErrFile},
		"a public key":             {block("PUBLIC KEY", []byte{1}), []string{"bad.pem"}, pem.ErrFile},
		"broken DER in PEM":        {block("CERTIFICATE", other.Raw[:100]), []string{"bad.pem"}, jwk.ErrCertificate},
		"two broken in one":        {append(block("CERTIFICATE", []byte{1}), block("X", nil)...), []string{"bad.pem", "bad.pem#2"}, pem.ErrFile},
		"broken block, then good":  {append(bytes.Clone(broken), text(good)...), []string{"bad.pem"}, pem.ErrFile},
		"good, then a broken one":  {append(text(good), broken...), []string{"bad.pem"}, pem.ErrFile},
		"a curve that is unknown":  {bytes.Replace(other.Raw, []byte("\x2a\x86\x48\xce\x3d\x03\x01\x07"), []byte("\x2a\x86\x48\xce\x3d\x03\x01\x06"), 1), []string{"bad.pem"}, jwk.ErrUnsupported},
		"beginnings and no end":    {bytes.Repeat([]byte("-----BEGIN CERTIFICATE-----\n"), 20000), []string{"bad.pem"}, pem.ErrFile},
		"not a point on the curve": {spoilPoint(t, other), []string{"bad.pem"}, proof.ErrKey},
	} {
		l, skipped, err := pem.Load(folder(map[string][]byte{"bad.pem": c.data, "good.pem": text(good)}), pem.Options{})
		require.NoError(t, err, name)
		require.NotEmpty(t, l.Entries(), name)
		var ids []string
		for _, s := range skipped {
			ids = append(ids, s.ID)
			require.False(t, s.Kept)
			require.ErrorIs(t, s.Reason, pem.ErrFile, name)
		}
		require.Equal(t, c.ids, ids, name)
		require.ErrorIs(t, skipped[0].Reason, c.want, name)
	}
}

// spoilPoint changes the last byte of the public key.
func spoilPoint(t *testing.T, c *x509.Certificate) []byte {
	t.Helper()
	spki := c.RawSubjectPublicKeyInfo
	spoilt := bytes.Clone(spki)
	spoilt[len(spoilt)-1] ^= 1
	require.Equal(t, 1, bytes.Count(c.Raw, spki))
	return bytes.Replace(c.Raw, spki, spoilt, 1)
}

func TestWeakKeyIsSkipped(t *testing.T) {
	der, err := base64.StdEncoding.DecodeString(rsa1024)
	require.NoError(t, err)
	_, skipped, err := pem.Load(folder(map[string][]byte{"weak.der": der}), pem.Options{})
	require.ErrorIs(t, err, pem.ErrEmpty)
	require.Len(t, skipped, 1)
	require.ErrorIs(t, skipped[0].Reason, proof.ErrKey)
}

func TestNothingToLoad(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"empty": {}, "other files": {"a.txt": text(certificate("ID"))}, "broken": {"a.pem": []byte("x")},
	} {
		l, skipped, err := pem.Load(folder(files), pem.Options{})
		require.ErrorIs(t, err, pem.ErrEmpty, name)
		require.Nil(t, l)
		require.Equal(t, name == "broken", len(skipped) == 1)
	}
	_, _, err := pem.Load(os.DirFS(filepath.Join(t.TempDir(), "missing")), pem.Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// unreadable fails on one file and one folder.
type unreadable struct{ fstest.MapFS }

var errDisk = errors.New("disk on fire")

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "bad") {
		return nil, errDisk
	}
	return u.MapFS.Open(name)
}

func (u unreadable) ReadDir(name string) ([]fs.DirEntry, error) {
	if strings.HasPrefix(name, "bad") {
		return nil, errDisk
	}
	return u.MapFS.ReadDir(name)
}

func TestUnreadableFiles(t *testing.T) {
	m := folder(map[string][]byte{"good.pem": text(certificate("ID")), "bad.pem": nil, "bad/x.pem": nil})
	m["pipe.pem"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	l, skipped, err := pem.Load(unreadable{m}, pem.Options{})
	require.NoError(t, err)
	require.Len(t, l.Entries(), 1)
	require.Len(t, skipped, 3)
	for _, s := range skipped {
		require.ErrorIs(t, s.Reason, pem.ErrFile)
	}
}

func TestHugeFile(t *testing.T) {
	l, skipped, err := pem.Load(folder(map[string][]byte{"a.pem": text(certificate("ID")), "b.pem": make([]byte, limits.TrustList)}), pem.Options{})
	require.NoError(t, err)
	require.Len(t, l.Entries(), 1)
	require.ErrorContains(t, skipped[0].Reason, "in all")
}

// TestConformanceVectorCertificates puts the signer of each of the EU's test
// vectors into one flat folder: all of them load, may issue while they are
// valid, and speak for the country that they name.
func TestConformanceVectorCertificates(t *testing.T) {
	dir := testvectors.Dir(t, "eu-dcc")
	var vectors []string
	for _, pattern := range []string{"*/2DCode/[rR]aw/*.json", "*/2DCode/[rR]aw/*/*.json"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		vectors = append(vectors, found...)
	}
	require.NotEmpty(t, vectors)
	files, of := map[string][]byte{}, map[string]*x509.Certificate{}
	for _, v := range vectors {
		raw, err := os.ReadFile(v)
		require.NoError(t, err)
		var doc struct{ TESTCTX struct{ CERTIFICATE string } }
		require.NoError(t, json.Unmarshal(raw, &doc), v)
		der, err := base64.StdEncoding.DecodeString(doc.TESTCTX.CERTIFICATE)
		require.NoError(t, err, v)
		c, err := jwk.ParseCertificate(der)
		require.NoError(t, err, v)
		files[hex.EncodeToString([]byte(trustlist.KeyID(c)))+".der"] = der
		of[v] = c
	}
	l, skipped, err := pem.Load(folder(files), pem.Options{})
	require.NoError(t, err)
	require.Empty(t, skipped)
	met := 0
	for _, v := range vectors {
		c := of[v]
		e, err := issues(l, c)
		switch {
		case err != nil:
			t.Errorf("%s: %v", v, err)
		case len(c.Subject.Country) > 0 && !e.Speaks(c.Subject.Country[0]):
			t.Errorf("%s: does not speak for the country that it names", v)
		default:
			met++
		}
	}
	fmt.Printf("conformance: pem-certificates %d/%d\n", met, len(vectors))
}

func issues(l *trustlist.List, c *x509.Certificate) (*trustlist.Entry, error) {
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: trustlist.KeyID(c)})
	if err != nil || len(keys) == 0 {
		return nil, fmt.Errorf("%d keys: %w", len(keys), err)
	}
	issuer := ""
	if len(c.Subject.Country) > 0 {
		issuer = c.Subject.Country[0]
	}
	return l.Authorize(ctx, trustlist.Query{Key: keys[0], Issuer: issuer, Types: []string{trustlist.TypeVaccination}, Role: trustlist.RoleIssue, Signed: c.NotBefore, Now: c.NotBefore})
}

func FuzzLoad(f *testing.F) {
	f.Add("ID/x.pem", text(certificate("ID"), certificate("SA")))
	f.Add("x.der", certificate("ID").Raw)
	f.Add("SA/y/x.cer", text(certificate("ID"))[:100])
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !fs.ValidPath(name) || name == "." {
			return
		}
		l, skipped, err := pem.Load(folder(map[string][]byte{name: data}), pem.Options{})
		for _, s := range skipped {
			require.Error(t, s.Reason)
			require.True(t, strings.HasPrefix(s.ID, name))
		}
		if err != nil {
			require.Nil(t, l)
			return
		}
		for _, e := range l.Entries() {
			require.NotEmpty(t, e.Authority)
			require.Len(t, e.Keys, 1)
		}
	})
}

// ICAO's certificates, as states exchange them: authorities in one folder,
// signers of VDS-NC in another, each below its country.
func TestRolesAndTypes(t *testing.T) {
	n := testnet.New("icao", now)
	signer := n.State("AU").Signer(testnet.SignerOptions{})
	files := folder(map[string][]byte{
		"csca/AU/csca.der": n.State("AU").Root.Raw, "csca/NZL/csca.cer": n.State("NZ").Root.Raw, "vds-nc/AUS/1.pem": text(signer.Cert),
	})
	load := func(dir string, o pem.Options) *trustlist.List {
		sub, err := fs.Sub(files, dir)
		require.NoError(t, err)
		l, skipped, err := pem.Load(sub, o)
		require.NoError(t, err)
		require.Empty(t, skipped)
		return l
	}
	const vds = "https://www.icao.int/vds-nc"
	l := trustlist.Merge(
		load("csca", pem.Options{Roles: []trustlist.Role{"CSCA"}}),
		load("vds-nc", pem.Options{Types: []string{vds}}))
	query := func(c *x509.Certificate, typ string) trustlist.Query {
		k, err := trustlist.CertificateKey(c)
		require.NoError(t, err)
		return trustlist.Query{Key: k, Issuer: "AUS", Types: []string{typ}, Role: trustlist.RoleIssue, Signed: now, Now: now}
	}
	e, err := l.Authorize(ctx, query(signer.Cert, vds))
	require.NoError(t, err)
	require.Equal(t, "AU", e.Territory)
	require.True(t, e.Speaks("AUS"))
	_, err = l.Authorize(ctx, query(signer.Cert, trustlist.TypeVaccination))
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	_, err = l.Authorize(ctx, query(n.State("AU").Root, vds))
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "an authority signs no documents")
	require.Len(t, l.Find(trustlist.Selection{Territory: "NZL", Role: "CSCA", Time: now}), 1)
}
