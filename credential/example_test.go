package credential_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// The three outcomes of a verification: a result, a refusal with all its
// reasons, and neither.
func ExampleVerifier_Verify() {
	at := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	network := testnet.New("example", at)
	signer := network.State("ID").Signer(testnet.SignerOptions{}).Signer
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: hcert.Format{}, Signers: []proof.Signer{signer}})
	if err != nil {
		panic(err)
	}
	card, err := issuer.Issue(context.Background(), hcert.NewICVP("ID", "card-1", &hcert.ICVP{Name: "Siti Rahma"}, at, at.AddDate(1, 0, 0)))
	if err != nil {
		panic(err)
	}

	list := network.TrustList(trustlist.Info{Name: "example", Issued: at})
	verifier, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{}}, Keys: list, Trust: list})
	if err != nil {
		panic(err)
	}
	for _, policy := range []credential.Policy{
		{Time: at.AddDate(0, 1, 0)},
		{Time: at.AddDate(2, 0, 0), Types: []string{trustlist.TypeTest}},
		{Time: at.AddDate(0, 1, 0), MaxTrustAge: 24 * time.Hour},
	} {
		result, err := verifier.Verify(context.Background(), card, policy)
		switch {
		case err == nil:
			fmt.Println("valid, by", result.Signatories[0].Authority.Territory)
		case errors.Is(err, credential.ErrInconclusive):
			fmt.Println("undecided:", errors.Is(err, credential.ErrStale))
		default:
			fmt.Println("refused:", errors.Is(err, credential.ErrExpired), errors.Is(err, credential.ErrPolicy))
		}
	}
	// Output:
	// valid, by ID
	// refused: true true
	// undecided: true
}
