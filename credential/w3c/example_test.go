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
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
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

// A pilgrim presents the card that a ministry issued to him. The verifier chose
// the nonce for this one exchange.
func ExampleFormat_Present() {
	ctx := context.Background()
	ministry, err := key.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		log.Fatal(err)
	}
	pilgrim, err := key.NewSigner(ed25519.NewKeyFromSeed([]byte("the seed of a pilgrim's own key."))) // from his wallet
	if err != nil {
		log.Fatal(err)
	}
	draft, err := w3c.New(w3c.Content{
		Issuer: ministry.Key().Controllers[0], Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"},
		Subject: map[string]any{"id": pilgrim.Key().Controllers[0], "vaccinatedAgainst": "Meningitis ACWY"},
	})
	if err != nil {
		log.Fatal(err)
	}
	card, err := w3c.Format{}.Seal(ctx, draft, []proof.Signer{ministry})
	if err != nil {
		log.Fatal(err)
	}

	asked := credential.Binding{Audience: "https://border.example", Nonce: "8f1c2d"}
	raw, err := w3c.Format{}.Present(ctx, []credential.Held{{Raw: card, Signer: pilgrim}}, asked)
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
		Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: list,
	})
	if err != nil {
		log.Fatal(err)
	}
	res, err := verifier.VerifyPresentation(ctx, raw, credential.Policy{Binding: asked})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(res.Results), res.Results[0].Signatories[0].Authority.Authority)

	// The same bytes are worth nothing in another exchange.
	_, err = verifier.VerifyPresentation(ctx, raw, credential.Policy{Binding: credential.Binding{Audience: "https://border.example", Nonce: "77ab01"}})
	fmt.Println(errors.Is(err, credential.ErrHolder), errors.Is(err, w3c.ErrBinding))
	// Output:
	// 1 Ministry of Health
	// true true
}

// Terms of one's own need a context, which is never fetched: it comes with its
// digest. Signed are the statements here, not the JSON.
func ExampleFormat() {
	const url = "https://health.example/contexts/dose/v1"
	raw := []byte(`{"@context": {"@protected": true, "dose": "https://health.example/terms#dose"}}`)
	contexts, err := rdf.New(rdf.Context{URL: url, Raw: raw, SHA256: "89eceb7716a5bf4631beba727d86f80e3409bee0f8da8c11966048cf3b70b748"})
	if err != nil {
		log.Fatal(err)
	}
	format := w3c.Format{RDF: contexts, Suites: []string{dataintegrity.EdDSARDFC2022}}
	signer, err := key.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		log.Fatal(err)
	}
	for _, subject := range []map[string]any{{"dose": 2}, {"dosis": 2}} {
		draft, err := w3c.New(w3c.Content{Issuer: signer.Key().Controllers[0], Contexts: []string{url}, Subject: subject})
		if err != nil {
			log.Fatal(err)
		}
		_, err = format.Seal(context.Background(), draft, []proof.Signer{signer})
		fmt.Println(errors.Is(err, rdf.ErrLost), err == nil)
	}
	// Output:
	// false true
	// true false
}

// The ministry signs every statement, the pilgrim shows two of them at the border.
func ExampleFormat_Derive() {
	ctx := context.Background()
	format := w3c.Format{Suites: []string{dataintegrity.ECDSASD2023}}
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
		Subject: map[string]any{
			"id": pilgrim.Key().Controllers[0], "name": "Amina Example", "passport": "X1234567",
			"vaccinations": []any{map[string]any{"disease": "Polio"}, map[string]any{"disease": "Meningitis ACWY"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	draft.Mandatory = []string{"/credentialSubject/id"}
	card, err := format.Seal(ctx, draft, []proof.Signer{ministry})
	if err != nil {
		log.Fatal(err)
	}

	asked := credential.Binding{Audience: "https://border.example", Nonce: "8f1c2d"}
	raw, err := credential.Present(ctx, format, []credential.Held{{
		Raw: card, Signer: pilgrim, Format: format, Show: []string{"/credentialSubject/vaccinations/1"},
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
	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: list,
	})
	if err != nil {
		log.Fatal(err)
	}
	res, err := verifier.VerifyPresentation(ctx, raw, credential.Policy{Binding: asked})
	if err != nil {
		log.Fatal(err)
	}
	var claims struct{ CredentialSubject map[string]any }
	if err := res.Results[0].Credential.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.CredentialSubject["name"], claims.CredentialSubject["vaccinations"])

	// What the ministry gave the pilgrim is for him alone.
	_, err = verifier.Verify(ctx, card, credential.Policy{})
	fmt.Println(errors.Is(err, dataintegrity.ErrBase))
	// Output:
	// <nil> [map[disease:Meningitis ACWY]]
	// true
}
