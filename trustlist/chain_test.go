package trustlist_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

var at = time.Date(2026, 5, 20, 8, 0, 0, 0, time.UTC)

// certify makes a certificate of template, valid from a year before at to a year
// after it, below a, or self-signed where a is nil.
func (a *authority) certify(t *testing.T, name string, edit func(*x509.Certificate)) *authority {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return a.certifyKey(t, name, k, edit)
}

func (a *authority) certifyKey(t *testing.T, name string, k crypto.Signer, edit func(*x509.Certificate)) *authority {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if edit != nil {
		edit(c)
	}
	parent, signer := c, k
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, k.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{cert, k}
}

func ca(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
}

const issuer = "https://health.example/issuer"

func named(c *x509.Certificate) {
	u, _ := url.Parse(issuer)
	c.URIs, c.DNSNames = []*url.URL{u}, []string{"health.example", "*.cards.example"}
}

func anchored(t *testing.T, names []string, roots ...*authority) *trustlist.List {
	e := trustlist.Entry{Authority: "Trust service", Names: names, Roles: []trustlist.Role{trustlist.RoleIssue}}
	for _, r := range roots {
		e.Anchors = append(e.Anchors, r.cert)
	}
	l, err := trustlist.New(trustlist.Info{Name: "anchors"}, e)
	require.NoError(t, err)
	return l
}

// askChain resolves a chain and asks whether what it finds may act as issuer.
func askChain(t *testing.T, l *trustlist.List, issuer string, now time.Time, chain ...*authority) (*trustlist.Entry, error) {
	t.Helper()
	h := proof.Hint{Issuer: issuer, Algorithm: proof.ES256}
	for _, c := range chain {
		h.Chain = append(h.Chain, c.cert)
	}
	keys, err := l.ResolveKeys(context.Background(), h)
	require.NoError(t, err)
	if len(keys) == 0 {
		return nil, trustlist.ErrNotListed
	}
	require.Len(t, keys, 1)
	require.Empty(t, keys[0].Controllers, "a certificate that nobody has judged speaks for nobody")
	require.True(t, proof.Same(keys[0].Public, h.Chain[0].PublicKey))
	require.Equal(t, []proof.Purpose{proof.AssertionMethod}, keys[0].Purposes)
	return l.Authorize(context.Background(), trustlist.Query{Key: keys[0], Issuer: issuer, Role: trustlist.RoleIssue, Signed: now, Now: now})
}

func TestAnchors(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	middle := root.certify(t, "Middle", ca)
	leaf := root.certify(t, "Leaf", named)
	below := middle.certify(t, "Below", named)
	l := anchored(t, nil, root)

	for name, chain := range map[string][]*authority{"direct": {leaf}, "with the root": {leaf, root}, "through another": {below, middle}, "all": {below, middle, root}} {
		e, err := askChain(t, l, issuer, at, chain...)
		require.NoError(t, err, name)
		require.Equal(t, "Trust service", e.Authority)
		require.Equal(t, []string{issuer}, e.Names)
	}
	// The chain itself may be the anchor's.
	_, err := askChain(t, anchored(t, nil, middle), issuer, at, below)
	require.NoError(t, err)
	// The list keeps its own entry as it was.
	require.Nil(t, l.Entries()[0].Names)
	// Merged with another list.
	merged := trustlist.Merge(anchored(t, nil, (*authority)(nil).certify(t, "Other", ca)), l)
	_, err = askChain(t, merged, issuer, at, leaf)
	require.NoError(t, err)
}

