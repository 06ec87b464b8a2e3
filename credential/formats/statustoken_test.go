package formats_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// ministry is a trust list with one entry, of the issuer did.
func ministry(t *testing.T, did string, roles ...trustlist.Role) *trustlist.List {
	l, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.Add(-time.Hour)}, trustlist.Entry{Authority: "Ministry", Names: []string{did}, Roles: roles})
	require.NoError(t, err)
	return l
}

// listOf is a signed status list in which the bit at set is set.
func listOf(t *testing.T, f credential.Sealer, s proof.Signer, purpose string, bits, set uint64) []byte {
	l, err := status.NewBitstringList(listURL, purpose, bits)
	require.NoError(t, err)
	require.NoError(t, l.Set(set, true))
	doc, err := l.Document(s.Key().Controllers[0], now.Add(-time.Hour), now.Add(24*time.Hour))
	require.NoError(t, err)
	d, err := w3c.FromJSON(doc)
	require.NoError(t, err)
	return issue(t, f, d, s)
}

// A status list may be signed as a whole too, whatever the credential is; and
// such a list is no credential that who may only keep lists could issue.
func TestStatusListsAsTokens(t *testing.T) {
	x := newBench(t)
	did := x.ed.Key().Controllers[0]
	for name, f := range map[string]credential.Sealer{"JWT": w3c.JWT{}, "COSE": w3c.COSE{}} {
		published := listOf(t, f, x.ed, status.PurposeRevocation, 131072, 7)
		lists, err := status.NewBitstring(status.Memory(map[string][]byte{listURL: published}), w3c.Format{}, w3c.JWT{}, w3c.COSE{})
		require.NoError(t, err)
		c := credential.Config{Formats: formats.All(), Keys: key.Resolver{}, Trust: ministry(t, did, trustlist.RoleIssue, trustlist.RoleStatus), Status: status.Mux{status.TypeBitstring: lists}}
		v, err := credential.NewVerifier(c)
		require.NoError(t, err)
		for place, want := range map[uint64]error{6: nil, 7: credential.ErrRevoked} {
			for _, g := range []credential.Sealer{w3c.Format{}, w3c.JWT{}, w3c.COSE{}} {
				d := vc(t, did)
				d.Status[0].Index = place
				_, err := v.Verify(ctx, issue(t, g, d, x.ed), credential.Policy{Time: now})
				if want == nil {
					require.NoError(t, err, name)
				} else {
					require.ErrorIs(t, err, want, name)
				}
			}
		}
		c.Trust = ministry(t, did, trustlist.RoleStatus)
		keeper, err := credential.NewVerifier(c)
		require.NoError(t, err)
		_, err = keeper.Verify(ctx, published, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrUntrusted, name)
	}
}
