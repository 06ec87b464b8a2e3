package hcert_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/trustlist"
)

// A ministry issues a certificate of vaccination, a border post verifies it.
// The network is one made in memory; real trust lists come from the packages
// below trustlist.
func Example() {
	at := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	network := testnet.New("example", at)
	signer := network.State("ID").Signer(testnet.SignerOptions{}).Signer

	issuer, err := credential.NewIssuer(credential.IssuerConfig{
		Sealer: hcert.Format{}, Signers: []proof.Signer{signer}, Schema: schema.Health{Strict: true},
	})
	if err != nil {
		panic(err)
	}
	draft := hcert.NewICVP("ID", "card-0001", &hcert.ICVP{
		Name: "Siti Rahma", DateOfBirth: "1980-01-31", Sex: "F", Nationality: "IDN", DocumentID: "X1234567",
		Vaccinations: []hcert.Dose{{
			Product: "YellowFeverProductd2c75a15ed309658b3968519ddb31690", Date: "2026-03-01", Batch: "YF1", Issuer: "Ministry of Health",
		}},
	}, at, at.AddDate(1, 0, 0))
	text, err := issuer.Issue(context.Background(), draft)
	if err != nil {
		panic(err)
	}

	list := network.TrustList(trustlist.Info{Name: "example", Issued: at})
	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{hcert.Format{}}, Keys: list, Trust: list, Schema: schema.Health{},
	})
	if err != nil {
		panic(err)
	}
	result, err := verifier.Verify(context.Background(), text, credential.Policy{Time: at.AddDate(0, 1, 0), Types: []string{trustlist.TypeICVP}})
	if err != nil {
		panic(err)
	}
	icvp, err := result.Credential.Payload.(*hcert.Payload).ICVP()
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Signatories[0].Authority.Territory, icvp.Name, icvp.Vaccinations[0].Date)

	_, err = verifier.Verify(context.Background(), text, credential.Policy{Time: at.AddDate(2, 0, 0)})
	fmt.Println(errors.Is(err, credential.ErrExpired))
	// Output:
	// ID Siti Rahma 2026-03-01
	// true
}
