package dataintegrity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// A document is signed, and checked with the key that its proof names.
func Example() {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // from your key store
	signer, err := proof.NewSigner(private, proof.Key{ID: "did:web:health.example#2026"})
	if err != nil {
		log.Fatal(err)
	}
	signed, err := dataintegrity.Sign(context.Background(), []byte(`{"batch":"AB-123"}`), signer, dataintegrity.Options{
		Created: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		log.Fatal(err)
	}

	doc, err := dataintegrity.Parse(signed)
	if err != nil {
		log.Fatal(err)
	}
	for i, p := range doc.Proofs {
		// The verification method tells where to look for the key.
		fmt.Println(p.Cryptosuite, p.VerificationMethod, doc.Verify(i, signer.Key()))
	}

	doc, err = dataintegrity.Parse([]byte(strings.Replace(string(signed), "AB-123", "AB-124", 1)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(doc.Verify(0, signer.Key()))
	// Output:
	// eddsa-jcs-2022 did:web:health.example#2026 <nil>
	// dataintegrity: proof 0: signature does not verify
}

// An issuer signs every statement, and its holder shows some of them.
func ExampleDerive() {
	r, err := rdf.New()
	if err != nil {
		log.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // from your key store
	if err != nil {
		log.Fatal(err)
	}
	signer, err := proof.NewSigner(private, proof.Key{ID: "did:web:health.example#2026"})
	if err != nil {
		log.Fatal(err)
	}
	base, err := dataintegrity.Sign(context.Background(), []byte(`{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2"],
		"type": "VerifiableCredential", "issuer": "did:web:health.example", "validUntil": "2027-01-01T00:00:00Z",
		"credentialSubject": {"familyName": "Example", "vaccinatedAgainst": "Polio"}
	}`), signer, dataintegrity.Options{
		Cryptosuite: dataintegrity.ECDSASD2023, RDF: r, Mandatory: []string{"/issuer", "/validUntil"},
	})
	if err != nil {
		log.Fatal(err)
	}

	shown, err := dataintegrity.Derive(base, dataintegrity.Disclosure{RDF: r, Pointers: []string{"/credentialSubject/vaccinatedAgainst"}})
	if err != nil {
		log.Fatal(err)
	}

	parser := dataintegrity.Parser{RDF: r}
	doc, err := parser.Parse(shown)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(doc.Verify(0, signer.Key()))
	fmt.Println(doc.Value().Member("credentialSubject").Len(), "claim, until", strings.Contains(string(shown), "2027-01-01"))

	doc, err = parser.Parse(base)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(doc.Verify(0, signer.Key()), dataintegrity.ErrBase))
	// Output:
	// <nil>
	// 1 claim, until true
	// true
}
