package w3c_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// A ministry issues a credential, and whoever lists the ministry verifies it.
func Example() {
	ctx := context.Background()
	signer, err := key.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))) // from your key store
	if err != nil {
		log.Fatal(err)
	}
	ministry := signer.Key().Controllers[0]

	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{signer}})
	if err != nil {
		log.Fatal(err)
	}
	draft, err := w3c.New(w3c.Content{
		Types: []string{"PilgrimHealthCredential"}, Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"}, Issuer: ministry,
		Subject:   map[string]any{"id": "did:example:pilgrim", "vaccinatedAgainst": []string{"Meningitis ACWY"}},
		ValidFrom: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), ValidUntil: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		log.Fatal(err)
	}
	raw, err := issuer.Issue(ctx, draft)
	if err != nil {
		log.Fatal(err)
	}

	list, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: []string{ministry}, Roles: []trustlist.Role{trustlist.RoleIssue},
	})
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: list,
	})
	if err != nil {
		log.Fatal(err)
	}
	res, err := verifier.Verify(ctx, raw, credential.Policy{
		Time: time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC), Types: []string{"PilgrimHealthCredential"},
	})
	if err != nil {
		log.Fatal(err)
	}
	var claims struct {
		CredentialSubject struct{ VaccinatedAgainst []string }
	}
	if err := res.Credential.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Signatories[0].Authority.Authority, claims.CredentialSubject.VaccinatedAgainst)

	_, err = verifier.Verify(ctx, raw, credential.Policy{Time: time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC)})
	fmt.Println(err)
	// Output:
	// Ministry of Health [Meningitis ACWY]
	// credential: time: outside validity period: expired
}
