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
	"github.com/sanad-credentials/sanad/trustlist"
)

// A status list may be signed as a whole too, whatever the credential is; and
// such a list is no credential that who may only keep lists could issue.
func TestStatusListsAsTokens(t *testing.T) {
	x := newBench(t)
	did := x.ed.Key().Controllers[0]
	list := func(roles ...trustlist.Role) *trustlist.List {
		l, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.Add(-time.Hour)}, trustlist.Entry{Authority: "Ministry", Names: []string{did}, Roles: roles})
		require.NoError(t, err)
		return l
	}
	for name, f := range map[string]credential.Sealer{"JWT": w3c.JWT{}, "COSE": w3c.COSE{}} {
		bits, err := status.NewBitstringList(listURL, status.PurposeRevocation, 131072)
		require.NoError(t, err)
		require.NoError(t, bits.Set(7, true))
		doc, err := bits.Document(did, now.Add(-time.Hour), now.Add(24*time.Hour))
		require.NoError(t, err)
		d, err := w3c.FromJSON(doc)
		require.NoError(t, err)
		published := issue(t, f, d, x.ed)
		lists, err := status.NewBitstring(status.Memory(map[string][]byte{listURL: published}), w3c.Format{}, w3c.JWT{}, w3c.COSE{})
		require.NoError(t, err)
		c := credential.Config{Formats: formats.All(), Keys: key.Resolver{}, Trust: list(trustlist.RoleIssue, trustlist.RoleStatus), Status: status.Mux{status.TypeBitstring: lists}}
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
		c.Trust = list(trustlist.RoleStatus)
		keeper, err := credential.NewVerifier(c)
		require.NoError(t, err)
		_, err = keeper.Verify(ctx, published, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrUntrusted, name)
	}
}
