package gdhcn_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

func mustBase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// notLoaded are the methods of the network's lists that must be skipped, and
// why. Whatever else is there must load.
var notLoaded = map[string]error{
	// The curve is brainpoolP256r1, for which there is no arithmetic here.
	"did:web:tng-cdn-uat.who.int:trustlist:prt#dK5l0q5LQWQ=":            jwk.ErrUnsupported,
	"did:web:tng-cdn-uat.who.int:v2:trustlist:DCC:PRT:DSC#dK5l0q5LQWQ=": jwk.ErrUnsupported,
	// The certificate leaves out the NULL parameters of its RSA key, which RFC
	// 3279, section 2.3.1, demands. It is a signing authority's.
	"did:web:tng-cdn-uat.who.int:v2:trustlist:DCC:EST:SCA#ynSje/i0tac=": jwk.ErrCertificate,
	"did:web:tng-cdn-dev.who.int:v2:trustlist:DCC:EST:SCA#ynSje/i0tac=": jwk.ErrCertificate,
	// References to other lists: version 1 names them among its keys.
	"did:web:tng-cdn-dev.who.int:trustlist": gdhcn.ErrReference,
	"did:web:example.com":                   gdhcn.ErrReference,
}

// remarks are those on methods that load all the same.
var remarks = map[string]error{
	// The list gives a made-up kid.
	"did:web:tng-cdn-dev.who.int:trustlist:xxu#ABCDEFGH":            gdhcn.ErrKeyID,
	"did:web:tng-cdn-dev.who.int:v2:trustlist:DCC:XXU:DSC#ABCDEFGH": gdhcn.ErrKeyID,
	// The authority's certificate has its curve as explicit parameters.
	"did:web:tng-cdn-dev.who.int:trustlist:ury#bDVUGl4iotQ=":             gdhcn.ErrChain,
	"did:web:tng-cdn-dev.who.int:v2:trustlist:PH4H:URY:DSC#bDVUGl4iotQ=": gdhcn.ErrChain,
}

// published is as much of a method as the test compares with.
type published struct {
	id  string
	x5c []*x509.Certificate // nil for one that can't be read, or none at all for a reference
}

func publishedMethods(t *testing.T, raw []byte) []published {
	t.Helper()
	var doc struct{ VerificationMethod []json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &doc))
	var out []published
	for _, v := range doc.VerificationMethod {
		var ref string
		if json.Unmarshal(v, &ref) == nil {
			out = append(out, published{id: ref})
			continue
		}
		var m struct {
			ID           string
			PublicKeyJwk struct{ X5c []string }
		}
		require.NoError(t, json.Unmarshal(v, &m))
		p := published{id: m.ID}
		for _, x := range m.PublicKeyJwk.X5c {
			c, err := jwk.ParseCertificate(mustBase64(t, x))
			if err != nil {
				require.ErrorIs(t, err, proof.ErrKey)
			}
			p.x5c = append(p.x5c, c)
		}
		out = append(out, p)
	}
	return out
}

// TestConformanceKeys reads every list of the network's two test environments:
// each method loads as its certificate's key, under the certificate's kid and
// the listed one, or is skipped for the reason known.
func TestConformanceKeys(t *testing.T) {
	met, total, loaded := 0, 0, 0
	reasons := map[string]int{}
	for _, env := range []string{"uat", "dev"} {
		dir := testvectors.Dir(t, "gdhcn", "tng-cdn-"+env)
		for _, list := range []string{"trustlist", "v2/trustlist", "v2/trustlist/DCC", "v2/trustlist/PH4H", "v2/trustlist/IPS-PILGRIMAGE"} {
			raw, err := os.ReadFile(filepath.Join(dir, list, "did.json"))
			require.NoError(t, err)
			l, skipped, err := gdhcn.Parse(raw, unsigned)
			require.NoError(t, err, "%s %s", env, list)
			require.False(t, l.Issued().IsZero())
			all := publishedMethods(t, raw)
			for _, p := range all {
				total++
				reason, err := checkMethod(l, skipped, p, all)
				if err != nil {
					t.Errorf("%s %s: %s: %v", env, list, p.id, err)
					continue
				}
				met++
				if reason == nil {
					loaded++
				} else {
					reasons[reason.Error()]++
				}
			}
		}
	}
	for r, n := range reasons {
		fmt.Printf("gdhcn-keys: %d skipped: %s\n", n, r)
	}
	fmt.Printf("gdhcn-keys: %d loaded\n", loaded)
	fmt.Printf("conformance: gdhcn-keys %d/%d\n", met, total)
}

