package onboarding_test

import (
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

// A network's trust anchor signs a state's signing authority, and another state
// that has pinned the anchor checks it.
func Example() {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	network := testnet.New("example", now)
	anchor := network.State("CH").Signer(testnet.SignerOptions{})
	raw, err := onboarding.Sign(network.State("ID").Root, anchor.Cert, anchor.Key, now)
	if err != nil {
		fmt.Println(err)
		return
	}

	r, err := onboarding.Verify(raw, anchor.Cert)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Country, r.Signed.Format(time.DateOnly), r.Certificate.IsCA)
	// Output: ID 2026-05-20 true
}
