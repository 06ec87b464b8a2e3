package trustlist_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func ExampleList_Authorize() {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	network := testnet.New("example", now)
	signer := network.State("ID").Signer(testnet.SignerOptions{})
	list := network.TrustList(trustlist.Info{Name: "ministries of health"})

	// The key that verified the credential, and what the credential says.
	q := trustlist.Query{Key: signer.Signer.Key(), Issuer: "ID", Types: []string{trustlist.TypeVaccination}, Role: trustlist.RoleIssue, Now: now, Signed: now}
	entry, err := list.Authorize(context.Background(), q)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(entry.Territory, entry.Speaks("IDN"), entry.List)

	q.Now = now.AddDate(10, 0, 0)
	_, err = list.Authorize(context.Background(), q)
	fmt.Println(err)
	// Output:
	// ID true ministries of health
	// trustlist: the listed key is outside its validity period: until 2028-05-20
}

func ExampleCountryNames() {
	fmt.Println(trustlist.CountryNames("IDN"), trustlist.CountryNames("EL"), trustlist.CountryNames("WHO"))
	fmt.Println(trustlist.Territory("SAU"))
	// Output:
	// [ID IDN] [GR GRC EL] []
	// SA
}

// Indonesia's own list decides for Indonesia; a regional list, believed only in
// vaccinations, adds the others.
func ExampleList_Restrict() {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	national, regional := testnet.New("national", now), testnet.New("regional", now)
	signer := national.State("ID").Signer(testnet.SignerOptions{}).Signer.Key()
	old := regional.State("ID").Signer(testnet.SignerOptions{}).Signer.Key()
	neighbour := regional.State("MY").Signer(testnet.SignerOptions{}).Signer.Key()

	list := trustlist.Override(
		national.TrustList(trustlist.Info{Name: "national"}).Restrict(trustlist.Limits{Territories: []string{"ID"}}),
		regional.TrustList(trustlist.Info{Name: "regional"}).Restrict(trustlist.Limits{Types: []string{trustlist.TypeVaccination}}),
	)
	ask := func(k proof.Key, issuer, typ string) {
		e, err := list.Authorize(context.Background(), trustlist.Query{Key: k, Issuer: issuer, Types: []string{typ}, Role: trustlist.RoleIssue, Now: now, Signed: now})
		if err != nil {
			fmt.Println(issuer, typ, "-", err)
			return
		}
		fmt.Println(issuer, typ, "- by the", e.List, "list")
	}
	ask(signer, "ID", trustlist.TypeICVP)
	ask(old, "ID", trustlist.TypeVaccination)
	ask(neighbour, "MY", trustlist.TypeVaccination)
	ask(neighbour, "MY", trustlist.TypeICVP)
	// Output:
	// ID icvp - by the national list
	// ID vaccination - trustlist: not listed
	// MY vaccination - by the regional list
	// MY icvp - trustlist: listed, but not for this: type icvp
}

func ExampleDiff() {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	network := testnet.New("diff example", now)
	network.State("ID").Signer(testnet.SignerOptions{})
	before := network.TrustList(trustlist.Info{Name: "May"})
	network.State("SA").Signer(testnet.SignerOptions{})
	entries := network.Entries()
	entries[0].Types = []string{trustlist.TypeVaccination}
	after, err := trustlist.New(trustlist.Info{Name: "June"}, entries...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, change := range trustlist.Diff(before, after) {
		fmt.Println(change)
	}
	// Output:
	// changed: Ministry of Health ID (ID), signer l3m8KYJ5Psc= (P-256): types now vaccination, before any type
	// added: Ministry of Health SA (SA), signer LBSXqAYi4Oc= (P-256): may issue, status, any type, as SA, SAU, from 2026-04-20T12:00:00Z until 2028-05-20T12:00:00Z
}
