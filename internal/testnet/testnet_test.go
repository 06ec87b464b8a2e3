package testnet_test

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var now = time.Date(2026, 5, 24, 8, 0, 0, 123, time.UTC)

var kinds = map[testnet.Kind]proof.Algorithm{
	testnet.P256: proof.ES256, testnet.P384: proof.ES384, testnet.Ed25519: proof.EdDSA,
	testnet.RSA2048: proof.PS256, testnet.RSA3072: proof.PS256,
}

func TestSameSeedSameBytes(t *testing.T) {
	for kind, alg := range kinds {
		a := testnet.New("seed", now).State("ID").Signer(testnet.SignerOptions{Kind: kind})
		b := testnet.New("seed", now).State("IDN").Signer(testnet.SignerOptions{Kind: kind})
		require.Equal(t, a.Cert.Raw, b.Cert.Raw, "%s", kind)

		other := testnet.New("another seed", now).State("ID")
		require.NotEqual(t, a.Cert.Raw, other.Signer(testnet.SignerOptions{Kind: kind}).Cert.Raw)
		if alg != proof.PS256 {
			sa, err := a.Signer.Sign(t.Context(), []byte("m"))
			require.NoError(t, err)
			sb, err := b.Signer.Sign(t.Context(), []byte("m"))
			require.NoError(t, err)
			require.Equal(t, sa, sb)
			require.False(t, proof.Same(a.Key.Public(), other.Signers()[0].Key.Public()))
		}
	}
	a, b := testnet.New("seed", now).State("SA"), testnet.New("seed", now).State("SA")
	require.Equal(t, a.Root.Raw, b.Root.Raw)
	require.NotEqual(t, a.Root.Raw, testnet.New("seed", now).State("MY").Root.Raw)
	require.NotEqual(t, a.Signer(testnet.SignerOptions{}).Cert.Raw, a.Signer(testnet.SignerOptions{}).Cert.Raw)
}

func TestChainsVerify(t *testing.T) {
	n := testnet.New("seed", now)
	for kind := range kinds {
		s := n.State("ID")
		d := s.Signer(testnet.SignerOptions{Kind: kind})
		roots := x509.NewCertPool()
		roots.AddCert(s.Root)
		options := x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
		chains, err := d.Cert.Verify(options)
		require.NoError(t, err, "%s", kind)
		require.Equal(t, []*x509.Certificate{d.Cert, s.Root}, chains[0])

		options.Roots = x509.NewCertPool()
		options.Roots.AddCert(n.State("MY").Root)
		_, err = d.Cert.Verify(options)
		require.Error(t, err, "another state's root")

		options.Roots, options.CurrentTime = roots, now.AddDate(3, 0, 0)
		_, err = d.Cert.Verify(options)
		require.Error(t, err, "after its end")
	}
}

func TestSignaturesVerify(t *testing.T) {
	for kind, alg := range kinds {
		d := testnet.New("seed", now).State("ID").Signer(testnet.SignerOptions{Kind: kind})
		key := d.Signer.Key()
		require.Equal(t, alg, key.Algorithms[0])
		require.Equal(t, trustlist.KeyID(d.Cert), key.ID)
		require.Equal(t, d.Cert, key.Chain[0])
		sig, err := d.Signer.Sign(t.Context(), []byte("message"))
		require.NoError(t, err)
		require.NoError(t, proof.Verify(key.Public, alg, []byte("message"), sig))
		require.ErrorIs(t, proof.Verify(key.Public, alg, []byte("massage"), sig), proof.ErrMismatch)
	}
}

func TestOptions(t *testing.T) {
	from, to := now.AddDate(-1, 0, 0).Truncate(time.Second), now.AddDate(0, 0, -1).Truncate(time.Second)
	d := testnet.New("seed", now).State("ID").Signer(testnet.SignerOptions{
		NotBefore: from, NotAfter: to,
		Usages: []asn1.ObjectIdentifier{testnet.UsageTest, testnet.MisspeltVaccination},
	})
	require.Equal(t, from, d.Cert.NotBefore)
	require.Equal(t, to, d.Cert.NotAfter)
	require.Equal(t, to, d.Signer.Key().NotAfter)
	require.Equal(t, []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 1}, {1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 2}}, d.Cert.UnknownExtKeyUsage)

	plain := testnet.New("seed", now).State("ID").Signer(testnet.SignerOptions{})
	require.Empty(t, plain.Cert.UnknownExtKeyUsage)
	require.True(t, plain.Cert.NotBefore.Before(now) && plain.Cert.NotAfter.After(now))

	require.Panics(t, func() { testnet.New("seed", now).State("no such country") })
	require.Panics(t, func() { testnet.New("seed", now).State("ID").Signer(testnet.SignerOptions{Kind: "DSA"}) })
}

func TestTrustList(t *testing.T) {
	n := testnet.New("seed", now)
	id := n.State("IDN").Signer(testnet.SignerOptions{})
	my := n.State("MY").Signer(testnet.SignerOptions{KeyID: id.Signer.Key().ID})
	rogue := n.State("MY").Signer(testnet.SignerOptions{Unlisted: true})
	n.State("SA") // no signer: no entry
	require.Len(t, n.States(), 3)
	require.Len(t, n.Entries(), 2)

	list := n.TrustList(trustlist.Info{Name: "test"})
	require.Equal(t, now.Truncate(time.Second), list.Issued())
	keys, err := list.ResolveKeys(context.Background(), proof.Hint{KeyID: id.Signer.Key().ID})
	require.NoError(t, err)
	require.Len(t, keys, 2, "two states share the identifier")
	keys, err = list.ResolveKeys(context.Background(), proof.Hint{KeyID: rogue.Signer.Key().ID})
	require.NoError(t, err)
	require.Empty(t, keys)

	ask := func(d *testnet.DocumentSigner, issuer string) (*trustlist.Entry, error) {
		return list.Authorize(context.Background(), trustlist.Query{
			Key: d.Signer.Key(), Issuer: issuer, Role: trustlist.RoleIssue, Signed: now, Now: now,
		})
	}
	e, err := ask(my, "MYS")
	require.NoError(t, err)
	require.Equal(t, "MY", e.Territory)
	require.True(t, e.Speaks("MY") && e.Speaks("MYS") && !e.Speaks("ID"))
	_, err = ask(rogue, "MY")
	require.ErrorIs(t, err, trustlist.ErrNotListed)

	issued := now.AddDate(0, 0, -3)
	require.Equal(t, issued, n.TrustList(trustlist.Info{Issued: issued}).Issued())
	entries := n.Entries()
	entries[0].Names[0], entries[0].Keys = "XX", nil
	require.NotEqual(t, "XX", n.Entries()[0].Names[0], "a copy is the caller's to change")
}

func TestConcurrentUse(t *testing.T) {
	n := testnet.New("seed", now)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n.State("ID").Signer(testnet.SignerOptions{})
			n.TrustList(trustlist.Info{})
		})
	}
	wg.Wait()
	require.Len(t, n.State("ID").Signers(), 8)
	require.Len(t, n.Entries()[0].Keys, 8)
}
