package w3c_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// exampleCard issues a pilgrim's credential, signed as a whole, and presents it.
func exampleCard(sealer credential.Sealer, presenter credential.Presenter) {
	ctx := context.Background()
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("a private key from a key store !"))
	if err != nil {
		log.Fatal(err)
	}
	ministry, err := key.NewSigner(private)
	if err != nil {
		log.Fatal(err)
	}
	pilgrim, err := key.NewSigner(ed25519.NewKeyFromSeed([]byte("the seed of a pilgrim's own key."))) // from a wallet
	if err != nil {
		log.Fatal(err)
	}
	draft, err := w3c.New(w3c.Content{
		Types: []string{"PilgrimHealthCredential"}, Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"}, Issuer: ministry.Key().Controllers[0],
		Subject:    map[string]any{"id": pilgrim.Key().Controllers[0], "vaccinatedAgainst": "Meningitis ACWY"},
		ValidUntil: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: sealer, Signers: []proof.Signer{ministry}})
	if err != nil {
		log.Fatal(err)
	}
	card, err := issuer.Issue(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}

	// The border post chose the nonce for this exchange.
	exchange := credential.Binding{Audience: "https://border.example", Nonce: "yQh7Kc"}
	shown, err := presenter.Present(ctx, []credential.Held{{Raw: card, Signer: pilgrim}}, exchange)
	if err != nil {
		log.Fatal(err)
	}

	list, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: ministry.Key().Controllers, Roles: []trustlist.Role{trustlist.RoleIssue},
	})
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{w3c.JWT{}, w3c.COSE{}}, Keys: key.Resolver{}, Trust: list,
	})
	if err != nil {
		log.Fatal(err)
	}
	policy := credential.Policy{Time: time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC), Binding: exchange}
	result, err := verifier.VerifyPresentation(ctx, shown, policy)
	if err != nil {
		log.Fatal(err)
	}
	c := result.Results[0].Credential
	fmt.Println(c.Format, c.Types, result.Results[0].Signatories[0].Authority.Authority)

	policy.Binding.Nonce = "another exchange"
	_, err = verifier.VerifyPresentation(ctx, shown, policy)
	fmt.Println("replayed:", errors.Is(err, w3c.ErrBinding))
}

// A credential as a JSON Web Token, presented in another.
func ExampleJWT() {
	exampleCard(w3c.JWT{}, w3c.JWT{})
	// Output:
	// w3c-jwt [PilgrimHealthCredential] Ministry of Health
	// replayed: true
}

// The same in COSE, in binary.
func ExampleCOSE() {
	exampleCard(w3c.COSE{}, w3c.COSE{})
	// Output:
	// w3c-cose [PilgrimHealthCredential] Ministry of Health
	// replayed: true
}