// foreign are the participants whose certificates are of another country, each
// time it is listed: the organisation for migration, which has none, and a test
// country that says XK, which is Kosovo's.
var foreign = []string{":IOM:DSC#", ":xxk#", ":XXK:DSC#"}

func isForeign(id string) bool {
	return slices.ContainsFunc(foreign, func(f string) bool { return strings.Contains(id, f) })
}

// checkMethod returns why a method was rightly skipped, nil where it was
// rightly loaded, or what is wrong.
func checkMethod(l *trustlist.List, skipped []gdhcn.Skipped, p published, all []published) (reason, fault error) {
	for _, s := range skipped {
		if s.ID != p.id {
			continue
		}
		switch want, ok := notLoaded[p.id]; {
		case !s.Kept && ok && errors.Is(s.Reason, want):
			return want, nil
		case !s.Kept:
			return nil, fmt.Errorf("unexpected: %w", s.Reason)
		case errors.Is(s.Reason, gdhcn.ErrAuthority):
			if !isForeign(p.id) && issued(p, all) {
				return nil, errors.New("an authority of its country issued it")
			}
		case errors.Is(s.Reason, gdhcn.ErrParticipant):
			if !isForeign(p.id) {
				return nil, errors.New("is of its participant's country")
			}
		case remarks[p.id] == nil || !errors.Is(s.Reason, remarks[p.id]):
			return nil, fmt.Errorf("unexpected: %w", s.Reason)
		}
	}
	if notLoaded[p.id] != nil {
		return nil, errors.New("expected to be skipped")
	}
	c := p.x5c[0]
	_, listed, _ := strings.Cut(p.id, "#")
	for _, id := range []string{trustlist.KeyID(c), listed} {
		keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: id})
		if err != nil || len(keys) != 1 || !proof.Same(keys[0].Public, c.PublicKey) {
			return nil, fmt.Errorf("kid %s leads to %d keys, not to the certificate's: %w", id, len(keys), err)
		}
	}
	return nil, nil
}

// issued reports whether any authority's certificate of the same country,
// anywhere in the list, has signed a method's: all are tried, whatever their name.
func issued(p published, all []published) bool {
	leaf := p.x5c[0]
	for _, q := range all {
		for i, c := range q.x5c {
			if c != nil && (i > 0 || strings.Contains(q.id, ":SCA#")) && slices.Equal(c.Subject.Country, leaf.Subject.Country) &&
				c.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
				return true
			}
		}
	}
	return false
}

// Expired certificates stay listed, and are refused; the others issue for the
// country in their certificate.
func TestRealListAuthorizes(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "tng-cdn-uat"), "v2", "trustlist", "did.json"))
	require.NoError(t, err)
	l, _, err := gdhcn.Parse(raw, unsigned)
	require.NoError(t, err)
	valid, expired, other := 0, 0, 0
	for _, e := range l.Entries() {
		for _, k := range e.Keys {
			country := k.Chain[0].Subject.Country[0]
			q := trustlist.Query{Key: k, Issuer: country, Role: trustlist.RoleIssue, Signed: l.Issued(), Now: l.Issued()}
			got, err := l.Authorize(ctx, q)
			switch {
			case err == nil:
				valid++
				require.True(t, got.Speaks(country) || got.Authority == "IOM", "%s for %s", got.Authority, country)
			case errors.Is(err, trustlist.ErrExpired):
				expired++
				require.True(t, k.NotAfter.Before(l.Issued()) || k.NotBefore.After(l.Issued()))
			default:
				other++
				require.ErrorIs(t, err, trustlist.ErrNotGranted)
				// Two expired signers are listed as authorities as well.
				require.True(t, !slices.Contains(e.Roles, trustlist.RoleIssue) || k.NotAfter.Before(l.Issued()), e.Authority)
			}
		}
	}
	require.Positive(t, valid)
	require.Positive(t, expired)
	require.Positive(t, other)
}

func TestReferenceListIsRefused(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "tng-cdn-uat"), "v2", "trustlist-ref", "did.json"))
	require.NoError(t, err)
	_, skipped, err := gdhcn.Parse(raw, unsigned)
	require.ErrorIs(t, err, gdhcn.ErrReference)
	require.Len(t, skipped, 5)
}
