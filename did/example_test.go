package did_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/proof"
)

// Documents that an app carries are resolved without any network.
func ExampleResolver() {
	public := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	r, err := did.NewResolver(&did.Document{
		ID:      "did:web:health.example",
		Methods: []did.VerificationMethod{{ID: "did:web:health.example#2026", Controller: "did:web:health.example", Public: public}},
		Relationships: map[proof.Purpose][]string{
			proof.AssertionMethod: {"did:web:health.example#2026"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := r.ResolveKeys(context.Background(), proof.Hint{KeyID: "did:web:health.example#2026"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keys[0].Controllers, keys[0].Purposes, keys[0].Algorithms)
	// Output: [did:web:health.example] [assertionMethod] [EdDSA]
}

// A document from another place than the ones resolvers know is read, and its
// keys asked for by the purpose they are listed under.
func ExampleParse() {
	doc, err := did.Parse([]byte(`{
		"id": "did:web:health.example",
		"verificationMethod": [{
			"id": "#2026", "type": "Multikey", "controller": "did:web:health.example",
			"publicKeyMultibase": "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
		}],
		"assertionMethod": ["#2026"]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	k, err := doc.Key("did:web:health.example#2026")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(k.Controllers, k.Algorithms, k.Purposes)
	// Output: [did:web:health.example] [EdDSA] [assertionMethod]
}
