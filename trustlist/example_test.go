package trustlist_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/internal/testnet"
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
