package gdhcn_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// authority is a state's root as a document signer, to be listed as an SCA.
func authority(s *testnet.State) *testnet.DocumentSigner {
	k, err := trustlist.CertificateKey(s.Root)
	if err != nil {
		panic(err)
	}
	signer, err := proof.NewSigner(s.RootKey, k)
	if err != nil {
		panic(err)
	}
	return &testnet.DocumentSigner{Cert: s.Root, Key: s.RootKey, Signer: signer}
}

// bare drops the authority from a method's x5c.
func bare(m object) object {
	jwk := m["publicKeyJwk"].(object)
	jwk["x5c"] = jwk["x5c"].([]any)[:1]
	return m
}

func TestPromiseForeignSignersAreNotedAndRefused(t *testing.T) {
	n := network()
	id, sa := n.State("ID"), n.State("SA")
	// An authority of Indonesia's name and number, with another key.
	impostor := testnet.New("impostor", now).State("ID")
	dsc, foreign, forged := id.Signer(testnet.SignerOptions{}), sa.Signer(testnet.SignerOptions{}), impostor.Signer(testnet.SignerOptions{})
	bareKey := v2(t, dsc, "DCC", "IDN", "DSC")
	delete(bareKey["publicKeyJwk"].(object), "x5c")
	both := []error{gdhcn.ErrParticipant, gdhcn.ErrAuthority}
	none, one := []error(nil), []error{gdhcn.ErrAuthority}

	for name, c := range map[string]struct {
		methods                  []any
		named, checked, required []error
	}{
		"authority listed":            {[]any{bare(v2(t, dsc, "DCC", "IDN", "DSC")), v2(t, authority(id), "DCC", "IDN", "CSCA")}, none, none, none},
		"authority of another domain": {[]any{v2(t, authority(id), "PH4H", "IDN", "SCA"), bare(v2(t, dsc, "DCC", "IDN", "DSC"))}, none, none, none},
		"authority in x5c":            {[]any{v2(t, dsc, "DCC", "IDN", "DSC")}, none, none, none},
		"no authority":                {[]any{bare(v2(t, dsc, "DCC", "IDN", "DSC"))}, one, one, one},
		"authority of another state":  {[]any{bare(v2(t, dsc, "DCC", "IDN", "DSC")), v2(t, authority(id), "DCC", "SAU", "CSCA")}, one, one, one},
		"authority listed as signer":  {[]any{bare(v2(t, dsc, "DCC", "IDN", "DSC")), v2(t, authority(id), "DCC", "IDN", "TLS")}, one, one, one},
		"another state's signer":      {[]any{v2(t, foreign, "DCC", "IDN", "DSC"), v2(t, authority(id), "DCC", "IDN", "CSCA")}, both, both, both},
		"a forged signer":             {[]any{bare(v2(t, forged, "DCC", "IDN", "DSC")), v2(t, authority(id), "DCC", "IDN", "CSCA")}, none, one, one},
		"no certificate":              {[]any{bareKey}, none, none, one},
	} {
		for check, want := range map[gdhcn.AuthorityCheck][]error{gdhcn.AuthorityNamed: c.named, gdhcn.AuthorityChecked: c.checked, gdhcn.AuthorityRequired: c.required} {
			// A good signer beside it stays whatever happens.
			good := v2(t, n.State("MY").Signer(testnet.SignerOptions{}), "DCC", "MYS", "DSC")
			l, skipped, err := gdhcn.Parse(document(t, append(c.methods, good)...), gdhcn.Options{InsecureUnsigned: true, Authority: check})
			require.NoError(t, err, name)
			if check == gdhcn.AuthorityRequired && want != nil {
				require.Len(t, skipped, 1, name)
				require.False(t, skipped[0].Kept)
				require.ErrorIs(t, skipped[0].Reason, want[0], name)
				for _, e := range l.Entries() {
					require.False(t, e.Authority == "IDN" && e.Roles[0] == trustlist.RoleIssue, name)
				}
				continue
			}
			require.Len(t, skipped, len(want), "%s %d", name, check)
			for i, w := range want {
				require.True(t, skipped[i].Kept)
				require.ErrorIs(t, skipped[i].Reason, w, name)
			}
		}
	}
}

