package formats_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// A status of several bits is read at its own width, and says what the credential
// says that its value means (Bitstring Status List 1.0, section 2.1).
func TestStatusOfSeveralBits(t *testing.T) {
	x := newBench(t)
	did := x.ed.Key().Controllers[0]
	trust := ministry(t, did, trustlist.RoleIssue, trustlist.RoleStatus)
	for _, f := range []credential.Sealer{w3c.Format{}, rdfc, w3c.JWT{}, w3c.COSE{}} {
		verify := func(purpose string, ref credential.StatusRef) (*credential.Result, error) {
			// The first bit of place 7, where each has two.
			published := listOf(t, f, x.ed, purpose, 262144, 2*7)
			lists, err := status.NewBitstring(status.Memory(map[string][]byte{listURL: published}), formats.All()...)
			require.NoError(t, err)
			v, err := credential.NewVerifier(credential.Config{Formats: formats.All(), Keys: key.Resolver{}, Trust: trust, Status: lists})
			require.NoError(t, err)
			card := vc(t, did)
			ref.Type, ref.Purpose, ref.List = w3c.StatusType, purpose, listURL
			card.Status = []credential.StatusRef{ref}
			raw := issue(t, f, card, x.ed)
			env, err := f.(credential.Format).Parse(raw, "")
			require.NoError(t, err)
			require.Equal(t, card.Status, env.Credential.Status, "what was written is read")
			return v.Verify(ctx, raw, credential.Policy{Time: now})
		}
		four := map[uint64]string{0: "valid", 1: "second look", 2: "see the \"desk\"", 3: "lost"}
		for place, want := range map[uint64]string{6: "valid", 7: `see the "desk"`, 8: "valid"} {
			r, err := verify(status.PurposeMessage, credential.StatusRef{Index: place, Size: 2, Messages: four})
			require.NoError(t, err)
			require.Equal(t, want, r.Status[0].Message)
		}
		_, err := verify(status.PurposeRevocation, credential.StatusRef{Index: 7, Size: 2, Messages: four})
		require.ErrorIs(t, err, credential.ErrRevoked)
		_, err = verify(status.PurposeRevocation, credential.StatusRef{Index: 7})
		require.NoError(t, err, "at one bit, place 7 is another")
		_, err = verify(status.PurposeRevocation, credential.StatusRef{Index: 14})
		require.ErrorIs(t, err, credential.ErrRevoked)
	}
	for _, ref := range []credential.StatusRef{
		{Size: 2}, {Size: 17, Messages: map[uint64]string{0: "a", 1: "b"}}, {Size: -1},
		{Size: 2, Messages: map[uint64]string{0: "a", 1: "b", 2: "c"}}, {Messages: map[uint64]string{0: "a", 2: "c"}}, {Messages: map[uint64]string{}},
	} {
		card := vc(t, did)
		ref.Type, ref.Purpose, ref.List = w3c.StatusType, status.PurposeMessage, listURL
		card.Status = []credential.StatusRef{ref}
		i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{x.ed}})
		require.NoError(t, err)
		_, err = i.Issue(ctx, card)
		require.ErrorIs(t, err, w3c.ErrModel, "%v", ref)
	}
}