func TestAnchorsRefuse(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	impostor := (*authority)(nil).certify(t, "Root", ca) // the same name, another key
	middle := root.certify(t, "Middle", ca)
	noCA := root.certify(t, "No authority", named)
	short := root.certify(t, "Short", func(c *x509.Certificate) { ca(c); c.MaxPathLenZero = true })
	inner := short.certify(t, "Inner", ca)
	fenced := root.certify(t, "Fenced", func(c *x509.Certificate) {
		ca(c)
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"other.example"}
	})
	l := anchored(t, nil, root)
	for name, c := range map[string]struct {
		chain []*authority
		want  error
	}{
		"self-made":                  {[]*authority{(*authority)(nil).certify(t, "Leaf", named)}, trustlist.ErrNotListed},
		"below an impostor":          {[]*authority{impostor.certify(t, "Leaf", named)}, trustlist.ErrNotListed},
		"with the impostor":          {[]*authority{impostor.certify(t, "Leaf", named), impostor}, trustlist.ErrNotListed},
		"the root itself":            {[]*authority{root}, trustlist.ErrNotGranted},
		"an authority":               {[]*authority{middle}, trustlist.ErrNotGranted},
		"not for signing":            {[]*authority{root.certify(t, "Leaf", func(c *x509.Certificate) { named(c); c.KeyUsage = x509.KeyUsageKeyEncipherment })}, trustlist.ErrNotGranted},
		"without what is between":    {[]*authority{middle.certify(t, "Leaf", named)}, trustlist.ErrNotListed},
		"below no authority":         {[]*authority{noCA.certify(t, "Leaf", named), noCA}, trustlist.ErrNotListed},
		"a path too long":            {[]*authority{inner.certify(t, "Leaf", named), inner, short}, trustlist.ErrNotListed},
		"beyond a name constraint":   {[]*authority{fenced.certify(t, "Leaf", named), fenced}, trustlist.ErrNotListed},
		"expired":                    {[]*authority{root.certify(t, "Leaf", func(c *x509.Certificate) { named(c); c.NotAfter = at.Add(-time.Second) })}, trustlist.ErrExpired},
		"not valid yet":              {[]*authority{root.certify(t, "Leaf", func(c *x509.Certificate) { named(c); c.NotBefore = at.Add(time.Second) })}, trustlist.ErrExpired},
		"below one that has expired": {[]*authority{expired(t, root).certify(t, "Leaf", named), expired(t, root)}, trustlist.ErrNotListed},
	} {
		_, err := askChain(t, l, issuer, at, c.chain...)
		require.ErrorIs(t, err, c.want, name)
	}
	// An authority is none for credentials, whatever else its key may do.
	both := root.certify(t, "Both", func(c *x509.Certificate) { named(c); ca(c); c.KeyUsage |= x509.KeyUsageDigitalSignature })
	_, err := askChain(t, l, issuer, at, both)
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	// Of all on the path, the time of verification counts.
	brief := root.certify(t, "Brief", func(c *x509.Certificate) { ca(c); c.NotAfter = at.Add(time.Hour) })
	soon := root.certify(t, "Soon", func(c *x509.Certificate) { ca(c); c.NotBefore = at.Add(time.Hour) })
	for m, inside := range map[*authority]bool{brief: true, soon: false} {
		leaf := m.certify(t, "Leaf", named)
		_, err = askChain(t, l, issuer, at, leaf, m)
		require.Equal(t, inside, err == nil)
		_, err = askChain(t, l, issuer, at.Add(2*time.Hour), leaf, m)
		require.Equal(t, !inside, err == nil)
	}
	old := expired(t, root)
	_, err = askChain(t, l, issuer, at, old.certify(t, "Leaf", named), old)
	require.ErrorIs(t, err, trustlist.ErrExpired)

	// A key whose chain is another's.
	leaf, other := root.certify(t, "Leaf", named), root.certify(t, "Other", nil)
	_, err = l.Authorize(context.Background(), trustlist.Query{
		Key:    proof.Key{Public: other.cert.PublicKey, Chain: []*x509.Certificate{leaf.cert}},
		Issuer: issuer, Role: trustlist.RoleIssue, Signed: at, Now: at,
	})
	require.ErrorIs(t, err, trustlist.ErrNotListed)

	// More certificates than anybody needs.
	long, certs := []*authority{leaf}, []*x509.Certificate{leaf.cert}
	for range limits.Chain {
		long, certs = append(long, root), append(certs, root.cert)
	}
	for n, want := range map[int]error{limits.Chain: nil, limits.Chain + 1: trustlist.ErrNotListed} {
		_, err = l.Authorize(context.Background(), trustlist.Query{
			Key: proof.Key{Public: leaf.cert.PublicKey, Chain: certs[:n]}, Issuer: issuer, Role: trustlist.RoleIssue, Signed: at, Now: at,
		})
		require.ErrorIs(t, err, want)
	}
	// Of as many authorities of one name as anybody likes, some are tried.
	crowd := []*authority{root}
	for range limits.Candidates {
		crowd = append(crowd, impostor)
	}
	_, err = askChain(t, anchored(t, nil, crowd...), issuer, at, leaf)
	require.NoError(t, err)
	slices.Reverse(crowd)
	_, err = askChain(t, anchored(t, nil, crowd...), issuer, at, leaf)
	require.ErrorIs(t, err, trustlist.ErrNotListed)
	_, err = askChain(t, l, issuer, at, long...)
	require.ErrorIs(t, err, trustlist.ErrNotListed)
}

func expired(t *testing.T, root *authority) *authority {
	return root.certify(t, "Old", func(c *x509.Certificate) { ca(c); c.NotAfter = at.Add(-time.Second) })
}

