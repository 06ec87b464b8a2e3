package testnet_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var at = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

func TestRevocations(t *testing.T) {
	n := testnet.New("status", at)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: hcert.Format{}, Signers: []proof.Signer{s}})
	require.NoError(t, err)
	card, err := issuer.Issue(context.Background(), hcert.NewICVP("ID", "1", &hcert.ICVP{}, at.Add(-time.Hour), at.Add(time.Hour)))
	require.NoError(t, err)
	list := n.TrustList(trustlist.Info{})
	verify := func(snapshot *status.Snapshot) (*credential.Result, error) {
		hashes, err := status.NewHashes(snapshot)
		require.NoError(t, err)
		v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{}}, Keys: list, Trust: list, Status: status.Mux{status.TypeDCC: hashes}, RequireStatus: true})
		require.NoError(t, err)
		return v.Verify(context.Background(), card, credential.Policy{Time: at})
	}
	r, err := verify(n.Revocations(status.KindSignature, nil))
	require.NoError(t, err)
	hash := status.Hash(r.Credential.Status[0].IDs[status.KindSignature])
	_, err = verify(n.Revocations(status.KindSignature, map[string][]status.Hash{"ID": {hash}}))
	require.ErrorIs(t, err, credential.ErrRevoked)
}

func TestStatusList(t *testing.T) {
	n := testnet.New("status", at)
	signer, err := key.NewSigner(ed25519.NewKeyFromSeed(make([]byte, 32)))
	require.NoError(t, err)
	did := signer.Key().Controllers[0]
	const url = "https://status.example/1"
	trust, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Authority: "Ministry", Names: []string{did}, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}})
	require.NoError(t, err)
	lists, err := status.NewBitstring(status.Memory(map[string][]byte{url: n.StatusList(url, signer, 7)}), w3c.Format{})
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: trust, Status: status.Mux{status.TypeBitstring: lists}})
	require.NoError(t, err)
	for place, want := range map[uint64]error{6: nil, 7: credential.ErrRevoked} {
		d, err := w3c.New(w3c.Content{Issuer: did, Subject: map[string]any{"id": "urn:uuid:1"}})
		require.NoError(t, err)
		d.Status = []credential.StatusRef{{Type: w3c.StatusType, Purpose: status.PurposeRevocation, List: url, Index: place}}
		issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{signer}})
		require.NoError(t, err)
		raw, err := issuer.Issue(context.Background(), d)
		require.NoError(t, err)
		_, err = v.Verify(context.Background(), raw, credential.Policy{Time: at})
		if want == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, want)
		}
	}
}
