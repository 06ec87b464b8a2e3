package key_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
)

// A key becomes an issuer's identifier, and a verifier gets it back from there.
func Example() {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // from your key store
	signer, err := key.NewSigner(private)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signer.Key().Controllers[0])

	keys, err := key.Resolver{}.ResolveKeys(context.Background(), proof.Hint{KeyID: signer.Key().ID})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(keys), keys[0].Algorithms, proof.Same(keys[0].Public, private.Public()))
	// Output:
	// did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp
	// 1 [EdDSA] true
}