// Real lists of version 2 have, but for the organisation for migration and one
// test country, only signers that an authority of their country issued, and one
// whose authority has a certificate that can't be read.
func TestConformanceAuthorities(t *testing.T) {
	met, total := 0, 0
	for env, want := range map[string]int{"uat": 1, "dev": 4} {
		raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "tng-cdn-"+env), "v2", "trustlist", "did.json"))
		require.NoError(t, err)
		all, _, err := gdhcn.Parse(raw, unsigned)
		require.NoError(t, err)
		l, skipped, err := gdhcn.Parse(raw, gdhcn.Options{InsecureUnsigned: true, Authority: gdhcn.AuthorityRequired})
		require.NoError(t, err)
		refused := 0
		for _, s := range skipped {
			if s.Kept || notLoaded[s.ID] != nil {
				continue
			}
			refused++
			if !isForeign(s.ID) && !errors.Is(remarks[s.ID], gdhcn.ErrChain) {
				t.Errorf("%s: %v", s.ID, s.Reason)
			}
		}
		require.Equal(t, want, refused, env)
		met += signers(l)
		total += signers(all)
	}
	fmt.Printf("gdhcn-authorities: %d signers refused, of IOM, XXK and URY\n", total-met)
	fmt.Printf("conformance: gdhcn-authorities %d/%d\n", met, total-5)
	require.Equal(t, total-5, met)
}

func signers(l *trustlist.List) int {
	n := 0
	for _, e := range l.Entries() {
		if e.Roles[0] == trustlist.RoleIssue {
			for _, k := range e.Keys {
				if k.ID == trustlist.KeyID(k.Chain[0]) {
					n++
				}
			}
		}
	}
	return n
}

func TestDomainsLimitTypes(t *testing.T) {
	n := network()
	a, b, c := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{}), n.State("MY").Signer(testnet.SignerOptions{})
	doc := document(t, v2(t, a, "DCC", "IDN", "DSC"), v2(t, a, "PH4H", "IDN", "DSC"), v2(t, b, "DCC", "SAU", "DSC"),
		v2(t, c, "IPS", "MYS", "DSC"), v1(t, c, "mys"), v2(t, authority(n.State("SA")), "DCC", "SAU", "SCA"))
	may := func(o gdhcn.Options, s *testnet.DocumentSigner, types ...string) error {
		o.InsecureUnsigned = true
		l, _, err := gdhcn.Parse(doc, o)
		require.NoError(t, err)
		_, err = l.Authorize(ctx, trustlist.Query{Key: s.Signer.Key(), Issuer: s.Cert.Subject.Country[0], Types: types, Role: trustlist.RoleIssue, Signed: now, Now: now})
		return err
	}
	for _, s := range []*testnet.DocumentSigner{a, b, c} {
		require.NoError(t, may(gdhcn.Options{}, s, trustlist.TypeICVP), "the network limits no domain")
	}
	o := gdhcn.Options{Types: map[string][]string{"DCC": {trustlist.TypeVaccination, trustlist.TypeTest}, "PH4H": {trustlist.TypeICVP}}}
	require.NoError(t, may(o, a, trustlist.TypeVaccination))
	require.NoError(t, may(o, a, trustlist.TypeICVP), "in the other domain")
	require.ErrorIs(t, may(o, a, trustlist.TypeHealthLink), trustlist.ErrNotGranted)
	require.NoError(t, may(o, b, trustlist.TypeTest))
	require.ErrorIs(t, may(o, b, trustlist.TypeICVP), trustlist.ErrNotGranted)
	require.ErrorIs(t, may(o, b), trustlist.ErrNotGranted, "no type stated")
	require.ErrorIs(t, may(o, c, trustlist.TypeTest), trustlist.ErrNotGranted, "a domain that is not named, and version 1")
	o.Types[""] = []string{trustlist.TypeTest}
	require.NoError(t, may(o, c, trustlist.TypeTest), "version 1 by its empty name")
	require.ErrorIs(t, may(gdhcn.Options{Types: map[string][]string{}}, a, trustlist.TypeTest), trustlist.ErrNotGranted)
	require.Error(t, may(o, a, trustlist.TypeVaccination, trustlist.TypeICVP), "each domain its own")
}
