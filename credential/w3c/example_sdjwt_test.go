package w3c_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// A credential as SD-JWT: the pilgrim shows one vaccination of it, and proves with
// the key that the ministry confirmed that it is his.
func ExampleSDJWT() {
	ctx := context.Background()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	ministry, err := key.NewSigner(private)
	if err != nil {
		log.Fatal(err)
	}
	pilgrim, err := key.NewSigner(ed25519.NewKeyFromSeed([]byte("the seed of a pilgrim's own key."))) // from his wallet
	if err != nil {
		log.Fatal(err)
	}
	draft, err := w3c.New(w3c.Content{
		Issuer: ministry.Key().Controllers[0], Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"},
		Subject: map[string]any{"nationality": "IDN", "passport": "X1234567", "vaccinatedAgainst": "Meningitis ACWY"},
	})
	if err != nil {
		log.Fatal(err)
	}
	draft.Mandatory = []string{"/credentialSubject/nationality"}
	draft.Confirm = []proof.Key{pilgrim.Key()}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.SDJWT{}, Signers: []proof.Signer{ministry}})
	if err != nil {
		log.Fatal(err)
	}
	card, err := issuer.Issue(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}

	// No presentation is needed around it: the token itself is bound to the holder.
	asked := credential.Binding{Audience: "https://border.example", Nonce: "8f1c2d"}
	shown, err := credential.Present(ctx, nil, []credential.Held{{
		Raw: card, Format: w3c.SDJWT{}, Show: []string{"/credentialSubject/vaccinatedAgainst"}, Signer: pilgrim,
	}}, asked)
	if err != nil {
		log.Fatal(err)
	}

	list, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: ministry.Key().Controllers, Roles: []trustlist.Role{trustlist.RoleIssue},
	})
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.SDJWT{}}, Keys: key.Resolver{}, Trust: list})
	if err != nil {
		log.Fatal(err)
	}
	result, err := verifier.VerifyPresentation(ctx, shown, credential.Policy{Binding: asked})
	if err != nil {
		log.Fatal(err)
	}
	var claims struct{ CredentialSubject map[string]any }
	if err := result.Results[0].Credential.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.CredentialSubject)
	asked.Nonce = "that of another exchange"
	_, err = verifier.VerifyPresentation(ctx, shown, credential.Policy{Binding: asked})
	fmt.Println("replayed:", errors.Is(err, credential.ErrHolder))
	// Output:
	// map[nationality:IDN vaccinatedAgainst:Meningitis ACWY]
	// replayed: true
}
