package sdjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return k
}

// A ministry issues a card, the pilgrim shows a name and one vaccination of it,
// and the border verifies that, and that the pilgrim holds the card.
func Example() {
	ctx := context.Background()
	const ministry = "https://health.example"
	holderKey := newKey()
	holder, err := proof.NewSigner(holderKey, proof.Key{Purposes: []proof.Purpose{proof.Authentication}})
	if err != nil {
		log.Fatal(err)
	}
	signer, err := proof.NewSigner(newKey(), proof.Key{ID: "key-2026"})
	if err != nil {
		log.Fatal(err)
	}

	// The issuer.
	draft, err := sdjwt.New(sdjwt.Content{
		Type: "https://health.example/pilgrim-card", Issuer: ministry, Holder: holderKey.Public(), ValidUntil: time.Now().AddDate(1, 0, 0),
		Claims: map[string]any{"name": "Amina", "birthdate": "1970-01-01", "vaccinations": []string{"ACWY", "polio"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: sdjwt.Format{}, Signers: []proof.Signer{signer}})
	if err != nil {
		log.Fatal(err)
	}
	card, err := issuer.Issue(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}

	// The holder, upon the border's request.
	request := credential.Binding{Audience: "https://border.example", Nonce: "a new one each time"}
	shown, err := credential.Present(ctx, nil, []credential.Held{{
		Raw: card, Format: sdjwt.Format{}, Show: []string{"/name", "/vaccinations"}, Signer: holder,
	}}, request)
	if err != nil {
		log.Fatal(err)
	}

	// The verifier.
	list, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: []string{ministry}, Keys: []proof.Key{signer.Key()}, Roles: []trustlist.Role{trustlist.RoleIssue},
	})
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{sdjwt.Format{}}, Keys: list, Trust: list})
	if err != nil {
		log.Fatal(err)
	}
	result, err := verifier.VerifyPresentation(ctx, shown, credential.Policy{Binding: request})
	if err != nil {
		log.Fatal(err)
	}
	var claims struct {
		Name, Birthdate string
		Vaccinations    []string
	}
	if err := result.Results[0].Credential.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", claims)
	// Output: {Name:Amina Birthdate: Vaccinations:[ACWY polio]}
}
