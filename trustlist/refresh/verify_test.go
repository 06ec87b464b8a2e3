package refresh_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

func card(t *testing.T, by proof.Signer, country string) []byte {
	t.Helper()
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: hcert.Format{}, Signers: []proof.Signer{by}})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, hcert.NewICVP(country, "1", &hcert.ICVP{}, now.Add(-time.Hour), now.Add(time.Hour)))
	require.NoError(t, err)
	return raw
}

// A Refresher in a verifier: the result says how old the list is that decided,
// and what a Refresher does not know is never a refusal.
func TestPromiseVerdictsOverLivingLists(t *testing.T) {
	n := testnet.New("living", now)
	good := card(t, n.State("ID").Signer(testnet.SignerOptions{}).Signer, "ID")
	foreign := card(t, n.State("SA").Signer(testnet.SignerOptions{Unlisted: true}).Signer, "SA")
	listed := map[string]*trustlist.List{ // what a source is to be parsed as
		"main":  n.TrustList(trustlist.Info{Name: "main", Issued: now.Add(-3 * day), Expires: now.Add(30 * day)}),
		"other": mustList(t, trustlist.Info{Name: "other", Issued: now.Add(-9 * day)}),
	}
	source := func(name string) refresh.Source {
		return refresh.Source{Name: name, URL: "file:///dev/null/" + name, Parse: func(refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
			return listed[name], nil, nil
		}}
	}
	main := source("main")
	main.Initial.Raw = []byte("main")
	r := mustNew(t, refresh.Options{Sources: []refresh.Source{main, source("other")}, Now: at})
	verify := func(r *refresh.Refresher, raw []byte, p credential.Policy) report.Report {
		v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{}}, Keys: r, Trust: r})
		require.NoError(t, err)
		if p.Time.IsZero() {
			p.Time = now
		}
		return report.New(v.Verify(ctx, raw, p))
	}
	codes := func(p report.Report) (out []string) {
		for _, r := range p.Reasons {
			out = append(out, r.Code)
		}
		return out
	}

	p := verify(r, good, credential.Policy{})
	require.Equal(t, report.Valid, p.Verdict)
	require.Equal(t, now.Add(-3*day), p.TrustAsOf, "the age of the list that decided")
	require.Equal(t, "ID", p.Territory)
	p = verify(r, foreign, credential.Policy{})
	require.Equal(t, report.Inconclusive, p.Verdict, "the other list may have it")
	require.Equal(t, []string{"issuer.unavailable"}, codes(p))

	other := source("other")
	other.Initial.Raw = []byte("other")
	r = mustNew(t, refresh.Options{Sources: []refresh.Source{main, other}, Now: at})
	p = verify(r, foreign, credential.Policy{})
	require.Equal(t, report.Refused, p.Verdict)
	require.Equal(t, []string{"issuer.unknown"}, codes(p))
	p = verify(r, foreign, credential.Policy{MaxTrustAge: 5 * day})
	require.Equal(t, report.Inconclusive, p.Verdict, "the older list is too old to say no")
	require.Equal(t, []string{"trust.stale"}, codes(p))
	p = verify(r, good, credential.Policy{MaxTrustAge: 5 * day})
	require.Equal(t, report.Valid, p.Verdict, "and that it is old is not the other's fault")
	p = verify(r, good, credential.Policy{MaxTrustAge: 2 * day})
	require.Equal(t, []string{"trust.stale"}, codes(p))
	p = verify(r, foreign, credential.Policy{Time: now.Add(31 * day)})
	require.Contains(t, codes(p), "trust.stale", "one has expired: a newer may have the key")
	require.NotContains(t, codes(p), "issuer.unknown")
}

func mustList(t testing.TB, info trustlist.Info, entries ...trustlist.Entry) *trustlist.List {
	t.Helper()
	l, err := trustlist.New(info, entries...)
	require.NoError(t, err)
	return l
}