// For whom a key speaks, its certificate says, as far as the list allows.
func TestAnchorsNames(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	leaf := root.certify(t, "Leaf", named)
	for _, c := range []struct {
		issuer  string
		allowed []string
		speaks  bool
	}{
		{issuer, nil, true},
		{"https://health.example", nil, true},
		{"https://health.example:8443/tenant/1", nil, true},
		{"https://a.cards.example/x", nil, true},
		{"https://a.b.cards.example", nil, false},
		{"http://health.example", nil, false},
		{"https://user@health.example", nil, false},
		{"https://health.example.evil.example", nil, false},
		{"https://", nil, false},
		{"did:web:health.example", nil, false},
		{"health.example", nil, false},
		{"", nil, false},
		{issuer, []string{issuer}, true},
		{"https://other.example", []string{"https://other.example", issuer}, false},
		{"https://a.cards.example/x", []string{issuer}, false},
		{"https://a.cards.example/x", []string{issuer, "https://a.cards.example/x"}, true},
	} {
		e, err := askChain(t, anchored(t, c.allowed, root), c.issuer, at, leaf)
		require.NoError(t, err)
		require.Equal(t, c.speaks, e.Speaks(c.issuer), "%s %v", c.issuer, c.allowed)
		require.NotNil(t, e.Names, "nil would be any name")
	}
	// A certificate for none of the names is somebody else's, also where the issuer
	// is not named at all.
	for _, asked := range []string{issuer, "https://other.example", ""} {
		for _, allowed := range [][]string{{"https://other.example"}, {"DE"}, {}} {
			_, err := askChain(t, anchored(t, allowed, root), asked, at, leaf)
			require.ErrorIs(t, err, trustlist.ErrNotGranted, "%s %v", asked, allowed)
		}
	}
	_, err := askChain(t, anchored(t, []string{issuer}, root), "", at, leaf)
	require.NoError(t, err)
	// A common name is none.
	e, err := askChain(t, anchored(t, nil, root), "https://health.example", at, root.certify(t, "health.example", nil))
	require.NoError(t, err)
	require.False(t, e.Speaks("https://health.example"))
}

// A path leads through no key that would not be used by itself.
func TestAnchorsWeakPath(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	for bits, want := range map[int]error{1024: trustlist.ErrNotListed, 2048: nil} {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		require.NoError(t, err)
		middle := root.certifyKey(t, "Middle", k, ca)
		_, err = askChain(t, anchored(t, nil, root), issuer, at, middle.certify(t, "Leaf", named), middle)
		require.ErrorIs(t, err, want)
	}
}

// What a source may not speak for, its authorities' certificates can't either.
func TestAnchorsOfAnotherTerritory(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	leaf := root.certify(t, "Leaf", named)
	l, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Territory: "FR", Roles: []trustlist.Role{trustlist.RoleIssue}, Anchors: []*x509.Certificate{root.cert}})
	require.NoError(t, err)
	_, err = askChain(t, l, issuer, at, leaf)
	require.NoError(t, err)
	// In its own it speaks for those whom it certified, and never for a country.
	for _, name := range []string{issuer, ""} {
		_, err = askChain(t, l.Restrict(trustlist.Limits{Territories: []string{"FRA"}}), name, at, leaf)
		require.NoError(t, err)
	}
	country := root.certify(t, "Leaf", func(c *x509.Certificate) { c.URIs = []*url.URL{{Path: "DE"}, {Path: "FR"}} })
	for _, name := range []string{"DE", "FR"} {
		e, err := askChain(t, l, name, at, country)
		require.NoError(t, err)
		require.False(t, e.Speaks(name))
	}
	_, err = askChain(t, l.Restrict(trustlist.Limits{Territories: []string{"DE"}}), issuer, at, leaf)
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	_, err = askChain(t, l.Restrict(trustlist.Limits{Territories: []string{"DE"}}), "", at, leaf)
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
}

// Keys of electronic seals are for what can't be denied, and often for nothing else.
func TestAnchorsSeals(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	for usage, want := range map[x509.KeyUsage]error{
		x509.KeyUsageContentCommitment: nil, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment: nil,
		x509.KeyUsageKeyAgreement: trustlist.ErrNotGranted, x509.KeyUsageCRLSign: trustlist.ErrNotGranted,
	} {
		_, err := askChain(t, anchored(t, nil, root), issuer, at, root.certify(t, "Leaf", func(c *x509.Certificate) { named(c); c.KeyUsage = usage }))
		require.ErrorIs(t, err, want)
	}
}

// Where the certificate itself is listed, its entry counts.
func TestListedCertificateByChain(t *testing.T) {
	leaf := (*authority)(nil).certify(t, "Leaf", nil)
	k, err := trustlist.CertificateKey(leaf.cert)
	require.NoError(t, err)
	l, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Authority: "Ministry", Names: []string{issuer}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{k}})
	require.NoError(t, err)
	keys, err := l.ResolveKeys(context.Background(), proof.Hint{Chain: []*x509.Certificate{leaf.cert}})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, []string{issuer}, keys[0].Controllers)
	require.Equal(t, k.ID, keys[0].ID)
}

func TestAnchorMustBeAuthority(t *testing.T) {
	root := (*authority)(nil).certify(t, "Root", ca)
	for name, c := range map[string]*x509.Certificate{
		"nil": nil, "a signer": root.certify(t, "Leaf", nil).cert,
		"no authority":         root.certify(t, "Leaf", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }).cert,
		"without constraints":  root.certify(t, "Leaf", func(c *x509.Certificate) { c.BasicConstraintsValid, c.KeyUsage = false, x509.KeyUsageCertSign }).cert,
		"not for certificates": root.certify(t, "CA", func(c *x509.Certificate) { ca(c); c.KeyUsage = x509.KeyUsageCRLSign }).cert,
	} {
		_, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Anchors: []*x509.Certificate{c}})
		require.ErrorIs(t, err, proof.ErrKey, name)
	}
}
