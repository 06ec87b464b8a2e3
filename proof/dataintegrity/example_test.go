package dataintegrity_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
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
