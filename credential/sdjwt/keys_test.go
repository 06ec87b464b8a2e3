package sdjwt_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/sdjwt/web"
	didkey "github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/trustlist"
)

// certificate makes one for a name's key, below parent or self-signed.
func certificate(t *testing.T, name string, parent *x509.Certificate, by string, edit func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	edit(c)
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key(t, name).Public(), key(t, by))
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

// The issuer's certificate comes with the token, and its authority is on the list.
func TestIssuerByCertificate(t *testing.T) {
	ca := func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }
	named := func(c *x509.Certificate) { c.DNSNames = []string{"health.example"} }
	root := certificate(t, "root", nil, "root", ca)
	middle := certificate(t, "middle", root, "root", ca)
	leaf := certificate(t, "leaf", middle, "middle", named)
	l, err := trustlist.New(trustlist.Info{Name: "anchors"}, trustlist.Entry{
		Authority: "Trust service", Anchors: []*x509.Certificate{root}, Roles: []trustlist.Role{trustlist.RoleIssue}, Types: []string{cardType},
	})
	require.NoError(t, err)
	v := verifierOf(t, sdjwt.Format{}, l)

	chain := func(s string, certs ...*x509.Certificate) proof.Signer {
		p, err := proof.NewSigner(key(t, s), proof.Key{Chain: certs})
		require.NoError(t, err)
		return p
	}
	seal := func(c sdjwt.Content, s proof.Signer) []byte {
		d, err := sdjwt.New(c)
		require.NoError(t, err)
		return issueDraft(t, sdjwt.Format{}, d, s)
	}
	good := seal(content(), chain("leaf", leaf, middle, root))
	r, err := v.Verify(ctx, good, policy)
	require.NoError(t, err)
	require.Equal(t, "Trust service", r.Signatories[0].Authority.Authority)
	require.Len(t, r.Signatories[0].Key.Chain, 2, "the root is not sent")
	for _, c := range r.Checks {
		require.Equal(t, credential.CheckSchema == c.Name, c.Outcome != credential.Passed, "%v", c)
	}

	// The certificate is the issuer's only name.
	nameless := content()
	nameless.Issuer = ""
	_, err = v.Verify(ctx, seal(nameless, chain("leaf", leaf, middle)), policy)
	require.NoError(t, err)

	// The list may name whom the authority vouches for: not whomever else it certified,
	// and not less so where the credential names nobody.
	for name, want := range map[string]error{ministry: nil, "https://other.example": credential.ErrUntrusted} {
		l, err := trustlist.New(trustlist.Info{}, trustlist.Entry{
			Names: []string{name}, Anchors: []*x509.Certificate{root}, Roles: []trustlist.Role{trustlist.RoleIssue},
		})
		require.NoError(t, err)
		for _, raw := range [][]byte{good, seal(nameless, chain("leaf", leaf, middle))} {
			_, err = verifierOf(t, sdjwt.Format{}, l).Verify(ctx, raw, policy)
			require.ErrorIs(t, err, want)
		}
	}

	other, elsewhere := content(), certificate(t, "leaf", middle, "middle", func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} })
	other.Type = "urn:passport"
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"for another name":        {seal(content(), chain("leaf", elsewhere, middle)), credential.ErrIssuer},
		"for another type":        {seal(other, chain("leaf", leaf, middle)), credential.ErrUntrusted},
		"self-signed":             {seal(content(), chain("thief", certificate(t, "thief", nil, "thief", named))), trustlist.ErrNotListed},
		"of an authority's name":  {seal(content(), chain("thief", certificate(t, "thief", &x509.Certificate{Subject: root.Subject, RawSubject: root.RawSubject}, "thief", named))), trustlist.ErrNotListed},
		"without what is between": {seal(content(), chain("leaf", leaf)), trustlist.ErrNotListed},
	} {
		_, err := v.Verify(ctx, c.raw, policy)
		require.ErrorIs(t, err, c.want, name)
	}
	late := policy
	late.Time = now.AddDate(1, 0, 1)
	_, err = v.Verify(ctx, good, late)
	require.ErrorIs(t, err, trustlist.ErrExpired)

	// What names the issuer is signed: a certificate beside the signature names nobody.
	m, err := jose.Sign(ctx, signer(t, "leaf"), jose.Header{Type: "dc+sd-jwt"}, []byte(`{"vct":"`+cardType+`"}`))
	require.NoError(t, err)
	part := strings.Split(string(m), ".")
	beside := fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q,"header":{"disclosures":[],"x5c":[%q,%q]}}`, part[1], part[0], part[2],
		base64.StdEncoding.EncodeToString(leaf.Raw), base64.StdEncoding.EncodeToString(middle.Raw))
	_, err = v.Verify(ctx, []byte(beside), policy)
	require.ErrorIs(t, err, trustlist.ErrNotListed)

	// Another's certificate with one's own signature.
	stolen := forgeWith(t, chain("thief", leaf, middle))
	_, err = v.Verify(ctx, stolen, policy)
	require.ErrorIs(t, err, credential.ErrSignature)
}

func TestIssuerByMetadata(t *testing.T) {
	public, err := jwk.Marshal(key(t, "issuer-1").Public(), "issuer-1")
	require.NoError(t, err)
	var s *fetchtest.Server
	asked := 0
	s = fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		io.WriteString(w, `{"issuer":"`+s.Base+`","jwks":{"keys":[`+string(public)+`]}}`)
	}))
	keys, err := web.New(web.Options{RootCAs: s.Roots, PrivateHosts: []string{"localhost"}})
	require.NoError(t, err)
	defer keys.Close()
	l, err := trustlist.New(trustlist.Info{Name: "names"}, trustlist.Entry{Authority: "Ministry", Names: []string{s.Base}, Roles: []trustlist.Role{trustlist.RoleIssue}})
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{sdjwt.Format{}}, Keys: keys, Trust: l})
	require.NoError(t, err)

	c := content()
	c.Issuer = s.Base
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	p := policy
	p.Issuers = []string{"https://other.example"}
	_, err = v.Verify(ctx, issueDraft(t, sdjwt.Format{}, d), p)
	require.ErrorIs(t, err, credential.ErrPolicy)
	require.Zero(t, asked, "only issuers that are expected are asked for their keys")

	p.Issuers = []string{s.Base}
	_, err = v.Verify(ctx, issueDraft(t, sdjwt.Format{}, d), p)
	require.NoError(t, err)
	_, err = v.Verify(ctx, issueDraft(t, sdjwt.Format{}, d, signer(t, "issuer-2")), p)
	require.ErrorIs(t, err, credential.ErrUntrusted)
	thief, err := proof.NewSigner(key(t, "thief"), proof.Key{ID: "issuer-1"})
	require.NoError(t, err)
	_, err = v.Verify(ctx, issueDraft(t, sdjwt.Format{}, d, thief), p)
	require.ErrorIs(t, err, credential.ErrSignature)
	require.Equal(t, 1, asked)
}

func TestIssuerByDID(t *testing.T) {
	s, err := didkey.NewSigner(key(t, "issuer-1"))
	require.NoError(t, err)
	id := s.Key().Controllers[0]
	l, err := trustlist.New(trustlist.Info{Name: "names"}, trustlist.Entry{Authority: "Ministry", Names: []string{id}, Roles: []trustlist.Role{trustlist.RoleIssue}})
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{sdjwt.Format{}}, Keys: didkey.Resolver{}, Trust: l})
	require.NoError(t, err)
	c := content()
	c.Issuer = id
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	_, err = v.Verify(ctx, issueDraft(t, sdjwt.Format{}, d, s), policy)
	require.NoError(t, err)
	// A DID of one's own does not speak for another issuer.
	other, err := didkey.NewSigner(key(t, "thief"))
	require.NoError(t, err)
	_, err = v.Verify(ctx, issueDraft(t, sdjwt.Format{}, d, other), policy)
	require.ErrorIs(t, err, credential.ErrIssuer)
}

// forgeWith seals as a signer that claims another's certificates.
func forgeWith(t *testing.T, s proof.Signer) []byte {
	d, err := sdjwt.New(content())
	require.NoError(t, err)
	raw, err := sdjwt.Format{}.Seal(ctx, d, []proof.Signer{s})
	require.NoError(t, err)
	return raw
}
