package w3c_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// A pilgrim shows one line of a card, and nobody can tell from the proof which
// card it was, nor that it was shown before. BBS is taken in by those who issue,
// derive and verify with it.
func Example_unlinkable() {
	ctx := context.Background()
	secret, err := bbs.GenerateKey() // keep secret.Bytes() in your key store
	if err != nil {
		log.Fatal(err)
	}
	public, err := key.Key(secret.Public()) // as did:key
	if err != nil {
		log.Fatal(err)
	}
	ministry, err := bbs.NewSigner(secret, *public)
	if err != nil {
		log.Fatal(err)
	}
	pilgrim, err := key.NewSigner(ed25519.NewKeyFromSeed([]byte("the seed of a pilgrim's own key."))) // from his wallet
	if err != nil {
		log.Fatal(err)
	}
	format := w3c.Format{Suites: []string{dataintegrity.BBS2023}, BBS: bbs.Scheme{}}
	draft, err := w3c.New(w3c.Content{
		Issuer: public.Controllers[0], Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"},
		Subject: map[string]any{"id": pilgrim.Key().Controllers[0], "passport": "X1234567", "vaccinatedAgainst": "Meningitis ACWY"},
	})
	if err != nil {
		log.Fatal(err)
	}
	card, err := format.Seal(ctx, draft, []proof.Signer{ministry})
	if err != nil {
		log.Fatal(err)
	}

	asked := credential.Binding{Audience: "https://border.example", Nonce: "8f1c2d"}
	raw, err := credential.Present(ctx, format, []credential.Held{{
		Raw: card, Signer: pilgrim, Format: format, Show: []string{"/credentialSubject/vaccinatedAgainst"},
	}}, asked)
	if err != nil {
		log.Fatal(err)
	}

	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{format}, Keys: key.Resolver{}, InsecureAnyIssuer: true, // see the first example for a trust list
	})
	if err != nil {
		log.Fatal(err)
	}
	res, err := verifier.VerifyPresentation(ctx, raw, credential.Policy{Binding: asked})
	if err != nil {
		log.Fatal(err)
	}
	var claims struct {
		CredentialSubject struct{ VaccinatedAgainst, Passport string }
	}
	if err := res.Results[0].Credential.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q %q\n", claims.CredentialSubject.VaccinatedAgainst, claims.CredentialSubject.Passport)
	// Output:
	// "Meningitis ACWY" ""
}
